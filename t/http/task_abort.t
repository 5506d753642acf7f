# Clients that leave while a thread works for them (L3, L5, X106).

use MFA::Test;
use POSIX ();
use Time::HiRes 'sleep';

my $rounds = $ENV{MFA_TEST_ABORTS} || 200;
my $s = mfa_server();
my $host = "Host: 127.0.0.1:$s->{port}\r\n";
my $b = $s->browser;

$b->follow($b->get('/ess/'));

my $form = $b->{page}->form('Login') or die 'no form';
my %fields = (%{$form->{fields}}, %{$form->{buttons}{Login}});

$fields{$form->{labels}{'Email address'}} = 'ann.employee@example.org';
$fields{$form->{labels}{Password}} = 'wrong';

my $body = join '&', map { my $v = $fields{$_};
    $v =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge; "$_=$v" }
    sort keys %fields;
my ($action) = $form->{action} =~ m{(/mfa/.*)};

my @requests = (
    "GET /mfa/login HTTP/1.1\r\n$host\r\n",
    "POST " . ($action // '/mfa/login') . " HTTP/1.1\r\n$host"
    . "Origin: $s->{origin}\r\nCookie: " . $b->cookie . "\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\n"
    . 'Content-Length: ' . length($body) . "\r\n\r\n$body",
    "POST /mfa/login HTTP/1.1\r\n${host}Content-Length: 2000\r\n\r\nhalf");

sub descriptors {
    my ($pid) = $s->worker_pids;
    my @all = glob "/proc/$pid/fd/*";
    return scalar @all;
}

my $before = descriptors();
my ($worker) = $s->worker_pids;

my @pids = map { my $seed = $_; my $pid = fork // die; $pid || do {
    srand $seed;

    for (1 .. $rounds / 4) {
        my $c = $s->socket or next;
        print $c $requests[rand @requests];
        $c->flush;
        sleep rand 0.06;
        setsockopt $c, 1, 13, pack('ii', 1, 0) if rand() < 0.5;
        close $c;
    }

    POSIX::_exit(0);
} } 1 .. 4;

waitpid $_, 0 for @pids;

is($s->browser->get('/mfa/login')->status, 200, 'X106: the portal answers');
is_deeply([$s->worker_pids], [$worker], 'X106: from the same worker');

for (1 .. 600) {
    last if descriptors() <= $before + 1;
    sleep 0.1;
}

cmp_ok(descriptors(), '<=', $before + 1, 'X106: no connection is left');

done_testing();
