"""rhumb diff with real files: what it says is what counting network by network gives."""
import json
import shutil
from collections import defaultdict

from admin import Api
from harness import Rhumb
from tap import Tap, check, check_equal
from traffic_world import REGIONS, Weighted, World, flows, random_geo

ZONE = """$TTL 300
@ SOA ns1 hostmaster @SERIAL@ 3600 600 86400 60
@ NS ns1
ns1 A 192.0.2.53
@RECORDS@
"""
tap = Tap()


def config_of(services, database="old.mmdb", names="", extra=""):
    text = f"server: {{listen: ['127.0.0.1:@PORT@']}}\ngeo: {{databases: [{database}]}}\n{extra}"
    text += "regions: {" + ", ".join(f"{region}: {{}}" for region in REGIONS) + "}\nservices:\n"
    for name, service in services.items():
        policy = "weighted" if isinstance(service, Weighted) else "geo"
        text += f"  {name}:\n    policy: {policy}\n    regions:\n"
        for number, region in enumerate(REGIONS):
            if policy == "geo":
                items = f"serves: [{', '.join(service.serves[region])}]"
            else:
                items = f"weight: {service.weights[region]}"
            text += f"      {region}: {{{items}, addresses: [192.0.2.{number + 1}]}}\n"
    names = names or ", ".join(f"{name}: {name}" for name in services)
    return text + f"zones: {{example.com: {{file: zone, names: {{{names}}}}}}}\n"


def run(folder, old, new, *arguments, files=None):
    """rhumb diff of two configurations in one folder."""
    folder.write("rhumb.yaml", old)
    folder.write("new.yaml", new)
    for path, content in (files or {}).items():
        folder.write(path, content)
    return folder.run("diff", folder.folder + "/new.yaml", *arguments)


def difference(folder, *arguments, **how):
    done = run(folder, *arguments, "--json", **how)
    check(done.returncode in (0, 1), done.stderr)
    document = json.loads(done.stdout)
    check_equal(document["different"], done.returncode == 1)
    return document


def expected_moves(world, before, after, countries_before, shares):
    """{(country, from, to): [networks, IPv4, IPv6, traffic]}, network by network."""
    sums = defaultdict(lambda: [0, 0.0, 0.0, 0.0])
    for network, country in world.country_of.items():
        for pair, share in flows(before.region(countries_before[network]), after.region(country)).items():
            row = sums[(country, *pair)]
            row[0] += 1
            row[1 if network.version == 4 else 2] += network.num_addresses / world.space(network.version) * share
            row[3] += shares.get(network, 0) * share
    return sums


def check_moves(document, name, expected):
    service = next(s for s in document["services"] if s["service"] == name)
    got = {(m["country"], m["from"], m["to"]): m["weight"] for m in service["moves"] if m["country"] != "unknown"}
    check_equal(set(got), set(expected), "rows")
    for key, (networks, v4, v6, traffic) in expected.items():
        check_equal(got[key]["networks"], networks, f"networks of {key}")
        for field, wanted in ("ipv4", v4), ("ipv6", v6), ("traffic", traffic):
            if field in got[key]:
                check(abs(got[key][field] - wanted) < 1e-8, f"{field} of {key}: {got[key][field]}, {wanted}")
    for field, place in ("ipv4", 1), ("ipv6", 2), ("traffic", 3):
        if field in service["moved"]:
            wanted = sum(row[place] for row in expected.values())
            check(abs(service["moved"][field] - wanted) < 1e-7, f"{field} in all")
    sizes = [m["weight"].get("traffic") or -1 for m in service["moves"]]
    check_equal(sizes, sorted(sizes, reverse=True), "the largest first")


@tap.case("what moves is what counting gives: other policies, another database, weights of countries")
def _(folder):
    for seed in range(4):
        old_world = World(seed)
        world = old_world.moved(0.15, seed + 100)
        services = {"app": random_geo(world.rng), "mix": Weighted({"north": 5, "south": 1, "east": 0, "west": 2})}
        new_services = {"app": random_geo(world.rng),
                        "mix": Weighted({"north": 2, "south": 1, "east": 1, "west": 5})}
        weights = {"DE": 10, "FR": 2.5, "US": 30, "IN": 4, "KE": 0, "NO": 7}
        csv = "country,weight\n" + "".join(f"{c},{w}\n" for c, w in weights.items())
        document = difference(
            folder, config_of(services), config_of(new_services, "new.mmdb"), "--traffic",
            folder.folder + "/weights.csv",
            files={"old.mmdb": old_world.database(), "new.mmdb": world.database(), "weights.csv": csv,
                   "zone": ZONE})
        shares = world.shares_by_weight({c: w for c, w in weights.items() if w})
        for name in services:
            check_moves(document, name, expected_moves(
                world, services[name], new_services[name], old_world.country_of, shares))
        check(abs(document["unplaced"] - 7 / 53.5) < 1e-8, document["unplaced"])


