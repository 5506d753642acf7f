package MFA::Tunnels;

# An application that keeps connections open, and who connects to it.
#
#   my $app = MFA::Tunnels->new;                # listens on $app->{port}
#                               # hold => 1: says nothing after a handshake
#   my $s = mfa_server($app->settings, time => 1, ...);     # /open/ goes to it
#
#   my $t = MFA::Tunnels::socket($s, $cookie);      # a WebSocket, RFC 6455
#   $t->status                  # 101; the handshake is checked
#   $t->worker                  # the worker that has it
#   $t->echo('word')            # what comes back; undef: it is closed
#   my $t = MFA::Tunnels::stream($s, $cookie);      # a stream of events
#   my $t = MFA::Tunnels::get($s, $cookie, '/open/poll?wait=20', %is);
#                               # is: method, body; the answer may come later
#   $t->head                    # waits for status line and headers
#   $t->is_open                 # nothing has ended it so far
#   $t->rest                    # reads to the end, at most 60 s
#   MFA::Tunnels::ended($seconds, @t)   # all within: seconds it took; or undef
#
# One process without threads serves any number of them.

use strict;
use warnings;
use Digest::SHA 'sha1_base64';
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

my $guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';


sub new {
    my ($class, %is) = @_;
    my $listen = IO::Socket::INET->new(Listen => 4096, Proto => 'tcp',
        LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "tunnels: $!";
    my $self = bless { port => $listen->sockport, owner => $$ }, $class;
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        _serve($listen, $is{hold});
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


# what mfa_server needs to know

sub settings {
    my ($self) = @_;

    return (http => <<"END", locations => <<'END');
    map \$http_upgrade \$connection_upgrade {
        default upgrade;
        ''      '';
    }

    upstream tunnels { server 127.0.0.1:$self->{port}; }
END
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }

        location /open/ {
            proxy_pass http://tunnels;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
            proxy_buffering off;
            add_header X-Worker $pid always;
        }
END
}


# --- the application --------------------------------------------------------

sub _serve {
    my ($listen, $holds) = @_;
    my $all = IO::Select->new($listen);
    my (%in, @due, @held);

    $SIG{PIPE} = 'IGNORE';

    while (1) {
        for my $from ($all->can_read(@due ? 0.05 : 5)) {
            if ($from == $listen) {
                my $client = $listen->accept or next;

                $client->autoflush(1);
                $all->add($client);
                next;
            }

            my $one = $in{fileno $from} //= { bytes => '', from => $from };

            if (sysread $from, $one->{bytes}, 65536, length $one->{bytes}) {
                push @due, $one if $one->{is_tunnel} ? _echo($one)
                                                     : _answer($one);

                if ($one->{is_tunnel} && $holds) {
                    $all->remove($from);
                    push @held, delete $in{fileno $from};
                }

                next;
            }

            @due = grep { $_ != $one } @due;
            delete $in{fileno $from};
            $all->remove($from);
            close $from;
        }

        my $now = time;

        _send_late($_) for grep { $_->{at} <= $now } @due;
        @due = grep { $_->{at} > $now } @due;
    }
}


# true: the answer is due later

sub _answer {
    my ($one) = @_;
    my ($head, $body) = $one->{bytes} =~ /^(.*?\r\n)\r\n(.*)/s or return 0;
    my ($target) = $head =~ /^\S+ (\S+)/;
    my %head = map { /^([^:]+): *(.*)$/ ? (lc $1 => $2) : () }
               split /\r\n/, $head;

    return 0 if length $body < ($head{'content-length'} // 0);
    $one->{bytes} = '';

    if (lc($head{upgrade} // '') eq 'websocket') {
        my $accept = sha1_base64(($head{'sec-websocket-key'} // '') . $guid);

        $one->{is_tunnel} = 1;
        syswrite $one->{from}, "HTTP/1.1 101 Switching Protocols\r\n"
            . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            . "Sec-WebSocket-Accept: $accept=\r\n\r\n";
        return 0;
    }

    if ($target =~ /stream/) {
        syswrite $one->{from}, "HTTP/1.1 200 OK\r\n"
            . "Content-Type: text/event-stream\r\n\r\ndata: first\n\n";
        return 0;
    }

    $one->{at} = time + ($target =~ /wait=([\d.]+)/ ? $1 : 0);
    $one->{said} = length $body;
    return 1;
}


sub _send_late {
    my ($one) = @_;
    my $text = "got $one->{said}";

    syswrite $one->{from}, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        . 'Content-Length: ' . length($text) . "\r\n\r\n$text";
}


# whole frames come back, unmasked

sub _echo {
    my ($one) = @_;

    while (length $one->{bytes} >= 6) {
        my ($first, $len) = unpack 'CC', $one->{bytes};

        $len &= 127;
        last if length $one->{bytes} < 6 + $len;

        my ($mask, $text) = unpack "x2 a4 a$len", $one->{bytes};

        $text ^= substr $mask x (1 + $len / 4), 0, $len;
        substr $one->{bytes}, 0, 6 + $len, '';
        syswrite $one->{from}, pack 'CCa*', $first, $len, $text;
    }

    return 0;
}


# --- who connects -----------------------------------------------------------

sub get {
    my ($s, $cookie, $target, %is) = @_;
    my $self = bless { socket => $s->socket, in => '', began => time },
                     'MFA::Tunnels::One';
    my $body = $is{body} // '';
    my $more = $is{more} // '';

    $more .= 'Content-Length: ' . length($body) . "\r\n" if length $body;
    $more .= "Cookie: $cookie\r\n" if length $cookie;
    print {$self->{socket}} +($is{method} // 'GET') . " $target HTTP/1.1\r\n"
        . "Host: 127.0.0.1:$s->{port}\r\n$more\r\n$body";
    $self->{socket}->flush;
    return $self;
}


sub socket {
    my ($s, $cookie) = @_;
    my $key = 'dGhlIHNhbXBsZSBub25jZQ==';
    my $self = get($s, $cookie, '/open/socket', more =>
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: $key\r\n"
        . "Origin: $s->{origin}\r\n");

    $self->head;
    die "a wrong Sec-WebSocket-Accept\n$self->{head}"
        if $self->status == 101
           && $self->{head} !~ m{^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r}mi;
    return $self;
}


sub stream {
    my ($s, $cookie) = @_;
    my $self = get($s, $cookie, '/open/stream');

    $self->head;
    return $self;
}


sub ended {
    my ($seconds, @all) = @_;
    my $start = time;

    # in turns: what the machine stands still does not count

    for (1 .. 20 * $seconds) {
        return time - $start unless grep { $_->is_open } @all;
        sleep 0.05;
    }

    return undef;
}


package MFA::Tunnels::One;

use Time::HiRes qw(sleep time);


# more bytes within so many seconds: how many, 0 at the end, undef: none yet

sub _read {
    my ($self, $seconds) = @_;

    return 0 if $self->{is_over};
    return undef unless $self->{socket}->can('pending')
        && $self->{socket}->pending
        || IO::Select->new($self->{socket})->can_read($seconds);

    my $n = sysread $self->{socket}, $self->{in}, 65536, length $self->{in};

    $self->{is_over} = 1 unless $n;
    return $n || 0;
}


sub head {
    my ($self) = @_;
    my $end = time + 60;

    until (defined $self->{head}) {
        if ($self->{in} =~ s/^(.*?\r\n)\r\n//s) {
            $self->{head} = $1;
            last;
        }

        last if time > $end || !($self->_read(1) // 1);
    }

    return $self->{head} // '';
}


sub status { return $_[0]->head =~ m{^HTTP/\S+ (\d+)} ? $1 : 0 }
sub worker { return $_[0]->head =~ /^X-Worker: (\d+)/mi ? $1 : 0 }


sub is_open {
    my ($self) = @_;
    my $n;

    do { $n = $self->_read(0) } while $n;
    return !defined $n;
}


sub echo {
    my ($self, $text) = @_;
    my $mask = "\x37\xfa\x21\x3d";
    my $len = length $text;
    my $end = time + 60;

    return undef unless $self->is_open;
    $self->{in} = '';
    syswrite $self->{socket}, pack 'CCa4a*', 0x81, 0x80 | $len, $mask,
        $text ^ substr $mask x (1 + $len / 4), 0, $len;

    while (length $self->{in} < 2 + $len) {
        return undef if time > $end || !($self->_read(1) // 1);
    }

    return substr $self->{in}, 2, $len;
}


sub rest {
    my ($self) = @_;
    my $end = time + 60;

    1 while time < $end && ($self->_read(1) // 1);
    return $self->{in};
}


1;
