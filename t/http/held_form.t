# A form that comes after the end of a session is kept for its owner, sealed,
# and sent once (L9); nothing else of a refused request is (F8, F9).

use MFA::Test;
use Digest::SHA 'sha256_hex';
use IO::Select;

my $h2_port = free_port();
my $s = mfa_server(time => 1, workers => 2,
    server => "listen 127.0.0.1:$h2_port http2;",
    realm => { trusted_networks => '127.0.0.0/8', held_form => '1m',
               limit => 'login_person 1000/1h 1000/1d' },
    locations => <<'END');
        client_max_body_size 2m;
        location /mfa/   { mfa_portal; }
        location /ess/   { proxy_pass http://app; }
        location /raw/   { proxy_pass http://app; proxy_request_buffering off;
                           proxy_http_version 1.1; }
        location /fresh/ { mfa_level fresh=10m; proxy_pass http://app; }
        location /small/ { client_max_body_size 1k; proxy_pass http://app; }
        location /any/   { satisfy any; deny all; proxy_pass http://app; }
        location /rule/  { auth_request /no; proxy_pass http://app; }
        location = /no   { internal; mfa off; return 403; }
        location /try/   { try_files $uri /fresh$uri; }
        location /file/  { client_body_in_file_only on;
                           proxy_pass http://app; }
END

my $app = $s->app;
my $secret = 'wage-4711-kept-secret';
my $label = 'Please enter verification code using your authentication app';
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');
my ($b, $p, $id);

sub fresh {
    my ($me) = @_;
    my $x = $s->browser;

    $s->advance('31s');
    $s->login($x, $me, to => '/ess/');
    return $x;
}

# a form of the application's own page

sub form {
    my ($b, $path, $body, %h) = @_;

    return $b->{page} = $b->request('POST', $path, {
        Accept => 'text/html', Origin => $s->{origin},
        'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Site' => 'same-origin',
        'Sec-Fetch-Dest' => 'document', Referer => "$s->{origin}/ess/form",
        'Content-Type' => 'application/x-www-form-urlencoded', %h }, $body);
}

sub posts { return grep { $_->{method} eq 'POST' } $app->all(@_) }

sub held { return ($_[0]->header('Location') // '')
                  =~ m{/mfa/held/([0-9a-f]{32})$} ? $1 : '' }

sub log_in {
    my ($b, $me) = @_;

    $s->advance('31s');
    $b->follow($b->{page});
    $b->submit('Login', 'Email address' => $me->{email},
               Password => $me->{password});
    return $b->submit('Continue', $label => $s->code($me));
}

sub files { return map { glob "$s->{dir}/store/held/*" } 1 }


# L9: who comes back in time sends it once

$b = fresh($ann);
$s->advance('61m');
$app->forget;
$p = form($b, '/ess/claim?a=1&b=%2F', "note=$secret&x=%00%ff");
is($p->status, 303, 'L9: after the end of a session');
ok($id = held($p), 'L9: the way leads through the login to the form')
    or diag($p->header('Location'));
is($app->hits, 0, 'F8: the application sees nothing of it');

$p = log_in($b, $ann);
is($p->{url}, "$s->{origin}/mfa/held/$id", 'L9: there after the login');
is($p->h1, 'The form you sent was kept', 'L9: the page says so');
like($p->text, qr/The form you sent at \d\d:\d\d was kept/, 'L9: and when');
like($p->text, qr/Employee Self Service/, 'L9: for which application');
like($p->text, qr{\Q$s->{origin}\E/ess/claim}, 'L9: and where');
unlike($p->body, qr/\Q$secret\E/, 'L9: what is in it is never shown');
unlike($p->body, qr/<script/, 'and no script is there');
my ($cookie) = grep { /mfa_held=/ } $p->headers('Set-Cookie');
like($cookie, qr/HttpOnly; SameSite=Strict/, 'L9: a cookie for this browser');
is(scalar(posts()), 0, 'nothing goes out by looking at it');

my $jar = $b->clone;
$p = $b->submit('Send it now');
is($p->status, 200, 'L9: Send it now') or diag($p->body);
is($p->h1, 'application', 'L9: the answer is that of the application');
is(scalar(posts()), 1, 'L9: which got it once');
my $hit = (posts())[0];
is($hit->{body}, "note=$secret&x=%00%ff", 'L9: byte for byte');
is($hit->{target}, '/ess/claim?a=1&b=%2F', 'at its own address');
is_deeply([map { MFA::Upstream::values_of($hit, $_) }
              'Content-Type', 'Content-Length', 'Referer', 'Origin',
              'Remote-User', 'Cookie'],
          ['application/x-www-form-urlencoded', length $hit->{body},
           "$s->{origin}/ess/form", $s->{origin}, 'ann'],
          'with the headers it had, as who it is, without our cookies');

$jar->{page} = $jar->get("/mfa/held/$id");
is($jar->{page}->h1, 'This form was sent', 'L9: the page tells it');
unlike($jar->{page}->body, qr/Send it now/, 'and offers it no more');
$p = form($b, '/ess/claim?a=1&b=%2F', "mfa_held=$id");
is(held($p), $id, 'L9: a repeat leads to the page');
is(scalar(posts()), 1, 'L9: and the application sees nothing');


# attacks: what is not a person's form is not kept

sub refused {
    my ($what, $b, $path, $body, %h) = @_;
    my $page = form($b, $path, $body, %h);

    is(held($page), '', "L9: not kept: $what");
    return $page;
}

$b = fresh($ann);
$s->advance('61m');
$app->forget;
refused('another origin', $b, '/ess/x', 'a=1', Origin => 'https://evil.test');
refused('origin null', $b, '/ess/x', 'a=1', Origin => 'null');
refused('no origin, another site', $b, '/ess/x', 'a=1', Origin => undef,
        'Sec-Fetch-Site' => 'cross-site');
refused('neither', $b, '/ess/x', 'a=1', Origin => undef,
        'Sec-Fetch-Site' => undef, 'Sec-Fetch-Mode' => undef,
        'Sec-Fetch-Dest' => undef);
is(refused('no page load', $b, '/ess/x', 'a=1', 'Sec-Fetch-Mode' => 'cors')
   ->status, 401, 'which is 401');
refused('no cookie', $s->browser, '/ess/x', 'a=1');
refused('a forged cookie', $s->browser, '/ess/x', 'a=1',
        Cookie => 'mfa_session=' . 'A' x 43);
refused('empty', $b, '/ess/x', '');
refused('beyond the bound', $b, '/ess/x', 'x' x (1024 * 1024 + 1));
is(refused('beyond that of nginx', $b, '/small/x', 'x' x 2000)->status, 413,
   'client_max_body_size rules');
refused('"satisfy any"', $b, '/any/x', 'a=1');
is($b->request('PUT', '/ess/x', { Accept => 'text/html',
    Origin => $s->{origin}, 'Sec-Fetch-Mode' => 'navigate' }, 'a')->status,
   401, 'another method');
my ($ok) = held(form($b, '/ess/x', 'a=1', Origin => undef));
ok($ok, 'the guard: without Origin, same-origin is kept');

my $head = "Host: 127.0.0.1:$s->{port}\r\nAccept: text/html\r\n"
    . "Origin: $s->{origin}\r\nCookie: " . $b->cookie . "\r\n"
    . "Content-Type: text/plain\r\n";
my $inner = "GET /ess/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
my $all = $s->raw("POST /ess/ HTTP/1.1\r\n${head}Transfer-Encoding: chunked"
    . "\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
like($all, qr{^HTTP/1.1 303}, 'F8: chunked: refused as ever');
unlike($all, qr{/mfa/held/}, 'F8: and not kept');
$all = $s->raw("POST /ess/ HTTP/1.1\r\n${head}Content-Length: 3\r\n"
    . "Expect: 100-continue\r\n\r\n");
like($all, qr{^HTTP/1.1 303}, 'F9: the answer comes before any 100');
unlike($all, qr{/mfa/held/|HTTP/1.1 100}, 'F9: and nothing is kept');
$all = $s->raw("POST /ess/ HTTP/1.1\r\n${head}Content-Length: "
    . length($inner) . "\r\n\r\n$inner" . "GET /ess/next HTTP/1.1\r\n"
    . "Host: 127.0.0.1:$s->{port}\r\nConnection: close\r\n\r\n");
is(scalar(() = $all =~ m{HTTP/1.1 \d}g), 2,
   'F8: a body that is kept is no request, what follows is');
like($all, qr{/mfa/held/.*HTTP/1.1 401}s, 'F8: each with its answer');

for (1 .. 40) {                         # short bodies, gone in the middle
    my $c = $s->socket;
    print $c "POST /ess/ HTTP/1.1\r\n${head}Content-Length: 50000\r\n\r\n"
        . 'x' x (1000 * $_);
    $c->flush;
    setsockopt $c, 1, 13, pack('ii', 1, 0) if $_ % 2;
    close $c;
}

is($b->api('/ess/')->status, 401, 'L9: clients that leave do no harm');
is($app->hits, 0, 'F8: the application saw nothing of all this');

$b = fresh($ann);
my $before = $b->cookie;
$s->logout($b);
$s->advance('61m');
refused('of a session that was logged out', $s->browser, '/ess/x', 'a=1',
        Cookie => $before);


# L9: only its owner

$b = fresh($ann);
$s->advance('61m');
form($b, '/ess/x', 'a=1');
$id = held($b->{page});
$p = log_in($b, $max);
is($p->h1, 'Your applications', 'L9: another person lands where they do');
is($b->get("/mfa/held/$id")->status, 303, 'and finds nothing there');
$app->forget;
$p = form($b, '/ess/x', "mfa_held=$id", Cookie => $b->cookie
          . '; mfa_held=' . 'A' x 43);
is(scalar(posts()), 0, 'L9: nor can they send it with a cookie of their own');

my $mine = fresh($ann);
$p = $mine->follow($mine->get("/mfa/held/$id"));
is($p->h1, 'The form you sent was kept', 'L9: it stays for its owner');
my $stolen = $mine->cookie;
$p = form($s->browser, '/ess/x', "mfa_held=$id", Cookie => join '; ',
          $b->cookie, grep { /mfa_held/ } split /; /, $stolen);
is(scalar(posts()), 0, 'L9: a token of hers with a session of his');
is(held(form($mine, '/ess/y', "mfa_held=$id")), $id, 'another address: no');
is(held(form($mine, '/ess/x?q', "mfa_held=$id")), $id, 'another query: no');
is(form($mine, '/ess/x', "mfa_held=$id", Origin => 'https://evil.test')
   ->status, 403, 'E2: another origin: no');
form($mine, '/ess/x', 'mfa_held=' . '0' x 32);
is(scalar(posts()), 0, 'L9: a forged id, and all of these: nothing');
$p = form($mine, '/ess/x', "mfa_held=$id", Cookie => join '; ',
          grep { !/mfa_held/ } split /; /, $stolen);
is((posts())[-1]{body}, "mfa_held=$id", 'L9: without the cookie it is a form '
   . 'like any other, and nothing of the kept one');
form($mine, '/ess/x', 'mfa_held=' . 'z' x 32);
is((posts())[-1]{body}, 'mfa_held=' . 'z' x 32, 'what only looks like one '
   . 'arrives as it is');
form($mine, '/file/x', 'mfa_held=' . 'z' x 32);
is((posts())[-1]{body}, 'mfa_held=' . 'z' x 32, 'from a file, too');

$app->forget;
$mine->get("/mfa/held/$id");
$p = $mine->submit('Discard');
is($p->{url}, "$s->{origin}/ess/", 'L9: Discard leads to the application');
is(scalar(posts()), 0, 'L9: which gets nothing');
is($mine->get("/mfa/held/$id")->location, '/mfa/', 'L9: it is gone');


# L9: two tabs, an upload of any bytes, a reload of nginx in between

$b = fresh($ann);
$s->advance('61m');
$app->forget;

my $bytes = join '', map { chr } 0 .. 255, 13, 10, 0, 0;
my $upload = "--x--y\r\nContent-Disposition: form-data; name=\"f\"; "
    . "filename=\"a\\b.bin\"\r\n\r\n" . ($bytes x 1500) . $secret
    . "\r\n--x--y--\r\n";
my %multipart = ('Content-Type' => 'multipart/form-data; boundary=x--y');
my @tabs = ($b->clone, $b->clone);
my @ids = (held(form($tabs[0], '/ess/one', 'tab=1')),
           held(form($tabs[1], '/raw/two?f', $upload, %multipart)));

ok($ids[0] && $ids[1] && $ids[0] ne $ids[1], 'L9: two tabs, two forms');
my ($file) = files();
ok($file, 'a long body is in a file') or diag(`find $s->{dir}/store`);
is(sprintf('%04o', (stat $file)[2] & 07777), '0600', 'which only we read');
is(sprintf('%04o', (stat "$s->{dir}/store/held")[2] & 07777), '0700',
   'as its folder');

my $found = `grep -rlaF '$secret' '$s->{dir}' --exclude=upstream.log`;
is($found, '', 'J8: no file, log or temporary folder has it in clear');

$s->reload;
log_in($tabs[0], $ann);
is($tabs[0]{page}->h1, 'The form you sent was kept', 'L9: after a reload');
$tabs[1]->get("/mfa/held/$ids[1]");
is($tabs[1]{page}->h1, 'The form you sent was kept', 'the other tab');
$tabs[0]->submit('Send it now');
$tabs[1]->submit('Send it now');
my %hit = map { $_->{target} => $_ } posts();
is(scalar(posts()), 2, 'L9: each tab sends its own');
is($hit{'/ess/one'}{body}, 'tab=1', 'the first');
is(sha256_hex($hit{'/raw/two?f'}{body}), sha256_hex($upload),
   'L9: the upload byte for byte, without buffering');
is_deeply([MFA::Upstream::values_of($hit{'/raw/two?f'}, 'Content-Type')],
          [$multipart{'Content-Type'}], 'with its boundary');
is(scalar(files()), 0, 'L9: the file is removed');


# L9, Y3: where more is asked for than was proved

$b = fresh($ann);
$s->advance('11m');
$app->forget;
$p = form($b, '/fresh/pay', $upload, %multipart);
ok($id = held($p), 'Y3: a form before the step-up is kept');
like($p->header('Location'), qr{/mfa/step-up\?}, 'which asks for the code');
$b->follow($p);
$p = $b->submit('Continue', $label => $s->code($ann));
is($p->h1, 'The form you sent was kept', 'Y3: after it, the form');
$s->advance('11m');
$p = $b->post_only('Send it now');
is(held($p), $id, 'Y3: too late: it is still the same form');
is(scalar(posts()), 0, 'and was not sent');
$b->follow($p);
$p = $b->submit('Continue', $label => $s->code($ann));
$p = $b->submit('Send it now');
is(sha256_hex((posts())[0]{body}), sha256_hex($upload), 'Y3: in time');
is(scalar(posts()), 1, 'once');


# L9: another rule of the location, or of the one behind it, refuses: it is
# not spent

sub kept {
    my ($path) = @_;
    my $b = fresh($ann);

    $s->advance('61m');
    $app->forget;
    $id = held(form($b, $path, 'a=1'));
    log_in($b, $ann);
    return $b;
}

$b = kept('/rule/x');
is($b->post_only('Send it now')->status, 403, 'L9: "auth_request" refuses');
is($b->get("/mfa/held/$id")->h1, 'The form you sent was kept',
   'L9: and the form is still there');

$b = kept('/try/x');
$s->advance('11m');
$p = $b->post_only('Send it now');
like($p->header('Location'), qr{/mfa/step-up\?}, 'L9: behind "try_files" '
     . 'more is asked for');
is(scalar(posts()), 0, 'nothing was sent');
is($b->get("/mfa/held/$id")->h1, 'The form you sent was kept',
   'L9: and the form is still there');
$b->follow($p);
$b->submit('Continue', $label => $s->code($ann));
$b->submit('Send it now');
is_deeply([map { ($_->{target}, $_->{body},
                  MFA::Upstream::values_of($_, 'Remote-User')) } posts()],
          ['/fresh/try/x', 'a=1', 'ann'], 'L9: after it, the form');


# L9: what comes behind the field on the same connection is the next request

$b = kept('/ess/pipe');
my $again = "Host: 127.0.0.1:$s->{port}\r\nOrigin: $s->{origin}\r\n"
    . 'Cookie: ' . $b->cookie . "\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\n";
$all = $s->raw("POST /ess/pipe HTTP/1.1\r\n${again}Content-Length: 41\r\n\r\n"
    . "mfa_held=${id}GET /ess/next HTTP/1.1\r\n${again}Connection: close"
    . "\r\n\r\n");
is(scalar(() = $all =~ m{HTTP/1.1 200}g), 2, 'F8: two requests');
is_deeply([map { $_->{target} } grep { $_->{target} =~ /pipe|next/ }
           $app->all], ['/ess/pipe', '/ess/next'], 'F8: these two');


# over HTTP/2 the end of the field may come in a frame of its own

sub literal { return "\0" . join '', map { chr(length) . $_ } @_ }

sub frame {
    my ($type, $flags, $text) = @_;

    return substr(pack('N', length $text), 1) . chr($type) . chr($flags)
        . pack('N', $type == 4 ? 0 : 1) . $text;
}

$b = kept('/ess/h2');
my $h2 = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$h2_port") or die $!;
my @cookies = map { literal('cookie', $_) } split /; /, $b->cookie;
print $h2 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(4, 0, ''),
    frame(1, 4, join '', literal(':method', 'POST'),
          literal(':path', '/ess/h2'), literal(':scheme', 'http'),
          literal(':authority', "127.0.0.1:$s->{port}"), @cookies,
          literal('origin', $s->{origin}), literal('content-length', '41'),
          literal('content-type', 'application/x-www-form-urlencoded')),
    frame(0, 0, "mfa_held=$id");
$h2->flush;
select undef, undef, undef, 0.3;
print $h2 frame(0, 1, '');
$h2->flush;

for (1 .. 1200) {
    last if posts();
    select undef, undef, undef, 0.05;
}

is((posts())[0]{body}, 'a=1', 'L9: the form, over HTTP/2');
close $h2;


# one person cannot take the memory that all share by sending slowly

$b = fresh($ann);
my $victim = fresh($max);
$s->advance('61m');
my $slow = "POST /ess/ HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
    . "Accept: text/html\r\nOrigin: $s->{origin}\r\nCookie: " . $b->cookie
    . "\r\nContent-Type: text/plain\r\nContent-Length: 1048576\r\n\r\nx";
my @slow = map { my $c = $s->socket; print $c $slow; $c->flush; $c } 1 .. 200;
my $select = IO::Select->new(@slow);
my $refused = 0;

while (my @answered = $select->can_read($refused < 190 ? 60 : 1)) {
    for (@answered) {
        sysread $_, my $answer, 9;
        $refused++ if length $answer;
        $select->remove($_);
    }
}

ok($refused >= 190, "L9: of slow bodies four a worker are read ($refused)");
ok(held(form($victim, '/ess/x', 'a=1')), 'L9: and others are served');
close $_ for @slow;


# L9: its time, a logout, an application that fails

$b = fresh($ann);
$s->advance('61m');
form($b, '/ess/old', $upload, %multipart);
$id = held($b->{page});
log_in($b, $ann);
$s->advance('31m');
is($b->get("/mfa/held/$id")->location, '/mfa/', 'L9: after half an hour');

$b = fresh($ann);
$s->advance('61m');
form($b, '/ess/bye', $upload, %multipart);
$id = held($b->{page});
log_in($b, $ann);
$s->logout($b);
$b = fresh($ann);
is($b->get("/mfa/held/$id")->location, '/mfa/', 'L9: a logout takes it');

$s->advance('61m');
$app->forget;
form($b, '/ess/fails?drop=1', 'a=1');
$id = held($b->{page});
log_in($b, $ann);
is($b->submit('Send it now')->status, 502, 'an application that breaks off');
is(scalar(posts()), 1, 'L9: got it once all the same');
is($b->get("/mfa/held/$id")->h1, 'This form was sent', 'and the page says so');
like($b->{page}->text, qr/Whether it was accepted, only the application/,
     'honestly');

for (1 .. 40) {                         # the sweep comes each 30 seconds
    last unless files();
    $s->advance('31s');
    select undef, undef, undef, 1;
}

is(scalar(files()), 0, 'L9: files without a row are removed')
    or diag(`ls -l $s->{dir}/store/held`);

my $events = $s->log;
unlike($events, qr/\[warn\].*buffered to a temporary file/,
       'no body was ever written by nginx');
like($events, qr/"form\.$_"/, "an event form.$_") for qw(held sent discarded);
unlike($events, qr/\Q$secret\E/, 'and no event or log has what was in it');


# held_form

my ($code, $text) = conf_test(realm => { held_form => '33m' });
isnt($code, 0, 'held_form beyond its bound is an error');
like($text, qr/"held_form" is more than/, 'which says so');

my $off = mfa_server(time => 1, realm => { held_form => '0' });
my $one = $off->register($b = $off->browser, 'ann.employee@example.org');

$off->advance('61m');
$p = $b->request('POST', '/ess/x', { Accept => 'text/html',
    Origin => $off->{origin} }, 'a=1');
like($p->header('Location'), qr{/mfa/login\?to=/ess/x}, 'held_form 0: none');

done_testing();
