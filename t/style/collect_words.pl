#!/usr/bin/perl
# Prints html/text/en.po anew: every text inside {{#t}} of the templates and
# every MFA_WORD of the core, with the words that stand in the present file.
#
#   perl t/style/collect_words.pl > new.po && mv new.po html/text/en.po

use strict;
use warnings;

use File::Find;

my (%seen, %present);

sub slurp {
    my ($path) = @_;

    open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
    local $/;
    return <$file>;
}

sub unquote {
    my ($text) = @_;

    $text =~ s/\\n/\n/g;
    $text =~ s/\\(.)/$1/g;
    return $text;
}

sub quote {
    my ($text) = @_;

    $text =~ s/([\\"])/\\$1/g;
    $text =~ s/\n/\\n/g;
    return qq("$text");
}

sub templates {
    find({ no_chdir => 1, wanted => sub {
        return unless /\.(?:html|txt)$/;

        my ($path, $text) = ($_, slurp($_));

        while ($text =~ /\{\{#t\}\}(.*?)\{\{\/t\}\}/gs) {
            my $word = $1;
            $word =~ s/\s+/ /g;
            $word =~ s/^ | $//g;
            push @{ $seen{$word} }, $path;
        }
    } }, 'html');
}

sub sources {
    find({ no_chdir => 1, wanted => sub {
        return unless /\.c$/;

        my ($path, $text) = ($_, slurp($_));

        while ($text =~ /MFA_WORD(?:_STATIC)?\(((?:\s*"(?:[^"\\]|\\.)*")+)\s*\)/g) {
            my $word = join '', map { unquote($_) } $1 =~ /"((?:[^"\\]|\\.)*)"/g;
            push @{ $seen{$word} }, $path;
        }
    } }, 'src');
}

sub present {
    my $text = -e 'html/text/en.po' ? slurp('html/text/en.po') : '';
    my $string = qr/((?:"(?:[^"\\]|\\.)*"\s*)+)/;

    while ($text =~ /^msgid $string\nmsgstr $string/mg) {
        my @pair = map { join '', map { unquote($_) } /"((?:[^"\\]|\\.)*)"/g } $1, $2;
        $present{ $pair[0] } = $pair[1];
    }
}

templates();
sources();
present();

binmode STDOUT, ':encoding(UTF-8)';

print <<'END';
# Every word a person sees. The msgid is the English text as it stands in the
# templates and the code; change the msgstr to say it in your own words.
msgid ""
msgstr ""
"Language: en\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
END

for my $word (sort keys %seen) {
    my %files = map { $_ => 1 } @{ $seen{$word} };
    my $said = defined $present{$word} && $present{$word} ne ''
               ? $present{$word} : $word;

    print "\n#: ", join(' ', sort keys %files), "\n";
    print 'msgid ', quote($word), "\nmsgstr ", quote($said), "\n";
}
