package MFA::Statistics;

# Is one series of times longer than another? For make timing.
#
#   my $d = MFA::Statistics::compare(\@a, \@b);     # any unit
#       { n => [a, b], median => [a, b],
#         difference => median of b - median of a, low, high => 99 % of it,
#         welch => t of all times, cropped => t without the slowest tenth,
#         rank => z of Mann and Whitney, box => the box test: 1, 0,
#         is_proved }
#
# A difference is proved where any of the three reaches 4.5 (the bar of
# dudect: by chance once in 150,000 comparisons), or by the box test: the
# intervals from the 30th to the 40th percentile do not touch, with enough
# samples for that. Welch's t alone is blind to a small shift under a long
# tail; the others are not.

use strict;
use warnings;
use List::Util qw(min sum0);

our $bar = 4.5;
my $box_samples = 1000;         # below it two boxes part by chance


sub compare {
    my ($one, $two) = @_;
    my @sorted = map { [sort { $a <=> $b } @$_] } $one, $two;
    my $crop = quantile([sort { $a <=> $b } @$one, @$two], 0.9);
    my @cropped = map { [grep { $_ <= $crop } @$_] } @sorted;
    my ($low, $high) = interval(@sorted);
    my %is = (n => [map { scalar @$_ } @sorted],
              median => [map { quantile($_, 0.5) } @sorted],
              low => $low, high => $high,
              welch => welch(@sorted), cropped => welch(@cropped),
              rank => rank(@sorted), box => box(@sorted));

    $is{difference} = $is{median}[1] - $is{median}[0];
    $is{is_proved} = $is{box}
                     || grep { abs $is{$_} >= $bar } qw(welch cropped rank);
    $is{is_proved} = $is{is_proved} ? 1 : 0;
    return \%is;
}


# of sorted values

sub quantile {
    my ($sorted, $q) = @_;

    return 0 unless @$sorted;

    my $at = $q * $#$sorted;
    my $i = int $at;
    my $next = $sorted->[min($i + 1, $#$sorted)];

    return $sorted->[$i] + ($at - $i) * ($next - $sorted->[$i]);
}


sub moments {
    my ($values) = @_;
    my $n = @$values;

    return (0, 0) if $n < 2;

    my $mean = sum0(@$values) / $n;
    my $squares = sum0(map { ($_ - $mean) ** 2 } @$values);

    return ($mean, $squares / ($n - 1) / $n);
}


sub welch {
    my ($one, $two) = @_;
    my ($mean_one, $part_one) = moments($one);
    my ($mean_two, $part_two) = moments($two);
    my $spread = sqrt($part_one + $part_two);

    return $spread > 0 ? ($mean_two - $mean_one) / $spread : 0;
}


# ties share their rank, and narrow what is to be expected

sub rank {
    my ($one, $two) = @_;
    my ($n, $m) = (scalar @$one, scalar @$two);
    my $all = $n + $m;
    my @order = sort { $a->[0] <=> $b->[0] }
                (map { [$_, 0] } @$one), (map { [$_, 1] } @$two);
    my ($sum, $ties) = (0, 0);

    return 0 unless $n && $m;

    for (my $i = 0; $i < $all; ) {
        my $k = $i;

        $k++ while $k < $all && $order[$k][0] == $order[$i][0];
        $ties += ($k - $i) ** 3 - ($k - $i);
        $sum += ($i + $k + 1) / 2 * grep { $_->[1] } @order[$i .. $k - 1];
        $i = $k;
    }

    my $u = $sum - $m * ($m + 1) / 2;
    my $spread = sqrt($n * $m / 12
                      * ($all + 1 - $ties / ($all * ($all - 1))));

    return $spread > 0 ? ($u - $n * $m / 2) / $spread : 0;
}


sub box {
    my ($one, $two) = @_;

    return 0 if min(scalar @$one, scalar @$two) < $box_samples;

    my @low = map { quantile($_, 0.3) } $one, $two;
    my @high = map { quantile($_, 0.4) } $one, $two;

    return $high[0] < $low[1] || $high[1] < $low[0] ? 1 : 0;
}


# 99 % of the difference of the medians: from the order statistics that
# enclose each of the two

sub interval {
    my ($one, $two) = @_;
    my @error;

    for my $sorted ($one, $two) {
        my $reach = @$sorted ? 0.5 / sqrt @$sorted : 0.5;

        push @error, (quantile($sorted, min(1, 0.5 + $reach))
                      - quantile($sorted, 0.5 - $reach < 0 ? 0
                                          : 0.5 - $reach)) / 2;
    }

    my $between = quantile($two, 0.5) - quantile($one, 0.5);
    my $reach = 2.576 * sqrt($error[0] ** 2 + $error[1] ** 2);

    return ($between - $reach, $between + $reach);
}


1;
