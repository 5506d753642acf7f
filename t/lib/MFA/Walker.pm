package MFA::Walker;

# Somebody who reads another person's mail and tries everything: presses every
# button and follows every link of the pages, with whatever is known.
#
#   my $w = MFA::Walker->new($s, victim => 'ann@example.org',
#       user => 'ann',                  # Remote-User of the victim
#       reads => ['ann@example.org'],   # mailboxes, every message of them
#       knows => ['the old password'],  # passwords known from the start
#       words => { first_name => 'Ann', surname => 'Employee' },
#       avoids => qr/Forgotten/,        # buttons and links left alone
#       seed => 1);
#   $w->walk(200);                      # steps; stops when it is in
#   $w->follow_mail; # every link of the mail, pressed
#   $w->is_in        # undef, or how: the steps that led there
#   $w->factors      # "totp 2026-...;..." of the victim as the store has it
#   $w->seen         # { 'h1 of a page' => times }
#   $w->did('Reset device')             # how often a button or link was used
#
# A journey is a browser with the page it shows. At each step one of a few
# journeys goes on with what was tried least on such a page, so that all of it
# is tried in the end. The same seed walks the same way as long as the server
# says the same. After each step it is looked whether a cookie opens /ess/.

use strict;
use warnings;
use Time::HiRes qw(sleep time);

my $journeys_most = 5;
my $password = 'stolen velvet harbour 4711';
my $back = qr/^(?:Cancel|Change|Send new|Show a new|Choose|Back)/;
my $number = '07700 900666';
my @starts = qw(/ess/ /mfa/password-reset /mfa/unlock /mfa/register
                /.well-known/change-password /mfa/security /mfa/recovery-codes
                /mfa/secure /mfa/device-reset /mfa/verify /mfa/people
                /mfa/reset-request /mfa/requests /mfa/);


sub new {
    my ($class, $s, %is) = @_;
    my $self = bless { s => $s, reads => [$is{victim}], knows => [],
                       words => {}, %is, tried => {}, journeys => [],
                       codes => {}, newest => [], links => {}, seen => {},
                       did => {}, lost => {}, state => $is{seed} // 1,
                       me => {} }, $class;

    $self->{mine} = join '|', map { quotemeta } @{$self->{reads}};
    return $self;
}


