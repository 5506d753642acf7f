# Every nginx example of README.md, docs/ and conf/ is what it says: nginx -t
# takes it with its paths made local, and the two whole ones start.

use MFA::Test;

use File::Temp 'tempdir';

my $top = MFA::Test::top();
my $files = tempdir(CLEANUP => 1);
my $realm_option = qr/(?:factors|sms|voice|sms_countries|default_country|limit
                       |remember_device|second_factor|device_reset
                       |recovery_hold|helpdesk_group|admin_group|approvals
                       |audit_keep|trusted_identity|application|cookie_domain
                       |assertion_key|languages|colour
                       |event_log
                       |idle_ignore|logout_url|legacy_url
                       |application_cookies|held_form)/x;

chmod 0755, $files;
write_secrets();

for my $example (examples()) {
    my ($name, $text) = @$example;
    my ($code, $said) = conf_test(https => 1, keys => [qw(north south)],
                                  conf => local_conf($text));

    is($code, 0, "nginx -t takes $name") or diag($said);
    $said =~ s/.*\[warn\].*"cookie_domain" gives.*\n//;     # as it should
    $said =~ s/.*\[warn\].*MONITOR MODE.*\n//;             # likewise
    unlike($said, qr/\[warn\]/, "$name: without a warning");
}

starts('conf/mfa.conf', slurp('conf/mfa.conf'));
starts('the configuration in README.md',
       (grep { /load_module/ } blocks('README.md'))[0]);

done_testing();


sub slurp {
    my ($path) = @_;

    open my $fh, '<', "$top/$path" or die "$path: $!";
    local $/;
    return scalar <$fh>;
}


# what the examples name; a key of GOV.UK ends in two UUIDs

sub write_secrets {
    my $uuid = '00000000-0000-4000-8000-000000000000';
    my %is = ('notify.key' => "example-$uuid-$uuid",
              'sms-body.json' => '{"to":"{{to}}","text":"{{text}}"}',
              'sms-header' => 'Authorization: Bearer none',
              map { $_ => 'not a secret' } qw(smtp.pass twilio.key vonage.key
                                              messagebird.key archive.pass));

    for my $name (keys %is) {
        open my $fh, '>', "$files/$name" or die;
        chmod 0600, $fh;
        print $fh "$is{$name}\n";
        close $fh or die;
    }

    my $ctl = MFA::Test::ctl_path();

    `$ctl key new-assertion $files/assertion.pem`;
    die 'mfactl key new-assertion' if $? != 0;
}


sub blocks {
    my ($path) = @_;
    return slurp($path) =~ /^```nginx\n(.*?)^```$/gms;
}


sub examples {
    my @all = (['conf/mfa.conf', slurp('conf/mfa.conf')]);

    for my $path ('README.md', map { s{^\Q$top\E/}{}r } glob "$top/docs/*.md")
    {
        my $n = 0;

        push @all, map { ["$path, example " . ++$n, $_] } blocks($path);
    }

    return @all;
}


# lines of a realm stand in that of conf/mfa.conf, for its own of that name

sub realm_with {
    my ($text) = @_;
    my $realm = realm_of(slurp('conf/mfa.conf'));

    $text .= "factors totp sms;\n" if $text =~ /^sms\b/m
        && $text !~ /^factors/m;
    $text .= "sms maildir:%%DIR%%/sms;\n" if $text =~ /^factors.*\bsms\b/m
        && $text !~ /^sms\b/m;

    for my $name ($text =~ /^(\w+)/mg) {
        $realm =~ s/^ {4}$name\b[^;]*;\n//mg;
    }

    return $realm =~ s/\}\s*\z/$text\n}/r;
}


sub realm_of { return $_[0] =~ /^(mfa_realm .*?^\})/ms ? $1 : die }


# "# store, key_file, ..." in a realm: what conf/mfa.conf has of other names

sub fill {
    my ($text) = @_;
    my $realm = realm_of(slurp('conf/mfa.conf'));
    my @has = $text =~ /^ {4}(\w+)/mg;
    my $more = join '', grep { my $line = $_;
                               !grep { $line =~ /^ {4}$_\b/ } @has }
               $realm =~ /^ {4}\w[^;]*;[^\n]*\n/mg;

    return $text =~ s/^ {4}# .*\.\.\.\n/$more/mr;
}


# the level at which an example stands is seen from what it says

