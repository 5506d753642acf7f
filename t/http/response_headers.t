# Every answer of ours carries the headers of E1, says no-store, and names
# nothing internal; faults carry a reference (E1, E9, X97, X24, C12).

use MFA::Test;

my $s = mfa_server(https => 1, time => 1,
    realm => { trusted_networks => '127.0.0.0/8' });
my $b = $s->browser;
my (%seen, @pages);

sub look {
    my ($name, $p) = @_;
    my @bad;
    my $csp = $p->header('Content-Security-Policy') // '';

    push @bad, 'CSP' unless $csp =~ /default-src 'none'/
        && $csp =~ /form-action 'self'/ && $csp =~ /frame-ancestors 'none'/
        && $csp =~ /base-uri 'none'/ && $csp !~ /unsafe|\*/;
    my %want = ('X-Content-Type-Options' => qr/^nosniff$/,
                'Referrer-Policy' => qr/^same-origin$/,
                'Cross-Origin-Opener-Policy' => qr/^same-origin$/,
                'Cross-Origin-Resource-Policy' => qr/^same-origin$/,
                'Cache-Control' => qr/^no-store$/);

    $want{'Strict-Transport-Security'} = qr/^max-age=(?:3[1-9]\d{6}|\d{9})/;

    for (sort keys %want) {
        push @bad, $_ unless ($p->header($_) // '') =~ $want{$_};
    }

    push @bad, 'Content-Type: ' . ($p->header('Content-Type') // 'none')
        if length $p->body && $name !~ /style/
           && ($p->header('Content-Type') // '')
              !~ m{^(?:text/(?:html|plain); charset=utf-8|application/json)$};
    push @bad, 'script or foreign things'
        if $p->body =~ /<script|<iframe|style="|\son\w+="|src="http/;
    push @bad, 'internals' if $p->body =~ m{src/|\.c:|/tmp/|lmdb|MDB_|errno|\b0x[0-9a-f]{6,}\b};
    push @bad, 'Server tells of us' if ($p->header('Server') // '') =~ /mfa/;
    $seen{$p->status}++;
    return is(join(', ', @bad), '', "E1: $name, " . $p->status);
}

sub raw {
    my ($request, $host) = @_;
    my $answer = $s->raw("$request\r\nHost: "
                         . ($host // "127.0.0.1:$s->{port}") . "\r\n"
                         . "Connection: close\r\n\r\n");
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my %headers;

    push @{$headers{lc $1}}, $2 while $head =~ /^([^:\s]+): ([^\r]*)/mg;
    return MFA::Browser::Page->new({ headers => \%headers, content => $body,
        status => $head =~ m{^HTTP/1.1 (\d+)} ? $1 : 0 }, $s->{origin});
}


# every page of every journey, on the way

my ($get, $post) = map { MFA::Browser->can($_) } qw(get post);
{
    no warnings 'redefine';
    no strict 'refs';
    *{'MFA::Browser::get'} = sub { my $p = $get->(@_);
        push @pages, ["GET $_[1]", $p] if $_[1] =~ m{/mfa/}; $p };
    *{'MFA::Browser::post'} = sub { my $p = $post->(@_);
        push @pages, ["POST $_[1]", $p]; $p };
}

my $me = $s->register($b, 'ann.employee@example.org');
$b->get('/mfa/');
$b->get('/mfa/security');
$s->logout($b);
$s->login($b, $me);
my $wrong = $s->browser;
$wrong->get('/mfa/login');
$wrong->submit('Login', 'Email address' => 'x', Password => 'y');
$wrong->get("/mfa/$_") for qw(password-reset password-reset/code password-reset/new
    password-reset/done password-reset/closed later verify secure prove
    register/code register/details register/exists register/done style.css
    logged-out nothing login/more login?flow=x verify?flow=x);

is(scalar(grep { $_->[1]->status >= 500 } @pages), 0,
   'X24: no page in a wrong order is a fault');
my %done;
for (@pages) {
    my ($name, $page) = @$_;
    $name =~ s/^(\w+) (?:https:..[^\/]+)?([^?]*).*/$1 $2/;
    look($name, $page) unless $done{$name . $page->status}++;
}


# what the gate answers

look('a page load sent to login', $s->browser->get('/ess/'));
look('a call refused', $s->browser->api('/ess/'));
look('no access', $b->get('/mss/'));
look('no access for a call', $b->api('/mss/'));


# faults

my $p = $s->browser->get('/mfa/unknown');
look('404', $p);
like($p->text, qr/[Rr]eference.*\b[A-Z]{6}\b/, 'E9: with a reference');
my ($reference) = $p->text =~ /\b([A-Z]{6})\b/;
$s->log_like(qr/reference \Q$reference\E/, 'E9: which the log knows');
look('405', raw('PUT /mfa/login HTTP/1.1'));
look('415', $b->request('POST', '/mfa/login', { 'Content-Type' => 'a/b' },
                        'x'));
look('403', $b->post('/mfa/login', { email => 'x' }));
look('400, a form twice over',
     $b->post('/mfa/login?email=1', { email => 'x' }));
look('413 or 400, a long form', $b->post('/mfa/login', { a => 'x' x 20000 }));
look('421', raw('GET /mfa/login HTTP/1.1', 'evil.example'));
look('a chunked form', raw("POST /mfa/login HTTP/1.1\r\n"
     . "Transfer-Encoding: chunked"));
look('an unknown method', raw('FOO /mfa/login HTTP/1.1'));
look('expectation', raw("GET /mfa/login HTTP/1.1\r\nExpect: 100-continue"));
look('a range', raw("GET /mfa/login HTTP/1.1\r\nRange: bytes=0-10"));
look('If-None-Match', raw("GET /mfa/login HTTP/1.1\r\nIf-None-Match: *"));
look('If-Modified-Since', raw("GET /mfa/login HTTP/1.1\r\n"
     . 'If-Modified-Since: Wed, 01 Jan 2099 00:00:00 GMT'));


# 503: the store cannot be opened; only root can arrange that

$s->allow_log(qr/./);
$s->pause;
chown 0, 0, "$s->{dir}/store" or die;          # the workers cannot read it
$s->start;
look('503, a page of ours', $s->browser->get('/mfa/login'));
look('503, at the gate', $b->get('/ess/'));
look('503, for a call', $b->api('/ess/'));

ok($seen{$_}, "an answer with $_ was seen")
    for 200, 303, 400, 401, 403, 404, 405, 415, 421, 503;

done_testing();
