# The gate and the portal over HTTP/2 with TLS (F11, X19).

use MFA::Test;

my $s = mfa_server(h2 => 1);
my $b = $s->browser;

plan(skip_all => 'curl has no HTTP/2') unless `curl -V` =~ /HTTP2/;

my ($status, $headers) = $s->curl('--http2', '-H', 'Accept: text/html',
                                  '/ess/x?y=1');

is($status, 303, 'a page load goes to Login');
like($headers->{location}[0], qr{^\Q$s->{origin}\E/mfa/login\?to=},
     'on the configured origin');
($status) = $s->curl('--http2', '/ess/x');
is($status, 401, 'a call gets 401');

for my $size (10, 3000, 200_000) {
    my $file = "$s->{dir}/body";
    open my $fh, '>', $file or die;
    print $fh 'x' x $size;
    close $fh;

    ($status) = $s->curl('--http2', '--data-binary', "\@$file", '/ess/x');
    is($status, 401, "F8: a body of $size bytes is refused");
    ($status) = $s->curl('--http2', '--data-binary', "\@$file", '/mfa/login');
    like($status, qr/^(?:40[03]|413|303)$/, 'F10: and by the portal');
    ($status) = $s->curl('--http2', '-H', 'Content-Length:', '-T', $file,
                         '-X', 'POST', '/mfa/login');
    like($status // '', qr/^(?:400|403|413)$/, 'F10: without a length too')
        or diag($status);
}

is($s->app->hits, 0, 'nothing reached the application');
is_deeply([glob "$s->{dir}/tmp/body/*"], [], 'F10: nor a file');

$s->register($b, 'ann.employee@example.org');
($status) = $s->curl('--http2', '-b', $b->cookie, '-H', 'Remote-User: eve',
                     '/ess/x');
is($status, 200, 'a session passes');

my ($user) = MFA::Upstream::values_of($s->app->last, 'Remote-User');
is($user, 'ann', 'with its identity');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Cookie')], [],
          'without its cookies');

# cookies in crumbs are one header (RFC 9113 section 8.2.3)

my ($name) = grep { /session/ } keys %{$b->{jar}};
($status) = $s->curl('--http2', '-H', 'Cookie: a=1', '-H',
    "Cookie: $name=$b->{jar}{$name}{value}", '-H', 'Cookie: b=2', '/ess/x');
is($status, 200, 'X19: in crumbs');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Cookie')], ['a=1; b=2'],
          'X19: cut from one of them');
($status) = $s->curl('--http2', '-H', 'Host: evil.test', '/mfa/login');
is($status, 421, 'F12: another authority');

done_testing();
