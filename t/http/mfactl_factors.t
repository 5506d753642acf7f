# mfactl and factors: what is shown, taking one away, remembered devices
# (M1, M4, C10, D7, L13).

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2, factors => 'totp sms voice email',
                   realm => { trusted_networks => '127.0.0.0/8',
                              event_log => '%%DIR%%/events.log',
                              remember_device => '30d' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my ($b, $p, $text, $code);


sub add {
    my ($x, $method, %is) = @_;

    $x->follow($x->get('/mfa/security'));
    $x->submit("Set up $method");
    $s->prove($x, $ann);
    return $s->enrol_by($x, $ann, $method, %is);
}


sub kinds { return [map { $_->{kind} }
                    @{$s->json('user', 'show', 'ann')->{factors}}] }


$s->advance('31s');
$b = $s->browser;
$s->login($b, $ann);
add($b, 'Text message', number => '07700 900 176');
$s->advance('2m');
add($b, 'Email');
$b->follow($b->get('/mfa/security'));
$b->submit('Make new recovery codes');
my @codes = $b->{page}->text =~ /\b((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})\b/g;
is(scalar @codes, 10, 'ten recovery codes');
$b->submit('Continue');


# M1, M4: what is shown

my %is = map { ($_->{kind} => $_) }
         @{$s->json('user', 'show', 'ann')->{factors}};
is_deeply([sort keys %is], [qw(email recovery sms totp)], 'M4: every kind');
is($is{sms}{destination}, 'XXX-XXX-00176', 'M4: a number, but for its end');
like($is{email}{destination}, qr/^a\*+.*\@example\.org$/,
     'M4: an address, but for its beginning and host');
is($is{recovery}{left}, 10, 'M4: recovery codes are counted');
is($is{totp}{state}, 'ready', 'M4: the state');
ok($is{totp}{added_at}, 'M4: and when');
ok(!exists $is{totp}{left}, 'nothing is said that is not so');

for (['user', 'show', 'ann'], ['user', 'list'], ['session', 'list', 'ann'],
     ['device', 'list', 'ann'], ['conf', 'dump'])
{
    for my $json ([], ['--json']) {
        (undef, $text) = $s->ctl(@$_, @$json);
        unlike($text, qr/\Q$ann->{secret}\E|7700.?900|argon2|\$6\$/,
               "M4: @$_ @$json: no secret");
        is(scalar(grep { index($text, $_) >= 0 } @codes), 0,
           '... and no recovery code');
    }
}


# unknown kinds and people

for my $odd ('pigeon', '', 'password', 'TOTP') {
    ($code, $text) = $s->ctl('user', 'remove-factor', 'ann', $odd);
    is($code, 2, "kind \"$odd\": wrong usage");
    like($text, qr/totp.*sms.*voice.*email.*recovery/s, '... with the list');
}
($code, $text) = $s->ctl('user', 'remove-factor', 'ann', 'voice');
is($code, 1, 'a kind she does not have');
like($text, qr/has no factor/, '... it says so');
is(($s->ctl('user', 'remove-factor', 'nobody@example.org', 'totp'))[0], 1,
   'nobody of that address');
is(($s->ctl('user', 'remove-factor', 'ann'))[0], 2, 'no kind');
is(scalar @{kinds()}, 4, 'nothing was removed');


# M4, C10, D7: removing one

my $c = $s->browser;
$s->advance('31s');
$s->first_step($c, $ann);
$s->verify_by($c, $ann, 'Authenticator app', 'Remember this device' => 1);
is($c->get('/ess/')->status, 200, 'logged in, and remembered');
is(scalar @{$s->json('device', 'list', 'ann')}, 1, 'one device');
my $waiting = $s->browser;
$s->advance('31s');
$s->first_step($waiting, $ann);

$s->settle;
my %had = map { ($_ => $s->mail->count($_)) }
          qw(ann.employee@example.org ann.home@example.org);
my $done = $s->json('user', 'remove-factor', 'ann.employee@example.org',
                    'sms');
is($done->{done}, 'user.remove-factor', 'M4: removed');
is_deeply([sort @{$done->{left}}], [qw(email recovery totp)],
          '... and what is left');
is_deeply([sort @{kinds()}], [qw(email recovery totp)], '... is');
is_deeply([map { $c->get('/ess/')->status } 1 .. 6], [(303) x 6],
          'D7: her sessions are over, in each worker');
is_deeply($s->json('device', 'list', 'ann'), [], 'L13: and her devices');
for (sort keys %had) {
    is($s->mail->wait_for($had{$_} + 1, $_), $had{$_} + 1,
       "C10: $_ is told");
    like(($s->mail->all($_))[-1]->{text}, qr/removed.*Text message/s,
         '... of what');
}
isnt($waiting->follow($waiting->get($waiting->{page}{url}))->status, 500,
     'C12: a login that was half way is told where it is');

# the last ones: then she sets up anew

$s->json('user', 'remove-factor', 'ann', $_) for qw(totp email recovery);
is_deeply(kinds(), [], 'none is left');
$s->advance('31s');
$b = $s->browser;
$p = $s->first_step($b, $ann);
is($p->h1, 'Verify your email address', 'a mailed code comes first');
$p = $b->submit('Verify code', 'Verification code' =>
                $s->mail->latest_code($ann->{email})->code);
is($p->h1, 'Secure your account', 'then she sets up anew');
$s->go($b, 'Authenticator app');
$s->enrol($b, $ann);
is($s->finish($b)->h1, 'application', 'and is in');


# devices

my @d = map {
    my $x = $s->browser;
    $s->advance('31s');
    $s->first_step($x, $ann);
    $s->verify_by($x, $ann, 'Authenticator app', 'Remember this device' => 1);
    $x;
} 1 .. 3;
my $list = $s->json('device', 'list', 'ann.employee@example.org');
is(scalar @$list, 3, 'device list');
like($list->[0]{id}, qr/^[0-9a-f]{16}$/, '... ids');
is($list->[0]{address}, '127.0.0.1', '... from where');
ok($list->[0]{$_}, "... $_") for qw(made_at used_at expires_at);
(undef, $text) = $s->ctl('device', 'list', 'ann', '--json');
for my $x (@d) {
    my ($token) = map { $x->{jar}{$_}{value} } grep { /device/ }
                  keys %{$x->{jar}};
    unlike($text, qr/\Q@{[substr $token, 0, 20]}\E/, 'M1: no token');
}

is($s->json('device', 'end', 'ann', substr $list->[1]{id}, 0, 9)->{ended}, 1,
   'device end ID');
is(scalar @{$s->json('device', 'list', 'ann')}, 2, '... one fewer');
for (['ann'], ['ann', 'ff'], ['ann', 'zzzzzzzzzz'],
     ['ann', $list->[0]{id}, '--all'])
{
    is(($s->ctl('device', 'end', @$_))[0], 2, "device end @$_: wrong usage");
}
is(($s->ctl('device', 'end', 'ann', 'ffffffffff'))[0], 1, 'an unknown id');
is(($s->ctl('device', 'end', 'nobody', '--all'))[0], 1, 'an unknown person');
is(($s->ctl('device', 'list', 'nobody'))[0], 1, '... nor a list of theirs');
is($s->json('device', 'end', 'ann', '--all')->{ended}, 2, 'device end --all');
is_deeply($s->json('device', 'list', 'ann'), [], '... none is left');


# events of it

open my $fh, '<', "$s->{dir}/events.log" or die;
my @events = grep { /"reason":"mfactl"/ } <$fh>;
for my $name (qw(factor.remove device.forget)) {
    ok((grep { /"event":"\Q$name\E"/ } @events), "an event $name");
}
is(scalar(grep { /7700|@/ } @events), 0, 'N2: without addresses and numbers');

done_testing();
