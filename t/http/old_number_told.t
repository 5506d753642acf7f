# A phone number that is changed, removed, reset away or taken off by an
# operator gets a text message itself, besides the letters (C7, X91).

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2, factors => 'totp sms',
                   realm => { trusted_networks => '127.0.0.0/8',
                              support => '"Human Resources" '
                                         . 'mail=hr@example.org '
                                         . '"phone=01632 960100"',
                              limit => ['send_person 100/1h 300/1d',
                                        'login_person 1000/1h 1000/1d'] });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $app = 'Authenticator app';
my ($b, $p);


sub settings { return $b->follow($b->get('/mfa/security')) }


# every text message without a code in it, by number

sub notices { return grep { $_->{text} !~ /verification code/ } $s->texts->all(@_) }

sub told {
    my ($number, $count, $name) = @_;

    for (1 .. 240) {
        last if notices($number) >= $count;
        select undef, undef, undef, 0.25;
    }

    my @all = notices($number);

    is(scalar @all, $count, $name) or diag($s->log);
    return $all[-1];
}


sub set_up {
    my ($button, $number) = @_;

    $s->advance('31s');
    settings();
    $b->submit($button);
    $s->prove($b, $ann);
    return $s->enrol_by($b, $ann, 'Text message', number => $number);
}


$b = $s->browser;
$s->login($b, $ann);
$p = set_up('Set up Text message', '07700 900 111');
is($p->h1, 'Security settings', 'a number is set up');

# X91: changed

set_up('Change Text message', '07700 900 222');
my $m = told('+447700900111', 1, 'X91 C7: the old number is told');
like($m->{text}, qr/Example Council no longer uses this phone number/,
     '... by whom and of what');
like($m->{text}, qr/Human Resources at once\. 01632 960100\s*\z/,
     '... whom to call');
unlike($m->{text}, qr/http|\@|900222|900 ?111|Ann/i,
       '... no link, no number, no name');
is(scalar notices('+447700900222'), 0, '... and the new one is not');

# removed

$s->advance('31s');
settings();
$b->submit('Remove Text message');
$s->prove($b, $ann);
$b->submit('Remove');
told('+447700900222', 1, 'C7: a number that was removed is told');
is(scalar notices('+447700900111'), 1, '... the one before it is not again');

# taken off by an operator, while no worker has sent anything yet

set_up('Set up Text message', '07700 900 333');
$s->json('user', 'remove-factor', 'ann', 'sms');
told('+447700900333', 1, 'C7 M4: mfactl remove-factor tells the number');

# D2: a device reset takes the number as well

$b = $s->browser;
$s->login($b, $ann);
set_up('Set up Text message', '07700 900 444');
$s->advance('10m');
$b = $s->browser;
$s->first_step($b, $ann);
$s->to_method($b, $app);
$b->click('Reset device');
$b->submit('Send verification code', 'Email address' => $ann->{email});
$b->submit('Verify code', 'Verification code' =>
           $s->mail->latest_code($ann->{email})->code);
$b->submit('Continue');
is(scalar notices('+447700900444'), 0, 'D3: nothing before the end');
$s->enrol_by($b, $ann, $app);
is($b->{page}->h1, 'Reset device', 'D2: reset');
told('+447700900444', 1, 'C7 D2: the number that went is told');

is(scalar notices(), 4, 'and nobody else got one');

done_testing();
