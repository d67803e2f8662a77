"""Databases as people have them: City, Country, ASN, Enterprise, ISP, flat ones, several at once,
for one family or both; and broken ones, which never take the server down.

The regions stand for what is known of a client: each address tells which matcher won.
"""
import glob
import os

from harness import ROOT, Rhumb
from mmdb_writer import write_mmdb
from tap import Tap, check, check_equal

DATA = ROOT + "/tests/data/mmdb/"
REGIONS = ["AS1221", "US-CA", "country:JP", "EU-union", "EU", "AS", "default"]
ADDRESS = {what: f"192.0.2.{number}" for number, what in enumerate(REGIONS, 1)}
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"]}
geo: {databases: [@DATABASES@], networks: {203.0.113.0/24: {subdivision: US-CA}}}
regions: {@REGIONS@}
services: {app: {policy: geo, regions: {@SERVES@}}}
zones: {example.com: {file: zone, names: {www: app}}}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
# client: what City knows, what Country knows. Some hide a client in the family of the other.
CLIENTS = {
    "2001:480:10::/48": ("US-CA", "default"), "2001:218::/32": ("country:JP", "country:JP"),
    "2a02:ff00::/32": ("EU-union", "EU-union"), "2a02:cf40::/32": ("EU", "EU"),
    "175.16.199.0/24": ("AS", None), "67.43.156.0/24": ("AS", "AS"),
    "::ffff:67.43.156.0/120": ("AS", "AS"), "64:ff9b::67.43.156.0/120": ("AS", "AS"),
    "2002:432b:9c00::/40": ("AS", "AS"),  # 6to4: 67.43.156.0/24
    "192.0.2.0/24": ("default", "default"), "203.0.113.0/24": ("US-CA", "US-CA"),
}
CITY, COUNTRY = ({client: known[i] for client, known in CLIENTS.items() if known[i]}
                 for i in (0, 1))
FLAT = {"8.8.8.0/24": "default", "133.11.0.0/24": "country:JP", "193.99.144.0/24": "EU-union",
        "2001:638::/32": "EU-union", "240e::/32": "AS", "203.0.113.0/24": "US-CA"}
ASN = {"1.128.0.0/16": "AS1221", "12.81.92.0/24": "default", "67.43.156.0/24": "default"}
GOOD = "good/"
CASES = [
    (["GeoIP2-City-Test"], CITY), (["GeoLite2-City-Test"], CITY),
    (["GeoIP2-City-Shield-Test"], {"2001:480:10::/48": "US-CA", "175.16.199.0/24": "AS"}),
    (["GeoIP2-Country-Test"], COUNTRY), (["GeoLite2-Country-Test"], COUNTRY),
    (["GeoIP2-Enterprise-Test"], {"2001:480:10::/48": "US-CA", "175.16.199.0/24": "AS",
                                  "2001:218::/32": "default"}),
    (["GeoLite2-ASN-Test"], ASN), (["GeoIP2-ISP-Test"], ASN),
    (["GeoLite2-ASN-Test", "GeoLite2-City-Test"], {**CITY, "1.128.0.0/16": "AS1221"}),
    (["GeoLite2-Country-Test", "GeoLite2-City-Test", "GeoLite2-ASN-Test"],
     {**CITY, "1.128.0.0/16": "AS1221"}),
    (["country"], FLAT), (["GeoLite2-ASN-Test", "country"], {**FLAT, "1.128.0.0/16": "AS1221"}),
]
tap = Tap()


def path_of(name):
    return ROOT + "/zones/geo/country.mmdb" if name == "country" else f"{DATA}good/{name}.mmdb"


def use(server, *paths):
    """Reloads with these databases. Returns what was logged, when the reload has ended."""
    since = len(server.log())
    server.values["DATABASES"] = ", ".join(f'"{path}"' for path in paths)
    server.write("rhumb.yaml", CONFIG)
    server.reload()
    server.wait_log("event=reload result=", 20, since)
    return server.log()[since:]


def judge(server, wanted, what):
    for client, region in wanted.items():
        message = server.ask("www.example.com", ecs=client)
        check_equal(message.texts(), [ADDRESS[region]], f"{what}: {client}")
        check(message.ecs.scope <= 128, f"{what}: {client}")


def write(server, name, *arguments, **how):
    server.write(name, write_mmdb(*arguments, **how))
    return f"{server.folder}/{name}"


@tap.case("clients find their region by every good database, and by several at once")
def _(server):
    for names, wanted in CASES:
        check("result=ok" in use(server, *map(path_of, names)), str(names))
        judge(server, wanted, str(names))


