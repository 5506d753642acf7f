# mfactl monitor report: lists who would break and nobody else, and what it
# prints can be pasted: it lets them in, and strangers not. Nothing that a
# visitor writes into the log becomes configuration.

use MFA::Test;
use IO::Socket::INET;
use JSON::PP ();

my $json = JSON::PP->new->utf8->canonical;
my $locations = <<'END';
        location /mfa/  { mfa_portal; }
        location /ess/  { mfa staff monitor; proxy_set_header X-From "a \"b\"";
                          proxy_pass http://app; }
        location /old/  { mfa staff monitor; proxy_pass http://app/new/; }
        location /mss/  { mfa staff monitor; mfa_allow group=managers;
                          proxy_pass http://app; }
        location /own/  { mfa staff monitor; allow 127.0.0.0/8; deny all;
                          proxy_pass http://app; }
END
my $s = mfa_server(time => 1, locations => $locations,
                   realm => { event_log => '%%DIR%%/events.log' });
my $chrome = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36';
my %page = ('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Site' => 'none',
            'Sec-Fetch-Dest' => 'document', Accept => 'text/html');
my %call = ('Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Site' => 'same-origin',
            'Sec-Fetch-Dest' => 'empty', Accept => '*/*');

sub ask {
    my ($server, $from, $method, $path, $agent, %head) = @_;
    my $socket = IO::Socket::INET->new(LocalAddr => $from, Timeout => 60,
        PeerAddr => '127.0.0.1', PeerPort => $server->{port}) or die $!;
    my $length = $method =~ /^P/ ? "Content-Length: 0\r\n" : '';

    print $socket "$method $path HTTP/1.1\r\nHost: 127.0.0.1:$server->{port}"
        . "\r\nConnection: close\r\nUser-Agent: $agent\r\n$length"
        . join('', map { "$_: $head{$_}\r\n" } sort keys %head) . "\r\n";
    my $text = do { local $/; <$socket> };

    return $text =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
}

my @machines = (
    ['127.0.0.3', 'GET', '/ess/export.csv', 'curl/8.5', 'script',
     Authorization => 'Basic x'],
    ['127.0.0.4', 'POST', '/old/import', 'python-requests/2.31', 'script'],
    ['127.0.0.5', 'GET', '/ess/health', 'kube-probe/1.29', 'health_check'],
    ['127.0.0.6', 'OPTIONS', '/ess/dav/', 'Microsoft Office/16.0', 'office'],
    ['127.0.0.6', 'PROPFIND', '/ess/dav/a.docx', 'Microsoft Office/16.0',
     'office'],
    ['127.0.0.9', 'GET', '/mss/feed.xml', 'FeedReader/3', 'feed'],
);

for my $m (@machines) {
    my ($from, $method, $path, $agent, $kind, %head) = @$m;
    is(ask($s, $from, $method, $path, $agent, %head), 200, "$agent passes")
        for 1 .. 2;
}

# people: pages, and what pages ask for; one page is left open elsewhere

ask($s, '127.0.0.2', 'GET', $_, $chrome, %page) for qw(/ess/ /ess/b /mss/);
ask($s, '127.0.0.2', 'GET', '/ess/api/data', $chrome, %call);
ask($s, '127.0.0.8', 'GET', '/mss/team', $chrome, %page,
    'Remote-User' => 'ann');
ask($s, '127.0.0.10', 'GET', '/own/data', 'curl/8.5');
for (1 .. 14) {
    ask($s, $_, 'GET', '/ess/poll', $chrome, %call)
        for '127.0.0.2', '127.0.0.7';
    $s->advance('30s');
}
ask($s, '127.0.0.7', 'GET', '/ess/poll', $chrome, %call);

# the counts are written once a minute

my ($report, %found);

for (1 .. 30) {
    select undef, undef, undef, 2;
    $report = $s->json('monitor', 'report');
    %found = map { ("$_->{address} $_->{kind}" => $_) } @{$report->{breaks}};
    last if $found{'127.0.0.7 browser'}
        && $found{'127.0.0.7 browser'}{paths}[0]{regular}
        && ($found{'127.0.0.3 script'}{count} // 0) == 2;
}

is(join(', ', sort keys %found),
   '127.0.0.10 script, 127.0.0.3 script, 127.0.0.4 script, 127.0.0.5 '
   . 'health_check, 127.0.0.6 office, 127.0.0.7 browser, 127.0.0.8 server, '
   . '127.0.0.9 feed', 'who would break, and nobody else')
   or diag($json->pretty->encode($report));
is($found{'127.0.0.3 script'}{count}, 2, 'how often');
is($found{'127.0.0.3 script'}{auth}, 'basic', 'a script with Basic');
is($found{'127.0.0.8 server'}{removed}, 'remote-user', 'a proxy that names');
ok($found{'127.0.0.7 browser'}{paths}[0]{regular}, 'a poll is regular');
is($report->{broken_lines}, 0, 'no line is broken');
like($report->{realm_lines}, qr{^idle_ignore /ess/poll;$}m, 'idle_ignore');
is((() = $report->{realm_lines} =~ /^idle_ignore/mg) + 0, 1, 'once');
like($report->{realm_lines}, qr{^# +trusted_identity .*network=127\.0\.0\.8;}m,
     'a hint about the proxy');
unlike($report->{server_lines}, qr/allow 127\.0\.0\.[28];/,
       'nothing is opened to where people are');
unlike($report->{server_lines}, qr/^location = \/own\//m,
       'nothing is put in the place of rules that are there');
like($report->{server_lines}, qr/^# location = \/own\/data/m, 'but as a comment');

my ($code, $text) = $s->ctl('monitor', 'report', "$s->{dir}/events.log");
is($code, 0, 'for people');
like($text, qr/CHECK BEFORE YOU PASTE/, 'with a warning');
like($text, qr/^127\.0\.0\.3 +script +2 +\/ess\/export\.csv/m, 'and a table');


# pasted, and guarded for real

my $lines = $report->{server_lines};
my $guarded = "$locations$lines" =~ s/ monitor;/;/gr;
my ($ignore) = $report->{realm_lines} =~ /^idle_ignore (.*);$/m;
my $real = mfa_server(locations => $guarded, realm => {
    idle_ignore => $ignore });

for my $m (@machines) {
    my ($from, $method, $path, $agent, $kind, %head) = @$m;
    $real->app->forget;
    is(ask($real, $from, $method, $path, $agent, %head), 200,
       "$agent works with the pasted lines");
    is($real->app->hits, 1, '... at the application');
    is(ask($real, '127.0.0.99', $method, $path, $agent, %head), 401,
       '... a stranger does not');
    is(ask($real, $from, $method, "$path/x", $agent, %head), 401,
       '... nor does it elsewhere');
}
ask($real, '127.0.0.3', 'GET', '/ess/export.csv', 'curl/8.5');
is_deeply([MFA::Upstream::values_of($real->app->last, 'X-From')], ['a "b"'],
          'the lines of the location came along, quotes too');
ask($real, '127.0.0.4', 'POST', '/old/import', 'x');
is($real->app->last->{target}, '/new/import', 'and the address behind');
is(ask($real, '127.0.0.2', 'GET', '/ess/', $chrome, %page), 303,
   'people log in');
my $ann = $real->browser;
$real->register($ann, 'ann.employee@example.org');
is($ann->get('/ess/export.csv')->status, 200, 'a person still gets it too');
is($ann->get('/mss/feed.xml')->status, 403, 'mfa_allow came along');
is(($real->ctl_bare('lint', $real->{conf}) )[1] =~ /satisfy-any/ ? 1 : 0, 0,
   'lint has nothing against it');


# attacks by the log

my $log = "$s->{dir}/forged.log";

sub report_of {
    my (@lines) = @_;

    open my $fh, '>', $log or die;
    print $fh map { (ref $_ ? $json->encode($_) : $_) . "\n" } @lines;
    close $fh;
    return $s->json('monitor', 'report', $log);
}

sub noted {
    return { time => '2026-11-22T10:00:00.000Z', event => 'monitor',
             would => 'login', answer => 401, address => '10.1.2.3',
             host => '127.0.0.1', method => 'GET', path => '/ess/x',
             agent => 'curl/8', load => 'call', count => 20, @_ };
}

my @evil = ("/x {\n}\nallow all;\n", '/x;}', '/x"', "/x'", '/x y', '/$uri',
    '/x#', '/x\\', '/../x', "/x\x{202e}", "/x\r", '/{a}', '/x//y', '/x/../y',
    '/%0a', '', 'x', "/x\0", '/' . 'x' x 300, '/~^.*', "/x\x{2028}y");

for my $path (@evil) {
    my $r = report_of(noted(path => $path, agent => "$path\n} allow all; {"));
    my @live = grep { /\S/ && !/^#/ && !/^ +(?:#|satisfy any|deny all|allow 10\.1\.2\.3; )/ }
               split /[\r\n]/, $r->{server_lines};
    my $name = JSON::PP->new->ascii->encode([$path]);
    if ($path eq '/~^.*') { ok(!@live, "not plain: $name"); next }
    is("@live", '', "nothing of $name takes effect");
}
my $r = report_of(noted(agent => "x\n}\nallow all;\n# \x{202e}"));
is((grep { /allow all/ && !/#.*allow all/ } split /\n/, $r->{server_lines}) + 0,
   0, 'an agent stays in its comment');
like($r->{server_lines}, qr/^location = \/ess\/x \{\n.*^    allow 10\.1\.2\.3;/ms,
     'and a plain path is a location');
for my $case (['192.0.2.7', 1], ['192.0.2.7', 100_000], ['2001:db8::1', 50]) {
    $r = report_of(noted(address => $case->[0], count => $case->[1]),
                   noted(address => $case->[0], count => $case->[1],
                        time => '2026-11-25T10:00:00.000Z'));
    unlike($r->{server_lines}, qr/^(?!#)\S|^ +allow/m,
           "$case->[0]: nothing is opened to outside");
    is($r->{breaks}[0]{inside}, JSON::PP::false, '... but it is listed');
}
unlike(report_of(noted(path => '/', below => JSON::PP::true))->{server_lines},
       qr/^(?!#)\S/m, 'not all of a site at once');
unlike(report_of(noted(path => '/ess/', below => JSON::PP::true))->{server_lines},
       qr/^(?!#)\S/m, 'nor all of an application');
unlike(report_of('2026/11/22 10:00:00 [notice] 7#7: mfa: event '
                 . $json->encode(noted()))->{server_lines}, qr/^(?!#)\S/m,
       'an error log opens nothing: visitors write in it');
unlike(report_of(noted(path => '/ess/poll;x', agent => $chrome,
                      gap => [30000, 30000]))->{realm_lines}, qr/idle_ignore/,
       'nor does a path that is not plain get into the realm');

my $good = $json->encode(noted());
$r = report_of($good, substr($good, 0, 60), 'hello', '', '{}', "{\"event\":\"log"
    . "in\",\"result\":\"ok\"}", '{"event":"monitor"}', '[1]', 'x' x 200_000,
    map({ noted(@$_) } [time => 'x'], [time => '2026-13-45T99:00:00.000Z'],
        [count => -1], [count => 1e12], [count => '5'], [address => 'a;b'],
        [address => '10.0.0.0/8'], [would => 'x'], [load => 'x'],
        [host => ['x']], [gap => [5]], [gap => [9, 1]], [agent => 'x' x 999]),
    $good =~ s/^\{/{"path":"\/other",/r, "\xff\xfe$good", "$good$good");
is($r->{lines}, 1, 'of broken lines none counts');
is($r->{requests}, 20, 'nor do their numbers');
cmp_ok($r->{broken_lines}, '>=', 16, 'they are counted') or diag(explain($r));

# 20,000 strangers push nobody out

$r = report_of(map({ noted(address => "198.51." . ($_ >> 8 & 255) . '.'
    . ($_ & 255), agent => "a$_", count => 1) } 1 .. 20_000), noted());
ok((grep { $_->{address} eq '10.1.2.3' } @{$r->{breaks}}), 'who is inside '
   . 'is listed after 20,000 from outside');
ok($r->{not_listed} > 10_000, 'the others are counted');
is($r->{requests}, 20_020, 'all of them');


# what is asked of it wrongly

is(($s->ctl('monitor', 'report', '/nonexistent'))[0], 1, 'no such file');
is(($s->ctl('monitor', 'report', $s->{dir}))[0] > 0, 1, 'a folder');
is(($s->ctl('monitor', 'report', '--days', $_))[0], 2, "--days $_")
    for '0', 'x', '-1', '99999';
is($s->json('monitor', 'report', $log, '--days', '1')->{requests} >= 0, 1,
   '--days 1');
is(($real->ctl('monitor', 'report'))[0], 1, 'a realm without an event log');

done_testing();
