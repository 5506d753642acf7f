# The configuration of the issue with its paths made local: nginx accepts it
# and it serves a whole journey over HTTPS, with mail over SMTP.

use MFA::Test;
use MFA::Sink;

MFA::Sink->can_run or plan(skip_all => 'python3-aiosmtpd is missing');

my $sink = MFA::Sink->new;
my $conf = <<'END';
events {}

http {
    mfa_realm staff {
        public_url    %%ORIGIN%%;      # the only origin in messages and redirects
        store         lmdb:%%DIR%%/store;
        key_file      mfa/staff.key;                   # seals secrets, outside the store; made by: mfactl key new
        brand         "Example Council";
        support       "Human Resources" mail=hr@example.org "phone=01632 960000" chat=https://chat.example.org/;
        application   ESS /ess/ "Employee Self Service";
        application   MSS /mss/ "Manager Self Service" group=managers;
        mail          smtp://localhost:SMTP_PORT "from=Example Council <no-reply@example.org>"
                      user=relay password_file=mfa/smtp.pass ca_file=SMTP_CERT;    # or: mail maildir:/path "from=…";
        registration  roster;                          # or: domains a.example b.example, open, off
        idle_timeout  1h;
        session_limit 12h;
        html          %%HTML%%;                        # not installed here
        common_passwords %%BUILD%%/common-passwords.txt;
    }

    access_log %%DIR%%/access.log;
    upstream ess { server %%UPSTREAM%%; }
    upstream mss { server %%UPSTREAM%%; }

    server {
        listen              127.0.0.1:%%PORT%% ssl;
        server_name         127.0.0.1;
        ssl_certificate     tls.pem;
        ssl_certificate_key tls.key;

        mfa staff;                                     # everything below is guarded; inherited; "off" opens a location
        location /mfa/  { mfa_portal; }
        location /ess/  { proxy_pass http://ess; }
        location /mss/  { mfa_allow group=managers; proxy_pass http://mss; }
        location /open/ { mfa off; proxy_pass http://ess; }
    }
}
END

$conf =~ s/SMTP_PORT/$sink->{port}/;
$conf =~ s/SMTP_CERT/$sink->{cert}/;

my $s = mfa_server(https => 1, conf => $conf, start => 0, people => <<'END');
email,user,first_name,surname,groups
ann.employee@example.org,ann,Ann,Employee,
max.manager@example.org,max,Max,Manager,managers
END

mkdir "$s->{dir}/mfa", 0700 or die;
rename "$s->{dir}/mfa.key", "$s->{dir}/mfa/staff.key" or die;
system('cp', '-p', $sink->{password_file}, "$s->{dir}/mfa/smtp.pass") == 0 or die;
$s->{mail} = $sink->mail;
$s->start;

my ($code, $said) = $s->_nginx_test;
is($code, 0, 'nginx -t accepts it') or diag($said);
unlike($said, qr/\[(?:warn|error|emerg)\]/, 'and warns of nothing')
    or diag($said);

my $b = $s->browser;
my $me = $s->register($b, 'max.manager@example.org', to => '/mss/report?q=1');
is($me->{page}{url}, "$s->{origin}/mss/report?q=1", 'registration over HTTPS');
is($b->get('/ess/')->status, 200, 'one login for both');
like($b->{jar}{'__Host-mfa_session'}{line}, qr/; Secure/, 'a Secure cookie');
is($s->browser->get('/open/')->status, 200, 'an open location');
is($s->browser->get('/elsewhere')->status, 303, 'everything else is guarded');

my $ann = $s->browser;
$s->register($ann, 'ann.employee@example.org');
is($ann->get('/mss/')->status, 403, 'rules hold');
is($s->logout($b)->h1, 'You have logged out', 'log out');
is($b->follow($b->get('/ess/'))->h1, 'Login', 'and it counts');
my $list = $s->json('user', 'list');
is(scalar(@{ref $list eq 'ARRAY' ? $list : $list->{users} // []}), 2,
   'mfactl reads the same configuration');
$sink->stop;
done_testing();
