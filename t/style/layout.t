# Sizes and letters: what architecture.md 4 says of files and functions.

use strict;
use warnings;
use Test::More;

my @c = (glob('src/*.[ch]'), glob('src/*/*.[ch]'),
         glob('ngx_mfa_module/*.[ch]'), glob('t/unit/*.[ch]'),
         glob('t/fuzz/*.c'), glob('t/lib/*.c'));
my (@long, @big, @wide, @blank, @tabs, @names, %base);

for my $file (@c) {
    my ($name, $start, $line) = ('', 0, 0);

    open my $fh, '<', $file or die "$file: $!";

    while (<$fh>) {
        $line++;
        chomp;

        my $text = $_;
        utf8::decode($text);

        push @wide, "$file:$line" if length $text > 80;
        push @blank, "$file:$line" if $text =~ /\s$/;
        push @tabs, "$file:$line" if $text =~ /\t/;

        if ($text =~ /^([a-z_][a-z0-9_]*)\(/) {
            $name = $1;

        } elsif ($text eq '{') {
            $start = $line;

        } elsif ($text eq '}' && $start) {
            my $size = $line - $start + 1;

            push @big, "$file: $name: $size" if $size > 70;
            $start = 0;
        }
    }

    push @long, "$file: $line" if $line > 600;

    my ($short) = $file =~ m{([^/]+)$};
    push @names, "$file and $base{$short}" if $base{$short};
    $base{$short} = $file;
    push @names, "$file: no prefix mfa_"
        if $file =~ m{^src/} && $short !~ /^mfa(?:ctl)?[_.]/;
}

is(join("\n", @long), '', 'no file above 600 lines');
is(join("\n", @big), '', 'no function above 70 lines');
is(join("\n", @wide), '', 'no line above 80 columns');
is(join("\n", @blank), '', 'no blanks at the end of a line');
is(join("\n", @tabs), '', 'no tabs');
is(join("\n", @names), '', 'names of files are unique and prefixed');

done_testing();
