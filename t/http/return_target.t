# Where a browser is sent after a login: a path on this origin, not of the
# gateway, or nowhere (E5, X95, L1, F2).

use MFA::Test;

my $s = mfa_server(workers => 1, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $me = $s->register($s->browser, 'max.manager@example.org');

my @bad = ('https://evil.example/', '//evil.example/', '/\\evil.example/',
    '/%5cevil.example/', '/%2fevil.example/', '\\\\evil.example/',
    '/%2F%2fevil.example', 'https:evil.example', 'javascript:alert(1)',
    'data:text/html,x', 'ess/', '', '/mfa/logout', '/mfa/', '/mfa',
    '//mfa/logout', '/%6dfa/logout', '/ess/../mfa/logout',
    '/ess/..%2fmfa/logout', '/./mfa/logout', "/ess/\tx", "/ess/\nx",
    "/ess/\r\nSet-Cookie: a=b", "/ess/\0", '/ess/%0d%0aX-Bad:%201',
    "/ess/\x7f", '/ess/' . 'x' x 3072, ' /ess/', '/%zz');

my @good = ('/ess/x?a=1&b=%2F', '/@evil.example/', '/ess/caf%C3%A9?q=%20',
    '/ess/?next=https://evil.example/', '/mfaX/', '/ess/' . 'x' x 1900);

sub encoded {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

# by the address of the login page, and by the field of its form

my ($n, %bad, %sent) = (0);

sub to_after_login {
    my ($to, $is_field) = @_;
    my $b = $s->browser;

    $b->get('/mfa/login' . ($is_field ? '' : '?to=' . encoded($to)));
    return undef unless $b->{page}->status == 200;

    my $form = $b->{page}->form('Login');
    $b->follow($b->post('/mfa/login', { %{$form->{fields}},
        email => $me->{email}, password => $me->{password},
        $is_field ? (to => $to) : () }));
    return 'status ' . $b->{page}->status unless $b->{page}->h1 eq 'Verify';

    return $b->post_only('Continue', 'Please enter verification code using '
        . 'your authentication app' => $s->code($me))->header('Location');
}

for my $to (@bad) {
    for my $is_field (0, 1) {
        my $got = to_after_login($to, $is_field) // 'refused';
        my $name = substr encoded($to), 0, 40;

        $bad{$name} = $got unless $got =~ m{^(?:\Q$s->{origin}\E)?/(?:mfa/)?$}
            || $got eq 'refused';
    }
}

is_deeply(\%bad, {}, 'X95: none of ' . @bad . ' leads anywhere');

for my $to (@good) {
    my $got = to_after_login($to, 0) // 'refused';

    $got =~ s/^\Q$s->{origin}\E//;
    is($got, $to, 'E5: ' . substr $to, 0, 40);
}


# a login page opened while logged in leads on, by the same rules

my $b = $s->browser;
$s->login($b, $me);
%bad = ();
for my $page ('/mfa/login', '/mfa/') {
    for my $to (@bad) {
        my $p = $b->get("$page?to=" . encoded($to));
        my $got = $p->header('Location') // next;
        $bad{"$page $to"} = $got
            unless $got =~ m{^(?:\Q$s->{origin}\E)?/(?:mfa/(?:login)?)?$};
    }
}
is_deeply(\%bad, {}, 'X95: nor does a bookmark of a logged in person');


# what the gate itself puts into ?to= is what was asked for, byte by byte

for my $raw ('/ess/x?a=1&b=2', '/ess/%41?x=%2F', '/ess//x', '/ess/a;b=c?x;y') {
    my ($location) = $s->raw("GET $raw HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}"
        . "\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
        =~ /^Location: ([^\r]*)/m;
    my ($to) = ($location // '') =~ /\?to=(.*)/;

    $to //= '';
    $to =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    is($to, $raw, "L1: $raw is kept as it was asked for");
}


# a Host of somebody else does not get into an address (X30)

for my $host ('evil.example', "127.0.0.1:1") {
    my $answer = $s->raw("GET /ess/x HTTP/1.1\r\nHost: $host\r\n"
        . "X-Forwarded-Host: evil.example\r\nAccept: text/html\r\n"
        . "Connection: close\r\n\r\n");
    like($answer, qr{^Location: \Q$s->{origin}\E/mfa/login}m,
         "X30: Host: $host, Location names the configured origin");
    unlike($answer, qr/evil/, 'and nothing of it');

    $answer = $s->raw("GET /mfa/login HTTP/1.1\r\nHost: $host\r\n"
        . "Accept: text/html\r\nConnection: close\r\n\r\n");
    like($answer, qr{^HTTP/1.1 421 }, "F12: the portal answers 421 to $host");
}

done_testing();
