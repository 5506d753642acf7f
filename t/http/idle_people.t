# Only what people do keeps a session from its idle end (L8).

use MFA::Test;
use Time::HiRes 'sleep';

my $chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like'
           . ' Gecko) Chrome/126.0.0.0 Safari/537.36';
my $safari = 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko)'
           . ' Version/17.5 Safari/605.1.15';

my $s = mfa_server(time => 1, workers => 2,
                   realm => { idle_ignore => '/ess/poll /ess/live/' });
my $me = $s->register($s->browser, 'ann.employee@example.org');

sub fresh {
    my ($agent) = @_;
    my $b = $s->browser(defined $agent ? (agent => $agent) : ());

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}

# one request every 10 minutes for 50, then one of a person at 65

sub is_alive {
    my ($b, $request, $wait) = @_;

    for (1 .. 5) {
        $s->advance('10m');
        $request->($b);
        $wait->();
    }

    $s->advance('15m');
    return $b->get('/ess/page')->status == 200;
}

# a touch is written in a second

sub alive_after { return is_alive(@_, sub { $s->touched('ann') }) }
sub dead_after { return !is_alive(@_, sub { sleep 1.3 }) }

sub navigate {
    my ($path, %headers) = @_;

    return sub { $_[0]->request('GET', $path, { Accept => 'text/html',
        'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document',
        'Sec-Fetch-Site' => 'same-origin', %headers }) };
}

sub call { my ($path, %h) = @_; return sub { $_[0]->api($path, %h) } }

my @user = ('Sec-Fetch-User' => '?1');

ok(alive_after(fresh(), call('/ess/other')), 'a script that works counts');
ok(dead_after(fresh(), call('/ess/poll')), 'idle_ignore: the path');
ok(dead_after(fresh(), call('/ess/poll?x=1')), 'with whatever query');
ok(dead_after(fresh(), call('/ess//a/../live/%78')),
   'idle_ignore: below a folder, as nginx reads it');
ok(alive_after(fresh(), call('/ess/polls')), 'a longer name is another');
ok(dead_after(fresh(), navigate('/ess/poll', @user)),
   'nobody clicks on such a path');

ok(alive_after(fresh($chrome), navigate('/ess/', @user)), 'Chromium: a click');
ok(dead_after(fresh($chrome), navigate('/ess/')),
   'Chromium: a page that loads itself again');
ok(alive_after(fresh($chrome), navigate('/ess/', 'Sec-Fetch-Site' => 'none')),
   'Chromium: a typed address');
ok(dead_after(fresh($chrome), sub {
    navigate('/ess/')->(@_);
    $_[0]->request('GET', '/ess/x.css', { 'Sec-Fetch-Mode' => 'no-cors',
        'Sec-Fetch-Dest' => 'style', 'Sec-Fetch-Site' => 'same-origin' });
}), 'nor do its parts count');
ok(dead_after(fresh($chrome), navigate('/ess/', @user,
                                         'Sec-Purpose' => 'prefetch')),
   'a prefetch');
ok(alive_after(fresh($safari), navigate('/ess/')),
   'Safari says nothing of clicks: all of them count');
ok(alive_after(fresh(), navigate('/ess/')), 'so with any unknown browser');

# a request that is no person's is answered all the same, and not revived

my $b = fresh();

$s->advance('59m');
is($b->api('/ess/poll')->status, 200, 'polling passes while it lasts');
is($b->api('/ess/poll')->status, 200, 'again from the cache');
$s->advance('2m');
is($b->api('/ess/poll')->status, 401, 'and really ends after the idle time');
is($b->get('/ess/')->status, 303, 'for everything');

# the next of a person within the hour goes on for an hour

$b = fresh();
$s->advance('30m');
is($b->api('/ess/work')->status, 200, 'work');
$s->touched('ann');
for (1 .. 5) {
    $s->advance('11m');
    is($b->api('/ess/poll')->status, 200, 'polling beside it');
}
$s->advance('6m');
is($b->api('/ess/poll')->status, 401, 'ends an hour after the work');

done_testing();
