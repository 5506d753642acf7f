# No tracked file knows the machine it was written on.

use strict;
use warnings;
use Test::More;

my @files = split /\0/, `git ls-files -z -co --exclude-standard 2>/dev/null`;

plan(skip_all => 'not in a git tree') unless @files;

# /work/ as a word of its own: the pattern must not find itself
my $place = qr{(?<![\w.])/(?:work|root|home)/[a-z]};
my (@found, @people);

for my $file (@files) {
    next if $file =~ m{^docs/\.} || !-f $file || -B $file;

    open my $fh, '<', $file or next;

    while (<$fh>) {
        push @found, "$file:$.: $_" if $_ =~ $place;
        push @people, "$file:$.: $1"
            if m{([\w.]+@(?:gmail|outlook|yahoo|hotmail)\.[a-z]+)};
    }
}

is(join('', @found), '', 'no path of a machine');
is(join("\n", @people), '', 'no address of a real person');

done_testing();
