package MFA::Metrics;

# What a gateway says of itself, for tests.
#
#   my $s = mfa_server(server => MFA::Metrics->locations);
#   my $m = MFA::Metrics->of($s);           # one scrape, in sum of all labels
#   $m->{body}  $m->{page}
#   $m->value('logins_total', result => 'ok')       # sum over what fits; undef:
#                                                   # there is no such series
#   MFA::Metrics->until($s, sub { $_[0]->value('sessions') == 2 })
#   MFA::Metrics->health($s)                # { status => 'ok', ... , code }
#   MFA::Metrics->promtool                  # path, or undef

use strict;
use warnings;
use JSON::PP 'decode_json';
use Time::HiRes qw(sleep time);


sub locations {
    return "location = /metrics { mfa_metrics; }\n"
         . "location = /health { mfa_health staff; }\n";
}


sub promtool {
    my $path = MFA::Test::build() . '/promtool';

    return -x $path ? $path : undef;
}


sub of {
    my ($class, $s) = @_;
    my $page = $s->browser(keep_alive => 0)->request('GET', '/metrics');
    my $m = bless { page => $page, body => $page->body, series => [] },
                  $class;

    for (split /\n/, $m->{body}) {
        next if /^#/;

        my ($name, $labels, $value) = /^nginx_mfa_(\w+)(?:\{(.*)\})? (\S+)$/
            or die "not a line of metrics: $_";
        my %labels = ($labels // '') =~ /(\w+)="((?:[^"\\]|\\.)*)"/g;

        push @{$m->{series}}, [$name, \%labels, $value];
    }

    return $m;
}


sub value {
    my ($m, $name, %want) = @_;
    my $sum;

    for (@{$m->{series}}) {
        my ($n, $labels, $value) = @$_;

        next if $n ne $name
            || grep { ($labels->{$_} // '') ne $want{$_} } keys %want;
        $sum = ($sum // 0) + $value;
    }

    return $sum;
}


sub until {
    my ($class, $s, $question, $seconds) = @_;
    my $end = time + ($seconds // 60);

    while (time < $end) {
        my $m = $class->of($s);

        return $m if $question->($m);
        sleep 0.2;
    }

    return $class->of($s);
}


sub health {
    my ($class, $s, $path) = @_;
    my $page = $s->browser(keep_alive => 0)->request('GET',
                                                     $path // '/health');

    return { %{decode_json($page->body)}, code => $page->status };
}


sub health_until {
    my ($class, $s, $part, $word, $seconds) = @_;
    my $end = time + ($seconds // 60);
    my $health;

    do {
        $health = $class->health($s);
        return $health if $health->{$part} eq $word;
        sleep 0.2;
    } while (time < $end);

    return $health;
}


1;
