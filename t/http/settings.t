# Security settings: every button, what each ends, who is told (S1 to S4, D5,
# D13, C8, C10, B4, B17, D7, D8, E7, X45, X65, X90, X92).

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2, factors => 'totp sms voice email',
                   realm => { trusted_networks => '127.0.0.0/8',
                              remember_device => '30d',
                              limit => ['send_person 100/1h 300/1d',
                                        'login_person 1000/1h 1000/1d'] });
my @to = ('ann.employee@example.org', 'ann.home@example.org');
my $ann = $s->register($s->browser, $to[0]);
my ($b, $p, $other, %had);

sub app { return 'Authenticator app' }


sub logged_in {
    my ($me) = @_;
    my $x = $s->browser;

    $s->advance('31s');
    $s->first_step($x, $me, to => '/ess/');
    $s->verify_by($x, $me, app());
    is($x->get('/ess/')->status, 200, 'logged in');
    return $x;
}


sub settings { return $_[0]->follow($_[0]->get('/mfa/security')) }


# when what went before has come in

sub count_mails {
    $s->settle;
    %had = map { ($_ => $s->mail->count($_)) } @to;
}


# C10, E7: one message to each address, about this

sub told {
    my ($name, $re) = @_;

    for (@to) {
        is($s->mail->wait_for($had{$_} + 1, $_), $had{$_} + 1,
           "C10: $name: one message to $_");
        my ($m) = reverse $s->mail->all($_);
        like($m->{text}, $re, '... about it');
        like($m->{text}, qr/When: .*If it was you, nothing.*If it was not you/s,
             '... when, and what to do');
    }
}


sub ended { return is($_[0]->get('/ess/')->status, 303, $_[1]) }


# S1: what is on the page

$b = logged_in($ann);
$p = settings($b);
is($p->h1, 'Security settings', 'S1: the page');
ok($p->form("Set up $_"), "S1: Set up $_")
    for 'Text message', 'Voice call', 'Email';
ok($p->form('Change ' . app()), 'S1: Change');
ok(!$p->form('Remove ' . app()), 'S2, C8: the last one cannot be removed');
like($p->text, qr/\x{2713}.{0,20}added on \d+ \w+ 20\d\d, last used on \d+ \w+/s,
     'S1: the state, with dates');
like($p->text, qr/Your sessions.*this session/s, 'S3: sessions');
like($p->text, qr/Recent activity.*Logged in/s, 'S4: recent activity');
is($s->browser->get('/mfa/security')->status, 303, 'only after a login');

# X90: the form for the last one, made up

my $form = $p->form('Change ' . app());
$b->post('/mfa/security', { %{$form->{fields}}, do => 'remove',
                            subject => 'totp' });
like($b->follow->text, qr/no longer possible/, 'X90: the last one stays');
is(scalar @{$s->json('user', 'show', 'ann')->{factors}}, 1, '... it does');


# S1: set up; all are told

settings($b);
count_mails();
$p = $b->submit('Set up Text message');
is($p->h1, 'Verify', 'S1: a fresh factor, so on to the number');
unlike($p->text, qr/Before your security settings/, 'D13: not asked again');
$p = $s->enrol_by($b, $ann, 'Text message', number => '07700 900 111');
is($p->h1, 'Security settings', 'S1: set up, back at the settings');
like($p->text, qr/XXX-XXX-00111/, 'S1: shown masked');
unlike($p->body, qr/7700900111/, '... and no more');
told('added', qr/added.*Text message/s);
is($b->get('/ess/')->status, 200, '... the session goes on');


# D13: after ten minutes a code comes first

$s->advance('11m');
for my $button ('Change password', 'Remove Text message',
                'Change ' . app(), 'Set up Email', 'Make new recovery codes')
{
    settings($b);
    $p = $b->submit($button);
    like($p->text, qr/Before your security settings are changed/,
         "D13: $button asks for a code first");
    my ($flow) = $p->{url} =~ /(flow=\w+)/;
    for ('secure/email', 'security/remove', 'security/password',
         'recovery-codes')
    {
        unlike($b->clone->follow($b->clone->get("/mfa/$_?$flow"))->h1,
               qr/^(?:Remove|Change password|Recovery)/,
               "D13: no way round it to $_");
    }
}


