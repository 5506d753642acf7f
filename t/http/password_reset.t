# A forgotten password: every page in its words, what a reset ends, who is
# told, and that it opens nothing (P1, P2, C1, C5, H9, B9, X82).

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2, factors => 'totp sms voice email',
                   realm => { trusted_networks => '127.0.0.0/8',
                              remember_device => '30d',
                              limit => 'login_person 1000/1h 1000/1d' });
my @to = ('ann.employee@example.org', 'ann.home@example.org');
my $new = 'velvet harbour seven';
my $app_label = 'Please enter verification code using your authentication app';
my $ann = $s->register($s->browser, $to[0]);
my ($b, $p, %had);


sub app_login {
    my ($x, %fields) = @_;

    $s->advance('31s');
    $s->first_step($x, $ann, to => '/ess/');
    return $s->verify_by($x, $ann, 'Authenticator app', %fields);
}


# from Login, with a page asked for; ends on the page of the code

sub ask {
    my ($x, $email) = @_;

    $x->follow($x->get('/ess/page?a=1'));
    $x->click('Forgotten password?');
    return $x->submit('Send verification code', 'Email address' => $email);
}


sub masked {
    my ($page, $email) = @_;
    my $text = $page->body;

    $text =~ s/name="(token|flow)" value="[^"]*"/name="$1"/g;
    $text =~ s{(Reference in the message</dt><dd>)[A-Z]+}{$1}g;
    $text =~ s/\Q$email\E//g;
    return $page->status . $text;
}


sub dies_once {
    my ($name, @pages) = @_;
    is(scalar(grep { $_->get('/ess/')->status == 200 } @pages), 0, $name);
}


# who is logged in, who is remembered, who stands before the code

my ($in, $remembered, $pending) = map { $s->browser } 1 .. 3;
app_login($in);
app_login($remembered, 'Remember this device' => 1);
$s->advance('31s');
$s->first_step($pending, $ann, to => '/ess/');
is($_->get('/ess/')->status, 200, 'logged in') for $in, $remembered;


# P1, word for word

$b = $s->browser;
$b->follow($b->get('/ess/page?a=1'));
$p = $b->click('Forgotten password?');
is($p->h1, 'Password reset', 'P1: the page');
like($p->text, qr/Please verify your email address\./, 'P1: what it asks');
like($p->text, qr/signing in to Employee Self Service/, 'for an application');

$p = $b->submit('Send verification code', 'Email address' => 'ann');
like($p->title, qr/^Error: /, 'no address: said so');
$p = $b->submit('Send verification code',
                'Email address' => 'Ann.Employee@example.org');
is($p->h1, 'Password reset', 'P1: the page of the code');
like($p->text, qr/Verification code has been sent to your inbox\. Please enter code below/,
     'R2: its words');
like($p->text, qr/ann\.employee\@example\.org/, 'R2: the address');
ok($p->form($_), "R2: $_")
    for 'Verify code', 'Send new code', 'Change email';

my $m = $s->mail->latest_code($to[0]);
like($m->{text}, qr/Enter it on the page Password reset/, 'the letter');
$s->settle;
is($s->mail->count($to[1]), 1, 'one letter, to the address typed');

$p = $b->submit('Verify code', 'Verification code' => '12-34 5');
like($p->text, qr/Invalid verification code\./, 'a wrong code');
$p = $b->submit('Verify code', 'Verification code' => $m->code);
like($p->text, qr/Email address verified\. You can now continue\./,
     'P1: the right code');
ok($p->form($_), "P1: $_") for 'Change email', 'Continue';

$p = $b->submit('Continue');
is($p->h1, 'New password', 'P1: New password');
like($p->text, qr/At least 12 characters/, 'the rule before typing');
$p = $b->submit('Continue', 'New password' => $new,
                'Confirm new password' => "$new!");
like($p->text, qr/The two passwords are not the same\./, 'not twice the same');

dies_once('nothing has changed so far', $s->browser);
is($in->get('/ess/')->status, 200, 'others are still in');

