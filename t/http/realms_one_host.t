# Two realms on one host name: their cookies have the names of the realms,
# so that a browser keeps both (Y5, D2, D4, D11, U2; X33, X36). And what
# nginx -t refuses of two realms.

use MFA::Test;
use MFA::Realms;

my ($one, $two) = two_realms(paths => 1);
my $s = $one->{s};
my $to = 'ann.one@example.org';
my $x = $one->browser;
my @paths = ('/ess/', '/two/ess/');
my $label = 'Please enter verification code using your authentication app';
my ($a, $b) = map { "__Host-mfa_session_$_" } qw(alpha beta);
my ($p, $me, $you);


sub statuses { return join ' ', map { $_[0]->api($_)->status } @paths }


# one browser, a login in each

$me = $one->register($x, $to);
is(statuses($x), '200 401', 'Y5: logged in at alpha, not at beta');
is($x->follow($x->get('/two/ess/'))->title =~ /Beta/ ? 1 : 0, 1,
   'Y5: beta asks with its own page');
$you = $two->register($x, $to, to => '/two/ess/');
is(statuses($x), '200 200', 'Y5: logged in at both, in one browser');
is_deeply([grep { /session/ } $x->cookies], [$a, $b],
          'D2: cookies with the names of the realms');
is($x->{jar}{$_}{line} =~ /; Path=\/; /i && 1, 1, 'D2: as all others are')
    for $a, $b;
$s->app->forget;
$x->{jar}{theirs} = { value => 'kept' };
$x->{jar}{'__Host-mfa_session'} = { value => 'A' x 43 };

for my $path (@paths, '/open/') {
    $x->get($path);
    is_deeply([MFA::Upstream::values_of($s->app->last, 'Cookie')],
              ['theirs=kept'], "D11 U2 $path: no cookie of any realm");
    $p = $x->request('GET', "$path?header=Set-Cookie:%20$b%3Devil"
                     . "&header=Set-Cookie:%20__Host-mfa_session%3Devil");
    is_deeply([$p->headers('Set-Cookie')], [], 'D11: and none can be set');
}

delete $x->{jar}{$_} for '__Host-mfa_session', 'theirs';


# D4 X33: the value of one under the name of the other, each way

my ($va, $vb) = map { $x->{jar}{$_}{value} } $a, $b;

sub with {
    my (%jar) = @_;
    my $y = $one->browser;

    $y->{jar} = { map { ($_ => { value => $jar{$_} }) } keys %jar };
    return statuses($y);
}

is(with($a => $vb, $b => $va), '401 401', 'Y5 X33: swapped');
is(with($a => $va, $b => $va), '200 401', 'Y5 X33: alpha\'s in both');
is(with($a => $vb, $b => $vb), '401 200', 'Y5 X33: beta\'s in both');
is(with('__Host-mfa_session' => $va), '401 401', 'D10: under the plain name');
is(with($a => $va, '__Host-mfa_session' => $vb), '200 401',
   'X36: the plain name beside it is no second one');


# D4: a browser with both: the pages of one, the realm of the other

like($x->get('/mfa/')->body, qr/Alpha Council/, 'the portal of alpha');
like($x->get('/mfa2/')->body, qr/Beta Council/, 'the portal of beta');
unlike($x->{page}->body, qr/Alpha/, 'Y5: with nothing of alpha on it');

# a form of one at the other

$p = $x->get('/mfa/logout');
my $form = $p->form('Log out');
is($x->post('/mfa2/logout', $form->{fields})->status, 403,
   'Y5 X93: the token of alpha at beta');
is(statuses($x), '200 200', '... and nobody was logged out');

$x->follow($x->get('/mfa/logout'));
$x->submit('Log out');
is(statuses($x), '401 200', 'Y5: out of alpha, and still at beta');
$s->advance('31s');
$p = $one->login($x, $me);
is(statuses($x), '200 200', 'and in again');
$x->follow($x->get('/mfa2/logout'));
$x->submit('Log out');
is(statuses($x), '200 401', 'Y5: out of beta alone');


# what was typed at a refused login of one

$x = $one->browser;
$x->follow($x->get('/ess/'));
$x->post_only('Login', 'Email address' => 'lost@example.org',
              Password => 'no');
unlike($x->get('/mfa2/login')->body, qr/lost\@example/,
       'Y5: nothing of it at the other');
like($x->get('/mfa/login')->body, qr/lost\@example/, '... it is here');


# --- nginx -t ---------------------------------------------------------------

