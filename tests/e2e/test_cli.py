"""The command line as a client of a running server: what operators see and do, what programs get, and
what is said when something is wrong.
"""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

from admin import Api
from backend import Backend, make_certificate
from harness import Rhumb, die_with_parent, find_binary, free_port
from tap import Skip, Tap, check, check_equal, wait_until

EAST, WEST, SPARE = "127.0.1.1", "127.0.2.1", "127.0.2.2"
US, DE = "192.0.2.0/24", "198.51.100.0/24"
OPERATE, CONFIG_TOKEN, BLIND = "operator-0123456789abcdef", "configurer-0123456789abcdef", "blind-0123456789abcdef"
DONE, ERRORS, USAGE, UNREACHABLE, REFUSED, NOT_READY = range(6)
NOBODY = 65534
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], state: state, identity: fra1}
admin:
  listen: ["unix:state/admin.sock", "127.0.0.1:@ADMIN@"]
  tokens: {ops: {file: ops.token, scopes: [read, operate]}, cfg: {file: cfg.token, scopes: [config]}, blind: {file: blind.token, scopes: [operate]}}
geo: {networks: {192.0.2.0/24: {country: US}, 198.51.100.0/24: {country: DE}}}
regions: {us-east: {country: US}, eu-west: {country: DE}, planned: {country: JP}}
checks:
  web: {http: {path: /h, port: @WEB@}, interval: 200ms, timeout: 150ms, confirm: 50ms, fall: 2, rise: 1, min_down: 0s, damping: false}
  plan: {file: {path: plan.json, max_age: 1h}, interval: 200ms, timeout: 150ms, fall: 1, rise: 1, min_down: 0s, damping: false}
services:
  app:
    policy: geo
    check: web
    regions:
      us-east: {serves: [US, default], addresses: [127.0.1.1]}
      eu-west: {serves: [DE], addresses: [127.0.2.1, 127.0.2.2]}
  writes: {policy: failover, check: web, regions: {us-east: {addresses: [127.0.1.1]}, eu-west: {addresses: [127.0.2.1]}}}
  six: {policy: geo, regions: {us-east: {serves: [default], addresses: ["2001:db8::1"]}, planned: {addresses: [127.0.9.1]}}}
  later: {policy: failover, check: plan, regions: {planned: {addresses: [127.0.9.1]}}}
zones:
  example.com: {file: zone, names: {www: app, api: writes, six: six, later: later}}
"""
ZONE = "$TTL 60\n@ SOA ns h 7 1 1 1 60\n@ NS ns.example.net.\n"
PLAN = json.dumps({"127.0.9.1": {"state": "down", "reason": "\x1b[31mred\x1b[0m\x07 alert"}})
FILES = {"zone": ZONE, "plan.json": PLAN, "ops.token": OPERATE + "\n", "cfg.token": CONFIG_TOKEN + "\n",
         "blind.token": BLIND + "\n"}
tap = Tap()


def tell(text):
    print("# " + text, flush=True)


class Done:
    """What a command printed: status, out, err, lines (of out)."""

    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.lines = self.out.splitlines()

    def json(self):
        return json.loads(self.out)

    def rows(self):
        """The table: a dictionary a line, by the titles; the titles are upper case."""
        start = next(i for i, line in enumerate(self.lines) if re.match(r"[A-Z]{2}[A-Z ]+$", line))
        titles = [(m.group(), m.start(), m.end()) for m in re.finditer(r"\S+(?: \S+)*", self.lines[start])]
        rows = []
        for line in self.lines[start + 1:]:
            cells = re.finditer(r"\S+(?: \S+)*", line)
            row = {}
            for cell in cells:  # a cell belongs to the title it shares a column with
                title = min(titles, key=lambda t, c=cell: max(t[1] - c.end(), c.start() - t[2], 0))
                row[title[0]] = cell.group()
            rows.append(row)
        return rows


def environment(**changes):
    """Ours, without what steers the command line; None removes a variable."""
    ours = {name: value for name, value in os.environ.items()
            if name not in ("RHUMB_SOCKET", "RHUMB_TOKEN", "SUDO_USER", "USER", "LOGNAME", "COLUMNS")}
    ours.update({name: value for name, value in changes.items() if value is not None})
    return ours


def rhumb(*arguments, user=None, **changes):
    """The program alone; the keywords go into its environment."""
    process = subprocess.run([find_binary(), *arguments], capture_output=True, text=True, timeout=60, check=False,
                             stdin=subprocess.DEVNULL, env=environment(**changes), user=user,
                             extra_groups=[] if user else None)
    return Done(process)


def ask(server, *arguments, **changes):
    """With the server's configuration."""
    return rhumb(*arguments, "-c", server.config, **changes)


