# What the module shows to the rest of the process: nginx's names only.
# A function that is missing from its folder's header shows up here.

use strict;
use warnings;
use Test::More;

my $so = $ENV{MFA_TEST_SO} || 'build/nginx/ngx_mfa_module.so';

plan(skip_all => "no $so") unless -e $so;

my @names = map { (split)[-1] } grep { / [A-TV-Z] / && !/ [Uw] / }
            split /\n/, `nm -D --defined-only $so`;
my %wanted = map { $_ => 1 }
             qw(ngx_modules ngx_module_names ngx_module_order ngx_mfa_module);

is(join(' ', grep { !$wanted{$_} && !/^ngx_mfa_/ } @names), '',
   'nothing but nginx\'s names is shown');
ok(scalar(grep { $_ eq 'ngx_modules' } @names), 'and those are');

my @libraries = `nm -D --undefined-only $so` =~ /\b(\w+)(?:@|\n)/g;
my @banned = grep { /^(?:strcpy|strcat|sprintf|gets|exit|_exit|abort|system)$/ }
             @libraries;

is("@banned", '', 'no call that a worker must not make');

done_testing();
