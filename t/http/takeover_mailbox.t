# Somebody reads all the mail of a person and has nothing else: with every
# button and link of the pages they never get a session, and the person's own
# way to verify stays (D4, P2, C5, C6, X83).

use MFA::Test;
use MFA::Takeover;

my $app = 'Authenticator app';


# A password first, as everybody would, then the request that is offered, and
# then whatever the walk comes to.

sub password_first {
    my ($w) = @_;

    $w->reset_password;
    ok($w->{has_password}, 'P1: the mailbox sets a password');
    like($w->log_in->h1, qr/[Vv]erify$/, 'C5 X82: and stands before the factor');

    my $b = $w->{journeys}[-1]{b};

    for my $link ('Reset device', 'Reset Multi-Factor Authentication') {
        next unless $b->{page}->links->{$link};
        $b->click($link);
        $w->{offered}{$link} = 1;
    }

    $b->submit('Submit reset request')
        if $b->{page}->form('Submit reset request');
    $w->log_in;
}


for my $way (qw(email approval off)) {
    my $s = takeover_server('totp sms', device_reset => $way);
    my $ann = victim($s, 'ann', $app);
    my $bob = victim($s, 'bob', $app, 'Text message');
    my $cleo = victim($s, 'cleo', $app);
    my $home = $s->browser;
    my $w;

    $s->advance('61s');
    $s->first_step($home, $cleo);
    $s->verify_by($home, $cleo, $app, 'Remember this device' => 1);
    ok(opens($s, $home), "$way: logged in, and remembered");

    $w = never($s, 'ann', $ann, "$way, app", \&password_first);
    is($w->{offered}{'Reset device'} // 0, $way eq 'email' ? 1 : 0,
       "D1 $way: Reset device is offered so");
    is(scalar(grep { /cancel/ } keys %{$w->{links}}) > 0, $way ne 'off',
       "D1 D4 $way: a request is offered so, and its letter has a link");
    is(($w->seen->{'Cancel reset request'} // 0) > 0, $way ne 'off',
       "A2 $way: the link of the letter was pressed");
    ok(!$w->seen->{'Secure your account'},
       "C7 $way: no enrolment is ever shown");
    is(told($s, 'ann', qr/password of your account was reset/), 2,
       "P2 $way: all addresses are told");
    ok((grep { $_ eq 'password.reset ok' } audit($s, 'ann')),
       "C5 $way: and the audit has it");

    never($s, 'bob', $bob, "$way, app and SMS", \&password_first);
    never($s, 'cleo', $cleo, "$way, app and remembered device");
    ok(!opens($s, $home), "P2 $way: the remembered browser is out as well");
}

done_testing();