def works(server, *arguments, **changes):
    done = ask(server, *arguments, **changes)
    check_equal((done.status, done.err), (DONE, ""), " ".join(arguments))
    return done


def fails(done, status, *texts):
    check_equal((done.status, done.out), (status, ""), done.err)
    for text in texts:
        check(text in done.err, f"{text!r} is not in {done.err!r}")


def socket_of(server):
    return server.folder + "/state/admin.sock"


def get(server, path):
    """What the API says, without the command line."""
    return Api("unix:" + socket_of(server)).get(path).json


def answer(server, name, ecs=None):
    return server.ask(name + ".example.com", ecs=ecs).texts()


def settled(server):
    """As it begins: nothing changed by hand, every back end seen well."""
    wait_until(lambda: all(o["state"] == "resume" for o in get(server, "/v1/overrides")["overrides"]) and all(
        s["condition"] == "ok" for s in get(server, "/v1/services")["services"] if s["service"] != "later"),
        10, "nothing is changed and all is well")


# ---- looking ----------------------------------------------------------------------------------


@tap.case("status: the server, and a line for each service")
def _(server, *_backends):
    done = works(server, "status")
    check(re.search(rf"^rhumb +\S+ as fra1, process {server.process.pid}, started \d+s ago$", done.lines[0]), done.out)
    check(f"{server.config}, generation 1, loaded" in done.lines[1], done.out)
    check("4 targets, 1 down" in done.out, done.out)
    rows = {row["SERVICE"]: row for row in done.rows()}
    check_equal(sorted(rows), ["app", "later", "six", "writes"])
    check_equal((rows["app"]["CONDITION"], rows["app"]["REGIONS"], rows["app"]["ENDPOINTS"]), ("ok", "2/2", "3/3"))
    check_equal((rows["writes"]["ACTIVE"], rows["writes"]["STANDBY"]), ("us-east", "eu-west"))
    check_equal(rows["later"]["CONDITION"], "dark")


@tap.case("every command's --json is what the API says")
def _(server, *_backends):
    target = get(server, "/v1/targets")["targets"][0]["target"]
    for arguments, path in (
            (["services"], "/v1/services"), (["services", "app"], "/v1/services/app"), (["regions"], "/v1/regions"),
            (["zones"], "/v1/zones"), (["overrides"], "/v1/overrides"), (["history"], "/v1/history"),
            (["history", target, "-n1"], f"/v1/history?target={target}&limit=1"),
            (["explain", "www.example.com", "--client", DE, "--live"], f"/v1/explain?name=www.example.com&client={DE}"),
            (["ready"], "/ready")):
        wait_until(lambda p=path, a=arguments: works(server, *a, "--json").json() == get(server, p), 5, path)
    status, said = works(server, "status", "--json").json(), get(server, "/v1/status")
    check_equal((sorted(status), status["pid"], [sorted(s) for s in status["services"]]),
                (sorted(said), said["pid"], [sorted(s) for s in said["services"]]))
    targets = works(server, "targets", "--json").json()["targets"]
    check_equal([t["target"] for t in targets], [t["target"] for t in get(server, "/v1/targets")["targets"]])


@tap.case("services, regions, targets, zones: a table each")
def _(server, *_backends):
    rows = works(server, "services").rows()
    check_equal([(r["SERVICE"], r["REGION"], r["STATE"], r["ANSWERED"]) for r in rows[:2]],
                [("app", "us-east", "usable", "1/1"), ("app", "eu-west", "usable", "2/2")])
    check_equal([r["ROLE"] for r in rows if r["SERVICE"] == "writes"], ["active", "standby"])
    done = works(server, "services", "app")
    check(done.lines[0].startswith("app: policy geo, ok, 2 of 2 regions usable"), done.out)
    check_equal([(r["REGION"], r["ENDPOINT"], r["STATE"], r["ANSWERED"], r["REASON"]) for r in done.rows()],
                [("us-east", EAST, "up", "yes", "status 200"), ("eu-west", WEST, "up", "yes", "status 200"),
                 ("eu-west", SPARE, "up", "yes", "status 200")])
    rows = {row["REGION"]: row for row in works(server, "regions").rows()}
    check_equal((rows["eu-west"]["COUNTRY"], rows["eu-west"]["SERVICES USABLE"], rows["eu-west"]["ENDPOINTS ANSWERED"]),
                ("DE", "2/2", "3/3"))
    rows = {row["ADDRESS"]: row for row in works(server, "targets").rows()}
    check_equal((rows[EAST]["CHECK"], rows[EAST]["KIND"], rows[EAST]["USED BY"]),
                ("web", "http", "app/us-east, writes/us-east"))
    check_equal([(r["ZONE"], r["SERIAL"], r["RECORDS"]) for r in works(server, "zones").rows()],
                [("example.com.", "7", "2")])


