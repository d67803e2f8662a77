"""Checks by dns, icmp, command and file through the whole server: a real NSD, real pings, real
commands, files replaced under it. In a network namespace of its own: see harness.py.

Each check guards a service of its own: 10.9.0.1 first, 10.9.0.2 spare.
"""
import json
import os
import re
import signal
import time

from harness import Rhumb, black_hole, free_port, give_address, private_network
from nsd import Nsd, is_here
from tap import Tap, check, check_equal, skip_all, wait_until

FIRST, SPARE = "10.9.0.1", "10.9.0.2"
PING_RANGE = "/proc/sys/net/ipv4/ping_group_range"
PACE = "interval: 500ms, timeout: 400ms, confirm: 50ms, fall: 2, rise: 1, min_down: 0s, damping: false"
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], workers: 1, probes: {max_commands: 3}}
regions: {first: {}, spare: {}}
checks:
  address: {dns: {name: www.example.test, port: @DNS@, address: 192.0.2.1}, PACE}
  large:   {dns: {name: large.example.test, type: TXT, port: @DNS@}, PACE}
  refused: {dns: {name: other.test, type: SOA, port: @DNS@, rcode: REFUSED, tcp: true}, PACE}
  ping:    {icmp: {}, PACE}
  script:  {command: {argv: [bin/check, switches], port: 5432}, PACE}
  missing: {command: [bin/missing], PACE}
  states:  {file: {path: states.json, max_age: 3s}, PACE}
services:
SERVICES
zones:
  example.com: {file: zone, names: {NAMES}}
"""
CHECKS = ("address", "large", "refused", "ping", "script", "missing", "states")
SERVICE = ("  {0}: {{policy: failover, check: {0}, ttl: {{stable: 0s, suspect: 0s}}, regions: "
           "{{first: {{addresses: [10.9.0.1]}}, spare: {{addresses: [10.9.0.2]}}}}}}\n")
CONFIG = CONFIG.replace("PACE", PACE).replace("SERVICES\n", "".join(map(SERVICE.format, CHECKS)))
CONFIG = CONFIG.replace("NAMES", ", ".join(f"{name}: {name}" for name in CHECKS))
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"

# The switch of an address is a file with what to do: an exit status, "hang", or "flood".
SCRIPT = """#!/bin/sh
case $RHUMB_PORT/$RHUMB_CHECK in 5432/script) ;; *) echo "environment: $RHUMB_PORT"; exit 99 ;; esac
here=$(dirname "$0")/../$1
read -r order <"$here/$RHUMB_ADDRESS"
case $order in
hang) trap '' TERM; sleep 600 & echo $! >"$here/child.new"; mv "$here/child.new" "$here/child"
      while :; do sleep 600; done ;;
