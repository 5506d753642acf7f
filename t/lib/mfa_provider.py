#!/usr/bin/python3
"""A provider of text messages and calls that fails on request.

    mfa_provider.py DIR [--port=N] [--tls-port=N] [--mode=WORDS]

Makes its certificates in DIR (good.pem for localhost and 127.0.0.1,
wrong.pem for another name), listens on two loopback ports, free ones unless
they are given, and prints them as one line: "PLAIN TLS". Ends when its parent
does.

What it answers depends on the path: Twilio (Messages.json, Calls.json),
Vonage (/sms/json), GOV.UK Notify (/v2/notifications/sms), MessageBird
(/messages); 200 "accepted" on any other.

The file DIR/mode is read for each connection (first written from --mode),
words parted by blanks, "%20" for a blank inside of one:

    status=NNN       this status, with the provider's form of an error
    retry_after=V    header Retry-After
    inside[=N]       the usual status, a failure inside (Vonage: status N)
    garbage          the usual status, and no JSON
    empty            the usual status, and nothing
    echo             with status=: what was asked is repeated in the error
    redirect=URL     302 to it
    wait=S           S seconds before the answer
    drip             the answer, one byte a second
    half             a part of the answer, then the end
    mute             the request is read, then the connection ends
    reset            the same, with a reset
    huge             a body without end
    heads            headers without end
    shut             the connection ends before anything is read
    cert=wrong       another name in the certificate
    times=N          all this for the first N requests since the last change

DIR/requests gets a line of JSON for each request, before the answer:
{"n", "method", "path", "headers" (names in lower case), "body", "tls"};
DIR/raw.N is request N as it came.
"""

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

DIR = sys.argv[1]
OPTIONS = dict(word.lstrip('-').partition('=')[::2] for word in sys.argv[2:])
lock = threading.Lock()
count = 0
mode_text = None
mode_used = 0

ERRORS = {
    'twilio': '{"code":21211,"message":"%s is not valid","status":400}',
    'notify': '{"errors":[{"error":"BadRequestError","message":"%s"}]}',
    'bird': '{"errors":[{"code":9,"description":"no %s"}]}',
    'vonage': '{"error":"%s"}',
    'other': 'rejected %s\n',
}

GOOD = {
    'twilio': (201, '{"sid":"SM00112233445566778899aabbccddeeff",'
                    '"status":"queued","error_code":null}'),
    'notify': (201, '{"id":"740e5834-3a29-46b4-9a6f-16142fde533a",'
                    '"reference":"r","content":{"body":"a code"}}'),
    'bird': (201, '{"id":"e8077d803532c0b5937c639b60216938",'
                  '"recipients":{"totalSentCount":1}}'),
    'vonage': (200, '{"message-count":"1","messages":[{"status":"0",'
                    '"message-id":"0A0000000123ABCD1"}]}'),
    'other': (200, 'accepted\n'),
}

INSIDE = {
    'twilio': '{"sid":"SM00112233445566778899aabbccddeeff",'
              '"status":"failed","error_code":30007}',
    'notify': '{"id":null}',
    'bird': '{"id":""}',
    'vonage': '{"message-count":"1","messages":[{"status":"%s",'
              '"error-text":"no"}]}',
    'other': 'rejected\n',
}


def path(name):
    return os.path.join(DIR, name)


def certificate(name, alt):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                    '-keyout', path(name + '.key'), '-out',
                    path(name + '.pem'), '-subj', '/CN=' + name, '-addext',
                    'subjectAltName=' + alt], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def parse_mode(text):
    mode = {}
    for word in text.split():
        name, _, value = word.partition('=')
        mode[name] = urllib.parse.unquote(value) or 'yes'
    return mode


def read_mode():
    """The mode now; does not count."""
    try:
        with open(path('mode')) as f:
            text = f.read()
    except OSError:
        text = ''
    mode = parse_mode(text)
    with lock:
        used = mode_used if text == mode_text else 0
    return ({} if used >= int(mode.get('times', '1000000')) else mode), text


def count_mode(text):
    global mode_text, mode_used
    with lock:
        if text != mode_text:
            mode_text, mode_used = text, 0
        mode_used += 1


def kind_of(target):
    if target.endswith(('/Messages.json', '/Calls.json')):
        return 'twilio'
    if target.endswith('/sms/json'):
        return 'vonage'
    if target.endswith('/v2/notifications/sms'):
        return 'notify'
    return 'bird' if target == '/messages' else 'other'


class Gone(Exception):
    pass


