# Every word a person reads stands in html/text/en.po, and nothing else does.

use strict;
use warnings;
use Test::More;

my %known;
my $text;

open my $po, '<', 'html/text/en.po' or die "en.po: $!";

while (<$po>) {
    if (/^msgid "(.*)"$/) {
        $text = $1;

    } elsif (/^msgstr /) {
        $known{unquote($text)} = 1 if defined $text && $text ne '';
        $text = undef;

    } elsif (/^"(.*)"$/ && defined $text) {
        $text .= $1;
    }
}

my %used;

for my $file (glob('html/*.html'), glob('html/*/*.html'),
              glob('html/*/*.txt'))
{
    my $template = slurp($file);
    push @{$used{$1}}, $file
        while $template =~ m<\{\{#t\}\}(.*?)\{\{/t\}\}>gs;
}

for my $file (glob('src/*.[ch]'), glob('src/*/*.[ch]')) {
    my $code = slurp($file);

    while ($code =~ /\bMFA_WORD(?:_STATIC)?\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)/g) {
        my $word = join '', map { unquote($_) }
                   $1 =~ /"((?:[^"\\]|\\.)*)"/g;
        push @{$used{$word}}, $file;
    }
}

my @missing = map { "$used{$_}[0]: $_" } grep { !$known{$_} } sort keys %used;
my @unused = grep { !$used{$_} } sort keys %known;

ok(keys %used > 50, 'words were found');
is(join("\n", @missing), '', 'every word is in en.po');
is(join("\n", @unused), '', 'en.po has no word that nobody says');

is(system('msgfmt --check -o /dev/null html/text/en.po 2>&1'), 0,
   'msgfmt takes it');

done_testing();


sub slurp {
    my ($file) = @_;

    open my $fh, '<', $file or die "$file: $!";
    local $/;
    return <$fh>;
}


sub unquote {
    my ($quoted) = @_;

    $quoted =~ s/\\n/\n/g;
    $quoted =~ s/\\(["\\])/$1/g;
    return $quoted;
}
