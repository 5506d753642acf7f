# Policy x person x location x kind of request: one expected answer a row,
# from the rules of product.md as written down below, not from the program
# (Y1, Y2, Y3, L12, F3, F5, F7).

use MFA::Test;
use POSIX 'strftime';

my $day = 86400;
my $from = strftime('%Y-%m-%d', gmtime(time - 5 * $day));

# whether a person without a second factor gets in, three days from now;
# "late" had one day from being added

my %policy = (
    required => { line => 'required', spares => 0 },
    optional => { line => 'optional', spares => 1 },
    grace    => { line => "required from=$from grace=30d", spares => 1 },
    late     => { line => "required from=$from grace=1d", spares => 0 },
    managers => { line => ['optional', 'required group=managers'],
                  spares => { staff => 1, managers => 0 } });

# what a location wants; allow: rules of it; any: "satisfy any"

my %location = (
    policy => { conf => '' },
    open   => { conf => 'mfa_level open;', level => 'open' },
    one    => { conf => 'mfa_level one;', level => 'one' },
    two    => { conf => 'mfa_level two;', level => 'two' },
    fresh  => { conf => 'mfa_level fresh=10m;', level => 'two', fresh => 600 },
    allow  => { conf => 'mfa_allow group=managers;', allow => 1 },
    oneallow => { conf => 'mfa_level one; mfa_allow group=managers;',
                  level => 'one', allow => 1 },
    freshallow => { conf => 'mfa_level fresh=10m; mfa_allow group=managers;',
                    level => 'two', fresh => 600, allow => 1 },
    any    => { conf => 'satisfy any; deny all;', any => 1 },
    anytwo => { conf => 'satisfy any; deny all; mfa_level two;',
                level => 'two', any => 1 },
    check  => { conf => 'mfa_check;', check => 1 },
    checkfresh => { conf => 'mfa_check; mfa_level fresh=10m;',
                    level => 'two', fresh => 600, check => 1 },
    checkallow => { conf => 'mfa_check; mfa_allow group=managers;',
                    allow => 1, check => 1 });

# who asks: what their session has proved, and when

my %person = (
    nobody  => {},
    ended   => { ended => 1 },
    plain   => { who => 'nora', password => 1 },
    plainboss => { who => 'rita', password => 1, manager => 1 },
    half    => { who => 'ann', password => 1, has_factor => 1 },
    device  => { who => 'ann', password => 1, has_factor => 1, device => 1 },
    fresh   => { who => 'ann', password => 1, has_factor => 1, age => 60 },
    stale   => { who => 'ann', password => 1, has_factor => 1, age => 660 },
    boss    => { who => 'max', password => 1, has_factor => 1, age => 60,
                 manager => 1 },
    staleboss => { who => 'max', password => 1, has_factor => 1, age => 660,
                   manager => 1 },
    halfboss => { who => 'max', password => 1, has_factor => 1,
                  manager => 1 });

my @kinds = qw(load head form call ajax post part);


# --- the oracle ------------------------------------------------------------

sub spares {
    my ($policy, $person) = @_;
    my $spares = $policy{$policy}{spares};

    return ref $spares ? $spares->{$person->{manager} ? 'managers' : 'staff'}
                       : $spares;
}

# pass, login, more (a step-up), rules

sub decision {
    my ($policy, $person, $location) = @_;
    my $p = $person{$person};
    my $level = $location->{level} // 'policy';

    return 'pass' if $level eq 'open';
    return 'login' unless $p->{password};

    if ($level eq 'two') {
        return 'more' unless $p->{age};
        return 'more' if $location->{fresh} && $p->{age} >= $location->{fresh};
    }

    if ($level eq 'policy' && !$p->{age} && !$p->{device}) {
        return 'more' if $p->{has_factor};
        return 'more' unless spares($policy, $p);
    }

    return 'rules' if $location->{allow} && !$p->{manager};
    return 'pass';
}

# what is seen of it, as one line

