# Too many attempts: a page, 429, Retry-After; the same for everybody; no
# header talks a client out of it (L14, H1, H3, G7, X27, X54, X57).

use MFA::Test;
use Time::HiRes 'time';

my $trusted = 'trusted_networks';
my ($p, $b);

sub wrong_try {
    my ($b, $s, $email, %headers) = @_;

    $b->get('/mfa/login', %headers) unless $b->{page};
    $b->get('/mfa/login', %headers) unless $b->{page}->form('Login');

    my $form = $b->{page}->form('Login');

    return $b->post('/mfa/login', { %{$form->{fields}}, email => $email,
                                    password => 'wrong one' }, %headers);
}

sub masked {
    my ($page) = @_;
    my $text = $page->body;

    $text =~ s/name="token" value="[^"]*"/name="token"/g;
    return join "\n", $page->status,
           (map { my $n = $_; map { "$n: $_" } $page->headers($n) }
            grep { !/^(?:date|set-cookie|content-length)$/ }
            sort keys %{$page->{headers}}), $text;
}


# one person: five tries are free, then waits of 2, 4, 8 s ... (X54)

my $s = mfa_server(time => 1, realm => { $trusted => '127.0.0.0/8' });
my ($me, %last);

# what has passed since the last try is part of the wait; where that may have
# been all of it, another person is asked for

sub waits_of {
    my ($email) = @_;
    my ($is_slow, $last, @waits) = (0, time);

    $b = $s->browser;

    for (1 .. 10) {
        my $began = time;

        $p = wrong_try($b, $s, $email);

        my $passed = time - $last;

        if (($p->location // '') =~ m{/mfa/later\?}) {
            my ($left, $whole) = ($p->header('Retry-After'), 2 << @waits);

            push @waits, $left <= $whole && $left >= $whole - $passed ? $whole
                                                                      : $left;
            $s->advance($left . 's');
            $b->{page} = undef;
            $began = time;
            $p = wrong_try($b, $s, $email);
        }

        $is_slow = 1 if $passed > 1.5;
        $last = $began;
    }

    $b->{page} = undef;
    $p = $b->follow(wrong_try($b, $s, $email));
    return ($is_slow, "@waits");
}

for my $known (1, 0) {
    for my $name ($known ? qw(ann.employee max.manager hana.helpdesk)
                         : qw(nina.nobody nora.nobody nils.nobody))
    {
        my $email = "$name\@example.org";

        $me = $s->register($s->browser, $email) if $known;

        my ($is_slow, $waits) = waits_of($email);

        next if $is_slow && $waits ne '2 4 8 16' && $name !~ /^(?:hana|nils)/;
        is($waits, '2 4 8 16', "X54: the waits of $email grow");
        $last{$known} = $p;
        last;
    }
}

$p = $last{1};
is($p->status, 429, 'L14: 429');
like($p->header('Retry-After'), qr/^[1-9]\d*$/, 'L14: Retry-After');
is($p->h1, 'Try again later', 'L14: the page');
like($p->text, qr/too many attempts.*contact Human Resources/,
     'L14: and whom to ask');
(my $one = masked($p)) =~ s/\d+ seconds|retry-after: \d+//g;
(my $two = masked($last{0}))
    =~ s/\d+ seconds|retry-after: \d+//g;
is($one, $two, 'L14: the same for known and unknown');

$b = $s->browser;
$p = $s->first_step($b, $me);
is($p->h1, 'Try again later', 'X54: the right password while held');
$s->advance('61m');
is($s->first_step($s->browser, $me)->h1, 'Verify', 'and after the wait');


# H3, X57: a success of the owner does not refill the budget of the hour

$s->advance('2h');
my ($refused, $tries) = (0, 0);

for my $n (1 .. 14) {
    $b = $s->browser;
    $p = wrong_try($b, $s, $me->{email});
    ($p->location // '') =~ m{/mfa/later} ? $refused++ : $tries++;
    last if $refused;
    $s->first_step($s->browser, $me);
}

is($tries, 10, 'X57: ten wrong ones an hour, whatever the owner does between');
$s->stop;


# one address: ten failed logins a minute over all people (H1, X27)

$s = mfa_server(time => 1);
my @lies = ({}, { 'X-Forwarded-For' => '192.0.2.%d' },
            { 'X-Real-IP' => '192.0.2.%d' },
            { Forwarded => 'for=192.0.2.%d' },
            { 'True-Client-IP' => '192.0.2.%d' },
            { 'CF-Connecting-IP' => '192.0.2.%d',
              'X-Client-IP' => '192.0.2.%d' });

for my $lie (@lies) {
    my ($n, $name) = (0, join(', ', sort keys %$lie) || 'no header');

    $s->advance('2h');
    $b = $s->browser;

    while ($n < 20) {
        my %headers = map { $_ => sprintf $lie->{$_}, 10 + $n } keys %$lie;

        $p = wrong_try($b, $s, "somebody$n\@example.org", %headers);
        last if ($p->location // '') =~ m{/mfa/later};
        $n++;
    }

    is($n, 10, "X27: ten with $name");
    $b->{page} = undef;
}

is($b->follow($p)->status, 429, 'L14: then 429');
is($b->get('/mfa/login')->status, 200, 'the login page itself is shown');
is($s->browser->api('/ess/')->status, 401, 'the gate is what it was');


# registrations from one address: ten an hour

$s->advance('2h');
$b = $s->browser;
my $started = 0;

for (1 .. 12) {
    $b->get('/mfa/register');
    $p = $b->submit('Send verification code',
                    'Email address' => "new$_\@example.org");
    last if $p->status == 429;
    $started++;
}

is($started, 10, 'H1: ten registrations an hour from one address');
is($p->h1, 'Try again later', 'L14: the same page');
$s->advance('61m');
$b->get('/mfa/register');
$p = $b->submit('Send verification code', 'Email address' => 'new@example.org');
is($p->status, 200, 'an hour later it goes on');
$s->stop;


# an office behind one address, named by the operator; a limit that is set

$s = mfa_server(realm => { $trusted => '127.0.0.0/8',
                           limit => ['login_person 100/1h 200/1d',
                                     'login_address 1/1m'] });
$b = $s->browser;
my $many = 0;
for (1 .. 30) {
    $p = wrong_try($b, $s, "somebody$_\@example.org");
    last if ($p->location // '') =~ m{/mfa/later};
    $many++;
}
is($many, 30, 'trusted_networks: a hundred times as many');

done_testing();
