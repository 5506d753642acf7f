# A legacy application's own logout ends the session of the gate (L10, D6,
# D15, E2, E3, X38, X39, X94).

use MFA::Test;
use Time::HiRes ();

my $s = mfa_server(workers => 2, time => 1,
    realm => { logout_url => ['/mss/logout', '/ess/bye forward',
                              '/ess/down forward', '/ess/deny/bye forward'],
               application_cookies => 'JSESSIONID path=/ess/',
               limit => ['login_address 1000/1h', 'login_person 1000/1h'] },
    locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /ess/down { proxy_pass http://127.0.0.1:1; }
        location /ess/deny/ { deny all; proxy_pass http://app; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
END

my $me = $s->register($s->browser, 'max.manager@example.org');
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my ($b, $p);

sub fresh {
    my ($who) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $who // $me, to => '/ess/');
    $s->app->forget;
    return $b;
}

sub lives { return $_[0]->api('/ess/alive')->status == 200 }

sub bare {
    my ($b, $method, $path, %headers) = @_;
    return $b->request($method, $path, { Accept => 'text/html', %headers },
                       $method eq 'POST' ? 'a=1' : undef);
}

my %page = ('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document');


# L10: from our own pages, at once

$b = fresh();
$b->get('/mss/');
my $old = $b->cookie;

$p = $b->get('/mss/logout', 'Sec-Fetch-Site' => 'same-origin');
is($p->status, 303, 'L10: a link of our own page');
is($p->location, '/mfa/logged-out?to=/mss/', 'to the page after it');
is($p->header('Clear-Site-Data'), '"cache", "storage"', 'data are cleared');
like(join("\n", $p->headers('Set-Cookie')),
     qr/^mfa_session=;.*Max-Age=0.*^JSESSIONID=; Path=\/ess\/; Max-Age=0/ms,
     'D6: our cookie and the application\'s expire');
unlike(join("\n", $p->headers('Set-Cookie')), qr/mfa_(?:device|browser)/,
       'cookies of devices stay');
ok(!lives($b), 'the session is over');
is($s->app->hits('/mss/logout'), 0, 'the application was not asked');
$p = $b->follow($p);
is($p->h1, 'You have logged out', 'the page');
is($b->click('Log back in')->form('Login')->{fields}{to}, '/mss/',
   'L10: Log back in leads to that application');

# X38

for my $path ('/ess/', '/mss/', '/mfa/security') {
    is($s->browser->request('GET', $path, { Cookie => $old, %page,
       Accept => 'text/html' })->status, 303, "X38: $path denied");
}
ok($s->reload, 'reload');
is($s->browser->request('GET', '/ess/', { Cookie => $old })->status, 401,
   'X38: and after a reload');

$b = fresh();
$p = $b->post('/mss/logout', { a => 1 });
is($p->location, '/mfa/logged-out?to=/mss/', 'a form of our own page');
ok(!lives($b), 'logs out');

$b = fresh();
is(bare($b, 'GET', '/mss/logout', Referer => "$s->{origin}/mss/x")->location,
   '/mfa/logged-out?to=/mss/', 'a browser that says no more than Referer');
ok(!lives($b), 'logs out');

$b = fresh();
$p = $b->api('/mss/logout');
is($p->status, 204, 'a script of our own page: no page for it');
ok($p->header('Clear-Site-Data'), 'all the rest');
ok(!lives($b), 'logs out');


# X94, E3: everybody else is asked

$b = fresh();

sub asked {
    my ($name, $method, %headers) = @_;

    $p = bare($b, $method, '/mss/logout', %headers);
    is($p->status, 303, "X94, E3: $name");
    is($p->location, '/mfa/logout?to=/mss/', 'leads to the question');
    is(scalar(my @set = $p->headers('Set-Cookie')), 0, 'sets no cookie');
    ok(lives($b), 'and ends nothing');
}

asked('another site', 'GET', %page, 'Sec-Fetch-Site' => 'cross-site');
asked('a sister host', 'GET', %page, 'Sec-Fetch-Site' => 'same-site');
asked('a link in a mail', 'GET', %page, 'Sec-Fetch-Site' => 'none');
asked('a form of another site', 'POST', %page, Origin => 'https://evil.example',
      'Sec-Fetch-Site' => 'cross-site');
asked('a form without origin', 'POST', Origin => 'null');
asked('a form of nobody', 'POST');
asked('no Referer', 'GET');
asked('a foreign Referer', 'GET', Referer => 'https://evil.example/');
asked('a Referer that begins so', 'GET',
      Referer => "$s->{origin}.evil.example/");
asked('our Referer, but another site', 'GET', %page,
      'Sec-Fetch-Site' => 'cross-site', Referer => "$s->{origin}/mss/");
asked('HEAD', 'HEAD', %page, 'Sec-Fetch-Site' => 'same-origin');
asked('prefetch', 'GET', %page, 'Sec-Fetch-Site' => 'same-origin',
      'Sec-Purpose' => 'prefetch');

is($b->request('GET', '/mss/logout', { 'Sec-Fetch-Mode' => 'no-cors',
    'Sec-Fetch-Dest' => 'image', 'Sec-Fetch-Site' => 'same-origin' })
   ->status, 403, 'a picture that somebody wrote into a page');
is($b->request('GET', '/mss/logout', { 'Sec-Fetch-Mode' => 'no-cors',
    'Sec-Fetch-Dest' => 'image', 'Sec-Fetch-Site' => 'cross-site' })
   ->status, 403, 'or into a page elsewhere');
ok(lives($b), 'ends nothing');
is($s->app->hits('/mss/logout'), 0, 'the application was never asked');

$p = $b->follow($b->get('/mss/logout', 'Sec-Fetch-Site' => 'cross-site'));
is($p->h1, 'Log out?', 'the question');
is($b->submit('Log out')->h1, 'You have logged out', 'can be answered');
is($b->click('Log back in')->form('Login')->{fields}{to}, '/mss/',
   'and leads back to the application');

# without a session

$b = $s->browser;
is($b->follow($b->get('/mss/logout', 'Sec-Fetch-Site' => 'none'))->h1,
   'You have logged out', 'nobody: the page after it');
$b = $s->browser;
is($b->follow($b->get('/mss/logout', 'Sec-Fetch-Site' => 'same-origin'))->h1,
   'You have logged out', 'the same from a page that was left open');

$b = fresh($ann);
$p = $b->follow($b->get('/mss/logout', 'Sec-Fetch-Site' => 'same-origin'));
is($p->h1, 'You have logged out', 'somebody without access can log out');


# forward: the application first, once, with the identity

$b = fresh();
$p = $b->get('/ess/bye?header=Set-Cookie:%20ESS=gone&header=Set-Cookie:%20'
             . 'mfa_session=evil&header=Set-Cookie:%20JSESSIONID=new;Path=/ess/'
             . '&size=300000&status=302', 'Sec-Fetch-Site' => 'same-origin');
is($p->location, '/mfa/logged-out?to=/ess/', 'forward');
is($s->app->hits('/ess/bye'), 1, 'the application was asked once');
is((MFA::Upstream::values_of($s->app->last('/ess/bye'), 'Remote-User'))[0],
   $me->{user} // 'max', 'as the person');
is(scalar(grep { /mfa_/ } MFA::Upstream::values_of($s->app->last, 'Cookie')), 0,
   'D11: without our cookies');
my @set = $p->headers('Set-Cookie');
is(scalar(grep { $_ eq 'ESS=gone' } @set), 1, 'its cookies are passed on');
is(scalar(grep { /evil/ } @set), 0, 'D11: none with a name of ours');
like($set[-1], qr/^JSESSIONID=; Path=\/ess\/; Max-Age=0/,
     'application_cookies have the last word');
is(length $p->body, 0, 'its answer is dropped');
ok(!lives($b), 'the session is over');

$b = fresh();
$p = $b->post('/ess/bye', { reason => 'lunch & more', csrf => 'x' x 900 });
is($p->location, '/mfa/logged-out?to=/ess/', 'forward of a form');
is($s->app->hits('/ess/bye'), 1, 'asked once');
is($s->app->last('/ess/bye')->{method}, 'POST', 'the method');
like($s->app->last('/ess/bye')->{body}, qr/^csrf=x{900}&reason=lunch%20%26/,
     'and the body are right');
ok(!lives($b), 'the session is over');

$b = fresh();
asked_forward($_) for ('cross-site', 'none');
sub asked_forward {
    my ($site) = @_;

    $p = $b->get('/ess/bye', 'Sec-Fetch-Site' => $site);
    is($p->location, '/mfa/logout?to=/ess/', "X94: $site is asked");
    is($s->app->hits('/ess/bye'), 0, 'and nothing forwarded');
}
ok(lives($b), 'the session lives');

$b = fresh();
$p = $b->get('/ess/down', 'Sec-Fetch-Site' => 'same-origin');
is($p->location, '/mfa/logged-out?to=/ess/', 'an application that is down');
ok(!lives($b), 'keeps nobody in');

$b = fresh();
$p = $b->get('/ess/bye?drop=1', 'Sec-Fetch-Site' => 'same-origin');
is($p->location, '/mfa/logged-out?to=/ess/', 'one that hangs up');
ok(!lives($b), 'keeps nobody in');

$b = fresh();
my $began = Time::HiRes::time();
$p = $b->get('/ess/bye?sleep=30', 'Sec-Fetch-Site' => 'same-origin');
is($p->location, '/mfa/logged-out?to=/ess/', 'one that is slow');
my $took = Time::HiRes::time() - $began;
ok($took >= 4 && $took < 25, "is waited for no longer than it must ($took s)");
ok(!lives($b), 'keeps nobody in');

$b = fresh();
$p = $b->get('/ess/deny/bye', 'Sec-Fetch-Site' => 'same-origin');
is($p->status, 403, 'rules of the location are asked before a forward');
is($s->app->hits('/ess/deny/'), 0, 'the application is not reached');

$b = $s->browser;
$p = $b->get('/ess/bye', 'Sec-Fetch-Site' => 'same-origin');
is($p->location, '/mfa/logged-out?to=/ess/', 'nobody: nothing to forward');
is($s->app->hits('/ess/bye'), 0, 'no request without an identity');


# X39, D15

$b = fresh();
my $jar = $b->cookie;
my @slow = $s->under_way($jar);

$b->get('/ess/bye', 'Sec-Fetch-Site' => 'same-origin');
my %after;
$after{$s->browser->request('GET', '/ess/after', { Cookie => $jar })->status}++
    for 1 .. 50;
is_deeply(\%after, { 401 => 50 }, 'X39: none that starts after it passes');
is($s->app->hits('/ess/after'), 0, 'the application was not asked');

my $before = $s->answered(@slow);
is_deeply($before->{POST}, { 200 => 25 }, 'X39: those under way may finish');
is(join(' ', grep { !/^(?:200|ended)$/ } keys %{$before->{GET}}), '',
   'X39: a GET finishes or ends');

$s->allow_log(qr/Connection refused|prematurely closed|forbidden by rule/);
done_testing();