@tap.case("--names: one a line, for scripts")
def _(server, *_backends):
    check_equal(works(server, "services", "--names").lines, ["app", "writes", "six", "later"])
    check_equal(works(server, "regions", "--names").lines, ["us-east", "eu-west", "planned"])
    check_equal(works(server, "zones", "--names").lines, ["example.com."])
    check_equal(sorted(works(server, "targets", "--names").lines),
                sorted(t["target"] for t in get(server, "/v1/targets")["targets"]))


@tap.case("what a back end says cannot steer the terminal")
def _(server, *_backends):
    for arguments in (["targets"], ["services", "later"], ["history"], ["events"]):
        done = works(server, *arguments)
        check("red" in done.out, done.out)
        check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.out), repr(done.out))


@tap.case("explain --live follows the running server's health; without, the configuration alone")
def _(server, east, *_backends):
    how = ["explain", "www.example.com", "--client", US]
    check("127.0.1.1 up" in works(server, *how, "--live").out)
    check("127.0.1.1 unknown" in works(server, *how).out)
    east.refuse()
    wait_until(lambda: EAST not in answer(server, "www", US), 5, "us-east is left")
    check("127.0.1.1 down" in works(server, *how, "--live").out)
    why = works(server, *how, "--live", "--why-not", "us-east").out
    check("why-not" in why or "us-east" in why, why)
    check_equal(works(server, *how, "--live").out, get(server, f"/v1/explain?name=www.example.com&client={US}")["text"])
    east.accept()
    settled(server)
    fails(ask(server, "explain", "..", "--client", US, "--live"), REFUSED, "is no domain name")


# ---- changing ---------------------------------------------------------------------------------


@tap.case("drain: who answers then is told, and is in the answers when it returns; undrain takes it back")
def _(server, *_backends):
    settled(server)
    check_equal(answer(server, "www", US), [EAST])
    done = works(server, "drain", "us-east", "--reason", "kernel update", "--by", "anna")
    check_equal(sorted(answer(server, "www", US)), [WEST, SPARE], "at once")
    check_equal(server.dig("www.example.com", "A", f"+subnet={US}").data, [WEST, SPARE])
    check_equal(done.lines[0], "us-east is drained in every service")
    rows = {row["SERVICE"]: row for row in done.rows()}
    check_equal((rows["app"]["ANSWERS NOW"], rows["app"]["BEFORE"]), ("eu-west", "us-east, eu-west"))
    check_equal((rows["writes"]["ANSWERS NOW"], rows["writes"]["BEFORE"]), ("eu-west", "us-east"))
    check("later" not in rows, "it has no such region")
    row, = works(server, "overrides").rows()
    check_equal((row["STATE"], row["SERVICE"], row["REGION"], row["ADDRESS"], row["BY"], row["ENDS"], row["REASON"]),
                ("drain", "any", "us-east", "any", "anna", "by hand", "kernel update"))
    check_equal({r["REGION"]: r["FORCED"] for r in works(server, "services").rows() if r["SERVICE"] == "app"},
                {"us-east": "drain", "eu-west": "-"})
    done = works(server, "undrain", "us-east")
    check_equal(answer(server, "www", US), [EAST], "at once")
    check(re.match(r"us-east is no longer drained, after \d+s \(anna: kernel update\)$", done.lines[0]), done.out)
    check_equal(works(server, "overrides").out, "nothing is changed by hand\n")


@tap.case("undrain where nothing is drained says so, and what may have been meant")
def _(server, *_backends):
    fails(ask(server, "undrain", "us-east"), REFUSED, "us-east is not drained\n")
    works(server, "drain", f"eu-west/{SPARE}", "-s", "app", "-r", "disk")
    fails(ask(server, "undrain", "eu-west"), REFUSED, "eu-west is not drained\n",
          f"eu-west/{SPARE} is drained in service app: rhumb undrain eu-west/{SPARE} --service app")
    fails(ask(server, "unforce", f"eu-west/{SPARE}", "-s", "app"), REFUSED, "is not forced in service app")
    works(server, "undrain", f"eu-west/{SPARE}", "-s", "app")


@tap.case("an address is drained alone, and a drain ends by itself")
def _(server, *_backends):
    settled(server)
    done = works(server, "drain", f"eu-west/{WEST}", "--service", "app", "-r", "disk", "--for", "2s")
    check_equal(done.lines[0], f"eu-west/{WEST} is drained in service app, for 2s")
    check_equal(answer(server, "www", DE), [SPARE])
    row, = works(server, "overrides").rows()
    check(re.match(r"in \ds$|now", row["ENDS"]), str(row))
    wait_until(lambda: sorted(answer(server, "www", DE)) == [WEST, SPARE], 5, "the drain is over")
    works(server, "drain", "eu-west", "-r", "x", "--until", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600)))
    until = works(server, "overrides", "--json").json()["overrides"][0]["until"]
    check(until.endswith("Z"), until)
    works(server, "undrain", "eu-west")
    fails(ask(server, "drain", "eu-west", "-r", "x", "--until", "2020-01-01T00:00:00Z"), REFUSED, "'until' must be a time to come")


