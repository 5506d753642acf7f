#!/usr/bin/perl
#
# make timing: does the time of an answer tell who exists? (A7, X47)
#
#   SAMPLES=2000 CHEAP_SAMPLES=20000 STARTS=1000 DEVICES=300 make timing
#   ONLY=login,cheap,reset,register,unlock,device
#
#   login     a login that fails: of a person with a wrong password, of one
#             who is disabled, locked, on the roster only, and of nobody
#   cheap     the same with argon2id at 64 KiB and one pass, cheap_hash.c
#   reset     the first step of a password reset, of a person and of nobody
#   register  of a registration: of a person, of one on the roster, of nobody
#   unlock    the unlocking of a browser, of a person and of nobody
#   device    a device reset, after the password: with the own address, with
#             another person's, with nobody's
#
# One nginx, one connection, one request at a time; whose turn it is is drawn
# by lot for each. Times are from the last byte of the request to the last
# of the answer. A budget is never used up: who has been asked for a few
# times is asked for again a day later, on the clock of the server.
#
# The first kind of each table is what the others are compared with. Exit 0:
# no difference is proved; 1: at least one is (t/lib/MFA/Statistics.pm).

use MFA::Test;
use IO::Socket::INET;
use List::Util qw(min shuffle);
use MFA::Statistics;
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

my $bin = shift // die "usage: timing.pl FOLDER_OF_PROGRAMS\n";
my %many = (login => $ENV{SAMPLES} || 2000,
            cheap => $ENV{CHEAP_SAMPLES} || 20_000,
            (map { $_ => $ENV{STARTS} || 1000 } qw(reset register unlock)),
            device => $ENV{DEVICES} || 300);
my @parts = split /,/, $ENV{ONLY} || 'login,cheap,reset,register,unlock,device';
my $tries = 4;                  # of one person in a day: all of them free
my $days = 20;                  # and so many days: under 100 in a row
my ($s, $proved) = (undef, 0);
my ($socket, $in_use);
my %page = (login => ['/mfa/login', 'Login'],
            cheap => ['/mfa/login', 'Login'],
            reset => ['/mfa/password-reset', 'Send verification code'],
            register => ['/mfa/register', 'Send verification code'],
            unlock => ['/mfa/unlock', 'Send an unlock code']);

Test::More->builder->output(\*STDERR);
$| = 1;

my ($load) = split ' ', `cat /proc/loadavg`;
printf "load average %s, %s\n", $load, scalar localtime;

for my $part (@parts) {
    die "no part $part\n" unless $many{$part};
    $part eq 'device' ? device($many{$part}) : stranger($part, $many{$part});
}

print $proved ? "\n$proved differences are PROVED\n"
              : "\nno difference is proved\n";
$s->stop if $s;
done_testing();

END { $? ||= $proved ? 1 : 0 }


# --- the server -------------------------------------------------------------

# people: user0 and on as of seed; of them the second third is disabled and
# the last is locked; roster0 and on never registered

sub server {
    my ($each, $is_cheap) = @_;

    $s->stop if $s;
    $s = mfa_server(start => 0, time => 1, log => 'warn',
        $is_cheap ? (preload => ["$bin/cheap_hash.so"]) : (),
        people => [map { { email => "roster$_\@example.org",
                           user => "roster$_" } } 0 .. $each - 1],
        realm => { trusted_networks => '127.0.0.0/8',
                   limit => [ 'login_address 1000/1m 5000/1h',
                              'start_address 1000/1h' ] });
    system("$bin/seed lmdb:$s->{dir}/store $s->{dir}/mfa.key "
           . 3 * $each . ' 1 > /dev/null') == 0 or die "seed failed";
    $s->start;

    for (0 .. $each - 1) {
        $s->json('user', 'disable', 'user' . ($each + $_) . '@example.org');
        $s->json('user', 'lock', 'user' . (2 * $each + $_) . '@example.org');
    }

    next_day();
    sleep 2;
}


# kept connections end with it

sub next_day {
    $s->advance('25h');
    $socket = undef;
    sleep 1;
}


