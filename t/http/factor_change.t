# factor_change approval over HTTP: forged forms first, then the request, its
# end, an approval and what it opens (D5, A1, A4, C8, C10, D13, X90); the lines
# of groups (Y1).

use MFA::Test;

my %realm = (trusted_networks => '127.0.0.0/8',
             helpdesk_group => 'helpdesk', admin_group => 'admins',
             factor_change => ['self', 'approval group=managers'],
             device_reset => ['email', 'off group=managers'],
             limit => ['send_person 100/1h 300/1d',
                       'login_person 1000/1h 1000/1d']);
my $s = mfa_server(time => 1, workers => 2, factors => 'totp sms email',
                   realm => \%realm);
my @to = ('max.manager@example.org', 'max.home@example.org');
my $max = $s->register($s->browser, $to[0]);
my ($b, $p, $other, %had);

sub app { return 'Authenticator app' }


sub settings { return $_[0]->follow($_[0]->get('/mfa/security')) }


sub logged_in {
    my ($me) = @_;
    my $x = $s->browser;

    $s->advance('61s');
    $s->login($x, $me);
    is($x->get('/ess/')->status, 200, 'logged in');
    return $x;
}


sub told {
    my ($name, $re) = @_;

    for (@to) {
        is($s->mail->wait_for($had{$_} + 1, $_), $had{$_} + 1,
           "C10: $name: a message to $_");
        my ($m) = reverse $s->mail->all($_);
        like($m->{text}, $re, '... about it');
        $had{$_}++;
    }
}


sub codes { return scalar grep { defined $_->code } $s->mail->all($to[0]) }


sub request { return $s->json('request', 'list')->[0] }


# Max is of the group: the buttons are there, the deeds are not

$b = logged_in($max);
$p = settings($b);
like($p->text, qr/approve each change/, 'D5: said on the page');
ok(!$p->form("Set up $_"), "D5: no Set up $_") for 'Text message', 'Email';

my $form = $p->form('Change ' . app());
for (['change', 'totp'], ['remove', 'totp'], ['add', 'sms'],
     ['add', 'email'])
{
    $b->post('/mfa/security', { %{$form->{fields}}, do => $_->[0],
                                subject => $_->[1] });
    like($b->follow->text, qr/no longer possible/,
         "X90: a forged $_->[0] of $_->[1]");
}
is(scalar @{$s->json('user', 'show', 'max')->{factors}}, 1, '... did nothing');


# D13: an old factor is asked for first; then A1

$s->advance('11m');
settings($b);
$p = $b->submit('Change ' . app());
like($p->text, qr/Before your security settings are changed/, 'D13: a code');
my ($flow) = $p->{url} =~ /(flow=\w+)/;
unlike($b->clone->follow($b->clone->get("/mfa/reset-request?$flow"))->h1,
       qr/Reset/, '... and no way round it');
$p = $s->prove($b, $max);
is($b->{page}->h1, 'Multi-Factor Authentication Reset', 'A1: the page');
like($b->{page}->text, qr/your current way to verify stays valid/,
     '... and its words');
is(request(), undef, 'a look at it asks for nothing');
$s->settle;
%had = map { ($_ => $s->mail->count($_)) } @to;
$p = $b->submit('Submit reset request');
is($p->h1, 'Security settings', 'A1: submitted');
my $made = request();
is($made->{state} // '', 'open', 'A2: staff have it');
like($p->text, qr/Reset pending.*\Q$made->{phrase}\E/s,
     'A1: Reset pending, with the two words');
ok($p->form('Cancel request'), 'A1: Cancel request');
ok(!$p->form('Change ' . app()), 'D5: instead of Change');
told('requested', qr/reset/);
$other = logged_in($max);
ok($other, 'D5: the old app keeps working');


# Cancel request: a POST with the token of this browser, nothing else

settings($b);
my ($any) = grep { $_->{action} =~ /security$/ } $b->{page}->forms;
$b->get('/mfa/security?do=end-request');
is(request()->{state}, 'open', 'A2: no GET cancels');
is($b->post('/mfa/security', { do => 'end-request' })->status, 403,
   'nor a POST without a token');
is($s->browser->post('/mfa/security', { %{$any->{fields}},
                                        do => 'end-request' })->status, 403,
   'nor one of another browser');
is(request()->{state}, 'open', '... none of them');
$s->advance('11m');
settings($b);
$p = $b->submit('Cancel request');
like($p->text, qr/The reset request was cancelled/, 'A1: cancelled');
ok(!grep({ $_->{state} eq 'open' } @{$s->json('request', 'list')}),
   '... for staff too');
told('cancelled', qr/cancelled.*Security settings/s);
ok($p->form('Change ' . app()), 'and can be asked for again');


# A4: approved, used by the password and a mailed code

$b->submit('Change ' . app());
$s->prove($b, $max) if $b->{page}->h1 !~ /Reset/;
$b->submit('Submit reset request');
$made = request();
$s->json('request', 'approve', $made->{id}, '--statement',
         'a call to the desk phone');
like(settings($b)->text, qr/Your reset was approved/, 'A4: approved');
my %old = %$max;
$other = $s->browser;
$s->advance('31s');
$s->first_step($other, $max);
my $codes = codes();
$p = $other->submit('Reset device');
is($p->h1, 'Reset device', 'A4: a mailed code, though device_reset is off');
for (1 .. 600) {
    last if codes() > $codes;
    select undef, undef, undef, 0.1;
}
$other->submit('Verify code', 'Verification code' =>
               $s->mail->latest_code($to[0])->code);
$other->submit('Continue');
$other->click(app()) if $other->{page}->text =~ /Choose/;
$p = $s->enrol($other, $max);
like($p->text, qr/enter your new authentication details/, 'A4: set up anew');
is($b->get('/ess/')->status, 303, '... other sessions end');
logged_in($max);


# the line for all goes on for others

my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $m = logged_in($ann);
$p = settings($m);
unlike($p->text, qr/approve each change/, 'Y1: others change by themselves');
ok($p->form('Set up Email'), '... Set up');
$form = $p->form('Change ' . app());
$m->post('/mfa/security', { %{$form->{fields}}, do => 'request' });
like($m->follow->text, qr/no longer possible/, '... and have no request');

done_testing();
