# Cookies of applications go with a logout, and with the person (L10, D6).

use MFA::Test;

my $tls = 'listen 127.0.0.1:%%PORT%% ssl; ssl_certificate %%DIR%%/tls.pem;'
        . ' ssl_certificate_key %%DIR%%/tls.key;';

my $s = mfa_server(https => 1, time => 1, workers => 2,
    realm => { trusted_networks => '127.0.0.0/8',
               public_url => 'https://people.example.org:%%PORT%%',
               application => ['ESS /ess/ "Employee Self Service"',
                   'MSS /mss/ "Manager Self Service"',
                   'PAY https://pay.example.net:%%PORT%%/pay/ Payroll'],
               application_cookies => ['JSESSIONID',
                   '__Host-app __Secure-sso', 'deep path=/ess/deep/',
                   'wide domain=example.org'],
               limit => ['login_address 1000/1h', 'login_person 1000/1h'] },
    server => 'server_name people.example.org;',
    http => <<"END");
    server {
        $tls
        server_name pay.example.net;
        mfa staff;
        location /mfa/ { mfa_portal; }
        location /pay/ { proxy_pass http://app; }
    }
END

my $port = $s->{port};
my ($people, $pay) = ("https://people.example.org:$port",
                      "https://pay.example.net:$port");
my $label = 'Please enter verification code using your authentication app';
my ($p, %seen);

sub browser { return $s->browser(origin => $people, peer => '127.0.0.1') }

my $ann = $s->register(browser(), 'ann.employee@example.org');
my $max = $s->register(browser(), 'max.manager@example.org');

# every Set-Cookie on the way, by name; ours left out

sub watch {
    my ($b, $page) = @_;

    %seen = ();
    my @all = $page;

    while ($page->status =~ /^30/ && @all < 12) {
        push @all, $page = $b->get(MFA::Browser::_from($b->{origin},
            $page->{url}, $page->header('Location')));
    }

    for my $hop (@all) {
        for ($hop->headers('Set-Cookie')) {
            my ($name) = /^([^=]+)/;
            push @{$seen{$name}}, $_ unless $name =~ /mfa_/;
        }
        $seen{clear} = 1 if $hop->header('Clear-Site-Data');
    }

    return $page;
}

sub enter {
    my ($b, $who, %is) = @_;

    $s->advance('31s');
    $b->forget_cookies if $is{new};
    $b->follow($b->get($is{to} // '/ess/'));
    my $page = watch($b, $b->post_only('Login',
        'Email address' => $who->{email}, 'Password' => $who->{password}));
    return watch($b, $b->post_only('Continue', $label => $s->code($who)));
}

my $gone = 'Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT';
my %here = (
    JSESSIONID => [map { "JSESSIONID=; Path=$_; Secure; $gone" }
                   qw(/ /ess/ /ess /mss/ /mss)],
    '__Host-app' => ["__Host-app=; Path=/; Secure; $gone"],
    '__Secure-sso' => [map { "__Secure-sso=; Path=$_; Secure; $gone" }
                       qw(/ /ess/ /ess /mss/ /mss)],
    deep => ["deep=; Path=/ess/deep/; Secure; $gone"],
    wide => [map { "wide=; Path=$_; Domain=example.org; Secure; $gone" }
             qw(/ /ess/ /ess /mss/ /mss)]);
my @names = sort keys %here;

sub nothing_left { my ($name) = @_; is_deeply([grep { $seen{$_} } @names],
                                              [], $name) }
sub all_gone { my ($name) = @_; is_deeply([grep { $seen{$_} } @names],
                                          \@names, $name) }


# a new browser: nobody knows whose they were

my $b = browser();
$p = enter($b, $ann);
is($p->status, 200, 'ann is in');
all_gone('a browser nobody knows: what is there expires at the login');
ok(!$seen{clear}, 'but nothing else');

# the button

$b->get('/mfa/logout');
watch($b, $b->post_only('Log out'));
is_deeply({ map { $_ => $seen{$_} } @names }, \%here,
          'L10: a logout expires each, wherever it may be');

# the same person

enter($b, $ann);
nothing_left('the same person comes back: kept');
$s->advance('2h');
enter($b, $ann);
nothing_left('also after an idle end');

# another one, in the browser that was left

$s->advance('2h');
enter($b, $max);
all_gone('L10: another person: expired');
ok($seen{clear}, 'and what scripts stored is cleared');
$s->advance('2h');
enter($b, $ann);
all_gone('so that whoever follows finds nothing of theirs');
$s->advance('2h');
enter($b, $max);
all_gone('each time');

# what somebody made up is nobody's

for my $cookie ('__Host-mfa_browser') {
    my $value = $b->{jar}{$cookie}{value};

    $s->advance('2h');
    (my $other = $value) =~ s/~(.)/'~' . ($1 eq 'A' ? 'B' : 'A')/e;
    isnt($other, $value, 'the cookie knows who was here');
    $b->{jar}{$cookie}{value} = $other;
    enter($b, $max);
    all_gone('an edited one: expired');
}

# on the other host: at the way in

my %there = (%here, map { my $n = $_; $n => [map { "$n=; Path=$_; Secure; $gone" }
                                             qw(/ /pay/ /pay)] }
                    qw(JSESSIONID __Secure-sso));

$b = browser();
enter($b, $ann);
watch($b, $b->get("$pay/pay/"));
is_deeply($seen{JSESSIONID}, $there{JSESSIONID},
          'D12: the first way in to another host: expired there');
is($b->get("$pay/pay/x")->status, 200, 'and in');
$s->advance('2h');
enter($b, $ann);
watch($b, $b->get("$pay/pay/"));
nothing_left('the same person there: kept');
$s->advance('2h');
enter($b, $max);
watch($b, $b->get("$pay/pay/"));
is_deeply($seen{JSESSIONID}, $there{JSESSIONID},
          'another person there: expired');
ok($seen{clear}, 'and cleared');

$b->get("$pay/mfa/logout");
watch($b, $b->post_only('Log out'));
is_deeply($seen{JSESSIONID}, $there{JSESSIONID}, 'a logout there: expired');

done_testing();
