# Two realms on one nginx, each on its host: what belongs to a person or a
# browser in one is nothing in the other (Y5, D4, D12, A5; X33, X45, X93).

use MFA::Test;
use MFA::Realms;

my ($one, $two) = two_realms();
my ($session, $browser, $notice, $device) = map { "__Host-mfa_$_" }
                                            qw(session browser notice device);
my $to = 'ann.one@example.org';
my $app = 'Authenticator app';
my $label = 'Please enter verification code using your authentication app';
my %me = map { ($_->{realm} => $_->register($_->browser, $to,
                    password => "the horse of $_->{realm} 4711")) } $one, $two;
my @ways = ([$one, $two], [$two, $one]);
my ($p, $b);


sub me { my ($realm) = @_; return $me{$realm->{realm}} }

sub up_to_verify {
    my ($realm, %is) = @_;
    my $x = $realm->browser;

    $realm->advance('31s');
    $realm->first_step($x, { %{me($realm)}, %is });
    return $x;
}

sub fresh {
    my ($realm, $who) = @_;
    my $x = $realm->browser;

    $realm->advance('31s');
    $realm->login($x, $who // me($realm));
    return $x;
}

# the same cookies, at the other

sub carried {
    my ($from, $realm) = @_;
    my $x = $realm->browser;

    $x->{jar} = { map { ($_ => { %{$from->{jar}{$_}} }) }
                  keys %{$from->{jar}} };
    return $x;
}

sub is_in { return $_[0]->api('/ess/')->status == 200 ? 1 : 0 }


# brand, support, mail: each its own, and nothing of the other

for my $way (@ways) {
    my ($here, $there) = @$way;
    my ($own, $other) = map { ucfirst $_->{realm} } $here, $there;
    my $word = qr/(?<![a-z\d])$other(?![a-z\d])/i;    # not letters of a token
    my $x = fresh($here);
    my $mail = ($here->mail->all($to))[0];

    is_deeply([sort grep { !/device/ } $x->cookies], [$browser, $session],
              'Y5: on hosts of their own the cookies have their plain names');
    $x->get('/mfa/login');
    $p = $here->browser->get('/mfa/login');
    like($p->body, qr/$own Council/, "Y5 $own: its brand");
    unlike($p->body, $word, "Y5 $own: and nothing of the other");
    unlike($x->get('/mfa/')->body, $word, "Y5 $own: nor when logged in");
    like($mail->{raw}, qr/no-reply\@\L$own\E\.example\.org/, 'its mail');
    unlike($mail->{raw}, $word, 'Y5: and no word of the other in it');
}


# the password of one, the code of one

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x;

    $p = $here->first_step($here->browser, me($there));
    is($p->h1, 'Login', "Y5: a password of $there->{realm} is wrong here");
    $p = $here->first_step($b = $here->browser, me($here));
    is($p->h1, 'Verify', '... and the one of here is right');
    $here->advance('31s');
    $p = $b->submit('Continue', $label => $here->totp(me($there)->{secret}));
    is($p->h1, 'Verify', "Y5: a code of the app of $there->{realm} is wrong");
    ok(!is_in($b), '... and opens nothing');
    $here->verify_by($b, me($here), $app);
    ok(is_in($b), '... and the one of here is right');
}


# D4 X33: all the cookies of a person who is logged in, and each alone

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x = fresh($there);

    ok(is_in($x), "logged in at $there->{realm}");

    for my $name (undef, $session, $browser) {
        my $carried = carried($x, $here);
        my $what = $name // 'all cookies';

        delete $carried->{jar}{$_}
            for grep { defined $name && $_ ne $name } $carried->cookies;
        is($carried->api('/ess/')->status, 401, "Y5 X33 $what: 401");
        is($carried->follow($carried->get('/ess/'))->h1, 'Login',
           "Y5 $what: Login");
        is($carried->follow($carried->get('/mfa/security'))->h1, 'Login',
           "Y5 $what: nor the settings");
    }

    $b = fresh($here);
    my $both = carried($b, $here);
    $both->{jar}{$session} = $x->{jar}{$session};
    ok(!is_in($both), 'Y5: nor beside the browser cookie of here');
    ok(is_in($b) && is_in($x), 'and both sessions still work');
}


