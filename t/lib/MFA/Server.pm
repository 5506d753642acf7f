package MFA::Server;

# The running part of MFA::Test: processes, time, signals, logs, requests.
# Its methods are described in MFA::Test.

use strict;
use warnings;
use Fcntl qw(O_CREAT O_WRONLY);
use IO::Socket::INET;
use JSON::PP ();
use POSIX 'WNOHANG';
use Test::More ();
use Time::HiRes qw(sleep time);

use MFA::Browser;
use MFA::Journey;

our @ISA = 'MFA::Journey';

# seconds for what comes soon, on a machine that now and then stands still

my $patience = 60;

my $people = <<'END';
email,user,first_name,surname,groups,other_email,manager
ann.employee@example.org,ann,Ann,Employee,,ann.home@example.org,max.manager@example.org
max.manager@example.org,max,Max,Manager,managers,max.home@example.org,
hana.helpdesk@example.org,hana,Hana,Helpdesk,helpdesk,hana.home@example.org,max.manager@example.org
END


sub app { return $_[0]{app} }
sub mail { return $_[0]{mail} }
sub texts { return $_[0]{sms} }
sub calls { return $_[0]{voice} }


sub browser {
    my ($s, %is) = @_;
    return MFA::Browser->new(origin => $s->{origin}, %is);
}


# --- processes --------------------------------------------------------------

sub _nginx_test {
    my ($s) = @_;
    return $s->_run({ $s->_env }, MFA::Test::nginx(), '-t', '-p', "$s->{dir}/",
                    '-e', "$s->{dir}/error.log", '-c', $s->{conf});
}


sub _env {
    my ($s) = @_;
    my %env;
    my @preload;

    if ($ENV{MFA_TEST_SAN}) {
        push @preload, map { _gcc_file("lib$_.so") } qw(asan ubsan);
        $env{ASAN_OPTIONS} = "detect_leaks=0:log_path=$s->{dir}/sanitizer:"
            . 'detect_odr_violation=0';
        $env{UBSAN_OPTIONS} = "print_stacktrace=1:"
            . "log_path=$s->{dir}/sanitizer";
    }

    if ($s->{is}{time}) {
        push @preload, $s->_clock_library;
        $env{MFA_TEST_CLOCK} = "$s->{dir}/clock";
    }

    if ($s->{is}{preload}) {
        push @preload, @{$s->{is}{preload}};
    }

    $env{LD_PRELOAD} = join ' ', @preload if @preload;
    return %env;
}


sub _gcc_file {
    my ($name) = @_;
    chomp(my $path = `gcc -print-file-name=$name`);
    return $path;
}


# the library that moves the clock, built once for each test program

sub _clock_library {
    my ($s) = @_;
    my $so = "$s->{dir}/mfa_clock.so";

    system($ENV{CC} // 'gcc', '-D_GNU_SOURCE', '-O1', '-fPIC', '-shared',
           '-o', $so, MFA::Test::top() . '/t/lib/mfa_clock.c', '-ldl') == 0
        or die "t/lib/mfa_clock.c does not compile"
        unless -e $so;
    return $so;
}


sub _set_time {
    my ($s, $offset) = @_;

    $s->{offset} = $offset;

    sysopen my $fh, "$s->{dir}/clock", O_WRONLY | O_CREAT, 0644 or die;
    syswrite $fh, pack 'q', $offset;
    close $fh;
}


sub advance {
    my ($s, $by) = @_;

    die "mfa_server(time => 1) is needed" unless $s->{is}{time};
    $s->_set_time($s->{offset} + MFA::Test::seconds($by));
}


sub now { my ($s) = @_; return time + $s->{offset} }


# a child with its own environment: (exit code, output)

sub _run {
    my ($s, $env, @command) = @_;
    my $pid = open(my $pipe, '-|') // die "fork: $!";

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        open STDIN, '<', '/dev/null';
        @ENV{keys %$env} = values %$env;
        { exec @command };
        print "cannot run $command[0]: $!\n";
        POSIX::_exit(127);
    }

    local ($/, $?);
    my $text = <$pipe> // '';
    close $pipe;
    return ($? >> 8 || $? & 127, $text);
}


sub start {
    my ($s) = @_;

    $s->_import_people unless $s->{has_people}++;

    for my $try (1 .. 5) {
        my $said = $s->_start_once;

        return $s if $said eq '';
        die "nginx does not start:\n$said\n" . $s->log
            unless $s->log =~ /bind\(\) .* failed/ && $try < 5;
        unlink "$s->{dir}/error.log", "$s->{dir}/stderr";
        $s->_choose_port;
    }
}


