"""PostgreSQL of the tests' own: a primary, its streaming standby, and the page of a region that says
how its PostgreSQL does.

    with Postgres("127.0.1.1", port) as primary, Postgres("127.0.2.1", port, primary) as standby:
        with HealthPage("127.0.2.1", 8080, standby):    # {"role": "standby", "replica_lag_s": 0.012}
            standby.row("select pg_wal_replay_pause()")

Nothing is synced to disk, everybody who can connect is trusted. PostgreSQL refuses to run as root:
it runs as the package's user then.
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from harness import LIBC, PR_SET_PDEATHSIG, die_with_parent
from tap import wait_until

START_SECONDS, STOP_SECONDS = 60, 30  # a base backup on a busy machine takes its time
SETTINGS = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "20", "autovacuum": "off",
            "jit": "off", "wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "200ms"}
# What docs/reads-and-writes.md shows. No row of the primary replayed yet: no number.
HEALTH = """select case when pg_is_in_recovery() then 'standby' else 'primary' end,
 case when pg_is_in_recovery()
 then round(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 3)
 else 0 end"""


def find_programs():
    """The folder of initdb and the others (Debian keeps them out of PATH), or None."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    places += [os.path.dirname(os.path.realpath(shutil.which("initdb") or "/"))]
    needed = ("initdb", "postgres", "pg_basebackup", "psql")
    return next((place for place in places
                 if all(os.access(f"{place}/{name}", os.X_OK) for name in needed)), None)


PROGRAMS = find_programs()
UNPRIVILEGED = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def end_with_parent():
    """SIGQUIT is PostgreSQL's way to end at once and leave nothing behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Gone(Exception):
    """PostgreSQL did not answer: it is not there, or it refused the statement."""


class Session:
    """One connection, kept open by psql: a page that is asked often must not connect each time. It
    ends with us, when its input does."""

    def __init__(self, host, port):
        self.process = subprocess.Popen(
            [f"{PROGRAMS}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", str(port),
             "-U", "postgres", "postgres"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            bufsize=1)

    def row(self, sql):
        """The columns, as text, of the one row that sql must return."""
        try:
            self.process.stdin.write(sql + ";\n")
            line = self.process.stdout.readline()
        except OSError as why:
            raise Gone(str(why)) from None
        if not line:
            raise Gone(sql)
        return line.rstrip("\n").split("|")

    def close(self):
        self.process.kill()
        self.process.wait()


class Connection:
    """A session that is made anew after it has failed; several threads may ask."""

    def __init__(self, host, port):
        self.host, self.port, self.session, self.lock = host, port, None, threading.Lock()

    def row(self, sql):
        with self.lock:
            self.session = self.session or Session(self.host, self.port)
            try:
                return self.session.row(sql)
            except Gone:
                self._close()
                raise

    def close(self):
        with self.lock:
            self._close()

    def _close(self):
        if self.session:
            self.session.close()
        self.session = None


class Postgres:
    def __init__(self, host, port, primary=None):
        """primary: what to be a standby of; without it, a primary."""
        self.host, self.port, self.primary = host, port, primary
        self.folder = tempfile.mkdtemp(prefix="rhumb-postgres-")
        self.process, self.connection = None, Connection(host, port)
        if UNPRIVILEGED:
            shutil.chown(self.folder, "postgres", "postgres")

    def make(self):
        """The database: a new one, or a copy of the primary's that follows it."""
        if self.primary:
            self._run("pg_basebackup", "-h", self.primary.host, "-p", str(self.primary.port), "-U",
                      "postgres", "-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync")
        else:
            self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync",
                      "--no-locale", "-E", "UTF8")
        return self

    def start(self):
        settings = {**SETTINGS, "listen_addresses": self.host, "port": str(self.port),
                    "unix_socket_directories": self.folder}
        command = [f"{PROGRAMS}/postgres", "-D", "data"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self.folder + "/log", "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=end_with_parent, **UNPRIVILEGED)
        try:
            wait_until(self._answers, START_SECONDS, "PostgreSQL answers", 0.1)
        except AssertionError as why:
            raise AssertionError(f"{why}\n{self.log()}") from None
        return self

    def _run(self, program, *arguments):
        done = subprocess.run([f"{PROGRAMS}/{program}", *arguments], cwd=self.folder, check=False,
                              capture_output=True, text=True, timeout=START_SECONDS, **UNPRIVILEGED)
        if done.returncode != 0:
            raise AssertionError(f"{program}: {done.stderr}")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"PostgreSQL exited with {self.process.returncode}")
        try:
            return self.row("select 1") == ["1"]
        except Gone:
            return False

    def row(self, sql):
        return self.connection.row(sql)

    def lag(self):
        return float(self.row(HEALTH)[1])

    def set(self, name, value):
        """Changes a setting of the running server."""
        subprocess.run([f"{PROGRAMS}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p",
                        str(self.port), "-U", "postgres", "postgres", "-c",
                        f"alter system set {name} = '{value}'", "-c", "select pg_reload_conf()"],
                       check=True, stdout=subprocess.DEVNULL, timeout=START_SECONDS)

    def log(self):
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def stop(self):
        """At once, as if the machine had died."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS)

    def __enter__(self):
        try:
            return self.make().start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.stop()
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Heartbeat(threading.Thread):
    """Writes a row every 200 ms: only a primary that writes shows how far behind a standby is."""

    def __init__(self, primary):
        super().__init__(daemon=True)
        self.session, self.ending = Session(primary.host, primary.port), threading.Event()
        primary.row("create table heartbeat (one int primary key, at timestamptz); select 1")

    def run(self):
        while not self.ending.wait(0.2):
            self.session.row("insert into heartbeat values (1, now())"
                             " on conflict (one) do update set at = now() returning one")

    def stop(self):
        self.ending.set()
        self.join()
        self.session.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class HealthPage:
    """postgres_page.py, running."""

    def __init__(self, host, port, postgres):
        script = os.path.dirname(os.path.abspath(__file__)) + "/postgres_page.py"
        self.process = subprocess.Popen(
            [sys.executable, script, host, str(port), str(postgres.port)], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError(f"no health page on {host}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