# --- asking -----------------------------------------------------------------

sub connection {
    return $socket if $socket && $in_use++ < 90;

    $in_use = 0;
    $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $s->{port}, Proto => 'tcp',
        LocalAddr => join '.', 127, 1, map { 1 + int rand 250 } 1, 2)
        or die "no connection: $!";
    setsockopt $socket, 6, 1, 1;
    return $socket;
}


# (seconds, head of the answer); the connection is warm

sub ask {
    my ($request) = @_;
    my $to = connection();
    my ($in, $start) = ('', 0);

    if ($in_use == 0) {
        syswrite $to, "GET /mfa/style.css HTTP/1.1\r\nHost: "
                    . "127.0.0.1:$s->{port}\r\n\r\n";
        _answer($to);
    }

    syswrite $to, $request;
    $start = clock_gettime(CLOCK_MONOTONIC);
    $in = _answer($to);

    my $time = clock_gettime(CLOCK_MONOTONIC) - $start;

    $socket = undef if $in =~ /^Connection: close/mi;
    return ($time, $in);
}


sub _answer {
    my ($from) = @_;
    my $in = '';

    while (1) {
        sysread($from, $in, 65536, length $in) or die "no answer: $in";

        my $head = index $in, "\r\n\r\n";
        next if $head < 0;
        last if substr($in, 0, $head) =~ /^Content-Length: (\d+)/mi
                && length($in) >= $head + 4 + $1;
        last if $in =~ /\r\n0\r\n\r\n\z/;
        last if $in =~ m{^HTTP/1.1 304};
    }

    return $in;
}


# the form with that button, as bytes of a request for each address

sub form {
    my ($b, $button, %more) = @_;
    my $form = $b->{page}->form($button) or die "no form $button\n";
    my %fields = (%{$form->{fields}}, %{$form->{buttons}{$button}}, %more);
    my $address = $form->{labels}{'Email address'};
    my $cookie = $b->cookie;

    return sub {
        my ($email) = @_;
        my $body = join '&', map { _word($_) . '=' . _word(
                       $_ eq $address ? $email : $fields{$_}) }
                   sort keys %fields;

        return "POST $form->{action} HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}"
            . "\r\nOrigin: $s->{origin}\r\nSec-Fetch-Site: same-origin\r\n"
            . "Cookie: $cookie\r\n"
            . "Content-Type: application/x-www-form-urlencoded\r\n"
            . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    };
}


sub _word {
    my ($text) = @_;

    $text =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}


# --- what is measured -------------------------------------------------------

sub kinds {
    my ($part, $each) = @_;
    my %kind = (
        nobody => sub { "nobody$_[0]\@example.org" },
        person => sub { "user$_[0]\@example.org" },
        disabled => sub { 'user' . ($each + $_[0]) . '@example.org' },
        locked => sub { 'user' . (2 * $each + $_[0]) . '@example.org' },
        'roster only' => sub { "roster$_[0]\@example.org" },
    );

    return %kind;
}