@tap.case("a query log weighs what it asked")
def _(folder):
    world = World(21)
    before, after = random_geo(world.rng), random_geo(world.rng)
    lines, shares, asked = [], defaultdict(float), 0
    for _ in range(3000):
        network, client = world.random_client()
        name = world.rng.choice(["app.example.com", "ns1.example.com"])
        where = world.rng.choice([f"client={client}", f"client=192.0.2.9 ecs={network}"])
        lines.append(f"2026-01-01T00:00:00Z level=info event=query {where} name={name} type=A\n")
        if name == "app.example.com":
            asked += 1
            shares[network] += 1
    shares = {network: count / asked for network, count in shares.items()}
    document = difference(folder, config_of({"app": before}), config_of({"app": after}), "--traffic",
                          folder.folder + "/q.log",
                          files={"old.mmdb": world.database(), "q.log": "".join(lines), "zone": ZONE})
    check_equal((document["traffic"], document["services"][0]["queries"]), ("queries", asked))
    check_moves(document, "app", expected_moves(world, before, after, world.country_of, shares))


@tap.case("nothing different is exit status 0, and says so")
def _(folder):
    config = config_of({"app": random_geo(World(3).rng)})
    files = {"old.mmdb": World(3).database(), "zone": ZONE}
    done = run(folder, config, config, files=files)
    check_equal((done.returncode, done.stdout), (0, "No difference.\n"), done.stderr)
    check_equal(difference(folder, config, config)["items"], [])
    done = run(folder, config, config, "--traffic", "countries")
    check_equal(done.returncode, 0, done.stderr)


@tap.case("names and records: what a zone file and names: say, counted by hand")
def _(folder):
    service = random_geo(World(3).rng)
    old = config_of({"app": service}, names="www: app, api: app, old: app")
    new = config_of({"app": service}, names="www: app, api: {service: app, sticky: true}, new: app")
    folder.values["RECORDS"] = "a A 192.0.2.1\nb TXT x\nc A 192.0.2.3"
    folder.write("zone", ZONE)
    folder.values.update(SERIAL=8, RECORDS="a A 192.0.2.2\nc A 192.0.2.3\nc AAAA 2001:db8::3\nd TXT y")
    folder.write("zone2", ZONE)
    document = difference(folder, old, new.replace("file: zone", "file: zone2"))
    got = {(item["kind"], item["change"], item["name"]) for item in document["items"]}
    check_equal(got, {
        ("record", "changed", "a.example.com."), ("record", "removed", "b.example.com."),
        ("record", "added", "c.example.com."), ("record", "added", "d.example.com."),
        ("name", "changed", "api.example.com."), ("name", "removed", "old.example.com."),
        ("name", "added", "new.example.com."), ("zone", "changed", "example.com.")})
    check_equal(document["counts"]["record"], {"added": 2, "changed": 1, "removed": 1})
    zone = next(item for item in document["items"] if item["kind"] == "zone")
    check_equal(zone["detail"], "serial 7 -> 8; 2 names added, 2 removed")
    text = run(folder, old, new.replace("file: zone", "file: zone2")).stdout
    check("records: 2 added, 1 changed, 1 removed" in text and "  - b.example.com.  TXT, 1 record" in text, text)
    check("No client gets another region." in text, text)
    folder.values.update(SERIAL=7, RECORDS="")


@tap.case("what a reload would refuse is told with its reason")
def _(folder):
    service = random_geo(World(3).rng)
    old = config_of({"app": service}, names=", ".join(f"n{i}: app" for i in range(10)))
    new = config_of({"app": service}, names="n0: app")
    document = difference(folder, old, new, files={"zone": ZONE})
    check_equal(document["refused"], True)
    check_equal(document["refusals"][0]["reason"], "9 of 12 names would be gone, more than half")
    text = run(folder, old, new).stdout
    check(text.startswith("A reload would REFUSE this:\n  9 of 12 names"), text)
    allowed = new.replace("server: {", "server: {allow_shrink: true, ")
    text = run(folder, old, allowed).stdout
    check(text.startswith("A reload would take (allow_shrink is set) this:\n"), text)


