#!/usr/bin/perl
#
# Every language in html/text/ says what html/text/en.po says, and no more:
# the same words, none of them empty, guessed or said twice, with the same
# values and tags; its header names the language of its file name; what goes
# out as SMS is in the 7-bit alphabet, because one other character makes
# three messages of two.
#
#   t/style/languages.t          tries html/text/
#   t/style/languages.t FOLDER   tries a copy

use strict;
use warnings;
use utf8;
use File::Basename 'basename';
use Test::More;

binmode $_, ':encoding(UTF-8)'
    for Test::More->builder->output, Test::More->builder->failure_output;

my $folder = shift // 'html/text';

# 3GPP TS 23.038; those after the line break take two places each

my %gsm7 = map { $_ => 1 } split //,
    "\@£\$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    . "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    . "^{}\\[~]|€";

my $english = read_words("$folder/en.po");
my @files = sort glob("$folder/*.po");

cmp_ok(scalar keys %{ $english->{text} }, '>', 50, 'en.po has words');
cmp_ok(scalar @files, '>', 1, 'there is another language');

for my $file (@files) {
    my $name = basename($file, '.po');
    my $words = read_words($file);

    is_none($words->{faults}, "$name.po can be read");

    is($words->{header}{Language}, $name, "$name.po names its language");
    is($words->{header}{'Content-Type'}, 'text/plain; charset=UTF-8',
       "$name.po says that it is UTF-8");

    compare($name, $words);
}

done_testing();


sub compare {
    my ($name, $words) = @_;
    my ($here, $there) = ($words->{text}, $english->{text});
    my (@empty, @values, @sms);

    is_none([ grep { !defined $here->{$_} } sort keys %$there ],
            "$name.po has every word of en.po");
    is_none([ grep { !defined $there->{$_} } sort keys %$here ],
            "$name.po has no other word");

    for my $id (sort keys %$here) {
        my $said = $here->{$id};

        if ($said !~ /\S/) {
            push @empty, $id;
            next;
        }

        my ($wanted, $found) = (marks($id), marks($said));
        push @values, "$id: [$wanted] became [$found]" if $wanted ne $found;

        my $from = $english->{from}{$id} // $words->{from}{$id};
        next if $from !~ m<(?:^|\s)html/sms/>;

        my %seen;
        my $wrong = join ' ', grep { !$gsm7{$_} && !$seen{$_}++ }
                              split //, $said;
        push @sms, "$id: $wrong" if $wrong ne '';
    }

    is_none(\@empty, "$name.po leaves no word empty");
    is_none(\@values, "$name.po has the values and tags of en.po");
    is_none(\@sms, "$name.po says in SMS what 7 bits can say");
}


sub is_none {
    my ($faults, $what) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join("\n", @$faults), '', $what);
}


# The values, tags, entities and addresses of a text; their order is free.

sub marks {
    my ($text) = @_;

    return join ' ', sort $text =~ m<(
        \{\{ .*? \}\}+ | \</?[a-zA-Z][^\>]*\> | &\#?\w+; | https?://[^\s"\<]+
    )>gx;
}


# The words of a file by msgid: what is said, and the templates it is for.

sub read_words {
    my ($file) = @_;
    my %words = (text => {}, from => {}, header => {}, faults => []);
    my ($from, $is_fuzzy, $part, %entry) = ('', 0);

    my $fault = sub { push @{ $words{faults} }, "line $.: $_[0]" };

    my $end = sub {
        return if !%entry;

        if (!defined $entry{msgid} || !defined $entry{msgstr}) {
            $fault->('half an entry before this line');

        } elsif ($entry{msgid} eq '') {
            $words{header} = { $entry{msgstr} =~ /^([\w-]+): *(.*)$/mg };

        } elsif (defined $words{text}{ $entry{msgid} }) {
            $fault->("twice: $entry{msgid}");

        } else {
            $fault->("fuzzy: $entry{msgid}") if $is_fuzzy;
            $words{text}{ $entry{msgid} } = $entry{msgstr};
            $words{from}{ $entry{msgid} } = $from;
        }

        ($from, $is_fuzzy, $part) = ('', 0);
        %entry = ();
    };

    open my $po, '<:raw', $file or die "$file: $!";

    while (my $line = <$po>) {
        $fault->('not UTF-8') if !utf8::decode($line);
        chomp $line;

        if ($line =~ /^(msgid|msgstr) "((?:[^"\\]|\\.)*)"$/) {
            $end->() if $1 eq 'msgid';
            $fault->("a second $1") if defined $entry{$1};
            $part = $1;
            $entry{$part} = unquote($2);

        } elsif ($line =~ /^"((?:[^"\\]|\\.)*)"$/ && defined $part) {
            $entry{$part} .= unquote($1);

        } elsif ($line =~ /^#/ || $line eq '') {
            $end->();
            $from .= " $1" if $line =~ /^#: (.*)/;
            $is_fuzzy = 1 if $line =~ /^#,.*\bfuzzy\b/;

        } else {
            $fault->("not understood: $line");
        }
    }

    $end->();

    return \%words;
}


sub unquote {
    my ($text) = @_;

    $text =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
    return $text;
}
