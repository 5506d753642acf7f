package MFA::Realms;

# Two organisations on one nginx, for the tests of crossing over.
#
#   my ($a, $b) = two_realms(both => { option => 'of both' }, alpha => {...});
#         alpha at https://one.example.org, beta at https://two.example.org;
#         beta has its own store, key, brand, mail and people. Each is a
#         MFA::Test: register, login, json, mail, browser ...
#   my ($a, $b) = two_realms(paths => 1);
#         both at https://one.example.org, beta below /two/ and /mfa2/
#   $a->{s}                       the server itself: stop, reload, _write_conf
#   $a->{id}{ann}                 hex, of each name on the roster
#   $a->{s}{is}{beta}{brand} = '...'; MFA::Realms::write_conf($a->{s});
#   my $text = $a->events;        the event log

use strict;
use warnings;
use Exporter 'import';

use MFA::Test ();

our @ISA = 'MFA::Test';
our @EXPORT = qw(two_realms);

my @limits = ('login_person 1000/1h 1000/1d', 'login_address 10000/1h',
              'start_address 10000/1h', 'send_mailbox 1000/1h 1000/1d',
              'send_person 1000/1h 1000/1d', 'code_address 10000/1h',
              'fleet_codes 100000/10m');
my $people = <<'CSV';
email,user,first_name,surname,groups,manager,other_email
ann.one@example.org,ann,Ann,One,staff,max.one@example.org,ann.home@example.org
sam.help@example.org,sam,Sam,Help,helpdesk,,sam.home@example.org
max.one@example.org,max,Max,One,managers,,max.home@example.org
CSV


sub two_realms {
    my (%is) = @_;
    my $s = MFA::Test::mfa_server(name => 'alpha', start => 0, time => 1,
        https => 1, log => 'error', people => [], %is);

    _make_place($s, $_) for qw(alpha beta);
    write_conf($s);

    my @realms = map { _view($s, $_) } qw(alpha beta);

    for my $realm (@realms) {
        _import($realm);
        $realm->{id}{$_} = $realm->json('user', 'show', $_)->{id}
            for qw(ann sam max);
    }

    $s->start;
    $_->{pid} = $s->{pid} for @realms;
    return @realms;
}


# what a realm has of its own

sub _options {
    my ($name, %is) = @_;
    my $two = $name eq 'beta';
    my $at = $two && $is{paths} ? '/two' : '';
    my $host = $two && !$is{paths} ? 'two' : 'one';
    my $brand = ucfirst "$name Council";

    return {
        public_url => "https://$host.example.org:%%PORT%%",
        store => "lmdb:%%DIR%%/$name",
        key_file => "%%DIR%%/$name.key",
        event_log => "%%DIR%%/$name.log",
        brand => "\"$brand\"",
        support => "\"Help of $brand\" mail=hr\@$name.example.org",
        application => ["ESS $at/ess/ \"$brand pay slips\""],
        mail => "maildir:%%DIR%%/$name.mail \"from=$brand "
                . "<no-reply\@$name.example.org>\"",
        trusted_networks => '127.0.0.0/8',
        remember_device => '30d',
        helpdesk_group => 'helpdesk',
        limit => [@limits],
        %{$is{both} // {}}, %{$is{$name} // {}} };
}


sub _make_place {
    my ($s, $name) = @_;
    my @own = map { "$s->{dir}/$_" } $name,
              map { ("$name.mail$_") } '', qw(/new /cur /tmp);

    mkdir $_, 0700 or die "$_: $!" for @own;

    if (defined $s->{user}) {
        my ($uid, $gid) = (getpwnam $s->{user})[2, 3];
        chown $uid, $gid, @own;
    }

    my ($code, $text) = $s->ctl_bare('key', 'new', "$s->{dir}/$name.key");

    die "mfactl key new: $text" unless $code == 0;
}


# also after $s->{is}{beta}{...} was changed

sub write_conf {
    my ($s) = @_;
    my $is = $s->{is};
    my %common = (paths => $is->{paths}, both => $is->{both});
    my $beta = $s->realm_text('beta', _options('beta', %common,
                                               beta => $is->{beta}));
    my %text = (
        alpha => "location /mfa/ { mfa_portal; }\n"
               . "location /ess/ { proxy_pass http://app; }\n"
               . "location /open/ { mfa off; proxy_pass http://app; }\n",
        beta => "location /mfa/ { mfa_portal; }\n"
              . "location /ess/ { proxy_pass http://app; }\n",
        paths => "location /mfa2/ { mfa beta; mfa_portal; }\n"
               . "location /two/ { mfa beta; proxy_pass http://app; }\n");

    $is->{realm} = _options('alpha', %common, alpha => $is->{alpha});
    $is->{server} = "server_name one.example.org;\n";
    $is->{locations} = $text{alpha} . ($is->{paths} ? $text{paths} : '');
    $is->{http} = $beta . ($is->{paths} ? '' : 'server { ' . $s->_listen
        . " server_name two.example.org; mfa beta;\n$text{beta} }\n");
    $s->_write_conf;
}


sub _view {
    my ($s, $name) = @_;
    my $host = $name eq 'beta' && !$s->{is}{paths} ? 'two' : 'one';

    return bless { %$s, s => $s, realm => $name, holder => undef,
        origin => "https://$host.example.org:$s->{port}",
        mail => MFA::Mail->new("$s->{dir}/$name.mail") }, __PACKAGE__;
}


sub _import {
    my ($self) = @_;
    my $file = "$self->{dir}/$self->{realm}.csv";

    open my $fh, '>', $file or die;
    print $fh $people;
    close $fh;

    my ($code, $text) = $self->ctl('user', 'import', $file, '--apply');
    die "import failed ($code): $text" unless $code == 0;
}


sub browser {
    my ($self) = @_;
    return MFA::Browser->new(origin => $self->{origin}, peer => '127.0.0.1');
}


sub now { return $_[0]{s}->now }
sub advance { my ($self, $by) = @_; return $self->{s}->advance($by) }
sub reload { return $_[0]{s}->reload }


sub events {
    my ($self) = @_;
    return MFA::Server::_slurp("$self->{dir}/$self->{realm}.log");
}


1;
