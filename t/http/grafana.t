# The dashboard and the alerts ask for what a gateway has, in queries that
# Prometheus takes (O4).

use MFA::Test;
use MFA::Metrics;
use JSON::PP qw(decode_json encode_json);

my $promtool = MFA::Metrics->promtool
    // plan(skip_all => 'promtool is missing: make deps-test');
my $top = MFA::Test::top();

sub slurp { open my $fh, '<', $_[0] or die "$_[0]: $!"; local $/; <$fh> }

my $s = mfa_server(server => MFA::Metrics->locations,
                   realm => { trusted_networks => '127.0.0.0/8' });
my $m = MFA::Metrics->until($s, sub { defined $_[0]->value('sessions') });
my %has = map { ("nginx_mfa_$_->[0]" => 1) } @{$m->{series}};
my %labels;

for my $one (@{$m->{series}}) {
    $labels{$_}{$one->[1]{$_}} = 1 for keys %{$one->[1]};
}

# names and values of labels that no gateway has

sub unknown {
    my ($expr) = @_;
    my @bad = grep { !$has{$_} } $expr =~ /\b(nginx_mfa_\w+)/g;

    while ($expr =~ /(\w+)=(~?)"([^"]*)"/g) {
        my ($label, $re, $value) = ($1, $2, $3);
        next if $label eq 'realm';
        push @bad, map { "$label=$_" } grep { !$labels{$label}{$_} }
                   $re ? split(/\|/, $value) : $value;
    }
    while ($expr =~ /\bby \(([^)]*)\)/g) {
        push @bad, grep { !$labels{$_} } split /, */, $1;
    }
    return @bad;
}


# the dashboard

my $text = slurp("$top/conf/grafana/nginx-mfa.json");
my $board = eval { decode_json($text) };
ok($board, 'O4: the dashboard is JSON') or BAIL_OUT($@);
my %variable = map { ($_->{name} => $_) } @{$board->{templating}{list}};
is($variable{datasource}{type}, 'datasource', 'a variable for the source');
like($variable{realm}{query}{query}, qr/^label_values\((\w+), realm\)$/,
     'and for the realm');
ok($has{$variable{realm}{query}{query} =~ /\((\w+)/ ? $1 : ''},
   'from a series that is there');

my (@exprs, %ids, @bad);

for my $panel (@{$board->{panels}}) {
    push @bad, "twice: $panel->{id}" if $ids{$panel->{id}}++;
    next if $panel->{type} eq 'row';
    push @bad, "no query: $panel->{title}" unless @{$panel->{targets}};

    for my $target (@{$panel->{targets}}) {
        push @bad, "$panel->{title}: source"
            if $target->{datasource}{uid} ne '${datasource}';
        push @bad, map { "$panel->{title}: $_" } unknown($target->{expr});
        push @exprs, $target->{expr};
    }
}

is(join("\n", @bad), '', 'O4: every query asks for what a gateway shows');
ok(@exprs > 30, 'of many');

my ($used) = [map { /\b(nginx_mfa_\w+)/g } @exprs];
my %used = map { s/_(?:bucket|sum|count)$//r => 1 } @$used;
is(join(' ', grep { !$used{$_} } sort map { s/_(?:bucket|sum|count)$//r }
             keys %has), '', 'O4: nothing is left out');

s/\$__rate_interval/5m/g, s/\$realm/.*/g for @exprs;
my $rules = { groups => [{ name => 'board', rules => [map {
    { record => "x:$_", expr => $exprs[$_] } } 0 .. $#exprs] }] };
open my $fh, '>', "$s->{dir}/board.yml" or die;
print $fh encode_json($rules);
close $fh;
my ($code, $said) = $s->_run({}, $promtool, 'check', 'rules',
                             "$s->{dir}/board.yml");
is($code, 0, 'O4: every query can be read by Prometheus') or diag($said);


# the alerts

my $alerts = "$top/conf/prometheus/nginx-mfa.rules.yml";
($code, $said) = $s->_run({}, $promtool, 'check', 'rules', $alerts);
is($code, 0, 'O4: promtool check rules') or diag($said);
my $yaml = slurp($alerts);
my @asked = $yaml =~ /^\s+expr: (?:\|\n)?((?:.+\n)+?)(?=\s+(?:for|labels):)/mg;
is(scalar @asked, scalar(() = $yaml =~ /- alert:/g), 'each has a query');
is(join(' ', map { unknown($_) } @asked), '',
   'O4: they ask for what a gateway shows');

# and ring when they should

open $fh, '>', "$s->{dir}/test.yml" or die;
print $fh <<"END";
rule_files: [ $alerts ]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'nginx_mfa_build_info'
        values: '1x60'
      - series: 'nginx_mfa_store_used_bytes{realm="staff"}'
        values: '10x20 75x40'
      - series: 'nginx_mfa_store_limit_bytes{realm="staff"}'
        values: '100x60'
      - series: 'nginx_mfa_outbox_oldest_seconds{realm="staff",channel="mail"}'
        values: '0x20 60+60x40'
      - series: 'nginx_mfa_clock_behind_seconds{realm="staff"}'
        values: '0x60'
    alert_rule_test:
      - alertname: MfaStoreFilling
        eval_time: 15m
        exp_alerts: []
      - alertname: MfaStoreFilling
        eval_time: 40m
        exp_alerts:
          - exp_labels: { realm: staff, severity: warning }
            exp_annotations: { summary: "The store of realm staff uses 75% of its room; from 85 % new logins are refused" }
      - alertname: MfaMessagesStuck
        eval_time: 15m
        exp_alerts: []
      - alertname: MfaClockBehind
        eval_time: 40m
        exp_alerts: []
      - alertname: MfaGatewayAbsent
        eval_time: 40m
        exp_alerts: []
END
close $fh;
($code, $said) = $s->_run({}, $promtool, 'test', 'rules', "$s->{dir}/test.yml");
is($code, 0, 'O4: alerts ring when they should') or diag($said);

done_testing();
