# "make run" as it stands: it starts, both applications are guarded, its
# inbox shows the code, a second start keeps the store, stop ends everything.

use MFA::Test;
use HTTP::Tiny;

my $top = MFA::Test::top();
my $build = MFA::Test::build();

plan(skip_all => 'the demo is not built with a sanitizer')
    if $ENV{MFA_TEST_SAN};
plan(skip_all => "somebody's demo runs") if -e "$build/demo/run/nginx.pid";

my $own = File::Temp->newdir('mfa-demo-XXXXXX', TMPDIR => 1);
my ($port, $inbox) = (free_port(), free_port());

# a build folder of its own, with the results of the real one
chmod 0755, "$own";
mkdir "$own/nginx";
symlink MFA::Test::module(), "$own/nginx/ngx_mfa_module.so";
symlink MFA::Test::ctl_path(), "$own/mfactl";
symlink "$build/common-passwords.txt", "$own/common-passwords.txt";

my $said = demo();

is($?, 0, 'the demo starts') or diag $said;
is(scalar(my @lines = split /\n/, $said), 5, 'and says so in five lines');
like($said, qr{http://127\.0\.0\.1:$port/ess/.*http://127\.0\.0\.1:$inbox/}s,
     'where to go');

my $b = MFA::Browser->new(origin => "http://127.0.0.1:$port");

is($b->follow($b->get('/ess/'))->h1, 'Login', 'ESS is guarded');
is($b->follow($b->get('/mss/'))->h1, 'Login', 'MSS is guarded');
is($b->get('/open/')->h1, 'Employee Self Service', 'an open place is not');

$b->follow($b->get('/ess/'));
$b->click('Register');
$b->submit('Send verification code',
           'Email address' => 'ann.employee@example.org');

my $ua = HTTP::Tiny->new;
my $list = '';

for (1 .. 1200) {
    $list = $ua->get("http://127.0.0.1:$inbox/")->{content};
    last if $list =~ /ann\.employee/;
    select undef, undef, undef, 0.05;
}

like($list, qr/ann\.employee\@example\.org/, 'the inbox names the recipient');

my ($message) = $list =~ m{href="(/message/[^"]+)"};
my $text = $ua->get("http://127.0.0.1:$inbox$message")->{content};

$text =~ s/\b\d{5} \d{6}\b//g;
my ($code) = $text =~ /(?<![\d.:-])(\d{6})(?!\d)/;
ok($code, 'and shows the code');

is($b->submit('Verify code', 'Verification code' => $code)->form('Continue')
     ->{fields}{first_name}, 'Ann', 'which is the right one');

my $password = 'correct horse 4711 staple';
my $page = $b->submit('Continue', 'New password' => $password,
                      'Confirm new password' => $password);

for my $word ('Authenticator app', 'Text message', 'Voice call', 'Email') {
    ok($page->links->{$word}, "the demo offers: $word");
}

$b->click('Text message');
$b->submit('Send code', 'Phone number' => '07700 900123');

for (1 .. 1200) {
    $list = $ua->get("http://127.0.0.1:$inbox/")->{content};
    last if $list =~ /\+447700900123/;
    select undef, undef, undef, 0.05;
}

like($list, qr{<td>Text message</td><td>\+447700900123</td>},
     'the inbox shows text messages too');
($message) = $list =~ m{\+447700900123</td><td><a href="(/message/[^"]+)"};
$text = $ua->get("http://127.0.0.1:$inbox$message")->{content};
($code) = $text =~ /(?<![\d.:#+-])(\d{6})(?!\d)/;
like($text, qr/\@127\.0\.0\.1 #$code/, 'with its last line');
$page = $b->submit('Verify code', 'Verification code' => $code);
like($page->text, qr/Thank you for registering/, 'whose code is right');
ok($page->form('Make recovery codes'), 'recovery codes are offered');
$page = $b->submit('Continue');
is($page->h1, 'Employee Self Service', 'and the application is reached');
like($b->follow($b->get('/mfa/security'))->text, qr/Remembered devices/,
     'the demo lets devices be remembered');

$said = demo();
is($?, 0, 'a second start');
$list = $ua->get("http://127.0.0.1:$inbox/")->{content};
like($list, qr/ann\.employee/, 'keeps what there was');


is(system("$top/conf/demo/stop", "$own", 'quiet'), 0, 'stop');
ok(!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_),
   "nothing listens on $_") for $port, $inbox;

my $busy = IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
    LocalAddr => "127.0.0.1", LocalPort => $port);

$said = demo();
isnt($?, 0, 'a port that is taken is refused');
like($said, qr/port $port .* cannot be used .*PORT=N/, 'with a clear message');

END { system("$top/conf/demo/stop", "$own", 'quiet') if $own }

done_testing();


sub demo {
    open my $pipe, '-|', "$top/conf/demo/start $own $port $inbox 2>&1"
        or die;
    local $/;
    my $text = <$pipe>;
    close $pipe;
    return $text;
}
