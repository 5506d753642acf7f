# A remembered device: only the code is skipped, only on this browser, only
# for its time; a copy ends them all (L13, S3, D7).

use MFA::Test;

my %realm = (trusted_networks => '127.0.0.0/8', idle_timeout => '10m',
             limit => 'login_person 1000/1h 1000/1d');
my $label = 'Remember this device';
my ($s, $b, $p);


# off by default

$s = mfa_server(time => 1, realm => { %realm });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
$s->advance('31s');
$b = $s->browser;
$p = $s->first_step($b, $ann);
unlike($p->text, qr/$label/, 'L13: off by default');
my $form = $p->form('Continue');
$b->post($form->{action}, { %{$form->{fields}}, do => 'continue',
                            code => $s->code($ann), remember => 1 });
is($b->follow->h1, 'application', 'a field of one\'s own making');
is(scalar(grep { /device/ } $b->cookies), 0, 'L13: brings no cookie');
unlike($b->follow($b->get('/mfa/security'))->text, qr/Remembered devices/,
       'L13: nor a list');
$s->stop;


$s = mfa_server(time => 1, workers => 2, realm => { %realm,
                remember_device => '30d' });
$ann = $s->register($s->browser, 'ann.employee@example.org');


# a browser that chose it

sub remembered {
    my $x = $s->browser;

    $s->advance('31s');
    $s->first_step($x, $ann);
    $s->verify_by($x, $ann, 'Authenticator app', $label => 1);
    is($x->{page}->h1, 'application', 'logged in, to be remembered');
    return $x;
}


# a new login in the same browser, without its session

