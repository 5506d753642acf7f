# Applications that know only HTTP Basic (U4): a real one, another nginx with
# auth_basic; and nobody's own Authorization, prompt or password gets through.

use MFA::Test;
use MIME::Base64 qw(encode_base64 decode_base64);

my $secret = "p\xc3\xa4ss:word 4711";                  # UTF-8, with a colon
my $typed = 'typed-by-somebody-4712';

my $s = mfa_server(start => 0, log => 'debug', http => <<'HTTP',
    log_format who '$uri|$remote_user|$status|$upstream_status';
    access_log %%DIR%%/who.log who;


    map $arg_as $as { default $arg_as; colon a:b; control "a\tb"; }

    server {
        listen unix:%%DIR%%/basic.sock;
        error_log %%DIR%%/old.error info;       # of another machine
        auth_basic "The old application";
        auth_basic_user_file %%DIR%%/htpasswd;
        location / { proxy_pass http://app; }
    }
    upstream old { server unix:%%DIR%%/basic.sock; }
HTTP
    locations => <<'END');
        location /mfa/   { mfa_portal; }
        location /ess/   { mfa_upstream_basic $mfa_user
                               password_file=%%DIR%%/old.pass;
                           proxy_pass http://old;
            location /ess/plain/ { mfa_upstream_basic off;
                                   proxy_pass http://app; }
            location /ess/within/ { proxy_pass http://old; }
            location /ess/unguarded/ { mfa off; proxy_pass http://app; }
        }
        location /fixed/ { mfa_upstream_basic gateway
                               "password=PASSWORD";
                           proxy_pass http://old; }
        location /wrong/ { mfa_upstream_basic $mfa_user password=no-such-4713;
                           proxy_pass http://old; }
        location /as/    { mfa_upstream_basic $as password_file=%%DIR%%/old.pass;
                           proxy_pass http://app; }
        location /open/  { mfa_level open;
                           mfa_upstream_basic $mfa_user
                               password_file=%%DIR%%/old.pass;
                           proxy_pass http://old; }
        location /any/   { satisfy any; allow 127.0.0.1; deny all;
                           mfa_upstream_basic $mfa_user
                               password_file=%%DIR%%/old.pass;
                           proxy_pass http://old; }
        location /both/  { satisfy any;
                           auth_basic "Ours";
                           auth_basic_user_file %%DIR%%/htpasswd.ours;
                           mfa_upstream_basic gateway
                               password_file=%%DIR%%/old.pass;
                           proxy_pass http://app; }
        location /own401/ { mfa_upstream_basic $mfa_user
                               password_file=%%DIR%%/old.pass;
                           proxy_pass http://app; }
        location /moved/ { mfa_upstream_basic $mfa_user
                               password_file=%%DIR%%/old.pass;
                           proxy_intercept_errors on; error_page 404 = @moved;
                           proxy_pass http://app; }
        location @moved  { mfa off; proxy_pass http://app; }
        location /sub/   { auth_request /subbed; proxy_pass http://app; }
        location = /subbed { internal;
                           mfa_upstream_basic $mfa_user password=no-such-4714;
                           proxy_pass_request_body off;
                           proxy_set_header Content-Length "";
                           proxy_pass http://old; }
        location /mirror/ { mirror /mirrored; proxy_pass http://app; }
        location = /mirrored { internal;
                           mfa_upstream_basic $mfa_user password=no-such-4715;
                           proxy_pass http://old; }
END

my $dir = $s->{dir};
my $app = $s->app;

sub put {
    my ($name, $text, $mode) = @_;

    open my $fh, '>', "$dir/$name" or die;
    print $fh $text;
    close $fh;
    chmod $mode, "$dir/$name";
}

sub htpasswd {
    my (%password) = @_;

    return join '', map { "$_:" . crypt($password{$_}, '$6$saltsalt') . "\n" }
                    sort keys %password;
}

put('old.pass', "$secret\r\nsecond line 4716\n", 0400);
put('htpasswd', htpasswd(ann => $secret, gateway => $secret), 0644);
put('htpasswd.ours', htpasswd(guest => 'guest'), 0644);

$s->{is}{locations} =~ s/PASSWORD/$secret/;
$s->_write_conf;
$s->start;

my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');

my $own = 'Authorization: Basic ' . encode_base64("ann:$typed", '');

sub ask {
    my ($path, @headers) = @_;
    my $cookie = $b ? 'Cookie: ' . $b->cookie . "\r\n" : '';

    $app->forget;
    return $s->raw("GET $path HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
        . "Connection: close\r\nAccept: text/html\r\n$cookie"
        . join('', map { "$_\r\n" } @headers) . "\r\n");
}

sub status { return $_[0] =~ m{^HTTP/1\.1 (\d+)} ? $1 : $_[0] }

sub told {
    my @all = map { MFA::Upstream::values_of($_, 'Authorization') } $app->all;

    return join '; ', map { /^Basic (\S+)$/ ? decode_base64($1) : $_ } @all;
}

sub logged {
    my ($path) = @_;
    return ($s->logged('who.log', qr{^\Q$path\E\|}))[-1];
}



# who the application is told of (U4)

is(status(ask('/ess/')), 200, 'U4: the old application lets the person in');
is(told(), "ann:$secret", 'by name and the first line of the file');
is((MFA::Upstream::values_of($app->last, 'Remote-User'))[0], 'ann',
   'beside the headers');
is(logged('/ess/'), '/ess/|ann|200|200', '$remote_user is whom it was told');

is(status(ask('/ess/within/')), 200, 'inherited by a location inside');
is(status(ask('/fixed/')), 200, 'a fixed name');
is(told(), "gateway:$secret", 'with the password of the line');
ask('/ess/plain/');
is(told(), '', 'off');

for my $spelled ('Authorization', 'AUTHORIZATION', 'authorization') {
    is(status(ask('/ess/', $own =~ s/^Authorization/$spelled/r)), 200,
       "$spelled of a client");
    is(told(), "ann:$secret", 'U4: is not what the application gets');
}

is(status(ask('/ess/', 'Authorization: Bearer abc')), 200, 'a Bearer token');
is(told(), "ann:$secret", 'neither');
ask('/ess/plain/', $own);
is(told(), "ann:$typed", 'where it is off a client keeps its own');
ask('/ess/unguarded/', $own);
is(told(), "ann:$typed", 'and where nothing is guarded');

ask('/ess/');
is_deeply([map { MFA::Upstream::values_of($app->last, $_) }
           qw(Connection Accept)], ['close', 'text/html'],
          'other headers stay');


# nobody

{
    my $was = $b;

    $b = undef;
    is(status(ask('/ess/', $own)), 303, 'a stranger is asked to log in');
    is($app->hits, 0, 'and the application is not asked');

    my $answer = ask('/open/', $own);
    is($app->hits, 0, 'U4: nobody: no header, and the client has none');
    is(status($answer), 303, 'so the old application\'s prompt is our login');
    unlike($answer, qr/WWW-Authenticate: Basic/i, 'L12: never Basic');
    is(logged('/open/'), '/open/|-|303|401', '$remote_user is nobody');

    $answer = ask('/open/', 'X-Requested-With: XMLHttpRequest');
    is(status($answer), 401, 'a script gets our 401');
    like($answer, qr/WWW-Authenticate: MFA-Session/, 'with our own scheme');
    unlike($answer, qr/Basic/, 'L12: never Basic');

    is(status(ask('/any/', $own)), 303, 'let in by allow: no header either');
    is($app->hits, 0, 'and no Authorization of the client');
    unlike(ask('/any/', $own), qr/WWW-Authenticate: Basic/i, 'no prompt');

    my $guest = 'Authorization: Basic ' . encode_base64('guest:guest', '');

    is(status(ask('/both/', $guest)), 200, 'satisfy any with auth_basic');
    is(told(), '', 'which is for nginx alone');
    is(status(ask('/both/')), 303, 'without either: our login');

    $b = $was;
}

is(status(ask('/open/')), 200, 'open, and somebody is known');
is(told(), "ann:$secret", 'and told');
is(status(ask('/any/')), 200, 'satisfy any, by a session');
is(told(), "ann:$secret", 'is told as well');


# a wrong password is the operator's affair (L12)

{
    my $answer = ask('/wrong/');

    is(status($answer), 502, 'a wrong password: 502');
    unlike($answer, qr/WWW-Authenticate|old application|no-such/i,
           'L12: no prompt, and no word of it');
    like($answer, qr/^X-Content-Type-Options: nosniff/m, 'a page of ours');
    $s->log_like(qr/mfa: the application answered 401 to the user and/,
                 'the operator is told');
    is(logged('/wrong/'), '/wrong/|ann|502|401', 'and sees both in the log');

    $answer = ask('/wrong/', 'X-Requested-With: XMLHttpRequest');
    is(status($answer), 502, 'for a script too');

    for my $scheme ('Negotiate', 'NTLM', 'Digest%20realm=%22x%22',
                    'basic%20realm=%22x%22')
    {
        $answer = ask("/own401/?status=401&header=WWW-Authenticate:%20$scheme");
        is(status($answer), 502, "$scheme prompts as well");
        unlike($answer, qr/WWW-Authenticate/i, 'and is gone');
    }

    $answer = ask('/own401/?status=401&type=application/json');
    is(status($answer), 401, 'a 401 that asks for nothing stays');
    like($answer, qr/application/, 'with its own body');

    is(status(ask('/sub/')), 502, 'of a subrequest');
    unlike(ask('/sub/'), qr/WWW-Authenticate/i, 'without a prompt');

    $answer = ask('/mirror/?status=401&header=WWW-Authenticate:%20X');
    is(status($answer), 401, 'what a copy of a request is answered counts not');

    is(status(ask('/ess/')), 200, 'and the next request is fine');
}


# names that cannot stand in the header (RFC 7617)

for my $as ('colon', 'control') {
    is(status(ask("/as/?as=$as", $own)), 200, "a user with a $as");
    is(told(), '', 'is left out');
}

$s->log_like(qr/user of "mfa_upstream_basic" cannot stand in a header/,
             'and told');
ask('/as/', $own);
is(told(), '', 'an empty one too');
ask('/as/?as=max');
is(told(), "max:$secret", 'any variable');


# an internal redirect leaves nothing behind

ask('/moved/?status=404', $own);
{
    my @hits = $app->all;

    is(@hits, 2, 'asked twice');
    is_deeply([MFA::Upstream::values_of($hits[1], 'Authorization')], [],
              'U4: a location that is not guarded gets no password');
    is_deeply([MFA::Upstream::values_of($hits[1], 'Remote-User')], [],
              'and no name');
}


# secrets nowhere: nginx shows requests at debug (N2)

{
    my $text = join '', map { local (@ARGV, $/) = ($_); <> }
               grep { -f } map { "$dir/$_" }
               qw(error.log access.log who.log stderr);
    my @ways = map { ($_, encode_base64("ann:$_", ''),
                      encode_base64("gateway:$_", '')) }
               $secret, 'no-such-4713', 'no-such-4714', 'no-such-4715';

    my $shown = encode_base64("ann:$typed", '');

    like($text, qr/http proxy header: "Authorization: Basic \Q$shown\E"/,
         'nginx shows what a client sends to other places');
    like($text, qr/mfa: a password follows/, 'but not of these requests');
    is((grep { index($text, $_) >= 0 } @ways), 0, 'N2: no password in a log');
    unlike($text, qr/second line/, 'nor what else is in the file');

    ask('/ess/plain/?after');
    like($s->log, qr/GET \/ess\/plain\/\?after/, 'the next is shown again');
}


# what cannot be configured, with file and line

sub refused {
    my ($what, $re, $line, $locations) = @_;
    my ($code, $text) = conf_test(people => [], locations =>
        "location /mfa/ { mfa_portal; }\n"
        . ($locations // "location /x/ { $line }\n"));

    isnt($code, 0, "$what: refused");
    like($text, $re, "$what: says so");
    like($text, qr{ in \S+nginx\.conf:\d+}, "$what: with file and line");
    unlike($text, qr/4717/, "$what: without the password");
}

chmod 0444, "$dir/htpasswd";
put('empty', "\nsecond", 0400);
put('control', "a\x01b", 0400);

my $basic = 'mfa_upstream_basic';

refused('nothing', qr/invalid number of arguments/, "$basic;");
refused('no password', qr/needs a user, and/, "$basic ann;");
refused('a bare password', qr/needs "password=TEXT"/, "$basic ann word4717;");
refused('an empty user', qr/user that is not empty/,
        "$basic '' password=word4717;");
refused('a colon', qr/":" in the user/, "$basic a:b password=word4717;");
refused('an empty password', qr/must be a line/, "$basic ann password=;");
refused('twice', qr/duplicate/,
        "$basic ann password=4717; $basic max password=4717;");
refused('an unknown variable', qr/unknown "nonsense" variable/,
        "$basic \$nonsense password=word4717;");
refused('no file', qr{password file "/none" cannot be opened},
        "$basic ann password_file=/none;");
refused('a file for all', qr/chmod 0400/,
        "$basic ann password_file=$dir/htpasswd;");
refused('an empty line', qr/must be a line/,
        "$basic ann password_file=$dir/empty;");
refused('a control character', qr/must be a line/,
        "$basic ann password_file=$dir/control;");
refused('nothing guarded', qr/would let everybody in/,
        "mfa off; $basic ann password=word4717;");
refused('in a server', qr/not allowed here/, undef,
        "$basic ann password=word4717;\n");

done_testing();
