"""A client whose keys are published over https: it makes a key, serves its set, and proves itself at the token endpoint with it.

Arguments: issuer, port, certificate, key of the certificate. The path of an address says what stands there. Prints what the token endpoint
said to each client, and how often each path was read, as JSON.
"""

import http.server
import json
import ssl
import sys
import threading
import time
import uuid

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

issuer, port, certificate, certificate_key = sys.argv[1:]
key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
public = json.dumps({"keys": [key.as_dict(private=False)]})
read = {}


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        read[self.path] = read.get(self.path, 0) + 1
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", f"https://localhost:{port}/jwks")
            self.end_headers()
            return
        body = (public + " " * (70_000 if self.path == "/huge" else 0)).encode()
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Site)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, certificate_key)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


def says(client):
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": issuer, "jti": uuid.uuid4().hex, "iat": now, "exp": now + 60}
    answer = requests.post(
        issuer + "/token",
        data={
            "grant_type": "authorization_code",
            "code": "nobody's",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256", "kid": "one"}, claims, key),
        },
        timeout=30,
    )
    return answer.json()["error"]


clients = ["jwks", "jwks", "huge", "elsewhere", "gone", "private"]
json.dump({"said": [[client, says(client)] for client in clients], "read": read}, sys.stdout)
