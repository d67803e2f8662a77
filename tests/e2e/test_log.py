"""The log of the process: logfmt or JSON, from a level up, also after a reload."""
import json
import re

from harness import Rhumb
from tap import Tap, check, check_equal, wait_until

CONFIG = """
server: { listen: [ "127.0.0.1:@PORT@" ] }
log: { @LOG@ }
regions: { "7": {} }
checks: { dead: { tcp: { port: 1 }, interval: 200ms, timeout: 100ms, confirm: 50ms, fall: 1 } }
services: { app: { policy: failover, check: dead, regions: { "7": { addresses: [ 127.0.0.1 ] } } } }
zones: { example.com: { file: zone, names: { www: app } } }
"""
ZONE = "$TTL 60\n@ SOA ns h @SERIAL@ 1 1 1 60\n@ NS ns\nns A 192.0.2.53\n"
tap = Tap()


def reload(server, log, pattern):
    """With other words in log:; returns what was written since."""
    since = len(server.log())
    server.values["LOG"] = log
    server.write("rhumb.yaml", CONFIG)
    if pattern:
        server.wait_log(pattern, since=since)
    return server.log()[since:]


@tap.case("every line is an object with time, level and event; numbers are numbers, names are not")
def _(server):
    server.wait_log('"event":"health"')
    entries = [json.loads(line) for line in server.log().splitlines()]
    for entry in entries:
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"]), entry)
        check(entry["level"] in ("info", "warning", "error") and entry["event"], entry)
    by_event = {entry["event"]: entry for entry in entries}
    check_equal(by_event["listening"]["port"], server.port)
    check_equal((by_event["health"]["region"], by_event["health"]["reason"]), ("7", "connection refused"))
    check_equal((by_event["ready"]["zones"], by_event["ready"]["targets"]), (1, 1))


@tap.case("a reload changes the format")
def _(server):
    text = reload(server, "format: logfmt", "level=info event=reload result=ok")
    check(re.search(r"^\S+Z level=info event=reload result=ok generation=2 ", text, re.M), text)


@tap.case("debug says more")
def _(server):
    reload(server, "level: debug", "level=debug event=snapshot_retired grace_us=")


@tap.case("and below the level nothing is said")
def _(server):
    def serve(serial):
        server.values["SERIAL"] = serial
        server.write("zone", ZONE)
        wait_until(lambda: f" {serial} " in server.ask("example.com", "SOA").texts()[0], 10, "the new zone")

    reload(server, "level: error", None)
    serve(8)
    since = len(server.log())
    serve(9)
    server.write("zone", "@ nonsense\n")
    server.wait_log("level=error event=reload result=failed", since=since)
    serve(10)
    check_equal(set(re.findall(r"level=(\w+)", server.log()[since:])), {"error"})


with Rhumb(CONFIG, {"zone": ZONE}, {"LOG": "format: json", "SERIAL": 7}) as server:
    tap.run(server)
