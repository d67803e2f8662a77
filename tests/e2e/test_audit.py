"""rhumb audit proves where clients can be sent; a table that breaks it is found by both walks, and
is never served, neither at the start nor by a reload.

$RHUMB_SLIPPED is rhumb linked with tests/support/slip_hook.c: it slips one region into one leaf of
each table that it compiles while there is a file $RHUMB_SLIP that says which.
"""
import contextlib
import hashlib
import json
import os
import re
import shutil
import threading

from harness import ROOT, Rhumb
from tap import Tap, check, check_equal

CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"]}
geo:
  databases: [geo.mmdb]
  networks: {203.0.113.0/24: {country: DE}, 192.0.2.0/24: {country: US}}
  default: {country: @DEFAULT@}
regions: {us: {country: US}, eu: {country: DE}, ap: {country: JP}}
services:
  app:
    policy: geo
    residency:
      EU-union: [eu]
      GB: [eu, us]
    regions:
      us: {serves: [default], addresses: [192.0.2.1]}
      eu: {serves: [EU], addresses: [@EU@]}
      ap: {serves: [AS], addresses: [192.0.2.3]}
  free: {policy: nearest, regions: {us: {addresses: [192.0.2.1]}, eu: {addresses: [192.0.2.2]}}}
@MORE@
zones:
  example.com: {file: zone, names: {www: app, "{region}.app": app, free: free}}
