#!/usr/bin/perl
#
# make bench: what the gate and a login cost, each figure with its baseline
# in the same run. Absolute figures move with the hour and the machine;
# ratios hold. What the figures say: docs/performance.md.
#
#   ROUNDS=5 SECONDS=3 SESSIONS=20000 ONLY=proxied,logins make bench
#
# An idle machine is part of the measure: where its load says otherwise a
# line says so.
#
#   proxied  requests/s with the gate / the same nginx without the module,
#            by pairs, the order of a pair changing; one session, then
#            every request another one; CPU of the worker, from /proc
#   h2       the same over HTTP/2 and TLS
#   refuse   the answer to strangers / "return 302" without the module
#   added    p99 at 60 % of what the gate manages / without the module
#   logins   password and code / bare argon2id hashes of as many threads
#   flood    p99 of proxied requests with and without logins at ten times
#            what the machine can hash; how fast the rest is turned away
#
# One nginx has one worker on the first processor; what is before and behind
# it is on the second. For logins and the flood nothing is pinned.

use MFA::Test;
use MFA::Bench;
use Time::HiRes qw(sleep time);

$bin = shift // die "usage: bench.pl FOLDER_OF_PROGRAMS\n";
my $rounds = $ENV{ROUNDS} || 5;
my $seconds = $ENV{SECONDS} || 3;
my $sessions = $ENV{SESSIONS} || 20_000;
my $people = $ENV{PEOPLE} || 5_000;
my %only = map { $_ => 1 } split /,/, $ENV{ONLY} // '';
my $few = int(($rounds + 1) / 2);
my $short = $seconds > 2 ? 2 : $seconds;

Test::More->builder->output(\*STDERR);

my %port = map { $_ => free_port() } qw(app gate floor floor_tls login);
my $app = plain_nginx($pin_rest, page_conf($port{app}));
my $common = fast_conf($port{app});

my $start = time;
my ($load) = split ' ', `cat /proc/loadavg`;

print "ngx_mfa_module: ", scalar(`uname -srm`);
print "nginx: ", `@{[ MFA::Test::nginx() ]} -v 2>&1`;
printf "%d rounds of %g s, %d connections, %d processors, %s\n\n",
    $rounds, $seconds, $connections, $cpus, scalar localtime;
print "load average $load: the machine is not idle, figures are not worth"
    . " keeping\n\n" if $load > 0.5 * $cpus;

if (wanted(qw(proxied h2 refuse added))) {
    my ($gate, $floor, $cookie) = gate_and_floor();
    my $rate = 0;

    $rate = proxied($gate, $floor, $cookie) if wanted('proxied');
    h2($gate, $floor, $cookie) if wanted('h2');
    refuse($gate, $floor) if wanted('refuse');
    added($gate, $floor, $cookie, $rate) if wanted('added');
    $gate->stop;
}

if (wanted(qw(logins flood))) {
    my ($s, $cookie) = login_server();
    my $bare = logins($s);

    flood($s, $cookie, $bare) if wanted('flood');
    $s->stop;
}

printf "\n%.0f s\n", time - $start;
done_testing();

sub wanted { return !%only || grep { $only{$_} } @_ }


# --- servers ----------------------------------------------------------------

