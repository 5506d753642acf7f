# Several methods: choosing at enrolment and at login, another way, two
# demanded, codes by e-mail (E3, E5, E6, L3, L4, B9, B16, B17).

use MFA::Test;

my $s = mfa_server(time => 1, factors => 'totp sms voice email',
                   realm => { trusted_networks => '127.0.0.0/8' });
my @labels = ('Authenticator app', 'Text message', 'Voice call', 'Email');
my ($b, $p);


# adds a method under Security settings, in a browser that is logged in

sub add {
    my ($b, $me, $method, %is) = @_;

    $b->follow($b->get('/mfa/security'));
    $b->submit("Set up $method");
    $s->prove($b, $me);
    return $s->enrol_by($b, $me, $method, %is);
}


# L4: the person's own methods, as they are listed

sub listed {
    my ($page) = @_;
    my %own = map { $_ => 1 } @labels;

    return [grep { $own{$_} } $page->body =~ m{<a\b[^>]*>([^<]*)</a>}g];
}


# E6

my $ann = { email => 'ann.employee@example.org',
            password => MFA::Journey::first_password() };
$b = $s->browser;
$b->follow($b->get('/ess/'));
$b->click('Register');
$b->submit('Send verification code', 'Email address' => $ann->{email});
$b->submit('Verify code', 'Verification code' =>
           $s->mail->latest_code($ann->{email})->code);
$p = $b->submit('Continue', 'New password' => $ann->{password},
                'Confirm new password' => $ann->{password});
is($p->h1, 'Secure your account', 'E6: first a choice');
is_deeply(listed($p), \@labels, 'E6: among the methods, in their order');

$b->click('Text message');
$p = $b->click('Choose another method');
is($p->h1, 'Secure your account', 'E6: and back');


# E5: two addresses, partly masked

$p = $b->click('Email');
unlike($p->body, qr/ann\.(?:employee|home)\@/, 'E5: addresses are masked');
my @choices = $p->body =~ m{<input[^>]*type="radio"[^>]*value="([^"]*)"}g;
is(scalar @choices, 2, 'E5: both addresses to choose from') or diag($p->body);
like($p->text, qr/manager|Human Resources/, 'E5: whom to ask if it is wrong');
my ($field) = $p->body =~ m{<input[^>]*type="radio"[^>]*name="([^"]*)"};
($field) = $p->body =~ m{name="([^"]*)"[^>]*type="radio"} unless $field;
$s->advance('31s');
$p = $b->submit('Send code', $field => $choices[1]);
like($p->text, qr/sent to: a\S*\@example\.org/, 'E5: sent, still masked');
my $home = $s->mail->latest_code('ann.home@example.org');
ok($home, 'E5: to the one that was chosen') or BAIL_OUT($s->log);
$p = $b->submit('Verify code', 'Verification code' => $home->code);
like($p->text, qr/Thank you for registering/, 'R7: the end page');
is($s->finish($b)->h1, 'application', 'and the application');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Remote-User')], ['ann'],
          'as herself');
$ann->{factor_email} = 'ann.home@example.org';

# B16: what was proved is said

is($s->json('session', 'list', 'ann')->[0]{amr}, 'pwd email mfa',
   'B16: the session says that it was e-mail');


# L3: log in by e-mail

$s->advance('10m');
$b = $s->browser;
$p = $s->first_step($b, $ann);
is($p->h1, 'Verify', 'L3: one method: Verify');
unlike($p->text, qr/Try another way/, 'L4: no other way is offered');
is($s->verify_by($b, $ann, 'Email')->h1, 'application', 'L3: by e-mail');


# more methods; each is told to all (E7)

$p = add($b, { %$ann, method => 'Email' }, 'Text message',
         number => '07700 900 200');
is($p->h1, 'Security settings', 'S1: set up, and back at the settings');
$ann->{number} = '+447700900200';
my $with_app = { %$ann, method => 'Email' };
$p = add($b, $with_app, 'Authenticator app');
$ann->{$_} = $with_app->{$_} for qw(secret last_step);
is(scalar @{$s->json('user', 'show', 'ann')->{factors}}, 3, 'three methods');


# L4: choose, last used first

$s->advance('10m');
$b = $s->browser;
$p = $s->first_step($b, $ann, to => '/ess/z');
is($p->h1, 'Choose how to verify', 'L4: several methods: a choice');
is_deeply([sort @{listed($p)}],
          [sort 'Authenticator app', 'Text message', 'Email'],
          'L4: exactly her own');
$p = $s->verify_by($b, $ann, 'Text message');
is($p->{url}, "$s->{origin}/ess/z", 'L4: by text message');

$s->advance('10m');
$b = $s->browser;
$p = $s->first_step($b, $ann);
is(listed($p)->[0], 'Text message', 'L4: the last used comes first');

$b->click('Text message');
my $texts = $s->texts->count;
$b->submit('Send code');
my $code = $s->sent_code($ann, 'Text message');
$p = $b->click('Try another way');
is($p->h1, 'Choose how to verify', 'L4: Try another way');
$b->click('Email');
$b->submit('Send code');
$s->sent_code($ann, 'Email');
$p = $b->submit('Verify code', 'Verification code' => $code);
like($p->text, qr/Invalid verification code/,
     'B9: a code is for its own method');
$p = $b->click('Try another way');
is($s->verify_by($b, $ann, 'Authenticator app')->h1, 'application',
   'L4: the app after all');

# back, refresh, another page's address

$s->advance('10m');
$b = $s->browser;
$s->first_step($b, $ann);
my ($flow) = $b->{page}{url} =~ /(flow=\w+)/;
is($b->follow($b->get("/mfa/verify/voice?$flow"))->status, 404,
   'a method she does not have');
isnt($b->follow($b->get("/mfa/verify/pigeon?$flow"))->status, 500,
     'or that nobody has');
$p = $b->follow($b->get("/mfa/verify?$flow"));
is($p->h1, 'Choose how to verify', 'the short address leads to the choice');
$p = $b->follow($b->get("/mfa/secure/sms?$flow"));
is($p->h1, 'Choose how to verify', 'C12: nothing is set up from here');


# two demanded

$s->stop;
$s = mfa_server(time => 1, factors => 'totp sms email',
                realm => { trusted_networks => '127.0.0.0/8',
                           second_factor => 'required methods=2' });
$b = $s->browser;
my $max = { email => 'max.manager@example.org',
            password => MFA::Journey::first_password() };
$b->follow($b->get('/mss/'));
$b->click('Register');
$b->submit('Send verification code', 'Email address' => $max->{email});
$b->submit('Verify code', 'Verification code' =>
           $s->mail->latest_code($max->{email})->code);
$b->submit('Continue', 'New password' => $max->{password},
           'Confirm new password' => $max->{password});
$p = $s->enrol_by($b, $max, 'Text message', number => '07700 900 300');
is($p->h1, 'Secure your account', 'E6: a second method is asked for');
like($p->text, qr/one more/, 'E6: and why');
my $twin = $b->clone;
is($twin->follow($twin->get('/mss/'))->h1, 'Login',
   'E6: with one alone nothing opens');
$s->go($b, 'Authenticator app')
    if MFA::Journey::is_there($b, 'Authenticator app');
$p = $s->enrol($b, $max);
like($p->text, qr/Thank you for registering/, 'E6: then the end page');
is($s->finish($b)->h1, 'application', 'and the application');

done_testing();
