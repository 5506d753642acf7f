# mfactl user import: checked as a whole, then applied; never half, never a
# hash on the screen.

use MFA::Test;
use JSON::PP ();

my $s = mfa_server(start => 0, people => []);
my $dir = $s->{dir};
my $bcrypt = '$2b$04$' . 'abcdefghijklmnopqrstuu' . 'O' x 31;
my $sha512 = '$6$saltsaltsaltsalt$' . 'a' x 86;
my $files = 0;


sub csv {
    my ($text) = @_;
    my $name = "$dir/people" . ++$files . '.csv';

    open my $fh, '>', $name or die;
    print $fh $text;
    close $fh or die;
    return $name;
}


sub import_csv {
    my ($text, @options) = @_;
    my ($code, $said) = $s->ctl('user', 'import', csv($text), '--json',
                                @options);

    return ($code, JSON::PP::decode_json($said), $said);
}


sub people { return scalar @{$s->json('user', 'list')} }


my $good = <<"END";
email,user,first_name,surname,groups,other_email,manager,password_hash,Dept
Ann.Employee\@Example.ORG,ann,Ann,Employee,staff;desk staff,a1\@example.org a2\@example.org,max\@example.org,$bcrypt,HR
max\@example.org,max,Max,"Manager, the ""big"" one",managers,,,$sha512,
hana\@example.org,,Hana,Hélpdesk,,,,,Desk
,noaddress,No,Address,,,,,
END

# a dry run changes nothing

{
    my ($code, $report) = import_csv($good);

    is($code, 0, 'a dry run of good rows');
    is($report->{added}, 4, '... counts them');
    ok(!$report->{applied}, '... and applies nothing');
    is(people(), 0, '... so nobody is there');
}

{
    my ($code, $report, $said) = import_csv($good, '--apply');

    is($code, 0, 'applied');
    is($report->{added}, 4, 'four are added');
    is(people(), 4, 'four are there');
    unlike($said, qr/\$2b|\$6/, 'no hash is printed');

    my $ann = $s->json('user', 'show', 'ann');

    is($ann->{email}, 'ann.employee@example.org', 'the address is canonical');
    is_deeply($ann->{groups}, ['staff', 'desk'], 'groups, each once');
    is_deeply($ann->{other_emails}, ['a1@example.org', 'a2@example.org'],
              'other addresses');
    is_deeply($ann->{attrs}, { dept => 'HR' }, 'an unknown column is an '
              . 'attribute, its name in lower case');
    ok($ann->{has_password}, 'bcrypt: has a password');
    is($ann->{state}, 'unregistered', 'has not registered');
    ok($ann->{is_on_roster}, 'is on the roster');

    my $max = $s->json('user', 'show', 'max@example.org');

    is($max->{surname}, 'Manager, the "big" one', 'quotes and commas');
    ok($max->{has_password}, 'SHA-512: has a password');

    my $hana = $s->json('user', 'show', 'hana@example.org');

    is($hana->{user}, 'hana@example.org', 'without a name it is the address');
    is($hana->{surname}, "H\x{e9}lpdesk", 'UTF-8');
    ok(!$hana->{has_password}, 'no hash, no password');

    my (undef, $shown) = $s->ctl('user', 'show', 'ann');
    unlike($shown, qr/\$2b/, 'show prints no hash');
}

# the same again: nothing changes

{
    my ($code, $report) = import_csv($good, '--apply');

    is($code, 0, 'the same file again');
    is($report->{unchanged}, 4, '... changes nobody');
}

# columns that are there, and only those

{
    my ($code, $report) = import_csv("surname,email\nNew,ann.employee\@"
                                     . "example.org\n", '--apply');
    my $ann = $s->json('user', 'show', 'ann');

    is($report->{changed}, 1, 'one person changes');
    is($ann->{surname}, 'New', 'the column that is there');
    is($ann->{first_name}, 'Ann', 'not the one that is not');
    is_deeply($ann->{attrs}, { dept => 'HR' }, 'nor an attribute');

    ($code, $report) = import_csv("user,dept,groups\nann,,\n", '--apply');
    $ann = $s->json('user', 'show', 'ann');

    is($report->{changed}, 1, 'found by name');
    is_deeply([$ann->{attrs}, $ann->{groups}], [{}, []],
              'an empty value clears');

    import_csv("user,email\nann,a1\@example.org\n", '--apply');
    $ann = $s->json('user', 'show', 'ann');

    is($ann->{email}, 'a1@example.org', 'another of the addresses first');
    is_deeply($ann->{other_emails},
              ['ann.employee@example.org', 'a2@example.org'],
              '... changes places with the old one');

    ($code) = $s->ctl('user', 'show', 'ann.employee@example.org');
    is($code, 0, '... and both are found');
}

# one bad row, and nothing is written; all of them are told

my @bad = (
    ['no-address,b,B,B', qr/is no e-mail address/],
    ["b\@example.org,b,B\e[2J,B", qr/first_name: has control/],
    ['b@example.org,b,' . 'B' x 129 . ',B', qr/first_name: longer than 128/],
    ["b\@example.org,b,\xff,B", qr/first_name: not UTF-8/],
    ["b\@example.org,b,B\0B,B", qr/first_name: has control/],
    ["b\@exam\0ple.org,b,B,B", qr/is no e-mail/],
    ['b@example.org,b,B', qr/3 values, the header has 4/],
    ['b@example.org,b,B,B,B', qr/5 values, the header has 4/],
    [',,B,B', qr/neither email nor user/],
    ['first@example.org,b,B,B', qr/"first\@example.org" is on line 2/],
    ['b@example.org,first,B,B', qr/user "first" is on line 2/],
    ['max@example.org,ann,B,B', qr/user "ann" belongs to another/],
    ['"b@exam' . "\n" . 'ple.org",b,B,B', qr/is no e-mail/],
);