sub _start_once {
    my ($s) = @_;

    $s->{pid} = fork // die "fork: $!";

    if ($s->{pid} == 0) {
        my %env = $s->_env;

        @ENV{keys %env} = values %env;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$s->{dir}/stderr";
        open STDERR, '>&', \*STDOUT;
        { exec MFA::Test::nginx(), '-p', "$s->{dir}/", '-e',
              "$s->{dir}/error.log", '-c', $s->{conf}, '-g', 'daemon off;' };
        POSIX::_exit(127);
    }

    my $said = 'it does not listen';

    _until($patience, sub {
        if (waitpid($s->{pid}, WNOHANG) == $s->{pid}) {
            delete $s->{pid};
            $said = "exit $?\n" . _slurp("$s->{dir}/stderr");
            return 1;
        }

        return 0 unless -s "$s->{dir}/nginx.pid" && $s->worker_pids
            && IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $s->{port});
        $said = '';
        return 1;
    });

    return $said;
}


sub _import_people {
    my ($s) = @_;
    my $csv = $s->{is}{people} // $people;

    return if $s->{is}{conf} && !defined $s->{is}{people};

    if (ref $csv) {
        return unless @$csv;

        my @names = sort keys %{{ map { map { $_ => 1 } keys %$_ } @$csv }};
        $csv = join '', map { "$_\n" } join(',', @names),
            map { my $row = $_; join ',', map { $row->{$_} // '' } @names }
            @$csv;
    }

    open my $fh, '>', "$s->{dir}/people.csv" or die;
    print $fh $csv;
    close $fh;

    my ($code, $text) = $s->ctl('user', 'import', "$s->{dir}/people.csv",
                                '--apply');
    die "import failed ($code): $text" unless $code == 0;
}


sub _slurp {
    my ($file) = @_;

    open my $fh, '<', $file or return '';
    local $/;
    return <$fh> // '';
}


sub _children {
    my ($pid) = @_;
    return split ' ', _slurp("/proc/$pid/task/$pid/children");
}


sub worker_pids {
    my ($s) = @_;
    return grep { _slurp("/proc/$_/cmdline") =~ /^nginx: worker process\0*$/ }
           _children($s->{pid} // 0);
}


sub reload {
    my ($s) = @_;
    my %old = map { $_ => 1 } $s->worker_pids;

    kill HUP => $s->{pid};
    return _until($patience, sub {
        my @now = _children($s->{pid});
        return @now && !grep { $old{$_} } @now;
    });
}


sub kill_worker {
    my ($s, $signal) = @_;
    my ($pid, @rest) = $s->worker_pids;

    kill $signal // 'KILL', $pid;
    return _until($patience, sub {
        my @now = $s->worker_pids;
        return @now == 1 + @rest && !grep { $_ == $pid } @now;
    });
}


sub _until {
    my ($seconds, $question) = @_;
    my $end = time + $seconds;

    until ($question->()) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


# --- the end ----------------------------------------------------------------

sub stop {
    my ($s) = @_;

    return unless $s->{owner} == $$;
    $s->{app}->stop;
    $s->pause;
}


# ends nginx, not the upstream: start may follow

sub pause {
    my ($s) = @_;

    return unless $s->{pid};

    my $has_left = $s->_leave;

    Test::More::is(join("\n", $s->_complaints,
                        $has_left ? () : 'nginx did not leave'),
                   '', 'nothing bad in the error log');
}


sub _leave {
    my ($s) = @_;
    my @all = ($s->{pid}, _children($s->{pid}));

    local $?;
    kill QUIT => $s->{pid};

    my $has_left = _until($patience,
                          sub { waitpid($s->{pid}, WNOHANG) != 0 });

    kill KILL => @all unless $has_left;
    waitpid $s->{pid}, 0 unless $has_left;
    delete $s->{pid};
    return $has_left;
}


sub _complaints {
    my ($s) = @_;
    my @bad = grep { /\[(?:alert|emerg|crit)\]|Sanitizer|runtime error:/ }
              split /\n/, $s->log . _slurp("$s->{dir}/stderr");

    for my $allowed (@{$s->{allowed}}) {
        @bad = grep { $_ !~ $allowed } @bad;
    }

    return (@bad, map { _slurp($_) } glob "$s->{dir}/sanitizer.*");
}


# a program that died before done_testing: leave nothing running

sub _end {
    my ($s) = @_;

    $s->{app}->stop;
    return () unless $s->{pid};
    $s->_leave;
    return $s->_complaints;
}


# --- logs -------------------------------------------------------------------

sub log { return _slurp("$_[0]{dir}/error.log") }
sub access { return split /\n/, _slurp("$_[0]{dir}/access.log") }
sub allow_log { my ($s, $re) = @_; push @{$s->{allowed}}, $re }


sub log_like {
    my ($s, $re, $name) = @_;

    _until($patience, sub { $s->log =~ $re });
    return Test::More::like($s->log, $re, $name);
}


# an access log is written after the answer: waits for a line of it

sub logged {
    my ($s, $file, $re) = @_;
    my @all;

    _until($patience, sub { @all = grep { $_ =~ $re } split /\n/,
                                _slurp("$s->{dir}/$file") });
    return @all;
}


# --- mfactl -----------------------------------------------------------------

sub ctl_bare {
    my ($s, @arguments) = @_;
    return $s->_run({ $s->_env }, MFA::Test::ctl_path(), @arguments);
}


sub ctl {
    my ($s, @arguments) = @_;
    return $s->ctl_bare('-c', $s->{conf}, '-r', $s->{realm}, @arguments);
}


sub json {
    my ($s, @arguments) = @_;
    my ($code, $text) = $s->ctl(@arguments, '--json');

    die "mfactl @arguments: exit $code\n$text" unless $code == 0;
    return JSON::PP::decode_json($text);
}


# --- what goes on behind the answers ----------------------------------------

# every message that was to be sent has been

sub settle {
    my ($s) = @_;
    return _until($patience, sub { !@{$s->json('outbox', 'list')} });
}


# each that waits was tried so often

sub tried {
    my ($s, $times) = @_;

    return _until($patience, sub { !grep { $_->{attempts} < $times }
                                        @{$s->json('outbox', 'list')} });
}


# the newest session of somebody was used less than two minutes ago, which
# the worker writes down a second later

sub touched {
    my ($s, $who) = @_;

    return _until($patience, sub {
        my ($newest) = @{$s->json('session', 'list', $who)};
        my @then = gmtime $s->now - 120;

        return $newest && $newest->{seen_at}
                          ge POSIX::strftime('%Y-%m-%dT%H:%M:%S', @then);
    });
}


# --- requests below a browser -----------------------------------------------

# fifty slow ones, GET and POST in turns, that the application has by now

sub under_way {
    my ($s, $cookie) = @_;
    my @slow = map {
        my $socket = $s->socket;
        print $socket +($_ % 2 ? 'POST' : 'GET')
            . " /ess/slow?sleep=2 HTTP/1.1\r\n"
            . "Host: 127.0.0.1:$s->{port}\r\nCookie: $cookie\r\n"
            . "Content-Length: 0\r\nConnection: close\r\n\r\n";
        $socket->flush;
        $socket;
    } 1 .. 50;

    _until($patience, sub { $s->app->hits('/ess/slow') == 50 });
    return @slow;
}


# how each of them went on: { POST => { status => times }, GET => { ... } };
# a GET of three seconds may be a stream of events, and is ended

sub answered {
    my ($s, @slow) = @_;
    my %seen;

    for my $n (0 .. $#slow) {
        my $answer = readline($slow[$n]) // '';
        my $status = $answer =~ m{^HTTP/1.1 (\d+)} ? $1 : 'ended';

        $seen{$n % 2 ? 'GET' : 'POST'}{$status}++;
    }

    return \%seen;
}


sub socket {
    my ($s) = @_;
    my @to = (PeerAddr => '127.0.0.1', PeerPort => $s->{port},
              Timeout => $patience);

    return IO::Socket::INET->new(@to) // die "connect: $!"
        unless $s->{https};

    require IO::Socket::SSL;
    return IO::Socket::SSL->new(@to, SSL_verify_mode => 0) // die "TLS: $!";
}


sub raw {
    my ($s, $bytes) = @_;
    my $socket = $s->socket;
    my $answer = '';

    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { die "timeout\n" };

    eval {
        alarm $patience;
        print $socket $bytes;
        $socket->flush;
        1 while sysread $socket, $answer, 65536, length $answer;
    };

    alarm 0;
    return $answer;
}


sub curl {
    my ($s, @arguments) = @_;
    my $path = pop @arguments;
    my (undef, $text) = $s->_run({}, 'curl', '-sk', '-i', '--raw',
        '--max-time', $patience, @arguments, "$s->{origin}$path");
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($status) = $head =~ m{^HTTP/\S+ (\d+)};
    my %headers;

    for ($head =~ /^([^:\r\n]+): *([^\r\n]*)/mg ? $head : ()) {
        push @{$headers{lc $1}}, $2 while /^([^:\r\n]+): *([^\r\n]*)/mg;
    }

    return ($status, \%headers, $body // '');
}


1;
