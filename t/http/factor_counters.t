# Wrong codes are counted for the person and the method: over browsers,
# workers, reloads and new logins, and before they are looked at (B5, B6, H1,
# X54, X66, X67).

use MFA::Test;
use POSIX ();

my $s = mfa_server(time => 1, workers => 2, factors => 'totp sms',
                   realm => { trusted_networks => '127.0.0.0/8',
                              event_log => '%%DIR%%/events.log',
                              limit => ['login_person 1000/1h 1000/1d',
                                        'send_person 100/1h 300/1d',
                                        'login_address 1000/1h 1000/1d'] });
my $label = 'Please enter verification code using your authentication app';
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my ($b, $p);

# two methods: the counters are apart
{
    my $x = $s->browser;
    $s->advance('31s');
    $s->login($x, $ann);
    $x->follow($x->get('/mfa/security'));
    $x->submit('Set up Text message');
    $s->enrol_by($x, $ann, 'Text message', number => '07700 900 123');
}


sub at_app {
    my ($x) = @_;

    $s->advance('31s');
    $s->first_step($x, $ann);
    return $s->to_method($x, 'Authenticator app');
}


# never right: far from every step that counts

sub wrong { my ($n) = @_; return $s->totp($ann->{secret},
                                          $s->now - 30 * (200 + $n)) }


sub try_code { return $_[0]->submit('Continue', $label => $_[1]) }


sub factor { my ($kind) = @_;
             return (grep { $_->{kind} eq $kind }
                     @{$s->json('user', 'show', 'ann')->{factors}})[0] }


# 12 wrong codes from 4 browsers, a reload and new logins between them

my @browsers = map { $s->browser } 1 .. 4;
my ($shown, $held) = (0, 0);
at_app($_) for @browsers;

for my $n (0 .. 11) {
    my $x = $browsers[$n % 4];

    ok($s->reload, 'B5: a reload') if $n == 2;
    at_app($x) if $n == 3;
    $p = $x->{page}->form('Continue') ? try_code($x, wrong($n)) : $x->{page};
    $shown++ if $p->text =~ /Tries left/;
    $held++ if $p->text =~ /Too many wrong codes|locked until/;
    is($held > 0 ? 1 : 0, $n >= 4 ? 1 : 0, 'X66: try ' . ($n + 1) . ': '
       . ($n >= 4 ? 'held' : 'not held yet'));
}

is($shown, 4, 'L5: the tries left were shown four times');
is(factor('totp')->{state}, 'held', 'B6: held');
is(factor('sms')->{state}, 'ready', 'B5: the other method is not');
my $mail;
for (1 .. 1200) {
    ($mail) = grep { $_->{subject} =~ /^Wrong codes/ } $s->mail->all($ann->{email});
    last if $mail;
    select undef, undef, undef, 0.05;
}
ok($mail, 'X66: the owner is told');

$b = $s->browser;
at_app($b);
like($b->{page}->text, qr/locked until \d\d:\d\d/,
     'B5: a new login refills nothing');
like(try_code($b, $s->code($ann))->text, qr/Too many|locked/,
     'X67: the right code is refused while held');
$p = $b->click('Try another way');
like($p->text, qr/Locked until/, 'L4: the choice says so');
is($s->verify_by($b, $ann, 'Text message')->h1, 'application',
   'B5: the other method logs in');

# B6: 15 minutes, then 30; ten in a day

$s->advance('16m');
$b = $s->browser;
at_app($b);
for my $n (1 .. 5) {
    $p = try_code($b, wrong(20 + $n)) if $b->{page}->form('Continue');
}
like($p->text, qr/Too many|locked/, 'B6: held again');
$s->advance('16m');
$b = $s->browser;
like(at_app($b)->text, qr/locked until/, 'B6: for longer this time');
$s->advance('20m');
$b = $s->browser;
at_app($b);
like(try_code($b, $s->code($ann))->text, qr/Too many|locked/,
     'B6: ten in a day: no more are looked at');
$s->advance('24h');
$b = $s->browser;
at_app($b);
is(try_code($b, $s->code($ann))->h1, 'application', 'X67: a day later it is');


# H1, X54: 24 at once never get beyond five

my @at_once = map { my $x = $s->browser; at_app($x); $x } 1 .. 12;
my %sent = map { ($_ => wrong(50 + $_)) } 0 .. $#at_once;
pipe my $gate, my $open or die;
my @pids;

for my $n (0 .. $#at_once) {
    my $pid = fork // die;

    if ($pid == 0) {
        close $open;
        readline $gate;
        my $text = eval { try_code($at_once[$n], $sent{$n})->text } // '';
        POSIX::_exit($text =~ /Tries left/ ? 1 : 0);
    }

    push @pids, $pid;
}

close $gate;
close $open;
my $looked = 0;
for (@pids) {
    waitpid $_, 0;
    $looked += $? >> 8;
}
cmp_ok($looked, '<=', 4, 'X54: no more were looked at than the budget has');
is(factor('totp')->{state}, 'held', 'X54: and the method is held');
$s->json('user', 'unlock', 'ann');


# B6: off at fifty

my $told = $s->mail->count($ann->{email});
for my $day (1 .. 12) {
    last if factor('totp')->{state} eq 'disabled';
    $s->advance('25h');

    for my $half (1, 2) {
        $b = $s->browser;
        at_app($b);

        for my $n (1 .. 5) {
            last unless $b->{page}->form('Continue')
                && $b->{page}->form('Continue')->{labels}{$label};
            $p = try_code($b, wrong(100 * $day + 10 * $half + $n));
        }

        $s->advance('10h');
    }
}
is(factor('totp')->{state}, 'disabled', 'X67: off after fifty in a row');
cmp_ok($s->mail->wait_for($told + 1, $ann->{email}), '>', $told,
       'B6: the owner is told');
$b = $s->browser;
$s->advance('31s');
$p = $s->first_step($b, $ann);
is($s->verify_by($b, $ann, 'Text message')->h1, 'application',
   'B5: the other method logs in still');
$s->json('user', 'unlock', 'ann');
is(factor('totp')->{state}, 'ready', 'M4: mfactl switches it on again');


# sent codes: five tries for one, and the method is held as well (B11, X69)

$s->advance('25h');
$b = $s->browser;
$s->first_step($b, $ann);
$s->to_method($b, 'Text message');
$b->submit('Send code');
my $code = $s->sent_code($ann, 'Text message');
for my $n (1 .. 5) {
    $p = $b->submit('Verify code', 'Verification code' =>
                    sprintf '%06d', ($code + $n) % 1_000_000)
        if $b->{page}->form('Verify code');
}
$p = $b->submit('Verify code', 'Verification code' => $code)
    if $b->{page}->form('Verify code');
isnt($p->h1, 'application', 'X69: the right one after five wrong ones');
is(factor('sms')->{state}, 'held', 'B6: this method is held');
is(factor('totp')->{state}, 'ready', 'B5: the other is not');

done_testing();
