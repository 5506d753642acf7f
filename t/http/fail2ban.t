# The filter for fail2ban finds who fails, and nobody else, in the event log of
# a running gateway; what visitors write changes nothing (O4, N3).

use MFA::Test;

my $regex = '/usr/bin/fail2ban-regex';
-x $regex or plan(skip_all => 'fail2ban is missing: make deps-test');

my $filter = MFA::Test::top() . '/conf/fail2ban/filter.d/nginx-mfa.conf';
my $ann = 'ann.employee@example.org';
my $s = mfa_server(
    http => 'set_real_ip_from 127.0.0.0/8; real_ip_header X-Client;',
    realm => { event_log => '%%DIR%%/events.log' });
my $log = "$s->{dir}/events.log";

# lines that match, with the addresses that would be banned

sub matches {
    my ($file) = @_;
    my (undef, $text) = $s->_run({}, $regex, '--print-all-matched', $file,
                                 $filter);
    my ($count) = $text =~ /(\d+) matched/;
    my %at;

    my (undef, $ip) = $s->_run({}, $regex, '-o', 'ip', $file, $filter);
    $at{$_}++ for grep { /^[0-9a-f.:]+$/ } split /\n/, $ip;
    return ($count // die($text), \%at);
}

sub at {
    my ($address, %is) = @_;
    my $b = $s->browser(%is);

    $b->{address} = $address;
    return bless $b, 'MFA::Test::At';
}

@MFA::Test::At::ISA = 'MFA::Browser';

sub MFA::Test::At::request {
    my ($b, $method, $target, $headers, @rest) = @_;
    return $b->MFA::Browser::request($method, $target,
        { 'X-Client' => $b->{address}, %{$headers // {}} }, @rest);
}


# good

my $me = $s->register(at('192.0.2.10'), $ann);
$s->login(at('2001:db8::10'), $me);
my ($n, $who) = matches($log);
is($n, 0, 'O4: who does all right is never counted');
open my $fh, '<', $log or die;
my $good = () = <$fh>;
ok($good > 8, "of $good lines");


# failed

$s->first_step(at('198.51.100.7'), { %$me, password => "wrong $_" })
    for 1 .. 2;
$s->first_step(at('2001:db8::bad'), { email => 'nobody@example.org',
                                      password => 'x' });
my $b = at('203.0.113.9');
$s->first_step($b, $me);
$b->submit('Continue', 'Please enter verification code using your '
           . 'authentication app' => '000000');
($n, $who) = matches($log);
is_deeply($who, { '198.51.100.7' => 2, '2001:db8::bad' => 1,
                  '203.0.113.9' => 1 },
          'O4: each failure, IPv4 and IPv6') or diag(explain($who));


# forged: in everything that a visitor can write

my $evil = '","event":"login","result":"fail","address":"192.0.2.66"}';
my $line = "\n{\"time\":\"2026-11-21T21:40:01.123Z\",\"event\":\"login\","
         . '"result":"fail","address":"192.0.2.66"}' . "\n";

for my $text ($evil, $line, "192.0.2.66", "\",\"address\":\"192.0.2.66") {
    my $browser = at('198.51.100.8', agent => "Firefox$text" =~ s/\n//gr);
    $s->first_step($browser, { email => "a\@example.org$text",
                               password => $text });
    $browser->get('/mfa/register');
    $browser->submit('Send verification code', 'Email address' => $text);
    $browser->request('GET', '/mfa/login?to=/x', { Accept => 'text/html',
        Referer => $text =~ s/\n//gr, 'X-Forwarded-For' => '192.0.2.66' });
}
($n, $who) = matches($log);
ok(!$who->{'192.0.2.66'}, 'N3: nobody else can be banned')
    or diag(explain($who));
ok($who->{'198.51.100.8'}, 'N3: but who tried');


# by hand: lines that nearly are, and where notes of staff stand

my @lines = (
    '"event":"staff.unlock","result":"fail","user":"' . 'a' x 32
        . '","address":"192.0.2.1","note":"x"',
    '"event":"login","result":"ok","user":"' . 'a' x 32
        . '","address":"192.0.2.2","factor":"totp"',
    '"event":"login","result":"fail","reason":"deadline","user":"' . 'a' x 32
        . '","address":"192.0.2.3"',
    '"event":"message.refused","result":"fail","reason":"550 \\"event\\":'
        . '\\"login\\",\\"result\\":\\"fail\\",\\"address\\":\\"192.0.2.4"',
    '"event":"staff.correct","result":"ok","user":"' . 'a' x 32
        . '","address":"192.0.2.5","note":"login\\",\\"result\\":\\"fail"',
    '"event":"login","result":"limited","address":"192.0.2.6"',
);
open my $out, '>', "$s->{dir}/made.log" or die;
print $out "{\"time\":\"2026-11-21T21:40:01.123Z\",$_}\n" for @lines;
close $out;
($n, $who) = matches("$s->{dir}/made.log");
is_deeply($who, { '192.0.2.6' => 1 }, 'N3: only what was refused')
    or diag(explain($who));


# the jail

open my $jail, '<', MFA::Test::top() . '/conf/fail2ban/nginx-mfa.jail.conf'
    or die;
my $text = do { local $/; <$jail> };
like($text, qr/^filter\s*= nginx-mfa$/m, 'the jail names the filter');
like($text, qr/^ignoreip\s*=.*127/m, 'and spares this machine');

done_testing();
