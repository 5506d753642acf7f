# What staff leave behind: the hint about an app they removed, the end of a
# hundred wrong passwords, and of the hold after a mailed password (A12, C6,
# C9, D4, M4).

use MFA::Test;
use MFA::Desk;

my @rows = map { "$_.user\@example.org,$_,\u$_,User,staff\n" }
           qw(ann ben cat dan);
my $d = MFA::Desk->new(
    register => [qw(ann ben cat dan sam)],
    realm => { device_reset => 'email' },
    people => join '', "email,user,first_name,surname,groups\n", @rows,
        "sam.help\@example.org,sam,Sam,Help,helpdesk\n");
my $s = $d->{s};
my $label = 'Please enter verification code using your authentication app';
my ($b, $p);

$s->advance('61s');

sub press {
    my ($do, $whom, %more) = @_;
    my $sam = $d->{sam} // ($d->{sam} = $d->fresh('sam'));
    my $token = MFA::Desk::token($sam->get("/mfa/people/$d->{id}{$whom}"));

    return $sam->follow($sam->post("/mfa/people/$d->{id}{$whom}", {
        token => $token, do => $do, whom => $d->{id}{$whom}, subject => '',
        reason => 'called back', %more }));
}


# --- an app that staff removed ----------------------------------------------

# the person proves the mailbox again, and sets up anew

sub enrol_anew {
    my ($name) = @_;
    my $me = $d->{me}{$name};

    $b = $d->half($name);
    $b->submit('Send verification code')
        if $b->{page}->form('Send verification code');

    my $mail = $s->mail->latest_code($me->{email});

    $b->submit('Verify code', 'Verification code' => $mail->code)
        if $b->{page}->form('Verify code');
    $s->enrol($b, $me);
    return $s->finish($b);
}

for (['ann', sub { press('remove', 'ann', subject => 'totp') }],
     ['ben', sub { $s->json('user', 'remove-factor', 'ben', 'totp') }])
{
    my ($name, $remove) = @$_;
    my %old = %{$d->{me}{$name}};

    $remove->();
    is_deeply($s->json('user', 'show', $name)->{factors}, [],
              "$name has no app any more");
    enrol_anew($name);
    is(scalar @{$s->json('user', 'show', $name)->{factors}}, 1,
       '... sets up anew');

    $s->advance('61s');
    $b = $d->half($name);
    $p = $b->submit('Continue', $label => $s->code(\%old));
    like($p->text, qr/comes from the entry of the device that was replaced on/,
         '... types a code of the old entry, and is told so');
    is($b->get('/ess/')->status, 303, '... which opens nothing');
}


# --- a hundred wrong passwords in a row -------------------------------------

# the waits between them and the budgets of the day do not matter here: time
# goes on

sub close_row {
    my ($name) = @_;
    my $me = $d->{me}{$name};
    my $guess = $s->browser;
    my $token = MFA::Desk::token($guess->get('/mfa/login'));

    for (1 .. 100) {
        $s->advance('61s');
        $guess->post('/mfa/login', { token => $token, email => $me->{email},
                                     password => 'a wrong one' });
    }
}


sub page_of {
    my ($name) = @_;

    return $d->half($name)->{page}->h1;
}

for (['cat', sub { $d->{sam} = undef; press('unlock', 'cat') }],
     ['dan', sub { $s->json('user', 'unlock', 'dan') }])
{
    my ($name, $unlock) = @$_;

    close_row($name);
    isnt(page_of($name), 'Verify',
         "A12: after 100 wrong passwords $name cannot from a new browser");
    $unlock->();
    is(page_of($name), 'Verify', '... and can when unlocked');
    is($d->fresh($name)->{page}->h1, 'application', '... to the end');
}

is($s->json('user', 'unlock', 'dan')->{was_so}, JSON::PP::true(),
   'nothing was left to unlock');


# --- the hold after a mailed password ---------------------------------------

sub reset_password {
    my ($name) = @_;
    my $me = $d->{me}{$name};

    $s->advance('10m');
    $b = $s->browser;
    $b->get('/mfa/login');
    $b->click('Forgotten password?');
    $b->submit('Send verification code', 'Email address' => $me->{email});
    $b->submit('Verify code', 'Verification code' =>
               $s->mail->latest_code($me->{email})->code);
    $b->submit('Continue');
    $me->{password} = 'another horse 4711 staple ' . $s->now;
    return $b->submit('Continue', 'New password' => $me->{password},
                      'Confirm new password' => $me->{password});
}


# is the mailed reset of the device open to somebody with the password?

sub is_mail_open {
    my ($name) = @_;

    $b = $d->half($name);
    $b->click('Reset device');
    return $b->{page}->form('Send verification code') ? 1 : 0;
}

is(is_mail_open('ann'), 1, 'D4: the mailed reset of the device is open');
reset_password('ann');
is(is_mail_open('ann'), 0, '... and closed by a mailed password');

$d->{sam} = undef;
$p = press('pass', 'ann');
my ($pass) = $p->body =~ m{<span class="key">([^<]+)<};
ok($pass, 'staff make a pass');
is(is_mail_open('ann'), 0, '... which ends nothing before it is used');

$b = $d->half('ann');
$b->submit('Use pass', 'Helpdesk pass' => $pass);
$s->enrol($b, $d->{me}{ann});
$s->advance('61s');
is(is_mail_open('ann'), 1, 'D4: the hold ends when it was');

done_testing();
