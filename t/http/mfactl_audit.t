# The audit at the command line: what happened is listed, and whoever takes
# out, changes or puts in a row without the key is found (M3, N1, N2).

use MFA::Test;
use JSON::PP ();

my $s = mfa_server(time => 1, workers => 2,
                   realm => { trusted_networks => '127.0.0.0/8',
                              event_log => '%%DIR%%/events.log' });
my $mail = 'ann.employee@example.org';
my $ann = $s->register($s->browser, $mail);
my ($code, $text, $list, %is);


# what has the store but not the key file: LMDB itself. Rows are in table 19

my $tool = "$s->{dir}/damage";

{
    open my $fh, '>', "$tool.c" or die;
    print $fh <<'END';
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static MDB_txn *txn;
static MDB_dbi dbi;
static unsigned char keys[2][9];

static MDB_val key(int i, const char *number)
{
    int k;
    unsigned long long n = strtoull(number, NULL, 10);
    MDB_val v = { 9, keys[i] };

    keys[i][0] = 19;
    for (k = 8; k > 0; k--, n >>= 8) keys[i][k] = (unsigned char) n;
    return v;
}

static MDB_val get(MDB_val k)
{
    MDB_val v;
    char *copy;

    if (mdb_get(txn, dbi, &k, &v) != 0) exit(3);
    copy = malloc(v.mv_size);
    memcpy(copy, v.mv_data, v.mv_size);
    v.mv_data = copy;
    return v;
}

static void put(MDB_val k, MDB_val v)
{
    if (mdb_put(txn, dbi, &k, &v, 0) != 0) exit(4);
}

int main(int argc, char **argv)
{
    MDB_env *env;
    MDB_val a, b, v, w, mark = { 6, "\0audit" };

    if (argc < 4 || mdb_env_create(&env) != 0
        || mdb_env_set_mapsize(env, (size_t) 1 << 30) != 0
        || mdb_env_set_maxreaders(env, 8448) != 0
        || mdb_env_open(env, argv[1], MDB_NOTLS, 0600) != 0
        || mdb_txn_begin(env, NULL, 0, &txn) != 0
        || mdb_dbi_open(txn, NULL, 0, &dbi) != 0) return 2;

    a = key(0, argv[3]);
    b = key(1, argc > 4 ? argv[4] : "0");

    if (strcmp(argv[2], "mark") == 0) {
        if (mdb_del(txn, dbi, &mark, NULL) != 0) return 5;
    } else if (strcmp(argv[2], "remove") == 0) {
        if (mdb_del(txn, dbi, &a, NULL) != 0) return 5;
    } else if (strcmp(argv[2], "change") == 0) {
        char *at;
        v = get(a);
        at = memmem(v.mv_data, v.mv_size, "\"event\":\"", 9);
        if (at == NULL) return 6;
        at[9] ^= 1;
        put(a, v);
    } else if (strcmp(argv[2], "copy") == 0) {
        put(b, get(a));
    } else {
        v = get(a);
        w = get(b);
        put(a, w);
        put(b, v);
    }

    return mdb_txn_commit(txn) == 0 ? 0 : 7;
}
END
    close $fh;
    system($ENV{CC} // 'gcc', '-D_GNU_SOURCE', '-w', '-o', $tool, "$tool.c",
           '-llmdb') == 0 or die 'the tool does not compile';
}


# nothing is remembered of a damage: the file is put back

sub damaged {
    my ($re, $bad, @damage) = @_;

    system("cp $s->{dir}/store/data.mdb $s->{dir}/kept.mdb") == 0 or die;
    is(system($tool, "$s->{dir}/store", @damage), 0, "@damage");
    ($code, $text) = $s->ctl('audit', 'verify');
    is($code, 1, '... exit 1');
    like($text, $re, '... what is wrong');
    ($code, $text) = $s->ctl('audit', 'verify', '--json');
    my $said = JSON::PP::decode_json($text);
    is_deeply([$code, $said->{exit}, $said->{bad}], [1, 1, $bad],
              '... in JSON, with the number');
    system("cat $s->{dir}/kept.mdb > $s->{dir}/store/data.mdb") == 0 or die;
}


# --- beside a running gateway -----------------------------------------------

for (1 .. 2) {
    $s->advance('31s');
    $s->login($s->browser, $ann);
}
my $wrong = $s->browser;
$s->first_step($wrong, { %$ann, password => 'wrong horse battery' });
$s->advance('1h');
my $before = (JSON::PP::decode_json(($s->ctl('audit', 'list', '--json'))[1]))
             ->[-1]{time};
$s->json('user', 'lock', 'ann');
$s->json('user', 'unlock', 'ann');
$s->json('user', 'lock', 'hana');

my $done = $s->json('audit', 'verify');
is($done->{damage}, 'none', 'verify: all is there');
is($done->{first}, 1, '... from the first');
$list = $s->json('audit', 'list');
is(scalar @$list, $done->{rows}, '... to the last');
is_deeply([map { $_->{number} } @$list], [1 .. @$list], 'without a gap');
is_deeply([sort { $a cmp $b } map { $_->{time} } @$list],
          [map { $_->{time} } @$list], 'oldest first');
