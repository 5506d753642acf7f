package MFA::Postfix;

# A private Postfix on a loopback port: STARTTLS and AUTH required, every
# address is delivered into one Maildir. Needs root (skip otherwise):
#
#   MFA::Postfix->can_run or plan(skip_all => 'needs root and Postfix');
#   my $postfix = MFA::Postfix->new;
#   my $s = mfa_server(mail => $postfix->option);   # smtp://localhost:PORT ...
#   $postfix->mail->latest('ann@example.org')->code # MFA::Mail
#   $postfix->{port} {user} {password} {cert} {password_file}
#   $postfix->log       $postfix->pause  $postfix->resume      $postfix->stop
#
# The certificate is its own authority: {cert} goes into ca_file=.

use strict;
use warnings;
use File::Temp ();
use IO::Socket::INET;
use Time::HiRes 'sleep';

use MFA::Mail;
use MFA::Port 'free_port';

my $daemons = '/usr/lib/postfix/sbin';


sub can_run {
    return $> == 0 && -x "$daemons/master" && -x '/usr/sbin/saslpasswd2';
}


sub new {
    my ($class) = @_;
    my $dir = File::Temp->newdir('mfa-pf-XXXXXX', TMPDIR => 1,
                                 CLEANUP => !$ENV{MFA_TEST_LEAVE});
    my $self = bless { dir => "$dir", holder => $dir, owner => $$,
                       user => 'relay', password => 'secret 4711' }, $class;

    chmod 0755, "$dir";
    $self->_make;

    for my $try (1 .. 5) {
        $self->_configure;
        return $self if $self->resume;
    }

    die "postfix does not start:\n" . $self->log;
}


# the value of the realm's option mail

sub option {
    my ($self) = @_;

    return "smtp://localhost:$self->{port}"
        . ' "from=Example Council <no-reply@example.org>"'
        . " user=$self->{user} password_file=$self->{password_file}"
        . " ca_file=$self->{cert}";
}


sub mail { return $_[0]{mail} //= MFA::Mail->new("$_[0]{dir}/mail/all") }


sub log {
    my ($self) = @_;

    open my $fh, '<', "$self->{dir}/maillog" or return '';
    local $/;
    return <$fh> // '';
}


sub resume {
    my ($self) = @_;

    my $failed = system("postfix -c $self->{dir}/etc start"
                        . " >$self->{dir}/start 2>&1");

    $self->{is_running} = 1;

    for (1 .. ($failed ? 0 : 1200)) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $self->{port}, Timeout => 5);
        my $line = $socket ? <$socket> : undef;

        return 1 if ($line // '') =~ /^220 /;
        sleep 0.05;
    }

    $self->pause;
    return 0;
}


sub pause {
    my ($self) = @_;

    return unless delete $self->{is_running};
    local $?;
    system("postfix -c $self->{dir}/etc stop >/dev/null 2>&1");
}


sub stop { my ($self) = @_; $self->pause if $self->{owner} == $$ }
sub DESTROY { $_[0]->stop }


sub _make {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];

    mkdir "$dir/$_" or die "$dir/$_: $!"
        for qw(etc etc/sasl etc/postfix-files.d etc/dynamicmaps.cf.d
               spool data mail);
    chown $uid, $gid, "$dir/mail";
    chown scalar(getpwnam 'postfix'), -1, "$dir/data";

    ($self->{cert}, $self->{password_file}) = ("$dir/cert.pem", "$dir/pass");
    _write($self->{password_file}, "$self->{password}\n", 0600);

    system("openssl req -x509 -newkey rsa:2048 -nodes -days 800"
           . " -subj /CN=localhost"
           . " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
           . " -keyout $dir/etc/key.pem -out $dir/cert.pem 2>/dev/null") == 0
        or die 'openssl req failed';

    _write("$dir/etc/sasl/smtpd.conf", "pwcheck_method: auxprop\n"
           . "auxprop_plugin: sasldb\nsasldb_path: $dir/etc/sasldb2\n"
           . "mech_list: PLAIN LOGIN\n", 0644);

    open my $pipe, '|-', 'saslpasswd2', '-p', '-c', '-f',
        "$dir/etc/sasldb2", '-u', 'mfa', $self->{user} or die;
    print $pipe $self->{password};
    close $pipe or die 'saslpasswd2 failed';
    chown 0, scalar(getgrnam 'postfix'), "$dir/etc/sasldb2";
    chmod 0640, "$dir/etc/sasldb2";

    for my $name (qw(postfix-files dynamicmaps.cf)) {
        my ($from) = grep { -e } map { "$_/$name" }
                     qw(/etc/postfix /usr/lib/postfix /usr/share/postfix);
        _write("$dir/etc/$name", $from ? _read($from) : '', 0644);
    }
}


sub _configure {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    $self->{port} = free_port();

    _write("$dir/etc/main.cf", <<"END", 0644);
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
command_directory = /usr/sbin
daemon_directory = $daemons
mail_owner = postfix
setgid_group = postdrop
myhostname = localhost
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = static:ALL
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
virtual_transport = virtual
maillog_file_prefixes = $dir
maillog_file = $dir/maillog
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = $dir/cert.pem
smtpd_tls_key_file = $dir/etc/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = $dir/etc/sasl
smtpd_sasl_local_domain = mfa
in_flow_delay = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
END

    my $master = _read('/usr/share/postfix/master.cf.dist');

    # our port, and no chroot
    $master =~ s/^smtp( +inet +n +- +)\S+/$self->{port}$1n/m;
    $master =~ s/^(\S+\s+(?:unix|inet|fifo|pass)\s+\S+\s+\S+\s+)y/$1n/mg;
    _write("$dir/etc/master.cf", $master, 0644);
}


sub _read {
    my ($file) = @_;

    open my $fh, '<', $file or die "$file: $!";
    local $/;
    return <$fh>;
}


sub _write {
    my ($file, $text, $mode) = @_;

    open my $fh, '>', $file or die "$file: $!";
    print $fh $text;
    close $fh or die "$file: $!";
    chmod $mode, $file;
}


1;
