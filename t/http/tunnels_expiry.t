# What stays open ends when the session is over by time, and an open
# connection is no activity (L8, L12, D14, X17).

use MFA::Test;
use MFA::Tunnels;

my $app = MFA::Tunnels->new;
my $s = mfa_server($app->settings, workers => 2, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8',
                              idle_timeout => '30m',
                              session_limit => '2h' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');

sub fresh {
    my ($me) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}

sub settle { select undef, undef, undef, 2.5 }


# idle: words in the tunnel do not count, a page in another tab does

my ($b, $other) = (fresh($ann), fresh($max));
my $one = MFA::Tunnels::socket($s, $b->cookie);
my $stream = MFA::Tunnels::stream($s, $b->cookie);
my $two = MFA::Tunnels::socket($s, $other->cookie);

is($one->status, 101, 'a tunnel');
is($two->status, 101, 'of somebody else');
settle();

$s->advance('20m');
is($other->get('/ess/')->status, 200, 'one of them does something');
is($one->echo('word'), 'word', 'the other one only talks in the tunnel');
$s->touched('max');
settle();
$s->advance('11m');
ok(defined MFA::Tunnels::ended(10, $one, $stream),
   'D14, L8: the idle one is closed, tunnel and stream');
is($b->api('/ess/')->status, 401, 'as the gate has it');
is($two->echo('word'), 'word', 'the active one goes on');


# its moment comes later, once nothing more is done

settle();
is($two->echo('more'), 'more', 'and on');
$s->advance('20m');
ok(defined MFA::Tunnels::ended(10, $two), 'D14: until it is idle as well');


# the absolute end, whatever is done

$b = fresh($ann);
$one = MFA::Tunnels::socket($s, $b->cookie);

for (1 .. 4) {
    settle();
    $s->advance('25m');
    is($b->get('/ess/')->status, 200, "active after $_ x 25 minutes");
    is($one->echo('word'), 'word', 'and the tunnel stands');
    $s->touched('ann');
}

settle();
$s->advance('21m');
ok(defined MFA::Tunnels::ended(10, $one), 'D14, L8: at the absolute end');
is($b->api('/ess/')->status, 401, 'which is one for the gate as well');


# rows that nobody has read for long, and are purged: everybody is asked

$b = fresh($ann);
$other = fresh($max);
$one = MFA::Tunnels::socket($s, $b->cookie);
$two = MFA::Tunnels::socket($s, $other->cookie);
settle();
$s->ctl('session', 'end', '--user', $ann->{email});
$s->advance('15m');
ok(defined MFA::Tunnels::ended(10, $one),
   'D14: a row that time makes old at once');
is($two->echo('word'), 'word', 'others go on');

done_testing();
