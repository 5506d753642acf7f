# Ways inside nginx that lead from one location into another (F4).

use MFA::Test;

my $s = mfa_server(locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
        location /page/ { mfa off; error_page 404 =200 /ess/secret;
                          root %%DIR%%/none; }
        location /try/  { mfa off; root %%DIR%%/none; try_files $uri /ess/x; }
        location /rew/  { mfa off; rewrite ^ /ess/x last; }
        location /name/ { mfa off; root %%DIR%%/none;
                          try_files $uri @guarded; }
        location @guarded { mfa staff; proxy_pass http://app; }
        location /if/   { mfa off; if ($request_method = GET) {
                          rewrite ^ /ess/x last; } return 204; }
        location /back/ { root %%DIR%%/none; try_files $uri @open; }
        location @open  { mfa off; proxy_pass http://app; }
        location /named/ { root %%DIR%%/none; try_files $uri @guarded; }
        location /idx/  { alias %%DIR%%/idx/; index index.html; }
        location /inif/ { if ($arg_x) { add_header X-A b; }
                          if ($request_method = PUT) { return 405; }
                          proxy_pass http://app; }
        location /limit/ { limit_except GET { allow all; }
                           proxy_pass http://app;
                           location ~ [.]php$ { proxy_pass http://app; } }
        location /up/   { error_page 502 504 =200 /ess/fallback;
                          proxy_pass http://127.0.0.1:1; }
END

my $app = $s->app;

mkdir "$s->{dir}/idx", 0755 or die;
open my $fh, '>', "$s->{dir}/idx/index.html" or die;
print $fh "the index\n";
close $fh;
chmod 0644, "$s->{dir}/idx/index.html";

# X11, X12

for my $path (qw(/page/x /try/x /rew/x /name/x /if/x /back/x /named/x /idx/
                 /up/x))
{
    is($s->browser->api($path)->status, 401, "F4: $path without a session");
}

for my $path (qw(/inif/ /inif/?x=1 /limit/ /limit/a.php)) {
    is($s->browser->api($path)->status, 401, "blocks inside: $path");
}

is($s->browser->request('POST', '/limit/', {}, 'x')->status, 401,
   'blocks inside: limit_except');
is($app->hits, 0, 'the application was not asked');


# X-Accel-Redirect from an open application into a guarded location

is($s->browser->api('/open/?header=X-Accel-Redirect:%20/ess/secret')->status,
   401, 'F4: X-Accel-Redirect');
is($app->hits('/ess/'), 0, 'did not reach the guarded application');


# with a session each passes once

my $b = $s->browser;
$s->register($b, 'ann.employee@example.org');

for my $path (qw(/page/x /try/x /rew/x /name/x /if/x /back/x /named/x
                 /up/x))
{
    $app->forget;
    is($b->api($path)->status, 200, "F4: $path with a session");
    is($app->hits, 1, 'one request');

    my @user = MFA::Upstream::values_of($app->last, 'Remote-User');
    my @want = $path eq '/back/x' ? () : ('ann');

    is_deeply(\@user, \@want, 'with the identity of the last location');
}

like($b->api('/idx/')->body, qr/the index/, 'F4: through an index file');


# rules are those of the last location

is($b->api('/open/?header=X-Accel-Redirect:%20/mss/secret')->status, 403,
   'F4: rules of the location it ends in');
is($app->hits('/mss/'), 0, 'which was not asked');

done_testing();
