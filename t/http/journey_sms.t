# Codes by text message and by call: a number as people type it, the message,
# a new code, the limits of its life (E4, E6, L3, B10, B12, B17, H8).

use MFA::Test;

my $s = mfa_server(time => 1, factors => 'totp sms voice',
                   realm => { trusted_networks => '127.0.0.0/8',
                              sms_countries => 'GB IE' });
my $ann = { email => 'ann.employee@example.org',
            password => MFA::Journey::first_password() };
my ($p, $m, $old);


# the page of the code, once it says that it was handed over; its life begins
# then

sub handed {
    my ($b) = @_;

    for (1 .. 600) {
        last if $b->follow($b->get($b->{page}{url}))->text =~ /Handed to/;
        select undef, undef, undef, 0.1;
    }

    return $b->{page};
}


# up to the page where a method is chosen

sub up_to_secure {
    my ($b, $email) = @_;

    $b->follow($b->get('/ess/pay?m=1'));
    $b->click('Register');
    $b->submit('Send verification code', 'Email address' => $email);
    $b->submit('Verify code', 'Verification code' =>
               $s->mail->latest_code($email)->code);
    return $b->submit('Continue', 'New password' => $ann->{password},
                      'Confirm new password' => $ann->{password});
}


# E6, E4

my $b = $s->browser;
$p = up_to_secure($b, $ann->{email});
is($p->h1, 'Secure your account', 'E6: Secure your account');
my @order = $p->text =~ /(Authenticator app|Text message|Voice call)/g;
is_deeply([@order[0 .. 2]],
          ['Authenticator app', 'Text message', 'Voice call'],
          'E6, B17: the methods, the app first');
unlike($p->text, qr/\bEmail\b.*address.*choose/, 'E6: and no other');

$s->go($b, 'Authenticator app');
my $other = "If you don't own a smart device, click here to set up using SMS";
ok($b->{page}->links->{$other}, 'E4: the link on the page of the app')
    or diag(join "\n", keys %{$b->{page}->links});
$p = $b->click($other);
is($p->h1, 'Verify', 'E4: page Verify');
like($p->body, qr/<option[^>]*selected[^>]*>\s*United Kingdom \(\+44\)/,
     'E4: the default country is chosen');
unlike($p->body, qr/Germany/, 'H8: only allowed countries are listed');
ok($p->form('Send code'), 'E4: Send code');


# H8: what is no number to send to

for (['', 'nothing'], ['12', 'too short'], ['07700 900 12x', 'a letter'],
     ['09098 790000', 'premium'], ['+49 30 23125 000', 'another country'],
     ['07700 900123456789', 'too long'], ['+44 7700 900123; rm', 'more'])
{
    my ($typed, $name) = @$_;

    $p = $b->submit('Send code', 'Phone number' => $typed);
    like($p->title, qr/^Error: /, "H8: $name is refused");
    is($p->form('Send code') && $p->form('Send code')->{fields}{phone}
       // $p->form('Send code')->{fields}{number}, $typed,
       '... and what was typed is kept');
}
is($s->texts->count, 0, 'H8: nothing was sent');


# numbers as people type them

$p = $b->submit('Send code', 'Phone number' => '(07700) 900-123');
is($p->h1, 'Verify', 'E4: the page of the code');
like($p->text, qr/Verification code sent to: XXX-XXX-00123/,
     'E4: the last five digits');
unlike($p->body, qr/7700.?900/, 'E4: and no more of the number');
like($p->text, qr/Enter your verification code below, or send a new code/,
     'E4: what to do');
like($p->text, qr/I did not get a text message.*ending 00123/s,
     'E4: help');

$m = $s->texts->latest_code('+447700900123');
ok($m, 'E4: it went to the number in international form')
    or BAIL_OUT($s->log);
my $host = '127.0.0.1';
like($m->{text}, qr/\n\@\Q$host\E #@{[ $m->code ]}\s*\z/,
     'E4: the last line binds the code to our host');
like($m->{text}, qr/Example Council/, 'it says who sent it');
cmp_ok(length $m->{text}, '<=', 160, 'and fits into one message');
$p = handed($b);
like($p->text, qr/Handed to the provider (?:\d+ seconds?|a moment) ago/,
     'delivery: the page says what became of it');


# E4: call me instead, once the first code had its time

