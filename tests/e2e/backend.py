"""HTTP back ends that do what a test tells them to.

    with Backend("127.0.1.1", 8080) as backend:
        backend.mode = "error"      # 503
        backend.refuse()            # nobody listens: connection refused
        backend.accept()            # well again

Modes: "ok" (200 "ok"), "error" (503), "hang" (takes the request, never answers), "drop" (closes
the connection without an answer), "slow" (answers after .delay seconds). hits counts requests,
last_request keeps (method, path, headers), posts the bodies of what was posted.
"""
import http.server
import socket
import ssl
import subprocess
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        owner = self.server.owner
        owner.hits += 1
        owner.last_request = (self.command, self.path, dict(self.headers))
        if self.command == "POST":
            length = int(self.headers.get("Content-Length", 0))
            owner.posts.append(self.rfile.read(length).decode())
        mode = owner.mode
        if mode == "drop":
            return
        if mode == "hang":
            owner.changed.wait()
            return
        if mode == "slow":
            owner.closed.wait(owner.delay)
        body = owner.body.encode()
        self.send_response(503 if mode == "error" else owner.status)
        for name, value in owner.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_OPTIONS = do_GET

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *_):  # a prober that hangs up is no news
        pass


class Server6(Server):
    address_family = socket.AF_INET6


class Backend:
    def __init__(self, host, port, tls=None):
        """port 0 picks a free one. tls: (certificate file, key file)."""
        self.host, self.port, self.tls = host, port, tls
        self.status, self.body, self.headers, self.delay = 200, "ok\n", {}, 1.0
        self.hits, self.last_request, self.posts, self.server = 0, None, [], None
        self.changed, self.closed, self._mode = threading.Event(), threading.Event(), "ok"
        self.accept()

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        if mode not in ("ok", "error", "hang", "drop", "slow"):
            raise ValueError(mode)
        self._mode = mode
        self._release_hanging()

    def _release_hanging(self):
        old, self.changed = self.changed, threading.Event()
        old.set()

    def accept(self):
        """Listen (again)."""
        if self.server:
            return
        self.server = (Server6 if ":" in self.host else Server)((self.host, self.port), Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def refuse(self):
        """Stop listening: whoever connects is refused."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def close(self):
        self.closed.set()
        self._release_hanging()
        self.refuse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def make_certificate(folder, name, days=30, signer=None):
    """A key and a certificate for the host name, by openssl. Signed by signer (a pair as
    returned), else by itself, and then it may sign others. days=-1: expired yesterday.
    Returns (certificate file, key file)."""
    certificate, key, request = (f"{folder}/{name}.{end}" for end in ("crt", "key", "csr"))
    may_sign = "FALSE" if signer else "TRUE"

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-addext", f"basicConstraints=critical,CA:{may_sign}", "-keyout", key, "-out", request)
    by = ["-CA", signer[0], "-CAkey", signer[1], "-CAcreateserial"] if signer else ["-signkey", key]
    openssl("x509", "-req", "-in", request, *by, "-days", str(days), "-copy_extensions", "copy",
            "-out", certificate)
    return certificate, key
