package MFA::Port;

# free_port(): a TCP port of 127.0.0.1 that is this program's until it ends.
#
# It lies below the ports that the kernel gives to outgoing connections, so
# that none of them takes it before somebody listens, and a lock keeps other
# tests away, over every stop and start of the server that uses it.

use strict;
use warnings;
use Exporter 'import';
use Fcntl ':flock';
use File::Spec ();
use IO::Socket::INET;

our @EXPORT_OK = 'free_port';

my @taken;

sub free_port {
    my $folder = File::Spec->tmpdir . "/mfa-test-ports-$>";

    mkdir $folder, 0700;

    for (1 .. 1000) {
        my $port = 10000 + int rand 22000;

        open my $lock, '>', "$folder/$port" or die "$folder/$port: $!";
        next unless flock $lock, LOCK_EX | LOCK_NB;
        next unless IO::Socket::INET->new(Listen => 1, Proto => 'tcp',
            LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1);
        push @taken, $lock;
        return $port;
    }

    die 'no free port';
}


1;
