#!/usr/bin/perl
#
# make bench-size: what many people and many sessions cost, each figure with
# its baseline in the same run. What the figures say: docs/performance.md.
#
#   SESSIONS=100000 PEOPLE=100000 LARGE=1000000 ONLY=start make bench-size
#
#   touches  share of one processor spent on noting that SESSIONS sessions
#            are in use, each asked for once a minute, by two workers: the
#            same requests where notes are due, and where none is
#   memory   of a worker that has seen them all, over one of plain nginx
#   start    until the first answer, with PEOPLE people and LARGE sessions,
#            and until a new worker answers after a reload, over plain nginx
#   each     CPU of a request, every request another of 1,000, SESSIONS and
#            LARGE sessions, over plain nginx

use MFA::Test;
use MFA::Bench;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

$bin = shift // die "usage: size.pl FOLDER_OF_PROGRAMS\n";
my $sessions = $ENV{SESSIONS} || 100_000;
my $people = $ENV{PEOPLE} || 100_000;
my $large = $ENV{LARGE} || 1_000_000;
my $rounds = $ENV{ROUNDS} || 5;
my %only = map { $_ => 1 } split /,/, $ENV{ONLY} // '';
my $pass = 25;                  # seconds; two of them fit into a minute

Test::More->builder->output(\*STDERR);
$| = 1;

my $app_port = free_port();
my $app = plain_nginx($pin_rest, page_conf($app_port));
my $common = fast_conf($app_port) . "    add_header X-Worker \$pid always;\n";

my ($load) = split ' ', `cat /proc/loadavg`;

print "nginx: ", `@{[ MFA::Test::nginx() ]} -v 2>&1`;
print "load average $load: the machine is not idle, figures are not worth"
    . " keeping\n" if $load > 0.5 * $cpus;

if (wanted(qw(touches memory))) {
    my $gate = gate(2, '', people_of($sessions), $sessions, time => 1);
    my $floor = floor(2, '');

    $gate->start;
    touches($gate);
    memory($gate, $floor);
    $gate->stop;
}

start_and_reload() if wanted('start');
each_another($_) for grep { wanted('each') } 1000, $sessions, $large;
done_testing();


sub wanted { return !%only || grep { $only{$_} } @_ }
sub people_of { return int($_[0] / 10) || 1 }


