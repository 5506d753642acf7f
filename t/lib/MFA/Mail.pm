package MFA::Mail;

# Reads a Maildir: messages with their headers and their decoded text; text
# messages and what calls say are kept in the same form.
#
#   my $mail = MFA::Mail->new($maildir);
#   my $m = $mail->latest('ann@example.org');     # waits up to 60 s
#   $m->{to}, $m->{subject}, $m->{text}, $m->{html}, $m->{raw},
#   $m->{head}{'auto-submitted'}
#   $m->code                                       # the digits of a code

use strict;
use warnings;
use Encode ();
use MIME::Base64 ();
use MIME::QuotedPrint ();
use Time::HiRes qw(sleep time);


sub new {
    my ($class, $dir) = @_;
    return bless { dir => $dir, seen => {} }, $class;
}


# all messages, oldest first; only those to an address if one is given

sub all {
    my ($self, $to) = @_;
    my @files;

    for my $sub ('new', 'cur') {
        opendir my $dir, "$self->{dir}/$sub" or next;
        push @files, map { "$self->{dir}/$sub/$_" }
                     grep { !/^\./ } readdir $dir;
    }

    return grep { !defined $to || lc($_->{to}) =~ /\Q@{[lc $to]}\E/ }
           sort { $a->{time} <=> $b->{time} || $a->{file} cmp $b->{file} }
           map { $self->{seen}{$_} //= MFA::Mail::Message->read($_) // () }
           @files;
}


sub count { my ($self, $to) = @_; my @all = $self->all($to); return @all + 0 }


# the newest message to $to that no earlier call of this returned

sub latest { my ($self, $to, $seconds) = @_;
             return $self->_latest($to, $seconds, sub { 1 }) }

# the latest with a code in it, whatever notices came meanwhile

sub latest_code { my ($self, $to, $seconds) = @_;
                  return $self->_latest($to, $seconds,
                                        sub { defined $_[0]->code }) }

sub _latest {
    my ($self, $to, $seconds, $fits) = @_;
    my $until = time + ($seconds // 60);

    while (1) {
        my ($m) = grep { !$_->{taken} && $fits->($_) } reverse $self->all($to);

        if ($m) {
            $_->{taken} = 1 for $self->all($to);
            return $m;
        }

        return undef if time > $until;
        sleep 0.02;
    }
}


# waits until $n messages to $to have come in all; how many there are

sub wait_for {
    my ($self, $n, $to, $seconds) = @_;
    my $until = time + ($seconds // 60);

    sleep 0.02 while $self->count($to) < $n && time < $until;
    return $self->count($to);
}


package MFA::Mail::Message;

use Time::HiRes ();


sub read {
    my ($class, $file) = @_;

    open my $fh, '<:raw', $file or return undef;

    my $raw = do { local $/; <$fh> };
    my $self = bless { file => $file, raw => $raw, text => '', html => '',
                       time => (Time::HiRes::stat $fh)[9] }, $class;

    my ($head, $body) = _split($raw);
    $self->{head} = $head;

    for (qw(to from subject)) {
        $self->{$_} = Encode::decode('MIME-Header', $head->{$_} // '');
    }

    $self->_parts($head, $body);
    return $self;
}


# the code in it: digits that stand alone and are no telephone number

sub code {
    my ($self) = @_;
    my $text = $self->{text};

    $text =~ s/\+?\b\d{4,5} \d{6}\b//g;

    return $1 if $text =~ /^\s*(\d{6,10})\s*$/m;
    return $1 if $text =~ /(?<![\d#\/:.-])(\d{6,10})(?![\d\/-])/;

    # a call says it digit by digit

    return $1 =~ s/\D//gr if $text =~ /(?<!\d)((?:\d[ ,.]+){5,9}\d)(?!\d)/;
    return undef;
}


sub _split {
    my ($raw) = @_;
    my %head;

    $raw =~ s/\r\n/\n/g;

    my ($top, $body) = split /\n\n/, $raw, 2;

    $top =~ s/\n[ \t]+/ /g;

    for (split /\n/, $top) {
        $head{lc $1} //= $2 if /^([^:\s]+):[ \t]*(.*)$/;
    }

    return (\%head, $body // '');
}


sub _parts {
    my ($self, $head, $body) = @_;
    my $type = $head->{'content-type'} // 'text/plain';
    my $coding = lc($head->{'content-transfer-encoding'} // '');

    if ($type =~ m{^multipart/}i
        && $type =~ /boundary=(?:"([^"]+)"|([^;\s]+))/i)
    {
        my $mark = $1 // $2;
        my (undef, @parts) = split /(?:^|\n)--\Q$mark\E(?:--)?[ \t]*(?:\n|$)/,
                                   $body;

        $self->_parts(_split($_)) for @parts;
        return;
    }

    $body = MIME::QuotedPrint::decode($body) if $coding eq 'quoted-printable';
    $body = MIME::Base64::decode($body) if $coding eq 'base64';
    $body = Encode::decode('UTF-8', $body);

    if ($type =~ m{^text/html}i) {
        $self->{html} ||= $body;

    } elsif ($type =~ m{^text/plain}i) {
        $self->{text} ||= $body;
    }
}


1;
