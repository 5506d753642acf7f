package MFA::Sink;

# Starts sink.py, the SMTP server with faults; no root needed.
#
#   MFA::Sink->can_run or plan(skip_all => 'needs python3-aiosmtpd');
#   my $sink = MFA::Sink->new($s->{dir}) or with no folder a new one;
#   mfa_server(mail => $sink->option)
#   $sink->fault('tempfail')    # for everybody, until $sink->fault('')
#   $sink->mail->latest(...)    $sink->stop  $sink->start  {port} {cert}

use strict;
use warnings;
use File::Basename 'dirname';
use File::Temp ();

use MFA::Mail;
use MFA::Port 'free_port';


sub can_run { return system('/usr/bin/python3 -c "import aiosmtpd" 2>&-') == 0 }


sub new {
    my ($class, %is) = @_;
    my $dir = File::Temp->newdir('mfa-sink-XXXXXX', TMPDIR => 1);
    my $self = bless { %is, dir => "$dir", holder => $dir, owner => $$ },
                     $class;

    chmod 0755, "$dir";
    $self->{cert} = "$dir/cert.pem";
    $self->{password_file} = "$dir/pass";
    $self->fault($is{fault} // '');

    open my $fh, '>', $self->{password_file} or die;
    print $fh "secret 4711\n";
    close $fh;
    chmod 0600, $self->{password_file};

    system("openssl req -x509 -newkey rsa:2048 -nodes -days 800"
           . " -subj /CN=localhost"
           . " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
           . " -keyout $dir/key.pem -out $dir/cert.pem 2>/dev/null") == 0
        or die 'openssl req failed';
    $self->{port} = free_port();
    $self->start;
    return $self;
}


sub option {
    my ($self) = @_;

    return "smtp://localhost:$self->{port}"
        . ' "from=Example Council <no-reply@example.org>"'
        . " user=relay password_file=$self->{password_file}"
        . " ca_file=$self->{cert}";
}


sub mail { return $_[0]{mail} //= MFA::Mail->new("$_[0]{dir}/mail") }


sub fault {
    my ($self, $words) = @_;

    open my $fh, '>', "$self->{dir}/control.new" or die;
    print $fh $words;
    close $fh;
    rename "$self->{dir}/control.new", "$self->{dir}/control";
}


sub start {
    my ($self) = @_;
    my $dir = $self->{dir};

    $self->{pid} = open my $pipe, '-|', '/usr/bin/python3',
        dirname(__FILE__) . '/sink.py', "$dir/mail", $self->{port},
        $self->{cert}, "$dir/key.pem", "$dir/control"
        or die "sink.py: $!";

    my $line = <$pipe> // '';

    die "sink.py did not start\n" unless $line eq "ready\n";
    $self->{pipe} = $pipe;
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
