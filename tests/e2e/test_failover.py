"""A region dies in every way a region can die, and comes back: what clients see, and when.

All services have two regions, `first` and `spare`; `first` is preferred. Case one samples the
answers all the time, so that no intermediate state is missed.
"""
import tempfile
import threading
import time

from backend import Backend, make_certificate
from harness import Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

STABLE, SUSPECT, UNSETTLED = 20, 1, 4
BAR_SECONDS = 3.0  # killed: out of the answers within this; interval + timeout + confirmations
CHECK = "interval: 1s, timeout: 500ms, fall: 3, rise: 2, min_down: 2s, damping: false"
WAYS = {  # service: (the check's own part, what goes wrong, the reason in the log)
    "http-503": ("http: {path: /healthz", "error", "status 503"),
    "http-hang": ("http: {path: /healthz", "hang", "timeout after 500 ms"),
    "http-drop": ("http: {path: /healthz", "drop", "without an answer"),
    "http-body": ('http: {path: /healthz, body: "ok"', "body", "body lacks 'ok'"),
    "http-gone": ("http: {path: /healthz", "refuse", "connection refused"),
    "tcp-gone": ("tcp: {", "refuse", "connection refused"),
}
TLS = {  # service: (certificate, the reason in the log; None: it is well)
    "tls-good": ("good.test", None),
    "tls-name": ("other.test", "another name"),
    "tls-expired": ("expired.test", "expired"),
    "tls-self": ("self.test", "self-signed"),
}
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
tap, folder = Tap(), tempfile.TemporaryDirectory()


def service(name, check, address, more=""):
    return (f"  {name}: {{policy: failover, check: {check}, {more}regions: {{"
            f"first: {{addresses: [{address}]}}, spare: {{addresses: [127.0.9.9]}}}},\n"
            f"    ttl: {{stable: {STABLE}s, unsettled: {UNSETTLED}s, suspect: {SUSPECT}s, settle: 3s}}}}\n")


def make_config(ports):
    """ways and TLS: the spare is a machine that nobody probes, by way of a nested service."""
    checks, services = f"  web: {{http: {{path: /healthz, port: {ports['web']}}}, {CHECK}}}\n", ""
    for name, (kind, _, _) in WAYS.items():
        checks += f"  {name}: {{{kind}{', ' if kind[-1] != '{' else ''}port: {ports[name]}}}, {CHECK}}}\n"
    for name in TLS:
        checks += (f"  {name}: {{https: {{path: /, port: {ports[name]}, host: good.test, "
                   f"ca_file: {folder.name}/root.test.crt}}, {CHECK}}}\n")
    for name in [*WAYS, *TLS]:
        services += service(name, name, "127.0.1.1").replace(
            "addresses: [127.0.9.9]", "service: spare")
    for name, more in (("app", ""), ("all", ""), ("empty", "when_all_down: empty, "),
                       ("last", "when_all_down: {region: spare}, ")):
        services += service(name, "web", "127.0.1.1", more).replace("127.0.9.9", "127.0.2.1")
    names = "".join(f"      {name}: {name}\n" for name in [*WAYS, *TLS, "all", "empty", "last"])
    return ('server: {listen: ["127.0.0.1:@PORT@"]}\nregions: {first: {}, spare: {}}\n'
            f"checks:\n{checks}services:\n{services}"
            "  spare: {policy: failover, regions: {spare: {addresses: [127.0.9.9]}}}\n"
            "zones:\n  example.com:\n    file: zone\n    names:\n"
            f'      www: app\n      "{{region}}.app": app\n{names}')


