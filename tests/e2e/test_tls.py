"""DNS over TLS: real clients, rude ones, and a certificate that is replaced while it serves."""
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import time

import dnsclient
from backend import make_certificate
from harness import Rhumb, free_port
from tap import Skip, Tap, check, check_equal, wait_until

CLIENTS, PIPELINED, ROUNDS = 100, 50, 5
CONFIG = """
server:
  listen: ["127.0.0.1:@PORT@"]
  workers: 1
  tcp: {connections: 250, per_prefix: 250, message: 1s, idle: 5s}
  tls: {listen: ["127.0.0.1:@TLS@"], certificate: server.pem, key: server.key}
zones: {example.com: {file: zone}}
"""
LARGE = "".join(f'big TXT "{i:04d}{"x" * 240}"\n' for i in range(100))
ZONE = "$TTL 60\n@ SOA ns h 1 1 1 1 60\n@ NS ns.example.net.\nwww A 192.0.2.1\n" + LARGE
tap = Tap()


class Certificates:
    """Pairs made once; install() gives the server one of them."""

    def __init__(self, folder):
        self.folder, self.made = folder, {}

    def get(self, name):
        if name not in self.made:
            self.made[name] = make_certificate(self.folder, name)
        return self.made[name]

    def text(self, name, of_key=False):
        with open(self.get(name)[of_key], encoding="ascii") as opened:
            return opened.read()

    def install(self, server, name, key_of=None):
        server.write("server.pem", self.text(name))
        server.write("server.key", self.text(key_of or name, True), mode=0o600)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


class TlsClient(dnsclient.TcpClient):
    def __init__(self, server, how=None):
        super().__init__(("127.0.0.1", server.values["TLS"]))
        self.sock = (how or context()).wrap_socket(self.sock, suppress_ragged_eofs=False)


def ask(client, name="www.example.com", rtype="A"):
    query = dnsclient.build_query(name, rtype)
    client.send(query)
    return dnsclient.parse(client.receive(), query)


def plain(server):
    return socket.create_connection(("127.0.0.1", server.values["TLS"]), 5)


def raw(client):
    """Its connection without TLS."""
    return socket.socket(fileno=os.dup(client.sock.fileno()))


def is_closed(sock, seconds=5):
    """Does the server close the connection, whatever it says before?"""
    sock.settimeout(seconds)
    try:
        while sock.recv(4096):
            pass
    except ConnectionError:
        pass
    except socket.timeout:
        return False
    return True


def served_name(server):
    """The common name in the certificate that new connections get."""
    with TlsClient(server) as client:
        der = client.sock.getpeercert(binary_form=True)
    done = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject"], input=der,
                          capture_output=True, check=True)
    return re.search(r"CN = (\S+)", done.stdout.decode()).group(1)


