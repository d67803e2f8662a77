"""The servers under comparison: one class each, which knows its program and its configuration.

All read the same master files from one folder and listen on a loopback port of their own, with
everything switched off that is not an answer from zone data: rate limits, recursion, transfers,
caches. All may send 4096 bytes over UDP, and all leave out what nobody needs.
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
import names  # noqa: E402

STOP_SECONDS = 10


def zone_files(families):
    """(origin in text, file name) of every zone."""
    for family in families:
        for i, zone in enumerate(family.zones):
            yield names.to_text(zone.origin), f"{family.number}.{i}.zone"


class Server:
    """A program in the foreground, in a folder below that of the zones."""

    name, program, config_name = "", "", ""

    def __init__(self, folder):
        self.zones, self.folder = folder, os.path.join(folder, self.name)
        self.port, self.process = harness.free_port(), None

    @classmethod
    def find(cls):
        """Debian keeps servers out of the path of ordinary users."""
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    def config(self, zones):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def start(self, families):
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, self.config_name), "w", encoding="ascii") as out:
            out.write(self.config(list(zone_files(families))))
        with open(self.log_path(), "ab") as log:
            self.process = subprocess.Popen(
                [os.path.abspath(self.find()), *self.command()], cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=harness.die_with_parent)

    def log_path(self):
        return os.path.join(self.folder, "log")

    def log(self):
        with open(self.log_path(), encoding="utf-8", errors="replace") as log:
            return log.read()

    def has_ended(self):
        return self.process.poll() is not None

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def config_path(self):
        return os.path.join(self.folder, self.config_name)


class Rhumb(Server):
    name, config_name = "rhumb", "rhumb.yaml"

    @classmethod
    def find(cls):
        """Its answers are asked for, not its memory: the optimised build, if there is one."""
        plain = os.path.join(harness.ROOT, "build-plain", "src", "app", "rhumb")
        if "RHUMB_BINARY" not in os.environ and os.access(plain, os.X_OK):
            return plain
        return harness.find_binary()

    def command(self):
        return ["serve", "-c", self.config_path()]

    def config(self, zones):
        lines = [f'server: {{listen: ["127.0.0.1:{self.port}"], workers: 1, udp_size: 4096}}',
                 "zones:"]
        lines += [f"  {origin}: {{file: {self.zones}/{file}}}" for origin, file in zones]
        return "\n".join(lines) + "\n"


class Nsd(Server):
    name, program, config_name = "nsd", "nsd", "nsd.conf"

    def command(self):
        return ["-d", "-c", self.config_path()]

    def config(self, zones):
        head = f"""server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  database: ""
  zonesdir: "{self.zones}"
  xfrdfile: "{self.folder}/xfrd.state"
  zonelistfile: "{self.folder}/zone.list"
  pidfile: "{self.folder}/nsd.pid"
  server-count: 1
  ipv4-edns-size: 4096
  minimal-responses: yes
  refuse-any: no
  rrl-ratelimit: 0
  tcp-query-count: 0
remote-control:
  control-enable: no
"""
        return head + "".join(f'zone:\n  name: "{origin}"\n  zonefile: "{file}"\n'
                              for origin, file in zones)


class Knot(Server):
    name, program, config_name = "knot", "knotd", "knot.conf"

    def command(self):
        return ["-c", self.config_path()]

    def config(self, zones):
        head = f"""server:
  listen: 127.0.0.1@{self.port}
  rundir: "{self.folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  udp-max-payload: 4096
  tcp-idle-timeout: 600
database:
  storage: "{self.folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{self.zones}"
    zonefile-sync: -1
    journal-content: none
zone:
"""
        return head + "".join(f'  - domain: "{origin}"\n    file: "{file}"\n'
                              for origin, file in zones)


class Bind(Server):
    name, program, config_name = "bind", "named", "named.conf"

    def command(self):
        return ["-g", "-4", "-n", "1", "-c", self.config_path()]

    def config(self, zones):
        head = f"""options {{
  directory "{self.zones}";
  managed-keys-directory "{self.folder}";
  listen-on port {self.port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion no;
  minimal-responses yes;
  minimal-any no;
  max-udp-size 4096;
  edns-udp-size 4096;
  allow-transfer {{ none; }};
  notify no;
  empty-zones-enable no;
  dnssec-validation no;
  check-names master ignore;
  check-integrity no;
  zero-no-soa-ttl no;
  max-records-per-type 0;
  max-types-per-name 0;
}};
controls {{ }};
"""
        return head + "".join(f'zone "{origin}" {{ type primary; file "{file}"; }};\n'
                              for origin, file in zones)


class PowerDns(Server):
    name, program, config_name = "pdns", "pdns_server", "pdns.conf"

    def command(self):
        return [f"--config-dir={self.folder}"]

    def config(self, zones):
        with open(os.path.join(self.folder, "zones.conf"), "w", encoding="ascii") as out:
            out.write(f'options {{ directory "{self.zones}"; }};\n')
            out.writelines(f'zone "{origin}" {{ type native; file "{self.zones}/{file}"; }};\n'
                           for origin, file in zones)
        return f"""launch=bind
bind-config={self.folder}/zones.conf
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.folder}
write-pid=no
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
security-poll-suffix=
any-to-tcp=no
dname-processing=yes
8bit-dns=yes
disable-axfr=yes
distributor-threads=1
udp-truncation-threshold=4096
max-tcp-transactions-per-conn=0
"""


ORACLES = (Nsd, Knot, Bind, PowerDns)
