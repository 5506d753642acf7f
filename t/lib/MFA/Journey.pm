package MFA::Journey;

# Whole journeys of people, for tests that need somebody logged in.
#
#   my $me = $s->register($b, 'ann.employee@example.org', %more);
#         { email, password, secret }; $me->{page} is the last page
#         more: to => '/mss/'  (the page first asked for), password => '...',
#               first => 'Ann', surname => 'Employee',
#               method => 'Text message', number => '07700 900123',
#               country => 'GB', email => 'ann.home@example.org'
#   my $page = $s->enrol_by($b, $me, 'Text message', number => ...);
#         on Secure your account: that method, to the end of it
#   my $page = $s->verify_by($b, $me, 'Text message', %fields);
#         on Verify or Choose how to verify, after the password
#   my $page = $s->prove($b, $me);          # where settings ask for a code
#   my $page = $s->go($b, 'Text message');  # a link or button of that name
#   my $code = $s->sent_code($me, 'Text message');  # the newest that came
#   my $page = $s->login($b, $me, to => '/ess/');     # password and code
#   my $page = $s->first_step($b, $me, to => '/ess/') # password only: Verify
#   my $code = $s->code($me);          # a code not used before
#   my $code = $s->totp($secret, $at); # RFC 6238, SHA-1, 6 digits, 30 s
#   my $page = $s->logout($b);
#
# Everything is found by the words people read: product.md.

use strict;
use warnings;
use Digest::SHA ();
use Time::HiRes 'sleep';

my $code_label = 'Please enter verification code using your authentication app';


sub first_password { return 'correct horse 4711 staple' }


