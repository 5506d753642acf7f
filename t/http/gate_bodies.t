# Requests with bodies that the gate refuses (F8, F9, X22, X23).

use MFA::Test;
use POSIX ();
use Time::HiRes qw(sleep);

my $s = mfa_server();
my $app = $s->app;
my $host = "Host: 127.0.0.1:$s->{port}\r\n";


sub ask {
    my ($text, $more, $wait) = @_;
    my $c = $s->socket;
    my $all = '';

    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { die "timeout\n" };
    print $c $text;
    $c->flush;

    eval {
        alarm 60;
        sysread $c, $all, 65536;
        print $c $more if defined $more;
        $c->flush;
        1 while sysread $c, $all, 65536, length $all;
    };

    alarm 0;
    return $all;
}


# F9: the answer comes before any 100

my $expect = "POST /ess/ HTTP/1.1\r\n${host}Content-Length: 10\r\n"
    . "Expect: 100-continue\r\n";
my $all = ask("$expect\r\n");

like($all, qr{^HTTP/1.1 401}, 'F9: the refusal comes first');
unlike($all, qr{HTTP/1.1 100}, 'F9: no 100 Continue');

# what follows on that connection is no request

$all = ask("$expect\r\n", "GET /ess/x HTTP/1.1\r\n$host\r\n");
is(scalar(() = $all =~ m{HTTP/1.1 \d}g), 1, 'F8: one answer, then the end');

is(scalar(() = ask("POST /mfa/login HTTP/1.1\r\n$host"
    . "Content-Type: application/x-www-form-urlencoded\r\n"
    . "Content-Length: 3\r\nExpect: 100-continue\r\n"
    . "Connection: close\r\n\r\n", 'a=1') =~ m{HTTP/1.1 100}g), 1,
   'the portal does send it: the guard of this test');


# F8: small bodies are read over, the connection goes on

my $inner = "GET /open/smuggled HTTP/1.1\r\n$host\r\n";

for my $size (0, 1, 60_000) {
    my $body = $size > 1000 ? ($inner . 'x' x ($size - length $inner))
             : 'x' x $size;

    $all = ask("POST /ess/ HTTP/1.1\r\n${host}Content-Length: $size\r\n\r\n"
               . $body . "GET /ess/second HTTP/1.1\r\n$host"
               . "Connection: close\r\n\r\n");

    is(scalar(() = $all =~ m{HTTP/1.1 401}g), 2,
       "F8: after $size bytes the next request is answered");
}

# large and unknown ones end the connection

for (["Content-Length: 70000\r\n", 'x' x 70000],
     ["Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"])
{
    my ($header, $body) = @$_;

    $all = ask("POST /ess/ HTTP/1.1\r\n$host$header\r\n$body$inner");
    is(scalar(() = $all =~ m{HTTP/1.1 \d}g), 1, "F8: $header ends it")
        or diag($all);
    like($all, qr/^Connection: close/m, 'and says so');
}


# X22: what is not clear is refused

my %odd = (
    'CL and TE' => "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    'another coding' => "Transfer-Encoding: xchunked\r\n",
    'a space before the colon' => "Transfer-Encoding : chunked\r\n",
    'two lengths' => "Content-Length: 5\r\nContent-Length: 6\r\n",
    'a sign' => "Content-Length: +5\r\n");

for my $what (sort keys %odd) {
    $all = ask("POST /ess/ HTTP/1.1\r\n$host$odd{$what}\r\n0\r\n\r\n$inner");
    like($all, qr{^HTTP/1.1 (?:40[01]|411|501)}, "X22: $what");
}

is($app->hits, 0, 'F8: nothing reached any application');


# X23: 400 clients that leave around the answer

my @pids = map { my $k = $_; my $pid = fork // die; $pid || do {
    for (1 .. 100) {
        my $c = $s->socket or next;
        print $c "$expect\r\n";
        $c->flush;
        sleep 0.001 * ($_ % 7);
        setsockopt $c, 1, 13, pack('ii', 1, 0) if $_ % 2;
        close $c;
    }
    POSIX::_exit(0);
} } 1 .. 4;

waitpid $_, 0 for @pids;

my @workers = $s->worker_pids;

is(scalar(@workers), 1, 'X23: the worker lives');
unlike($s->log, qr/exited on signal/, 'X23: and never died');
is($s->browser->api('/ess/')->status, 401, 'X23: and answers');


done_testing();
