# Forms that did not come from our pages in the same browser: 403, and
# nothing happens (E2, X93, X94, D3).

use MFA::Test;

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');
my $app_code = 'Please enter verification code using your authentication app';


# a page with each form there is, and what would be typed into it

my %typed = (
    Login => sub { ('/mfa/login', { email => $ann->{email},
                                    password => $ann->{password} }) },
    'Send verification code' => sub {
        ('/mfa/register', { email => 'hana.helpdesk@example.org' }) },
    'Log out' => sub { ('/mfa/logout', {}) },
);

sub open_page {
    my ($button) = @_;
    my $b = $s->browser;

    if ($button eq 'Log out') {
        $s->login($b, $max);
        $b->follow($b->get('/mfa/logout'));

    } elsif ($button eq 'Verify code') {
        $b->get('/mfa/register');
        $b->submit('Send verification code',
                   'Email address' => 'nina@example.org');

    } elsif ($button eq 'Continue') {
        $s->first_step($b, $ann);

    } else {
        $b->get($button eq 'Login' ? '/mfa/login' : '/mfa/register');
    }

    return $b;
}

my ($stranger, $elsewhere) = ($s->browser, $s->browser);
$stranger->get('/mfa/login');
my $foreign_token = $stranger->{page}->form('Login')->{fields}{token};

my $no = undef;
my @cases = (
    ['no token', {}, { token => $no }],
    ['an empty token', {}, { token => '' }],
    ["another browser's token", {}, { token => $foreign_token }],
    ['half a token', {}, { token => substr $foreign_token, 0, 20 }],
    ['Origin: null', { Origin => 'null' }, {}],
    ['a foreign Origin', { Origin => 'https://evil.example' }, {}],
    ['our name on another port', { Origin => 'http://127.0.0.1:1' }, {}],
    ['our origin with more behind it',
     { Origin => "$s->{origin}.evil.example" }, {}],
    ['no Origin, cross-site',
     { Origin => $no, 'Sec-Fetch-Site' => 'cross-site' }, {}],
    ['no Origin, a sibling host',
     { Origin => $no, 'Sec-Fetch-Site' => 'same-site' }, {}],
    ['no Origin, typed',
     { Origin => $no, 'Sec-Fetch-Site' => 'none' }, {}],
    ['no cookie', { Cookie => '' }, {}],
    ["another browser's cookie", { Cookie => $stranger->cookie }, {}],
    ['no Origin, no Sec-Fetch, a foreign token',
     { Origin => $no, 'Sec-Fetch-Site' => $no, 'Sec-Fetch-Mode' => $no },
     { token => $foreign_token }],
);

my $mails = $s->mail->count;

for my $button ('Login', 'Send verification code', 'Log out', 'Verify code',
                'Continue')
{
    my $b = open_page($button);
    my $form = $b->{page}->form($button);
    my ($path, $typed) = $typed{$button} ? $typed{$button}->()
        : ($form->{action}, { code => $button eq 'Continue'
                                      ? $s->totp($ann->{secret}) : '123456' });
    my $page = $b->{page};
    my $jar = $b->cookie;
    my %bad;

    for my $case (@cases) {
        my ($name, $headers, $fields) = @$case;
        my %fields = (%{$form->{fields}}, %{$form->{buttons}{$button}},
                      %$typed, %$fields);

        delete $fields{$_} for grep { !defined $fields{$_} } keys %fields;

        my $p = $b->post($path, \%fields, %$headers);

        $bad{$name} = $p->status unless $p->status == 403;
        $bad{"$name: set a session"} = 1
            if grep { /mfa_session=[^;]/ } $p->headers('Set-Cookie');
    }

    is_deeply(\%bad, {}, "X93: \"$button\": each is refused with 403");

    # a token in the address is no token

    my %fields = (%{$form->{fields}}, %{$form->{buttons}{$button}}, %$typed);
    my $token = delete $fields{token};
    is($b->post("$path?token=$token", \%fields)->status, 403,
       "X93: \"$button\": the token in the query");

    if ($button eq 'Log out') {
        is($b->api('/ess/')->status, 200, 'X94: nobody was logged out');
    }

    next unless $button eq 'Verify code' || $button eq 'Continue';

    # the token of one journey does not serve another one

    my $other = $b->clone;
    $button eq 'Continue' ? $s->first_step($other, $ann) : do {
        $other->get('/mfa/register');
        $other->submit('Send verification code',
                       'Email address' => 'nobody@example.org') };
    my $second = $other->{page}->form($button)->{fields};

    isnt($second->{flow}, $form->{fields}{flow}, 'a second journey');
    is($b->post($path, { %fields, token => $second->{token},
                         flow => $form->{fields}{flow} })->status, 403,
       "X93: \"$button\": the token of another journey");
}

select undef, undef, undef, 0.3;
is($s->mail->count('hana'), 0, 'NOOP: nothing was sent');


# X94: login CSRF; she stays who she was

my $alice = $s->browser;
$s->login($alice, $max, to => '/ess/');
my $p = $alice->post('/mfa/login', { email => $ann->{email},
    password => $ann->{password}, token => $foreign_token },
    Origin => 'https://evil.example', 'Sec-Fetch-Site' => 'cross-site');
is($p->status, 403, "X94: eve's credentials from elsewhere");
is($p->h1, 'Please start again', 'with a page');
like($p->text, qr/Nothing was changed/, 'that says so');
$alice->get('/ess/');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Remote-User')], ['max'],
          'X94: she is who she was');


# and the honest ones pass: with Origin, with Sec-Fetch-Site, with neither

for my $headers ({}, { Origin => undef },
                 { Origin => undef, 'Sec-Fetch-Site' => undef,
                   'Sec-Fetch-Mode' => undef })
{
    my $b = $s->browser;

    $b->get('/mfa/login');
    my $form = $b->{page}->form('Login');
    $p = $b->post('/mfa/login', { %{$form->{fields}}, email => $ann->{email},
                                  password => $ann->{password} }, %$headers);
    is($b->follow($p)->h1, 'Verify', 'E2: our own form passes');
}

done_testing();
