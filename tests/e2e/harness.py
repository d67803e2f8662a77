"""Runs the real rhumb for end-to-end tests: in a temporary folder, on free loopback ports.

    with Rhumb(CONFIG, {"example.com.zone": ZONE}, {"CHECK_PORT": 8080}) as server:
        server.ask("www.example.com", "A", ecs="198.51.100.0/24").texts()     # dnsclient.py
        server.dig("www.example.com", "A", "+subnet=198.51.100.0/24").data    # the real dig

In the configuration and the files, @PORT@ becomes the server's port, and @NAME@ the value of NAME
in the third argument. At the end the server must exit with 0 after SIGTERM, and must have
written no sanitizer report: else the test fails.

The program is $RHUMB_BINARY, else build-asan's or build-release's. It dies with the test, even by
kill -9.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import dnsclient
from tap import wait_until

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
START_SECONDS, STOP_SECONDS = 30, 15  # with sanitizers, on a busy machine
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")
PR_SET_PDEATHSIG, CLONE_NEWNET = 1, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# ---- ports ------------------------------------------------------------------------------------

_reservations = []  # held until this process ends


def free_port(hosts=("127.0.0.1",)):
    """A port that is free for UDP and TCP on all hosts, and that no other test process gets: two
    servers with SO_REUSEPORT would share it in silence. The abstract Unix socket is the lock."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0rhumb-test-port-{port}")
            for host in hosts:
                family = dnsclient.family_of((host, port))
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(family, kind) as probe:
                        probe.bind((host, port))
        except OSError:
            lock.close()
            continue
        _reservations.append(lock)
        return port


# ---- a network of our own ---------------------------------------------------------------------


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def private_network():
    """Moves this process, before it starts anything, into a network namespace with a loopback
    and the device "hole", which swallows what is sent to 10.9.0.0/16. False where that is not
    allowed; the process has then lost its network all the same, and can only skip.

    A veth pair, because it is everywhere where namespaces are. Without ARP a packet leaves at
    once, with an Ethernet address that the other end does not take."""
    if not shutil.which("ip") or LIBC.unshare(CLONE_NEWNET) != 0:
        return False
    try:
        ip("link", "set", "lo", "up")
        ip("link", "add", "hole", "type", "veth", "peer", "name", "bottom")
        ip("link", "set", "bottom", "up")
        ip("link", "set", "hole", "arp", "off", "up")
        ip("address", "add", "10.9.255.1/16", "dev", "hole")
    except subprocess.CalledProcessError:
        return False
    return True


def give_address(address):
    """Makes an address of 10.9.0.0/16 ours: back ends can listen there."""
    ip("address", "add", address + "/32", "dev", "lo")


def black_hole(address):
    """Takes it away: packets to it leave through "hole" and are never seen again."""
    ip("address", "del", address + "/32", "dev", "lo")


# ---- the server -------------------------------------------------------------------------------


