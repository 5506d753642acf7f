#!/usr/bin/perl
#
# The server of the browser tests: nginx with the module, the demo's two
# applications, a Postfix (STARTTLS, AUTH) for the mail. Prints one line of
# JSON when it answers; ends when its standard input does.
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

# people of their own for every project of playwright.config.mjs
my @projects = qw(desktop-nojs desktop-js phone-320 phone-320-nojs dark
                  dark-nojs);
my @people = map {
    my $p = $_;
    map { { email => "$_.$p\@example.org", user => "$_-$p",
            first_name => ucfirst $_, surname => 'Example',
            groups => $_ eq 'max' ? 'managers' : '',
            other_email => "$_.$p.home\@example.org", manager => '' } }
        qw(max ann eve) } @projects;

my $mta = MFA::Postfix->can_run ? MFA::Postfix->new : MFA::Sink->new;
my @pids;

END { kill TERM => @pids if @pids }

my ($ess, $mss) = map { application(@$_) }
    ['ESS', '/ess/', 'Employee Self Service'],
    ['MSS', '/mss/', 'Manager Self Service'];

my $s = mfa_server(workers => 2, people => \@people, mail => $mta->option,
    realm => { limit => ['start_address 1000/1h', 'login_address 1000/1h',
                         'code_address 1000/1h'] },
    locations => <<"END");
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://127.0.0.1:$ess; }
        location /mss/  { mfa_allow group=managers;
                          proxy_pass http://127.0.0.1:$mss; }
        location /open/ { mfa off; proxy_pass http://127.0.0.1:$ess; }
END

STDOUT->autoflush(1);
print JSON::PP::encode_json({ origin => $s->{origin},
                              maildir => $mta->mail->{dir} }), "\n";

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
