package MFA::Upstream;

# A legacy application for tests: answers everything, remembers everything.
#
#   my $app = MFA::Upstream->new($dir);     # listens on $app->{port}
#   $app->hits                              # how many requests came
#   $app->hits('/ess/')                     # ... whose target begins so
#   $app->last                              # { method, target, head, body }
#   MFA::Upstream::values_of($app->last, 'Remote-User')    # list of values
#   $app->forget                            # count from zero again
#
# What the request's query says it does:
#
#   status=404   type=text/plain   sleep=2   header=Name:%20value (repeats)
#   size=100000  bytes of body     drop=1    closes without an answer
#
# "Upgrade: websocket" gets 101; what arrives then is sent back.

use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Time::HiRes ();


sub new {
    my ($class, $dir) = @_;
    my $listen = IO::Socket::INET->new(Listen => 128, Proto => 'tcp',
        LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "upstream: $!";
    my $self = bless { port => $listen->sockport, owner => $$,
                       log => "$dir/upstream.log" }, $class;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        _serve($listen, $self->{log});
        POSIX::_exit(0);
    }

    $self->{pid} = $pid;
    return $self;
}


sub stop {
    my ($self) = @_;

    return unless $self->{pid} && $self->{owner} == $$;
    local $?;
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
    delete $self->{pid};
}


sub DESTROY { $_[0]->stop }


sub all {
    my ($self, $prefix) = @_;

    open my $fh, '<', $self->{log} or return ();

    return grep { !defined $prefix || index($_->{target}, $prefix) == 0 }
           map { JSON::PP->new->decode($_) } grep { /\n\z/ } <$fh>;
}


sub hits { my ($self, @prefix) = @_; my @all = $self->all(@prefix); return @all + 0 }
sub last { my ($self, @prefix) = @_; return ($self->all(@prefix))[-1] }
sub forget { my ($self) = @_; truncate $self->{log}, 0 }


sub values_of {
    my ($hit, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{$hit->{head}};
}


sub _serve {
    my ($listen, $log) = @_;

    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';
    $SIG{TERM} = 'DEFAULT';

    while (1) {
        my $client = $listen->accept or next;
        my $pid = fork;

        if (defined $pid && $pid == 0) {
            alarm 120;
            close $listen;
            1 while _one($client, $log);
            POSIX::_exit(0);
        }

        close $client;
    }
}


sub _one {
    my ($client, $log) = @_;
    my $line = <$client> // return 0;
    my ($method, $target, $version) = split ' ', $line;
    my (@head, %head);

    while (defined($line = <$client>)) {
        $line =~ s/\r?\n$//;
        last if $line eq '';

        my ($name, $value) = $line =~ /^([^:]*):[ \t]*(.*)$/ or next;
        push @head, [$name, $value];
        $head{lc $name} = $value;
    }

    my $body = '';

    if (($head{'content-length'} // '') =~ /^\d+$/) {
        read $client, $body, $head{'content-length'};
    }

    my $record = JSON::PP->new->canonical->latin1->encode({
        method => $method, target => $target, version => $version,
        head => \@head, body => $body });

    open my $fh, '>>', $log or return 0;
    syswrite $fh, "$record\n";
    close $fh;

    return _upgrade($client) if lc($head{upgrade} // '') eq 'websocket';
    return _answer($client, $method, $target, \%head);
}


sub _upgrade {
    my ($client) = @_;

    print $client "HTTP/1.1 101 Switching Protocols\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    $client->flush;

    while (sysread $client, my $bytes, 4096) {
        syswrite $client, $bytes;
    }

    return 0;
}


sub _answer {
    my ($client, $method, $target, $head) = @_;
    my ($query) = $target =~ /\?(.*)/;
    my (%is, @extra);

    for (split /&/, $query // '') {
        my ($name, $value) = split /=/, $_, 2;

        $value //= '';
        $value =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
        $is{$name} = $value;
        push @extra, "$value\r\n" if $name eq 'header';
    }

    return 0 if $is{drop};
    Time::HiRes::sleep($is{sleep}) if $is{sleep};

    my $type = $is{type} // 'text/html';
    my $body = $is{size} ? 'x' x $is{size}
        : "<!DOCTYPE html><title>application</title><h1>application</h1>\n";
    my $status = $is{status} // 200;
    my $keep = lc($head->{connection} // '') eq 'keep-alive'
        || !exists $head->{connection};

    print $client "HTTP/1.1 $status Text\r\nContent-Type: $type\r\n",
        'Content-Length: ', length $body, "\r\n", @extra,
        $keep ? '' : "Connection: close\r\n", "\r\n",
        $method eq 'HEAD' ? '' : $body;
    $client->flush;

    return $keep;
}


1;
