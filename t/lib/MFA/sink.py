#!/usr/bin/python3
"""An SMTP server for tests that misbehaves on demand.

    sink.py MAILDIR PORT CERT KEY [CONTROL]

STARTTLS and AUTH (relay / secret 4711) are required. The local part of the
recipient chooses the fault: tempfail (451), nouser (550), slow (25 s), drop
(the connection breaks), dropdata (it breaks after the message), slowdata.
The words of the file CONTROL, read at each message, hold for everybody:
the same names, notls (no STARTTLS is offered), badauth (every password is
refused), hang (a wrong password gets no answer), data451, data550.
"""

import asyncio
import logging
import mailbox
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

maildir = mailbox.Maildir(sys.argv[1], create=True)
port, cert, key = int(sys.argv[2]), sys.argv[3], sys.argv[4]
control = sys.argv[5] if len(sys.argv) > 5 else None


def words():
    try:
        with open(control, encoding="ascii") as file:
            return set(file.read().split())
    except (OSError, TypeError):
        return set()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        faults = words() | {address.split("@")[0]}
        session.faults = faults

        if "slow" in faults:
            await asyncio.sleep(25)

        if "tempfail" in faults:
            return "451 4.7.1 greylisted"

        if "nouser" in faults:
            return "550 5.1.1 no such user"

        if "drop" in faults:
            server.transport.abort()
            return "421 bye"

        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        faults = getattr(session, "faults", set())

        if "slowdata" in faults:
            await asyncio.sleep(25)

        if "data451" in faults:
            return "451 4.3.0 later"

        if "data550" in faults:
            return "550 5.7.1 refused"

        maildir.add(envelope.original_content)

        if "dropdata" in faults:
            server.transport.abort()

        return "250 2.0.0 queued"


def authenticate(server, session, envelope, mechanism, data):
    is_right = (
        "badauth" not in words()
        and isinstance(data, LoginPassword)
        and data.login == b"relay"
        and data.password == b"secret 4711"
    )
    # handled=True makes aiosmtpd believe that an answer was sent
    return AuthResult(success=is_right, handled="hang" in words())


# aiosmtpd warns, at every login, of an attribute that it sets itself
logging.getLogger("mail.log").setLevel(logging.ERROR)

context = None

if "notls" not in words():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

controller = Controller(
    Handler(),
    hostname="127.0.0.1",
    port=port,
    tls_context=context,
    require_starttls=context is not None,
    authenticator=authenticate,
    auth_required=context is not None,
    auth_require_tls=True,
    decode_data=False,
)
controller.start()
print("ready", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
controller.stop()