sub gate_and_floor {
    my $gate = mfa_server(h2 => 1, start => 0, people => [], log => 'warn',
        main => $pin_worker, http => $common,
        server => "listen 127.0.0.1:$port{gate};",
        locations => <<'END_CONF');
        location /mfa/ { mfa_portal; }
        location /ess/ { proxy_pass http://fast; }
END_CONF
    my $users = int($sessions / 10) || 1;
    my $file = seed($gate, $users, $sessions);
    my $token = `head -n 1 $file`;
    my ($minor) = `@{[ MFA::Test::nginx() ]} -v 2>&1` =~ m{/\d+\.(\d+)};
    my $h2 = $minor >= 25 ? 'ssl; http2 on' : 'ssl http2';

    chomp $token;
    $gate->start;

    my $floor = plain_nginx($pin_worker, <<"END_CONF");
$common
    server {
        listen 127.0.0.1:$port{floor};
        listen 127.0.0.1:$port{floor_tls} $h2;
        ssl_certificate $gate->{dir}/tls.pem;
        ssl_certificate_key $gate->{dir}/tls.key;
        location /ess/ { proxy_pass http://fast; }
        location /moved/ { return 302 /mfa/login?to=%2Fess%2F; }
    }
END_CONF

    $floor->{tokens} = $file;
    return ($gate, $floor, "__Host-mfa_session=$token");
}


sub login_server {
    my $s = mfa_server(start => 0, people => [], log => 'warn',
        preload => ["$bin/loop.so"], workers => $ENV{WORKERS} || 1, http => $common,
        realm => { trusted_networks => '127.0.0.0/8', limit => [
            map { "$_ 1000000/1h" } qw(login_person login_address
                                       start_address code_address) ] },
        locations => <<'END_CONF');
        location /mfa/ { mfa_portal; }
        location /ess/ { proxy_pass http://fast; }
END_CONF
    my $file = seed($s, $people, 1);
    my $token = `head -n 1 $file`;

    chomp $token;
    local $ENV{MFA_LOOP_FILE} = "$s->{dir}/loop";
    $s->start;
    return ($s, "mfa_session=$token");
}


# --- measuring --------------------------------------------------------------

sub proxied {
    my ($gate, $floor, $cookie) = @_;
    my @one = (headers => ["Cookie: $cookie"], seconds => $seconds);
    my $is = pairs($rounds,
        sub { wrk($gate, $port{gate}, '/ess/', @one) },
        sub { wrk($floor, $port{floor}, '/ess/', @one) });

    show_pairs('proxied, one session', $is);

    my $script = each_script("$floor->{dir}/each.lua", $floor->{tokens});
    my @each = (script => $script, seconds => $short);

    show_pairs("proxied, $sessions sessions", pairs($few,
        sub { wrk($gate, $port{gate}, '/ess/', @each) },
        sub { wrk($floor, $port{floor}, '/ess/', @each) }));

    return $is->{rate};
}


sub h2load {
    my ($s, $port, $cookie) = @_;
    my $before = cpu_us($s);
    my $text = `$rest h2load -t1 -c16 -m4 -D$short -H 'Cookie: $cookie' \\
                https://127.0.0.1:$port/ess/ 2>&1`;
    my $used = cpu_us($s) - $before;
    my ($rate) = $text =~ m{([\d.]+) req/s} or die $text;
    my ($good) = $text =~ /status codes: (\d+) 2xx, 0 3xx, 0 4xx/
        or die $text;

    return { rate => $rate, cpu => $used / $good };
}


sub h2 {
    my ($gate, $floor, $cookie) = @_;

    if (`which h2load` eq '') {
        print "HTTP/2 with TLS          no h2load here\n";
        return;
    }

    show_pairs('HTTP/2 with TLS', pairs($few,
        sub { h2load($gate, $gate->{port}, $cookie) },
        sub { h2load($floor, $port{floor_tls}, $cookie) }));
}


sub refuse {
    my ($gate, $floor) = @_;
    my @load = ('Accept: text/html', 'Sec-Fetch-Mode: navigate',
                'Sec-Fetch-Dest: document');
    my $junk = 'Cookie: __Host-mfa_session=' . 'A' x 43;
    my @short = (seconds => 1);
    my $moved = sub { wrk($floor, $port{floor}, '/moved/', @short,
                          headers => \@load) };

    show_pairs('no cookie, 303 : 302', pairs($few,
        sub { wrk($gate, $port{gate}, '/ess/', @short, headers => \@load) },
        $moved));
    show_pairs('junk cookie, 401 : 302', pairs($few,
        sub { wrk($gate, $port{gate}, '/ess/', @short, all_bad => 1,
                  headers => [$junk, 'Accept: application/json']) },
        $moved));
}


# --- load of our own --------------------------------------------------------

sub load_command {
    my ($s, %is) = @_;
    my $port = $is{port} // $s->{port};
    my $options = join ' ', map { "-$_ '$is{options}{$_}'" }
                            sort keys %{$is{options}};

    my $before = $is{before} // '';

    return "$before $bin/load -p $port -H 127.0.0.1:$s->{port} -o $s->{origin}"
        . " $options $is{mode}";
}


sub load {
    my $text = `@{[ load_command(@_) ]}`;

    die "load failed" if $?;
    return { $text =~ /^(\w+) ([\d.]+)$/mg };
}


sub added {
    my ($gate, $floor, $cookie, $capacity) = @_;
    my (@with, @without, @added);
    my $rate = int(0.6 * ($capacity || 40_000));

    for (1 .. $few) {
        my @p99 = map { pinned_p99($gate, $_, $cookie, $rate) }
                  @port{qw(gate floor)};

        push @with, $p99[0];
        push @without, $p99[1];
        push @added, 1e3 * ($p99[0] - $p99[1]);
    }

    printf "%-24s %7.3f / %7.3f ms           added %.0f us (%s)\n",
        "p99 at $rate/s", median(@with), median(@without), median(@added),
        range(@added, '%.0f');
}


sub pinned_p99 {
    my ($s, $port, $cookie, $rate) = @_;
    my $command = load_command($s, mode => 'get', port => $port,
        before => at_once(), options => { s => 2, c => $connections, r => $rate, P => '/ess/',
                     C => $cookie });
    my %is = `$rest $command` =~ /^(\w+) ([\d.]+)$/mg;

    return $is{whole_p99};
}


sub version { return $_[0]->json('store', 'stat')->{version} }


sub logins {
    my ($s) = @_;
    my (@bare, @rate, @ratio, @commits);
    my $user = 0;
    my $last;

    for (1 .. 3) {
        push @bare, `$bin/hash 2 $cpus` + 0;

        my $left = $people - $user;
        my $before = version($s);

        $last = load($s, mode => 'login', options => {
            s => 4, c => 4 * $cpus, u => $user, n => $left });

        # opening the store for the version writes nothing
        push @commits, (version($s) - $before) / $last->{done};
        push @rate, $last->{rate};
        push @ratio, $rate[-1] / $bare[-1];
        $user = $last->{next_user};
    }

    printf "%-24s %7.1f / %7.1f bare hashes  ratio %.3f (%s)\n",
        'logins/s', median(@rate), median(@bare), median(@ratio),
        range(@ratio);
    printf "%-24s %7.2f\n", 'commits per login', median(@commits);
    printf "%-24s page %s, password %s, verify %s, code %s\n",
        'p50 / p99 of steps, ms', map { sprintf '%.1f / %.1f',
            $last->{"${_}_p50"}, $last->{"${_}_p99"} }
            qw(page password verify code);

    my $page = load($s, mode => 'get', options => {
        s => 1, c => 1, P => '/mfa/login' });

    printf "%-24s p50 %.3f, p99 %.3f ms, nothing else going on\n",
        'login page', @$page{qw(whole_p50 whole_p99)};
    return median(@bare);
}


# the histograms of t/bench/loop.c: wall, processor

sub loop_counts {
    my ($s) = @_;

    open my $fh, '<:raw', "$s->{dir}/loop" or die "no loop file: $!";
    local $/;
    return [unpack 'Q*', <$fh>];
}


# p99.99 in milliseconds of what was counted between two readings

sub loop_held {
    my ($before, $after) = @_;
    my $steps = @$after / 2;
    my @held;

    for my $first (0, $steps) {
        my @count = map { $after->[$_] - $before->[$_] }
                    $first .. $first + $steps - 1;
        my $sum = 0;
        my $all = 0;
        my $step = 0;

        $all += $_ for @count;
        $sum += $count[$step++] while $sum < 0.9999 * $all;
        push @held, $step * 0.01;
    }

    return \@held;
}


# what measures must not itself wait for the processor

sub at_once {
    return $> == 0 && system('chrt -f 1 true 2>/dev/null') == 0
           ? 'chrt -f 1' : '';
}


sub flood {
    my ($s, $cookie, $bare) = @_;

    my @get = (before => at_once(), mode => 'get', options => {
        s => 3, c => 32, r => 5000, P => '/ess/', C => $cookie });
    my (@quiet, @under, @ratio, @held, $flood);

    for (1 .. $few) {
        push @quiet, load($s, @get);

        my $command = load_command($s, mode => 'first', options => {
            s => 4, c => 256, r => 10 * $bare, n => $people });
        open my $pipe, '-|', $command or die;

        sleep 0.7;
        my $counts = loop_counts($s);
        push @under, load($s, @get);
        push @held, loop_held($counts, loop_counts($s));

        my $text = do { local $/; <$pipe> };
        close $pipe or die "load failed";
        $flood = { $text =~ /^(\w+) ([\d.]+)$/mg };
        push @ratio, $under[-1]{whole_p99} / $quiet[-1]{whole_p99};

        # until what is queued has been hashed
        sleep 3;
    }

    printf "%-24s %7.3f / %7.3f ms           ratio %.2f (%s)\n",
        'p99 in a login flood', median(map { $_->{whole_p99} } @under),
        median(map { $_->{whole_p99} } @quiet), median(@ratio),
        range(@ratio, '%.2f');
    printf "%-24s p50 %.3f, p99.9 %.3f ms (without %.3f, %.3f)\n", '',
        @{$under[-1]}{qw(whole_p50 whole_p999)},
        @{$quiet[-1]}{qw(whole_p50 whole_p999)};
    printf "%-24s p99.99 %.2f ms, %.2f ms of processor time\n",
        'event loop held', median(map { $_->[0] } @held),
        median(map { $_->[1] } @held);
    printf "%-24s %d turned away, p50 %.1f, p99 %.1f ms;"
        . " %.0f passwords/s checked\n", '',
        map { $_ // 0 } @$flood{qw(refused_count refused_p50 refused_p99
                                   rate)};
}
