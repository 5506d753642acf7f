# Old addresses lead to the new ones (L10), never to another host (X95).

use MFA::Test;

my $s = mfa_server(
    realm => { legacy_url => ['/adfs/ls/ /ess/', '/old/ /',
                              '/old/login.jsp /ess/start', '/q /ess/?a=1',
                              '/drop /ess/?', '/mss-old/ %%ORIGIN%%/mss/'] },
    locations => <<'END');
        merge_slashes off;
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
        location /      { proxy_pass http://app; }
END

my $me = $s->register($s->browser, 'ann.employee@example.org');
my $b = $s->browser;
$s->app->forget;
my $p;

sub leads {
    my ($from, $to, $name) = @_;

    $p = $b->get($from);
    is($p->status, 302, "$name: $from");
    is($p->header('Location'), $to, "$name: leads to $to");
}

leads('/adfs/ls/?wa=wsignin1.0&wtrealm=urn%3Aess', '/ess/?wa=wsignin1.0&wtrealm=urn%3Aess', 'L10: the old landing page');
is($p->header('Cache-Control'), 'no-store', 'kept by nobody');
leads('/adfs/ls/leave/2027', '/ess/leave/2027', 'what is below it');
leads('/old/login.jsp', '/ess/start', 'the exact one before the folder');
leads('/q?b=2', '/ess/?a=1', 'a query of its own');
leads('/drop?token=secret', '/ess/', 'a query dropped');
leads('/mss-old/a', "$s->{origin}/mss/a", 'an address of public_url');
is(scalar($s->app->hits), 0, 'no application was asked, nobody logged in');

# X95

for my $rest ('//evil.example', '/\\evil.example', '/%5cevil.example',
              '%5c/evil.example', '//evil.example/%2e%2e', '/%2f/evil.example',
              '%0d%0aX-Evil:%201', '@evil.example', '///evil.example') {
    my ($head) = split /\r\n\r\n/, $s->raw("GET /old/$rest HTTP/1.1\r\n"
        . "Host: evil.example\r\nConnection: close\r\n\r\n");
    my ($to) = $head =~ /^Location: (.*?)\r?$/m;

    next if $head =~ m{^HTTP/1.1 400};
    like($to, qr{^/(?![/\\])[^\s\\]*$}, "X95: /old/$rest stays here");
    unlike($head, qr/^X-Evil/m, 'and adds no header');
}

like($s->raw("GET /adfs/ls/ HTTP/1.1\r\nHost: evil.example\r\n"
             . "Connection: close\r\n\r\n"), qr{^Location: /ess/\r$}m,
     'X95: the Host header leads nowhere');

# methods

is($b->request('HEAD', '/adfs/ls/')->status, 302, 'HEAD');
$p = $b->post('/adfs/ls/?a=1', { wresult => '<xml/>' });
is($p->status, 303, 'POST: 303');
is($p->header('Location'), '/ess/?a=1', 'to the new one');
is($b->request('DELETE', '/adfs/ls/')->status, 401,
   'another method meets the gate');
is($b->get('/adfs/ls')->status, 303, 'without the slash it is another path');

# an old bookmark arrives after the login

$s->advance('31s') if $s->{is}{time};
$b = $s->browser;
$p = $b->follow($b->get('/adfs/ls/leave/7?y=2027'));
is($p->h1, 'Login', 'an old bookmark asks for a login');
is($p->form('Login')->{fields}{to}, '/ess/leave/7?y=2027',
   'and arrives at the new place after it');

done_testing();
