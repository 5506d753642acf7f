# Tries that arrive together: a try is booked before it is looked at, so
# that none is free (H1, B5, B6, B11, B12, X63, X66, X69, X70, X75).

use MFA::Test;
use IO::Select;

my $s = mfa_server(workers => 2, time => 1, log => 'error', realm => {
    trusted_networks => '127.0.0.0/8', sessions_per_user => 50 });
my $ann = 'ann.employee@example.org';
my $me = $s->register($s->browser, 'max.manager@example.org');
my $label = 'Please enter verification code using your authentication app';

sub encoded {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

# the form of a button of a browser's page, as the bytes of a request

sub request_of {
    my ($b, $button, %typed) = @_;
    my $form = $b->{page}->form($button) // die "no $button";
    my %fields = (%{$form->{fields}}, %{$form->{buttons}{$button}}, %typed);
    my $body = join '&', map { "$_=" . encoded($fields{$_}) } sort keys %fields;
    my ($path) = $form->{action} =~ m{^(?:https?://[^/]+)?(.*)};

    return join "\r\n", "POST $path HTTP/1.1", "Host: 127.0.0.1:$s->{port}",
        "Origin: $s->{origin}", 'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Site: same-origin', 'Connection: close',
        'Cookie: ' . $b->cookie,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: ' . length $body, '', $body;
}

# all but the last byte of each, then all last bytes

sub race {
    my (@requests) = @_;
    my @sockets = map { $s->socket } @requests;
    my @answers;

    syswrite $sockets[$_], substr $requests[$_], 0, -1 for 0 .. $#requests;
    syswrite $sockets[$_], substr $requests[$_], -1 for 0 .. $#requests;

    for my $socket (@sockets) {
        my ($answer, $select) = ('', IO::Select->new($socket));

        while ($select->can_read(60)) {
            last unless sysread $socket, $answer, 65536, length $answer;
        }
        push @answers, $answer;
    }

    is((grep { $_ !~ m{^HTTP/1\.1 303} } @answers), 0, 'each is a redirect')
        or diag(join "\n", map { substr $_, 0, 15 } @answers);
    return @answers;
}


# wrong passwords for one person, then the wait holds for everybody

my @visitors = map { my $b = $s->browser; $b->get('/mfa/login'); $b } 1 .. 40;
my @answers = race(map { request_of($_, 'Login', email => $me->{email},
                                    password => 'wrong one') } @visitors);
my $looked_at = grep { m{^Location: \S*/mfa/login}m } @answers;
ok($looked_at <= 10, "H1: of 40 wrong passwords $looked_at were looked at");
ok($looked_at >= 5, 'and not fewer than are free');
is((grep { m{^Location: \S*/mfa/later}m } @answers), 40 - $looked_at,
   'the others were told to wait');


# wrong TOTP codes: five, from however many browsers (X66)

$s->advance('1d');
my @logged = map { my $b = $s->browser; $s->first_step($b, $me); $b } 1 .. 16;
race(map { request_of($logged[$_], 'Continue', code => sprintf '%06d', $_) }
     0 .. 15);
my $told = $logged[0]->submit('Continue', $label => '000017');
like($told->text, qr/Too many wrong codes/, 'X66: held after the burst');
$s->settle;
my $held = grep { $_->{text} =~ /somebody else knows your password/ }
           $s->mail->all($me->{email});
is($held, 1, 'B6: the owner is told once');

$s->advance('16m');
my $b = $s->browser;
$s->first_step($b, $me);
is($b->submit('Continue', $label => $s->code($me))->h1, 'application',
   'B6: one hold of 15 minutes, not several');


# a mailed code: five wrong ones, then the right one is no use (X69)

$s->advance('1d');
$b = $s->browser;
$b->get('/mfa/register');
$b->submit('Send verification code', 'Email address' => $ann);
my $code = $s->mail->latest_code($ann)->code;
@answers = race(map { request_of($b, 'Verify code',
    code => sprintf '%06d', ($code + $_) % 1_000_000) } 1 .. 20);
unlike($b->submit('Verify code', 'Verification code' => $code)->text,
       qr/Email address verified/, 'X69: the right one after the burst');


# X70: twenty asks for a new code: one message

$s->advance('31s');
$s->settle;
my $sent = $s->mail->count($ann);
race((request_of($b, 'Send new code')) x 20);
$s->settle;
is($s->mail->count($ann), $sent + 1, 'X70: one message');


# twenty registrations of one address at once: three messages at most (H9)

$s->advance('1d');
$sent = $s->mail->count('hana');
@visitors = map { my $b = $s->browser; $b->get('/mfa/register'); $b } 1 .. 20;
race(map { request_of($_, 'Send verification code',
                      email => 'hana.helpdesk@example.org') } @visitors);
$s->settle;
is($s->mail->count('hana') - $sent, 3, 'H9: three messages');


# X63, X75: the right code, the details and the enrolment, many times over

$s->advance('1d');
$s->mail->latest($ann, 0);              # the new code of before
$b = $s->browser;
$b->get('/mfa/register?to=/ess/');
$b->submit('Send verification code', 'Email address' => $ann);
$code = $s->mail->latest_code($ann)->code;
race((request_of($b, 'Verify code', code => $code)) x 16);
$b->follow($b->get($b->{page}{url}));
my $password = $s->first_password;
race((request_of($b, 'Continue', new_password => $password,
                 confirm_password => $password)) x 12);
$b->follow($b->get($b->{page}{url}));
is($b->{page}->h1, 'Secure your account', 'X75: one step on, not more');

my $secret = MFA::Journey::secret_of($b->{page});
@answers = race((request_of($b, 'Continue',
                            code => $s->totp($secret, $s->now))) x 16);
is((grep { /^Set-Cookie: mfa_session=[^;\s]/m } @answers), 1,
   'X63: the code of the enrolment begins one session');
$s->settle;
is($s->mail->count('ann.home@example.org'), 1, 'E7: and is told once');

done_testing();
