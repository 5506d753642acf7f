# mfactl probe: nothing forged gets through a gateway that is right, whatever
# its spelling; what a wrong configuration lets through is reported.

use MFA::Test;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

my $recorder = free_port();
my $bare = free_port();
my $echo = echo();

my $s = mfa_server(
    http => <<"END",
    underscores_in_headers on;

    server {
        listen 127.0.0.1:$bare;
        ignore_invalid_headers off;
        location /plain/ { proxy_pass http://127.0.0.1:$recorder; }
        location /echo/  { proxy_pass http://127.0.0.1:$echo; }
        location /dead/  { return 403; }
    }
END
    locations => <<"END");
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://127.0.0.1:$recorder; }
        location /open/ { mfa off; proxy_pass http://127.0.0.1:$recorder; }
        location ~ ^/(one|two)/x\\.php\$ { proxy_pass http://127.0.0.1:$recorder; }
        location ~ ^/[a-z]+/deep\$ { proxy_pass http://127.0.0.1:$recorder; }
        location \@named { proxy_pass http://127.0.0.1:$recorder; }
        location /inside/ { internal; root html; }
        location /echo/ {
            mfa_identity_headers X-Who Remote-User;
            proxy_pass http://127.0.0.1:$echo;
        }
        location /method/ {
            mfa off;
            proxy_set_header X-How-Proved \$mfa_amr;
            proxy_pass http://127.0.0.1:$recorder;
        }
END

my $b = $s->browser;
my $me = $s->register($b, 'ann.employee@example.org');
my $jar = "$s->{dir}/cookies";

put($jar, join '', map { "$_=$b->{jar}{$_}{value}\n" } keys %{$b->{jar}});

sub put {
    my ($name, $text) = @_;

    open my $fh, '>', $name or die "$name: $!";
    print $fh $text;
    close $fh or die;
}


sub probe {
    my (@arguments) = @_;
    my ($code, $text) = $s->ctl_bare('probe', @arguments, '--json');

    return ($code, eval { JSON::PP::decode_json($text) } // die $text);
}

my @listen = ('--listen', "127.0.0.1:$recorder");


# a right gateway, with a session

{
    my ($code, $got) = probe("$s->{origin}/", @listen, '/ess/', '/open/',
                             '/echo/', '--header', 'X-Who',
                             '--cookie-file', $jar);
    my %is = map { $_->{path} => $_ } @{$got->{locations}};
    my $each = $got->{spellings} + 2 * ($got->{addresses} - 1);

    is($code, 0, 'a right gateway: exit code 0');
    is_deeply($got->{leaks}, [], 'nothing forged arrived');
    is_deeply($got->{headers}, [qw(X-Who Remote-User Remote-Email Remote-Name
                                   Remote-Groups)], 'the headers it forged');
    is($got->{requests}, 3 * $each, 'every spelling at every location');
    cmp_ok($got->{spellings}, '>=', 25, 'spellings of names');
    cmp_ok($got->{addresses}, '>=', 15, 'forms of the address');

    for my $path (qw(/ess/ /open/ /echo/)) {
        cmp_ok($is{$path}{arrived}, '>=', 20, "$path: requests were seen");
    }

    # the words of the log: each spelling was sent as it stands

    my $is_logged = sub { scalar $s->logged('access.log', $_[0]) };
    ok($is_logged->(qr{"GET \Q$_\E HTTP/1}), "sent: $_")
        for qw(//ess/ /./ess/ /x/../ess/ /%2e/ess/ /%65ss/ /ESS/ /ess;x/
               /ess/;x);
    ok($is_logged->(qr{"GET http://127\.0\.0\.1:\d+/ess/ HTTP/1\.1"}),
       'sent: absolute form');
}


# without a session nothing guarded is reached at all

{
    my ($code, $got) = probe("$s->{origin}/", @listen, '/ess/');

    is($code, 0, 'without a session: exit code 0');
    is($got->{locations}[0]{arrived}, 0, 'nothing arrived');
    is($got->{locations}[0]{passed}, 0, 'nothing was answered');
}


# locations and names from the configuration; one name leaks with underscores

{
    my ($code, $got) = probe("$s->{origin}/", @listen, '--conf', $s->{conf},
                             '--cookie-file', $jar);

    is_deeply([sort map { $_->{path} } @{$got->{locations}}],
              [sort qw(/ /mfa/ /ess/ /open/ /echo/ /method/ /one/x.php)],
              'the locations that a client may ask for');
    is_deeply($got->{not_asked}, ['^/[a-z]+/deep$'], 'and what it left out');
    is_deeply([sort @{$got->{headers}}],
              [sort qw(Remote-User Remote-Email Remote-Name Remote-Groups
                       X-Who X-How-Proved)], 'names of the configuration');

    my %by = map { ("$_->{path} $_->{header}" => 1) } @{$got->{leaks}};

    is($code, 1, 'a leak: exit code 1');
    is_deeply([grep { !/X-How-Proved/ } keys %by], [],
              'only what the module does not remove itself');
    my @of = grep { $_->{path} eq '/method/' } @{$got->{leaks}};
    ok((grep { $_->{spelling} eq 'underscores' } @of),
       'X_How_Proved passes where underscores are on');
    ok(!(grep { $_->{spelling} eq 'as it is' } @of),
       'X-How-Proved does not, where the gateway sets it');
    like($of[0]{seen}, qr/^as "X[_.]/, 'says as what it arrived');
}


# a server without the guard: everything passes

{
    my ($code, $got) = probe("http://127.0.0.1:$bare/", @listen, '/plain/',
                             '/dead/');
    my %spelling = map { $_->{spelling} => 1 } @{$got->{leaks}};
    my %address = map { $_->{address} => 1 } @{$got->{leaks}};

    is($code, 1, 'no guard: exit code 1');
    ok($spelling{$_}, "leaks: $_")
        for 'as it is', 'upper case', 'underscores', 'dots', 'twice',
            'exclamation marks';
    ok(!$spelling{$_}, "nginx refuses: $_")
        for 'space before the colon', 'value on the next line';
    ok($address{$_}, "leaks: $_")
        for '//', '/./', '/%2e/', 'absolute form', 'host with a dot at its end';
    ok(!(grep { $_->{path} ne '/plain/' } @{$got->{leaks}}),
       'not where nothing is passed on');
}


# seen in answers that repeat headers, without a recorder

{
    my ($code, $text) = $s->ctl_bare('probe', "http://127.0.0.1:$bare/",
                                     '/echo/');

    is($code, 1, 'an application that repeats: exit code 1');
    like($text, qr{^leak:\ /echo/:\ Remote-User\ \(as\ it\ is;\ address\ as\ it\ is\)
                   \ reached\ the\ application,\ seen\ in\ the\ answer$}mx,
         'where, what, how');
    like($text, qr/^\d+\ requests:\ 4\ headers\ in\ \d+\ spellings,
                   \ \d+\ forms\ of\ the\ address,\ 1\ locations;\ \d+\ forged/mx, 'and how many');
    unlike($text, qr/mfa_session/, 'no cookie');
}


# exit code 2: what could not be asked

for (['no such port', 'http://127.0.0.1:' . free_port() . '/'],
     ['no URL', 'people.example.org'],
     ['another scheme', 'file:///etc/passwd'],
     ['no path', "$s->{origin}/", 'ess'],
     ['no name', "$s->{origin}/", '--header', 'a:b'],
     ['no cookies', "$s->{origin}/", '--cookie-file', "$s->{dir}/none"],
     ['no configuration', "$s->{origin}/", '--conf', "$s->{dir}/none"],
     ['a recorder for the network', "$s->{origin}/", '--listen',
      "0.0.0.0:$recorder"])
{
    my ($name, @arguments) = @$_;

    is(($s->ctl_bare('probe', @arguments))[0], 2, "$name: exit code 2");
}


# over TLS, with a certificate that must be known

{
    my $tls = mfa_server(https => 1, people => [], locations => <<"END");
        location /mfa/  { mfa_portal; }
        location /open/ { mfa off; proxy_pass http://127.0.0.1:$recorder; }
END
    my @to = ("https://localhost:$tls->{port}/", '/open/', @listen);

    is((probe(@to))[0], 2, 'TLS: an unknown certificate is refused');

    my ($code, $got) = probe(@to, '--ca-file', "$tls->{dir}/tls.pem");

    is($code, 0, 'TLS: exit code 0');
    cmp_ok($got->{locations}[0]{arrived}, '>=', 20, 'TLS: requests arrived');

    ($code, $got) = probe("https://localhost:1/", '/open/', @listen,
                          '--ca-file', "$tls->{dir}/tls.pem", '--connect',
                          "127.0.0.1:$tls->{port}");
    is($code, 0, '--connect: another address');
    cmp_ok($got->{locations}[0]{arrived}, '>=', 20, '... is where it went');
}

kill KILL => $main::echo_pid;
waitpid $main::echo_pid, 0;
done_testing();


# an application that repeats what it got

sub echo {
    my $socket = IO::Socket::INET->new(Listen => 64, ReuseAddr => 1,
                                       LocalAddr => '127.0.0.1') or die;
    $main::echo_pid = fork // die;

    return $socket->sockport if $main::echo_pid;
    alarm 900;
    $SIG{ALRM} = 'DEFAULT';

    while (my $client = $socket->accept) {
        my $head = '';

        while (defined(my $line = <$client>)) {
            last if $line =~ /^\r?\n$/;
            $head .= $line;
        }

        print $client "HTTP/1.1 200 OK\r\nConnection: close\r\n"
            . 'Content-Length: ' . length($head) . "\r\n\r\n$head";
        close $client;
    }

    POSIX::_exit(0);
}