sub register {
    my ($s, $b, $email, %is) = @_;
    my $me = { email => $email,
               password => $is{password} // first_password() };

    $b->follow($b->get($is{to} // '/ess/'));
    $b->click('Register');
    $b->submit('Send verification code', 'Email address' => $email);

    my $mail = $s->mail->latest_code($email) // die "no mail to $email\n" . $s->log;

    $b->submit('Verify code', 'Verification code' => $mail->code);
    $b->submit('Continue', 'New password' => $me->{password},
        'Confirm new password' => $me->{password},
        defined $is{first} ? ('First name' => $is{first}) : (),
        defined $is{surname} ? (Surname => $is{surname}) : ());

    if ($is{method}) {
        $s->enrol_by($b, $me, $is{method}, %is);

    } else {
        $s->go($b, 'Authenticator app') if is_there($b, 'Authenticator app');
        $s->enrol($b, $me);
    }

    $me->{page} = $s->finish($b);
    return $me;
}


# from the end of an enrolment to the page asked for

sub finish {
    my ($s, $b) = @_;

    for (1 .. 3) {
        last unless $b->{page}{url} =~ m{/mfa/} && $b->{page}->form('Continue');
        $b->submit('Continue');
    }

    return $b->{page};
}


sub is_there {
    my ($b, $word) = @_;
    return $b->{page}->links->{$word} || $b->{page}->form($word);
}


sub go {
    my ($s, $b, $word) = @_;

    return $b->{page}->links->{$word} ? $b->click($word) : $b->submit($word);
}


# the digits of a number as they stand in a text message or a call

my %e164 = (GB => '44', DE => '49', US => '1');

sub _e164 {
    my ($number, $country) = @_;

    $number =~ s/\(0\)|[^\d+]//g;
    return $number if $number =~ s/^(?:\+|00)/+/;
    $number =~ s/^0//;
    return '+' . $e164{$country // 'GB'} . $number;
}


sub enrol_by {
    my ($s, $b, $me, $method, %is) = @_;

    $s->go($b, $method) if is_there($b, $method);

    if ($method eq 'Authenticator app') {
        return $s->enrol($b, $me);
    }

    if ($method eq 'Email') {
        $me->{factor_email} = $is{email} // $me->{email};
        $b->submit('Send code', $is{choice} ? %{$is{choice}} : ());

    } else {
        my $send = $method eq 'Voice call' && is_there($b, 'Call me')
                 ? 'Call me' : 'Send code';

        $me->{number} = _e164($is{number} // '07700 900123', $is{country});
        $b->submit($send, 'Phone number' => $is{number} // '07700 900123',
                   $is{country} ? ('Country code' => $is{country}) : ());
    }

    return $b->submit('Verify code', 'Verification code' =>
                      $s->sent_code($me, $method));
}


# from any page of Verify; %fields: of the form, as 'Remember this device'

sub verify_by {
    my ($s, $b, $me, $method, %fields) = @_;

    $s->to_method($b, $method);

    return $b->submit('Continue', $code_label => $s->code($me), %fields)
        if $method eq 'Authenticator app';

    for my $send ('Send code', 'Call me') {
        $b->submit($send) if $b->{page}->form($send);
    }

    return $b->submit('Verify code', 'Verification code' =>
                      $s->sent_code($me, $method), %fields);
}


sub to_method {
    my ($s, $b, $method) = @_;

    $b->click('Try another way') if !$b->{page}->links->{$method}
        && $b->{page}->links->{'Try another way'}
        && $b->{page}{url} !~ m{/verify/@{[ kind_of($method) ]}\b};
    return $b->{page}->links->{$method} ? $b->click($method) : $b->{page};
}


sub kind_of {
    my ($method) = @_;
    my %kinds = ('Authenticator app' => 'totp', 'Text message' => 'sms',
                 'Voice call' => 'voice', Email => 'email');

    return $kinds{$method} // die "no method $method";
}


sub prove {
    my ($s, $b, $me) = @_;
    my $page = $b->{page};

    return $page unless $page->text =~ /Before your security settings/;
    return $s->verify_by($b, $me, 'Authenticator app') if $me->{secret};
    return $s->verify_by($b, $me, $me->{method} // 'Text message');
}


sub sent_code {
    my ($s, $me, $method, $seconds) = @_;
    my ($box, $to) = $method eq 'Text message' ? ($s->texts, $me->{number})
        : $method eq 'Voice call' ? ($s->calls, $me->{number})
        : ($s->mail, $me->{factor_email} // $me->{email});
    my $m = $box->latest_code($to, $seconds)
        // die "no code to $to\n" . $s->log;

    return $m->code;
}


# on the page Secure your account

sub enrol {
    my ($s, $b, $me) = @_;

    $me->{secret} = secret_of($b->{page});
    delete $me->{last_step};
    return $b->submit('Continue', $code_label => $s->code($me));
}


# the secret as text, in groups of four or in the otpauth link

sub secret_of {
    my ($page) = @_;
    my $body = $page->body;

    return uc $1 if $body =~ m{otpauth://totp/[^"']*?secret=([A-Za-z2-7]+)};

    my ($groups) = $page->text =~ /((?:\b[A-Z2-7]{4}\b ?){4,})/
        or die "no secret on:\n" . $page->text;

    $groups =~ s/ //g;
    return $groups;
}


sub first_step {
    my ($s, $b, $me, %is) = @_;

    $b->follow($b->get($is{to} // '/ess/'));
    return $b->submit('Login', 'Email address' => $me->{email},
                      Password => $me->{password});
}


sub login {
    my ($s, $b, $me, %is) = @_;

    $s->first_step($b, $me, %is);
    return $b->submit('Continue', $code_label => $s->code($me));
}


sub logout {
    my ($s, $b) = @_;

    $b->follow($b->get('/mfa/logout'));
    return $b->submit('Log out');
}


# A code is good once, and for the steps -1, 0 and +1: the earliest of them
# that was not used. When all are used the time is moved, or waited for.

sub code {
    my ($s, $me) = @_;

    while (1) {
        my $now = int($s->now / 30);
        my $step = ($me->{last_step} // 0) + 1;

        # the earliest is not taken when it may be over on its way

        my $earliest = int(($s->now + 8) / 30) - 1;

        $step = $earliest if $step < $earliest;

        if ($step <= $now + 1) {
            $me->{last_step} = $step;
            return $s->totp($me->{secret}, $step * 30);
        }

        $s->{is}{time} ? $s->advance('30s') : sleep 1;
    }
}


sub totp {
    my ($s, $secret, $at) = @_;
    my $bits = '';

    for (split //, uc $secret) {
        my $value = index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_;
        $bits .= sprintf '%05b', $value if $value >= 0;
    }

    my $key = pack 'B*', substr $bits, 0, 8 * int(length($bits) / 8);
    my $mac = Digest::SHA::hmac_sha1(
        pack('Q>', int(($at // $s->now) / 30)), $key);
    my $offset = ord(substr $mac, -1) & 15;
    my $number = unpack('N', substr $mac, $offset, 4) & 0x7fffffff;

    return sprintf '%06d', $number % 1_000_000;
}


1;
