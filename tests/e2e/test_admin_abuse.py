"""Rude clients of the admin API while DNS queries run: endless bodies, a million headers, requests that
stop half way, readers of the event stream that never read. Nothing breaks, memory stays flat, DNS
does not feel it; and an answer about very many targets does not hold up the loop.

Quiet and rude seconds take turns; the medians of their figures are compared. Rhumb has one core where
there are more, this program the others; on those the rude clients come last.

    test_admin_abuse.py [--rounds 3] [--seconds 1.5] [--mib 32] [--headers 100000] [--targets 1000]
                        [--factor 0] [--growth-mib 64] [--hold-ms 500]
"""
import argparse
import multiprocessing
import os
import select
import socket
import statistics
import time

import dnsclient
from admin import Api
from harness import Rhumb, die_with_parent, free_port
from measure import FOREIGN_SHARE, Cores, go_first, percentile
from tap import Skip, Tap, check, wait_until

HALF, READERS, EVENTS, WARM_UP, SLACK_MS = 200, 60, 64, 4, 0.1
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], state: state, workers: 1, rate_limit: {exempt: [127.0.0.0/8]}}
admin: {listen: ["unix:state/admin.sock", "127.0.0.1:@ADMIN@"]}
regions: {first: {country: US}, spare: {country: DE}}
services:
  app: {policy: failover, regions: {first: {addresses: [127.0.1.1]}, spare: {addresses: [127.0.2.1]}}}
  other: {policy: failover, regions: {first: {addresses: [127.0.1.1]}, spare: {addresses: [127.0.2.1]}}}
