# What the applications learn, and what they may not do (U1, U2, G1-G3).

use MFA::Test;
use IO::Socket::INET;
use POSIX ();

my $fcgi = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1',
                                 ReuseAddr => 1) or die;
my $fcgi_port = $fcgi->sockport;

my $s = mfa_server(http => <<'HTTP', locations => <<'END' . <<"MORE");
    underscores_in_headers on;
    ignore_invalid_headers off;
HTTP
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
        location /x/    { mfa_identity_headers X-User X-Mail X-Name X-Groups;
                          proxy_pass http://app; }
        location /two/  { mfa_identity_headers X-User X-Mail;
                          proxy_pass http://app; }
        location /none/ { mfa_identity_headers off; proxy_pass http://app; }
        location /over/ { proxy_set_header Remote-User over;
                          proxy_pass http://app; }
        location /cache/ { mfa_cache on; proxy_pass http://app; }
END
        location /fcgi/ { fastcgi_param REMOTE_USER \$mfa_user;
                          fastcgi_pass 127.0.0.1:$fcgi_port; }
        location /uwsgi/ { uwsgi_pass 127.0.0.1:$fcgi_port; }
MORE
my $app = $s->app;
my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');

sub seen {
    my (@headers) = @_;
    my $path = shift @headers;
    my $text = "GET $path HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
        . "Cookie: first=1; " . $b->cookie . "; last=2\r\n"
        . join('', map { "$_\r\n" } @headers) . "\r\n";

    $app->forget;
    $text =~ s/\r\n\r\n\z/\r\nConnection: close\r\n\r\n/
        unless grep { /^Connection:/ } @headers;

    my $answer = $s->raw($text);
    my $hit = $app->last or return "no request: $answer";

    return $hit;
}

sub like_identity {
    my ($hit) = @_;
    return join ' ', map { "$_->[0]=$_->[1]" }
           grep { $_->[0] =~ /^(?:remote|x)[^a-z0-9]
                              (?:user|e?mail|name|groups|mfa.*)$/ix }
           @{$hit->{head}};
}

my $ann = 'Remote-User=ann Remote-Email=ann.employee@example.org '
        . 'Remote-Name=Ann Employee Remote-Groups=';

is(like_identity(seen('/ess/')), $ann, 'U1: each header once');


# X25, G1

my @forged = map { ("$_: alice") } qw(Remote-User REMOTE-USER remote_user
    Remote_User remote.user Remote.User Remote-Email remote_EMAIL
    Remote-Groups remote.groups X-User x_user X.Groups Remote!User
    remote~email X-MFA-Method x_mfa_method X-MFA-Auth-Time);

is(like_identity(seen('/ess/', @forged, @forged)), $ann,
   'X25: every spelling of the client is gone');
is(like_identity(seen('/open/', @forged)), '',
   'X25: in an open location too');
is(like_identity(seen('/x/', @forged)),
   'X-User=ann X-Mail=ann.employee@example.org X-Name=Ann Employee X-Groups=',
   'U1: names of a location');
is(like_identity(seen('/two/', @forged)),
   'X-User=ann X-Mail=ann.employee@example.org', 'fewer names');
is(like_identity(seen('/none/', @forged)), '', 'none');
is(like_identity(seen('/over/', @forged)),
   'Remote-User=over Remote-Email=ann.employee@example.org '
   . 'Remote-Name=Ann Employee Remote-Groups=',
   'proxy_set_header replaces one');
is(like_identity(seen('/ess/', "Remote-User:\talice", 'X-Other: kept')), $ann,
   'X25: with a tab');
is_deeply([MFA::Upstream::values_of($app->last, 'X-Other')], ['kept'],
          'other headers stay');


# X26, G2

is(like_identity(seen('/ess/', 'Connection: close, Remote-User, TE',
                      'Remote-User: alice')), $ann,
   'X26: Connection cannot drop ours');


# CGI and its kin see them as HTTP_REMOTE_USER

for my $path ('/fcgi/', '/uwsgi/') {
    my $pid = fork // die;

    if ($pid == 0) {
        seen($path, @forged);
        POSIX::_exit(0);
    }

    my $c = $fcgi->accept;
    sysread $c, my $bytes, 65536;
    close $c;
    waitpid $pid, 0;

    my $n = () = $bytes =~ /HTTP_REMOTE_USER/g;

    is($n, 1, "U1: $path is told once");
    like($bytes, qr/HTTP_REMOTE_USER.{0,3}ann/s, 'with our value');
    unlike($bytes, qr/alice/, 'and nothing of the client');
    unlike($bytes, qr/$_=/, 'U2: nor our cookies') for keys %{$b->{jar}};
}


# X43, U2, D11: cookies

my ($session) = grep { /session/ } keys %{$b->{jar}};

for my $path ('/ess/', '/open/') {
    my @cookie = MFA::Upstream::values_of(seen($path), 'Cookie');

    is_deeply(\@cookie, ['first=1; last=2'], "U2: our cookies are cut, $path");
}

$app->forget;
$b->api('/ess/');
is_deeply([MFA::Upstream::values_of($app->last, 'Cookie')], [],
          'U2: nothing remains, no header');

my @set = ("$session=evil", "$session=evil; Path=/; HttpOnly", " $session=x",
           "=$session=x", "$session", "%C2%A0$session=x");
my @kept = ("${session}2=ok", "x$session=ok", 'a=1');

my $p = $b->api('/ess/?' . join '&', map { 'header=Set-Cookie:%20' . s/=/%3D/gr
    =~ s/ /%20/gr } @set, @kept);

is_deeply([map { s/;.*//r } $p->headers('Set-Cookie')], \@kept,
          'X43: an application cannot set ours');


# L10: nothing of a guarded page stays in the browser

is($b->get('/ess/?header=Cache-Control:%20public&header=Expires:%20Thu')
   ->header('Cache-Control'), 'private, no-store', 'L10: guarded HTML');
is_deeply([$b->get('/ess/?header=Expires:%20Thu')->headers('Expires')], [],
          'L10: without Expires');
is($b->get('/cache/?header=Cache-Control:%20public')->header('Cache-Control'),
   'public', 'L10: unless mfa_cache is on');
is($b->get('/ess/?type=image/png&header=Cache-Control:%20public')
   ->header('Cache-Control'), 'public', 'L10: pictures stay as they are');
is($b->get('/open/?header=Cache-Control:%20public')->header('Cache-Control'),
   'public', 'L10: open pages too');

done_testing();