ok(MFA::Journey::is_there($b, 'Call me instead'), 'E4: Call me instead')
    and do {
        $s->advance('31s');
        $s->go($b, 'Call me instead');
        $s->go($b, 'Call me') if $b->{page}->form('Call me');
    };


# B12: a new code kills the old one

$b = $s->browser;
$ann->{number} = '+447700900123';
$s->first_step($b, $ann);
if ($b->{page}->h1 eq 'Verify your email address') {
    $b->submit('Verify code', 'Verification code' =>
               $s->mail->latest_code($ann->{email})->code);
}
$s->advance('10m');
$s->go($b, 'Text message') if MFA::Journey::is_there($b, 'Text message');
$p = $b->submit('Send code', 'Phone number' => '00 44 (0) 7700 900123');
$old = $s->texts->latest_code('+447700900123')->code;
$p = $b->submit('Send new code');
like($p->text, qr/a moment ago/, 'B12: not twice within 30 seconds');
$s->advance('31s');
$p = $b->submit('Send new code');
my $new = $s->texts->latest_code('+447700900123')->code;
isnt($new, $old, 'B12: a new code');
$p = $b->submit('Verify code', 'Verification code' => $old);
like($p->text, qr/earlier message|newer code/i,
     'B12: the old one is told from a wrong one');
$p = $b->submit('Verify code', 'Verification code' => '000000');
like($p->text, qr/Invalid verification code/, 'a wrong one');
$p = $b->submit('Verify code', 'Verification code' =>
                join ' ', $new =~ /(...)(...)/);
unlike($p->title, qr/^Error/, 'B12: the new one counts, with a space in it');
$p = $s->finish($b);
is($p->h1, 'application', 'and leads on');
cmp_ok($s->mail->wait_for(1, 'ann.home@example.org'), '>=', 1,
       'E7: the other address is told');
like($s->mail->latest('ann.home@example.org')->{text}, qr/Text message/,
     'E7: of what');
is($s->json('user', 'show', 'ann')->{factors}[0]{destination},
   'XXX-XXX-00123', 'M4: mfactl shows no more of the number');


# L3: log in

$s->advance('10m');
$b = $s->browser;
$p = $s->first_step($b, $ann, to => '/ess/y');
is($p->h1, 'Verify', 'L3: Verify');
like($p->text, qr/XXX-XXX-00123/, 'L3: the number, masked');
unlike($p->text, qr/authentication app/, 'L3: nothing about an app');
$old = $s->texts->count;
select undef, undef, undef, 0.5;
is($s->texts->count, $old, 'L3: nothing is sent before it is asked for');
$p = $b->submit('Send code');
my $code = $s->sent_code($ann, 'Text message');
is($b->clone->get('/ess/')->status, 303, 'D3: not logged in by asking');
$p = $b->submit('Verify code', 'Verification code' => $code);
is($p->{url}, "$s->{origin}/ess/y", 'L3: at the page asked for');

my $twin = $s->browser;
$s->first_step($twin, $ann);
$twin->submit('Send code');
$s->sent_code($ann, 'Text message');
$p = $twin->submit('Verify code', 'Verification code' => $code);
like($p->text, qr/Invalid|earlier|newer/, 'B9: a code is for one journey');


# B10, X74: five minutes from the provider's yes

for (['4m', 'application', 'in time'], ['5m10s', 'Verify', 'too late']) {
    my ($wait, $h1, $name) = @$_;

    $s->advance('1h');
    $b = $s->browser;
    $s->first_step($b, $ann);
    $b->submit('Send code');
    $code = $s->sent_code($ann, 'Text message');
    handed($b);
    $s->advance($wait);
    $p = $b->submit('Verify code', 'Verification code' => $code);
    is($p->h1, $h1, "X74: a code after $wait: $name");
}
like($p->text, qr/expired/, 'X74: it says why');


# by call

$b = $s->browser;
my $max = $s->register($b, 'max.manager@example.org', method => 'Voice call',
                       number => '07700 900 456');
is($max->{page}->h1, 'application', 'E6: a call instead');
my ($call) = reverse $s->calls->all('+447700900456');
ok($call, 'the number was called');
is($s->texts->count('+447700900456'), 0, 'and got no text message');
$s->advance('10m');
$b = $s->browser;
$p = $s->first_step($b, $max);
ok($p->form('Call me'), 'L3: Call me');
is($s->verify_by($b, $max, 'Voice call')->h1, 'application',
   'L3: a login by call');

unlike($s->log, qr/7700.?900/, 'N2: no number in the log');

done_testing();
