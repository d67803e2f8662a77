"""What goes wrong with ourselves is never held against a target: we are stopped for a while, have no
file descriptors left, the disk is full or may not be written, the clock jumps. Nobody is DOWN for
it, nothing crashes, and everything works again afterwards without anybody's help.

A back end that hangs is its own fault, and does go DOWN: see the first case.
"""
import ctypes
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from harness import LIBC, Rhumb, die_with_parent, free_port
from measure import cpu_seconds, go_first
from nginx import Nginx, find_nginx
from tap import Skip, Tap, check, check_equal, skip_all, wait_until

FIRST, SPARE, HANGING = "127.0.1.1", "127.0.2.1", "127.0.3.1"
TARGETS = 40  # beside those three
STEPS = (1, -1, 3600, -3600, 86400, -86400)
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], state: "@STATE@"}
regions: {first: {}, spare: {}, third: {}, fourth: {}}
checks:
  web: &web {http: {path: /h, port: @WEB@}, interval: 500ms, timeout: 300ms, confirm: 50ms, fall: 2, rise: 1, min_down: 0s, damping: false}
  other: {<<: *web, http: {path: /h, port: @OTHER@}}
services:
  app: {policy: failover, check: web, regions: {first: {addresses: [127.0.1.1]}, spare: {addresses: [127.0.2.1]}}}
  hang: {policy: failover, check: other, regions: {third: {addresses: [127.0.3.1]}, spare: {service: well}}}
  well: {policy: failover, regions: {spare: {addresses: [127.0.2.1]}}}
  many: {policy: failover, check: web, regions: {fourth: {addresses: @MANY@}}}
zones:
  example.com: {file: zone, names: {www: app, hang: hang, many: many}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
WELL = "server {{ listen 0.0.0.0:{port}; location / {{ return 200; }} }}"
HANGS = "import backend, sys; b = backend.Backend(sys.argv[1], int(sys.argv[2])); " \
        "print(flush=True); sys.stdin.read()"
MS_REMOUNT, MS_RDONLY, MS_REC, MS_PRIVATE, CLONE_NEWNS, MNT_DETACH = 32, 1, 1 << 14, 1 << 18, 1 << 17, 2
tap = Tap()


class Asker(threading.Thread):
    """Asks all the time; .wrong keeps answers that are none of those allowed, .lost counts."""

    def __init__(self, server, name="www", allowed=(FIRST,)):
        super().__init__(daemon=True)
        self.server, self.name_asked, self.allowed = server, name + ".example.com", allowed
        self.wrong, self.lost, self.count, self.ending = [], 0, 0, False

    def run(self):
        while not self.ending:
            try:
                texts = self.server.ask(self.name_asked, timeout=1.0).texts()
            except TimeoutError:
                self.lost += 1
                continue
            self.count += 1
            if texts not in [[address] for address in self.allowed]:
                self.wrong.append(texts)
            time.sleep(0.005)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.ending = True
        self.join()
        if kind is None:
            check(not self.wrong, f"{len(self.wrong)} of {self.count} wrong: {self.wrong[:3]}")


def nobody_fell(server, since, but=None):
    log = server.log()[since:]
    fell = [line for line in re.findall("event=health .* to=down .*", log) if f"address={but} " not in line]
    check(not fell, f"{len(fell)} are DOWN:\n" + "\n".join(fell[:10]))
    print(f"# {len(re.findall('to=suspect', log))} were suspected", flush=True)


def all_well(server):
    wait_until(lambda: server.ask("hang.example.com").texts() == [HANGING] and
               server.ask("www.example.com").texts() == [FIRST], 20, "all are well")


# ---- stopped ----------------------------------------------------------------------------------


@tap.case("a back end that is stopped is DOWN, and comes back when it goes on")
def _(server, world):
    all_well(server)
    with Asker(server):
        world.hanging.send_signal(signal.SIGSTOP)
        _, left = wait_until(lambda: server.ask("hang.example.com").texts() == [SPARE], 10, "it is left")
        server.wait_log(rf'address={HANGING} .*to=down reason="timeout after 300 ms')
        world.hanging.send_signal(signal.SIGCONT)
        wait_until(lambda: server.ask("hang.example.com").texts() == [HANGING], 10, "it is back")
    print(f"# left after {left:.2f} s", flush=True)


@tap.case("rhumb itself is stopped for longer than every timeout: nobody is DOWN for it")
def _(server, world):
    for number, seconds in enumerate((0.4, 1.0, 3.0, 0.35, 0.7)):
        all_well(server)
        time.sleep(0.11 * number)  # another moment of the interval, with other probes under way
        since = len(server.log())
        server.signal(signal.SIGSTOP)
        time.sleep(seconds)
        server.signal(signal.SIGCONT)
        with Asker(server):
            time.sleep(1.2)
        nobody_fell(server, since)


# ---- descriptors ------------------------------------------------------------------------------


def open_descriptors(server):
    return {int(name) for name in os.listdir(f"/proc/{server.process.pid}/fd")}


@tap.case("no file descriptors: probes are stale, nobody is DOWN, UDP answers on, nothing spins")
def _(server, world):
    all_well(server)
    time.sleep(1)
    since, before = len(server.log()), resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    lowest_free = min(set(range(4096)) - open_descriptors(server))
    with Asker(server):
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (lowest_free, before[1]))
        server.wait_log("event=probes_stale severity=critical .*own fault", 20, since)
        with socket.create_connection(server.server):  # nobody can take it
            used = cpu_seconds(server.process.pid)
            time.sleep(2)
            used = cpu_seconds(server.process.pid) - used
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)
        server.wait_log("event=probes_work", 20, since)
        time.sleep(1)
    nobody_fell(server, since)
    print("# " + re.search("event=probes_stale.*", server.log()[since:]).group(0), flush=True)
    print(f"# {used / 2:.0%} of a core meanwhile", flush=True)
    check(used / 2 < 0.5, "it spins")
    check_equal(server.ask("www.example.com", tcp=True).texts(), [FIRST])


