package MFA::Test;

=head1 NAME

MFA::Test - a real nginx with the module, for one test file

=head1 SYNOPSIS

    use MFA::Test;              # also strict, warnings and Test::More

    my $s = mfa_server();       # a realm "staff" with three people, started
    my $b = $s->browser;        # see MFA::Browser

    my $p = $b->follow($b->get('/ess/'));
    is($p->h1, 'Login', 'an unknown visitor is asked to log in');
    is($s->app->hits, 0, 'the application was not asked');

    my $me = $s->register($b, 'ann.employee@example.org');
    $s->login($s->browser, $me);

    $s->advance('61m');         # with mfa_server(time => 1)

    done_testing();

=head1 THE SERVER

C<mfa_server(NAME =E<gt> VALUE, ...)>:

    realm      { option => 'value', ... } over the defaults below; a value
               undef drops an option, an array gives several lines
    name       of the realm: staff
    locations  text in the server block, instead of the default locations
    server     text in the server block, before the locations
    http       text in the http block;  main: text at the top
    conf       the whole configuration instead, with %%WORDS%%
    workers    1
    time       1: the time can be moved (advance)
    https      1: TLS; h2: 1: HTTP/2 as well
    people     CSV text or list of hashes for the roster; [] for nobody;
               default: ann.employee, max.manager (groups managers) and
               hana.helpdesk (groups helpdesk), all at example.org
    mail       the value of the option mail, instead of a Maildir
    factors    of the realm: 'totp sms voice email'; text messages and calls
               then go into the Maildirs sms and voice, unless realm says
               otherwise
    log        level of the error log: info (or $ENV{MFA_TEST_LOG})
    user       the worker's user, where we are root: www-data
    preload    libraries nginx is started with, [ files ]
    keys       names of more key files, for more realms: %%DIR%%/NAME.key
    start      0: write everything, start nothing
    shutdown   how long workers that leave keep connections: 10s

Defaults of the realm: public_url, store, key_file, brand "Example Council",
support, application ESS /ess/ and MSS /mss/ (group managers), mail into
$s->{dir}/mail, registration roster.

Default locations: /mfa/ the portal, /ess/ guarded, /mss/ with
mfa_allow group=managers, /open/ with "mfa off"; all go to the upstream.

Words in every text: %%PORT%% %%ORIGIN%% %%DIR%% %%UPSTREAM%% (host:port)
%%HTML%% %%TOP%% (of the source tree) %%BUILD%%.

=head1 METHODS

    browser(%h)         a new MFA::Browser
    app                 the upstream: hits, last, forget; MFA::Upstream
    mail                MFA::Mail;  mail->latest('ann@example.org')->code
    texts, calls        the same for text messages and calls, by number
    ctl(@arguments)     mfactl with -c and -r: (exit code, output)
    ctl_bare(@a)        mfactl as it stands
    json(@arguments)    mfactl ... --json, decoded; dies unless exit 0
    raw($bytes)         all bytes of the answer on a new connection
    socket              a connection, TLS where the server has it
    curl(@arguments)    (status, headers, body); the last argument a path
    advance('61m')      moves the time of server, mfactl and now
    now                 the server's time in seconds, with fractions
    reload              HUP; returns when new workers run and old ones left
    worker_pids         of the running workers
    kill_worker($sig)   of one; waits for its successor; KILL
    log                 the error log; log_like(qr/x/, 'name') waits
    logged              ('x.log', qr/x/): lines of an access log, waits for one
    settle              waits until every message has been sent
    tried($n)           waits until each message that waits was tried $n times
    under_way($cookie)  fifty slow requests; answered(@them) as a hash
    touched($user)      waits until a use of their newest session is written
    allow_log(qr/x/)    such alert, emerg and crit lines are expected
    access              lines of the access log
    stop                ends everything, checks the log; start starts again
    register, enrol, enrol_by, login, totp, go: see MFA::Journey
    {dir} {port} {origin} {conf}

Functions: C<conf_test(%args)> runs nginx -t on what mfa_server would have
started: (exit code, output). C<free_port()>. C<seconds('1h30m')>.

At stop, or at the end of the program, each server adds one test: nothing
above "error" in the log, no report of a sanitizer.

=head1 ENVIRONMENT

    TEST_NGINX_BINARY   /usr/sbin/nginx
    MFA_TEST_SO         build/nginx/ngx_mfa_module.so
    MFA_TEST_CTL        build/mfactl
    MFA_TEST_BUILD      build: where common-passwords.txt lies
    MFA_TEST_SAN        1: the module is built with ASan and UBSan
    MFA_TEST_LEAVE      1: keep the folders, print their names
    MFA_TEST_LOG        level of the error log

