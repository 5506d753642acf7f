#!/usr/bin/perl
#
# The server of the browser tests: nginx with the module, the demo's two
# applications, a Postfix (STARTTLS, AUTH) for the mail. Prints one line of
# JSON with what the specs need to know when it answers; ends when its
# standard input does, or at a signal, and leaves no process behind.
#
# With an argument it is a server of a test's own, whose time the test moves:
# JSON { realm: options over those below, people: the roster instead of that
# below, register: [ people, as for MFA::Journey ], apps: with the real
# applications of MFA::Apps behind it, ahead: seconds its time is ahead from
# the start }. A line "31m" on its standard input is answered by one with the
# seconds its time is ahead.
#
# Where no Postfix can run (no root) the fault-free SMTP sink takes its part.

use MFA::Test;
use MFA::Apps;
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

my $own = @ARGV ? JSON::PP::decode_json($ARGV[0]) : undef;
my $mta = $own ? undef
        : MFA::Postfix->can_run ? MFA::Postfix->new : MFA::Sink->new;
my @pids;

END { kill TERM => @pids if @pids }

my ($ess, $mss) = map { application(@$_) }
    ['ESS', '/ess/', 'Employee Self Service'],
    ['MSS', '/mss/', 'Manager Self Service'];

my $apps = $own && $own->{apps} ? MFA::Apps->new : undef;

my @limits = map { "$_ 1000/1h" }
             qw(start_address login_address code_address login_person
                send_mailbox send_person sms_number sms_route sms_all);

# a spare connection of a browser would hold nginx as long as it may
my $s = mfa_server(workers => 2, start => 0, shutdown => '2s',
    people => $own && $own->{people} || \@people, time => !!$own,
    mail => $mta && $mta->option,
    factors => 'totp sms voice email',
    realm => { limit => \@limits, remember_device => '30d',
               sms_countries => 'GB IE DE',
               $own ? %{$own->{realm} // {}} : () },
    locations => <<"END");
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://127.0.0.1:$ess; }
        location /mss/  { mfa_allow group=managers;
                          proxy_pass http://127.0.0.1:$mss; }
        location /open/ { mfa off; proxy_pass http://127.0.0.1:$ess; }
        location /low/  { mfa_level one;
                          proxy_pass http://127.0.0.1:$ess/ess/; }
        location /pay/  { mfa_level fresh=10m;
                          proxy_pass http://127.0.0.1:$ess/ess/; }
@{[$apps ? $apps->locations : '']}
END

$s->advance($own->{ahead}) if $own && $own->{ahead};
$s->start;

my %first = (MFA_ORIGIN => $s->{origin},
             MFA_MAIL => ($mta ? $mta->mail : $s->mail)->{dir},
             MFA_TEXTS => $s->texts->{dir}, MFA_CALLS => $s->calls->{dir});

if ($own) {
    $first{people} = [ map { registered(%$_) } @{$own->{register} // []} ];

    # the codes they set it up with are spent
    $s->advance('90s');
    $first{ahead} = $s->{offset};
}

STDOUT->autoflush(1);
print JSON::PP::encode_json(\%first), "\n";

while (defined(my $line = <STDIN>)) {
    chomp $line;
    $s->advance($line) if $own;
    print "$s->{offset}\n" if $own;
}

$mta->stop if $mta;
$apps->stop if $apps;
done_testing();


# what the test needs to be somebody who has registered

sub registered {
    my (%is) = @_;
    my $me = $s->register($s->browser, $is{email}, to => '/ess/', %is);

    return { map { $_ => $me->{$_} }
             grep { defined $me->{$_} } qw(email password secret number) };
}


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
