# One JSON line for each event, valid, with what is needed and nothing that
# a visitor can write into it (N1, N3, X27, X29).

use MFA::Test;
use JSON::PP 'decode_json';

my $s = mfa_server(realm => { event_log => '%%DIR%%/events.log',
                              trusted_networks => '127.0.0.0/8' });
my $ann = 'ann.employee@example.org';

sub lines {
    open my $fh, '<', "$s->{dir}/events.log" or return ();
    return <$fh>;
}

my $from = 0;

# the events since the last call, once there is one of that name

sub events {
    my ($want) = @_;
    my @new;

    for (1 .. 1500) {
        @new = lines();
        splice @new, 0, $from;
        last if !defined $want || grep { /"event":"$want"/ } @new;
        select undef, undef, undef, 0.02;
    }

    $from += @new;
    return map { decode_json($_) } @new;
}

sub has {
    my ($name, $events, %want) = @_;
    my @found = grep { my $e = $_;
        !grep { ($e->{$_} // '') ne $want{$_} } keys %want } @$events;

    return is(@found + 0, 1, "N1: $name")
        || diag(explain($events));
}


my $b = $s->browser;
my $me = $s->register($b, $ann);
my @events = events('message.sent');

has('a registration begins', \@events, event => 'register.start', result => 'ok');
has('a password is set', \@events, event => 'password.set', result => 'ok');
has('a factor is added', \@events, event => 'factor.add', result => 'ok');
has('a session begins', \@events, event => 'session.start', result => 'ok');
my ($set) = grep { $_->{event} eq 'factor.add' } @events;
my $user = $s->json('user', 'show', $ann);
like($set->{user}, qr/^[0-9a-f]{32}$/, 'N1: the id of the user');
is($user->{id} // $set->{user}, $set->{user}, 'which is that of mfactl');
is($set->{address}, '127.0.0.1', 'N1: the address');
like($set->{flow}, qr/^[0-9a-f]{8}$/, 'N1: the reference of the flow');

$s->first_step($s->browser, { %$me, password => 'wrong one' });
has('a wrong password', [events('login')], event => 'login', result => 'fail',
    reason => 'password', user => $set->{user});
$s->first_step($s->browser, { %$me, email => 'nina@example.org' });
has('an unknown person', [events('login')], event => 'login', result => 'fail',
    reason => 'unknown');

my $other = $s->browser;
$s->first_step($other, $me);
events();
$other->submit('Continue', 'Please enter verification code using your '
               . 'authentication app' => '000000');
has('a wrong code', [events('login')], event => 'login', result => 'fail',
    reason => 'code', user => $set->{user});
$s->logout($b);
has('a logout', [events('session.end')], event => 'session.end',
    reason => 'logout', user => $set->{user});


# mfactl writes into the same log

is(($s->ctl('user', 'disable', $ann))[0], 0, 'mfactl user disable');
@events = events('user.disable');
ok((grep { ($_->{user} // '') eq $set->{user} && $_->{event} =~ /^user/ }
    @events), 'N1: what mfactl does is an event') or diag(explain(\@events));


# forging

my $evil = "x\n{\"event\":\"login\",\"result\":\"ok\"}\r\n\x1b[2J\"\\\xff\0";

for my $browser ($s->browser(agent => 'x","event":"forged')) {
    $s->first_step($browser, { email => "nina\@example.org$evil",
                               password => $evil });
    $browser->get('/mfa/register');
    $browser->submit('Send verification code', 'Email address' => $evil);
    $browser->request('GET', '/mfa/login', { Accept => 'text/html',
        'X-Forwarded-For' => '","event":"forged', Referer => '"}x' });
}
$s->raw("GET /mfa/%0a%7b%22event%22:%22forged%22%7d HTTP/1.1\r\n"
        . "Host: 127.0.0.1:$s->{port}\r\nConnection: close\r\n\r\n");

events('login');
my @lines = lines();
my @bad = grep { !eval { ref decode_json($_) eq 'HASH' } } @lines;
is(@bad + 0, 0, 'N3: every line is one JSON object') or diag(@bad);
is((grep { /forged|\x1b|nina/ } @lines), 0, 'N3: nothing forged');
is((grep { (decode_json($_)->{time} // '')
           !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ } @lines), 0,
   'N1: UTC with milliseconds in each');
unlike($s->log, qr/^\{/m, 'N3: no line of the error log was begun by them');


# X29, N3: a name with everything in it

my $name = "Jos\x{e9} \"x\" {{brand}} <b>\x{1f600}";
my $max = $s->browser;
my $m = $s->register($max, 'max.manager@example.org', first => $name);
$max->get('/ess/');
my @names = MFA::Upstream::values_of($s->app->last, 'Remote-Name');
is(@names + 0, 1, 'X29: one header');
like($names[0], qr/^[\x20-\x7e]+$/, 'X29: in ASCII');
@bad = grep { !eval { decode_json($_) } } lines();
is(@bad + 0, 0, 'N3: still one object a line');


# the log is reopened as nginx's own are (log rotation)

rename "$s->{dir}/events.log", "$s->{dir}/events.1" or die;
kill USR1 => $s->{pid};
for (1 .. 1200) {
    last if -e "$s->{dir}/events.log";
    select undef, undef, undef, 0.05;
}
$from = 0;

# the master makes the new file, a worker opens it a moment later

for (1 .. 60) {
    $s->first_step($s->browser, { email => 'nina@example.org',
                                  password => 'x' });
    last if lines();
    sleep 1;
}

has('after the rotation of the logs', [events('login')], event => 'login');


# a log that cannot be written stops nobody (DK1)

$s->allow_log(qr/events\.log/);
unlink "$s->{dir}/events.log";
mkdir "$s->{dir}/events.log" or die;
kill USR1 => $s->{pid};
$s->log_like(qr{events\.log" failed}, 'the log cannot be opened');
is($s->login($s->browser, $m)->h1, 'application', 'DK1: login goes on');

done_testing();