sub expected {
    my ($policy, $person, $place, $kind) = @_;
    my $location = $location{$place};
    my $decision = decision($policy, $person, $location);
    my $who = $person{$person}{password} ? $person{$person}{who} : '';

    return $decision eq 'pass' ? "included for $who" : 'not included'
        if $kind eq 'part';

    return $location->{check} ? "204 $who" : "200 $who"
        if $decision eq 'pass';

    return '403' if $decision eq 'rules';

    if ($location->{check} || $kind =~ /^(?:call|ajax|post)$/) {
        return '401 MFA-Session' if $decision eq 'login';
        return '401 MFA-Session insufficient'
            . ($location->{fresh} ? " max_age=$location->{fresh}" : '');
    }

    return '303 ' . ($decision eq 'login' ? 'login' : 'step-up')
        . " to=/$policy/$place/"
        . ($decision eq 'login' && ($location->{level} // '') eq 'one'
           ? ' level=one' : '');
}


# --- the server ------------------------------------------------------------

my (@realms, $locations);

$locations = "location /mfa/ { mfa_portal; }\n"
    . "location /ssi/ { mfa off; ssi on; alias %%DIR%%/ssi/; }\n";

for my $policy (sort keys %policy) {
    $locations .= "location /$policy/mfa/ { mfa $policy; mfa_portal; }\n";
    $locations .= "location /$policy/$_/ { mfa $policy; "
        . "$location{$_}{conf} proxy_pass http://app; }\n"
        for sort grep { !$location{$_}{check} } keys %location;
    $locations .= "location = /$policy/$_/ { mfa $policy; "
        . "$location{$_}{conf} }\n"
        for sort grep { $location{$_}{check} } keys %location;
}

sub make_realm {
    my ($policy) = @_;

    return MFA::Test::realm_text({ is => {}, realm => $policy }, $policy, {
        second_factor => $policy{$policy}{line},
        store => "lmdb:%%DIR%%/tmp/$policy",
        key_file => "%%DIR%%/$policy.key",
        application => "APP /$policy/ Application",
        trusted_networks => '127.0.0.0/8', remember_device => '30d',
        idle_timeout => '2h',
        limit => ['login_person 1000/1h 1000/1d'] });
}

my $s = mfa_server(time => 1, locations => $locations, start => 0,
                   http => join '', map { make_realm($_) } sort keys %policy);

mkdir "$s->{dir}/ssi", 0755 or die;

for my $policy (keys %policy) {
    for my $place (keys %location) {
        open my $fh, '>', "$s->{dir}/ssi/$policy-$place.html" or die;
        print $fh "[<!--#include virtual=\"/$policy/$place/\" -->]";
        close $fh;
    }
}

open my $fh, '>', "$s->{dir}/roster.csv" or die;
print $fh "user,email,first_name,surname,groups\n",
    map { "$_,$_.%s\@example.org,$_,Person," . (/max|rita/ && 'managers') . "\n" }
    qw(nora rita ann max);
close $fh;

sub address { return "$_[0].$_[1]\@example.org" }

for my $policy (sort keys %policy) {
    my $csv = do { local (@ARGV, $/) = "$s->{dir}/roster.csv"; <> };

    $csv =~ s/%s/$policy/g;
    open $fh, '>', "$s->{dir}/$policy.csv" or die;
    print $fh $csv;
    close $fh;
    mkdir "$s->{dir}/tmp/$policy", 0700 or die;
    $s->ctl_bare('key', 'new', "$s->{dir}/$policy.key");
    chown +(getpwnam $s->{user})[2, 3], "$s->{dir}/tmp/$policy"
        if defined $s->{user};

    my ($code, $text) = $s->ctl_bare('-c', $s->{conf}, '-r', $policy, 'user',
        'import', "$s->{dir}/$policy.csv", '--apply');
    die $text if $code;
}

$s->start;


# --- the people ------------------------------------------------------------

my $code_label = 'Please enter verification code using your authentication'
    . ' app';

# registers up to the password, which is all that some ever do

sub only_password {
    my ($policy, $name) = @_;
    my $b = $s->browser;
    my $email = address($name, $policy);
    my $me = { email => $email, password => MFA::Journey::first_password() };

    $b->follow($b->get("/$policy/policy/"));
    $b->click('Register');
    $b->submit('Send verification code', 'Email address' => $email);
    $b->submit('Verify code', 'Verification code' =>
               $s->mail->latest_code($email)->code);
    $b->submit('Continue', 'New password' => $me->{password},
               'Confirm new password' => $me->{password});
    return $me;
}

sub by_password {
    my ($policy, $me) = @_;
    my $b = $s->browser;

    $s->first_step($b, $me, to => "/$policy/one/");
    die "no login by password: " . $b->{page}->text
        unless $b->{page}->h1 eq 'application';
    return $b;
}

sub by_code {
    my ($policy, $me) = @_;
    my $b = $s->browser;

    $s->login($b, $me, to => "/$policy/policy/");
    die "no login: " . $b->{page}->text
        unless $b->{page}->h1 eq 'application';
    return $b;
}

my (%me, %browser);

for my $policy (sort keys %policy) {
    $me{$policy}{$_} = only_password($policy, $_) for qw(nora rita);
    $me{$policy}{$_} = $s->register($s->browser, address($_, $policy),
                                    to => "/$policy/policy/")
        for qw(ann max);
}

$s->advance('3d');

for my $policy (sort keys %policy) {
    my $of = $browser{$policy} = {};
    my $me = $me{$policy};

    $of->{device} = $s->browser;
    $s->first_step($of->{device}, $me->{ann}, to => "/$policy/policy/");
    $s->verify_by($of->{device}, $me->{ann}, 'Authenticator app',
                  'Remember this device' => 1);
    delete $of->{device}{jar}{$_} for grep { /session/ }
                                      keys %{$of->{device}{jar}};
    $s->first_step($of->{device}, $me->{ann}, to => "/$policy/policy/");
    die 'the device is not remembered'
        unless $of->{device}{page}->h1 eq 'application';

    $of->{stale} = by_code($policy, $me->{ann});
    $of->{staleboss} = by_code($policy, $me->{max});
    $of->{ended} = by_code($policy, $me->{ann});
    $s->ctl_bare('-c', $s->{conf}, '-r', $policy, 'session', 'list');
    my $gone = $of->{ended}->clone;
    $gone->{jar} = { %{$of->{ended}{jar}} };
    $gone->get("/$policy/mfa/logout");
    $gone->submit('Log out');
}

# all codes are asked for within the minute, eleven after the first

$s->advance('11m');

for my $policy (sort keys %policy) {
    my $of = $browser{$policy};
    my $me = $me{$policy};

    $of->{nobody} = $s->browser;
    $of->{plain} = by_password($policy, $me->{nora});
    $of->{plainboss} = by_password($policy, $me->{rita});
    $of->{half} = by_password($policy, $me->{ann});
    $of->{halfboss} = by_password($policy, $me->{max});
    $of->{fresh} = by_code($policy, $me->{ann});
    $of->{boss} = by_code($policy, $me->{max});
}


# --- one row after the other -----------------------------------------------

my $html = { Accept => 'text/html' };

my %ask = (
    load => sub { $_[0]->request('GET', $_[1], { %$html,
                  'Sec-Fetch-Mode' => 'navigate' }) },
    head => sub { $_[0]->request('HEAD', $_[1], $html) },
    form => sub { $_[0]->request('POST', $_[1], { %$html,
                  'Sec-Fetch-Mode' => 'navigate', 'Content-Type' =>
                  'application/x-www-form-urlencoded' }, 'a=b') },
    call => sub { $_[0]->api($_[1]) },
    ajax => sub { $_[0]->request('GET', $_[1], { %$html,
                  'X-Requested-With' => 'XMLHttpRequest' }) },
    post => sub { $_[0]->request('POST', $_[1], { 'Content-Type' =>
                  'application/json', Accept => '*/*',
                  'Sec-Fetch-Mode' => 'cors' }, '{}') });

sub who_asked {
    return undef if $s->app->hits == 0;
    return (MFA::Upstream::values_of($s->app->last, 'Remote-User'))[0] // '';
}

sub seen {
    my ($policy, $person, $place, $kind) = @_;
    my $b = $browser{$policy}{$person};
    my $path = "/$policy/$place/";

    $s->app->forget;

    if ($kind eq 'part') {
        my $page = $b->api("/ssi/$policy-$place.html");

        return "status " . $page->status unless $page->status == 200;

        my $who = who_asked();
        return $page->body =~ /<h1>application/ ? "included for $who"
            : defined $who ? "asked but not included" : 'not included';
    }

    my $page = $ask{$kind}->($b, $path);
    my $who = who_asked();
    my $status = $page->status;

    return "200 $who" if $status == 200 && defined $who;
    return "the application was asked, and $status came" if defined $who;
    return '204 ' . ($page->header('Remote-User') // '') if $status == 204;

    if ($status == 303) {
        my ($to, $query) = $page->location =~ m{^/$policy/mfa/([^?]+)\?(.*)};
        return join ' ', 303, $to // 'elsewhere ' . $page->location,
                         split /&/, $query // '';
    }

    if ($status == 401) {
        my $say = $page->header('WWW-Authenticate') // '';
        return '401 ' . join ' ', $say =~ /^(MFA-Session)/,
            $say =~ /error="(insufficient)_user_authentication"/,
            $say =~ /(max_age=\d+)$/;
    }

    return $status;
}

my $rows = 0;

for my $policy (sort keys %policy) {
    for my $person (sort keys %person) {
        for my $place (sort keys %location) {
            for my $kind (@kinds) {

                # what answers others is asked by nothing but them; and the
                # form of an answer depends on no policy

                next if $location{$place}{check} && $kind eq 'part';
                next if $policy ne 'managers' && $kind !~ /load|call/;

                my $expected = expected($policy, $person, $place, $kind);
                my $seen = seen($policy, $person, $place, $kind);

                $rows++;
                is($seen, $expected,
                   "policy $policy, person $person, location $place, $kind");
            }
        }
    }
}

is($rows, 11 * 13 * (5 * 2 + 5) - 11 * 3, "no row was left out");

done_testing();
