# A code or link of one purpose, journey, person or browser is nothing in
# another (B8, B9, C6, C9, H2, X72, X93).

use MFA::Test;
use MFA::Takeover;

my $app = 'Authenticator app';
my $s = takeover_server('totp email', device_reset => 'email');
my %me = map { ($_ => victim($s, $_, $app)) } qw(ann bob);
my $cleo = victim($s, 'cleo', 'Email');


# Each way to a page that asks for a mailed code: the browser there, and who
# it is for.

sub by_address {
    my ($path, $button, $name) = @_;
    my $b = $s->browser;

    $b->follow($b->get($path));
    $b->submit($button, 'Email address' => (both($name))[0]);
    return $b;
}


my %way = (
    'register' => sub { by_address('/mfa/register', 'Send verification code',
                                   $_[0]) },
    'password reset' => sub { by_address('/mfa/password-reset',
                                         'Send verification code', $_[0]) },
    'unlock' => sub { by_address('/mfa/unlock', 'Send an unlock code',
                                 $_[0]) },
    'device reset' => sub {
        my $b = up_to_verify($s, $me{$_[0]});

        $b->click('Reset device');
        $b->submit('Send verification code',
                   'Email address' => (both($_[0]))[0]);
        return $b;
    },
);


sub code_of {
    my ($b, $name) = @_;
    return MFA::Walker::code_for($s, $b->{page}, (both($name))[0]);
}


sub refused {
    my ($b, $code, $what) = @_;
    my $page = $b->clone->submit('Verify code', 'Verification code' => $code);

    like($page->text, qr/Invalid verification code/, $what);
}


# Ann's and Bob's pages of all purposes at the same time, each code in all
# others; then every one where it belongs.

my (@open, %own);

for my $name (qw(ann bob)) {
    for my $purpose (sort keys %way) {
        my $b = $way{$purpose}->($name);
        my $code = code_of($b, $name);

        ok($code, "$name: a code for $purpose");
        push @open, { b => $b, code => $code, at => "$purpose of $name",
                      name => $name, purpose => $purpose };
        $own{$code}++;
    }
}

for my $n (0 .. $#open) {
    my $to = $open[$n];

    # four are left to try: the next ones round the table, another set for
    # each purpose, and all pairs of purposes are among them

    for my $by (1 .. 4) {
        my $from = $open[($n + $by) % @open];

        next if $from->{code} eq $to->{code};
        refused($to->{b}, $from->{code},
                "B9 C6: the code of $from->{at} is nothing at $to->{at}");
    }
}


# the other half of the table, with journeys that are fresh

for my $n (0 .. $#open) {
    my $from = $open[$n];

    for my $by (5 .. 7) {
        my $to = $open[($n - $by) % @open];
        my $b = $to->{fresh} //= $way{$to->{purpose}}->($to->{name});

        refused($b, $from->{code},
                "B9 C6: the code of $from->{at} is nothing at $to->{at}");
    }
}


# in another browser the right code has no page at all

for my $to (@open) {
    my $thief = $s->browser;
    my ($form) = grep { $_->{buttons}{'Verify code'} }
                 $to->{b}{page}->forms;
    my $page;

    $thief->get('/mfa/login');
    $page = $thief->post($form->{action}, { %{$form->{fields}},
        %{$form->{buttons}{'Verify code'}}, code => $to->{code} });
    is($page->status, 403, "X72 X93: $to->{at}: its form in another browser");
}

# each is right where it belongs, or the refusals would prove nothing

my %after = (register => qr/already exists/, unlock => qr/Unlock your login/,
             'password reset' => qr/Email address verified/,
             'device reset' => qr/Email address verified/);

for my $to (@open) {
    my $page = $to->{b}->submit('Verify code',
                                'Verification code' => $to->{code});

    like($page->text, $after{$to->{purpose}}, "B9: $to->{at}: its own code");
    ok(!$page->form('Verify code'), "B9: $to->{at}: and it leads on");
}

# the mailed code of a login is nothing anywhere else

my $b = up_to_verify($s, $cleo);

$b->submit('Send code');
my $login = code_of($b, 'cleo');
ok($login, 'a code for a login by mail');

for my $purpose ('password reset', 'unlock', 'register') {
    my $x = $way{$purpose}->('cleo');
    my $other = code_of($x, 'cleo');

    refused($x, $login, "B9 B16: a code of Verify is nothing at $purpose");
    refused($b, $other, "B9 B16: a code of $purpose is nothing at Verify");
}


# C9: the cancel link cancels, and nothing else

sub mailed_password {
    $me{ann}{password} = 'velvet harbour 4711';
    return new_password($s, $s->browser, $me{ann}{email},
                        $me{ann}{password});
}

mailed_password();
$b = up_to_verify($s, $me{ann});
$b->click('Reset device');
$b->click('Reset Multi-Factor Authentication');
$b->submit('Submit reset request');
is(told($s, 'ann', qr{/mfa/reset-request/cancel\?}), 2, 'A2: both are told');

my ($link) = map { $_->{text} =~ m{(/mfa/reset-request/cancel\?\S+)} }
             $s->mail->all($me{ann}{email});
my ($query) = $link =~ /\?(.*)/;
my $thief = $s->browser;

sub state { return $s->json('request', 'list')->[0]{state} // 'none' }

$thief->get($link) for 1 .. 3;
is(state(), 'open', 'A2 X100: reading the link does nothing');

for my $path (qw(requests reset-request reset-request/sent device-reset)) {
    my $page = $thief->get("/mfa/$path?$query");

    ok($page->status != 200 || $page->text !~ /Approve|Your two words/,
       "C9: its token shows nothing at $path");
}

my ($form) = $thief->get($link)->forms;
for my $do (qw(approve reset submit continue verify)) {
    $thief->post($form->{action}, { %{$form->{fields}}, do => $do,
                                    statement => 'I am the owner' });
    isnt(state(), 'approved', "C9: \"$do\" of its form approves nothing");
}

$thief->post('/mfa/requests', { %{$form->{fields}}, do => 'approve',
                                statement => 'I am the owner' });
isnt(state(), 'approved', 'C9: nor does the page of staff for it');
ok(!up_to_verify($s, $me{ann})->{page}->form('Reset device'),
   'C9: nothing was approved');

done_testing();
