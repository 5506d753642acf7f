# Each provider of text messages through nginx: the message arrives, and
# whatever else comes back the outbox ends right; a code is sent twice only
# where the first end was unknown (I6, X105, N2).

use MFA::Test;
use MFA::Provider;

my $provider = MFA::Provider->new;
my $uuid = '00000000-0000-4000-8000-00000000000';
my $account = 'AC' . '0' x 32;
my $common = 'timeout=5s url=' . $provider->url . " ca_file=$provider->{ca}";
my $secret = 'secret4711secret';

my %line = (
    twilio => "twilio account=$account from=+441632960900 key_file="
              . $provider->key($secret),
    govuk_notify => "govuk_notify template=${uuid}3 key_file="
                    . $provider->key("example-${uuid}1-${uuid}2"),
    vonage => 'vonage key=abcd1234 from=ExampleCo key_file='
              . $provider->key($secret),
    messagebird => 'messagebird from=ExampleCo key_file='
                   . $provider->key($secret),
    http => 'http success=accepted body_file=' . $provider->key(
                '{"to":"{{to}}","text":"{{text}}"}')
            . ' header_file=' . $provider->key("Authorization: $secret"),
);

my %path = (
    twilio => "/2010-04-01/Accounts/$account/Messages.json",
    govuk_notify => '/v2/notifications/sms', vonage => '/sms/json',
    messagebird => '/messages', http => '/send',
);

my %limits = (trusted_networks => '127.0.0.0/8',
              limit => ['send_person 1000/1h 1000/1d',
                        'sms_number 1000/1h 1000/1d',
                        'sms_route 1000/1d', 'sms_all 1000/1d',
                        'login_person 1000/1h 1000/1d']);
my ($s, $ann);


sub serve {
    my (@lines) = @_;

    $s->stop if $s;
    $s = mfa_server(time => 1, realm => { %limits, factors => 'totp sms',
                                          sms => \@lines });
    $ann = $s->register($s->browser, 'ann.employee@example.org');
}


# a code is asked for, in a journey of its own; the browser at its page

sub ask {
    my ($mode) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $ann);
    $b->follow($b->get('/mfa/security'));
    $b->submit('Set up Text message');
    $provider->mode($mode);
    $b->submit('Send code', 'Phone number' => '07700 900123');
    return $b;
}


sub quiet { select undef, undef, undef, 0.6 }
sub count { return $provider->count }


# the page of the code once it says so; what it says in the end

sub becomes {
    my ($b, $re, $name) = @_;
    my $text = '';

    for (1 .. 600) {
        $text = $b->get($b->{page}{url})->text;
        last if $text =~ $re;
        select undef, undef, undef, 0.1;
    }

    return like($text, $re, $name);
}


my $handed = qr/Handed to the provider/;
my $refused = qr/could not be delivered/;

for my $name (sort keys %line) {
    my ($n, $b, @all);

    serve($name eq 'http'
          ? "$line{http} $common" =~ s{url=\S+}{$&/send}r
          : "$line{$name} $common");

    # good

    $n = count();
    $b = ask('');
    is($provider->wait_for($n + 1), $n + 1, "$name: one request");
    becomes($b, $handed, "$name: handed over, the page says");
    @all = $provider->requests;
    is($all[-1]{method}, 'POST', "$name: a POST");
    is($all[-1]{path}, $path{$name}, "$name: to its address");
    ok($all[-1]{tls}, "$name: over TLS");
    ok($all[-1]{headers}{'idempotency-key'}, "I6: $name: with an id");
    my ($code) = $all[-1]{body} =~ /(?<![\d.])(\d{6})(?!\d)/;
    is($b->submit('Verify code', 'Verification code' => $code)->h1,
       'Security settings', "$name: its code is right");
    $s->json('user', 'remove-factor', 'ann', 'sms');

    # the number hears of it, but for a provider that knows codes alone

    my $told = $n + ($name eq 'govuk_notify' ? 1 : 2);
    is($provider->wait_for($told), $told, "C7: $name: the number is told");

    # 429 with Retry-After, then 500, then good

    $n = count();
    $b = ask('status=429 retry_after=90 times=1');
    is($provider->wait_for($n + 1), $n + 1, "$name: 429");
    $s->tried(1);
    becomes($b, qr/waiting/, '... waiting, the page says');
    $s->advance('45s');
    quiet();
    is(count(), $n + 1, '... not before the time it asked for');
    $s->advance('50s');
    is($provider->wait_for($n + 2), $n + 2, '... then again');
    becomes($b, $handed, '... handed over');

    $n = count();
    $b = ask('status=500 times=1');
    is($provider->wait_for($n + 1), $n + 1, "$name: 500");
    $s->tried(1);
    $s->advance('31s');
    is($provider->wait_for($n + 2), $n + 2, '... again');
    becomes($b, $handed, '... handed over');
    @all = $provider->requests;
    is($all[-1]{headers}{'idempotency-key'},
       $all[-2]{headers}{'idempotency-key'}, 'I6: with the same id');
    $s->advance('10m');
    quiet();
    is(count(), $n + 2, '... and no more');

    # refused for good: 400, a redirect, and yes with a no inside

    my @bad = ('status=400', 'redirect=https://other.example.org/');
    push @bad, 'inside' if $name =~ /^(?:twilio|vonage|http)$/;

    for my $mode (@bad) {
        $n = count();
        $b = ask($mode);
        becomes($b, $refused, "$name: $mode: refused, the page says");
        $s->advance('10m');
        quiet();
        is(count(), $n + 1, '... and it is not tried again');
    }

    # unknown: once more, with the same id, and never again

    for my $mode ($name eq 'twilio' ? ('wait=7', 'half', 'mute') : 'half') {
        $n = count();
        $b = ask($mode);
        is($provider->wait_for($n + 1), $n + 1, "$name: $mode: no answer");
        $s->tried(1);
        $s->advance('40s');
        is($provider->wait_for($n + 2), $n + 2, 'I6: once more');
        @all = $provider->requests;
        is($all[-1]{headers}{'idempotency-key'},
           $all[-2]{headers}{'idempotency-key'}, '... with the same id');
        $s->settle;
        $s->advance('5m');
        quiet();
        is(count(), $n + 2, '... and never again');
    }

    # nothing goes to somebody else's certificate

    $n = count();
    ask('cert=wrong');
    $s->tried(1);
    is(count(), $n, "I6: $name: a certificate of another name gets nothing");

    unlike($s->log, qr/7700.?900|\Q$secret\E|\Q$code\E/,
           "N2: $name: no number, code or key in the log");
}


# a backup takes over when the first is down, and alone does not repeat

my $second = MFA::Provider->new;
my $gone = free_port();

serve("$line{twilio} timeout=5s url=http://127.0.0.1:$gone",
      "$line{vonage} timeout=5s url=" . $second->url
      . " ca_file=$second->{ca}");
my $b = ask('');
$s->tried(1);
$s->advance('31s');
is($second->wait_for(1), 1, 'the backup gets it');
becomes($b, $handed, '... handed over');
$s->advance('10m');
quiet();
is($second->wait_for(1), 1, '... once');

$second->stop;
$provider->stop;
done_testing();
