#!/usr/bin/perl
#
# A stand-in for a legacy application: every path answers a page that shows
# whom the gate says the person is, and every request header that arrived. It
# has a session of its own, as such applications do: a cookie, which knows
# nothing of the gate's, a note that a form keeps in it, a logout.
#
#   app.pl FD NAME PREFIX TITLE     FD: a listening socket, inherited
#
# One child for each connection, one request for each connection.

use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;
use JSON::PP ();

my ($fd, $name, $prefix, $title) = @ARGV;
my $cookie = "\U$name\E_SESSION";
die "usage: app.pl FD NAME PREFIX TITLE\n" unless defined $title;

my $listen = IO::Socket::INET->new_from_fd($fd, 'r+') or die "fd $fd: $!\n";

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

while (1) {
    my $client = $listen->accept or next;
    my $pid = fork;

    if (defined $pid && $pid == 0) {
        close $listen;
        alarm 30;
        serve($client);
        exit 0;
    }

    close $client;
}


sub serve {
    my ($client) = @_;
    my ($method, $target, @headers) = read_head($client);

    return answer($client, 400, 'text/plain', "bad request\n")
        unless defined $method;

    my $body = read_body($client, @headers);

    my ($path) = $target =~ m{^(?:https?://[^/]*)?([^?]*)};
    my $head = $method eq 'HEAD';

    if ($path =~ m{^\Q$prefix\Eapi/}) {
        my $json = JSON::PP->new->canonical->pretty->encode({
            application => $name, method => $method, target => $target,
            user => value('Remote-User', @headers),
            headers => [map { { name => $_->[0], value => $_->[1] } }
                        @headers] });

        return answer($client, 200, 'application/json', $json, $head);
    }

    if ($path eq "${prefix}poll") {
        return answer($client, 200, 'application/json', "{\"news\":0}\n", $head);
    }

    if ($path eq "${prefix}logout") {
        return answer($client, 200, 'text/html; charset=utf-8', logout_page(),
                      $head, "Set-Cookie: $cookie=; Path=$prefix; Max-Age=0");
    }

    my $session = own_session(@headers);

    if ($method eq 'POST' && $path eq "${prefix}note") {
        $session->{note} = field($body, 'note');
        return answer($client, 303, 'text/plain', '', $head,
                      "Location: $prefix", set_cookie($session));
    }

    answer($client, 200, 'text/html; charset=utf-8',
           main_page($session, $method, $target, @headers), $head,
           $session->{is_new} ? set_cookie($session) : ());
}


# The session: who began it, and the note. A real one would keep it on the
# server; what matters here is that the cookie alone opens it, and that the
# person who began it stays in it.

sub own_session {
    my (@headers) = @_;
    my ($value) = value('Cookie', @headers)
        =~ /(?:^|;\s*)\Q$cookie\E=([0-9a-f]+)/;
    my ($user, $note) = defined $value ? split /\0/, pack('H*', $value), 2 : ();

    return { user => $user, note => $note // '' } if defined $user;
    return { user => value('Remote-User', @headers), note => '', is_new => 1 };
}


sub set_cookie {
    my ($session) = @_;
    my $value = unpack 'H*', "$session->{user}\0$session->{note}";

    return "Set-Cookie: $cookie=$value; Path=$prefix; HttpOnly; SameSite=Lax";
}


sub field {
    my ($body, $wanted) = @_;

    for (split /&/, $body) {
        my ($key, $text) = split /=/, $_, 2;

        next unless $key eq $wanted;
        $text =~ tr/+/ /;
        $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
        return substr $text, 0, 200;
    }

    return '';
}


sub read_head {
    my ($client) = @_;
    my $line = <$client> // return;
    my ($method, $target) = $line =~ m{^([A-Z]+) (\S+) HTTP/1\.[01]\r?\n$}
        or return;
    my @headers;

    while (defined($line = <$client>)) {
        $line =~ s/\r?\n$//;
        last if $line eq '';
        push @headers, [$1, $2] if $line =~ /^([^:]+):[ \t]*(.*)$/;
        return if @headers > 200;
    }

    return ($method, $target, @headers);
}


sub read_body {
    my ($client, @headers) = @_;
    my $left = value('Content-Length', @headers);
    my $body = '';

    return '' unless $left =~ /^\d+$/;

    while ($left > 0) {
        my $n = read($client, my $bytes, $left > 65536 ? 65536 : $left);
        last unless $n;
        $left -= $n;
        $body .= $bytes if length $body < 65536;
    }

    return $body;
}


sub answer {
    my ($client, $status, $type, $body, $head, @more) = @_;
    my $length = length $body;
    my $reason = { 200 => 'OK', 303 => 'See Other' }->{$status}
        // 'Bad Request';

    print $client "HTTP/1.1 $status $reason\r\n",
        "Content-Type: $type\r\nContent-Length: $length\r\n",
        map({ "$_\r\n" } @more), "Connection: close\r\n\r\n",
        $head ? '' : $body;
    $client->flush;
}


sub value {
    my ($wanted, @headers) = @_;

    for (@headers) {
        return $_->[1] if lc $_->[0] eq lc $wanted;
    }

    return '';
}


sub escape {
    my ($text) = @_;
    my %as = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');

    $text =~ s/([&<>"])/$as{$1}/g;
    return $text;
}


sub main_page {
    my ($session, $method, $target, @headers) = @_;
    my $own = escape($session->{user});
    my $note = escape($session->{note});
    my %is = map { $_ => escape(value("Remote-$_", @headers)) }
             qw(User Name Email Groups);
    my $who = $is{Name} || $is{User};
    my $said = $who
        ? "<p>Hello <strong>$who</strong>.</p>"
        : '<p>The application was not told who you are.</p>';
    my $rows = join '', map {
        '<tr><th scope="row">' . escape($_->[0]) . '</th><td>'
        . escape($_->[1]) . "</td></tr>\n" } @headers;
    my $asked = escape("$method $target");

    return page($title, <<"END");
$said
<dl>
<dt>User</dt><dd>$is{User}</dd>
<dt>E-mail</dt><dd>$is{Email}</dd>
<dt>Groups</dt><dd>$is{Groups}</dd>
<dt>Asked for</dt><dd><code>$asked</code></dd>
<dt>Session of $name</dt><dd id="own">$own</dd>
<dt>Note</dt><dd id="note">$note</dd>
</dl>
<form method="post" action="${prefix}note">
<p><label for="text">Note for this session</label>
<input id="text" name="note" maxlength="200">
<button>Keep note</button></p>
</form>
<ul>
<li><a href="/ess/">Employee Self Service</a></li>
<li><a href="/mss/">Manager Self Service</a></li>
<li><a href="/mfa/">Your applications</a></li>
<li><a href="${prefix}logout">Log out of $name</a></li>
</ul>
<table>
<caption>Request headers that the application received</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
<tbody>
$rows</tbody>
</table>
END
}


sub logout_page {
    return page("Logged out of $name", <<"END");
<p>$name has forgotten you. The gate has not.</p>
<p><a href="/mfa/logout">Log out everywhere</a></p>
<p><a href="$prefix">Back to $name</a></p>
END
}


sub page {
    my ($heading, $content) = @_;

    return <<"END";
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$heading</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 sans-serif; max-width: 50rem; margin: 0 auto;
       padding: 1rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
th, td { border: 1px solid; padding: .25rem .5rem; text-align: left;
         vertical-align: top; overflow-wrap: anywhere; }
dt { font-weight: bold; }
code { overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>$heading</h1>
$content</main>
</body>
</html>
END
}
