# Two realms on one nginx: staff, passes, requests, mfactl, budgets, logs and
# the audit of one know nothing of the other (Y5, A3, A5, A11, H1, H2, H9, M1, M3,
# N1; X45, X89).

use MFA::Test;
use MFA::Realms;
use MFA::Desk;

my ($one, $two) = two_realms(both => { device_reset => 'approval' }, alpha => {
    limit => ['login_person 4/1h 8/1d', 'send_mailbox 3/1h 30/1d',
              'login_address 10000/1h'] });
my $label = 'Please enter verification code using your authentication app';
my %mail = (ann => 'ann.one@example.org', sam => 'sam.help@example.org');
my %me;

for my $realm ($one, $two) {
    $me{$realm->{realm}}{$_} = $realm->register($realm->browser, $mail{$_},
        password => "the horse of $realm->{realm} 4711") for qw(ann sam);
}

my @ways = ([$one, $two], [$two, $one]);
my ($p, $b);


sub me { my ($realm, $who) = @_; return $me{$realm->{realm}}{$who} }

sub fresh {
    my ($realm, $who) = @_;
    my $x = $realm->browser;

    $realm->advance('31s');
    $realm->login($x, me($realm, $who));
    return $x;
}

sub up_to_verify {
    my ($realm) = @_;
    my $x = $realm->browser;

    $realm->advance('31s');
    $realm->first_step($x, me($realm, 'ann'));
    return $x;
}

sub refused {
    my ($realm, $re, @command) = @_;
    my ($code, $text) = $realm->ctl(@command);

    isnt($code, 0, "$realm->{realm}: @command[0, 1]: refused");
    like($text, $re, '... and says why');
}

my $json = JSON::PP->new->canonical;

sub state_of {
    my ($realm) = @_;
    return $json->encode([map { $realm->json('user', 'show', $_) }
                          qw(ann sam max)]);
}


# Y5: the same people, other numbers

for my $name (qw(ann sam max)) {
    isnt($one->{id}{$name}, $two->{id}{$name}, "Y5: two $name");
}


# staff of one about people of the other (A3, A11, X45)

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $sam = fresh($here, 'sam');
    my $token = MFA::Desk::token($sam->get('/mfa/logout'));
    my $before = state_of($there);

    is($sam->get("/mfa/people/$here->{id}{ann}")->status, 200,
       'A11: the page of a person of here');
    is($sam->get("/mfa/people/$there->{id}{ann}")->status, 404,
       'Y5: none of a person of the other');

    for my $do (qw(unlock end remove correct add disable enable invite pass
                   reset))
    {
        $p = $sam->post("/mfa/people/$there->{id}{ann}", {
            do => $do, token => $token, whom => $there->{id}{ann},
            reason => 'called back', subject => 'totp',
            address => 'eve@example.org' });
        is($p->status, 404, "Y5 A11: $do");
    }

    is(state_of($there), $before, 'Y5: nobody there has changed');

    # her browser at the other

    my $x = $there->browser;

    $x->{jar} = $sam->{jar};
    is($x->follow($x->get($_))->h1, 'Login', "Y5: $_ of the other: Login")
        for '/mfa/people', "/mfa/people/$there->{id}{ann}", '/mfa/requests';
}


# A3 X89: a request of one, approved by staff of the other

my %request;

for my $realm ($one, $two) {
    my $x = up_to_verify($realm);

    $x->click('Reset Multi-Factor Authentication');
    $x->submit('Submit reset request');
    $request{$realm->{realm}} = $realm->json('request', 'list')->[0]{id};
}

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $id = $request{$there->{realm}};
    my $sam = fresh($here, 'sam');
    my $token;

    $p = $sam->get('/mfa/requests');
    unlike($p->body, qr/$id/, 'Y5: the list has requests of here alone');
    like($p->body, qr/$request{$here->{realm}}/, '... which it has');
    $token = MFA::Desk::token($p);

    for my $do (qw(approve refuse)) {
        $p = $sam->post('/mfa/requests', { do => $do, token => $token,
            whom => $id, reason => 'I called her', });
        isnt($there->json('request', 'show', $id)->{state},
             $do eq 'approve' ? 'approved' : 'refused', "Y5 X89: $do");
    }

    is($there->json('request', 'show', $id)->{state}, 'open', '... is open');
    refused($here, qr/no.*request/i, 'request', $_ eq 'refuse'
            ? ('refuse', $id, '--reason', 'not needed')
            : ('approve', $id, '--statement', 'seen her')) for qw(refuse approve);

    # A2: the link of the letter

    my ($link) = map { $_->{text} =~ m{(/mfa/reset-request/cancel\?\S+)} }
                 $there->mail->all($mail{ann});

    ok($link, 'A2: a link to cancel');
    $b = $here->browser;
    $p = $b->get($link);
    $p = $b->submit('Cancel request') if $p->form('Cancel request');
    is($there->json('request', 'show', $id)->{state}, 'open',
       'Y5 A2: which cancels nothing at the other');
    is($here->json('request', 'show', $request{$here->{realm}})->{state},
       'open', '... and nothing of its own');
}


