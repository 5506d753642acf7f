# The mailed code of a registration: who gets one, how long it lives, how
# often it may be tried (R3, B9 to B12, C1, X69, X70, X72, X74, X79).

use MFA::Test;

my $s = mfa_server(time => 1, realm => { trusted_networks => '127.0.0.0/8' });
my $ann = 'ann.employee@example.org';
my $max = 'max.manager@example.org';

sub start {
    my ($email) = @_;
    my $b = $s->browser;

    $b->get('/mfa/register?to=/ess/');
    $b->submit('Send verification code', 'Email address' => $email);
    return $b;
}

sub try_code {
    my ($b, $code) = @_;
    return $b->submit('Verify code', 'Verification code' => $code);
}

sub is_right {
    my ($page, $name) = @_;
    return like($page->text, qr/Email address verified/, $name);
}

sub wrong { my ($code) = @_; return sprintf '%06d', ($code + 1) % 1_000_000 }

sub masked {
    my ($page, $email) = @_;
    my $text = $page->body;

    $text =~ s/\Q$email\E/ADDRESS/g;
    $text =~ s/name="(token|flow)" value="[^"]*"/name="$1"/g;
    $text =~ s{(Reference in the message</dt><dd>)[A-Z]+}{$1}g;
    return join "\n", $page->status,
           (map { "$_: " . ($_ =~ /^(?:date|content-length|set-cookie)$/
                            ? '' : join ',', $page->headers($_)) }
            sort keys %{$page->{headers}}), $text;
}


# X79, C1: the same up to the code for known, unknown, registered, disabled

$s->register($s->browser, $max);
$s->ctl('user', 'disable', 'hana.helpdesk@example.org');

my %page = map { $_ => masked(start($_)->{page}, $_) }
           ($ann, $max, 'hana.helpdesk@example.org',
            'nina.nobody@example.org', 'eve@evil.example');

is($page{$_}, $page{$ann}, "C1: $_ sees what a known address sees")
    for sort keys %page;

my $mail = $s->mail->latest($ann);
is($s->mail->wait_for(1, $ann), 1, 'a message for who may register');
is($s->mail->count('hana.helpdesk'), 0, 'none for who is disabled');
is($s->mail->count($_), 0, "none for $_")
    for 'nina.nobody@example.org', 'eve@evil.example';


# B10, X74

$s->advance('2h');
my $b = start($ann);
$mail = $s->mail->latest($ann);
$s->advance('19m');
is_right(try_code($b, $mail->code), 'X74: after 19 minutes it lives');

$s->advance('2h');
$b = start($ann);
$mail = $s->mail->latest($ann);
$s->advance('20m10s');
like(try_code($b, $mail->code)->text, qr/This code has expired/,
     'X74: after 20 minutes it does not');


# B11, X69

$s->advance('1d');
$b = start($ann);
$mail = $s->mail->latest($ann);
my $p;
for my $n (1 .. 5) {
    $p = try_code($b, wrong($mail->code));
    my $left = 5 - $n;
    like($p->text, $left ? qr/Tries left: $left/ : qr/./, "try $n");
}
unlike(try_code($b, $mail->code)->text, qr/Email address verified/,
       'X69: after five wrong ones the right one fails');


# B12, X70

$s->advance('1d');
$b = start($ann);
my $first = $s->mail->latest($ann);
$s->advance('20s');
like($b->submit('Send new code')->text, qr/sent a moment ago/,
     'X70: none after 20 seconds');
is($s->mail->latest($ann, 0.3), undef, 'no message either');
$s->advance('11s');
like($b->submit('Send new code')->text, qr/A new code has been sent/,
     'X70: one after 31 seconds');
my $second = $s->mail->latest($ann);
$p = try_code($b, $first->code);
like($p->text, qr/earlier message\. A newer code was sent/,
     'R3: the earlier code is told from a wrong one');
$p = try_code($b, $first->code);
unlike($p->text, qr/Email address verified/, 'and stays refused');
is_right(try_code($b, $second->code), 'the new one passes');


# H9: three messages an hour, six a day to one mailbox, and nothing is said

$s->advance('2d');
my @pages;
for my $n (1 .. 4) {
    push @pages, masked(start($ann)->{page}, $ann);
    my $m = $s->mail->latest($ann, $n < 4 ? undef : 0.5);
    is(defined $m ? 1 : 0, $n < 4 ? 1 : 0, "H9: ask $n in an hour");
}
is($pages[3], $pages[0], 'and the page is the same');


# B9: it works in the journey it was made for, and nowhere else (X72)

$s->advance('2d');
my ($mine, $eve) = (start($ann), start($max));
my $code = $s->mail->latest_code($ann)->code;
unlike(try_code($eve, $code)->text, qr/Email address verified|already exists/,
       "B9: another journey's code");

my $other = $s->browser;
$other->get('/mfa/register');
$other->{page} = $mine->{page};
$p = $other->post_only('Verify code', 'Verification code' => $code);
is($p->status, 403, 'B9: another browser with the whole form');
is_right(try_code($mine, $code), 'and its owner can still use it');


# C12, X75: used once; the same request again is a page, not an effect

$mine->get("/mfa/register/code?flow="
           . $mine->{page}->form('Continue')->{fields}{flow});
is($mine->follow->form('Continue') ? 1 : 0, 1,
   'Back to the code page leads to where the person is');

done_testing();
