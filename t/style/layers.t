# Who may include whom (architecture.md 1), and which library only where.

use strict;
use warnings;
use Test::More;

my @ranks = qw(base store model send factor flow page);
my %rank = map { $ranks[$_] => $_ } 0 .. $#ranks;

my %only = (
    'lmdb.h' => qr{^src/store/mfa_store_lmdb},
    'curl/' => qr{^src/(?:send/|cli/mfactl_probe_wire\.c$)},
    'openssl/' => qr{^src/base/},
    'sodium.h' => qr{^src/base/},
    'qrencode.h' => qr{^src/base/mfa_qr\.c$},
    'jansson.h' => qr{^src/},
    'csv.h' => qr{^src/cli/},
    'crypt.h' => qr{^src/base/},
    'libpq-fe.h' => qr{^src/store/mfa_store_postgres},
);

my @files = (glob('src/*.[ch]'), glob('src/*/*.[ch]'),
             glob('ngx_mfa_module/*.[ch]'));
my (@upwards, @foreign, @sideways, @libraries, @nginx);

for my $file (@files) {
    my ($folder) = $file =~ m{^src/([^/]+)/};
    my $line = 0;

    open my $fh, '<', $file or die "$file: $!";

    while (<$fh>) {
        $line++;

        push @nginx, "$file:$line: $_"
            if $file =~ m{^src/} && /\bngx_(?!mfa_module\b)/;

        my ($open, $name) = /^\s*#\s*include\s*([<"])([^>"]+)/ or next;

        if ($open eq '<') {
            for my $part (keys %only) {
                push @libraries, "$file:$line: <$name>"
                    if index($name, $part) == 0
                       && ($file !~ $only{$part});
            }
            next;
        }

        next if $name =~ /registry\.def$/;

        if ($file =~ m{^ngx_mfa_module/}) {
            push @foreign, "$file:$line: $name"
                unless $name =~ m{^ngx_mfa_} || $name eq '../src/mfa.h';
            next;
        }

        my ($to) = $name =~ m{^(?:\.\./)?([a-z]+)/};

        # src/mfa*.c and the command line stand above everything
        next if !defined $folder || $folder eq 'cli';

        $to //= $folder unless $name =~ m{^\.\./};

        if (!defined $to || !exists $rank{$to}) {
            push @upwards, "$file:$line: $name";
            next;
        }

        push @upwards, "$file:$line: $name" if $rank{$to} > $rank{$folder};
        push @sideways, "$file:$line: $name"
            if $to ne $folder && $name !~ m{/mfa_$to\.h$};
    }
}

ok(@files > 0, 'there are sources');
is(join("\n", @upwards), '', 'nobody includes upwards');
is(join("\n", @sideways), '', 'of another folder only its one header');
is(join("\n", @foreign), '', 'the glue sees mfa.h only');
is(join("\n", @libraries), '', 'each library in its own place');
is(join("\n", @nginx), '', 'the core has never heard of nginx');

done_testing();