@tap.case("kdig gets an answer over TLS, verified by the certificate")
def _(server, certificates):
    if not shutil.which("kdig"):
        raise Skip("no kdig")
    command = ["kdig", "@127.0.0.1", "-p", str(server.values["TLS"]),
               f"+tls-ca={certificates.get('one')[0]}", "+tls-hostname=one", "+short",
               "www.example.com", "A"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    check_equal(done.stdout.split(), ["192.0.2.1"], done.stderr)


@tap.case("TLS 1.3 and 1.2 are spoken, with \"dot\" for whoever asks; nothing older, no other protocol")
def _(server, _certificates):
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        how = context()
        how.minimum_version = how.maximum_version = version
        how.set_alpn_protocols(["dot"])
        with TlsClient(server, how) as client:
            check_equal(ask(client).texts(), ["192.0.2.1"])
            check_equal((client.sock.version(), client.sock.selected_alpn_protocol()),
                        (version.name.replace("_", "."), "dot"))
    for options in (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-alpn", "h2"]):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{server.values['TLS']}", *options],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        check("alert" in done.stderr and done.returncode != 0, f"{options}: {done.stderr}")


@tap.case("pipelined queries, in one record and over many, are all answered")
def _(server, _certificates):
    queries = {n: dnsclient.build_query("www.example.com", query_id=n) for n in range(PIPELINED)}
    stream = b"".join(struct.pack("!H", len(query)) + query for query in queries.values())
    for piece in (len(stream), 7):
        with TlsClient(server) as client:
            for at in range(0, len(stream), piece):
                client.sock.sendall(stream[at:at + piece])
            got = {dnsclient.parse(client.receive()).id for _ in queries}
            check_equal(got, set(queries))


@tap.case("a query of 60 kB and 50 answers of 25 kB pass, also to a slow reader")
def _(server, _certificates):
    with TlsClient(server) as client:
        padding = (12, bytes(60000))
        query = dnsclient.build_query("www.example.com", options=[padding])
        client.send(query)
        check_equal(dnsclient.parse(client.receive(), query).texts(), ["192.0.2.1"])
        for _ in range(PIPELINED):
            client.send(dnsclient.build_query("big.example.com", "TXT"))
        time.sleep(0.3)
        for _ in range(PIPELINED):
            check_equal(len(dnsclient.parse(client.receive()).answer), 100)


@tap.case("bytes that are no TLS close the connection, and cost nobody else anything")
def _(server, _certificates):
    for data in (b"\x00\x1d" + bytes(29), b"GET / HTTP/1.1\r\n\r\n", os.urandom(3000),
                 b"\x16\x03\x01\x00\x05" + bytes(5), b"\x17\x03\x03\x00\x02hi", bytes(5)):
        with plain(server) as sock:
            sock.sendall(data)
            check(is_closed(sock), f"closed after {data[:20]!r}")
    with TlsClient(server) as client:
        ask(client)
        client.sock.sendall(b"\0\5short")
        check_equal(client.receive(), None, "a length below a header")
    with TlsClient(server) as client:
        ask(client)
        raw(client).sendall(b"\x17\x03\x03\x00\x20" + os.urandom(32))  # a forged record
        check(is_closed(raw(client)), "closed after a forged record")


@tap.case("a handshake that is not done in time is ended")
def _(server, _certificates):
    with plain(server) as silent, plain(server) as half, plain(server) as dripping:
        hello = client_hello()
        half.sendall(hello[:len(hello) // 2])
        start = time.monotonic()
        for byte in hello:
            try:
                dripping.sendall(bytes([byte]))
            except ConnectionError:
                break
            time.sleep(0.02)
        check(time.monotonic() - start < 4, "signs of life put nothing off")
        check(is_closed(silent) and is_closed(half) and is_closed(dripping), "closed")


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = context().wrap_bio(incoming, outgoing)
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


@tap.case("the end without close_notify is an end; answers asked for before still come")
def _(server, _certificates):
    client = TlsClient(server)
    client.send(dnsclient.build_query("www.example.com"))
    raw(client).shutdown(socket.SHUT_WR)  # no close_notify
    check_equal(dnsclient.parse(client.receive()).texts(), ["192.0.2.1"])
    check_equal(client.receive(), None)
    client.sock.close()
    with TlsClient(server) as client:  # and with close_notify
        ask(client)
        client.sock.settimeout(5)
        client.sock.unwrap().close()
    for _ in range(20):  # gone in the middle of everything
        with plain(server) as sock:
            sock.sendall(client_hello())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with TlsClient(server) as client:
        ask(client)


@tap.case("100 clients at once ask again and again while UDP is answered")
def _(server, _certificates):
    clients = [TlsClient(server) for _ in range(CLIENTS)]
    for _ in range(ROUNDS):
        for client in clients:
            client.send(dnsclient.build_query("www.example.com"))
        check_equal(server.ask("www.example.com").texts(), ["192.0.2.1"])
        for client in clients:
            check_equal(dnsclient.parse(client.receive()).texts(), ["192.0.2.1"])
    for client in clients:
        client.sock.close()


@tap.case("a session is resumed with a ticket")
def _(server, _certificates):
    how = context()
    with TlsClient(server, how) as client:
        ask(client)
        session = client.sock.session
    with plain(server) as sock:
        again = how.wrap_socket(sock, session=session)
        check(again.session_reused, "resumed")


@tap.case("a new certificate is taken over by its files or SIGHUP; open connections go on")
def _(server, certificates):
    check_equal(served_name(server), "one")
    with TlsClient(server) as client:
        ask(client)
        certificates.install(server, "two")
        wait_until(lambda: served_name(server) == "two", 20, "the new certificate")
        check_equal(ask(client).texts(), ["192.0.2.1"])
    certificates.install(server, "three")
    server.reload()
    wait_until(lambda: served_name(server) == "three", 20, "the third certificate")


@tap.case("files that do not match, or are none, are refused with their place; the old pair stays")
def _(server, certificates):
    damages = [
        ("not the key of the certificate", lambda: certificates.install(server, "one", "two")),
        ("no usable certificate in it", lambda: server.write("server.pem", "hello\n")),
        ("no usable private key in it", lambda: (certificates.install(server, "one"),
                                                 server.write("server.key", "hello\n"))),
        ("No such file", lambda: (certificates.install(server, "one"),
                                  os.unlink(server.folder + "/server.pem"))),
        ("not a file in PEM form", lambda: os.mkdir(server.folder + "/server.pem")),
    ]
    for message, damage in damages:
        damage()
        since = len(server.log())
        server.reload()
        server.wait_log(r"event=reload result=failed", since=since)
        server.wait_log(r"file=\S*rhumb.yaml line=6 column=\d+ message=.*" + message, since=since)
        check_equal(served_name(server), "three")
        done = server.run("check")
        check(done.returncode == 1 and message in done.stderr and "rhumb.yaml:6:" in done.stderr
              and "\n       = " in done.stderr, done.stderr)
    os.rmdir(server.folder + "/server.pem")
    certificates.install(server, "two")  # the remedy alone is enough
    wait_until(lambda: served_name(server) == "two", 20, "the remedy is taken over")
    done = server.run("check")
    check_equal((done.returncode, done.stderr), (0, ""))


@tap.case("an expired certificate is told of")
def _(server, certificates):
    certificates.made["old"] = make_certificate(certificates.folder, "old", days=-1)
    certificates.install(server, "old")
    check("the certificate has expired" in server.run("check").stderr, "warning")


@tap.case("a key that the user of the server cannot read is told of at the start")
def _(server, certificates):
    if os.geteuid() != 0:
        raise Skip("not root")
    other = Rhumb(CONFIG.replace("  workers: 1", "  user: nobody"), {"zone": ZONE},
                  {"TLS": free_port()})
    certificates.install(other, "one")
    os.chmod(other.folder, 0o755)
    os.chmod(other.folder + "/server.key", 0o600)
    with other:
        check_equal(served_name(other), "one")
        check_equal(re.findall(r"cannot read \S*/(\S+): a reload will fail", other.log()),
                    ["server.key"])
        other.reload()
        other.wait_log("server.key: Permission denied")
        check_equal(served_name(other), "one")


@tap.case("a session at rest costs little memory")
def _(server, _certificates):
    with TlsClient(server) as client:
        ask(client)
    before = server.resident_bytes()
    clients = [TlsClient(server) for _ in range(CLIENTS)]
    for client in clients:
        ask(client)
    each = (server.resident_bytes() - before) / CLIENTS / 1024
    print(f"# {each:.0f} KiB for each of {CLIENTS} sessions")
    check(each < 400, "with sanitizers, which keep what was freed; without about 15")
    for client in clients:
        client.sock.close()


with tempfile.TemporaryDirectory(prefix="rhumb-tls-") as folder:
    pairs = Certificates(folder)
    rhumb = Rhumb(CONFIG, {"zone": ZONE}, {"TLS": free_port()})
    pairs.install(rhumb, "one")
    with rhumb:
        tap.run(rhumb, pairs)
