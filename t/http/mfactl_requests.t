# mfactl for people who are stuck: requests for a reset, passes, addresses,
# the mail about a password (A3, A4, A11, C9, C10, M1, M3, E7).

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2, factors => 'totp email',
    realm => { trusted_networks => '127.0.0.0/8',
               event_log => '%%DIR%%/events.log',
               device_reset => 'approval',
               helpdesk_group => 'helpdesk',
               approvals => '2 group=managers' });
my ($mail, $home) = ('ann.employee@example.org', 'ann.home@example.org');
my $ann = $s->register($s->browser, $mail);
my $max = $s->register($s->browser, 'max.manager@example.org');
my ($b, $p, $code, $text, %had);


sub ask {
    my ($me) = @_;
    my $x = $s->browser;

    $s->advance('31s');
    $s->first_step($x, $me);
    $x->click('Reset Multi-Factor Authentication');
    return $x->submit('Submit reset request')->text;
}


# how many letters there are, then whether each address gets such a one

sub counted { %had = map { ($_ => $s->mail->count($_)) } @_ }

sub are_told {
    my ($re, $name) = @_;

    for my $to (sort keys %had) {
        my @new;

        for (1 .. 3000) {
            @new = $s->mail->all($to);
            splice @new, 0, $had{$to};
            last if grep { $_->{text} =~ $re } @new;
            select undef, undef, undef, 0.02;
        }

        ok((grep { $_->{text} =~ $re && length $_->{subject} } @new),
           "$name: $to is told") or diag(map { $_->{text} } @new);
    }
}


sub events {
    open my $fh, '<', "$s->{dir}/events.log" or die;
    return grep { /"event":"\Q$_[0]\E"/ } <$fh>;
}


sub refused {
    my ($wanted, $re, @command) = @_;

    ($code, $text) = $s->ctl(@command);
    is($code, $wanted, "@command[0, 1]: exit $wanted");
    like($text, $re, "... $re");
}


# --- requests ---------------------------------------------------------------

is_deeply($s->json('request', 'list'), [], 'no request yet');
$text = ask($ann);
my $list = $s->json('request', 'list');
is(scalar @$list, 1, 'A2: a request');
is_deeply([@{$list->[0]}{qw(email state approvals)}], [$mail, 'open', '0 of 1'],
          'A2: whose');
my $words = $list->[0]{phrase};
like($words, qr/^[a-z]+ [a-z]+$/, 'A2: two words');
like($text, qr/$words/, '... as on the page');
my $id = $list->[0]{id};
like($id, qr/^[0-9a-f]{32}$/, '... an id');
my $show = $s->json('request', 'show', substr $id, 0, 10);
is($show->{id}, $id, 'request show, by 10 digits');
is($show->{address}, '127.0.0.1', '... from where');
is_deeply($show->{approved_by}, [], '... by nobody yet');
$s->settle;
my ($link) = map { $_->{text} =~ /cancel\?\S*\bt=([\w-]+)/ }
             $s->mail->all($home);
ok($link, 'there is a link to cancel it');
for (['list', '--all'], ['show', $id]) {
    unlike(($s->ctl('request', @$_))[1], qr/\Q$link\E/, "M1: @$_: no token");
}

refused(2, qr/digits/, 'request', 'show', 'ff');
refused(2, qr/digits/, 'request', 'approve', 'zzzzzzzzzz', '--statement',
        'seen');
refused(1, qr/no request/, 'request', 'show', 'f' x 32);
refused(2, qr/--statement/, 'request', 'approve', $id);
refused(2, qr/--reason/, 'request', 'refuse', $id);
refused(2, qr/no option/, 'request', 'approve', $id, '--reason', 'abc');
refused(1, qr/too short/, 'request', 'approve', $id, '--statement', '  x ');
refused(1, qr/500/, 'request', 'approve', $id, '--statement', 'x' x 501);
refused(1, qr/one line/, 'request', 'approve', $id, '--statement', "a\nb c");
is($s->json('request', 'show', $id)->{state}, 'open', 'nothing has changed');

$s->json('user', 'lock', 'ann');
refused(1, qr/cannot log in/, 'request', 'approve', $id, '--statement', 'seen');
$s->json('user', 'unlock', 'ann');

counted($mail, $home);
my $done = $s->json('request', 'approve', $id, '--statement',
                    'I called the number of the payroll');
is($done->{state}, 'approved', 'A4: approved');
are_told(qr/is approved/, 'A4');
$show = $s->json('request', 'show', $id);
is($show->{approved_by}[0]{statement}, 'I called the number of the payroll',
   'A3: the statement is kept');
