# Who the gate lets in, and what it says to the others.

use MFA::Test;

my $s = mfa_server(server => <<'END');
        location /app401/ { proxy_pass http://app; }
END
my $app = $s->app;
my $page = { Accept => 'text/html', 'Sec-Fetch-Mode' => 'navigate' };


# X01, F1: nothing but a live session opens

my $none = $s->browser->request('GET', '/ess/', $page);
my $name = 'mfa_session';       # the true name is learned below

is($none->status, 303, 'a page load without a session goes to Login');
like($none->header('Location'), qr{^\Q$s->{origin}\E/mfa/login\?to=/ess/},
     'with the page as target, on the configured origin');
is($none->header('Cache-Control'), 'no-store', 'and is not kept');


# L12: who gets a page and who gets 401

my @calls = (
    ['GET', { Accept => 'application/json' }, 401, 'a call for JSON'],
    ['GET', { Accept => '*/*' }, 401, '*/* alone'],
    ['GET', {}, 401, 'nothing said'],
    ['GET', { Accept => 'text/html' }, 303, 'text/html, an old browser'],
    ['GET', { Accept => 'text/html', 'X-Requested-With' => 'x' }, 401,
     'an old browser\'s script'],
    ['GET', { Accept => 'text/html', 'Sec-Fetch-Mode' => 'cors' }, 401,
     'fetch() that asks for HTML'],
    ['GET', { 'Sec-Fetch-Mode' => 'navigate' }, 303, 'a navigation'],
    ['HEAD', { Accept => 'text/html' }, 303, 'HEAD'],
    ['PUT', { 'Sec-Fetch-Mode' => 'navigate' }, 401, 'PUT is no page load'],
    ['DELETE', { Accept => 'text/html' }, 401, 'DELETE is none either'],
    ['OPTIONS', { Accept => 'text/html' }, 401, 'OPTIONS too'],
    ['FOO', { Accept => 'text/html' }, 401, 'an unknown method']);

for (@calls) {
    my ($method, $headers, $status, $what) = @$_;
    my $p = $s->browser->request($method, '/ess/data', $headers);

    is($p->status, $status, "L12: $what: $status");
}

my $call = $s->browser->api('/ess/data');

is($call->header('Content-Type'), 'application/json', 'L12: 401 has JSON');
unlike($call->header('WWW-Authenticate') // '', qr/^(?:Basic|$)/i,
       'L12: and a scheme of our own');
is($s->browser->request('POST', '/ess/form', { %$page,
    'Content-Type' => 'application/x-www-form-urlencoded' }, 'a=1')->status,
   303, 'a form without a session goes to Login');


# X17: a handshake is not a page load

my $handshake = "GET /ess/ws HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
    . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    . "Sec-Fetch-Mode: websocket\r\n";


sub first {
    my ($text) = @_;
    my $c = $s->socket;

    print $c $text;
    $c->flush;
    sysread $c, my $answer, 4096;
    return $answer;
}

like(first("$handshake\r\n"), qr{^HTTP/1.1 401}, 'X17: a WebSocket gets 401');


# X02, X04, X31: no spelling of a path opens what the location guards

my @paths = ('//ess/', '/./ess/', '/x/../ess/', '/%65ss/', '/ess%2f', '/ESS/',
    '/ess;a=b/', '/ess%00', '/ess%0a', '/ess/%2e%2e/ess/', '/ess/a.css',
    '/ess/a.php', '/\\ess', '/ess?x=/mfa/login', '/mfa/../ess/', '/mfaX/',
    '/mfa-x', '/mfa.', '/mfa', '/open/../ess/', '/open/%2e%2e/ess/',
    '/' . 'a' x 8100);

for my $path (@paths) {
    my $all = $s->raw("GET $path HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
        . "X-Forwarded-Uri: /open/\r\nX-Original-URL: /open/\r\n"
        . "X-Rewrite-URL: /open/\r\nX-Original-Method: OPTIONS\r\n"
        . "Connection: close\r\n\r\n");

    like($all, qr{^HTTP/1.1 (?:30[13]|40[0134]|414)},
         'X02: ' . substr($path, 0, 30) . ' stays shut');
}

like($s->raw("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
     qr{^HTTP/1.1 (?:40\d)}, 'X02: OPTIONS *');
like($s->raw("GET http://127.0.0.1:$s->{port}/ess/ HTTP/1.1\r\nHost: x\r\n"
             . "Connection: close\r\n\r\n"), qr{^HTTP/1.1 401},
     'X02: the absolute form');


# X18, F11: other versions

like($s->raw("GET /ess/ HTTP/1.0\r\n\r\n"), qr{^HTTP/1.1 401},
     'X18: HTTP/1.0 without Host');
unlike($s->raw("GET /ess/\r\n"), qr/application/, 'X18: HTTP/0.9');
like($s->raw("CONNECT 127.0.0.1:$s->{port} HTTP/1.1\r\nHost: x\r\n\r\n"),
     qr{^HTTP/1.1 40[05]}, 'X16: CONNECT');
like($s->raw("GET /ess/a HTTP/1.1\r\nHost: x\r\n\r\n"
             . "GET /ess/b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
     qr{^HTTP/1.1 401.*HTTP/1.1 401}s, 'F11: two in a pipeline, two refused');


# X14

for (['Range', 'bytes=0-0'], ['If-None-Match', '*'],
     ['If-Modified-Since', 'Sun, 22 Nov 2026 00:00:00 GMT'])
{
    is($s->browser->request('GET', '/ess/', { $_->[0] => $_->[1] })->status,
       401, "X14: $_->[0] changes nothing");
}

is($app->hits, 0, 'nothing of all this reached the application');


# and with a session

my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');

is($me->{page}->status, 200, 'a registered person is in');
($name) = grep { /session/ } keys %{$b->{jar}};
is($b->api('/ess/data')->status, 200, 'calls too');

my $value = $b->{jar}{$name}{value};
my $other = substr($value, 0, -1) . ($value =~ /A$/ ? 'Q' : 'A');

$app->forget;

my %tricks = (
    'empty' => "$name=",
    'random' => "$name=" . 'A' x 43,
    'one letter off' => "$name=$other",
    'D9, X36: twice' => "$name=$value; $name=$value",
    'D9: two, one wrong' => "$name=$other; $name=$value",
    'D10: another case' => uc($name) . "=$value",
    'D10: quoted' => "$name=\"$value\"",
    'D10: after $Version' => "\$Version=1; \$$name=$value",
    'D10: after a comma' => "a=1, $name=$value",
    'nameless' => "=$name=$value",
    'longer' => "$name=${value}A");

for my $what (sort keys %tricks) {
    is($s->browser->request('GET', '/ess/', { Cookie => $tricks{$what} })
       ->status, 401, "cookie: $what");
}

like(first("GET /ess/ HTTP/1.1\r\nHost: x\r\nCookie: \xa0$name=$value\r\n\r\n"),
     qr{^HTTP/1.1 401}, 'D10: an NBSP before it');
is($s->raw("GET /ess/ HTTP/1.1\r\nHost: x\r\nCookie: $name=$value\r\n"
           . "Cookie: $name=$value\r\nConnection: close\r\n\r\n") =~
   m{^HTTP/1.1 401}, 1, 'D9: in two headers');
is($app->hits, 0, 'and none of them reached the application');

is($s->browser->request('GET', '/ess/', { Cookie =>
    join('; ', (map { "c$_=" . 'x' x 10 } 1 .. 100), "$name=$value") })
   ->status, 200, 'D10: a good one among a hundred');
like(first("${handshake}Cookie: $name=$value\r\n\r\n"),
     qr{^HTTP/1.1 (?:101|200)}, 'X17: the handshake passes with a session');


# Y2: rules

my $denied = $b->get('/mss/x?y=1');

is($denied->status, 403, 'Y2: without the group 403');
like($denied->text, qr/You do not have access/, 'Y2: on a page');

my $json = $b->api('/mss/x');

is($json->status, 403, 'Y2: a call gets 403 too');
is($json->header('Content-Type'), 'application/json', 'Y2: as JSON');
is($app->hits('/mss/'), 0, 'Y2: the application was not asked');

is($b->post('/mss/form', { a => 'x' x 3000 })->status, 403,
   'Y2: a form gets the page too, its body is read over');
is($b->api('/ess/data')->status, 200, 'and the connection goes on');

done_testing();