sub again {
    my ($x, $me) = @_;

    delete $x->{jar}{$_} for grep { /session/ } keys %{$x->{jar}};
    $s->advance('31s');
    return $s->first_step($x, $me // $ann, to => '/ess/again');
}


sub device { my ($name) = grep { /device/ } keys %{$_[0]{jar}};
             return $_[0]{jar}{$name // ''} }


$b = remembered();
my $cookie = device($b);
ok($cookie, 'L13: a cookie') or BAIL_OUT('no cookie');
like($cookie->{line}, qr/HttpOnly/, '... HttpOnly');
like($cookie->{line}, qr/SameSite=Lax/, '... SameSite');
cmp_ok($cookie->{'max-age'}, '<=', 30 * 86400, '... for 30 days at most');
$b->get('/ess/');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Cookie')], [],
          'U2: the application never sees it');

# the password only, and that it must be

$p = again($b);
is($p->{url}, "$s->{origin}/ess/again", 'L13: the password is enough');
unlike($s->json('session', 'list', 'ann')->[0]{amr}, qr/mfa|otp/,
       'L13: the session says that no second factor was proved');
isnt(device($b)->{value}, $cookie->{value}, 'L13: the token is a new one');
delete $b->{jar}{$_} for grep { /session/ } keys %{$b->{jar}};
is($b->follow($b->get('/ess/'))->h1, 'Login', 'L13: without it, Login');
is(again($b, { %$ann, password => 'not her password 1' })->h1, 'Login',
   'L13: a wrong password stays wrong');
is(again($s->browser)->h1, 'Verify', 'L13: another browser is asked');

# of one person

my $max = $s->register($s->browser, 'max.manager@example.org');
is(again($b, $max)->h1, 'Verify', 'L13: another person is asked');
is(again($b)->h1, 'application', 'L13: she is not');

# D13: settings ask all the same

$b->follow($b->get('/mfa/security'));
like($b->submit('Change Authenticator app')->text,
     qr/Before your security settings/, 'D13: settings ask for a code');

# two tabs at once: the token before is good for a moment

my $twin = $s->browser;
%{$twin->{jar}} = %{$b->{jar}};
$twin->{jar} = { map { ($_ => { %{$b->{jar}{$_}} }) } keys %{$b->{jar}} };
again($b);
delete $twin->{jar}{$_} for grep { /session/ } keys %{$twin->{jar}};
is($s->first_step($twin, $ann)->h1, 'application', 'L13: two tabs at once');
is(again($b)->h1, 'application', '... and the first goes on');


# S3: listed, and forgotten by hand

$b->follow($b->get('/mfa/security'));
like($b->{page}->text, qr/Remembered devices.*Remembered on/s, 'S3: listed');
is(scalar @{$s->json('device', 'list', 'ann')}, 1, 'mfactl lists it');
$p = $b->submit('Forget');
like($p->text, qr/forgotten/, 'S3: Forget');
is(again($b)->h1, 'Verify', 'L13: then a code is asked for');
is_deeply($s->json('device', 'list', 'ann'), [], 'mfactl lists none');


# a copied cookie: all go, when either comes with the old one

my $one = remembered();
my $thief = $s->browser;
$thief->{jar} = { map { ($_ => { %{$one->{jar}{$_}} }) } keys %{$one->{jar}} };
my $safe = remembered();
is(again($one)->h1, 'application', 'the owner goes on');
$s->advance('2m');
is(again($thief)->h1, 'Verify', 'L13: the copy is found out');
is(again($one)->h1, 'Verify', 'L13: and the owner\'s goes');
is(again($safe)->h1, 'Verify', 'L13: and all others');
is_deeply($s->json('device', 'list', 'ann'), [], '... all of them');
like(join('', $s->log), qr/device\.copied/, 'and the event log says so');


# 30 days, however often it is used

$one = remembered();
$s->advance('20d');
is(again($one)->h1, 'application', 'L13: after 20 days');
$s->advance('11d');
is(again($one)->h1, 'Verify', 'L13: not after 31, though it was used');


# password, factor, mfactl

my %end = (
    'a changed password' => sub {
        my $x = $s->browser;
        $s->advance('31s');
        $s->login($x, $ann);
        $x->follow($x->get('/mfa/security'));
        $x->submit('Change password');
        my $new = 'yet another horse ' . int rand 1e9;
        $x->submit('Change password', 'Current password' => $ann->{password},
                   'New password' => $new, 'Confirm new password' => $new);
        $ann->{password} = $new;
    },
    'a changed factor' => sub {
        my $x = $s->browser;
        $s->advance('31s');
        $s->login($x, $ann);
        $x->follow($x->get('/mfa/security'));
        $x->submit('Change Authenticator app');
        $s->enrol($x, $ann);
    },
    'mfactl device end --all' => sub {
        is($s->json('device', 'end', 'ann', '--all')->{ended}, 1, 'one');
    },
    'mfactl device end ID' => sub {
        my $id = $s->json('device', 'list', 'ann')->[0]{id};
        is($s->json('device', 'end', 'ann', substr $id, 0, 10)->{ended}, 1,
           'by 10 digits');
    },
    'mfactl user lock' => sub {
        $s->json('user', $_, 'ann') for 'lock', 'unlock';
        $s->json('device', 'end', 'ann', '--all');
    },
);

for my $name (sort keys %end) {
    $one = remembered();
    is(again($one)->h1, 'application', "before $name");
    $end{$name}->();
    is(again($one)->h1, 'Verify', "L13: $name ends it");
}


# a cookie of one's own making

for my $odd ('x', 'A' x 64, 'A' x 4000, '', '../..', '%00') {
    my $x = $s->browser;
    my $page;

    $x->{jar}{mfa_device} = { value => $odd };
    $page = $s->first_step($x, $ann);
    is($page->h1, 'Verify', 'L13: a made-up cookie opens nothing');
}

# turned off: what is remembered no longer counts

$one = remembered();
delete $s->{is}{realm}{remember_device};
$s->_write_conf;
ok($s->reload, 'remember_device off, reload');
is(again($one)->h1, 'Verify', 'L13: off is off');

done_testing();