@tap.case("force up and down, whatever probes say; unforce")
def _(server, east, *_backends):
    settled(server)
    check_equal(works(server, "force", "down", "us-east", "-s", "app", "-r", "slow").lines[0],
                "us-east is forced down in service app")
    check(EAST not in answer(server, "www", US), "it is out")
    works(server, "unforce", "us-east", "-s", "app")
    check_equal(answer(server, "www", US), [EAST])
    works(server, "force", "up", "us-east", "-r", "the check is broken")
    east.refuse()
    wait_until(lambda: [r["STATE"] for r in works(server, "services", "app").rows() if r["REGION"] == "us-east"] == ["down"],
               5, "its probes fail")
    row = works(server, "services", "app").rows()[0]
    check_equal((row["FORCED"], row["ANSWERED"], row["REASON"]), ("up", "yes", "connection refused"))
    check_equal(answer(server, "www", US), [EAST])
    fails(ask(server, "undrain", "us-east"), REFUSED, "us-east is not drained", "us-east is forced up in every service: rhumb unforce us-east")
    check(works(server, "unforce", "us-east").lines[0].startswith("us-east is no longer forced, after"))
    check(EAST not in answer(server, "www", US), "it is out")
    east.accept()
    settled(server)


@tap.case("when nothing is left, that is told")
def _(server, *_backends):
    works(server, "drain", "us-east", "-r", "x")
    rows = {row["SERVICE"]: row for row in works(server, "drain", "eu-west", "-r", "x").rows()}
    check_equal((rows["app"]["CONDITION"], rows["app"]["ANSWERS NOW"]), ("dark", "none usable: when_all_down"))
    conditions = {row["SERVICE"]: row["CONDITION"] for row in works(server, "status").rows()}
    check_equal((conditions["app"], conditions["six"]), ("dark", "degraded, IPv6 dark"))
    works(server, "undrain", "us-east")
    works(server, "undrain", "eu-west")
    settled(server)


@tap.case("failover by hand and back, in the answers when the command returns")
def _(server, _east, west, _spare):
    settled(server)
    check_equal(answer(server, "api"), [EAST])
    done = works(server, "failover", "writes", "--to", "eu-west", "--reason", "us-east loses packets", "--for", "2h")
    check_equal(done.lines[0], "service writes fails over to eu-west, for 2h")
    check_equal(server.dig("api.example.com", "A").data, [WEST])
    row, = done.rows()
    check_equal((row["SERVICE"], row["ANSWERS NOW"], row["BEFORE"]), ("writes", "eu-west", "us-east"))
    row, = works(server, "overrides").rows()
    check_equal((row["STATE"], row["SERVICE"], row["REGION"]), ("active", "writes", "eu-west"))
    done = works(server, "failback", "writes", "--reason", "it is well again")
    check_equal(done.lines[0], "service writes goes by its own order again")
    check_equal(server.dig("api.example.com", "A").data, [EAST])
    row, = works(server, "overrides").rows()
    check_equal((row["STATE"], row["SERVICE"], row.get("ENDS")), ("resume", "writes", None))
    west.refuse()
    wait_until(lambda: get(server, "/v1/services/writes")["usable_regions"] == 1, 5, "eu-west is down")
    fails(ask(server, "failover", "writes", "--to", "eu-west", "-r", "x"), REFUSED, "is not usable")
    works(server, "failover", "writes", "--to", "eu-west", "-r", "x", "--force")
    works(server, "failback", "writes", "-r", "x")
    west.accept()
    fails(ask(server, "failover", "writes", "--to", "asia", "-r", "x"), REFUSED, "has no region 'asia'")
    fails(ask(server, "failover", "writer", "--to", "eu-west", "-r", "x"), REFUSED, "there is no service 'writer'")
    settled(server)


