"""A reload replaces everything at once or nothing: by SIGHUP and by a changed file, with health
kept, the service manager told, and no way to end up with half of it.
"""
import os
import re
import shutil
import signal
import socket
import tempfile
import threading
import time

import dnsclient
from backend import Backend
from harness import ROOT, Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

GOOD = ROOT + "/tests/data/mmdb/good/"
EU = "2a02:cf40::/48"  # Norway in GeoLite2-Country-Test
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], allow_shrink: @SHRINK@}
geo: {databases: [geo.mmdb], default: {country: US}}
regions: {us: {country: US}, eu: {country: DE}}
checks:
  web: {http: {path: /h, port: @WEB@}, interval: 300ms, timeout: 200ms, fall: 2, rise: 2, min_down: 0s}
services:
  app:
    policy: geo
    check: web
    ttl: {stable: @TTL@s, unsettled: @TTL@s}
    regions: {us: {serves: [default], addresses: [127.0.1.1]}, eu: {serves: [EU], addresses: [127.0.2.1]}}
zones:
  example.com: {file: zone, names: {www: app, "{region}.app": app}}
"""
ZONE = "$TTL 60\n@ SOA ns h @SERIAL@ 1 1 1 60\n@ NS ns.example.net.\ntxt TXT \"@SERIAL@\"\n"
OTHER = "  example.org: {file: other, names: {new: second}}\n"
SECOND = "  second: {policy: failover, regions: {eu: {addresses: [192.0.2.7]}}}\nzones:\n"
tap = Tap()


def serial(server):
    return int(server.ask("example.com", "SOA").texts()[0].split()[2])


def change(server, **values):
    """Writes config and zone with other values; each change has another serial."""
    server.values.update(values, SERIAL=server.values["SERIAL"] + 1)
    server.write("rhumb.yaml", CONFIG)
    server.write("zone", ZONE)
    return server.values["SERIAL"]


def wait_serial(server, wanted):
    wait_until(lambda: serial(server) == wanted, 20, f"serial {wanted}")


def refused(server, pattern, *damage):
    """After damage (path, content), SIGHUP: an error of pattern is logged, everything stays."""
    before, since = serial(server), len(server.log())
    for path, content in damage:
        server.write(path, content)
    server.reload()
    server.wait_log(r"event=reload result=failed severity=critical", since=since)
    server.wait_log(pattern, since=since)
    check_equal((serial(server), server.ask("www.example.com").texts()), (before, ["127.0.1.1"]))
    done = server.run("check")
    check_equal(done.returncode, 1, "rhumb check's exit status")
    return done.stderr


@tap.case("SIGHUP takes over config and zone, together")
def _(server, _backends, _notices):
    wanted = change(server, TTL=7)
    server.reload()
    wait_serial(server, wanted)
    check_equal(server.ask("www.example.com").ttls(), {7})


@tap.case("a changed config or zone file is taken over without a signal")
def _(server, _backends, _notices):
    wanted = change(server, TTL=8)
    wait_serial(server, wanted)
    check_equal(server.ask("www.example.com").ttls(), {8})
    server.values["SERIAL"] = wanted + 1
    with open(server.folder + "/zone", "w", encoding="ascii") as zone:  # in place
        zone.write(server.fill(ZONE))
    wait_serial(server, wanted + 1)


@tap.case("a change made while what it replaces is being compiled is not lost")
def _(server, _backends, _notices):
    server.write("zone", ZONE + "$GENERATE 1-30000 host-$ A 192.0.2.1\n")
    for ttl in range(20, 25):
        since = len(server.log())
        server.reload()
        server.wait_log("event=reload_requested", since=since)
        time.sleep(0.03)  # the config has been read, the zone has not
        wanted = change(server, TTL=ttl)
        wait_until(lambda: server.ask("www.example.com").ttls() == {ttl}, 20, f"TTL {ttl}")
        server.write("zone", ZONE + "$GENERATE 1-30000 host-$ A 192.0.2.1\n")
        wait_serial(server, wanted)


@tap.case("a reload that throws most names away is refused until the operator means it")
def _(server, _backends, _notices):
    more = "$GENERATE 1-20 host-$ A 192.0.2.1\n"
    wanted = change(server, SHRINK="false")
    server.write("zone", ZONE + more)
    wait_serial(server, wanted)
    wait_until(lambda: server.ask("host-7.example.com").texts() == ["192.0.2.1"], 20, "more names")
    since = len(server.log())
    change(server)
    server.reload()
    server.wait_log(r"20 of 2\d names would be gone, more than half.*allow_shrink", since=since)
    server.wait_log("event=reload result=failed severity=critical", since=since)
    check_equal(server.ask("host-7.example.com").texts(), ["192.0.2.1"])
    wait_serial(server, change(server, SHRINK="true"))
    check_equal(server.ask("host-7.example.com").rcode, "NXDOMAIN")


@tap.case("a database replaced by rename or written in place is taken over")
def _(server, _backends, _notices):
    check_equal(server.ask("www.example.com", ecs=EU).texts(), ["127.0.2.1"])
    with open(GOOD + "GeoLite2-ASN-Test.mmdb", "rb") as asn:
        server.write("geo.mmdb", asn.read())
    wait_until(lambda: server.ask("www.example.com", ecs=EU).texts() == ["127.0.1.1"], 20,
               "no country is known any more")
    shutil.copyfile(GOOD + "GeoLite2-Country-Test.mmdb", server.folder + "/geo.mmdb")
    wait_until(lambda: server.ask("www.example.com", ecs=EU).texts() == ["127.0.2.1"], 20,
               "countries are known again")


@tap.case("a symbolic link that points elsewhere is followed")
def _(server, _backends, _notices):
    for name, number in (("v1", 1001), ("v2", 1002)):
        os.makedirs(f"{server.folder}/{name}", exist_ok=True)
        server.values["SERIAL"] = number
        server.write(f"{name}/zone", ZONE)
    for name, number in (("v1", 1001), ("v2", 1002)):
        os.symlink(f"{name}/zone", server.folder + "/link")
        os.rename(server.folder + "/link", server.folder + "/zone")
        wait_serial(server, number)
    time.sleep(1)  # past the look that follows each reload
    server.values["SERIAL"] = 1003
    server.write("v2/zone", ZONE)  # behind the link, in a folder nobody watches
    wait_serial(server, 1003)
    os.unlink(server.folder + "/zone")
    wait_serial(server, change(server))


@tap.case("a broken config, zone or database changes nothing, and the error has its place")
def _(server, _backends, _notices):
    text = refused(server, r"file=\S*rhumb.yaml line=4 column=1 message=.*regoins",
                   ("rhumb.yaml", CONFIG.replace("regions:", "regoins:", 1)))
    check("rhumb.yaml:4:1: error: unknown key 'regoins'" in text and "^" in text
          and "did you mean 'regions'" in text, text)
    server.write("rhumb.yaml", CONFIG)
    text = refused(server, r"file=\S*/zone line=4 column=\d+ message=",
                   ("zone", ZONE.replace('TXT "@SERIAL@"', "A 1.2.3.4.5")))
    check("zone:4:" in text and "1.2.3.4.5" in text, text)
    server.write("zone", ZONE)
    with open(server.folder + "/geo.mmdb", "rb") as opened:
        database = opened.read()
    text = refused(server, r"message=.*geo.mmdb", ("geo.mmdb", database[:len(database) // 2]))
    check("rhumb.yaml:3:" in text, text)
    refused(server, "geo.mmdb", ("geo.mmdb", b""))
    server.write("geo.mmdb", database)
    server.reload()
    wait_serial(server, change(server))


@tap.case("every error of all files is logged, not only the first")
def _(server, _backends, _notices):
    since = len(server.log())
    refused(server, "line=3", ("zone", ZONE + "a A 300.0.0.1\nb AAAA 1\n"),
            ("rhumb.yaml", CONFIG.replace("geo.mmdb", "none.mmdb")))
    for what in ("none.mmdb", "zone line=5", "zone line=6"):
        server.wait_log(what, since=since)
    wait_serial(server, change(server))


@tap.case("a file that was missing is taken over when it comes")
def _(server, _backends, _notices):
    since = len(server.log())
    server.write("rhumb.yaml", CONFIG.replace("services:\n", "services:\n" + SECOND[:-7]) + OTHER)
    server.wait_log("result=failed", since=since)
    check_equal(server.ask("new.example.org").rcode, "REFUSED")
    server.write("other", ZONE)
    wait_until(lambda: server.ask("new.example.org").texts() == ["192.0.2.7"], 20, "the new zone")


@tap.case("a zone that is taken out is refused")
def _(server, _backends, _notices):
    wait_serial(server, change(server))
    check_equal(server.ask("new.example.org").rcode, "REFUSED")


@tap.case("health is kept: no probe more, no answer from a region that is DOWN")
def _(server, backends, _notices):
    backends[1].refuse()
    wait_until(lambda: server.ask("www.example.com", ecs=EU).texts() == ["127.0.1.1"], 10, "left")
    hits, start, since = backends[0].hits, time.monotonic(), len(server.log())
    for number in range(20):
        wanted = change(server, TTL=10 + number)
        server.reload()
        while serial(server) != wanted:
            check_equal(server.ask("www.example.com", ecs=EU).texts(), ["127.0.1.1"])
            check(time.monotonic() - start < 60, "20 reloads in 60 s")
    most = (time.monotonic() - start) / 0.3 + 2
    print(f"# 20 reloads, {backends[0].hits - hits} probes, {most - 2:.0f} are due")
    check(backends[0].hits - hits <= most, "reloading does not probe again")
    check("event=health" not in server.log()[since:], "no transition")
    backends[1].accept()
    wait_until(lambda: server.ask("www.example.com", ecs=EU).texts() == ["127.0.2.1"], 10, "back")


@tap.case("100 SIGHUPs end in one clean state")
def _(server, _backends, _notices):
    since = len(server.log())
    for _ in range(100):
        server.reload()
    wanted = change(server, TTL=99)
    for _ in range(100):
        server.reload()
    wait_serial(server, wanted)
    wait_until(lambda: server.ask("www.example.com").ttls() == {99}, 20, "the last of all")
    check("result=failed" not in server.log()[since:])


@tap.case("the service manager was told: ready once, then reloading and ready each time")
def _(_server, _backends, notices):
    wait_until(lambda: len(notices) % 2 == 1, 10, "the last reload has ended")
    check_equal(notices[0], "READY=1")
    check_equal(notices[1:], ["RELOADING=1", "READY=1"] * (len(notices) // 2))
    check(len(notices) > 60, f"{len(notices) // 2} reloads")


@tap.case("SIGTERM: a TCP client gets the answers to what it sent, then the process ends with 0")
def _(server, _backends, notices):
    with dnsclient.TcpClient(server.server) as client:
        query = dnsclient.build_query("www.example.com")
        client.send(query)
        dnsclient.parse(client.receive(), query)
        client.sock.sendall(b"\0")  # a query half sent
        server.signal(signal.SIGTERM)
        wait_until(lambda: "event=stopping" in server.log(), 10, "stopping")
        second = dnsclient.build_query("txt.example.com", "TXT")
        client.sock.sendall(bytes([len(second)]) + second)
        check_equal(dnsclient.parse(client.receive(), second).rcode, "NOERROR")
    check_equal(server.process.wait(15), 0)
    wait_until(lambda: notices[-1] == "STOPPING=1", 10, "the service manager was told")


def minds_hangup(pid):
    """It blocks or catches SIGHUP: before main() nothing can."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        masks = re.findall(r"Sig(?:Blk|Cgt):\s+(\w+)", status.read())
    return any(int(mask, 16) & 1 for mask in masks)


