"""The name servers under measurement, each with its fastest settings, and the resolvers in front.

Each serves the zone NAME.example.com, in which p3-t5 is place 3 (see world.py) with a TTL of 5 s:
the first of its three regions that is well.
"""
import datetime
import os
import re
import shutil
import subprocess
import time

from world import WEB_PORT, harness
import dnsclient
from tap import check, wait_until

STOP_SECONDS = 10
SOA_AND_NS = "@ 60 IN SOA ns h 1 60 60 60 60\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n"


def label(place, ttl):
    return f"p{place.number}-t{ttl}"


def log_time(line):
    return datetime.datetime.fromisoformat(line.split(" ", 1)[0]).timestamp()


class Server:
    """A program in the foreground, in a folder of its own; listens on a port of 127.0.0.1."""

    name, family, program, settings = "", "", "", ""

    def __init__(self, folder, places, ttls):
        self.folder, self.places, self.ttls = f"{folder}/{self.name}", places, ttls
        self.port, self.process = harness.free_port(), None
        os.makedirs(self.folder)

    @classmethod
    def find(cls):
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    @property
    def zone(self):
        return f"{self.name}.example.com"

    def names(self):
        return [(place, ttl) for place in self.places for ttl in self.ttls]

    def write(self, path, text):
        os.makedirs(os.path.dirname(f"{self.folder}/{path}"), exist_ok=True)
        with open(f"{self.folder}/{path}", "w", encoding="ascii") as out:
            out.write(text)

    def configure(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def log(self):
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as log:
            return log.read()

    def has_ended(self):
        return self.process.poll() is not None

    def start(self):
        self.configure()
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=harness.die_with_parent)
        wait_until(self.answers, harness.START_SECONDS, f"{self.name} answers")

    def answers(self):
        check(not self.has_ended(), f"{self.name} ended:\n{self.log()[-2000:]}")
        query = dnsclient.build_query(self.zone, "SOA")
        return dnsclient.exchange_udp(("127.0.0.1", self.port), query, 0.2) is not None

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def is_settled(self, place, ttl):
        """As in good times: the first region, with the TTL of good times."""
        message = dnsclient.ask(("127.0.0.1", self.port), f"{label(place, ttl)}.{self.zone}")
        return message.texts() == [place.first] and message.ttls() <= self.settled_ttls(ttl)

    def settled_ttls(self, ttl):
        return {ttl}


class Rhumb(Server):
    name = family = "rhumb"
    settings = ("interval 1s, timeout 500ms, fall 3, ttl from_proof;"
                " between runs rise 1, min_down 1s, no damping, ttl settle 1s")

    @classmethod
    def find(cls):
        """The optimised build, where nobody says which."""
        plain = os.path.join(harness.ROOT, "build-plain", "src", "app", "rhumb")
        if "RHUMB_BINARY" not in os.environ and os.access(plain, os.X_OK):
            return plain
        return harness.find_binary()

    def configure(self):
        lines = [f'server: {{listen: ["127.0.0.1:{self.port}"]}}', "regions: {a: {}, b: {}, c: {}}",
                 f"checks:\n  web: {{http: {{path: /health, port: {WEB_PORT}}}, interval: 1s,"
                 " timeout: 500ms, fall: 3, rise: 1, min_down: 1s, damping: false}", "services:"]
        for place, ttl in self.names():
            regions = ", ".join(f"{region}: {{addresses: [{address}]}}"
                                for region, address in zip("abc", place.addresses))
            lines.append(f"  {label(place, ttl)}: {{policy: failover, check: web,"
                         f" ttl: {{stable: {ttl}s, unsettled: {ttl - 2}s, settle: 1s, from_proof: true}},"
                         f" regions: {{{regions}}}}}")
        lines += ["zones:", f"  {self.zone}:", "    file: zone", "    names:"]
        lines += [f"      {label(*name)}: {label(*name)}" for name in self.names()]
        self.write("rhumb.yaml", "\n".join(lines) + "\n")
        self.write("zone", SOA_AND_NS)

    def settled_ttls(self, ttl):
        return {ttl, ttl - 1}  # by the age of the last proof

    def command(self):
        return [os.path.abspath(self.find()), "serve", "-c", self.folder + "/rhumb.yaml"]

    def stop(self):
        super().stop()
        status = self.process and self.process.returncode
        check(not status, f"rhumb: exit status {status} after SIGTERM")
        report = harness.SANITIZER_REPORT.search(self.log())
        check(not report, "sanitizer report" + (self.log()[report.start():][:8000] if report else ""))

    def health_lines(self, address, since, until):
        """What the log says about a target between two moments of the wall clock."""
        lines = re.findall(rf".* event=health .*address={re.escape(address)} .*", self.log())
        return [line for line in lines if since <= log_time(line) <= until]