flood) trap '' PIPE; yes flooded; exit 8 ;;
descriptors) ls /proc/self/fd | tr '\\n' ' '; exit 1 ;;
*) echo "ordered $order"; exit "$order" ;;
esac
"""
LARGE = "\n".join(f'large TXT "{i:03} {"x" * 200}"' for i in range(12))
tap = Tap()


def records(www="192.0.2.1", large=LARGE):
    return f"www A {www}\n{large}"


def place(server, name):
    return server.ask(name + ".example.com").texts()


def wait_place(server, name, address, seconds=20):
    return wait_until(lambda: place(server, name) == [address], seconds, f"{name} at {address}")


def wait_state(server, name, address, state, reason, since):
    server.wait_log(f"event=health .*address={address} check={name} .* to={state} reason={reason}",
                    20, since)


def states(server, **lines):
    """Writes the state file; keys a and b are the two addresses."""
    server.write("states.json", json.dumps({{"a": FIRST, "b": SPARE}[k]: v
                                            for k, v in lines.items()}))


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return ") Z " in stat.read()
    except FileNotFoundError:
        return True


@tap.case("dns: the expected address is there, then another one, then again")
def _(server, nsd):
    wait_place(server, "address", FIRST)
    since = len(server.log())
    nsd.put(records(www="192.0.2.99"))
    wait_state(server, "address", FIRST, "down", '"the answer lacks 192.0.2.1"', since)
    since = len(server.log())
    nsd.put(records())
    wait_state(server, "address", FIRST, "up", '"NOERROR, 1 record"', since)


@tap.case("dns: a truncated answer is asked for over TCP; a name that is gone is down")
def _(server, nsd):
    server.wait_log(f'address={FIRST} check=large .* to=up reason="NOERROR, 12 records"', 20)
    since = len(server.log())
    nsd.put(records(large=""))
    wait_state(server, "large", FIRST, "down", '"NXDOMAIN, expected NOERROR"', since)
    nsd.put(records())


@tap.case("dns: REFUSED can be what is expected, over TCP too")
def _(server, _nsd):
    server.wait_log(f'address={FIRST} check=refused .* to=up reason="REFUSED, 0 records"', 20)
    check_equal(place(server, "refused"), [FIRST])


@tap.case("dns: a server that stops (SIGSTOP) is without an answer; it comes back")
def _(server, nsd):
    wait_place(server, "address", FIRST)
    since = len(server.log())
    os.killpg(nsd.process.pid, signal.SIGSTOP)
    try:
        wait_state(server, "address", FIRST, "down", '"timeout after 400 ms without an answer"',
                   since)
        wait_state(server, "refused", FIRST, "down", '"timeout after 400 ms without', since)
    finally:
        os.killpg(nsd.process.pid, signal.SIGCONT)
    wait_place(server, "address", FIRST)


@tap.case("icmp: an address that swallows pings is left, and found again")
def _(server, _nsd):
    wait_place(server, "ping", FIRST)
    server.wait_log(f'address={FIRST} check=ping .* to=up reason="echo reply"', 20)
    since = len(server.log())
    black_hole(FIRST)
    try:
        wait_state(server, "ping", FIRST, "down", '"timeout after 400 ms without an echo reply"',
                   since)
        wait_place(server, "ping", SPARE)
    finally:
        give_address(FIRST)
    wait_place(server, "ping", FIRST)


@tap.case("icmp: who may no longer ping says so, and calls nobody down")
def _(server, _nsd):
    wait_place(server, "ping", FIRST)
    since = len(server.log())
    with open(PING_RANGE, "w", encoding="ascii") as out:
        out.write("1 0")
    try:
        server.wait_log(f"event=probe_stale .*address={FIRST} .* from=up "
                        "reason=.own fault: may not ping: .*ping_group_range", 20, since)
        time.sleep(2)
        check_equal(place(server, "ping"), [FIRST])
        check("check=ping" not in "".join(line for line in server.log()[since:].splitlines()
                                          if "to=down" in line), "ping is not down")
    finally:
        with open(PING_RANGE, "w", encoding="ascii") as out:
            out.write("0 2147483647")
    server.wait_log(f"event=probe_works .*address={FIRST} .*from=up reason=.echo reply", 20, since)


@tap.case("command: exit status and first line decide")
def _(server, _nsd):
    wait_place(server, "script", FIRST)
    server.wait_log(f'address={FIRST} check=script .* reason="exit status 0: ordered 0"', 20)
    since = len(server.log())
    server.write(f"switches/{FIRST}", "3\n")
    wait_state(server, "script", FIRST, "down", '"exit status 3: ordered 3"', since)
    wait_place(server, "script", SPARE)
    server.write(f"switches/{FIRST}", "0\n")
    wait_place(server, "script", FIRST)


@tap.case("command: none of the server's descriptors is open in it")
def _(server, _nsd):
    since = len(server.log())
    server.write(f"switches/{FIRST}", "descriptors\n")
    wait_state(server, "script", FIRST, "down", '"exit status 1: 0 1 2 3 "', since)
    server.write(f"switches/{FIRST}", "0\n")
    wait_place(server, "script", FIRST)


@tap.case("command: one that hangs is killed with what it has started, and the server answers on")
def _(server, _nsd):
    child = server.folder + "/switches/child"
    since = len(server.log())
    server.write(f"switches/{FIRST}", "hang\n")
    wait_state(server, "script", FIRST, "down", '"timeout after 400 ms and killed"', since)
    server.write(f"switches/{FIRST}", "0\n")
    wait_place(server, "script", FIRST)
    with open(child, encoding="ascii") as opened:
        pid = int(opened.read())
    wait_until(lambda: is_gone(pid), 10, "the grandchild is gone")


@tap.case("command: one that floods is cut off, and the server keeps its size")
def _(server, _nsd):
    before, since = server.resident_bytes(), len(server.log())
    server.write(f"switches/{FIRST}", "flood\n")
    wait_state(server, "script", FIRST, "down", '"exit status 8: flooded"', since)
    server.write(f"switches/{FIRST}", "0\n")
    wait_place(server, "script", FIRST)
    check(server.resident_bytes() - before < 16 * 1024 * 1024, "no growth")


@tap.case("command: one that does not exist is our own fault, and calls nobody down")
def _(server, _nsd):
    server.wait_log(f"event=probe_stale .*address={FIRST} .* from=unknown "
                    "reason=.own fault: cannot run .*bin/missing: No such file", 20)
    check_equal(place(server, "missing"), [FIRST])
    check(not re.search("event=health .*check=missing", server.log()), "no transition")


@tap.case("file: up, down with a reason, up again; the other address has its own word")
def _(server, _nsd):
    states(server, a="up", b="up")
    wait_place(server, "states", FIRST)
    since = len(server.log())
    states(server, a={"state": "down", "reason": "backup"}, b={"state": "up", "scale": 40})
    wait_state(server, "states", FIRST, "down", '"down: backup"', since)
    wait_place(server, "states", SPARE)
    states(server, a="up", b="up")
    wait_place(server, "states", FIRST)


@tap.case("file: stale, broken, silent, gone: the state stays, and the log says why")
def _(server, _nsd):
    def expect(reason):
        server.wait_log(f"event=probe_stale .*address={FIRST} .* from=up reason=.own fault: {reason}",
                        20, since)
        check_equal(place(server, "states"), [FIRST])
        states(server, a="up", b="up")
        server.wait_log(f"event=probe_works .*address={FIRST} .*from=up reason=up", 20, since)

    states(server, a="up", b="up")
    wait_place(server, "states", FIRST)
    since = len(server.log())
    expect("state file is stale: 3 s old, expected at most 3 s")
    for content, reason in (('{"10.9.0.1": "down"', "state file: no JSON in line 1"),
                            ('{"10.9.0.2": "up"}', "state file does not name 10.9.0.1"),
                            ('{"10.9.0.1": "sideways"}', "state file is unclear about 10.9.0.1"),
                            (" " * (1 << 20) + "{}", "state file: it is larger than 1 MiB")):
        since = len(server.log())
        server.write("states.json", content)
        expect(reason)
    since = len(server.log())
    os.unlink(server.folder + "/states.json")
    expect("state file: cannot open it: No such file")


@tap.case("a reload that changes a check asks the new question")
def _(server, _nsd):
    server.write("second.json", json.dumps({FIRST: "down", SPARE: "up"}))
    since = len(server.log())
    server.write("rhumb.yaml", CONFIG.replace("path: states.json", "path: second.json")
                 .replace("max_age: 3s", "max_age: 1h"))
    server.reload()
    wait_state(server, "states", FIRST, "down", "down", since)
    wait_place(server, "states", SPARE)


def main():
    if not is_here():
        skip_all("no nsd here")
    if not private_network():
        skip_all("no network namespaces here")
    for address in (FIRST, SPARE):
        give_address(address)
    with open(PING_RANGE, "w", encoding="ascii") as out:
        out.write("0 2147483647")
    files = {"zone": ZONE, "bin/check": SCRIPT, f"switches/{FIRST}": "0\n",
             f"switches/{SPARE}": "0\n", "states.json": json.dumps({FIRST: "up", SPARE: "up"})}
    with Nsd((FIRST, SPARE), free_port((FIRST, SPARE)), records()) as nsd:
        server = Rhumb(CONFIG, files, {"DNS": nsd.port})
        os.chmod(server.folder + "/bin/check", 0o755)
        with server:
            tap.run(server, nsd)


main()
