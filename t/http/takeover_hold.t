# What reopens a mailed device reset after a mailed password, and what does
# not; the time of recovery_hold; what is older than the password; leaving
# the enrolment of an approval (D3, D4, A4, C6, C7, C9, X86, X89).

use MFA::Test;
use MFA::Takeover;

my $app = 'Authenticator app';
my $n = 0;
my ($s, $me, $b, $p, $code);


sub mailed_password {
    $me->{password} = 'velvet harbour 4711 ' . $n++;
    return new_password($s, $s->browser, $me->{email}, $me->{password});
}


# is the mailed reset of the device open now?

sub is_open {
    my $x = up_to_verify($s, $me);

    $x->click('Reset device');
    return $x->{page}->text =~ /cannot be reset by email now/ ? 0
         : $x->{page}->form('Send verification code') ? 1 : die $x->{page}->text;
}


sub closed { mailed_password(); is(is_open(), 0, "D4 C6: closed $_[0]") }


sub code_of { return MFA::Walker::code_for($s, $_[0]{page}, $me->{email}) }


# up to the new app on the grounds of an approval

sub approved {
    my $x = up_to_verify($s, $me);

    $x->submit('Reset device');
    $x->submit('Verify code', 'Verification code' => code_of($x));
    return $x;
}


sub ask {
    my $x = up_to_verify($s, $me);

    $x->click('Reset device') if $x->{page}->links->{'Reset device'};
    $x->click('Reset Multi-Factor Authentication');
    $x->submit('Submit reset request');

    my ($open) = grep { $_->{state} eq 'open' } @{$s->json('request', 'list')};
    return $open->{id};
}


sub approve {
    my ($id) = @_;
    return $s->json('request', 'approve', $id, '--statement', 'seen in person');
}


$s = takeover_server('totp', device_reset => 'email');
$me = victim($s, 'ann', $app);
is(is_open(), 1, 'D1: open as long as nothing was mailed');

# time

closed('by a mailed password');
$s->advance('400d');
is(is_open(), 0, 'D4 C6: recovery_hold never: a year and more later as well');

# the old factor

$b = up_to_verify($s, $me);
$s->verify_by($b, $me, $app);
ok(opens($s, $b), 'C5: the old factor logs in');
is(is_open(), 1, 'D4: which reopens it');

# a recovery code

$b->follow($b->get('/mfa/security'));
$b->submit('Make new recovery codes');
$s->prove($b, $me);
my @codes = $b->{page}->text =~ /\b((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})\b/g;
closed('again');
$b = up_to_verify($s, $me);
$b->click('Use a recovery code');
$b->submit('Verify code', 'Recovery code' => $codes[0]);
ok(opens($s, $b), 'B15: a recovery code logs in');
is(is_open(), 1, 'D4: which reopens it');

# nothing of these: a browser that was remembered, one that is known, an
# unlock code, a form of the settings, a request that nobody has decided on

my $home = up_to_verify($s, $me);
$s->verify_by($home, $me, $app, 'Remember this device' => 1);
$home->follow($home->get('/mfa/security'));

my $form = $home->{page}->form('Change password');

closed('for a browser that was remembered');
ok(!opens($s, $home), 'P2: its session is over');
$home->follow($home->post($form->{action}, { %{$form->{fields}},
                          %{$form->{buttons}{'Change password'}} }));
is(is_open(), 0, 'D4: a form of the settings does not reopen it');
$s->first_step($home, $me);
is($home->{page}->h1, 'Verify', 'P2 L13: the remembered one is asked');
$home->click('Reset device');
like($home->{page}->text, qr/cannot be reset by email now/,
     'D4 H2: the known one finds it closed');
is(is_open(), 0, 'D4: as do others');

$b = $s->browser;
$b->follow($b->get('/mfa/unlock'));
$b->submit('Send an unlock code', 'Email address' => $me->{email});
$b->submit('Verify code', 'Verification code' => code_of($b));
is($b->{page}->h1, 'Unlock your login', 'H2: unlocked by mail');
is(is_open(), 0, 'D4: an unlock code does not reopen it');
$s->json('user', 'unlock', 'ann');
is(is_open(), 0, 'D4 M4: nor mfactl user unlock');

