package MFA::Bench;

=head1 NAME

MFA::Bench - what the programs in t/bench measure with

=head1 SYNOPSIS

    use MFA::Test;
    use MFA::Bench;

    my $floor = plain_nginx($pin_worker, <<'END_CONF');     # http block
        ...
    END_CONF

    my $file = seed($gate, 100, 1000);      # 100 people with 10 sessions each
    my $is = wrk($gate, $port, '/ess/');    # { rate => a second, cpu => us }

    show_pairs('proxied', pairs(5, sub { wrk($gate, ...) },
                                   sub { wrk($floor, ...) }));

On a machine of more than one processor a server with C<$pin_worker> has its
worker on the first one; C<$rest> before a command, and C<$pin_rest> of
another nginx, keep to the second.

=cut

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use MFA::Test ();
use Time::HiRes 'sleep';

our @EXPORT = qw($bin $cpus $pin_worker $pin_rest $rest $connections
                 plain_nginx seed page_conf fast_conf workers cpu_us wrk
                 each_script pairs show_pairs median range);

our $bin;                       # folder of the programs, set by the caller
our $connections = 64;
our $cpus = `nproc` + 0;
our $pin_worker = $cpus > 1 ? 'worker_cpu_affinity 01;' : '';
our $pin_rest = $cpus > 1 ? 'worker_cpu_affinity 10;' : '';
our $rest = $cpus > 1 ? 'taskset -c 1' : '';

my @plain;

END {
    my $code = $?;
    kill QUIT => $_->{pid} for @plain;
    $? = $code;
}


# nginx without the module: floor and application

