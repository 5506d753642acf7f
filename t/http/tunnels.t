# What stays open ends with its session: WebSockets, streams of events, long
# polls, in every worker (L12, D6, D14, D15, X17, X39, X41).

use MFA::Test;
use MFA::Tunnels;

my $app = MFA::Tunnels->new;
my $s = mfa_server($app->settings, workers => 2, time => 1, shutdown => '5m',
                   realm => { trusted_networks => '127.0.0.0/8' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');

sub fresh {
    my ($me) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}

sub socket_of { return MFA::Tunnels::socket($s, $_[0]->cookie) }


# some in each worker

sub sockets {
    my ($b) = @_;
    my (@all, %worker);

    until (keys %worker == 2 || @all == 200) {
        push @all, socket_of($b);
        $worker{$all[-1]->worker}++;
    }

    return @all;
}


# X17

is(MFA::Tunnels::socket($s, '')->status, 401,
   'X17, L12: a handshake without a session');
is(MFA::Tunnels::socket($s, 'mfa_session=' . 'A' x 43)->status, 401,
   'X17: with a session that is none');

my $other = fresh($max);
my @bystanders = sockets($other);

is($bystanders[0]->status, 101, 'X17: with a session');
is($bystanders[0]->echo('hello'), 'hello', 'X17: words come back');


# one deed at a time: Ann's end, Max's go on

sub ends {
    my ($name, $deed, $b) = @_;
    my @open = sockets($b //= fresh($ann));
    my %in = map { ($_->worker => 1) } @open;

    is(scalar keys %in, 2, "$name: tunnels in both workers");
    sleep 3;
    is($open[-1]->echo('still'), 'still', "$name: they stand");
    $deed->($b);

    my $took = MFA::Tunnels::ended(10, @open);
    ok(defined $took, "D14, X17: $name: all are closed soon")
        or return;
    note(sprintf '%s: %d tunnels, %.1f s', $name, scalar @open, $took);

    my @left = grep { ($_->echo('here') // '') eq 'here' } @bystanders;
    is(scalar @left, scalar @bystanders, "$name: those of others go on");
}

ends('logout in another tab', sub { $s->logout($_[0]->clone) });
ends('mfactl session end', sub {
    is(($s->ctl('session', 'end', '--user', $ann->{email}))[0], 0, 'mfactl');
});

for my $deed (['disable', 'enable'], ['lock', 'unlock']) {
    ends("mfactl user $deed->[0]", sub {
        $s->ctl('user', $deed->[0], $ann->{email});
    });
    $s->ctl('user', $deed->[1], $ann->{email});
}

ends('Log out everywhere else', sub {
    my $b = fresh($ann);

    $b->follow($b->get('/mfa/security'));
    $b->submit('Log out everywhere else');
    is($b->get('/ess/')->status, 200, 'who said so stays logged in');
});

ends('a password change elsewhere', sub {
    my ($one) = @_;
    my $b = fresh($ann);
    my $new = 'violin lantern 88 harbour';

    $b->follow($b->get('/mfa/security'));
    $b->submit('Change password');
    $s->advance('31s');
    $s->verify_by($b, $ann, 'Authenticator app')
        if $b->{page}->h1 ne 'Change password';
    $b->submit('Change password', 'Current password' => $ann->{password},
               'New password' => $new, 'Confirm new password' => $new);
    isnt($one->api('/ess/')->status, 200, 'the other session is over');
    $ann->{password} = $new;
});


# right after its handshake, and before the first look at it

{
    my $b = fresh($ann);
    my $t = socket_of($b);

    $s->logout($b->clone);
    ok(defined MFA::Tunnels::ended(10, $t),
       'D14: a tunnel of a moment before');
}


# streams of events and long polls end as well, other answers may come

{
    my $b = fresh($ann);
    my $stream = MFA::Tunnels::stream($s, $b->cookie);
    my $poll = MFA::Tunnels::get($s, $b->cookie, '/open/poll?wait=30');
    my $post = MFA::Tunnels::get($s, $b->cookie, '/open/post?wait=7',
                                 method => 'POST', body => 'x' x 1000);

    like($stream->head, qr{text/event-stream}i, 'a stream of events');
    sleep 1;
    ok($stream->is_open, 'stands');
    $stream->{in} =~ /data: first/ || $stream->_read(1) for 1 .. 60;
    like($stream->{in}, qr/data: first/, 'with its first event');

    $s->logout($b->clone);

    ok(defined MFA::Tunnels::ended(10, $stream, $poll),
       'D14: the stream and the long poll are closed soon');
    is($poll->{in}, '', 'with no word of the application');
    is($post->status, 200, 'D15: a POST under way is answered');
    $post->{in} =~ /got 1000/ || $post->_read(1) for 1 .. 20;
    like($post->{in}, qr/got 1000/, '... with all of it');
    is(MFA::Tunnels::stream($s, $b->cookie)->status, 401, 'a new one is not');
}


# a GET that began less than three seconds before is no stream of events; a
# slow machine may need a second try

{
    my $text;

    for (1 .. 5) {
        my $b = fresh($ann);
        my $slow = MFA::Tunnels::get($s, $b->cookie, '/open/slow?wait=2',
                                     more => "Connection: close\r\n");

        $s->logout($b->clone);
        $text = $slow->rest;
        last if $text =~ /got/;
    }
    like($text, qr/200 OK.*got 0$/s,
         'D15, X39: a request of before the logout is answered');
}


# after a reload: in a worker that leaves

{
    my $b = fresh($ann);
    my @open = sockets($b);
    my %old = map { ($_ => 1) } $s->worker_pids;

    kill HUP => $s->{pid};
    for (1 .. 1200) {
        last if 2 == grep { !$old{$_} } $s->worker_pids;
        select undef, undef, undef, 0.05;
    }
    is($open[0]->echo('old'), 'old', 'a worker that leaves keeps its tunnels');
    is($bystanders[0]->echo('old'), 'old', 'those of others too');

    $s->logout($b->clone);
    ok(defined MFA::Tunnels::ended(10, @open),
       'D14: they are closed in a worker that leaves');
    is($bystanders[0]->echo('yes'), 'yes', 'and only they');

    $_->{socket}->close for @bystanders;
    my $has_left;
    for (1 .. 1200) {
        $has_left = !grep { -e "/proc/$_" } keys %old;
        last if $has_left;
        select undef, undef, undef, 0.05;
    }
    ok($has_left, 'without tunnels the old workers leave');
}

done_testing();