@tap.case("who does it: --by, SUDO_USER, USER; a change with --json prints the server's answer alone")
def _(server, *_backends):
    for changes, extra, by in (({"SUDO_USER": "anna", "USER": "root"}, [], "anna"), ({"USER": "bob"}, [], "bob"),
                               ({"USER": "bob"}, ["--by", "carl"], "carl"), ({}, [], "uid 0")):
        said = works(server, "drain", "us-east", "-s", "app", "-r", "x", "--json", *extra, **changes).json()
        check_equal((said["override"]["by"], said["override"]["state"], said["durable"]),
                    (by if os.geteuid() == 0 or by != "uid 0" else f"uid {os.geteuid()}", "drain", True))
    said = works(server, "undrain", "us-east", "-s", "app", "--json").json()
    check_equal((said["override"]["region"], said["durable"]), ("us-east", True))
    for arguments in (["failover", "writes", "--to", "eu-west"], ["failback", "writes"]):
        check_equal(works(server, *arguments, "-r", "x", "--json").json()["durable"], True)


@tap.case("reload waits and tells; a mistake is refused with its place")
def _(server, *_backends):
    check(re.match(r"reloaded: generation \d+, 1 zones", works(server, "reload").out), "reloaded")
    check_equal(works(server, "reload", "--force", "--json").json()["reloaded"], True)
    server.write("zone", ZONE.replace("NS ns.", "NZ ns."))
    fails(ask(server, "reload"), REFUSED, "zone:3:")
    server.write("zone", ZONE)
    works(server, "reload")
    smaller = CONFIG.replace("names: {www: app, api: writes, six: six, later: later}", "names: {www: app}")
    server.write("rhumb.yaml", smaller)
    fails(ask(server, "reload"), REFUSED, "more than half")
    check_equal(answer(server, "api"), [EAST], "the old state")
    works(server, "reload", "--force")
    check_equal(answer(server, "api"), [], "it was meant")
    server.write("rhumb.yaml", CONFIG)
    works(server, "reload")
    check_equal(answer(server, "api"), [EAST])


# ---- what happens -----------------------------------------------------------------------------


@tap.case("history: transitions, newest first; of one target")
def _(server, *_backends):
    rows = works(server, "history").rows()
    check(any(r["ADDRESS"] == EAST and r["CHANGE"] == "suspect -> down" for r in rows), str(rows))
    times = [r["TIME"] for r in rows]
    check_equal(times, sorted(times, reverse=True))
    target = next(r["TARGET"] for r in rows if r["ADDRESS"] == EAST)
    check_equal({r["ADDRESS"] for r in works(server, "history", target).rows()}, {EAST})
    check_equal(len(works(server, "history", target, "--limit", "2").rows()), 2)
    fails(ask(server, "history", "nothing"), REFUSED, "'target' must be an id")
    fails(ask(server, "history", "-n", "0"), REFUSED, "'limit' must be a number from 1 to 1000")


@tap.case("events: those that are kept, from a number on, as lines of JSON")
def _(server, *_backends):
    done = works(server, "events")
    check(any(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  \w+ +override +.* app us-east 127.0.1.1", line)
              or "override" in line and "app us-east" in line for line in done.lines), done.out)
    events = [json.loads(line) for line in works(server, "events", "--json").lines]
    ids = [e["id"] for e in events]
    check_equal(ids, list(range(ids[0], ids[0] + len(ids))))
    check_equal(len(done.lines), len(events))
    late = [json.loads(line)["id"] for line in works(server, "events", "--json", "--since", str(ids[-3])).lines]
    check_equal(late, ids[-2:])
    check_equal(works(server, "events", "--since", str(ids[-1])).out, "")