def find_binary():
    places = [os.environ.get("RHUMB_BINARY", "")]
    places += [f"{ROOT}/{build}/src/app/rhumb" for build in ("build-asan", "build-release")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return place
    raise FileNotFoundError("no rhumb to test: set RHUMB_BINARY, or run scripts/build asan")


class Dig:
    """What dig printed: status, flags, data (sorted), ttls, ecs ("198.51.100.0/24/24"), text."""

    def __init__(self, text):
        self.text = text
        status = re.search(r"status: (\w+)", text)
        self.status = status.group(1) if status else None
        flags = re.search(r";; flags: ([a-z ]*);", text)
        self.flags = flags.group(1).split() if flags else []
        ecs = re.search(r"CLIENT-SUBNET: (\S+)", text)
        self.ecs = ecs.group(1) if ecs else None
        nsid = re.search(r'NSID: .*\("(.*)"\)', text)
        self.nsid = nsid.group(1) if nsid else None
        answer = re.search(r";; ANSWER SECTION:\n(.*?)\n\n", text, re.S)
        records = [line.split(None, 4) for line in answer.group(1).split("\n")] if answer else []
        self.data = sorted(record[4] for record in records)
        self.ttls = {int(record[1]) for record in records}


class Rhumb:
    """One running server. Use it in a `with`, or call start() and stop()."""

    def __init__(self, config, files=None, values=None, host="127.0.0.1", binary=None,
                 environment=None):
        """config: text; files: {path below the config's folder: text, bytes, or a "@/..." path in
        the source tree to link to}."""
        self.binary, self.host = binary or find_binary(), host
        self.port = free_port((host,))
        self.values = {"PORT": self.port, **(values or {})}
        self.environment = {**os.environ, **(environment or {})}
        self.folder = tempfile.mkdtemp(prefix="rhumb-e2e-")
        self.config, self.log_path = self.folder + "/rhumb.yaml", self.folder + "/log"
        self.process = None
        self.write("rhumb.yaml", config)
        for path, content in (files or {}).items():
            self.write(path, content)

    @property
    def server(self):
        return (self.host, self.port)

    def fill(self, text):
        """Put the values where the text says @NAME@."""
        return re.sub(r"@([A-Z][A-Z0-9_]*)@", lambda match: str(self.values[match.group(1)]), text)

    def write(self, path, content, mode=None):
        """Writes or replaces a file in one step, as editors and deployments do."""
        target = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if isinstance(content, str) and content.startswith("@/"):
            os.symlink(ROOT + content[1:], target)
            return
        data = content if isinstance(content, bytes) else self.fill(content).encode()
        with open(target + ".new", "wb") as out:
            out.write(data)
            if mode is not None:
                os.fchmod(out.fileno(), mode)
        os.rename(target + ".new", target)

    def run(self, *arguments, timeout=60):
        """rhumb with other arguments (check, explain ...), to its end. "-c CONFIG" is added."""
        command = [self.binary, *arguments, "-c", self.config]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, env=self.environment, check=False)

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "-c", self.config], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.environment, preexec_fn=die_with_parent)
        if wait:
            try:
                wait_until(self.answers_or_ended, START_SECONDS, "the server answers")
            except AssertionError:
                self.kill()
                raise
            if self.process.poll() is not None:
                raise AssertionError(f"rhumb exited with {self.process.returncode}:\n{self.log()}")
        return self

    def answers_or_ended(self):
        if self.process.poll() is not None:
            return True
        query = dnsclient.build_query("ready.invalid", "SOA")
        return dnsclient.exchange_udp(self.server, query, 0.2) is not None

    def stop(self):
        """SIGTERM; it must exit with 0 in time. Returns the seconds that took."""
        start = time.monotonic()
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {STOP_SECONDS} s after SIGTERM") from None
        elapsed = time.monotonic() - start
        if status != 0:
            raise AssertionError(f"exit status {status} after SIGTERM:\n{self.log()[-4000:]}")
        report = SANITIZER_REPORT.search(self.log())
        if report:
            raise AssertionError("sanitizer report:\n" + self.log()[report.start():][:8000])
        return elapsed

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, pattern, seconds=10, since=0):
        """Waits for a log line; since: skip so many characters (len(server.log()) taken before)."""
        found, _ = wait_until(lambda: re.search(pattern, self.log()[since:]), seconds,
                              f"log line {pattern!r}")
        return found

    def ask(self, name, rtype="A", **how):
        return dnsclient.ask(self.server, name, rtype, **how)

    def dig(self, *arguments):
        command = ["dig", f"@{self.host}", "-p", str(self.port), "+time=2", "+tries=1", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return Dig(done.stdout)

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        try:
            if self.process.poll() is None and kind is None:
                self.stop()
            elif kind is None:
                raise AssertionError(f"rhumb ended by itself, status {self.process.returncode}")
        finally:
            self.kill()
            if kind is not None:
                sys.stdout.write("".join(f"# {line}\n" for line in self.log()[-8000:].splitlines()))
            shutil.rmtree(self.folder, ignore_errors=True)
