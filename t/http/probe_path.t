# The address that password managers ask for to learn whether a site answers
# 200 to everything: 404, also where all is guarded (ecosystem 5.4).

use MFA::Test;

my $s = mfa_server(locations => <<'END');
        location /mfa/ { mfa_portal; }
        location /     { proxy_pass http://app; }
END
my $path = '/.well-known/resource-that-should-not-exist-'
         . 'whose-status-code-should-not-be-200';

for ([{ Accept => '*/*' }, 'a program'],
     [{ Accept => 'text/html', 'Sec-Fetch-Mode' => 'navigate' }, 'a page load'],
     [{ Accept => '*/*', 'Sec-Fetch-Mode' => 'cors' }, 'fetch()'])
{
    my ($headers, $name) = @$_;
    my $p = $s->browser->request('GET', $path, $headers);

    is($p->status, 404, "404 for $name");
    is($p->header('Cache-Control'), 'no-store', 'not kept');
    is($p->header('Location'), undef, 'leads nowhere');
}

is($s->app->hits, 0, 'the application was not asked');

for my $near ("$path/", "${path}1", '/.well-known/other') {
    is($s->browser->api($near)->status, 401, "$near is guarded as ever");
}

done_testing();
