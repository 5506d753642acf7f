# A lost phone over HTTP: with a mailed code (D1 to D4, C6, C7, X83, X85, X86)
# and with an approval asked for (A1, A2).

use MFA::Test;

my %realm = (trusted_networks => '127.0.0.0/8',
             limit => ['send_person 100/1h 300/1d',
                       'send_mailbox 100/1h 300/1d',
                       'login_person 1000/1h 1000/1d',
                       'login_address 1000/1h']);
my $s = mfa_server(time => 1, workers => 2, realm => \%realm);
my $to = 'ann.employee@example.org';
my $ann = $s->register($s->browser, $to);
my %old = %$ann;
my ($b, $p, $stay, $code);


sub up_to_verify {
    my ($me) = @_;
    my $x = $s->browser;

    $s->advance('31s');
    $s->first_step($x, $me);
    return $x;
}


sub opens {
    my ($me) = @_;
    my $x = $s->browser;

    $s->advance('61s');
    $s->login($x, $me);
    return $x->get('/ess/')->status == 200;
}


sub up_to_code {
    my $x = up_to_verify($ann);

    $x->click('Reset device');
    $x->submit('Send verification code', 'Email address' => $_[0] // $to);
    $code = $s->mail->latest_code($to)->code if !defined $_[0];
    return $x;
}


sub up_to_app {
    my $x = up_to_code();

    $x->submit('Verify code', 'Verification code' => $code);
    $x->submit('Continue');
    return $x;
}


# X86 D3: who leaves has changed nothing

$b = up_to_verify($ann);
$p = $b->click('Reset device');
is($p->h1, 'Reset device', 'D2: page Reset device');
like($p->text, qr/Please verify your email address\./, 'D2: its words');
ok(opens($ann), 'X86: left at the address');

up_to_code();
ok(opens($ann), 'X86: left at the code');

$b = up_to_app();
is($b->{page}->h1, 'Secure your account', 'D2: then as section 2');
my $secret = MFA::Journey::secret_of($b->{page});
isnt($secret, $ann->{secret}, '... with a secret of its own');
ok(opens($ann), 'X86: left at the new app: the old one works');
ok(!opens({ %$ann, secret => $secret }), '... and the new secret does not');


# X85: another address than one's own

$s->settle;
my $mails = $s->mail->count;
$b = up_to_code('eve.other@example.org');
is($b->{page}->h1, 'Reset device', 'X85: the same page');
like($b->{page}->text, qr/Verification code has been sent/, '... same words');
sleep 1;
is($s->mail->count, $mails, '... and no message');


# D2 D3 C7: to the end, with a session elsewhere

$stay = $s->browser;
$s->advance('61s');
$s->login($stay, $ann);
is($stay->get('/ess/')->status, 200, 'logged in elsewhere');

$b = up_to_app();
$p = $s->enrol($b, $ann);
is($p->h1, 'Reset device', 'D2: the end page');
like($p->text, qr/visit your normal login URL and enter your new authentica/,
     '... its words');
like($p->text, qr/delete its old .* entry/, '... and the reminder');
isnt($b->get('/ess/')->status, 200, 'D2: no session comes of it');
isnt($stay->get('/ess/')->status, 200, 'D3: other sessions end');
ok(opens($ann), 'the new device opens');

$b = up_to_verify(\%old);
$s->advance('61s');
$p = $b->submit('Continue',
                'Please enter verification code using your authentication app'
                    => $s->code(\%old));
like($p->text, qr/comes from the entry of the device that was replaced on/,
     'a code of the old entry is told apart');
isnt($b->get('/ess/')->status, 200, '... and opens nothing');


# C6 X83: the mailbox alone, password first

$b = $s->browser;
$b->follow($b->get('/mfa/password-reset'));
$b->submit('Send verification code', 'Email address' => $to);
$b->submit('Verify code', 'Verification code' =>
           $s->mail->latest_code($to)->code);
$b->submit('Continue');
$ann->{password} = 'velvet harbour 4711 seven';
$b->submit('Continue', 'New password' => $ann->{password},
           'Confirm new password' => $ann->{password});

$b = up_to_verify($ann);
$p = $b->click('Reset device');
like($p->text, qr/your device cannot be reset by email now/, 'X83: closed');
$p = $b->click('Reset Multi-Factor Authentication');
is($p->h1, 'Multi-Factor Authentication Reset', 'D4: the approval is offered');
$p = $b->submit('Submit reset request');
like($p->text, qr/waits for/, 'A1: submitted');
isnt($b->get('/ess/')->status, 200, 'X83: and nobody is in');

# A2: the link of the letter, after a POST, in a browser of its own

my $link;
for (1 .. 600) {
    ($link) = map { $_->{text} =~ m{(/mfa/reset-request/cancel\?\S+)} }
              $s->mail->all($to);
    last if $link;
    select undef, undef, undef, 0.1;
}
my $home = $s->browser;
$p = $home->get($link // '/');
like($p->h1, qr/^Cancel reset request$/, 'A2: the link of the letter');
$p = $home->submit('Cancel request');
like($p->text, qr/The reset request was cancelled/, 'A2: cancelled');
like($home->get($link)->text, qr/no longer valid/, '... once');

ok(opens($ann), 'D4: the device of before goes on');
$b = up_to_verify($ann);
is($b->click('Reset device')->h1, 'Reset device', 'D4: which reopens it');

done_testing();
