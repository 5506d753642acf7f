# mfactl beside a running gateway: what it does, the next request meets.

use MFA::Test;
use JSON::PP ();

my $s = mfa_server(time => 1, workers => 2,
                   realm => { event_log => '%%DIR%%/events.log',
                              trusted_networks => '127.0.0.0/8' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');


sub logged_in {
    my ($me) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    is($b->get('/ess/')->status, 200, 'logged in');
    return $b;
}


sub is_out {
    my ($b, $name) = @_;
    my $hits = $s->app->hits;

    # D7: every request to both workers, at once
    my @status = map { $b->get('/ess/')->status } 1 .. 8;

    is_deeply(\@status, [(303) x 8], $name);
    is($s->app->hits, $hits, '... and the application saw nothing');
}


sub log_in_is_refused {
    my ($me, $name) = @_;

    $s->advance('31s');
    is($s->first_step($s->browser, $me, to => '/ess/')->h1, 'Login', $name);
}


# D7, X41, M2: end of sessions by locking and disabling

for (['lock', 'unlock', 'locked'], ['disable', 'enable', 'disabled']) {
    my ($do, $undo, $state) = @$_;
    my $b = logged_in($ann);
    my $other = logged_in($max);

    is($s->json('user', $do, 'ann')->{done}, "user.$do", "user $do");
    is_out($b, "$do: the session is over at once");
    is($other->get('/ess/')->status, 200, '... that of another is not');
    is($s->json('user', 'show', 'ann')->{state}, $state, "... it is $state");
    is_deeply([map { $_->{user} } @{$s->json('user', 'list', '--state',
                                             $state)}], ['ann'],
              '... and is listed so');
    log_in_is_refused($ann, '... and may not log in');

    $s->json('user', $undo, 'ann.employee@example.org');
    is($s->json('user', 'show', 'ann')->{state}, 'active', $undo);
    is_out($b, '... brings no session back');
    logged_in($ann);
}

# sessions

{
    my @b = map { logged_in($ann) } 1 .. 2;
    my $list = $s->json('session', 'list', 'ann');
    my $all = $s->json('session', 'list');

    cmp_ok(scalar @$list, '>=', 2, 'session list USER');
    cmp_ok(scalar @$all, '>', scalar @$list, 'session list');
    like($list->[0]{id}, qr/^[0-9a-f]{64}$/, 'an id is the digest');
    is($list->[0]{amr}, 'pwd otp mfa', 'what was proved');
    is($list->[0]{address}, '127.0.0.1', 'and from where');

    my ($token) = map { $b[1]->{jar}{$_}{value} }
                  grep { /session/ } $b[1]->cookies;
    my (undef, $text) = $s->ctl('session', 'list', '--json');

    like($token, qr/^[\w-]{43}$/, 'there is a token');
    unlike($text, qr/\Q$token\E/, 'M1: no token is shown');

    # newest first

    is($s->json('session', 'end', substr $list->[0]{id}, 0, 13)->{ended}, 1,
       'session end ID, by 13 digits');
    is_out($b[1], '... is out');
    is($b[0]->get('/ess/')->status, 200, '... another session is not');

    is(($s->ctl('session', 'end', 'ffffffffff'))[0], 1, 'an unknown id');
    is(($s->ctl('session', 'end', 'ff'))[0], 2, 'too few digits');
    is(($s->ctl('session', 'end'))[0], 2, 'not said which');
    is(($s->ctl('session', 'end', '--all', '--user', 'ann'))[0], 2, 'two ways');

    my $left = scalar @{$s->json('session', 'list', 'ann')};

    is($s->json('session', 'end', '--user', 'ann')->{ended}, $left,
       'session end --user');
    is_out($b[0], '... is out');

    @b = (logged_in($ann), logged_in($max));
    cmp_ok($s->json('session', 'end', '--all')->{ended}, '>=', 2,
           'session end --all');
    is_out($_, '... is out') for @b;
    is_deeply($s->json('session', 'list'), [], 'nobody is left');
}

# an import takes no password back that its owner has set

{
    open my $fh, '>', "$s->{dir}/old.csv" or die;
    print $fh "email,password_hash\nann.employee\@example.org,\$6\$salt\$"
        . 'x' x 86 . "\n";
    close $fh;

    my $report = $s->json('user', 'import', "$s->{dir}/old.csv", '--apply');

    is($report->{unchanged}, 1, 'a password that was set stays');
    logged_in($ann);
}

# a factor that is held

{
    my $b = $s->browser;

    $s->advance('31s');
    $s->first_step($b, $ann, to => '/ess/');

    for (1 .. 5) {
        $b->submit('Continue', 'Please enter verification code using your '
                   . 'authentication app' => '000000')
            if $b->{page}->form('Continue');
    }

    my $factor = $s->json('user', 'show', 'ann')->{factors}[0];

    is($factor->{kind}, 'totp', 'a factor is shown');

    is($factor->{state}, 'held', '... which five wrong codes hold');
    $s->json('user', 'unlock', 'ann');
    is($s->json('user', 'show', 'ann')->{factors}[0]{state}, 'ready',
       'unlock clears the hold');
    logged_in($ann);
}

# the outbox, the rest, and JSON of every command

{
    is(($s->ctl('user', 'invite', 'ann'))[0], 1, 'who has registered is not '
       . 'invited');
    is($s->json('user', 'invite', '--group', 'helpdesk')->{queued}, 1,
       'a group is');
    ok($s->mail->latest('hana.helpdesk@example.org'), 'and the gateway '
       . 'delivers');
    is(($s->ctl('user', 'invite', '--group', 'nobody'))[0], 1, 'no group');
    is(($s->ctl('user', 'invite'))[0], 2, 'nobody named');

    $s->json('user', 'add', 'new@example.org', 'user=new', 'first_name=N',
             'groups=a,b', 'dept=IT');

    my $new = $s->json('user', 'show', 'new');

    is_deeply([$new->{groups}, $new->{attrs}], [['a', 'b'], { dept => 'IT' }],
              'user add');
    is(($s->ctl('user', 'add', 'new@example.org'))[0], 1, 'not twice');
    is(($s->ctl('user', 'add', 'two@example.org', 'user=new'))[0], 1,
       'nor under a name that is taken');

    my ($code, $text) = $s->ctl('user', 'add', 'x@example.org',
                                'password_hash=$6$salt$' . 'x' x 86);
    is($code, 2, 'X116: a hash is no argument');
    is(($s->ctl('user', 'show', 'x@example.org'))[0], 1, '... nobody is added');

    $s->json('user', 'delete', 'new@example.org');
    is(($s->ctl('user', 'show', 'new'))[0], 1, 'user delete');
    is(($s->ctl('user', $_, 'nobody@example.org'))[0], 1, "$_: not found")
        for qw(show lock unlock disable enable delete invite);

    for (['store', 'stat'], ['store', 'check'], ['conf', 'dump'], ['help'],
         ['version'], ['user', 'list'], ['session', 'list'],
         ['user', 'show', 'max'])
    {
        ok(ref $s->json(@$_), "@$_ --json");
        is(($s->ctl(@$_))[0], 0, "@$_ for people");
    }

    for (['user', 'show', 'nobody'], ['user', 'nothing'], ['user', 'list',
          '--apply'], ['session', 'list', 'nobody'])
    {
        ($code, $text) = $s->ctl(@$_, '--json');
        isnt($code, 0, "@$_: refused");
        my $said = eval { JSON::PP::decode_json($text) };
        is($said ? $said->{exit} : $text, $code, "... in JSON");
    }

    my $stat = $s->json('store', 'stat');

    cmp_ok($stat->{used_bytes}, '>', 0, 'the store holds something');
    cmp_ok($stat->{readers}, '<=', $stat->{readers_max}, 'readers');
}

# events of what was done

{
    open my $fh, '<', "$s->{dir}/events.log" or die;
    my @events = map { JSON::PP::decode_json($_) } <$fh>;
    my @ours = grep { ($_->{reason} // '') eq 'mfactl' } @events;
    my %seen = map { $_->{event} => 1 } @ours;

    ok($seen{$_}, "an event $_") for qw(user.lock user.unlock user.disable
        user.enable user.add user.delete user.invite session.end
        session.end_all);
    is((grep { /salt|[\x00-\x1f]/ } map { values %$_ } @ours), 0,
       'events hold no secret');
}

# L11, X116: run as root, everything is still the workers'

{
    my @odd = grep { (stat)[4] != (stat "$s->{dir}/store")[4] }
              glob "$s->{dir}/store/*";

    is_deeply(\@odd, [], 'every file is the owner\'s of the folder');
    is($s->browser->get('/mfa/login')->status, 200, 'the gateway is well');
}

done_testing();
