# mfactl lint: every hole is found in a configuration made to have it, with
# its line, and not in the twin that is right; none in our own examples (F6).

use MFA::Test;

use File::Temp 'tempdir';
use JSON::PP ();

my $top = MFA::Test::top();
my $dir = tempdir(CLEANUP => 1);
my $ctl = MFA::Test::ctl_path();

# X in a line of a wrong configuration: the finding must name that line

my @cases = (

    # in a guarded server, in place of its locations

    ['return-before-gate', 'a text', server =>
        'location /x/ { return 200 "secret"; #X', '}',
        'location /x/ { root html; #', '}'],
    ['return-before-gate', 'a redirect', server =>
        'location /x/ { return 302 /y/; #X', '}',
        'location = / { return 302 /mfa/; #', '}'],
    ['return-before-gate', 'a redirect without a code', server =>
        'location /x/ { return https://other.example.org/; #X', '}',
        'location /x/ { return https://people.example.org/y; #', '}'],
    ['return-before-gate', 'for the whole server', server =>
        'return 200 "all"; #X', '', 'return 404; #', ''],
    ['return-before-gate', 'in "if"', server =>
        'if ($arg_x) { return 200 x; #X', '}',
        'if ($arg_x) { return 405; #', '}'],
    ['return-before-gate', 'in "if" in a location', server =>
        'location /x/ { if ($arg_x) { return 204; #X', '} }',
        'location /x/ { if ($arg_x) { return 444; #', '} }'],
    ['return-before-gate', 'rewrite with redirect', server =>
        'rewrite ^/a /b redirect; #X', '', 'rewrite ^/a /b last; #', ''],
    ['return-before-gate', 'rewrite with permanent', server =>
        'location /x/ { rewrite ^ /b permanent; #X', '}',
        'location /x/ { rewrite ^ /b break; #', '}'],
    ['return-before-gate', 'rewrite to an address', server =>
        'rewrite ^ https://other.example.org/; #X', '',
        'rewrite ^ https://people.example.org$request_uri?; #', ''],
    ['return-before-gate', 'nested', server =>
        'location /x/ { location /x/y/ { return 200 y; #X', '} }',
        'location /x/ { location /x/y/ { mfa off; return 200 y; #', '} }'],

    ['satisfy-any-wide', 'all', server =>
        'location /x/ { satisfy any; allow all; #X', '}',
        'location /x/ { satisfy all; allow all; #', '}'],
    ['satisfy-any-wide', 'half of the Internet', server =>
        'location /x/ { satisfy any; allow 128.0.0.0/1; #X', 'deny all; }',
        'location /x/ { satisfy any; allow 192.0.2.0/24; #', 'deny all; }'],
    ['satisfy-any-wide', 'IPv6, from the server', server =>
        'allow 2000::/3; #X', 'deny all; location /x/ { satisfy any; }',
        'allow 2001:db8::/32; #', 'deny all; location /x/ { satisfy any; }'],
    ['satisfy-any-other', 'auth_basic', server =>
        'location /x/ { satisfy any; auth_basic x; #X', '}',
        'location /x/ { auth_basic x; #', '}'],
    ['satisfy-any-other', 'auth_request', server =>
        'location /x/ { satisfy any; auth_request /ask; #X',
        '} location /ask { proxy_pass http://127.0.0.1:9009; }',
        'location /x/ { auth_request /ask; #',
        '} location /ask { proxy_pass http://127.0.0.1:9009; }'],

    ['auth-request-open', 'to a "return"', bare =>
        'location /x/ { auth_request /ask; #X',
        'proxy_pass http://app; } location /ask { return 204; }'
        . ' location /y/ { mfa staff; }',
        'mfa staff; location /x/ { mfa off; auth_request /ask; #',
        'proxy_pass http://app; } location /ask { mfa staff; }'],
    ['auth-request-open', 'to the portal', server =>
        'location /x/ { mfa off; auth_request /mfa/; #X', '}',
        'location /x/ { mfa off; auth_request /ask; #',
        '} location = /ask { internal; }'],
    ['auth-request-subrequest', 'a page with ssi', server =>
        'location /x/ { mfa off; auth_request /ask; #X',
        '} location = /ask { internal; }'
        . ' location /pub/ { mfa off; ssi on; }',
        'location /x/ { auth_request /ask; #',
        '} location = /ask { internal; }'
        . ' location /pub/ { mfa off; ssi on; }'],

    # X06

    ['prefix-only-guard', 'beside the rest', bare =>
        'location /app/ { #X', 'mfa staff; proxy_pass http://app; }',
        'mfa staff; location /app/ { #', 'proxy_pass http://app; }'],
    ['prefix-only-guard', 'the rest is the same application', bare =>
        'mfa off; location /app/ { #X', 'mfa staff; proxy_pass http://app; }'
        . ' location / { proxy_pass http://app; }',
        'mfa off; location /app/ { #', 'mfa staff; proxy_pass http://app; }'
        . ' location / { proxy_pass http://127.0.0.1:9009; }'],
    ['regex-beside-guard', 'x.php', bare =>
        'location ~ \.php$ { #X',
        'root html; } location /app/ { mfa staff; }',
        'location ~ \.php$ { #',
        'root html; } location ^~ /app/ { mfa staff; }'
        . ' location / { return 404; }'],
    ['regex-beside-guard', 'opened on purpose, in front of the application',
        server => 'location ~ \.css$ { #X', 'mfa off; proxy_pass http://app; }'
        . ' location /x/ { proxy_pass http://app; }',
        'location ~ \.css$ { #', 'mfa off; root html; }'
        . ' location /x/ { proxy_pass http://app; }'],
    ['regex-beside-guard', 'nested', server =>
        'location /x/ { proxy_pass http://app; location ~ \.css$ { #X',
        'mfa off; proxy_pass http://app; } }',
        'location /x/ { proxy_pass http://app; location ~ \.css$ { #',
        'proxy_pass http://app; } }'],
    ['regex-beside-guard', 'with a beginning', bare =>
        'location ~ ^/app/.*\.css$ { #X',
        'root html; } location /app/ { mfa staff; }',
        'location ~ ^/pub/.*\.css$ { #',
        'root html; } location /app/ { mfa staff; }'],
    ['hole-below-guard', 'a longer prefix', bare =>
        'location /app/x/ { #X', 'root html; } location /app/ { mfa staff; }',
        'location /pub/x/ { #', 'root html; } location /app/ { mfa staff; }'],
    ['hole-below-guard', 'an exact address', bare =>
        'location = /app/x { #X', 'root html; } location /app/ { mfa staff; }',
        'location = /app/x { #', 'mfa off; root html; }'
        . ' location /app/ { mfa staff; }'],
    ['hole-below-guard', '^~ before a regular expression', bare =>
        'location ^~ /app/x/ { #X',
        'root html; } location ~ ^/app/ { mfa staff; }',
        'location ^~ /pub/x/ { #',
        'root html; } location ~ ^/app/ { mfa staff; }'],
    ['alias-traversal', 'no slash', server =>
        'location /pub { mfa off; alias /srv/pub/; #X', '}',
        'location /pub/ { mfa off; alias /srv/pub/; #', '}'],

    # X07

    ['upstream-unguarded', 'another server', http =>
        'server { listen 443 ssl; server_name b.example.org; location /ess/ { proxy_pass http://app; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; location /ess/ { mfa staff; proxy_pass http://app; #',
        '} }'],
    ['upstream-unguarded', 'by its address', http =>
        'server { listen 443 ssl; server_name b.example.org; location / { proxy_pass http://localhost:9001/; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; location / { proxy_pass http://localhost:9002/; #',
        '} }'],
    ['upstream-unguarded', 'fastcgi', http =>
        'server { listen 443 ssl; server_name b.example.org; location ~ \.php$ { fastcgi_pass unix:/run/php.sock; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; location ~ \.php$ { fastcgi_pass unix:/run/other.sock; #',
        '} }'],
    ['upstream-unguarded', 'uwsgi', http =>
        'server { listen 443 ssl; server_name b.example.org; location / { uwsgi_pass 127.0.0.1:9003; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; location / { uwsgi_pass 127.0.0.1:9004; #',
        '} }'],
    ['upstream-unguarded', 'scgi', http =>
        'server { listen 443 ssl; server_name b.example.org; location / { scgi_pass 127.0.0.1:9005; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; location / { scgi_pass 127.0.0.1:9006; #',
        '} }'],
    ['upstream-unguarded', 'grpc', http =>
        'server { listen 443 ssl; server_name b.example.org; location / { grpc_pass grpc://127.0.0.1:9007; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; location / { grpc_pass grpc://127.0.0.1:9008; #',
        '} }'],
    ['upstream-unguarded', 'opened, but another path of the application',
        server => 'location /pub/ { mfa off; proxy_pass http://app/; #X', '}',
        'location /pub/ { mfa off; proxy_pass http://app; #', '}'],
    ['upstream-unguarded', 'opened in another server', http =>
        'server { listen 443 ssl; server_name b.example.org; mfa off; location / { proxy_pass http://app; #X',
        '} }',
        'server { listen 443 ssl; server_name b.example.org; mfa off; location /open/ { proxy_pass http://app; #',
        '} }'],
    ['upstream-unguarded', 'by try_files of an open place', bare =>
        'location @app { proxy_pass http://app; #X',
        '} location / { try_files $uri @app; }'
        . ' location = /y { mfa staff; proxy_pass http://app; }',
        'location @app { proxy_pass http://app; #',
        '} location / { mfa staff; try_files $uri @app; }'
        . ' location = /y { mfa staff; proxy_pass http://app; }'],
    ['upstream-unguarded', 'by error_page under "satisfy any"', server =>
        'location @app { mfa off; proxy_pass http://app; #X',
        '} location /x/ { satisfy any; allow 192.0.2.1; error_page 401 = @app;'
        . ' proxy_pass http://app; }',
        'location @app { mfa off; proxy_pass http://app; #',
        '} location /x/ { error_page 404 = @app;'
        . ' proxy_pass http://app; }'],
    ['default-server-open', 'other names', http =>
        'server { listen 443 ssl default_server; server_name _; location / { proxy_pass http://app; #X',
        '} }',
        'server { listen 443 ssl default_server; server_name _; return 444; location / { proxy_pass http://app; #',
        '} }'],
    ['default-server-open', 'another port', http =>
        'server { listen 8443 ssl; location / { proxy_pass http://app; #X',
        '} }',
        'server { listen 8443 ssl; location / { mfa staff; proxy_pass http://app; #',
        '} }'],
    ['stream-to-application', 'a port', main =>
        'stream { server { listen 7000; proxy_pass 127.0.0.1:9001; #X', '} }',
        'stream { server { listen 7000; proxy_pass 127.0.0.1:9009; #', '} }'],
    ['backend-port-open', 'for the network', http =>
        'server { listen 9001; #X', 'root html; }',
        'server { listen 127.0.0.1:9001; #', 'root html; }'],
    ['upstream-two-realms', 'one application', server =>
        'location /x/ { mfa other; proxy_pass http://app; #X', '}',
        'location /x/ { mfa other; proxy_pass http://127.0.0.1:9009; #', '}'],
    ['upstream-without-rule', 'another path', server =>
        'location /x/ { proxy_pass http://app/boss/; #X',
        '} location /boss/ { mfa_allow group=a; proxy_pass http://app; }',
        'location /x/ { proxy_pass http://app/pub/; #',
        '} location /boss/ { mfa_allow group=a; proxy_pass http://app; }'],
    ['proxy-pass-from-client', 'a header', server =>
        'location /x/ { proxy_pass http://$http_host; #X', '}',
        'location /x/ { proxy_pass http://app; proxy_set_header Host $http_host; #',
        '}'],
    ['proxy-pass-from-client', 'by set', server =>
        'set $to $arg_to; location /x/ { proxy_pass http://$to/; #X', '}',
        'set $to app; location /x/ { proxy_pass http://$to/; #', '}'],
    ['proxy-pass-from-client', 'what the address holds', server =>
        'location ~ ^/x/([a-z]+) { proxy_pass http://$1.example.org; #X', '}',
        'location ~ ^/x/([a-z]+) { proxy_pass http://127.0.0.1:9009/$1; #',
        '}'],
    ['proxy-pass-from-client', 'by map', http =>
        'map $http_x $to { default $http_x; } server { listen 443 ssl; server_name b.example.org; location / { proxy_pass http://$to; #X',
        '} }',
        'map $http_x $to { default one; b two; } server { listen 443 ssl; server_name b.example.org; location / { proxy_pass http://$to; #',
        '} }'],

    ['plain-http', 'port 80', server => 'listen 80; #X', '',
        'listen 127.0.0.1:80; #', ''],
    ['plain-http', 'port 443 without ssl', server => 'listen [::]:8443; #X',
        '', 'listen [::]:8443 ssl; #', ''],
    ['merge-slashes-off', 'in the server', server =>
        'merge_slashes off; #X', '', 'merge_slashes on; #', ''],
    ['merge-slashes-off', 'in http', http => 'merge_slashes off; #X', '',
        'merge_slashes on; #', ''],
    ['underscores-in-headers', 'in the server', server =>
        'underscores_in_headers on; #X', '', 'underscores_in_headers off; #',
        ''],
    ['underscores-in-headers', 'in the default server', http =>
        'server { listen 443 ssl default_server; underscores_in_headers on; #X',
        'return 444; }',
        'server { listen 8443 ssl default_server; underscores_in_headers on; #',
        'return 444; }'],
    ['invalid-headers', 'in http', http => 'ignore_invalid_headers off; #X',
        '', 'ignore_invalid_headers on; #', ''],
    ['real-ip-trusts-all', 'everybody', http =>
        'set_real_ip_from 0.0.0.0/0; #X', '',
        'set_real_ip_from 192.0.2.10; set_real_ip_from 10.0.0.0/8; #', ''],
    ['real-ip-trusts-all', 'IPv6', server => 'set_real_ip_from ::/0; #X', '',
        'set_real_ip_from 2001:db8::1; set_real_ip_from unix:; #', ''],
    ['trusted-networks-wide', 'everybody', realm =>
        'trusted_networks 192.0.2.0/24 0.0.0.0/0; #X', '',
        'trusted_networks 192.0.2.0/24; #', ''],
    ['large-header-buffers', 'a megabyte', http =>
        'large_client_header_buffers 8 1m; #X', '',
        'large_client_header_buffers 8 32k; #', ''],

    ['identity-overwritten', 'a header', server =>
        'location /x/ { proxy_pass http://app; proxy_set_header Remote-User $remote_user; #X',
        '}',
        'location /x/ { proxy_pass http://app; proxy_set_header Remote-User $mfa_user; #',
        '}'],
    ['identity-overwritten', 'another spelling, from the server', server =>
        'proxy_set_header REMOTE_EMAIL $http_x_mail; #X',
        'location /x/ { proxy_pass http://app; }',
        'proxy_set_header REMOTE_EMAIL $http_remote_email; #',
        'location /x/ { proxy_pass http://app; }'],
    ['identity-overwritten', 'a name of its own', server =>
        'location /x/ { mfa_identity_headers X-User; proxy_pass http://app; proxy_set_header X-User $arg_u; #X',
        '}',
        'location /x/ { mfa_identity_headers X-User; proxy_pass http://app; proxy_set_header X-Tracing $arg_u; #',
        '}'],
    ['identity-overwritten', 'a parameter', server =>
        'location /x/ { fastcgi_pass unix:/run/php.sock; fastcgi_param REMOTE_USER $http_x_user; #X',
        '}',
        'location /x/ { fastcgi_pass unix:/run/php.sock; fastcgi_param REMOTE_USER $mfa_user if_not_empty; #',
        '}'],
    ['identity-overwritten', 'the name of an unchecked password', server =>
        'location /pub/ { mfa off; fastcgi_pass unix:/run/b.sock; fastcgi_param REMOTE_USER $remote_user; #X',
        'fastcgi_param REMOTE_USER $mfa_user if_not_empty; }',
        'location /pub/ { fastcgi_pass unix:/run/b.sock; fastcgi_param REMOTE_USER $remote_user; #',
        'fastcgi_param REMOTE_USER $mfa_user if_not_empty; }'],
    ['identity-overwritten', 'in an open location', server =>
        'location /open2/ { mfa off; proxy_pass http://127.0.0.1:9009; proxy_set_header Remote-User $cookie_u; #X',
        '}',
        'location /open2/ { mfa off; proxy_pass http://127.0.0.1:9009; proxy_set_header Remote-User guest; #',
        '}'],
    ['identity-overwritten', 'not what "auth_request" said', server =>
        'location /pub/ { mfa off; auth_request /ask; proxy_pass http://127.0.0.1:9009; proxy_set_header Remote-User $cookie_u; #X',
        '} location = /ask { internal; }',
        'location /pub/ { mfa off; auth_request /ask; auth_request_set $who $upstream_http_remote_user; proxy_pass http://127.0.0.1:9009; proxy_set_header Remote-User $who; #',
        '} location = /ask { internal; }'],
    ['set-header-not-inherited', 'lines of its own', server =>
        'location /x/ { proxy_pass http://app; proxy_set_header Host $host; #X',
        '} proxy_set_header X-MFA-Method $mfa_amr;',
        'location /x/ { proxy_pass http://app; proxy_set_header X-MFA-Method $mfa_amr; #',
        '} proxy_set_header X-MFA-Method $mfa_amr;'],

    # X99

    ['cache-shared', 'the default key', server =>
        'location /x/ { proxy_pass http://app; proxy_cache c; #X', '}',
        'location /x/ { proxy_pass http://app; proxy_cache_key $mfa_user$uri; proxy_cache c; #',
        '}'],
    ['cache-shared', 'a key of another kind, inherited', http =>
        'proxy_cache c; #X', 'proxy_cache_key $host$uri;',
        'proxy_cache c; #', 'set $k x; proxy_cache_key $k$mfa_email$uri;'],
    ['cache-shared', 'fastcgi', server =>
        'location /x/ { fastcgi_pass unix:/run/php.sock; fastcgi_cache c; #X',
        '}', 'location /x/ { fastcgi_pass unix:/run/php.sock; fastcgi_cache c; fastcgi_no_cache $mfa_user; fastcgi_cache_bypass $mfa_user; #',
        '}'],
    ['cache-shared', 'in front of the gate', http =>
        'server { listen 8080; location / { proxy_pass https://127.0.0.1:443; proxy_cache c; #X',
        '} }', 'server { listen 8080; location / { proxy_pass https://127.0.0.1:443; proxy_cache off; #',
        '} }'],
    ['log-shows-forms', 'the body', http =>
        'log_format f $request_body; access_log /var/log/x f; #X', '',
        'log_format f $request; access_log /var/log/x f; #', ''],
    ['monitor-mode', 'in a location', server =>
        'location /x/ { mfa staff monitor; #X', 'location /x/y/ { } }',
        'location /x/ { mfa staff; #', '}'],
);