"""
ZONE = "$TTL 60\n@ SOA ns h 1 1 1 1 60\n@ NS ns.example.net.\n$INCLUDE more\n"
FILES = {"zone": ZONE, "more": "txt TXT \"more\"\n",
         "geo.mmdb": "@/tests/data/mmdb/good/GeoIP2-City-Test.mmdb"}
VALUES = {"DEFAULT": "US", "EU": "192.0.2.2", "MORE": ""}
SLIPPED = "app 203.0.113.77 us"
RULE = "rhumb.yaml:12:7"
FEW = ("--samples", "20000")  # sanitizers are slow
tap = Tap()


@contextlib.contextmanager
def files(**how):
    """A configuration that nobody serves."""
    server = Rhumb(CONFIG, FILES, dict(VALUES), **how)
    try:
        yield server
    finally:
        shutil.rmtree(server.folder)


def audit(server, *arguments, status=0):
    done = server.run("audit", *arguments, timeout=120)
    check_equal(done.returncode, status, done.stdout + done.stderr)
    return done


def audit_json(server, *arguments, status=0):
    return json.loads(audit(server, "--json", *arguments, status=status).stdout)


def slip(server, words=SLIPPED):
    with open(server.folder + "/slip", "w", encoding="ascii") as out:
        out.write(words)


def slipped(server):
    """The same configuration for the program that slips."""
    server.binary = os.environ["RHUMB_SLIPPED"]
    server.environment["RHUMB_SLIP"] = server.folder + "/slip"
    return server


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@tap.case("a configuration that keeps residency is proved twice, in words and in JSON")
def _(good):
    text = audit(good).stdout
    check(text.endswith("residency holds\n"), text)
    check_equal(re.findall(r"(\d+) violations", text), ["0", "0"])
    check(f"rule      EU-union: only eu   ({good.folder}/{RULE})" in text, text)
    report = audit_json(good)
    check_equal((report["holds"], report["errors"]), (True, []))
    check_equal(report["second_walk"]["random_clients"], 1000000)
    check_equal(report["second_walk"]["random_answers"], 1000000)
    check_equal(report["second_walk"]["seed"], 1)
    for walk in ("table_walk", "second_walk"):
        check_equal(report[walk]["violations"], 0, walk)
        check(report[walk]["leaves"] > 100, walk)


@tap.case("inputs and table have digests: the same for the same files, others for others")
def _(good):
    report = audit_json(good, *FEW)
    digests = {(item["kind"], os.path.basename(item["path"])): item["sha256"]
               for item in report["inputs"]}
    check_equal(digests, {(kind, name): sha256(f"{good.folder}/{name}") for kind, name in (
        ("config", "rhumb.yaml"), ("database", "geo.mmdb"), ("zone", "zone"), ("zone", "more"))})
    table = report["table"]["sha256"]
    check_equal(audit_json(good, "--seed", "2", *FEW)["table"]["sha256"], table, "another seed")
    good.values["EU"] = "192.0.2.22"
    good.write("rhumb.yaml", CONFIG)
    check(audit_json(good, *FEW)["table"]["sha256"] != table, "another address")
    good.values["EU"] = "192.0.2.2"
    good.write("rhumb.yaml", CONFIG)
    check_equal(audit_json(good, *FEW)["table"]["sha256"], table, "and back")


@tap.case("clients are counted by country and region")
def _(good):
    report = audit_json(good, *FEW)
    app = next(item for item in report["services"] if item["name"] == "app")
    check_equal([(rule["who"], rule["line"], rule["regions"]) for rule in app["rules"]],
                [("EU-union", 12, ["eu"]), ("GB", 13, ["us", "eu"])])
    check_equal(sum(row["clients"]["ipv4_addresses"] for row in app["countries"]), 2 ** 32)
    rows = {row["country"]: row for row in app["countries"] if not row["assumed"]}
    check_equal(rows["DE"]["regions"], ["eu"])
    check_equal(rows["GB"]["regions"], ["us", "eu"])
    check_equal(rows["JP"]["regions"], ["us", "eu", "ap"])
    assumed = [row for row in app["countries"] if row["assumed"]]
    check_equal([row["country"] for row in assumed], ["US"])
    by_region = {item["region"]: item for item in app["regions"]}
    check_equal(by_region["eu"]["may_be_sent"]["ipv4_addresses"], 2 ** 32)
    union = sum(row["clients"]["ipv4_addresses"] for row in app["countries"]
                if row["regions"] == ["eu"])
    kingdom = rows["GB"]["clients"]["ipv4_addresses"]
    check_equal(by_region["us"]["may_be_sent"]["ipv4_addresses"], 2 ** 32 - union)
    check_equal(by_region["ap"]["may_be_sent"]["ipv4_addresses"], 2 ** 32 - union - kingdom)
    check_equal({item["name"]: item.get("pinned") for item in app["names"]},
                {"www.example.com.": None, "us.app.example.com.": "us",
                 "eu.app.example.com.": "eu", "ap.app.example.com.": "ap"})


@tap.case("a configuration with errors proves nothing")
def _(good):
    good.values["DEFAULT"] = "Germany"
    good.write("rhumb.yaml", CONFIG)
    done = audit(good, status=1)
    check("nothing was proved" in done.stdout, done.stdout)
    check("rhumb.yaml:6:" in done.stderr, done.stderr)
    report = audit_json(good, status=1)
    check_equal(report["holds"], False)
    check_equal(report["errors"][0]["line"], 6)
    good.values["DEFAULT"] = "US"
    good.write("rhumb.yaml", CONFIG)


@tap.case("a nested service that leads around a rule is refused by audit, check and serve alike")
def _(good):
    good.values["MORE"] = (
        "  outer: {policy: failover, residency: {DE: [eu]},\n"
        "          regions: {us: {addresses: [192.0.2.1]}, eu: {service: free}}}")
    good.write("rhumb.yaml", CONFIG)
    for command in ("audit", *FEW), ("check",), ("serve",):
        done = good.run(*command)
        check_equal(done.returncode, 1, command)
        for part in ("rhumb.yaml:19:41: error: clients in", "may be sent to 'us' by the service "
                     "'free' inside 'outer': this rule forbids it"):
            check(part in done.stderr, done.stderr)
    good.values["MORE"] = ""
    good.write("rhumb.yaml", CONFIG)


@tap.case("a file that changes while it is audited is told")
def _(good):
    ended = threading.Event()

    def change():
        while not ended.is_set():
            good.write("more", FILES["more"])

    thread = threading.Thread(target=change)
    thread.start()
    try:
        done = audit(good, *FEW, status=1)
    finally:
        ended.set()
        thread.join()
    check("was changed while it was audited" in done.stderr, done.stderr)


@tap.case("one region slipped into one leaf is found by both walks, with network, region and rule")
def _(good):
    with files() as server:
        slipped(server)
        table = audit_json(server, *FEW)["table"]["sha256"]
        check_equal(table, audit_json(good, *FEW)["table"]["sha256"])
        slip(server)
        done = audit(server, *FEW, status=1)
        check("residency is violated" in done.stdout, done.stdout)
        what = "may be sent to 'us' of 'app', which this rule forbids"
        for part in (f"{RULE}: error: clients in 203.0.113.0/24 (DE EU) {what}",
                     f"{RULE}: error: second walk: clients in 203.0.113.0/24 {what}"):
            check(part in done.stderr, done.stderr)
        report = audit_json(server, *FEW, status=1)
        check_equal(report["holds"], False)
        check_equal(report["table_walk"]["violations"], 1)
        check(report["second_walk"]["violations"] > 0)
        check_equal({(item["line"], item["column"]) for item in report["errors"]}, {(12, 7)})
        check(report["table"]["sha256"] != table)


@tap.case("it never starts to serve such a table")
def _(_good):
    with files() as server:
        slip(slipped(server))
        for command in "serve", "check":
            done = server.run(command)
            check_equal(done.returncode, 1, done.stderr)
            check("may be sent to 'us' of 'app', which this rule forbids" in done.stderr,
                  done.stderr)


@tap.case("it never reloads such a table: the old one stays, with an alarm; the log has its digest")
def _(_good):
    with slipped(Rhumb(CONFIG, FILES, dict(VALUES))) as server:
        def answer():
            return server.ask("us.app.example.com", ecs="203.0.113.0/24").texts()

        check_equal(answer(), ["192.0.2.2"])
        table = audit_json(server, *FEW)["table"]["sha256"]
        server.wait_log(r"event=ready .* table=" + table)
        for _ in range(3):
            slip(server)
            since = len(server.log())
            server.reload()
            server.wait_log(r"event=reload result=failed severity=critical errors=1 kept=\d+", 20,
                            since)
            check("may be sent to 'us' of 'app'" in server.log()[since:])
            check_equal(answer(), ["192.0.2.2"], "a German client")
            os.remove(server.folder + "/slip")
            since = len(server.log())
            server.reload()
            server.wait_log(r"event=reload result=ok .* table=" + table, 20, since)


with files() as unserved:
    tap.run(unserved)
