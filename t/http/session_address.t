# The address that tells a script how long is left (L8).

use MFA::Test;
use JSON::PP 'decode_json';

my $s = mfa_server(time => 1, workers => 2);
my $me = $s->register($s->browser, 'ann.employee@example.org');
my $b = $s->browser;

$s->advance('31s');
$s->login($b, $me, to => '/ess/');

sub left {
    my ($b, @headers) = @_;
    my $p = $b->api('/mfa/session', @headers);

    return ($p, decode_json($p->body));
}

sub extend {
    my ($b, %headers) = @_;

    return $b->request('POST', '/mfa/session', { Origin => $s->{origin},
        'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'cors',
        'Sec-Fetch-Dest' => 'empty', 'Content-Length' => 0, %headers }, '');
}

my ($p, $is) = left($b);
is($p->status, 200, 'a live session');
is($p->header('Content-Type'), 'application/json', 'is JSON');
is($p->header('Cache-Control'), 'no-store', 'that nobody keeps');
is(scalar(grep { /^access-control/i } keys %{$p->{headers} // {}}), 0,
   'no CORS');
is($is->{state}, 'live', 'state');
ok($is->{idle_seconds} > 3500 && $is->{idle_seconds} <= 3600,
   'an hour of idleness is left');
ok($is->{limit_seconds} > 43100 && $is->{limit_seconds} <= 43200,
   'twelve hours in all');

# looking is no activity

for (1 .. 5) {
    $s->advance('10m');
    left($b);
}
($p, $is) = left($b);
ok($is->{idle_seconds} <= 600, 'looking does not extend');
$s->advance('11m');
($p, $is) = left($b);
is($p->status, 401, 'so the end comes');
is_deeply($is, { state => 'none' }, 'and nothing is said of it');
like($p->header('WWW-Authenticate'), qr/^MFA-Session/, 'with a challenge');
is(extend($b)->status, 401, 'a POST does not revive it');
is($b->get('/ess/')->status, 303, 'nor is the gate open');

# a person's act

$s->advance('31s');
$b = $s->browser;
$s->login($b, $me, to => '/ess/');
$s->advance('50m');
$p = extend($b);
is($p->status, 200, 'a POST');
$is = decode_json($p->body);
is($is->{state}, 'live', 'the same JSON');
ok($is->{idle_seconds} >= 3595, 'extends');
ok($is->{limit_seconds} < 40300, 'but not the limit');
$s->advance('50m');
is($b->get('/ess/')->status, 200, 'which the gate knows');
extend($b);

# of this host alone

$s->advance('30m');
for my $bad ([Origin => 'https://evil.example'], [Origin => 'null'],
             [Origin => undef, 'Sec-Fetch-Site' => 'cross-site'],
             [Origin => undef, 'Sec-Fetch-Site' => 'same-site'],
             [Origin => undef, 'Sec-Fetch-Site' => 'none'],
             [Origin => undef, 'Sec-Fetch-Site' => undef],
             [Origin => "$s->{origin}.evil.example"]) {
    is(extend($b, @$bad)->status, 403, 'E2: a POST from elsewhere: 403');
}
($p, $is) = left($b);
ok(defined $is->{idle_seconds} && $is->{idle_seconds} <= 1801,
   'and nothing was extended');

# never past the limit

for (1 .. 30) {
    last if extend($b)->status != 200;
    $s->advance('30m');
}
is(extend($b)->status, 401, 'the limit of twelve hours stands');

is($s->browser->api('/mfa/session')->status, 401, 'nobody: 401');
is($b->request('HEAD', '/mfa/session')->status, 401, 'HEAD as GET');
is($b->request('PUT', '/mfa/session')->status, 405, 'no other method');

done_testing();