@tap.case("a SIGHUP before the server is ready does not end it")
def _(server, _backends, _notices):
    since = len(server.log())
    server.start(wait=False)
    wait_until(lambda: minds_hangup(server.process.pid), 30, "main() has begun", pause=0)

    def is_ready():
        server.signal(signal.SIGHUP)
        server.signal(signal.SIGUSR1)
        return server.process.poll() is not None or "event=ready" in server.log()[since:]
    wait_until(is_ready, 30, "ready", pause=0.01)
    check_equal(server.process.poll(), None)
    check_equal(server.ask("www.example.com").rcode, "NOERROR")


@tap.case("SIGTERM in the middle of a reload ends it with 0, and nothing is leaked")
def _(server, _backends, _notices):
    server.stop()
    for pause in (0, 0.01, 0.03, 0.1, 0.3):
        server.write("zone", ZONE + "$GENERATE 1-20000 host-$ A 192.0.2.1\n")
        server.start()
        server.reload()
        time.sleep(pause)
        server.stop()  # looks for sanitizer reports
    server.start()


def collect(sock, notices):
    while True:
        notices.append(sock.recv(4096).decode().split("\n")[0])


def main():
    folder = tempfile.TemporaryDirectory()
    sock, notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), []
    sock.bind(folder.name + "/notify")
    threading.Thread(target=collect, args=(sock, notices), daemon=True).start()
    web = free_port(("127.0.1.1", "127.0.2.1"))
    backends = [Backend(f"127.0.{n}.1", web) for n in (1, 2)]
    with open(GOOD + "GeoLite2-Country-Test.mmdb", "rb") as database:
        files = {"zone": ZONE, "geo.mmdb": database.read()}
    server = Rhumb(CONFIG, files, {"SERIAL": 1, "TTL": 5, "WEB": web, "SHRINK": "true"},
                   environment={"NOTIFY_SOCKET": folder.name + "/notify"})
    with server:
        tap.run(server, backends, notices)


main()