class Watcher(threading.Thread):
    """Asks every 20 ms; .seen is a list of (seconds, address, TTL) whenever that changed."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server, self.name_asked, self.seen, self.ending = server, name, [], False

    def run(self):
        while not self.ending:
            message = self.server.ask(self.name_asked)
            now = (*message.texts(), *message.ttls())
            if not self.seen or self.seen[-1][1:] != now:
                self.seen.append((time.monotonic(), *now))
            time.sleep(0.02)


def tell(text):
    print("# " + text, flush=True)


@tap.case("killed: TTL 1 with the first failed probe, gone within 3 s, then the unsettled TTL")
def _(server, backends):
    check_equal(server.ask("www.example.com").ttls(), {STABLE})
    watcher = Watcher(server, "www.example.com")
    watcher.start()
    wait_until(lambda: watcher.seen, 5, "first sample")
    killed = time.monotonic()
    backends["web"][0].refuse()
    wait_until(lambda: len(watcher.seen) >= 3, 10, "the region is left")
    watcher.ending = True
    watcher.join()
    check_equal([state[1:] for state in watcher.seen],
                [("127.0.1.1", STABLE), ("127.0.1.1", SUSPECT), ("127.0.2.1", UNSETTLED)])
    first, gone = (state[0] - killed for state in watcher.seen[1:])
    tell(f"TTL {SUSPECT} after {first:.2f} s, left after {gone:.2f} s")
    check(gone <= BAR_SECONDS, f"left only after {gone:.2f} s")
    check_equal(server.ask("spare.app.example.com").ttls(), {UNSETTLED}, "who is elsewhere")


@tap.case("well again: it returns after min_down and rise, and settles to the stable TTL")
def _(server, backends):
    down = server.wait_log(r"(\S+) level=warning event=health .* check=web .* to=down")
    check(down, "the log tells the transition")
    hits = backends["web"][0].hits
    backends["web"][0].accept()
    _, elapsed = wait_until(lambda: server.ask("www.example.com").texts() == ["127.0.1.1"], 20,
                            "back in the answers")
    tell(f"back after {elapsed:.2f} s and {backends['web'][0].hits - hits} probes")
    check(backends["web"][0].hits - hits >= 2, "rise: 2")
    check_equal(server.ask("www.example.com").ttls(), {UNSETTLED})
    wait_until(lambda: server.ask("www.example.com").ttls() == {STABLE}, 15, "settled")


@tap.case("each way to fail is seen within 3 s, and the log says which it was")
def _(server, backends):
    names = {name: f"{name}.example.com" for name in WAYS}
    for name in WAYS:
        check_equal(server.ask(names[name]).texts(), ["127.0.1.1"], name)
    since, start, left = len(server.log()), {}, {}
    for name, (_, fault, _) in WAYS.items():
        start[name] = time.monotonic()
        if fault == "refuse":
            backends[name][0].refuse()
        elif fault == "body":
            backends[name][0].body = "not well\n"
        else:
            backends[name][0].mode = fault

    def all_left():
        for name in WAYS:
            if name not in left and server.ask(names[name]).texts() == ["127.0.9.9"]:
                left[name] = time.monotonic() - start[name]
        return len(left) == len(WAYS)
    wait_until(all_left, 15, f"all are left: {left}")
    check("service_all_down" not in server.log()[since:], "the nested spare is no darkness")
    tell("left after " + ", ".join(f"{name} {left[name]:.2f} s" for name in WAYS))
    for name, (_, _, reason) in WAYS.items():
        check(left[name] <= BAR_SECONDS, f"{name}: {left[name]:.2f} s")
        server.wait_log(rf'check={name} .* to=down reason="[^"]*{reason}', since=since)


@tap.case("each of them comes back")
def _(server, backends):
    for name, (_, fault, _) in WAYS.items():
        backends[name][0].accept()
        backends[name][0].mode, backends[name][0].body = "ok", "ok\n"
    for name in WAYS:
        wait_until(lambda name=name: server.ask(f"{name}.example.com").texts() == ["127.0.1.1"],
                   20, name)


@tap.case("https: a good certificate is well; wrong name, expired, self-signed are not")
def _(server, _backends):
    for name, (_, reason) in TLS.items():
        wanted = ["127.0.9.9"] if reason else ["127.0.1.1"]
        wait_until(lambda: server.ask(f"{name}.example.com").texts() == wanted, 10, name)
        if reason:
            server.wait_log(rf'check={name} .* to=down reason="[^"]*{reason}')


@tap.case("all down: everything is answered, or the last resort, or nothing, and EDE says so")
def _(server, backends):
    for backend in backends["web"]:
        backend.refuse()
    wait_until(lambda: server.ask("empty.example.com").texts() == [], 10, "all down")
    for name, addresses, word in (("all", ["127.0.1.1"], b"as if they were"),
                                  ("last", ["127.0.2.1"], b"as if they were"),
                                  ("empty", [], b"none is answered as configured")):
        message = server.ask(f"{name}.example.com")
        ede = message.edns.option(15)
        check_equal((message.rcode, message.texts()), ("NOERROR", addresses), name)
        check(ede is not None and ede[:2] == b"\0\0" and word in ede, f"{name}: EDE {ede}")
        if not addresses:
            check_equal([(r.type, r.ttl) for r in message.authority], [("SOA", UNSETTLED)])
    server.wait_log("event=service_all_down severity=critical service=all")
    backends["web"][1].accept()
    wait_until(lambda: server.ask("empty.example.com").texts() == ["127.0.2.1"], 20, "one is back")
    check_equal(server.ask("all.example.com").edns.option(15), None)


def main():
    root = make_certificate(folder.name, "root.test")
    pairs = {"good.test": make_certificate(folder.name, "good.test", signer=root),
             "other.test": make_certificate(folder.name, "other.test", signer=root),
             "self.test": make_certificate(folder.name, "self.test")}
    pairs["expired.test"] = make_certificate(folder.name, "expired.test", days=-1, signer=root)
    ports = {name: free_port(("127.0.1.1", "127.0.2.1")) for name in ["web", *WAYS, *TLS]}
    backends = {"web": [Backend(f"127.0.{n}.1", ports["web"]) for n in (1, 2)]}
    for name in WAYS:
        backends[name] = [Backend("127.0.1.1", ports[name])]
    for name, (certificate, _) in TLS.items():
        backends[name] = [Backend("127.0.1.1", ports[name], tls=pairs[certificate])]
    with Rhumb(make_config(ports), {"zone": ZONE}) as server:
        tap.run(server, backends)


main()
