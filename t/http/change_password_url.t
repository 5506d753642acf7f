# /.well-known/change-password: where password managers send people (P3).
# It answers and opens nothing.

use MFA::Test;

my $path = '/.well-known/change-password';
my $s = mfa_server(locations => <<'END');
        location /mfa/ { mfa_portal; }
        location /     { proxy_pass http://app; }
        location = /.well-known/change-password { proxy_pass http://app; }
END
my $b = $s->browser;
my $p;

for my $method ('GET', 'HEAD') {
    for ([{ Accept => 'text/html', 'Sec-Fetch-Mode' => 'navigate' },
          'a page load'], [{ Accept => '*/*' }, 'a program'])
    {
        $p = $s->browser->request($method, $path, $_->[0]);
        is($p->status, 302, "P3: $method, $_->[1]");
        is($p->location, '/mfa/security', '... to the settings');
        is($p->header('Cache-Control'), 'no-store', '... not kept');
    }
}

is($s->app->hits, 0, 'the application was not asked');

$p = $b->follow($b->get("$path?a=1"));
is($p->h1, 'Login', 'P3: logged out people log in first');
like($p->{url}, qr{/mfa/login\?to=/mfa/security$}, '... and come back');

my $me = $s->register($s->browser, 'ann.employee@example.org', to => '/');
$b = $s->browser;
$s->login($b, $me, to => '/');
my $hits = $s->app->hits;
$p = $b->follow($b->get($path));
is($p->h1, 'Security settings', 'P3: who is logged in sees them at once');
ok($p->form('Change password') || $p->links->{'Change password'},
   'with Change password');
is($s->app->hits, $hits, 'no application in between');


# other methods and other addresses are guarded as ever

for my $method (qw(POST PUT DELETE OPTIONS)) {
    $p = $s->browser->request($method, $path, { Accept => '*/*' }, 'x');
    is($p->status, 401, "$method is guarded");
}

for my $near ("$path/", "${path}1", '/.well-known/Change-Password',
              '/.well-known/change-passwor')
{
    is($s->browser->api($near)->status, 401, "$near is guarded");
}

# nginx's own reading of the address counts

is($s->browser->request('GET', '/x/..//.well-known/%63hange-password',
                        { Accept => '*/*' })->status, 302, 'normalised');
is($s->app->hits, $hits, 'nothing was opened');
$s->stop;


# where it is not guarded, or has no portal, it is the application's own

$s = mfa_server(locations => <<'END');
        location /mfa/ { mfa_portal; }
        location /ess/ { proxy_pass http://app; }
        location /.well-known/ { mfa off; proxy_pass http://app; }
END
is($s->browser->request('GET', $path, {})->status, 200, 'mfa off: untouched');
$s->stop;

$s = mfa_server(http => <<'HTTP');
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name plain.example.org;
        mfa staff;
        location / { proxy_pass http://app; }
    }
HTTP
like($s->raw("GET $path HTTP/1.1\r\nHost: plain.example.org\r\n"
             . "Connection: close\r\n\r\n"),
     qr{^HTTP/1\.1 401 }, 'no portal in this server: guarded as any other');
is($s->app->hits, 0, 'and never opened');

done_testing();
