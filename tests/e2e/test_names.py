"""Endpoints that are names, probed at the addresses behind them, and checks made of checks: a
real NSD is the machine's name server, in network and mount namespaces of its own.

east.example.test has two addresses, west.example.test is its spare; parts.example.test is one
address that is asked on three ports.
"""
import contextlib
import json
import os
import re
import socket
import sys
import tempfile
import time

from backend import Backend
from harness import LIBC, Rhumb, black_hole, free_port, give_address, private_network
from nsd import Nsd, is_here
from tap import Tap, check, check_equal, skip_all, wait_until

CLONE_NEWNS, MS_BIND, MS_PRIVATE_ALL = 0x20000, 0x1000, 0x4000 | 0x40000
EAST, MOVED, WEST = ("10.9.0.11", "10.9.0.12"), ("10.9.0.13", "10.9.0.14"), "10.9.0.21"
PARTS, SPARE = "10.9.0.1", "10.9.0.2"
PORTS = ("web", "side", "last")
PACE = ("interval: 500ms, timeout: 400ms, confirm: 50ms, fall: 2, rise: 1, min_down: 0s, "
        "damping: false")
DETECTION_S = 3  # far more than interval + timeout + confirm + timeout
TTL_S, LOOK_UP_AGAIN_S = 1, 5  # the resolver's shortest interval, and that after a failure
SECOND_RETRY_S = 10  # ... and after another
RULES = {"every": "{all: [web, side, last], damping: false}",
         "some": "{any: [web, side, last], damping: false}",
         "two": "{at_least: {count: 2, of: [web, side, last]}, damping: false}"}
WHOLES = [rule + kind for rule in RULES for kind in ("", "-name")]
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], workers: 1, probes: {suspect_self: 0}}
regions: {first: {}, spare: {}}
checks:
  web:  {http: {port: @WEB@}, PACE}
  side: {http: {port: @SIDE@}, PACE}
  last: {http: {port: @LAST@}, PACE}
RULES
services:
  cdn: {policy: failover, check: web, ttl: {stable: 0s, suspect: 0s}, regions: {
        first: {names: [east.example.test]}, spare: {names: [west.example.test]}}}
WHOLES
zones:
  example.com: {file: zone, names: {NAMES}}
