#!/usr/bin/perl
#
# make bench: what the gate costs, each figure with its baseline in the same
# run. Absolute figures move with the hour and the machine; ratios hold.
#
#   ROUNDS=5 SECONDS=3 make bench
#
# 1. proxied requests/s with the gate / the same nginx without it, by pairs,
#    the order of a pair changing; medians
# 2. CPU microseconds of the workers added per request, from /proc
# 3. logins/s (password and code) / bare argon2id hashes/s of libsodium

use MFA::Test;
use POSIX ();
use Time::HiRes qw(sleep time);

my $rounds = $ENV{ROUNDS} || 5;
my $seconds = $ENV{SECONDS} || 3;
my $connections = $ENV{CONNECTIONS} || 32;

Test::More->builder->output(\*STDERR);

# a plain nginx as the application: it must be faster than what is measured
my $back = free_port();
my $s = mfa_server(workers => 1, log => 'warn',
    realm => { limit => ['login_person 100000/1h', 'login_address 100000/1h',
                         'start_address 100000/1h'],
               sessions_per_user => 64, registration => 'roster' },
    people => [ map { { email => "p$_\@example.org", user => "p$_",
                        first_name => 'P', surname => "N$_",
                        groups => '' } } 1 .. 4 ],
    main => 'worker_rlimit_nofile 4096;',
    http => <<"END", locations => <<'END');
    access_log off;
    upstream fast { server 127.0.0.1:$back; keepalive 64; }
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    keepalive_requests 1000000;
    server {
        listen 127.0.0.1:$back;
        location / { mfa off; default_type text/html; return 200
          "<!DOCTYPE html><title>x</title><h1>application</h1>"; }
    }
END
        location /mfa/   { mfa_portal; }
        location /ess/   { proxy_pass http://fast; }
        location /plain/ { mfa off; proxy_pass http://fast; }
END

my $visitor = $s->browser;
my $me = $s->register($visitor, 'p1@example.org');
my $cookie = $visitor->cookie;

print "ngx_mfa_module: ", scalar(`uname -srm`);
print "nginx: ", `@{[ MFA::Test::nginx() ]} -v 2>&1`;
printf "%d rounds of %d s, %d connections, 1 worker, %d processors\n\n",
    $rounds, $seconds, $connections, `nproc`;

my (%rate, %cpu, @ratio, @added);

for my $round (1 .. $rounds) {
    my @pair = $round % 2 ? ('/plain/', '/ess/') : ('/ess/', '/plain/');
    my %now = map { $_ => measure($_) } @pair;

    for (@pair) {
        push @{$rate{$_}}, $now{$_}{rate};
        push @{$cpu{$_}}, $now{$_}{cpu};
    }

    push @ratio, $now{'/ess/'}{rate} / $now{'/plain/'}{rate};
    push @added, $now{'/ess/'}{cpu} - $now{'/plain/'}{cpu};
}

printf "proxied requests/s   without %7.0f   with the gate %7.0f   "
    . "ratio %.3f (%.3f to %.3f)\n", median(@{$rate{'/plain/'}}),
    median(@{$rate{'/ess/'}}), median(@ratio), (sort { $a <=> $b } @ratio)
    [0, -1];
printf "worker CPU, us/req   without %7.2f   with the gate %7.2f   "
    . "added %.2f\n", median(@{$cpu{'/plain/'}}), median(@{$cpu{'/ess/'}}),
    median(@added);
logins();
$s->stop;
done_testing();


sub measure {
    my ($path) = @_;
    my $before = cpu_us();
    my $text = `wrk -t1 -c$connections -d${seconds}s -H 'Cookie: $cookie' \\
                $s->{origin}$path 2>&1`;
    my $used = cpu_us() - $before;
    my ($rate) = $text =~ m{Requests/sec:\s*([\d.]+)} or die $text;
    my ($count) = $text =~ /(\d+) requests in/ or die $text;

    die "wrong answers on $path\n$text" if $text =~ /Non-2xx/;
    return { rate => $rate, cpu => $used / $count };
}


# the same worker also plays the application, in both halves of a pair

sub cpu_us {
    my $sum = 0;

    for my $pid ($s->worker_pids) {
        open my $fh, '<', "/proc/$pid/stat" or next;
        my @f = split ' ', (<$fh> =~ s/^.*\) //r);
        $sum += $f[11] + $f[12];
    }

    return $sum * 1e6 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}


sub logins {
    my $bare = bare_hashes();
    my $clients = 2;
    my $length = $ENV{LOGIN_SECONDS} || 10;
    my @pipes;

    # only the first step hashes; codes are good once, so that the second
    # step is a wrong code and a fresh flow each time would measure limits
    for my $n (1 .. $clients) {
        open my $pipe, '-|' or exit client($n, $length);
        push @pipes, $pipe;
    }

    my $done = 0;
    for (@pipes) { $done += <$_> // 0; close $_ }

    my $rate = $done / $length;
    printf "first steps/s        bare argon2id %6.1f   with pages %6.1f"
        . "      ratio %.3f\n", $bare, $rate, $bare ? $rate / $bare : 0;
}


sub client {
    my ($n, $length) = @_;
    my $end = time + $length;
    my $done = 0;

    while (time < $end) {
        my $c = $s->browser;
        my $page = $s->first_step($c, $me);

        last if $page->h1 ne 'Verify';
        $done++;
    }

    print "$done\n";
    STDOUT->flush;
    POSIX::_exit(0);
}


# libsodium with the module's own cost, one thread for each processor

sub bare_hashes {
    my $program = "$s->{dir}/bare";

    open my $fh, '>', "$program.c" or die;
    print $fh <<'END';
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static double now(void) { struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void *run(void *arg) { unsigned char out[32], salt[16] = { 1 };
  double end = now() + 3; long n = 0;
  while (now() < end) { if (crypto_pwhash(out, sizeof(out), "password", 8,
      salt, 2, 19456UL * 1024, crypto_pwhash_ALG_ARGON2ID13)) return NULL;
    n++; } *(long *) arg = n; return NULL; }
int main(void) { long i, cpus = sysconf(_SC_NPROCESSORS_ONLN), n[256] = { 0 };
  long sum = 0; pthread_t t[256]; if (sodium_init() < 0) return 1;
  if (cpus > 256) cpus = 256;
  for (i = 0; i < cpus; i++) pthread_create(&t[i], NULL, run, &n[i]);
  for (i = 0; i < cpus; i++) { pthread_join(t[i], NULL); sum += n[i]; }
  printf("%.2f\n", sum / 3.0); return 0; }
END
    close $fh;
    system("gcc -O2 -o $program $program.c -lsodium -lpthread") == 0 or die;
    return `$program` + 0;
}


sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[@sorted / 2];
}
