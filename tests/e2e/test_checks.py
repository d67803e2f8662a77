"""Each kind of check and each of its options, through the whole process, against real servers: nginx
(HTTP/1.1, HTTP/2, TLS), the gRPC library, `openssl s_server`. What the log says of each target is
compared: its state, and the reason.
"""
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading

from backend import Backend, make_certificate
from harness import Rhumb, die_with_parent, free_port
from tap import Skip, Tap, check, check_equal, skip_all, wait_until

SECONDS = 30
PACE = "interval: 2s, timeout: 2s, fall: 1, rise: 1, min_down: 0s, damping: false"
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
DAYS = {"good": 30, "soon": 3, "expired": -1, "other": 30, "elsewhere": 30}
CERTIFICATES = [*DAYS, "self"]
tap, folder = Tap(), tempfile.TemporaryDirectory()

NGINX = """
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  default_type text/plain;
  add_header X-Lag $arg_lag;
  server {{
    listen 127.0.0.1:{plain};
    location = /ok {{ return 200 "version 12 is ready"; }}
    location = /source {{ return 200 "from $remote_addr"; }}
    location = /once {{ return 302 /ok; }}
    location = /twice {{ return 302 /once; }}
    location = /loop {{ return 302 /loop; }}
    location = /elsewhere {{ return 302 http://unknown.invalid:{plain}/ok; }}
    location = /secure {{ return 302 https://good.test:{good}/ok; }}
    location = /ftp {{ return 302 ftp://good.test/ok; }}
    location = /json {{ return 200 '{{"replica": {{"lag": [0.5, 4, 12, "late", null]}}, "free": 3}}'; }}
    location = /sick {{ return 503; }}
  }}
  server {{ listen 127.0.0.1:{h2c} http2; location / {{ return 200 "$server_protocol"; }} }}
{tls}
}}
"""
NGINX_TLS = """  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    location = /back {{ return 302 http://good.test:{plain}/ok; }}
    location / {{ return 200 "$server_protocol $ssl_server_name"; }}
  }}
"""


class Lines(socketserver.StreamRequestHandler):
    """A line server: greets, and answers PING like Redis; QUIET is taken without an answer."""

    def handle(self):
        self.wfile.write(b"hello\r\n")
        for line in self.rfile:
            if line.strip() == b"PING":
                self.wfile.write(b"+PONG\r\n")
            elif line.strip() == b"BYE":
                return


class LineServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a prober that hangs up is no news
        pass


def start(command, **how):
    return subprocess.Popen(command, preexec_fn=die_with_parent, **how)


def listens(port):
    with socketserver.socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def python_with_grpc():
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK) and subprocess.run(
                [python, "-c", "import grpc"], capture_output=True, check=False).returncode == 0:
            return python
    return None


