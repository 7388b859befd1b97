"""An SMTP server for the tests: aiosmtpd, with STARTTLS and a password or without. Arguments: port, folder, certificate and key or "clear".

Every message is written to the folder as it came; every command of every client is written to the folder's log.

Two files in the folder make it misbehave. `fates`: what becomes of the next messages, a line each: "drop" takes the message and hangs up before the 250,
"hang" takes it and says nothing, anything else is the answer to a message that is not taken; an empty line, or no line, is as it should be. `hang`: the step at
which the next client is kept waiting for ever: connect, starttls, auth, mail, data.
"""

import asyncio
import pathlib
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, folder, certificate = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
log = open(folder / "smtp.log", "a", buffering=1)


def next_fate():
    file = folder / "fates"
    if not file.exists():
        return ""
    first, *rest = file.read_text().split("\n")
    file.write_text("\n".join(rest))
    return first


async def pause(step):
    file = folder / "hang"
    if file.exists() and file.read_text() == step:
        file.unlink()
        await hang(step)


async def hang(step):
    log.write(f"HANGS {step}\n")
    await asyncio.sleep(3600)


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        fate = next_fate()
        if fate not in ("", "drop", "hang"):
            log.write("REFUSED\n")
            return fate
        Keep.count += 1
        tls = "tls" if session.ssl else "clear"
        who = session.authenticated and session.auth_data
        part = folder / f".{Keep.count}"
        part.write_bytes(envelope.content)
        part.rename(folder / f"{time.time_ns()}.eml")
        log.write(f"MESSAGE {tls} {who} {envelope.mail_from} {envelope.rcpt_tos}\n")
        if fate == "drop":
            server.transport.abort()
        elif fate == "hang":
            await hang("dot")
        return "250 OK"


class Server(SMTP):
    async def _handle_client(self):
        await pause("connect")
        await super()._handle_client()

    async def smtp_STARTTLS(self, arg):
        log.write("STARTTLS\n")
        await pause("starttls")
        return await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg):
        log.write(f"MAIL {'tls' if self.session.ssl else 'clear'}\n")
        await pause("mail")
        return await super().smtp_MAIL(arg)

    async def smtp_AUTH(self, arg):
        log.write(f"AUTH {'tls' if self.session.ssl else 'clear'}\n")
        await pause("auth")
        return await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg):
        await pause("data")
        await super().smtp_DATA(arg)
        log.write("ANSWERED\n")

    def connection_made(self, transport):
        log.write("CONNECTED\n")
        super().connection_made(transport)


def check(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"moncompte", b"sel & poivre")
    return AuthResult(success=good, handled=True, auth_data=data.login.decode())


class Keeper(Controller):
    def factory(self):
        if certificate == "clear":
            # As an attacker in the middle answers: glad to have the password in clear.
            return Server(self.handler, authenticator=check, auth_require_tls=False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, sys.argv[4])
        return Server(
            self.handler,
            tls_context=context,
            require_starttls=True,
            authenticator=check,
            auth_required=True,
        )


controller = Keeper(Keep(), hostname="127.0.0.1", port=port)
controller.start()
print("listening", flush=True)
sys.stdin.read()
