# "satisfy any": the gate is one of several that may let in (F5, X13).

use MFA::Test;

my $s = mfa_server(locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /in/   { satisfy any; allow 127.0.0.0/8; deny all;
                          proxy_pass http://app; }
        location /out/  { satisfy any; allow 10.0.0.0/8; deny all;
                          proxy_pass http://app; }
        location /both/ { satisfy all; allow 10.0.0.0/8; deny all;
                          proxy_pass http://app; }
        location /rule/ { satisfy any; allow 10.0.0.0/8; deny all;
                          mfa_allow group=managers; proxy_pass http://app; }
        location /basic/ { mfa off; satisfy any; deny all;
                           auth_basic x; auth_basic_user_file %%DIR%%/users;
                           proxy_pass http://app; }
        location /err/  { satisfy any; allow 10.0.0.0/8; deny all;
                          error_page 401 /ess/other; proxy_pass http://app; }
END

open my $fh, '>', "$s->{dir}/users" or die;
print $fh "joe:{PLAIN}right\n";
close $fh;
chmod 0644, "$s->{dir}/users";

my $app = $s->app;
my $page = { Accept => 'text/html' };

is($s->browser->api('/in/x')->status, 200, 'X13a: the address lets in');
is_deeply([map { "$_->[0]:$_->[1]" } grep { $_->[0] =~ /^Remote-/ }
           @{$app->last->{head}}],
          ['Remote-User:', 'Remote-Email:', 'Remote-Name:', 'Remote-Groups:'],
          'U1: nobody is named, each header once');
is($s->browser->api('/in/x?status=401&type=text/plain')->status, 401,
   'a 401 of the application stays');
is($s->browser->request('GET', '/in/x?status=401', $page)->status, 401,
   'also for a page load');
$app->forget;

my $out = $s->browser->request('GET', '/out/x', $page);

is($out->status, 303, 'X13b: a page load from elsewhere goes to Login');
like($out->header('Location'), qr{/mfa/login\?to=/out/x}, 'with its target');
is($out->body, '', 'without a page of nginx');

my $call = $s->browser->api('/out/x');

is($call->status, 401, 'X13b: a call gets 401');
is($call->header('Content-Type'), 'application/json', 'as JSON');
ok($call->header('WWW-Authenticate'), 'with a challenge');
unlike($call->body, qr/nginx/, 'not the page of nginx');
is($s->browser->request('HEAD', '/out/x', {})->status, 401, 'HEAD');
is($s->browser->request('POST', '/out/x', {}, 'x' x 3000)->status, 401,
   'POST');
is($s->browser->api('/err/x')->status, 401, 'error_page 401 is gated again');
is($s->browser->request('GET', '/basic/x', { Authorization =>
    'Basic am9lOndyb25n' })->status, 401, 'X13d: guard off, wrong password');
is($app->hits, 0, 'the application was not asked');
is($s->browser->request('GET', '/basic/x', { Authorization =>
    'Basic am9lOnJpZ2h0' })->status, 200, 'X13d: right password');

my $b = $s->browser;
$s->register($b, 'ann.employee@example.org');

is($b->api('/out/x')->status, 200, 'X13c: a session lets in');
is($b->api('/both/x')->status, 403, 'satisfy all wants both');
is($b->api('/rule/x')->status, 403, 'rules count under satisfy any');

done_testing();
