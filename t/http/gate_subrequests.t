# Subrequests: nginx leaves them out of the access phase (F3).

use MFA::Test;

my $s = mfa_server(locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://app; }
        location /ssi/  { mfa off; ssi on; alias %%DIR%%/ssi/; }
        location /gssi/ { ssi on; alias %%DIR%%/ssi/; }
        location /mir/  { mfa off; mirror /mirrored; proxy_pass http://app; }
        location = /mirrored { internal; mfa staff;
                               proxy_pass http://app/mirrored; }
        location /add/  { mfa off; add_after_body /ess/after;
                          alias %%DIR%%/ssi/; }
        location /auth/ { mfa off; auth_request /check;
                          proxy_pass http://app; }
        location = /check { internal; mfa staff; proxy_pass http://app/check;
                            proxy_pass_request_body off; }
        location /openauth/ { mfa off; ssi on; alias %%DIR%%/ssi/; }
        location /plain/ { mfa off; proxy_pass http://app; }
END

my $app = $s->app;

mkdir "$s->{dir}/ssi", 0755 or die;

sub page {
    my ($name, $text) = @_;
    open my $fh, '>', "$s->{dir}/ssi/$name" or die;
    print $fh $text;
    close $fh;
    chmod 0644, "$s->{dir}/ssi/$name";
}

page('ess.html', '[<!--#include virtual="/ess/secret" -->]');
page('mss.html', '[<!--#include virtual="/mss/secret" -->]');
page('two.html', '[<!--#include virtual="/ess/a" -->]'
     . '[<!--#include virtual="/ess/b" -->]');
page('portal.html', '[<!--#include virtual="/mfa/" -->]');
page('plain.html', '[<!--#include virtual="/plain/x" -->]');


# X08

is($s->browser->api('/ssi/ess.html')->status, 200, 'X08: an open page');
unlike($s->browser->api('/ssi/ess.html')->body, qr/<h1>application/,
       'X08: includes nothing of a guarded one');
unlike($s->browser->api('/add/ess.html')->body, qr/<h1>application/,
       'F3: nothing is added after a body');
is($s->browser->api('/mir/x')->status, 200, 'F3: a mirrored request passes');
is($app->hits('/mirrored'), 0, 'its guarded mirror does not');
is($app->hits('/ess/'), 0, 'the guarded application was not asked');

my $direct = $s->browser->api('/ssi/ess.html');
unlike($direct->body, qr/\b303\b|Location/, 'F3: no redirect inside a page');

is($s->browser->api('/auth/x')->status, 401,
   'F7: a guarded location as target of auth_request answers 401');
unlike($s->browser->api('/ssi/portal.html')->body, qr/<form/,
       'the portal is not included');


# with a session

my $b = $s->browser;
$s->register($b, 'ann.employee@example.org');
$app->forget;

like($b->api('/ssi/ess.html')->body, qr/<h1>application/,
     'X08: with a session it is included');
is_deeply([MFA::Upstream::values_of($app->last, 'Remote-User')], ['ann'],
          'and told who asks, once');

my $two = () = $b->api('/ssi/two.html')->body =~ /<h1>application/g;
is($two, 2, 'two in one page');

unlike($b->api('/ssi/mss.html')->body, qr/<h1>application/,
       'F3: rules of the included location hold');
is($app->hits('/mss/'), 0, 'it was not asked');

$app->forget;
like($b->api('/gssi/plain.html')->body, qr/<h1>application/,
     'an open location included by a guarded page');
is_deeply([MFA::Upstream::values_of($app->last, 'Remote-User')], [],
          'is not told who asks');

is($b->api('/auth/x')->status, 200, 'F7: auth_request lets a session pass');

done_testing();
