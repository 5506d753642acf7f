# The helpdesk at work against a real server with two workers: who has the
# pages, deeds, forged and parallel forms (A3, A5, C9, D13, M3, X89).

use MFA::Test;

my %all = (limit => ['login_person 1000/1h 1000/1d',
                     'send_person 100/1h 300/1d'],
           helpdesk_group => 'helpdesk', admin_group => 'admins',
           event_log => '%%DIR%%/events.log',
           trusted_networks => '127.0.0.0/8');
my $people = <<'CSV';
email,user,first_name,surname,groups,manager
ann.employee@example.org,ann,Ann,Employee,staff,max.manager@example.org
max.manager@example.org,max,Max,Manager,managers,
sam.helpdesk@example.org,sam,Sam,Helper,helpdesk,
tom.helpdesk@example.org,tom,Tom,Helper,helpdesk,
ada.admin@example.org,ada,Ada,Admin,admins,
nina.new@example.org,nina,Nina,New,staff,
CSV

my $s = mfa_server(time => 1, workers => 2, realm => \%all,
                   people => $people);
my %me;
my %b;

for (qw(ann.employee max.manager sam.helpdesk tom.helpdesk)) {
    my ($name) = /^(\w+)/;

    $b{$name} = $s->browser;
    $me{$name} = $s->register($b{$name}, "$_\@example.org");
}

sub status { return $b{$_[0]}->get($_[1])->status }


# a member of staff whose factor is fresh

sub fresh {
    my ($name) = @_;

    $s->advance('31s');
    $b{$name} = $s->browser;
    $s->login($b{$name}, $me{$name});
}


sub find {
    my ($name, $who) = @_;
    my $p = $b{$name}->get('/mfa/people?q=' . $who);

    my ($id) = $p->body =~ m{/mfa/people/([0-9a-f]{32})};
    return $id;
}


# 404 for everybody else

for my $path (qw(people requests team)) {
    is(status(ann => "/mfa/$path"), 404, "no $path for a user");
}
is(status(max => '/mfa/people'), 404, 'nor people for a manager');

fresh('sam');
my $ann = find(sam => 'employee');
ok($ann, 'the helpdesk finds a person');
is(status(ann => "/mfa/people/$ann"), 404, 'who has no page there herself');


# the page, and a deed

my $p = $b{sam}->get("/mfa/people/$ann");
is($p->h1, 'Ann Employee', 'the page of a person');
like($p->text, qr/Authenticator app/, '... with methods');
unlike($p->body, qr/$me{ann}{secret}/, '... without a secret');

sub press {
    my ($name, $path, %fields) = @_;
    my ($token) = $b{$name}->get($path)->body =~ /name="token" value="([^"]+)"/;

    return $b{$name}->post($path, { token => $token, %fields });
}

is($b{ann}->get('/ess/')->status, 200, 'Ann is logged in');
press('sam', "/mfa/people/$ann", do => 'end', reason => 'lost her laptop',
      whom => $ann);
isnt($b{ann}->get('/ess/')->status, 200, 'and no more in any worker');

my $told;

for (1 .. 300) {
    last if $told = grep { $_->{text} =~ /logged you out everywhere/ }
        $s->mail->all($me{ann}{email});
    select undef, undef, undef, 0.2;
}
ok($told, 'she is told');


# forged forms

for ({}, { token => 'x' }) {
    my $r = $b{sam}->post("/mfa/people/$ann",
                          { %$_, do => 'disable', reason => 'because' });

    is($r->status, 403, 'a forged form is refused');
}
unlike($b{sam}->get("/mfa/people/$ann")->text, qr/Disabled by/,
       'and does nothing');


# parallel forms: one pass

my ($token) = $b{sam}->get("/mfa/people/$ann")->body
    =~ /name="token" value="([^"]+)"/;
my @kids;

for (1 .. 6) {
    my $pid = fork // die "fork: $!";

    if (!$pid) {
        eval { $b{sam}->post("/mfa/people/$ann",
                             { token => $token, do => 'pass', whom => $ann,
                               reason => 'called back' }) };
        require POSIX;
        POSIX::_exit(0);
    }

    push @kids, $pid;
}
waitpid $_, 0 for @kids;

my $made = () = join('', events()) =~ /"event":"staff.pass","result":"ok"/g;
is($made, 1, 'six forms at once make one pass');

sub events {
    open my $fh, '<', "$s->{dir}/events.log" or return $s->log;
    return <$fh>;
}

like(join('', events()), qr/"note":"called back"/, 'with the reason');


# a stale factor

$s->advance('11m');
is($b{sam}->get('/mfa/people')->h1, 'Verify to go on', 'a fresh factor first');
$b{sam}->submit('Verify');
$s->verify_by($b{sam}, $me{sam}, 'Authenticator app');
is($b{sam}{page}->h1, 'People', 'and back');


# a manager

fresh('max');
$p = $b{max}->get('/mfa/team');
is($p->h1, 'People who report to you', 'the page of a manager');
like($p->text, qr/Ann Employee/, '... with whom reports to him');
unlike($p->text, qr/Sam Helper|Nina New/, '... and nobody else');
is(press('max', '/mfa/team', do => 'add', whom => $ann, subject => '',
         address => 'ann.home@example.org', reason => 'she told me')->status,
   303, 'adds an address');
ok($s->mail->wait_for(1, 'ann.home@example.org'), 'which is told');
is(press('max', "/mfa/team", do => 'disable', whom => $ann,
         reason => 'she told me')->status, 303, 'nothing else is there');
like($b{max}->get('/mfa/team')->text, qr/ann\.home\@example\.org/,
     '... to be done');

done_testing();
