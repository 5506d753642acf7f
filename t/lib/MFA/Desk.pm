package MFA::Desk;

# A realm with staff, for the tests of the helpdesk.
#
#   my $d = MFA::Desk->new(people => $csv, realm => { more options },
#                          register => [qw(ann sam)]);
#         $d->{s} the server, $d->{me}{ann}, $d->{id}{ann} (hex, everybody's)
#   my $b = $d->fresh('sam');       # a new browser, logged in just now
#   my $b = $d->half('sam');        # after the password, on Verify
#   $d->ask('ann');                 # asks for a reset with approval
#   my $id = $d->request('ann');    # of the request that is open
#   my $token = MFA::Desk::token($page);
#   my @events = $d->news;          # of the audit, since it was last asked
#   my $text = $d->state('ann');    # all that a refused attempt must leave
#   $d->settle;                     # every letter has gone
#   my @answers = $d->race([$b, $path, \%fields], ...);
#         forms that arrive at once: whole answers as text

use strict;
use warnings;
use IO::Select;
use JSON::PP ();

use MFA::Test ();

my $json = JSON::PP->new->canonical;


sub new {
    my ($class, %is) = @_;
    my $s = MFA::Test::mfa_server(time => 1, workers => 2, log => 'error',
        people => $is{people}, realm => {
            trusted_networks => '127.0.0.0/8', device_reset => 'approval',
            helpdesk_group => 'helpdesk', admin_group => 'admins',
            limit => ['login_person 1000/1h 1000/1d',
                      'send_person 300/1h 300/1d'],
            %{$is{realm} // {}} });
    my $self = bless { s => $s, me => {}, id => {}, mail => {} }, $class;

    for (@{$s->json('user', 'list')}) {
        my $name = $_->{user};

        $self->{mail}{$name} = $_->{email};
        $self->{id}{$name} = $s->json('user', 'show', $name)->{id};
    }

    $self->{me}{$_} = $s->register($s->browser, $self->{mail}{$_})
        for @{$is{register}};
    return $self;
}


sub fresh {
    my ($self, $name) = @_;
    my $b = $self->{s}->browser;

    $self->{s}->login($b, $self->{me}{$name});
    return $b;
}


sub half {
    my ($self, $name) = @_;
    my $b = $self->{s}->browser;

    $self->{s}->first_step($b, $self->{me}{$name});
    return $b;
}


sub ask {
    my ($self, $name) = @_;
    my $b = $self->half($name);

    $b->click('Reset Multi-Factor Authentication');
    $b->submit('Submit reset request')
        if $b->{page}->form('Submit reset request');
    return $b->{page};
}


sub request {
    my ($self, $name) = @_;
    my ($found) = grep { $_->{email} eq $self->{mail}{$name} }
                  @{$self->{s}->json('request', 'list')};

    return $found && $found->{id};
}


sub token {
    my ($page) = @_;
    return ($page->body =~ /name="token" value="([^"]+)"/)[0];
}


sub news {
    my ($self) = @_;
    my @rows = grep { $_->{number} > ($self->{heard} // 0) }
        @{$self->{s}->json('audit', 'list',
                           $self->{since} ? ('--since', $self->{since}) : ())};

    $self->{heard} = $rows[-1]{number} if @rows;
    $self->{since} = substr $rows[-1]{time}, 0, 16 if @rows;
    return @rows;
}


sub settle {
    my ($self) = @_;
    return $self->{s}->settle;
}


# what is about a person; letters: everybody's, waiting and sent

sub state {
    my ($self, $name) = @_;
    my $s = $self->{s};
    my @letters = (@{$s->json('outbox', 'list')}, glob "$s->{dir}/mail/new/*");

    return $json->encode({
        user => $s->json('user', 'show', $name),
        requests => $s->json('request', 'list', '--all'),
        letters => scalar @letters });
}


# --- at once ----------------------------------------------------------------

sub _encoded {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}


sub _bytes {
    my ($self, $b, $path, $fields) = @_;
    my $s = $self->{s};
    my $body = join '&', map { "$_=" . _encoded($fields->{$_}) }
               sort keys %$fields;

    return join "\r\n", "POST $path HTTP/1.1", "Host: 127.0.0.1:$s->{port}",
        "Origin: $s->{origin}", 'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Site: same-origin', 'Connection: close',
        'Cookie: ' . $b->cookie,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: ' . length $body, '', $body;
}


# all but the last byte of each, then all last bytes

sub race {
    my ($self, @forms) = @_;
    my @bytes = map { $self->_bytes(@$_) } @forms;
    my @sockets = map { $self->{s}->socket } @bytes;
    my @answers;

    syswrite $sockets[$_], substr $bytes[$_], 0, -1 for 0 .. $#bytes;
    syswrite $sockets[$_], substr $bytes[$_], -1 for 0 .. $#bytes;

    for my $socket (@sockets) {
        my ($answer, $select) = ('', IO::Select->new($socket));

        while ($select->can_read(60)) {
            last unless sysread $socket, $answer, 65536, length $answer;
        }

        push @answers, $answer;
    }

    return @answers;
}


1;
