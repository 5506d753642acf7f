# A flood of strangers' logins leaves a quarter of the places for a hash to
# people in browsers that are known; a mark that is forged, copied to another
# browser or used too often is worth nothing (4.6, H2, H4).

use MFA::Test;
use IO::Select;

my $s = mfa_server(realm => { trusted_networks => '127.0.0.0/8' },
                   people => [map { { email => "$_.employee\@example.org",
                                      user => $_, first_name => ucfirst $_,
                                      surname => 'Employee' } } qw(ann bob)]);
my %person = map { $_ => "$_.employee\@example.org" } qw(ann bob);
my $home = $s->browser;
my $me = $s->register($home, $person{ann});
my $other = $s->browser;
my $you = $s->register($other, $person{bob});

my ($name) = grep { /browser/ } keys %{$home->{jar}};
my ($number, $mark, $last) = split /[.~]/, $home->{jar}{$name}{value};

is(length $number, 43, 'the browser has its number');
like($mark, qr/^[\w-]{54}$/, '4.6: and a mark, once a person is proved');

my $new = $s->browser;
$new->get('/mfa/login');
unlike($new->{jar}{$name}{value}, qr/\./, 'a new browser has none');

# logins that never end: each has a place until its body is there

my @flood;

sub hang {
    my ($cookie) = @_;
    my $socket = $s->socket;

    print $socket "POST /mfa/login HTTP/1.1\r\nHost: 127.0.0.1:$s->{port}\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\n"
        . (defined $cookie ? "Cookie: $name=$cookie\r\n" : '')
        . "Content-Length: 100\r\n\r\nemail=";
    $socket->flush;
    push @flood, $socket;
}

# 503 comes at once; who has a place is not answered. How many are refused,
# once so many have an answer, and a second for more

sub refused {
    my ($want, @sockets) = @_;
    my $select = IO::Select->new(@sockets);
    my $refused = 0;

    while (my @answered = $select->can_read($want > 0 ? 60 : 1)) {
        for my $socket (@answered) {
            sysread $socket, my $answer, 4096;
            $refused++ if $answer =~ m{^HTTP/1.1 503};
            $select->remove($socket);
            $want--;
        }
    }

    return $refused;
}

sub logged_out {
    my ($b) = @_;

    delete $b->{jar}{$_} for grep { /session/ } keys %{$b->{jar}};
    return $b;
}

sub stranger {
    my $b = $s->browser;

    $b->get('/mfa/login');
    return $b->post_only('Login', 'Email address' => $person{ann},
                         Password => $me->{password})->status;
}

is(stranger(), 303, 'before the flood a stranger is answered');
hang() for 1 .. 60;

is(refused(12, @flood), 12, 'H4: 48 places for strangers, 503 for the rest');
is(stranger(), 503, 'a login from a new browser is shed');
is($s->first_step(logged_out($home), $me)->h1, 'Verify',
   '4.6: a known browser logs in while the queue is full');
is($s->first_step(logged_out($other), $you)->h1, 'Verify', 'so does another');

# marks that are none

my %forged = (
    'no mark' => $number,
    'an empty mark' => "$number.",
    'another number with the mark' =>
        $new->{jar}{$name}{value} . ".$mark",
    'a changed mark' => "$number." . ($mark =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er),
    'a changed end' => "$number."
        . ($mark =~ s/.(?=.$)/$& eq 'A' ? 'B' : 'A'/er),
    'a short mark' => "$number." . substr($mark, 0, 53),
    'no mark, but who was here last' => "$number~$last",
    'who was here last for a mark' => "$number.$last",
    'two cookies' => "$number.$mark; $name=$number.$mark",
);

for my $what (sort keys %forged) {
    hang($forged{$what});
    is(refused(1, $flood[-1]), 1, "forged: $what");
}

# one person, or whoever has a copy of the cookie, has two places of these

hang("$number.$mark") for 1 .. 5;
is(refused(3, @flood[-5 .. -1]), 3,
   'a copied cookie fills two places and no more');
is($s->first_step(logged_out($other), $you)->h1, 'Verify',
   'the others are not shut out');

close $_ for @flood;
@flood = ();

for (1 .. 400) {
    last if stranger() == 303;
    select undef, undef, undef, 0.1;
}

is(stranger(), 303, 'when the flood is over all places are free');

# L14 C1: a code by mail marks too: people who register or reset go further

my $b = $s->browser;
$b->get('/mfa/password-reset');
my $p = $b->submit('Send verification code', 'Email address' => $person{bob});
unlike($b->{jar}{$name}{value}, qr/\./, 'an address alone marks nothing');
$p = $b->submit('Verify code',
                'Verification code' =>
                    $s->mail->latest_code($person{bob})->code);
like($b->{jar}{$name}{value}, qr/^[\w-]{43}\.[\w-]{54}(?:~[\w-]{8})?$/,
     'a right code does, for those who are further along');

$p = $b->submit('Continue') unless $b->{page}->body =~ /new_password/;
hang() for 1 .. 50;
is(stranger(), 503, 'a second flood');
$p = $b->submit('Continue', 'New password' => 'quartz+lantern+four',
                'Confirm new password' => 'quartz+lantern+four');
is($p->status, 200, 'H4: and a new password is set all the same');
is($p->h1, 'Password reset', 'it is');

close $_ for @flood;
done_testing();