$s->settle;
$had{$_} = $s->mail->count($_) for @to;
$p = $b->submit('Continue', 'New password' => $new,
                'Confirm new password' => $new);
is($p->h1, 'Password reset', 'P1: the end page');
like($p->text, qr/Your password has been successfully reset\. Please visit your normal login URL and enter your new password\./,
     'P1: its words');
is($b->follow($b->get($p->{url}))->h1, 'Password reset', 'fetched again');


# P2, C5, X82

is(scalar(grep { /session/ } $b->cookies), 0, 'X82: no session');
is($b->get('/ess/')->status, 303, 'X82: it logs nobody in');
dies_once('P2: sessions are over, in every worker',
          map { ($in, $remembered) } 1 .. 8);
is($pending->submit('Continue', $app_label => $s->code($ann))->h1, 'Login',
   'P2: so is a login that waits');

for (@to) {
    is($s->mail->wait_for($had{$_} + 1, $_), $had{$_} + 1, "P2: told: $_");
    my ($told) = reverse $s->mail->all($_);
    is($told->{subject}, 'Your Example Council password was reset', 'subject');
    like($told->{text}, qr/reset with a code.*When: .*If it was not you/s,
         '... and what to do');
    like($told->{html}, qr/reset with a code/, '... in HTML as well');
}

is($s->first_step($remembered, $ann, to => '/ess/')->h1, 'Login',
   'the old password is gone');
$ann->{password} = $new;
$s->advance('31s');

$b->get($p->{url});
$p = $b->click('Continue');
is($p->h1, 'Login', 'P1: Continue leads to the login');
like($p->text, qr/signing in to Employee Self Service/, 'the target is kept');
$p = $b->submit('Login', 'Email address' => $to[0], Password => $new);
is($p->h1, 'Verify', 'X82, C5: the second factor is asked for, as it was');
$p = $b->submit('Continue', $app_label => $s->code($ann));
like($p->{url}, qr{/ess/page\?a=1$}, 'and one arrives where one wanted to');

$s->advance('31s');
is($s->first_step($remembered, $ann, to => '/ess/')->h1, 'Verify',
   'P2: the remembered device is none any more');

like(join("\n", map { $_->{text} } $s->mail->all($to[0])),
     qr/Password reset/, 'letters');
$s->log_like(qr/"event":"password\.reset","result":"ok"/, 'the event');


# C1: the same for everybody; letters only for who has a password here

my @others = ('nobody@example.org', 'hana.helpdesk@example.org',
              'max.manager@example.org', 'x@elsewhere.example.com');
$s->register($s->browser, $others[2]);
$s->ctl('user', 'disable', $others[2]);
$s->advance('2h');

my $known = masked(ask($s->browser, $to[0]), $to[0]);
$s->settle;
my %before = map { ($_ => $s->mail->count($_)) } @others;

is(masked(ask($s->browser, $_), $_), $known, "C1: the same for $_")
    for @others;

$s->settle;
is($s->mail->count($_), $before{$_}, "C1: no letter to $_") for @others;


# H9: three an hour to one mailbox, and the page is the same

$s->advance('25h');
$s->settle;
$had{$to[0]} = $s->mail->count($to[0]);
is(masked(ask($s->browser, $to[0]), $to[0]), $known, 'H9: the same page')
    for 1 .. 5;
$s->advance('61m');
ask($s->browser, $to[0]);
$s->settle;
is($s->mail->count($to[0]), $had{$to[0]} + 4, 'H9: three of five, then one');


# D4, B16: who has codes by mail only

my $max = $s->register($s->browser, $others[1], method => 'Email');
$s->advance('25h');
$b = $s->browser;
ask($b, $others[1]);
$p = $b->submit('Verify code', 'Verification code' =>
                $s->mail->latest_code($others[1])->code);
is($p->h1, 'Password reset', 'D4: closed');
like($p->text, qr/that alone is not enough to set a new password.*come by email too.*Contact Human Resources/s,
     'D4: says why, and whom to contact');
ok(!$p->form($_), "no $_") for 'Continue', 'Verify code';

done_testing();
