# Languages (product.md, O6): who gets which, what keeps it, what is said in
# it from the first page to the last mail, and what nobody can do with it.

use MFA::Test;
use File::Path 'make_path';

my $top = MFA::Test::top();
my (%cy, $p, $b);


# words of the second language: the installed ones, and our own over them

sub read_po {
    my ($file) = @_;
    my ($id, $which);

    open my $po, '<', $file or die "$file: $!";

    while (<$po>) {
        if (/^(msgid|msgstr) "(.*)"$/) {
            $which = $1;
            $1 eq 'msgid' ? ($id = $2) : ($cy{plain($id)} = $2);
        } elsif (/^"(.*)"$/) {
            $which eq 'msgid' ? ($id .= $1) : ($cy{plain($id)} .= $1);
        }
    }
}

sub plain { return $_[0] =~ s/\\(["\\])/$1/gr }

sub cy {
    my ($english, %values) = @_;
    my $text = plain($cy{$english} // die "no Welsh for: $english\n");

    $text =~ s/\{\{(\w+)\}\}/$values{$1} \/\/ ''/ge;
    return $text;
}

my $own = <<'END';
msgid ""
msgstr ""
"Language: cy\n"

msgid "Forgotten password?"
msgstr "Cyfrinair ar goll?"

msgid "Employee Self Service"
msgstr "Gwasanaeth y Gweithwyr"

msgid "Example Council"
msgstr "Cyngor Enghraifft"

msgid "March"
msgstr "Mawrth"

msgid "Human Resources"
msgstr "Adnoddau Dynol"
END

my $s = mfa_server(time => 1, start => 0, factors => 'totp sms voice email',
    people => [{ user => 'ann', email => 'ann.employee@example.org',
                 first_name => 'Ann', surname => 'Employee',
                 language => 'CY' },
               { user => 'max', email => 'max.manager@example.org',
                 first_name => 'Max', surname => 'Manager',
                 groups => 'managers helpdesk' },
               { user => 'lyn', email => 'lyn@example.org',
                 language => 'cy_GB' }],
    realm => { languages => 'en cy', words => '%%DIR%%/words',
               support => '"Human Resources" mail=hr@example.org' });

make_path("$s->{dir}/words");
write_file("$s->{dir}/words/cy.po", $own);
read_po("$top/html/text/cy.po");
read_po("$s->{dir}/words/cy.po");
$s->start;

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

sub lang_of { return $_[0]->body =~ /<html lang="([^"]*)"/ ? $1 : 'none' }

sub asked {
    my ($accept, $target, $cookie) = @_;
    return $s->browser->get($target // '/mfa/login',
        'Accept-Language' => $accept,
        defined $cookie ? (Cookie => $cookie) : ());
}


# negotiation

for (['cy', 'cy'], ['cy-GB,cy;q=0.9,en;q=0.8', 'cy'], ['en', 'en'],
     ['fr-FR,fr;q=0.9', 'en'], ['fr, cy;q=0.1', 'cy'], ['*', 'en'],
     ['cy;q=0', 'en'], [undef, 'en'])
{
    my ($accept, $wanted) = @$_;
    $p = asked($accept);
    is(lang_of($p), $wanted, 'Accept-Language: ' . ($accept // 'none'));
    is($p->header('Content-Language'), $wanted, '  the header says so');
}

like($p->header('Vary'), qr/Accept-Language/, 'the answer depends on it');
$p = asked('cy');
is($p->h1, cy('Login'), 'the page is in Welsh');
like($p->title, qr/\Q@{[cy('Login')]}\E/, 'its title too');
like($p->body, qr/Cyfrinair ar goll\?/, 'a text of the operator over ours');
like($p->body, qr/Cyngor Enghraifft/, 'the brand is a text too');
like($p->text, qr/Adnoddau Dynol/, 'and who helps');

for my $bad (('x' x 7000), ('cy,' x 1500), 'cy' x 3000, '<script>', "cy\tx",
             ';;;,,,q=q', '../../../etc/passwd')
{
    $p = asked($bad);
    is($p->status, 200, 'a header that is none is a page: '
       . substr $bad, 0, 12);
}


# the link: a cookie, the page and its query stay

$b = $s->browser;
$b->follow($b->get('/ess/page?x=1'));
is(lang_of($b->{page}), 'en', 'English first');
my %links = %{$b->{page}->links};
like($links{Cymraeg}, qr{^/mfa/login\?to=.*&(?:amp;)?lang=cy$},
     'the link is to the same page, with its query');
like($b->{page}->body,
     qr/<a href="[^"]+" hreflang="cy" lang="cy"[^>]*>Cymraeg<\/a>/,
     'in its own language, for those who hear it');
$p = $b->click('Cymraeg');
is(lang_of($p), 'cy', 'followed: Welsh');
is($b->{jar}{mfa_lang}{value}, 'cy', 'and a cookie keeps it');
like($b->{jar}{mfa_lang}{line}, qr/HttpOnly; SameSite=Lax.*Max-Age=31536000/,
     'like our others, for a year');
like($p->text, qr/Gwasanaeth y Gweithwyr/, 'the target is still there');
unlike($p->links->{English}, qr/lang=cy/, 'one language in a link');
is(lang_of($b->get('/mfa/register', 'Accept-Language' => 'en')), 'cy',
   'it stays, whatever the browser asks for');

for my $bad ('fr', '../cy', '%00', 'cy%0d%0aX-Bad:%201', '<script>', '',
             'cy&lang=en', 'x' x 3000)
{
    my $fresh = $s->browser;
    $p = $fresh->get("/mfa/login?lang=$bad");
    ok(!$fresh->{jar}{mfa_lang}, 'no cookie for lang=' . substr $bad, 0, 20);
    ok(!$p->header('X-Bad'), '  and no header');
    is(lang_of($p), 'en', '  ignored') if $p->status == 200;
}

is(lang_of(asked('en', undef, "mfa_lang=$_")), 'en', "a cookie $_ is nothing")
    for 'fr', '../cy', 'cy; mfa_lang=cy', '"cy"', 'x' x 3000;
is(lang_of(asked('en', undef, 'mfa_lang=cy')), 'cy', 'a good one counts');

$p = $s->browser->get('/mfa/login?lang=cy', 'Sec-Fetch-Mode' => 'no-cors',
                      'Sec-Fetch-Dest' => 'image',
                      'Sec-Fetch-Site' => 'cross-site');
is(scalar(grep { /mfa_lang/ } $p->headers('Set-Cookie')), 0,
   'a picture on another site chooses nothing');
$p = $s->browser->post('/mfa/login?lang=cy', {});
is(scalar(grep { /mfa_lang/ } $p->headers('Set-Cookie')), 0, 'nor does a POST');

# links carry what was typed into the address, and nothing of it is markup

$p = $s->browser->get('/mfa/login?to=/ess/&a%22%3E%3Cb%3E=%22%3E%3Cscript%3E');
unlike($p->body, qr/"><script>|"><b>/, 'an address is no markup');


# pages without an address, machines, other languages' names

is(lang_of(asked('cy', '/mfa/none')), 'cy', '404 is in the language');
like(asked('cy', '/mfa/none')->links->{English}, qr{^/mfa/\?lang=en$},
     '  with a link to the first page');
$p = $b->api('/ess/data', 'Accept-Language' => 'cy');
is($p->status, 401, 'a call is answered 401');
is($p->header('Content-Language'), undef, '  in no language');
like($p->body, qr/login_required/, '  for machines');
$p = $s->browser->get('/ess/', 'Accept-Language' => 'cy');
is($p->status, 303, 'the gate sends a page load to Login,');
like($p->header('Location'), qr{/mfa/login\?to=/ess/$}, 'as ever');


# a journey: from registration to the last mail

sub letter {
    my ($to, $word) = @_;
    my ($m, $end) = (undef, time + 60);

    while (!$m && time < $end) {
        ($m) = grep { words_of_mail($_) =~ /\Q$word\E/ } $s->mail->all($to);
        select undef, undef, undef, 0.1 if !$m;
    }

    return $m // die "no letter \"$word\" to $to\n" . $s->log;
}

sub words_of_mail {
    my ($m) = @_;
    my $text = "$m->{subject}\n$m->{text}";

    utf8::encode($text);
    return $text;
}

sub language_of { return $_[0]{head}{'content-language'} // 'none' }

$p = $b->follow($b->get('/ess/'));
$b->click(cy('Register'));
$b->submit(cy('Send verification code'),
           cy('Email address') => 'max.manager@example.org');
my $mail = $s->mail->latest_code('max.manager@example.org');
my $subject = cy('Your {{brand}} verification code',
                 brand => 'Cyngor Enghraifft');
like(words_of_mail($mail), qr/\Q$subject\E/, 'the subject of the code');
is(language_of($mail), 'cy', 'Content-Language of the mail');
like(words_of_mail($mail), qr/\Q@{[cy('Your verification code:')]}\E/,
     'and its words');

$b->submit(cy('Verify code'), cy('Verification code') => $mail->code);
$b->submit(cy('Continue'), cy('New password') => 'correct horse 4711 staple',
           cy('Confirm new password') => 'correct horse 4711 staple');
$b->click(cy('Authenticator app'))
    if $b->{page}->links->{cy('Authenticator app')};
like($b->{page}->text, qr/\Q@{[cy('2. Scan this QR code')]}\E/, 'enrolment');
my $me = { email => 'max.manager@example.org',
           password => 'correct horse 4711 staple',
           secret => MFA::Journey::secret_of($b->{page}) };
my $code = cy('Please enter verification code using your authentication app');
$b->submit(cy('Continue'), $code => '000000');
like($b->{page}->title, qr/^\Q@{[cy('Error:')]}\E/, 'an error in its title');
like($b->{page}->text, qr/\Q@{[cy('There is a problem')]}\E/, 'and summary');
$b->submit(cy('Continue'), $code => $s->code($me));
for (1 .. 3) {
    $b->submit(cy('Continue')) if $b->{page}->form(cy('Continue'))
        && $b->{page}{url} =~ m{/mfa/};
}

like($b->{page}{url}, qr{/ess/}, 'the journey ends at the application');
unlike(MFA::Upstream::values_of($s->app->last, 'Cookie') // '', qr/mfa_lang/,
       'which is not sent the cookie');
is($s->json('user', 'show', $me->{email})->{language}, 'cy',
   'their record knows the language');
my $told = letter($me->{email}, cy('A way to verify was added to your '
    . '{{brand}} account', brand => 'Cyngor Enghraifft'));
is(language_of($told), 'cy', 'what they are told is in it');
like(words_of_mail($told), qr/\Q@{[cy('Authenticator app')]}\E/,
     'the name of the method too');
unlike(words_of_mail($told), qr/(?:January|February|March|June|July|August|October|December) 20/,
       'and its date');


# logged in: the link changes the record; a link elsewhere does not

$b->get('/mfa/?lang=en');
is($s->json('user', 'show', $me->{email})->{language}, 'en',
   'a link while logged in changes it');
is(lang_of($b->{page}), 'en', '  and the page');
$b->get('/mfa/?lang=cy', 'Sec-Fetch-Site' => 'cross-site');
is($s->json('user', 'show', $me->{email})->{language}, 'en',
   'a link on another site changes no record');
$b->get('/mfa/?lang=cy');
$b->get('/mfa/logout');
$b->submit(cy('Log out'));
is(lang_of($b->{page}), 'cy', 'after logging out too');

# in a browser without a choice the record stays as it is

my $c = $s->browser;
$s->login($c, $me);
is($s->json('user', 'show', $me->{email})->{language}, 'cy',
   'what was chosen once outlives a browser that asks for English');


# people who were imported with one, and mail that nobody asked for

is($s->json('user', 'show', 'ann')->{language}, 'cy', 'a column of the roster');
is($s->json('user', 'show', 'lyn')->{language}, 'cy-gb', 'as others write it');
$s->ctl('user', 'invite', 'ann');
my $invited = letter('ann.employee@example.org',
    cy('Please register for {{brand}}', brand => 'Cyngor Enghraifft'));
is(language_of($invited), 'cy', 'mfactl writes in it as well');
$s->ctl('user', 'invite', 'lyn');
$invited = letter('lyn@example.org',
    cy('Please register for {{brand}}', brand => 'Cyngor Enghraifft'));
is(language_of($invited), 'cy', 'cy-GB is written to in cy');

# H2, C1: an English browser asks for a code for somebody who reads Welsh

my $d = $s->browser;
$d->get('/mfa/register');
$d->submit('Send verification code',
           'Email address' => 'ann.employee@example.org');
$mail = $s->mail->latest_code('ann.employee@example.org');
is(language_of($mail), 'cy', 'a letter is in the person\'s');
is(lang_of($d->{page}), 'en', 'the page in the browser\'s');

# a text message: the last line as it is, the first in the language, GSM-7

my $ann = { email => 'ann.employee@example.org',
            password => 'correct horse 4711 staple' };
$d->submit('Verify code', 'Verification code' => $mail->code);
$d->submit('Continue', 'New password' => $ann->{password},
           'Confirm new password' => $ann->{password});
$s->enrol_by($d, $ann, 'Text message');
my ($line) = split /\n/, ($s->texts->all($ann->{number}))[-1]{text};
utf8::encode($line);
is($line, cy('{{code}} is your verification code for {{brand}}. It works for '
   . '{{minutes}} minutes. Tell it to nobody: we never ask for it.',
   code => ($line =~ /(\d{6,})/)[0], brand => 'Cyngor Enghraifft',
   minutes => 5), 'a text message in the language');
utf8::decode($line);
unlike($line, qr/[^\x20-\x5a_a-z\xe0\xe8\xe9\xec\xf2\xf9]/,
       'in the alphabet of GSM-7');
cmp_ok(length($line), '<=', 160, 'in one part');


# configuration

my %bad = (
    'en xx'    => qr/there are no words for "xx" of "languages"/,
    'EN'       => qr/"EN" in "languages" is no tag/,
    'en en'    => qr/"en" is twice in "languages"/,
    '../en'    => qr/is no tag/,
);

for (sort keys %bad) {
    my ($status, $out) = conf_test(realm => { languages => $_ });
    isnt($status, 0, "languages $_ is refused");
    like($out, $bad{$_}, '  with the reason');
}

my $dir = "$s->{dir}/more";
make_path($dir);

for (["msgid \"Login\"\nmsgstr \"Anmelden\n", qr{broken string .* in \Q$dir\E/de\.po:2}],
     ["msgid \"Login\"\nmsgstr \"{{brand}}\"\n",
      qr{a value that "msgid" has not: "\{\{brand\}\}" in \Q$dir\E/de\.po:1}],
     ["msgid \"x\"\nmsgstr \"\xff\"\n", qr{UTF-8" in \Q$dir\E/de\.po:2}])
{
    write_file("$dir/de.po", $_->[0]);
    my ($status, $out) = conf_test(realm => { languages => 'en de',
                                              words => $dir });
    isnt($status, 0, 'a broken file is refused');
    like($out, $_->[1], '  with file and line');
}

write_file("$dir/tlh.po", "msgid \"Login\"\nmsgstr \"yI'el\"\n");
my ($status, $out) = conf_test(realm => { languages => 'en tlh',
                                          words => $dir });
like($out, qr/X-Language-Name/, 'a language without a name');
write_file("$dir/tlh.po", "msgid \"\"\nmsgstr \"\"\n"
    . "\"X-Language-Name: tlhIngan\\n\"\n\nmsgid \"Login\"\n"
    . "msgstr \"yI'el\"\n");
($status, $out) = conf_test(realm => { languages => 'tlh en',
                                       words => $dir });
is($status, 0, 'and with one') or diag $out;

done_testing();
