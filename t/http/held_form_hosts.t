# Forms that were kept for applications on other hosts: the page stands where
# its cookie reaches the form (L9, R8, D12), also over HTTP/2.

use MFA::Test;

my $tls = 'listen 127.0.0.1:%%PORT%% ssl; ssl_certificate %%DIR%%/tls.pem;'
        . ' ssl_certificate_key %%DIR%%/tls.key;';

my %shared = (cookie_domain => 'example.org');
my $label = 'Please enter verification code using your authentication app';

sub server {
    my (%more) = @_;

    return mfa_server(https => 1, h2 => 1, time => 1, workers => 2,
        realm => { trusted_networks => '127.0.0.0/8', held_form => '1m',
                   limit => 'login_person 1000/1h 1000/1d',
                   public_url => 'https://people.example.org:%%PORT%%',
                   application => ['ESS /ess/ "Employee Self Service"',
                       'PAY https://pay.example.net:%%PORT%%/ Payroll',
                       'DOC https://doc.example.org:%%PORT%%/d/ Documents'],
                   %more },
        server => 'server_name people.example.org;',
        locations => <<'END',
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
END
        http => <<"END");
    server {
        $tls
        server_name pay.example.net doc.example.org;
        mfa staff;
        location /mfa/   { mfa_portal; }
        location /       { proxy_pass http://app; }
        location /fresh/ { mfa_level fresh=10m; proxy_pass http://app; }
    }
END
}

sub browser { my ($s) = @_;
    return $s->browser(origin => "https://people.example.org:$s->{port}",
                       peer => '127.0.0.1') }

sub form {
    my ($b, $origin, $path, $body, %h) = @_;

    return $b->{page} = $b->request('POST', "$origin$path", {
        Accept => 'text/html', Origin => $origin,
        'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Site' => 'same-origin',
        'Content-Type' => 'text/plain', %h }, $body);
}

sub posts { my ($s) = @_;
    return grep { $_->{method} eq 'POST' } $s->app->all }

for my $is_shared (0, 1) {
    my $s = server($is_shared ? %shared : ());
    my ($people, $pay, $doc) = map { "https://$_:$s->{port}" }
        qw(people.example.org pay.example.net doc.example.org);
    my $what = $is_shared ? 'shared cookies' : 'own cookies';
    my $b = browser($s);
    my $ann = $s->register($b, 'ann.employee@example.org');

    for ([$pay, 0], [$doc, $is_shared]) {
        my ($origin, $at_home) = @$_;
        my $body = "pay=4711\r\n\0\xff" x 9000;
        my ($host) = $origin =~ m{//(.*?):};

        $s->advance('31s');
        $b->follow($b->get("$origin/d/x"));
        if ($b->{page}->h1 eq 'Login') {
            $b->submit('Login', 'Email address' => $ann->{email},
                       Password => $ann->{password});
            $b->submit('Continue', $label => $s->code($ann));
        }
        is($b->get("$origin/d/x")->status, 200, "$host, $what: logged in");

        $s->advance('61m');
        $s->app->forget;
        my $p = form($b, $origin, '/d/form?x=%2F', $body);
        is($p->status, 303, "L9: $host, $what: refused");
        like($p->header('Location'), qr{(?:/mfa/|%2Fmfa%2F)held/\w{32}},
             'L9: on the way to the form that was kept');

        $s->advance('31s');
        $b->follow($p);
        $b->submit('Login', 'Email address' => $ann->{email},
                   Password => $ann->{password});
        $p = $b->submit('Continue', $label => $s->code($ann));
        is($p->h1, 'The form you sent was kept', 'L9: it is there')
            or diag("$p->{url}\n", $p->text);
        my $stands = $at_home ? $people : $origin;
        like($p->{url}, qr{^\Q$stands\E/mfa/held/}, "L9: at $stands");
        like($p->header('Content-Security-Policy'), qr/form-action [^;]*'self'/,
             'E1: the form may go there');
        like($p->text, $origin eq $pay ? qr/Payroll/ : qr/Documents/,
             'by the name of the application');
        like($p->body, qr{action="\Q$origin\E/d/form\?x=%2F"},
             'its address has the origin');

        $p = $b->post_only('Send it now', );
        is($p->status, 200, 'L9: Send it now') or diag($p->header('Location'));
        is(scalar(posts($s)), 1, 'L9: once');
        is((posts($s))[0]{body}, $body, 'L9: byte for byte');
        is_deeply([map { MFA::Upstream::values_of((posts($s))[0], $_) }
                       'Origin', 'Cookie'], [$origin],
                  'with the Origin it had, without our cookies');
    }

    # a step-up there

    next if $is_shared;
    is($b->follow($b->get("$pay/x"))->status, 200, 'known there again');
    $s->advance('11m');
    $s->app->forget;
    my $p = form($b, $pay, '/fresh/x', 'a=1');
    $b->follow($p);
    $p = $b->submit('Continue', $label => $s->code($ann));
    is($p->h1, 'The form you sent was kept', 'Y3: a step-up there')
        or diag("$p->{url}\n", $p->text);
    $b->submit('Send it now');
    is((posts($s))[0]{body}, 'a=1', 'Y3: and then it is sent');


    # HTTP/2

    SKIP: {
        skip 'no curl with HTTP/2', 4
            unless `curl -V` =~ /HTTP2/;

        $s->advance('61m');
        $s->app->forget;
        open my $fh, '>', "$s->{dir}/upload" or die;
        print $fh 'h2' x 150_000;
        close $fh;

        my @resolve = ('--resolve', "people.example.org:$s->{port}:127.0.0.1",
                       '-k', '--http2', '-sS', '-o', '/dev/null');
        my $out = `curl @resolve -D - -H 'Accept: text/html' -H 'Origin: $people' -H 'Cookie: @{[ $b->cookie ]}' -H 'Expect:' -H 'Content-Type: text/plain' --data-binary \@$s->{dir}/upload $people/ess/h2`;

        like($out, qr{^HTTP/2 303}, 'L9: HTTP/2: refused');
        like($out, qr{location: .*/mfa/held/(\w{32})}i, 'and kept');
        my ($id) = $out =~ m{/mfa/held/(\w{32})};

        $s->advance('31s');
        $b->follow($b->get("$people/mfa/held/$id"));
        $b->submit('Login', 'Email address' => $ann->{email},
                   Password => $ann->{password});
        $b->submit('Continue', $label => $s->code($ann));
        $out = `curl @resolve -D - -H 'Accept: text/html' -H 'Origin: $people' -H 'Cookie: @{[ $b->cookie ]}' -d mfa_held=$id $people/ess/h2`;
        like($out, qr{^HTTP/2 200}, 'HTTP/2: sent');
        is(length((posts($s))[0]{body}), 300_000, 'all of it');
    }
}

done_testing();