class World:
    """The servers, their ports and certificates."""

    def __init__(self):
        self.processes = []
        self.ports = {name: free_port() for name in [*CERTIFICATES, "plain", "h2c", "grpc", "grpcs",
                                                     "s_server", "closed"]}
        self.root = make_certificate(folder.name, "root.test")
        self.stranger = make_certificate(folder.name, "stranger.test")
        self.pairs = {name: make_certificate(
            folder.name, f"{name}.test", days,
            self.stranger if name == "elsewhere" else self.root) for name, days in DAYS.items()}
        self.pairs["self"] = make_certificate(folder.name, "self.test")
        self.start_nginx()
        self.start_s_server()
        self.lines = LineServer(("127.0.0.1", 0), Lines)
        self.ports["lines"] = self.lines.server_address[1]
        threading.Thread(target=self.lines.serve_forever, daemon=True).start()
        self.lag = Backend("127.0.0.1", 0)
        self.ports["lag"] = self.lag.port
        self.h1s = Backend("127.0.0.1", 0, tls=self.pairs["good"])
        self.ports["h1s"] = self.h1s.port
        self.grpc = self.start_grpc()

    def start_nginx(self):
        tls = "".join(NGINX_TLS.format(port=self.ports[name], plain=self.ports["plain"],
                                       certificate=self.pairs[name][0], key=self.pairs[name][1])
                      for name in CERTIFICATES)
        user = "user root;" if os.geteuid() == 0 else ""
        with open(folder.name + "/nginx.conf", "w", encoding="ascii") as out:
            out.write(user + NGINX.format(tls=tls, **self.ports))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.nginx = start([nginx, "-p", folder.name, "-c", "nginx.conf", "-e", "error.log"])
        self.processes.append(self.nginx)
        wait_until(lambda: listens(self.ports["plain"]), SECONDS, "nginx listens")

    def start_s_server(self):
        certificate, key = self.pairs["good"]
        self.processes.append(start(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{self.ports['s_server']}", "-cert",
             certificate, "-key", key, "-rev", "-quiet"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def start_grpc(self):
        """Both servers, or None where the gRPC library is not installed."""
        python, script = python_with_grpc(), os.path.dirname(__file__) + "/grpc_health_server.py"
        if not python:
            return None
        servers = [start([python, script, str(self.ports[name]), *pair], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
                   for name, pair in (("grpc", []), ("grpcs", self.pairs["good"]))]
        self.processes += servers
        for server in servers:
            check_equal(server.stdout.readline(), "ready\n", "the gRPC server")
        return servers[0]

    def close(self):
        self.lines.shutdown()
        self.lag.close()
        self.h1s.close()
        for process in self.processes:
            process.terminate()
            process.wait(SECONDS)


# name: (check, state, part of the reason). @NAME@ is a port; CA stands for the options that make
# good.test a host to trust.
CA = "host: good.test, ca_file: @ROOT@"
HTTP = {
    "text": ("http: {port: @PLAIN@, path: /ok, body: ready}", "up", "status 200"),
    "no-text": ("http: {port: @PLAIN@, path: /ok, body: sick}", "down", "body lacks 'sick'"),
    "regex": ("http: {port: @PLAIN@, path: /ok, body_regex: '^version [0-9]+ is (ready|up)$'}", "up",
              "status 200"),
    "no-regex": ("http: {port: @PLAIN@, path: /ok, body_regex: 'version [a-z]'}", "down",
                 "body does not match body_regex"),
    "sick": ("http: {port: @PLAIN@, path: /sick}", "down", "status 503, expected 200-299"),
    "sick-is-fine": ("http: {port: @PLAIN@, path: /sick, status: [500-599]}", "up", "status 503"),
    "redirect": ("http: {port: @PLAIN@, path: /once}", "down", "status 302"),
    "follow": ("http: {port: @PLAIN@, path: /twice, follow: 2, body: ready}", "up", "status 200"),
    "follow-less": ("http: {port: @PLAIN@, path: /twice, follow: 1}", "down",
                    "more redirects than 'follow' allows"),
    "follow-loop": ("http: {port: @PLAIN@, path: /loop, follow: 4}", "down", "more redirects"),
    "follow-name": ("http: {port: @PLAIN@, path: /elsewhere, follow: 1, body: ready}", "up", "status 200"),
    "follow-tls": ("http: {port: @PLAIN@, path: /secure, follow: 1}", "down", "certificate"),
    "follow-ftp": ("http: {port: @PLAIN@, path: /ftp, follow: 1}", "down",
                   "redirected to another protocol"),
    "follow-back": (f"https: {{port: @GOOD@, path: /back, follow: 1, {CA}}}", "down",
                    "redirected to another protocol"),
    "h1": ("http: {port: @PLAIN@, path: /ok, http_version: 1.1}", "up", "status 200"),
    "h2c": ("http: {port: @H2C@, http_version: 2, body: HTTP/2.0}", "up", "status 200"),
    "h2-cut": (f"https: {{port: @GOOD@, http_version: 2, body: HTTP, {CA}}}", "up", "status 200"),
    "h2": (f"https: {{port: @GOOD@, http_version: 2, body: HTTP/2.0 good.test, {CA}}}", "up",
           "status 200"),
    "https-h1": (f"https: {{port: @GOOD@, body: HTTP/1.1 good.test, {CA}}}", "up", "status 200"),
    "not-h2": ("http: {port: @LAG@, http_version: 2}", "down", "connection "),  # closed, or reset
    "not-h2-tls": (f"https: {{port: @H1S@, http_version: 2, {CA}}}", "down",
                   "the server does not speak HTTP/2"),
    "not-http": (f"https: {{port: @S_SERVER@, {CA}}}", "down", "the answer is not HTTP"),
    "source": ("http: {port: @PLAIN@, path: /source, source: 127.0.0.9, body: from 127.0.0.9}", "up",
               "status 200"),
    "lag-fine": ("http: {port: @PLAIN@, path: /json}, metric: {json: 'replica.lag[0]', degraded: 2, down: 10}",
                 "up", "status 200, metric replica.lag[0] 0.5"),
    "lag-some": ("http: {port: @PLAIN@, path: /json}, metric: {json: 'replica.lag[1]', degraded: 2, down: 10}",
                 "up", "metric replica.lag[1] 4"),
    "lag-down": ("http: {port: @PLAIN@, path: /json}, metric: {json: 'replica.lag[2]', degraded: 2, down: 10}",
                 "down", "metric replica.lag[2] 12 >= 10"),
    "lag-text": ("http: {port: @PLAIN@, path: /json}, metric: {json: 'replica.lag[3]', degraded: 2, down: 10}",
                 "down", "metric replica.lag[3] is not a number"),
    "lag-none": ("http: {port: @PLAIN@, path: /json}, metric: {json: replica.delay, degraded: 2, down: 10}",
                 "down", "metric replica.delay is not in the answer"),
    "free-down": ("http: {port: @PLAIN@, path: /json}, metric: {json: free, degraded: 20, down: 5}",
                  "down", "metric free 3 <= 5"),
    "not-json": ("http: {port: @PLAIN@, path: /ok}, metric: {json: a, degraded: 1, down: 2}", "down",
                 "the body is not JSON"),
    "header": ("http: {port: @PLAIN@, path: /ok?lag=1.5}, metric: {header: x-lag, degraded: 2, down: 10}",
               "up", "metric x-lag 1.5"),
    "header-down": ("http: {port: @PLAIN@, path: /ok?lag=99}, metric: {header: X-Lag, degraded: 2, down: 10}",
                    "down", "metric X-Lag 99 >= 10"),
    "header-odd": ("http: {port: @PLAIN@, path: /ok?lag=5s}, metric: {header: X-Lag, degraded: 2, down: 10}",
                   "down", "metric X-Lag is not a number"),
}
TLS = {  # certificate and options: (state, part of the reason), for https and for tls
    "good": (f"port: @GOOD@, {CA}", "up", ""),
    "days": (f"port: @GOOD@, min_cert_days: 7, {CA}", "up", ""),
    "soon": ("port: @SOON@, host: soon.test, ca_file: @ROOT@, min_cert_days: 7", "down",
             "days, expected at least 7"),
    "soon-fine": ("port: @SOON@, host: soon.test, ca_file: @ROOT@", "up", ""),
    "expired": ("port: @EXPIRED@, host: expired.test, ca_file: @ROOT@", "down", "certificate expired"),
    "name": (f"port: @OTHER@, {CA}", "down", "certificate is for another name"),
    "address": ("port: @GOOD@, ca_file: @ROOT@", "down", "certificate is for another name"),
    "stranger": ("port: @ELSEWHERE@, host: elsewhere.test, ca_file: @ROOT@", "down",
                 "signed by an unknown authority"),
    "system": ("port: @GOOD@, host: good.test", "down", "signed by an unknown authority"),
    "self": ("port: @SELF@, host: self.test, ca_file: @ROOT@", "down", "certificate is self-signed"),
    "unverified": ("port: @SELF@, verify: false", "up", ""),
    "no-tls": (f"port: @PLAIN@, {CA}", "down", "wrong version number"),
}
STREAM = {
    "tcp": ("tcp: {port: @LINES@}", "up", "connected"),
    "tcp-closed": ("tcp: {port: @CLOSED@}", "down", "connection refused"),
    "tcp-greeting": ("tcp: {port: @LINES@, expect: 'hello\\r\\n'}", "up", "answer as expected"),
    "tcp-ping": ("tcp: {port: @LINES@, send: 'PING\\r\\n', expect: +PONG}", "up", "answer as expected"),
    "tcp-bye": ("tcp: {port: @LINES@, send: 'BYE\\r\\n', expect: +PONG}", "down", "answer lacks '+PONG'"),
    "tcp-quiet": ("tcp: {port: @LINES@, send: 'QUIET\\x0a', expect: +PONG}", "down",
                  "timeout after 2000 ms within the answer"),
    "tls-echo": (f"tls: {{port: @S_SERVER@, send: 'olleh\\n', expect: hello, {CA}}}", "up",
                 "answer as expected"),
    "tls-http": (f"tls: {{port: @GOOD@, send: 'GET / HTTP/1.0\\r\\n\\r\\n', expect: good.test, {CA}}}",
                 "up", "answer as expected"),
    "tls-silent": ("tls: {port: @LINES@, verify: false}", "down", "wrong version number"),
}
GRPC = {
    "server": ("grpc: {port: @GRPC@}", "up", "serving"),
    "up": ("grpc: {port: @GRPC@, service: up}", "up", "serving"),
    "down": ("grpc: {port: @GRPC@, service: down}", "down", "the service is not serving"),
    "odd": ("grpc: {port: @GRPC@, service: odd}", "down", "health is unknown"),
    "lost": ("grpc: {port: @GRPC@, service: lost}", "down", "does not know the service"),
    "none": ("grpc: {port: @GRPC@, service: shop}", "down", "gRPC status 5 NOT_FOUND: no service shop"),
    "slow": ("grpc: {port: @GRPC@, service: slow}", "down", "timeout after 2000 ms waiting for the answer"),
    "tls": (f"grpc: {{port: @GRPCS@, service: up, tls: true, min_cert_days: 7, {CA}}}", "up", "serving"),
    "tls-address": ("grpc: {port: @GRPCS@, tls: true, ca_file: @ROOT@}", "down", "another name"),
    "tls-days": (f"grpc: {{port: @GRPCS@, tls: true, min_cert_days: 90, {CA}}}", "down",
                 "certificate expires in"),
    "nginx": ("grpc: {port: @H2C@}", "down", "the answer is no health of gRPC"),
    "nginx-tls": (f"grpc: {{port: @GOOD@, tls: true, {CA}}}", "down",
                  "the answer is no health of gRPC"),
    "http1": ("grpc: {port: @LAG@}", "down", "connection "),  # closed, or reset
}


def all_checks():
    """{name: (check, state, reason)}"""
    checks = {f"http-{name}": row for name, row in HTTP.items()}
    for name, (options, state, reason) in TLS.items():
        checks[f"https-{name}"] = (f"https: {{{options}}}", state, reason or "status 200")
        checks[f"tls-{name}"] = (f"tls: {{{options}}}", state, reason or "TLS connection established")
    checks |= {f"stream-{name}": row for name, row in STREAM.items()}
    checks |= {f"grpc-{name}": row for name, row in GRPC.items()}
    checks["moving"] = ("http: {port: @LAG@}, metric: {header: X-Lag, degraded: 2, down: 10}", "up", "")
    return checks


def make_config(checks):
    text = 'server: {listen: ["127.0.0.1:@PORT@"]}\nregions: {eu: {}}\nchecks:\n'
    text += "".join(f"  {name}: {{{row[0]}, {PACE}}}\n" for name, row in checks.items())
    text += "services:\n" + "".join(
        f"  {name}: {{policy: failover, check: {name}, regions: {{eu: {{addresses: [127.0.0.1]}}}}}}\n"
        for name in checks)
    return text + "zones:\n  example.com:\n    file: zone\n    names:\n" + "".join(
        f"      {name}: {name}\n" for name in checks)


def expect(server, rows, prefix=""):
    """The first word on each target is as the table says."""
    wrong = []
    for name, (_, state, reason) in rows.items():
        found = server.wait_log(
            rf'event=health .*check={prefix}{name} .*from=unknown to=(\w+) reason="?([^"\n]*)', SECONDS)
        if found.group(1) != state or reason not in found.group(2):
            wrong.append(f"{prefix}{name}: {found.group(1)}, {found.group(2)}; wanted {state}, {reason}")
    check(not wrong, "\n".join(wrong))


@tap.case("http: bodies, patterns, statuses, redirects, versions, sources and metrics")
def _(server, _world):
    expect(server, HTTP, "http-")


@tap.case("https verifies name, authority and end of a certificate")
def _(server, _world):
    expect(server, {name: (row[0], row[1], row[2] or "status 200") for name, row in TLS.items()}, "https-")


@tap.case("tls does the same without HTTP")
def _(server, _world):
    expect(server, {name: (row[0], row[1], row[2] or "TLS connection established")
                    for name, row in TLS.items()}, "tls-")


@tap.case("tcp and tls send and expect")
def _(server, _world):
    expect(server, STREAM, "stream-")


@tap.case("grpc asks the health service of the gRPC library, plain and over TLS")
def _(server, world):
    if not world.grpc:
        raise Skip("the gRPC library for Python is not installed")
    expect(server, GRPC, "grpc-")


@tap.case("a gRPC service that stops serving goes down, and comes back")
def _(server, world):
    if not world.grpc:
        raise Skip("the gRPC library for Python is not installed")
    for state, word, reason in (("2", "down", "the service is not serving"), ("1", "up", "serving")):
        since = len(server.log())
        world.grpc.stdin.write(f"up {state}\n")
        world.grpc.stdin.flush()
        server.wait_log(rf'check=grpc-up .*to={word} reason="?{reason}', SECONDS, since)


@tap.case("a metric that moves takes the target down and brings it back")
def _(server, world):
    for lag, word, reason in (("12", "down", "metric X-Lag 12 >= 10"),
                              ("3", "up", "status 200, metric X-Lag 3")):
        since = len(server.log())
        world.lag.headers = {"X-Lag": lag}
        server.wait_log(rf'check=moving .*to={word} reason="?{reason}', SECONDS, since)


@tap.case("when nginx dies every target of it is refused")
def _(server, world):
    since = len(server.log())
    world.nginx.terminate()
    world.nginx.wait(SECONDS)
    for name in ("http-text", "http-h2c", "https-good", "tls-good", "stream-tls-http"):
        server.wait_log(rf'check={name} .*to=down reason="connection (refused|reset)"', SECONDS, since)


def main():
    if not shutil.which("nginx") and not os.access("/usr/sbin/nginx", os.X_OK):
        skip_all("nginx is not installed")
    world = World()
    world.lag.headers = {"X-Lag": "1"}
    values = {name.upper(): port for name, port in world.ports.items()}
    values["ROOT"] = world.root[0]
    try:
        with Rhumb(make_config(all_checks()), {"zone": ZONE}, values) as server:
            tap.run(server, world)
    finally:
        world.close()


main()
