# Monitor mode: everything passes as it does without the gate, the person who
# is logged in is named, and the log says what would have been; it holds no
# secret, no line that a visitor made, and does not grow with an attack (O2,
# G1, N2, N3).

use MFA::Test;
use JSON::PP 'decode_json';

my $pair = <<'END';
        location /@/      { @; proxy_pass http://app; proxy_http_version 1.1;
                            proxy_set_header Upgrade $http_upgrade;
                            proxy_set_header Connection $http_connection; }
        location /@/any/  { @; satisfy any; allow 127.0.0.0/8; deny all;
                            proxy_pass http://app; }
        location /@/rest/ { @; satisfy any; proxy_pass http://app; }
        location /@/deny/ { @; deny all; proxy_pass http://app; }
        location /@/both/ { @; satisfy any; allow 10.0.0.0/8; deny all;
                            proxy_pass http://app; }
        location /@/err/  { @; error_page 404 /@/page; proxy_pass http://app;
                            proxy_intercept_errors on; }
        location /@/file/ { @; alias %%DIR%%/files/; ssi on; }
        location /@/pass  { @; proxy_pass http://app/x; }
END
my ($on, $off) = map { my ($at, $line) = @$_; $pair =~ s/@;/$line/gr =~ s/@/$at/gr }
    ['m', 'mfa staff monitor;'], ['o', 'mfa off;'];

my $s = mfa_server(time => 1, realm => { event_log => '%%DIR%%/events.log' },
    http => 'log_format m "$request_method $uri $mfa_monitor|$mfa_user";'
            . ' access_log %%DIR%%/monitor.log m;',
    locations => $on . $off . <<'END');
        location /mfa/    { mfa_portal; }
        location /ess/    { proxy_pass http://app; }
        location /m/open/ { mfa staff monitor; mfa_level open;
                            proxy_pass http://app; }
        location /m/mgr/  { mfa staff monitor; mfa_allow group=managers;
                            proxy_pass http://app; }
        location /m/two/  { mfa staff monitor; mfa_level fresh=1m;
                            proxy_pass http://app; }
        location /f/      { mfa staff monitor; try_files /none =204; }
        location /m/real/ { mfa staff; proxy_pass http://app; }
        location /m/in/   { mfa staff monitor;
                            location /m/in/side/ { proxy_pass http://app; } }
END
my $app = $s->app;
my $port = $s->{port};
my $from = 0;

mkdir "$s->{dir}/files";
chmod 0755, "$s->{dir}/files";
for my $at (qw(m o)) {
    open my $fh, '>', "$s->{dir}/files/$at.html" or die;
    print $fh "<p>1</p><!--#include virtual=\"/$at/part\" --><p>2</p>\n";
    chmod 0644, $fh;
}

# new notes of these paths, once there are so many

sub notes {
    my ($want, $of) = @_;
    my (@all, @found);

    for (1 .. 1500) {
        open my $fh, '<', "$s->{dir}/events.log" or die;
        @all = grep { /\n$/ } <$fh>;
        splice @all, 0, $from;
        @found = grep { $_->{event} =~ /^monitor/
                        && (!$of || ($_->{path} // '') =~ $of) }
                 map { decode_json($_) } @all;
        last if @found >= ($want // 0);
        select undef, undef, undef, 0.02;
    }

    $from += @all;
    return @found;
}

sub answer {
    my ($method, $path, $more, $body) = @_;

    $body //= '';
    $body = "Content-Length: " . length($body) . "\r\n\r\n$body"
        if $method =~ /^P/;
    $body = "\r\n" if $method !~ /^P/;

    my $text = $s->raw("$method $path HTTP/1.1\r\nHost: 127.0.0.1:$port\r\n"
                       . "Connection: close\r\n" . ($more // '') . $body);

    $text =~ s/^(?:Date|Last-Modified|ETag): .*\r\n//mg;
    return $text;
}

sub head_of {
    my ($hit) = @_;
    return [map { "$_->[0]: $_->[1]" } @{$hit->{head}}];
}


# the same as without the gate, to the byte

for my $case (
    ['GET', 'x'], ['GET', 'x?status=401'], ['GET', 'x?status=302&header='
     . 'Location:%20/y'], ['HEAD', 'x'], ['POST', 'x', '', 'a=b'],
    ['PUT', 'x', '', 'y' x 3000], ['POST', 'x', "Expect: 100-continue\r\n",
     'z' x 100_000], ['OPTIONS', 'x'], ['DELETE', 'x'], ['PROPFIND', 'x'],
    ['GET', 'x?type=text/html&header=Cache-Control:%20public'],
    ['GET', 'x?header=Expires:%20Thu,%2001%20Jan%202037%2000:00:00%20GMT'],
    ['GET', 'x', "Accept: text/html\r\n"], ['GET', 'x?size=200000'],
    ['GET', 'x', "Authorization: Basic am9lOnJpZ2h0\r\n"],
    ['GET', 'x', "Cookie: JSESSIONID=1; a=b\r\n"],
    ['GET', 'any/x'], ['GET', 'rest/x'], ['GET', 'deny/x'], ['GET', 'both/x'],
    ['GET', 'err/x?status=404'], ['POST', 'err/x?status=404', '', 'a=b'],
    ['GET', 'pass'], ['GET', 'x?drop=1'], ['TRACE', 'x'], ['GET', '..//x'],
    ['GET', 'x', "Range: bytes=0-1\r\n"], ['GET', 'none%0ax'])
{
    my ($method, $path, @more) = @$case;
    $app->forget;
    my $with = answer($method, "/m/$path", @more);
    my @seen = $app->all;
    $app->forget;
    my $without = answer($method, "/o/$path", @more);
    my @wanted = $app->all;
    my $name = "$method $path " . ($more[0] // '') =~ s/\r\n//r;

    s{/o/}{/m/}g for $without;
    is($with, $without, "as without the gate: $name");
    $_->{target} =~ s{^/o}{/m} for @wanted;
    is_deeply([map { head_of($_), $_->{body}, $_->{method} } @seen],
              [map { head_of($_), $_->{body}, $_->{method} } @wanted],
              '... and to the application');
}

is(answer('GET', '/m/file/m.html'), answer('GET', '/o/file/o.html'),
   'a page of parts');
my $ws = "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
for my $at (qw(m o)) {
    my $socket = $s->socket;
    print $socket "GET /$at/ws HTTP/1.1\r\nHost: 127.0.0.1:$port\r\n$ws";
    sysread $socket, my $text, 4096;
    like($text, qr/^HTTP\/1\.1 101/, "a web socket opens at /$at/");
    print $socket "ping";
    sysread $socket, $text, 4096;
    is($text, 'ping', '... and carries bytes');
}
is($s->browser->get('/.well-known/change-password')->status, 302,
   'the rest of the server is guarded for real');
is($s->browser->get('/m/real/x')->status, 303, '"mfa NAME" below is real');
is($s->browser->get('/ess/')->status, 303, 'and so is the place beside');
is($s->browser->get('/m/in/side/x')->status, 200, 'it is inherited');


# what the log says

notes();
$s->browser->api('/m/one/two');
my ($note) = notes(1, qr{^/m/one/two});
is_deeply({ map { $_ => $note->{$_} } qw(event would answer address host
            method path mode site dest load count) },
          { event => 'monitor', would => 'login', answer => 401,
            address => '127.0.0.1', host => '127.0.0.1', method => 'GET',
            path => '/m/one/two', mode => 'cors', site => 'same-origin',
            dest => 'empty', load => 'call', count => 1 },
          'a call of a browser') or diag(explain($note));
$s->browser->get('/m/paper');
($note) = notes(1, qr{paper});
is("$note->{answer} $note->{load}", '303 page', 'a page load');
is(scalar($s->logged('monitor.log', qr{^GET /m/paper login\|-$})), 1,
   '$mfa_monitor in a log');

answer('GET', "/m/$_/x2", "User-Agent: rules\r\n")
    for qw(any deny both open rest);
is(join(' ', map { $_->{path} } notes(1, qr{x2$})), '/m/rest/x2',
   'only whom the rules of nginx let in today and the gate would stop');
answer('GET', '/o/none');
answer('GET', '/m/err/gone?status=404', "User-Agent: e\r\n") for 1, 2;
is(join(' ', map { $_->{path} } notes(1, qr{gone|none})), '/m/err/gone',
   'once a request, and once a minute of the same');

my $ann = $s->browser;
my $me = $s->register($ann, 'ann.employee@example.org');
notes();
$app->forget;
is($ann->get('/m/me')->h1, 'application', 'who is logged in passes');
is_deeply([MFA::Upstream::values_of($app->last, 'Remote-User')],
          ['ann'], 'and is named');
is_deeply([MFA::Upstream::values_of($app->last, 'Cookie')], [],
          'our cookie stays here');
is($ann->get('/m/mgr/x')->status, 200, 'a manager\'s page for somebody else');
is_deeply([MFA::Upstream::values_of($app->last, 'Remote-User')], [],
          'who is not named there');
$s->advance('2m');
is($ann->get('/m/two/x')->status, 200, 'a page that asks for a fresh code');
is(join(' ', sort map { "$_->{path}:$_->{would}:$_->{answer}" }
               notes(2, qr{^/m/(?:mgr|two)/})),
   '/m/mgr/x:no_access:403 /m/two/x:step_up:303', 'both are noted');


# a forged identity goes as ever, and the operator learns of it

$app->forget;
answer('GET', '/m/forged', "Remote-User: root\r\nREMOTE-EMAIL: x\r\n"
       . "X-Mfa-Method: y\r\n");
is((grep { /^(?:remote|x-mfa)/i } @{head_of($app->last)}) + 0, 0,
   'G1: no header of the client names anybody');
($note) = notes(1, qr{^/m/forged});
is_deeply([sort @{$note->{removed}}], ['remote-email', 'remote-user',
          'x-mfa-method'], 'the note names what was removed');


# N2: no secrets; N3: nothing forged

my $secret = 'S3cr3tS3cr3t';
my $evil = "\"}\\n{\\\"event\\\":\\\"forged\\\"";
answer('POST', "/m/n2;jsessionid=$secret?q=$secret",
       "Cookie: a=$secret\r\nAuthorization: Basic $secret\r\n"
       . "Authorization2: $secret\r\nReferer: http://x/$secret\r\n"
       . "Content-Type: text/x; boundary=$secret\r\n", $secret);
($note) = notes(1, qr{^/m/n2});
is("$note->{path} $note->{auth} $note->{type}", '/m/n2; basic text/x',
   'N2: the scheme, not what follows');
answer('GET', "/m/%0a%7b%22event%22:%22forged%22%7d%00%1b%5b2J%ff%e2%80%a8",
       "User-Agent: \"}\x7f\xff{\"event\":\"forged\"}\r\nUpgrade: $evil\r\n"
       . "Sec-Fetch-Mode: $evil\r\n");
answer('FORGED' . 'X' x 60, '/m/method');
answer('GET', '/m/long' . 'x' x 3000, 'User-Agent: ' . 'y' x 3000 . "\r\n");
answer('GET', '/m/ctl' . '%01' x 900, 'User-Agent: ' . "\x01\xff" x 900
       . "\r\n");
notes(4);
my @lines = do { open my $fh, '<', "$s->{dir}/events.log"; <$fh> };
is((grep { !eval { ref decode_json($_) eq 'HASH' } } @lines) + 0, 0,
   'N3: every line is one JSON object');
is((grep { (decode_json($_)->{event} // '') eq 'forged' } @lines) + 0, 0,
   'N3: none is forged');
is((grep { /[\x00-\x09\x0b-\x1f\x7f]/ } @lines) + 0, 0, 'N3: no control byte');
is((grep { /$secret/ } @lines) + 0, 0, 'N2: no secret');
is((grep { length > 2000 } @lines) + 0, 0, 'lines are bounded');


# 10,000 requests: of one client one line, then one a minute with a count

notes();
my $socket = $s->socket;
sub many {
    my ($count, $make) = @_;
    my $pid = fork // die;

    if ($pid == 0) {
        print $socket $make->($_) for 1 .. $count - 1;
        local $_ = $count;
        print $socket $make->($_) =~ s/\r\n\r\n/\r\nConnection: close$&/r;
        require POSIX;
        POSIX::_exit(0);
    }
    1 while sysread $socket, my $text, 65536;
    waitpid $pid, 0;
}
my $one = "Host: 127.0.0.1:$port\r\nUser-Agent: poller/1\r\n\r\n";
many(900, sub { "HEAD /m/../f/poll/a HTTP/1.1\r\n$one" });
$socket = $s->socket;
many(900, sub { "HEAD /f/poll/a/$_ HTTP/1.1\r\n$one" });
my @some = notes(1, qr{^/f/poll});
is(@some + 0, 1, 'the first of 1,800 is a line') or diag(explain(\@some));
$s->advance('61s');
@some = notes(1, qr{^/f/poll});
is(@some + 0, 1, 'a minute later one more');
is($some[0]{count}, 1799, 'with the count of the others');
is($some[0]{path}, '/f/poll/', 'and what their paths have in common');
ok($some[0]{below}, '... said to be that');

my $size = -s "$s->{dir}/events.log";
my $began = time;
for (1 .. 9) {
    $socket = $s->socket;
    my $k = $_;
    many(900, sub { "HEAD /f/a$k$_/$_ HTTP/1.1\r\nHost: 127.0.0.1:$port\r\n"
                    . "User-Agent: scanner $_\r\n\r\n" });
}
@some = notes(undef, qr{^(?:/f/a|$)});
ok(@some <= 20 * (time - $began + 2), 'N3: 8,100 of a scanner are '
   . @some . ' lines in ' . (time - $began) . ' s');
$s->stop;
my $sum = 0;
$sum += $_->{count} for @some, notes(undef, qr{^(?:/f/a|$)});
is($sum, 8100, 'none is lost: what was not written is counted');


# configuration

sub says {
    my ($locations, $server) = @_;
    return conf_test(locations => "location /mfa/ { mfa_portal; }\n"
                                  . $locations, server => $server);
}

my ($code, $said) = says('location /x/ { mfa staff monitor; }'
                         . ' location /y/ { mfa staff monitor; }');
is($code, 0, 'nginx -t takes it');
like($said, qr/\[warn\].*MONITOR MODE: realm "staff" lets everybody in without a login, in 2 places, the first is "mfa staff monitor" in \S+:\d+/,
     'and warns');
($code, $said) = says('location /x/ { mfa staff; }');
unlike($said, qr/MONITOR/, 'not without it');
for my $case (['mfa off monitor;', qr/invalid parameter "monitor"/],
              ['mfa staff watch;', qr/invalid parameter "watch"/],
              ['mfa staff monitor x;', qr/invalid number of arguments/],
              ['mfa nobody monitor;', qr/unknown realm "nobody"/],
              ['mfa staff monitor; mfa_check;',
               qr/"mfa_check" would let everybody in/])
{
    ($code, $said) = says("location /x/ { $case->[0] }");
    isnt($code, 0, "refused: $case->[0]");
    like($said, $case->[1], 'and why');
}
($code, $said) = conf_test(locations => 'location /mfa/ { mfa staff monitor; '
    . 'mfa_portal; } location /x/ { mfa_check; }');
is($code, 0, 'a portal is what it is') or diag($said);

done_testing();
