#!/usr/bin/python3
"""A mail server that fails on request, for the unit tests of the sender.

    smtp_server.py DIR

Makes its certificates in DIR (good.pem, wrong.pem, expired.pem), listens on
a free loopback port, prints it. Each connection reads DIR/mode first, words:

    greeting= ehlo= starttls= auth= mail= rcpt= data= dot=   with one of
        NNN (the reply), drop, hang, drip, long, many, nul, bare
    tls=implicit  tls=off  cert=wrong  cert=expired  inject  noauth

DIR/log gets a line for each thing that happened, before it is answered;
DIR/raw.N is a text as it came, dots stuffed; DIR/msg.N without them.
"""

import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

DIR = sys.argv[1]
lock = threading.Lock()
letters = 0

OK = {'greeting': '220 mail.example.org ESMTP', 'starttls': '220 go ahead',
      'mail': '250 2.1.0 ok', 'rcpt': '250 2.1.5 ok', 'data': '354 go ahead',
      'dot': '250 2.0.0 queued', 'auth': '235 2.7.0 welcome'}


def path(name):
    return os.path.join(DIR, name)


def certificate(name, alt, *dates):
    conf = path(name + '.cnf')
    with open(conf, 'w') as f:
        f.write('[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nrand_serial=yes\n'
                'default_md=sha256\npolicy=p\nx509_extensions=x\n'
                'new_certs_dir=%s\ndefault_days=30\n'
                '[p]\ncommonName=supplied\n'
                '[x]\nsubjectAltName=%s\nbasicConstraints=critical,CA:true\n'
                '[req]\ndistinguished_name=n\n[n]\n'
                % (path(name + '.db'), DIR, alt))
    open(path(name + '.db'), 'w').close()
    key, csr, pem = path(name + '.key'), path(name + '.csr'), path(name + '.pem')
    quiet = dict(check=True, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL)
    subprocess.run(['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-keyout', key,
                    '-out', csr, '-subj', '/CN=' + name, '-config', conf],
                   **quiet)
    subprocess.run(['openssl', 'ca', '-batch', '-selfsign', '-notext',
                    '-config', conf, '-in', csr, '-keyfile', key, '-out', pem,
                    *dates], **quiet)


def log(text):
    with lock, open(path('log'), 'a') as f:
        f.write(text + '\n')


def read_mode():
    mode = {}
    with open(path('mode')) as f:
        for word in f.read().split():
            name, _, value = word.partition('=')
            mode[name] = value or 'yes'
    return mode


class Gone(Exception):
    pass


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.mode = read_mode()
        self.pending = b''
        self.is_tls = False

    def line(self):
        while b'\n' not in self.pending:
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b''
            if not data:
                raise Gone
            self.pending += data
        line, self.pending = self.pending.split(b'\n', 1)
        return line + b'\n'

    def put(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack('ii', 1, 0))
        self.sock.close()
        raise Gone

    def wait_for_end(self):
        while True:
            self.pending = b''
            self.line()

    def answer(self, stage, usual):
        """The usual reply, or what the mode wants; True: it was usual."""
        how = self.mode.get(stage, '')
        code = usual[:3].encode()
        if how.isdigit():
            self.put(how.encode() + b' as it was asked for\r\n')
            return False
        if how == 'drop':
            self.reset()
        elif how == 'hang':
            self.wait_for_end()
        elif how == 'drip':
            for byte in usual.encode() + b'\r\n':
                self.put(bytes([byte]))
                time.sleep(0.5)
        elif how == 'long':
            self.put(code + b'-' + b'x' * 1048576 + b'\r\n'
                     + code + b' done\r\n')
        elif how == 'many':
            for _ in range(100):
                self.put((code + b'-and so on\r\n') * 1000)
            self.put(code + b' done\r\n')
        elif how == 'nul':
            self.put(code + b' n\0u\0l\r\n')
        elif how == 'bare':
            self.put(usual.encode() + b'\n')
        else:
            self.put(usual.encode() + b'\r\n')
        return True

    def start_tls(self):
        name = self.mode.get('cert', 'good')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path(name + '.pem'), path(name + '.key'))
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True)
        except OSError:
            log('NO TLS')
            raise Gone
        self.is_tls = True
        self.pending = b''
        log('TLS')

    def ehlo(self):
        features = ['mail.example.org', 'SIZE 1000000']
        if not self.is_tls and self.mode.get('tls') not in ('off', 'implicit'):
            features.append('STARTTLS')
        if 'noauth' not in self.mode:
            features.append('AUTH PLAIN LOGIN')
        text = '\r\n'.join('250-' + f for f in features[:-1])
        self.answer('ehlo', text + '\r\n250 ' + features[-1])

    def auth(self, line):
        if len(line.split()) < 3:
            self.put(b'334 \r\n')
            log('C ' + self.line().decode('latin-1').strip())
        self.answer('auth', OK['auth'])

    def text(self):
        global letters
        raw = b''
        while True:
            line = self.line()
            if line == b'.\r\n':
                break
            raw += line
        with lock:
            letters += 1
            n = letters
        with open(path('raw.%d' % n), 'wb') as f:
            f.write(raw)
        lines = raw.split(b'\r\n')
        with open(path('msg.%d' % n), 'wb') as f:
            f.write(b'\r\n'.join(x[1:] if x[:1] == b'.' else x
                                 for x in lines))
        log('LETTER %d' % n)
        self.answer('dot', OK['dot'])

    def command(self, line):
        verb = line.split(' ')[0].upper()
        if verb in ('EHLO', 'HELO'):
            self.ehlo()
        elif verb == 'STARTTLS':
            more = '\r\n250 injected' if 'inject' in self.mode else ''
            if self.answer('starttls', OK['starttls'] + more):
                self.start_tls()
        elif verb == 'AUTH':
            self.auth(line)
        elif verb == 'DATA':
            if self.answer('data', OK['data']):
                self.text()
        elif verb in ('MAIL', 'RCPT'):
            self.answer(verb.lower(), OK[verb.lower()])
        elif verb == 'QUIT':
            self.put(b'221 bye\r\n')
            raise Gone
        else:
            self.put(b'500 what\r\n')

    def run(self):
        log('CONNECT')
        try:
            if self.mode.get('tls') == 'implicit':
                self.start_tls()
            self.answer('greeting', OK['greeting'])
            while True:
                line = self.line().decode('latin-1').strip()
                log('C ' + line)
                self.command(line)
        except Gone:
            pass
        log('END')
        self.sock.close()


def main():
    certificate('good', 'DNS:localhost,IP:127.0.0.1')
    certificate('wrong', 'DNS:other.example.org')
    certificate('expired', 'DNS:localhost,IP:127.0.0.1', '-startdate',
                '20200101000000Z', '-enddate', '20200201000000Z')
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=Client(sock).run, daemon=True).start()


main()
