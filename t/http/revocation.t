# What mfactl and logins end is ended for the next request, in every worker
# (D7, D8, X41, X45).

use MFA::Test;

my $s = mfa_server(workers => 4, time => 1,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $ann = $s->register($s->browser, 'ann.employee@example.org');
my $max = $s->register($s->browser, 'max.manager@example.org');

sub fresh {
    my ($me) = @_;
    my $b = $s->browser(keep_alive => 0);

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}

# many connections, so that each worker is asked, with a warm cache first

sub statuses {
    my ($b) = @_;
    my %seen;

    $seen{$s->browser(keep_alive => 0)->request('GET', '/ess/',
        { Cookie => $b->cookie })->status}++ for 1 .. 24;
    return join ' ', sort keys %seen;
}

for my $verb (['user', 'lock', $ann->{email}],
              ['user', 'disable', $ann->{email}],
              ['session', 'end', '--user', $ann->{email}])
{
    my ($one, $two, $other) = (fresh($ann), fresh($ann), fresh($max));

    is(statuses($_), '200', 'logged in, in every worker') for $one, $two;

    my ($code, $said) = $s->ctl(@$verb);
    is($code, 0, "mfactl @$verb") or diag($said);
    is(statuses($_), '401',
       "D7, X41: after \"@$verb[0, 1]\" no worker passes it") for $one, $two;
    is(statuses($other), '200', 'others go on');

    next if $verb->[0] eq 'session';
    is($s->first_step($s->browser, $ann)->h1, 'Login', 'nor a new login');
    my $open = $s->browser;
    $s->ctl('user', $verb->[1] eq 'lock' ? 'unlock' : 'enable', $ann->{email});
    is(statuses($one), '401', 'and undoing it revives nothing');
    is($s->first_step($open, $ann)->h1, 'Verify', 'but a login works again');
}


# between the password and the code

my $b = $s->browser;
$s->first_step($b, $ann);
$s->ctl('user', 'disable', $ann->{email});
isnt($b->submit('Continue', 'Please enter verification code using your '
     . 'authentication app' => $s->code($ann))->h1, 'application',
     'D7: disabled between password and code');
is($b->api('/ess/')->status, 401, 'nobody is in');
$s->ctl('user', 'enable', $ann->{email});


# between the mailed code and the end of a registration

$b = $s->browser;
$b->get('/mfa/register');
$b->submit('Send verification code',
           'Email address' => 'hana.helpdesk@example.org');
my $code = $s->mail->latest_code('hana.helpdesk@example.org')->code;
$s->ctl('user', 'disable', 'hana.helpdesk@example.org');
my $p = $b->submit('Verify code', 'Verification code' => $code);
unlike($p->text, qr/already exists|verified/, 'C1: disabled meanwhile');
ok($p->status < 500, 'on a normal page');


# D8, X45: the eleventh login ends the one unused for longest

my @many = map { fresh($max) } 1 .. 11;
is($many[0]->api('/ess/')->status, 401, 'X45: the oldest is gone');
my $live = grep { $_->api('/ess/')->status == 200 } @many;
is($live, 10, 'X45: ten are live');


# deleting

$b = fresh($ann);
is(($s->ctl('user', 'delete', $ann->{email}))[0], 0, 'mfactl user delete');
is(statuses($b), '401', 'D7: deleted');
is($s->first_step($s->browser, $ann)->h1, 'Login', 'and unknown');

done_testing();