sub is_in { my ($self) = @_; return $self->{in} }
sub seen { my ($self) = @_; return $self->{seen} }
sub did { my ($self, $what) = @_; return $self->{did}{$what} // 0 }
sub password { return $password }


sub factors {
    my ($self) = @_;
    my $user = $self->{s}->json('user', 'show', $self->{victim});

    return join ';', map { "$_->{kind} " . ($_->{added_at} // '') }
                     sort { $a->{kind} cmp $b->{kind} } @{$user->{factors}};
}


# a generator of our own: that of perl differs between builds

sub _draw {
    my ($self, $most) = @_;

    $self->{state} = ($self->{state} * 1103515245 + 12345) & 0x7fffffff;
    return ($self->{state} >> 8) % $most;
}


# --- what can be done -------------------------------------------------------

# where a page is in its journey, without the journey's own number

sub _place {
    my ($self, $page) = @_;
    my ($path) = ($page->{url} // '') =~ m{^https?://[^/]*([^?]*)};

    return join '|', $path, $page->h1 // '', $self->{has_password} ? 'P' : '',
        ($page->text =~ /has been sent|is pending|was approved/g),
        map { sort keys %{$_->{buttons}} } $page->forms;
}


sub _codes {
    my ($self, $page) = @_;
    my $ref = reference($page);
    my @codes = $ref ? $self->{codes}{$ref} // () : ();

    push @codes, $self->{newest}[0] // ();
    push @codes, \&_app if $self->{me}{secret};
    push @codes, $self->_text // ();
    push @codes, $self->{newest}[$self->_draw(scalar @{$self->{newest}})]
        if @{$self->{newest}};

    my %had;
    @codes = grep { !$had{$_}++ } @codes;
    return @codes ? @codes : ('000000');
}


sub _app {
    my ($self) = @_;
    return $self->{s}->code($self->{me});
}


sub _text {
    my ($self) = @_;
    my ($last) = reverse $self->{s}->texts->all('+447700900666');

    return $last ? $last->code : undef;
}


sub _values {
    my ($self, $name, $page) = @_;

    return @{[$self->{victim}, grep({ $_ ne $self->{victim} }
                                    @{$self->{reads}}),
              'eve@example.net']} if $name eq 'email';
    return ($self->{has_password} ? $password : (), @{$self->{knows}},
            $self->{has_password} || @{$self->{knows}} ? () : $password)
        if $name eq 'password' || $name eq 'current_password';
    return $password if $name =~ /^(?:new|confirm)_password$/;
    return $self->_codes($page) if $name eq 'code' || $name eq 'pass';
    return $number if $name eq 'phone';
    return $self->{words}{$name} if defined $self->{words}{$name};
    return 'I am the owner' if $name =~ /reason|note|statement/;
    return;
}


# each button, with every combination of what may stand in the fields; what
# leads back comes after what leads on

sub _form_actions {
    my ($self, $page, $form) = @_;
    my @fills = ({});

    for my $name (sort keys %{$form->{types}}) {
        next if $form->{types}{$name} =~ /^(?:hidden|select)$/;

        my @values = $form->{types}{$name} eq 'checkbox' ? ('1')
                   : $self->_values($name, $page);

        next unless @values;
        @fills = map { my $v = $_; map { { %$_, $name => $v } } @fills }
                 @values;
    }

    splice @fills, 12;

    # a form without a named button has one all the same

    return map {
        my $button = $_;
        map { { what => $button, form => $form, fill => $fills[$_],
                key => "press $button $_",
                rank => $_ + ($button =~ $back ? 1.5 : 0) } } 0 .. $#fills;
    } sort keys %{$form->{buttons}};
}


sub _actions {
    my ($self, $journey) = @_;
    my $page = $journey->{page};
    my $links = $page->links;
    my @all;

    for my $text (sort keys %$links) {
        my $to = $links->{$text};

        next if $to =~ /^#/ || $to =~ /^(?!https?:)[a-z]+:/i
            || $to =~ m{^https?://} && $to !~ /^\Q$self->{s}{origin}\E/;
        push @all, { what => $text, to => $to, key => "follow $text",
                     rank => $text =~ /^(?:Back|Log in as)/ ? 2 : 0.5 };
    }

    push @all, map { $self->_form_actions($page, $_) } $page->forms;
    return grep { !$self->{avoids} || $_->{what} !~ $self->{avoids} } @all;
}


# the one that was tried least; a draw among equals

sub _choose {
    my ($self, $place, @actions) = @_;
    my ($least, @best);

    for my $action (@actions) {
        my $weight = ($self->{tried}{"$place > $action->{key}"} // 0)
                     + 0.4 * $action->{rank};

        if (!defined $least || $weight < $least) {
            ($least, @best) = ($weight, $action);

        } elsif ($weight == $least) {
            push @best, $action;
        }
    }

    return $best[$self->_draw(scalar @best)];
}


# --- doing it ---------------------------------------------------------------

sub _open {
    my ($self) = @_;
    my @mailed = sort keys %{$self->{links}};
    my ($to) = sort { ($self->{tried}{$a} // 0) <=> ($self->{tried}{$b} // 0) }
               grep { !$self->{avoids} || $_ !~ $self->{avoids} }
               @mailed, @starts;
    my $b = $self->{s}->browser;

    $self->{tried}{$to} += $to eq '/ess/' ? 0.4 : 1;
    push @{$self->{journeys}}, { b => $b, trail => ["open $to"],
                                 page => $b->follow($b->get($to)) };
    shift @{$self->{journeys}} while @{$self->{journeys}} > $journeys_most;
    return $self->{journeys}[-1];
}


sub _do {
    my ($self, $journey, $action) = @_;
    my $b = $journey->{b};

    $b->{page} = $journey->{page};
    $self->{did}{$action->{what}}++;

    if (defined $action->{to}) {
        push @{$journey->{trail}}, "follow $action->{what}";
        $journey->{page} = $b->follow($b->get($b->_absolute($action->{to})));
        return;
    }

    my $form = $action->{form};
    my %fill = map { my $v = $action->{fill}{$_};
                     ($_ => ref $v ? $v->($self) : $v) }
               keys %{$action->{fill}};
    my %fields = (%{$form->{fields}}, %{$form->{buttons}{$action->{what}}},
                  %fill);
    my $to = $b->_absolute($form->{action});

    push @{$journey->{trail}}, "press $action->{what} ("
        . join(', ', map { "$_=$fill{$_}" } sort keys %fill) . ')';
    $journey->{page} = $b->follow($form->{method} eq 'POST'
                                  ? $b->post($to, \%fields) : $b->get($to));
    $self->{has_password} = 1
        if $fill{new_password} && $journey->{page}->h1 ne 'New password'
           && $journey->{page}->text =~ /successfully reset|Secure your/;
}


# which message the page waits for, and its code; undef: none came

sub reference {
    my ($page) = @_;
    return $page->text =~ /Reference in the message:?\s*([A-Z]{4})/ ? $1
                                                                  : undef;
}


sub code_for {
    my ($s, $page, $to) = @_;
    my $ref = reference($page) // return undef;
    my $until = time + 60;

    while (time < $until) {
        for my $m ($s->mail->all($to)) {
            return $m->code if $m->{text} =~ /reference is $ref\b/;
        }

        sleep 0.02;
    }

    return undef;
}


# what the page shows, and what came into the mailbox: its code, or nothing
# once all has been sent

sub _learn {
    my ($self, $page) = @_;
    my $ref = reference($page);
    my $is_sent;

    $self->{seen}{$page->h1 // $page->status}++;
    $self->{me} = { secret => $1 }
        if $page->body =~ m{otpauth://totp/[^"']*?secret=([A-Za-z2-7]+)}
           && ($self->{me}{secret} // '') ne $1;

    while (1) {
        $self->_read_mail;
        last if !$ref || $self->{codes}{$ref} || $self->{lost}{$ref}
            || $page->text !~ /$self->{mine}|XXX-/;

        if ($is_sent) {
            $self->{lost}{$ref} = 1;
            last;
        }

        $self->{s}->settle;
        $is_sent = 1;
    }
}


sub _read_mail {
    my ($self) = @_;

    for my $m (map { $self->{s}->mail->all($_) } @{$self->{reads}}) {
        next if $self->{read}{$m->{file} =~ s{.*/}{}r}++;

        $self->{links}{$1} = 1
            while $m->{text} =~ m{^\Q$self->{s}{origin}\E(/\S+)}mg;
        unshift @{$self->{newest}}, $1
            while $m->{text} =~ /\b([0-9A-Z]{5}-[0-9A-Z]{5})\b/g;

        my $code = $m->code // next;

        unshift @{$self->{newest}}, $code;
        $self->{codes}{$1} = $code if $m->{text} =~ /reference is ([A-Z]+)/;
    }
}


# is there a cookie that opens the application?

sub _look {
    my ($self, $journey) = @_;
    my $p = $journey->{b}->request('GET', '/ess/walker',
        { Accept => 'text/html', 'Sec-Fetch-Mode' => 'navigate' });

    return if $p->status != 200;

    my ($who) = MFA::Upstream::values_of($self->{s}->app->last, 'Remote-User');

    $self->{in} = join("\n", @{$journey->{trail}})
                  . "\nin as " . ($who // 'nobody');
    $self->{who} = $who;
    $self->{inside} = $journey->{b};
}


# mostly the journey that stands where this walk was least, so that it goes
# deep; now and then any of them

sub _rarest {
    my ($self, $chance) = @_;
    my $all = $self->{journeys};

    return $all->[$self->_draw(scalar @$all)] if $chance < 3;

    my %count = map { ($_ => $self->{tried}{$self->_place($_->{page})} // 0) }
                @$all;
    my ($best) = sort { $count{$a} <=> $count{$b} } reverse @$all;
    return $best;
}


# the attack everybody begins with: a new password by mail, and a login

sub reset_password {
    my ($self) = @_;
    my $b = $self->{s}->browser;

    $b->follow($b->get('/mfa/password-reset'));
    $b->submit('Send verification code', 'Email address' => $self->{victim});
    $b->submit('Verify code', 'Verification code' =>
               code_for($self->{s}, $b->{page}, $self->{victim}) // '');
    $b->submit('Continue') if $b->{page}->form('Continue');

    if ($b->{page}->h1 eq 'New password') {
        $b->submit('Continue', 'New password' => $password,
                   'Confirm new password' => $password);
        $self->{has_password} = 1;
    }

    return $self->_begin($b, 'new password');
}


sub log_in {
    my ($self) = @_;
    my $b = $self->{s}->browser;

    $self->{s}->first_step($b, { email => $self->{victim}, password =>
        $self->{has_password} ? $password : $self->{knows}[0] });
    return $self->_begin($b, 'log in');
}


# every link of the mail, and what the first button there does

sub follow_mail {
    my ($self) = @_;

    $self->_read_mail;

    for my $to (sort keys %{$self->{links}}) {
        my $b = $self->{s}->browser;

        $b->follow($b->get($to));
        $self->_begin($b, "mailed $to");

        my ($press) = grep { $_->{form} }
                      $self->_actions($self->{journeys}[-1]);

        next unless $press;
        $self->_do($self->{journeys}[-1], $press);
        $self->_look($self->{journeys}[-1]);
    }
}


sub _begin {
    my ($self, $b, $what) = @_;

    push @{$self->{journeys}}, { b => $b, trail => [$what],
                                 page => $b->{page} };
    $self->_learn($b->{page});
    $self->_look($self->{journeys}[-1]);
    return $b->{page};
}


sub walk {
    my ($self, $steps) = @_;

    for my $n (1 .. $steps) {
        my $all = $self->{journeys};
        my $journey = !@$all || $self->_draw(9) == 0 ? $self->_open
                    : $self->_rarest($self->_draw(10));
        my @actions = $self->_actions($journey);

        if (!@actions) {
            @$all = grep { $_ != $journey } @$all;
            next;
        }

        my $place = $self->_place($journey->{page});
        my $action = $self->_choose($place, @actions);

        $self->{tried}{$place}++;
        $self->{tried}{"$place > $action->{key}"}++;
        @$all = ((grep { $_ != $journey } @$all), $journey);
        $self->_do($journey, $action);
        $self->_learn($journey->{page});
        $self->{errors} .= join("\n", @{$journey->{trail}}, '')
            if $journey->{page}->status >= 500;
        $self->_look($journey);
        last if $self->{in};
        $self->{s}->advance('11s');
    }

    return $self;
}


1;