my $me = $show->{approved_by}[0]{by};
ok(length $me, "M3: by $me");
my ($event) = events('staff.approve');
like($event, qr/"by":"os:\Q$me\E"/, 'M3: the event names the operator');
like($event, qr/"note":"I called/, 'A3: and has the statement');
refused(1, qr/no longer open/, 'request', 'approve', $id, '--statement',
        'seen');
$s->advance('31s');
is($s->login($s->browser, $ann)->h1, 'application',
   'C9: the old device still works');

$s->advance('73h');
is_deeply($s->json('request', 'list'), [], 'A4: after 72 hours it is past');
is($s->json('request', 'list', '--all')->[0]{state}, 'expired',
   '... with --all');

# refusing

ask($ann);
$id = $s->json('request', 'list')->[0]{id};
counted($mail, $home);
is($s->json('request', 'refuse', $id, '--reason', 'it was not her')->{state},
   'refused', 'refused');
are_told(qr/is refused/, 'C10');
$show = $s->json('request', 'show', $id)->{refused_by};
is($show->{by}, $me, 'M3: who refused it is kept');
is($show->{reason}, 'it was not her', '... and why');
like((events('staff.refuse'))[0], qr/"note":"it was not her"/,
     'A3: the reason');
refused(1, qr/no longer open/, 'request', 'refuse', $id, '--reason', 'again');

# four eyes: one operator is one of the two

ask($max);
$id = $s->json('request', 'list')->[0]{id};
$done = $s->json('request', 'approve', $id, '--statement', 'he is next to me');
is_deeply([@$done{qw(state approvals approvals_needed)}], ['open', 1, 2],
          'M3: one of two');
refused(1, qr/approved this request already/, 'request', 'approve', $id,
        '--statement', 'once more');
is($s->json('request', 'list')->[0]{approvals}, '1 of 2', '... is still one');
refused(1, qr/approval of two/, 'user', 'pass', 'max', '--reveal');
ok(!(grep { $_->{subject} =~ /is approved|helpdesk pass/ }
     $s->mail->all('max.manager@example.org')), 'and nothing was said');


# --- a pass -----------------------------------------------------------------

refused(1, qr/--reveal/, 'user', 'pass', 'ann');
refused(1, qr/--reveal/, 'user', 'pass', 'ann', '--json');
refused(1, qr/never registered/, 'user', 'pass', 'hana', '--reveal');
refused(1, qr/no user/, 'user', 'pass', 'nobody', '--reveal');
is(scalar events('staff.pass'), 0, 'M1: none was made');
counted($mail, $home);
$done = $s->json('user', 'pass', 'ann', '--reveal');
like($done->{pass}, qr/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/,
     'ten characters');
are_told(qr/helpdesk pass/, 'C10');
my $raw = $done->{pass} =~ tr/-//dr;
ok(!(grep { index($_->{raw}, $raw) >= 0 } $s->mail->all), 'M1: in no letter');
ok((grep { /"by":"os:/ } events('staff.pass')), 'M3: audited');
ok(!(grep { /\Q$raw\E/ } events('staff.pass')), '... without the pass');

$b = $s->browser;
$s->advance('31s');
$p = $s->first_step($b, $ann);
$p = $b->submit('Use pass', 'Helpdesk pass' => lc $done->{pass});
like($p->h1 . $p->text, qr/Reset device|Secure your account/,
     'with it the person sets up anew');


# --- a new password ---------------------------------------------------------

counted($mail);
is($s->json('user', 'reset-password', 'ann')->{done}, 'user.reset-password',
   'A11: a reset is started');
are_told(qr/Forgotten password\?/, 'A11');
is_deeply([grep { defined } map { $_->code }
           grep { $_->{text} =~ /Forgotten password\?/ } $s->mail->all($mail)],
          [], '... without a code');
refused(1, qr/never registered/, 'user', 'reset-password', 'hana');
refused(1, qr/no user/, 'user', 'reset-password', 'nobody');
$s->advance('31s');
is($s->login($s->browser, $ann)->h1, 'application', 'nothing has changed');


# --- addresses --------------------------------------------------------------

my $new = 'ann.wood@example.org';
counted($mail, $home, $new);
$done = $s->json('user', 'set-email', $mail, 'Ann.Wood@example.org');
is_deeply([@$done{qw(email user)}, @{$done->{other_emails}}],
          [$new, 'ann', $home], 'the first address; the name stays');
are_told(qr/corrected: ann.employee\@example.org .*ann.wood/, 'E7');
refused(1, qr/another person/, 'user', 'set-email', $new,
        'max.manager@example.org');
refused(1, qr/already/, 'user', 'set-email', $new, $home);
refused(1, qr/no e-mail/, 'user', 'set-email', $new, 'nothing');
refused(1, qr/no user/, 'user', 'set-email', $mail, 'x@example.org');
is($s->json('user', 'set-email', $home, 'ann.flat@example.org')
   ->{other_emails}[0], 'ann.flat@example.org', 'the one that is named');

my $third = 'ann.third@example.org';
counted($new, $third);
$s->json('user', 'add-email', 'ann', $third);
are_told(qr/added to your account: ann.third/, 'E7');
refused(1, qr/already/, 'user', 'add-email', 'ann', $third);
counted($new, $third);
$done = $s->json('user', 'remove-email', 'ann', $third);
is_deeply($done->{other_emails}, ['ann.flat@example.org'], 'one less');
are_told(qr/removed from your account: ann.third/, 'E7');
refused(1, qr/does not have/, 'user', 'remove-email', 'ann', $third);
is($s->json('user', 'remove-email', 'ann', $new)->{email},
   'ann.flat@example.org', 'the next one becomes the first');
refused(1, qr/only address/, 'user', 'remove-email', 'ann',
        'ann.flat@example.org');
ok((grep { /"by":"os:/ } events($_)), "M3: $_")
    for qw(staff.correct staff.add staff.remove_address staff.reset user.lock);

# an address that codes go to takes them along

$s->json('user', 'set-email', 'max', 'max.other@example.org');
$max->{email} = 'max.other@example.org';
$s->advance('31s');
$b = $s->browser;
$s->login($b, $max);
$b->follow($b->get('/mfa/security'));
$b->submit('Set up Email');
$s->prove($b, $max);
$s->enrol_by($b, $max, 'Email');
$done = $s->json('user', 'set-email', 'max', 'max.new@example.org');
ok($done->{factor_removed}, 'a way to verify by mail goes with its address');
is($b->get('/ess/')->status, 303, '... and the sessions');
is_deeply([grep { $_ eq 'email' } map { $_->{kind} }
           @{$s->json('user', 'show', 'max')->{factors}}], [],
          '... it is gone');

done_testing();