# X93: a journey of one, its number and its form, at the other

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x = up_to_verify($there);
    my $form = $x->{page}->form('Continue');
    my $url = $x->{page}{url} =~ s/^\Q$there->{origin}\E//r;
    my $carried = carried($x, $here);

    is($carried->follow($carried->get($url))->h1, 'Login',
       'Y5: the address of a journey leads to Login');
    $there->advance('31s');
    $p = $carried->post($form->{action}, { %{$form->{fields}},
        do => 'continue', code => $there->code(me($there)) });
    is($p->status, 403, 'Y5 X93: its form is refused');
    ok(!is_in($carried), '... and opens nothing');

    # its token beside a journey of here

    my $y = up_to_verify($here);
    my $mine = $y->{page}->form('Continue');

    $here->advance('31s');
    $p = $y->post($mine->{action}, { %{$mine->{fields}}, do => 'continue',
        token => $form->{fields}{token}, code => $here->code(me($here)) });
    is($p->status, 403, 'Y5 X93: a token of the other realm');
    is($here->browser->post('/mfa/login', { email => $to,
           password => me($here)->{password} },
           Origin => $there->{origin})->status, 403,
       'X93: a form with the origin of the other');

    # and the journey went on where it was

    $there->advance('31s');
    is($x->submit('Continue', $label => $there->code(me($there)))->h1,
       'application', 'the journey itself goes on');
}


# what was typed at a refused login

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x = $there->browser;

    $there->first_step($x, { email => 'lost@example.org', password => 'no' });
    ok($x->{page}->body =~ /lost\@example/, 'the typed address comes back');
    $x->post_only('Login', 'Email address' => 'lost@example.org',
                  Password => 'no');
    ok($x->{jar}{$notice}, 'a sealed cookie has it');
    unlike(carried($x, $here)->get('/mfa/login')->body, qr/lost\@example/,
           'Y5: which the other realm cannot open');
}


# L13: a remembered device, with the right password of here

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x = up_to_verify($there);

    $there->advance('31s');
    $there->verify_by($x, me($there), $app, 'Remember this device' => 1);
    ok($x->{jar}{$device}, "L13: $there->{realm} remembers it");
    delete $x->{jar}{$session};

    $b = carried($x, $here);
    is($here->first_step($b, me($here))->h1, 'Verify',
       'Y5 L13: here the code is asked for');
    is($there->first_step($x, me($there))->h1, 'application',
       'L13: there it is not');
    is(scalar @{$here->json('device', 'list', 'ann')}, 0,
       'Y5: and none is listed here');
    $there->json('device', 'end', 'ann', '--all');
}


# mailed codes: of a new password, of a registration, of a new device

sub begun {
    my ($realm, $kind) = @_;
    my $x = $kind eq 'device' ? up_to_verify($realm) : $realm->browser;
    my $email = $kind eq 'registration' ? 'max.one@example.org' : $to;

    $kind eq 'device' ? $x->click('Reset device')
        : $x->follow($x->get($kind eq 'password' ? '/mfa/password-reset'
                                                 : '/mfa/register'));
    $x->submit('Send verification code', 'Email address' => $email);
    return ($x, $realm->mail->latest_code($email)->code);
}

for my $kind ('password', 'registration', 'device') {
    my ($x, $code) = begun($one, $kind);
    my ($y, $other) = begun($two, $kind);
    my $at = $y->{page}->h1;

    isnt($code, $other, 'two codes');
    $p = $y->submit('Verify code', 'Verification code' => $code);
    is($p->h1, $at, "Y5: the code of a $kind of alpha is wrong at beta");
    $p = $x->submit('Verify code', 'Verification code' => $other);
    is($p->h1, $at, "Y5: the code of a $kind of beta is wrong at alpha");
    $y->submit('Verify code', 'Verification code' => $other);
    unlike($y->{page}->text, qr/not right|incorrect|wrong/i,
           '... and right where it came from');
}


# recovery codes

my %codes;

for my $realm ($one, $two) {
    my $x = fresh($realm);

    $x->follow($x->get('/mfa/security'));
    $x->submit('Make new recovery codes');
    $x->submit($_) for grep { $x->{page}->form($_) }
                       'Make recovery codes', 'Make new recovery codes';
    $codes{$realm->{realm}} = [$x->{page}->text =~
        /\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b/g];
    is(scalar @{$codes{$realm->{realm}}}, 10, 'ten recovery codes')
        or diag($x->{page}->text);
}

for my $way (@ways) {
    my ($here, $there) = @$way;
    my $x = up_to_verify($here);

    $x->click('Use a recovery code');
    $x->submit('Verify code',
               'Recovery code' => $codes{$there->{realm}}[0]);
    ok(!is_in($x), 'Y5: a recovery code of the other realm');
    $x->submit('Verify code', 'Recovery code' => $codes{$here->{realm}}[1]);
    $x->submit('Continue') if $x->{page}->form('Continue');
    ok(is_in($x), '... and one of this');
}

done_testing();
