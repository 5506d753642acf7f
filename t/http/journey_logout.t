# Logging out, for all applications and for good
# (L10, D6, D15, X38, X39, X99, E3).

use MFA::Test;
use POSIX ();

my $s = mfa_server(workers => 2, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $me = $s->register($s->browser, 'max.manager@example.org');
my $p;

sub fresh {
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/mss/');
    return $b;
}


# L10

my $b = fresh();
$p = $b->get('/ess/page');
is($p->header('Cache-Control'), 'private, no-store',
   'L10, X99: guarded HTML is kept by no browser');
$b->get('/ess/');
my $old = $b->cookie;

$p = $b->get('/mfa/logout');
is($p->h1, 'Log out?', 'L10: a GET asks');
$b->request('HEAD', '/mfa/logout') for 1 .. 3;
is($b->api('/ess/')->status, 200, 'E3: and changes nothing');

$b->get('/mfa/logout');
$p = $b->post_only('Log out');
is($p->status, 303, 'L10: the button');
is($p->header('Clear-Site-Data'), '"cache", "storage"',
   'L10: cache and storage are cleared');
my ($cookie) = grep { /^(?:__Host-)?mfa_session=/ } $p->headers('Set-Cookie');
like($cookie, qr/^mfa_session=;.*Max-Age=0/, 'L10: the cookie is expired');
is(scalar(grep { /mfa_browser/ } $p->headers('Set-Cookie')), 0,
   'D6: the cookie of the device stays');

$p = $b->follow($p);
is($p->h1, 'You have logged out', 'L10: the page');
ok($p->links->{'Log back in'}, 'L10: Log back in');
$p = $b->click('Log back in');
is($p->h1, 'Login', 'which leads to Login');


# X38: the old cookie, on both applications, after reload and restart

sub denied {
    my ($name) = @_;

    for my $path ('/ess/', '/mss/', '/mfa/security') {
        $p = $s->browser->request('GET', $path, { Cookie => $old,
            Accept => 'text/html', 'Sec-Fetch-Mode' => 'navigate' });
        is($p->status, 303, "X38: $path $name");
    }
}

denied('after the logout');
ok($s->reload, 'reload');
denied('after a reload');
$s->pause;
$s->start;
denied('after a restart');


# Log back in leads to the application they came from

$b = fresh();
$b->get('/mss/report');
$b->follow($b->get('/mfa/logout', Referer => "$s->{origin}/mss/report"));
$p = $b->submit('Log out');
is($p->h1, 'You have logged out', 'logged out from an application');
is($b->click('Log back in')->form('Login')->{fields}{to} // '', '/mss/',
   'L10: Log back in leads to the right place');


# Back and the same form again: a page, no second effect

$b = fresh();
$b->get('/mfa/logout');
my $form = $b->{page};
$b->submit('Log out');
$b->{page} = $form;
is($b->submit('Log out')->h1, 'You have logged out',
   'Back and Log out again: the same page');
is($b->follow($b->get('/mfa/logout'))->h1, 'You have logged out',
   'a bookmark of the question, without a session');
is($b->follow($b->get('/mfa/'))->h1, 'Login', 'the portal asks for a login');


# somebody else's session of the same person goes on

my ($one, $two) = (fresh(), fresh());
$s->logout($one);
is($two->get('/ess/')->status, 200, 'another browser stays logged in');


# X39, D15: slow requests in flight finish, none that starts after passes

$b = fresh();
my $jar = $b->cookie;
my @slow = $s->under_way($jar);
is($s->app->hits('/ess/slow'), 50, 'X39: fifty requests are under way');

$s->logout($b);
my %after = ();
$after{$s->browser->request('GET', '/ess/after', { Cookie => $jar })->status}++
    for 1 .. 50;
is_deeply(\%after, { 401 => 50 }, 'X39: none that starts after it passes');
is($s->app->hits('/ess/after'), 0, 'the application was not asked');

my $before = $s->answered(@slow);
is_deeply($before->{POST}, { 200 => 25 }, 'X39: those under way may finish');
is(join(' ', grep { !/^(?:200|ended)$/ } keys %{$before->{GET}}), '',
   'X39: a GET finishes or ends');

done_testing();
