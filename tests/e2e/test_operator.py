"""The operator's word: switches that are files, overrides.json, fail-back by hand. What answers say,
when they say it, and what the log keeps of it.
"""
import json
import os
import re
import time

from backend import Backend
from harness import Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

FIRST, SPARE = "127.0.1.1", "127.0.2.1"
SWITCH_SECONDS, OVERRIDE_SECONDS = 2.0, 1.0  # from the file to the answers
NEVER_SECONDS = 1.5  # longer than all that could bring the change that must not come
AFTER_SECONDS = 3
US, DE = "192.0.2.0/24", "198.51.100.0/24"
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], state: state}
geo: {networks: {192.0.2.0/24: {country: US}, 198.51.100.0/24: {country: DE}}}
regions: {first: {country: US}, spare: {country: DE}, third: {}, fourth: {}}
checks:
  web: {http: {path: /h, port: @WEB@}, interval: 200ms, timeout: 150ms, confirm: 50ms, fall: 2, rise: 1, min_down: 0s, damping: false}
services:
  geo: {policy: geo, regions: {first: {serves: [US], addresses: [127.0.1.1]}, spare: {serves: [default], addresses: [127.0.2.1]}}}
  home: {inherit: geo, residency: {US: [first], DE: [spare]}}
  app: &two {policy: failover, check: web, regions: {first: {addresses: [127.0.1.1]}, spare: {addresses: [127.0.2.1]}}}
  twin: *two
  manual: {inherit: app, failback: manual}
  after: {inherit: app, failback: {after: @AFTER@s}}
  stay: {inherit: manual, residency: {US: [first]}}
  inner: {check: web, regions: {first: {addresses: [127.0.1.1]}}}
  outer: {policy: failover, check: web, failback: manual, regions: {first: {service: inner}, spare: {addresses: [127.0.2.1]}}}
  dual: {check: web, regions: {first: {addresses: [127.0.1.1, "::1"]}, spare: {addresses: [127.0.2.1]}}}