for (@bad) {
    my ($row, $reason) = @$_;
    my $name = $row =~ s/[^ -~]/?/gr;
    my $text = "email,user,first_name,surname\n"
        . "first\@example.org,first,F,F\n\n$row\nlast\@example.org,,L,L\n";
    my ($code, $report, $said) = import_csv($text, '--apply');

    is($code, 1, "refused: $name");
    is(scalar @{$report->{refused_rows}}, 1, '... the one row');
    is($report->{refused_rows}[0]{line}, 4, '... with its line');
    like($report->{refused_rows}[0]{reason}, $reason, '... and why');
    ok(!$report->{applied}, '... and nothing is applied');
    unlike($said, qr/[\x00-\x09\x0b-\x1f\x7f-\xff]/, '... in clean bytes');
}

is(people(), 4, 'nobody was added by a file with a bad row');

# hashes

for ('{SSHA}abcdef', 'plain-password', '$2b$31$' . 'a' x 53, '$1$x',
     "\$2b\$04\$\e[2J", 'aaJmqTJvhxgU2')
{
    my ($code, $report, $said) = import_csv("email,password_hash\n"
        . "h\@example.org,$_\n", '--apply');

    is($code, 1, 'a hash of an unknown form is refused');
    like($report->{refused_rows}[0]{reason}, qr/^password_hash: a form/,
         '... and says only that');
}

{
    my ($code, $report) = import_csv("email,note\nh\@example.org,$sha512\n",
                                     '--apply');

    like($report->{refused_rows}[0]{reason}, qr/note: this is a password/,
         'a hash in another column is refused');
}

# --skip-bad

{
    my ($code, $report) = import_csv("email\nb1\@example.org\nbad\n"
                                     . "b2\@example.org\n", '--apply',
                                     '--skip-bad');

    is($code, 1, '--skip-bad: the exit code tells');
    ok($report->{applied}, '... the others are applied');
    is(people(), 6, '... both of them');
}

# two rows for one person, by address and by name

{
    my ($code, $report) = import_csv("email,user\na1\@example.org,\n,ann\n",
                                     '--apply');

    like($report->{refused_rows}[0]{reason}, qr/the same person as on line 2/,
         'one person on two rows');
}

# an address of somebody else

{
    my ($code, $report) = import_csv("email,other_email\nb1\@example.org,"
                                     . "a2\@example.org\n", '--apply');

    like($report->{refused_rows}[0]{reason},
         qr/other_email "a2\@example.org" belongs to another/,
         'the address of another person');
}

# files that are none

my %wrong = (
    '' => qr/no header/,
    "name,dept\nx,y\n" => qr/neither "email" nor "user"/,
    "email,email\n" => qr/"email" is there twice/,
    "email;user\na;b\n" => qr/separated by commas/,
    "email,cost centre\n" => qr/letters, digits/,
    "email,pasword_hash\nx,y\n" => qr/applications would see it/,
    "email,hash\nx,y\n" => qr/applications would see it/,
    "email\n\"a\@example.org\n" => qr/not closed/,
    "email\na\"b\"\n" => qr/line 2: quotes in disorder/,
    "email,groups\na\@example.org,a\0b\n" => undef,
    "email\n" . 'x' x 70000 => qr/line 2: the line is too long/,
);

for my $text (sort keys %wrong) {
    my ($code, $report) = import_csv($text, '--apply');
    my $name = $text =~ s/\n/\\n/gr;

    is($code, 1, "refused: '" . substr($name, 0, 60) . "'");
    defined $wrong{$text}
        ? like($report->{error}, $wrong{$text}, '... and why')
        : is($report->{refused}, 1, '... the row');
}

{
    my ($code, $report) = import_csv("\xef\xbb\xbfemail\r\nbom\@example.org"
                                     . "\r\n");

    is($code, 0, 'a file of a spreadsheet: BOM and CRLF');
    is($report->{added}, 1, '... is read');
}

# a password that its owner has, against the file that still has the old one;
# the login that makes it so is in t/http/journey_imported.t

{
    import_csv("email,password_hash\nmax\@example.org,$bcrypt\n", '--apply');
    my ($code, $report) = import_csv("email,password_hash\nmax\@example.org,"
                                     . "\n", '--apply');

    is($report->{unchanged}, 1, 'an empty hash takes no password away');
}

# more than one commit, and what is read again afterwards

{
    my $text = "email,user,groups\n" . join '',
        map { "many$_\@example.org,many$_,g" . $_ % 3 . "\n" } 1 .. 2500;
    my ($code, $report) = import_csv($text, '--apply');

    is($report->{added}, 2500, '2,500 people');
    is(scalar @{$s->json('user', 'list', '--group', 'g1')}, 834,
       '... of whom a third is in a group');

    ($code, $report) = import_csv($text, '--apply');
    is($report->{unchanged}, 2500, '... and nothing is left to do');
}

# standard input

{
    my ($code, $said) = $s->_run({ $s->_env }, 'sh', '-c',
        'printf "email\nstdin@example.org\n" | "$@"', 'sh',
        MFA::Test::ctl_path(), '-c', $s->{conf}, 'user', 'import', '-');

    is($code, 0, 'from standard input') or diag($said);
}

done_testing();
