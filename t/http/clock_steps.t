# The wall clock jumps: forwards ends what it should, backwards revives
# nothing (J13, CK1 to CK4).

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $me = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');
my $label = 'Please enter verification code using your authentication app';

sub fresh {
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}

sub verify {
    my ($b, $code) = @_;
    return $b->submit('Continue', $label => $code);
}


# CK1: forwards by 21 minutes, 13 hours, 30 days

for my $jump ('21m', '13h', '30d') {
    my $b = fresh();
    my $flow = $s->browser;

    $s->first_step($flow, $me);
    $s->advance($jump);

    is($b->get('/ess/')->status, $jump eq '21m' ? 200 : 303,
       "CK1: a session after $jump");
    my $p = verify($flow, $s->code($me));
    is($p->h1, $jump eq '21m' ? 'application' : 'Login',
       "CK4: an open login after $jump");
    is(fresh()->get('/ess/')->status, 200, 'and a login works');
}


# CK2, J13: backwards; what was over stays over

my $dead = fresh();
my $ended = fresh();
my $jar = $ended->cookie;
my $spent = $s->totp($me->{secret}, $me->{last_step} * 30);

$s->logout($ended);
$s->advance('61m');
is($dead->get('/ess/')->status, 303, 'a session is over by idling');
fresh();                                        # a commit at this time

my $locked = $s->browser;
$s->first_step($locked, $max);
verify($locked, '000000') for 1 .. 5;
like($locked->{page}->text, qr/locked until/, 'a factor is held');

my $mail_flow = $s->browser;
$mail_flow->get('/mfa/register');
$mail_flow->submit('Send verification code',
                   'Email address' => 'hana.helpdesk@example.org');
my $code = $s->mail->latest_code('hana.helpdesk@example.org')->code;
$s->advance('31m');
fresh();

for my $back ('-2h', '-30d') {
    $s->advance($back);

    is($dead->get('/ess/')->status, 303, "CK2: $back: no idle session revives");
    is($s->browser->request('GET', '/ess/', { Cookie => $jar })->status, 401,
       "CK2: $back: no ended session revives");

    my $p = $mail_flow->submit('Verify code', 'Verification code' => $code);
    unlike($p->text, qr/Email address verified/,
           "CK2: $back: no code that was over works");
    $mail_flow->get('/mfa/register') unless $p->form('Verify code');

    my $b = $s->browser;
    $s->first_step($b, $me);
    is($b->{page}->h1, 'Verify', "CK2: $back: the first step works");
    unlike(verify($b, $spent)->h1, qr/application/,
           "CK2: $back: no spent step works");
    last unless $b->{page}->form('Continue');
    my $then = $s->totp($me->{secret}, $s->now);
    isnt(verify($b, $then)->h1, 'application',
         "CK2: $back: nor a step below the last one");
    ok($s->reload, 'after a reload');
    is($dead->get('/ess/')->status, 303, 'the same');
}


# a log in with a session from before the step is not thrown away by it

$s->advance('30d');
$s->advance('2h');
my $b = fresh();
is($b->get('/ess/')->status, 200, 'back at the true time a login works');
$s->advance('-2h');
is($b->get('/ess/')->status, 200, 'CK2: a live session outlives a step back');
$s->advance('2h');


# the lock was not shortened, and ends at its time

$s->advance('-3h');
$locked = $s->browser;
$s->first_step($locked, $max);
like($locked->{page}->text, qr/locked until/, 'CK2: a factor is held still');
$s->advance('3h');
$locked = $s->browser;
$s->first_step($locked, $max);
unlike($locked->{page}->text, qr/locked until/, 'and no longer than its time');


# CK3: jitter of two seconds, 20 times

my $odd = 0;
for my $n (1 .. 20) {
    $s->advance($n % 2 ? '2s' : '-2s');
    $odd++ unless $b->get('/ess/')->status == 200;
}
is($odd, 0, 'CK3: jitter ends no session');
$s->advance('31s');
my $c = $s->browser;
$s->first_step($c, $me);
$s->advance('-2s');
is(verify($c, $s->code($me))->h1, 'application', 'CK3: nor a login');

unlike($s->log, qr/\[(?:crit|alert|emerg)\]/, 'nothing broke');
done_testing();