class Client:
    def __init__(self, sock, is_tls):
        self.sock = sock
        self.is_tls = is_tls
        self.mode, self.mode_text = read_mode()

    def start_tls(self):
        name = self.mode.get('cert', 'good')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path(name + '.pem'), path(name + '.key'))
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def read(self):
        data = b''
        while b'\r\n\r\n' not in data:
            data += self.more()
        head, _, body = data.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            headers[name.strip().lower()] = value.strip()
        while len(body) < int(headers.get('content-length', '0')):
            body += self.more()
        self.method, self.target = lines[0].split(' ')[:2]
        self.headers, self.body = headers, body
        self.raw = head + b'\r\n\r\n' + body

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        return data

    def note(self):
        global count
        with lock:
            count += 1
            with open(path('raw.%d' % count), 'wb') as f:
                f.write(self.raw)
            with open(path('requests'), 'a') as f:
                f.write(json.dumps({
                    'n': count, 'method': self.method, 'path': self.target,
                    'headers': self.headers, 'tls': self.is_tls,
                    'body': self.body.decode('utf-8', 'replace')}) + '\n')

    def answer_text(self):
        """The status, more headers, and the body."""
        kind = kind_of(self.target)
        status, body = GOOD[kind]
        more = ''
        if 'redirect' in self.mode:
            return 302, 'Location: %s\r\n' % self.mode['redirect'], ''
        if 'inside' in self.mode:
            n = self.mode['inside'].replace('yes', '9')
            body = INSIDE[kind]
            body = body % n if '%s' in body else body
        if 'garbage' in self.mode:
            body = '<html>hello</html>'
        if 'empty' in self.mode:
            body = ''
        if 'status' in self.mode:
            status = int(self.mode['status'])
            body = ERRORS[kind] % json.dumps(
                self.body.decode('utf-8', 'replace'))[1:-1] \
                if 'echo' in self.mode else ERRORS[kind] % 'that'
        if 'retry_after' in self.mode:
            more = 'Retry-After: %s\r\n' % self.mode['retry_after']
        return status, more, body

    def put(self, text):
        self.sock.sendall(text.encode())

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack('ii', 1, 0))
        raise Gone

    def answer(self):
        status, more, body = self.answer_text()
        if 'wait' in self.mode:
            time.sleep(float(self.mode['wait']))
        if 'mute' in self.mode:
            raise Gone
        if 'reset' in self.mode:
            self.reset()
        head = 'HTTP/1.1 %d As it was asked for\r\n%sContent-Type: ' \
               'application/json\r\n' % (status, more)
        if 'heads' in self.mode:
            self.put(head)
            while True:
                self.put('X-More: %s\r\n' % ('x' * 1000))
        if 'huge' in self.mode:
            self.put(head + 'Connection: close\r\n\r\n')
            while True:
                self.put('x' * 65536)
        whole = '%sContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
                % (head, len(body.encode()), body)
        if 'half' in self.mode:
            self.put(whole[:len(whole) - len(body) // 2 - 1])
        elif 'drip' in self.mode:
            for c in whole:
                self.put(c)
                time.sleep(1)
        else:
            self.put(whole)

    def run(self):
        try:
            if 'shut' in self.mode:
                self.reset()
            if self.is_tls:
                self.start_tls()
            self.read()
            self.note()
            count_mode(self.mode_text)
            self.answer()
        except (Gone, OSError, ValueError):
            pass
        try:
            self.sock.close()
        except OSError:
            pass


def serve(listener, is_tls):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=Client(sock, is_tls).run,
                         daemon=True).start()


def main():
    parent = os.getppid()
    certificate('good', 'DNS:localhost,IP:127.0.0.1')
    certificate('wrong', 'DNS:other.example.org')
    if 'mode' in OPTIONS or not os.path.exists(path('mode')):
        with open(path('mode'), 'w') as f:
            f.write(OPTIONS.get('mode', ''))
    plain = socket.create_server(('127.0.0.1', int(OPTIONS.get('port', 0))))
    tls = socket.create_server(('127.0.0.1',
                                int(OPTIONS.get('tls-port', 0))))
    sys.stdout.write('%d %d\n' % (plain.getsockname()[1],
                                  tls.getsockname()[1]))
    sys.stdout.flush()
    for listener, is_tls in (plain, False), (tls, True):
        threading.Thread(target=serve, args=(listener, is_tls),
                         daemon=True).start()
    while os.getppid() == parent:
        time.sleep(0.5)


main()
