# People who have a password already: imported with its hash, or invited
# (R9, C3, X81, A5).

use MFA::Test;

my $carl = { email => 'carl@example.org', password => 'horse battery 1' };
my $old = crypt($carl->{password}, '$6$rounds=5000$saltsaltsalt$');

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8' },
    people => [{ email => $carl->{email}, user => 'carl',
                 first_name => 'Carl', surname => 'Old',
                 other_email => 'carl.home@example.org',
                 password_hash => $old },
               { email => 'ida@example.org', user => 'ida',
                 first_name => 'Ida', surname => 'Invited' }]);

my $b = $s->browser;
my $p = $s->first_step($b, $carl, to => '/ess/pay?month=1');
my $app_code = 'Please enter verification code using your authentication app';

is($p->h1, 'Verify your email address',
   'R9, C3: the old password is right, then a mailed code is asked for');
unlike($p->body, qr/otpauth|<svg/, 'X81: no secret is shown before it');
is($b->follow($b->clone->get('/ess/'))->h1, 'Login', 'not logged in');

my ($path) = $p->{url} =~ m{(/mfa/.*)};
(my $secure = $path) =~ s{/prove\?}{/secure?};
unlike($b->follow($b->get($secure))->body, qr/otpauth|<svg/,
       'X81: nor at its own address');

$b->get($path);
my $mail = $s->mail->latest_code($carl->{email});
like($mail->{text}, qr/\d{6}/, 'the code came') or BAIL_OUT($s->log);
$p = $b->submit('Verify code', 'Verification code' => $mail->code);
is($p->h1, 'Secure your account', 'R9: then a factor');
$p = $s->enrol($b, $carl);
like($p->text, qr/Thank you for registering for multi-factor authentication/,
     "R9: R7's end page");
$p = $b->submit('Continue');
is($p->{url}, "$s->{origin}/ess/pay?month=1", 'and the page asked for');

$s->advance('31s');
is($s->login($s->browser, $carl)->h1, 'application', 'the password goes on');


# A5: the old hash is gone from the store

my $bytes = '';
for my $file (glob "$s->{dir}/store/*") {
    open my $fh, '<:raw', $file or next;
    local $/;
    $bytes .= <$fh>;
}
like($bytes, qr/argon2id/, 'A5: there is an argon2id hash now')
    or diag('no argon2id text in the store');

my $wrong = { %$carl, password => 'horse battery 2' };
is($s->first_step($s->browser, $wrong)->h1, 'Login', 'another one is wrong');

# an account with an imported password cannot be taken by registering

my $eve = $s->browser;
$eve->get('/mfa/register');
$eve->submit('Send verification code', 'Email address' => $carl->{email});
$mail = $s->mail->latest_code($carl->{email});
like($eve->submit('Verify code', 'Verification code' => $mail->code)->text,
     qr/already exists/, 'R5: it exists');


# R9: invited

my ($code, $said) = $s->ctl('user', 'invite', 'ida@example.org');
is($code, 0, 'mfactl user invite') or diag($said);
$mail = $s->mail->latest('ida@example.org');
ok($mail, 'R9: an invitation came');
like($mail ? $mail->{text} : '', qr/\Q$s->{origin}\E/,
     'it names our address, of the configuration');
my $ida = $s->register($s->browser, 'ida@example.org');
is($ida->{page}->h1, 'application', 'R9: who is invited registers');

done_testing();
