package MFA::Provider;

# Starts mfa_provider.py, the provider of text messages and calls that fails
# on request.
#
#   my $provider = MFA::Provider->new;
#   realm => { sms => "twilio ... url=" . $provider->url
#                     . " ca_file=$provider->{ca}" }
#   $provider->mode('status=500 times=1')   # words: see mfa_provider.py
#   my @all = $provider->requests;          # { method, path, headers, body }
#   $provider->count;  $provider->wait_for(2);  # how many came in all
#   $provider->key('a secret');             # a file with it, mode 0600
#   $provider->stop

use strict;
use warnings;
use File::Basename 'dirname';
use File::Temp ();
use JSON::PP ();
use Time::HiRes qw(sleep time);


sub new {
    my ($class) = @_;
    my $dir = File::Temp->newdir('mfa-provider-XXXXXX', TMPDIR => 1);
    my $self = bless { dir => "$dir", holder => $dir, owner => $$ }, $class;

    chmod 0755, "$dir";
    $self->{pid} = open my $pipe, '-|', '/usr/bin/python3',
        dirname(__FILE__) . '/../mfa_provider.py', "$dir"
        or die "mfa_provider.py: $!";

    my $line = <$pipe> // '';

    ($self->{plain}, $self->{tls}) = $line =~ /^(\d+) (\d+)$/
        or die "mfa_provider.py did not start\n";
    $self->{pipe} = $pipe;
    $self->{ca} = "$dir/good.pem";
    return $self;
}


sub url { return "https://localhost:$_[0]{tls}" }


sub mode {
    my ($self, $words) = @_;

    open my $fh, '>', "$self->{dir}/mode.new" or die;
    print $fh $words;
    close $fh;
    rename "$self->{dir}/mode.new", "$self->{dir}/mode";
}


sub key {
    my ($self, $secret) = @_;
    my $file = "$self->{dir}/key." . ++$self->{keys};

    open my $fh, '>', $file or die;
    chmod 0600, $fh;
    print $fh "$secret\n";
    close $fh or die;
    return $file;
}


sub requests {
    my ($self) = @_;

    open my $fh, '<', "$self->{dir}/requests" or return ();
    return map { JSON::PP::decode_json($_) } grep { /\n\z/ } <$fh>;
}


sub count { my ($self) = @_; my @all = $self->requests; return @all + 0 }


sub wait_for {
    my ($self, $n, $seconds) = @_;
    my $until = time + ($seconds // 60);

    sleep 0.05 while $self->count < $n && time < $until;
    return $self->count;
}


sub stop {
    my ($self) = @_;

    return unless $self->{pid} && $self->{owner} == $$;
    local $?;
    kill TERM => delete $self->{pid};
    close delete $self->{pipe};
}


sub DESTROY { $_[0]->stop }


1;
