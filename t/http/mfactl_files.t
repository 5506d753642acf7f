# mfactl and files: key files, the folder of the store, the rights of root.

use MFA::Test;

my $s = mfa_server(start => 0, people => []);
my $dir = $s->{dir};


sub put {
    my ($name, $text) = @_;

    open my $fh, '>', "$dir/$name" or die "$name: $!";
    print $fh $text;
    close $fh or die;
}


sub slurp {
    my ($name) = @_;

    open my $fh, '<', "$dir/$name" or return '';
    local $/;
    return <$fh>;
}


sub mode { return sprintf '%04o', (stat "$dir/$_[0]")[2] & 07777 }


# key files

{
    my ($code, $text) = $s->ctl_bare('key', 'new', "$dir/new.key");
    my $key = slurp('new.key');

    is($code, 0, 'key new') or diag($text);
    is(mode('new.key'), '0400', 'mode 0400');
    like($key, qr/^k1 ([A-Za-z0-9_-]{43})$/m, 'one key');
    my ($secret) = $key =~ /^k1 (\S+)/m;
    unlike($text, qr/\Q$secret\E/, 'the key is not printed');
    like($text, qr/key_file \Q$dir\E\/new\.key;/, 'what to do with it');

    ($code, $text) = $s->ctl_bare('key', 'new', "$dir/new.key");
    is($code, 1, 'never overwrites');
    is(slurp('new.key'), $key, 'the key is the same');

    symlink "$dir/target.key", "$dir/link.key" or die;
    is(($s->ctl_bare('key', 'new', "$dir/link.key"))[0], 1, 'not by a link');
    ok(!-e "$dir/target.key", '... nothing was made');

    is(($s->ctl_bare('key', 'new', "$dir/id.key", '--id', 'k2026'))[0], 0,
       '--id');
    like(slurp('id.key'), qr/^k2026 /m, '... is the id');
    is(($s->ctl_bare('key', 'new', "$dir/x.key", '--id', $_))[0], 2,
       "--id $_: refused") for 'K', '../x', 'x' x 17, 'a b';
    ok(!-e "$dir/x.key", '... and nothing is made');
    is(($s->ctl_bare('key', 'new', "$dir/no/such/folder.key"))[0], 1,
       'no folder');
    is(($s->ctl_bare('key', 'new'))[0], 2, 'no file');
}

# X116, A10: a key file that others may read

{
    chmod 0644, "$dir/mfa.key" or die;

    my ($code, $text) = $s->ctl('user', 'list');

    is($code, 1, 'a key file that is open to others: refused');
    like($text, qr/mfa\.key.*open to group or others/, '... and why');
    chmod 0400, "$dir/mfa.key" or die;
    is(($s->ctl('user', 'list'))[0], 0, 'closed again');
}

# M1: wrong usage

for ([], ['nothing'], ['user'], ['user', 'list', 'x'], ['user', 'show'],
     ['user', 'list', '--nothing'], ['-c'], ['user', 'list', '--json=1'],
     ['user', 'list', '--state', 'odd'], ['user', 'list', '--group='],
     ['user', 'add', 'a@example.org', 'no-value'],
     ['user', 'add', 'a@example.org', 'email=b@example.org'],
     ['store', 'check', '--all'])
{
    is(($s->ctl(@$_))[0], 2, "exit code 2: @$_");
}

is(($s->ctl('user', 'add', 'no address'))[0], 1, 'exit code 1: bad input');
is(($s->ctl_bare('help'))[0], 0, 'help');
is(($s->ctl_bare('--help'))[0], 0, '--help');
like(($s->ctl_bare('help', 'user', 'import'))[1], qr/--skip-bad/, 'of one');
like(($s->ctl_bare('help', 'user'))[1], qr/user lock.*user delete/s, 'of some');
like(($s->ctl_bare('version'))[1], qr/\d+\.\d+/, 'version');

# X116, X98: escape codes in what is stored do not reach the terminal

{
    my ($code, $text) = $s->ctl('user', 'add', 'esc@example.org',
                                "first_name=\e[31mred");

    is($code, 1, 'a name with escape codes is refused');
    unlike($text, qr/\e/, '... and not printed');

    ($code, $text) = $s->ctl('user', 'show', "\e]0;title\x07");
    is($code, 1, 'nobody has such a name');
    unlike($text, qr/[\e\x07]/, '... and it is not printed');

    is(($s->ctl('user', 'add', 'rtl@example.org',
                "first_name=a\xe2\x80\xaeb"))[0], 0, 'a turn of direction');
    unlike(($s->ctl('user', 'show', 'rtl@example.org'))[1], qr/\xe2\x80\xae/,
           '... is escaped for people');
    unlike(($s->ctl('user', 'show', 'rtl@example.org', '--json'))[1],
           qr/[^\x20-\x7e\n]/, '... and in JSON');
}

# the folder of the store