# A5 C9: an approval in one opens nothing in the other

$one->json('request', 'approve', $request{alpha}, '--statement', 'seen her');
is($one->json('request', 'show', $request{alpha})->{state}, 'approved',
   'A4: approved at alpha');
is($two->json('request', 'show', $request{beta})->{state}, 'open',
   'Y5 C9: not at beta');
like(up_to_verify($one)->{page}->text, qr/reset was approved/, '... which says so');
unlike(up_to_verify($two)->{page}->text, qr/reset was approved/,
       '... and neither does beta');
$one->advance('73h');
$two->json('request', 'refuse', $request{beta}, '--reason', 'not needed');


# a pass

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $pass = $there->json('user', 'pass', 'ann', '--reveal')->{pass};
    my $x;

    $here->json('user', 'pass', 'ann', '--reveal');
    $x = up_to_verify($here);
    $x->submit('Use pass', 'Helpdesk pass' => $pass);
    unlike($x->{page}->h1, qr/Reset device|Secure your account/,
           'Y5: a pass of the other realm');
    $x = up_to_verify($there);
    $x->submit('Use pass', 'Helpdesk pass' => $pass);
    like($x->{page}->h1, qr/Reset device|Secure your account/,
         '... opens where it was made');
}


# mfactl -r

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x = fresh($there, 'ann');
    my $before = $json->encode($there->json('session', 'list', 'ann'));

    refused($here, qr/no user|no such/i, 'user', 'show', $there->{id}{ann});
    $here->json('session', 'end', '--user', $mail{ann});
    $here->json('user', 'lock', 'ann');
    is($json->encode($there->json('session', 'list', 'ann')), $before,
       'Y5: sessions of the other stay');
    is($x->get('/ess/')->status, 200, '... and open');
    is($there->json('user', 'show', 'ann')->{state}, 'active',
       'Y5: a lock here is none there')
        or diag(explain($there->json('user', 'show', 'ann')));
    $here->json('user', 'unlock', 'ann');
}

{
    my ($code, $text) = $one->ctl_bare('-c', $one->{conf}, 'user', 'list');

    isnt($code, 0, 'mfactl without -r: refused');
    like($text, qr/-r/, 'it asks for -r') or diag($text);
    ($code, $text) = $one->ctl_bare('-c', $one->{conf}, '-r', 'gamma',
                                    'user', 'list');
    isnt($code, 0, 'mfactl -r with a name that is none: refused');
}


# budgets: alpha's is burned (H1); nothing of it is counted at beta; a browser
# that is known at beta is a stranger at alpha (H2)

my %known = map { ($_->{realm} => fresh($_, 'ann')) } $one, $two;

for my $name (sort keys %known) {
    delete $known{$name}{jar}{'__Host-mfa_session'};
    $known{$name}{origin} = $one->{origin};
    $known{$name}{page} = undef;
}

$one->first_step($one->browser, { email => $mail{ann}, password => "no $_" })
    for 1 .. 9;
$p = $one->first_step($one->browser, me($one, 'ann'));
is($p->h1, 'Try again later', 'H1: alpha takes not even the right password now');
is($two->first_step($two->browser, me($two, 'ann'))->h1, 'Verify',
   'Y5: beta does');
is($one->first_step($known{beta}, me($one, 'ann'))->h1, 'Try again later',
   'Y5 H2: a browser that beta knows is a stranger');
is($one->first_step($known{alpha}, me($one, 'ann'))->h1, 'Verify',
   'H2: one that alpha knows is not');

for my $realm ($one, $two) {
    for my $n (1 .. 4) {
        $b = $realm->browser;
        $b->follow($b->get('/mfa/password-reset'));
        $b->submit('Send verification code', 'Email address' => $mail{sam});
    }
}

my %codes = map { my $realm = $_;
                  MFA::Desk::settle({ s => $realm });
                  ($realm->{realm} => scalar grep { defined $_->code }
                                             $realm->mail->all($mail{sam})) }
            $one, $two;

is($codes{alpha}, 1 + 3, 'H9: three letters from alpha beside the first')
    or diag(explain(\%codes));
is($codes{beta}, 1 + 4, 'Y5: and all from beta');


# N1, M3: event log and audit of each

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $events = $here->events;
    my ($code, $text) = $here->ctl('audit', 'verify');

    like($events, qr/$here->{id}{ann}/, 'N1: its own people in the event log');
    unlike($events, qr/$there->{id}{$_}/, "Y5 N1: no $_ of the other")
        for qw(ann sam max);
    is($code, 0, 'M3: its audit stands') or diag($text);
    unlike($json->encode($here->json('audit', 'list')),
           qr/$there->{id}{ann}|$there->{id}{sam}/,
           'Y5 M3: and knows nobody of the other');
}

unlike($one->{s}->log, qr/"event":/, 'N1: none went to the log of errors');
like($one->events, qr/"result":"limited"/, 'alpha told of its limits');
unlike($two->events, qr/"result":"limited"/, 'Y5: beta has nothing to tell');

done_testing();
