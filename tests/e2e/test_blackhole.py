"""A region whose packets vanish: no refusal, no reset, nothing. Left within interval + timeout +
two confirmations, which is 2.7 s here; the clock runs from the moment the address is gone.

In a network namespace of its own, where a back end's address can be taken away: see harness.py.
"""
import re
import time

from backend import Backend
from harness import Rhumb, black_hole, free_port, give_address, ip, private_network
from tap import Tap, check, check_equal, skip_all, wait_until

BAR_SECONDS, MARGIN_SECONDS = 2.7, 0.3  # the margin: two samples, and a machine that is busy
ROUNDS = 3
GONE, SPARE = "10.9.0.1", "10.9.0.2"
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"]}
regions: {first: {}, spare: {}}
checks:
  http: {http: {path: /h, port: @WEB@}, interval: 1s, timeout: 500ms, fall: 3, rise: 1, min_down: 0s, damping: false}
services:
  http: {policy: failover, check: http, ttl: {suspect: 1s},
         regions: {first: {addresses: [10.9.0.1]}, spare: {addresses: [10.9.0.2]}}}
zones:
  example.com: {file: zone, names: {www: http}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
tap = Tap()


def answer(server):
    message = server.ask("www.example.com")
    return message.texts(), message.ttls()


@tap.case("a black-holed region is left within 2.7 s, with TTL 1 before; it comes back by itself")
def _(server):
    for number in range(ROUNDS):
        wait_until(lambda: answer(server)[0] == [GONE], 20, "the region is well")
        time.sleep(0.31 * number)  # another moment of the interval each time
        since = time.monotonic()
        black_hole(GONE)
        suspect = None
        while True:
            addresses, ttls = answer(server)
            elapsed = time.monotonic() - since
            if addresses == [SPARE]:
                break
            if ttls == {1} and suspect is None:
                suspect = elapsed
            check(elapsed < 10, "never left")
            time.sleep(0.02)
        print(f"# TTL 1 after {suspect:.2f} s, left after {elapsed:.2f} s", flush=True)
        check(suspect <= 1.5 + MARGIN_SECONDS, "TTL 1 from the first failed probe")
        check(elapsed <= BAR_SECONDS + MARGIN_SECONDS, f"left only after {elapsed:.2f} s")
        server.wait_log(r'address=10.9.0.1 .* to=down reason="timeout after 500 ms')
        give_address(GONE)


@tap.case("both black-holed: both are answered still, and both come back")
def _(server):
    wait_until(lambda: answer(server)[0] == [GONE], 20, "the region is well")
    for address in (GONE, SPARE):
        black_hole(address)
    server.wait_log("event=service_all_down severity=critical service=http", 20)
    message = server.ask("www.example.com")
    check_equal((message.texts(), message.edns.option(15)[:2]), ([GONE], b"\0\0"))
    for address in (GONE, SPARE):
        give_address(address)
    wait_until(lambda: server.ask("www.example.com").edns.option(15) is None, 20, "both are back")


@tap.case("no route is our own fault: nobody is DOWN for it, and the log says so")
def _(server):
    wait_until(lambda: answer(server)[0] == [GONE], 20, "the region is well")
    since = len(server.log())
    ip("link", "set", "hole", "down")
    black_hole(GONE)
    server.wait_log("event=probes_stale severity=critical .*10.9.0.[0-9]+: own fault: no route", 20)
    start = time.monotonic()
    while time.monotonic() - start < BAR_SECONDS + 1:  # longer than it takes to be DOWN
        check_equal(answer(server)[0], [GONE])
        time.sleep(0.1)
    give_address(GONE)
    server.wait_log("event=probes_work", 20)
    fell = re.search("event=health .* to=(suspect|down)", server.log()[since:])
    check(not fell, server.log()[since:])


def main():
    if not private_network():
        skip_all("no network namespace of our own here (needs root and iproute2)")
    for address in (GONE, SPARE):
        give_address(address)
    web = free_port((GONE, SPARE))
    with Backend(GONE, web), Backend(SPARE, web), \
            Rhumb(CONFIG, {"zone": ZONE}, {"WEB": web}) as server:
        tap.run(server)


main()