# S1: change password

settings($b);
$b->submit('Change password');
$s->verify_by($b, $ann, app());
is($b->{page}->h1, 'Change password', 'S1: Change password');
my $new = 'another battery 4712 horse';
my @fields = ('New password' => $new, 'Confirm new password' => $new);
$p = $b->submit('Change password', 'Current password' => 'wrong horse 1',
                @fields);
like($p->title, qr/^Error: /, 'S1: the old one must be right');
unlike($p->body, qr/\Q$new\E|wrong horse/, 'N1: no password comes back');
$p = $b->submit('Change password', 'Current password' => $ann->{password},
                'New password' => $new, 'Confirm new password' => "$new x");
like($p->title, qr/^Error: /, 'both fields must match');
$p = $b->submit('Change password', 'Current password' => $ann->{password},
                'New password' => 'password1234',
                'Confirm new password' => 'password1234');
like($p->title, qr/^Error: /, 'a common one is refused');
$other = logged_in($ann);
count_mails();
$p = $b->submit('Change password', 'Current password' => $ann->{password},
                @fields);
is($p->h1, 'Security settings', 'S1: changed') or diag($p->text);
for (@to) {
    is($s->mail->wait_for($had{$_} + 1, $_), $had{$_} + 1,
       "C10: a message to $_");
}
like(($s->mail->all($to[1]))[-1]->{text}, qr/password/i, 'C10: about it');
ended($other, 'S1: other sessions end');
is($s->first_step($s->browser, $ann)->h1, 'Login', 'the old one is dead');
$ann->{password} = $new;
logged_in($ann);


# D5, E3: change the app; the old one counts until the new one does

settings($b);
count_mails();
$b->submit('Change ' . app());
$s->prove($b, $ann);
is($b->{page}->h1, 'Secure your account', 'D5: Change');
my $old = { %$ann };
my $secret = MFA::Journey::secret_of($b->{page});
isnt($secret, $ann->{secret}, 'C4: a secret of its own');
logged_in($old);
$ann->{last_step} = $old->{last_step};
$p = $b->submit('Continue', 'Please enter verification code using your '
                . 'authentication app' => $s->code($old));
like($p->text, qr/Invalid/, 'E3: a code of the old one confirms nothing');
delete $ann->{last_step};
$p = $s->enrol($b, $ann);
is($p->h1, 'Security settings', 'D5: changed');
told('changed', qr/changed.*Authenticator app/s);

# B4, X65: what confirmed it is spent

$other = $s->browser;
$s->first_step($other, $ann);
$s->to_method($other, app());
$p = $other->submit('Continue', 'Please enter verification code using your '
    . 'authentication app' => $s->totp($ann->{secret},
                                       30 * $ann->{last_step}));
like($p->text, qr/Invalid/, 'X65: the code of the change is spent');
$s->advance('10m');
$s->first_step($other, $old);
$s->to_method($other, app());
$p = $other->submit('Continue', 'Please enter verification code using your '
    . 'authentication app' => $s->totp($old->{secret}));
like($p->text, qr/Invalid/, 'D5: the old app is out');


# change the number: leaving half way changes nothing

settings($b);
$b->submit('Change Text message');
$s->prove($b, $ann);
$b->submit('Send code', 'Phone number' => '07700 900 222');
settings($b);
like($b->{page}->text, qr/XXX-XXX-00111/, 'E3: the old number still counts');
$b->submit('Change Text message');
$s->prove($b, $ann);
$s->enrol_by($b, $ann, 'Text message', number => '07700 900 333');
like(settings($b)->text, qr/XXX-XXX-00333/, 'B17: a new one, proved');


# remove: a page in between, then gone (C8)