@tap.case("without a database the whole space counts")
def _(folder):
    text = ("regions: {a: {}, b: {}}\nservices: {app: {policy: failover, order: [%s], regions: {a: {addresses: "
            "[192.0.2.1]}, b: {addresses: [192.0.2.2]}}}}\nzones: {example.com: {file: zone, names: {www: app}}}\n")
    document = difference(folder, text % "a, b", text % "b, a", files={"zone": ZONE})
    check_equal(document["space"], "all")
    move = document["services"][0]["moves"][0]
    check_equal((move["country"], move["from"], move["to"], move["weight"]["ipv4"], move["weight"]["ipv6"]),
                ("unknown", "a", "b", 1.0, 1.0))


@tap.case("errors end with 2 and name their place: in either configuration, in the traffic")
def _(folder):
    good = config_of({"app": random_geo(World(3).rng)})
    bad = good.replace("policy: geo", "policy: goe")
    for old, new, wrong in (good, bad, "new.yaml"), (bad, good, "rhumb.yaml"):
        done = run(folder, old, new)
        check_equal((done.returncode, done.stdout), (2, ""))
        check(f"{wrong}:6:13: error: " in done.stderr and "did you mean 'geo'?" in done.stderr, done.stderr)
    for name, content, message in (
            ("w.csv", "country,weight\nDE,1\nXX,2\n", "w.csv:3:1: error: 'XX' is no country"),
            ("q.log", "client=here name=app.example.com\n", "q.log:1:8: warning: client= is no address: left out"),
            ("q.log", "nothing\n", "q.log: error: no query in it asks for a steered name"),
            ("c.pcap", b"\x0a\x0d\x0d\x0a" + b"\0" * 30, "c.pcap: error: the format pcapng is not read")):
        done = run(folder, good, good, "--traffic", folder.folder + "/" + name, files={name: content})
        check_equal((done.returncode, done.stdout), (2, ""), done.stderr)
        check(message in done.stderr, done.stderr)
    done = run(folder, good, good, "--traffic", folder.folder + "/missing")
    check_equal(done.returncode, 2)
    check("missing: error: cannot read the file: No such file or directory" in done.stderr, done.stderr)
    done = folder.run("diff", folder.folder + "/nowhere.yaml")
    check_equal(done.returncode, 2)


@tap.case("the running server compares with what it serves, and a reload may be forced once")
def _(_folder):
    world = World(51)
    before, after = random_geo(world.rng), random_geo(world.rng)
    names = "app: app, " + ", ".join(f"n{i}: app" for i in range(10))
    old = "admin: {listen: ['unix:admin.sock']}\n" + config_of({"app": before}, names=names)
    new = old.replace(config_of({"app": before}, names=names), config_of({"app": after}, names="app: app"))
    server = Rhumb(old, {"old.mmdb": world.database(), "zone": ZONE, "new.yaml": new}, {"SERIAL": 7, "RECORDS": ""})
    with server:
        api = Api("unix:" + server.folder + "/admin.sock")
        done = server.run("diff", server.folder + "/new.yaml", "--traffic", "countries", "--json")
        check_equal(api.post("/v1/diff", {"file": server.folder + "/new.yaml"}).json, json.loads(done.stdout))
        check_equal(api.post("/v1/diff", {}).json["different"], False)
        answer = api.post("/v1/diff", {"file": server.folder + "/nowhere.yaml"})
        check_equal(answer.status, 422)
        check("nowhere.yaml" in answer.json["detail"], answer.text)
        server.write("rhumb.yaml", new)
        answer = api.post("/v1/reload", {})
        check_equal(answer.status, 422)
        check("10 of 13 names would be gone, more than half" in answer.json["detail"], answer.text)
        check_equal(server.ask("n3.example.com").rcode, "NOERROR")
        check_equal(api.post("/v1/diff", {}).json["refused"], True)
        check_equal(api.post("/v1/reload", {"force": True}).status, 200)
        check_equal(server.ask("n3.example.com").rcode, "NXDOMAIN")
        check_equal(api.post("/v1/diff", {}).json["different"], False)


def main():
    folder = Rhumb(config_of({}), {"old.mmdb": World(3).database()}, {"SERIAL": 7, "RECORDS": ""})
    try:
        tap.run(folder)
    finally:
        shutil.rmtree(folder.folder)


main()
