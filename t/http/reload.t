# Reload and death of workers under load: nobody is let in or thrown out.

use MFA::Test;
use POSIX ();
use Time::HiRes qw(sleep time);

my $s = mfa_server(workers => 2, realm => { brand => '"First"' });
my $b = $s->browser;

$s->register($b, 'ann.employee@example.org');

my $cookie = $b->cookie;
my $app = $s->app;


# a client that asks for two seconds; exits with the number of odd answers

sub client {
    my ($headers, $good) = @_;
    my $pid = fork // die;

    return $pid if $pid;

    my $end = time + 4;
    my $odd = 0;

    while (time < $end) {
        my $p = MFA::Browser->new(origin => $s->{origin}, keep_alive => 0)
            ->request('GET', '/ess/x', $headers);
        $odd++ if $p->status != $good;
    }

    POSIX::_exit($odd > 100 ? 100 : $odd);
}

my @in = map { client({ Cookie => $cookie }, 200) } 1 .. 2;
my @out = map { client({ Cookie => 'x=1' }, 401) } 1 .. 2;

for (1 .. 5) {
    sleep 0.2;
    ok($s->reload, "reload $_: the old workers leave");
}

for my $pid (@in, @out) {
    waitpid $pid, 0;
    my $is_in = grep { $_ == $pid } @in;
    is($? >> 8, 0, 'every answer was right: '
       . ($is_in ? 'somebody logged in' : 'a stranger'));
}

is($b->api('/ess/')->status, 200, 'the session lives');


# new texts take effect

$s->{is}{realm}{brand} = '"Second"';
$s->_write_conf;
$s->reload;
like($s->browser->get('/mfa/login')->body, qr/Second/,
     'the new configuration is in force');


# a worker that dies

$s->allow_log(qr/exited on signal 9|shared memory|stale/);
ok($s->kill_worker('KILL'), 'a killed worker has a successor');
is($b->api('/ess/')->status, 200, 'the session lives');
is($s->browser->api('/ess/')->status, 401, 'a stranger stays out');


# a broken configuration changes nothing

$s->{is}{realm}{nonsense} = 'on';
$s->_write_conf;
$s->allow_log(qr/nonsense/);
kill HUP => $s->{pid};
$s->log_like(qr/nonsense/, 'a reload with a fault is refused');
is($b->api('/ess/')->status, 200, 'and the old one goes on');

done_testing();
