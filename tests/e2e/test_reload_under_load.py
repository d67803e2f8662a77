"""200 reloads between two configurations while UDP and TCP clients ask as fast as they are answered.

Every answer is compared, byte for byte but for its id, with what either configuration answers: an
answer made of both would be seen. One endpoint is DOWN all the time, so a reload that forgot
health would be seen too. Both zone files stay as they are; what changes is the one file that
names them, because two files cannot be replaced at one moment.
"""
import select
import socket
import struct
import threading
import time

import dnsclient
from backend import Backend
from harness import Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

RELOADS, PAUSE = 200, 0.03
SOCKETS, WINDOW = 8, 8  # each socket has so many questions under way
LOST_SECONDS = 1.0
CONFIG = """
server: {{listen: ["127.0.0.1:@PORT@"], identity: "{word}"}}
geo: {{networks: {{192.0.2.0/24: {{country: US}}}}, default: {{country: DE}}}}
regions: {{dead: {{country: US}}, us: {{country: US}}, eu: {{country: DE}}}}
checks:
  web: {{http: {{path: /h, port: @WEB@}}, interval: 1s, timeout: 900ms, fall: 1, min_down: 1h}}
services:
  app:
    policy: geo
    check: web
    ttl: {{stable: {ttl}s, unsettled: {ttl}s}}
    regions:
      dead: {{serves: [{dead}], addresses: [127.0.1.1]}}
      us: {{serves: [US], addresses: [{us}]}}
      eu: {{serves: [default], addresses: [{eu}]}}
  free: {{policy: failover, regions: {{us: {{addresses: [{us}]}}}}}}
zones:
  example.com: {{file: zone-{word}, names: {{www: app, "*.wild": free, {word}: free}}}}
  {word}.example.net: {{file: zone-{word}}}
"""
ZONE = """$TTL {ttl}
@ SOA ns h {ttl} 1 1 1 {ttl}
@ NS ns
@ MX {ttl} mail
@ TXT {word} {word}
ns A {us}
mail A {us}
alias CNAME www
"""
VARIANTS = [{"word": "a", "ttl": 11, "us": "127.0.2.1", "eu": "127.0.3.1", "dead": "US"},
            {"word": "b", "ttl": 22, "us": "127.0.3.1", "eu": "127.0.2.1", "dead": "US, default"}]
QUESTIONS = [(name, rtype, ecs) for ecs in ("192.0.2.0/24", None) for name, rtype in (
    ("www.example.com", "A"), ("alias.example.com", "A"), ("x.wild.example.com", "A"),
    ("example.com", "SOA"), ("example.com", "MX"), ("example.com", "TXT"), ("a.example.com", "A"),
    ("b.example.com", "A"), ("b.example.net", "SOA"), ("none.example.com", "A"))]
QUERIES = [dnsclient.build_query(name, rtype, ecs=ecs, nsid=True, query_id=0)
           for name, rtype, ecs in QUESTIONS]
tap = Tap()


class Load(threading.Thread):
    """.answers, .lost and .wrong count; .samples keeps the first few wrong ones."""

    def __init__(self, server, allowed):
        super().__init__(daemon=True)
        self.server, self.allowed, self.ending = server, allowed, False
        self.answers, self.lost, self.wrong, self.samples = 0, 0, 0, []

    def judge(self, number, data):
        self.answers += 1
        if data[2:] not in self.allowed[number % len(QUERIES)]:
            self.wrong += 1
            self.samples = (self.samples + [(QUESTIONS[number % len(QUERIES)], data.hex())])[:5]


