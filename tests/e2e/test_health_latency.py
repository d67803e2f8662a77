"""From the deciding probe to the answers: a back end notes when it gives the answer that decides, a
client asks all the time and notes when what it hears is different.

With fall 1 and rise 1 each probe decides: the back end is well at one, sick at the next. It is a
process of its own, so that it and the client do not wait for each other.
"""
import argparse
import multiprocessing
import socket
import time

import dnsclient
from harness import Rhumb, die_with_parent, free_port
from measure import go_first, percentile
from tap import Tap, check

FIRST, SPARE = "127.0.1.1", "127.0.2.1"
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"]}
regions: {first: {}, spare: {}}
checks:
  web: {http: {path: /h, port: @WEB@}, interval: @INTERVAL@ms, timeout: 90ms, fall: 1, rise: 1, min_down: 0s, damping: false}
services:
  app: {policy: failover, check: web, regions: {first: {addresses: [127.0.1.1]}, spare: {service: well}}}
  well: {policy: failover, regions: {spare: {addresses: [127.0.2.1]}}}
zones:
  example.com: {file: zone, names: {www: app}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
INTERVAL_MS = 100
PAUSE = 0.0001  # seconds between two questions
tap = Tap()


def serve(listener, changes):
    """The back end: 200, 503, 200, 503 ... Each answer and the moment before it go to changes."""
    die_with_parent()
    well = True
    while True:
        connection, _ = listener.accept()
        with connection:
            while b"\r\n\r\n" not in connection.recv(4096):
                pass
            answer = f"HTTP/1.1 {200 if well else 503} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            now = time.monotonic()
            connection.sendall(answer.encode())
            connection.shutdown(socket.SHUT_WR)
            changes.send((now, FIRST if well else SPARE))
        well = not well


def listen(sock, query, address, seconds):
    """Asks until address is answered; returns when that came, None when it does not."""
    wanted = socket.inet_aton(address)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sock.send(query)
        data = sock.recv(4096)
        if wanted in data:
            return time.monotonic()
        time.sleep(PAUSE)
    return None


@tap.case("a change is in the answers within the bar after the probe that decides")
def _(server, changes, how):
    query = dnsclient.build_query("www.example.com", edns=False)
    delays, missed = [], 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect(server.server)
        while changes.poll(0):  # those from before it was ready
            _, before = changes.recv()
        while len(delays) + missed < how.changes:
            address = SPARE if before == FIRST else FIRST
            seen = listen(sock, query, address, 10 * INTERVAL_MS / 1000)
            check(changes.poll(5), "the back end is probed")
            at, before = changes.recv()
            check(before == address, "a probe was missed: the figures would tell of another one")
            if seen is None:
                missed += 1
            else:
                delays.append(seen - at)
    median, late, most = (percentile(delays, share) * 1000 for share in (.5, .99, 1))
    print(f"# {len(delays)} changes seen after p50 {median:.2f} ms, p99 {late:.2f} ms, max {most:.2f} ms; "
          f"{missed} not seen", flush=True)
    check(missed == 0, f"{missed} changes were not seen")
    check(min(delays) > 0, "nobody can know before")
    check(late <= how.bar_ms, f"p99 {late:.2f} ms, the bar is {how.bar_ms} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--bar-ms", type=float, default=100, help="for the 99th percentile")
    how = parser.parse_args()
    go_first()
    web = free_port((FIRST,))
    changes, mine = multiprocessing.Pipe(duplex=False)
    with socket.create_server((FIRST, web)) as listener:
        backend = multiprocessing.Process(target=serve, args=(listener, mine), daemon=True)
        backend.start()
        values = {"WEB": web, "INTERVAL": INTERVAL_MS}
        with Rhumb(CONFIG, {"zone": ZONE}, values) as server:
            tap.run(server, changes, how)


main()
