# Every failure of the first step is the same to the byte
# (L2, A3, A6, X46, X50, X59).

use MFA::Test;

my $s = mfa_server(realm => { trusted_networks => '127.0.0.0/8' },
    people => [map { { email => "$_\@example.org", user => $_,
                       first_name => ucfirst, surname => 'Person' } }
               qw(alice carl dave lara olga)]);

my $right = $s->register($s->browser, 'alice@example.org')->{password};
$s->register($s->browser, "$_\@example.org") for qw(dave lara);

is(($s->ctl('user', 'disable', 'dave@example.org'))[0], 0, 'dave is disabled');
is(($s->ctl('user', 'lock', 'lara@example.org'))[0], 0, 'lara is locked');


# carl registered without a factor

my $carl = $s->browser;
$carl->get('/mfa/register');
$carl->submit('Send verification code', 'Email address' => 'carl@example.org');
$carl->submit('Verify code',
    'Verification code' => $s->mail->latest_code('carl@example.org')->code);
$carl->submit('Continue', 'New password' => $right,
              'Confirm new password' => $right);
is($carl->{page}->h1, 'Secure your account', 'carl has no factor yet');


sub masked {
    my ($page, @secret) = @_;
    my $text = $page->body;

    $text =~ s/name="token" value="[^"]*"/name="token"/;
    $text =~ s/value="\Q$_\E"/value="TYPED"/g for grep { length } @secret;
    return join "\n", $page->status,
           (map { my $name = $_;
                  map { my $v = $_;
                        $v =~ s/(mfa_notice=)[^;]*/$1/;
                        "$name: $v" } $page->headers($name) }
            grep { !/^(?:date|content-length)$/ }
            sort keys %{$page->{headers}}), $text;
}

sub wrong_try {
    my ($email, $password, $to) = @_;
    my $b = $s->browser;

    $b->get('/mfa/login' . ($to // ''));
    my $first = $b->post_only('Login', 'Email address' => $email,
                              Password => $password);
    return (masked($first, $email), masked($b->follow($first), $email), $b);
}

my ($answer, $page, $b) = wrong_try('alice@example.org', 'wrong password');
like($page, qr/Invalid login\./, 'L2: Invalid login.');
like($page, qr/<title>Error: /, 'the title begins with Error');
like($page, qr/$_/, "L2: help: $_")
    for 'email address you registered with', 'on your record', 'is locked',
        'contact Human Resources';
unlike($b->{page}->body, qr/wrong password/, 'the password is not kept');

my %case = (
    'dave, disabled, with the right password' => ['dave@example.org', $right],
    'dave, disabled, with a wrong one' => ['dave@example.org', 'wrong one'],
    'lara, locked, with the right password' => ['lara@example.org', $right],
    'carl, without a factor' => ['carl@example.org', 'wrong one'],
    'olga, who never registered' => ['olga@example.org', 'wrong one'],
    'nina, who does not exist' => ['nina@example.org', 'wrong one'],
    'nobody at all' => ['', 'x'],
    'no password' => ['alice@example.org', ''],
    'an address of 300 bytes' => ['a' x 290 . '@e.example', 'x'],
    'SQL' => ["' OR 1=1--", 'x'],
    'a template' => ['{{7*7}}<b>%n', 'x'],
    'a path' => ['../../etc/passwd', 'x'],
    'two addresses' => ['alice@example.org nina@example.org', 'x'],
    'a NUL' => ["alice\@example.org\0eve", $right],
    'a line feed' => ["alice\@example.org\r\nBcc: x", $right],
    'a password of 1025 bytes' => ['alice@example.org', 'p' x 1025],
    'the right password and a NUL' => ['alice@example.org', "$right\0x"],
    'invalid UTF-8' => ['alice@example.org', "\xff\xfe$right"],
    'a full-width address' => ["\x{ff41}lice\@example.org", $right],
    'dotless i' => ["al\x{131}ce\@example.org", $right],
);

for my $name (sort keys %case) {
    my ($first, $second) = wrong_try(@{$case{$name}});

    s/value="TYPED"/value=""/g for $second, my $like = $page;
    $second =~ s/value="[^"]*"( autocomplete="username")/value=""$1/;
    $like =~ s/value="[^"]*"( autocomplete="username")/value=""$1/;
    is($first, $answer, "X46: $name: the same answer");
    is($second, $like, 'and the same page');
}


# a very long body is refused before anything is read from it

my $long = $s->browser;
$long->get('/mfa/login');
my $p = $long->post_only('Login', 'Email address' => 'alice@example.org',
                         Password => 'p' x 1_000_000);
like($p->status, qr/^4\d\d$/, 'X50: a megabyte is refused');


# and the right one still works

is($s->first_step($s->browser, { email => 'alice@example.org',
                                 password => $right })->h1, 'Verify',
   'the right password passes');

done_testing();
