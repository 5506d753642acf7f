# Lock-out as a weapon, over two workers: strangers use up what an account
# has; its owner logs in all the same, at home at once, elsewhere by a mailed
# code; a spray holds its own source (H2, H3, H11, 4.6, X53, X57, X58).

use MFA::Test;

my $ann = 'ann.employee@example.org';
my $s = mfa_server(workers => 2, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $home = $s->browser;
my $me = $s->register($home, $ann);

# a session is not what this is about

sub logged_out {
    my ($b) = @_;

    delete $b->{jar}{$_} for grep { /session/ } keys %{$b->{jar}};
    return $b;
}

sub wrong_try {
    my ($b, $email) = @_;

    $b->get('/mfa/login');
    return $b->submit('Login', 'Email address' => $email,
                      Password => 'wrong one');
}

# the attack: until the hour's budget is gone

sub burn {
    my $n = 0;

    for (1 .. 20) {
        my $p = wrong_try($s->browser, $ann);

        if ($p->status != 429) {
            $n++;
            next;
        }
        last if $p->text =~ /about \d+ minutes/;
        $s->advance($p->header('Retry-After') . 's');
    }
    return $n;
}

my $guesses = 0;

for my $hour (1 .. 3) {
    $guesses += burn();

    my $p = $s->first_step(logged_out($home), $me);
    is($p->h1, 'Verify', "X53: hour $hour: the known browser is asked on");
    is($s->first_step($s->browser, $me)->h1, 'Try again later',
       'and a new one is held');
    $s->advance('61m');
}

is($guesses, 30, 'X57: ten an hour, whatever the owner does');
$guesses += burn() + do { $s->advance('61m'); burn() };
is($guesses, 30, 'X57: and thirty a day');


# what mfactl says of it

my $row = $s->json('user', 'show', $ann);

like($row->{passwords_held_until}, qr/^\d{4}-\d\d-\d\dT/,
     'user show: until when passwords are held');
is($row->{mail_held_until}, undef, 'user show: mail is free');
ok(!$row->{is_password_closed}, 'user show: and the password is not closed');


# a new browser, by mail

my $b = $s->browser;
my $p = $s->first_step($b, $me);
is($p->status, 429, 'held');
$p = $b->get(($p->body =~ m{href="([^"]*/unlock[^"]*)"})[0]);
is($p->h1, 'Unlock your login', 'L14: the page offers a code');
like($p->body, qr/value="\Q$ann\E"/, 'with the address that was typed');
$p = $b->submit('Send an unlock code', 'Email address' => $ann);
my $code = $s->mail->latest_code($ann)->code;
$p = $b->submit('Verify code', 'Verification code' => $code);
like($p->text, qr/This browser is unlocked/, 'the code ends the wait');
is($s->first_step($b, $me)->h1, 'Verify', 'X53: and the login goes on');
is($s->first_step($s->browser, $me)->h1, 'Try again later',
   'only in that browser');

$s->log_like(qr/"event":"login\.unlock","result":"ok"/, 'the event');
$s->stop;


# X58: one password against many people, from one address

$s = mfa_server(workers => 2, time => 1);
$home = $s->browser;
$me = $s->register($home, $ann);
$s->allow_log(qr/alarm: spray/);

my ($tries, $evil) = (0, $s->browser);

for my $n (1 .. 60) {
    $p = wrong_try($evil, "person$n\@example.org");

    if ($p->status != 429) {
        $tries++;
        next;
    }
    last if $p->text =~ /about 60 minutes/;
    $s->advance($p->header('Retry-After') . 's');
}

is($tries, 11, 'X58: eleven, then the source is held');
$s->log_like(qr/\[warn\].*alarm: spray/, 'H11: the operator is told');
my $alarms = $s->json('audit', 'list', '--event', 'alarm');
is(scalar @$alarms, 1, 'audit list --event alarm shows it');
is("$alarms->[0]{reason} $alarms->[0]{result}", 'spray limited', 'its reason');
like($alarms->[0]{number}, qr/^[1-9]\d*$/, 'with a number in the chain');
like(($s->ctl('audit', 'verify'))[1], qr/damage:\s+none/,
     'and the chain is whole');
is($s->first_step($evil, $me)->status, 429, 'also with a right password');
is($s->first_step(logged_out($home), $me)->h1, 'Verify', 'H2: not where one is known');
$s->advance('61m');
is($s->first_step($s->browser, $me)->h1, 'Verify', 'an hour later it is free');

done_testing();
