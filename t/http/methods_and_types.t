# What the pages of the gateway accept: GET, HEAD and forms (E3, E8, A9,
# X16, X49, X51, X98, X100, L12).

use MFA::Test;

my $s = mfa_server(log => 'debug',
                   realm => { trusted_networks => '127.0.0.0/8' });
my $me = $s->register($s->browser, 'ann.employee@example.org');
my @pages = ('', qw(login register register/code register/details
    register/done register/exists secure verify prove logout logged-out later
    password-reset password-reset/code password-reset/new security style.css));


# X16, E8

sub call {
    my ($method, $path) = @_;
    my $answer = $s->raw("$method $path HTTP/1.1\r\n"
        . "Host: 127.0.0.1:$s->{port}\r\nConnection: close\r\n"
        . "Accept: text/html\r\nContent-Length: 0\r\n\r\n");
    my ($status) = $answer =~ m{^HTTP/1\.1 (\d+)};
    my ($allow) = $answer =~ /^Allow: ([^\r]*)/m;

    return ($status // 'none', $allow // '', $answer);
}

my (%bad, %cors);
for my $method (qw(OPTIONS PUT DELETE PATCH PROPFIND TRACE FOO)) {
    for my $page (@pages) {
        my ($status, $allow, $answer) = call($method, "/mfa/$page");

        $bad{"$method /mfa/$page"} = "$status $allow"
            unless $status == 405
                   && ($allow =~ /^GET, HEAD(?:, POST)?$/
                       || $method =~ /TRACE|FOO/);
        $cors{"$method $page"} = 1 if $answer =~ /^Access-Control/m;
    }
}
is_deeply(\%bad, {}, 'X16: 405 with Allow on every page');
is_deeply(\%cors, {}, 'E8: no CORS header');

like((call('get', '/mfa/login'))[0], qr/^4\d\d$/, 'X16: get in lower case');
like((call('CONNECT', '/mfa/login'))[0], qr/^4\d\d$/, 'X16: CONNECT');

%bad = ();
for my $method (qw(HEAD OPTIONS PUT DELETE PATCH PROPFIND TRACE POST FOO)) {
    my ($status) = call($method, '/ess/x');
    $bad{$method} = $status unless $status =~ /^(?:303|401|405|400)$/;
}
is_deeply(\%bad, {}, 'X16: none of them passes the gate');
is($s->app->hits('/ess/x'), 0, 'the application was not asked');

%bad = ();
for my $page (@pages) {
    my $b = $s->browser;
    my $get = $b->get("/mfa/$page");
    my $head = $s->browser->request('HEAD', "/mfa/$page",
                                    { Accept => 'text/html' });

    $bad{$page} = $get->status . ', HEAD ' . $head->status
        unless $get->status == $head->status && $head->body eq ''
               && $get->status < 500;
}
is_deeply(\%bad, {}, 'HEAD answers as GET does');

for my $page (qw(verify security later logged-out style.css nothing)) {
    my $b = $s->browser;
    $b->get('/mfa/login');
    my $p = $b->post("/mfa/$page", $b->{page}->form('Login')->{fields});
    like($p->status, qr/^(?:303|40[345])$/, "a form sent to $page");
}


# X49: only forms, only in the body

my $b = $s->browser;
$b->get('/mfa/login');
my $form = $b->{page}->form('Login')->{fields};
my $jar = $b->cookie;
my $email = $me->{email} =~ s/\@/%40/r;
my $word = $me->{password} =~ s/ /+/gr;
my $query = "email=$email&password=$word&token=$form->{token}";

sub send_as {
    my ($method, $path, $type, $body) = @_;
    return $s->browser->request($method, $path, {
        Cookie => $jar, Origin => $s->{origin}, Accept => 'text/html',
        defined $type ? ('Content-Type' => $type) : () }, $body);
}

sub is_in { return $_[0]->status == 303
            && $_[0]->header('Location') =~ m{/mfa/verify} }

is(is_in(send_as('POST', '/mfa/login', 'application/x-www-form-urlencoded',
                 $query)) ? 1 : 0, 1, 'a form passes');

my %case = (
    'in the query of a GET' => ['GET', "/mfa/login?$query"],
    'in the query of a POST' => ['POST', "/mfa/login?$query",
        'application/x-www-form-urlencoded', "token=$form->{token}"],
    'as JSON' => ['POST', '/mfa/login', 'application/json',
        "{\"email\":\"$me->{email}\",\"password\":\"$me->{password}\"}"],
    'as text' => ['POST', '/mfa/login', 'text/plain', $query],
    'as XML' => ['POST', '/mfa/login', 'application/xml', "<a>$query</a>"],
    'as multipart' => ['POST', '/mfa/login', 'multipart/form-data; boundary=x',
        "--x\r\nContent-Disposition: form-data; name=email\r\n\r\nx\r\n--x--"],
    'without a type' => ['POST', '/mfa/login', undef, $query],
    'with another type behind it' => ['POST', '/mfa/login',
        'text/plain, application/x-www-form-urlencoded', $query],
    'with _method' => ['GET', "/mfa/login?_method=POST&$query"],
);

for my $name (sort keys %case) {
    my $p = send_as(@{$case{$name}});
    ok(!is_in($p), "X49: $name: no login");
    like($p->status, qr/^(?:200|303|40[035]|415)$/, 'a proper answer');
}

unlike($s->log, qr/\Q$me->{password}\E/, 'the password is in no log as text');


# X51, A9: fields

my $type = 'application/x-www-form-urlencoded';
my $mails = $s->mail->count;
my %field = (
    'an address twice' => "$query&email=eve%40example.org",
    'a password twice' => "$query&password=x",
    'an array' => "$query&email[]=eve",
    'an encoded array' => "$query&x%5B%5D=eve",
    'a thousand fields' => $query . join('', map { "&f$_=1" } 1 .. 1000),
    'a name of 5,000 bytes' => "$query&" . 'n' x 5000 . '=1',
    'a broken escape' => "$query&x=%zz",
    'half an escape' => "$query&x=%4",
    'no name' => "$query&=x",
);
is(send_as('POST', '/mfa/login', $type, $field{$_})->status, 400, "X51: $_")
    for sort keys %field;
is(send_as('POST', "/mfa/login?email=$email", $type, $query)->status, 400,
   'X51: the same field in address and body');
is(send_as('POST', '/mfa/login', $type, "$query&x=" . 'x' x 9000)->status
   =~ /^4/ ? 1 : 0, 1, 'F10: 9 KiB');
is($s->mail->count, $mails, 'NOOP: no mail');


# X98: what is typed or sent is never active

my $xss = '"><script>alert(1)</script>\'<img src=x onerror=y>';
my @views;
$b = $s->browser;
$b->get('/mfa/login');
push @views, $b->submit('Login', 'Email address' => $xss, Password => $xss);
$b->get('/mfa/register');
push @views, $b->submit('Send verification code', 'Email address' => $xss);
(my $in_url = $xss) =~ s/([^a-z0-9])/sprintf '%%%02X', ord $1/ge;
push @views, $b->get("/mfa/$_")
    for "login?to=/$in_url", "login?notice=$in_url", "verify?flow=$in_url",
        "later?seconds=$in_url", "later?flow=$in_url", $in_url;
is((grep { $_->body =~ /<script|<img|onerror=y>/ } @views), 0,
   'X98: on no page');

done_testing();
