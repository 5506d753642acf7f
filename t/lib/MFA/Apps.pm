package MFA::Apps;

# Real applications, as Debian packages them, on loopback ports of their own
# (issue "Life with legacy applications", What it must show, 1):
#
#   MFA::Apps->can_run or plan(skip_all => MFA::Apps->missing);
#   my $apps = MFA::Apps->new;
#   mfa_server(locations => $apps->locations);
#   $apps->stop;
#
#   /cal/     Radicale, which believes a header that names the user
#   /files/   webfs, which knows HTTP Basic and nothing else
#   /screen/  noVNC: a page, and a WebSocket to the VNC server of an X screen
#   /wiki/    DokuWiki by FastCGI: forms and uploads
#
# The X screen has no password: none of the ports is for others than the gate.

use strict;
use warnings;
use Cwd 'abs_path';
use File::Temp ();
use IO::Socket::INET;
use POSIX 'WNOHANG';
use Time::HiRes 'sleep';

use MFA::Port 'free_port';
use MFA::Test;

my $wiki = '/usr/share/dokuwiki';
my %needs = (radicale => '/usr/bin/radicale', webfs => '/usr/bin/webfsd',
             websockify => '/usr/bin/websockify',
             novnc => '/usr/share/novnc/vnc_lite.html',
             'tigervnc-standalone-server' => '/usr/bin/Xvnc',
             'php-cgi' => '/usr/bin/php-cgi', dokuwiki => "$wiki/doku.php");


sub missing { return join ' ', grep { !-e $needs{$_} } sort keys %needs }
sub can_run { return missing() eq '' }


sub new {
    my ($class) = @_;
    my $dir = File::Temp->newdir('mfa-apps-XXXXXX', TMPDIR => 1,
                                 CLEANUP => !$ENV{MFA_TEST_LEAVE});
    my $self = bless { dir => "$dir", holder => $dir, owner => $$,
                       pids => [] }, $class;

    chmod 0755, "$dir";
    $self->{password} = 'legacy 4711';
    $self->{$_} = free_port() for qw(cal files screen vnc wiki);
    $self->_radicale;
    $self->_webfs;
    $self->_novnc;
    $self->_dokuwiki;
    $self->_wait($_) for qw(cal files vnc screen wiki);
    return $self;
}


# what an operator would write

sub locations {
    my ($self) = @_;

    return <<"END";
        location /cal/ {
            mfa_identity_headers X-Remote-User;
            proxy_pass           http://127.0.0.1:$self->{cal}/;
            proxy_set_header     X-Script-Name /cal;
        }

        location /files/ {
            mfa_upstream_basic payroll password_file=$self->{dir}/password;
            proxy_pass         http://127.0.0.1:$self->{files}/;
        }

        location /screen/ {
            proxy_pass         http://127.0.0.1:$self->{screen}/;
            proxy_http_version 1.1;
            proxy_set_header   Upgrade \$http_upgrade;
            proxy_set_header   Connection upgrade;
            proxy_read_timeout 1h;
        }

        location /wiki/ {
            client_max_body_size 8m;
            alias         $wiki/;
            index         doku.php;

            location ~ ^/wiki/(.*\\.php)\$ {
                client_max_body_size 8m;
                alias         $wiki/\$1;
                include       /etc/nginx/fastcgi_params;
                fastcgi_param SCRIPT_NAME     \$uri;
                fastcgi_param SCRIPT_FILENAME $wiki/\$1;
                fastcgi_param HTTP_HOST       \$http_host;
                fastcgi_param DOCUMENT_ROOT   $wiki;
                fastcgi_pass  127.0.0.1:$self->{wiki};
            }
        }
END
}


sub log {
    my ($self) = @_;
    local (@ARGV, $/) = glob "$self->{dir}/*.log";

    return join '', <>;
}


