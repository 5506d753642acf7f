#!/usr/bin/perl
#
# Shows what the demo sent, newest first, so that one can read the codes:
# mails, text messages and what calls would say.
#
#   inbox.pl FD FOLDER      FD: a listening socket, inherited
#                           FOLDER: with the Maildirs mail, sms, voice
#
# Listens on loopback only and is part of the demo, never of an installation.

use strict;
use warnings;
use Encode ();
use IO::Handle;
use IO::Socket::INET;
use MIME::Base64 ();
use MIME::QuotedPrint ();
use POSIX ();
use Time::HiRes ();

my ($fd, $folder) = @ARGV;
die "usage: inbox.pl FD FOLDER\n" unless defined $folder;

my %kinds = (mail => 'Mail', sms => 'Text message', voice => 'Call');

my $listen = IO::Socket::INET->new_from_fd($fd, 'r+') or die "fd $fd: $!\n";

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

while (1) {
    my $client = $listen->accept or next;
    my $pid = fork;

    if (defined $pid && $pid == 0) {
        close $listen;
        alarm 10;
        serve($client);
        exit 0;
    }

    close $client;
}


sub serve {
    my ($client) = @_;
    my $line = <$client> // '';
    my ($path) = $line =~ m{^(?:GET|HEAD) (/[^ ?]*)};

    while (defined(my $header = <$client>)) {
        last if $header =~ /^\r?\n$/;
    }

    my $body;

    if (!defined $path) {
        $body = undef;

    } elsif ($path eq '/') {
        $body = list_page();

    } elsif ($path =~ m{^/message/([A-Za-z0-9_.,:=@+-]+)$}) {
        $body = message_page($1);
    }

    my $status = defined $body ? '200 OK' : '404 Not Found';

    $body = Encode::encode('UTF-8', $body // page('Not found', ''));
    print $client "HTTP/1.1 $status\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        "Cache-Control: no-store\r\nContent-Length: ", length $body,
        "\r\nConnection: close\r\n\r\n", $body;
    $client->flush;
}


sub list_page {
    my @all = sort { $b->{time} <=> $a->{time} || $b->{id} cmp $a->{id} }
              map { message($_) } files();
    my $rows = join '', map {
        my $when = POSIX::strftime('%H:%M:%S', localtime $_->{time});

        "<tr><td>$when</td><td>$_->{kind}</td><td>" . escape($_->{to})
        . '</td><td><a href="/message/' . escape($_->{id}) . '">'
        . escape($_->{subject}) . "</a></td></tr>\n" } @all;

    return page('Inbox of the demo', '<p>Nothing has been sent yet.</p>')
        unless @all;

    return page('Inbox of the demo', <<"END");
<table>
<caption>Messages that the demo sent, newest first</caption>
<thead><tr><th scope="col">Time</th><th scope="col">Kind</th>
<th scope="col">To</th><th scope="col">Subject</th></tr></thead>
<tbody>
$rows</tbody>
</table>
END
}


sub message_page {
    my ($id) = @_;
    my ($file) = grep { $_ =~ m{/\Q$id\E$} } files() or return undef;
    my $m = message($file);
    my $when = POSIX::strftime('%Y-%m-%d %H:%M:%S', localtime $m->{time});

    return page(escape($m->{subject}), '<dl><dt>To</dt><dd>'
        . escape($m->{to}) . '</dd>' . from_of($m)
        . "<dt>Kind</dt><dd>$m->{kind}</dd>"
        . "<dt>Time</dt><dd>$when</dd></dl>\n<pre>"
        . links(escape($m->{text})) . "</pre>\n"
        . '<p><a href="/">All messages</a></p>');
}


# a text message has no sender that one could see here

sub from_of {
    my ($m) = @_;
    return '' if $m->{from} eq '';
    return '<dt>From</dt><dd>' . escape($m->{from}) . '</dd>';
}


sub files {
    my @files;

    for my $sub (map { ("$_/new", "$_/cur") } sort keys %kinds) {
        opendir my $dir, "$folder/$sub" or next;
        push @files, map { "$folder/$sub/$_" } grep { !/^\./ } readdir $dir;
    }

    return @files;
}


sub message {
    my ($file) = @_;

    open my $fh, '<:raw', $file or return ();

    my $raw = do { local $/; <$fh> };
    my $time = (Time::HiRes::stat($fh))[9];
    my ($head, $body) = split_part($raw);
    my ($kind, $id) = $file =~ m{([^/]+)/[^/]+/([^/]+)$};
    my %m = (id => $id, time => $time, kind => $kinds{$kind},
             text => text_of($head, $body),
             map { ($_ => Encode::decode('MIME-Header', $head->{$_} // '')) }
                 qw(to from subject));

    $m{subject} = first_line($m{text}) if $m{subject} eq '';
    return \%m;
}


sub first_line {
    my ($text) = @_;
    my ($line) = ($text // '') =~ /(\S.*)/;

    return length($line // '') > 60 ? substr($line, 0, 60) . '...'
         : $line // 'no text';
}


sub split_part {
    my ($raw) = @_;
    my %head;

    $raw =~ s/\r\n/\n/g;

    my ($top, $body) = split /\n\n/, $raw, 2;

    $top =~ s/\n[ \t]+/ /g;

    for (split /\n/, $top) {
        $head{lc $1} //= $2 if /^([^:\s]+):[ \t]*(.*)$/;
    }

    return (\%head, $body // '');
}


sub text_of {
    my ($head, $body) = @_;
    my $type = $head->{'content-type'} // 'text/plain';
    my $coding = lc($head->{'content-transfer-encoding'} // '');

    if ($type =~ m{^multipart/}i
        && $type =~ /boundary=(?:"([^"]+)"|([^;\s]+))/i)
    {
        my $boundary = $1 // $2;
        my @parts = split /(?:^|\n)--\Q$boundary\E(?:--)?[ \t]*(?:\n|$)/, $body;

        shift @parts;

        for (@parts) {
            my $text = text_of(split_part($_));
            return $text if defined $text;
        }

        return undef;
    }

    return undef unless $type =~ m{^text/plain}i;

    $body = MIME::QuotedPrint::decode($body) if $coding eq 'quoted-printable';
    $body = MIME::Base64::decode($body) if $coding eq 'base64';

    return Encode::decode('UTF-8', $body);
}


sub escape {
    my ($text) = @_;
    my %as = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');

    $text //= '';
    $text =~ s/([&<>"])/$as{$1}/g;
    return $text;
}


sub links {
    my ($html) = @_;

    $html =~ s{(https?://[^\s<>&]+)}{<a href="$1">$1</a>}g;
    return $html;
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
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .5rem 0; }
th, td { border: 1px solid; padding: .25rem .5rem; text-align: left;
         overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
dt { font-weight: bold; }
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