class Gdnsd(Server):
    """interval 2 and timeout 1 are the least that gdnsd 3.8 takes, in whole seconds. The TTL it
    sends is the time to the next possible change, up to the one of the zone."""

    name, family, program, fall = "gdnsd", "gdnsd", "gdnsd", 1
    settings = "interval 2, timeout 1, down_thresh 1: fastest, one failed probe is enough"

    def configure(self):
        resources = "".join(
            f"      p{place.number} => {{ datacenters => [a, b, c], dcmap => {{"
            f" a => {place.addresses[0]}, b => {place.addresses[1]}, c => {place.addresses[2]} }} }}\n"
            for place in self.places)
        self.write("config", f"""options => {{
  listen => 127.0.0.1:{self.port}, udp_threads => 1, tcp_threads => 1, min_ttl => 1
  run_dir => {self.folder}/run, state_dir => {self.folder}/state
}}
service_types => {{
  web => {{ plugin => http_status, port => {WEB_PORT}, url_path => /health, interval => 2,
    timeout => 1, down_thresh => {self.fall}, ok_thresh => 1, up_thresh => 1 }}
}}
plugins => {{
  metafo => {{
    service_types => web
    resources => {{
{resources}    }}
  }}
}}
""")
        self.write(f"zones/{self.zone}", SOA_AND_NS + "".join(
            f"{label(place, ttl)} {ttl}/1 DYNA metafo!p{place.number}\n"
            for place, ttl in self.names()))

    def command(self):
        return [self.find(), "-c", self.folder, "start"]

    def settled_ttls(self, ttl):
        return {min(ttl, 2 * self.fall)}


class CautiousGdnsd(Gdnsd):
    name, fall = "gdnsd-3", 3
    settings = "interval 2, timeout 1, down_thresh 3: as many failures as rhumb wants"


class PowerDns(Server):
    """Lua records. Nothing can be set about failures in a row: one is enough."""

    name, family, program = "pdns", "pdns", "pdns_server"
    settings = "Lua ifurlup, lua-health-checks-interval 1, timeout 1, no caches: fastest"

    def configure(self):
        self.write("zones.conf", f'zone "{self.zone}" {{ type native; file "{self.folder}/zone"; }};\n')
        self.write("zone", SOA_AND_NS + "".join(
            f'{label(place, ttl)} {ttl} IN LUA A "ifurlup(\'http://web.example.com:{WEB_PORT}/health\','
            f" {{{', '.join(f'{{{chr(39)}{address}{chr(39)}}}' for address in place.addresses)}}},"
            " {timeout='1'})\"\n" for place, ttl in self.names()))
        self.write("pdns.conf", f"""launch=bind
bind-config={self.folder}/zones.conf
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.folder}
write-pid=no
enable-lua-records=yes
lua-health-checks-interval=1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
security-poll-suffix=
distributor-threads=1
""")

    def command(self):
        return [self.find(), f"--config-dir={self.folder}"]


MEASURED = (Rhumb, Gdnsd, CautiousGdnsd, PowerDns)


class Resolver(Server):
    """The cache between the client and all servers. It honours TTLs: nothing is fetched before it
    expires, or kept longer for being popular."""

    def __init__(self, folder, servers):
        super().__init__(folder, [], [])
        self.servers = servers

    def answers(self):
        check(not self.has_ended(), f"{self.name} ended:\n{self.log()[-2000:]}")
        query = dnsclient.build_query(f"ns.{self.servers[0].zone}")
        return dnsclient.exchange_udp(("127.0.0.1", self.port), query, 1) is not None

    @classmethod
    def version(cls):
        text = subprocess.run([cls.find(), "-V"], capture_output=True, text=True, check=False).stdout
        return text.splitlines()[0].split(" (")[0]


class Unbound(Resolver):
    name = program = "unbound"
    settings = "no prefetch, no serve-expired, cache-min-ttl 0"

    def configure(self):
        stubs = "".join(f'stub-zone:\n  name: "{server.zone}"\n  stub-addr: 127.0.0.1@{server.port}\n'
                        for server in self.servers)
        self.write("unbound.conf", f"""server:
  interface: 127.0.0.1@{self.port}
  directory: "{self.folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  do-ip6: no
  do-not-query-localhost: no
  cache-min-ttl: 0
  prefetch: no
  serve-expired: no
remote-control:
  control-enable: no
{stubs}""")

    def command(self):
        return [self.find(), "-d", "-c", self.folder + "/unbound.conf"]


class Bind(Resolver):
    """To see what is the resolver's part of a figure: it drops a record within the second before
    its TTL ends, where unbound before 1.24 drops it within the second after."""

    name, program = "bind", "named"
    settings = "no prefetch, no stale answers"

    def configure(self):
        zones = "".join(f'zone "{server.zone}" {{ type forward; forward only;'
                        f" forwarders {{ 127.0.0.1 port {server.port}; }}; }};\n"
                        for server in self.servers)
        self.write("named.conf", f"""options {{
  directory "{self.folder}";
  listen-on port {self.port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion yes;
  prefetch 0;
  stale-answer-enable no;
  dnssec-validation no;
  empty-zones-enable no;
  clients-per-query 0;
  recursive-clients 10000;
}};
controls {{ }};
{zones}""")

    def command(self):
        return [self.find(), "-g", "-4", "-n", "1", "-c", self.folder + "/named.conf"]


RESOLVERS = {"unbound": Unbound, "bind": Bind}
