# Our cookies: what they look like, which ones count, who sees them
# (D1 to D4, D9 to D11, U2, X01, X32, X33, X36, X43).

use MFA::Test;

my $s = mfa_server(https => 1, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8' });
my ($session, $browser) = ('__Host-mfa_session', '__Host-mfa_browser');
my $b = $s->browser;
my ($me, $max);


# D2

$b->get('/mfa/login');
my %line = map { /^([^=]+)/; ($1 => $_) } $b->{page}->headers('Set-Cookie');
is_deeply([keys %line], [$browser], 'D3: an anonymous browser gets no session');
my $flow_cookie = $b->{jar}{$browser}{value};

$me = $s->register($b, 'ann.employee@example.org');
my $value = $b->{jar}{$session}{value};

for my $name ($session, $browser) {
    my $line = $b->{jar}{$name}{line};

    my (undef, @attributes) = split /; /, $line;

    # H2: a browser stays known for 400 days
    is(join(' ', sort map { lc } @attributes), 'httponly '
       . ($name eq $browser ? 'max-age=34560000 ' : '')
       . 'path=/ samesite=lax secure', "D2: $name");

    # the name and what stands in it; of the session with its attributes too
    my $cookie = $name eq $browser ? "$name=$b->{jar}{$name}{value}" : $line;

    ok(length $cookie <= 128, 'D2: at most 128 bytes') or diag($line);

    # 4.6: behind the number of a browser that is known stands its mark, and
    # who was here last (L10)
    my ($number, $mark, $last) = split /[.~]/, $b->{jar}{$name}{value}, 3;

    like($number, qr/^[A-Za-z0-9_-]{43}$/, 'D1: 256 bits');
    is($mark && length $mark, $name eq $browser ? 54 : undef, 'and a mark');
    is($last && length $last, $name eq $browser ? 8 : undef, 'and a person');
}


# who is let in with which Cookie headers

sub status {
    my (@headers) = @_;
    my $answer = $s->raw("GET /ess/x HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}"
        . "\r\nConnection: close\r\n"
        . join('', map { "Cookie: $_\r\n" } @headers) . "\r\n");

    return $answer =~ m{^HTTP/1\.1 (\d+)} ? $1 : 'none';
}

$max = $s->browser;
$s->register($max, 'max.manager@example.org');
my $other = $max->{jar}{$session}{value};
my $junk = 'A' x 43;
my $live = "$session=$value";

is(status($live), 200, 'the cookie alone');
is(status("a=1; $live; b=2"), 200, 'among others');
is(status('a=1', $live, 'b=2'), 200, 'in one of three headers');
is(status("$live;"), 200, 'with an empty pair behind it');

my %bad = (
    'X36: live and junk' => ["$live; $session=$junk"],
    'X36: junk and live' => ["$session=$junk; $live"],
    'X36: the same twice' => ["$live; $live"],
    'X36: two people' => ["$live; $session=$other"],
    'X36: two headers' => [$live, "$session=$junk"],
    'X36: two headers, the other order' => ["$session=$junk", $live],
    'X36: an empty one beside it' => ["$live; $session="],
    'X01: empty' => ["$session="],
    'X01: random' => ["$session=$junk"],
    'D10: upper case' => [uc($session) . "=$value"],
    'D10: quotes' => ["$session=\"$value\""],
    'D10: $Version' => ["\$Version=1; $session=\"$value\"; \$Path=/"],
    'D10: a comma before it' => ["a=1, $live"],
    'D10: a value behind a comma' => ["$live,b=2"],
    'D10: no name' => ["=$live"],
    'D10: without the prefix' => ["mfa_session=$value"],
    'D10: a tab in the name' => ["__Host-\tmfa_session=$value"],
    'D10: a vertical tab behind it' => ["__Host-mfa_session\x0b=$value"],
    'D10: a space of Unicode' => ["\xc2\xa0$live"],
    'D10: a byte more' => ["${live}A"],
    'D10: a byte less' => [substr $live, 0, -1],
    'D3: the browser cookie as session' => ["$session=$flow_cookie"],
    'D10: another name that ends the same' => ["x$live"],
    'D10: percent' => ["$session=%41" . substr($value, 1)],
);

is(status(@{$bad{$_}}), 401, $_) for sort keys %bad;


# D10: 16 KiB, 400 pairs

my $long = join '; ', map { "name$_=" . 'v' x 6 } 1 .. 380;
is(status("$long; $live"), 200, 'D10: 400 pairs and ours at the end');
like(status(map { "$long; p$_=$junk" } 1 .. 3), qr/^4\d\d$/, 'D10: many bytes');
like(status('; ' x 3000 . $live), qr/^(?:200|4\d\d)$/,
     'D10: 3,000 empty pairs');
like(status('=' x 7000), qr/^4\d\d$/, 'D10: 7,000 signs of equality');
like(status(map { "h$_=1; $session=$junk" } 1 .. 60), qr/^4\d\d$/,
     'D10: sixty headers');
is(status($live), 200, 'and the cookie still works');


# X33, D4: a value we did not issue is never taken over

my $victim = $s->browser;
$victim->{jar}{$session} = { value => $junk };
my $ann = { %$me };
$s->login($victim, $ann);
isnt($victim->{jar}{$session}{value}, $junk, 'X33: she gets a fresh one');
is(status("$session=$junk"), 401, 'X33: the chosen one never works');
isnt($victim->{jar}{$session}{value}, $value, 'D1: never the same again');


# D3: the session before the next login in that browser is dead

my $old = $max->{jar}{$session}{value};
my $shared = $s->browser;

$shared->get('/mfa/login');
$shared->{jar}{$session} = { value => $old };
is(status("$session=$old"), 200, 'a live session');
$shared->submit('Login', 'Email address' => $ann->{email},
                Password => $ann->{password});
$shared->submit('Continue',
    'Please enter verification code using your authentication app'
    => $s->code($ann));
isnt($shared->{jar}{$session}{value}, $old, 'D3: a new id at the rise');
is(status("$session=$old"), 401, 'D3: the old one is dead');


# X32: the attacker's browser cookie in her browser

my $eve = $s->browser;
$eve->get('/mfa/login');
my $planted = $eve->{jar}{$browser}{value};
$victim = $s->browser;
$victim->{jar}{$browser} = { value => $planted };
$s->login($victim, $ann);
is($victim->get('/ess/')->status, 200, 'she is in');
is(status("$browser=$planted"), 401,
   "X32: the attacker's cookie opens nothing");
is(status("$session=$planted"), 401, 'X32: under no name');


# X43, D11, U2: neither from nor to an application

my $app = $s->app;
$victim->{jar}{theirs} = { value => 'kept' };
$app->forget;
$victim->get('/ess/read');
is_deeply([MFA::Upstream::values_of($app->last, 'Cookie')], ['theirs=kept'],
          'D11: the application gets its own cookie, none of ours');

for my $path ('/ess/', '/open/') {
    my @set = map { "header=Set-Cookie:%20$_" }
        "$session%3Devil", "%20$session%20%3Devil;Path%3D/", "$browser%3Devil",
        "__Host-mfa_notice%3Devil", "%3D$session%3Devil",
        'near_mfa_session%3Dtheirs', 'app%3Done;HttpOnly';
    my $p = $s->browser->request('GET', $path . '?' . join('&', @set),
        { Cookie => $victim->cookie });

    is_deeply([$p->headers('Set-Cookie')],
              ['near_mfa_session=theirs', 'app=one;HttpOnly'],
              "D11: $path sets its own cookies, none of ours");
}

is($victim->get('/ess/')->status, 200, 'and she is still in');

done_testing();
