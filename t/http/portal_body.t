# The portal's own door: methods, hosts, bodies (F10, F12, E8).

use MFA::Test;
use Time::HiRes qw(time sleep);

my $s = mfa_server(locations => <<'END');
        client_max_body_size 10m;
        client_body_buffer_size 1k;
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location ~ \.(css|svg)$ { mfa off; return 418; }
END
my $host = "Host: 127.0.0.1:$s->{port}\r\n";
my $form = "Content-Type: application/x-www-form-urlencoded\r\n";


# E8, X16

for my $method (qw(OPTIONS PUT DELETE PATCH PROPFIND FOO)) {
    my $p = $s->browser->request($method, '/mfa/login');

    is($p->status, 405, "E8: $method on the portal");
    like($p->header('Allow'), qr/^GET, HEAD(?:, POST)?$/, 'with Allow');
    is($p->header('X-Content-Type-Options'), 'nosniff', 'and our headers');
}

like($s->raw("TRACE /mfa/login HTTP/1.1\r\n$host\r\n"),
     qr{^HTTP/1.1 405}, 'E8: TRACE');

my $get = $s->browser->get('/mfa/login');
my $head = $s->browser->request('HEAD', '/mfa/login');

is($get->status, 200, 'GET');
is($head->status, 200, 'HEAD');
is($head->body, '', 'without a body');
is($head->header('Content-Type'), $get->header('Content-Type'),
   'with the same type');
like($get->header('Content-Type'), qr{^text/html; charset=utf-8$}i,
     'E1: and one charset');


# F12, X30: the host

for (['Host: evil.test', 421], ["Host: 127.0.0.1:1", 421],
     ['Host: 127.0.0.1', 200], ["Host: 127.0.0.1:$s->{port}", 200],
     ['Host: 127.0.0.1.evil.test', 421], ['Host: x127.0.0.1', 421])
{
    my ($header, $status) = @$_;

    like($s->raw("GET /mfa/login HTTP/1.1\r\n$header\r\n"
                 . "Connection: close\r\n\r\n"),
         qr{^HTTP/1.1 $status}, "F12: $header: $status");
}

like($s->raw("GET /mfa/login HTTP/1.0\r\n\r\n"), qr{^HTTP/1.1 421},
     'F12: no Host');
like($s->raw("GET http://evil.test/mfa/login HTTP/1.1\r\n${host}"
             . "Connection: close\r\n\r\n"), qr{^HTTP/1.1 421},
     'F12: another host in the request line');
like($s->raw("GET http://127.0.0.1:$s->{port}/mfa/login HTTP/1.1\r\n"
             . "Host: evil.test\r\nConnection: close\r\n\r\n"),
     qr{^HTTP/1.1 421}, 'F12: another host in Host');


# F10: forms are small, in memory, and arrive soon

sub post {
    my ($headers, $body) = @_;
    return $s->raw("POST /mfa/login HTTP/1.1\r\n$host$form"
                   . "Connection: close\r\n$headers\r\n$body");
}

my $small = post("Content-Length: 8192\r\n", 'a=' . 'x' x 8190);

like($small, qr{^HTTP/1.1 (?:40[03]|303|200)}, 'F10: 8 KiB are read');

for my $size (8193, 20_000, 70_000) {
    my $answer = post("Content-Length: $size\r\n", 'a=' . 'x' x ($size - 2));

    like($answer, qr{^HTTP/1.1 4(?:00|13)}, "F10: $size bytes are refused");
    like($answer, qr/^X-Content-Type-Options: nosniff/mi, 'with our headers');
    unlike($answer, qr/nginx</, 'and no page of nginx');
}

like(post("Transfer-Encoding: chunked\r\n", "3\r\na=1\r\n0\r\n\r\n"),
     qr{^HTTP/1.1 400}, 'F10: chunks are refused');
like(post('', ''), qr{^HTTP/1.1 (?:40[03]|303|200)}, 'a form without a body');

my @files = glob "$s->{dir}/tmp/body/*";
is(scalar(@files), 0, 'F10: nothing was written to a file');
unlike($s->log, qr/temporary file/, 'F10: nor said to be');


# in pieces, and never ending

my $c = $s->socket;
print $c "POST /mfa/login HTTP/1.1\r\n$host${form}Content-Length: 6\r\n"
    . "Connection: close\r\n\r\n";
for my $byte (split //, 'a=1234') {
    sleep 0.05;
    print $c $byte;
    $c->flush;
}
my $answer = '';
1 while sysread $c, $answer, 65536, length $answer;
like($answer, qr{^HTTP/1.1 (?:40[03]|303|200)}, 'F10: a form in pieces');

SKIP: {
    skip 'slow', 2 if $ENV{MFA_TEST_FAST};

    my $start = time;

    $c = $s->socket;
    print $c "POST /mfa/login HTTP/1.1\r\n$host${form}"
        . "Content-Length: 6000\r\n\r\n";
    $c->flush;
    $c->blocking(0);
    local $SIG{PIPE} = 'IGNORE';

    my $ended = 0;

    while (!$ended && time - $start < 60) {
        syswrite $c, 'a';
        sleep 0.4;
        my $n = sysread $c, my $bytes, 100;
        $ended = 1 if defined $n && $n == 0 || !defined $n && !$!{EAGAIN};
    }

    my $took = time - $start;

    ok($ended, 'F10: a drip ends');
    cmp_ok($took, '<', 40, 'F10: after ten seconds');
}

is($s->browser->get('/mfa/login')->status, 200, 'and the portal goes on');


# a location for images does not take our pages away

isnt($s->browser->get('/mfa/style.css')->status, 418,
     'a regular expression does not shadow the portal');

done_testing();
