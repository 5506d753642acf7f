# The time to set up a second factor, day by day: before the date, on the last
# day, after it; over re-login, roles, a helpdesk reset, a forgotten password,
# an import; extended by staff (Y1, C11, R9, S4). And second_factor optional
# (Y1, S2; issue "Policy", What it must show, 4).

use MFA::Test;
use POSIX ();

# near midnight the server lives in the day to come

my $day = 86400;
my $shift = $day - time % $day < 1800 ? 1800 : 0;
my $from = POSIX::strftime('%Y-%m-%d', gmtime(time + $shift + $day));
my $deadline = POSIX::floor((time + $shift) / $day) * $day + 10 * $day;
my $later = 'Remind me later';
my $code = 'Please enter verification code using your authentication app';
my $roster = <<'CSV';
email,user,first_name,surname,groups
ann.one@example.org,ann,Ann,One,staff
ben.two@example.org,ben,Ben,Two,staff
eva.three@example.org,eva,Eva,Three,staff
kim.kiosk@example.org,kim,Kim,Kiosk,kiosk
sam.help@example.org,sam,Sam,Help,helpdesk
CSV
my $s = mfa_server(time => 1, start => 0, people => $roster, realm => {
    second_factor => ["required from=$from grace=9d",
                      'required group=now', 'optional group=kiosk'],
    helpdesk_group => 'helpdesk', admin_group => 'admins',
    trusted_networks => '127.0.0.0/8',
    limit => ['login_person 1000/1h 1000/1d', 'send_person 300/1h 300/1d',
              'start_address 300/1h 300/1d'] });

$s->advance($shift);
$s->start;

sub is_in {
    my ($b, $name) = @_;
    is($b->get('/ess/')->status, 200, $name);
}

# the code in a letter that this brings; other letters may come beside it

sub new_code {
    my ($b, $email, @form) = @_;
    my $codes = sub { grep { defined } map { $_->code }
                      $s->mail->all($email) };
    my $had = () = $codes->();

    $b->submit(@form);

    for (1 .. 1200) {
        my @codes = $codes->();
        return $codes[-1] if @codes > $had;
        select undef, undef, undef, 0.05;
    }

    die "no code for $email";
}


# registered up to Secure your account, and later

sub half_way {
    my ($email) = @_;
    my $b = $s->browser;
    my $me = { email => $email, password => 'correct horse 4711 staple' };

    $b->follow($b->get('/ess/'));
    $b->click('Register');
    $b->submit('Verify code', 'Verification code' => new_code($b, $email,
               'Send verification code', 'Email address' => $email));
    $b->submit('Continue', 'New password' => $me->{password},
               'Confirm new password' => $me->{password});
    return ($b, $me);
}

my $sam = $s->register($s->browser, 'sam.help@example.org');
my ($home, $ann) = half_way('ann.one@example.org');

like($home->{page}->text, qr/You have 10 days left/, 'R7 Y1: days are counted');
is($home->submit($later)->status, 200, 'R7: a registration can end here');
like($home->{page}{url}, qr{/ess/$}, '... at the page first asked for');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Remote-User')], ['ann'],
          '... as Ann');
isnt($s->json('user', 'show', 'ann')->{registered_at}, undef, '... registered');


# another browser: nothing is mailed before it is wanted (R9)

$s->settle;
my $mails = $s->mail->count($ann->{email});
my $away = $s->browser;
my $p = $s->first_step($away, $ann);
like($p->{url}, qr{/mfa/set-up}, 'R9: another browser is asked first');
is($s->mail->count($ann->{email}), $mails, '... and no code is mailed');
$away->submit('Set it up now');
is($away->{page}->h1, 'Verify your email address', 'C3: then by a code');
$away->submit($later);
is_in($away, 'Y1: or later after all');


# day by day; each login anew, with the words that are right

