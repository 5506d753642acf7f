# Whatever a stranger begins, and every step that needs no mailbox after it,
# is the same to the byte for everybody: who has an account, is disabled,
# locked, held, without a factor, on the roster only, or nobody at all
# (A6, C1, P1, D2, X46, X79, X85, release gate 5).

use MFA::Test;

# addresses of one length, so that lengths need no mask

my @known = qw(alice davey laras hanks carls);
my @all = (@known, 'olgas');
my %is = (alice => 'who has an account', davey => 'who is disabled',
          laras => 'who is locked', hanks => 'whose app is held',
          carls => 'who has no factor', olgas => 'who never registered',
          ivyos => 'who was invited');

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8' },
    people => [map { { email => "$_\@example.org", user => $_,
                       first_name => ucfirst, surname => 'Person' } }
               @all, 'ivyos']);
my $label = 'Please enter verification code using your authentication app';
my %me;

$me{$_} = $s->register($s->browser, "$_\@example.org")
    for qw(alice davey laras hanks);

is(($s->ctl('user', 'disable', 'davey@example.org'))[0], 0, 'one is disabled');
is(($s->ctl('user', 'lock', 'laras@example.org'))[0], 0, 'one is locked');
is(($s->ctl('user', 'invite', 'ivyos@example.org'))[0], 0, 'one is invited');

my $b = $s->browser;
$s->advance('31s');
$s->first_step($b, $me{hanks});
for (1 .. 5) {
    last unless $b->{page}->form('Continue');
    $b->submit('Continue', $label => '000000');
}
is($s->json('user', 'show', 'hanks@example.org')->{factors}[0]{state}, 'held',
   'one is held');

$b = $s->browser;
$b->get('/mfa/register');
$b->submit('Send verification code', 'Email address' => 'carls@example.org');
$b->submit('Verify code', 'Verification code' =>
           $s->mail->latest_code('carls@example.org')->code);
$b->submit('Continue', 'New password' => MFA::Journey::first_password(),
           'Confirm new password' => MFA::Journey::first_password());
is($b->{page}->h1, 'Secure your account', 'one has no factor');
$s->advance('25h');


# --- what may differ --------------------------------------------------------

sub masked {
    my ($page, $name) = @_;
    my $text = $page->body;
    my @head = map { my $n = $_; map { "$n: $_" } $page->headers($n) }
               grep { !/^(?:date|x-request-id)$/ }
               sort keys %{$page->{headers}};

    for (@head) {
        s/^(set-cookie: [^=]+=)([^;]*)/$1 . length $2/e;
        s/^(location: [^?]*\?)(.*)/$1 . _query($2)/e;
    }

    $text =~ s/\b(name="(?:token|flow)" value=")([^"]*)/$1 . length $2/ge;
    $text =~ s{(flow=)([\w-]+)}{$1 . length $2}ge;
    $text =~ s{(Reference in the message(?:</dt><dd>|: ))[A-Z]+}{$1}g;
    $text =~ s/(?:mail server )\K(?:a moment|\d+ seconds) ago/AGO/g;
    return join("\n", $page->status, @head, $text) =~ s/\b$name\b/NAME/gr;
}


sub _query {
    my ($query) = @_;

    return join '&', map { my ($n, $v) = split /=/, $_, 2;
                           "$n=" . length($v // '') } split /&/, $query;
}


# one step: the answer to the form, how many redirects follow, the page

sub step {
    my ($b, $name, $button, %typed) = @_;
    my $first = $b->post_only($button, %typed);
    my ($page, $hops) = ($first, 0);

    while ($page->status =~ /^30/ && $hops++ < 10) {
        $page = $b->get($page->header('Location'));
    }

    return (masked($first, $name), "$hops redirects", masked($page, $name),
            'cookies: ' . join ' ', sort $b->cookies);
}


# the outbox has handed over what there is to hand over

sub settled {
    my ($b, $name) = @_;

    for (1 .. 400) {
        $b->get($b->{page}{url});
        last unless $b->{page}->body =~ /waiting to be handed/;
        select undef, undef, undef, 0.1;
    }

    return masked($b->{page}, $name);
}


# with the page of the code before us, and no way to know it

sub code_steps {
    my ($b, $name) = @_;
    my @seen = settled($b, $name);
    my $code = '000000';

    push @seen, step($b, $name, 'Verify code', 'Verification code' => '');
    push @seen, step($b, $name, 'Verify code', 'Verification code' => '12');
    push @seen, step($b, $name, 'Send new code');
    $s->advance('31s');
    push @seen, step($b, $name, 'Send new code');
    push @seen, settled($b, $name);

    for (1 .. 5) {
        push @seen, step($b, $name, 'Verify code',
                         'Verification code' => $code)
            if $b->{page}->form('Verify code');
    }

    push @seen, settled($b, $name);
    push @seen, step($b, $name, 'Change email')
        if $b->{page}->form('Change email');
    return \@seen;
}


my %journey = (
    login => sub {
        my ($name) = @_;
        my $b = $s->browser;

        $b->get('/mfa/login');
        return [map { step($b, $name, 'Login',
                           'Email address' => "$name\@example.org",
                           Password => 'wrong password') } 1 .. 2];
    },
    (map { my ($path, $button) = @$_;
           $path => sub {
               my ($name) = @_;
               my $b = $s->browser;

               $b->get("/mfa/$path");

               my @first = step($b, $name, $button,
                                'Email address' => "$name\@example.org");
               return [@first, @{code_steps($b, $name)}];
           } }
     ['password-reset', 'Send verification code'],
     ['register', 'Send verification code'],
     ['unlock', 'Send an unlock code']),
);


sub compare {
    my ($what, $seen, $like) = @_;

    cmp_ok(scalar @$like, '>', 6, "$what: there is something to compare")
        if @$seen != @$like;
    is(scalar @$seen, scalar @$like, "$what: as many steps");

    for (0 .. $#$like) {
        next if ($seen->[$_] // '') eq $like->[$_];
        is($seen->[$_], $like->[$_], "$what: step $_");
        return;
    }

    pass("$what: every step is the same");
}


for my $part (sort keys %journey) {
    my $like = $journey{$part}->('ninas');

    cmp_ok(scalar @$like, '>', 6, "$part: of nobody");
    like(join('', @$like), $part eq 'login' ? qr/Invalid login\./
                           : qr/Invalid verification code\./,
         "$part: it gets as far as to be refused");
    $s->advance('25h');

    for my $name (@all, 'ivyos') {
        compare("$part: $is{$name}", $journey{$part}->($name), $like);
        $s->advance('25h');
    }
}


# D2, X85: the address of a device reset, after the password

my %device;

for my $name (qw(alice davey ninas)) {
    my $b = $s->browser;

    $s->advance('25h');
    $s->first_step($b, $me{alice});
    $b->click('Reset device');
    is($b->{page}->h1, 'Reset device', 'the page for an address');
    $device{$name} = [step($b, $name, 'Send verification code',
                           'Email address' => "$name\@example.org"),
                      @{code_steps($b, $name)}];
}

compare("device reset: $_->[1]", $device{$_->[0]}, $device{alice})
    for ['davey', "another person's address"], ['ninas', "nobody's address"];


# and with the mailbox the ways part: the mask is not what makes them alike

is($s->mail->count('ninas@example.org'), 0, 'nobody got no letter');
cmp_ok($s->mail->count('alice@example.org'), '>', 2, 'a person did');

done_testing();
