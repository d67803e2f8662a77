"""The query log: every query as a line or as a frame of dnstap, no more of a client than the operator
wants, and never at the expense of who asks: a full disk, a reader that hangs or goes.

    test_query_log.py [--queries N] [--rounds N] [--bar RATIO]     p99 while a reader hangs, by that of before
"""
import argparse
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import dnsclient
import dnstap
from harness import LIBC, Rhumb, die_with_parent
from measure import go_first, percentile
from metrics import Page, fetch
from tap import Skip, Tap, check, check_equal, wait_until

CONFIG = """
server: { listen: [ "127.0.0.1:@PORT@", "[::1]:@PORT@" ], identity: pop-1, state: state }
@LOG@
geo: { networks: { 198.51.100.0/24: { country: JP }, 127.0.0.0/8: { country: DE } } }
regions: { a: {}, b: {} }
services: { app: { policy: failover, regions: { a: { addresses: [ 10.0.0.1 ] }, b: { addresses: [ 10.0.0.2 ] } } } }
zones: { example.com: { file: zone, names: { www: app, "{region}.app": app } } }
"""
ZONE = "$TTL 60\n@ SOA ns h 7 1 1 1 60\n@ NS ns\nns A 192.0.2.53\ntext TXT hello\n"
PAIR = re.compile(r'([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^ "]*))(?: |$)')
CLONE_NEWNS, MS_PRIVATE, MS_REC = 0x20000, 1 << 18, 1 << 14
tap = Tap()


def logfmt(line):
    """A line as a reader of logfmt takes it; anything else in it is an error."""
    out, at = {}, 0
    while at < len(line):
        match = PAIR.match(line, at)
        check(match, f"no pair at {at}: {line!r}")
        key, quoted, plain = match.groups()
        check(key not in out, f"{key} twice: {line!r}")
        out[key] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = match.end()
    return out


class Log:
    """A query log in the server's folder; the server is reloaded to write another."""

    def __init__(self, server):
        self.server, self.number = server, 0

    def set(self, how, **more):
        """how: what stands in query_log:; @FILE@ is a new file."""
        self.number += 1
        self.path = f"{self.server.folder}/queries.{self.number}"
        self.server.values["LOG"] = "query_log: { " + how.replace("@FILE@", self.path) + " }"
        self.server.values.update(more)
        since = len(self.server.log())
        self.server.write("rhumb.yaml", CONFIG.replace("@LOG@", self.server.values["LOG"]))
        self.server.wait_log("event=reload result=ok", since=since)
        return self

    def lines(self, count, path=None, seconds=10):
        """Waits for so many of them."""
        path = path or self.path

        def read():
            if not os.path.exists(path):
                return []
            with open(path, encoding="ascii") as opened:
                return opened.read().splitlines()

        wait_until(lambda: len(read()) >= count, seconds, f"{count} lines")
        lines = read()
        check_equal(len(lines), count)
        return lines


def page(server):
    return Page(fetch(server))


def totals(server):
    now = page(server)
    return [int(now["rhumb_query_log_written_total"]),
            int(now["rhumb_query_log_dropped_total", "reason=full"]),
            int(now["rhumb_query_log_dropped_total", "reason=unwritten"])]


