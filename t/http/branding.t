# A brand (O6): name, logo, colour and templates of the operator, for each
# realm of its own, without touching an installed file.

use MFA::Test;
use File::Path 'make_path';
use MIME::Base64 'decode_base64';

my $png = "\x89PNG\r\n\x1a\n" . decode_base64(
    'AAAADUlIRFIAAAABAAAAAQgGAAAAHxXEiQAAAA1JREFUeNpj/M/wHwAEAQH/7yMK/gAAAABJ'
    . 'RU5ErkJggg==');
my $svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" '
        . 'viewBox="0 0 10 4"><script>alert(1)</script>'
        . '<rect width="10" height="4" fill="#fff"/></svg>';

my $maker = bless { is => {}, realm => 'club' }, 'MFA::Test';
my $s = mfa_server(start => 0, keys => ['club'],
    realm => { brand => '"Example & Council"', logo => '%%DIR%%/look/logo.svg',
               colour => '"#7a1f5c"', templates => '%%DIR%%/look' },
    http => $maker->realm_text('club', { brand => 'Club',
                 public_url => 'http://localhost:%%PORT%%',
                 logo => '%%DIR%%/club.png', languages => 'cy en',
                 colour => '"#ffd500" "dark=#ffd500"',
                 store => 'lmdb:%%DIR%%/tmp', key_file => '%%DIR%%/club.key',
             }),
    locations => <<'END');
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://app; }
        location /club/ { mfa club; mfa_portal; }
END

my $dir = "$s->{dir}/look";
make_path("$dir/mail");
write_file("$dir/logo.svg", $svg);
write_file("$s->{dir}/club.png", $png);
write_file("$dir/brand.css", ".mine { color: rebeccapurple; }\n");
write_file("$dir/foot.html", "</main>\n<footer>{{#t}}Help{{/t}}: "
           . "{{support.name}}, all day</footer></body></html>\n");

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>:raw', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

my $html = MFA::Test::top() . '/html';
my %before = map { $_ => -M $_ } glob("$html/*"), glob("$html/*/*");
$s->start;

my $b = $s->browser;
my $p = $b->get('/mfa/login');


# logo

my ($logo) = $p->body =~ m{<img class="logo" src="([^"]+)" alt="Example &amp; Council">};
like($logo, qr{^/mfa/logo/[0-9a-f]{16}\.svg$},
     'the logo, by an address of its bytes, with the name for who hears it');
my ($status, $headers, $body) = $s->curl($logo);
is($status, 200, 'it is served');
is($body, $svg, '  as it is in the file');
is_deeply($headers->{'content-type'}, ['image/svg+xml'], '  as what it is');
is_deeply($headers->{'cache-control'},
          ['public, max-age=31536000, immutable'], '  to be kept');
is_deeply($headers->{'content-security-policy'},
          ["default-src 'none'; style-src 'unsafe-inline'; sandbox"],
          '  and can do nothing by itself');
is_deeply($headers->{'x-content-type-options'}, ['nosniff'],
          '  nor be another type');

is(($s->curl("/mfa/logo/$_"))[0], 404, "no other picture: $_")
    for '', '0000000000000000.svg', 'logo.svg', substr($logo, 10, 16);

like($p->header('Content-Security-Policy'), qr/^default-src 'none'; /,
     'the pages stay as strict as ever');
unlike($p->body, qr/ style=/, 'without a style of their own');


# colour, style sheets, templates

