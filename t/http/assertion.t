# Signed assertions (U3, G4): what an application gets, checked by PyJWT, which
# shares nothing with us; and what an attacker cannot make it believe.

use MFA::Test;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);

my $other = bless { is => {}, realm => 'other' }, 'MFA::Test';

my $s = mfa_server(time => 1, start => 0, keys => ['second'],
    log => 'debug',
    people => <<'CSV',
email,user,first_name,surname,groups
ann.employee@example.org,ann,Zoë,Employee,staff
max.manager@example.org,max,Max,Manager,managers
CSV
    realm => { assertion_key => '%%DIR%%/a.pem',
               application => ['ESS /ess/ "Employee Self Service"',
                               'MSS /mss/ "Manager Self Service"',
                               'PAY http://localhost:%%PORT%%/pay/ Payroll'] },
    http => <<'HTTP' . $other->realm_text('other', {
    underscores_in_headers on;
    ignore_invalid_headers off;
    mfa_assertion_header X-Signed-Token;
HTTP
        store => 'memory:other', key_file => '%%DIR%%/second.key',
        assertion_key => '%%DIR%%/other.pem',
        public_url => 'http://127.0.0.2:%%PORT%%',
        application => 'OTHER /other/' }),
    locations => <<'END');
        location /mfa/    { mfa_portal; }
        location /ess/    { proxy_pass http://app; ssi on; }
        location /ess/api/ { mfa_assertion_header X-Signed-Token
                                 audience=urn:example:api lifetime=10s;
                             proxy_pass http://app; }
        location /mss/    { proxy_pass http://app; }
        location /pay/    { proxy_pass http://app; }
        location /none/   { mfa_assertion_header off; proxy_pass http://app; }
        location /named/  { mfa_assertion_header Own_Token audience=x;
                            proxy_pass http://app; }
        location /nowhere/ { proxy_pass http://app; }
        location /open/   { mfa off; proxy_pass http://app; }
        location /ess/news/ { mfa_level open; proxy_pass http://app; }
        location /ess/any/ { satisfy any; allow 127.0.0.1; deny all;
                             proxy_pass http://app; }
        location /ess/sub/ { auth_request /ess/asked; proxy_pass http://app; }
        location = /ess/asked { internal; proxy_pass http://app;
                              proxy_pass_request_body off;
                              proxy_set_header Content-Length ""; }
        location /ess/moved/ { proxy_pass http://app;
                               proxy_intercept_errors on;
                               error_page 404 = @mss; }
        location @mss { mfa_assertion_header X-Signed-Token audience=MSS;
                        proxy_pass http://app; }
        location /ess/loose/ { proxy_pass http://app;
                               proxy_intercept_errors on;
                               error_page 404 = @loose; }
        location @loose { mfa off; proxy_pass http://app; }
        location /other/mfa/ { mfa other; mfa_portal; }
        location /other/  { mfa other; proxy_pass http://app; }
END

my $dir = $s->{dir};
my $app = $s->app;

sub new_key {
    my ($name) = @_;
    my ($code, $text) = $s->ctl_bare('key', 'new-assertion', "$dir/$name.pem");

    die $text if $code != 0;
    return $text;
}


# mfactl key new-assertion

like(new_key('a'), qr{assertion_key \Q$dir\E/a\.pem;}, 'a key is made');
is((stat "$dir/a.pem")[2] & 07777, 0400, 'for its owner alone');
{
    my ($code, $text) = $s->ctl_bare('key', 'new-assertion', "$dir/a.pem");

    isnt($code, 0, 'it is never overwritten');
    like($text, qr/there already/, 'and says so');
    unlike($text, qr/PRIVATE/, 'without the key');
}

new_key('other');
$s->start;

my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');
my $issuer = $s->{origin};


# the checker: PyJWT with the keys that the portal publishes

sub jwks { return $s->browser->api('/mfa/jwks.json') }

my $checker = <<'PYTHON';
import json, sys
import jwt
ask = json.load(sys.stdin)
now = ask["now"]
keys = {k.key_id: k.key for k in jwt.PyJWKSet.from_dict(ask["jwks"]).keys}
try:
    kid = jwt.get_unverified_header(ask["token"])["kid"]
    claims = jwt.decode(ask["token"], keys[kid], algorithms=["ES256"],
        audience=ask["audience"], issuer=ask["issuer"],
        options={"verify_exp": False, "verify_iat": False,
                 "require": ["exp", "iat", "sub", "jti"]})
    if not claims["iat"] - 2 <= now < claims["exp"]:
        raise jwt.ExpiredSignatureError("expired")
    print(json.dumps({"claims": claims}))
except (jwt.PyJWTError, KeyError) as e:
    print(json.dumps({"error": type(e).__name__}))
PYTHON

sub check {
    my ($token, %is) = @_;
    my $keys = $is{jwks} // JSON::PP::decode_json(jwks()->body);
    my $ask = JSON::PP::encode_json({ token => $token, jwks => $keys,
        audience => 'ESS', issuer => $issuer, now => $s->now, %is,
        jwks => $keys });

    open my $in, '>', "$dir/ask.json" or die;
    print $in $ask;
    close $in;
    open my $py, '>', "$dir/check.py" or die;
    print $py $checker;
    close $py;

    my $said = `/usr/bin/python3 $dir/check.py < $dir/ask.json 2>&1`;
    my $answer = eval { JSON::PP::decode_json($said) } // die $said;

    return $answer->{claims} // $answer->{error};
}

sub tokens {
    my ($path, @headers) = @_;
    my $text = "GET $path HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
        . "Connection: close\r\nCookie: " . $b->cookie . "\r\n"
        . join('', map { "$_\r\n" } @headers) . "\r\n";

    $app->forget;
    my $answer = $s->raw($text);
    my $hit = $app->last or return "not asked: $answer";

    return map { $_->[1] }
           grep { $_->[0] =~ /^(?:x[^a-z0-9]signed[^a-z0-9]token
                              |own[^a-z0-9]token)$/ix }
           @{$hit->{head}};
}

sub token { my @all = tokens(@_); is(@all, 1, "$_[0]: exactly once");
            return $all[0] }


# what it says (U3)

my $token = token('/ess/');
my $claims = check($token);

ref $claims or BAIL_OUT("PyJWT: $claims");
is($claims->{iss}, $issuer, 'U3: issued by public_url');
is($claims->{aud}, 'ESS', 'for the application that holds the path');
is($claims->{sub}, 'ann', 'about the person, as Remote-User');
is($claims->{email}, 'ann.employee@example.org', 'with an address');
is($claims->{name}, "Zo\x{eb} Employee", 'and a name in UTF-8');
is_deeply($claims->{groups}, ['staff'], 'and groups');
is_deeply($claims->{amr}, ['pwd', 'otp', 'mfa'], 'G5: how they were proved');
is($claims->{host}, '127.0.0.1', 'where they asked');
is($claims->{exp} - $claims->{iat}, 60, 'G4: for a minute');
cmp_ok(abs($claims->{auth_time} - $s->now), '<', 60, 'when they were proved');
is((MFA::Upstream::values_of($app->last, 'Remote-User'))[0], 'ann',
   'beside the headers');

is(token('/ess/'), $token, 'one serves several requests');
isnt(my $mss = token('/mss/'), $token, 'each application has its own');
is(check($mss, audience => 'MSS')->{aud}, 'MSS', 'by its name');
is(check(token('/ess/api/x'), audience => 'urn:example:api')->{aud},
   'urn:example:api', 'audience=');
is(ref check(token('/named/'), audience => 'x'), 'HASH', 'another name');
is_deeply([tokens('/none/')], [], 'off');
is_deeply([tokens('/nowhere/')], [], 'a path that no application holds');
$s->log_like(qr/no "application" of the realm holds this path/, 'is told');


# the example for operators, as it stands

{
    open my $in, '<', MFA::Test::top() . '/docs/operators.md' or die;
    my $text = do { local $/; <$in> };
    my ($example) = $text =~ /^```python\n(import jwt\n.*?)^```/ms
        or die 'no example';

    $example =~ s{https://people\.example\.org}{$s->{origin}}g;
    open my $py, '>', "$dir/example.py" or die;
    print $py "import sys\n$example\n",
        'try: print(who(sys.argv[1])["sub"])', "\n",
        'except jwt.PyJWTError as e: print(type(e).__name__)', "\n";
    close $py;

    my $who = sub { return `/usr/bin/python3 $dir/example.py $_[0] 2>&1` };

    is($who->(token('/ess/')), "ann\n", 'the example believes the gate');
    is($who->(token('/mss/')), "InvalidAudienceError\n", 'and nobody else');
    is($who->($token =~ s/\.\K.{9}/AAAAAAAAA/r), "DecodeError\n", 'no other');
}


# forged ones (G1, G4)

sub forged {
    my ($head, $body, $key) = @_;
    my $text = join '.', map { encode_base64url(ref $_
        ? JSON::PP->new->utf8->canonical->encode($_) : $_) } $head, $body;

    return "$text." unless $key;
    my $py = <<'PYTHON';
import base64, hmac, hashlib, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
text, path = sys.argv[1:3]
if path == "hmac":
    sig = hmac.new(open(sys.argv[3], "rb").read(), text.encode(),
                   hashlib.sha256).digest()
else:
    key = serialization.load_pem_private_key(open(path, "rb").read(), None)
    r, s = utils.decode_dss_signature(key.sign(text.encode(),
                                               ec.ECDSA(hashes.SHA256())))
    sig = r.to_bytes(32, "big") + s.to_bytes(32, "big")
print(base64.urlsafe_b64encode(sig).rstrip(b"=").decode(), end="")
PYTHON
    open my $fh, '>', "$dir/forge.py" or die;
    print $fh $py;
    close $fh;
    my $sig = `/usr/bin/python3 $dir/forge.py $text $key`;
    die "forge" if $? != 0;
    return "$text.$sig";
}

my ($head, $body, $sig) = split /\./, $token;
my %head = %{JSON::PP::decode_json(decode_base64url($head))};
my %boss = (%$claims, sub => 'max', groups => ['managers']);

is($head{alg}, 'ES256', 'ES256');
is(ref check(forged(\%head, $claims, "$dir/a.pem"), now => $claims->{iat}),
   'HASH', 'the forger works with the right key');
is(check(forged(\%head, \%boss, "$dir/other.pem")), 'InvalidSignatureError',
   'G4: the key of another realm');
is(check(forged({ %head, alg => 'none' }, \%boss)), 'InvalidAlgorithmError',
   'alg none');
is(check(join '.', $head, encode_base64url(JSON::PP::encode_json(\%boss)),
         $sig), 'InvalidSignatureError', 'another body');
system("/usr/bin/openssl ec -in $dir/a.pem -pubout -out $dir/pub.pem 2>&-");
is(check(forged({ %head, alg => 'HS256' }, \%boss, "hmac $dir/pub.pem")),
   'InvalidAlgorithmError', 'the public key as a secret');
is(check($token, audience => 'MSS'), 'InvalidAudienceError',
   'G4: an application cannot use it at another');
is(check($token, issuer => "$issuer/x"), 'InvalidIssuerError',
   'another issuer');
is(check($token, now => $s->now + 61), 'ExpiredSignatureError',
   'G4: a minute later');

my @forged = map { ("$_: $token") } qw(X-Signed-Token x_signed_token
    X.Signed.Token X-SIGNED-TOKEN X!Signed~Token Own-Token own.token);

# which is an old one by now, so that ours is another

$s->advance('31s');

for my $path ('/ess/', '/open/', '/none/', '/ess/news/', '/nowhere/') {
    my @all = tokens($path, @forged, @forged);

    is_deeply([grep { $_ eq $token || $path !~ m{^/ess/} } @all], [],
              "G1: no client's copy reaches $path");
}

is(ref check(token('/ess/', @forged)), 'HASH', 'and ours is there');


# nobody, and who is let in by other rules

{
    my $jar = $b->{jar};

    is(ref check(token('/ess/news/')), 'HASH', 'open, and somebody is known');
    $b->{jar} = {};
    is_deeply([tokens('/ess/news/', @forged)], [], 'open, and nobody');
    is_deeply([tokens('/ess/any/', @forged)], [], 'let in by allow');
    is_deeply([tokens('/open/', @forged)], [], 'mfa off');
    like((tokens('/ess/', @forged))[0], qr/^not asked/, 'refused');
    $b->{jar} = $jar;
}


# subrequests and internal redirects: each application its own, once

tokens('/ess/sub/');
{
    my ($asked, $main) = $app->all;

    is($asked->{target}, '/ess/asked', 'a subrequest');
    for my $hit ($asked, $main) {
        my @all = MFA::Upstream::values_of($hit, 'X-Signed-Token');

        is(@all, 1, "$hit->{target} gets one");
        is(ref check($all[0]), 'HASH', 'which is good');
    }
}

is(check(token('/ess/moved/?status=404'), audience => 'MSS')->{aud}, 'MSS',
   'after an internal redirect that of the new location');
is_deeply([tokens('/ess/loose/?status=404')], [],
          'none where that is not guarded');


# another host

{
    my $peer = $s->browser(origin => "http://localhost:$s->{port}",
                           peer => '127.0.0.1');

    is($peer->api('/mfa/jwks.json')->body, jwks()->body,
       'the keys are on every host');

    $app->forget;
    $b->follow($b->get("http://localhost:$s->{port}/pay/"));

    my @all = MFA::Upstream::values_of($app->last // { head => [] },
                                       'X-Signed-Token');
    my $said = @all ? check($all[0], audience => 'PAY') : 'none';

    is(ref $said, 'HASH', 'an application on another host') or diag($said);
    is($said->{aud}, 'PAY', 'by its name') if ref $said;
    is($said->{host}, 'localhost', 'and the host') if ref $said;
}


# time: as long as it says, and made anew before

$s->advance('31s');
$token = token('/ess/');
$s->advance('20s');
is(token('/ess/'), $token, 'the same for half a minute');
ok(ref check($token), 'and good');
$s->advance('10s');
isnt(token('/ess/'), $token, 'then another');
ok(ref check($token), 'while the first is good yet');
$s->advance('31s');
is(check($token), 'ExpiredSignatureError', 'not for ever');
ok(ref check(token('/ess/')), 'and a new one is there');


# a change of groups, a logout: at once

sub on_roster {
    my ($groups) = @_;

    open my $fh, '>', "$dir/roster.csv" or die;
    print $fh "email,user,groups\nann.employee\@example.org,ann,$groups\n";
    close $fh;
    $s->ctl('user', 'import', "$dir/roster.csv", '--apply');
}

on_roster('heads');
is_deeply(check(token('/ess/'))->{groups}, ['heads'],
          'a new group is in the next request');


# the page

my $page = jwks();
is($page->status, 200, 'jwks.json is public');
is($page->header('Content-Type'), 'application/json', 'JSON');
is($page->header('Cache-Control'), 'public, max-age=300', 'may be kept');
is_deeply([$page->headers('Set-Cookie')], [], 'without a cookie');
is($s->browser->post('/mfa/jwks.json', {})->status, 405, 'nothing to post');
is($s->browser->api('/other/mfa/jwks.json')->status, 421,
   'a realm of another public_url');

{
    my ($key, @more) = @{JSON::PP::decode_json($page->body)->{keys}};

    is(@more, 0, 'one key');
    is_deeply([sort keys %$key], [qw(alg crv kid kty use x y)],
              'and no private half');
    is($key->{kid}, $head{kid}, 'by its name');
}


# rotation: at no time a token that its reader cannot check

sub files {
    $s->{is}{realm}{assertion_key} = join ' ', map { "%%DIR%%/$_.pem" } @_;
    $s->_write_conf;
    $s->reload;
}

sub kid { return JSON::PP::decode_json(decode_base64url(
                     (split /\./, $_[0])[0]))->{kid} }

my $old = JSON::PP::decode_json(jwks()->body);
my $first = kid(token('/ess/'));

new_key('b');
files('a', 'b');
is(kid(token('/ess/')), $first, 'the second key does not sign');
is(ref check(token('/ess/'), jwks => $old), 'HASH', 'old readers are fine');
my $both = JSON::PP::decode_json(jwks()->body);
is(@{$both->{keys}}, 2, 'and it is published');

$token = token('/ess/');
files('b', 'a');
isnt(kid(my $new = token('/ess/')), $first, 'made first, it signs');
is(ref check($_, jwks => $both), 'HASH',
   'readers who looked in between know both') for $token, $new;
is(ref check($token), 'HASH', 'the old one is published yet');

files('b');
is(ref check(token('/ess/'), jwks => $both), 'HASH', 'and then dropped');
is(check($token), 'KeyError', 'its tokens are no longer known');


# logout

is(ref check(token('/ess/')), 'HASH', 'before the logout');
my %jar = %{$b->{jar}};
$s->logout($b);
$b->{jar} = { %jar };
like((tokens('/ess/'))[0], qr/^not asked/, 'none after it');


# what cannot be configured, with file and line

sub refused {
    my ($what, $re, $line, %realm) = @_;
    my ($code, $text) = conf_test(people => [],
        realm => { assertion_key => "$dir/a.pem", %realm }, locations =>
        "location /mfa/ { mfa_portal; }\nlocation /x/ { $line }\n");

    isnt($code, 0, "$what: refused");
    like($text, $re, "$what: says so");
    like($text, qr{ in \S+nginx\.conf:\d+}, "$what: with file and line");
}

my $to = 'mfa_assertion_header';

refused('no key', qr/needs "assertion_key FILE"/, "$to X-A;",
        assertion_key => undef);
refused('nobody', qr/nobody to tell of/, "mfa off; $to X-A;");
refused('a bad name', qr/takes names of/, "$to 'X A';");
refused('a name of nginx', qr/nginx needs itself/, "$to Authorization;");
refused('a name of ours', qr/header of "mfa_identity_headers"/,
        "$to Remote_user;");
refused('too long', qr/between 10s and 60s/, "$to X-A lifetime=61s;");
refused('a word', qr/is unknown/, "$to X-A for=x;");
refused('twice', qr/duplicate/, "$to X-A; $to X-B;");
refused('no file', qr{assertion_key "/none" cannot be opened}, '',
        assertion_key => '/none');
refused('a key file', qr/holds no private key/, '',
        assertion_key => "$dir/mfa.key");
refused('the same key twice', qr/earlier file/, '',
        assertion_key => "$dir/a.pem $dir/a.pem");
chmod 0440, "$dir/other.pem";
refused('a key for others', qr/chmod 0400/, '',
        assertion_key => "$dir/a.pem $dir/other.pem");
chmod 0400, "$dir/other.pem";

{
    my ($code, $text) = conf_test(people => [], keys => ['second'],
        realm => { assertion_key => "$dir/a.pem" },
        http => $other->realm_text('other', {
            store => 'memory:other', key_file => '%%DIR%%/second.key',
            public_url => 'http://127.0.0.2:%%PORT%%',
            assertion_key => "$dir/b.pem $dir/a.pem" }));

    isnt($code, 0, 'two realms with one key: refused');
    like($text, qr/have the same "assertion_key"/, 'and says so');
}


# secrets nowhere (N2): nginx shows whole requests at debug, we show nothing

{
    open my $fh, '<', "$dir/error.log" or die;
    my @ours = grep { /mfa/ && index($_, $sig) >= 0 } <$fh>;

    is_deeply(\@ours, [], 'N2: no line of ours has a token');
    my ($secret) = do { open my $k, '<', "$dir/b.pem" or die; local $/; <$k> }
        =~ /KEY-----\n(\S{20})/;
    unlike($s->log, qr/\Q$secret\E/, 'N2: nor a key');
}

done_testing();