def flood(server, count, window=32):
    """Sends count queries, so many at once, and reads every answer."""
    query = dnsclient.build_query("www.example.com", "A", ecs="198.51.100.0/24")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(server.server)
        for _ in range(count // window):
            for _ in range(window):
                sock.send(query)
            for _ in range(window):
                sock.recv(4096)


def latencies(server, count):
    query, out = dnsclient.build_query("www.example.com", "A"), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(server.server)
        for _ in range(count):
            start = time.perf_counter()
            sock.send(query)
            sock.recv(4096)
            out.append(time.perf_counter() - start)
    return out


# ---- files ------------------------------------------------------------------------------------


@tap.case("every query is a line, with what was asked, who got what and why")
def _(server, log, _options):
    log.set("file: @FILE@, clients: full")
    server.ask("www.example.com", "A", ecs="198.51.100.0/24")
    server.ask("b.app.example.com", "A", tcp=True)
    server.ask("text.example.com", "TXT")
    server.ask("nothing.example.com", "AAAA")
    dnsclient.ask(("::1", server.port), "example.net", "MX")
    lines = [logfmt(line) for line in log.lines(5)]
    keep = [{key: value for key, value in line.items() if key not in ("time", "size", "duration_us")}
            for line in lines]
    loopback = {"client": "127.0.0.1", "proto": "udp"}
    check_equal(sorted(keep, key=lambda line: line["name"]), [
        {**loopback, "proto": "tcp", "name": "b.app.example.com.", "type": "A", "rcode": "NOERROR",
         "service": "app", "region": "b", "country": "DE", "reason": "pinned"},
        {"client": "::1", "proto": "udp", "name": "example.net.", "type": "MX", "rcode": "REFUSED",
         "country": "unknown"},
        {**loopback, "name": "nothing.example.com.", "type": "AAAA", "rcode": "NXDOMAIN", "country": "DE"},
        {**loopback, "name": "text.example.com.", "type": "TXT", "rcode": "NOERROR", "country": "DE"},
        {**loopback, "name": "www.example.com.", "type": "A", "rcode": "NOERROR", "ecs": "198.51.100.0/24",
         "scope": "0", "service": "app", "region": "a", "country": "JP", "reason": "first"},
    ])
    for line in lines:
        check(abs(time.time() - time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S"))
                  + time.timezone) < 60, line["time"])
        check(12 < int(line["size"]) < 512 and 0 < float(line["duration_us"]) < 1e6, line)


@tap.case("as JSON: an object a line, numbers as numbers")
def _(server, log, _options):
    log.set("file: @FILE@, format: json, clients: full")
    server.ask("www.example.com", "A", ecs="198.51.100.0/24")
    entry = json.loads(log.lines(1)[0])
    check_equal({key: entry[key] for key in ("client", "name", "ecs", "scope", "reason")},
                {"client": "127.0.0.1", "name": "www.example.com.", "ecs": "198.51.100.0/24", "scope": 0,
                 "reason": "first"})
    check(isinstance(entry["size"], int) and isinstance(entry["duration_us"], float), entry)


@tap.case("a name may hold anything, and stays one value of one line")
def _(server, log, _options):
    labels = [b"a\nclient=10.9.9.9", b'quo"te', b"back\\slash", b"sp ace", b"nul\0", b"\xff\xfe", b"dot.dot"]
    for how in ("", ", format: json"):
        log.set("file: @FILE@" + how)
        for label in labels:
            query = dnsclient.build_query("x.example.com", "A").replace(
                b"\1x", bytes([len(label)]) + label)
            check(dnsclient.exchange_udp(server.server, query), "an answer")
        lines = log.lines(len(labels))
        names = {(json.loads(line) if how else logfmt(line))["name"] for line in lines}
        check_equal(names, {
            "a\\010client=10\\.9\\.9\\.9.example.com.", 'quo\\"te.example.com.', "back\\\\slash.example.com.",
            "sp\\032ace.example.com.", "nul\\000.example.com.", "\\255\\254.example.com.",
            "dot\\.dot.example.com."})


@tap.case("of a sample each query has its chance")
def _(server, log, _options):
    log.set("file: @FILE@, sample: 10%")
    before = totals(server)[0]
    flood(server, 3200)
    time.sleep(0.5)  # for lines that should not come
    count = totals(server)[0] - before
    check(200 < count < 450, f"{count} of 3200")  # 320, give or take seven standard deviations
    log.lines(count)


@tap.case("clients are told whole, as networks, or not at all")
def _(server, log, _options):
    expected = {"full": ("127.0.0.1", "198.51.100.77/32"), "prefix": ("127.0.0.0/24", "198.51.100.0/24"),
                "none": (None, None)}
    for clients, (client, ecs) in expected.items():
        log.set(f"file: @FILE@, clients: {clients}")
        server.ask("www.example.com", "A", ecs="198.51.100.77/32")
        line = log.lines(1)[0]
        entry = logfmt(line)
        check_equal((entry.get("client"), entry.get("ecs"), entry["country"]), (client, ecs, "JP"), clients)
        if clients != "full":
            check("127.0.0.1" not in line and "198.51.100.77" not in line, line)


@tap.case("a file that is moved away is made anew, with a signal and without")
def _(server, log, _options):
    log.set("file: @FILE@")
    server.ask("one.example.com")
    log.lines(1)
    os.rename(log.path, log.path + ".old")
    server.reload()
    wait_until(lambda: os.path.exists(log.path), 5, "the file is there again")
    server.ask("two.example.com")
    check_equal(logfmt(log.lines(1)[0])["name"], "two.example.com.")
    os.rename(log.path, log.path + ".older")
    time.sleep(1.3)  # it looks once a second
    server.ask("three.example.com")
    check_equal(logfmt(log.lines(1)[0])["name"], "three.example.com.")
    log.lines(1, log.path + ".old")
    log.lines(1, log.path + ".older")


@tap.case("a full disk costs lines, no query, and no line is half there")
def _(server, log, options):
    small = server.folder + "/small"
    if not options.has_mounts:
        raise Skip("no mounts of our own here")
    log.set(f"file: {small}/log")
    before = totals(server)
    flood(server, 3200)  # 128 KiB hold some 800 lines
    wait_until(lambda: sum(totals(server)) - sum(before) == 3200, 10, "each was written or lost")
    written, full, lost = (now - was for now, was in zip(totals(server), before))
    check(written > 0 and lost > 0 and full == 0, f"{written} written, {lost} lost, {full} dropped")
    for line in log.lines(written, small + "/log"):
        check_equal(logfmt(line)["name"], "www.example.com.")
    server.wait_log(r'event=query_log_failed path=\S+ reason="No space left on device"')
    os.unlink(small + "/log")
    time.sleep(1.3)
    server.ask("after.example.com")
    check_equal(logfmt(log.lines(1, small + "/log")[0])["name"], "after.example.com.")
    server.wait_log("event=query_log_works")


@tap.case("without a folder to write to it says so, and tries again")
def _(server, log, _options):
    since, folder = len(server.log()), server.folder + "/later"
    log.set(f"file: {folder}/log")
    server.ask("lost.example.com")
    server.wait_log("event=query_log_failed.*No such file", since=since)
    os.mkdir(folder)
    time.sleep(1.3)
    server.ask("found.example.com")
    check_equal(logfmt(log.lines(1, folder + "/log")[0])["name"], "found.example.com.")


# ---- dnstap -----------------------------------------------------------------------------------


class Capture:
    """fstrm_capture at a socket in the server's folder."""

    def __init__(self, server, name):
        self.socket, self.path = f"{server.folder}/{name}.sock", f"{server.folder}/{name}.tap"
        self.process = None

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.process = subprocess.Popen(
            ["fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", self.socket, "-w", self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        wait_until(lambda: os.path.exists(self.socket), 10, "fstrm_capture listens")
        return self

    def stop(self):
        """Ends it, and reads what came."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(10)
        return dnstap.read(self.path)


def need_capture():
    if not shutil.which("fstrm_capture"):
        raise Skip("no fstrm_capture")


@tap.case("dnstap is read back by fstrm_capture: answers, clients, times, the policy's reason")
def _(server, log, _options):
    need_capture()
    capture = Capture(server, "tap").start()
    log.set(f"dnstap: {capture.socket}, clients: full")
    before, start = totals(server)[0], time.time()
    server.ask("www.example.com", "A", ecs="198.51.100.0/24")
    server.ask("text.example.com", "TXT", tcp=True)
    dnsclient.ask(("::1", server.port), "a.app.example.com", "AAAA")
    wait_until(lambda: totals(server)[0] == before + 3, 10, "three are written")
    log.set("file: @FILE@")  # the stream ends
    taps = sorted(capture.stop(), key=lambda tap: tap.query_time)
    check_equal([(t.type, t.family, t.protocol, t.client) for t in taps],
                [("AUTH_RESPONSE", 4, "UDP", "127.0.0.1"), ("AUTH_RESPONSE", 4, "TCP", "127.0.0.1"),
                 ("AUTH_RESPONSE", 6, "UDP", "::1")])
    check_equal([t.policy for t in taps], [{"type": "first", "rule": "app/a", "action": 6}, None,
                                           {"type": "none", "rule": "app/", "action": 2}])
    answers = [dnsclient.parse(t.response) for t in taps]
    check_equal([a.question[0] for a in answers],
                ["www.example.com.", "text.example.com.", "a.app.example.com."])
    check_equal([a.texts() for a in answers], [["10.0.0.1"], ['"hello"'], []])
    check(answers[0].ecs and answers[0].nsid is None, "the response is whole")
    check_equal(logfmt(taps[0].extra), {"ecs": "198.51.100.0/24", "scope": "0", "service": "app", "region": "a",
                                        "country": "JP", "reason": "first"})
    for t in taps:
        check_equal((t.identity, t.zone), ("pop-1", b"\7example\3com\0"))
        check(t.version.startswith("rhumb ") and t.port > 0, t.version)
        check(start - 1 < t.query_time < t.response_time < time.time() + 1, "times")


@tap.case("clients that are not told whole are not in the response either")
def _(server, log, _options):
    need_capture()
    for clients in ("prefix", "none"):
        capture = Capture(server, "tap-" + clients).start()
        log.set(f"dnstap: {capture.socket}, clients: {clients}")
        before = totals(server)[0]
        server.ask("www.example.com", "A", ecs="198.51.100.77/32")
        wait_until(lambda: totals(server)[0] == before + 1, 10, "it is written")
        log.set("file: @FILE@")
        (told,) = capture.stop()
        answer = dnsclient.parse(told.response)
        check_equal((answer.texts(), answer.edns, told.port), (["10.0.0.1"], None, None))
        check_equal(told.client, "127.0.0.0" if clients == "prefix" else None)
        with open(capture.path, "rb") as opened:
            check(bytes([198, 51, 100, 77]) not in opened.read(), "the client's subnet")


@tap.case("a reader that comes late, goes, and comes again gets what there is while it is there")
def _(server, log, _options):
    need_capture()
    capture = Capture(server, "late")
    log.set(f"dnstap: {capture.socket}")
    before = totals(server)
    flood(server, 320)
    wait_until(lambda: totals(server)[2] - before[2] == 320, 10, "they are lost")
    for round_ in range(2):
        capture.start()
        time.sleep(1.3)  # it tries once a second
        before = totals(server)
        flood(server, 320)
        wait_until(lambda: totals(server)[0] - before[0] == 320, 10, "they are written")
        check_equal(len(capture.stop()), 320, f"round {round_}")
        flood(server, 64)  # to nobody
    check_equal(totals(server)[1], 0)


@tap.case("while a reader hangs every query is answered, and drops are counted")
def _(server, log, options):
    need_capture()
    capture = Capture(server, "hang").start()
    log.set(f"dnstap: {capture.socket}")
    start, sent, usual, hanging = totals(server), 0, [], []
    for _ in range(options.rounds):
        flood(server, 320)
        usual.append(percentile(latencies(server, options.queries), 0.99))
        sent += 320 + options.queries
        wait_until(lambda: sum(totals(server)) - sum(start) == sent, 10, "all so far are accounted for")
        capture.process.send_signal(signal.SIGSTOP)
        flood(server, 24000)  # more than socket and rings hold
        hanging.append(percentile(latencies(server, options.queries), 0.99))
        sent += 24000 + options.queries
        check(totals(server)[1] > start[1], "drops are counted")
        capture.process.send_signal(signal.SIGCONT)
        wait_until(lambda: sum(totals(server)) - sum(start) == sent, 20, "each is accounted for")
    p99 = [percentile(values, 0.5) * 1e6 for values in (usual, hanging)]
    print(f"# p99 of {options.queries} queries, median of {options.rounds} rounds: {p99[0]:.0f} us, with a "
          f"reader that hangs {p99[1]:.0f} us; {totals(server)[1] - start[1]} dropped")
    check(p99[1] <= p99[0] * options.bar + options.slack_us, f"p99 {p99}")
    log.set("file: @FILE@")
    capture.stop()


@tap.case("a reader that hangs does not keep the server from stopping, and what can be written is")
def _(server, log, _options):
    need_capture()
    capture = Capture(server, "stop").start()
    log.set(f"dnstap: {capture.socket}")
    flood(server, 320)
    capture.process.send_signal(signal.SIGSTOP)
    flood(server, 9600)
    seconds = server.stop()
    check(seconds < 6, f"{seconds} s")
    capture.process.kill()
    server.values["LOG"] = f"query_log: {{ file: {server.folder}/last }}"
    server.write("rhumb.yaml", CONFIG.replace("@LOG@", server.values["LOG"]))
    server.start()
    flood(server, 320)
    server.stop()
    with open(server.folder + "/last", encoding="ascii") as opened:
        names = [logfmt(line)["name"] for line in opened.read().splitlines()]
    check_equal(names.count("www.example.com."), 320)
    server.start()


def mount_small(folder):
    """128 KiB at folder, which nobody else sees; False where that is not allowed. The server is to be
    started after this."""
    os.makedirs(folder)
    return (LIBC.unshare(CLONE_NEWNS) == 0
            and LIBC.mount(None, b"/", None, ctypes.c_ulong(MS_PRIVATE | MS_REC), None) == 0
            and LIBC.mount(b"small", folder.encode(), b"tmpfs", ctypes.c_ulong(0), b"size=128k") == 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--bar", type=float, default=2.0)
    parser.add_argument("--slack-us", type=float, default=20000, help="of a machine that is busy with others")
    options = parser.parse_args()
    if options.rounds > 1:
        go_first()
    server = Rhumb(CONFIG, {"zone": ZONE}, {"LOG": ""})
    options.has_mounts = mount_small(server.folder + "/small")
    try:
        with server:
            tap.run(server, Log(server), options)
    finally:
        if options.has_mounts:
            LIBC.umount(f"{server.folder}/small".encode())
        shutil.rmtree(server.folder, ignore_errors=True)


main()
