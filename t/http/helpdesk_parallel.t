# Staff who press at the same moment, twice, or against each other: one
# effect, one row in the audit, one letter to each address (A3, A4, C9, M3,
# X89).

use MFA::Test;
use MFA::Desk;

my @users = qw(ann ben cat dan eve fay);
my $d = MFA::Desk->new(
    register => [@users, qw(sam tom)],
    realm => { approvals => '2 group=payroll' },
    people => join '', "email,user,first_name,surname,groups,other_email\n",
        (map { "$_.user\@example.org,$_,\u$_,User,"
               . ($_ eq 'fay' ? 'payroll' : 'staff')
               . ",$_.home\@example.org\n" } @users),
        map { "$_.help\@example.org,$_,\u$_,Help,helpdesk,\n" } qw(sam tom));
my $s = $d->{s};

$s->advance('61s');

my %b = map { ($_ => $d->fresh($_)) } qw(sam tom);
my %token = map { ($_ => MFA::Desk::token($b{$_}->get('/mfa/logout'))) }
            qw(sam tom);


# forms of staff, for race

sub decide {
    my ($staff, $do, $whom) = @_;

    return [$b{$staff}, '/mfa/requests', { token => $token{$staff},
        do => $do, whom => $d->request($whom), reason => 'called back' }];
}


sub deed {
    my ($staff, $do, $whom, %more) = @_;

    return [$b{$staff}, "/mfa/people/$d->{id}{$whom}", {
        token => $token{$staff}, do => $do, whom => $d->{id}{$whom},
        subject => '', reason => 'called back', %more }];
}


# the link of the letter about the newest request

sub cancel {
    my ($whom) = @_;
    my ($link) = map { $_->{text} =~ m{(/mfa/reset-request/cancel\?\S+)} }
                 reverse $s->mail->all("$whom.home\@example.org");
    my $b = $s->browser;
    my $form = $b->get($link)->form('Cancel request') or die "no form: $link";

    return [$b, '/mfa/reset-request/cancel',
            { %{$form->{fields}}, do => 'cancel' }];
}


sub ask {
    my ($whom) = @_;

    $d->ask($whom);
    $d->settle;
    $d->news;
}


# letters to a person of the last deeds, as "what: to each address so many"

my %had;
my @kinds = ([approved => qr/is approved/], [refused => qr/is refused/],
             [cancelled => qr/was cancelled/], [pass => qr/a helpdesk pass/],
             [disabled => qr/have disabled/], [removed => qr/have removed/],
             [ended => qr/logged you out/], [added => qr/was added to your/]);

sub letters {
    my ($whom) = @_;
    my @told;

    $d->settle;

    for (qw(user home)) {
        my @new = $s->mail->all("$whom.$_\@example.org");

        splice @new, 0, $had{"$whom.$_"} // 0;
        $had{"$whom.$_"} += @new;

        for my $kind (@kinds) {
            my $count = grep { $_->{text} =~ $kind->[1] } @new;

            push @told, "$kind->[0] $count" if $count;
        }
    }

    return join ', ', @told;
}


sub told { return join ', ', ("$_[0] 1") x 2 }


# one race: what the audit has, what the person was told, the state

sub outcome {
    my ($name, $whom, @forms) = @_;

    letters($whom);

    my @answers = $d->race(@forms);

    is((grep { !m{^HTTP/1\.1 303} } @answers), 0, "$name: each is answered")
        or diag(map { substr $_, 0, 200 } @answers);

    my @rows = grep { $_->{event} =~ /^(?:staff\.|request\.)/ } $d->news;
    my ($request) = sort { $b->{made_at} cmp $a->{made_at} }
        grep { $_->{email} eq $d->{mail}{$whom} }
        @{$s->json('request', 'list', '--all')};

    return { rows => join(', ', map { "$_->{event} $_->{result}" } @rows),
             by => $rows[0]{by}, told => letters($whom),
             request => $request };
}


# --- requests ---------------------------------------------------------------

