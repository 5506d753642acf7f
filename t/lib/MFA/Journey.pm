package MFA::Journey;

# Whole journeys of people, for tests that need somebody logged in.
#
#   my $me = $s->register($b, 'ann.employee@example.org', %more);
#         { email, password, secret }; $me->{page} is the last page
#         more: to => '/mss/'  (the page first asked for), password => '...',
#               first => 'Ann', surname => 'Employee'
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
    $s->enrol($b, $me);
    $me->{page} = $b->submit('Continue');
    return $me;
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

        my $earliest = int(($s->now + 3) / 30) - 1;

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
