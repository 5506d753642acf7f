# make timing must be able to find something, and must not find what is not
# there: its statistics on times that are made up (A7).

use strict;
use warnings;
use Test::More;

use MFA::Statistics;

# the same in every run

my $seed;

sub chance {
    $seed = ($seed * 1103515245 + 12345) % 2 ** 31;
    return ($seed + 0.5) / 2 ** 31;
}

sub normal { return sqrt(-2 * log chance()) * cos(6.283185307 * chance()) }

# milliseconds as a server has them: a spread, and a long tail now and then

sub made_up {
    my ($n, $middle, $spread, $shift) = @_;

    return [map { $middle + ($shift // 0) + $spread * normal()
                  + (chance() < 0.02 ? 20 * $spread * chance() : 0) }
            1 .. $n];
}

sub compared {
    my ($n, $middle, $spread, $shift) = @_;
    my $one = made_up($n, $middle, $spread);

    return MFA::Statistics::compare($one,
                                    made_up($n, $middle, $spread, $shift));
}


# nothing is there: 200 comparisons, none of them proved

$seed = 4711;

my @found = grep { compared(500, 30, 1)->{is_proved} } 1 .. 150;
push @found, grep { compared(2000, 30, 1)->{is_proved} } 1 .. 50;
is(scalar @found, 0, 'no difference: none is proved in 200 comparisons');


# something is there: as many samples as A7 asks for

for ([2000, 30, 1, 0.5, 'half a millisecond beside 30'],
     [2000, 30, 1, -0.5, 'and the other way round'],
     [20_000, 0.6, 0.2, 0.05, '50 us with short hashes'])
{
    my ($n, $middle, $spread, $shift, $name) = @$_;
    my $d = compared($n, $middle, $spread, $shift);

    ok($d->{is_proved}, "$name is proved");
    cmp_ok(abs $d->{$_}, '>=', 4.5, "by $_") for qw(cropped rank);
    cmp_ok($d->{low}, '<=', $shift, 'the interval has it: low');
    cmp_ok($d->{high}, '>=', $shift, 'the interval has it: high');
    is($d->{difference} <=> 0, $shift <=> 0, 'which is slower is told');
}


# a tail alone, which a median does not see

my $one = made_up(4000, 30, 1);
my $two = [map { chance() < 0.05 ? $_ + 20 : $_ } @{made_up(4000, 30, 1)}];
my $d = MFA::Statistics::compare($one, $two);

ok($d->{is_proved}, 'one answer of twenty that is late is proved');


# the parts, by hand

is(MFA::Statistics::quantile([1, 2, 3, 4], 0.5), 2.5, 'a median');
is(MFA::Statistics::quantile([7], 0.9), 7, 'of one value');
is(sprintf('%.4f', MFA::Statistics::welch([1, 2, 3, 4, 5],
                                          [2, 4, 6, 8, 10])), '1.8974',
   "Welch's t");
is(sprintf('%.4f', MFA::Statistics::rank([1, 2, 3, 4], [5, 6, 7, 8])),
   '2.3094', 'the ranks of two that do not mix');
is(MFA::Statistics::rank([1, 1, 1], [1, 1, 1]), 0, 'all alike');
is(MFA::Statistics::box([map { $_ / 1000 } 1 .. 2000],
                        [map { 1 + $_ / 1000 } 1 .. 2000]), 1, 'boxes part');
is(MFA::Statistics::box([1 .. 50], [1001 .. 1050]), 0, 'too few for a box');
is(MFA::Statistics::compare([], [])->{is_proved}, 0, 'nothing at all');

done_testing();