# ---- the disk ---------------------------------------------------------------------------------


def need_disk(world):
    if not world.has_disk:
        raise Skip("no mount namespace of our own here (needs root)")


def state_says(server, word):
    with open(server.values["STATE"] + "/health.json", encoding="utf-8") as state:
        return state.read().count(f'"state":"{word}"')


def change_health(server, world):
    """One target goes DOWN and comes back: what is kept of health changes."""
    world.hanging.send_signal(signal.SIGSTOP)
    wait_until(lambda: server.ask("hang.example.com").texts() == [SPARE], 10, "it is left")


def change_back(server, world):
    world.hanging.send_signal(signal.SIGCONT)
    wait_until(lambda: server.ask("hang.example.com").texts() == [HANGING], 10, "it is back")


def disk_refuses(server, world, refuse, relent):
    all_well(server)
    since = len(server.log())
    with Asker(server):
        refuse()
        change_health(server, world)
        told = server.wait_log("event=state_not_written .*", 10, since).group(0)
        print(f"# {told}", flush=True)
        check_equal(state_says(server, "down"), 0, "nothing can be written")
        relent()
        wait_until(lambda: state_says(server, "down") == 1, 40, "what is known is on disk after all")
        change_back(server, world)
        wait_until(lambda: state_says(server, "down") == 0, 10, "and what comes after it")
    nobody_fell(server, since, but=HANGING)


@tap.case("the disk is full: health works on, the log says so, and the state is written when there is room")
def _(server, world):
    filler = server.values["STATE"] + "/filler"

    def fill():
        with open(filler, "wb", buffering=0) as out:
            try:
                while True:
                    out.write(b"x" * 4096)
            except OSError:
                pass
    need_disk(world)
    disk_refuses(server, world, fill, lambda: os.unlink(filler))


@tap.case("the disk may not be written: the same")
def _(server, world):
    need_disk(world)
    disk_refuses(server, world, lambda: world.remount(MS_RDONLY), lambda: world.remount(0))


