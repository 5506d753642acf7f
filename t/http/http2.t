# The same over HTTP/2 (F11, D9, D10, X01, X16, X19, X22, X30, X36).

use MFA::Test;

plan(skip_all => 'this curl has no HTTP/2') unless `curl -V` =~ /HTTP2/;

my $s = mfa_server(h2 => 1, realm => { trusted_networks => '127.0.0.0/8' });
my $b = $s->browser;
my $me = $s->register($b, 'max.manager@example.org');
my $live = '__Host-mfa_session=' . $b->{jar}{'__Host-mfa_session'}{value};
my $junk = '__Host-mfa_session=' . 'A' x 43;
my $app = $s->app;

sub h2 { return $s->curl('--http2', '--path-as-is', @_) }

sub status_of { my ($status) = h2(@_); return $status // 'none' }

my $version = `curl -sk --http2 -o /dev/null -w '%{http_version}' $s->{origin}/`;
is($version, '2', 'it is HTTP/2');


# the gate

$app->forget;
my ($status, $head) = h2(-H => 'Accept: text/html', '/ess/x?a=1');
is($status, 303, 'F11: a page load is sent to Login');
is($head->{location}[0], "$s->{origin}/mfa/login?to=/ess/x%3Fa%3D1",
   'L1: with its page') or diag(explain($head));
is($head->{'cache-control'}[0], 'no-store', 'E1');
($status, $head, my $body) = h2('/ess/x');
is($status, 401, 'L12: a program gets 401');
like($body, qr/"error":"login_required"/, 'as JSON');
is($head->{'www-authenticate'}[0], 'MFA-Session', 'of our own scheme');

is(status_of(-H => "Cookie: $junk", '/ess/x'), 401, 'X01: random');
is(status_of(-X => $_, '/ess/x'), 401, "X16: $_") for qw(PUT DELETE OPTIONS);
is(status_of(-X => 'PUT', '/mfa/login'), 405, 'X16: 405 on a page of ours');

for my $path ('//ess/', '/./ess/', '/x/../ess/', '/%65ss/', '/ess/%2e%2e/ess/',
              '/ess/a.css', '/mfa/../ess/', '/ess;/x', '/ESS/')
{
    like(status_of($path), qr/^(?:401|40[04])$/, "X02: $path");
}

is($app->hits, 0, 'the application was not asked');


# with a session; crumbs of cookies are one header

is(status_of(-H => "Cookie: $live", '/ess/x'), 200, 'a session passes');
is_deeply([MFA::Upstream::values_of($app->last, 'Remote-User')], ['max'],
          'U1: the identity');
is_deeply([MFA::Upstream::values_of($app->last, 'Cookie')], [],
          'D11: no cookie');

is(status_of(-H => 'Cookie: a=1', -H => "Cookie: $live", -H => 'Cookie: b=2',
             '/ess/x'), 200, 'X19: crumbs');
my ($cookie) = MFA::Upstream::values_of($app->last, 'Cookie');
is($cookie, 'a=1; b=2', 'joined for the application, without ours');

for (["$live; $junk"], ["$junk; $live"], ["$live; $live"], [$live, $junk],
     [$junk, $live], [$live, 'x=1', $live])
{
    my @crumbs = map { (-H => "Cookie: $_") } @$_;
    is(status_of(@crumbs, '/ess/x'), 401,
       'X36: two of them, ' . @$_ . ' crumbs');
}

my @many = map { (-H => "Cookie: c$_=$_") } 1 .. 300;
like(status_of(@many, -H => "Cookie: $live", '/ess/x'), qr/^(?:200|4\d\d)$/,
     'X19: three hundred crumbs');
is(status_of(-H => "Cookie: $live", -H => 'Remote-User: ann',
             -H => 'Remote_User: ann', '/ess/x'), 200, 'X25: a forged identity');
is_deeply([MFA::Upstream::values_of($app->last, 'Remote-User')], ['max'],
          'has no effect');
is(status_of(-H => "Cookie: $live", -H => 'Connection: Remote-User',
             '/ess/x')
   =~ /^(?:200|400)$/ ? 1 : 0, 1, 'X26: a Connection header');


# a whole login

my $jar = "$s->{dir}/jar";
sub page { return h2(-c => $jar, -b => $jar, -H => 'Accept: text/html', @_) }

sub field { my ($html, $name) = @_;
    return $html =~ /name="$name" value="([^"]*)"/ ? $1 : '' }

sub send_form {
    my ($path, %fields) = @_;
    return page(-H => "Origin: $s->{origin}",
        (map { ('--data-urlencode' => "$_=$fields{$_}") } sort keys %fields),
        $path);
}

my (undef, undef, $login) = page('/mfa/login?to=/mss/');
($status, $head) = send_form('/mfa/login', token => field($login, 'token'),
    to => '/mss/', email => $me->{email}, password => $me->{password});
is($status, 303, 'the password passes');
my ($verify) = $head->{location}[0] =~ m{^(?:https://[^/]+)?(/.*)};
my (undef, undef, $form) = page($verify);
($status, $head) = send_form('/mfa/verify', token => field($form, 'token'),
    flow => field($form, 'flow'), code => $s->code($me), do => 'continue');
is($status, 303, 'the code passes');
like($head->{location}[0], qr{^(?:\Q$s->{origin}\E)?/mss/$}, 'and leads on');
like(join(' ', @{$head->{'set-cookie'} // []}), qr/__Host-mfa_session=\S{43};/,
     'with a session');
is((page('/mss/'))[0], 200, 'which passes');


# F12, X20, X30: another authority

is(status_of(-H => 'Host: evil.example', '/mfa/login'), 421,
   'X30: 421 for another authority');
($status, $head) = h2(-H => 'Host: evil.example', -H => 'Accept: text/html',
                      '/ess/');
is($status, 303, 'X20: the gate is on for it too');
like($head->{location}[0], qr/^\Q$s->{origin}\E/, 'and names our origin');


# X22, F8: bodies of refused requests; the connection serves the next one

my $big = "$s->{dir}/big";
open my $fh, '>', $big or die;
print $fh 'x' x 3_000_000;
close $fh;
$app->forget;
like(status_of('--data-binary' => "\@$big", '/ess/x'), qr/^4(?:01|13)$/,
     'F8: a long body without a session');
is($app->hits, 0, 'did not reach the application');
is(status_of(-H => "Cookie: $live", '--data-binary' => "\@$big",
             '/ess/x'), 413, "nginx's own limit stands with a session");
like(status_of('--data-binary' => "\@$big", '/mfa/login'), qr/^4(?:13|00|03)$/,
     'F10: a long form');

done_testing();
