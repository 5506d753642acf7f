# Health: what a monitor and a load balancer are told, and when (O4, N4, J4).

use MFA::Test;
use MFA::Metrics;
use MFA::Sink;

my $ann = 'ann.employee@example.org';
my %local = (trusted_networks => '127.0.0.0/8');


# well

my $s = mfa_server(realm => \%local, server => MFA::Metrics->locations
                   . 'location = /all { mfa_health; }', time => 1);
my $h = MFA::Metrics->health_until($s, 'store', 'ok');
is($h->{code}, 200, 'O4: well: 200');
is_deeply($h, { code => 200, status => 'ok', store => 'ok', mail => 'ok',
    sms => 'off', voice => 'off', disk => 'ok', clock => 'ok', keys => 'ok' },
    'O4: every part') or diag(explain($h));
my $p = $s->browser->request('GET', '/health');
is($p->header('Content-Type'), 'application/json', 'JSON');
is($p->header('Cache-Control'), 'no-store', 'never kept');
is($s->browser->request('HEAD', '/health')->status, 200, 'HEAD');
is($s->browser->request('HEAD', '/health')->body, '', 'without a body');
is_deeply(MFA::Metrics->health($s, '/all')->{realms}, { staff => 'ok' },
          'of all realms');


# clock

my $me = $s->register($s->browser, $ann);
$s->advance('1h');
$h = MFA::Metrics->health_until($s, 'clock', 'jumped');
is($h->{clock}, 'jumped', 'O4: the clock leapt ahead');
is("$h->{status} $h->{code}", 'degraded 200', 'which is no reason to leave');
$s->login($s->browser, $me);            # the store has seen that time
$s->advance('-2h');
$h = MFA::Metrics->health_until($s, 'clock', 'behind');
is($h->{clock}, 'behind', 'O4: the clock is behind its mark');
ok((MFA::Metrics->of($s)->value('clock_behind_seconds') // 0) > 3000,
   'O4: by an hour');
$s->stop;


# the store: held, closed, full

$s = mfa_server(realm => { %local,
        store => 'lmdb:%%DIR%%/store limit=1m' },
    server => MFA::Metrics->locations);
$me = $s->register($s->browser, $ann);
MFA::Metrics->health_until($s, 'store', 'ok');

my ($n, $size) = (0, 400);
while ($size > 20) {
    open my $fh, '>', "$s->{dir}/many.csv" or die;
    print $fh "email,user,first_name,surname,note\n";
    printf $fh "p%d\@example.org,p%d,Person,Number,%s\n", $n + $_, $n + $_,
        'x' x 200 for 1 .. $size;
    close $fh;
    my ($code) = $s->ctl('user', 'import', "$s->{dir}/many.csv", '--apply');
    $code == 0 ? ($n += $size) : ($size = int $size / 2);
}

my $b = $s->browser;
$b->get('/mfa/register');
my $form = $b->{page}->form('Send verification code');
for (1 .. 400) {
    last if $b->post('/mfa/register', { %{$form->{fields}},
                     email => "p$_\@example.org" })->status == 503;
}
$h = MFA::Metrics->health_until($s, 'disk', 'full');
is($h->{disk}, 'full', 'J4: the store is full');
is("$h->{status} $h->{code}", 'degraded 200', 'who is in stays in');
my $m = MFA::Metrics->until($s, sub { ($_[0]->value('store_used_bytes') // 0)
    > 0.8 * ($_[0]->value('store_limit_bytes') // 1) });
ok($m->value('store_commit_failures_total', reason => 'full') > 0,
   'O4: and refused to write');
ok($m->value('store_used_bytes') > 0.8 * $m->value('store_limit_bytes'),
   'O4: bytes');
$s->stop;

SKIP: {
    skip 'only root can take a folder away from the workers', 4 unless $> == 0;

    $s = mfa_server(realm => \%local, server => MFA::Metrics->locations);
    $s->allow_log(qr/store|open/);
    $s->pause;
    my ($uid, $gid) = (stat "$s->{dir}/store")[4, 5];
    chown 0, 0, "$s->{dir}/store" or die;
    $s->start;
    $h = MFA::Metrics->health_until($s, 'store', 'closed');
    is("$h->{status} $h->{store} $h->{code}", 'down closed 503',
       'O4: the store cannot be opened');
    $m = MFA::Metrics->until($s, sub {
        ($_[0]->value('store_up') // 1) == 0 });
    is($m->value('store_up'), 0, 'and in the metrics');
    chown $uid, $gid, "$s->{dir}/store" or die;
    $h = MFA::Metrics->health_until($s, 'store', 'ok');
    is("$h->{status} $h->{code}", 'ok 200', 'it heals');

    # another key file than the store's

    $s->allow_log(qr/key/);
    $s->pause;
    rename "$s->{dir}/mfa.key", "$s->{dir}/right.key" or die;
    $s->ctl_bare('key', 'new', "$s->{dir}/mfa.key");
    $s->start;
    $h = MFA::Metrics->health_until($s, 'keys', 'wrong');
    is("$h->{status} $h->{keys} $h->{code}", 'down wrong 503',
       'O4: a key file of another store');
    $s->stop;
}


# mail

SKIP: {
    skip 'python3-aiosmtpd is missing', 6 unless MFA::Sink->can_run;

    my $sink = MFA::Sink->new;
    $s = mfa_server(realm => \%local, mail => $sink->option, time => 1,
                    server => MFA::Metrics->locations);
    $sink->stop;
    is(MFA::Metrics->health_until($s, 'store', 'ok')->{mail}, 'ok',
       'nothing was to be sent yet');
    $b = $s->browser;
    $b->get('/mfa/register');
    $b->submit('Send verification code', 'Email address' => $ann);
    $h = MFA::Metrics->health_until($s, 'mail', 'failing');
    is("$h->{status} $h->{mail} $h->{code}", 'degraded failing 200',
       'O4: the mail server is down');
    $m = MFA::Metrics->until($s, sub {
        ($_[0]->value('deliveries_total', result => 'down') // 0) > 0 });
    ok($m->value('deliveries_total', channel => 'mail', result => 'down') > 0,
       'O4: and in the metrics');
    is($m->value('deliveries_total', result => 'sent'), 0, 'nothing was sent');
    $s->advance('6m');
    $m = MFA::Metrics->until($s, sub {
        ($_[0]->value('outbox_oldest_seconds') // 0) > 300 });
    ok($m->value('outbox_oldest_seconds', channel => 'mail') > 300
       && $m->value('outbox_messages', channel => 'mail') == 1,
       'O4: how long it waits');
    $sink->start;
    $s->advance('61s');
    is(MFA::Metrics->health_until($s, 'mail', 'ok')->{mail}, 'ok',
       'it is back');
    $s->stop;
    $sink->stop;
}


# two realms: the worse one counts

is((conf_test(http => 'server { listen 127.0.0.1:' . free_port()
    . '; location = /h { mfa_health other; } }'))[0] != 0, 1,
   'an unknown realm is refused');

done_testing();