($status, $headers, $body) = $s->curl('/mfa/style.css');
like($body, qr/--brand:#7a1f5c;--on-brand:#ffffff;/, 'the colour');
like($body, qr/prefers-color-scheme: dark\)\{:root\{--brand:/, '  in the dark');
like($body, qr/rebeccapurple; \}\n\z/, 'brand.css comes last');
like($p->text, qr/Help: Human Resources.*, all day/,
     'one template is the operator\'s');
like($p->body, qr/<h1>Login/, '  the others are ours');
is_deeply({ map { $_ => -M $_ } glob("$html/*"), glob("$html/*/*") },
          \%before, 'no installed file was touched');


# another realm of the same nginx

my $local = "http://localhost:$s->{port}";
my $club = $s->browser(origin => $local, peer => '127.0.0.1')
             ->get('/club/login', 'Accept-Language' => 'fr');
like($club->body, qr{src="/club/logo/[0-9a-f]{16}\.png" alt="Club"},
     'another realm has another logo');
like($club->body, qr/<html lang="cy">/, '  and another first language');
unlike($club->text, qr/all day/, '  and our templates');
($status, $headers, $body) = $s->curl('-H', "Host: localhost:$s->{port}",
                                      '/club/style.css');
like($body, qr/--brand:#ffd500;--on-brand:#000000;/,
     '  black on yellow, since white cannot be read');
like($s->log . join('', conf_test(realm => { colour => '"#ffd500"' })),
     qr/has a contrast of 1\.29:1 to light pages/, '  which nginx -t says');


# a reload takes what changed

write_file("$dir/logo.svg", $svg =~ s/<script>.*<\/script>//r);
write_file("$dir/brand.css", ".mine { color: teal; }\n");
$s->reload;
my ($new) = $s->browser->get('/mfa/login')->body =~ m{src="(/mfa/logo/[^"]+)"};
isnt($new, $logo, 'a new logo has a new address');
is(($s->curl($new))[0], 200, '  and is served');
like(($s->curl('/mfa/style.css'))[2], qr/teal/, 'so is the style sheet');


# what nginx -t says

my $more = "$s->{dir}/more";
make_path("$more/mail");

sub refused {
    my ($realm, $like, $name) = @_;
    my ($status, $out) = conf_test(realm => $realm);
    isnt($status, 0, "$name is refused");
    like($out, $like, '  with the reason and the place');
}

my $place = qr{ in \S+/nginx\.conf:\d+};
refused({ logo => "$more/none.svg" },
        qr{"logo" "\Q$more\E/none\.svg" cannot be read \(2: .*\)$place},
        'a logo that is not there');
refused({ logo => $more }, qr/cannot be read.*$place/, 'a folder as a logo');
write_file("$more/x.svg", '<html>');
refused({ logo => "$more/x.svg" }, qr/is no SVG, PNG.*$place/,
        'what is no picture');
write_file("$more/big.png", $png . 'x' x (256 * 1024));
refused({ logo => "$more/big.png" }, qr/larger than 262144 bytes$place/,
        'one that is too large');
write_file("$more/empty.png", '');
refused({ logo => "$more/empty.png" }, qr/is empty or larger.*$place/,
        'an empty one');
refused({ colour => $_ }, qr/"colour" needs "#RRGGBB".*$place/,
        "colour $_")
    for 'red', '"#12345"', '"#fff" "#000"', '"#fff;}" dark=x';

my %templates = (
    "<form method=\"post\">\n{{#x}}</form>" => qr{unclosed section "x" in \Q$more\E/login\.html:2},
    "{{> nowhere}}" => qr{missing partial "nowhere\.html" in \Q$more\E/login\.html:1},
    "\n<form method=\"post\"><input name=\"email\"><input name=\"password\">"
        . "<input name=\"level\"><input name=\"again\">"
        . "</form>" => qr{missing field "token" in \Q$more\E/login\.html:2},
    "{{> hidden}}<form><input name=\"email\">"
        => qr{missing field "password|missing field "},
);

for (sort keys %templates) {
    write_file("$more/login.html", $_);
    refused({ templates => $more }, $templates{$_}, 'a broken template');
}

write_file("$more/login.html", '{{> top}}x{{> head}}<form>{{> hidden}}'
    . '<input name="level"><input name="again"><input name="email">'
    . '<input name="password"></form>{{> foot}}');
($status, my $out) = conf_test(realm => { templates => $more });
is($status, 0, 'one with all fields is taken') or diag $out;
refused({ templates => "$more/none" }, qr{opendir\(\) "\Q$more\E/none},
        'a folder that is not there');

done_testing();
