# Who may do what to whom: every deed of staff, by everybody, to everybody,
# by the buttons the pages offer and by forged forms (A3, A5, A11, C9, D13,
# E2, M3, X89). Only what the table says is possible.

use MFA::Test;
use MFA::Desk;
use POSIX ();

my $max = 'max.manager@example.org';
my ($from, $day) = map { POSIX::strftime('%Y-%m-%d', gmtime(time + $_ * 86400)) }
                   1, 20;
my $d = MFA::Desk->new(
    realm => { second_factor => "required from=$from grace=10d" },
    people => <<"CSV", register => [qw(ann ben eva tom tim abe sam ada max)]);
email,user,first_name,surname,groups,manager,other_email
ann.one\@example.org,ann,Ann,One,staff,$max,ann.home\@example.org
ben.two\@example.org,ben,Ben,Two,staff,,ben.home\@example.org
eva.three\@example.org,eva,Eva,Three,staff,$max,eva.home\@example.org
nina.new\@example.org,nina,Nina,New,staff,,nina.home\@example.org
nora.new\@example.org,nora,Nora,New,staff,,nora.home\@example.org
tom.help\@example.org,tom,Tom,Help,helpdesk,$max,tom.home\@example.org
tim.help\@example.org,tim,Tim,Help,helpdesk,,tim.home\@example.org
abe.admin\@example.org,abe,Abe,Admin,admins,$max,abe.home\@example.org
sam.help\@example.org,sam,Sam,Help,helpdesk,,sam.home\@example.org
ada.admin\@example.org,ada,Ada,Admin,admins,,ada.home\@example.org
$max,max,Max,Manager,managers,,max.home\@example.org
CSV
my $s = $d->{s};


# Columns: the deeds of the person's page, of the requests, of the team; and
# once more of the person's page: more time for a second factor (Y1).
#
#   +  done                        4  404: there is no such page for them
#   =  not as things stand         3  403: not theirs to do; told in the audit
#   L  to the login                V  to Verify first, for a fresh factor
#   -  there is nothing to try
#
# The same row without a token of the actor's own pages is 403 throughout.

my @deeds = qw(unlock end remove correct add disable enable invite pass reset
               approve refuse correct add extend);
my $table = <<'END';
nobody    user          L L L L L L L L L L   L L   L L   L
nobody    unregistered  L L L L L L L L L L   - -   L L   L
nobody    helpdesk      L L L L L L L L L L   L L   L L   L
nobody    admin         L L L L L L L L L L   L L   L L   L
half      self          L L L L L L L L L L   L L   L L   L
half      user          L L L L L L L L L L   L L   L L   L
half      unregistered  L L L L L L L L L L   - -   L L   L
half      helpdesk      L L L L L L L L L L   L L   L L   L
half      admin         L L L L L L L L L L   L L   L L   L
user      self          4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
user      user          4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
user      unregistered  4 4 4 4 4 4 4 4 4 4   - -   4 4   4
user      helpdesk      4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
user      admin         4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
manager   self          4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
manager   user          4 4 4 4 4 4 4 4 4 4   4 4   + +   4
manager   unregistered  4 4 4 4 4 4 4 4 4 4   - -   4 4   4
manager   helpdesk      4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
manager   admin         4 4 4 4 4 4 4 4 4 4   4 4   4 4   4
manager-  self          4 4 4 4 4 4 4 4 4 4   4 4   V V   4
manager-  user          4 4 4 4 4 4 4 4 4 4   4 4   V V   4
manager-  admin         4 4 4 4 4 4 4 4 4 4   4 4   V V   4
helpdesk  self          3 3 3 3 3 3 3 3 3 3   3 3   4 4   3
helpdesk  user          + + + + + + = = + +   + +   4 4   =
helpdesk  unregistered  + + = + + + = + = =   - -   4 4   +
helpdesk  helpdesk      + + + + + + = = + +   + +   4 4   =
helpdesk  admin         3 3 3 3 3 3 3 3 3 3   3 3   4 4   3
helpdesk- self          V V V V V V V V V V   V V   4 4   V
helpdesk- user          V V V V V V V V V V   V V   4 4   V
helpdesk- unregistered  V V V V V V V V V V   - -   4 4   V
helpdesk- helpdesk      V V V V V V V V V V   V V   4 4   V
helpdesk- admin         V V V V V V V V V V   V V   4 4   V
admin     self          3 3 3 3 3 3 3 3 3 3   3 3   4 4   3
admin     user          + + + + + + = = + +   + +   4 4   =
admin     unregistered  + + = + + + = + = =   - -   4 4   +
admin     helpdesk      + + + + + + = = + +   + +   4 4   =
admin     admin         + + + + + + = = + +   + +   4 4   =
admin-    self          V V V V V V V V V V   V V   4 4   V
admin-    user          V V V V V V V V V V   V V   4 4   V
admin-    helpdesk      V V V V V V V V V V   V V   4 4   V
admin-    admin         V V V V V V V V V V   V V   4 4   V
END

