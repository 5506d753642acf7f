# Applications on other hosts: one login, one log out, and tickets between
# them (R8, L7, D12, X44, E1, E5, X93, X95).

use MFA::Test;
use POSIX ();

my $tls = 'listen 127.0.0.1:%%PORT%% ssl; ssl_certificate %%DIR%%/tls.pem;'
        . ' ssl_certificate_key %%DIR%%/tls.key;';
my %club = (store => 'lmdb:%%DIR%%/tmp', brand => 'Club',
            key_file => '%%DIR%%/club.key',
            public_url => 'https://club.example.org:%%PORT%%',
            application => 'PAY https://pay.example.net:%%PORT%%/club-pay/');
my $maker = bless { is => {}, realm => 'club' }, 'MFA::Test';

my $s = mfa_server(https => 1, time => 1, workers => 2, start => 0,
    realm => { trusted_networks => '127.0.0.0/8',
               public_url => 'https://people.example.org:%%PORT%%',
               application => ['ESS /ess/ "Employee Self Service"',
                   'PAY https://pay.example.net:%%PORT%%/ Payroll',
                   'DOC https://doc.example.com:%%PORT%%/d/ Documents'] },
    server => 'server_name people.example.org;',
    locations => <<'END',
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
END
    http => $maker->realm_text('club', \%club) . <<"END");
    server {
        $tls
        server_name pay.example.net;
        mfa staff;
        location /mfa/   { mfa_portal; }
        location /       { proxy_pass http://app; }
        location /two/   { mfa_level fresh=1m; proxy_pass http://app; }
        location /mss/   { mfa_allow group=managers; proxy_pass http://app; }
        location /club/  { mfa club; mfa_portal; }
        location /club-pay/  { mfa club; proxy_pass http://app; }
    }
    server {
        $tls
        server_name doc.example.com;
        mfa staff;
        location /mfa/ { mfa_portal; }
        location /     { proxy_pass http://app; }
    }
    server {
        $tls
        server_name stranger.example.com;
        mfa staff;
        location /mfa/ { mfa_portal; }
        location /     { proxy_pass http://app; }
    }
    server {
        $tls
        server_name club.example.org;
        mfa club;
        location /club/ { mfa_portal; }
    }
END

$s->ctl_bare('key', 'new', "$s->{dir}/club.key");
$s->start;

my $port = $s->{port};
my ($people, $pay, $doc) = map { "https://$_:$port" }
    qw(people.example.org pay.example.net doc.example.com);
my ($p, $b, $session);

sub browser { return $s->browser(origin => $people, peer => '127.0.0.1') }


# every hop of a page load, by address without its query

sub hops {
    my ($b, $to) = @_;
    my @hops;
    my $page = $b->get($to);

    while ($page->status == 303 && @hops < 12) {
        my $next = $page->header('Location');
        my ($base) = $page->{url} =~ m{^(https://[^/]+)};

        $next = "$base$next" if $next =~ m{^/};
        push @hops, $next =~ s/\?.*//sr;
        $page = $b->get($next);
    }

    return ($page, @hops);
}


# the address with the ticket, not followed: a browser on its way

sub ticket {
    my ($b, $to) = @_;

    delete $b->{jars}{'pay.example.net'}{$session};
    $p = $b->get($to);
    $p = $b->get($p->header('Location')) for 1 .. 2;
    return $p->header('Location') // '';
}


# R8: the first login, asked for on the second host

$b = browser();
my $me = $s->register($b, 'ann.employee@example.org', to => "$pay/wages?m=1");

($session) = grep { /^__Host-mfa_session/ } $b->cookies;
is($b->{page}{url}, "$pay/wages?m=1",
   'R8: a registration begun at the other host ends there');
is($b->{page}->status, 200, 'R8: and the application answers');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Remote-User')], ['ann'],
          'R8: which is told who it is');
ok($b->{jars}{'pay.example.net'}{$session}, 'D12: that host has a cookie,');
isnt($b->{jars}{'pay.example.net'}{$session}{value},
     $b->{jar}{$session}{value}, 'D12: of its own');
is(scalar(grep { /domain/i } map { $_->{line} }
          values %{$b->{jar}}, values %{$b->{jars}{'pay.example.net'}}), 0,
   'D12: no cookie has a Domain');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Cookie')], [],
          'U2: it stays here');

$b = browser();
($p) = hops($b, "$pay/wages");
is($p->h1, 'Login', 'R8: who is nobody yet is asked to log in');
like($p->{url}, qr{^\Q$people\E/mfa/login\?}, 'at public_url');
like($p->text, qr/signing in to Payroll/, 'by the name of the application');
like($p->header('Content-Security-Policy'),
     qr{form-action 'self' \Q$pay\E \Q$doc\E;},
     'E1: a form may end on the hosts of the applications');
$s->advance('31s');
$b->submit('Login', 'Email address' => $me->{email},
           Password => $me->{password});
$p = $b->submit('Continue', 'Please enter verification code using your '
                . 'authentication app' => $s->code($me));
is($p->{url}, "$pay/wages", 'R8: after the login, the page asked for');


# L7: from one to the other without a question, and back

my $app = $s->app->hits;
($p, my @hops) = hops($b, "$people/ess/");
is_deeply([$p->status, @hops], [200], 'L7: the main host at once');
($p, @hops) = hops($b, "$doc/d/x?a=%2F%20");
is($p->{url}, "$doc/d/x?a=%2F%20", 'L7: a third host, byte by byte');
is_deeply(\@hops, ["$doc/mfa/ticket", "$people/mfa/ticket",
                   "$doc/mfa/ticket", "$doc/d/x"], 'L7: by one ticket');
($p, @hops) = hops($b, "$doc/d/y");
is_deeply([$p->status, @hops], [200], 'L7: and then by its own cookie');
$p = $b->get("$people/mfa/");
is($p->links->{'PAY Payroll'} // $p->links->{'PAYPayroll'}, "$pay/",
   'the tile leads to the other host') or diag(explain($p->links));
is($b->api("$pay/api")->status, 200, 'a call of a script passes');
is(browser()->api("$pay/api")->status, 401, 'one of a stranger: 401, no way');

($p) = hops($b, "$pay/mss/");
is($p->status, 403, 'the rules of a location hold there too');
is($p->links->{'ESS Employee Self Service'}
   // $p->links->{'ESSEmployee Self Service'}, "$people/ess/",
   'and the tiles of that page name the main host') or diag(explain($p->links));

my $list = $s->json('session', 'list', 'ann');
$list = $list->{sessions} if ref $list eq 'HASH';
is(scalar(@$list), 2, 'D12: one session a browser, whatever the hosts');


# a step up on the other host is one for all

$s->advance('2m');
($p) = hops($b, "$pay/two/x");
like($p->{url}, qr{^\Q$people\E/mfa/(?:verify|prove)}, 'Y3: the code alone');
$p = $b->submit('Continue', $p->form('Continue')
    ? (grep { $_->{name} } ())
    : (), 'Please enter verification code using your authentication app'
    => $s->code($me));
is($p->{url}, "$pay/two/x", 'Y3: and back to the page, with a new session');
is($p->status, 200, 'which it opens');


# what is served there: nothing but what must be

for my $page (qw(login security verify password/reset people)) {
    $p = $b->get("$pay/mfa/$page?to=/x");
    is($p->header('Location') // $p->status, $p->status == 404 ? 404
       : "$people/mfa/$page?to=/x", "/mfa/$page is at public_url only");
}
is($b->get("$pay/mfa/style.css")->status, 200, 'the style sheet');
is($b->get("$pay/mfa/nothing")->status, 404, 'a page that is none');
is($b->post("$pay/mfa/login", { email => 'a', password => 'b' })->status, 303,
   'no form of ours is read there');
is($b->get("https://stranger.example.com:$port/mfa/ticket")->status, 421,
   'F12: a host that no application has: 421');
like($b->get("https://stranger.example.com:$port/x")->header('Location'),
     qr{^\Q$people\E/mfa/login}, 'and its gate knows public_url alone');


# X44

sub nobody {
    my ($b, $what) = @_;

    delete $b->{jars}{'pay.example.net'}{$session};
    is($b->api("$pay/x")->status, 401, "X44: $what: not logged in");
}

my $first = ticket($b, "$pay/x");
like($first, qr{^\Q$pay\E/mfa/ticket\?ticket=[\w-]{43}&to=/x$},
     'D12: 256 bits');
is($b->get($first)->status, 303, 'X44: a ticket opens once');
my $token = $b->{jars}{'pay.example.net'}{$session}{value};
delete $b->{jars}{'pay.example.net'}{$session};
$p = $b->get($first);
is($p->status, 403, 'X44: reuse');
is($p->h1, 'Not logged in yet', 'which says so');
nobody($b, 'reuse');
$p = $b->{page} = $b->get($first);
is($b->click('Try again')->status, 200, 'and whose link leads on');

my $t = ticket($b, "$pay/x");
(my $elsewhere = $t) =~ s/^\Q$pay\E/$doc/;
delete $b->{jars}{'doc.example.com'}{$session};
is($b->get($elsewhere)->status, 403, 'X44: wrong host');
ok(!$b->{jars}{'doc.example.com'}{$session}, 'X44: which gets nothing');
nobody($b, 'wrong host');
is($b->get($t)->status, 403, 'X44: and the ticket is spent by the try');

$t = ticket($b, "$pay/x");
$s->advance('31s');
is($b->get($t)->status, 403, 'X44: after 31 s');
nobody($b, 'after 31 s');

my $other = browser();
hops($other, "$pay/x");
$t = ticket($b, "$pay/x");
is($other->get($t)->status, 403, 'X44: from another browser');
ok(!$other->{jars}{'pay.example.net'}{$session}, 'X44: which gets nothing');
is($b->get($t)->status, 403, 'X44: and the ticket is spent by the try');
nobody($b, 'another browser');

$t = ticket($b, "$pay/x");
my $bare = browser()->get($t);
is($bare->status, 403, 'X44: a browser without any cookie');
is(scalar(grep { /mfa_session/ } $bare->headers('Set-Cookie')), 0, 'nothing');

$t = ticket($b, "$pay/x");
(my $club = $t) =~ s{/mfa/ticket}{/club/ticket};
is($b->get($club)->status, 403, 'X44: a ticket of another realm');
is($b->get($t)->status, 303, 'which leaves it alone');

is($b->request('HEAD', ticket($b, "$pay/x"))->status, 200,
   'E3: a HEAD spends nothing');

nobody($b, 'before the race');
$t = ticket($b, "$pay/x");
{
    my $jar = $b->cookie('pay.example.net');
    my ($path) = $t =~ m{^\Q$pay\E(.*)};
    my @sockets = map { $s->socket } 1 .. 64;

    print $_ "GET $path HTTP/1.1\r\nHost: pay.example.net:$port\r\n"
        . "Cookie: $jar\r\nSec-Fetch-Mode: navigate\r\n"
        . "Connection: close\r\n\r\n" for @sockets;
    $_->flush for @sockets;

    my %answers;
    for my $socket (@sockets) {
        my $text = do { local $/; <$socket> } // '';
        my ($status) = $text =~ m{^HTTP/1.1 (\d+)};
        $answers{($status // 'none') . ($text =~ /mfa_session\w*=[\w-]/ ? ' in'
                                                                     : '')}++;
    }
    is_deeply(\%answers, { '303 in' => 1, 403 => 63 },
              'X44: 64 in parallel, one success in total');
}


# D12: a token is good on its own host alone

($p) = hops($b, "$pay/x");
my %of = (people => $b->{jar}{$session}{value},
          pay => $b->{jars}{'pay.example.net'}{$session}{value});

sub answer {
    my ($host, $value, $path) = @_;
    return browser()->request('GET', "$host$path", {
        Cookie => "$session=$value" })->status;
}

is(answer($pay, $of{pay}, '/x'), 200, 'D12: the second token, at its host');
is(answer($people, $of{pay}, '/ess/'), 401,
   'D12: the second token on the main host');
is(answer($doc, $of{pay}, '/d/'), 401, 'D12: or on a third');
is(answer("https://stranger.example.com:$port", $of{pay}, '/'), 401,
   'D12: or on one that is no application');
is(answer($people, $of{pay}, '/mfa/security'), 303,
   'D12: nor do the pages of the portal know it');
is(answer($pay, $of{people}, '/x'), 200,
   'D12: the main token is the session itself, on any host, as ever');
is(answer($pay, $token, '/x'), 401, 'D12: a new one replaces that before it');
like($s->raw("GET $people/ess/ HTTP/1.1\r\nHost: pay.example.net:$port\r\n"
     . "Cookie: $session=$of{pay}\r\nConnection: close\r\n\r\n"),
     qr{^HTTP/1.1 401}, 'X20: two names in one request are neither');


# X95: where the way may lead

sub encoded {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

my $state = 'A' x 43;
my @hosts = ('evil.example', "evil.example:$port", "people.example.org:$port",
    'pay.example.net', "pay.example.net:$port.evil.example",
    "pay.example.net:$port\@evil.example", "PAY.example.net:$port",
    "pay.example.net:${port}0", "pay.example.net:$port/", '', '%00',
    "club.example.org:$port");
my %bad;

for my $host (@hosts) {
    $p = $b->get("$people/mfa/ticket?host=" . encoded($host)
                 . "&state=$state&to=/x");
    $bad{$host} = $p->status if $p->status != 400;
}
for my $state ('', 'A' x 42, 'A' x 44, '<script>', 'B' x 43) {
    $p = $b->get("$people/mfa/ticket?host=pay.example.net%3A$port&state="
                 . encoded($state) . '&to=/x');
    $bad{$state} = $p->status if $p->status != 400;
}
for my $to ('https://evil.example/', '//evil.example/', '/\\evil.example/',
            '/%5cevil.example/', '@evil.example', '.evil.example/',
            "/x\r\nSet-Cookie: a=b", '/mfa/logout', '/ess/../mfa/logout',
            'javascript:alert(1)', '')
{
    for my $from ("$people/mfa/ticket?host=pay.example.net%3A$port"
                  . "&state=$state&to=", "$pay/mfa/ticket?to=",
                  "$pay/mfa/ticket?ticket=$state&to=")
    {
        my $page = $b->get($from . encoded($to));
        my $where = $page->header('Location')
            // $page->links->{Continue} // '';
        my ($last) = $where =~ /[?&]to=([^&]*)/;

        $last = $where unless defined $last || $where =~ m{/mfa/};
        $bad{"$from$to"} = $where unless ($last // '/') eq '/'
            && $where =~ m{^(?:\Q$people\E|\Q$pay\E)?/};
    }
}
is_deeply(\%bad, {}, 'X95: only to hosts of applications, only to paths');

my $address = "/mfa/ticket?host=pay.example.net%3A$port&state=$state&to=/x";
my %targets = ("$pay/" => "$pay/", "$pay/x?y=1" => "$pay/x?y=1",
    "$doc/d/x" => "$doc/d/x", $address => $address,
    "$doc/" => undef, "$doc/dx" => undef, "$doc/d/../x" => undef,
    "$pay" => undef, "$pay.evil.example/" => undef,
    "$pay\@evil.example/" => undef, "$pay:1/" => undef,
    "https://pay.example.net/" => undef, "http://pay.example.net:$port/"
    => undef, "$pay/mfa/logout" => undef, "$pay//evil.example/" => undef,
    "$pay/\\evil.example" => undef, "$pay/%2f" => undef,
    uc($pay) . '/' => undef, "$people/ess/" => undef,
    "$address&a=b" => undef, "$address#x" => undef,
    "/mfa/ticket?host=evil.example&state=$state&to=/x" => undef,
    "/mfa/ticket?host=pay.example.net:$port&state=$state&to=/x" => undef,
    "/mfa/ticket?state=$state&host=pay.example.net%3A$port&to=/x" => undef,
    "/mfa/ticket?host=pay.example.net%3A$port&state=$state&to=//evil" => undef,
    '/mfa/ticket' => undef, '/mfa/ticket?' => undef,
    "/mfa/ticket?ticket=$state&to=/x" => undef);
%bad = ();

for my $to (sort keys %targets) {
    my $where = $b->get("$people/mfa/login?to=" . encoded($to))
                  ->header('Location') // 'none';

    $bad{$to} = $where if $where ne ($targets{$to} // '/mfa/');
}
is_deeply(\%bad, {}, 'E5: targets on other hosts are applications, exactly');


# a stranger's link makes no ticket for a browser that is not this one

$p = $b->get("$people$address");
is($b->get($p->header('Location'))->status, 303,
   'a link with the state of a stranger: this browser is known there anyway');
delete $b->{jars}{'pay.example.net'}{$session};
$p = $b->get("$people$address");
is($b->get($p->header('Location'))->status, 403,
   'X44: and gets nothing by a ticket that was made for another');


# no way goes round: a browser that keeps no cookie

{
    my $deaf = browser();
    my ($to, $count) = ("$pay/x", 0);

    $s->first_step($deaf, $me);
    my $main = $b->cookie;
    for ($count = 0; $count < 20; $count++) {
        $p = browser()->request('GET', $to, { Accept => 'text/html',
            'Sec-Fetch-Mode' => 'navigate',
            $to =~ /^\Q$people\E/ ? (Cookie => $main) : () });
        last if $p->status != 303;
        $to = $p->header('Location');
    }
    is($p->status, 403, 'a browser without cookies ends on a page,');
    is($count, 3, 'after one round');
}


# single log out, from either side

($p) = hops($b, "$pay/x");
my $fresh = $s->app->hits;
$b->get("$pay/mfa/logout");
is($b->{page}->h1, 'Log out?', 'L10: asked on the other host');
my $form = $b->{page}->form('Log out');

for my $origin ($people, 'https://evil.example', $doc) {
    is($b->post("$pay/mfa/logout", $form->{fields}, Origin => $origin)->status,
       403, "X93, E2: a form of $origin");
}
is($b->api("$pay/x")->status, 200, 'X93: changes nothing');
is($b->post("$people/mfa/logout", $form->{fields}, Origin => $pay)->status,
   403, 'X93: nor does one of the other host here');

$b->get("$pay/mfa/logout");
$p = $b->submit('Log out');
is($p->{url} =~ s/\?.*//sr, "$pay/mfa/logged-out", 'L10: logged out there');
ok(!$b->{jars}{'pay.example.net'}{$session}, 'its cookie is gone');
is(answer($people, $of{people}, '/ess/'), 401, 'D6: the main host asks again');
($p) = hops($b, "$people/ess/");
is($p->h1, 'Login', 'D6: for a login');
is(answer($pay, $of{pay}, '/x'), 401, 'D6: and so does the other');

$b->get("$pay/mfa/logged-out?to=/x");
$p = $b->click('Log back in');
like($p->{url}, qr{^\Q$people\E/mfa/login\?}, 'L10: Log back in');
$s->advance('31s');
$b->submit('Login', 'Email address' => $me->{email},
           Password => $me->{password});
$p = $b->submit('Continue', 'Please enter verification code using your '
                . 'authentication app' => $s->code($me));
is($p->{url}, "$pay/", 'L10: leads to where they came from');

%of = (people => $b->{jar}{$session}{value},
       pay => $b->{jars}{'pay.example.net'}{$session}{value});
is(answer($pay, $of{pay}, '/x'), 200, 'logged in again, on both');
$s->logout($b);
is(answer($pay, $of{pay}, '/x'), 401, 'D6: logged out here ends it there');


# ended by staff, by time

sub again {
    $s->advance('31s');
    $b = browser();
    $s->login($b, $me, to => "$pay/x");
    hops($b, "$people/ess/");
    %of = (people => $b->{jar}{$session}{value},
           pay => $b->{jars}{'pay.example.net'}{$session}{value});
    return answer($people, $of{people}, '/ess/')
           . answer($pay, $of{pay}, '/x');
}

is(again(), '200200', 'logged in, on both');
is(($s->ctl('session', 'end', '--user', 'ann'))[0] // 1, 0, 'revoked by staff');
is(answer($people, $of{people}, '/ess/') . answer($pay, $of{pay}, '/x'),
   '401401', 'D12: ends both');

is(again(), '200200', 'logged in, on both');
for (1 .. 4) {
    $s->advance('50m');
    is(answer($pay, $of{pay}, '/x'), 200, 'D12: a use there');
    $s->touched('ann');
}
is(answer($people, $of{people}, '/ess/'), 200, 'D12: is a use here');
$s->advance('61m');
is(answer($pay, $of{pay}, '/x') . answer($people, $of{people}, '/ess/'),
   '401401', 'D12: idle on both is idle');


# what is written

my $log = $s->log . join "\n", $s->access;
my ($ours) = $s->log;
unlike($ours, qr/\Q$of{pay}\E|ticket=[\w-]{43}/, 'N2: no ticket in our log');

done_testing();
