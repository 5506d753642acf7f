# mfactl reads nginx's configuration as nginx does: words, quotes, includes,
# and where it is wrong.

use MFA::Test;
use File::Glob 'bsd_glob';
use JSON::PP ();

my $s = mfa_server(keys => ['other'], start => 0, people => []);
my $dir = $s->{dir};


sub put {
    my ($name, $text) = @_;

    open my $fh, '>', "$dir/$name" or die "$name: $!";
    print $fh $text;
    close $fh or die;
}


sub nginx {
    my ($flag, $conf) = @_;
    return $s->_run({ $s->_env }, MFA::Test::nginx(), $flag, '-p', "$dir/",
                    '-e', "$dir/error.log", '-c', $conf);
}


# a second reader, of the text that nginx -T prints

sub tokens {
    my ($text) = @_;
    my @tokens;

    while ($text =~ /\G(?: [ \t\r\n]+ | \#[^\n]*
                         | (?<mark>[;{}])
                         | "(?<quoted>(?:[^"\\]|\\.)*)"
                         | '(?<quoted>(?:[^'\\]|\\.)*)'
                         | (?<plain>(?:\\.|\$\{|[^ \t\r\n;{\\])+) )/gcxs)
    {
        if (defined $+{mark}) {
            push @tokens, [$+{mark}];
            next;
        }

        my $word = $+{quoted} // $+{plain} // next;
        my %is = (t => "\t", n => "\n", r => "\r");

        $word =~ s/\\(["'\\])|\\([tnr])/$1 \/\/ $is{$2}/ge;
        push @tokens, [word => $word];
    }

    return \@tokens;
}


sub realms {
    my ($files, $name, $place, $realms) = @_;
    my (@stack, @line);

    for my $token (@{tokens($files->{$name})}) {
        if ($token->[0] eq 'word') {
            push @line, $token->[1];

        } elsif ($token->[0] eq '}') {
            $place = pop @stack;

        } elsif ($token->[0] eq '{') {
            push @stack, $place;
            $place = $place eq 'main' && $line[0] eq 'http' ? 'http'
                   : $place eq 'http' && $line[0] eq 'mfa_realm'
                     ? "realm $line[1]" : 'other';
            @line = ();

        } else {
            if ($line[0] eq 'include' && $place ne 'other') {
                my $glob = $line[1] =~ m{^/} ? $line[1] : "$dir/$line[1]";

                realms($files, $_, $place, $realms)
                    for grep { $files->{$_} } bsd_glob($glob);

            } elsif ($place =~ /^realm (.*)/) {
                push @{$realms->{$1}}, [@line];
            }

            @line = ();
        }
    }

    return $realms;
}


my $globals = $s->_globals =~ s/%%DIR%%/$dir/gr;
my $top = MFA::Test::top();
my $passwords = MFA::Test::build() . '/common-passwords.txt';

mkdir "$dir/$_" or die for qw(realm.d http.d mail2 mail2/new mail2/cur
                              mail2/tmp store2);
chmod 0700, "$dir/store2";

put('realm.d/10-brand.conf', <<'END');
    brand   "Example \"Council\" {of} #1; \\ 'all'";   # a comment ; {
    # application  LOST /lost/ "never";
END
put('realm.d/20-apps.conf', <<'END');
application
    ESS
    /ess/
    'Employee "Self" Service'; application MSS /mss/ "Manager's" group=managers;
END
put('realm.d/ignored.txt', 'brand twice; this is no configuration {');
put('support.conf', 'support HR mail=hr@example.org "phone=01632 960000";');
put('http.d/a.conf', <<END);
mfa_realm staff {
    public_url http://127.0.0.1:$s->{port}; store lmdb:store;key_file mfa.key;
    include realm.d/*.conf;
    include $dir/support.conf;
    html "$top/html";
    common_passwords $passwords;
    mail maildir:$dir/mail "from=Example Council <no-reply\@example.org>";
    registration domains a.example 'b.example' "c.example";
    limit login_person 10/1h "30/1d";
}
END
put('http.d/b.conf', <<END);
map \$uri \$mfa_realm_like { default "mfa_realm wrong { x y; }"; }
types { text/html html; include include; }
mfa_realm "other people" {
    public_url http://localhost:$s->{port};
    store lmdb:$dir/store2;
    key_file $dir/other.key;
    html $top/html; common_passwords $passwords;
    brand Other\\ people\${x}; support "HR" mail=hr\@example.org;
    application X /x/ X;
    mail maildir:$dir/mail2 "from=Example <no-reply\@example.org>";
}
END
put('include', 'text/plain txt;');
put('good.conf', $globals . <<END);
events { }
http {
    include http.d/*.conf; include nothing.d/*.conf;
    server { listen 127.0.0.1:$s->{port};
        location /mfa/ { mfa staff; mfa_portal; } }
}
END

{
    my ($code, $text) = nginx('-T', "$dir/good.conf");
    my (%files, $name);

    is($code, 0, 'nginx takes the configuration') or diag($text);

    for (split /^/, $text) {
        $name = $1, next if /^# configuration file (.*):$/;
        $files{$name} .= $_ if defined $name;
    }

    my $expected = realms(\%files, "$dir/good.conf", 'main', {});

    ($code, $text) = $s->ctl_bare('-c', "$dir/good.conf", 'conf', 'dump',
                                  '--json');
    is($code, 0, 'conf dump') or diag($text);

    my $got = { map { $_->{realm} => [map { [$_->{name}, @{$_->{args}}] }
                                      @{$_->{lines}}] }
                @{JSON::PP::decode_json($text)} };

    is_deeply($got, $expected, 'what mfactl reads is what nginx -T shows');
    is(scalar @{$got->{staff}}, 12, 'all lines of all includes');
    is($got->{staff}[3][1], q(Example "Council" {of} #1; \\ 'all'),
       'quotes, brackets, comments in a word');
    is($got->{'other people'}[5][1], 'Other\\ people${x}',
       'a backslash before a space stays, a variable is left alone');

    # printed, it is a configuration again

    ($code, $text) = $s->ctl_bare('-c', "$dir/good.conf", 'conf', 'dump');
    put('again.conf', $globals . "events {}\nhttp {\n$text server {"
        . " listen 127.0.0.1:$s->{port};"
        . " location /mfa/ { mfa staff; mfa_portal; } } }\n");

    my ($code2, $text2) = $s->ctl_bare('-c', "$dir/again.conf", 'conf',
                                       'dump');
    is($text2, $text, 'the dump of a dump is the same');
    is((nginx('-t', "$dir/again.conf"))[0], 0, 'nginx takes the dump');
}


# relative names: below -p, or from where we stand

{
    my ($code, $text) = $s->ctl_bare('-p', $dir, '-c', 'good.conf', '-r',
                                     'staff', 'conf', 'dump');
    is($code, 0, '-c below -p');
    unlike($text, qr/other people/, '-r chooses');

    ($code, $text) = $s->_run({}, 'sh', '-c', 'cd "$1" && "$2" -c good.conf'
        . ' -r staff user list', 'sh', $dir, MFA::Test::ctl_path());
    is($code, 0, '-c from the current folder') or diag($text);
}


# which realm

for (
    [['user', 'list'], qr/more than one realm.*-r: staff, other people/],
    [['-r', 'nobody', 'user', 'list'], qr/no realm "nobody".*staff, other/],
) {
    my ($arguments, $says) = @$_;
    my ($code, $text) = $s->ctl_bare('-c', "$dir/good.conf", @$arguments);

    is($code, 1, "@$arguments: refused");
    like($text, $says, "@$arguments: says which there are");
}


# words, as both understand them: the first word of a line is told in the
# message about it

my @words = ('plain', '"in quotes"', q('single'), q("a\"b"), q('a\'b'),
             q("a\'b"), 'a\\\\b', 'a\\;b', 'a\\{b', '\\;', '\\"x', 'a"b',
             'a}b', '${x}y', '$x', 'a#b', '"a\\zb"', "'a\"b'", 'a\\', '"#"',
             'x${y}z{', '"two" ', "\"a\nb\"", '"tab\tx"', 'a\nb');

for my $word (@words) {
    put('word.conf', $globals . "events {}\nhttp {\nmfa_realm r {\n\n"
                     . "$word x;\n} }\n");

    my $theirs = message(nginx('-t', "$dir/word.conf"));
    my $ours = message($s->ctl_bare('-c', "$dir/word.conf", 'user', 'list'));
    my $name = $word =~ s/\n/\\n/gr;

    is($ours, $theirs, "as nginx: $name");
}


# the same with words that nobody would write; the seed is fixed. nginx stops
# at the first line it does not know, mfactl reads to the end before it asks

{
    my @parts = ('a', 'x', '"', "'", '\\', ' ', ';', '{', '}', '$', '#', "\n",
                 't', 'n', ')', '(', '"x"', "'y'", '${');
    my @odd;

    srand 4711;

    for (1 .. 150) {
        my $text = join '', map { $parts[rand @parts] } 1 .. 1 + rand 9;

        put('word.conf', $globals . "events {}\nhttp {\nmfa_realm r {\n"
                         . "$text;\n}\n}\n");

        my $theirs = message(nginx('-t', "$dir/word.conf"));
        my $ours = message($s->ctl_bare('-c', "$dir/word.conf", 'user',
                                        'list'));

        next if $theirs eq $ours
            || $theirs =~ /unknown option|is missing/
               && $ours =~ /^unexpected|is missing/;
        push @odd, "[$text]\n  nginx: $theirs\n  mfactl: $ours";
    }

    is(join("\n", @odd), '', '150 lines at random, read as nginx reads them');
}


# what is wrong: both say where

my %wrong = (
    'a line without an end' => "mfa_realm r {\n brand x\n}\n}\n",
    'a block without an end' => "mfa_realm r {\n brand x;\n",
    'one end too many' => "}\n}\n",
    'a quote without an end' => "mfa_realm r {\n brand \"x;\n}\n}\n",
    'a word behind a quote' => "mfa_realm r {\n brand \"x\"y;\n}\n}\n",
    'nothing before the end' => "mfa_realm r {\n ;\n}\n}\n",
    'a block in a realm' => "mfa_realm r {\n brand {\n}\n}\n}\n",
    'a missing file' => "include missing.conf;\n}\n",
    'include without a file' => "include;\n}\n",
    'include with two' => "include a b;\n}\n",
    'a realm without a name' => "mfa_realm {\n}\n}\n",
    'an unknown option' => "mfa_realm r {\n brand x;\n brandy y;\n}\n}\n",
    'an option twice' => "mfa_realm r {\n brand x;\n brand y;\n}\n}\n",
    'a wrong value' => "mfa_realm r {\n\n idle_timeout soon;\n}\n}\n",
    'a long word' => 'mfa_realm r { brand ' . 'x' x 5000 . ";\n}\n}\n",
);

for my $name (sort keys %wrong) {
    put('wrong.conf', $globals . "events {}\nhttp {\n$wrong{$name}");

    my ($theirs) = nginx('-t', "$dir/wrong.conf");
    my ($ours, $text) = $s->ctl_bare('-c', "$dir/wrong.conf", 'user', 'list');

    isnt($theirs, 0, "$name: nginx refuses it");
    is($ours, 1, "$name: mfactl refuses it");
    like($text, qr{\bin \Q$dir\E/wrong\.conf:\d+|cannot read}, "$name: where");

    next unless $name =~ /option|value|block in|one end|word behind|nothing/;

    is(message($ours, $text), message(nginx('-t', "$dir/wrong.conf")),
       "$name: said as nginx says it");
}


put('loop.conf', "include loop.conf;\n");
{
    my ($code, $text) = $s->ctl_bare('-c', "$dir/loop.conf", 'user', 'list');

    is($code, 1, 'a file that includes itself: refused');
    like($text, qr{too many .* in \Q$dir\E/loop\.conf:1}, '... and where');
}


sub message {
    my ($code, $text) = @_;

    for (split /\n(?=mfactl:|nginx:)/, $text) {
        next unless s/^(?:mfactl|nginx): (?:\[emerg\] )?//;
        next unless /in \Q$dir\E/;
        s/\\x([0-9a-f]{2})/chr hex $1/ge;
        s/\n+\z//;
        s/\nnginx:.*//s;
        return $_;
    }

    return "exit $code: $text";
}


# X116: escape codes in a configuration do not reach the terminal

put('escape.conf', "http { mfa_realm r { brand \"\e[31mred\x{07}\"; } }\n");

for my $arguments (['conf', 'dump'], ['conf', 'dump', '--json'],
                   ['user', 'list'])
{
    my (undef, $text) = $s->ctl_bare('-c', "$dir/escape.conf", @$arguments);

    unlike($text, qr/[\x00-\x09\x0b-\x1f\x7f]/, "@$arguments: no control byte");
}

for (['-c', "$dir/nowhere.conf"], ['-c', $dir], ['-c', '/dev/null']) {
    my ($code, $text) = $s->ctl_bare(@$_, 'user', 'list');

    is($code, 1, "@$_: refused");
    like($text, qr/cannot read|no "mfa_realm"/, "@$_: says so");
}

done_testing();