my %name = (user => 'ben', manager => 'max', helpdesk => 'sam',
            admin => 'ada', half => 'sam', nobody => '');


# the person a row is about: each pair that may has one of its own

sub whom {
    my ($actor, $target) = @_;
    my $is_admin = $actor =~ /^admin/;

    return $target eq 'self' ? $name{$actor =~ s/-$//r}
        : $actor eq 'manager' && $target eq 'user' ? 'eva'
        : $target eq 'user' ? ($is_admin ? 'ben' : 'ann')
        : $target eq 'unregistered' ? ($is_admin ? 'nora' : 'nina')
        : $target eq 'helpdesk' ? ($is_admin ? 'tim' : 'tom')
        : 'abe';
}


# --- everybody at their place -----------------------------------------------

$s->advance('61s');

my %b = map { ("$_-" => $d->fresh($name{$_})) } qw(manager helpdesk admin);

$s->advance('11m');
$b{$_} = $d->fresh($name{$_}) for qw(user manager helpdesk admin);
$b{half} = $d->half('sam');
$b{nobody} = $s->browser;
$d->ask($_) for qw(ann ben eva tom tim abe sam ada max);

my %request = map { ($_ => $d->request($_)) }
              qw(ann ben eva tom tim abe sam ada max);
my %token;

for my $actor (keys %b) {
    my $page = $b{$actor}->get($actor =~ /nobody|half/ ? '/mfa/login'
                                                       : '/mfa/logout');

    $token{$actor} = MFA::Desk::token($page) or die "no token for $actor";
}


# a form of column $i, as if the page had been there

sub form {
    my ($whom, $i) = @_;
    my %fields = (do => $deeds[$i], reason => 'called back', subject => '',
                  whom => $d->{id}{$whom});

    $fields{subject} = 'totp' if $deeds[$i] eq 'remove';
    $fields{subject} = "$whom.home\@example.org" if $deeds[$i] eq 'correct';
    $fields{address} = "$whom.flat\@example.org" if $deeds[$i] eq 'correct';
    $fields{address} = "$whom.more\@example.org" if $deeds[$i] eq 'add';
    $fields{date} = $day if $deeds[$i] eq 'extend';
    $fields{whom} = $request{$whom} if $i == 10 || $i == 11;

    return ($i < 10 || $i == 14 ? "/mfa/people/$d->{id}{$whom}"
            : $i < 12 ? '/mfa/requests' : '/mfa/team', \%fields);
}


sub answer {
    my ($page) = @_;
    my $to = $page->header('Location') // '';

    return $page->status =~ /^40([34])$/ ? $1
        : $page->status != 303 ? $page->status
        : $to =~ m{/mfa/login\b} ? 'L'
        : $to =~ m{/mfa/verify\b} ? 'V'
        : $to =~ m{/mfa/(?:people|requests|team)\b} ? '=' : $to;
}


# one row by forged forms; what may be done is left to its button

my %first;

sub forge {
    my ($actor, $target, @cells) = @_;
    my $whom = whom($actor, $target);
    my (@without, @with, @wanted);
    my @tries = grep { $cells[$_] !~ /[-+]/ } 0 .. $#cells;
    my $b = $b{$actor};

    for my $i (@tries) {
        my ($path, $fields) = form($whom, $i);
        my %with = (%$fields, token => $token{$actor});
        my @cases = ([$fields], [\%with, Origin => 'https://evil.example'],
            [{ %with, token => $token{$actor eq 'user' ? 'nobody' : 'user'} }]);

        push @without, answer($b->post($path, @{$cases[$i % 3]}));
        push @with, answer($b->post($path, \%with));
        push @wanted, $deeds[$i] if $cells[$i] eq '3';
    }

    is("@with", join(' ', @cells[@tries]), "$actor, $target: forged forms");
    is("@without", join(' ', (3) x @without), '... and without a token');
    is($d->state($whom), $first{$whom}, '... nothing has changed');

    my @new = $d->news;

    is(join(' ', map { "$_->{event} $_->{result} $_->{reason}" } @new),
       join(' ', map { "staff.$_ fail rank" } @wanted),
       '... M3: the audit has each that was refused, once');
}


# --- the buttons of the pages -----------------------------------------------

# all "deed subject" that the forms of a page offer for somebody

sub offered {
    my ($page, $whom) = @_;
    my @found;

    for my $form ($page->forms) {
        next unless ($form->{fields}{whom} // '') eq $whom;
        push @found, map { $_->{do} } values %{$form->{buttons}};
    }

    return { map { $_ => 1 } @found };
}


sub look {
    my ($actor, $target, @cells) = @_;
    my $whom = whom($actor, $target);
    my $b = $b{$actor};
    my @pages = map { my $p = $b->get($_); ($p) }
                "/mfa/people/$d->{id}{$whom}", '/mfa/requests', '/mfa/team';
    my @got;

    for my $i (0 .. $#cells) {
        my $of = ($i == 10 || $i == 11) ? $request{$whom} // 'nothing'
               : $d->{id}{$whom};
        my $page = $pages[$i < 10 || $i == 14 ? 0 : $i < 12 ? 1 : 2];

        push @got, offered($page, $of)->{$deeds[$i]} ? '+' : '.';
    }

    is("@got", join(' ', map { $_ eq '+' ? '+' : '.' } @cells),
       "$actor, $target: what the pages offer");
    is(join(' ', map { $_->status } @pages), join(' ', map {
        $_ eq '4' ? 404 : $_ eq 'L' ? 303 : 200 } $cells[0],
        $cells[10] eq '-' ? $cells[0] : $cells[10],
        $actor eq 'manager' ? '+' : $cells[12]), '... and what they are');
}


# --- doing it ---------------------------------------------------------------

my %effect = (
    unlock => sub { 1 },
    end => sub { $_[0]{sessions} == 0 },
    remove => sub { !grep { $_->{kind} eq 'totp' } @{$_[0]{factors}} },
    correct => sub { grep { /\.flat/ } @{$_[0]{other_emails}} },
    add => sub { grep { /\.more/ } @{$_[0]{other_emails}} },
    disable => sub { $_[0]{state} eq 'disabled' },
    enable => sub { $_[0]{state} =~ /^(?:active|unregistered)$/ },
    invite => sub { $_[0]{state} eq 'unregistered' },
    pass => sub { 1 }, reset => sub { 1 }, approve => sub { 1 },
    refuse => sub { 1 }, extend => sub { $_[0]{deadline_at} });


# the letter is there, and how many addresses must have it

my %letter = (
    unlock => qr/have unlocked your/, end => qr/logged you out everywhere/,
    remove => qr/have removed a way/, correct => qr/was corrected/,
    add => qr/was added to your account: /, disable => qr/have disabled/,
    enable => qr/have enabled/, invite => qr/[Rr]egister/,
    pass => qr/have made a helpdesk pass/, reset => qr/Forgotten password\?/,
    approve => qr/is approved/, refuse => qr/is refused/,
    extend => qr/given you more time/);


my %wanted;

sub letters_of {
    my ($whom, $i) = @_;
    my $re = $letter{$deeds[$i]};
    my @all = map { $s->mail->all($_) } $d->{mail}{$whom},
              map { "$whom.$_\@example.org" } qw(home flat more);

    return scalar grep { $_->{text} =~ $re } @all;
}


my %user;

sub press {
    my ($actor, $target, $i) = @_;
    my ($b, $whom) = ($b{$actor}, whom($actor, $target));
    my ($path, $fields) = form($whom, $i);
    my $user = $user{$whom} //= $s->json('user', 'show', $whom);
    my $mails = letters_of($whom, $i);
    my ($form) = grep {
        ($_->{fields}{whom} // '') eq $fields->{whom}
        && ($_->{fields}{subject} // '') eq $fields->{subject}
        && grep { $_->{do} eq $deeds[$i] } values %{$_->{buttons}}
    } $b->get($path)->forms;
    my $name = "$actor, $target: $deeds[$i]";

    return fail("$name is offered") unless $form;

    # by its button, with what a person types

    my $page = $b->post($form->{action}, { %{$form->{fields}},
        do => $deeds[$i], reason => 'called back',
        $fields->{date} ? (date => $day) : (),
        $fields->{address} ? (address => $fields->{address}) : () });

    is(answer($page), '=', $name);

    my @new = grep { $_->{event} =~ /^staff\./ } $d->news;
    my $after = $user{$whom} = $s->json('user', 'show', $whom);

    is(join(' ', map { "$_->{event} $_->{result} $_->{by} $_->{note}" } @new),
       "staff.$deeds[$i] ok $d->{id}{$name{$actor}} "
       . ($deeds[$i] eq 'extend' ? "until $day: " : '') . 'called back',
       '... M3: once in the audit, with who and why');
    ok($effect{$deeds[$i]}->($after), '... and it is so');
    is($after->{password_at}, $user->{password_at},
       '... A11: not the password');

    # each once, also when all have gone

    $wanted{$whom}[$i] = $mails + ($deeds[$i] =~ /invite|reset/ ? 1
        : 1 + @{$after->{other_emails}} + ($deeds[$i] eq 'correct'));

    for (1 .. 1500) {
        last if letters_of($whom, $i) >= $wanted{$whom}[$i];
        select undef, undef, undef, 0.02;
    }
}


my @rows = map { [split] } split /\n/, $table;

look(@$_) for @rows;
$d->settle;
$d->news;
$first{$_} = $d->state($_) for keys %{$d->{id}};
forge(@$_) for @rows;

for my $row (grep { grep { $_ eq '+' } @$_ } @rows) {
    my ($actor, $target, @cells) = @$row;
    my $whom = whom($actor, $target);
    my @do = grep { $cells[$_] eq '+' } 0 .. $#cells;

    # a request is refused, the next one approved; then the rest, and what
    # takes the session of a person away last

    for my $i (grep { $_ == 11 } @do) {
        press($actor, $target, $i);
        $d->ask($whom);
        $request{$whom} = $d->request($whom);
    }

    press($actor, $target, $_)
        for grep { $_ < 11 && $deeds[$_] ne 'disable' } @do;
    press($actor, $target, $_) for grep { $_ >= 12 } @do;

    if ($cells[5] eq '+') {
        press($actor, $target, 5);
        press($actor, $target, 6);
    }
}

$d->settle;

for my $whom (sort keys %wanted) {
    for my $i (grep { $wanted{$whom}[$_] } 0 .. $#deeds) {
        is(letters_of($whom, $i), $wanted{$whom}[$i],
           "C10: $whom is told of $deeds[$i], once at each address");
    }
}

is(($s->ctl('audit', 'verify'))[0], 0, 'M3: and the chain holds');
done_testing();
