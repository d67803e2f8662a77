"""What the delegation checkers say about a zone that rhumb serves: zonemaster-cli, and dnsviz.

In a network namespace of its own there is a small internet: NSD is the root and the parent zone,
two rhumbs in networks of their own serve geo.example, all on port 53. Every fault that a registry
would tell the owner of the zone is a failure here.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

import dnsclient
from harness import Rhumb, die_with_parent, ip, private_network
from tap import Skip, Tap, check, check_equal, skip_all, wait_until

ROOT_SERVER, PARENT_SERVERS = "10.1.0.1", ("10.2.0.1", "10.2.1.1")
SERVERS = {"ns1": "10.3.0.53", "ns2": "10.4.0.53"}
CONFIG = """
server: {listen: ["@HOST@:53"], identity: @HOST@}
geo: {networks: {192.0.2.0/24: {country: US}, 198.51.100.0/24: {country: JP}}, default: {country: US}}
regions: {us: {country: US}, jp: {country: JP}}
services:
  app:
    policy: geo
    regions:
      us: {serves: [NA, default], addresses: [192.0.2.80, "2001:db8:1::80"]}
      jp: {serves: [AS], addresses: [198.51.100.80, "2001:db8:2::80"]}
zones:
  geo.example: {file: zone, names: {"@": app, www: app, "*.shop": app}}
"""
ZONE = """$ORIGIN geo.example.
$TTL 3600
@ SOA ns1 hostmaster 2026010101 14400 3600 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mail
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.example"
ns1 A 10.3.0.53
ns2 A 10.4.0.53
mail A 10.3.0.25
_dmarc TXT "v=DMARC1; p=reject"
_imaps._tcp SRV 0 1 993 mail
api CNAME www
status TXT "steered names beside ordinary ones"
"""
ROOT_ZONE = """$ORIGIN .
$TTL 86400
@ SOA a.root. hostmaster.root. 2026010101 14400 3600 1209600 86400
@ NS a.root.
a.root. A 10.1.0.1
example. NS ns1.example.
example. NS ns2.example.
ns1.example. A 10.2.0.1
ns2.example. A 10.2.1.1
"""
PARENT_ZONE = """$ORIGIN example.
$TTL 86400
@ SOA ns1 hostmaster 2026010101 14400 3600 1209600 3600
@ NS ns1
@ NS ns2
ns1 A 10.2.0.1
ns2 A 10.2.1.1
geo NS ns1.geo
geo NS ns2.geo
ns1.geo A 10.3.0.53
ns2.geo A 10.4.0.53
"""
HINTS = ". 3600000 NS a.root.\na.root. 3600000 A 10.1.0.1\n"
NSD_CONFIG = """
server:
  ip-address: {address}
  port: 53
  username: ""
  zonesdir: "{folder}"
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "{folder}/zone.list"
  database: ""
remote-control:
  control-enable: no
zone:
  name: "{zone}"
  zonefile: "{file}"
"""
PRIVATE = {"ADDRESS01": r"'Private-Use'\.$", "ADDRESS02": r"without PTR configured\.$"}
PRIVATE_CODES = {"NS_NAME_PRIVATE_IP", "GLUE_PRIVATE_IP"}  # dnsviz's words for the same
SEVERE = ("WARNING", "ERROR", "CRITICAL")
tap = Tap()


class Nsd:
    """One zone on one address. It dies with the test."""

    def __init__(self, folder, address, zone, text):
        self.address, self.zone, self.folder = address, zone, f"{folder}/{address}"
        os.mkdir(self.folder)
        self.write("zone", text)
        self.write("nsd.conf", NSD_CONFIG.format(address=address, zone=zone, folder=self.folder,
                                                 file=self.folder + "/zone"))
        with open(self.folder + "/log", "wb") as log:
            self.process = subprocess.Popen([NSD, "-d", "-c", self.folder + "/nsd.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=die_with_parent)

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def answers(self):
        check(self.process.poll() is None, f"nsd ended: see {self.folder}/log")
        query = dnsclient.build_query(self.zone, "SOA")
        data = dnsclient.exchange_udp((self.address, 53), query, 0.2)
        return data is not None and dnsclient.parse(data, query).rcode == "NOERROR"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Internet:
    """The root, the parent and two rhumbs, up and answering."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rhumb-e2e-")
        self.hints = self.folder + "/hints"
        with open(self.hints, "w", encoding="utf-8") as out:
            out.write(HINTS)
        for address in (ROOT_SERVER, *PARENT_SERVERS, *SERVERS.values()):
            ip("address", "add", address + "/32", "dev", "lo")
        ip("route", "add", "default", "dev", "hole")  # else dnsviz believes to be offline
        self.others = [Nsd(self.folder, ROOT_SERVER, ".", ROOT_ZONE)]
        self.others += [Nsd(self.folder, address, "example", PARENT_ZONE)
                        for address in PARENT_SERVERS]
        self.rhumbs = []
        for host in SERVERS.values():
            server = Rhumb(CONFIG, {"zone": ZONE}, {"PORT": 53, "HOST": host}, host=host)
            server.port = 53
            self.rhumbs.append(server)

    def __enter__(self):
        for server in self.rhumbs:
            server.__enter__()
        for server in self.others:
            wait_until(server.answers, 30, f"nsd answers on {server.address}")
        return self

    def __exit__(self, *failure):
        try:
            for server in self.rhumbs:
                server.__exit__(*failure)
        finally:
            for server in self.others:
                server.stop()
            shutil.rmtree(self.folder, ignore_errors=True)


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")


