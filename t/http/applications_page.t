# Your applications, and who may use which (L11, Y2).

use MFA::Test;

my $s = mfa_server(realm => { application => ['ESS /ess/ "Self <Service>"',
    'MSS /mss/ "Manager Self Service" group=managers',
    'HR /hr/ "Human <b>Resources</b>" group=helpdesk group=managers',
    'PLAIN /plain/'] }, locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://app; }
        location /hr/   { mfa_allow group=helpdesk group=managers;
                          proxy_pass http://app; }
        location /both/ { mfa_allow group=helpdesk; mfa_allow group=managers;
                          proxy_pass http://app; }
        location /max/  { mfa_allow user=max; proxy_pass http://app; }
END

my %b = map { $_ => $s->browser } qw(ann max hana);
my %email = (ann => 'ann.employee@example.org',
             max => 'max.manager@example.org',
             hana => 'hana.helpdesk@example.org');
$s->register($b{$_}, $email{$_}) for sort keys %b;

my %tiles = (ann => [qw(/ess/ /plain/)], max => [qw(/ess/ /hr/ /mss/ /plain/)],
             hana => [qw(/ess/ /hr/ /plain/)]);

for my $who (sort keys %b) {
    my $p = $b{$who}->follow($b{$who}->get('/mfa/'));
    my ($list) = $p->body =~ m{<ul class="tiles">(.*?)</ul>}s;

    is($p->h1, 'Your applications', "L11: $who");
    is_deeply([sort +($list // '') =~ /href="([^"]*)"/g], $tiles{$who},
              'L11: a tile for each application this person may use');
    like($p->text, qr/logged in as .*\Q$email{$who}\E/, 'and who this is');
    ok($p->links->{$_}, "L11: $_") for 'Security settings', 'Log out';
    unlike($p->body, qr/<b>|Self <Service>/, 'labels are text');
}

is($b{ann}->click('Security settings')->h1, 'Security settings',
   'Security settings opens');
$b{ann}->get('/mfa/');
is($b{ann}->click('Log out')->h1, 'Log out?', 'Log out asks');


# Y2

my %may = (ann => '/ess/', max => '/ess/ /mss/ /hr/ /max/',
           hana => '/ess/ /hr/');

for my $who (sort keys %b) {
    for my $path (qw(/ess/ /mss/ /hr/ /both/ /max/)) {
        my $is_for = " $may{$who} " =~ / \Q$path\E /;
        my $p = $b{$who}->get($path);

        is($p->status, $is_for ? 200 : 403, "Y2: $who at $path");
        next if $is_for;
        is($p->h1, 'You do not have access', 'the page');
        like($p->text, qr/Human Resources/, 'names whom to ask');
        ok($p->links->{'PLAINPLAIN'} || $p->body =~ m{href="/plain/"},
           'and the other applications');
        ok($p->links->{'Log out'}, 'and offers to log out');
        my $api = $b{$who}->api($path);
        is($api->status, 403, 'a program gets 403');
        like($api->header('Content-Type'), qr/json/, 'as JSON');
    }
}


# a change of groups counts at once; a stranger learns nothing of it

$s->app->forget;
is($s->browser->get('/mss/')->status, 303, 'a stranger is asked to log in');
is($s->browser->get('/mfa/')->status, 303, 'also for the applications');
is($s->app->hits, 0, 'no application was asked');

open my $fh, '>', "$s->{dir}/change.csv" or die;
print $fh "email,user,groups\nann.employee\@example.org,ann,managers\n";
close $fh;
my ($code, $said) = $s->ctl('user', 'import', "$s->{dir}/change.csv",
                            '--apply');
is($code, 0, 'mfactl user import') or diag($said);
is($b{ann}->get('/mss/')->status, 200, 'Y2: a new group counts at once');
my ($list) = $b{ann}->get('/mfa/')->body =~ m{<ul class="tiles">(.*?)</ul>}s;
like($list // '', qr{href="/mss/"}, 'and its tile is there');

done_testing();
