# A language that was chosen on one host is so on the other (O6, D12): it goes
# the way of the tickets, and is cut from what applications get.

use MFA::Test;

my $s = mfa_server(https => 1, start => 0,
    realm => { languages => 'en cy',
               public_url => 'https://people.example.org:%%PORT%%',
               application => ['ESS /ess/ "Employee Self Service"',
                   'PAY https://pay.example.net:%%PORT%%/ Payroll'] },
    server => 'server_name people.example.org;',
    locations => <<'END',
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
END
    http => <<'END');
    server {
        listen 127.0.0.1:%%PORT%% ssl;
        ssl_certificate %%DIR%%/tls.pem;
        ssl_certificate_key %%DIR%%/tls.key;
        server_name pay.example.net;
        mfa staff;
        location /mfa/ { mfa_portal; }
        location /     { proxy_pass http://app; }
    }
END

$s->start;

my ($people, $pay) = map { "https://$_:$s->{port}" }
                     qw(people.example.org pay.example.net);

sub browser { return $s->browser(origin => $people, peer => '127.0.0.1') }
sub lang_of { return $_[0]->body =~ /<html lang="([^"]*)"/ ? $1 : 'none' }


# chosen there, before a login: here too

my $b = browser();
$b->get("$pay/mfa/logged-out?lang=cy");
is(lang_of($b->{page}), 'cy', 'a page of the portal on the other host');
ok($b->{jars}{'pay.example.net'}{'__Host-mfa_lang'}, '  has a cookie there');
ok(!$b->{jar}{'__Host-mfa_lang'}, '  and none here');
my $p = $b->follow($b->get("$pay/wages"));
like($p->{url}, qr{^\Q$people\E/mfa/login}, 'its gate leads to Login here,');
is(lang_of($p), 'cy', '  in the language');
is($b->{jar}{'__Host-mfa_lang'}{value}, 'cy', '  which is kept');
like($p->header('Strict-Transport-Security') // '', qr/max-age/, '  over TLS');


# chosen here: there too, with the ticket

my $c = browser();
my $me = $s->register($c, 'ann.employee@example.org');
$c->get('/mfa/?lang=cy');
$p = $c->follow($c->get("$pay/wages?m=1"));
is($p->{url}, "$pay/wages?m=1", 'a ticket leads to the page asked for');
is($c->{jars}{'pay.example.net'}{'__Host-mfa_lang'}{value}, 'cy',
   '  and carries the language');
unlike(join(' ', MFA::Upstream::values_of($s->app->last, 'Cookie')),
       qr/mfa_lang/, '  of which the application sees nothing');


# nobody chose: nothing is carried

my $d = browser();
$p = $d->get("$pay/wages", 'Accept-Language' => 'cy');
$p = $d->get($p->header('Location'), 'Accept-Language' => 'cy')
    while $p->status == 303;
is(lang_of($p), 'cy', 'what a browser asks for is found on each host');
is(scalar(grep { /mfa_lang/ } $d->cookies), 0, '  without a cookie');

done_testing();
