# Logging in: password, code, the page asked for, both applications
# (L1, L3, L5, L6, R8, L7, L11, B3, B4, X61, X62, X65, X66, X67, X68).

use MFA::Test;

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8' });
my $label = 'Please enter verification code using your authentication app';
my $me = $s->register($s->browser, 'max.manager@example.org');
my $p;

sub verify {
    my ($b, $code) = @_;
    return $b->submit('Continue', $label => $code);
}

sub step { my ($n) = @_; return $s->totp($me->{secret}, $s->now + 30 * $n) }


# L1

my $b = $s->browser;
$p = $b->get('/mss/report?q=1&r=%C3%A9#x');
is($p->status, 303, 'L1: a page load without a session is sent away');
$p = $b->follow($p);
is($p->h1, 'Login', 'L1: to Login');
is($p->form('Login')->{types}{password}, 'password', 'L1: Password');
ok($p->links->{$_}, "L1: the link $_") for 'Forgotten password?', 'Register';
unlike($p->body, qr/<script|onclick|http:\/\/(?!127)/,
       'E6: no script, nothing from elsewhere');
like($p->body, qr/autocomplete="username".*autocomplete="current-password"/s,
     'A2: autocomplete');


# L3

$s->advance('31s');
$p = $b->submit('Login', 'Email address' => "  \U$me->{email} ",
                Password => $me->{password});
is($p->h1, 'Verify', 'L3: Verify');
like($p->body, qr/inputmode="numeric" autocomplete="one-time-code"/,
     'A2: the field of the code');
is($b->clone->get('/ess/')->status, 303,
   'D3: the password alone opens nothing');


# L5, X68

for my $odd ('', '12345', '1234567', '1e5', '-12345', '+12345', '0x1E24',
             '%EF%BC%91' x 6, "\x{ff11}" x 6, 'null', '9' x 3000)
{
    $p = verify($b, $odd);
    like($p->text, qr/Invalid verification code\./,
         'X68: "' . substr($odd =~ s/[^ -~]/?/gr, 0, 9)
         . '" is no code');
    unlike($p->text, qr/Tries left/, 'and costs no try') if $odd eq '12345';
}

$p = verify($b, step(-4));
like($p->title, qr/^Error: /, 'L5: a code of two minutes ago');
like($p->text, qr/Invalid verification code\..*Tries left: 4/,
     'L5: the tries left');
like($p->text, qr/30 seconds.*Example Council entry.*clock/,
     'L5: what to check');
$p = verify($b, step(3));
like($p->text, qr/Tries left: 3/, 'X61: a code of the future');


# L6, X61, X62: steps -1, 0, +1, each once

my $code = step(0);
$p = verify($b, join '-', $code =~ /(...)(...)/);
is($p->{url}, "$s->{origin}/mss/report?q=1&r=%C3%A9",
   'X68: with a hyphen; L1: at the page asked for, query included');

for my $tab ($s->browser, $b) {
    $s->first_step($tab, $me, to => '/ess/') if $tab != $b;
    next if $tab == $b;
    like(verify($tab, $code)->text, qr/Invalid verification code\./,
         'X62: the same code from another browser');
    ok($s->reload, 'after a reload');
    like(verify($tab, $code)->text, qr/Invalid/, 'X62: it stays spent');
    $s->allow_log(qr/exited on signal 9/);
    ok($s->kill_worker, 'after the death of a worker');
    like(verify($tab, $code)->text, qr/Invalid/, 'X62: it stays spent');
    is(verify($tab, step(1))->h1, 'application', 'X61: the step ahead passes');
}

$s->advance(152 - int($s->now) % 30);       # early in a step
my $late = $s->browser;
$s->first_step($late, $me);
is(verify($late, step(-1))->h1, 'application', 'X61: the step before passes');


# R8, L7, L11

is($late->get('/mss/')->h1, 'application', 'R8, L7: no login for the other');
is($late->get('/ess/')->h1, 'application', 'nor back again');
$p = $late->follow($late->get('/mfa/login?to=/mss/x'));
is($p->{url}, "$s->{origin}/mss/x", 'L11: a bookmarked login page leads on');
is($late->follow($late->get('/mfa/login'))->h1, 'Your applications',
   'L11: or to the applications');


# B4, X65: the code that confirmed the enrolment is spent

my $fresh = $s->browser;
my $ann = $s->register($fresh, 'ann.employee@example.org');
my $used = $s->totp($ann->{secret}, 30 * $ann->{last_step});
$b = $s->browser;
$s->first_step($b, $ann);
like(verify($b, $used)->text, qr/Invalid verification code/,
     'X65: the code of the enrolment is spent');


# B5, B6, X66, X67: five wrong codes over all browsers, then a hold

$s->advance('1d');
my @browsers = map { $s->browser } 1 .. 4;
$s->first_step($_, $me) for @browsers;
my $tries = 0;
for my $n (1 .. 5) {
    $p = verify($browsers[$n % 4], step(-7 - $n));
    $tries++ if $p->text =~ /Tries left/;
}
is($tries, 4, 'B5: one count for all browsers');
like($p->text, qr/Too many wrong codes\. Verification is locked/,
     'X66: held at the fifth');
like($p->text, qr/locked until \d\d:\d\d/, 'L5: and until when');
my $mail;
for (1 .. 1200) {
    ($mail) = grep { $_->{subject} =~ /^Wrong codes/ }
              $s->mail->all($me->{email});
    last if $mail;
    select undef, undef, undef, 0.05;
}
ok($mail, 'X66: the owner is told');

$s->advance('13m');
like(verify($browsers[0], step(0))->text, qr/Too many wrong codes|locked/,
     'X67: the right code is refused while held');
$s->advance('3m');
is(verify($browsers[0], step(0))->h1, 'application',
   'X67: and accepted after it');

done_testing();
