"""An SMTP server for the tests: aiosmtpd, with STARTTLS and a password or without. Arguments: port, folder, certificate and key or "clear".

Every message is written to the folder as it came; every command of every client is written to the folder's log.

Two files in the folder make it misbehave. `fates`: what becomes of the next messages, a line each: "drop" takes the message and hangs up before the 250,
"hang" takes it and says nothing, anything else is the answer to a message that is not taken; an empty line, or no line, is as it should be. `hang`: the step at
which the next client is kept waiting for ever: connect, starttls, auth, mail, data.

A third one refuses for as long as it is there. `refuse`: a step and the answer, a line each: connect, starttls, auth, mail, rcpt, dot; with an address in between,
of that recipient only.
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


def refusal(step, address=None):
    file = folder / "refuse"
    for line in file.read_text().splitlines() if file.exists() else []:
        name, answer = line.split(" ", 1)
        only, _, rest = answer.partition(" ")
        if name == step and "@" not in only:
            return answer
        if name == step and address and only in address:
            return rest
    return None


async def pause(step):
    file = folder / "hang"
    if file.exists() and file.read_text() == step:
        file.unlink()
        await hang(step)


async def hang(step):
    log.write(f"HANGS {step}\n")
    await asyncio.Event().wait()  # for ever: the client ends the connection, or the test this server


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        fate = refusal("dot") or next_fate()
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
        if answer := refusal("connect"):
            await self.push(answer)
            return self.transport.close()
        await super()._handle_client()

    async def smtp_NOOP(self, arg):
        # Whoever kept a connection has to come anew, and is refused.
        if refusal("connect") or refusal("starttls") or refusal("auth"):
            return self.transport.close()
        return await super().smtp_NOOP(arg)

    async def smtp_STARTTLS(self, arg):
        log.write("STARTTLS\n")
        if answer := refusal("starttls"):
            return await self.push(answer)
        await pause("starttls")
        return await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg):
        log.write(f"MAIL {'tls' if self.session.ssl else 'clear'}\n")
        await pause("mail")
        if answer := refusal("mail"):
            return await self.push(answer)
        return await super().smtp_MAIL(arg)

    async def smtp_AUTH(self, arg):
        log.write(f"AUTH {'tls' if self.session.ssl else 'clear'}\n")
        await pause("auth")
        if answer := refusal("auth"):
            return await self.push(answer)
        return await super().smtp_AUTH(arg)

    async def smtp_RCPT(self, arg):
        if answer := refusal("rcpt", arg):
            log.write("REFUSED\n")
            return await self.push(answer)
        return await super().smtp_RCPT(arg)

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
