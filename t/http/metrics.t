# Metrics: right after what is known to have happened, over two workers and a
# reload, for this machine alone, and without anything of anybody in them
# (O4, N2, N4).

use MFA::Test;
use MFA::Metrics;

my $ann = 'ann.employee@example.org';
my $s = mfa_server(workers => 2, realm => {
        event_log => '%%DIR%%/events.log', trusted_networks => '127.0.0.0/8' },
    server => MFA::Metrics->locations);

# of a gateway that nobody has been at

my $m = MFA::Metrics->until($s, sub { defined $_[0]->value('sessions') });
is($m->{page}->status, 200, 'O4: metrics without a session');
is($m->{page}->header('Content-Type'),
   'text/plain; version=0.0.4; charset=utf-8', 'in the format of Prometheus');
is($m->value('sessions'), 0, 'nobody is logged in');
is($m->value('logins_total'), 0, 'series begin with 0');
is($m->value('store_up'), 1, 'the store is open');
is($m->value('workers'), 2, 'two workers');
is($m->{page}->header('Set-Cookie'), undef, 'no cookie');
my $series = () = $m->{body} =~ /^nginx/mg;
is($s->browser->request('HEAD', '/metrics')->status, 200, 'HEAD');
is($s->browser->request('POST', '/metrics', {}, 'x')->status, 405,
   'nothing is taken');


# what happened, and what is counted

my $b = $s->browser;
my $me = $s->register($b, $ann);
$s->login($b = $s->browser, $me);
$b->get('/ess/') for 1 .. 5;
$b->get('/mss/');
$s->first_step($s->browser, { %$me, password => 'wrong one' }) for 1 .. 3;
$s->first_step($s->browser, { email => 'nobody.known@example.org',
                              password => 'x' });
$s->browser->get('/ess/') for 1 .. 4;

my $out = $s->browser;
$s->login($out, $me);
$s->logout($out);

sub is_even {
    my ($m, $name, $want, %labels) = @_;
    is($m->value($name, %labels), $want, "O4: $name "
        . join ',', map { "$_=$labels{$_}" } sort keys %labels);
}

sub settled {
    my ($m) = @_;
    return $m->value('sessions_ended_total') == 1
        && $m->value('sessions') == 2
        && $m->value('outbox_messages') == 0
        && $m->value('deliveries_total', result => 'sent') == 3
        && $m->value('gate_decisions_total', answer => 'no_access') == 1;
}

$s->settle;

$m = MFA::Metrics->until($s, \&settled);
is_even($m, 'logins_total', 2, result => 'ok', reason => 'factor');
is_even($m, 'logins_total', 3, result => 'fail', reason => 'password');
is_even($m, 'logins_total', 1, result => 'fail', reason => 'unknown');
is_even($m, 'codes_checked_total', 2, factor => 'totp', result => 'ok');
is_even($m, 'codes_checked_total', 1, factor => 'none', result => 'ok');
is_even($m, 'codes_sent_total', 1, channel => 'mail', result => 'ok');
is_even($m, 'registrations_total', 1, result => 'started');
is_even($m, 'registrations_total', 1, result => 'done');
is_even($m, 'enrolments_total', 1, factor => 'totp', result => 'ok');
is_even($m, 'sessions_started_total', 3);
is_even($m, 'sessions_ended_total', 1, reason => 'logout');
is_even($m, 'sessions', 2);
is_even($m, 'gate_decisions_total', 1, answer => 'no_access');
is_even($m, 'deliveries_total', 3, channel => 'mail', result => 'sent');
is_even($m, 'outbox_messages', 0);
is_even($m, 'store_commit_failures_total', 0);
is_even($m, 'job_seconds_count', $m->value('job_seconds_bucket',
                                           le => '+Inf'));
ok($m->value('job_seconds_sum') > 0, 'seconds of pages');
ok($m->value('gate_decisions_total', answer => 'pass') >= 5
   && $m->value('gate_decisions_total', answer => 'login') >= 4,
   'O4: decisions of the gate');

my $lines = $s->logged('events.log', qr/./);
is($m->value('events_total'), $lines, 'O4: as many events as lines');

SKIP: {
    my $promtool = MFA::Metrics->promtool
        // skip 'promtool is missing: make deps-test', 1;

    open my $pipe, '|-', "$promtool check metrics > $s->{dir}/lint 2>&1"
        or die;
    print $pipe $m->{body};
    close $pipe;
    is($? >> 8, 0, 'O4: promtool check metrics') or diag(`cat $s->{dir}/lint`);
}


# a reload, and a worker that leaves late: nothing is lost, nothing twice

