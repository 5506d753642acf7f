# The mail server is down for an hour: enrolling and logging in go on, and
# all addresses are told once it is back (E7, C10, I4, I5, ML1).

use MFA::Test;
use MFA::Sink;
use Time::HiRes 'time';

MFA::Sink->can_run or plan(skip_all => 'python3-aiosmtpd is missing');

my $sink = MFA::Sink->new;
my $s = mfa_server(time => 1, mail => $sink->option,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $mail = $sink->mail;
my $ann = 'ann.employee@example.org';
my $me = { email => $ann, password => $s->first_password };
my $b = $s->browser;

$b->get('/mfa/register?to=/ess/');
$b->submit('Send verification code', 'Email address' => $ann);
my $code = $mail->latest_code($ann)->code;
$sink->stop;

$b->submit('Verify code', 'Verification code' => $code);
$b->submit('Continue', 'New password' => $me->{password},
           'Confirm new password' => $me->{password});
$s->enrol($b, $me);
is($b->submit('Continue')->h1, 'application', 'enrolling goes on without mail');

for (1 .. 12) {
    $s->advance('5m');
    select undef, undef, undef, 0.1;
}

my $began = time;
is($s->login($s->browser, $me)->h1, 'application', 'I5: so does a login');
ok(time - $began < 10, 'which is quick') or diag(time - $began);
$s->log_like(qr/mail waits|cannot connect|connect/i, 'the log says so');

my $fresh = $s->browser;
$fresh->get('/mfa/register');
my $p = $fresh->submit('Send verification code',
                       'Email address' => 'max.manager@example.org');
like($p->text, qr/Verification code has been sent/, 'ML1: pages are normal');


# a death meanwhile loses nothing

$s->allow_log(qr/exited on signal 9/);
ok($s->kill_worker, 'a worker dies');

$sink->start;
$s->advance('61s');

is($mail->wait_for(2, $ann), 2, 'E7: her address is told')
    or diag($s->log =~ s/.*\n(?=(?:.*\n){15}\z)//sr);
is($mail->wait_for(1, 'ann.home@example.org'), 1,
   'E7: the other one as well');
is($mail->wait_for(1, 'max.manager@example.org'), 1,
   'ML1: the code comes within a minute of its return');

my $max = $mail->latest_code('max.manager@example.org')->code;
like($fresh->submit('Verify code', 'Verification code' => $max)->text,
     qr/Email address verified/, 'and is right');

my ($told) = $mail->all('ann.home@example.org');
like($told->{text}, qr/added/, 'E7: what');
like($told->{text}, qr/20\d\d/, 'E7: when');
like($told->{text}, qr/127\.0\.0\.1/, 'E7: from where');
like($told->{text}, qr/nothing/i, 'E7: that nothing needs doing');
like($told->{text}, qr/01632 960000/, 'E7: and whom to ask');
like($told->{head}{'auto-submitted'} // '', qr/auto-generated/,
     'no out-of-office answers');

$s->advance('1h');
select undef, undef, undef, 1;
is($mail->count($ann), 2, 'each came once');
is($mail->count('ann.home@example.org'), 1, 'each came once');
$sink->stop;
done_testing();
