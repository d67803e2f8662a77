"""Bad input of every kind, from people and from the network: a clear refusal, and life goes on."""
import os
import random
import re
import signal
import socket
import struct
import subprocess

import dnsclient
from harness import Rhumb, find_binary
from tap import Skip, Tap, check, check_equal

SEED, UDP_PACKETS, TCP_CONNECTIONS = 20260101, 6000, 300
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], identity: bad}
regions: {us: {country: US}}
services:
  app: {policy: failover, regions: {us: {addresses: [192.0.2.1]}}}
zones:
  example.com: {file: zone, names: {www: app}}
"""
ZONE = '@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n@ 60 TXT "text"\n'
DATABASE = "\nregions:", "\ngeo: {databases: [geo.mmdb]}\nregions:"
STARTS = [  # what is wrong, config, zone, the errors in order
    ("a broken config", CONFIG.replace("policy: fail", "polcy: fail").replace("US", "Usa"), ZONE,
     ["rhumb.yaml:3:", "rhumb.yaml:5:9: error: unknown key 'polcy'"]),
    ("YAML that is none", CONFIG + "  - [", ZONE, ["rhumb.yaml:"]),
    ("a broken zone", CONFIG, ZONE + "a A 1.2.3\nb MX x\nwww A 192.0.2.1\n",
     ["zone:4:", "zone:5:", "www"]),
    ("no zone", CONFIG.replace("file: zone", "file: none"), ZONE, ["none"]),
    ("a folder as zone", CONFIG.replace("file: zone", "file: ."), ZONE, ["rhumb-e2e-"]),
    ("a broken database", CONFIG.replace(*DATABASE), ZONE, ["rhumb.yaml:3:", "geo.mmdb"]),
    ("no database", CONFIG.replace(*DATABASE).replace("geo.mmdb", "none.mmdb"), ZONE,
     ["none.mmdb"]),
    ("a user that does not exist", CONFIG.replace("identity: bad", "user: nosuchuser"), ZONE,
     ["there is no user 'nosuchuser'"]),
    ("an address that is not ours", CONFIG.replace("127.0.0.1", "192.0.2.53"), ZONE,
     ["rhumb.yaml:2:", "no such address"]),
    ("an empty config", "", ZONE, ["empty"]),
    ("a config of zeros", "\0" * 100, ZONE, ["rhumb.yaml"]),
]
USAGE = [[], ["serv"], ["serve", "-x"], ["serve", "-c"], ["check", "--client", "1.1.1.1"],
         ["explain"], ["explain", "a.b"], ["explain", "a.b", "--client", "1.2.3.4/8"],
         ["explain", "a.b", "BOGUS", "--client", "1.2.3.4"], ["version", "3"]]
tap = Tap()


def run(*arguments):
    return subprocess.run([find_binary(), *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False)


def attempt(server):
    """Starts a server that must not start. Returns what it said."""
    server.start(wait=False)
    try:
        check_equal(server.process.wait(30), 1, "exit status")
    finally:
        server.kill()
    return server.log()


def same_in_order(text, words):
    at = 0
    for word in words:
        at = text.find(word, at)
        check(at >= 0, f"{word!r} in its place in:\n{text}")


@tap.case("usage errors end with 2, help and version with 0")
def _(_server):
    for arguments in USAGE:
        done = run(*arguments)
        check_equal((done.returncode, done.stdout), (2, ""), str(arguments))
        check("rhumb" in done.stderr and len(done.stderr) > 10, str(arguments))
    for word in ("help", "--help", "-h", "version", "--version"):
        done = run(word)
        check_equal((done.returncode, done.stderr), (0, ""), word)
        check("rhumb" in done.stdout, word)


@tap.case("check and serve say what is no configuration")
def _(_server):
    for path in ("/nonexistent/rhumb.yaml", "/tmp", "/dev/null", "/dev/zero"):
        for command in ("check", "serve"):
            done = run(command, "-c", path)
            check_equal(done.returncode, 1, f"{command} {path}")
            check(f"{path}: error:" in done.stderr or f"{path}:1:1: error:" in done.stderr,
                  f"{command} {path}: {done.stderr}")


@tap.case("at start, what is broken is told with its place, and nothing listens")
def _(_server):
    for what, config, zone, wanted in STARTS:
        server = Rhumb(config, {"zone": zone, "geo.mmdb": b"no database"})
        same_in_order(attempt(server), [*wanted, "not started"])
        check_equal(dnsclient.exchange_udp(server.server, dnsclient.build_query("x"), 0.1), None,
                    what)
        if not any(word in what for word in ("user", "ours")):  # those are known by trying
            done = server.run("check")
            check_equal(done.returncode, 1, what)
            same_in_order(done.stderr, wanted)


@tap.case("a port that somebody else has is told, for UDP and for TCP")
def _(_server):
    for kind, name in ((socket.SOCK_DGRAM, "UDP"), (socket.SOCK_STREAM, "TCP")):
        server = Rhumb(CONFIG, {"zone": ZONE})
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind(server.server)
            if name == "TCP":
                other.listen()
            same_in_order(attempt(server), ["rhumb.yaml:2:", f"({name}): the address is in use"])


@tap.case("a second rhumb on the port of the first is refused, though they could share it")
def _(server):
    second = Rhumb(CONFIG.replace("@PORT@", str(server.port)), {"zone": ZONE})
    same_in_order(attempt(second), ["the address is in use", "not started"])
    check_equal(server.ask("www.example.com").texts(), ["192.0.2.1"])


@tap.case("a user that may not read the files is warned of at start, and serves what was read")
def _(_server):
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    config = CONFIG.replace("identity: bad", "user: nobody")
    with Rhumb(config, {"zone": ZONE}) as server:  # in a folder that only root may enter
        same_in_order(server.log(), ["warning: the user 'nobody' cannot read", "rhumb.yaml",
                                     "warning: the user 'nobody' cannot read", "zone"])
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            check(re.search(r"CapEff:\s+0+\n", status.read()), "no capability is left")
        server.reload()
        server.wait_log("message=.*Permission denied")
        check_equal(server.ask("www.example.com").texts(), ["192.0.2.1"])
        os.chmod(server.folder, 0o755)
        server.reload()
        server.wait_log("event=reload result=ok")


def mutate(chance, packet):
    packet = bytearray(packet)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at, kind = chance.randrange(len(packet) or 1), chance.randrange(6)
        if kind == 0 and packet:
            packet[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and packet:
            packet[at] = chance.choice((0, 1, 63, 64, 0x80, 0xC0, 0xFF))
        elif kind == 2:
            packet = packet[:at]
        elif kind == 3:
            packet[at:at] = chance.randbytes(chance.randrange(1, 40))
        elif kind == 4:
            packet += chance.randbytes(chance.randrange(1, 40))
        elif len(packet) >= 12:  # counts
            struct.pack_into("!H", packet, 4 + 2 * chance.randrange(4), chance.randrange(65536))
    return bytes(packet)


def bad_packets(number):
    chance = random.Random(SEED)
    yield from (b"", b"\0", b"\0" * 11, b"\xff" * 12, b"\0" * 12, b"\0" * 65000)
    for _ in range(number):
        if chance.random() < 0.05:
            yield chance.randbytes(chance.randrange(600))
            continue
        yield mutate(chance, dnsclient.build_query(
            chance.choice(("www.example.com", "example.com", "a." * 100 + "com", ".")),
            chance.choice(list(dnsclient.TYPES)), flags=chance.choice((0, 0x100, 0x8000, 0x2800)),
            edns=chance.random() < 0.8, ecs=chance.choice((None, "192.0.2.0/24", "2001:db8::/56")),
            query_id=0, nsid=chance.random() < 0.5, options=chance.choice(([], [(10, bytes(8))]))))


def is_malformed(packet):
    try:
        dnsclient.Message(packet)
    except dnsclient.BadMessage:
        return True
    return False


def judge(packet, data):
    """What came back for it is a response that parses, and small where the packet was no good."""
    message = dnsclient.parse(data, packet)
    check(packet[2] & 0x80 == 0, "a response was answered")
    if is_malformed(packet) and message.rcode not in ("FORMERR", "NOTIMP"):
        # it may have been cut where nobody looks any more
        check(message.rcode in ("REFUSED", "BADVERS"), f"{packet.hex()} -> {message}")
    if message.rcode in ("FORMERR", "NOTIMP", "BADVERS"):
        check(not message.answer + message.authority and len(data) <= max(12, len(packet) + 18),
              f"{packet.hex()} -> {data.hex()}")
    return message.rcode


@tap.case("thousands of malformed UDP packets: at most a small FORMERR each")
def _(server):
    seen, marker = {}, dnsclient.build_query("example.com", "TXT", query_id=0xFFFF)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(server.server)
        for number, packet in enumerate(bad_packets(UDP_PACKETS)):
            packet = struct.pack("!H", number)[:len(packet)] + packet[2:]
            sock.send(packet)
            sock.send(marker)  # the same socket, so the same worker, in order
            rcode, data = "nothing", sock.recv(65535)
            if data[:2] != b"\xff\xff":
                rcode = judge(packet, data)
                data = sock.recv(65535)
            check_equal(dnsclient.parse(data, marker).texts(), ['"text"'])
            seen[rcode] = seen.get(rcode, 0) + 1
    print(f"# {seen}")
    check(seen["FORMERR"] > UDP_PACKETS / 10 and seen["nothing"] > 100)


@tap.case("garbage over TCP: lengths that lie, half messages, floods of nothing")
def _(server):
    chance, packets = random.Random(SEED), bad_packets(10 * TCP_CONNECTIONS)
    for _ in range(TCP_CONNECTIONS):
        with dnsclient.TcpClient(server.server, 5) as client:
            try:
                for _ in range(chance.randrange(1, 10)):
                    packet = next(packets)
                    size = len(packet) if chance.random() < 0.8 else chance.randrange(65536)
                    client.sock.sendall(struct.pack("!H", min(size, 65535)) + packet)
                if chance.random() < 0.5:
                    client.sock.shutdown(socket.SHUT_WR)
                    while client.receive() is not None:
                        pass
            except OSError:  # it may close on us
                pass
        check_equal(server.ask("example.com", "TXT", tcp=True, timeout=10).texts(), ['"text"'])


@tap.case("it is still the same process, it is right, and SIGUSR1 tells the totals")
def _(server):
    check_equal(server.ask("www.example.com").texts(), ["192.0.2.1"])
    since = len(server.log())
    server.signal(signal.SIGUSR1)
    totals = server.wait_log(r"event=totals queries=(\d+) .*?\bformerr=(\d+)", since=since)
    check(int(totals.group(1)) > 2 * UDP_PACKETS and int(totals.group(2)) > UDP_PACKETS / 10)
    check_equal(re.findall("level=(?:warning|error) event=(?!state_not_kept)", server.log()), [], "noise in the log")


def main():
    with Rhumb(CONFIG, {"zone": ZONE}) as server:
        pid = server.process.pid
        tap.run(server)
        check_equal(server.process.pid, pid)


main()
