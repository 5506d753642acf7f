# Events to a server of syslog: lines of RFC 3164 with the JSON in them, beside
# the file or alone; a server that is not there harms nobody (O4, N1, N3).

use MFA::Test;
use MFA::Metrics;
use IO::Select;
use IO::Socket::INET;
use JSON::PP 'decode_json';

my $ann = 'ann.employee@example.org';

sub listener {
    my ($port) = @_;
    return IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1',
                                 LocalPort => $port) // die "udp: $!";
}

# datagrams until one has that event

sub heard {
    my ($socket, $want) = @_;
    my $select = IO::Select->new($socket);
    my @all;

    while ($select->can_read(60)) {
        $socket->recv(my $line, 65536);
        push @all, $line;
        last if $line =~ /"event":"$want"/;
    }
    return @all;
}


# opened behind the server: processes that a test forks would hold it too

my $port = free_port();
my $to = "127.0.0.1:$port";
my $s = mfa_server(server => MFA::Metrics->locations, realm => {
    trusted_networks => '127.0.0.0/8',
    event_log => ['%%DIR%%/events.log',
                  "syslog:server=$to,facility=auth,tag=mfa,severity=notice"] });
my $server = listener($port);
my $me = $s->register($s->browser, $ann);
my @lines = heard($server, 'session.start');
my $day = qr/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/;

ok(@lines > 3, 'O4: events arrive');
is((grep { !/^<37>$day \S+ mfa: \{"time":.*\}\z/s } @lines), 0,
   'O4: facility, severity, time, host, tag of RFC 3164') or diag(@lines);
my @events = map { decode_json(s/^[^{]*//r) } @lines;
ok((grep { $_->{event} eq 'factor.add' && $_->{result} eq 'ok' } @events),
   'N1: the event itself');
$s->logged('events.log', qr/"event":"session\.start"/);
open my $fh, '<', "$s->{dir}/events.log" or die;
my $file = do { local $/; <$fh> };
is((grep { index($file, $_) < 0 } map { s/^[^{]*//r } @lines), 0,
   'O4: the same lines in the file');

# a forged line

$s->first_step($s->browser(agent => "x\"<0>forged"),
               { email => "x\@example.org\n<0>$day forged", password => 'x' });
is((grep { /\n|forged/ } heard($server, 'login')), 0, 'N3: nothing forged');


# a server that goes and comes

close $server;
$s->first_step($s->browser, { %$me, password => 'wrong' }) for 1 .. 4;
is($s->login($s->browser, $me)->h1, 'application',
   'without the server people log in');
my $m = MFA::Metrics->until($s, sub {
    $_[0]->value('events_lost_total', reason => 'syslog') > 0 });
ok($m->value('events_lost_total', reason => 'syslog') > 0,
   'O4: what could not be sent is counted');
$server = listener($port);
$s->first_step($s->browser, { %$me, password => 'wrong' }) for 1 .. 2;
ok((grep { /"event":"login"/ } heard($server, 'login')), 'it is back');

# mfactl takes such a line

is(($s->ctl('user', 'lock', $ann))[0], 0, 'O3: mfactl takes the option');
$s->stop;


# alone: nothing in the error log

close $server;
$s = mfa_server(realm => { trusted_networks => '127.0.0.0/8',
                           event_log => "syslog:server=$to" });
$server = listener($port);
$s->register($s->browser, $ann);
@lines = heard($server, 'session.start');
like($lines[0] // '', qr/^<190>$day \S+ nginx: \{/, 'defaults of nginx');
unlike($s->log, qr/mfa: event/, 'not in the error log too');
ok($s->reload, 'a reload');
$s->browser->get('/mfa/register');
$s->first_step($s->browser, { email => 'nobody@example.org', password => 'x' });
ok((grep { /unknown/ } heard($server, 'login')), 'and on it goes');
$s->stop;


# a socket of the machine that is not there

$s = mfa_server(realm => { trusted_networks => '127.0.0.0/8',
                           event_log => 'syslog:server=unix:%%DIR%%/none' });
$s->allow_log(qr/connect\(\).*failed|send\(\)/);
is($s->register($s->browser, $ann)->{email}, $ann, 'no socket: no harm');
$s->stop;


# nginx -t

my %wrong = (
    'no syslog server specified' => ['syslog:facility=auth'],
    'unknown syslog facility' => ["syslog:server=$to,facility=nobody"],
    'only one file' => ['%%DIR%%/a', '%%DIR%%/b'],
    'only one server of syslog' => ["syslog:server=$to", "syslog:server=$to"],
);

for my $want (sort keys %wrong) {
    my ($code, $said) = conf_test(realm => { event_log => $wrong{$want} });
    ok($code != 0 && $said =~ /\Q$want\E.*nginx\.conf:\d+/s, "O2: $want")
        or diag($said);
}

done_testing();
