# mfactl rollout agrees with what a login then does, day by day: what it said
# before about that moment, and what it says at it (Y1, C11).

use MFA::Test;
use POSIX 'strftime';

my $password = 'horse battery 1';
my $hash = crypt($password, '$6$rounds=5000$saltsaltsalt$');
my $day = 86400;
my $from = (int(time / $day) + 2) * $day;

sub date { return strftime('%Y-%m-%d', gmtime shift) }
sub moment { return strftime('%Y-%m-%dT%H:%M:%S', gmtime shift) }

sub person {
    my ($name, $groups) = @_;
    return { email => "$name\@example.org", user => $name,
             first_name => ucfirst $name, surname => 'Employee',
             password_hash => $hash, groups => $groups // '' };
}

my $s = mfa_server(
    time => 1,
    realm => {
        trusted_networks => '127.0.0.0/8',
        limit => ['login_person 1000/1h 10000/1d',
                  'send_mailbox 1000/1h 10000/1d',
                  'send_person 1000/1h 10000/1d'],
        second_factor => [
            'required from=' . date($from) . ' grace=10d',
            'required from=' . date($from) . ' grace=20d group=late',
            'required group=now', 'optional group=free' ],
    },
    people => [
        person('ann'), person('app'), person('more'),
        person('late', 'late'), person('free', 'free'), person('now', 'now'),
        person('both', 'late;free'), person('off'), person('shut'),
    ]);

my @names = qw(ann app more late free now both off shut);
my %states = (blocked => 'blocked', waiting => 'waiting',
              optional => 'optional', enrolled => 'enrolled',
              at_login => 'at_login', disabled => 'shut', locked => 'shut');


sub at { $s->advance($_[0] - $s->now) }


# what a login of this person comes to, read from the page

sub login_of {
    my ($name) = @_;
    my $b = $s->browser;
    my $page = $s->first_step($b, { email => "$name\@example.org",
                                    password => $password }, to => '/ess/');

    return 'shut' if $page->h1 eq 'Login';
    return 'optional' if $page->h1 eq 'application';
    return 'blocked' if $page->text =~ /ended on/;
    return 'enrolled' if $page->text =~ /verification code using your auth/
                         && $page->body !~ /otpauth/;

    if ($page->form('Remind me later')) {
        $page = $b->submit('Remind me later');
        return $page->h1 eq 'application' ? 'waiting'
                                          : 'later leads nowhere';
    }

    return 'at_login' if $page->h1 =~ /^(?:Verify your email|Secure your)/;
    return $page->h1 . ': ' . $page->text;
}


sub said {
    my (@options) = @_;
    my $list = $s->json('rollout', '--list', @options);

    return { map { ($_->{user} => $_->{state}) } @$list };
}


$s->ctl('user', 'disable', 'off');
$s->ctl('user', 'lock', 'shut');

{
    my $b = $s->browser;
    my $app = { email => 'app@example.org', password => $password };

    $s->first_step($b, $app, to => '/ess/');
    $b->submit('Set it up now') if $b->{page}->form('Set it up now');
    $b->submit('Verify code', 'Verification code' =>
               $s->mail->latest_code($app->{email})->code)
        if $b->{page}->form('Verify code');
    $s->enrol($b, $app);
    is($s->json('user', 'show', 'app')->{factors}[0]{kind}, 'totp',
       'app has set one up');
}


# what is said today about each of these moments

my @moments = ($from - $day, $from + 60, $from + 10 * $day - 600,
               $from + 10 * $day, $from + 15 * $day + 60,
               $from + 20 * $day - 600, $from + 20 * $day + 60);
my $extended = 0;
my %before = map { ($_ => said('--on', moment($_))) } @moments;

for my $moment (@moments) {
    at($moment + 1);

    # one more gets more time on the way, which changes what was said

    if (!$extended && $moment >= $from + 60) {
        my ($code, $text) = $s->ctl('user', 'extend', 'more',
                                    date($from + 15 * $day), '--reason',
                                    'on leave until then');

        is($code, 0, 'more is given more time') or diag($text);
        $extended = 1;
        $before{$_} = said('--on', moment($_))
            for grep { $_ >= $moment } @moments;
    }

    my $now = said();

    for my $name (@names) {
        my $does = login_of($name);
        my $when = moment($moment);

        is($states{$now->{$name}}, $does, "$when: $name: as said then");
        is($states{$before{$moment}{$name}}, $does,
           "$when: $name: as said before");
    }
}

is_deeply([map { $before{$_}{ann} } @moments],
          [qw(waiting waiting waiting), ('blocked') x 4],
          'the end of the time is the first moment of that day');
is_deeply([map { $before{$_}{late} } @moments],
          [('waiting') x 6, 'blocked'], '... of a group another one');


# counts, and when it ends

my $sum = $s->json('rollout', '--on', date($from));

is($sum->{people}, 9, 'all people');
is($sum->{enrolled}, 1, 'who has one');
is($sum->{blocked}, 0, 'nobody is blocked that day');
is($sum->{waiting}, 4, 'who has time');
is($sum->{optional}, 1, 'who need not');
is($sum->{at_login}, 1, 'who is asked at the login');
is($sum->{shut}, 2, 'who is disabled or locked');
is_deeply([map { [$_->{day}, $_->{people}] } @{$sum->{deadlines}}],
          [[date($from + 10 * $day), 1],
           [substr(said_deadline('more'), 0, 10), 1],
           [date($from + 20 * $day), 2]], 'when the time of how many ends');

sub said_deadline {
    my ($name) = @_;
    my ($row) = grep { $_->{user} eq $name } @{$s->json('rollout', '--list')};
    return $row->{deadline};
}

$sum = $s->json('rollout', '--on', date($from + 12 * $day), '--group', 'late');
is($sum->{people}, 2, '--group: its people alone');
is($sum->{blocked}, 0, '... nobody yet');
is($s->json('rollout', '--on', date($from + 12 * $day))->{blocked}, 1,
   '... but of all');

my ($code, $text) = $s->ctl('rollout', '--on', date($from));
is($code, 0, 'for people');
like($text, qr/^people: +9$/m, 'a count');
like($text, qr/^day +people$/m, 'a small table');
like($text, qr/^@{[ date($from + 20 * $day) ]} +2$/m, '... of days');

($code, $text) = $s->ctl('rollout', '--list');
like($text, qr/^ann\@example\.org +Ann Employee +blocked +2/m, 'a person');
like($text, qr/^off\@example\.org .* disabled /m, '... who is disabled');

is(($s->ctl('rollout', '--on', $_))[0], 2, "no day: $_")
    for 'tomorrow', '2027-02-30', '2027-1-1', '2027-01-01T25:00', '';

done_testing();