my $id = ask();
ok($id, 'D4: the approval is offered');
is(is_open(), 0, 'C9: a request alone reopens nothing');

# X86 C9: leaving the enrolment of an approval

approve($id);
$b = up_to_verify($s, $me);
$s->verify_by($b, { %$me }, $app);
$s->advance('2m');
ok(opens($s, $b), 'A4: approved: the old device goes on');
closed('by another password, after the approval');
$b = up_to_verify($s, $me);
ok(!$b->{page}->form('Reset device'),
   'C6: an approval from before a mailed password is not for it');

approve(ask());
for my $left ('the code', 'the verified page', 'the new app') {
    my $x = up_to_verify($s, $me);

    $x->submit('Reset device');
    $x->submit('Verify code', 'Verification code' => code_of($x))
        if $left ne 'the code';
    $x->submit('Continue') if $left eq 'the new app';
    is(is_device_old($x), 1, "X86 D3 A4: left at $left: the old one counts");
}


# the app of the journey left open is none; hers still is the factor

sub is_device_old {
    my ($x) = @_;
    my ($record) = grep { $_->{kind} eq 'totp' }
                   @{$s->json('user', 'show', 'ann')->{factors}};
    my ($secret) = $x->{page}->body =~ /secret=([A-Z2-7]+)/;
    my $y;

    if ($secret) {
        my $other = { %$me, secret => $secret };

        $y = up_to_verify($s, $me);
        $s->verify_by($y, $other, $app);
        return 0 if opens($s, $y);
    }

    return $record->{added_at} eq ($me->{added} //= $record->{added_at});
}


$b = approved();
$b->submit('Continue');
my %old = %$me;
$s->enrol_by($b, $me, $app);
is($b->{page}->h1, 'Reset device', 'A4: to the end');
ok(!opens($s, $b), 'C9: no session comes of it');
is(is_open(), 1, 'D4: an approval that was used reopens it');
$b = up_to_verify($s, \%old);
$s->verify_by($b, \%old, $app);
ok(!opens($s, $b), 'D3: the old device is out');
ok(!up_to_verify($s, $me)->{page}->form('Reset device'),
   'X89: an approval is used once');

# a helpdesk pass

closed('once more');
my $pass = $s->json('user', 'pass', 'ann', '--reveal')->{pass};
is(is_open(), 0, 'D4: a pass that nobody used reopens nothing');
$b = up_to_verify($s, $me);
$b->submit('Use pass', 'Helpdesk pass' => $pass);
$s->enrol_by($b, $me, $app);
is($b->{page}->h1, 'Reset device', 'D4: a helpdesk pass sets up a device');
is(is_open(), 1, 'D4: and reopens it');
$s->stop;


# recovery_hold 72h: after them, and not before

$s = takeover_server('totp', device_reset => 'email', recovery_hold => '72h');
$me = victim($s, 'ann', $app);
mailed_password();
my $at = $s->now;
$s->advance(int($at + 72 * 3600 - 150 - $s->now) . 's');
is(is_open(), 0, 'D4: recovery_hold 72h: two minutes before');
$s->advance(int($at + 72 * 3600 - 60 - $s->now) . 's');
$b = $s->browser;
$s->first_step($b, $me);
$b->click('Reset device');
like($b->{page}->text, qr/possible again from/, 'D4: a minute before: when');
$s->advance('62s');
is(is_open(), 1, 'D4: and open after 72 hours');
$s->stop;


# an approval of before the mailed password does not come back with time (C6)

$s = takeover_server('totp', device_reset => 'approval',
                     recovery_hold => '72h');
$me = victim($s, 'ann', $app);
$id = ask();
$s->advance('1m');
mailed_password();
$s->advance('60h');
approve($id);
ok(!up_to_verify($s, $me)->{page}->form('Reset device'),
   'C6: it is not for who set the password');
$s->advance('13h');
ok(!up_to_verify($s, $me)->{page}->form('Reset device'),
   'C6: nor when recovery_hold is over');

done_testing();
