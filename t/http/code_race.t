# Many browsers' windows, one right code (B3, X63, gate 2 of security.md):
# 64 forms with the same code arrive together, over two workers; exactly one
# of them begins a session. The clock moves one step between rounds.
#
# ROUNDS=1000 for a release.

use MFA::Test;
use IO::Select;

my $rounds = $ENV{ROUNDS} // 200;
my $many = 64;

my $s = mfa_server(workers => 2, time => 1, log => 'error', realm => {
    trusted_networks => '127.0.0.0/8', sessions_per_user => 50 });

my $me = $s->register($s->browser, 'ann.employee@example.org');
my ($sessions, $bad_rounds, %statuses) = (0, 0);

for my $round (1 .. $rounds) {
    $s->advance('31s');

    my $b = $s->browser;
    $s->first_step($b, $me);

    my $form = $b->{page}->form('Continue');
    my $body = body_of($form, $s->code($me));
    my $began = race(request_of($form->{action}, $b->cookie, $body));

    $sessions += $began;
    $bad_rounds++ unless $began == 1;
}

is($bad_rounds, 0, "in each of $rounds rounds exactly one of $many began a "
                   . 'session (B3, X63)');
is($sessions, $rounds, "$sessions sessions in all");
is_deeply([sort keys %statuses], ['303'], 'every answer is a redirect');

done_testing();


sub body_of {
    my ($form, $code) = @_;
    my %fields = (%{$form->{fields}}, code => $code, do => 'continue');

    return join '&', map { "$_=" . ($fields{$_} =~ s{([^A-Za-z0-9_.-])}
                                    {sprintf '%%%02X', ord $1}ger) }
                     sort keys %fields;
}


sub request_of {
    my ($action, $cookie, $body) = @_;
    my ($path) = $action =~ m{^(?:https?://[^/]+)?(.*)};

    return join "\r\n", "POST $path HTTP/1.1", "Host: 127.0.0.1:$s->{port}",
        "Origin: $s->{origin}", 'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Site: same-origin', 'Connection: close',
        "Cookie: $cookie", 'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: ' . length $body, '', $body;
}


# all but the last byte on every connection, then all last bytes at once

sub race {
    my ($request) = @_;
    my @sockets = map { $s->socket } 1 .. $many;
    my $began = 0;

    syswrite $_, substr($request, 0, -1) for @sockets;
    syswrite $_, substr($request, -1) for @sockets;

    for my $socket (@sockets) {
        my $answer = '';
        my $select = IO::Select->new($socket);

        while ($select->can_read(60)) {
            last unless sysread $socket, $answer, 65536, length $answer;
        }

        my ($status) = $answer =~ m{^HTTP/1\.1 (\d+)};
        $statuses{$status // 'none'}++;
        $began++ if $answer =~ /^Set-Cookie: [^\r]*mfa_session=[^;\s]/m;
        close $socket;
    }

    return $began;
}