{
    my $conf = slurp('nginx.conf');

    for (["$dir/none", 3, qr/install -d -o \S+ -g \S+ -m 0700 \Q$dir\E\/none/],
         ["$dir/open", 3, qr/mode 0755, it must be 0700/],
         ["$dir/nginx.conf", 3, qr/cannot open the (?:folder|store)/])
    {
        my ($place, $exit, $says) = @$_;

        if ($place =~ /open$/) {
            mkdir $place, 0755;
            chmod 0755, $place;
        }

        put('other.conf', $conf =~ s/lmdb:\S+?;/lmdb:$place;/r);

        my ($code, $text) = $s->ctl_bare('-c', "$dir/other.conf", 'user',
                                         'list');
        is($code, $exit, "$place: a fault");
        like($text, $says, '... and what to do') ;
    }

    ok(!-e "$dir/none", 'no folder was made');
}

# L11, X116, LC10: as root nothing becomes root's

SKIP: {
    skip 'not root', 12 if $> != 0;

    my ($uid, $gid) = (getpwnam $s->{user})[2, 3];

    mkdir "$dir/fresh", 0700 or die;
    chown $uid, $gid, "$dir/fresh" or die;

    my $conf = slurp('nginx.conf') =~ s/lmdb:\S+?;/lmdb:$dir\/fresh;/r;

    $conf =~ s/(mfa_realm staff \{)/$1 event_log $dir\/events.log;/;
    put('fresh.conf', $conf);
    put('secret.csv', "email\nroot\@example.org\n");
    put('events.log', '');
    chmod 0600, "$dir/$_" for 'secret.csv', 'fresh.conf';
    chmod 0640, "$dir/events.log";

    my ($code, $text) = $s->ctl_bare('-c', "$dir/fresh.conf", 'user',
                                     'import', "$dir/secret.csv", '--apply');
    is($code, 0, 'before the first start of nginx') or diag($text);

    my @files = glob "$dir/fresh/*";

    cmp_ok(scalar @files, '>=', 2, 'the files of the store are there');
    is_deeply([grep { (stat)[4] != $uid || (stat)[5] != $gid } @files], [],
              '... and the owner\'s of the folder');
    is_deeply([grep { ((stat)[2] & 0777) != 0600 } @files], [],
              '... of mode 0600');
    like(slurp('events.log'), qr/"event":"user.add"/, 'the event log too');
    is((stat "$dir/events.log")[4], 0, '... keeps its owner');

    # the same as the worker itself, which can read neither key nor file

    ($code, $text) = $s->_run({ $s->_env }, 'setpriv', "--reuid=$uid",
        "--regid=$gid", '--clear-groups', MFA::Test::ctl_path(), '-c',
        "$dir/fresh.conf", 'user', 'list');
    is($code, 1, 'who may not read the configuration is told');
    like($text, qr/cannot read .*Permission denied/, '... so');

    # and somebody else altogether

    chmod 0644, "$dir/fresh.conf";
    ($code, $text) = $s->_run({ $s->_env }, 'setpriv', '--reuid=12345',
        '--regid=12345', '--clear-groups', MFA::Test::ctl_path(), '-c',
        "$dir/fresh.conf", 'user', 'list');
    is($code, 1, 'who may not read the key is told');
    like($text, qr/mfa\.key.*Permission denied/, '... so');

    # the event log of a folder that is not root's is no way to other files

    put('victim', "mine\n");
    unlink "$dir/events.log";
    symlink "$dir/victim", "$dir/events.log";
    $s->ctl_bare('-c', "$dir/fresh.conf", 'user', 'lock', 'root@example.org');
    is(slurp('victim'), "mine\n", 'a link for an event log is not followed');

    unlink "$dir/events.log";
    $s->ctl_bare('-c', "$dir/fresh.conf", 'user', 'lock', 'root@example.org');
    ok(!-e "$dir/events.log", 'an event log is not made');
}

# an import that is interrupted is finished by the next

{
    my $rows = 20000;

    put('long.csv', "email,groups\n" . join '',
        map { "long$_\@example.org,all\n" } 1 .. $rows);

    my $pid = fork // die;

    if ($pid == 0) {
        my %env = $s->_env;

        @ENV{keys %env} = values %env;
        open STDOUT, '>', "$dir/said";
        open STDERR, '>&', \*STDOUT;
        exec MFA::Test::ctl_path(), '-c', $s->{conf}, 'user', 'import',
            "$dir/long.csv", '--apply';
    }

    my $size = -s "$dir/store/data.mdb";

    for (1 .. 12000) {
        last if -s "$dir/store/data.mdb" > $size + 200_000;
        select undef, undef, undef, 0.005;
    }

    kill TERM => $pid;
    waitpid $pid, 0;

    is($? >> 8, 1, 'interrupted: exit code 1');
    like(slurp('said'), qr/interrupted; \d+ of $rows rows are applied, the last on line \d+; run it again/,
         '... and where it was');

    my $some = $s->json('user', 'list', '--group', 'all');

    cmp_ok(scalar @$some, '>', 0, '... some are there');
    cmp_ok(scalar @$some, '<', $rows, '... not all');

    my $report = $s->json('user', 'import', "$dir/long.csv", '--apply');

    is($report->{added} + $report->{unchanged}, $rows, 'again: all of them');
    is($report->{unchanged}, scalar @$some, '... those were there');
    is($s->json('store', 'check')->{damage}, 'none', 'the store is well');
}

done_testing();