class UdpLoad(Load):
    def run(self):
        number, pending = 0, {}  # number of a question, its id: (socket, when it was sent)
        epoll, sockets = select.epoll(), {}
        free = []
        for _ in range(SOCKETS):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.connect(self.server)
            sockets[sock.fileno()] = sock
            epoll.register(sock, select.EPOLLIN)
            free += [sock] * WINDOW
        while pending or not self.ending:
            while free and not self.ending:
                number = (number + 1) & 0xFFFF
                sock = free.pop()
                pending[number] = (sock, time.monotonic())
                sock.send(struct.pack("!H", number) + QUERIES[number % len(QUERIES)][2:])
            for descriptor, _ in epoll.poll(0.1):
                data = sockets[descriptor].recv(4096)
                number_back = struct.unpack_from("!H", data)[0]
                if pending.pop(number_back, None):
                    free.append(sockets[descriptor])
                    self.judge(number_back, data)
            now = time.monotonic()
            for late in [n for n, (_, sent) in pending.items() if now - sent > LOST_SECONDS]:
                free.append(pending.pop(late)[0])
                self.lost += 1


class TcpLoad(Load):
    def run(self):
        number = 0
        with dnsclient.TcpClient(self.server, LOST_SECONDS) as client:
            while not self.ending:
                for later in range(len(QUERIES)):
                    client.send(struct.pack("!H", number + later) + QUERIES[later][2:])
                for _ in QUERIES:
                    try:
                        data = client.receive()
                    except OSError:
                        data = None
                    if data is None:
                        self.lost += 1
                        return
                    self.judge(struct.unpack_from("!H", data)[0], data)
                time.sleep(0.02)


def take_over(server, variant, log):
    """Replaces the configuration, and waits until the server says so."""
    server.write("rhumb.yaml", CONFIG.format(**VARIANTS[variant % 2]))
    server.reload()
    seen = ""

    def is_done():
        nonlocal seen
        seen += log.read()
        check("result=failed" not in seen, seen)
        return "event=reload result=ok" in seen
    wait_until(is_done, 20, "reload", pause=0.005)


@tap.case("200 reloads under load: nothing is lost, every answer is one or the other's")
def _(server, log):
    allowed = [set() for _ in QUERIES]
    for variant in (1, 0):
        take_over(server, variant, log)
        for number, query in enumerate(QUERIES):
            answer = dnsclient.exchange_udp(server.server, query, 5)
            dnsclient.parse(answer, query)
            allowed[number].add(answer[2:])
    check_equal([len(answers) for answers in allowed], [2] * len(QUERIES), "A and B differ")
    resident = server.resident_bytes()
    loads = [UdpLoad(server.server, allowed), TcpLoad(server.server, allowed)]
    start = time.monotonic()
    for load in loads:
        load.start()
    for variant in range(RELOADS):
        take_over(server, variant + 1, log)
        time.sleep(PAUSE)
    for load in loads:
        load.ending = True
        load.join(10)
    elapsed = time.monotonic() - start
    for load, name in zip(loads, ("UDP", "TCP")):
        print(f"# {name}: {load.answers} answers, {load.answers / elapsed:.0f}/s, lost {load.lost}, "
              f"of neither configuration {load.wrong}", *load.samples, sep="\n#   ")
    print(f"# {RELOADS} reloads in {elapsed:.1f} s; resident {resident >> 20} MB before, "
          f"{server.resident_bytes() >> 20} MB after")
    check_equal([(load.lost, load.wrong) for load in loads], [(0, 0), (0, 0)])
    check(min(load.answers for load in loads) > 10 * RELOADS, "there was a load")


def main():
    web = free_port(("127.0.1.1", "127.0.2.1", "127.0.3.1"))
    backends = [Backend(host, web) for host in ("127.0.2.1", "127.0.3.1")]
    files = {f"zone-{v['word']}": ZONE.format(**v) for v in VARIANTS}
    with Rhumb(CONFIG.format(**VARIANTS[0]), files, {"WEB": web}) as server:
        server.wait_log("address=127.0.1.1 .* to=down")
        with open(server.log_path, encoding="utf-8") as log:
            log.read()
            tap.run(server, log)
    check(all(backend.hits for backend in backends))


main()
