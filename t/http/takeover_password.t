# The mailbox and something else: the old password, mail as a second factor,
# a registration that was never finished, a method that staff removed (D2, D4,
# R6, C2, C3, C6, C7, B16). The first walk must get in, or the others would
# prove nothing.

use MFA::Test;
use MFA::Takeover;

my $app = 'Authenticator app';
my $known = MFA::Journey::first_password();
my ($s, $w, $b, $p, $me);


# D2, C7: password and mailbox are what device_reset email asks for

$s = takeover_server('totp', device_reset => 'email');
$me = victim($s, 'ann', $app);
$w = walker($s, 'ann', knows => [$known],
            avoids => qr/assword|egister|nlock|Log in as/);
$w->log_in;
$w->walk(120);
ok($w->is_in, 'D2: password and mailbox get in by Reset device')
    or diag explain $w->seen;
is($w->{who}, 'ann', 'D2: as the person');
ok($w->did('Reset device'), 'D2: through that page');
is(told($s, 'ann', qr/Your way to verify was reset/), 2,
   'D3 C7: all addresses are told');
ok((grep { $_ eq 'factor.reset ok' } audit($s, 'ann')),
   'C7: the audit has it');


# C6, the reverse: after a mailed device reset the mailbox sets no password

my $bob = victim($s, 'bob', $app);
$b = up_to_verify($s, $bob);
$b->click('Reset device');
$b->submit('Send verification code', 'Email address' => $bob->{email});
$b->submit('Verify code', 'Verification code' =>
           MFA::Walker::code_for($s, $b->{page}, $bob->{email}));
$b->submit('Continue');
$s->enrol_by($b, $bob, $app);
is($b->{page}->h1, 'Reset device', 'D2: the device is another');

$w = walker($s, 'bob');
my $had = $w->factors;
$w->reset_password;
is($b->clone->get('/ess/')->status, 303, 'D2: that logged nobody in');
ok(!$w->{has_password}, 'D4 C6: the mailbox sets no password then');
is($w->{journeys}[0]{page}->h1, 'Password reset', 'D4: a page that says so');
like($w->{journeys}[0]{page}->text, qr/you have not logged in with the new/,
     'D4: and why');
$w->walk(40);
is($w->is_in, undef, 'D4 C6 X83: no session after the device either');
ok(!$w->{has_password}, 'D4 C6: nor a password by any other button');
is($w->factors, $had, 'D4: nor another factor');
is($s->first_step(up_to_verify($s, $bob), $bob)->h1 // '', 'Verify',
   'D4: her own password stands');
$s->stop;


# approval and off: password and mailbox are not enough

for my $way (qw(approval off)) {
    $s = takeover_server('totp', device_reset => $way);
    $me = victim($s, 'ann', $app);
    $w = walker($s, 'ann', knows => [$known]);
    $had = $w->factors;
    $w->log_in;
    $w->walk(40);
    is($w->is_in, undef, "D1 C9 $way: mailbox and password get no session");
    is($w->factors, $had, "D1 C9 $way: and set up nothing");
    $s->stop;
}


# codes by mail as a second factor: a mailed password makes them worthless

$s = takeover_server('totp email', device_reset => 'email');
my $ann = victim($s, 'ann', $app, 'Email');
my $cleo = victim($s, 'cleo', 'Email');
never($s, 'ann', $ann, 'app and email', sub { $_[0]->reset_password;
                                              $_[0]->log_in });
$w = never($s, 'cleo', $cleo, 'B16 email alone',
           sub { $_[0]->reset_password });
ok(!$w->{has_password}, 'B16 P2: it sets no password there');
$s->json('user', 'unlock', 'cleo');
$s->advance('1h');
$b = up_to_verify($s, $cleo);
$b->submit('Send code');
$b->submit('Verify code', 'Verification code' =>
           MFA::Walker::code_for($s, $b->{page}, $cleo->{email}));
ok(opens($s, $b), 'B16: the owner of both gets in');


# C2 R6: who never finished has nothing but the mailbox, and may start afresh;
# another browser takes a fresh code beside the password (C3)

$b = $s->browser;
$b->follow($b->get('/mfa/register'));
$b->submit('Send verification code', 'Email address' => (both('bob'))[0]);
$b->submit('Verify code', 'Verification code' =>
           MFA::Walker::code_for($s, $b->{page}, (both('bob'))[0]));
$b->submit('Continue', 'New password' => $known,
           'Confirm new password' => $known);
is($b->{page}->h1, 'Secure your account', 'R6: left at this page');
$w = walker($s, 'bob');
$w->reset_password;
$p = $w->log_in;
unlike($p->body, qr/otpauth:/, 'C3: no secret for a mailed password alone');
is($w->is_in, undef, 'C3: nor a session');
like($p->text, qr/Verification code/, 'C3 R6: a fresh code first');
is(told($s, 'bob', qr/password of your account was reset/), 2,
   'P2: all addresses are told');
$s->stop;


# Staff removed the method of somebody who was secured: password and mailbox
# lead on, a mailed password does not (D4, C6).

for my $way (qw(email approval off)) {
    $s = takeover_server('totp email', device_reset => $way);
    $ann = victim($s, 'ann', $app);
    $cleo = victim($s, 'cleo', $app, 'Email');
    $s->json('user', 'remove-factor', 'ann', 'totp');

    for my $name (qw(ann cleo)) {
        $w = walker($s, $name);
        $w->reset_password;
        ok($w->{has_password}, "D4 $way: $name has a mailed password");
        $s->json('user', 'remove-factor', 'cleo', 'totp')
            if $name eq 'cleo';
        $had = $w->factors;
        $w->log_in;
        $w->walk(30) unless $w->is_in;
        is($w->is_in, undef, "D4 C6 $way: $name after staff removed the app");
        is($w->factors, $had, "D4 C6 $way: nothing was set up for $name");
    }

    $b = $s->browser;
    new_password($s, $b, $ann->{email}, 'lemon bicycle 2288 orchard');
    $ann->{password} = 'lemon bicycle 2288 orchard';

    my $pass = $s->json('user', 'pass', 'ann', '--reveal')->{pass};

    $b = up_to_verify($s, $ann);
    $b->submit('Use pass', 'Helpdesk pass' => $pass);
    $s->enrol_by($b, $ann, $app);
    is($b->{page}->h1, 'Reset device', "D4 $way: a helpdesk pass leads on");
    $b = up_to_verify($s, $ann);
    $s->verify_by($b, $ann, $app);
    ok(opens($s, $b), "D4 $way: and she is in with the new app");
    $s->stop;
}

done_testing();
