# What cannot be decided answers 503 and opens nothing (F1, F13).

use MFA::Test;

my $s = mfa_server(start => 0, people => []);
my $app = $s->app;

# the worker may not write where its store is to be

chmod 0700, "$s->{dir}/store";
chown 0, 0, "$s->{dir}/store" if $> == 0;
SKIP: {
    skip 'needs another user for the worker', 9 unless $> == 0;

    $s->start;
    $s->log_like(qr/\[error\].*realm "staff" cannot be opened/,
                 'the error log says that the store is not there');
    unlike($s->log, qr/\[(?:alert|emerg|crit)\]/, 'without an alarm');

    my $page = $s->browser->get('/ess/');

    is($page->status, 503, 'a page load gets 503');
    like($page->body, qr/try again/i, 'and a text');
    is($page->header('Cache-Control'), 'no-store', 'that is not kept');
    is($s->browser->api('/ess/')->status, 503, 'a call gets 503');
    is($s->browser->get('/mfa/')->status, 503, 'the portal answers 503');
    is($app->hits, 0, 'the application was not asked');
    is($s->browser->get('/open/')->status, 200, 'open locations go on');

    # and when it is there it is opened without a restart

    my ($uid, $gid) = (getpwnam $s->{user})[2, 3];
    chown $uid, $gid, "$s->{dir}/store";

    $s->log_like(qr/realm "staff" is open now/, 'it opens later');
    is($s->browser->get('/ess/')->status, 303, 'and then answers as usual');
}

done_testing();
