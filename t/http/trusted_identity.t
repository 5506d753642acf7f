# Client certificates as a trusted single sign-on, by real handshakes (Y4).

use MFA::Test;

my $regex = '"~^CN=(?<cert_cn>[A-Za-z0-9@._-]+)(?:,|$)"';

my $s = mfa_server(https => 1, time => 1, start => 0,
    realm => { trusted_identity => '$cert_user amr=hwk,mfa',
               trusted_networks => '127.0.0.0/8' },
    people => <<'END',
email,first_name,surname,user,groups
ann.employee@example.org,Ann,Employee,ann.employee,
max.manager@example.org,Max,Manager,max.manager,managers
bob.former@example.org,Bob,Former,bob.former,
END
    http => <<"END",
    map \$ssl_client_s_dn \$cert_name {
        default "";
        $regex \$cert_cn;
    }
    map \$ssl_client_verify \$cert_user {
        default "";
        SUCCESS \$cert_name;
    }
END
    server => <<'END',
        ssl_client_certificate %%DIR%%/people-ca.pem;
        ssl_verify_client optional;
END
    locations => <<'END');
        location /mfa/   { mfa_portal; }
        location /ess/   { proxy_set_header X-Amr $mfa_amr;
                           proxy_pass http://app; }
        location /mss/   { mfa_allow group=managers; proxy_pass http://app; }
        location /two/   { mfa_level two; proxy_pass http://app; }
        location /fresh/ { mfa_level fresh=1m; proxy_pass http://app; }
        location /shown/ { mfa off; return 200 "user=$mfa_user\n"; }
END

make_ca('people-ca');
make_ca('other-ca');
make_cert($_->[0], 'people-ca', $_->[1])
    for [ann => '/O=Example/CN=ann.employee'],
        [mail => '/CN=Ann.Employee@example.org'],
        [max => '/O=Example/CN=max.manager'],
        [bob => '/CN=bob.former'], [nobody => '/CN=no.body'],
        [comma => '/CN=x,CN=ann.employee'],
        [before => '/CN=ann.employee,CN=x'],
        [plus => '/CN=ann.employee+OU=x'],
        [inner => '/CN=ann.employee/CN=no.body'],
        [other => '/CN=ann.employee/O=Example'];
make_cert('foreign', 'other-ca', '/CN=ann.employee');
make_cert('expired', 'people-ca', '/CN=ann.employee', '-not_after');

$s->start;
my $app = $s->app;

sub openssl {
    my ($code, $text) = $s->_run({}, 'openssl', @_);
    die "openssl @_: $text" unless $code == 0;
}


sub make_ca {
    my ($name) = @_;

    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt',
            'ec_paramgen_curve:P-256', '-nodes', '-days', '800', '-subj',
            "/CN=$name", '-keyout', "$s->{dir}/$name.key", '-out',
            "$s->{dir}/$name.pem");
}


# a day that is over is what "openssl ca" can write in every version

sub make_cert {
    my ($name, $ca, $subject, $is_expired) = @_;
    my $file = "$s->{dir}/$name";
    my @days = ('-days', '90');

    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt',
            'ec_paramgen_curve:P-256', '-nodes', '-multivalue-rdn', '-subj',
            $subject, '-keyout',
            "$file.key", '-out', "$file.csr");
    return expire($file, $ca) if $is_expired;
    openssl('x509', '-req', '-in', "$file.csr", '-CA', "$s->{dir}/$ca.pem",
            '-CAkey', "$s->{dir}/$ca.key", '-CAcreateserial', @days, '-out',
            "$file.pem");
}


sub expire {
    my ($file, $ca) = @_;
    my $conf = "[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=$s->{dir}\n"
             . "database=$file.db\nrand_serial=yes\ndefault_md=sha256\n"
             . "policy=p\n[p]\nCN=supplied\n";

    write_file("$file.cnf", $conf);
    write_file("$file.db", '');
    openssl('ca', '-batch', '-config', "$file.cnf", '-cert',
            "$s->{dir}/$ca.pem", '-keyfile', "$s->{dir}/$ca.key", '-in',
            "$file.csr", '-out', "$file.pem", '-startdate', '20200101000000Z',
            '-enddate', '20200201000000Z', '-notext');
}


sub write_file {
    my ($path, $text) = @_;

    open my $fh, '>', $path or die "$path: $!";
    print $fh $text;
    close $fh or die;
}


# the same person's browser with this certificate, or without any

sub show {
    my ($b, $cert) = @_;

    $b->{ua} = HTTP::Tiny->new(max_redirect => 0, timeout => 60,
        keep_alive => 0, agent => $b->{agent}, verify_SSL => 0,
        no_proxy => '127.0.0.1', SSL_options => defined $cert
            ? { SSL_cert_file => "$s->{dir}/$cert.pem",
                SSL_key_file => "$s->{dir}/$cert.key" } : {});
    return $b;
}


sub with { return show($s->browser, @_) }
sub visit { my ($b, $path) = @_; return $b->follow($b->get($path)) }
sub sent { return join ',', MFA::Upstream::values_of($app->last, $_[0]) }


# the first visit

my $ann = with('ann');
my $p = $ann->get('/ess/x?a=1');
is($p->status, 303, 'Y4: refused without a session, as ever');
like($p->location, qr{^/mfa/login\?}, 'and sent to Login');
is($app->hits, 0, 'the application was not asked');

$p = visit($ann, '/ess/x?a=1');
is($p->status, 200, 'Y4: a certificate of somebody on the roster passes');
is(sent('Remote-User'), 'ann.employee', 'as that person');
is(sent('X-Amr'), 'hwk mfa', 'with the amr of the operator');
is($app->last->{target}, '/ess/x?a=1', 'at the page asked for');
ok($ann->{jar}{'__Host-mfa_session'}, 'a session of ours');

my @row = grep { $_->{email} eq 'ann.employee@example.org' }
          @{sessions()};
is(scalar @row, 1, 'one session');
is($row[0]{amr}, 'hwk mfa', 'that says how');

sub sessions {
    my $json = $s->json('session', 'list', 'ann.employee@example.org');
    return ref $json eq 'HASH' ? $json->{sessions} : $json;
}

is(visit($ann, $_)->status, 200, "Y4: mfa is a second factor: $_")
    for '/two/', '/fresh/';
$s->advance('5m');
is($ann->get('/fresh/')->status, 200, 'Y4: fresh: proved by each request');

is(visit(with('mail'), '/ess/')->status, 200, 'Y4: by an address, in any case');
is(sent('Remote-User'), 'ann.employee', 'of that person');


# groups

$app->forget;
$p = visit($ann, '/mss/');
is($p->status, 403, 'Y4: group rules hold');
is($app->hits, 0, 'and nothing passed');
is(visit(with('max'), '/mss/')->status, 200, 'Y4: and let a manager in');


# not on the roster

$app->forget;
for my $cert (qw(nobody comma before plus inner other)) {
    my $b = with($cert);

    $p = visit($b, '/ess/');
    is($app->hits, 0, "Y4: $cert: nothing passed");
    next if $cert ne 'nobody';
    is($p->status, 403, 'Y4: a certificate of nobody we know: no access');
    is($p->h1, 'You do not have access', 'says the page');
    like($p->text, qr/no\.body.*Human Resources/s, 'with whom to ask');
    ok(!$p->form('Login'), 'and offers no password form');
    is($b->post('/mfa/login', { email => 'ann.employee@example.org' })->status,
       403, 'nor takes one without a form');
}

is(($s->ctl('user', 'disable', 'bob.former@example.org'))[0], 0, 'one is disabled');
$p = visit(with('bob'), '/ess/');
is($p->status, 403, 'Y4: a disabled person: no access');
is($app->hits, 0, 'nothing passed');


# no certificate, a bad one

$p = visit(with(undef), '/ess/');
is($p->h1, 'Login', 'Y4: without a certificate the ordinary login');

for my $cert ('foreign', 'expired') {
    my $b = with($cert);

    $p = visit($b, '/ess/');
    is($p->status, 400, "Y4: $cert: nginx refuses it");
    ok(!$b->{jar}{'__Host-mfa_session'}, 'no session comes of it');
}
is($app->hits, 0, 'and nothing passed');


# the cookie alone, the cookie of somebody else (D9)

my $thief = show($ann->clone, undef);
is($thief->get('/ess/')->status, 303, 'Y4: the cookie without the certificate');
is(visit($thief, '/mfa/')->h1, 'Login', 'nor at our own pages');
is($thief->get('/mfa/security')->status, 303, 'nor the settings');
is($thief->get('/shown/')->body, "user=\n", 'nor as a variable');
is($thief->api('/ess/')->status, 401, '401 for programs');
$thief = show($ann->clone, 'max');
is($thief->get('/ess/')->status, 303, "Y4: the cookie with another's");
is($app->hits, 0, 'nothing passed');
is($ann->get('/ess/')->status, 200, 'while the owner goes on');

$p = $ann->get('/mfa/security');
my $form = $p->form('Log out everywhere else') // $p->form('Change password');
$thief = show($ann->clone, undef);
$p = $thief->post('/mfa/security', { %{$form->{fields}}, do => 'password' });
isnt($p->status, 200, 'Y4: a form of theirs without the certificate');
like($p->location // '', qr{^/mfa/login}, 'leads to Login');


# two people, one browser

my $shared = with('ann');
visit($shared, '/ess/');
show($shared, 'max');
$p = visit($shared, '/ess/');
is($p->status, 200, 'Y4: the next card in the same browser');
is(sent('Remote-User'), 'max.manager', 'is that person');


# a session of our own login, and then a certificate

my $own = with(undef);
my $me = $s->register($own, 'max.manager@example.org');
is(visit($own, '/mss/')->status, 200, 'our own login');
show($own, 'ann');
$app->forget;
is($own->get('/mss/')->status, 303,
   "Y4: does not count where another's certificate is shown");
is(visit($own, '/mss/')->status, 403, 'who gets what is theirs');
is($app->hits, 0, 'and no more');


# pictures and frames of other sites begin no session

my $img = with('ann');
$p = $img->request('GET', '/mfa/login', { Accept => 'image/*',
    'Sec-Fetch-Mode' => 'no-cors', 'Sec-Fetch-Dest' => 'image' });
is($p->status, 403, 'a picture is no visit');
$p = $img->get('/mfa/login', 'Sec-Fetch-Dest' => 'iframe');
is($p->status, 403, 'nor is a frame');
$p = $img->request('HEAD', '/mfa/login', { Accept => 'text/html' });
is($p->status, 403, 'nor HEAD');
ok(!$img->{jar}{'__Host-mfa_session'}, 'no session');


# a second factor is not made of it; logging out

ok(!grep(/mark|\./, $ann->{jar}{'__Host-mfa_browser'}{value}),
   'Y4: the browser is not known from now on');
$ann->get('/mfa/logout');
like($ann->{page}->text, qr/Another service logged you in/, 'Log out says so');
$p = $ann->submit('Log out');
is($p->h1, 'You have logged out', 'L10: and does');
like($p->text, qr/Another service still knows you/, 'and what is left');
is($ann->get('/ess/')->status, 303, 'the session is over');
is(visit($ann, '/ess/')->status, 200, 'the next visit begins another');

$own = with(undef);
$s->login($own, $me);
unlike($own->get('/mfa/logout')->text, qr/Another service/,
   'nothing of this to others');


# what is left behind

my $log = $s->log;
my @ok = $log =~ /"event":"login","result":"ok","reason":"trusted"/g;
cmp_ok(scalar @ok, '>', 4, 'Y4: events: who passed');
like($log, qr/"event":"login","result":"fail","reason":"trusted"/,
     'and who did not');
unlike($log, qr/no\.body.*"event"|"event".*no\.body/, 'no names of strangers');
my ($code, $text) = $s->ctl('audit', 'verify');
is($code, 0, 'the audit is whole') or diag($text);


# certificates that nobody vouches for: the module asks nginx itself

my $first = $s;
$s = mfa_server(https => 1, start => 0,
    realm => { trusted_identity => '$ssl_client_s_dn amr=hwk' },
    people => <<'END',
email,first_name,surname,user
ann.employee@example.org,Ann,Employee,CN=ann.employee
END
    server => <<'END');
        ssl_client_certificate %%DIR%%/people-ca.pem;
        ssl_verify_client optional_no_ca;
END
make_ca('people-ca');
make_ca('other-ca');
make_cert('ann', 'people-ca', '/CN=ann.employee');
make_cert('foreign', 'other-ca', '/CN=ann.employee');
make_cert('expired', 'people-ca', '/CN=ann.employee', '-not_after');
$s->start;
$app = $s->app;

my $dn = with('ann');
is(visit($dn, '/ess/')->status, 200, 'Y4: a field of the certificate as name');
is(sent('Remote-User'), 'CN=ann.employee', 'as it stands on the roster');
$app->forget;

for my $cert ('foreign', 'expired') {
    isnt(visit(with($cert), '/ess/')->h1, 'You do not have access', $cert);
    isnt(show($dn->clone, $cert)->get('/ess/')->status, 200,
         "Y4: $cert: nor with the cookie of the owner");
}
is($app->hits, 0, 'Y4: optional_no_ca: nothing passed');
$first->stop;

done_testing();
