# A mail server that misbehaves: pages stay as they are and quick, each
# message comes once, nothing goes in clear (I1, I3 to I5, I7, X101, ML2 to
# ML6, ML9).

use MFA::Test;
use MFA::Sink;
use Time::HiRes 'time';

MFA::Sink->can_run or plan(skip_all => 'python3-aiosmtpd is missing');

my $sink = MFA::Sink->new;
my $s = mfa_server(time => 1, workers => 2, mail => $sink->option,
                   realm => { trusted_networks => '127.0.0.0/8',
                              limit => 'send_mailbox 100/1h 100/1d' });
my $mail = $sink->mail;
my $ann = 'ann.employee@example.org';
my (%took, $normal, $m);

sub masked {
    my ($page) = @_;
    my $text = $page->body;

    $text =~ s/name="(token|flow)" value="[^"]*"/name="$1"/g;
    $text =~ s{(Reference in the message</dt><dd>)[A-Z]+}{$1}g;
    return $page->status . $text;
}


# one registration up to the page of the code; its page is always the same

sub ask {
    my ($name) = @_;
    my $b = $s->browser;

    $b->get('/mfa/register');

    my $began = time;
    $b->post_only('Send verification code', 'Email address' => $ann);
    $took{$name} = time - $began;

    my $page = masked($b->follow);
    $normal //= $page;
    is($page, $normal, "I4: $name: the page is the same");
    return $b;
}

# what waits has been tried, all of it

sub tried { return $s->tried($_[0] // 1) }

sub quiet {
    my ($count, $name) = @_;

    select undef, undef, undef, 0.7;
    return is($mail->count($ann), $count, $name);
}

sub arrives {
    my ($count, $name) = @_;
    return is($mail->wait_for($count, $ann), $count, $name);
}


# STARTTLS, AUTH, one recipient

my $visit = ask('a healthy server');
arrives(1, 'I1: over STARTTLS and AUTH it comes');
$m = $mail->latest($ann);
like($m->{raw}, qr/^To: .*\Q$ann\E/m, 'to her');
unlike($m->{raw}, qr/^(?:Cc|Bcc):/mi, 'to nobody else');
like($m->{head}{from}, qr/no-reply\@example\.org/, 'from the one configured');
like($m->{head}{'content-type'}, qr/multipart/, 'text and HTML');
ok((!grep { length > 998 } split /\r?\n/, $m->{raw}), 'I2: no line beyond 998');
like($visit->submit('Verify code', 'Verification code' => $m->code)->text,
     qr/Email address verified/, 'its code is right');


# ML2: 4xx; the retry comes after 30 s, and only one message

$sink->fault('tempfail');
$visit = ask('451 at RCPT');
tried();
quiet(1, 'ML2: nothing yet');
$sink->fault('');
quiet(1, 'ML2: and nothing before its time');
$s->advance('31s');
arrives(2, 'I4: then it comes');
$sink->fault('data451');
$visit = ask('451 after DATA');
tried();
quiet(2, 'ML2: nothing yet');
$s->advance('31s');
tried(2);
quiet(2, 'ML2: nor after the first retry');
$sink->fault('');
$s->advance('61s');
arrives(3, 'I4: it comes at the second');
$s->advance('10m');
quiet(3, 'and comes only once');
$m = $mail->latest($ann);
like($visit->submit('Verify code', 'Verification code' => $m->code)->text,
     qr/Email address verified/, 'B10: its life begins when it was taken');


# ML3: 5xx is recorded, not repeated

for my $fault ('nouser', 'data550') {
    $sink->fault($fault);
    ask($fault);

    my $n = $fault eq 'nouser' ? 1 : 2;
    $s->log_like(qr/(?:"message\.refused"[^\0]*?){$n}/,
                 "ML3: $fault is in the log");
    $sink->fault('');
    $s->advance('5m');
    quiet(3, "ML3: $fault is not tried again");
}


# ML6, I1: no STARTTLS, wrong password, a certificate nobody vouched for

$sink->stop;
$sink->fault('notls');
$sink->start;
ask('no STARTTLS');
tried();
quiet(3, 'ML6: nothing goes in clear');
$s->advance('31s');
tried(2);
quiet(3, 'ML6: nor later');
$sink->stop;
$sink->fault('');
$sink->start;
$s->advance('2m');
arrives(4, 'ML6: with STARTTLS it comes');

$sink->fault('badauth');
ask('wrong password');
tried();
quiet(4, 'a wrong password for the mail server');
$sink->fault('');
$s->advance('2m');
arrives(5, 'I4: comes when it is right again');


# ML4: a tarpit; logins do not notice (I5, I7)

$sink->fault('slow');
my $me = { email => 'max.manager@example.org' };
ask("a tarpit $_") for 1 .. 3;
my $began = time;
is($s->browser->get('/mfa/login')->status, 200, 'I5: other pages are served');
ok(time - $began < 8, 'at once') or diag(time - $began);


# ML9: kill -9 while it is being sent: not lost, at most twice

$s->allow_log(qr/exited on signal 9/);
my $sent = $mail->count($ann);
for (1 .. 2) { $s->kill_worker }
$sink->fault('');
$s->advance('2m');
$s->settle;
my %count;
my @late = ($mail->all($ann))[5 .. $mail->count($ann) - 1];
$count{$_->code // 'none'}++ for @late;
is(keys %count, 3, 'ML9: each of the three came') or diag(explain(\%count));
is(scalar(grep { $_ > 2 } values %count), 0, 'ML9: none more than twice');


# ML5: the connection breaks after the message was taken

$sink->fault('dropdata');
$sent = $mail->count($ann);
ask('a break after the last dot');
$mail->wait_for($sent + 1, $ann);
$sink->fault('');
$s->advance('31s');
$mail->wait_for($sent + 2, $ann, 7);
$s->advance('5m');
select undef, undef, undef, 0.7;
@late = ($mail->all($ann))[$sent .. $mail->count($ann) - 1];
ok(@late == 1 || @late == 2, 'ML5: at most one duplicate') or diag(@late . '');
is(scalar(keys %{{ map { $_->code => 1 } @late }}), 1, 'of the same code');


# X101: nothing but one address gets to the server

for my $odd ("a\@example.org\r\nRCPT TO:<eve\@evil.example>",
             'a@b>c@example.org',
             'ann.employee@example.org,eve@evil.example', '"x"@example.org',
             'a@example.org%0d%0aBcc: eve@evil.example',
             "a\@example.org\x{2028}",
             'ann.employee@example.org (eve)', 'x' x 300 . '@example.org')
{
    my $b = $s->browser;
    $b->get('/mfa/register');
    my $p = $b->submit('Send verification code', 'Email address' => $odd);
    like($p->status, qr/^(?:200|400)$/, 'X101: an odd address');
    unlike($p->text, qr/has been sent/, 'is none');
}
is(scalar(grep { $_->{raw} =~ /evil\.example/ } $mail->all), 0,
   'X101: nothing went to eve');

my ($slowest) = reverse sort { $took{$main::a} <=> $took{$main::b} } keys %took;
ok($took{$slowest} < 8, 'I7: no page waited for the mail server')
    or diag("$slowest took $took{$slowest} s");

unlike($s->log, qr/secret 4711|c2VjcmV0/,
       'N2: no password of the relay in the log');
unlike($s->log, qr/\Q$ann\E/, 'N2: no address of a person');
$sink->stop;
done_testing();
