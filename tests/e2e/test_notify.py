"""Who is told when something happens: webhooks over HTTP and HTTPS and a command, each event once."""
import json
import os
import re
import tempfile
import time

from backend import Backend, make_certificate
from harness import Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

CONFIG = """server: {listen: ["127.0.0.1:@PORT@"], identity: ams1, probes: {suspect_self: 0}}
notify:
  - webhook: {url: "http://127.0.0.1:@PLAIN@/plain?a=b", severity: info, headers: {X-Team: ops}}
  - webhook: {url_file: url, headers_file: headers, ca_file: @CA@, severity: critical}
  - webhook: {url: "https://localhost:@TLS@/unverified", severity: critical, timeout: 1s}
  - command: [ ./page, "@FOLDER@" ]
    severity: critical
regions: {one: {}, two: {}}
checks:
  web: {http: {path: /, port: @WEB@}, interval: 300ms, timeout: 250ms, fall: 2, rise: 2, min_down: 1s, damping: false}
services:
  app:
    policy: failover
    check: web
    regions: {one: {addresses: [127.0.1.1]}, two: {addresses: [127.0.2.1]}}
zones:
  example.com: {file: zone, names: {www: app}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
PAGE = """#!/bin/sh
read -r line
echo "$RHUMB_EVENT $line" >>"$1/pages"
"""
BROKEN = CONFIG.replace("regions:", "regoins:", 1)
QUIET_SECONDS = 2  # longer than the first retries take
tap = Tap()


def pages(server, kind=""):
    path = server.folder + "/pages"
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as opened:
        return [page for page in opened.read().splitlines() if page.startswith(kind)]


def posts(backend, kind):
    return [post for post in map(json.loads, backend.posts) if post["event"] == kind]


def break_and_mend(server):
    """One failed reload, and a good one again."""
    since = len(server.log())
    server.write("rhumb.yaml", BROKEN)
    server.wait_log("event=reload result=failed", 20, since)
    since = len(server.log())
    server.write("rhumb.yaml", CONFIG)
    server.wait_log("event=reload result=ok", 20, since)


@tap.case("a failed reload is one POST over HTTP, one over HTTPS, and one run of the command")
def _(server, plain, tls, _backends):
    break_and_mend(server)
    wait_until(lambda: posts(plain, "reload_failed") and posts(tls, "reload_failed")
               and pages(server), 20, "told")
    time.sleep(QUIET_SECONDS)
    check_equal([len(posts(plain, "reload_failed")), len(posts(tls, "reload_failed")),
                 len(pages(server, "reload_failed"))], [1, 1, 1])


@tap.case("the reload that works again is told to the same, once, as the end of it")
def _(server, plain, tls, _backends):
    wait_until(lambda: posts(tls, "reload_works") and pages(server, "reload_works"), 20, "told")
    check_equal([len(posts(plain, "reload_works")), len(posts(tls, "reload_works")),
                 len(pages(server, "reload_works"))], [1, 1, 1])
    event = posts(plain, "reload_works")[0]
    check_equal((event["severity"], event["clears"]), ("critical", True))
    since = len(server.log())
    server.reload()  # nothing was wrong: nothing to end
    server.wait_log("event=reload result=ok", 20, since)
    time.sleep(QUIET_SECONDS)
    check_equal(len(posts(plain, "reload_works")), 1)


@tap.case("it says what, how bad, when, who, and why with the place")
def _(server, plain, tls, _backends):
    event = posts(plain, "reload_failed")[0]
    check_equal(sorted(event), ["event", "id", "identity", "reason", "remedy", "severity", "time"])
    check_equal((event["severity"], event["identity"]), ("critical", "ams1"))
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event["time"])
    check(re.search(r"rhumb\.yaml:\d+:1: unknown key 'regoins'", event["reason"]), event["reason"])
    check("did you mean 'regions'?" in event["remedy"], event["remedy"])
    check_equal(posts(tls, "reload_failed")[0], event)  # the same, the id included
    kind, line = pages(server)[0].split(" ", 1)
    check_equal((kind, json.loads(line)), ("reload_failed", event))


@tap.case("path, headers and the id are as configured; secrets from files are in no log")
def _(server, plain, tls, _backends):
    method, path, headers = plain.last_request
    check_equal((method, path, headers["X-Team"]), ("POST", "/plain?a=b", "ops"))
    check_equal(headers["Content-Type"], "application/json")
    check_equal(headers["Idempotency-Key"], json.loads(plain.posts[-1])["id"])
    _, path, headers = tls.last_request
    check_equal((path, headers["Authorization"]), ("/s3cret-path", "Bearer s3cret-token"))
    check("s3cret" not in server.log(), "a secret in the log")


@tap.case("a certificate that does not verify is not told anything, and the log says why")
def _(server, _plain, tls, _backends):
    server.wait_log(r"notify_failed receiver=https://localhost:\d+ about=reload_failed .*"
                    r"reason=\"?[^\n]*certificate", 20)
    check_equal(len(posts(tls, "reload_failed")), 1)


@tap.case("a receiver that fails, then works, gets each event once, in order")
def _(server, plain, _tls, _backends):
    before, ended = len(posts(plain, "reload_failed")), len(posts(plain, "reload_works"))
    plain.refuse()
    break_and_mend(server)
    break_and_mend(server)
    server.wait_log(r"notify_failed receiver=http://127\.0\.0\.1:\d+ .*connection refused", 20)
    plain.accept()
    wait_until(lambda: len(posts(plain, "reload_works")) == ended + 2, 30, "both, and their ends")
    check_equal(len(posts(plain, "reload_failed")), before + 2)
    plain.mode = "error"
    since = len(server.log())
    break_and_mend(server)
    server.wait_log("notify_failed receiver=http://127.* reason=\"status 503", 20, since)
    plain.mode = "ok"
    server.wait_log("notify_works receiver=http://127", 30, since)
    time.sleep(QUIET_SECONDS)
    told = posts(plain, "reload_failed")[before:]
    check(len(told) >= 4, "what was answered with an error was told again")
    ids = [event["id"] for event in told]
    once = list(dict.fromkeys(ids))
    check_equal(len(once), 3, "three events")
    check_equal(ids, once[:2] + once[2:] * (len(ids) - 2), "in order; only the refused one again")
    check_equal([event["time"] for event in told], sorted(event["time"] for event in told))


@tap.case("one POST a transition, through DOWN and back")
def _(_server, plain, _tls, backends):
    plain.posts.clear()
    backends[0].refuse()
    wait_until(lambda: any(post["to"] == "down" for post in posts(plain, "health")), 20, "down")
    backends[0].accept()
    wait_until(lambda: any(post["to"] == "up" and post["from"] != "suspect"
                           for post in posts(plain, "health")), 20, "up again")
    time.sleep(QUIET_SECONDS)
    told = [(post["address"], post["from"], post["to"]) for post in posts(plain, "health")]
    check_equal(told, [("127.0.1.1", "up", "suspect"), ("127.0.1.1", "suspect", "down"),
                       ("127.0.1.1", "down", "up")])


@tap.case("everything down is one critical page")
def _(server, plain, _tls, backends):
    before = len(pages(server))
    for backend in backends:
        backend.refuse()
    wait_until(lambda: len(pages(server)) > before, 20, "a page")
    time.sleep(QUIET_SECONDS)
    told = [page.split(" ")[0] for page in pages(server)[before:]]
    check_equal(told, ["service_all_down"])
    check_equal(len(posts(plain, "service_all_down")), 1)
    for backend in backends:
        backend.accept()
    wait_until(lambda: posts(plain, "service_usable"), 20, "usable again")


@tap.case("a receiver that hangs holds neither answers nor a reload nor the end")
def _(server, plain, _tls, _backends):
    hits, plain.mode = plain.hits, "hang"
    break_and_mend(server)
    wait_until(lambda: plain.hits > hits, 10, "it hangs")
    worst = 0
    for _ in range(100):
        start = time.monotonic()
        check_equal(server.ask("www.example.com").texts(), ["127.0.1.1"])
        worst = max(worst, time.monotonic() - start)
        time.sleep(0.01)
    print(f"# the slowest of 100 answers took {worst * 1000:.1f} ms")
    check(worst < 1, "an answer waited")
    since, elapsed = len(server.log()), server.stop()
    print(f"# stopping took {elapsed:.2f} s")
    check("notify_dropped" in server.log()[since:], "what was not taken is said")
    plain.mode = "ok"
    server.start()


def main():
    web = free_port(("127.0.1.1", "127.0.2.1"))
    folder = tempfile.TemporaryDirectory()
    certificate = make_certificate(folder.name, "localhost")
    with Backend("127.0.0.1", 0) as plain, Backend("127.0.0.1", 0, tls=certificate) as tls, \
            Backend("127.0.1.1", web) as one, Backend("127.0.2.1", web) as two:
        server = Rhumb(CONFIG, {"zone": ZONE, "page": PAGE,
                                "url": f"https://localhost:{tls.port}/s3cret-path\n",
                                "headers": "Authorization: Bearer s3cret-token\n"},
                       {"PLAIN": plain.port, "TLS": tls.port, "CA": certificate[0], "WEB": web,
                        "FOLDER": ""})
        server.values["FOLDER"] = server.folder
        server.write("rhumb.yaml", CONFIG)
        for name, mode in (("page", 0o755), ("url", 0o600), ("headers", 0o600)):
            os.chmod(f"{server.folder}/{name}", mode)
        with server:
            tap.run(server, plain, tls, [one, two])


main()
