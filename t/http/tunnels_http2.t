# Streams of events over HTTP/2: the stream of an ended session is reset, the
# others of the same and of other connections go on (L12, D14, X17).

use MFA::Test;
use MFA::Tunnels;
use POSIX ();

plan(skip_all => 'curl has no HTTP/2') unless `curl -V` =~ /HTTP2/;

my $app = MFA::Tunnels->new;
my $s = mfa_server($app->settings, h2 => 1, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');

sub fresh {
    my ($me) = @_;
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}


# curl with streams, each for its own session, over one connection

sub streams {
    my ($name, @cookies) = @_;
    my $file = "$s->{dir}/$name";

    open my $fh, '>', "$file.conf" or die;

    for my $i (0 .. $#cookies) {
        print $fh "next\n" if $i;
        print $fh "url = \"$s->{origin}/open/stream?$i\"\n",
            "header = \"Cookie: $cookies[$i]\"\n",
            "output = \"$file.$i\"\n", "http2\ninsecure\nno-buffer\nsilent\n",
            "write-out = \"%{stderr}$i %{http_version} %{http_code} %{exitcode} "
            . "\\n\"\n";
    }

    close $fh;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDERR, '>', "$file.out" or die;
        open STDOUT, '>', '/dev/null' or die;
        { exec 'curl', '--no-progress-meter', '--parallel', '--parallel-max', 10,
               '--max-time', 300, '--config', "$file.conf"; }
        POSIX::_exit(127);
    }

    return { pid => $pid, file => $file, count => scalar @cookies };
}

# of the streams that have ended

sub lines {
    my ($c) = @_;
    open my $fh, '<', "$c->{file}.out" or return [];
    return [grep { /^\d 2 / } <$fh>];
}

sub wait_for {
    my ($seconds, $question) = @_;

    for (1 .. $seconds * 20) {
        return 1 if $question->();
        select undef, undef, undef, 0.05;
    }

    return 0;
}

my ($b, $other) = (fresh($ann), fresh($max));
my $both = streams('both', $b->cookie, $other->cookie);
my $alone = streams('alone', $other->cookie);

ok(wait_for(60, sub {
    3 == grep { -s } "$both->{file}.0", "$both->{file}.1", "$alone->{file}.0";
}), 'three streams of events over HTTP/2');

sleep 3;
is(scalar @{lines($both)}, 0, 'they stand');
$s->logout($b);
ok(wait_for(10, sub { @{lines($both)} == 1 }),
   'D14, X17: the stream of the one who logged out ends soon');
my ($line) = @{lines($both)};
like($line // '', qr/^0 2 200 (?:92|56|18) /, 'it is reset, over HTTP/2');
select undef, undef, undef, 1.5;
is(scalar @{lines($both)}, 1, 'the other one of that connection goes on');
is(scalar @{lines($alone)}, 0, 'and one of another connection');

$s->logout($other);
ok(wait_for(10, sub { @{lines($both)} == 2 && @{lines($alone)} == 1 }),
   'until that session ends as well, in both connections');

for ($both->{pid}, $alone->{pid}) {
    local $?;
    kill KILL => $_;
    waitpid $_, 0;
}

done_testing();
