# How long a login lasts, with the time set (L8, D5, X40): an hour without
# activity, twelve hours in all; what a person does keeps it alive; after it
# they come back to the page they were on.

use MFA::Test;

my $s = mfa_server(time => 1, workers => 2);
my $me = $s->register($s->browser, 'ann.employee@example.org');

sub fresh {
    my $b = $s->browser;

    $s->advance('31s');
    $s->login($b, $me, to => '/ess/');
    return $b;
}


{
    my $b = fresh();

    $s->advance('59m');
    is($b->get('/ess/a')->status, 200, 'after 59 minutes it is alive (D5)');
    $s->touched('ann');
    $s->advance('59m');
    is($b->get('/ess/b')->status, 200, 'a page load has kept it alive (L8)');

    $s->touched('ann');
    $s->advance('61m');
    my $page = $b->get('/ess/c?d=1');
    is($page->status, 303, 'after 61 idle minutes it is over (L8, X40)');

    $page = $b->follow($page);
    is($page->h1, 'Login', 'Login');
    like($page->text, qr/You were logged out after 1 hour without activity\. /,
         'and why (L8)');
    like($page->text, qr/Log in again to continue\./, 'and what to do');

    $s->advance('31s');
    is($s->login($b, $me, to => '/ess/c?d=1')->{url}, "$s->{origin}/ess/c?d=1", 'back on the same page after the login (L8)');
}


{
    my $b = fresh();
    my $alive = 0;

    for (1 .. 24) {
        $s->advance('30m');
        last unless $b->get('/ess/')->status == 200;
        $alive++;
        $s->touched('ann');
    }

    is($alive, 23, 'always active: alive until, not after, 12 hours (D5, X40)');
    is($b->follow($b->get('/ess/'))->h1, 'Login', 'then Login');
}

done_testing();
