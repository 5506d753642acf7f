# mfa_check: other proxies ask before they pass a request on (F7, X15).

use MFA::Test;

my $outer = free_port();

my $s = mfa_server(
    locations => <<'END',
        client_max_body_size 1k;
        location /mfa/          { mfa_portal; }
        location = /check       { mfa_check; }
        location = /check/mss   { mfa_check; mfa_allow group=managers; }
        location = /check/fresh { mfa_check; mfa_level fresh=10m; }
        location = /check/any   { mfa_check; satisfy any; deny all; }
        location = /check/named { mfa_check;
                                  mfa_identity_headers X-User X-Mail; }
        location /ess/          { proxy_pass http://app; }
        location /mss/          { mfa_allow group=managers;
                                  proxy_pass http://app; }
END
    http => <<"END",
    server {
        listen 127.0.0.1:$outer;
        client_max_body_size 10m;

        location / {
            auth_request /ask;
            auth_request_set \$who \$upstream_http_remote_user;
            proxy_set_header X-Who \$who;
            proxy_pass http://%%UPSTREAM%%;
        }

        location = /ask {
            internal;
            proxy_pass http://127.0.0.1:%%PORT%%/check;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }
    }
END
    time => 1);

my $app = $s->app;
my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');
my $cookie = $b->cookie;
$app->forget;

sub ask {
    my ($path, %headers) = @_;

    return $s->browser->request(delete $headers{method} // 'GET', $path,
                                \%headers, delete $headers{content});
}


# the three answers

my $p = ask('/check');
is($p->status, 401, 'X15: no session: 401');
like($p->body, qr/login_required/, 'with where to log in');
is($p->header('Location') // '', '', 'and never a redirect');

$p = ask('/check', 'Sec-Fetch-Mode' => 'navigate', Accept => 'text/html');
is($p->status, 401, 'F7: not for a page load either, which the other passes on');

$p = ask('/check', Cookie => $cookie);
is($p->status, 204, 'X15: a session: 204');
is($p->body, '', 'without a body');
is($p->header('Remote-User'), 'ann', 'U1: it says who');
is($p->header('Remote-Email'), 'ann.employee@example.org', 'U1: and the rest');
is($p->header('Set-Cookie') // '', '', 'and sets no cookie');

is(ask('/check/mss', Cookie => $cookie)->status, 403,
   'F7: rules of the location: 403');
is(ask('/check/named', Cookie => $cookie)->header('X-User'), 'ann',
   'headers by the names of the location');
is(ask('/check/named', Cookie => $cookie)->header('Remote-User') // '', '',
   'and by no others');
is(ask('/check/any')->status, 401, 'satisfy any: nobody lets it in');
is(ask('/check/any', Cookie => $cookie)->status, 204, 'but a session does');
is(ask('/check', Cookie => $cookie, 'Remote-User' => 'max')
       ->header('Remote-User'), 'ann', 'U1: a forged header is not repeated');


# a fresh factor

is(ask('/check/fresh', Cookie => $cookie)->status, 204, 'Y3: fresh: 204');
$s->advance('11m');
$p = ask('/check/fresh', Cookie => $cookie);
is($p->status, 401, 'Y3: no longer fresh: 401');
like($p->header('WWW-Authenticate'),
     qr/insufficient_user_authentication.*max_age=600/,
     'with the challenge of RFC 9470');
is(ask('/check', Cookie => $cookie)->status, 204, 'elsewhere it still counts');


# X15: 5 MB of body are not read

my $socket = $s->socket;
print $socket "POST /check HTTP/1.1\r\nHost: x\r\nCookie: $cookie\r\n"
    . "Content-Length: 5242880\r\n\r\n" . 'x' x 10;
my $line = <$socket>;
like($line, qr/^HTTP\/1\.1 (?:204|413)/, 'X15: answered before the body came')
    or diag($line);
close $socket;


# asked by another nginx

sub outer {
    my ($method, $path, $headers, $content) = @_;

    return MFA::Browser->new(origin => "http://127.0.0.1:$outer")
        ->request($method, $path, $headers, $content);
}

is(outer('GET', '/x')->status, 401, 'F7: the other proxy lets nobody in');
is($app->hits, 0, 'its application was not asked');
is(outer('GET', '/x', { Cookie => $cookie })->status, 200,
   'F7: but somebody with a session');
is_deeply([MFA::Upstream::values_of($app->last, 'X-Who')], ['ann'],
          'and tells the application who');
is(outer('POST', '/x', { Cookie => $cookie }, 'x' x 300_000)->status, 200,
   'X15: with any body');


# the store cannot be read: refused, with a status that such proxies know

SKIP: {
    skip 'needs root', 2 if $> != 0;

    $s->allow_log(qr/./);
    $s->pause;

    my ($uid, $gid) = (stat "$s->{dir}/store")[4, 5];
    chown 0, 0, "$s->{dir}/store" or die;
    $s->start;

    is(ask('/check', Cookie => $cookie)->status, 403, 'X15: store down: 403');
    is(outer('GET', '/x', { Cookie => $cookie })->status, 403,
       'X15: which the other proxy takes for a refusal');

    $app->forget;
    chown $uid, $gid, "$s->{dir}/store" or die;
}

done_testing();
