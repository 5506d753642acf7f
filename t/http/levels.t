# What a location wants of a session, and the way there: login by password
# alone, the step-up, the pages of a session that is only half of one (Y3).

use MFA::Test;

my $code_label = 'Please enter verification code using your authentication'
    . ' app';

my $s = mfa_server(time => 1, workers => 2,
    realm => { trusted_networks => '127.0.0.0/8', remember_device => '30d',
               limit => 'login_person 1000/1h 1000/1d',
               helpdesk_group => 'helpdesk' },
    locations => <<'END');
        location /mfa/   { mfa_portal; }
        location /ess/   { proxy_pass http://app;
                           proxy_set_header X-Amr $mfa_amr; }
        location /mss/   { mfa_allow group=managers; proxy_pass http://app; }
        location /open/  { mfa_level open; proxy_pass http://app;
                           proxy_set_header X-Amr $mfa_amr; }
        location /one/   { mfa_level one; proxy_pass http://app;
                           proxy_set_header X-Amr $mfa_amr; }
        location /two/   { mfa_level two; proxy_pass http://app; }
        location /fresh/ { mfa_level fresh=10m; proxy_pass http://app;
                           proxy_set_header X-Amr $mfa_amr; }

        # inherited, replaced, and inherited again
        location /in/ {
            mfa_allow group=managers;
            proxy_pass http://app;
            location /in/open/ { mfa_level open; proxy_pass http://app;
                location /in/open/two/ { mfa_level two;
                                         proxy_pass http://app; } }
            location /in/one/ { mfa_level one; proxy_pass http://app; }
        }

        # redirects inside nginx are judged where they end
        location /hop/open/ { mfa_level open; rewrite ^ /fresh/hop last; }
        location /hop/err/  { mfa_level open; error_page 404 /fresh/err;
                              alias %%DIR%%/none/; }
        location /hop/try/  { mfa_level open; root %%DIR%%/none;
                              try_files $uri /fresh/try; }
        location /hop/out/  { mfa_level fresh=10m; rewrite ^ /open/out last; }
        location /ssi/      { mfa off; ssi on; alias %%DIR%%/ssi/; }
END

my $app = $s->app;

mkdir "$s->{dir}/ssi", 0755 or die;
open my $fh, '>', "$s->{dir}/ssi/fresh.html" or die;
print $fh '[<!--#include virtual="/fresh/part" -->]';
close $fh;

sub value { return (MFA::Upstream::values_of($app->last, $_[0]))[0] // '' }

sub by_password {
    my ($me, %is) = @_;
    my $x = $s->browser;

    $s->first_step($x, $me, to => $is{to} // '/one/page?a=1');
    return $x;
}

sub logins { return scalar @{$s->json('session', 'list', $_[0])} }

my $first = $s->browser;
my $ann = $s->register($first, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');
my $hana = $s->register($s->browser, 'hana.helpdesk@example.org');
my ($b, $p);


# open: nobody has to log in, and who has is known

$p = $s->browser->get('/open/x');
is($p->status, 200, 'Y3: open: a stranger gets in');
is(value('Remote-User'), '', 'U1: nobody is named');
is($s->browser->request('GET', '/open/x', { 'Remote-User' => 'max',
       'Remote_User' => 'max' })->status, 200, 'with a forged name');
is(join(',', MFA::Upstream::values_of($app->last, 'Remote-User')), '',
   'U1: which is gone');
$first->get('/open/x');
is(value('Remote-User'), 'ann', 'Y3: open: somebody with a session is named');
like(value('X-Amr'), qr/\bmfa\b/, 'with what they proved');


# one: the login ends after the password

$p = $s->browser->get('/one/page?a=1');
is($p->location, '/mfa/login?to=/one/page%3Fa%3D1&level=one',
   'Y3: one: Login knows that no more is needed');
$b = $s->browser;
$b->follow($b->get('/one/page?a=1'));
$p = $b->submit('Login', 'Email address' => $ann->{email}, Password => 'x');
is($p->h1, 'Login', 'a wrong password');
$p = $b->submit('Login', 'Email address' => $ann->{email},
                Password => $ann->{password});
is($p->{url}, "$s->{origin}/one/page?a=1",
   'Y3: one: then the right one: no more is asked');
is(value('Remote-User'), 'ann', 'U1: the person is named');
is(value('X-Amr'), 'pwd', 'and the session says what was proved');


# the same session elsewhere

is($b->get('/open/x')->status, 200, 'half a session: open');
is(value('X-Amr'), 'pwd', '... and says so');
$app->forget;
is($b->get("/$_/p?q=1&r=2")->location,
   "/mfa/step-up?to=/$_/p%3Fq%3D1%26r%3D2", "Y3: $_: the step-up")
    for qw(ess two fresh);
is($b->get('/mss/')->location, '/mfa/step-up?to=/mss/',
   'Y3: first the code, then the rules');
is($b->request('POST', '/fresh/x', { Accept => 'text/html',
       'Sec-Fetch-Mode' => 'navigate' }, 'a=b')->location,
   '/mfa/step-up?to=/fresh/x', 'a form');
is($b->request('HEAD', '/ess/x', { Accept => 'text/html' })->location,
   '/mfa/step-up?to=/ess/x', 'a HEAD');

$p = $b->api('/ess/x');
is($p->status, 401, 'L12: a call');
is($p->header('WWW-Authenticate'),
   'MFA-Session error="insufficient_user_authentication"', 'RFC 9470: why');
is_deeply(JSON::PP::decode_json($p->body), { error => 'step_up_required',
    login => "$s->{origin}/mfa/step-up" }, 'and where to go');
is($b->api('/fresh/x')->header('WWW-Authenticate'),
   'MFA-Session error="insufficient_user_authentication", max_age=600',
   'RFC 9470: the age that is allowed, in seconds');
is($s->browser->api('/fresh/x')->header('WWW-Authenticate'), 'MFA-Session',
   'nobody: a login is missing');
unlike($b->api('/ssi/fresh.html')->body, qr/<h1>application/,
       'F3: a part of a page is left out');
is($b->get('/hop/open/')->location, '/mfa/step-up?to=/hop/open/',
   'a rewrite is judged where it ends');
is($b->get('/hop/err/x')->location, '/mfa/step-up?to=/hop/err/x',
   'error_page too');
is($b->get('/hop/try/x')->location, '/mfa/step-up?to=/hop/try/x',
   'try_files too');
is($app->hits, 0, 'no application was asked');
is($b->get('/hop/out/')->status, 200, 'into an open location');


# rules under levels

is($b->api('/in/open/x')->status, 200, 'rules do not shut an open location');
is($b->api('/in/one/x')->status, 403, 'one: they hold');
is($first->api('/in/open/two/x')->status, 403,
   'F6: and hold again in a location below the open one');
is($first->api('/in/x')->status, 403, '... as outside it');


# attacks: what half a session must not do in the portal

my $half = by_password($ann);
my $settings = $first->follow($first->get('/mfa/security'));
is($settings->h1, 'Security settings', 'a full session sees its settings');

is($half->get('/mfa/security')->location,
   '/mfa/step-up?to=/mfa/security', 'Y3: half a session does not');

like($half->follow->text, qr/Before your security settings are changed/,
     'and is told why');

# the forms of a full session, with the tokens of this browser

my $token = do { $half->get('/mfa/logout'); $half->{page}->form('Log out')
                 ->{fields}{token} };
my $before = logins('ann');

for my $do (qw(add change remove password recovery request end-request end
               end-others forget)) {
    for my $subject ('', 'totp', 'sms') {
        $p = $half->post('/mfa/security', { token => $token, do => $do,
                         subject => $subject, ref => 'x' });
        is($p->status, 303, "attack: $do $subject");
        is($p->location, '/mfa/step-up?to=/mfa/security',
           '... leads to the step-up and does nothing');
    }
}

is(logins('ann'), $before, 'attack: no session was ended');

for my $page (qw(security/password security/remove secure recovery-codes
                 recovery-codes/text reset-request device-reset verify
                 register/done)) {
    $p = $half->follow($half->get("/mfa/$page"));
    unlike($p->text, qr/New password|recovery code \d|secret/i,
           "attack: $page shows nothing");
    isnt($p->status, 500, '... and is a normal page');
}

# a journey of the settings, begun in full, in the same browser by half

my $shared = $s->browser;
$s->login($shared, $ann);
$shared->get('/mfa/security');
$p = $shared->submit('Make new recovery codes')
    if $shared->{page}->form('Make new recovery codes');
$p = $shared->{page};
SKIP: {
    skip 'no recovery codes in this realm', 2 unless $p->{url} =~ /flow=/;

    my ($codes) = $p->{url} =~ m{(/mfa/[^/].*)};
    my ($shown) = $p->text =~ /((?:[a-z0-9]{4}-){3}[a-z0-9]{4})/i;

    ok($shown, 'the codes are shown once') or diag($p->text);
    delete $shared->{jar}{$_} for grep { /session/ } keys %{$shared->{jar}};
    $s->first_step($shared, $ann, to => '/one/');
    $p = $shared->follow($shared->get($codes));
    $shown //= 'none';
    unlike($p->text, qr/\Q$shown\E/,
           'attack: half a session does not see them again');
}

# staff

my $staff = by_password($hana);
for my $page (qw(people requests team)) {
    $p = $staff->follow($staff->get("/mfa/$page"));
    unlike($p->text, qr/ann\.employee|max\.manager/,
           "attack: $page shows nobody to half a session");
    $p = $staff->post("/mfa/$page", { token => $token, do => 'lock' });
    isnt($p->status, 200, 'and takes no form');
}
$p = $staff->follow($staff->get('/mfa/'));
is($p->h1, 'Your applications', 'half a session sees where it is');
unlike($p->text, qr/waiting|recovery codes/i, 'and nothing of what waits');

# logout works

$p = $s->logout($half);
is($p->h1, 'You have logged out', 'L10: half a session logs out');
is($half->api('/one/x')->status, 401, 'and is gone');


# the step-up: the code alone, and on to the page

$b = by_password($ann);
my $old = $b->cookie;
$p = $b->follow($b->get('/ess/page?q=1&r=2'));
is($p->h1, 'Verify', 'Y3: the step-up asks for the code');
is($p->form('Continue')->{labels}{Password}, undef, 'alone');
like($p->text, qr/This part asks for more than your login so far/,
     'and says why');
$p = $b->submit('Continue', $code_label => '000000');
like($p->text, qr/Invalid verification code/, 'a wrong one');
$p = $b->submit('Continue', $code_label => $s->code($ann));
is($p->{url}, "$s->{origin}/ess/page?q=1&r=2",
   'Y3: the right one leads to the page asked for, query included');
is(value('X-Amr'), 'pwd otp mfa', 'and the session says so');
is($s->browser->request('GET', '/one/x', { Cookie => $old,
       Accept => 'application/json' })->status, 401,
   'D3: the session before it is gone');
is($b->get('/one/x')->status, 200, 'the new one is good for less too');
$p = $b->follow($b->get('/mfa/security'));
is($p->h1, 'Security settings', 'and for the settings');


# fresh

is($b->get('/fresh/x')->status, 200, 'Y3: fresh: just proved');
$s->advance('9m');
is($b->get('/fresh/x')->status, 200, 'nine minutes later');
$s->advance('2m');
is($b->get('/fresh/x')->location, '/mfa/step-up?to=/fresh/x',
   'eleven minutes later');
is($b->get('/two/x')->status, 200, 'two does not ask when');
is($b->get('/ess/x')->status, 200, 'nor does policy');
$p = $b->follow($b->get('/fresh/deep?x=%2F'));
$p = $b->submit('Continue', $code_label => $s->code($ann));
is($p->{url}, "$s->{origin}/fresh/deep?x=%2F", 'Y3: and on it goes');


# Back, two tabs, a page left open, a session that ended meanwhile

$s->advance('11m');
$b->follow($b->get('/fresh/one'));
my $tab = $b->clone;
$tab->follow($tab->get('/fresh/two'));
my $url = $b->{page}{url};
$p = $b->submit('Continue', $code_label => $s->code($ann));
is($p->{url}, "$s->{origin}/fresh/one", 'C12: the first tab goes on');
$p = $tab->submit('Continue', $code_label => $s->code($ann));
is($p->{url}, "$s->{origin}/fresh/two", 'C12: and so does the second');
$p = $b->follow($b->get(substr $url, length $s->{origin}));
isnt($p->h1, 'Verify', 'C12: Back does not ask again');
is($p->status, 200, '... and is a normal page: ' . $p->h1);

$s->advance('11m');
$b->follow($b->get('/fresh/one'));
$s->ctl('session', 'end', '--user', 'ann.employee@example.org');
$p = $b->submit('Continue', $code_label => $s->code($ann));
is($p->h1, 'Login', 'ended meanwhile: log in again');
is($b->follow($b->get('/mfa/step-up?to=/fresh/one'))->h1, 'Login',
   'the step-up of nobody is Login');


# where to: nothing but what is ours

$b = by_password($ann);
for my $to ('https://evil.example/', '//evil.example/', '/\\evil.example',
            '/mfa/step-up', '/mfa/logout', "/x\r\nSet-Cookie:a=b",
            'javascript:alert(1)') {
    (my $escaped = $to) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
    $b->follow($b->get("/mfa/step-up?to=$escaped"));
    is($b->{page}->h1, 'Verify', "E4: to=$to");
}
$p = $b->submit('Continue', $code_label => $s->code($ann));
is($p->h1, 'Your applications', 'E4: and it ends at home');


# a remembered device is no factor

my $device = $s->browser;
$s->first_step($device, $ann);
$s->verify_by($device, $ann, 'Authenticator app', 'Remember this device' => 1);
delete $device->{jar}{$_} for grep { /session/ } keys %{$device->{jar}};
$p = $s->first_step($device, $ann, to => '/ess/');
is($p->h1, 'application', 'L13: a remembered device gets in');
$p = $device->follow($device->get('/two/x'));
is($p->h1, 'Verify', 'Y3: two asks it for the code');
$p = $device->submit('Continue', $code_label => $s->code($ann));
is($p->{url}, "$s->{origin}/two/x", 'once, and without a loop');


# staff removed the factor meanwhile: no loop

$b = by_password($max);
$b->follow($b->get('/ess/'));
is($b->{page}->h1, 'Verify', 'somebody at the step-up');
my ($exit, $said) = $s->ctl('user', 'remove-factor', 'max', 'totp');
$p = $b->submit('Continue', $code_label => '123456');
is($p->status, 200, "whose factor is removed: a normal page: " . $p->h1)
    or diag("$exit $said");
unlike($p->h1, qr/application$/, '... and not the application');

$b = by_password($max);
is($b->{page}->h1, 'application', 'one: no factor is asked for');
$app->forget;
$p = $b->follow($b->get('/two/x'));
is($p->h1, 'Secure your account', 'two: it has to be set up first');
is($app->hits, 0, 'the application was not asked');
$s->settle;
my $mails = $s->mail->count;
$b->get('/mfa/step-up?to=/two/x') for 1 .. 5;
$s->settle;
is($s->mail->count, $mails, 'a GET sends no mail');
$p = $b->submit('Continue');
like($p->text, qr/[Vv]erification code/,
     'C3: from another browser after a mailed code');
$p = $b->submit('Verify code', 'Verification code' =>
                $s->mail->latest_code($max->{email})->code);
is($p->h1, 'Secure your account', 'C3: then it is set up');
$s->enrol($b, $max);
$p = $s->finish($b);
is($p->{url}, "$s->{origin}/two/x", 'Y3: and on to the page asked for');


# the password was given too long ago for that

($exit, $said) = $s->ctl('user', 'remove-factor', 'max', 'totp');
$b = by_password($max);
$s->advance('31m');
$b->follow($b->get('/two/x'));
$p = $b->submit('Continue');
is($p->h1, 'Login', 'the password once more');
like($p->text, qr/You are logged in/, 'and why');
$p = $b->submit('Login', 'Email address' => $max->{email}, Password => 'x');
is($p->h1, 'Login', 'a wrong one');
like($p->text, qr/You are logged in/, '... asks again');
$p = $b->submit('Login', 'Email address' => $max->{email},
                Password => $max->{password});
like($p->text, qr/[Vv]erification code/, 'the right one goes on');


# the store cannot be read: open stays open, and nothing else is

SKIP: {
    skip 'needs root', 7 if $> != 0;

    my $cookie = $s->login($s->browser, $ann) && by_password($ann)->cookie;

    $s->allow_log(qr/./);
    $s->pause;

    my ($uid, $gid) = (stat "$s->{dir}/store")[4, 5];
    chown 0, 0, "$s->{dir}/store" or die;
    $s->start;
    $app->forget;

    is($s->browser->request('GET', "/$_/x", { Cookie => $cookie })->status,
       503, "store down: $_") for qw(one two fresh ess);
    is($app->hits, 0, 'no application was asked');
    is($s->browser->request('GET', '/open/x', { Cookie => $cookie })->status,
       200, 'store down: open');
    is(value('Remote-User'), '', 'U1: where nobody is named');

    chown $uid, $gid, "$s->{dir}/store" or die;
}

done_testing();
