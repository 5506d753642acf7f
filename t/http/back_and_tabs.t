# Back, refresh, two tabs, a bookmark, a page left open, at every step of
# every journey: a normal page, no second effect, and the journey goes on
# where it can (C12, E3, X24, X34, X75, X88, X100; gate 2 of the issue).

use MFA::Test;

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8',
    registration => 'open',
    limit => ['send_mailbox 1000/1h 1000/1d',
              'send_person 1000/1h 1000/1d'] });
my $label = 'Please enter verification code using your authentication app';
my $password = $s->first_password;
my @paths = qw(login register register/code register/details register/exists
    register/done secure verify prove security logout logged-out later
    password-reset password-reset/code password-reset/verified
    password-reset/new password-reset/done password-reset/closed);
my $n = 0;
my $login_me;


# each step: its name, what brings one there from the step before, and the
# button with what is typed there

my %fresh = (
    register => sub { my ($b, $at) = @_;
        $at->{email} = 'p' . ++$n . '@example.org';
        $b->get('/mfa/register?to=/ess/end');
    },
    login => sub { my ($b, $at) = @_;
        $at->{me} //= $s->register($s->browser, 'max.manager@example.org');
        $b->follow($b->get('/ess/end'));
    },
    again => sub { my ($b, $at) = @_;
        $at->{email} = 'q' . ++$n . '@example.org';
        my $first = $s->browser;
        $first->get('/mfa/register');
        $first->submit('Send verification code',
                       'Email address' => $at->{email});
        $first->submit('Verify code',
                       'Verification code' => code_of($at, $first));
        $first->submit('Continue', details());
        $b->follow($b->get('/ess/end'));
    },
);

# by the reference on the page: several messages may be under way

sub code_of {
    my ($at, $b) = @_;
    my ($reference) = $b->{page}->body =~ m{Reference.*?<dd>([A-Z]+)}s;

    for (1 .. 1500) {
        my ($mail) = grep { $_->{text} =~ /\b$reference\b/ }
                     $s->mail->all($at->{email});
        return $mail->code if $mail;
        select undef, undef, undef, 0.02;
    }
    die "no message $reference to $at->{email}";
}

sub details {
    return ('New password' => $password, 'Confirm new password' => $password,
            'First name' => 'Pat', Surname => 'Person');
}

my @mailed = ('Verify code' => sub { ('Verification code' => code_of(@_)) });
my @enrol = (['Secure your account', 'Continue', sub {
    $_[0]{secret} //= MFA::Journey::secret_of($_[1]{page});
    ($label => $s->totp($_[0]{secret}, $s->now)) }],
    ['Register', 'Continue', sub { () }]);

my %journey = (
    register => [
        ['Register', 'Send verification code',
         sub { ('Email address' => $_[0]{email}) }],
        ['Register', @mailed],
        ['Register', 'Continue', sub { details() }], @enrol],
    login => [
        ['Login', 'Login', sub { ('Email address' => $_[0]{me}{email},
                                  Password => $password) }],
        ['Verify', 'Continue', sub { ($label => $s->code($_[0]{me})) }]],
    again => [
        ['Login', 'Login', sub { ('Email address' => $_[0]{email},
                                  Password => $password) }],
        ['Verify your email address', @mailed], @enrol],
);

my %odd;

sub normal {
    my ($name, $p) = @_;

    $odd{$name} = $p->status . ' ' . ($p->h1 // 'no h1')
        unless $p->status == 200 && length($p->h1 // '')
               && $p->text =~ /Human Resources|application/
               || $p->status == 429 && $name =~ m{/mfa/later$};
    return $p;
}

# goes to a step, over those before it

sub reach {
    my ($kind, $step) = @_;
    my ($b, $at) = ($s->browser, { me => $login_me });

    $s->advance('31s');
    $fresh{$kind}->($b, $at);
    $login_me //= $at->{me};
    press($b, $at, $journey{$kind}[$_]) for 0 .. $step - 1;
    return ($b, $at);
}

sub press {
    my ($b, $at, $step) = @_;
    return $b->submit($step->[1], $step->[2]->($at, $b));
}

sub finish {
    my ($b, $at, $kind, $step) = @_;
    press($b, $at, $journey{$kind}[$_]) for $step .. $#{$journey{$kind}};
    return $b->{page}{url};
}

my $end = "$s->{origin}/ess/end";

for my $kind (sort keys %journey) {
    my @steps = @{$journey{$kind}};

    for my $step (0 .. $#steps) {
        my ($b, $at) = reach($kind, $step);
        my $here = "$kind $step ($steps[$step][0])";
        my $page = $b->{page};
        my ($url) = $page->{url} =~ m{^https?://[^/]+(.*)};

        is($page->h1, $steps[$step][0], "$here: the page");

        # refresh, a scanner, every other page with this flow, and back
        my ($flow) = ($page->form($steps[$step][1])->{fields}{flow} // '');
        is($b->follow($b->get($url))->h1, $steps[$step][0], 'refresh');
        $b->request('HEAD', $url) for 1 .. 3;
        for my $path (@paths) {
            my $p = normal("$here, /mfa/$path",
                           $b->follow($b->get("/mfa/$path?flow=$flow")));
            $odd{"$here, /mfa/$path"} = 'let in'
                if ($p->{url} // '') eq $end && $step < $#steps;
        }
        is($b->api('/ess/x')->status,
           $steps[$step][0] eq 'Register' && $step == $#steps ? 200 : 401,
           'D3: nobody is in before the last step');

        # a second tab with the same page, pressed after the first one
        $b->{page} = $page;
        my $tab = $b->clone;
        my @typed = $steps[$step][2]->($at, $b);
        my $p = normal("$here, pressed", $b->submit($steps[$step][1], @typed));
        my $second = normal("$here, pressed in a second tab",
                            $tab->submit($steps[$step][1], @typed));

        # Back, and the same again
        $tab->{page} = $page;
        normal("$here, Back and pressed again",
               $tab->submit($steps[$step][1], @typed));

        # and the journey goes on in the first tab
        $b->{page} = $p;
        is(finish($b, $at, $kind, $step + 1), $end, "$here: arrives in the end")
            unless $step == $#steps;

        # left open until all is over, then refreshed, then pressed
        ($b, $at) = reach($kind, $step);
        $page = $b->{page};
        @typed = $steps[$step][2]->($at, $b);
        ($url) = $page->{url} =~ m{^https?://[^/]+(.*)};
        $s->advance('25h');
        $p = normal("$here, a day later", $b->clone->follow($b->get($url)));
        $b->{page} = $page;
        $p = normal("$here, pressed a day later",
                    $b->submit($steps[$step][1], @typed));
        ok($p->form('Login') || $p->form('Send verification code')
           || $p->form('Verify code') || $p->form('Continue')
           || $p->h1 eq 'application', "$here: there is a way to go on")
            or diag($p->text);
    }
}

is_deeply(\%odd, {}, 'C12: everywhere a normal page');


# X88: with a factor, nothing leads to the enrolment of another

my $me = $login_me;
my $b = $s->browser;
$s->advance('31s');
$s->login($b, $me);
unlike($b->follow($b->get("/mfa/$_"))->body, qr/otpauth|<svg/, "X88: $_")
    for qw(secure secure?flow= register/details prove register/done);

my $half = $s->browser;
$s->first_step($half, $me);
my $flow = $half->{page}->form('Continue')->{fields}{flow};
unlike($half->follow($half->get("/mfa/secure?flow=$flow"))->body,
       qr/otpauth|<svg/, 'X88: not between password and code either');

done_testing();
