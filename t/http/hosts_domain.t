# Hosts that share a parent and the option cookie_domain: one set of cookies,
# no ticket (R8, L7, D12); and what nginx -t says of hosts.

use MFA::Test;

my $tls = 'listen 127.0.0.1:%%PORT%% ssl; ssl_certificate %%DIR%%/tls.pem;'
        . ' ssl_certificate_key %%DIR%%/tls.key;';
my %realm = (trusted_networks => '127.0.0.0/8',
             public_url => 'https://people.example.org:%%PORT%%',
             cookie_domain => 'example.org',
             application => ['ESS /ess/ "Employee Self Service"',
                 'PAY https://pay.example.org:%%PORT%%/ Payroll',
                 'DOC https://doc.example.com:%%PORT%%/d/ Documents']);
my $others = join '', map { <<"END" } qw(pay.example.org doc.example.com);
    server {
        $tls
        server_name $_;
        mfa staff;
        location /mfa/ { mfa_portal; }
        location /two/ { mfa_level fresh=1m; proxy_pass http://app; }
        location /     { proxy_pass http://app; }
    }
END

my $s = mfa_server(https => 1, time => 1, realm => \%realm, http => $others,
                   server => 'server_name people.example.org;');
my ($people, $pay, $doc) = map { "https://$_:$s->{port}" }
    qw(people.example.org pay.example.org doc.example.com);
my $session = '__Secure-mfa_session';

sub browser { return $s->browser(origin => $people, peer => '127.0.0.1') }

my $b = browser();
my $me = $s->register($b, 'ann.employee@example.org', to => "$pay/x?a=b");

is($b->{page}{url}, "$pay/x?a=b", 'R8: begun at the other host, ended there');
is_deeply([grep { /session/ } keys %{$b->{domains}{'example.org'}}],
          [$session], 'D12: one cookie for the domain');
like($b->{domains}{'example.org'}{$session}{line},
     qr/; Path=\/; HttpOnly; SameSite=Lax; Secure; Domain=example\.org$/,
     'D2: with all the rest');
is_deeply([$b->{jars}, $b->{jar}], [{ 'pay.example.org' => {} }, {}],
          'and no others');

my $p = $b->get("$people/ess/");
is($p->status, 200, 'L7: the main host at once');

$p = browser()->get("$pay/x?a=b");
is($p->header('Location'), "$people/mfa/login?to=https%3A//pay.example.org%3A"
   . "$s->{port}/x%3Fa%3Db", 'R8: straight to Login, no ticket');
$p = browser()->get("$pay/mfa/ticket?to=/x");
like($p->header('Location'), qr{^\Q$people\E/mfa/login\?},
     'a ticket is not made for that host');
is(browser()->get("$people/mfa/ticket?host=pay.example.org%3A$s->{port}&state="
   . 'A' x 43 . '&to=/x')->status, 400, 'nor here');

$s->advance('2m');
$p = $b->follow($b->get("$pay/two/x"));
like($p->{url}, qr{^\Q$people\E/mfa/(?:verify|prove)}, 'Y3: a step up');
$p = $b->submit('Continue', 'Please enter verification code using your '
                . 'authentication app' => $s->code($me));
is($p->{url}, "$pay/two/x", 'Y3: leads back');

$p = $b->follow($b->get("$doc/d/x"));
is($p->{url}, "$doc/d/x", 'R8: a host of another domain has its ticket');
unlike($b->{jars}{'doc.example.com'}{$session}{line}, qr/Domain/,
       'D12: and a cookie without Domain');

$b->get("$pay/mfa/logout");
$p = $b->submit('Log out');
is($p->h1, 'You have logged out', 'L10: logged out there');
ok(!$b->{domains}{'example.org'}{$session}, 'D6: the cookie is gone');
for my $to ("$people/ess/", "$pay/x", "$doc/d/x") {
    is($b->follow($b->get($to))->h1, 'Login', "D6: $to asks again");
}


# nginx -t

sub says {
    my ($what, %more) = @_;
    my ($code, $text) = conf_test(https => 1, http => $others,
        server => 'server_name people.example.org;',
        realm => { %realm, %more });

    like($text, $what, "nginx -t: $what");
    return $code;
}

is(says(qr/\[warn\].*"cookie_domain" gives the cookies/), 0,
   'D12: what it gives up is said');
for my $domain ('org', 'localhost', 'example.com', 'ample.org', '.example.org',
    'Example.org', 'example.org.', '127.0.0.1', 'https://example.org',
    'pay.example.org', 'example.org:443', '*.example.org')
{
    isnt(says(qr/cookie_domain/, cookie_domain => $domain), 0, $domain);
}
for my $url ('https://pay.example.org:99999/', 'http://pay.example.org/',
    'https://a@pay.example.org/', 'https://', 'https:///x', 'https://pay/../x',
    'https://127.0.0.256/', 'ftp://pay.example.org/', 'https://pay.example.org/mfa\\',
    'https://*.example.org/')
{
    isnt(says(qr/"application"/, application => "PAY $url"), 0, $url);
}
isnt(says(qr/cookies know no ports/,
          application => 'PAY https://people.example.org:1/'), 0, 'one host');
isnt(says(qr/cookies know no ports/, application => [
    'A https://pay.example.org:1/', 'B https://pay.example.org:2/']), 0,
    'nor two');
isnt(says(qr/need the same scheme/, application => 'A http://localhost/'), 0,
     'http beside https');
is(says(qr/successful/, application => ['A https://pay.example.org/a/',
    'B https://pay.example.org/b/', 'C %%ORIGIN%%/c/', 'D /d/',
    'E https://people.example.org:%%PORT%%/']), 0, 'what may be')
    if 1;

done_testing();
