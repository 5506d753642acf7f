#!/usr/bin/perl
#
# The server of the browser tests: nginx with the module, the demo's two
# applications, a Postfix (STARTTLS, AUTH) for the mail. Prints one line of
# JSON with what the specs need to know when it answers; ends when its
# standard input does, or at a signal, and leaves no process behind.
#
# Where no Postfix can run (no root) the fault-free SMTP sink takes its part.

use MFA::Test;
use MFA::Postfix;
use MFA::Sink;
use Cwd 'abs_path';
use Fcntl ();
use IO::Handle;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

Test::More->builder->output(\*STDERR);

# END and DESTROY run, which end Postfix and nginx; who reads our output may
# be gone before them

$SIG{$_} = sub { exit 1 } for qw(HUP INT QUIT TERM);
$SIG{PIPE} = sub { };

# people of their own for every project of playwright.config.mjs
my @projects = qw(desktop-nojs desktop-js phone-320 phone-320-nojs dark
                  dark-nojs);
my @people = map {
    my $p = $_;
    map { { email => "$_.$p\@example.org", user => "$_-$p",
            first_name => ucfirst $_, surname => 'Example',
            groups => $_ eq 'max' ? 'managers' : '',
            other_email => $_ eq 'una' ? '' : "$_.$p.home\@example.org",
            manager => '' } }
        qw(max ann sam vic mia una kim) } @projects;

my $mta = MFA::Postfix->can_run ? MFA::Postfix->new : MFA::Sink->new;
my @pids;

END { kill TERM => @pids if @pids }

my ($ess, $mss) = map { application(@$_) }
    ['ESS', '/ess/', 'Employee Self Service'],
    ['MSS', '/mss/', 'Manager Self Service'];

my @limits = map { "$_ 1000/1h" }
             qw(start_address login_address code_address login_person
                send_mailbox send_person sms_number sms_route sms_all);

my $s = mfa_server(workers => 2, people => \@people, mail => $mta->option,
    factors => 'totp sms voice email',
    realm => { limit => \@limits, remember_device => '30d',
               sms_countries => 'GB IE DE' },
    locations => <<"END");
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://127.0.0.1:$ess; }
        location /mss/  { mfa_allow group=managers;
                          proxy_pass http://127.0.0.1:$mss; }
        location /open/ { mfa off; proxy_pass http://127.0.0.1:$ess; }
END

STDOUT->autoflush(1);
print JSON::PP::encode_json({ MFA_ORIGIN => $s->{origin},
                              MFA_MAIL => $mta->mail->{dir},
                              MFA_TEXTS => $s->texts->{dir},
                              MFA_CALLS => $s->calls->{dir} }), "\n";

1 while defined(my $line = <STDIN>);

$mta->stop;
done_testing();


sub application {
    my (@what) = @_;
    my $listen = IO::Socket::INET->new(Listen => 64, Proto => 'tcp',
        LocalAddr => '127.0.0.1') or die "no port: $!";
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        @pids = ();
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', \*STDERR;
        fcntl $listen, Fcntl::F_SETFD(), 0;
        { exec $^X, MFA::Test::top() . '/conf/demo/app.pl', fileno $listen,
              @what };
        POSIX::_exit(127);
    }

    push @pids, $pid;
    return $listen->sockport;
}