zones:
  example.com: {file: zone, names: {app: app, other: other}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
POST = b"POST /v1/overrides HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
tap = Tap()


# ---- rude clients, in a process of their own ------------------------------------------------------


def send_until_cut(address, head, piece, count):
    """Returns how many bytes went out before the server had enough."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    sent = 0
    with socket.socket(family) as sock:
        sock.settimeout(20)
        sock.connect(address)
        try:
            sock.sendall(head)
            for _ in range(count):
                sock.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
    return sent


class Rude:
    """A round of rudeness; readers and half requests stay open until the next begins."""

    def __init__(self, unix, tcp, how):
        self.unix, self.tcp, self.how = unix, tcp, how
        self.open, self.api = [], Api("unix:" + unix)

    def leave(self):
        for sock in self.open:
            sock.close()
        self.open = []
        self.happen()  # readers that have left are noticed
        return 0, 0

    def open_sockets(self):
        self.leave()
        for number in range(READERS + HALF):
            sock = socket.socket()
            self.open.append(sock)
            sock.setblocking(False)
            try:
                sock.connect_ex(self.tcp)
                sock.send(b"GET /v1/events?since=0 HTTP/1.1\r\nHost: localhost\r\n\r\n" if number < READERS
                          else b"GET /v1/status HTTP/1.1\r\nHost: loc")
            except BlockingIOError:  # more than the server takes and the kernel keeps
                pass

    def read(self):
        """Every second reader reads."""
        for sock in select.select(self.open[:READERS:2], [], [], 0)[0]:
            try:
                sock.recv(1 << 16)
            except OSError:
                pass

    def happen(self):
        drain = {"service": "other", "region": "first", "state": "drain", "reason": "x" * 400}
        self.api.post("/v1/overrides", drain)
        self.api.delete("/v1/overrides?service=other&region=first")

    def acts(self):
        block = b"x" * (1 << 16)
        mib = self.how.mib
        yield lambda: send_until_cut(self.unix, POST + b"Content-Length: %d\r\n\r\n" % (mib << 20), block, mib * 16)
        yield lambda: send_until_cut(self.unix, POST + b"Transfer-Encoding: chunked\r\n\r\n",
                                     b"10000\r\n" + block + b"\r\n", mib * 16)
        yield lambda: send_until_cut(self.unix, POST, b"A: b\r\n" * 100, self.how.headers // 100)

    def run(self, seconds):
        """Returns the most that one of them could send, and how often each was done."""
        end, most, count = time.monotonic() + seconds, 0, 0
        self.open_sockets()
        for _ in range(EVENTS):
            self.happen()
            self.read()
        while count == 0 or time.monotonic() < end:
            for act in self.acts():
                most = max(most, act())
            self.happen()
            self.read()
            count += 1
        return most, count


def be_rude(orders, unix, tcp, how, cores):
    die_with_parent()
    os.sched_setaffinity(0, cores)
    os.nice(15)  # from elsewhere they would not take the processor of who asks
    rude = Rude(unix, tcp, how)
    while True:
        seconds = orders.recv()
        if seconds is None:
            break
        try:
            orders.send(rude.run(seconds) if seconds > 0 else rude.leave())
        except Exception as problem:  # told to the test, which fails
            orders.send((repr(problem), 0))
    orders.close()


# ---- a DNS client ---------------------------------------------------------------------------------


def ask_for(server, seconds):
    """Milliseconds of each answer, one question after the other; lost ones count as 1000."""
    query, took = dnsclient.build_query("app.example.com"), []
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.connect(server)
        while time.monotonic() < end:
            start = time.monotonic()
            sock.send(query)
            try:
                sock.recv(4096)
            except socket.timeout:
                pass
            took.append((time.monotonic() - start) * 1000)
            time.sleep(0.0005)
    return took


def settle(server, orders):
    """All that the rude had is given back: streams have ended, connections are free."""
    orders.send(0)
    check(orders.recv() == (0, 0), "the rude client has left")
    unix, tcp = (Api(where) for where in (f"unix:{server.folder}/state/admin.sock",
                                          f"127.0.0.1:{server.values['ADMIN']}"))
    wait_until(lambda: unix.get("/v1/status").json["state"]["event_readers"] == 0, 40, "no reader is left", 0.5)
    check(tcp.get("/v1/status").status == 200, "the address is served again")


@tap.case("endless bodies, a million headers, half requests, readers that never read: DNS goes on, memory is flat")
def _(how):
    with rude_world(how) as (server, orders, rude_pid):
        for _ in range(WARM_UP):  # memory grows to what is needed, and events fill their ring
            orders.send(how.seconds)
            most, _ = orders.recv()
            check(isinstance(most, int), f"the rude client: {most}")
        settle(server, orders)
        before = server.resident_bytes()
        quiet, rude, slow, cores = [], [], [], Cores(server.process.pid, rude_pid)
        for _ in range(how.rounds):
            quiet.append(percentile(ask_for(server.server, how.seconds), .99))
            orders.send(how.seconds)
            took = ask_for(server.server, how.seconds)
            rude.append(percentile(took, .99))
            slow.append(max(took))
            most, count = orders.recv()
            check(isinstance(most, int) and count > 0, f"the rude client: {most}")
            check(most < 8 << 20, f"{most} bytes were taken of one request")
        foreign = cores.share()
        settle(server, orders)
        orders.send(None)
        after = server.resident_bytes()
        calm, harsh = statistics.median(quiet), statistics.median(rude)
        print(f"# DNS p99, medians of {how.rounds} rounds: quiet {calm:.3f} ms, rude {harsh:.3f} ms: "
              f"{harsh / calm:.2f} x; slowest answer {max(slow):.1f} ms; the rude were let send {most / 2**20:.1f} MiB "
              f"at most of {how.mib} MiB; RSS {before / 2**20:.1f} -> {after / 2**20:.1f} MiB; "
              f"others had {foreign:.0%} of the cores", flush=True)
        check(max(slow) < 1000, "an answer was lost")
        check(after - before <= how.growth_mib * 2**20, f"{(after - before) / 2**20:.1f} MiB more")
        if how.factor and harsh > how.factor * calm + SLACK_MS:
            check(foreign > FOREIGN_SHARE, f"{harsh:.3f} ms against {calm:.3f} ms")
            raise Skip(f"the cores are not ours, others had {foreign:.0%} of them")


class rude_world:
    """A server and a rude process, on cores of their own where there are two."""

    def __init__(self, how):
        self.how, self.cores = how, sorted(os.sched_getaffinity(0))

    def __enter__(self):
        admin = free_port()
        others = self.cores[1:] or self.cores
        os.sched_setaffinity(0, self.cores[:1])
        self.server = Rhumb(CONFIG, {"zone": ZONE, "state/.keep": ""}, {"ADMIN": admin})
        self.server.__enter__()
        os.sched_setaffinity(0, others)
        mine, theirs = multiprocessing.Pipe()
        unix = self.server.folder + "/state/admin.sock"
        rude = multiprocessing.Process(target=be_rude, daemon=True,
                                       args=(theirs, unix, ("127.0.0.1", admin), self.how, others))
        rude.start()
        return self.server, mine, rude.pid

    def __exit__(self, *problem):
        os.sched_setaffinity(0, self.cores)
        self.server.__exit__(*problem)


# ---- long answers ---------------------------------------------------------------------------------


def many_targets(count):
    def address(number):
        return f"127.{1 + number // 50000}.{number // 250 % 200}.{1 + number % 250}"
    text = """
server: {listen: ["127.0.0.1:@PORT@"], state: state, workers: 1, probes: {suspect_self: 0}}
regions: {%s}
checks: {web: {tcp: {port: @WEB@}, interval: 60s, timeout: 1s}}
services:
""" % ", ".join(f"r{n}: {{}}" for n in range(10))
    for first in range(0, count, 500):
        text += f"  s{first}:\n    policy: geo\n    check: web\n    regions:\n"
        for region in range(10):
            mine = range(first + region, min(first + 500, count), 10)
            serves = "serves: [default], " if region == 0 else ""
            text += f"      r{region}: {{{serves}addresses: [{', '.join(address(n) for n in mine)}]}}\n"
    return text + "zones: {example.com: {file: zone, names: {www: s0}}}\n"


def loop_seconds(server):
    """Processor time of the control thread, which is the main one."""
    pid = server.process.pid
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as schedstat:
        return int(schedstat.read().split()[0]) / 1e9


@tap.case("an answer about very many targets holds the control loop for a short time only")
def _(how):
    with Rhumb(many_targets(how.targets), {"zone": ZONE, "state/.keep": ""}, {"WEB": free_port(("0.0.0.0",))}) as server:
        api = Api(f"unix:{server.folder}/state/admin.sock")
        wait_until(lambda: api.get("/v1/status").json["health"]["targets_down"] == how.targets, 90, "all are probed", 1)
        for path in ("/v1/targets", "/v1/services", "/v1/regions", "/v1/history?limit=1000", "/v1/status"):
            held, size = [], 0
            for _ in range(10):
                start = loop_seconds(server)
                connection = api.connect()  # not held against the contract, which takes much longer
                api.send(connection, "GET", path)
                size = len(connection.getresponse().read())
                connection.close()
                held.append((loop_seconds(server) - start) * 1000)
            print(f"# {how.targets} targets, GET {path}: {size / 1024:.0f} KiB, {statistics.median(held):.1f} ms of "
                  "the control thread", flush=True)
            check(statistics.median(held) <= how.hold_ms, f"{path}: more than {how.hold_ms} ms")
        check(len(api.get("/v1/targets").json["targets"]) == how.targets)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--mib", type=int, default=32, help="of a body")
    parser.add_argument("--headers", type=int, default=100000)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--factor", type=float, default=0, help="rude against quiet; 0: it is only told")
    parser.add_argument("--growth-mib", type=float, default=64)
    parser.add_argument("--hold-ms", type=float, default=500)
    go_first()
    tap.run(parser.parse_args())


main()
