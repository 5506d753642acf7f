# Workers that die or are replaced under load: no session is lost, nobody is
# let in, the service is back at once (L6, L8, LC1, LC4, LC6, LC9, X62).

use MFA::Test;
use POSIX ();
use Time::HiRes qw(sleep time);

my $s = mfa_server(workers => 2,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');

$s->allow_log(qr/exited on signal 9/);

sub until_true {
    my ($seconds, $question) = @_;
    my $end = time + $seconds;

    until ($question->()) {
        return 0 if time > $end;
        sleep 0.02;
    }
    return 1;
}


# a client that asks over and over until the file "stop" is there; says how
# many answers were of which status

my $stop = "$s->{dir}/stop";

sub client {
    my (%is) = @_;
    my $file = "$s->{dir}/client.$is{name}";
    my $pid = fork // die;

    return { %is, pid => $pid, file => $file } if $pid;

    my %seen;
    my $end = time + 120;
    my $browser = $s->browser(keep_alive => $is{keep} // 0);

    until (-e $stop || time > $end) {
        my $ask = sub {
            $browser->request('GET', '/ess/x', { Cookie => $is{cookie} });
        };
        my $p = $ask->();

        # a kept connection may be closed as the question is on its way:
        # a client asks again on a new one, once (RFC 9112, 9.3.1)
        $p = $ask->() if $is{keep} && $p->status == 599;
        my $status = $p->status;

        # a connection to a worker that was killed breaks: that is no answer
        $status = 'broken' if $status == 599;
        $status = 'foreign' if $status eq '200' && $p->h1 ne 'application';
        $seen{$status}++;
    }

    open my $fh, '>', $file or die;
    print $fh join ' ', %seen;
    close $fh;
    POSIX::_exit(0);
}

sub results {
    my (@clients) = @_;
    my %sum;

    open my $fh, '>', $stop or die;
    close $fh;

    for my $c (@clients) {
        waitpid $c->{pid}, 0;
        open my $in, '<', $c->{file} or next;
        my %seen = split ' ', <$in> // '';
        $sum{$c->{is_in} ? 'in' : 'out'}{$_} += $seen{$_} for keys %seen;
    }

    unlink $stop;
    return \%sum;
}

sub clients {
    return (map({ client(name => "in$_", is_in => 1, cookie => $b->cookie,
                         keep => $_ % 2) } 1 .. 3),
            map({ client(name => "out$_", cookie => 'mfa_session=' . 'A' x 43,
                         keep => $_ % 2) } 1 .. 2));
}


# LC1: kill -9 of a worker, eight times

my @clients = clients();
my $slowest = 0;

for (1 .. 8) {
    my $began = time;

    sleep 0.15;
    ok($s->kill_worker, "LC1: death $_: a new worker comes");
    $slowest = time - $began if time - $began > $slowest;
}

my $sum = results(@clients);
my $in = delete $sum->{in};
my $broken = delete $in->{broken} // 0;
ok(($in->{200} // 0) > 30, 'the load was one') or diag(explain($in));
is_deeply([keys %$in], ['200'], 'L6: no session was lost')
    or diag(explain($in));
ok($broken <= 8 * 5, 'only what the dead were answering broke')
    or diag($broken);
delete $sum->{out}{broken};
is_deeply([keys %{$sum->{out}}], ['401'], 'L6: nobody was let in');
note(sprintf 'LC1: back after %.2f s at most', $slowest);
is($s->login($s->browser, $me)->h1, 'application', 'logins work');


# reload under load: not one request fails

@clients = clients();
for (1 .. 5) {
    sleep 0.15;
    ok($s->reload, "LC5: reload $_: the old workers leave");
}
$sum = results(@clients);
is_deeply([keys %{$sum->{in}}], ['200'],
          'LC5: 0 failed requests, 0 lost sessions')
    or diag(explain($sum));
is_deeply([keys %{$sum->{out}}], ['401'], 'LC5: nobody was let in')
    or diag(explain($sum));


# LC6: a reload with logins under way: each gets its answer

my @logins;
for my $k (1 .. 12) {
    my $pid = fork // die;
    unless ($pid) {
        my $p = eval { $s->first_step($s->browser, $me) };
        POSIX::_exit($p && $p->status == 200 && $p->h1 eq 'Verify' ? 0
                     : $p && $p->status == 503 ? 3 : 1);
    }
    push @logins, $pid;
    sleep 0.02;
    $s->reload if $k == 6;
}
my %exit;
for (@logins) { waitpid $_, 0; $exit{$? >> 8}++ }
is_deeply(\%exit, { 0 => 12 }, 'LC6: each login gets its proper answer');


# X62: a step spent before the death is spent after it

my $one = $s->browser;
$s->first_step($one, $max);
my $code = $s->code($max);
my $label = 'Please enter verification code using your authentication app';
is($one->submit('Continue', $label => $code)->h1, 'application', 'a login');
$s->kill_worker for 1 .. 2;
is($one->get('/ess/')->status, 200, 'whose session outlives both workers');
my $two = $s->browser;
$s->first_step($two, $max);
like($two->submit('Continue', $label => $code)->text, qr/Invalid/,
     'X62: its code is spent after kill -9');


# LC9: a broken configuration at HUP: the old one goes on

open my $fh, '<', $s->{conf} or die;
my $conf = do { local $/; <$fh> };
sub write_conf { open my $o, '>', $s->{conf} or die; print $o $_[0]; close $o }
write_conf($conf =~ s/registration roster;/registration rooster;/r);
$s->allow_log(qr/rooster|registration/);
kill HUP => $s->{pid};
$s->log_like(qr/\[emerg\].*(?:rooster|registration).* in /,
             'LC9: the mistake is named with file and line');
is($b->get('/ess/')->status, 200, 'LC9: the old configuration serves');
write_conf($conf);


# LC4: the master dies; a new one finds everything

my @orphans = $s->worker_pids;
kill KILL => $s->{pid};
waitpid $s->{pid}, 0;
kill KILL => @orphans;
delete $s->{pid};
unlink "$s->{dir}/nginx.pid";
until_true(60, sub { !grep { kill 0 => $_ } @orphans });
$s->start;
is($b->get('/ess/')->status, 200, 'LC4: sessions outlive the master');
is($s->login($s->browser, $me)->h1, 'application', 'logins work');

done_testing();