NSD = find("nsd")


def run(*command):
    if not find(command[0]):
        raise Skip(f"no {command[0]} here")
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
    check_equal(done.returncode, 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr}")
    return done.stdout


def zonemaster(internet, zone):
    """[(level, test case, text)]"""
    said = run("zonemaster-cli", "--hints", internet.hints, "--no-ipv6", "--level", "INFO",
               "--show-testcase", "--no-progress", zone)
    return re.findall(r"^ *[\d.]+ ([A-Z]+) +(\w+) +(.*)$", said, re.M)


@tap.case("zonemaster has no warning but that the addresses are private")
def _(internet):
    remarks = zonemaster(internet, "geo.example")
    for level, case, text in remarks:
        if level == "NOTICE":
            print(f"# {level} {case} {text}")
    bad = [remark for remark in remarks if remark[0] in SEVERE and not (
        remark[1] in PRIVATE and re.search(PRIVATE[remark[1]], remark[2]))]
    check_equal(bad, [])
    cases = {case for _, case, _ in remarks}
    check(set(PRIVATE) <= cases, "it saw our servers")
    ran = {f"{module}0{number}" for module, last in (
        ("NAMESERVER", 9), ("DELEGATION", 7), ("CONSISTENCY", 6), ("ZONE", 9), ("SYNTAX", 8))
        for number in range(1, last + 1)}
    check(ran - cases <= {"ZONE01"}, f"did not run, or had nothing to say: {ran - cases}")


def codes(node, zone=""):
    """{(severity, name, code)} of all that dnsviz found."""
    found = set()
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key in ("errors", "warnings"):
            found |= {(key, zone, fault["code"]) for fault in value}
        elif isinstance(value, (dict, list)):
            found |= codes(value, zone or key)
    return found


@tap.case("dnsviz, from the root down, has no error or warning but the same")
def _(internet):
    probe = internet.folder + "/probe.json"
    run("dnsviz", "probe", "-4", "-A", "-a", ".", "-x", f".:a.root={ROOT_SERVER}", "-o", probe,
        "geo.example", "www.geo.example", "x.shop.geo.example", "api.geo.example",
        "_imaps._tcp.geo.example", "nothing.geo.example")
    with open(probe, encoding="utf-8") as data:
        asked = json.load(data)
    check({"geo.example.", "www.geo.example.", "x.shop.geo.example."} <= set(asked), str(set(asked)))
    found = codes(json.loads(run("dnsviz", "grok", "-l", "warning", "-r", probe)))
    check_equal({fault for fault in found if fault[2] not in PRIVATE_CODES}, set())
    check_equal({code for _, zone, code in found if zone == "geo.example."}, PRIVATE_CODES,
                "it saw our servers")


@tap.case("the same zonemaster notices when one of the servers is gone")
def _(internet):
    internet.rhumbs[1].stop()
    try:
        bad = [remark for remark in zonemaster(internet, "geo.example")
               if remark[0] in SEVERE and remark[1] not in PRIVATE]
        check(any(SERVERS["ns2"] in text for _, _, text in bad), str(bad))
    finally:
        internet.rhumbs[1].start()


def main():
    if not NSD:
        skip_all("no nsd here, which is the root and the parent zone")
    if not private_network():
        skip_all("no network namespace of our own here (needs root and iproute2)")
    with Internet() as internet:
        tap.run(internet)


main()
