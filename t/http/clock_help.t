# Clock help: whose password is right and whose code is of another time is
# told how wrong the phone's clock is; the code is a wrong one all the same
# (L5, B2, B5, X61).

use MFA::Test;

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8',
                                         event_log => '%%DIR%%/events.log' });
my $label = 'Please enter verification code using your authentication app';
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my ($b, $p);


# the text after a code of a clock that is wrong by so many steps

sub after_drift {
    my ($steps) = @_;

    $s->json('user', 'unlock', 'ann');
    $s->advance(332 - int($s->now) % 30);       # early in a step
    $b = $s->browser;
    $s->first_step($b, $ann);
    $p = $b->submit('Continue', $label =>
                    $s->totp($ann->{secret}, $s->now + 30 * $steps));
    return $p->text;
}


for ([-4, 2], [-10, 5], [-3, 'one'], [4, 2], [10, 5], [3, 'one']) {
    my ($steps, $minutes) = @$_;
    my $way = $steps < 0 ? 'slow' : 'fast';
    my $text = after_drift($steps);

    like($text, qr/Invalid verification code/, "B2: $steps steps: refused");
    like($text, qr/clock.*\b$minutes minutes? $way/s,
         "... $minutes minutes $way, it says");
    like($text, qr/automatic/, '... and how to set it');
    like($text, qr/Tries left: 4/, 'B5: it costs a try');
    is($b->clone->get('/ess/')->status, 303, '... and opens nothing');
}

for (11, -11, 60, -60) {
    unlike(after_drift($_), qr/minutes? (?:fast|slow)/,
           "$_ steps: nothing is said");
}

# a code to come will be right in a while: who guessed it has won nothing

like(after_drift(6), qr/3 minutes fast/, 'B2: a code of 3 minutes later');
my $told = $s->totp($ann->{secret}, $s->now + 180);
$s->advance(180);
is($s->totp($ann->{secret}, $s->now), $told, 'its time has come');
like($b->submit('Continue', $label => $told)->text,
     qr/Invalid verification code/, 'B3: it is refused all the same');

# one too old to count again is told nothing of a clock

my $code = $s->code($ann);
$b = $s->browser;
$s->json('user', 'unlock', 'ann');
$s->first_step($b, $ann);
is($b->submit('Continue', $label => $code)->h1, 'application', 'a right one');
$b = $s->browser;
$s->first_step($b, $ann);
unlike($b->submit('Continue', $label => $code)->text, qr/fast|slow/,
       'B3: one that was used is only a wrong one');

# before the password was proved nothing of it is seen

$b = $s->browser;
$p = $s->first_step($b, { %$ann, password => 'not her password 1' });
unlike($p->text, qr/clock/i, 'L2: not before a right password');

open my $fh, '<', "$s->{dir}/events.log" or die;
my @events = <$fh>;
ok((grep { /drift/ } @events), 'B2: the event log says drift');

done_testing();
