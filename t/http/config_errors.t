# nginx -t finds what is wrong and says where.

use MFA::Test;

sub refused {
    my ($what, $re, %is) = @_;
    my ($code, $text) = conf_test(people => [], %is);

    isnt($code, 0, "$what: refused");
    like($text, $re, "$what: says so");
    like($text, qr{ in \S+nginx\.conf:\d+}, "$what: with file and line");
}

sub accepted {
    my ($what, $re, %is) = @_;
    my ($code, $text) = conf_test(people => [], %is);

    is($code, 0, "$what: accepted") or diag($text);
    defined $re ? like($text, $re, "$what: says so")
                : unlike($text, qr/\[warn\](?!.*without "Secure")/,
                         "$what: no complaint");
    return $text;
}

my $portal = "location /mfa/ { mfa_portal; }\n";

# the realm

refused('an unknown option', qr/nonsense/, realm => { nonsense => 'on' });
refused('an option twice', qr/duplicate/,
        realm => { brand => ['"One"', '"Two"'] });
refused('a missing key file', qr/none\.key/,
        realm => { key_file => '%%DIR%%/none.key' });
refused('mail without from', qr/from/,
        realm => { mail => 'maildir:%%DIR%%/mail' });
refused('no public_url', qr/public_url/, realm => { public_url => undef });
refused('a realm twice', qr/duplicate realm "staff"/,
        http => 'mfa_realm staff { }');
refused('a block in a block', qr/unexpected "\{"/,
        http => 'mfa_realm other { brand { } }');

{
    my $s = mfa_server(start => 0, people => []);
    chmod 0644, "$s->{dir}/mfa.key";
    my ($code, $text) = $s->_nginx_test;
    isnt($code, 0, 'a key file that others may read: refused');
    like($text, qr/mfa\.key/, 'and named');
    chmod 0600, "$s->{dir}/mfa.key";

    mkdir "$s->{dir}/html" or die;
    system('cp', '-R', glob(MFA::Test::top() . '/html/*'), "$s->{dir}/html");
    $s->{is}{realm} = { html => "$s->{dir}/html" };
    $s->_write_conf;
    ($code, $text) = $s->_nginx_test;
    is($code, 0, 'a copy of the templates is fine') or diag($text);

    open my $fh, '>>', "$s->{dir}/html/login.html" or die;
    print $fh "\n{{#broken}}\n";
    close $fh;
    ($code, $text) = $s->_nginx_test;
    isnt($code, 0, 'a template with a fault: refused');
    like($text, qr/login\.html:\d+/, 'with its file and line');
}

# factors and who sends their codes

for my $kind (qw(sms voice)) {
    refused("factor $kind without a sender",
            qr/"factors" has "$kind".*add a line "$kind"/,
            realm => { factors => "totp $kind" });
    accepted("factor $kind with a sender", undef,
             realm => { factors => "totp $kind",
                        $kind => "maildir:%%DIR%%/$kind" });
}

refused('an unknown factor', qr/factors.*"pigeon"|pigeon.*factors/,
        realm => { factors => 'totp pigeon' });
refused('a factor twice', qr/totp/, realm => { factors => 'totp sms totp',
                                            sms => 'maildir:%%DIR%%/sms' });
refused('recovery codes among the factors', qr/recovery/,
        realm => { factors => 'totp recovery' });
refused('no factor at all', qr/factors/, realm => { factors => '' });
refused('an unknown country', qr/sms_countries.*"XX"|XX.*sms_countries/,
        realm => { sms_countries => 'GB XX' });
refused('an unknown sender of text messages', qr/sms/,
        realm => { sms => 'pigeon:post' });
refused('a sender of mail for text messages', qr/sms/,
        realm => { sms => 'smtp://mail.example.org' });
refused('three senders of text messages', qr/sms/,
        realm => { factors => 'totp sms', sms => [map { "maildir:%%DIR%%/$_" }
                                                  qw(sms mail voice)] });
refused('remember_device beyond 90 days', qr/remember_device/,
        realm => { remember_device => '91d' });
refused('factor_fresh beyond 20 minutes', qr/factor_fresh/,
        realm => { factor_fresh => '21m' });
refused('three methods demanded', qr/second_factor|methods/,
        realm => { second_factor => 'required methods=3' });

# B16
accepted('email as a factor',
         qr/\[warn\].*"factors" has "email": whoever reads the mailbox/,
         factors => 'totp email');
accepted('email is no factor by default', undef);

# secrets come from files that others cannot read (N3)