class Follower:
    """rhumb events --follow --json, begun with the latest event, so that it is known to listen."""

    def __init__(self, server, *where):
        latest = get(server, "/v1/status")["state"]["latest_event"]
        self.events, self.told = [], []
        self.process = subprocess.Popen(
            [find_binary(), "events", "--follow", "--json", "--since", str(latest - 1), *where], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        for stream, take in ((self.process.stdout, lambda line: self.events.append(json.loads(line))),
                             (self.process.stderr, self.told.append)):
            threading.Thread(target=self.read, args=(stream, take), daemon=True).start()
        self.waits_for(id=latest)

    @staticmethod
    def read(stream, take):
        for line in stream:
            take(line)

    def waits_for(self, after=0, **wanted):
        """The first event behind `after` with these members."""
        return wait_until(lambda: next((e for e in self.events if e["id"] > after and wanted.items() <= e.items()), None),
                          15, str(wanted))[0]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@tap.case("events --follow: what happens from now on, also of a server that was started again")
def _(server, *_backends):
    with Follower(server, "-c", server.config) as follower:
        works(server, "drain", "us-east", "-r", "first")
        check("first" in follower.waits_for(event="override", to="drain")["reason"])
        server.kill()
        server.start()
        wait_until(lambda: any("found the server again" in line for line in follower.told), 15, "it tells")
        check(any("lost the server" in line for line in follower.told), str(follower.told))
        works(server, "undrain", "us-east")
        follower.waits_for(event="override", to="free")
        check_equal(follower.end(), -signal.SIGINT)


class Cutter:
    """A TCP port in front of the Unix socket, which counts requests and cuts connections."""

    def __init__(self, path):
        self.path, self.pairs, self.heads = path, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
                server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                server.connect(self.path)
            except OSError:
                return
            self.pairs.append((client, server))
            for source, target, heads in ((client, server, self.heads), (server, client, None)):
                threading.Thread(target=self.copy, args=(source, target, heads), daemon=True).start()

    @staticmethod
    def copy(source, target, heads):
        try:
            while data := source.recv(65536):
                if heads is not None:
                    heads.append(data.decode())
                target.sendall(data)
        except OSError:
            pass

    def cut(self):
        for pair in self.pairs:
            for one in pair:
                one.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()

    def close(self):
        self.listener.close()
        self.cut()


@tap.case("events --follow goes on behind the last event it saw when the connection breaks")
def _(server, *_backends):
    cutter, rounds = Cutter(socket_of(server)), 3
    with Follower(server, "--socket", f"127.0.0.1:{cutter.port}") as follower:
        for number in range(rounds):
            before = follower.events[-1]["id"]
            works(server, "drain", "us-east", "-s", "app", "-r", f"round {number}")
            last = follower.waits_for(after=before, event="override", to="drain")["id"]
            cutter.cut()
            works(server, "undrain", "us-east", "-s", "app")  # while it does not listen, or soon again
            follower.waits_for(after=last, event="override", to="free")
        ids = [e["id"] for e in follower.events]
        check_equal(ids, list(range(ids[0], ids[0] + len(ids))), "each once, none left out")
        resumed = [int(number) for head in cutter.heads for number in re.findall(r"Last-Event-ID: (\d+)", head)]
        check_equal((len(resumed), resumed[0], set(resumed[1:]) <= set(ids)), (rounds + 1, ids[0] - 1, True), str(resumed))
        check_equal(len([line for line in follower.told if "lost the server" in line]), rounds)
    cutter.close()


@tap.case("events --follow ends when nobody reads it, when it is refused, and when there is no server")
def _(server, *_backends):
    process = subprocess.Popen([find_binary(), "events", "-f", "--since", "0", "-c", server.config], env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    check(process.stdout.readline(), "a first event")
    process.stdout.close()
    works(server, "drain", "us-east", "-s", "app", "-r", "x")
    works(server, "undrain", "us-east", "-s", "app")
    check_equal(process.wait(10), ERRORS)
    process.stderr.close()
    url = f"http://127.0.0.1:{server.values['ADMIN']}"
    fails(rhumb("events", "-f", "--socket", url, RHUMB_TOKEN="wrong-0123456789abcdef"), REFUSED, "this token is not known")
    fails(rhumb("events", "-f", "--socket", server.folder + "/nothing"), UNREACHABLE, "No such file")


# ---- who may, and whether there is anybody -----------------------------------------------------


@tap.case("over TCP: looking is free, a change wants a token with the scope")
def _(server, *_backends):
    place = f"127.0.0.1:{server.values['ADMIN']}"
    drain = ["drain", "us-east", "-s", "app", "-r", "x", "--socket"]
    check_equal(rhumb("status", "--socket", place).status, DONE)
    fails(rhumb(*drain, place), REFUSED, "scope 'operate'", "--token-file")
    fails(rhumb(*drain, place, RHUMB_TOKEN="wrong-0123456789abcdef"), REFUSED, "this token is not known")
    done = rhumb(*drain, "http://" + place + "/", "--token-file", server.folder + "/ops.token", "--json", USER="bob")
    check_equal((done.status, done.json()["override"]["by"]), (DONE, "ops"), done.err)
    check_equal(rhumb("undrain", "us-east", "-s", "app", "--socket", place, RHUMB_TOKEN=OPERATE).status, DONE)
    check_equal(rhumb("undrain", "us-east", RHUMB_SOCKET=place, RHUMB_TOKEN=OPERATE).status, REFUSED, "not drained")
    fails(rhumb("reload", RHUMB_SOCKET=place, RHUMB_TOKEN=OPERATE), REFUSED, "token 'ops' has no scope 'config'")
    check_equal(rhumb("reload", RHUMB_SOCKET=place, RHUMB_TOKEN=CONFIG_TOKEN).status, DONE)
    done = rhumb(*drain, place, RHUMB_TOKEN=BLIND)
    check_equal((done.status, done.out, done.err), (DONE, "us-east is drained in service app\n", ""), "it may not look")
    done = rhumb("undrain", "us-east", "-s", "app", RHUMB_SOCKET=place, RHUMB_TOKEN=BLIND)
    check_equal((done.status, len(done.lines), done.err), (DONE, 1, ""), "it may not look")
    fails(rhumb("undrain", "us-east", "-s", "app", RHUMB_SOCKET=place, RHUMB_TOKEN=BLIND), REFUSED, "there is no override")
    server.write("empty.token", "\n")
    fails(rhumb("status", "--socket", place, "--token-file", server.folder + "/empty.token"), ERRORS, "has no token")
    fails(rhumb("status", "--socket", place, "--token-file", server.folder + "/none"), ERRORS, "No such file")


@tap.case("what is refused is told on standard error, with --json too")
def _(server, *_backends):
    for extra in ([], ["--json"]):
        fails(ask(server, "services", "nothing", *extra), REFUSED, "there is no service 'nothing'")
        fails(ask(server, "drain", "nowhere", "-r", "x", *extra), REFUSED, "no endpoint fits")
        fails(ask(server, "drain", "us-east/192.0.2.99", "-r", "x", *extra), REFUSED, "no endpoint fits")
        fails(ask(server, "drain", "us-east", "-r", "x" * 501, *extra), REFUSED, "'reason' must be a text of 1 to 500")
        fails(ask(server, "services", "a/b ?#%", *extra), REFUSED, "")


@tap.case("without a server: which place was tried, why not, and what helps")
def _(server, east, *_backends):
    nothing = server.folder + "/nothing.sock"
    fails(rhumb("status", "--socket", nothing), UNREACHABLE, nothing, "from --socket", "No such file or directory", "is it running")
    fails(rhumb("status", RHUMB_SOCKET=nothing), UNREACHABLE, nothing, "from RHUMB_SOCKET")
    dead = server.folder + "/dead.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(dead)
    fails(rhumb("drain", "us-east", "-r", "x", "--socket", dead), UNREACHABLE, "Connection refused", "nobody listens there")
    fails(rhumb("ready", "--socket", f"127.0.0.1:{free_port()}"), UNREACHABLE, "Connection refused")
    fails(rhumb("status", "--socket", "http://nothing.invalid"), UNREACHABLE, "nothing.invalid", "check the name")
    fails(rhumb("status", "--socket", "ftp://127.0.0.1"), UNREACHABLE, "http://HOST:PORT")
    fails(rhumb("status", "--socket", "/" + "a" * 200), UNREACHABLE, "a" * 200)
    fails(rhumb("status", "-c", nothing), UNREACHABLE, "cannot tell where the server is", "--socket PATH or RHUMB_SOCKET")
    server.write("silent.yaml", "server: {identity: x}\n")
    fails(rhumb("status", "-c", server.folder + "/silent.yaml"), UNREACHABLE, "opens no admin API")
    done = rhumb("status", "--socket", f"{east.host}:{east.port}")
    fails(done, ERRORS, "HTTP status 200, and not as rhumb does")
    done = rhumb("ready", "--socket", f"{east.host}:{east.port}")
    fails(done, ERRORS, "not as rhumb does")


@tap.case("TLS: a certificate nobody vouches for is refused")
def _(server, *_backends):
    with Backend("127.0.3.1", 0, make_certificate(server.folder, "localhost")) as other:
        fails(rhumb("status", "--socket", f"https://127.0.3.1:{other.port}"), UNREACHABLE, "certificate")


@tap.case("another user: may not connect, or may look alone")
def _(server, *_backends):
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")
    if subprocess.run([find_binary(), "version"], user=NOBODY, capture_output=True, check=False).returncode != 0:
        raise Skip("nobody may run the program there")
    place = socket_of(server)
    fails(rhumb("status", "--socket", place, user=NOBODY), UNREACHABLE, "Permission denied", "this user may not connect")
    for path in server.folder, server.folder + "/state":
        os.chmod(path, 0o755)
    os.chmod(place, 0o666)
    check_equal(rhumb("status", "--socket", place, user=NOBODY).status, DONE)
    fails(rhumb("drain", "us-east", "-r", "x", "--socket", place, user=NOBODY), REFUSED, "scope 'operate'", "ask as root")
    check_equal(rhumb("drain", "us-east", "-r", "x", "--socket", place, user=NOBODY, RHUMB_TOKEN=OPERATE).status, DONE)
    works(server, "undrain", "us-east")


@tap.case("ready: 5 while it waits for the first results, then 0")
def _(_server, *_backends):
    web = free_port((EAST,))
    config = ('server: {listen: ["127.0.0.1:@PORT@"], state: state}\n'
              'regions: {r: {country: DE}}\n'
              'checks: {web: {http: {path: /, port: @WEB@}, interval: 5s, timeout: 4s}}\n'
              'services: {app: {policy: failover, check: web, regions: {r: {addresses: [127.0.1.1]}}}}\n'
              'zones: {example.com: {file: zone, names: {www: app}}}\n')
    with Backend(EAST, web) as backend:
        backend.mode = "hang"
        waiting = Rhumb(config, {"zone": ZONE}, {"WEB": web})
        try:
            waiting.start(wait=False)
            wait_until(lambda: os.path.exists(socket_of(waiting)), 10, "its socket")
            done = ask(waiting, "ready")
            check_equal((done.status, done.out), (NOT_READY, "not ready: not serving yet\n"), done.err)
            check_equal(ask(waiting, "ready", "--json").json()["ready"], False)
            wait_until(lambda: ask(waiting, "ready").status == DONE, 10, "it serves")
            check_equal(ask(waiting, "ready").out, "ready: answering from what is loaded\n")
            waiting.stop()
            fails(ask(waiting, "ready"), UNREACHABLE, "is it running")
            check_equal(ask(waiting, "events", "-f").status, UNREACHABLE)
        finally:
            waiting.kill()
            shutil.rmtree(waiting.folder, ignore_errors=True)


# ---- output -----------------------------------------------------------------------------------


def on_terminal(columns, *arguments, **changes):
    """What a command prints on a terminal of that width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen([find_binary(), *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env=environment(**{"TERM": "xterm", **changes}), preexec_fn=die_with_parent)
    os.close(slave)
    text = b""
    try:
        while data := os.read(master, 65536):
            text += data
    except OSError:  # the other end is closed
        pass
    os.close(master)
    check_equal(process.wait(10), DONE, text.decode())
    return text.decode().replace("\r\n", "\n")


@tap.case("on a terminal tables fit its width and have colours, but not with NO_COLOR; redirected they are whole")
def _(server, *_backends):
    works(server, "drain", "us-east", "-s", "app", "-r", "a reason that is longer than any terminal " * 5)
    for arguments in (["status"], ["services"], ["services", "app"], ["regions"], ["targets"], ["zones"], ["overrides"],
                      ["history"], ["events"], ["explain", "www.example.com", "--client", US, "--live"]):
        for columns in 80, 140:
            text = on_terminal(columns, *arguments, "-c", server.config, NO_COLOR="1")
            check("\x1b" not in text, f"{arguments} has colours")
            widest = max(text.splitlines(), key=len)
            check(len(widest) <= columns, f"{arguments}: {len(widest)} columns: {widest}")
        whole = works(server, *arguments).out
        check("\x1b" not in whole and "…" not in whole, f"{arguments}: {whole}")
    check("\x1b[32mup\x1b[0m" in on_terminal(80, "services", "app", "-c", server.config), "colours")
    check("\x1b" not in on_terminal(80, "services", "app", "-c", server.config, TERM="dumb"), "a dumb terminal")
    cut = works(server, "overrides", COLUMNS="90")
    check(max(len(line) for line in cut.lines) <= 90 and "…" in cut.out, cut.out)
    works(server, "undrain", "us-east", "-s", "app")


@tap.case("output that nobody can take is an error")
def _(server, *_backends):
    with open("/dev/full", "w", encoding="ascii") as full:
        for arguments in (["status"], ["events"], ["help"], ["completion", "zsh"]):
            where = ["-c", server.config] if arguments[0] in ("status", "events") else []
            done = subprocess.run([find_binary(), *arguments, *where], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=environment(), check=False, timeout=30)
            check_equal(done.returncode, ERRORS, " ".join(arguments))


@tap.case("mistakes on the command line: status 2, and what was meant")
def _(server, *_backends):
    fails(rhumb("stauts"), USAGE, "did you mean 'status'?")
    fails(ask(server, "drain", "us-east"), USAGE, "missing --reason TEXT", "rhumb help drain")
    fails(ask(server, "drain", "us-east", "--reason", "x", "--fro", "3m"), USAGE, "did you mean '--for'?")
    check_equal(rhumb("drain", "--help").out, rhumb("help", "drain").out)


@tap.case("how long it takes")
def _(server, *_backends):
    figures = {}
    for name, arguments in (("version", ["version"]), ("status", ["status", "-c", server.config]),
                            ("status --socket", ["status", "--socket", socket_of(server)])):
        spans = []
        for _round in range(20):
            start = time.perf_counter()
            check_equal(rhumb(*arguments).status, DONE)
            spans.append(time.perf_counter() - start)
        figures[name] = sorted(spans)[len(spans) // 2] * 1000
    tell("median of 20, start of the process included: "
         + ", ".join(f"{name} {ms:.1f} ms" for name, ms in figures.items()))


def main():
    web = free_port((EAST, WEST, SPARE))
    values = {"WEB": web, "ADMIN": free_port()}
    with Backend(EAST, web) as east, Backend(WEST, web) as west, Backend(SPARE, web) as spare, \
            Rhumb(CONFIG, FILES, values) as server:
        tap.run(server, east, west, spare)


main()