sub whole {
    my ($text) = @_;

    return $text if $text =~ /^load_module/m;
    return $text . http_level('') if $text =~ /^thread_pool/m;
    return http_level($text) if $text =~ /^(?:mfa_realm|server|log_format)\b/m;
    return http_level(realm_with($text)) if $text =~ /^$realm_option\b/m;
    return http_level("server { listen 443 ssl; server_name people.example.org;"
        . "ssl_certificate people.pem; ssl_certificate_key people.key;"
        . "root html; mfa staff; location /mfa/ { mfa_portal; }\n$text }");
}


sub http_level {
    my ($text) = @_;
    my $realm = realm_of(slurp('conf/mfa.conf'));

    $realm = '' if $text =~ /^mfa_realm/m || $text !~ /\bmfa staff\b/;
    $realm .= "ssl_certificate people.pem; ssl_certificate_key people.key;\n"
        if $text =~ /listen.*\bssl\b/ && $text !~ /^ssl_certificate\b/m;
    return "events {}\nhttp {\n$realm\n$text\n}\n";
}


sub local_conf {
    my ($text) = @_;

    $text =~ s/^(mfa_realm .*?^\})/fill($1)/gmse if $text !~ /^load_module/m;
    $text = whole($text);

    my $more = 'html %%HTML%%; common_passwords '
             . '%%BUILD%%/common-passwords.txt;';
    my $http = join ' ', 'access_log %%DIR%%/access.log;',
        'client_body_temp_path %%DIR%%/tmp/body;',
        map { "${_}_temp_path %%DIR%%/tmp/$_;" } qw(proxy fastcgi uwsgi scgi);

    for ($text) {
        s/^load_module .*$//mg;
        s/^(\s*mfa_realm \w+ \{)/$1 $more/mg;
        s/^(\s*)http \{/$1http { $http/mg;
        s{/var/lib/nginx-mfa/staff}{%%DIR%%/store}g;
        s{lmdb:/var/lib/nginx-mfa/(north|south)}{memory:$1}g;
        s{\bmfa/staff\.key}{%%DIR%%/mfa.key}g;
        s{\bmfa/(north|south)\.key}{%%DIR%%/$1.key}g;
        s{proxy_pass(\s+)https://people\.example\.org}
         {proxy_pass$1https://127.0.0.1}g;
        s{\bmfa/((?:smtp|sms|twilio|notify|vonage|messagebird)[\w.-]+)}
         {$files/$1}g;
        s{\bmfa/(archive\.pass|assertion2?\.pem)}{$files/$1}g;
        s{(?<![\w.])(?:mfa/)?people\.pem}{%%DIR%%/tls.pem}g;
        s{(?<![\w.])(?:mfa/)?people-ca\.pem}{%%DIR%%/tls.pem}g;
        s{(?<![\w.])(?:mfa/)?people\.key}{%%DIR%%/tls.key}g;
        s{/var/log/nginx/}{%%DIR%%/}g;
        s{(public_url\s+https://[\w.]+);}{$1:%%PORT%%;}g;
        s{^\s*listen\s+\[::\].*$}{}mg;
        s{(listen\s+)443}{${1}127.0.0.1:%%PORT%%}g;
        s{(listen\s+)80;}{"${1}127.0.0.1:" . free_port() . ';'}ge;
        s{127\.0\.0\.1:900[12]}{%%UPSTREAM%%}g;
        s{include(\s+)(mfa_\w+_params);}{include$1%%TOP%%/conf/$2;}g;
        s{include(\s+)(fastcgi_params|uwsgi_params);}
         {include$1/etc/nginx/$2;}g;
    }

    return $text;
}


sub starts {
    my ($name, $text) = @_;
    my $s = mfa_server(https => 1, conf => local_conf($text));
    my $host = "people.example.org:$s->{port}";
    my $ask = sub {
        return $s->curl('-H', "Host: $host", '-H', 'Accept: text/html', @_);
    };
    my ($status, $headers) = $ask->('/ess/?a=1');

    is($status, 303, "$name: a guarded page is not served");
    like($headers->{location}[0], qr{^https://\Q$host\E/mfa/login\?to=/ess/},
         "$name: it leads to Login");
    is(($ask->('/mfa/login'))[0], 200, "$name: the portal answers");
    is($s->app->hits, 0, "$name: the application was not asked");
    is(($ask->('/open/'))[0], 200, "$name: what is open is open");
    is($s->app->hits, 1, "$name: and reaches the application");
    $s->stop;
}