$is{$_->{event}}++ for @$list;
ok($is{$_}, "N1: $_") for qw(user.add password.set factor.add login user.lock);
ok(!(grep { ($_->{reason} // '') eq 'mfactl' && ($_->{by} // '') !~ /^os:\w/ }
     @$list), 'M3: what mfactl did names the operator');

# each is a line of the event log, but for what strangers do

open my $fh, '<', "$s->{dir}/events.log" or die;
my %logged = map { $_ => 1 } map { s/\n//r } <$fh>;
ok((grep { /"event":"login".*"result":"fail"/ } keys %logged),
   'a wrong password');
is(scalar(grep { $_->{event} eq 'user.lock' } @$list), 2, 'user.lock twice');

# who, what, when

my $by_name = $s->json('audit', 'list', '--user', $mail);
my ($id) = map { $_->{user} } grep { $_->{event} eq 'password.set' } @$list;
ok(@$by_name && !(grep { $_->{user} ne $id } @$by_name), '--user: only hers');
is($by_name->[0]{email}, $mail, '... with the address');
is_deeply($s->json('audit', 'list', '--user', 'ann'), $by_name, '... by name');
is_deeply($s->json('audit', 'list', '--user', $id), $by_name, '... by id');
is_deeply([map { $_->{event} } @{$s->json('audit', 'list', '--event',
                                          'user.lock')}],
          [('user.lock') x 2], '--event');
is_deeply($s->json('audit', 'list', '--event', 'user.loc'), [],
          '... and no part of one');
my $late = $s->json('audit', 'list', '--since', $before =~ s/\..*//r,
                    '--user', 'ann');
is_deeply([(map { $_->{event} } @$late)[-2, -1]], [qw(user.lock user.unlock)],
          '--since and --user');
cmp_ok(scalar @$late, '<', scalar @$by_name, '... fewer');
is_deeply($s->json('audit', 'list', '--since', '2199-01-01'), [], 'later');
is(scalar @{$s->json('audit', 'list', '--since', '2001-01-01 10:00Z')},
   scalar @$list, 'earlier');
is(($s->ctl('audit', 'list', '--since', $_))[0], 2, "since \"$_\": wrong usage")
    for 'yesterday', '2026', '2026-13-01', '2026-1-1', '2026-01-01T1', '21:40';
is(($s->ctl('audit', 'list', '--user', 'nobody'))[0], 1, 'nobody of that name');
is(($s->ctl('audit', 'verify', '--all'))[0], 2, 'verify has no options');

($code, $text) = $s->ctl('audit', 'list', '--event', 'user.lock');
is($code, 0, 'for people');
like($text, qr/^\d+ .* user\.lock .* ann\.employee\@example\.org .*os:/m,
     '... with the address and the operator');
ok(!(grep { /\Q$ann->{secret}\E|\Q$ann->{password}\E/ }
     ($s->ctl('audit', 'list', '--json'))[1]), 'N2: no secret');

# somebody who is deleted stays in it

$s->json('user', 'delete', 'hana');
($list) = grep { $_->{event} eq 'user.lock' && !$_->{email} }
          @{$s->json('audit', 'list')};
ok($list, 'who is deleted is in it by the id');
is($s->json('audit', 'list', '--user', $list->{user})->[-1]{event},
   'user.delete', '... and can be asked for');


# --- damage -----------------------------------------------------------------

$s->pause;
$list = $s->json('audit', 'list');
my $last = $list->[-1]{number};
cmp_ok($last, '>', 8, "$last rows");
is($s->json('audit', 'verify')->{last}, $last, 'all good before');

damaged(qr/row 5 .* missing, changed/, 5, 'remove', 5);
damaged(qr/row 1 /, 1, 'remove', 1);
damaged(qr/row $last /, $last, 'remove', $last);
damaged(qr/row 4 /, 4, 'change', 4);
damaged(qr/row 3 /, 3, 'swap', 3, 6);
damaged(qr/row 7 /, 7, 'copy', 2, 7);
damaged(qr/row @{[$last + 1]} /, $last + 1, 'copy', 2, $last + 1);
damaged(qr/mark/, 0, 'mark', 0);
is($s->json('audit', 'verify')->{last}, $last, 'all good after');

# what is listed goes on behind a row that is gone, and people get in

is(system($tool, "$s->{dir}/store", 'remove', 5), 0, 'a row is gone');
is_deeply([map { $_->{number} } grep { $_->{number} =~ /^[3-7]$/ }
           @{$s->json('audit', 'list')}], [3, 4, 6, 7], 'the others are shown');
$s->start;
$s->advance('31s');
is($s->login($s->browser, $ann)->h1, 'application', 'people log in');
is(($s->ctl('audit', 'verify'))[0], 1, 'and what is gone stays gone');

done_testing();
