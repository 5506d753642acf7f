# Reminders by mail 14, 7 and 1 day before the time to set up a second factor
# ends (Y1): to whom, what they say, and each once, over reloads, restarts and
# times of being down.

use MFA::Test;
use POSIX 'strftime';
use Time::HiRes 'sleep';

my $password = 'horse battery 1';
my $hash = crypt($password, '$6$rounds=5000$saltsaltsalt$');
my $day = 86400;

# the day after tomorrow, and 20 days more

my $from = (int(time / $day) + 2) * $day;
my $deadline = $from + 20 * $day;

sub date { return strftime('%Y-%m-%d', gmtime shift) }

sub person {
    my ($name, %more) = @_;
    return { email => "$name\@example.org", user => $name,
             first_name => ucfirst $name, surname => 'Employee',
             password_hash => $hash, groups => '', %more };
}

my $s = mfa_server(
    time => 1, workers => 2,
    realm => {
        trusted_networks => '127.0.0.0/8',
        event_log => '%%DIR%%/events.log',
        second_factor => [
            'required from=' . date($from) . ' grace=20d',
            'required from=' . date($from) . ' grace=40d group=late',
            'optional group=free' ],
    },
    people => [
        person('ann'), person('bob'), person('cleo', groups => 'late'),
        person('dan', groups => 'free'), person('eve'), person('fay'),
        person('gus', password_hash => ''),
    ]);

$s->ctl('user', 'disable', 'eve');
$s->ctl('user', 'lock', 'fay');

my $mail = $s->mail;


sub at { $s->advance($_[0] - $s->now) }

sub reminders {
    my ($name) = @_;
    return grep { $_->{subject} =~ /to secure your account/ }
                $mail->all(defined $name ? "$name\@example.org" : undef);
}

# the sweeper has had its turns, and the delivery too

sub settle {
    my ($expected, $what) = @_;
    my $until = time + 60;

    sleep 0.1 while reminders() < $expected && time < $until;
    sleep 2.2;
    is(scalar(my @all = reminders()), $expected, $what)
        or diag(map { "$_->{to}: $_->{subject}\n" } reminders());
}


# bob has one

{
    my $b = $s->browser;
    my $bob = { email => 'bob@example.org', password => $password };

    $s->first_step($b, $bob, to => '/ess/');

    for (1 .. 3) {
        last if $b->{page}->body =~ /otpauth/;
        my ($send) = grep { $b->{page}->form($_) }
                     'Set it up now', 'Verify code', 'Continue';

        last unless defined $send;
        $b->submit($send, $send eq 'Verify code'
            ? ('Verification code' =>
               $mail->latest_code($bob->{email})->code) : ());
    }

    $s->enrol($b, $bob);
    is($s->json('user', 'show', 'bob')->{factors}[0]{kind}, 'totp',
       'bob has set one up');
}


# to the moment

at($deadline - 14 * $day - 3600);
settle(0, 'nothing more than 14 days before');

at($deadline - 14 * $day + 60);
settle(1, 'one letter 14 days before');

my ($first) = reminders('ann');

ok($first, 'it is to ann: nobody else is without, and due, and let in');
is($first->{subject}, 'Example Council: 14 days left to secure your account',
   'its subject');

my $until = strftime('%e %B %Y, %H:%M', localtime $deadline) =~ s{^ }{}r;

for ([text => $first->{text}], [html => $first->{html}]) {
    my ($part, $text) = @$_;

    like($text, qr/Hello Ann,/, "$part: her name");
    like($text, qr/before \Q$until\E[^:]*: 14 days are left\./,
         "$part: until when, and how long that is");
    like($text, qr/\Q$s->{origin}\E/, "$part: the address to go to");
    like($text, qr/Secure your account/, "$part: the page that opens");
    like($text, qr/only Human Resources can give you more time/,
         "$part: what comes otherwise");
    like($text, qr/hr\@example\.org/, "$part: who helps");
    unlike($text, qr/\{\{|\bcode\b|otpauth/, "$part: no code, no secret");
}

unlike($first->{html}, qr/<a\b|<img\b|https?:(?!\/\/(?:127|chat))/,
       'nothing to click, nothing to load');
is($first->{head}{'auto-submitted'}, 'auto-generated', 'RFC 3834');


# once: reloads, a dead worker, another start, days that pass

$s->reload;
settle(1, 'not again after a reload');
$s->allow_log(qr/exited on signal 9/);
$s->kill_worker for 1 .. 2;
settle(1, '... nor in new workers');
$s->stop;
$s->start;
settle(1, '... nor after a restart');
at($deadline - 8 * $day);
settle(1, '... nor as days pass');

at($deadline - 7 * $day + 60);
settle(2, 'the second 7 days before');
like((reminders('ann'))[-1]{subject}, qr/: 7 days left/, 'it says so');
at($deadline - 2 * $day);
settle(2, 'none between');

at($deadline - 1 * $day + 60);
settle(3, 'the last a day before');

my $last = (reminders('ann'))[-1];

is($last->{subject}, 'Example Council: last day to secure your account',
   'it says that it is the last day');
like($last->{text}, qr/: this is the last day\./, '... and so does its text');
is(scalar(my @m = reminders('ann')), 3, 'all three to ann');


# down from before 14 days until after 7: one letter, not two

{
    my $end = $from + 40 * $day;

    $s->stop;
    at($end - 5 * $day);
    $s->start;
    settle(4, 'after a time of being down one letter comes');

    my @cleo = reminders('cleo');

    is(scalar @cleo, 1, '... to cleo, whose group has another date');
    like($cleo[0]{subject}, qr/: 5 days left/, '... with the days that are');
    settle(4, '... and no other of those that were missed');

    at($end + 60);
    settle(4, 'none after the end');
}

is(scalar(my @none = map { reminders($_) } qw(bob dan eve fay gus)), 0,
   'never one to who has a factor, needs none, or could not log in');


# every one of them in the log, once

{
    open my $fh, '<', "$s->{dir}/events.log" or die;
    my @lines = grep { /"message\.reminder"/ } <$fh>;

    is_deeply([map { /"reason":"(\w+)"/ } @lines], [qw(14d 7d 1d 7d)],
              'the event log has each of them');
}

done_testing();