for (['two of staff approve', 'ann', 'sam', 'tom'],
     ['one of staff approves twice', 'ben', 'sam', 'sam'],
     ['one of staff approves eight times', 'cat', ('tom') x 8])
{
    my ($name, $whom, @staff) = @$_;

    ask($whom);
    my $o = outcome($name, $whom, map { decide($_, 'approve', $whom) } @staff);

    is($o->{rows}, 'staff.approve ok', '... M3: one approval in the audit');
    is($o->{told}, told('approved'), '... one letter to each address');
    is($o->{request}{state}, 'approved', '... it is approved');
    is($o->{request}{approvals}, '1 of 1', '... once');
}

# who has been approved can still be refused, never the reverse

for my $round (1 .. 4) {
    ask('dan');

    my @forms = (decide('sam', 'approve', 'dan'),
                 decide('tom', 'refuse', 'dan'));
    my $o = outcome("round $round: approve and refuse", 'dan',
                    $round % 2 ? @forms : reverse @forms);

    is($o->{request}{state}, 'refused', '... it is refused');
    like($o->{rows}, qr/^(?:staff\.approve ok, )?staff\.refuse ok$/,
         '... M3: each that counted once in the audit');
    is($o->{told}, $o->{rows} =~ /approve/
       ? 'approved 1, refused 1, approved 1, refused 1' : told('refused'),
       '... C10: and so they are told');
}

# nor is one approved that the person has cancelled

for my $round (1 .. 4) {
    ask('eve');

    my @forms = (decide('sam', 'approve', 'eve'), cancel('eve'));
    my $o = outcome("round $round: approve and cancel", 'eve',
                    $round % 2 ? @forms : reverse @forms);

    is($o->{request}{state}, 'cancelled', '... it is cancelled');
    like($o->{rows}, qr/^(?:staff\.approve ok, )?request\.cancel ok$/,
         '... M3: once in the audit');
    is($o->{told}, $o->{rows} =~ /approve/
       ? 'approved 1, cancelled 1, approved 1, cancelled 1'
       : told('cancelled'), '... C10: and so they are told');
}

# cancelled twice at once

ask('eve');
my $link = cancel('eve');
my $o = outcome('the link twice', 'eve', $link, $link, $link);

is($o->{rows}, 'request.cancel ok', '... once in the audit');
is($o->{told}, told('cancelled'), '... and told once');


# --- four eyes --------------------------------------------------------------

ask('fay');
$o = outcome('four eyes, one of them eight times', 'fay',
             map { decide('sam', 'approve', 'fay') } 1 .. 8);
is($o->{rows}, 'staff.approve ok', '... M3: one approval');
is($o->{request}{state}, 'open', '... is not enough');
is($o->{request}{approvals}, '1 of 2', '... it is one of two');
is($o->{told}, '', '... nobody is told that it was approved');

for (['pass'], ['remove', subject => 'totp']) {
    my ($do, %more) = @$_;

    $o = outcome("four eyes: $do by both", 'fay',
                 map { deed($_, $do, 'fay', %more) } qw(sam tom));
    is("$o->{rows}$o->{told}", '', '... is no way round');
}

$o = outcome('four eyes, the other eight times, the first as well', 'fay',
             (map { decide('tom', 'approve', 'fay') } 1 .. 8),
             (map { decide('sam', 'approve', 'fay') } 1 .. 2));
is($o->{rows}, 'staff.approve ok', '... M3: one more approval');
is($o->{by}, $d->{id}{tom}, '... of the other');
is($o->{request}{state}, 'approved', '... is enough');
is($o->{told}, told('approved'), '... told once');


# --- deeds ------------------------------------------------------------------

for (['pass', 'pass'], ['end', 'ended'],
     ['remove', 'removed', subject => 'totp'],
     ['add', 'added', address => 'ann.more@example.org'],
     ['disable', 'disabled'])
{
    my ($do, $word, %more) = @$_;

    $o = outcome("$do by both", 'ann', map { deed($_, $do, 'ann', %more) }
                 qw(sam tom sam tom));
    is($o->{rows}, "staff.$do ok", '... M3: once in the audit');
    is($o->{told}, told($word), '... C10: and told once');
}

is((grep { !/^(?:HTTP.1.1 303)/ } $d->race(
        deed('sam', 'enable', 'ann'), deed('tom', 'enable', 'ann'))), 0,
   'enabled again');
is($s->json('user', 'show', 'ann')->{state}, 'active', '... she is');
is(($s->ctl('audit', 'verify'))[0], 0, 'M3: the chain holds');
done_testing();
