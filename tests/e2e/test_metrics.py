"""/metrics of a real server: exactly what was sent is counted, by kind; a reload takes nothing back;
what happens to health shows; the page is as Prometheus wants it."""
import os
import shutil
import signal
import socket
import subprocess
import time

import dnsclient
from backend import Backend
from harness import Rhumb, free_port
from metrics import Page, fetch
from tap import Skip, Tap, check, check_equal, wait_until

CONFIG = """
server:
  listen: [ "127.0.0.1:@PORT@", "[::1]:@PORT@" ]
  state: state
  rate_limit: { per_second: @RATE@, slip: 2, exempt: [] }
geo:
  networks:
    192.0.2.0/24: { country: US }
    198.51.100.0/24: { country: JP }
    203.0.113.0/24: { country: DE }
  default: { country: NL }
regions: { us: {}, eu: {} }
checks:
  web: { http: { path: /, port: @WEB@ }, interval: 200ms, timeout: 150ms, confirm: 50ms, fall: 2, rise: 1,
         min_down: 100ms, damping: false }
services:
  app:
    policy: geo
    check: web
    regions:
      us: { serves: [ NA, default ], addresses: [ 127.0.1.1 ] }
      eu: { serves: [ EU ], addresses: [ 127.0.2.1, "::1" ] }
@MORE@
zones:
  example.com: { file: zone, names: { www: app, "{region}.app": app } }
@ZONES@
"""
ZONE = "$TTL 60\n@ SOA ns h 7 1 1 1 60\n@ NS ns\nns A 192.0.2.53\ntext TXT hello\nalias CNAME www\n"
ECS = {"US": "192.0.2.0/24", "JP": "198.51.100.0/24", "DE": "203.0.113.0/24", "unknown": "8.8.8.0/24"}
FLOOD = 20000  # packets: more than a socket holds
tap = Tap()


def page(server):
    return Page(fetch(server))


def counted(server, send):
    """What send() makes of the counters; only of the DNS side: probes count all the time."""
    before = page(server)
    send()
    more = page(server).since(before)
    return {key: value for key, value in more.items() if value > 0 and not key[0].startswith(
        ("rhumb_check", "process", "rhumb_endpoint"))}


def of(name, *labels):
    return name, frozenset(labels)


@tap.case("promtool finds nothing to complain of")
def _(server, _backends):
    if not shutil.which("promtool"):
        raise Skip("no promtool")
    done = subprocess.run(["promtool", "check", "metrics"], input=fetch(server), capture_output=True,
                          text=True, timeout=60, check=False)
    check_equal((done.returncode, done.stdout + done.stderr), (0, ""))


@tap.case("every query is counted once, by what it was and what it got")
def _(server, _backends):
    def send():
        for _ in range(20):
            server.ask("www.example.com", "A", ecs=ECS["DE"])
        for _ in range(10):
            server.ask("www.example.com", "AAAA", ecs=ECS["US"])
        for _ in range(5):
            server.ask("text.example.com", "TXT", tcp=True)
        for _ in range(4):
            server.ask("nothing.example.com", "MX")
        for _ in range(3):
            server.ask("www.example.net", "A")
        for _ in range(2):
            dnsclient.ask(("::1", server.port), "www.example.com", 65280)
        server.ask("eu.app.example.com", "A", ecs=ECS["JP"])
        server.ask("alias.example.com", "A", ecs=ECS["unknown"])

    zone, other = "zone=example.com.", "zone=other"
    answer = "rhumb_answers_total"
    check_equal(counted(server, send), {
        of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=A"): 25,
        of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=AAAA"): 10,
        of("rhumb_dns_requests_total", "proto=tcp", "family=ipv4", "type=TXT"): 5,
        of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=MX"): 4,
        of("rhumb_dns_requests_total", "proto=udp", "family=ipv6", "type=other"): 2,
        of("rhumb_dns_responses_total", zone, "rcode=NOERROR"): 39,
        of("rhumb_dns_responses_total", zone, "rcode=NXDOMAIN"): 4,
        of("rhumb_dns_responses_total", other, "rcode=REFUSED"): 3,
        of("rhumb_dns_nodata_total"): 2,  # two of an unknown type
        of("rhumb_tcp_accepted_total"): 5,
        of(answer, "service=app", "region=eu", "country=DE", "reason=first"): 20,
        of(answer, "service=app", "region=eu", "country=US", "reason=first"): 10,
        of(answer, "service=app", "region=eu", "country=JP", "reason=pinned"): 1,
        of(answer, "service=app", "region=eu", "country=unknown", "reason=first"): 1,  # the default
        of("rhumb_geo_lookup_total", "result=found"): 31,
        of("rhumb_geo_lookup_total", "result=unknown"): 1,
    })