sub tested {
    my ($what, $re, $is_refused) = @_;

    MFA::Realms::write_conf($s);

    my ($code, $text) = $s->_nginx_test;

    is($code == 0 ? 0 : 1, $is_refused, "$what: "
       . ($is_refused ? 'refused' : 'accepted')) or diag($text);
    defined $re ? like($text, $re, "$what: says so")
                : unlike($text, qr/\[warn\]/, "$what: nothing to say");
    $s->{is}{beta} = {};
}

tested('two realms on one host', undef, 0);

my $place = qr/ in \S+nginx\.conf:\d+/;
my %store = ('the same words' => 'lmdb:%%DIR%%/alpha',
             'with a size' => 'lmdb:%%DIR%%/alpha limit=1g',
             'with a slash' => 'lmdb:%%DIR%%/alpha/',
             'a way round' => 'lmdb:%%DIR%%/beta/../alpha',
             'from the folder of nginx' => 'lmdb:alpha',
             'a link' => 'lmdb:%%DIR%%/link');

symlink "$s->{dir}/alpha", "$s->{dir}/link" or die;

for my $what (sort keys %store) {
    $s->{is}{beta} = { store => $store{$what} };
    tested("one store, $what", qr/"alpha" and "beta" have the same store.*$place/,
           1);
}

$s->{is}{beta} = { key_file => '%%DIR%%/alpha.key' };
tested('one key file', qr/"alpha" and "beta" have the same key: .*$place/, 1);

{
    open my $in, '<', "$s->{dir}/alpha.key" or die;
    my ($line) = map { s/^\S+/other/r } grep { !/^#/ && /\S/ } <$in>;
    open my $from, '<', "$s->{dir}/beta.key" or die;
    my @own = <$from>;

    open my $out, '>', "$s->{dir}/mixed.key" or die;
    print $out @own, $line;
    close $out;
    chmod 0600, "$s->{dir}/mixed.key";
    $s->{is}{beta} = { key_file => '%%DIR%%/mixed.key' };
    tested('a copied key, second and with another id',
           qr/"alpha" and "beta" have the same key/, 1);
}

$s->{is}{beta} = { event_log => '%%DIR%%/alpha.log' };
tested('one event log', qr/\[warn\].*"alpha" and "beta" have the same "event_log".*$place/,
       0);


# names: as ever when the realms are on hosts of their own

sub names {
    my (%beta) = @_;

    $s->{is}{beta} = { public_url => 'https://two.example.org:%%PORT%%',
                       %beta };
    $s->{is}{paths} = 1;
    MFA::Realms::write_conf($s);
    $s->reload or die 'no reload';
    $p = $one->browser->get('/mfa/login');
    return join ' ', map { /^([^=]+)/ } $p->headers('Set-Cookie');
}

is(names(public_url => 'https://one.example.org:1'),
   '__Host-mfa_browser_alpha', 'another port is the same host to a browser');
is(names(), '__Host-mfa_browser', 'another host: the plain name');
is(names(application => 'ESS https://one.example.org:%%PORT%%/two/ess/'),
   '__Host-mfa_browser_alpha', 'a host of an application of the other realm');
is(names(cookie_domain => 'example.org'), '__Host-mfa_browser_alpha',
   'a cookie_domain of the other realm that covers the host');
is(names(public_url => 'https://login.two.example.org:%%PORT%%',
         cookie_domain => 'two.example.org'), '__Host-mfa_browser',
   'a cookie_domain that does not');


# a realm whose name fits into no cookie

sub odd {
    my ($name, $host) = @_;

    $s->{is}{beta} = { public_url => "https://$host.example.org:%%PORT%%" };
    MFA::Realms::write_conf($s);
    open my $in, '<', $s->{conf} or die;
    my $text = join '', <$in>;
    close $in;
    $text =~ s/\b(mfa_realm|mfa) beta\b/$1 $name/g;
    open my $out, '>', $s->{conf} or die;
    print $out $text;
    close $out;
    return $s->_nginx_test;
}

my ($code, $text) = odd('be;ta' =~ s/;/@/r, 'one');
isnt($code, 0, 'a name that fits into no cookie, on one host: refused');
like($text, qr/realm "be\@ta": its cookies meet.*$place/, '... and says why');
($code, $text) = odd('be@ta', 'two');
is($code, 0, 'on a host of its own: accepted') or diag($text);

$s->{is}{beta} = {};
MFA::Realms::write_conf($s);
$s->allow_log(qr/have the same (?:store|key)|its cookies meet/);
done_testing();