for my $n (1 .. 9) {
    $s->advance('1d');
    is($home->get('/ess/')->status, 303, "day $n: that session is over");
    $p = $s->first_step($home, $ann);
    my $left = 10 - $n;
    like($p->text, $left > 1 ? qr/You have $left days left/
                             : qr/Today is the last day/, "Y1: day $n");
    $home->submit($later);
    is_in($home, '... and later');
    like($home->get('/mfa/')->text, qr/Set up a second factor/,
         '... the offer at home') if $n == 2;

    if ($n == 3) {
        open my $file, '>', "$s->{dir}/again.csv" or die;
        print {$file} $roster =~ s/Ann,One,staff/Ann,One,staff;more/r;
        close $file;
        my $before = $s->json('user', 'show', 'ann')->{added_at};
        is(($s->ctl('user', 'import', "$s->{dir}/again.csv", '--apply'))[0],
           0, 'imported again, with another group');
        is($s->json('user', 'show', 'ann')->{added_at}, $before,
           'Y1: the day she was added stays');
    }

    if ($n == 5) {
        $p = $s->first_step($home = $s->browser, $ann);
        $home->follow($home->get('/mfa/password-reset'));
        $home->submit('Verify code', 'Verification code' =>
                      new_code($home, $ann->{email},
                               'Send verification code',
                               'Email address' => $ann->{email}));
        $home->submit('Continue');
        $ann->{password} = 'another brass kettle 47';
        $home->submit('Continue', 'New password' => $ann->{password},
                      'Confirm new password' => $ann->{password});
    }
}


# the role counts at once: a session by password is not enough any more

my ($kate, $eva) = half_way('eva.three@example.org');
$kate->submit($later);
is_in($kate, 'Eva waits');
open my $file, '>', "$s->{dir}/role.csv" or die;
print {$file} "email,user,groups\neva.three\@example.org,eva,now\n";
close $file;
$s->ctl('user', 'import', "$s->{dir}/role.csv", '--apply');
is($kate->get('/ess/')->status, 303, 'Y1: of another group: not enough now');
$p = $s->first_step($s->browser, $eva);
is($p->h1, 'Verify your email address', '... and there is no later');
unlike($p->text, qr/$later/, '... nor a button for it');


# the page lay open over the deadline

sub until_before { $s->advance(int($deadline - $s->now - $_[0]) . 's') }

until_before(600);
$s->first_step($home, $ann);
$home->submit($later);
my ($lazy, $ben) = half_way('ben.two@example.org');
my $secret = MFA::Journey::secret_of($lazy->{page});
my ($idle) = half_way('ben.two@example.org');
until_before(20);
is_in($home, 'C11: seconds before the end');
until_before(-2);
is($home->get('/ess/')->status, 303, 'C11: after it a session is over');
$idle->submit($later);
is($idle->{page}->h1, 'Your time to set up has ended',
   'C11: nor is it later any more');
my $late = $s->browser;
my $date = POSIX::strftime('%-d %B %Y', localtime $deadline);
$p = $s->first_step($late, { email => 'ben.two@example.org',
                             password => $ben->{password} });
is($p->h1, 'Your time to set up has ended', 'C11: a login ends here');
like($p->text, qr/ended on $date/, 'Y1: ... with the date');
unlike($p->body, qr/value="later"|otpauth/, '... with no way on');
for my $path (qw(secure prove set-up device-reset verify/totp)) {
    my ($flow) = $p->{url} =~ /(flow=\w+)/;
    $late->follow($late->get("/mfa/$path?$flow"));
    unlike($late->{page}->body, qr/otpauth|value="later"/, "... not by $path");
}


# staff: what the person's page says, more time, and what comes of it (S4)

$s->advance('61s');
my $desk = $s->browser;
$s->login($desk, $sam);
my $id = $s->json('user', 'show', 'ann')->{id};

sub page_of { return $desk->follow($desk->get("/mfa/people/$id")) }