@tap.case("the first listed database that knows wins, the operator wins over equal networks")
def _(server):
    wide = write(server, "wide.mmdb", {"198.18.0.0/16": {"country_code": "JP"}}, kind="flat")
    narrow = write(server, "narrow.mmdb", {"198.18.1.0/24": {"country_code": "CN"},
                                           "203.0.113.0/24": {"country_code": "JP"}})
    for paths, narrows in (((wide, narrow), "country:JP"), ((narrow, wide), "AS")):
        check("result=ok" in use(server, *paths), str(paths))
        judge(server, {"198.18.0.0/24": "country:JP", "198.18.1.0/24": narrows,
                       "203.0.113.0/24": "US-CA"}, str(paths))


@tap.case("databases of one family, of each record size, nested and flat")
def _(server):
    japan = {"country": {"iso_code": "JP"}, "continent": {"code": "AS"},
             "location": {"latitude": 35.7, "longitude": 139.7}}
    italy = {"country": {"iso_code": "IT", "is_in_european_union": True}, "continent": {"code": "EU"}}
    for size in (24, 28, 32):
        v4 = write(server, f"v4-{size}.mmdb", {"198.18.0.0/15": japan, "1.0.0.0/8": italy},
                   ip_version=4, record_size=size)
        v6 = write(server, f"v6-{size}.mmdb", {"2001:db8::/32": {"country_code": "IT"}},
                   ip_version=6, record_size=size)
        check("result=ok" in use(server, v4))
        judge(server, {"198.19.0.0/24": "country:JP", "1.2.3.0/24": "EU-union",
                       "::ffff:198.18.0.0/120": "country:JP", "2001:db8::/48": "default",
                       "9.9.9.0/24": "default"}, f"v4 only, {size}")
        check("result=ok" in use(server, v6))
        judge(server, {"198.19.0.0/24": "default", "2001:db8:1::/48": "EU-union"}, f"v6, {size}")
        check("result=ok" in use(server, v4, v6))
        judge(server, {"198.19.0.0/24": "country:JP", "2001:db8:1::/48": "EU-union"}, f"both, {size}")


@tap.case("a corrupt record is an unknown place, and is warned of")
def _(server):
    log = use(server, path_of("GeoIP2-City-Test-Broken-Double-Format"))
    check("result=ok" in log and "level=warning" in log and "cannot be decoded" in log, log)
    judge(server, {"175.16.199.0/24": "default", "203.0.113.0/24": "US-CA"}, "broken records")


def bad_files():
    unusable = [f"{DATA}good/{name}.mmdb" for name in (
        "GeoIP2-City-Test-Invalid-Node-Count", "MaxMind-DB-test-broken-pointers-24",
        "MaxMind-DB-test-broken-search-tree-24", "GeoIP2-Domain-Test", "MaxMind-DB-test-ipv4-24")]
    return sorted(glob.glob(DATA + "bad/*/*.mmdb")) + unusable


@tap.case("a bad database at a reload: the old one stays, and the error names it")
def _(server):
    check("result=ok" in use(server, path_of("GeoIP2-City-Test")))
    check(len(bad_files()) > 20, "the bad ones are there")
    for path in bad_files():
        log = use(server, path)
        check("result=failed" in log and os.path.basename(path) in log and "line=3" in log, log)
        check_equal(server.ask("www.example.com", ecs="2001:480:10::/48").texts(),
                    [ADDRESS["US-CA"]], path)
    check("result=ok" in use(server, path_of("GeoIP2-City-Test")))


@tap.case("a bad database at start: exit 1, and the error names it")
def _(server):
    for path in bad_files():
        other = Rhumb(CONFIG, {"zone": ZONE}, {**server.values, "DATABASES": path})
        other.start(wait=False)
        try:
            check_equal(other.process.wait(30), 1, path)
        finally:
            other.kill()
        check("rhumb.yaml:3:" in other.log() and os.path.basename(path) in other.log()
              and "Sanitizer" not in other.log(), other.log())


@tap.case("half a database, or one that shrinks under the server, harms nobody")
def _(server):
    with open(path_of("GeoIP2-City-Test"), "rb") as opened:
        whole = opened.read()
    place = server.folder + "/half.mmdb"
    server.write("half.mmdb", whole)
    check("result=ok" in use(server, place))
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        since = len(server.log())
        with open(place, "wb") as half:  # in place: whoever had it mapped would die of SIGBUS
            half.write(whole[:size])
        server.wait_log("result=failed", 20, since)
        judge(server, {"2001:480:10::/48": "US-CA"}, f"{size} bytes")
    server.write("half.mmdb", whole)


def main():
    values = {"DATABASES": path_of("country"),
              "REGIONS": ", ".join(f"r{n}: {{}}" for n in range(1, len(REGIONS) + 1)),
              "SERVES": ", ".join(f"r{n}: {{serves: ['{what}'], addresses: [{ADDRESS[what]}]}}"
                                  for n, what in enumerate(REGIONS, 1))}
    with Rhumb(CONFIG, {"zone": ZONE}, values) as server:
        tap.run(server)


main()
