"""PROXY protocol version 2 from a trusted proxy, over UDP, TCP and TLS: the answer is for the client
that the proxy names. Which that was, a name steered by geography tells.
"""
import ipaddress
import re
import signal
import socket
import ssl
import struct
import tempfile
import time

import dnsclient
from backend import make_certificate
from harness import Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

PROXY, STRANGER = "127.0.1.1", "127.0.2.1"
GERMAN, JAPANESE, GERMAN6 = "203.0.113.5", "198.51.100.5", "2001:db8:3::5"
AT = {GERMAN: "192.0.2.49", JAPANESE: "192.0.2.81", GERMAN6: "192.0.2.49", None: "192.0.2.1"}
CONFIG = """
server:
  listen: ["127.0.0.1:@PORT@"]
  workers: 1
  proxy: [127.0.1.0/24, 2001:db8:99::/48]
  tcp: {connections: 20, per_prefix: 3, message: 1s}
  tls: {listen: ["127.0.0.1:@TLS@"], certificate: server.pem, key: server.key}
geo:
  networks: {203.0.113.0/24: {country: DE}, 2001:db8:3::/48: {country: DE}, 198.51.100.0/24: {country: JP}}
  default: {country: US}
regions: {us: {country: US}, de: {country: DE}, jp: {country: JP}}
services:
  app: {policy: geo, regions: {us: {serves: [default], addresses: [192.0.2.1]},
        de: {serves: [DE], addresses: [192.0.2.49]}, jp: {serves: [JP], addresses: [192.0.2.81]}}}
zones: {example.com: {file: zone, names: {www: app}}}
"""
ZONE = "$TTL 60\n@ SOA ns h 1 1 1 1 60\n@ NS ns.example.net.\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TLVS = b"\x04\0\x04noop" + b"\xe0\0\0" + b"\x05\0\x20" + bytes(32)  # NOOP, custom, UNIQUE_ID
tap = Tap()


def header(client, dgram=False, command=1, tlvs=b"", family=None, length=None):
    """As dnsdist and HAProxy make them. client None: LOCAL."""
    if client is None:
        return SIGNATURE + bytes([0x20, 0]) + struct.pack("!H", len(tlvs)) + tlvs
    address = ipaddress.ip_address(client)
    code = (0x10 if address.version == 4 else 0x20) + (2 if dgram else 1)
    to = bytes([127, 0, 0, 1]) if address.version == 4 else ipaddress.ip_address("::1").packed
    block = address.packed + to + struct.pack("!HH", 40000, 53) + tlvs
    return SIGNATURE + bytes([0x20 | command, code if family is None else family]) + struct.pack(
        "!H", len(block) if length is None else length) + block


def exchange_udp(server, source, packet, timeout=2.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(timeout)
        sock.sendto(packet, server.server)
        try:
            return sock.recv(4096)
        except socket.timeout:
            return None


class ProxyClient(dnsclient.TcpClient):
    """A stream from source: a header, then plain or TLS."""

    def __init__(self, server, source, start, tls=False):
        port = server.values["TLS"] if tls else server.port
        self.sock = socket.create_connection(("127.0.0.1", port), 5, (source, 0))
        self.sock.sendall(start)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)

    def ask(self, **how):
        query = dnsclient.build_query("www.example.com", **how)
        self.send(query)
        data = self.receive()
        return dnsclient.parse(data, query).texts() if data else None


def totals(server):
    since = len(server.log())
    server.signal(signal.SIGUSR1)
    line = server.wait_log(r"event=totals (.*)", since=since).group(1)
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}


def wait_total(server, name, wanted):
    wait_until(lambda: totals(server)[name] == wanted, 10, f"{name} is {wanted}")


@tap.case("over UDP the client is whom the header names, with TLVs or without")
def _(server):
    for client in (GERMAN, JAPANESE, GERMAN6, None):
        for tlvs in (b"", TLVS):
            query = dnsclient.build_query("www.example.com")
            data = exchange_udp(server, PROXY, header(client, True, tlvs=tlvs) + query)
            check_equal(dnsclient.parse(data, query).texts(), [AT[client]], str(client))


