"""An SMTP server for the tests: aiosmtpd, with STARTTLS and a password or without. Arguments: port, folder, certificate and key or "clear".

Every message is written to the folder as it came; every command of every client is written to the folder's log.
"""

import pathlib
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, folder, certificate = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
log = open(folder / "smtp.log", "a", buffering=1)


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        tls = "tls" if session.ssl else "clear"
        who = session.authenticated and session.auth_data
        part = folder / f".{Keep.count}"
        part.write_bytes(envelope.content)
        part.rename(folder / f"{time.time_ns()}.eml")
        log.write(f"MESSAGE {tls} {who} {envelope.mail_from} {envelope.rcpt_tos}\n")
        return "250 OK"


class Server(SMTP):
    async def smtp_STARTTLS(self, arg):
        log.write("STARTTLS\n")
        return await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg):
        log.write(f"MAIL {'tls' if self.session.ssl else 'clear'}\n")
        return await super().smtp_MAIL(arg)

    async def smtp_AUTH(self, arg):
        log.write(f"AUTH {'tls' if self.session.ssl else 'clear'}\n")
        return await super().smtp_AUTH(arg)

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