sub plain_nginx {
    my ($main, $http, $workers) = @_;
    my $dir = File::Temp->newdir('mfa-bench-XXXXXX', TMPDIR => 1);
    my $user = $> == 0 ? 'user www-data;' : '';

    chmod 0755, "$dir";
    open my $fh, '>', "$dir/nginx.conf" or die;
    print $fh <<"END_CONF";
$user $main
pid $dir/nginx.pid;
error_log $dir/error.log warn;
worker_processes @{[ $workers // 1 ]};
events { worker_connections 1024; }
http {
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
$http
}
END_CONF
    close $fh;

    system(MFA::Test::nginx(), '-p', "$dir/", '-e', "$dir/error.log", '-c',
           "$dir/nginx.conf") == 0 or die "nginx does not start";

    my $pid;
    for (1 .. 100) {
        $pid = -s "$dir/nginx.pid" && `cat $dir/nginx.pid`;
        last if $pid;
        sleep 0.05;
    }

    chomp $pid;
    my $one = { dir => $dir, pid => $pid };
    push @plain, $one;
    return $one;
}


# http block of an application with 1 KB of HTML, and what leads there

sub page_conf {
    my ($port) = @_;

    return <<"END_CONF";
    keepalive_requests 100000000;
    access_log off;
    server {
        listen 127.0.0.1:$port;
        location / { default_type text/html; return 200
          "<!DOCTYPE html><title>x</title><p>@{[ 'x' x 990 ]}"; }
    }
END_CONF
}


sub fast_conf {
    my ($port) = @_;

    return <<"END_CONF";
    upstream fast { server 127.0.0.1:$port; keepalive 64; }
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    keepalive_requests 100000000;
    access_log off;
END_CONF
}


# people with ten sessions each, as far as asked for: a file of tokens

sub seed {
    my ($s, $users, $count) = @_;
    my $file = "$s->{dir}/tokens";

    system("$bin/seed lmdb:$s->{dir}/store $s->{dir}/mfa.key $users $count"
           . " > $file") == 0 or die "seed failed";
    return $file;
}


sub workers {
    my ($s) = @_;

    return $s->worker_pids unless ref $s eq 'HASH';
    return split ' ', `cat /proc/$s->{pid}/task/$s->{pid}/children`;
}


# in microseconds: of all threads, or of those beside the event loop alone

sub cpu_us {
    my ($s, $beside) = @_;
    my $sum = 0;

    for my $pid (workers($s)) {
        for my $task (glob "/proc/$pid/task/*") {
            next if $beside && $task =~ m{/$pid$};
            open my $fh, '<', "$task/schedstat" or next;
            $sum += (split ' ', <$fh>)[0] / 1e3;
        }
    }

    return $sum;
}


# headers, script, seconds (3), all_bad: no answer is a good one

sub wrk {
    my ($s, $port, $path, %is) = @_;
    my $headers = join ' ', map { "-H '$_'" } @{$is{headers} // []};
    my $script = $is{script} ? "-s $is{script}" : '';
    my $time = $is{seconds} // 3;
    my $many = $is{connections} // $connections;
    my $before = cpu_us($s);
    my $text = `$rest wrk -t1 -c$many -d${time}s $headers $script \\
                http://127.0.0.1:$port$path 2>&1`;
    my $used = cpu_us($s) - $before;
    my ($rate) = $text =~ m{Requests/sec:\s*([\d.]+)} or die $text;
    my ($count) = $text =~ /(\d+) requests in/ or die $text;
    my ($bad) = $text =~ /Non-2xx or 3xx responses: (\d+)/;

    die "wrong answers on $path\n$text"
        if $is{all_bad} ? ($bad // 0) != $count : $bad;
    return { rate => $rate, cpu => $used / $count, count => $count,
             used => $used };
}


# for wrk: every request with the next token of a file. rest: more Lua

sub each_script {
    my ($script, $tokens, $more) = @_;

    open my $fh, '>', $script or die "$script: $!";
    print $fh <<"END_LUA";
local list, i = {}, 0
function init(args)
    for token in io.lines("$tokens") do
        list[#list + 1] = wrk.format("GET", "/ess/",
            { Host = "127.0.0.1", Cookie = "__Host-mfa_session=" .. token })
    end
end
function request()
    i = i % #list + 1
    return list[i]
end
@{[ $more // '' ]}
END_LUA
    close $fh;
    return $script;
}


# by pairs; each of the two a function that measures once

sub pairs {
    my ($count, $with, $without) = @_;
    my (%rate, %cpu, @ratio, @added, @times);

    for my $round (1 .. $count) {
        my @order = $round % 2 ? (0, 1) : (1, 0);
        my @got;

        $got[$_] = ($with, $without)[$_]->() for @order;
        push @{$rate{$_}}, $got[$_]{rate} for 0, 1;
        push @{$cpu{$_}}, $got[$_]{cpu} for 0, 1;
        push @ratio, $got[0]{rate} / $got[1]{rate};
        push @added, $got[0]{cpu} - $got[1]{cpu};
        push @times, $got[0]{cpu} / $got[1]{cpu};
    }

    return { rate => median(@{$rate{0}}), floor => median(@{$rate{1}}),
             cpu => median(@{$cpu{0}}), floor_cpu => median(@{$cpu{1}}),
             ratio => median(@ratio), range => range(@ratio),
             added => median(@added), added_range => range(@added),
             times => median(@times) };
}


sub show_pairs {
    my ($name, $is) = @_;

    printf "%-24s %7.0f / %7.0f requests/s   ratio %.3f (%s)\n", $name,
        $is->{rate}, $is->{floor}, $is->{ratio}, $is->{range};
    printf "%-24s %7.2f / %7.2f us of CPU    added %.2f us (%s), x %.3f\n",
        '', $is->{cpu}, $is->{floor_cpu}, $is->{added}, $is->{added_range},
        $is->{times};
}


sub median {
    my @sorted = sort { $a <=> $b } @_;
    return ($sorted[@sorted / 2] + $sorted[$#sorted / 2]) / 2;
}


sub range {
    my $format = $_[-1] =~ /%/ ? pop : '%.3f';
    my @sorted = sort { $a <=> $b } @_;
    return sprintf "$format to $format", @sorted[0, -1];
}


1;