@tap.case("over TCP and TLS the header comes once, before everything else")
def _(server):
    for tls in (False, True):
        for client in (GERMAN, JAPANESE, GERMAN6, None):
            with ProxyClient(server, PROXY, header(client, tlvs=TLVS), tls) as proxy:
                for _ in range(3):
                    check_equal(proxy.ask(), [AT[client]], f"{client}, tls {tls}")


@tap.case("a client subnet in the query counts as it does without a proxy")
def _(server):
    query = dnsclient.build_query("www.example.com", ecs="198.51.100.0/24")
    answer = dnsclient.parse(exchange_udp(server, PROXY, header(GERMAN, True) + query), query)
    check_equal((answer.texts(), answer.ecs.scope), ([AT[JAPANESE]], 24))


@tap.case("a header may come in pieces, and queries right behind it")
def _(server):
    query = dnsclient.build_query("www.example.com")
    framed = struct.pack("!H", len(query)) + query
    with ProxyClient(server, PROXY, header(GERMAN, tlvs=TLVS) + framed * 5) as proxy:
        for _ in range(5):
            check_equal(dnsclient.parse(proxy.receive()).texts(), [AT[GERMAN]])
    with ProxyClient(server, PROXY, b"") as proxy:
        for byte in header(JAPANESE):
            proxy.sock.sendall(bytes([byte]))
            time.sleep(0.002)
        check_equal(proxy.ask(), [AT[JAPANESE]])


@tap.case("of a stranger a header is never believed")
def _(server):
    query = dnsclient.build_query("www.example.com")
    data = exchange_udp(server, STRANGER, header(GERMAN, True) + query, 0.5)
    check(data is None or dnsclient.parse(data).rcode != "NOERROR", repr(data))
    check_equal(dnsclient.parse(exchange_udp(server, STRANGER, query)).texts(), [AT[None]])
    with ProxyClient(server, STRANGER, header(GERMAN)) as stranger:
        stranger.sock.settimeout(5)
        check_equal(stranger.ask(), None, "its header is a message that never ends")
    with ProxyClient(server, STRANGER, b"") as stranger:
        check_equal(stranger.ask(), [AT[None]])
    check_equal(totals(server)["proxy_bad"], 0)


@tap.case("of a proxy nothing is answered without a good header, and each is counted")
def _(server):
    query = dnsclient.build_query("www.example.com")
    framed = struct.pack("!H", len(query)) + query
    bad = [b"", SIGNATURE, b"PROXY TCP4 203.0.113.5 127.0.0.1 40000 53\r\n",
           header(GERMAN, family=0x41), header(GERMAN, family=0x10), header(GERMAN, command=5),
           header(GERMAN, length=11), header(GERMAN, tlvs=b"\x04\0\x09short"),
           b"\0" + header(GERMAN)[1:]]
    before = totals(server)
    for start in bad:
        check_equal(exchange_udp(server, PROXY, start + query, 0.05), None, repr(start))
    wait_total(server, "proxy_bad", before["proxy_bad"] + len(bad))
    for start in bad:
        with ProxyClient(server, PROXY, start + framed) as proxy:
            try:
                check_equal(proxy.receive(), None, repr(start))
            except ConnectionResetError:
                pass
    wait_total(server, "proxy_bad", before["proxy_bad"] + 2 * len(bad))
    check_equal(totals(server)["tcp_queries"], before["tcp_queries"])


@tap.case("a network's share of connections is that of the clients, not of the proxy")
def _(server):
    clients = [ProxyClient(server, PROXY, header(f"203.0.113.{n}")) for n in range(4)]
    for client in clients[1:]:
        check_equal(client.ask(), [AT[GERMAN]])
    check_equal(clients[0].receive(), None, "the fourth of a network displaces the first")
    others = [ProxyClient(server, PROXY, header(f"198.51.{n}.5")) for n in range(100, 108)]
    for client in others + clients[1:]:
        check(client.ask() is not None, "all others stay")
    for client in others + clients:
        client.sock.close()


with tempfile.TemporaryDirectory(prefix="rhumb-proxy-") as folder:
    rhumb = Rhumb(CONFIG, {"zone": ZONE}, {"TLS": free_port()})
    for target, path in zip(("server.pem", "server.key"), make_certificate(folder, "one")):
        with open(path, "rb") as opened:
            rhumb.write(target, opened.read())
    with rhumb:
        tap.run(rhumb)
