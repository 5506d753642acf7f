package MFA::Browser;

# A browser without script for tests: cookies, forms found by what people
# read on them, no redirect followed unless asked.
#
#   my $b = $s->browser;
#   my $p = $b->get('/ess/');               # a page load, as Chromium sends it
#   $p->status  $p->header('Location')  $p->headers('Set-Cookie')  $p->body
#   $p->location                            # path and query of Location
#   $p->title  $p->h1  $p->text             # what a person reads
#   $p->links                               # { 'Register' => '/mfa/register' }
#   $p = $b->follow($p);                    # follows 3xx to the end
#   $p = $b->click('Register');             # a link of the last page
#   $p = $b->submit('Login', 'Email address' => 'a@example.org',
#                   'Password' => 'x');     # the form with that button of the
#                                           # last page; 303 is followed
#   $p = $b->post_only('Login', ...);       # the same, 303 not followed
#   my $f = $p->form('Login');              # { method, action, fields => {},
#                                           #   labels => { text => name } }
#   $b->request('POST', '/x', { Name => 'value' }, 'body');    # bare
#   $b->api('/ess/data');                   # fetch(): no page load
#   $b->cookie  $b->cookies                 # jar; $b->{jar}{name}{value}
#   my $twin = $b->clone;                   # another tab with own last page
#
# Cookies of other hosts than that of origin are kept apart, by host, in
# $b->{jars}{'pay.example.net'}; one with a Domain goes to all hosts below it.
# With peer => '127.0.0.1' every host is found there.

use strict;
use warnings;
use HTTP::Tiny;

my $accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';


sub new {
    my ($class, %is) = @_;
    my $self = bless { origin => $is{origin}, jar => {}, jars => {},
                       domains => {}, page => undef,
                       agent => $is{agent} // 'Mozilla/5.0 (MFA test)',
                       peer => $is{peer} }, $class;

    $self->{ua} = HTTP::Tiny->new(max_redirect => 0, timeout => 60,
        keep_alive => $is{keep_alive} // 1, agent => $self->{agent},
        verify_SSL => 0, no_proxy => '127.0.0.1');
    return $self;
}


sub clone {
    my ($self) = @_;
    my $twin = ref($self)->new(origin => $self->{origin},
                               agent => $self->{agent},
                               peer => $self->{peer});

    $twin->{$_} = $self->{$_} for qw(jar jars domains);
    $twin->{page} = $self->{page};
    return $twin;
}


# --- requests ---------------------------------------------------------------

