# A store that is full, cannot be read, is cut off or is not one at all:
# nobody gets in, what can go on goes on, and it heals without a restart
# (DK2, DK6, DK7, F1, F13, J4, J6).

use MFA::Test;
use Time::HiRes 'sleep';

my $ann = 'ann.employee@example.org';
my $password = MFA::Journey::first_password();

sub until_true {
    my ($seconds, $question) = @_;

    for (1 .. 20 * $seconds) {
        return 1 if $question->();
        sleep 0.05;
    }
    return 0;
}


# --- full (DK2, J4) ---------------------------------------------------------

my $s = mfa_server(realm => { trusted_networks => '127.0.0.0/8',
                              store => 'lmdb:%%DIR%%/store limit=1m' });
my $me = $s->register($s->browser, $ann);
my $b = $s->browser;
$s->login($b, $me);
my $max = $s->browser;
$s->register($max, 'max.manager@example.org');

# most of the room by an import, the rest by registrations

my ($n, $size) = (0, 400);
while ($size > 20) {
    open my $fh, '>', "$s->{dir}/many.csv" or die;
    print $fh "email,user,first_name,surname,note\n";
    printf $fh "p%d\@example.org,p%d,Person,Number,%s\n", $n + $_, $n + $_,
        'x' x 200 for 1 .. $size;
    close $fh;
    my ($code) = $s->ctl('user', 'import', "$s->{dir}/many.csv", '--apply');
    $code == 0 ? ($n += $size) : ($size = int $size / 2);
}
ok($n > 300, "J4: room for $n people, then an import is refused");

my ($p, $started) = (undef, 0);
my $visitor = $s->browser;
$visitor->get('/mfa/register');
my $form = $visitor->{page}->form('Send verification code');
for (1 .. 400) {
    $p = $visitor->post('/mfa/register', { %{$form->{fields}},
                                           email => "p$_\@example.org" });
    last if $p->status == 503;
    $started++;
}
is($p->status, 503, "DK2: after $started registrations new ones are refused");
like($p->header('Retry-After') // '', qr/^\d+$/, 'with Retry-After');
is($p->h1, 'Not available for a moment', 'on a page of ours');
$s->log_like(qr/store is full/, 'J4: and the log says why');

for (1 .. 40) {
    $p = $s->first_step($s->browser, $me);
    last if $p->status == 503;
}
is($p->status, 503, 'DK2: no new login either');
is($b->get('/ess/')->status, 200, 'DK3: a session goes on');
is($s->browser->get('/ess/')->status, 303, 'the gate is on');
my $jar = $max->cookie;
is($s->logout($max)->h1, 'You have logged out', 'DK2: logging out works');
is($s->browser->request('GET', '/ess/', { Cookie => $jar })->status, 401,
   'and counts');
is(($s->ctl('user', 'lock', $ann))[0], 0, 'DK2: mfactl can lock');
is($b->get('/ess/')->status, 303, 'and it counts at once');
is(($s->ctl('user', 'unlock', $ann))[0], 0, 'and unlock');
is(($s->ctl('user', 'delete', 'p1@example.org'))[0], 0, 'and delete');

# more room, by a reload

open my $in, '<', $s->{conf} or die;
my $conf = do { local $/; <$in> };
$conf =~ s/limit=1m/limit=8m/ or die;
open my $out, '>', $s->{conf} or die;
print $out $conf;
close $out;
ok($s->reload, 'more room is given');
is($s->login($s->browser, $me)->h1, 'application', 'DK2: then all is normal');
$s->stop;


# --- unreadable (DK7, F1) ---------------------------------------------------

SKIP: {
    skip 'only root can take a folder away from the workers', 8 unless $> == 0;

    $s = mfa_server(realm => { trusted_networks => '127.0.0.0/8' });
    $me = $s->register($s->browser, $ann);
    $b = $s->browser;
    $s->login($b, $me);
    $s->allow_log(qr/store|open/);
    $s->pause;

    my ($uid, $gid) = (stat "$s->{dir}/store")[4, 5];
    chown 0, 0, "$s->{dir}/store" or die;
    $s->start;
    $s->app->forget;

    is($b->get('/ess/')->status, 503, 'F1: a session cannot be decided: 503');
    is($b->api('/ess/')->status, 503, 'F1: nor for a program');
    is($s->browser->get('/ess/')->status =~ /^(?:303|503)$/ ? 1 : 0, 1,
       'a stranger is kept out');
    is($s->browser->get('/mfa/login')->status, 503, 'no login');
    is($s->app->hits, 0, 'F13: the application was not asked');
    is($s->browser->get('/open/x')->status, 200, 'open locations are served');

    chown $uid, $gid, "$s->{dir}/store" or die;
    ok(until_true(60, sub { $b->get('/ess/')->status == 200 }),
       'DK7: it heals without a restart, and the session is still there');
    is($s->login($s->browser, $me)->h1, 'application', 'logins work again');
    $s->stop;
}


# --- cut off, emptied, foreign, noise (DK6, J6) -----------------------------

my %damage = (
    'cut to 4 KiB' => sub { truncate $_[0], 4096 },
    'emptied' => sub { truncate $_[0], 0 },
    'overwritten by zeros' => sub { fill($_[0], "\0") },
    'overwritten by noise' => sub { fill($_[0], "\xa5Z") },
    'a text file' => sub { open my $f, '>', $_[0]; print $f "hello\n" },
);

sub fill {
    my ($file, $bytes) = @_;
    my $size = -s $file;

    open my $fh, '+<', $file or die;
    print $fh $bytes x ($size / length $bytes);
    close $fh;
}

for my $name (sort keys %damage) {
    for my $is_running (0, 1) {
        $s = mfa_server(people => undef, realm => {
            trusted_networks => '127.0.0.0/8' });
        $s->allow_log(qr/./);
        $me = $s->register($s->browser, $ann);
        $b = $s->browser;
        $s->login($b, $me);
        $s->pause unless $is_running;
        $damage{$name}->("$s->{dir}/store/data.mdb");

        my $is_up = $is_running || eval { $s->start; 1 };
        my %seen;
        $s->app->forget;

        for my $cookie ('', 'mfa_session=' . 'A' x 43, $b->cookie) {
            last unless $is_up;
            for (1 .. 3) {
                my $p = $s->browser->request('GET', '/ess/x',
                    { $cookie ne '' ? (Cookie => $cookie) : (),
                      Accept => 'text/html' });
                $seen{$p->status}++;
                sleep 0.1;
            }
        }

        delete $seen{$_} for 303, 401, 503, 599;
        is_deeply(\%seen, {}, "DK6: $name, "
            . ($is_running ? 'while it runs' : 'before the start')
            . ($is_up ? '' : ' (nginx refuses to start)')
            . ': nothing passes');
        is($s->app->hits, 0, 'F13: the application was not asked');

        my ($code, $said) = $s->ctl('store', 'check');
        ok($code != 0, 'J6: mfactl store check tells') or diag($said);
        $is_up ? $s->stop : $s->app->stop;
    }
}

done_testing();