zones:
  example.com: {file: zone, names: {geo: geo, home: home, app: app, twin: twin, manual: manual, after: after, stay: stay,
                                    outer: outer, dual: dual}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
tap = Tap()


def tell(text):
    print("# " + text, flush=True)


def answer(server, name, ecs=None):
    return server.ask(name + ".example.com", ecs=ecs).texts()


def becomes(server, name, address, seconds, ecs=None):
    """Waits for the answer; returns the seconds that took."""
    _, elapsed = wait_until(lambda: answer(server, name, ecs) == [address], seconds,
                            f"{name} is {address}")
    return elapsed


def stays(server, name, address, seconds, ecs=None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check_equal(answer(server, name, ecs), [address], name)
        time.sleep(0.02)


def touch(server, name):
    with open(f"{server.folder}/state/{name}", "w", encoding="ascii"):
        pass


def untouch(server, name):
    os.unlink(f"{server.folder}/state/{name}")


def utc(from_now=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + from_now))


def order(server, *entries):
    """The operator replaces the file; every entry is signed."""
    signed = [{"by": "anna", "reason": "kernel update", **entry} for entry in entries]
    server.write("state/overrides.json", json.dumps({"overrides": signed}))


def resume(server, service):
    order(server, {"service": service, "region": "first", "state": "resume", "since": utc()})


def both_well(server):
    for name in ("app", "twin", "after"):
        becomes(server, name, FIRST, 10)


# ---- switches ---------------------------------------------------------------------------------


@tap.case("freeze-health: who dies stays in the answers, who returns stays out, until it is removed")
def _(server, first, _spare):
    both_well(server)
    touch(server, "freeze-health")
    time.sleep(SWITCH_SECONDS)
    since = len(server.log())
    first.refuse()
    server.wait_log("event=health .*address=127.0.1.1 .*to=down", since=since)
    stays(server, "app", FIRST, NEVER_SECONDS)
    untouch(server, "freeze-health")
    tell(f"left {becomes(server, 'app', SPARE, SWITCH_SECONDS):.2f} s after the switch was off")
    touch(server, "freeze-health")
    time.sleep(SWITCH_SECONDS)
    since = len(server.log())
    first.accept()
    server.wait_log("event=health .*address=127.0.1.1 .*to=up", since=since)
    stays(server, "app", SPARE, NEVER_SECONDS)
    untouch(server, "freeze-health")
    tell(f"back {becomes(server, 'app', FIRST, SWITCH_SECONDS):.2f} s after the switch was off")
    check_equal(len(re.findall("event=switch name=freeze-health state=on", server.log())), 2)


@tap.case("ignore-geo: everybody is where nobody knows, but not where residency depends on it")
def _(server, *_backends):
    check_equal([answer(server, name, ecs) for name in ("geo", "home") for ecs in (US, DE)],
                [[FIRST], [SPARE]] * 2)
    touch(server, "ignore-geo")
    on = becomes(server, "geo", SPARE, SWITCH_SECONDS, US)
    message = server.ask("geo.example.com", ecs=US)
    check_equal(message.ecs.scope, 0, "it does not depend on the client")
    check_equal([answer(server, "home", ecs) for ecs in (US, DE)], [[FIRST], [SPARE]], "residency")
    untouch(server, "ignore-geo")
    off = becomes(server, "geo", FIRST, SWITCH_SECONDS, US)
    tell(f"on after {on:.2f} s, off after {off:.2f} s")


@tap.case("ignore-ecs: the source address counts alone")
def _(server, *_backends):
    check_equal(answer(server, "geo", US), [FIRST])
    touch(server, "ignore-ecs")
    on = becomes(server, "geo", SPARE, SWITCH_SECONDS, US)
    untouch(server, "ignore-ecs")
    off = becomes(server, "geo", FIRST, SWITCH_SECONDS, US)
    tell(f"on after {on:.2f} s, off after {off:.2f} s")


# ---- overrides --------------------------------------------------------------------------------


@tap.case("a drain shows within 1 s of the file, there alone, and its end within 1 s as well")
def _(server, *_backends):
    both_well(server)
    since = len(server.log())
    order(server, {"service": "app", "region": "first", "state": "drain"})
    on = becomes(server, "app", SPARE, OVERRIDE_SECONDS)
    check_equal(server.dig("app.example.com", "A").data, [SPARE], "what dig sees")
    check_equal(answer(server, "twin"), [FIRST], "another service")
    server.wait_log('level=warning event=override service=app region=first .*'
                    'from=free to=drain reason="kernel update .anna.', since=since)
    os.unlink(server.folder + "/state/overrides.json")
    off = becomes(server, "app", FIRST, OVERRIDE_SECONDS)
    server.wait_log("event=override .*service=app region=first .*from=drain to=free", since=since)
    tell(f"drained after {on:.2f} s, back after {off:.2f} s")


@tap.case("what is drained is probed still: the log has the forced and the real state")
def _(server, first, _spare):
    order(server, {"address": FIRST, "state": "drain"})
    for name in ("app", "twin", "manual", "after"):
        becomes(server, name, SPARE, 2 * OVERRIDE_SECONDS)
    for act, word in ((first.refuse, "down"), (first.accept, "up")):
        since = len(server.log())
        act()
        server.wait_log(f"event=health .*address={FIRST} .*to={word}", since=since)
        check_equal(answer(server, "app"), [SPARE])
    order(server)
    both_well(server)


@tap.case("what is forced up is answered although it is down, and left when that ends")
def _(server, first, _spare):
    order(server, {"service": "app", "region": "first", "state": "up"})
    server.wait_log("event=override .*service=app region=first .*to=up")
    first.refuse()
    becomes(server, "twin", SPARE, 10)
    stays(server, "app", FIRST, NEVER_SECONDS)
    order(server)
    becomes(server, "app", SPARE, OVERRIDE_SECONDS)
    first.accept()
    becomes(server, "app", FIRST, 10)
    both_well(server)


@tap.case("`until` ends a drain by itself, and a restart forgets none that is left")
def _(server, *_backends):
    ends = int(time.time()) + 4
    order(server, {"service": "app", "region": "first", "state": "drain", "until": utc(4)},
          {"service": "twin", "region": "first", "state": "drain"})
    becomes(server, "app", SPARE, OVERRIDE_SECONDS)
    server.stop()
    server.start()
    check_equal((answer(server, "app"), answer(server, "twin")), ([SPARE], [SPARE]))
    while time.time() < ends:
        asked, sample = time.time(), answer(server, "app")
        check(sample == [SPARE] or asked >= ends - 0.05, f"{ends - asked:.2f} s too early")
        time.sleep(0.02)
    becomes(server, "app", FIRST, OVERRIDE_SECONDS)
    tell(f"over {time.time() - ends:.2f} s after `until`")
    check_equal(answer(server, "twin"), [SPARE])
    order(server)
    both_well(server)


@tap.case("a broken overrides.json is told with its line, and changes nothing")
def _(server, *_backends):
    order(server, {"service": "app", "region": "first", "state": "drain"})
    becomes(server, "app", SPARE, OVERRIDE_SECONDS)
    since = len(server.log())
    server.write("state/overrides.json", '{"overrides": [\n{"service": "app", "state": "dran"}]}')
    server.wait_log("event=diagnostic file=.*overrides.json line=2 .*did you mean 'drain'", since=since)
    stays(server, "app", SPARE, NEVER_SECONDS)
    order(server)
    both_well(server)


# ---- fail-back --------------------------------------------------------------------------------


@tap.case("failback: a region comes back at once, after a time, or when the operator resumes it")
def _(server, first, _spare):
    resume(server, "manual")
    becomes(server, "manual", FIRST, OVERRIDE_SECONDS)
    time.sleep(1)  # a resume is told by the second: that one shall be older than what follows
    since = len(server.log())
    first.refuse()
    for name in ("app", "manual", "after"):
        becomes(server, name, SPARE, 10)
    server.wait_log("event=region_lost .*service=manual region=first", since=since)
    time.sleep(1)
    first.accept()
    becomes(server, "app", FIRST, 10)
    well = time.monotonic()
    check_equal((answer(server, "manual"), answer(server, "after")), ([SPARE], [SPARE]))
    server.wait_log("event=region_held .*service=manual region=first .*remedy=.*resume", since=since)
    stays(server, "after", SPARE, AFTER_SECONDS - 1.0)
    becomes(server, "after", FIRST, 10)
    tell(f"failback after {AFTER_SECONDS} s: {time.monotonic() - well:.2f} s")
    check_equal(answer(server, "manual"), [SPARE])
    resume(server, "manual")
    tell(f"resumed after {becomes(server, 'manual', FIRST, OVERRIDE_SECONDS):.2f} s")
    server.wait_log("event=region_back .*service=manual region=first", since=since)


@tap.case("manual: what waits is used at once when the spare dies, and no resume is needed then")
def _(server, first, spare):
    time.sleep(1)
    first.refuse()
    becomes(server, "manual", SPARE, 10)
    first.accept()
    becomes(server, "app", FIRST, 10)
    check_equal(answer(server, "manual"), [SPARE])
    spare.refuse()
    becomes(server, "manual", FIRST, 3)
    spare.accept()


@tap.case("manual: who may be given one region alone gets it while it waits, others do not")
def _(server, first, _spare):
    resume(server, "stay")
    becomes(server, "stay", FIRST, 5, DE)
    time.sleep(1)
    first.refuse()
    becomes(server, "stay", SPARE, 10, DE)
    since = len(server.log())
    first.accept()
    server.wait_log("event=region_held .*service=stay region=first", since=since)
    check_equal([answer(server, "stay", ecs) for ecs in (US, DE)], [[FIRST], [SPARE]])
    order(server)


@tap.case("a drain of a service inside another is a drain there too: it comes back without a resume")
def _(server, *_backends):
    time.sleep(1)  # a resume is told by the second
    resume(server, "outer")
    becomes(server, "outer", FIRST, OVERRIDE_SECONDS)
    since = len(server.log())
    order(server, {"service": "inner", "state": "drain"})
    becomes(server, "outer", SPARE, OVERRIDE_SECONDS)
    order(server)
    becomes(server, "outer", FIRST, OVERRIDE_SECONDS)
    check("region_lost" not in server.log()[since:], "nothing was lost")


@tap.case("a family of which nothing is left is told by its name, and answered as all down")
def _(server, *_backends):
    server.wait_log("event=service_all_down severity=critical service=dual family=IPv6 "
                    'reason="none of 1 IPv6 endpoints is usable"')  # nobody has ever listened there
    check_equal(server.ask("dual.example.com", "AAAA").texts(), ["::1"], "as if it were up")
    check(answer(server, "dual") in ([FIRST], [SPARE]), "the other family goes on")


def main():
    web = free_port((FIRST, SPARE))
    with Backend(FIRST, web) as first, Backend(SPARE, web) as spare, \
            Rhumb(CONFIG, {"zone": ZONE}, {"WEB": web, "AFTER": AFTER_SECONDS}) as server:
        tap.run(server, first, spare)


main()
