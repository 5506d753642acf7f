# Variables for logs and CGI parameters (U1, G6).

use MFA::Test;

my $s = mfa_server(
    people => [{ email => 'ann.employee@example.org', user => 'ann',
                 first_name => "Jos\xc3\xa9", surname => 'Employee',
                 groups => 'staff', cost_centre => '4711' }],
    http => <<'HTTP', locations => <<'END');
    log_format who '$request_uri user=[$mfa_user] email=[$mfa_email] '
                   'name=[$mfa_name] groups=[$mfa_groups] amr=[$mfa_amr] '
                   'at=[$mfa_auth_time] id=[$mfa_session] '
                   'cc=[$mfa_attr_cost_centre] no=[$mfa_attr_nothing] '
                   'cookie=[$http_cookie]';
    access_log %%DIR%%/who.log who;
    map $mfa_user $early { default "early:$mfa_user"; }
HTTP
        location /mfa/  { mfa_portal; }
        location /ess/  { set $before "[$mfa_user]";
                          proxy_set_header X-Before $before;
                          proxy_set_header X-Long
                          "$mfa_user$mfa_user$mfa_email$mfa_attr_cost_centre";
                          proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
        location /back/ { root %%DIR%%/none; try_files $uri @open; }
        location @open  { mfa off; proxy_pass http://app; }
END

sub line { return ($s->logged('who.log', $_[0]))[-1] // '' }

my $b = $s->browser;

$b->api('/ess/none');
like(line(qr{/ess/none}), qr/user=\[-?\] email=\[-?\]/,
     'nobody before a login');
$s->register($b, 'ann.employee@example.org');
$b->api('/ess/in');

my $line = line(qr{/ess/in});

like($line, qr/user=\[ann\]/, '$mfa_user');
like($line, qr/email=\[ann.employee\@example.org\]/, '$mfa_email');
like($line, qr/name=\[Jos%C3%A9 Employee\]/, '$mfa_name, G3: encoded');
like($line, qr/groups=\[staff\]/, '$mfa_groups');
like($line, qr/amr=\[(?=[^\]]*pwd)(?=[^\]]*otp)(?=[^\]]*mfa)/, '$mfa_amr');
like($line, qr/at=\[\d{10}\]/, '$mfa_auth_time');
like($line, qr/id=\[[0-9a-f]{16,}\]/, '$mfa_session');
like($line, qr/cc=\[4711\]/, '$mfa_attr_NAME');
like($line, qr/no=\[-?\]/, 'an attribute nobody has');
like($line, qr/cookie=\[-?\]/, 'our cookies are not logged');

my ($session) = map { $_->{value} } map { $b->{jar}{$_} }
                grep { /session/ } keys %{$b->{jar}};
unlike($line, qr/\Q$session\E/, 'nor the token');

my $hit = $s->app->last('/ess/in');

is((MFA::Upstream::values_of($hit, 'X-Before'))[0], '[]',
   'empty before the gate has decided');
is((MFA::Upstream::values_of($hit, 'X-Long'))[0],
   'annannann.employee@example.org4711', 'G6: and whole after it');

$b->api('/open/x');
like(line(qr{/open/x}), qr/user=\[-?\]/, 'nobody in an open location');
$b->api('/back/x');
like(line(qr{/back/x}), qr/user=\[-?\]/,
     'nor in one that a guarded one led to');

done_testing();
