# nginx -t on idle_ignore, logout_url, legacy_url, application_cookies: what
# is wrong is named, with file and line (L8, L10, X95).

use MFA::Test;

my $portal = "location /mfa/ { mfa_portal; }\n"
           . "location / { proxy_pass http://app; }\n";

sub tried {
    my (%realm) = @_;
    return conf_test(people => [], locations => $portal, realm => \%realm);
}

sub refused {
    my ($what, $re, %realm) = @_;
    my ($code, $text) = tried(%realm);

    isnt($code, 0, "$what: refused");
    like($text, $re, "$what: says so");
    like($text, qr{ in \S+nginx\.conf:\d+}, "$what: with file and line");
}

sub accepted {
    my ($what, %realm) = @_;
    my ($code, $text) = tried(%realm);

    is($code, 0, "$what: accepted") or diag($text);
}


# old addresses

refused('another host', qr{legacy_url /old".*must lead to},
        legacy_url => '/old https://evil.example/');
refused('a host that only begins so', qr{must lead to},
        legacy_url => '/old %%ORIGIN%%.evil.example/');
refused('a user before the host', qr{must lead to},
        legacy_url => '/old %%ORIGIN%%@evil.example/');
refused('an address without a path', qr{must lead to},
        legacy_url => '/old %%ORIGIN%%');
for my $new ('//evil.example/', '/\\\\evil.example', 'ess/', 'javascript:x',
             '/ess/#x', '/ess/../x', 'ftp://127.0.0.1/') {
    refused("NEW $new", qr{invalid "|legacy_url}, legacy_url => "/old '$new'");
}
for my $old ('old', '//old', '/old?a', 'https://a.example/old', '/a/../b') {
    refused("OLD $old", qr{invalid "}, legacy_url => "'$old' /ess/");
}
refused('an old address twice', qr{twice},
        legacy_url => ['/old /ess/', '/old /mss/']);
refused('a circle', qr{leads to an old address again},
        legacy_url => ['/a /b', '/b /a']);
refused('a chain', qr{leads to an old address again},
        legacy_url => ['/a /b/c', '/b/ /ess/']);
refused('a circle of one', qr{leads to an old address again},
        legacy_url => '/a/ /a/b/');
refused('one in the portal', qr{is a place of the portal},
        legacy_url => '/mfa/old /ess/');
refused('one around the portal', qr{portal|application|an old address again},
        legacy_url => '/ /x/');
refused('the root of an application', qr{is the place of an application},
        legacy_url => '/ess/ /new/');
refused('one above an application', qr{is the place of an application},
        application => 'DEEP /a/b/ Deep', legacy_url => '/a/ /new/');
refused('a logout', qr{is the place of a "logout_url"},
        legacy_url => '/old/ /ess/', logout_url => '/old/bye');
refused('one word', qr{number of arguments}, legacy_url => '/old');
accepted('paths, addresses, an application that moved',
         application => ['ESS /ess/ "Employee Self Service"',
                         'PAY http://localhost:%%PORT%%/pay/ Payroll'],
         legacy_url => ['/adfs/ls/ /ess/', '/a /ess/?x=1', '/b/ /mfa/',
                        '/c %%ORIGIN%%/ess/', '/d /ess/?',
                        '/pay/ http://localhost:%%PORT%%/pay/']);


# logouts

refused('a logout in the portal', qr{is a place of the portal},
        logout_url => '/mfa/bye');
refused('a logout twice', qr{twice},
        logout_url => ['/ess/bye', '/ess/bye forward']);
refused('another word', qr{forward}, logout_url => '/ess/bye now');
refused('no path', qr{must be a path}, logout_url => 'bye');


# cookies

for my $name (qw(mfa_session __Host-mfa_session __Secure-mfa_device
                 __host-MFA_browser mfa_anything)) {
    refused("our cookie $name", qr{those of the gate},
            application_cookies => $name);
}
for my $name ('a=b', 'a;b', "'a b'", '"a,b"') {
    refused("no name: $name", qr{application_cookies},
            application_cookies => "'$name'") if $name !~ /['"]/;
}
refused('a path with a semicolon', qr{must be a path},
        application_cookies => q{JSESSIONID 'path=/a;Domain=x'});
refused('a domain that is none', qr{must be a domain},
        application_cookies => q{JSESSIONID 'domain=x; Path=/'});
refused('no name at all', qr{beside the name},
        application_cookies => 'path=/ess/');
accepted('names', application_cookies => ['JSESSIONID ASP.NET_SessionId',
         '__Host-app path=/', 'sso domain=example.org path=/x']);


# polling

refused('a path that is none', qr{must be a path}, idle_ignore => 'poll');
accepted('paths', idle_ignore => '/ess/poll /ess/live/');

done_testing();
