"""Tries the samples of nginx and HAProxy before two stand-in nodes, on ports of its own:  python3 try.py nginx [PROGRAM]  or  python3 try.py haproxy [PROGRAM]

TLS, both nodes used, forged headers dropped, a node that dies and one that is not ready without a failed request, a form sent once, 503 in our own words with
our headers when both are gone, and a log without query, cookie or full address. Ends with 1 at the first thing that is not so."""

import http.client, http.server, json, os, pathlib, re, shutil, socket, ssl, subprocess, sys, tempfile, threading, time

here = pathlib.Path(__file__).parent
kind = sys.argv[1]
program = sys.argv[2] if len(sys.argv) > 2 else shutil.which(kind) or f"/usr/sbin/{kind}"


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    """Answers with the headers that it got."""

    def __init__(self, name):
        self.name, self.port, self.ops, self.ready, self.posts, self.served, self.open = name, free(), free(), True, 0, 0, []
        self.start()

    def start(self):
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                node.open.append(self.connection)

            def do_GET(self):
                if self.path == "/health/ready":
                    return self.send(200 if node.ready else 503, b"ready")
                node.served += 1
                self.send(200, json.dumps({"node": node.name, "path": self.path, "headers": dict(self.headers)}).encode())

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                node.posts += 1
                self.send(413 if "large" in self.path else 200, b"{}")

            def send(self, status, body):
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.servers = [Server(("127.0.0.1", port), Handler) for port in (self.port, self.ops)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def die(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def ask(method="GET", path="/", headers={}, body=None):
    tls = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", https, context=tls, timeout=20)
    connection.request(method, path, body, {"Host": "compte.example.fr", **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def demand(good, what):
    if not good:
        sys.exit(f"{kind}: {what}")
    print(f"{kind}: {what}: yes")


nodes = [Node("a"), Node("b")]
plain, https = free(), free()
folder = pathlib.Path(tempfile.mkdtemp())
# Its workers are another user.
os.chmod(folder, 0o755)
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=compte.example.fr", "-keyout", folder / "key", "-out", folder / "cert"],
    check=True, stderr=subprocess.DEVNULL,
)
log = folder / "log"
if kind == "nginx":
    text = (here / "nginx.conf").read_text()
    for old, new in [
        ("10.0.0.11:8080", f"127.0.0.1:{nodes[0].port}"), ("10.0.0.12:8080", f"127.0.0.1:{nodes[1].port}"),
        ("listen 80 default_server", f"listen 127.0.0.1:{plain} default_server"), ("listen 443 ssl", f"listen 127.0.0.1:{https} ssl"),
        ("/etc/nginx/compte.example.fr.pem", str(folder / "cert")), ("/etc/nginx/compte.example.fr.key", str(folder / "key")),
        ("/var/log/nginx/access.log", str(log)), ("/var/log/nginx/error.log", str(folder / "error")), ("/run/nginx.pid", str(folder / "pid")),
    ]:
        demand(old in text, f"the sample has {old}")
        text = text.replace(old, new)
    text = text.replace("http {\n", "http {\n" + "".join(f"    {name}_temp_path {folder}/{name};\n" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]), 1)
    (folder / "conf").write_text(text)
    subprocess.run([program, "-t", "-q", "-c", folder / "conf", "-p", folder], check=True)
    proxy = subprocess.Popen([program, "-c", folder / "conf", "-p", folder, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
else:
    (folder / "pem").write_text((folder / "cert").read_text() + (folder / "key").read_text())
    text = (here / "haproxy.cfg").read_text()
    for old, new in [
        ("server a 10.0.0.11:8080", f"server a 127.0.0.1:{nodes[0].port} port {nodes[0].ops}"), ("server b 10.0.0.12:8080", f"server b 127.0.0.1:{nodes[1].port} port {nodes[1].ops}"),
        ("bind :80", f"bind 127.0.0.1:{plain}"), ("bind :443", f"bind 127.0.0.1:{https}"), ("/etc/haproxy/compte.example.fr.pem", str(folder / "pem")), ("/etc/haproxy/503.http", str(here / "503.http")),
    ]:
        demand(old in text, f"the sample has {old}")
        text = text.replace(old, new)
    (folder / "conf").write_text(text)
    subprocess.run([program, "-c", "-q", "-f", folder / "conf"], check=True)
    proxy = subprocess.Popen([program, "-db", "-f", folder / "conf"], stderr=open(log, "wb"), stdout=subprocess.DEVNULL)

try:
    for _ in range(100):
        try:
            if ask()[0].status == 200:
                break
        except OSError:
            pass
        time.sleep(0.1)
    [ask() for _ in range(20)]
    demand(all(node.served > 3 for node in nodes), "both nodes serve")
    forged = {"X-Forwarded-For": "198.51.100.9", "Forwarded": "for=198.51.100.9", "X-Real-IP": "198.51.100.9", "True-Client-IP": "198.51.100.9", "Traceparent": "00-1-1-01", "X-Request-Id": "forged-0123456789"}
    got = json.loads(ask("GET", "/confirm?token=secret-token", {**forged, "Cookie": "mc=secret-cookie"})[1])
    headers = {name.lower(): value for name, value in got["headers"].items()}
    demand(headers["x-forwarded-for"] == "127.0.0.1", "X-Forwarded-For is set anew")
    demand(not any(name in headers for name in ["forwarded", "x-real-ip", "true-client-ip", "traceparent"]), "its kin are dropped")
    demand(re.fullmatch("[0-9a-f-]{32,36}", headers["x-request-id"]) is not None, "the request has an id of the proxy")
    demand(headers["host"] == "compte.example.fr", "the host is the public name")
    demand(got["path"] == "/confirm?token=secret-token" and "secret-cookie" in headers["cookie"], "the node gets address and cookie whole")
    demand(ask("POST", "/large", {}, b"x" * 100_000)[0].status == 413, "a large body is the nodes' to refuse")
    redirect = http.client.HTTPConnection("127.0.0.1", plain, timeout=5)
    redirect.request("GET", "/x", headers={"Host": "compte.example.fr"})
    answer = redirect.getresponse()
    demand(answer.status == 308 and answer.getheader("location") == "https://compte.example.fr/x", "http leads to https")
    if kind == "haproxy":
        nodes[0].ready = False
        time.sleep(5)
        before = nodes[0].served
        demand([ask()[0].status for _ in range(20)] == [200] * 20 and nodes[0].served == before, "a node that is not ready gets nobody")
        nodes[0].ready = True
        time.sleep(5)
    posts = sum(node.posts for node in nodes)
    nodes[0].die()
    statuses = [ask()[0].status for _ in range(20)] + [ask("POST", "/form", {}, b"a=b")[0].status for _ in range(20)]
    demand(statuses == [200] * 40, "a node that dies costs no request")
    demand(sum(node.posts for node in nodes) == posts + 20, "and each form is sent once")
    nodes[1].die()
    time.sleep(3)
    answer, text = ask()
    demand(answer.status == 503 and answer.getheader("retry-after") == "5" and "momentanément" in text, "503 in our words when both are gone")
    demand("default-src 'none'" in answer.getheader("content-security-policy") and answer.getheader("x-content-type-options") == "nosniff", "with our headers")
    demand(answer.getheader("server") in (None, "nginx"), "without a version")
    nodes[0].start()
    for _ in range(100):
        if ask()[0].status == 200:
            break
        time.sleep(0.1)
    demand(ask()[0].status == 200, "a node that is back serves")
finally:
    proxy.terminate()
    proxy.wait()
said = log.read_text()
lines = [json.loads(line[line.index("{"):]) for line in said.splitlines() if "{" in line]
demand(any(line["path"] == "/confirm" for line in lines), "the log has the path")
demand("secret" not in said and "127.0.0.1\"" not in "".join(json.dumps(line.get("network")) for line in lines), "and no query, cookie or full address")
demand(any(line["request"] == headers["x-request-id"] for line in lines), "and the id that the node was given")
shutil.rmtree(folder)