sub gate {
    my ($workers, $main, $users, $count, @more) = @_;
    my $port = free_port();
    my $s = mfa_server(https => 1, start => 0, people => [], log => 'warn',
        main => $main, workers => $workers, http => $common, @more,
        server => "listen 127.0.0.1:$port;", locations => <<'END_CONF');
        location /mfa/ { mfa_portal; }
        location /ess/ { proxy_pass http://fast; }
END_CONF
    my $begin = time;

    $s->{plain_port} = $port;
    $s->{tokens} = seed($s, $users, $count);
    printf "%d people and %d sessions made in %.0f s\n", $users, $count,
        time - $begin;
    return $s;
}


sub floor {
    my ($workers, $main) = @_;
    my $port = free_port();
    my $s = plain_nginx($main, <<"END_CONF", $workers);
$common
    server {
        listen 127.0.0.1:$port;
        location /ess/ { proxy_pass http://fast; }
    }
END_CONF

    $s->{plain_port} = $port;
    return $s;
}


# 16 connections, each with a pause: as many a second as are due, not more

sub paced {
    my ($gate, $name) = @_;
    my $pause = int(16 * 60_000 / $sessions);
    my $script = each_script("$gate->{dir}/paced.lua", $gate->{tokens},
                             "function delay() return $pause end");
    my $before = cpu_us($gate, 1);
    my $is = wrk($gate, $gate->{plain_port}, '/ess/', script => $script,
                 seconds => $pass, connections => 16);

    $is->{used} /= $pass * 1e4;
    $is->{beside} = (cpu_us($gate, 1) - $before) / $pass / 1e4;
    printf "%-24s %d requests, %.0f a second, %.2f %% of one processor,"
        . " %.2f %% beside the event loops\n",
        $name, @$is{qw(count rate used beside)};
    return $is;
}


# a note is due when the last use that the store knows is a minute old

sub touches {
    my ($gate) = @_;
    my $before = $gate->json('store', 'stat')->{version};

    $gate->advance('2m');

    my $due = paced($gate, 'touches: each is due');
    my $written = $gate->json('store', 'stat')->{version} - $before;
    my $not = paced($gate, 'touches: none is due');

    die "nothing was written" if $written < 1;
    printf "%-24s %.2f %% of one processor, %d commits\n", 'touches',
        $due->{beside} - $not->{beside}, $written;
}


# what the process wrote to and shares with nobody, in MiB

sub private {
    my ($pid) = @_;

    open my $fh, '<', "/proc/$pid/smaps_rollup" or die "smaps: $!";
    my ($kib) = join('', <$fh>) =~ /^Private_Dirty:\s+(\d+) kB/m;
    return $kib / 1024;
}


sub memory {
    my ($gate, $floor) = @_;
    my $script = each_script("$gate->{dir}/each.lua", $gate->{tokens});
    my %most;

    for my $s ($gate, $floor) {
        wrk($s, $s->{plain_port}, '/ess/', script => $script, seconds => 15);
        ($most{$s}) = sort { $b <=> $a } map { private($_) } workers($s);
    }

    printf "%-24s %.1f MiB, plain nginx %.1f: %.1f MiB more\n",
        'memory of a worker', @most{$gate, $floor},
        $most{$gate} - $most{$floor};
}


# --- start and reload -------------------------------------------------------

# who answers, or nothing

sub answer {
    my ($port, $token) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $port) or return;

    print $socket "GET /ess/ HTTP/1.0\r\nHost: 127.0.0.1\r\n"
        . "Cookie: __Host-mfa_session=$token\r\n\r\n";

    my $text = join '', <$socket>;
    my ($worker) = $text =~ /^X-Worker: (\d+)/m;

    return $text =~ m{^HTTP/1.1 200 } ? $worker : undef;
}


# milliseconds until an answer of a worker that is none of these

sub until_answer {
    my ($begin, $port, $token, %old) = @_;

    while (time - $begin < 600) {
        my $worker = answer($port, $token);

        return 1e3 * (time - $begin) if $worker && !$old{$worker};
        sleep 0.0005;
    }

    die "no answer in ten minutes";
}


sub started {
    my ($s, $token) = @_;
    my $begin = time;
    my $conf = $s->{conf} // "$s->{dir}/nginx.conf";

    unlink "$s->{dir}/nginx.pid";
    system(MFA::Test::nginx(), '-p', "$s->{dir}/", '-e', "$s->{dir}/error.log",
           '-c', $conf) == 0 or die 'nginx does not start';
    my $start = until_answer($begin, $s->{plain_port}, $token);

    sleep 0.01 until -s "$s->{dir}/nginx.pid";
    chomp(my $pid = `cat $s->{dir}/nginx.pid`);

    my %old = map { $_ => 1 }
              split ' ', `cat /proc/$pid/task/$pid/children`;

    $begin = time;
    kill HUP => $pid;

    my $reload = until_answer($begin, $s->{plain_port}, $token, %old);

    kill QUIT => $pid;
    sleep 0.02 while kill 0 => $pid;
    return [$start, $reload];
}


sub start_and_reload {
    my $gate = gate(1, '', $people, $large);
    my $floor = floor(1, '');
    my (@with, @without);

    chomp(my $token = `head -n 1 $gate->{tokens}`);
    kill QUIT => $floor->{pid};
    sleep 0.02 while kill 0 => $floor->{pid};

    for (1 .. $rounds) {
        push @with, started($gate, $token);
        push @without, started($floor, $token);
    }

    for my $what (0, 1) {
        my @ms = map { my $list = $_; median(map { $_->[$what] } @$list) }
                 \@with, \@without;

        printf "%-24s %.0f ms, plain nginx %.0f ms, ratio %.2f\n",
            ('start', 'reload')[$what], @ms, $ms[0] / $ms[1];
    }
}


# --- every request another session ------------------------------------------

sub each_another {
    my ($count) = @_;
    my $gate = gate(1, $pin_worker, people_of($count), $count);
    my $floor = floor(1, $pin_worker);
    my $script = each_script("$gate->{dir}/each.lua", $gate->{tokens});
    my %each = (script => $script);

    $gate->start;
    show_pairs("each of $count", pairs($rounds,
        sub { wrk($gate, $gate->{plain_port}, '/ess/', %each) },
        sub { wrk($floor, $floor->{plain_port}, '/ess/', %each) }));
    $gate->stop;
}
