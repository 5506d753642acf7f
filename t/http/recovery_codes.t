# Recovery codes: made once, shown once, each good once (E8, B7, B15, X77).

use MFA::Test;
use POSIX ();

my $s = mfa_server(time => 1, workers => 2,
                   realm => { trusted_networks => '127.0.0.0/8',
                              limit => ['login_person 1000/1h 1000/1d',
                                        'login_address 1000/1h'] });
my $form = qr/\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b/;
my $me = { email => 'ann.employee@example.org',
           password => MFA::Journey::first_password() };
my ($b, $p);


sub up_to_recovery {
    my ($b) = @_;

    $s->advance('31s');
    $s->first_step($b, $me);
    return $b->click('Use a recovery code');
}


sub use_code {
    my ($b, $code) = @_;
    return $b->submit('Verify code', 'Recovery code' => $code);
}


sub left { return (grep { $_->{kind} eq 'recovery' }
                   @{$s->json('user', 'show', 'ann')->{factors}})[0]{left} }


# E8: offered at the end, shown once

$b = $s->browser;
$b->follow($b->get('/ess/?q=1'));
$b->click('Register');
$b->submit('Send verification code', 'Email address' => $me->{email});
$b->submit('Verify code', 'Verification code' =>
           $s->mail->latest_code($me->{email})->code);
$b->submit('Continue', 'New password' => $me->{password},
           'Confirm new password' => $me->{password});
$p = $s->enrol($b, $me);
ok($p->form('Make recovery codes'), 'E8: offered after the enrolment');
$p = $b->submit('Make recovery codes');
is($p->h1, 'Recovery codes', 'E8: page Recovery codes');
my @codes = $p->text =~ /($form)/g;
is(scalar @codes, 10, 'B15: ten codes of 80 bits');
is(scalar keys %{{ map { $_ => 1 } @codes }}, 10, 'B15: all different');
is($p->header('Cache-Control'), 'no-store', 'N4: not kept by the browser');

my $link = $p->links->{'Download as text'};
my $text = $b->clone->get($link);
like($text->header('Content-Disposition'), qr/^attachment/, 'E8: a text to keep');
like($text->header('Content-Type'), qr{^text/plain}, '... plain');
is_deeply([$text->body =~ /($form)/g], \@codes, '... of the same codes');
is($s->browser->get($link)->body =~ $form, '', 'X72: for this browser only');

my $shown = $b->{page}{url};
$p = $b->follow($b->get($shown));
is_deeply([$p->text =~ /($form)/g], \@codes, 'a refresh shows them still');
$p = $b->submit('Continue');
is($p->{url}, "$s->{origin}/ess/?q=1", 'E8: then on to the page asked for');
unlike($b->follow($b->get($shown))->body, $form, 'E8: shown once: not again');
unlike($b->follow($b->get($link))->body, $form, '... nor as a text');
is(left(), 10, 'M4: mfactl counts them');
unlike(($s->ctl('user', 'show', 'ann', '--json'))[1], $form,
       'M1: and shows none');


# B15: each counts once

my $mails = $s->mail->count($me->{email});
$b = $s->browser;
$p = up_to_recovery($b);
like($p->text, qr/Codes not used yet: 10/, 'how many are left');
$p = use_code($b, lc $codes[0] =~ s/-/ /gr);
is($p->h1, 'application', 'B15: a code logs in, in small letters too');
cmp_ok($s->mail->wait_for($mails + 1, $me->{email}), '>', $mails,
       'B15: each use is told');
is(left(), 9, 'B15: one fewer');
like($s->json('session', 'list', 'ann')->[0]{amr}, qr/recovery/,
     'the session says what was proved');
$b = $s->browser;
up_to_recovery($b);
like(use_code($b, $codes[0])->text, qr/Invalid verification code/,
     'X77: the same code again');
is($s->verify_by($b, $me, 'Authenticator app')->h1 // '', 'application',
   'the app goes on');

# what looks like it is read as it: O as 0, I and L as 1

my ($odd) = grep { /[01]/ } @codes[1 .. 9];
if ($odd) {
    $b = $s->browser;
    up_to_recovery($b);
    is(use_code($b, $odd =~ tr/01/OL/r)->h1, 'application',
       'O and L are read as 0 and 1');
    @codes = grep { $_ ne $odd } @codes;
}


