#!/usr/bin/perl
#
# What open connections cost: WebSockets of two people in one worker.
#
#   perl -It/lib t/bench/tunnels.pl [NUMBER]        10000, or what the limit
#                                                   of open files allows
#
# Says the CPU time of the worker over 10 s without and with them, while
# somebody logs in and out every second and while nobody does, the memory of
# each, and how long it takes until all of one person are closed.

use MFA::Test;
use MFA::Tunnels;
use POSIX ();
use Time::HiRes qw(sleep time);

my $limit = POSIX::sysconf(POSIX::_SC_OPEN_MAX());
my $most = int(($limit - 500) / 2);
my $n = $ARGV[0] // 10_000;

$n = $most if $n > $most;

my $app = MFA::Tunnels->new(hold => 1);
my $s = mfa_server($app->settings, time => 1, log => 'error', main =>
                   "worker_rlimit_nofile $limit;",
                   realm => { trusted_networks => '127.0.0.0/8' });

# the harness allows 512 connections
system('sed', '-i', "s/worker_connections 512/worker_connections $limit/",
       $s->{conf}) == 0 or die 'sed';
$s->reload or die 'no reload';

my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');
my ($worker) = $s->worker_pids;

sub fresh {
    my ($me) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}

sub cpu {
    open my $fh, '<', "/proc/$worker/stat" or die;
    my @field = split ' ', <$fh>;
    return ($field[13] + $field[14]) / 100;
}

sub memory {
    open my $fh, '<', "/proc/$worker/status" or die;
    my ($kb) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$fh>;
    return $kb;
}

sub idle {
    my $before = cpu();
    sleep 10;
    return cpu() - $before;
}

sub busy {
    my $before = cpu();
    my $end = time + 10;
    my $count = 0;

    while (time < $end) {
        my $b = fresh($max);
        $s->logout($b);
        $count++;
        sleep 0.5;
    }

    return sprintf '%.2f s (%d logins and logouts)', cpu() - $before, $count;
}

my @jar = map { fresh($_)->cookie } $ann, $max;

printf "worker without tunnels, 10 s idle: %.2f s CPU\n", idle();
print 'worker without tunnels, 10 s busy: ', busy(), "\n";

my $empty = memory();
my $start = time;
my (@ann, @max);

$jar[1] = fresh($max)->cookie;

while (@ann + @max < $n) {
    push @ann, MFA::Tunnels::socket($s, $jar[0]);
    push @max, MFA::Tunnels::socket($s, $jar[1]) if @ann % 10 == 0;
}

die 'a handshake failed' if grep { $_->status != 101 } @ann, @max;
printf "%d tunnels opened in %.0f s\n", @ann + @max, time - $start;
sleep 4;
printf "memory of the worker: %.1f KiB a tunnel\n",
    (memory() - $empty) / (@ann + @max);
printf "worker with tunnels, 10 s idle: %.2f s CPU\n", idle();
print 'worker with tunnels, 10 s busy: ', busy(), "\n";

$s->ctl('session', 'end', '--user', $ann->{email});

my $took = MFA::Tunnels::ended(60, @ann);
printf "mfactl session end: %d tunnels closed in %s s, %d of %d left alone\n",
    scalar @ann, defined $took ? sprintf('%.1f', $took) : 'more than 60',
    scalar(grep { $_->is_open } @max), scalar @max;

$_->{socket}->close for @ann, @max;
done_testing();
