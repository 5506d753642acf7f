# A form that was kept is sent exactly once, whoever else asks at the same
# time, in whatever worker, and whatever becomes of nginx meanwhile (L9).

use MFA::Test;
use Digest::SHA 'sha256_hex';

my $s = mfa_server(time => 1, workers => 4,
    realm => { trusted_networks => '127.0.0.0/8', held_form => '4m',
               limit => 'login_person 1000/1h 1000/1d' },
    locations => <<'END');
        client_max_body_size 8m;
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
END

my $app = $s->app;
my $label = 'Please enter verification code using your authentication app';
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $body = join '', map { chr } map { $_ % 256 } 0 .. 299_999;

sub kept {
    my ($b, $path, $content) = @_;

    my $p = $b->request('POST', $path, { Accept => 'text/html',
        Origin => $s->{origin}, 'Content-Type' => 'text/plain' }, $content);

    return ($p->header('Location') // '') =~ m{/mfa/held/(\w{32})} ? $1 : '';
}

sub past {
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $ann, to => '/ess/');
    $s->advance('61m');
    return $b;
}

sub log_in {
    my ($b, $id) = @_;

    $s->advance('31s');
    $s->login($b, $ann, to => "/mfa/held/$id");
    return $b->get("/mfa/held/$id");
}

# each on its own connection, all at once

sub ask {
    my ($b, $path, $id, $count) = @_;
    my @sockets = map { $s->socket } 1 .. $count;
    my %answers;

    for (@sockets) {
        print $_ "POST $path HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
            . 'Cookie: ' . $b->cookie . "\r\nOrigin: $s->{origin}\r\n"
            . "Content-Type: application/x-www-form-urlencoded\r\n"
            . "Content-Length: 41\r\nConnection: close\r\n\r\nmfa_held=";
        $_->flush;
    }

    for (@sockets) { print $_ $id; $_->flush }

    for (@sockets) {
        my $text = do { local $/; <$_> } // '';
        $answers{$text =~ m{^HTTP/1.1 (\d+)} ? $1 : 'none'}++;
    }

    return \%answers;
}

sub posts { return grep { $_->{method} eq 'POST' } $app->all }

for (['a short one', 'a=1'], ['a long one', $body]) {
    my ($what, $content) = @$_;
    my $b = past();
    my $id = kept($b, '/ess/race', $content);

    log_in($b, $id);
    $app->forget;
    is_deeply(ask($b, '/ess/race', $id, 32), { 200 => 1, 303 => 31 },
              "L9: 32 in parallel, $what: one success in total");
    is(scalar(posts()), 1, 'L9: the application got it once');
    is(sha256_hex((posts())[0]{body}), sha256_hex($content), 'and whole');
}

# the client leaves in the middle of a send, and comes back

{
    my $b = past();
    my $id = kept($b, '/ess/leave', $body);

    log_in($b, $id);
    $app->forget;

    for (1 .. 20) {
        my $c = $s->socket;
        print $c "POST /ess/leave HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
            . 'Cookie: ' . $b->cookie . "\r\nOrigin: $s->{origin}\r\n"
            . "Content-Type: application/x-www-form-urlencoded\r\n"
            . "Content-Length: 41\r\n\r\nmfa_held=$id";
        $c->flush;
        select undef, undef, undef, 0.002 * $_;
        setsockopt $c, 1, 13, pack('ii', 1, 0);
        close $c;
    }

    my $answers = ask($b, '/ess/leave', $id, 4);

    ok(!exists $answers->{none}, 'L9: clients that leave do no harm');
    cmp_ok(scalar(posts()), '<=', 1, 'L9: never twice');
    $b->{page} = $b->get("/mfa/held/$id");
    is($b->{page}->h1, 'This form was sent', 'and the page knows');
}

# a worker dies between the keeping and the sending, and nginx is reloaded

{
    my $b = past();
    my $id = kept($b, '/ess/die', $body);

    $s->kill_worker('KILL');
    $s->allow_log(qr/exited on signal 9/);
    $s->reload;
    log_in($b, $id);
    $app->forget;
    is_deeply(ask($b, '/ess/die', $id, 8), { 200 => 1, 303 => 7 },
              'L9: after a crash and a reload, once');
    is(sha256_hex((posts())[0]{body}), sha256_hex($body), 'and whole');
}

# what was tampered with is not sent, and not in part (J8)

{
    my $b = past();
    my $id = kept($b, '/ess/cut', $body);
    my ($file) = glob "$s->{dir}/store/held/*";

    truncate $file, 100_000 or die;
    log_in($b, $id);
    $app->forget;
    $s->allow_log(qr/cannot be read/);
    is_deeply(ask($b, '/ess/cut', $id, 1), { 303 => 1 },
              'J8: a file that was cut');
    is(scalar(posts()), 0, 'is not sent in part');
    is($b->get("/mfa/held/$id")->location, '/mfa/', 'and is gone');
    is(scalar(() = glob "$s->{dir}/store/held/*"), 0, 'from the disk too');
}

# at most four of a person, the oldest goes

{
    my $b = past();
    my @ids = map { kept($b, "/ess/$_", "n=$_") } 1 .. 5;

    is(scalar(grep { $_ } @ids), 5, 'L9: five forms are kept');
    $s->advance('31s');
    $s->login($b, $ann, to => '/ess/');
    is_deeply([map { $b->get("/mfa/held/$_")->status } @ids],
              [303, (200) x 4], 'L9: of which four are left');
    my $value = (grep { /mfa_held/ } split /; /, $b->cookie)[0];
    is(scalar(() = $value =~ /[\w-]{43}/g), 4,
       'and the cookie has a token for each');
}

done_testing();