sub request {
    my ($self, $method, $target, $headers, $content) = @_;
    my %headers = %{$headers // {}};

    $target = "$self->{origin}$target" unless $target =~ m{^https?://};

    my $cookie = $self->cookie(_host($target));

    $headers{Cookie} = $cookie
        if length $cookie && !grep { lc eq 'cookie' } keys %headers;
    delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;

    my $answer = $self->{ua}->request($method, $target,
        { headers => \%headers,
          defined $self->{peer} ? (peer => $self->{peer}) : (),
          defined $content ? (content => $content) : () });

    my $page = MFA::Browser::Page->new($answer, $self->{origin});

    $self->_keep_cookies($page, _host($target));
    return $page;
}


sub _navigate {
    my ($self, $method, $target, $more, $content) = @_;
    my $page = $self->request($method, $target, {
        Accept => $accept,
        'Accept-Language' => 'en-GB,en;q=0.9',
        'Sec-Fetch-Mode' => 'navigate',
        'Sec-Fetch-Dest' => 'document',
        'Sec-Fetch-Site' => $self->{page} ? 'same-origin' : 'none',
        %{$more // {}} }, $content);

    $self->{page} = $page;
    return $page;
}


sub get {
    my ($self, $target, %headers) = @_;
    return $self->_navigate('GET', $target, \%headers);
}


sub post {
    my ($self, $target, $fields, %headers) = @_;
    my $content = join '&', map { _encode($_) . '=' . _encode($fields->{$_}) }
                  sort keys %$fields;

    return $self->_navigate('POST', $target, {
        'Content-Type' => 'application/x-www-form-urlencoded',
        Origin => $target =~ m{^(https?://[^/]+)} ? $1 : $self->{origin},
        'Sec-Fetch-Site' => 'same-origin',
        %headers }, $content);
}


sub api {
    my ($self, $target, %headers) = @_;
    return $self->request('GET', $target, { Accept => 'application/json',
        'Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Dest' => 'empty',
        'Sec-Fetch-Site' => 'same-origin', %headers });
}


sub follow {
    my ($self, $page) = @_;

    $page //= $self->{page};

    for (1 .. 10) {
        last unless $page->status =~ /^30[1237]$/ && $page->header('Location');
        $page = $self->get(_from($self->{origin}, $page->{url},
                                 $page->header('Location')));
    }

    return $page;
}


sub click {
    my ($self, $text, %headers) = @_;
    my $to = $self->{page}->links->{$text}
        // die "no link \"$text\" on:\n" . $self->{page}->text;

    return $self->follow($self->get($self->_absolute($to), %headers));
}


sub submit { my $self = shift; return $self->follow($self->post_only(@_)) }


sub post_only {
    my ($self, $button, %typed) = @_;
    my $form = $self->{page}->form($button)
        // die "no button \"$button\" on:\n" . $self->{page}->text;
    my %fields = (%{$form->{fields}}, %{$form->{buttons}{$button}});

    for (keys %typed) {
        my $name = $form->{labels}{$_}
            // (exists $fields{$_} ? $_ : undef)
            // die "no field \"$_\" beside \"$button\" on:\n"
                   . $self->{page}->text;
        $fields{$name} = $typed{$_};
    }

    my $to = $self->_absolute($form->{action});

    return $self->post($to, \%fields) if $form->{method} eq 'POST';

    my $query = join '&', map { _encode($_) . '=' . _encode($fields{$_}) }
                sort keys %fields;
    return $self->get($to . ($query ne '' ? "?$query" : ''));
}


# a path of another host than origin's needs its name

sub _from {
    my ($origin, $url, $to) = @_;
    my ($there) = ($url // '') =~ m{^(https?://[^/]+)};

    return $to if $to !~ m{^/} || !defined $there || $there eq $origin;
    return "$there$to";
}


sub _host { return $_[0] =~ m{^https?://([^/:]+)} ? lc $1 : '' }


sub _absolute {
    my ($self, $to) = @_;
    return _from($self->{origin}, $self->{page}{url}, $self->_path($to));
}


sub _path {
    my ($self, $to) = @_;
    my $base = $self->{page}{url} // '/';

    return $to if $to =~ m{^(?:https?://|/)};
    $base =~ s{^https?://[^/]*}{};
    return $base if $to eq '';
    $base =~ s{\?.*}{};
    return "$base$to" if $to =~ /^\?/;
    $base =~ s{[^/]*$}{};
    return "$base$to";
}


sub _encode {
    my ($text) = @_;

    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}


# --- cookies ----------------------------------------------------------------

sub _jar {
    my ($self, $host) = @_;

    return $self->{jar} if !defined $host || $host eq _host($self->{origin});
    return $self->{jars}{$host} //= {};
}


sub cookie {
    my ($self, $host) = @_;
    my @jars = $self->_jar($host);

    $host //= _host($self->{origin});
    push @jars, map { $self->{domains}{$_} }
                grep { $host eq $_ || $host =~ /\.\Q$_\E$/ }
                sort keys %{$self->{domains}};

    return join '; ', map { my $jar = $_;
                            map { "$_=$jar->{$_}{value}" } sort keys %$jar }
           @jars;
}


sub cookies { my ($self) = @_; return sort keys %{$self->{jar}} }


sub forget_cookies {
    my ($self) = @_;
    %{$self->{$_}} = () for qw(jar jars domains);
}


sub _keep_cookies {
    my ($self, $page, $host) = @_;

    for my $line ($page->headers('Set-Cookie')) {
        my ($pair, @attributes) = split /\s*;\s*/, $line;
        my ($name, $value) = split /=/, $pair, 2;
        my %is = map { my ($n, $v) = split /=/, $_, 2; (lc $n => $v // 1) }
                 @attributes;

        my $jar = $self->_jar($host);

        if (defined $is{domain}) {
            next unless $host =~ /(?:^|\.)\Q$is{domain}\E$/;
            $jar = $self->{domains}{$is{domain}} //= {};
        }

        # browsers refuse such a name with a Domain, or over http

        next if $name =~ /^__Host-/ && defined $is{domain};

        if (defined $is{'max-age'} && $is{'max-age'} <= 0
            || ($is{expires} // '') =~ /1970/)
        {
            delete $jar->{$name};
            next;
        }

        $jar->{$name} = { %is, value => $value, line => $line };
    }
}


package MFA::Browser::Page;


sub new {
    my ($class, $answer, $origin) = @_;
    my $body = $answer->{content} // '';

    utf8::decode($body);
    return bless { %$answer, body => $body, origin => $origin }, $class;
}


sub status { return $_[0]{status} }
sub body { return $_[0]{body} }


sub headers {
    my ($self, $name) = @_;
    my $value = $self->{headers}{lc $name};

    return () unless defined $value;
    return ref $value ? @$value : ($value);
}


sub header {
    my ($self, $name) = @_;
    my @all = $self->headers($name);

    return @all ? join ', ', @all : undef;
}


sub location {
    my ($self) = @_;
    my $to = $self->header('Location') // return undef;

    $to =~ s/^\Q$self->{origin}\E//;
    return $to;
}


sub title { return _first($_[0]{body}, 'title') }
sub h1 { return _first($_[0]{body}, 'h1') }


sub text {
    my ($self) = @_;
    my $html = $self->{body};

    $html =~ s{<(head|style|script|svg)\b.*?</\1>}{}gs;
    return _plain($html);
}


sub links {
    my ($self) = @_;
    my %links;

    while ($self->{body} =~ m{<a\b([^>]*)>(.*?)</a>}gs) {
        my ($text, $href) = (_plain($2), _attribute($1, 'href'));
        $links{$text} //= $href if defined $href;
    }

    return \%links;
}


sub forms {
    my ($self) = @_;
    my @forms;

    while ($self->{body} =~ m{<form\b([^>]*)>(.*?)</form>}gs) {
        push @forms, _form($1, $2);
    }

    return @forms;
}


# the form that has a button with this text

sub form {
    my ($self, $button) = @_;

    for ($self->forms) {
        return $_ if !defined $button || $_->{buttons}{$button};
    }

    return undef;
}


sub _form {
    my ($top, $html) = @_;
    my %form = (method => uc(_attribute($top, 'method') // 'GET'),
                action => _attribute($top, 'action') // '',
                fields => {}, labels => {}, buttons => {}, types => {});
    my %name_of;

    while ($html =~ m{<(input|select|textarea)\b([^>]*)>}gs) {
        my ($kind, $rest, $from) = ($1, $2, pos $html);
        my $name = _attribute($rest, 'name') // next;
        my $type = _attribute($rest, 'type') // $kind;

        if ($type eq 'submit') {
            $form{buttons}{_attribute($rest, 'value') // ''}
                = { $name => _attribute($rest, 'value') // '' };
            next;
        }

        my $id = _attribute($rest, 'id');

        $name_of{$id} = $name if defined $id;
        $form{types}{$name} = $type;
        next if $type =~ /^(?:checkbox|radio)$/ && $rest !~ /\bchecked\b/;
        $form{fields}{$name} = _attribute($rest, 'value') // '';

        if ($kind eq 'select'
            && substr($html, $from) =~ m{^(.*?)</select>}s)
        {
            my ($options) = $1;
            my ($chosen) = $options =~ m{<option\b([^>]*\bselected\b[^>]*)>};
            ($chosen) = $options =~ m{<option\b([^>]*)>}
                unless defined $chosen;
            $form{fields}{$name} = _attribute($chosen // '', 'value') // '';

        } elsif ($kind eq 'textarea'
                 && substr($html, $from) =~ m{^(.*?)</textarea>}s)
        {
            $form{fields}{$name} = _plain($1);
        }
    }

    while ($html =~ m{<label\b([^>]*)>(.*?)</label>}gs) {
        my $for = _attribute($1, 'for') // next;
        $form{labels}{_plain($2)} = $name_of{$for} if $name_of{$for};
    }

    while ($html =~ m{<button\b([^>]*)>(.*?)</button>}gs) {
        my ($rest, $text) = ($1, _plain($2));
        my $name = _attribute($rest, 'name');
        my $label = _attribute($rest, 'aria-label') // $text;

        # the name that is heard, where it says more than the one that is read

        $form{buttons}{$_}
            = defined $name ? { $name => _attribute($rest, 'value') // '' }
                            : {} for $text, $label;
    }

    return \%form;
}


sub _first {
    my ($html, $tag) = @_;
    return $html =~ m{<$tag\b[^>]*>(.*?)</$tag>}s ? _plain($1) : undef;
}


sub _attribute {
    my ($tag, $name) = @_;

    return _entities($1 // $2 // $3)
        if $tag =~ /(?:^|\s)\Q$name\E\s*=\s*
                    (?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/x;
    return '' if $tag =~ /(?:^|\s)\Q$name\E(?:\s|$)/;
    return undef;
}


sub _plain {
    my ($html) = @_;

    $html =~ s/<[^>]*>//g;
    $html =~ s/\s+/ /g;
    $html =~ s/^ | $//g;
    return _entities($html);
}


sub _entities {
    my ($text) = @_;
    my %is = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'",
              nbsp => "\x{a0}");

    $text =~ s/&#x([0-9a-fA-F]+);/chr hex $1/ge;
    $text =~ s/&#(\d+);/chr $1/ge;
    $text =~ s/&(\w+);/$is{$1} \/\/ "&$1;"/ge;
    return $text;
}


1;