@tap.case("a state folder that may not be written at start: rhumb serves what it knows from before")
def _(server, world):
    need_disk(world)
    change_health(server, world)
    wait_until(lambda: state_says(server, "down") == 1, 10, "it is on disk")
    server.kill()
    world.remount(MS_RDONLY)
    since = len(server.log())
    server.start()
    check_equal(server.ask("hang.example.com").texts(), [SPARE], "what was DOWN is")
    server.wait_log("event=state_recalled", 5, since)
    world.remount(0)
    change_back(server, world)
    wait_until(lambda: state_says(server, "down") == 0, 40, "written again")


# ---- the clock --------------------------------------------------------------------------------


def told_day(server):
    """The day that rhumb's clock says."""
    since = len(server.log())
    server.signal(signal.SIGUSR1)
    return server.wait_log(r"([0-9-]{10})T\S+ level=info event=totals", 5, since).group(1)


@tap.case("the clock jumps by 1 s, 1 h, 1 day, forwards and back, under load: nobody is DOWN for it")
def _(server, world):
    if not world.clock:
        raise Skip("no shim: it is built by meson")
    all_well(server)
    since = len(server.log())
    with Asker(server) as asker, Asker(server, "hang", (HANGING,)):
        for step in STEPS:
            world.set_clock(step)
            time.sleep(1.3)
            check_equal(told_day(server), time.strftime("%Y-%m-%d", time.gmtime(time.time() + step)))
            world.set_clock(0)
            time.sleep(0.7)
    check_equal(asker.lost, 0, "lost")
    nobody_fell(server, since)
    check("probes_stale" not in server.log()[since:], "and no probe is missed")


# ---- the world --------------------------------------------------------------------------------


class World:
    """The back ends: nginx for all targets but one, which has a process of its own that can be
    stopped. The disk and the clock."""

    def __init__(self, folder, shim):
        web, other = free_port(("0.0.0.0",)), free_port((HANGING,))
        many = [f"127.0.4.{n}" for n in range(1, TARGETS + 1)]
        self.state, self.shift, self.clock = folder + "/state", folder + "/shift", shim
        self.values = {"WEB": web, "OTHER": other, "STATE": self.state, "MANY": "[" + ", ".join(many) + "]"}
        os.mkdir(self.state)
        self.has_disk = self.make_disk()
        self.set_clock(0)
        self.well = Nginx(WELL.format(port=web), web)
        self.hanging = subprocess.Popen(
            [sys.executable, "-B", "-c", HANGS, HANGING, str(other)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=die_with_parent,
            cwd=os.path.dirname(os.path.abspath(__file__)))
        self.hanging.stdout.readline()

    def make_disk(self):
        """A small one of our own, which nobody else sees."""
        return (LIBC.unshare(CLONE_NEWNS) == 0 and
                LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0 and
                LIBC.mount(b"none", self.state.encode(), b"tmpfs", 0, b"size=256k") == 0)

    def remount(self, flags):
        if LIBC.mount(b"none", self.state.encode(), None, MS_REMOUNT | flags, None) != 0:
            raise OSError(ctypes.get_errno(), "remount")

    def set_clock(self, seconds):
        with open(self.shift, "r+b" if os.path.exists(self.shift) else "wb") as out:
            out.write(struct.pack("=q", seconds))

    def environment(self):
        """The shim comes before the sanitizer's library, which has to be told that this is meant."""
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return {"LD_PRELOAD": self.clock, "CLOCK_SHIM_FILE": self.shift,
                "ASAN_OPTIONS": options.lstrip(":")} if self.clock else {}

    def __enter__(self):
        return self

    def __exit__(self, *kind):
        self.hanging.kill()
        self.hanging.wait()
        self.well.__exit__(*kind)
        if self.has_disk:
            LIBC.umount2(self.state.encode(), MNT_DETACH)


def main():
    if not find_nginx():
        skip_all("nginx is not installed")
    go_first()
    with tempfile.TemporaryDirectory(prefix="rhumb-e2e-") as folder, \
            World(folder, os.environ.get("CLOCK_SHIM")) as world, \
            Rhumb(CONFIG, {"zone": ZONE}, world.values, environment=world.environment()) as server:
        tap.run(server, world)


main()