my $slow = $s->socket;
print $slow "GET /ess/ HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n";
$slow->flush;
my $before = $m->value('gate_decisions_total');
my @old = $s->worker_pids;
kill HUP => $s->{pid};

for (1 .. 3000) {
    my %is = map { $_ => 1 } $s->worker_pids;
    last if keys %is >= 2 && grep { !$is{$_} } @old;
    last if keys %is >= 4;
    select undef, undef, undef, 0.02;
}

$s->browser(keep_alive => 0)->get('/ess/') for 1 .. 10;
print $slow "Connection: close\r\n\r\n";
1 while sysread $slow, my $answer, 4096;
$m = MFA::Metrics->until($s, sub {
    $_[0]->value('gate_decisions_total') >= $before + 10 });
my $now = $m->value('gate_decisions_total');
ok($now == $before + 11 || $now == $before + 10,
   'O4: counted on over a reload, by workers that leave too')
    or diag("$before, then $now");
is($m->value('logins_total', result => 'ok'), 2, 'and nothing began anew');
ok($s->reload, 'once more');
$m = MFA::Metrics->until($s, sub { $_[0]->value('workers') == 2 });
is($m->value('workers'), 2, 'workers that left are no more');
is($m->value('sessions_started_total'), 3, 'nothing began anew');


# whatever clients send: no new series, and nothing of theirs

my $evil = "x\"} 1\nnginx_mfa_forged 1\n";
for my $n (1 .. 10) {
    my $browser = $s->browser(agent => "forged$n");
    $s->first_step($browser, { email => "forged$n\@example.org",
                               password => "forged$n" });
    $browser->request('GET', "/mfa/forged$n?to=/forged$n",
                      { Accept => 'text/html', 'X-Forwarded-For' => 'forged' });
    $browser->get("/ess/forged$n");
}
$s->first_step($s->browser, { email => $evil, password => $evil });

$m = MFA::Metrics->of($s);
is(() = $m->{body} =~ /^nginx/mg, $series, 'O4: no series more than at first');
my $user = $s->json('user', 'show', $ann);
my @secrets = ('forged', 'example', '@', 'Ann', 'Employee', '127.0.0.1',
               $me->{password}, $user->{id}, grep { length > 20 }
               split /[=;. ]+/, $b->cookie);
is(join(' ', grep { index($m->{body}, $_) >= 0 } @secrets), '',
   'N2: no name, address, token or host');
$s->stop;


# who may see them (N4)

sub says {
    my ($listen, $line, $http) = @_;
    return conf_test(http => ($http // '') . "
        server { listen $listen; location = /m { $line } }");
}

my $port = free_port();
my ($code, $said) = says("127.0.0.1:$port", 'mfa_metrics;');
is($code, 0, 'N4: on a local address') or diag($said);
is((says("[::1]:$port", 'mfa_health staff;'))[0], 0, 'N4: on ::1');
is((says('unix:%%DIR%%/m.sock', 'mfa_metrics;'))[0], 0,
   'N4: on a unix socket');

for my $line ('mfa_metrics;', 'mfa_health;', 'mfa_health staff;') {
    for my $listen ($port, "0.0.0.0:$port", "[::]:$port") {
        ($code, $said) = says($listen, $line);
        ok($code != 0 && $said =~ /would be shown to strangers.*nginx\.conf/s,
           "N4: nginx -t refuses $line with listen $listen") or diag($said);
    }
}

($code, $said) = says("0.0.0.0:$port", 'mfa_metrics allow=10.1.0.0/16;');
is($code, 0, 'N4: with those who may named') or diag($said);
like((says($port, 'mfa_metrics allow=ten;'))[1], qr/invalid network/, 'N4');
like((says("127.0.0.1:$port", 'mfa_metrics x;'))[1], qr/invalid parameter/,
     'what is unknown is refused');
like((says("127.0.0.1:$port", 'mfa_health nobody;'))[1],
     qr/unknown realm "nobody" in "mfa_health"/, 'an unknown realm');
like((says("127.0.0.1:$port", 'mfa_metrics; mfa_health;'))[1],
     qr/conflicts with another handler/, 'one of them');

$s = mfa_server(server => '
    location = /metrics { mfa_metrics; }
    location = /named   { mfa_metrics allow=127.0.0.0/8; }
    location = /other   { mfa_metrics allow=192.0.2.0/24; }
    location = /denied  { deny all; mfa_metrics; }');
is($s->browser->get('/named')->status, 200, 'N4: a client of that network');
is($s->browser->get('/other')->status, 403, 'N4: and one of another');
is($s->browser->get('/denied')->status, 403, 'deny of nginx counts as well');
unlike($s->browser->get('/other')->body, qr/nginx_mfa/, 'nothing is shown');

done_testing();