for my $line ('twilio account=AC00 key_file=%%DIR%%/none.key from=+441632960900',
              'vonage key=abcd key_file=%%DIR%%/none.key from=Example',
              'messagebird key_file=%%DIR%%/none.key from=Example',
              'govuk_notify key_file=%%DIR%%/none.key template=abc')
{
    my ($name) = $line =~ /^(\w+)/;

    refused("$name: a missing key file", qr/none\.key/,
            realm => { factors => 'totp sms', sms => $line });
    refused("$name: no key file", qr/key_file/,
            realm => { factors => 'totp sms', sms => $line =~ s/ key_file=\S+//r });
}

# mfa, mfa_portal, mfa_allow

refused('mfa naming no realm', qr/unknown realm "other"/,
        locations => "$portal location /ess/ { mfa other; }");
refused('mfa twice', qr/"mfa" directive is duplicate/,
        server => 'mfa staff;', locations => $portal);
refused('no portal', qr/portal missing.*"mfa staff"/,
        locations => 'location /ess/ { }');
refused('a portal of another realm only', qr/portal missing/, http => '',
        locations => "location /mfa/ { mfa off; }");
refused('a portal where mfa is off', qr/"mfa_portal" needs "mfa NAME"/,
        locations => 'location /mfa/ { mfa off; mfa_portal; }');
refused('two portals', qr/has two portals/,
        locations => "$portal location /mfb/ { mfa_portal; }");
refused('a portal without a slash', qr/needs a prefix location/,
        locations => 'location /mfa { mfa_portal; }');
refused('a portal at an exact place', qr/needs a prefix location/,
        locations => 'location = /mfa/ { mfa_portal; }');
refused('a portal by regular expression', qr/needs a prefix location/,
        locations => 'location ~ ^/mfa/ { mfa_portal; }');
refused('a named portal', qr/needs a prefix location/,
        locations => 'location @mfa { mfa_portal; }');
refused('rules that protect nothing', qr/"mfa_allow" protects nothing/,
        locations => "$portal location /x/ { mfa off; mfa_allow group=a; }");
refused('a rule that is none', qr/everybody/,
        locations => "$portal location /x/ { mfa_allow everybody; }");

# mfa_identity_headers, mfa_cache

refused('a bad header name', qr/mfa_identity_headers.*takes names/,
        locations => "$portal mfa_identity_headers 'Remote User';");
refused('a header of nginx', qr/nginx needs itself/,
        locations => "$portal mfa_identity_headers Content_Length;");
refused('a header twice', qr/names a header twice/,
        locations => "$portal mfa_identity_headers X-User x_user;");
refused('five headers', qr/number of arguments/,
        locations => "$portal mfa_identity_headers a b c d e;");
refused('mfa_cache', qr/it must be "on" or "off"/,
        locations => "$portal mfa_cache maybe;");

# two realms

sub realm {
    my ($name, %options) = @_;
    return MFA::Test::realm_text({ is => {}, realm => $name }, $name,
                                 \%options);
}

refused('one store for two realms', qr/have the same store/,
        http => realm('other', store => 'lmdb:%%DIR%%/store'));
refused('one key file for two realms', qr/have the same key/,
        http => realm('other', store => 'lmdb:%%DIR%%/tmp'));
accepted('two realms', undef, keys => ['other'],
         http => realm('other', store => 'lmdb:%%DIR%%/tmp',
                       key_file => '%%DIR%%/other.key'));

# order and inheritance

my $late = <<'END';
events { }
http {
    access_log off;
    client_body_temp_path %%DIR%%/tmp/body;
    proxy_temp_path %%DIR%%/tmp/proxy;
    fastcgi_temp_path %%DIR%%/tmp/fastcgi;
    uwsgi_temp_path %%DIR%%/tmp/uwsgi;
    scgi_temp_path %%DIR%%/tmp/scgi;
    mfa late;
    server { listen 127.0.0.1:%%PORT%%; server_name 127.0.0.1;
             location /mfa/ { mfa_portal; } }
END

accepted('a realm after its use', undef,
         conf => $late . realm('late', store => 'lmdb:%%DIR%%/store') . '}');
accepted('thread pools of the operator', undef,
         main => "thread_pool mfa threads=2;\n"
               . "thread_pool mfa_hash threads=1 max_queue=4;");
accepted('a realm nobody uses', undef, keys => ['idle'],
         http => realm('idle', store => 'lmdb:%%DIR%%/tmp',
                       key_file => '%%DIR%%/idle.key'));

# warnings

accepted('public_url on another port',
         qr/\[warn\].*no server listens for "public_url"/,
         realm => { public_url => 'http://127.0.0.1:1' });

my $nobody = qr/\[warn\].*nobody who could approve/;
my $gap = qr/\[warn\].*replaced with a mailed code, which nobody approves/;
my %staff = (helpdesk_group => 'helpdesk');

accepted('D1: device_reset approval and no staff', $nobody,
         realm => { device_reset => 'approval' });
accepted('D5: factor_change approval and no staff', $nobody,
         realm => { factor_change => 'approval', device_reset => 'off' });
accepted('D5: ... of one group', $nobody,
         realm => { factor_change => 'approval group=managers',
                    device_reset => 'off group=managers' });
accepted('D1: device_reset approval with a helpdesk', undef,
         realm => { device_reset => 'approval', %staff });
accepted('D1: device_reset approval with admins', undef,
         realm => { device_reset => 'approval', admin_group => 'admins' });
accepted('D5: factor_change approval beside mailed resets', $gap,
         realm => { factor_change => 'approval', %staff });
accepted('D5: ... of one group', $gap,
         realm => { factor_change => ['self', 'approval group=managers'],
                    device_reset => ['email', 'approval group=others'],
                    %staff });
accepted('D5: factor_change approval and approved resets', undef,
         realm => { factor_change => ['self', 'approval group=managers'],
                    device_reset => ['email', 'approval group=managers'],
                    %staff });
accepted('D5: factor_change approval and no reset by oneself', undef,
         realm => { factor_change => 'approval', device_reset => 'off',
                    %staff });

done_testing();
