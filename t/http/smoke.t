# The shortest way through everything: nginx starts with the module, an
# unknown visitor registers, uses two applications, logs out, logs in.

use MFA::Test;

my $s = mfa_server();
my $b = $s->browser;
my $max = 'max.manager@example.org';

my $page = $b->get('/ess/x?a=1');
is($page->status, 303, 'an unknown visitor is sent away');
is($b->follow($page)->h1, 'Login', 'to Login');
is($s->app->hits, 0, 'the application was not asked');

is($s->browser->api('/ess/x')->status, 401, 'a program gets 401');

my $me = $s->register($b, $max, to => '/mss/report?q=1');

is($me->{page}{url}, "$s->{origin}/mss/report?q=1",
   'registration ends at the page asked for');
is($me->{page}->h1, 'application', 'which is the application');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Remote-Email')], [$max],
          'it is told who this is');
is_deeply([MFA::Upstream::values_of($s->app->last, 'Cookie')], [],
          'and gets no cookie of ours');
is($b->get('/ess/')->h1, 'application', 'one login serves both');

is($s->logout($b)->h1, 'You have logged out', 'log out');
is($b->follow($b->get('/ess/'))->h1, 'Login', 'then a login is asked for');

my $other = $s->browser;
is($s->login($other, $me, to => '/ess/y')->{url}, "$s->{origin}/ess/y",
   'log in with password and code');

my $ann = $s->browser;
$s->register($ann, 'ann.employee@example.org');
is($ann->get('/mss/')->status, 403, 'rules hold');
is($ann->{page}->h1, 'You do not have access', 'with a page');

is($s->mail->wait_for(1, 'max.home@example.org'), 1,
   'the other address is told of the new factor');

done_testing();
