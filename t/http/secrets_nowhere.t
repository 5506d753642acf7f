# Passwords, codes, secrets and tokens stand in no file of ours: store, logs
# at debug, temp folders, mail but for the code; nor on a command line
# (A5, B8, J8, J10, J11, N2, X49, X60, X112).

use MFA::Test;
use MIME::Base64 'encode_base64url';

my $s = mfa_server(time => 1, log => 'debug', realm => {
    event_log => '%%DIR%%/events.log', trusted_networks => '127.0.0.0/8' });
my $ann = 'ann.employee@example.org';
my $password = 'zebra Quartz 9 unmistakable';
my $wrong = 'wrong Quartz 7 unmistakable';
my $app_code = 'Please enter verification code using your authentication app';
my (%secret, $p);


# a whole life; every secret of it is noted

my $b = $s->browser;
$b->follow($b->get('/ess/'));
$b->click('Register');
$b->submit('Send verification code', 'Email address' => $ann);
my $mail = $s->mail->latest_code($ann);
my $mailed = $mail->code;
$b->submit('Verify code', 'Verification code' => $mailed);
$b->submit('Continue', 'New password' => $password,
           'Confirm new password' => $password);

my $me = { email => $ann, password => $password };
my $secret = MFA::Journey::secret_of($b->{page});
$secret{'the form token'} = $b->{page}->form('Continue')->{fields}{token};
$s->enrol($b, $me);
$b->submit('Continue');
$secret{"a session's token"} = $b->{jar}{mfa_session}{value};
@secret{"a browser's token", "the mark behind a browser's token"} =
    split /\./, $b->{jar}{mfa_browser}{value};

my $other = $s->browser;
$other->get('/mfa/login');
$p = $other->post_only('Login', 'Email address' => $ann, Password => $wrong);
$secret{'the sealed notice'} = $other->{jar}{mfa_notice}{value};
$other->follow($p);
$s->first_step($other, $me);
my $typed = '904371';
$other->submit('Continue', $app_code => $typed);
$s->login($other, $me);
$secret{'another session'} = $other->{jar}{mfa_session}{value};

my $open = $s->browser;                         # a code still in the store
$open->get('/mfa/register');
$open->submit('Send verification code',
              'Email address' => 'max.manager@example.org');
my $live = $s->mail->latest_code('max.manager@example.org')->code;

open my $key, '<', "$s->{dir}/mfa.key" or die;
my ($sealing) = grep { length > 30 } map { split } grep { !/^#/ } <$key>;

$secret{'the password'} = $password;
$secret{'the password, encoded'} = $password =~ s/ /%20/gr;
$secret{'the password, as a form'} = $password =~ s/ /+/gr;
$secret{'a wrong password'} = $wrong;
$secret{'the secret, base32'} = $secret;
$secret{'the secret, raw'} = base32($secret);
$secret{'the secret, base64url'} = encode_base64url(base32($secret));
$secret{'the sealing key'} = $sealing;

sub base32 {
    my $bits = join '', map { sprintf '%05b',
        index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $_[0];
    return pack 'B*', $bits;
}


# where to look; a request in flight leaves nothing behind either

$b->get('/mfa/nothing');

for my $n (1 .. 3) {
    $b->get("/ess/$n");
    select undef, undef, undef, 0.4;
}

sub files {
    my ($dir) = @_;
    my @found;

    opendir my $dh, $dir or return ();
    for (grep { !/^\.\.?$/ } readdir $dh) {
        my $path = "$dir/$_";
        push @found, -d $path ? files($path) : -f $path ? $path : ();
    }
    return @found;
}

sub slurp {
    my ($file) = @_;
    open my $fh, '<:raw', $file or return '';
    local $/;
    return <$fh> // '';
}

my %place = (
    'the store' => [files("$s->{dir}/store")],
    'the error log at debug' => ["$s->{dir}/error.log", "$s->{dir}/stderr"],
    'the access log' => ["$s->{dir}/access.log"],
    'the event log' => ["$s->{dir}/events.log"],
    'temp folders' => [files("$s->{dir}/tmp")],
    'mail' => [files("$s->{dir}/mail")],
    'command lines' => [map { ("/proc/$_/cmdline", "/proc/$_/environ") }
                        $s->{pid}, $s->worker_pids],
);

ok(length(slurp("$s->{dir}/store/data.mdb")) > 4096, 'the store has content');
ok(length($s->log) > 10_000, 'the log is at debug');
ok(-s "$s->{dir}/events.log", 'there are events');
is_deeply([files("$s->{dir}/tmp")], [], 'F10: no temp file was left');

for my $where (sort keys %place) {
    my $bytes = join "\n", map { slurp($_) } @{$place{$where}};
    my @found = grep {
        my $name = $_;
        my $is_ours = $where =~ /debug/ && $name =~ /token|session|notice/;
        !$is_ours && index($bytes, $secret{$name}) >= 0 } sort keys %secret;

    is(join(', ', @found), '', "N2, X112: nothing in $where");
}


# what nginx itself writes at debug (headers, the form it reads) is not ours
# to change; our own lines must hold nothing

my @ours = grep { /: (?:\*\d+ )?mfa: / } split /\n/, $s->log;
ok(@ours > 0, 'our own lines');
is((grep { my $line = $_; grep { index($line, $_) >= 0 } values %secret,
           $mailed, $live, $typed } @ours), 0, 'N2: they hold no secret');


# codes: six digits occur by chance, so only where they would stand as text

my $store = join '', map { slurp($_) } @{$place{'the store'}};
is(() = $store =~ /(?<!\d)(?:$mailed|$live)(?!\d)/g, 0,
   'B8: no mailed code in the store');
is((grep { !/"time"/ && /(?<!\d)(?:$mailed|$live|$typed)(?!\d)/ }
    $s->access, @ours), 0, 'N2: no code in a log of ours');
unlike(slurp("$s->{dir}/events.log"),
       qr/"[^"]*(?<![\d.])(?:$mailed|$live|$typed)(?!\d)[^"Z]*"/,
       'N2: nor in the events');


# J10: a store without its key tells nothing: who is in it, by address at most

like($store, qr/argon2id/, 'A5: passwords are argon2id');
unlike($store, qr/otpauth|[A-Z2-7]{32}/, 'J8: no secret as base32');


# J11: what stands in the memory of a worker that has nothing to do

no warnings 'portable';                  # addresses beyond 32 bits

sub memory {
    my ($pid) = @_;
    my $all = '';

    open my $maps, '<', "/proc/$pid/maps" or return '';
    open my $mem, '<:raw', "/proc/$pid/mem" or return '';

    while (<$maps>) {
        my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ 00:00/ or next;

        sysseek $mem, hex $from, 0;
        for (my $left = hex($to) - hex $from; $left > 0; $left -= 1 << 20) {
            sysread $mem, my $bytes, $left < 1 << 20 ? $left : 1 << 20 or last;
            $all .= $bytes if $bytes =~ /[^\0]/;
        }
    }
    return $all;
}

SKIP: {
    skip 'the memory of a worker is for root to read', 4 unless $> == 0;
    skip 'sanitizers keep what is freed', 4 if $ENV{MFA_TEST_SAN};

    select undef, undef, undef, 1.2;
    my ($pid) = $s->worker_pids;
    my $memory = memory($pid);

    ok(length $memory > 1_000_000, 'the memory of a worker');
    for my $name ('the password', 'a wrong password', 'the secret, base32') {
        is(() = $memory =~ /\Q$secret{$name}\E/g, 0, "J11: not $name");
    }
}

done_testing();
