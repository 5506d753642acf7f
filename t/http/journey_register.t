# Registration from the first page to the application, as a person reads it:
# R1, R2, R4 to R7.

use MFA::Test;

my $s = mfa_server();
my $ann = 'ann.employee@example.org';
my $password = $s->first_password;
my $b = $s->browser;
my $app_code = 'Please enter verification code using your authentication app';
my $p;


# R1

$p = $b->follow($b->get('/ess/holiday?year=2026&x=a%2Fb'));
is($p->h1, 'Login', 'R1: Login');
like($p->text, qr/Don't have an account\? Register/, 'R1: with the question');

$p = $b->click('Register');
is($p->h1, 'Register', 'R1: Register');
like($p->text, qr/Please verify your email address\./, 'R1: its text');
like($p->text, qr/You are signing in to Employee Self Service/,
     'it says for which application');
like($p->text, qr/Human Resources.*01632 960000.*hr\@example\.org/,
     'and who helps');

for my $bad ('', 'ann', 'ann@', 'ann@example.org,max@example.org') {
    $p = $b->submit('Send verification code', 'Email address' => $bad);
    like($p->title, qr/^Error: /, "\"$bad\": the title begins with Error");
    is($p->form('Send verification code')->{fields}{email}, $bad,
       'what was typed is kept');
}

is($s->mail->count, 0, 'and nothing was sent');


# R2

$p = $b->submit('Send verification code', 'Email address' => uc $ann);
is($p->h1, 'Register', 'R2: Register');
like($p->text, qr/Verification code has been sent to your inbox\. Please (?#
                  )enter code below/, 'R2: its text');
like($p->text, qr/\Q$ann\E/, 'R2: the address');
like($p->text, qr/no-reply\@example\.org/, "R2: the sender's address");
like($p->text, qr/10 minutes.*junk folder.*Human Resources/,
     'R2: where to look for it');
ok($p->form($_), "R2: the button $_")
    for 'Verify code', 'Send new code', 'Change email';

my $mail = $s->mail->latest($ann);
ok($mail, 'R3: a message came') or BAIL_OUT($s->log);
my ($reference) = $p->text =~ /Reference in the message ?([A-Z]{4,8})\b/;
like($mail->{text}, qr/\b$reference\b/, 'R3: with the reference of the page');
unlike($mail->{subject}, qr/\d{6}/, 'I3: no code in its subject');
unlike($mail->{raw}, qr{https?://(?!chat\.example\.org)[^\s"]*(?:code|flow)=},
       'I3: no link that acts');

$p = $b->submit('Verify code', 'Verification code' => '12345');
like($p->title, qr/^Error: /, 'a wrong entry');
like($p->text, qr/Invalid verification code\./, 'said in words');
is($p->form('Verify code')->{fields}{code}, '', 'a code is not kept');

$p = $b->submit('Change email');
is($p->form('Send verification code')->{fields}{email}, $ann,
   'R2: Change email leads back, with the address');
$b->submit('Send verification code', 'Email address' => $ann);
$mail = $s->mail->latest($ann);


# R4

my $spaced = join ' ', $mail->code =~ /(\d{3})(\d{3})/;
$p = $b->submit('Verify code', 'Verification code' => " $spaced ");
like($p->text, qr/Email address verified\. You can now continue\./,
     'R4: the right code, with a space in it');

my $form = $p->form('Continue');
is($form->{fields}{first_name}, 'Ann', 'R4: the first name of the roster');
is($form->{fields}{surname}, 'Employee', 'R4: the surname');
like($p->text, qr/At least 12 characters/, 'R4: the rule is shown before');
ok($p->form('Change email'), 'R4: the button Change email');

for ([$password, 'another thing 4711 stapled', qr/not the same/],
     ['short', 'short', qr/12 characters|too short/i],
     ['ann.employee', 'ann.employee', qr/name or address that others know/],
     ['unbelievable', 'unbelievable', qr/common|guess/i])
{
    my ($new, $again, $why) = @$_;

    $p = $b->submit('Continue', 'New password' => $new,
        'Confirm new password' => $again, 'First name' => 'Anne');
    like($p->title, qr/^Error: /, "R4, A4: \"$new\" with \"$again\"");
    my ($summary) = $p->body =~ m{role="alert".*?<ul>(.*?)</ul>}s;
    like($summary, $why, 'refused with the reason');
    $form = $p->form('Continue');
    is($form->{fields}{first_name}, 'Anne', 'the name typed is kept');
    is($form->{fields}{new_password}, '', 'the password is not');
}

$p = $b->submit('Continue', 'New password' => $password,
    'Confirm new password' => $password, 'First name' => '');
like($p->title, qr/^Error: /, 'R4: a name is needed');

$p = $b->submit('Continue', 'New password' => $password,
    'Confirm new password' => $password, 'First name' => 'Anne-Zoë');


# R6, E1, E2

is($p->h1, 'Secure your account', 'R6: Secure your account');
like($p->text, qr/Ensure you're the only one who can access your account\./,
     'E1: its text');
like($p->body, qr/<svg\b/, 'E1: a picture in the page');
my $secret = MFA::Journey::secret_of($p);
is(length $secret, 32, 'B1: 160 bits');
like($p->text, qr/(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/,
     'E2: as text in groups of four');
is(MFA::Journey::secret_of($b->get($p->{url})), $secret,
   'C4: the same after refresh');

$p = $b->submit('Continue', $app_code => '000000');
like($p->text, qr/Invalid verification code\..*Codes change every 30 seconds/,
     'a wrong code, and what to check');
is(MFA::Journey::secret_of($p), $secret, 'C4: the same after a wrong code');


# R6: leaving is no loss; the password is enough in this browser

my $later = $s->browser;
$later->{jar} = $b->{jar};
$p = $later->follow($later->get('/ess/holiday?year=2026&x=a%2Fb'));
is($p->h1, 'Login', 'R6: not logged in without a factor');
$p = $later->submit('Login', 'Email address' => $ann, Password => $password);
is($p->h1, 'Secure your account', 'R6: password, and back to it');

my $me = { email => $ann, password => $password };
$p = $s->enrol($later, $me);


# R7

is($p->h1, 'Register', 'R7: the end page');
like($p->text, qr/Thank you for registering for multi-factor (?#
     )authentication\. Press Continue to log in to Employee Self Service\./,
     'R7: its text');
like($p->text, qr/asked for a code .* at each login/, 'R7: from now on');
$p = $later->submit('Continue');
is($p->{url}, "$s->{origin}/ess/holiday?year=2026&x=a%2Fb",
   'R7: where the person first wanted to go');
is($p->h1, 'application', 'logged in');

my ($name) = MFA::Upstream::values_of($s->app->last, 'Remote-Name');
like($name, qr/^Anne-Zo/, 'the name that was typed is the name');
is($s->mail->wait_for(1, 'ann.home@example.org') > 0, 1,
   'E7: her other address is told');


# R5

$b = $s->browser;
$b->get('/mfa/register');
$b->submit('Send verification code', 'Email address' => $ann);
$mail = $s->mail->latest_code($ann);
$p = $b->submit('Verify code', 'Verification code' => $mail->code);
like($p->text, qr/The specified user already exists\./, 'R5: exists');
like($p->text, qr/One registration serves all applications/, 'R5: for all');
ok($p->links->{$_}, "R5: link $_") for 'Login', 'Forgotten password?';
is($b->follow($b->get('/ess/'))->h1, 'Login', 'R5: nobody is logged in');

done_testing();