=cut

use strict;
use warnings;
use Cwd 'abs_path';
use File::Basename 'dirname';
use File::Temp ();
use IO::Socket::INET;
use Test::More ();

use MFA::Mail;
use MFA::Port 'free_port';
use MFA::Server;
use MFA::Upstream;

our @ISA = 'MFA::Server';
my @EXPORT = qw(mfa_server conf_test free_port seconds done_testing);

my $top = abs_path(dirname(__FILE__) . '/../../..');
my @servers;

sub import {
    my ($class) = @_;
    my $to = caller;

    strict->import;
    warnings->import;
    no strict 'refs';
    *{"${to}::$_"} = \&$_ for @EXPORT;
    use strict 'refs';
    eval "package $to; Test::More->import(import => ['!done_testing']); 1"
        or die $@;
}


sub nginx { return $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx' }
sub module { return $ENV{MFA_TEST_SO} || "$top/build/nginx/ngx_mfa_module.so" }
sub ctl_path { return $ENV{MFA_TEST_CTL} || "$top/build/mfactl" }
sub build { return $ENV{MFA_TEST_BUILD} || "$top/build" }
sub top { return $top }


sub seconds {
    my ($text) = @_;
    my %unit = (s => 1, m => 60, h => 3600, d => 86400);
    my $sum = 0;

    return $text if $text =~ /^-?\d+(?:\.\d+)?$/;
    $sum += $1 * $unit{$2} while $text =~ /(\d+)([smhd])/g;
    return $text =~ /^-/ ? -$sum : $sum;
}


# --- making it --------------------------------------------------------------

sub mfa_server {
    my $s = _make(@_);

    $s->start unless exists $s->{is}{start} && !$s->{is}{start};
    return $s;
}


sub _make {
    my (%is) = @_;
    my $dir = File::Temp->newdir('mfa-t-XXXXXX', TMPDIR => 1,
                                 CLEANUP => !$ENV{MFA_TEST_LEAVE});
    my $s = bless { is => \%is, dir => "$dir", holder => $dir, owner => $$,
                    realm => $is{name} // 'staff', allowed => [],
                    offset => 0, https => $is{https} || $is{h2} }, __PACKAGE__;

    Test::More::diag("in $dir") if $ENV{MFA_TEST_LEAVE};
    chmod 0755, $s->{dir};
    $s->{user} = $> == 0 ? $is{user} // _worker_user() : undef;
    $s->_make_folders;
    $s->{app} = MFA::Upstream->new($s->{dir});
    $s->{$_} = MFA::Mail->new("$s->{dir}/$_") for qw(mail sms voice);
    $s->_make_certificate if $s->{https};
    $s->_set_time(0) if $is{time};
    $s->_choose_port;
    $s->_make_key;
    push @servers, $s;
    return $s;
}


sub _worker_user { return getpwnam('www-data') ? 'www-data' : 'nobody' }


sub _make_folders {
    my ($s) = @_;
    my @own = map { "$s->{dir}/$_" } qw(store tmp),
              map { ($_, "$_/new", "$_/cur", "$_/tmp") } qw(mail sms voice);

    mkdir $_, 0700 or die "$_: $!" for @own;
    return unless defined $s->{user};

    my ($uid, $gid) = (getpwnam $s->{user})[2, 3];
    chown $uid, $gid, @own;
}


sub _make_certificate {
    my ($s) = @_;

    my ($code, $text) = $s->_run({}, 'openssl', 'req', '-x509', '-newkey',
        'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '800',
        '-subj', '/CN=localhost', '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout',
        "$s->{dir}/tls.key", '-out', "$s->{dir}/tls.pem");

    die "openssl req: $text" unless $code == 0;
}


sub _make_key {
    my ($s) = @_;

    for my $name ('mfa', @{$s->{is}{keys} // []}) {
        my ($code, $text) = $s->ctl_bare('key', 'new', "$s->{dir}/$name.key");

        die "mfactl key new: $text" unless $code == 0;
    }
}


sub _choose_port {
    my ($s) = @_;

    $s->{port} = free_port();
    $s->{origin} = ($s->{https} ? 'https' : 'http') . "://127.0.0.1:$s->{port}";
    $s->{conf} = "$s->{dir}/nginx.conf";
    $s->_write_conf;
}


sub _write_conf {
    my ($s) = @_;
    my %word = (PORT => $s->{port}, ORIGIN => $s->{origin},
                DIR => $s->{dir}, HTML => "$top/html", TOP => $top, BUILD => build(),
                UPSTREAM => "127.0.0.1:$s->{app}{port}");
    my $text = $s->_globals . ($s->{is}{conf} // $s->_conf);

    $text =~ s/%%([A-Z]+)%%/$word{$1} \/\/ die "unknown word %%$1%%"/ge;

    open my $fh, '>', $s->{conf} or die "$s->{conf}: $!";
    print $fh $text;
    close $fh or die;
}


# what every configuration of a test needs so that the host stays untouched

sub _globals {
    my ($s) = @_;
    my $level = $ENV{MFA_TEST_LOG} // $s->{is}{log} // 'info';
    my $user = defined $s->{user} ? "user $s->{user};" : '';

    return 'load_module ' . module() . ";\n"
        . "$user\npid %%DIR%%/nginx.pid;\n"
        . "error_log %%DIR%%/error.log $level;\n"
        . 'worker_processes ' . ($s->{is}{workers} // 1) . ";\n"
        . 'worker_shutdown_timeout ' . ($s->{is}{shutdown} // '10s') . ";\n";
}


sub _conf {
    my ($s) = @_;
    my ($main, $http, $server) = map { $s->{is}{$_} // '' }
                                 qw(main http server);
    my $locations = $s->{is}{locations} // <<'END';
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://app; }
        location /open/ { mfa off; proxy_pass http://app; }
END

    return "$main\n" . <<"END";
events { worker_connections 512; }

http {
    access_log %%DIR%%/access.log;
    client_body_temp_path %%DIR%%/tmp/body;
    proxy_temp_path %%DIR%%/tmp/proxy;
    fastcgi_temp_path %%DIR%%/tmp/fastcgi;
    uwsgi_temp_path %%DIR%%/tmp/uwsgi;
    scgi_temp_path %%DIR%%/tmp/scgi;

    upstream app { server %%UPSTREAM%%; }

@{[ $s->realm_text ]}
$http
    server {
        @{[ $s->_listen ]}
        server_name 127.0.0.1 localhost;
        mfa $s->{realm};
$server
$locations
    }
}
END
}


sub _listen {
    my ($s) = @_;

    return "listen 127.0.0.1:%%PORT%%;" unless $s->{https};

    my ($minor) = `@{[ nginx() ]} -v 2>&1` =~ m{/\d+\.(\d+)};
    my $tls = "ssl_certificate %%DIR%%/tls.pem;"
            . " ssl_certificate_key %%DIR%%/tls.key;";

    return "listen 127.0.0.1:%%PORT%% ssl; $tls" unless $s->{is}{h2};
    return "listen 127.0.0.1:%%PORT%% ssl; http2 on; $tls" if $minor >= 25;
    return "listen 127.0.0.1:%%PORT%% ssl http2; $tls";
}


# a block mfa_realm; for a second realm give its name and its own options

sub realm_text {
    my ($s, $name, $options) = @_;
    my %all = (
        public_url => '%%ORIGIN%%',
        store => 'lmdb:%%DIR%%/store',
        key_file => '%%DIR%%/mfa.key',
        html => '%%HTML%%',
        common_passwords => '%%BUILD%%/common-passwords.txt',
        brand => '"Example Council"',
        support => '"Human Resources" mail=hr@example.org'
                   . ' "phone=01632 960000"'
                   . ' chat=https://chat.example.org/',
        application => ['ESS /ess/ "Employee Self Service"',
                        'MSS /mss/ "Manager Self Service" group=managers'],
        mail => $s->{is}{mail} // 'maildir:%%DIR%%/mail'
                . ' "from=Example Council <no-reply@example.org>"',
        registration => 'roster',
        _factor_options($s),
        %{$options // $s->{is}{realm} // {}});
    my $text = '';

    for my $option (sort keys %all) {
        my $value = $all{$option} // next;
        $text .= "        $option $_;\n"
            for ref $value ? @$value : ($value);
    }

    $name //= $s->{realm};
    return "    mfa_realm $name {\n$text    }\n";
}


sub _factor_options {
    my ($s) = @_;
    my $factors = $s->{is}{factors} // return ();

    return (factors => $factors, map { ($_ => "maildir:%%DIR%%/$_") }
                                 grep { $factors =~ /\b$_\b/ } qw(sms voice));
}


sub conf_test {
    my (%is) = @_;
    my $s = _make(%is, start => 0);
    my @result = $s->_nginx_test;

    $s->{app}->stop;
    @servers = grep { $_ != $s } @servers;
    return @result;
}


# every server's own checks, then the plan

sub done_testing {
    $_->stop for @servers;
    Test::More::done_testing(@_);
}


END {
    my $code = $?;

    for my $s (grep { $_->{owner} == $$ } @servers) {
        my @bad = $s->_end;

        next unless @bad;
        print STDERR "# $_\n" for @bad;
        $code ||= 1;
    }

    $? = $code;
}


1;
