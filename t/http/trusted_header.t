# A header of a trusted proxy as single sign-on, and what nginx -t refuses of
# "trusted_identity" (Y4).

use MFA::Test;

my $log_in = 'location /mfa/ { mfa_portal; }';
my $places = <<'END';
        location /mfa/ { mfa_portal; }
        location /ess/ { proxy_set_header X-Amr $mfa_amr;
                         proxy_pass http://app; }
        location /two/ { mfa_level two; proxy_pass http://app; }
END

sub server {
    my ($line, @more) = @_;
    return mfa_server(locations => $places, realm => { @more,
        trusted_identity => $line, trusted_networks => '127.0.0.0/8' });
}

sub refused {
    my ($line, $re, %is) = @_;
    my ($code, $text) = conf_test(people => [], locations => $log_in, %is,
                                  realm => { trusted_identity => $line });

    isnt($code, 0, "Y4: refused: $line");
    like($text, $re, 'and why');
    like($text, qr{ in \S+nginx\.conf:\d+}, 'with file and line');
}

sub visit { my ($b, $path) = @_; return $b->follow($b->get($path)) }
sub as { return ('X-Sso-User' => $_[0]) }

# every request of a browser passes through the proxy, which says who it is

sub behind {
    my ($s, $name) = @_;
    my $b = $s->browser;

    $b->{ua}{default_headers} = { 'X-Sso-User' => $name };
    return $b;
}


# nginx -t

refused('$http_x_sso_user amr=pwd', qr/any client can send.*network=/);
refused('$http_x_sso_user amr=pwd network=0.0.0.0/0', qr/everybody/);
refused('$http_x_sso_user amr=pwd network=10.0.0.1/8', qr/invalid network/);
refused("\$$_ amr=pwd", qr/proves nothing/)
    for qw(arg_user args query_string cookie_user Remote_User host request_uri
           uri mfa_user content_type ssl_server_name);
refused('$cert_user', qr/needs "amr="/, http => 'map $uri $cert_user { }');
refused('$no_such_variable amr=mfa', qr/unknown variable/);
refused('cert_user amr=mfa', qr/invalid variable/);
refused('$http_a$http_b amr=mfa network=10.0.0.1', qr/one variable/);
refused('$ssl_client_serial amr=magic', qr/RFC 8176/);
refused('$ssl_client_serial amr=hwk,hwk', qr/RFC 8176/);
refused('$ssl_client_serial amr=', qr/RFC 8176/);
refused('$ssl_client_serial amr=hwk amr=mfa', qr/invalid word/);
refused('$ssl_client_serial amr=hwk other=1', qr/invalid word/);
refused("\$http_$_ amr=mfa network=10.0.0.1", qr/removes headers/)
    for qw(remote_user remote_email Remote_Groups);


# from the network of the proxy: the header names the person

my $s = server('$http_x_sso_user amr=wia network=127.0.0.1');
my $b = behind($s, 'ann');
my $p = visit($b, '/ess/');

is($p->status, 200, 'Y4: a header from the trusted network');
my ($user) = MFA::Upstream::values_of($s->app->last, 'Remote-User');
is($user, 'ann', 'names the person');
my ($amr) = MFA::Upstream::values_of($s->app->last, 'X-Amr');
is($amr, 'wia', 'with the words of the line');

$s->app->forget;
$b->{ua}{default_headers} = {};
is($b->get('/ess/')->status, 303, 'Y4: without the header no session');
is(visit($b, '/ess/')->h1, 'Login', 'but a form');
$b->{ua}{default_headers} = { as('max') };
is($b->get('/ess/')->status, 303, "Y4: nor with another's");
$b->{ua}{default_headers} = { as('ann') };
is($b->get('/ess/')->status, 200, 'and with it again');
is(visit(behind($s, 'ann, max'), '/ess/')->status, 403,
   'Y4: two names are nobody');
is(visit(behind($s, 'x' x 3000), '/ess/')->status, 403, 'nor is a long one');
$p = visit(behind($s, '<b>x</b>'), '/ess/');
is($p->status, 403, 'nor is a tag');
unlike($p->body, qr/<b>x/, 'which is shown as text');


# one thing proved is no second factor: ours is asked for, and both stay (Y3)

my $own = $s->browser;
my $me = $s->register($own, 'max.manager@example.org');
$b = behind($s, 'max');
is(visit($b, '/ess/')->status, 200, 'Max by the other service');
$p = visit($b, '/two/');
is($p->h1, 'Verify', 'Y4: more is asked of him') or diag($p->text);
$s->app->forget;
$p = $s->verify_by($b, $me, 'Authenticator app');
is($s->app->hits('/two/'), 1, 'and his code lets him in') or diag($p->text);
visit($b, '/ess/');
($amr) = MFA::Upstream::values_of($s->app->last, 'X-Amr');
is($amr, 'wia otp', 'Y4: both are said, and no password');
$b->{ua}{default_headers} = {};
is($b->get('/two/')->status, 303, 'Y4: what rests on it falls with it');
is($b->get('/ess/')->status, 303, 'everywhere');

# somebody without a method sets one up, by a mailed code

$b = behind($s, 'hana');
visit($b, '/ess/');
$p = visit($b, '/two/');
isnt($p->status, 403, 'Hana has no method');
unlike($p->h1 // '', qr/^Login$/, 'and is not sent in circles');


# from anywhere else the same header is nothing

$s = server('$http_x_sso_user amr=wia,mfa network=192.0.2.0/24 '
            . 'network=2001:db8::/32');
$b = behind($s, 'ann');
is(visit($b, '/ess/')->h1, 'Login', 'Y4: a forged header is nothing');
is($s->app->hits, 0, 'and nothing passed');
$me = $s->register($b, 'ann.employee@example.org');
is(visit($b, '/ess/')->status, 200, 'nor does it disturb');


# realip: who is at the other end counts, not whom a header names

$s = mfa_server(locations => $places,
    server => 'set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;',
    realm => { trusted_networks => '127.0.0.0/8', trusted_identity =>
        '$http_x_sso_user amr=wia,mfa network=192.0.2.1' });
$b = $s->browser;
$b->{ua}{default_headers} = { as('ann'), 'X-Real-IP' => '192.0.2.1' };
is(visit($b, '/ess/')->h1, 'Login', 'Y4: an address out of a header is none');

$s = mfa_server(locations => $places,
    server => 'set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;',
    realm => { trusted_networks => '127.0.0.0/8', trusted_identity => [
        '$cert_user amr=hwk', '$http_x_sso_user amr=wia,mfa network=127.0.0.1'
    ] }, http => 'map $http_host $cert_user { default ""; }');
$b = $s->browser;
$b->{ua}{default_headers} = { as('ann'), 'X-Real-IP' => '192.0.2.1' };
is(visit($b, '/two/')->status, 200, 'Y4: the first that is not empty counts');

done_testing();
