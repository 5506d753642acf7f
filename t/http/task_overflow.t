# More logins than the machine can hash: 503 at once, then all is well
# (H4, L4, X109).

use MFA::Test;
use POSIX ();

my $s = mfa_server(
    realm => { trusted_networks => '127.0.0.0/8' },
    main => 'thread_pool mfa_hash threads=1 max_queue=4;',
    people => [map { { email => "p$_\@example.org", user => "p$_",
                       first_name => 'P', surname => "N$_" } } 1 .. 40]);

pipe my $read, my $write or die;

my @pids = map { my $n = $_; my $pid = fork // die; $pid || do {
    my $b = $s->browser;
    $b->follow($b->get('/ess/'));
    my $p = $b->post_only('Login', 'Email address' => "p$n\@example.org",
                          Password => 'wrong password');
    syswrite $write, join("\t", $p->status, $p->header('Retry-After') // '-',
                          $p->h1 // '', scalar keys %{$p->links}) . "\n";
    POSIX::_exit(0);
} } 1 .. 40;

waitpid $_, 0 for @pids;
close $write;

my @answers = map { chomp; [split /\t/] } <$read>;
my @busy = grep { $_->[0] == 503 } @answers;
my @done = grep { $_->[0] != 503 } @answers;

is(scalar(@answers), 40, 'every login is answered');
cmp_ok(scalar(@busy), '>', 0, 'X109: some with 503');
cmp_ok(scalar(@done), '>', 3, 'X109: not all');
is(scalar(grep { $_->[1] !~ /^\d+$/ } @busy), 0, 'H4: each with Retry-After');
is(scalar(grep { $_->[2] ne 'Please wait a minute' || !$_->[3] } @busy), 0,
   'H4: each with a page that says what to do');
is(scalar(grep { $_->[0] != 303 && $_->[0] != 200 } @done), 0,
   'the others are answered as usual');

my $b = $s->browser;
$s->allow_log(qr/queue overflow/);
my $me = $s->register($b, 'p1@example.org');
is($me->{page}->status, 200, 'X109: afterwards a registration works');

my $two = $s->browser;
is($s->login($two, $me)->status, 200, 'and a login');

my @nice = map { open my $fh, '<', $_ or (); $fh ? (split ' ', <$fh> =~
    s/.*\) //r)[16] : () } map { glob "/proc/$_/task/*/stat" } $s->worker_pids;

is(scalar(grep { $_ == 19 } @nice), 1,
   'H5: the hashing thread has the lowest priority');
cmp_ok(scalar(grep { $_ == 0 } @nice), '>', 4, 'H5: the others have not');


# a gate that must ask in a thread, and no room there

my $g = mfa_server(main => 'thread_pool mfa threads=1 max_queue=1;',
    people => [], realm => { store => 'memory:again',
                             registration => 'domains example.org' });
my $c = $g->browser;

$g->allow_log(qr/queue overflow/);
$g->register($c, 'ann.employee@example.org', first => 'Ann',
             surname => 'Employee');
pipe $read, $write or die;

@pids = map { my $pid = fork // die; $pid || do {
    for (1 .. 10) {
        my $d = $g->browser(keep_alive => 0);
        $d->{jar} = $c->{jar};
        syswrite $write, $d->api('/ess/')->status . "\n";
    }
    POSIX::_exit(0);
} } 1 .. 6;

waitpid $_, 0 for @pids;
close $write;

my %seen;
$seen{$_ + 0}++ while <$read>;
diag(join ' ', map { "$_: $seen{$_}" } sort keys %seen);
is(join(' ', grep { $_ != 200 && $_ != 503 } keys %seen), '',
   'L4: 200, or 503 when there is no room');
is($c->api('/ess/')->status, 200, 'L4: and then as usual');

done_testing();
