# mfactl and the outbox: what waits is shown without what is in it, sent
# again, dropped (O3, M1, M3, I4).

use MFA::Test;
use MFA::Sink;

MFA::Sink->can_run or plan(skip_all => 'python3-aiosmtpd is missing');

my $sink = MFA::Sink->new;
my $s = mfa_server(time => 1, mail => $sink->option,
                   realm => { trusted_networks => '127.0.0.0/8',
                              event_log => '%%DIR%%/events.log' });
my $mail = $sink->mail;
my ($ann, $max) = map { "$_\@example.org" } qw(ann.employee max.manager);
my ($code, $text, $list);


sub settle {
    my ($question) = @_;

    for (1 .. 400) {
        return 1 if $question->();
        select undef, undef, undef, 0.1;
    }
    return 0;
}


is_deeply($s->json('outbox', 'list'), [], 'nothing waits');
$sink->stop;
$s->json('user', 'invite', $_) for $ann, $max;
my $b = $s->browser;
$b->get('/mfa/register');
$b->submit('Send verification code', 'Email address' => $ann);
$b->get('/mfa/register');
$b->submit('Send verification code', 'Email address' => 'wood@example.org');

ok(settle(sub { 3 == grep { $_->{attempts} > 0 }
                     @{$list = $s->json('outbox', 'list')} }),
   'three wait, and were tried') or diag(explain($list));
is_deeply([sort map { $_->{kind} } @$list], [qw(code invite invite)],
          'A7: the row of an unknown address is not among them');
for my $m (@$list) {
    is($m->{channel}, 'mail', "$m->{kind}: channel");
    like($m->{to}, qr/^[am]\*\*\*(?:ee|er)\@example\.org$/, '... masked');
    like($m->{id}, qr/^[0-9a-f]{16}$/, '... id');
    like($m->{age}, qr/^\d+$/, '... age');
    ok($m->{due_at} gt $m->{made_at}, '... due');
}
is_deeply([sort keys %{$list->[0]}],
          [qw(age attempts channel due_at expires_at id is_unclear kind
              made_at to)], 'M1: nothing else is said');
($code, $text) = $s->ctl('outbox', 'list');
is($code, 0, 'for people');
unlike($text, qr/employee|\b\d{6}\b/, 'M1: neither address nor code');
like($text, qr/\b0:0\d\b/, '... age in hours and minutes');

# wrong usage, unknown ones

is(($s->ctl('outbox', @$_))[0], 2, "outbox @$_: wrong usage")
    for ['retry'], ['drop'], ['retry', 'ff'], ['drop', 'ZZZZZZZZZZ'],
        ['retry', $list->[0]{id}, '--all'], ['drop', '--all'];
is(($s->ctl('outbox', $_, 'f' x 12))[0], 1, "outbox $_: unknown")
    for qw(retry drop);

# one is dropped, and never comes

my ($gone) = grep { $_->{kind} eq 'invite' && $_->{to} =~ /^m/ } @$list;
is($s->json('outbox', 'drop', substr $gone->{id}, 0, 9)->{messages}, 1,
   'outbox drop');
is(scalar @{$s->json('outbox', 'list')}, 2, '... one less');
is(($s->ctl('outbox', 'drop', $gone->{id}))[0], 1, '... not twice');

# a dropped code: its page says that it will not come

my ($kept) = grep { $_->{kind} eq 'code' } @{$s->json('outbox', 'list')};
$s->advance('1s');
is($s->json('outbox', 'drop', $kept->{id})->{messages}, 1, 'a code, too');
is(($s->ctl('outbox', 'list', '--json'))[1] =~ /"kind":"code"/, '',
   '... is gone');

# retry

$s->json('user', 'invite', $ann) for 1 .. 2;
$s->advance('5m');
ok(settle(sub { 3 == grep { $_->{attempts} > 0 }
                     @{$list = $s->json('outbox', 'list')} }), 'three again');
$s->advance('9m');
$sink->start;
my $before = $mail->count($ann);
is($s->json('outbox', 'retry', '--all')->{messages}, 3, 'outbox retry --all');
$s->advance('31s');                     # the breaker leaves it alone 30 s
is($mail->wait_for($before + 3, $ann), $before + 3, 'they come')
    or diag(explain($s->json('outbox', 'list')));
ok(settle(sub { !@{$s->json('outbox', 'list')} }), 'nothing waits any more');
is($mail->count($max), 0, 'what was dropped never came');
is($s->json('outbox', 'retry', '--all')->{messages}, 0, 'nothing to retry');

# events

open my $fh, '<', "$s->{dir}/events.log" or die;
my @events = <$fh>;
for my $name (qw(outbox.drop outbox.retry)) {
    my @of = grep { /"event":"\Q$name\E"/ } @events;

    ok(@of >= 2, "M3: $name");
    is(scalar(grep { !/"by":"os:\w+"/ || /@/ } @of), 0,
       '... by the operator, without an address');
}

$sink->stop;
done_testing();