sub stop {
    my ($self) = @_;

    return if $self->{owner} != $$;
    local $?;
    my @pids = splice @{$self->{pids}};

    kill TERM => map { -$_ } @pids;

    for (1 .. 400) {
        @pids = grep { waitpid($_, WNOHANG) == 0 } @pids or last;
        sleep 0.05;
    }

    kill KILL => map { -$_ } @pids;
    waitpid $_, 0 for @pids;
}

sub DESTROY { $_[0]->stop }


sub _radicale {
    my ($self) = @_;

    _write("$self->{dir}/radicale", <<"END");
[server]
hosts = 127.0.0.1:$self->{cal}

[auth]
type = http_x_remote_user

[storage]
filesystem_folder = $self->{dir}/calendars
END

    $self->_start('radicale', '/usr/bin/radicale', '--config',
                  "$self->{dir}/radicale");
}


sub _webfs {
    my ($self) = @_;

    mkdir "$self->{dir}/files";
    _write("$self->{dir}/files/payslip.txt", "Payslip of March\n");
    _write("$self->{dir}/password", "$self->{password}\n", 0600);

    $self->_start('webfs', '/usr/bin/webfsd', '-F', '-4', '-i', '127.0.0.1',
                  '-p', $self->{files}, '-r', "$self->{dir}/files", '-b',
                  "payroll:$self->{password}", '-l', '-');
}


sub _novnc {
    my ($self) = @_;

    # the display is the first that is free
    $self->_start('screen', '/usr/bin/Xvnc', '-displayfd', '1',
                  '-SecurityTypes', 'None', '-localhost', '-rfbport',
                  $self->{vnc}, '-geometry', '320x200', '-nolisten', 'tcp');
    $self->_start('novnc', '/usr/bin/websockify', '--web',
                  '/usr/share/novnc', "127.0.0.1:$self->{screen}",
                  "127.0.0.1:$self->{vnc}");
}


# a wiki of its own: the package's settings, its pages copied

sub _dokuwiki {
    my ($self) = @_;
    my $dir = "$self->{dir}/wiki";

    system('cp', '-rL', '/etc/dokuwiki', $dir) == 0 or die "no $dir";
    system('cp', '-r', '/var/lib/dokuwiki/data', "$dir/data") == 0
        or die "no $dir/data";
    _write("$dir/local.php", <<"END");
<?php
\$conf['title'] = 'Wiki';
\$conf['useacl'] = 0;
\$conf['savedir'] = '$dir/data';
\$conf['updatecheck'] = 0;
\$conf['userewrite'] = 0;
\$conf['basedir'] = '/wiki/';
END
    _write("$self->{dir}/first.php",
           "<?php\ndefine('DOKU_CONF', '$dir/');\n"
           . "define('DOKU_E_LEVEL', 0);\n");

    local $ENV{PHP_FCGI_CHILDREN} = 2;
    $self->_start('wiki', '/usr/bin/php-cgi', '-b',
                  "127.0.0.1:$self->{wiki}", '-d',
                  "auto_prepend_file=$self->{dir}/first.php");
}


# in a group of its own, with all that it starts

sub _start {
    my ($self, $name, @command) = @_;
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        POSIX::setpgid(0, 0);
        chdir $self->{dir};
        $ENV{HOME} = $self->{dir};
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/$name.log";
        open STDERR, '>&', \*STDOUT;
        { exec @command };
        POSIX::_exit(127);
    }

    POSIX::setpgid($pid, $pid);
    push @{$self->{pids}}, $pid;
}


sub _wait {
    my ($self, $name) = @_;

    for (1 .. 1200) {
        return if IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $self->{$name}, Timeout => 20);
        sleep 0.05;
    }

    die "$name does not start:\n" . $self->log;
}


sub _write {
    my ($file, $text, $mode) = @_;

    open my $fh, '>', $file or die "$file: $!";
    print {$fh} $text;
    close $fh or die "$file: $!";
    chmod $mode // 0644, $file;
}


1;