count_mails();
settings($b);
$b->submit('Remove Text message');
$s->prove($b, $ann);
is($b->{page}->h1, 'Remove Text message?', 'S1: a confirmation page');
$p = $b->submit('Cancel');
is($p->h1, 'Security settings', 'S1: Cancel');
ok($p->form('Remove Text message'), '... changes nothing');
$b->submit('Remove Text message');
my $twin = $b->clone;
$other = logged_in($ann);
count_mails();
$p = $b->submit('Remove');
is($p->h1, 'Security settings', 'C8: removed');
ok($p->form('Set up Text message'), '... and can be set up again');
told('removed', qr/removed.*Text message/s);
ended($other, 'C8: other sessions end');
is($b->get('/ess/')->status, 200, '... this one does not');
$p = $twin->submit('Remove');
isnt($p->status, 500, 'C12: the same button again');
is(scalar @{$s->json('user', 'show', 'ann')->{factors}}, 1, '... does nothing');


# S2: recovery codes do not count as another method

settings($b);
$b->submit('Make new recovery codes');
$s->prove($b, $ann);
$b->submit('Continue');
$p = settings($b);
ok(!$p->form('Remove ' . app()), 'S2, C8: not the last beside recovery codes');


# C10: the address that goes is told too, and mail that waits comes later

settings($b);
$b->submit('Set up Email');
$s->prove($b, $ann);
$s->enrol_by($b, $ann, 'Email');
settings($b);
count_mails();
$b->submit('Remove Email');
$s->prove($b, $ann);
$b->submit('Remove') if $b->{page}->form('Remove');
told('e-mail removed', qr/removed.*Email/s);


# S3, D8, X45: sessions

my @x = map { logged_in($ann) } 1 .. 3;
$p = settings($b);
like($p->text, qr/Your sessions.*this session/s, 'S3: listed');
$p = $b->submit('End');
like($p->text, qr/The session was ended/, 'S3: End');
is(scalar(grep { $_->get('/ess/')->status == 200 } @x), 2, '... one of them');
$p = $b->submit('Log out everywhere else');
like($p->text, qr/logged out everywhere else/, 'S3: Log out everywhere else');
is(scalar(grep { $_->get('/ess/')->status == 200 } @x), 0, '... all of them');
is($b->get('/ess/')->status, 200, '... but this one');

# another person's reference, or none

my $max = $s->register($s->browser, 'max.manager@example.org');
my $m = logged_in($max);
my ($theirs) = map { substr $_->{id}, 0, 16 } @{$s->json('session', 'list',
                                                         'max')};
settings($b);
my ($any) = grep { $_->{action} =~ /security$/ } $b->{page}->forms;
for my $do ('end', 'forget') {
    $b->post('/mfa/security', { %{$any->{fields}}, do => $do,
                                ref => $theirs });
    is($b->follow->status, 200, "X45: $do with somebody else's reference");
    is($m->get('/ess/')->status, 200, '... ends nothing');
}

# X45: ten sessions; the eleventh ends the oldest

my @many = map { logged_in($max) } 1 .. 10;
is($m->get('/ess/')->status, 303, 'D8: the eleventh ends the oldest');
is($many[-1]->get('/ess/')->status, 200, '... the newest lives');


# S4: what happened, in words

$p = settings($b);
like($p->text, qr/Recent activity.*Verification method removed: Email/s,
     'S4: what happened');
unlike($p->text, qr/factor\.|session\.end|code\.send/, 'S4: no names of events');
my ($activity) = $p->body =~ m{<ol class="rows events">(.*?)</ol>}s;
is(scalar(() = ($activity // '') =~ /<li>/g), 20, 'S4: the last 20');


# C10: the mail server is down for an hour

SKIP: {
    require MFA::Sink;
    skip 'python3-aiosmtpd is missing', 3 unless MFA::Sink->can_run;
    $s->stop;

    my $sink = MFA::Sink->new;
    $s = mfa_server(time => 1, mail => $sink->option,
                    realm => { trusted_networks => '127.0.0.0/8' });
    $s->{mail} = $sink->mail;
    my $x = $s->browser;
    my $me = $s->register($x, $to[0]);
    count_mails();
    $sink->stop;
    $x->follow($x->get('/mfa/security'));
    $x->submit('Change ' . app());
    $s->enrol($x, $me);
    is($x->{page}->h1, 'Security settings', 'C10: changed, no mail server');
    $s->advance('61m');
    $sink->start;
    $s->advance('35m');
    is($s->mail->wait_for($had{$_} + 1, $_), $had{$_} + 1,
       "C10: $_ is told when it is back") for @to;
    $sink->stop;
}

done_testing();
