package MFA::Takeover;

# What the tests of a takeover share: people, walkers, and what must be true
# after a walk. See MFA::Walker.
#
#   my $s = takeover_server('totp sms', device_reset => 'email');
#   my $me = victim($s, 'ann', 'Authenticator app', 'Text message');
#   my $w = walker($s, 'ann', knows => ['...']);
#   never($s, 'ann', $me, 'what it is', sub { $_[0]->reset_password });
#   owner_gets_in($s, $me)      # a new password by mail and the old app
#   both('ann')                 # the two addresses of ann
#   up_to_verify($s, $me)       # a browser after the right password
#   new_password($s, $b, $to, $password)    # mailed; the last page
#   told($s, 'ann', qr/x/)      # how many of both addresses got such a letter
#   audit($s, 'ann')            # names and results: "password.reset ok", ...

use strict;
use warnings;
use Exporter 'import';
use Test::More ();
use Time::HiRes qw(sleep time);

use MFA::Test ();
use MFA::Walker;

our @EXPORT = qw(takeover_server victim walker never owner_gets_in both
                 up_to_verify new_password told audit opens);

my $steps = $ENV{MFA_TEST_STEPS} // 45;
my $app = 'Authenticator app';
my @limits = ('login_person 1000/1h 1000/1d', 'login_address 10000/1h',
              'start_address 10000/1h', 'send_mailbox 1000/1h 1000/1d',
              'send_person 1000/1h 1000/1d', 'code_address 10000/1h',
              'login_browser 1000/1h', 'fleet_codes 100000/10m',
              'send_known 1000/1d', 'sms_number 1000/1h 1000/1d');
my $people = <<'CSV';
email,user,first_name,surname,groups,other_email
ann.employee@example.org,ann,Ann,Employee,,ann.home@example.org
bob.employee@example.org,bob,Bob,Employee,,bob.home@example.org
cleo.employee@example.org,cleo,Cleo,Employee,,cleo.home@example.org
hana.helpdesk@example.org,hana,Hana,Helpdesk,helpdesk,
CSV


sub takeover_server {
    my ($factors, %realm) = @_;

    return MFA::Test::mfa_server(time => 1, workers => 2, people => $people,
        factors => $factors,
        realm => { trusted_networks => '127.0.0.0/8', remember_device => '30d',
                   helpdesk_group => 'helpdesk', limit => \@limits, %realm });
}


sub both { return ("$_[0].employee\@example.org", "$_[0].home\@example.org") }


# a person with these methods, the first by registration

sub victim {
    my ($s, $name, @methods) = @_;
    my $b = $s->browser;
    my $me = $s->register($b, (both($name))[0], method => shift @methods);

    for my $method (@methods) {
        $b->follow($b->get('/mfa/security'));
        $b->submit("Set up $method");
        $s->enrol_by($b, $me, $method, number => '07700 900123');
    }

    return $me;
}


sub walker {
    my ($s, $name, %more) = @_;

    return MFA::Walker->new($s, victim => (both($name))[0],
        reads => [both($name)], seed => length $name,
        words => { first_name => ucfirst $name, surname => 'Employee' },
        %more);
}


sub new_password {
    my ($s, $b, $to, $password) = @_;

    $b->follow($b->get('/mfa/password-reset'));
    $b->submit('Send verification code', 'Email address' => $to);
    $b->submit('Verify code', 'Verification code' =>
               MFA::Walker::code_for($s, $b->{page}, $to));
    return $b->{page} unless $b->{page}->form('Continue');

    $b->submit('Continue');
    return $b->submit('Continue', 'New password' => $password,
                      'Confirm new password' => $password);
}


sub up_to_verify {
    my ($s, $me) = @_;
    my $b = $s->browser;

    $s->advance('61s');
    $s->first_step($b, $me);
    return $b;
}


sub opens {
    my ($s, $b) = @_;
    return $b->get('/ess/')->status == 200;
}


# the owner comes back: a new password by mail, and the app of before

sub owner_gets_in {
    my ($s, $me) = @_;
    my $b;

    $s->json('user', 'unlock', $me->{email});
    $s->advance('1h');
    $me->{password} = 'lemon bicycle 2288 orchard';
    new_password($s, $s->browser, $me->{email}, $me->{password});
    $b = up_to_verify($s, $me);
    $s->verify_by($b, $me, $app);
    return opens($s, $b);
}


# one walk, and what must be true after it

sub never {
    my ($s, $name, $me, $what, $begin) = @_;
    my $w = walker($s, $name);
    my $before = $w->factors;

    $begin->($w) if $begin;
    $w->walk($steps) unless $w->is_in;
    $w->follow_mail unless $w->is_in;
    Test::More::is($w->is_in, undef, "D4 C6 X83 $what: no session");
    Test::More::is($w->factors, $before,
                   "C5 $what: the factors are as they were");
    Test::More::is($w->{errors}, undef, "C12 $what: no page broke");
    Test::More::ok(owner_gets_in($s, $me), "C5 $what: the old app opens")
        if $me->{secret};
    return $w;
}


sub told {
    my ($s, $name, $words) = @_;
    my $until = time + 60;
    my $count = 0;

    while (time < $until) {
        $count = grep { my $to = $_; grep { $_->{text} =~ $words }
                        $s->mail->all($to) } both($name);
        last if $count == 2;
        sleep 0.05;
    }

    return $count;
}


sub audit {
    my ($s, $name) = @_;
    my $rows = $s->json('audit', 'list', '--user', $name);

    $rows = $rows->{events} if ref $rows eq 'HASH';
    return map { "$_->{event} $_->{result}" } @$rows;
}


1;