for my $case (@cases) {
    my ($id, $name, $place, @lines) = @$case;

    for (['wrong', 1, @lines[0, 1]], ['right', 0, @lines[2, 3]]) {
        my ($kind, $is_wrong, $line, $rest) = @$_;
        my $text = conf_with($place, "$line\n$rest");
        my ($code, $found) = lint($text);
        my @of_it = grep { $_->{id} eq $id } @$found;

        if (!$is_wrong) {
            is_deeply(\@of_it, [], "$id, $name: not when it is right");
            next;
        }

        my @rows = split /\n/, $text;
        my ($number) = grep { $rows[$_ - 1] =~ /#X$/ } 1 .. @rows;

        is($code, 1, "$id, $name: exit code 1");
        is_deeply([map { $_->{line} } @of_it], [$number],
                  "$id, $name: found in its line")
            or diag(JSON::PP->new->pretty->encode($found) . $text);
    }
}

# X06: each hole of it has its line

{
    my (undef, $found) = lint(conf_with(bare => <<'END'));
location /app/ { mfa staff; proxy_pass http://app; }
location ~ \.php$ { proxy_pass http://app; }
END
    is_deeply([sort map { $_->{id} } @$found],
              [qw(prefix-only-guard regex-beside-guard upstream-unguarded)],
              'X06: all of its holes');
}


# what is printed, and the exit codes

{
    my $file = write_conf(conf_with(server =>
        'location /x/ { return 200 "x"; }'));
    my ($code, $text) = run('lint', $file);

    is($code, 1, 'exit code 1: holes');
    like($text, qr{^\Q$file\E:\d+:\ return-before-gate:\ "return\ 200"\ in\ guarded
                   \ location\ /x/\ is\ not\ guarded\n
                   \ +Why:\ .+\n\ +Instead:\ .+\n\n
                   1\ hole\ found;\ 1\ of\ 1\ server\ is\ guarded\n\z}mx,
         'file, line, what, why, what instead');
    ($code, $text) = run('-c', $file, 'lint');
    is($code, 1, 'without FILE: that of -c');
    ($code, $text) = run('lint', write_conf(conf_with(server => '')));
    is($code, 0, 'exit code 0: none');
    like($text, qr/^0 holes found; 1 of 1 server is guarded$/m, 'says so');
    is((run('lint', "$dir/missing"))[0], 2, 'exit code 2: no such file');
    is((run('lint', write_conf("http {\n")))[0], 2, 'exit code 2: half a file');
    is((run('lint', write_conf("events {}\n")))[0], 2,
       'exit code 2: no "http" in it');
    is((run('lint', $file, $file))[0], 2, 'exit code 2: two files');
}


# "nginx -T" and the files it is of

{
    my $s = mfa_server(start => 0, people => [], http => <<'END');
include part/*.conf;
END
    mkdir "$s->{dir}/part" or die;
    put("$s->{dir}/part/b.conf", "underscores_in_headers\n  on;\n");
    put("$s->{dir}/part/a.conf", "# nothing\n\nmerge_slashes off;\n");

    my ($code, $dump) = $s->_run({ $s->_env }, MFA::Test::nginx(), '-T', '-p',
        "$s->{dir}/", '-e', "$s->{dir}/error.log", '-c', $s->{conf});

    is($code, 0, 'nginx -T') or diag($dump);
    put("$dir/dump", $dump);

    for (['the files', sub { run('lint', $s->{conf}, '--json') }],
         ['nginx -T in a file', sub { run('lint', "$dir/dump", '--json') }],
         ['nginx -T | mfactl lint -', sub { run_from("$dir/dump", 'lint', '-',
                                                     '--json') }])
    {
        my ($how, $sub) = @$_;
        my ($rc, $text) = $sub->();

        is($rc, 1, "$how: exit code");
        is_deeply([map { "$_->{id} $_->{file}:$_->{line}" }
                   grep { $_->{file} =~ /part/ } @{decode($text)}],
                  ["merge-slashes-off $s->{dir}/part/a.conf:3",
                   "underscores-in-headers $s->{dir}/part/b.conf:2"],
                  "$how: file and line");
    }

    $dump =~ s/^# configuration file \S+b\.conf:.*//ms;
    $dump =~ s/include part\/\*\.conf/include part\/b.conf/;
    put("$dir/dump", $dump);
    is((run('lint', "$dir/dump"))[0], 2, 'half of nginx -T: exit code 2');
}


# Lua has braces of its own

{
    my ($code, $found) = lint(conf_with(server => <<'END'));
location /x/ {
    access_by_lua_block {
        local t = { a = "}" } -- }
        if t then ngx.say('{') end
    }
}
merge_slashes off;
END
    is_deeply([map { $_->{id} } @$found], ['merge-slashes-off'],
              'a block of Lua is gone through');
}


# escape codes of a configuration do not reach a terminal

{
    my (undef, $text) = run('lint', write_conf(conf_with(server =>
        "location /\e[31m { return 200 x; }")));

    unlike($text, qr/\e/, 'no escape codes');
    like($text, qr/\\x1b\[31m/, 'but what they are');
}


# our own examples have no hole but those that show one

for my $example (examples()) {
    my ($name, $text) = @$example;
    my ($code, $found) = lint(whole($text));
    my $expected = $text =~ /# not guarded$/m ? ['return-before-gate']
        : $text =~ /# LETS EVERYBODY IN$/m ? ['monitor-mode'] : [];

    is_deeply([map { $_->{id} } @$found], $expected, "$name: no holes")
        or diag(JSON::PP->new->pretty->encode($found));
}

for my $hole (holes()) {
    ok((grep { $_->[0] eq $hole } @cases), "$hole: there is a case");

    for my $doc (qw(docs/operators.md docs/mfactl.8)) {
        ok(index(slurp($doc), $hole) >= 0, "$hole is in $doc");
    }
}

done_testing();


sub put {
    my ($name, $text) = @_;

    open my $fh, '>', $name or die "$name: $!";
    print $fh $text;
    close $fh or die;
}


my $files;

sub write_conf {
    my ($text) = @_;
    my $name = "$dir/" . ++$files . '.conf';

    put($name, $text);
    return $name;
}


sub run {
    my (@arguments) = @_;
    my $pid = open(my $fh, '-|') // die;

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec $ctl, @arguments or exit 127;
    }

    my $text = do { local $/; <$fh> } // '';
    close $fh;
    return ($? >> 8, $text);
}


sub run_from {
    my ($file, @arguments) = @_;

    open my $old, '<&', \*STDIN or die;
    open STDIN, '<', $file or die;
    my @result = run(@arguments);
    open STDIN, '<&', $old or die;
    return @result;
}


sub decode {
    my ($text) = @_;
    return eval { JSON::PP::decode_json($text) } // die "no JSON: $text";
}


sub lint {
    my ($text) = @_;
    my ($code, $found) = run('lint', write_conf($text), '--json');

    return ($code, decode($found));
}


sub realm {
    my ($name, $more) = @_;
    return "mfa_realm $name { public_url https://people.example.org;\n"
        . ($more // '') . "\n}\n";
}


# the text goes into: the guarded server; one that is not; http; main; a realm

sub conf_with {
    my ($place, $text) = @_;
    my %is = map { $_ => $_ eq $place ? "$text\n" : '' }
             qw(server bare http main realm);
    my $tls = "listen 443 ssl; server_name people.example.org;\n";
    my $server = $place eq 'bare' ? "server { $tls$is{bare}}\n" : <<"END";
server {
$tls
mfa staff;
location /mfa/  { mfa_portal; }
location /ess/  { proxy_pass http://app; }
location /php/  { fastcgi_pass unix:/run/php.sock; }
location /py/   { uwsgi_pass 127.0.0.1:9003; }
location /scgi/ { scgi_pass 127.0.0.1:9005; }
location /grpc/ { grpc_pass 127.0.0.1:9007; }
location /open/ { mfa off; proxy_pass http://app; }
$is{server}}
END

    return "$is{main}events {}\nhttp {\n" . realm('staff', $is{realm})
        . realm('other') . "upstream app { server 127.0.0.1:9001; }\n"
        . "$server$is{http}}\n";
}


sub slurp {
    my ($path) = @_;

    open my $fh, '<', "$top/$path" or die "$path: $!";
    local $/;
    return scalar <$fh>;
}


sub holes {
    return slurp('src/cli/mfactl_lint_hole.c') =~ /^    \{ "([a-z-]+)",$/mg;
}


sub examples {
    my @all = (['conf/mfa.conf', slurp('conf/mfa.conf')],
               ['the demo', demo()],
               ['the configuration of the issue', issue()]);

    for my $path ('README.md', map { s{^\Q$top\E/}{}r } glob "$top/docs/*.md")
    {
        my $n = 0;

        push @all, map { ["$path, example " . ++$n, $_] }
                   slurp($path) =~ /^```nginx\n(.*?)^```$/gms;
    }

    return @all;
}


sub issue {
    my ($text) = slurp('t/http/issue_configuration.t')
        =~ /<<'END';\n(events.*?)^END$/ms;

    return $text =~ s/%%ORIGIN%%/https:\/\/people.example.org/r
        =~ s/listen\s+\S+/listen 443/r;
}


sub demo {
    return slurp('conf/demo/nginx.conf.in') =~ s/\@PORT\@/8080/gr =~ s/\@MSS_PORT\@/9002/gr
        =~ s/\@[A-Z_]+\@/9001/gr;
}


# an example stands at the level that its words belong to

sub whole {
    my ($text) = @_;

    $text =~ s{include(\s+)(mfa_\w+);}{include$1$top/conf/$2;}g;
    $text =~ s{include(\s+)(fastcgi_params|uwsgi_params);}
              {include$1/etc/nginx/$2;}g;

    return $text if $text =~ /^http\b/m;
    return "$text\nhttp { }\n" if $text =~ /^thread_pool/m;
    return "http {\n" . realm('staff') . "$text\n}\n"
        if $text =~ /^(?:mfa_realm|server|log_format)\b/m;
    return "http { mfa_realm staff {\n$text\n} }\n"
        if $text =~ /^(?!location|set_real|real_ip|mfa\b|auth)\w+ /m
           && $text !~ /^location/m;

    # the one of another nginx, which asks this one

    return conf_with(http => "server { listen 443 ssl; server_name other;\n"
        . "location / { return 404; }\n$text\n}") if $text =~ /auth_request/;
    return conf_with(server => $text);
}