sub extend {
    my ($to, $why) = @_;
    page_of();
    return $desk->submit('Give more time to set up a second factor',
                         'Last day' => $to, Reason => $why // 'called back');
}

sub date { return POSIX::strftime('%Y-%m-%d', localtime($s->now + $_[0] * $day)) }

$p = page_of();
like($p->text, qr/time to set one up ended on $date/, 'S4: policy in words');
like($p->text, qr/ended on $date, and there is none/, '... and what blocks');
for (['', 'no day'], ['tomorrow', 'no day'], [date(-1), 'over'],
     [date(46), 'more than 45 days'], ['2027-02-30', 'none in a calendar'])
{
    like(extend($_->[0])->text, qr/Enter a day/, "C11: $_->[1] is refused");
}
is($s->json('user', 'show', 'ann')->{deadline_at}, undef, '... all of them');
like(extend(date(3))->text, qr/has more time/, 'Y1: three days more');
like(page_of()->text, qr/Staff have extended it/, 'S4: said on the page');
my ($event) = reverse grep { $_->{event} eq 'staff.extend' }
              @{$s->json('audit', 'list')};
like($event->{note}, qr/^until \d{4}-\d\d-\d\d: called back$/,
     'Y1 M3: in the audit');

sub is_told { return grep { $_->{text} =~ /given you more time/ }
                          $s->mail->all($ann->{email}) }

for (1 .. 1200) {
    last if is_told();
    select undef, undef, undef, 0.05;
}

ok((is_told()), 'C10: she is told');
is_in($home, 'Y1: her session counts again at once');
$p = $s->first_step($home = $s->browser, $ann);
like($p->text, qr/You have 4 days left|You have 3 days left/,
     'Y1: the login is open again');
$home->submit($later);
is_in($home, '... and the gate');
$s->advance('5d');
$s->first_step($home, $ann);
is($home->{page}->h1, 'Your time to set up has ended', '... until then');

my ($exit, $out) = $s->ctl('user', 'extend', 'ann', date(2), '--reason',
                           'on leave');
is($exit, 0, 'user extend') or diag $out;
is(($s->ctl('user', 'extend', 'ann', date(50), '--reason', 'on leave'))[0],
   1, '... 45 days at most');
is(($s->ctl('user', 'extend', 'ann', date(9)))[0], 2, '... with a reason');
is(($s->ctl('user', 'extend', 'sam', date(9), '--reason', 'none'))[0], 1,
   '... not of somebody who has a factor');


# a helpdesk reset: who had one sets up another, though the date is over

$p = $s->first_step($s->browser, $ann);
like($p->text, qr/days? left|last day/, 'she has time again');
$s->ctl('user', 'remove-factor', 'sam', 'totp');
$p = $s->first_step($s->browser, $sam);
is($p->h1, 'Verify your email address', 'C6 C11: not late: had one before');
unlike($p->text, qr/$later/, '... but there is no later');


# a pass opens it for who is late

$s->advance('4d');
my $pass = ($s->ctl('user', 'pass', 'ann', '--reveal'))[1];
($pass) = $pass =~ /([0-9A-Z]{5}[ -]?[0-9A-Z]{5})/ or diag $pass;
$p = $s->first_step($home = $s->browser, $ann);
is($p->h1, 'Your time to set up has ended', 'late once more');
$home->submit('Use pass', 'Helpdesk pass' => $pass);
is($home->{page}->h1, 'Secure your account', 'C11: a pass opens it');
unlike($home->{page}->text, qr/$later/, '... with no later');
$s->enrol($home, $ann);
is(scalar @{$s->json('user', 'show', 'ann')->{factors}}, 1, '... to its end');


# second_factor optional: issue, "must show" 4

my ($kiosk, $kim) = half_way('kim.kiosk@example.org');
unlike($kiosk->{page}->text, qr/days? left|last day/, 'Y1: optional: no days');
$kiosk->submit('Not now');
is_in($kiosk, 'Y1: optional: in by the password');
$s->first_step($kiosk = $s->browser, $kim);
is_in($kiosk, '... also later, at once, from elsewhere');
$kiosk->follow($kiosk->get('/mfa/'));
$kiosk->submit('Set up a second factor');
is($kiosk->{page}->h1, 'Secure your account', 'Y1: offered at home');
$kiosk->submit('Verify code', 'Verification code' =>
               new_code($kiosk, $kim->{email}, 'Set it up now'));
$s->enrol($kiosk, $kim);
$s->finish($kiosk);
is_in($kiosk, '... set up');
$p = $s->first_step($s->browser, $kim);
is($p->h1, 'Verify', 'Y1: and asked for from then on');
$kiosk->follow($kiosk->get('/mfa/security'));
$p = $kiosk->submit('Remove Authenticator app');
like($p->text, qr/last way to verify/, 'S2: said before');
$kiosk->submit('Remove');
$s->first_step($kiosk = $s->browser, $kim);
is_in($kiosk, 'S2: the last one may go where it is optional');

done_testing();