@tap.case("a thousand queries of several clients at once are a thousand")
def _(server, _backends):
    query = dnsclient.build_query("www.example.com", "A", ecs=ECS["DE"])

    def send():
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(10)]
        for sock in sockets:
            sock.settimeout(5)
            sock.connect(server.server)
        for _ in range(100):
            for sock in sockets:
                sock.send(query)
            for sock in sockets:
                sock.recv(4096)
        for sock in sockets:
            sock.close()

    more = counted(server, send)
    check_equal(more[of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=A")], 1000)
    sent = more[of("rhumb_dns_responses_total", "zone=example.com.", "rcode=NOERROR")]
    check_equal(sent, 1000)


def reload(server, good=True, **values):
    """Returns the page behind it; nothing may have gone back."""
    before = page(server)
    server.values.update(values)
    since = len(server.log())
    server.write("rhumb.yaml", CONFIG if good else CONFIG + "nonsense: 1\n")
    server.wait_log("event=reload result=" + ("ok" if good else "failed"), since=since)
    after = page(server)
    after.since(before)
    return after


@tap.case("over the rate limit, and what is no query, is counted apart")
def _(server, _backends):
    query, junk = dnsclient.build_query("text.example.com", "TXT"), b"\0" * 5
    reload(server, RATE=50)

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(server.server)
            for _ in range(20):
                sock.send(junk)
                for _ in range(20):
                    sock.send(query)
        wait_until(lambda: page(server).since(start)[requests] == 400, 10, "all have been read")

    start, requests = page(server), of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=TXT")
    more = counted(server, send)
    answered = more[of("rhumb_dns_responses_total", "zone=example.com.", "rcode=NOERROR")]
    dropped, cut = more[of("rhumb_rrl_dropped_total")], more[of("rhumb_rrl_truncated_total")]
    check_equal(more[of("rhumb_dns_ignored_total")], 20)
    check_equal(more[of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=none")], 20)
    check_equal(answered + dropped, 400)
    check(100 < dropped < 250 and 100 < cut < 250, f"{dropped} dropped, {cut} cut")
    reload(server, RATE=0)


@tap.case("packets that find no room in the socket's queue are told by the kernel")
def _(server, _backends):
    query = dnsclient.build_query("text.example.com", "TXT")
    before = page(server)
    server.signal(signal.SIGSTOP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(server.server)
        for _ in range(FLOOD):
            sock.send(query)
    server.signal(signal.SIGCONT)
    lost = of("rhumb_udp_dropped_total", "reason=receive_queue")
    asked = of("rhumb_dns_requests_total", "proto=udp", "family=ipv4", "type=TXT")
    more = {}

    def is_all_accounted_for():
        more.update(page(server).since(before))
        return more[lost] + more[asked] == FLOOD

    wait_until(is_all_accounted_for, 10, "each packet was lost or read")
    check(more[lost] > 0, "some were lost")


@tap.case("a region that fails, its transitions, and who is sent elsewhere")
def _(server, backends):
    eu = ["service=app", "region=eu", "endpoint=127.0.2.1"]
    check_equal(page(server)["rhumb_endpoint_up", *eu], 1)
    backends["eu"].mode = "error"
    backends["eu6"].mode = "error"
    wait_until(lambda: page(server)["rhumb_endpoint_up", *eu] == 0, 10, "the endpoint leaves")
    now = page(server)
    check_equal(now["rhumb_endpoint_transitions_total", *eu, "to=down"], 1)
    check_equal(now["rhumb_service_endpoints", "service=app", "region=eu", "state=down"], 2)
    check_equal(now["rhumb_service_condition", "service=app", "condition=degraded"], 1)
    check_equal(now["rhumb_service_usable_regions", "service=app"], 1)
    dark = [now["rhumb_service_family_dark", "service=app", f"family={f}"] for f in ("ipv4", "ipv6")]
    check_equal(dark, [0, 1], "only that region has IPv6")
    more = counted(server, lambda: server.ask("www.example.com", "A", ecs=ECS["DE"]))
    check_equal(more[of("rhumb_answers_total", "service=app", "region=us", "country=DE",
                        "reason=failover")], 1)
    backends["eu"].mode = backends["eu6"].mode = "ok"
    wait_until(lambda: page(server)["rhumb_endpoint_up", *eu] == 1, 10, "it comes back")
    check(page(server)["rhumb_endpoint_transitions_total", *eu, "to=up"] >= 1)


@tap.case("runs of a check, and what their parts took")
def _(server, backends):
    before = page(server)
    hits = sum(backend.hits for backend in backends.values())
    time.sleep(1)
    after = page(server)
    ran = after.sum("rhumb_check_total", "check=web") - before.sum("rhumb_check_total", "check=web")
    check(abs(ran - (sum(backend.hits for backend in backends.values()) - hits)) <= 6, f"{ran} runs")
    for phase in ("connect", "answer", "total"):
        labels = ["check=web", f"phase={phase}"]
        count = after["rhumb_check_duration_seconds_count", *labels]
        check_equal(after["rhumb_check_duration_seconds_bucket", *labels, "le=+Inf"], count)
        check(0 < after["rhumb_check_duration_seconds_sum", *labels] < 60, phase)
        buckets = [value for (name, have), value in after.samples.items()
                   if name == "rhumb_check_duration_seconds_bucket" and have >= set(labels)]
        check_equal(buckets, sorted(buckets))
    check_equal(after.sum("rhumb_check_duration_seconds_count", "phase=tls"), 0)
    check(after["rhumb_state_age_seconds", "source=health"] < 5)


@tap.case("a reload takes nothing back, and what it takes away comes back with its counts")
def _(server, _backends):
    other = "  first: { policy: failover, regions: { us: { addresses: [ 10.0.0.1 ] } } }"
    zone = "  example.org: { file: zone, names: { www: first } }"
    start = page(server)
    reload(server, MORE=other, ZONES=zone)
    for _ in range(3):
        server.ask("www.example.org", "A")
    labels = ["service=first", "region=us", "country=unknown", "reason=first"]
    check_equal(page(server)["rhumb_answers_total", *labels], 3)
    check_equal(page(server)["rhumb_zone_serial", "zone=example.org."], 7)
    gone = reload(server, MORE="", ZONES="")
    check_equal(gone["rhumb_answers_total", *labels], 0)
    check_equal(gone.sum("rhumb_dns_responses_total", "zone=example.org."), 0)
    back = reload(server, MORE=other, ZONES=zone)
    check_equal(back["rhumb_answers_total", *labels], 3)
    check_equal(back["rhumb_snapshot_generation"], start["rhumb_snapshot_generation"] + 3)
    check_equal(back.since(start)[of("rhumb_config_reload_total", "result=success")], 3)
    check_equal(back["rhumb_config_last_reload_successful"], 1)
    wait_until(lambda: page(server)["rhumb_snapshot_grace_period_seconds"] > 0, 10, "the old one goes")
    bad = reload(server, good=False)
    check_equal(bad["rhumb_config_last_reload_successful"], 0)
    check_equal(bad["rhumb_config_reload_total", "result=failure"], 1)
    check_equal(reload(server, MORE="", ZONES="")["rhumb_config_last_reload_successful"], 1)


@tap.case("the process is as the kernel says")
def _(server, _backends):
    now = page(server)
    check(abs(now["process_resident_memory_bytes"] - server.resident_bytes()) < 32 << 20)
    check(0 < now["process_cpu_seconds_total"] < 600)
    check(abs(now["process_start_time_seconds"] - time.time()) < 600)
    fds = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    check(abs(now["process_open_fds"] - fds) <= 10, f"{fds} descriptors")
    check_equal(now["rhumb_internal_errors_total"], 0)


def main():
    web = free_port(("127.0.1.1", "127.0.2.1", "::1"))
    with Backend("127.0.1.1", web) as us, Backend("127.0.2.1", web) as eu, Backend("::1", web) as eu6:
        with Rhumb(CONFIG, {"zone": ZONE}, {"WEB": web, "RATE": 0, "MORE": "", "ZONES": ""}) as server:
            tap.run(server, {"us": us, "eu": eu, "eu6": eu6})


main()