sub stranger {
    my ($part, $samples) = @_;
    my $is_login = $part =~ /^(?:login|cheap)$/;
    my $each = int($samples / ($is_login ? $tries * ($days - 1) : $days)) + 1;
    my (%times, %answer);

    $each = 200 if $each > 200 && !$is_login;
    server($each, $part eq 'cheap');

    my %kind = kinds($part, $each);
    my ($path, $button) = @{$page{$part}};
    my $b = $s->browser;

    while (min(map { scalar @{$times{$_} // []} } keys %kind) < $samples) {
        my @turns = shuffle(map { my $kind = $_;
                                  map { [$kind, $_] } 0 .. $each - 1 }
                            keys %kind);

        @turns = shuffle((@turns) x ($is_login ? $tries : 1));
        $b->forget_cookies;
        $b->get($path);
        _fields($b, $button);
        my $form = form($b, $button, $is_login ? (password => 'wrong one')
                                               : ());

        for (0 .. 9) { ask($form->("warm$_\@example.org")) }

        for (@turns) {
            my ($kind, $n) = @$_;
            my ($time, $head) = ask($form->($kind{$kind}->($n)));

            push @{$times{$kind}}, $time;
            $answer{$kind}{_shape($head)}++;
        }

        next_day();
    }

    table($part, \%times, \%answer);
}


sub _fields {
    my ($b, $button) = @_;

    $b->{page}->form($button)
        or die "no $button on " . $b->{page}->text . "\n";
}


# status and target; what differs by chance is out of it

sub _shape {
    my ($head) = @_;
    my ($status) = $head =~ m{^HTTP/1.1 (\d+)};
    my ($to) = $head =~ m{^Location: ([^\r]*)}mi;

    $to //= '';
    $to =~ s/=[^&]*/=/g;
    return "$status $to";
}


# one who knows the password; each sample has a journey of its own

sub device {
    my ($samples) = @_;
    my $each = int($samples / 2) + 1;
    my (%times, %answer);

    $each = 40 if $each > 40;
    server($each);

    my %kind = (own => sub { "user$_[0]\@example.org" },
                'another person' => sub {
                    'user' . (($_[0] + 1) % $each) . '@example.org' },
                nobody => sub { "nobody$_[0]\@example.org" });

    while (min(map { scalar @{$times{$_} // []} } keys %kind) < $samples) {
        for my $turn (shuffle(map { my $kind = $_;
                                    map { [$kind, $_] } 0 .. $each - 1 }
                              keys %kind))
        {
            my ($kind, $n) = @$turn;
            my $b = $s->browser;

            $s->first_step($b, { email => "user$n\@example.org",
                                 password => 'correct horse 4711 staple' });
            $b->click('Reset device');
            _fields($b, 'Send verification code');

            my $form = form($b, 'Send verification code');
            my ($time, $head) = ask($form->($kind{$kind}->($n)));

            push @{$times{$kind}}, $time;
            $answer{$kind}{_shape($head)}++;
            last if min(map { scalar @{$times{$_} // []} } keys %kind)
                    >= $samples;
        }

        next_day();
    }

    table('device', \%times, \%answer);
}


# --- telling ----------------------------------------------------------------

sub table {
    my ($part, $times, $answer) = @_;
    my @kinds = ((grep { exists $times->{$_} } qw(own)),
                 (grep { $_ ne 'own' } sort keys %$times));

    @kinds = ('nobody', grep { $_ ne 'nobody' } @kinds)
        unless $kinds[0] eq 'own';

    my $base = $kinds[0];

    printf "\n%-9s %-15s %7s %9s %9s  %-19s %6s %6s %6s %4s\n", $part, '',
        'samples', 'median', 'later by', '99 %, us', 'Welch', 'crop.',
        'rank', 'box';

    for my $kind (@kinds) {
        my $d = MFA::Statistics::compare($times->{$base}, $times->{$kind});
        my $shapes = join ' | ', sort keys %{$answer->{$kind}};

        if ($kind eq $base) {
            printf "%-9s %-15s %7d %6.3f ms\n", '', $kind, $d->{n}[1],
                $d->{median}[1] * 1e3;
            next;
        }

        printf "%-9s %-15s %7d %6.3f ms %6.1f us  %7.1f to %8.1f %6.2f %6.2f"
            . " %6.2f %4s%s\n", '', $kind, $d->{n}[1], $d->{median}[1] * 1e3,
            $d->{difference} * 1e6, $d->{low} * 1e6, $d->{high} * 1e6,
            $d->{welch}, $d->{cropped}, $d->{rank},
            $d->{box} ? 'part' : '-', $d->{is_proved} ? '  PROVED' : '';
        $proved += $d->{is_proved};
    }

    my %shapes = map { my $k = $_; map { $_ => 1 } keys %{$answer->{$k}} }
                 @kinds;

    if (keys %shapes > 1) {
        print "          different answers: ",
            join('; ', map { my $k = $_; "$k: " . join ', ',
                 map { "$_ ($answer->{$k}{$_})" } sort keys %{$answer->{$k}} }
                 @kinds), "\n";
        $proved++;
    }
}