"""
WHOLE = ("  {0}: {{policy: failover, check: {1}, ttl: {{stable: 0s, suspect: 0s}}, regions: "
         "{{first: {{{2}}}, spare: {{addresses: [10.9.0.2]}}}}}}\n")
ADDRESS, NAME = "addresses: [10.9.0.1]", "names: [parts.example.test]"
CONFIG = CONFIG.replace("PACE", PACE)
CONFIG = CONFIG.replace("RULES\n", "".join(f"  {rule}: {what}\n" for rule, what in RULES.items()))
CONFIG = CONFIG.replace("WHOLES\n", "".join(
    WHOLE.format(rule + kind, rule, where) for rule in RULES
    for kind, where in (("", ADDRESS), ("-name", NAME))))
CONFIG = CONFIG.replace("NAMES", ", ".join(f"{name}: {name}" for name in ["cdn", *WHOLES]))
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
tap = Tap()


def records(east=EAST):
    lines = [f"east A {address}" for address in east]
    return "\n".join(lines + [f"west A {WEST}", f"parts A {PARTS}"])


def place(server, name):
    return server.ask(name + ".example.com").texts()


def wait_place(server, name, wanted, seconds=20):
    return wait_until(lambda: place(server, name) == [wanted], seconds, f"{name} at {wanted}")


def stays(server, name, wanted, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check_equal(place(server, name), [wanted], name)
        time.sleep(0.05)


def wait_hits(backend, count=2):
    wanted = backend.hits + count
    wait_until(lambda: backend.hits >= wanted, 30, f"{backend.host} is probed")


EAST_NAME, WEST_NAME = "east.example.test.", "west.example.test."


@tap.case("a service of names is answered with a CNAME, and each address behind it is probed")
def _(server, _nsd, web, _ports):
    server.wait_log("event=health service=cdn region=first address=east.example.test. check=web "
                    "from=unknown to=up", 30)
    server.wait_log("service=cdn region=spare address=west.example.test. check=web .*to=up", 30)
    check_equal(place(server, "cdn"), [EAST_NAME])
    for address in (*EAST, WEST):
        wait_hits(web[address])


@tap.case("one address of two dies: the name is up still")
def _(server, _nsd, web, _ports):
    since = len(server.log())
    web[EAST[0]].refuse()
    stays(server, "cdn", EAST_NAME, DETECTION_S)
    check("to=down" not in server.log()[since:], "nobody is down")
    wait_hits(web[EAST[1]])


@tap.case("both die, one refusing and one silent: the region is left, and the reason is told")
def _(server, _nsd, web, _ports):
    since = len(server.log())
    black_hole(EAST[1])
    try:
        wait_place(server, "cdn", WEST_NAME)
    finally:
        give_address(EAST[1])
    server.wait_log('event=health service=cdn region=first address=east.example.test. check=web '
                    r'from=\w+ to=down reason="10\.9\.0\.1[12]: [^"]+"', 10, since)
    server.wait_log("event=failover service=cdn from=first to=spare", 10, since)
    wait_place(server, "cdn", EAST_NAME)
    web[EAST[0]].accept()
    wait_hits(web[EAST[0]])


@tap.case("the name leads to other addresses: these are probed, the old ones no longer")
def _(server, nsd, web, _ports):
    since, hits = len(server.log()), [web[address].hits for address in MOVED]
    check_equal(hits, [0, 0], "hits before")
    nsd.put(records(MOVED))
    for address in MOVED:
        wait_hits(web[address])
    time.sleep(1)  # for a probe under way
    old = [web[address].hits for address in EAST]
    for address in EAST:
        web[address].refuse()
    for address in MOVED:
        wait_hits(web[address], 4)
    check_equal([web[address].hits for address in EAST], old, "hits of the old ones")
    stays(server, "cdn", EAST_NAME, DETECTION_S)
    check("to=down" not in server.log()[since:], "nobody is down: " + server.log()[since:])
    for address in MOVED:
        web[address].refuse()
    wait_place(server, "cdn", WEST_NAME)
    for address in MOVED:
        web[address].accept()
    wait_place(server, "cdn", EAST_NAME)


def follow_rule(server, ports, rule, fatal, kind):
    """Takes one part after the other: with the one numbered `fatal` the whole is down, and not
    before. It is back with that one."""
    service, first = rule + kind, "parts.example.test." if kind else PARTS
    address, prefix = ("parts.example.test.", f"{PARTS}: ") if kind else (PARTS, "")
    whole = f"event=health service={service} region=first address={address} check={rule} "
    part = PORTS[fatal - 1]
    wait_place(server, service, first)
    for spared in PORTS[:fatal - 1]:
        since = len(server.log())
        ports[spared].refuse()
        server.wait_log(f"address={address} check={spared} .*to=down", 20, since)
        stays(server, service, first, 1)
    since = len(server.log())
    ports[part].refuse()
    named = "|".join(PORTS[:fatal])  # one of those that fail
    server.wait_log(f'{whole}.*to=down reason="({named}): {prefix}connection refused"', 20, since)
    wait_place(server, service, SPARE)
    since = len(server.log())
    ports[part].accept()
    server.wait_log(rf'{whole}from=down to=up reason="\d of 3 checks up, \d needed"', 20, since)
    wait_place(server, service, first)


def mend(server, ports):
    for port in PORTS:
        ports[port].accept()
    for port in PORTS:
        for address in (PARTS, "parts.example.test."):
            wait_until(lambda: last_state(server, address, port) == "up", 20, f"{port} is up")


def last_state(server, address, name):
    found = re.findall(f"event=health .*address={address} check={name} from=.* to=(\\w+)",
                       server.log())
    return found[-1] if found else None


for rule_name, fatal_part in (("every", 1), ("two", 2), ("some", 3)):
    for whom, suffix in (("an address", ""), ("a name", "-name")):
        @tap.case(f"{RULES[rule_name].split(':')[0][1:]}: {whom} is down with part {fatal_part} "
                  "that dies, and the reason says which")
        def _(server, _nsd, _web, ports, how=(rule_name, fatal_part, suffix)):
            try:
                follow_rule(server, ports, *how)
            finally:
                mend(server, ports)


def count_look_ups(name, seconds):
    """How many questions for A of a name go over the loopback: packets, seen once each."""
    wire = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    wanted, count = wire + b"\0\0\1\0\1", 0  # the root, type A, class IN
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) as sniffer:
        sniffer.bind(("lo", 0))
        while (left := end - time.monotonic()) > 0:
            sniffer.settimeout(left)
            with contextlib.suppress(TimeoutError):
                packet, address = sniffer.recvfrom(65535)
                is_question = packet[9] == socket.IPPROTO_UDP and packet[30] & 0x80 == 0
                count += (address[2] == socket.PACKET_OUTGOING and is_question and
                          wanted in packet.lower())
    return count


@tap.case("a name behind several checks is looked up once for all of them")
def _(_server, _nsd, _web, _ports):
    rounds = 2
    count = count_look_ups("parts.example.test", rounds * LOOK_UP_AGAIN_S + 1)
    check(1 <= count <= rounds + 1, f"{count} look-ups in {rounds} rounds")


@tap.case("the name server dies: told once, the last addresses stay, nobody is down; it comes back")
def _(server, nsd, web, _ports):
    def told(kind, name="east"):
        return len(re.findall(f"event={kind} .*address={name}.example.test.", server.log()[since:]))

    wait_place(server, "cdn", EAST_NAME)
    since = len(server.log())
    nsd.stop()
    server.wait_log("event=name_not_resolved .*address=east.example.test. reason="
                    '"no name server answers"', LOOK_UP_AGAIN_S + 20, since)
    stays(server, "cdn", EAST_NAME, LOOK_UP_AGAIN_S + 3)  # it fails a second time in between
    for address in MOVED:
        wait_hits(web[address])
    check_equal(told("name_not_resolved"), 1, "how often it is told")
    check_equal(told("name_not_resolved", "parts"), 1, "of the name behind three checks")
    check("to=down" not in server.log()[since:], "nobody is down")
    nsd.start()
    server.wait_log("event=name_resolved .*address=east.example.test", SECOND_RETRY_S + 20, since)
    check_equal((told("name_not_resolved"), told("name_resolved")), (1, 1), "how often told")
    nsd.put(records(EAST[:1]))
    web[EAST[0]].accept()
    wait_hits(web[EAST[0]])
    check_equal(place(server, "cdn"), [EAST_NAME])


@tap.case("a name that cannot be resolved and is taken out of the configuration ends its alarm")
def _(server, nsd, *_rest):
    since = len(server.log())
    nsd.stop()
    server.wait_log("event=name_not_resolved .*address=west.example.test. reason=",
                    LOOK_UP_AGAIN_S + 20, since)
    server.write("rhumb.yaml", CONFIG.replace("west.example.test", "east.example.test"))
    server.reload()
    server.wait_log("event=name_resolved .*address=west.example.test.", 10, since)


MASK = (1 << 64) - 1
HELD = """
server: {listen: ["127.0.0.1:@PORT@"], workers: 1, state: state}
regions: {first: {}}
checks: {slow: {http: {port: @WEB@}, interval: 2s, timeout: 1s}}
services: {cdn: {check: slow, regions: {first: {names: [west.example.test]}}}}
zones: {example.com: {file: zone, names: {cdn: cdn}}}
"""


def seal(data):
    """The line behind a state file: its length and its hash, FNV-1a with a final mix."""
    number = 0xcbf29ce484222325
    for byte in data:
        number = (number ^ byte) * 0x100000001b3 & MASK
    for shift, factor in ((30, 0xbf58476d1ce4e5b9), (27, 0x94d049bb133111eb)):
        number = (number ^ number >> shift) * factor & MASK
    number ^= number >> 31
    return b'\n{"rhumb_state":1,"bytes":%d,"hash":"%016x"}\n' % (len(data), number)


def hold(server):
    """In what the server remembers, the only target is held from now on, and almost calm."""
    path = server.folder + "/state/health.json"
    with open(path, encoding="utf-8") as state:
        memory, _ = json.JSONDecoder().raw_decode(state.read())
    target, = memory["up"] + [entry["target"] for entry in memory["targets"]]
    memory.update(up=[], targets=[{"target": target, "state": "held", "penalty": 700,
                                   "since": memory["written"]}])
    data = json.dumps(memory).encode()
    with open(path, "wb") as state:
        state.write(data + seal(data))


@tap.case("a name that was held proves itself by ten quick probes, not by ten at its pace")
def _(other, nsd, *_rest):
    nsd.stop()
    nsd.start()
    with Rhumb(HELD, {"zone": ZONE}, {"WEB": other.values["WEB"]}) as server:
        server.wait_log("event=health .*address=west.example.test. .*to=up", 20)
        server.stop()
        hold(server)
        since, begun = len(server.log()), time.monotonic()
        server.start()
        server.wait_log("event=health .*address=west.example.test. .*from=held to=up", 30, since)
        check(time.monotonic() - begun < 12, "ten probes at its pace take 18 s at least")


def own_resolv_conf(folder):
    """This process and what it starts ask 127.0.0.1. False where that is not allowed."""
    path = folder + "/resolv.conf"
    with open(path, "w", encoding="ascii") as out:
        out.write("nameserver 127.0.0.1\n")
    return (LIBC.unshare(CLONE_NEWNS) == 0 and
            LIBC.mount(None, b"/", None, MS_PRIVATE_ALL, None) == 0 and
            LIBC.mount(path.encode(), b"/etc/resolv.conf", None, MS_BIND, None) == 0)


def main():
    if not is_here():
        skip_all("no nsd here")
    with tempfile.TemporaryDirectory(prefix="rhumb-names-") as folder, \
            contextlib.ExitStack() as stack:
        if not private_network() or not own_resolv_conf(folder):
            skip_all("no network and mount namespaces here")
        for address in (*EAST, *MOVED, WEST, PARTS, SPARE):
            give_address(address)
        numbers = {port: free_port((PARTS, SPARE)) for port in PORTS}
        web = {address: stack.enter_context(Backend(address, numbers["web"]))
               for address in (*EAST, *MOVED, WEST)}
        ports = {port: stack.enter_context(Backend(PARTS, numbers[port])) for port in PORTS}
        for port in PORTS:
            stack.enter_context(Backend(SPARE, numbers[port]))
        nsd = stack.enter_context(Nsd(["127.0.0.1"], 53, records(), TTL_S))
        server = stack.enter_context(
            Rhumb(CONFIG, {"zone": ZONE}, {port.upper(): numbers[port] for port in PORTS}))
        failed = tap.run_cases(server, nsd, web, ports)
    sys.exit(1 if failed else 0)


main()
