# A store that cannot answer at once: the gate asks in a thread (MFA_AGAIN).

use MFA::Test;
use POSIX ();
use Time::HiRes qw(sleep);

my $s = mfa_server(people => [],
    realm => { store => 'memory:again', registration => 'domains example.org' },
    locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /any/  { satisfy any; allow 10.0.0.0/8; deny all;
                          proxy_pass http://app; }
        location /ssi/  { ssi on; alias %%DIR%%/ssi/; }
        location /osi/  { mfa off; ssi on; alias %%DIR%%/ssi/; }
        location /try/  { mfa off; root %%DIR%%/none; try_files $uri /ess/x; }
END
my $b = $s->browser;

mkdir "$s->{dir}/ssi", 0755 or die;
open my $fh, '>', "$s->{dir}/ssi/a.html" or die;
print $fh '[<!--#include virtual="/ess/a" -->]'
    . '[<!--#include virtual="/ess/b" -->]';
close $fh;
chmod 0644, "$s->{dir}/ssi/a.html";

$s->register($b, 'ann.employee@example.org', first => 'Ann',
             surname => 'Employee');

my %good = (map { $_ => 0 } qw(/ess/x /any/x /try/x));

for my $n (1 .. 10) {
    for my $path (sort keys %good) {
        $good{$path}++ if $b->api($path)->status == 200;
    }
}

is($good{$_}, 10, "ten times $_") for sort keys %good;

for my $path ('/ssi/a.html', '/osi/a.html') {
    my $n = 0;

    for (1 .. 10) {
        my $all = () = $b->api($path)->body =~ /<h1>application/g;
        $n++ if $all == 2;
    }

    is($n, 10, "ten times two subrequests in $path");
}

is_deeply([MFA::Upstream::values_of($s->app->last, 'Remote-Email')],
          ['ann.employee@example.org'], 'with the identity');

$s->app->forget;

for my $cookie ('', "x=1", join '=', (grep { /session/ } keys %{$b->{jar}})[0],
                'A' x 43)
{
    my @status = map { $s->browser->request('GET', '/ess/',
                       { Cookie => $cookie })->status } 1 .. 4;

    is("@status", '401 401 401 401', 'a stranger stays out');
}

is($s->app->hits, 0, 'and is not seen by the application');


# clients that leave while the thread asks

my @pids = map { my $pid = fork // die; $pid || do {
    for (1 .. 50) {
        my $c = $s->socket or next;
        my $path = $_ % 3 ? '/ess/' : '/osi/a.html';
        print $c "GET $path HTTP/1.1\r\nHost: x\r\nCookie: " . $b->cookie
            . "\r\n\r\n";
        $c->flush;
        sleep rand 0.004;
        setsockopt $c, 1, 13, pack('ii', 1, 0) if $_ % 2;
        close $c;
    }
    POSIX::_exit(0);
} } 1 .. 4;

waitpid $_, 0 for @pids;
is($b->api('/ess/x')->status, 200, 'L5: the worker goes on');
unlike($s->log, qr/exited on signal/, 'L5: and is the same');

done_testing();