# B7: what is no code costs no try

$b = $s->browser;
up_to_recovery($b);
for ('', 'AAAA', 'AAAA-AAAA-AAAA-AAAU', 'x' x 3000, "\x{ff21}" x 16) {
    $p = use_code($b, $_);
    like($p->text, qr/Invalid verification code/, 'B7: no code');
    unlike($p->text, qr/Tries left/, '... and no try');
}


# X77: the same code many times at once: one session

my $code = $codes[1];
my @at_once = map { my $x = $s->browser; up_to_recovery($x); $x } 1 .. 8;
my $before = @{$s->json('session', 'list', 'ann')};
pipe my $gate, my $open or die;
my @pids;
for my $x (@at_once) {
    my $pid = fork // die;
    if ($pid == 0) {
        close $open;
        readline $gate;
        my $h1 = eval { use_code($x, $code)->h1 } // '';
        POSIX::_exit($h1 eq 'application' ? 1 : 0);
    }
    push @pids, $pid;
}
close $gate;
close $open;
my $passed = 0;
for (@pids) {
    waitpid $_, 0;
    $passed += $? >> 8;
}
is($passed, 1, 'X77: eight at once: one passes');
is(left(), scalar(@codes) - 2, '... and one code is spent') or diag(left());
$s->json('user', 'unlock', 'ann');


# X77: wrong ones are held

$b = $s->browser;
up_to_recovery($b);
my $tries = 0;
for (1 .. 5) {
    $p = use_code($b, "AAAA-BBBB-CCCC-DDD$_");
    $tries++ if $p->text =~ /Tries left/;
}
like($p->text, qr/Too many wrong codes/, 'X77: five wrong ones: held');
$b = $s->browser;
up_to_recovery($b);
like(use_code($b, $codes[2])->text, qr/Too many wrong codes|locked/,
     'H1: a right one is not looked at then');
$s->json('user', 'unlock', 'ann');


# from 3 left people are warned

while (left() > 3) {
    my $one = splice @codes, 2, 1;

    $b = $s->browser;
    up_to_recovery($b);
    is(use_code($b, $one)->h1, 'application', 'one more is used');
}
$p = $b->follow($b->get('/mfa/'));
like($p->text, qr/Recovery codes left: 3/, 'E8: a reminder when few are left');
$p = $b->follow($b->get('/mfa/security'));
like($p->text, qr/Only a few recovery codes are left/, '... in the settings too');


# E8: made again, the old ones die

$mails = $s->mail->count('ann.home@example.org');
my $last = $codes[2];
$b->submit('Make new recovery codes');
$s->prove($b, $me);
is($b->{page}->h1, 'Recovery codes', 'E8: made again from the settings');
my @new = $b->{page}->text =~ /($form)/g;
is(scalar @new, 10, '... ten of them');
is($b->submit('Continue')->h1, 'Security settings', '... and back');
is(left(), 10, '... ten are left');
cmp_ok($s->mail->wait_for($mails + 1, 'ann.home@example.org'), '>', $mails,
       'C10: all addresses are told');
$b = $s->browser;
up_to_recovery($b);
like(use_code($b, $last)->text, qr/Invalid/, 'X77: the old set is dead');
is(use_code($b, $new[9])->h1, 'application', '... the new one is not');

# N2, A5: nowhere in clear

my $bytes = '';
for my $file (glob "$s->{dir}/store/*") {
    open my $fh, '<:raw', $file or next;
    local $/;
    $bytes .= <$fh>;
}
is(scalar(grep { my $c = s/-//gr; index($bytes, $c) >= 0
                 || index($bytes, $_) >= 0 } @codes, @new), 0,
   'B15: no code is in the store in clear');
is(scalar(grep { index($s->log . join('', $s->access), $_) >= 0 } @codes, @new),
   0, 'N2: nor in a log');

# off

$s->stop;
$s = mfa_server(realm => { recovery_codes => 'off' });
$b = $s->browser;
$s->register($b, 'max.manager@example.org');
unlike($b->follow($b->get('/mfa/security'))->text, qr/recovery codes/i,
       'recovery_codes off: none are offered');

done_testing();
