# Two realms on one nginx: a fault, a foreign store, a reload of one leave
# the other as it was (Y5, J4, J9, J14, DK6, F13).

use MFA::Test;
use MFA::Realms;
use File::Copy 'copy';
use Time::HiRes 'sleep';

my ($one, $two) = two_realms();
my $s = $one->{s};
my $to = 'ann.one@example.org';
my %me = map { ($_->{realm} => $_->register($_->browser, $to,
                    password => "the horse of $_->{realm} 4711")) } $one, $two;
my %b = map { ($_->{realm} => fresh($_)) } $one, $two;
my $data = "$s->{dir}/beta/data.mdb";


sub fresh {
    my ($realm) = @_;
    my $x = $realm->browser;

    $realm->advance('31s');
    $realm->login($x, $me{$realm->{realm}});
    return $x;
}

sub status { my ($realm, $browser) = @_;
             return ($browser // $b{$realm->{realm}})->api('/ess/')->status }

sub until_true {
    my ($seconds, $question) = @_;

    for (1 .. 20 * $seconds) {
        return 1 if $question->();
        sleep 0.05;
    }
    return 0;
}


# a store in the place of beta's, while nothing runs

sub put_store {
    my ($from) = @_;
    my @stat = stat $data;

    $s->pause;
    unlink "$s->{dir}/beta/lock.mdb";
    $from =~ m{/} ? copy($from, $data) : do {
        open my $fh, '>', $data or die;
        print $fh $from;
        close $fh;
    };
    chown @stat[4, 5], $data;
    chmod 0600, $data;
    $s->start;
}

is(status($_), 200, "$_->{realm}: logged in") for $one, $two;


# a reload that changes beta

$s->{is}{beta} = { brand => '"Gamma Council"', idle_timeout => '10m' };
MFA::Realms::write_conf($s);
ok($s->reload, 'another brand for beta');
like($two->browser->get('/mfa/login')->body, qr/Gamma Council/,
     'Y5: beta has it');
like($one->browser->get('/mfa/login')->body, qr/Alpha Council/,
     'Y5: alpha has its own');
is(status($_), 200, "Y5: and the session of $_->{realm} goes on")
    for $one, $two;
$s->advance('11m');
is(status($one), 200, 'Y5: its idle_timeout as well is its own');
is(status($two), 401, 'Y5: alone');
$b{$_->{realm}} = fresh($_) for $one, $two;


# DK6 F13: beta's store is damaged

$s->pause;
copy($data, "$s->{dir}/beta.saved") or die;
copy("$s->{dir}/alpha/data.mdb", "$s->{dir}/alpha.saved") or die;
put_store('no store at all ' x 4096);
is(status($one), 200, 'Y5 F13: alpha works while the store of beta does not');
is(status($two), 503, 'F13: beta answers 503');
is($two->browser->get('/mfa/login')->status, 503, '... its pages too');
ok(fresh($one)->get('/ess/')->status == 200, 'Y5: logins at alpha work');
is(($one->ctl('user', 'show', 'ann'))[0], 0, 'Y5: mfactl -r alpha too');
isnt(($two->ctl('user', 'show', 'ann'))[0], 0, 'mfactl -r beta: refused');
$s->log_like(qr/realm "beta" cannot be opened, it answers 503/,
             'and the log names the realm');


# J9: alpha's store in the place of beta's

my $thief = $two->browser;

put_store("$s->{dir}/alpha.saved");
$thief->{jar} = $b{alpha}{jar};
is(status($two, $thief), 503, 'Y5: a session in a copied store opens nothing');
is(status($one), 200, 'which alpha opens as before');
is($two->browser->get('/mfa/login')->status, 503,
   'Y5: nor is there a page to log in');
$s->log_like(qr/realm "beta" .*the store belongs to another key file/,
             'and the log says whose it is not');

my ($code, $text) = $two->ctl('user', 'list');
isnt($code, 0, 'Y5: nor does mfactl read it');
like($text, qr/belongs to another key file/, '... and says why');


# its own again, and all is as it was

put_store("$s->{dir}/beta.saved");
ok(until_true(60, sub { status($two) == 200 }),
   'its own store back: the session of before goes on');
is(status($two, $thief), 401, 'Y5: and one of alpha is nothing');


# a key of one that is turned: the store goes with it

my $key = "$s->{dir}/beta.key";
open my $fh, '<', $key or die;
my @lines = <$fh>;
close $fh;
my ($old) = grep { !/^#/ && /\S/ } @lines;
my (undef, $made) = $s->ctl_bare('key', 'new', "$s->{dir}/next.key");
open $fh, '<', "$s->{dir}/next.key" or die;
my ($new) = map { s/^\S+/next/r } grep { !/^#/ && /\S/ } <$fh>;
close $fh;

sub keys_are {
    chmod 0600, $key;
    open my $out, '>', $key or die;
    print $out @_;
    close $out;
    return $s->reload;
}

ok(keys_are($old, $new), 'a second key');
is(status($two), 200, 'J9: the store opens');
ok(keys_are($new, $old), '... which becomes the first');
is(status($two), 200, 'J9: and opens');
ok(keys_are($old), 'a key that was taken back');
is(status($two), 503, 'J9: its store is refused');
ok(keys_are($old, $new), '... with a message, until it is there');
ok(until_true(60, sub { status($two) == 200 }), 'J9: and opens again');
is(status($one), 200, 'Y5: alpha did not notice');

$s->allow_log(qr/mfa: /);
done_testing();
