"""rhumb simulate with real files: shares and loads are what counting network by network, and query by
query, gives; captures are the ones tcpdump writes too."""
import json
import shutil
import subprocess
import xml.etree.ElementTree as xml
from collections import Counter, defaultdict

import dnsclient
from harness import ROOT, Rhumb
from tap import Skip, Tap, check, check_equal
from traffic_world import REGIONS, Weighted, World, pcap_file, random_geo, udp_packet

ZONE = """$TTL 300
@ SOA ns1 hostmaster 7 3600 600 86400 60
@ NS ns1
ns1 A 192.0.2.53
alias CNAME app
"""
tap = Tap()


def config_of(services, capacities=None):
    capacities = capacities or {}
    text = "geo: {databases: [geo.mmdb]}\nregions:\n"
    for region in REGIONS:
        text += f"  {region}: {{{f'capacity: {capacities[region]}' if region in capacities else ''}}}\n"
    text += "checks: {web: {tcp: {port: 80}}}\nservices:\n"
    for name, service in services.items():
        policy = "weighted" if isinstance(service, Weighted) else "geo"
        text += f"  {name}:\n    policy: {policy}\n    check: web\n    regions:\n"
        for number, region in enumerate(REGIONS):
            items = f"weight: {service.weights[region]}" if policy == "weighted" else \
                f"serves: [{', '.join(service.serves[region])}]"
            if (name, region) in capacities:
                items += f", capacity: {capacities[name, region]}"
            text += f"      {region}: {{{items}, addresses: [192.0.2.{number + 1}]}}\n"
    return text + "zones: {example.com: {file: zone, names: {" + \
        ", ".join(f"{name}: {name}" for name in services) + "}}}\n"


def simulate(folder, *arguments, status=0):
    done = folder.run("simulate", *arguments, "--json")
    check_equal(done.returncode, status, done.stderr)
    return json.loads(done.stdout)


def shares_of(document, name):
    service = next(s for s in document["services"] if s["service"] == name)
    return {r["region"]: (r["before"], r["after"]) for r in service["regions"]}


def check_shares(document, name, before, after):
    got = shares_of(document, name)
    for region in set(got) | set(before) | set(after):
        for place, wanted in enumerate((before.get(region, 0), after.get(region, 0))):
            check(abs(got[region][place] - wanted) < 1e-8,
                  f"{name} {region} {'after' if place else 'before'}: {got[region][place]}, not {wanted}")


def expected(service, weights, country_of, down=()):
    """weights: {network: share}."""
    sums = Counter()
    for network, weight in weights.items():
        for region, share in service.region(country_of[network], down).items():
            sums[region] += weight * share
    return sums


@tap.case("weights of countries: every share, before and after, and with two regions down")
def _(folder):
    for seed in range(4):
        world = World(seed)
        services = {"app": random_geo(world.rng), "mix": Weighted({"north": 5, "south": 1, "east": 3, "west": 2})}
        weights = {"DE": 10, "FR": 2.5, "US": 30, "IN": 4, "KE": 1, "NO": 7}
        folder.write("geo.mmdb", world.database())
        folder.write("rhumb.yaml", config_of(services))
        folder.write("w.csv", "country,weight\n" + "".join(f"{c},{w}\n" for c, w in weights.items()))
        shares = world.shares_by_weight(weights)
        for down in ["north"], ["east", "west"]:
            document = simulate(folder, "--traffic", folder.folder + "/w.csv", "--down", down[0],
                                *(["--drain", down[1]] if down[1:] else []))
            for name, service in services.items():
                check_shares(document, name, expected(service, shares, world.country_of),
                             expected(service, shares, world.country_of, down))


@tap.case("capacity: loads in queries a second, who is over, and the exit status")
def _(folder):
    world = World(11)
    services = {"app": random_geo(world.rng), "mix": Weighted({"north": 5, "south": 1, "east": 3, "west": 2})}
    capacities = {"north": 400, "east": 900, ("mix", "south"): 100}
    folder.write("geo.mmdb", world.database())
    folder.write("rhumb.yaml", config_of(services, capacities))
    folder.write("w.csv", "country,weight\nDE,1\nUS,2\nJP,3\nBR,1\n")
    shares = world.shares_by_weight({"DE": 1, "US": 2, "JP": 3, "BR": 1})
    loads = {}
    for name, down in ("before", ()), ("after", ("west",)):
        app = expected(services["app"], shares, world.country_of, down)
        mix = services["mix"].region(None, down)
        loads[name] = {"north": 600 * app["north"] + 200 * mix["north"],
                       "east": 600 * app["east"] + 200 * mix["east"], "mix/south": 200 * mix["south"]}
    over = any(loads["after"][place] > limit for place, limit in
               (("north", 400), ("east", 900), ("mix/south", 100)))
    document = simulate(folder, "--traffic", folder.folder + "/w.csv", "--down", "west", "--qps", "app=600",
                        "--qps", "mix=200", status=int(over))
    check_equal(document["overloaded"], over)
    check_equal([p["place"] for p in document["places"]], ["north", "east", "mix/south"])
    for place in document["places"]:
        for when in "before", "after":
            check(abs(place[f"qps_{when}"] - loads[when][place["place"]]) < 2e-3, f"{place} {when}")
    document = simulate(folder, "--traffic", folder.folder + "/w.csv", "--qps", "1000000", status=1)
    check_equal(document["overloaded"], True)
    document = simulate(folder, "--traffic", folder.folder + "/w.csv", "--service", "mix")
    place = next(p for p in document["places"] if p["place"] == "mix/south")
    check(abs(place["full_at_qps_before"] - 100 / (1 / 11)) < 1e-3, place)
    text = folder.run("simulate", "--traffic", folder.folder + "/w.csv", "--qps", "1000000").stdout
    check("  OVER\n" in text and "capacity" in text, text)


def queries_of(world, count):
    """Random queries: (network, client address, name, type, has a subnet)."""
    for _ in range(count):
        network, client = world.random_client()
        name = world.rng.choice(["app.example.com", "alias.example.com", "mix.example.com", "ns1.example.com"])
        yield network, client, name, world.rng.choice(["A", "A", "TXT"]), world.rng.random() < 0.3


def count_queries(queries):
    """{service: {network: share}} of those that a policy decides."""
    counts = defaultdict(Counter)
    for network, _, name, rtype, _ in queries:
        if rtype == "A" and not name.startswith("ns1"):
            counts["mix" if name.startswith("mix") else "app"][network] += 1
    return {name: {network: n / sum(networks.values()) for network, n in networks.items()}
            for name, networks in counts.items()}


def check_queries(folder, world, services, queries, path):
    document = simulate(folder, "--traffic", path, "--down", "south")
    counted = count_queries(queries)
    for name, service in services.items():
        check_shares(document, name, expected(service, counted[name], world.country_of),
                     expected(service, counted[name], world.country_of, ("south",)))
    return document["traffic"]


def query_world(folder):
    world = World(31)
    services = {"app": random_geo(world.rng), "mix": Weighted({"north": 5, "south": 1, "east": 3, "west": 2})}
    folder.write("geo.mmdb", world.database())
    folder.write("rhumb.yaml", config_of(services))
    return world, services


@tap.case("a query log: every query counts where it went")
def _(folder):
    world, services = query_world(folder)
    queries = list(queries_of(world, 2000))
    folder.write("q.log", "".join(
        "event=query " + (f"client=192.0.2.9:53 ecs={network}" if subnet else f"client={client}") +
        f" name={name} type={rtype}\n" for network, client, name, rtype, subnet in queries) +
        "event=reload result=ok\n")
    traffic = check_queries(folder, world, services, queries, folder.folder + "/q.log")
    decided = sum(rtype == "A" and not name.startswith("ns1") for _, _, name, rtype, _ in queries)
    check_equal(traffic, {"kind": "queries", "queries": 2000, "steered": decided, "elsewhere": 2000 - decided,
                          "unreadable": 0})


@tap.case("a capture, of either byte order and clock, with what is no query between")
def _(folder):
    world, services = query_world(folder)
    queries = list(queries_of(world, 500))
    for order, magic in ("<", 0xA1B2C3D4), (">", 0xA1B2C3D4), ("<", 0xA1B23C4D), (">", 0xA1B23C4D):
        packets = []
        for network, client, name, rtype, subnet in queries:
            message = dnsclient.build_query(name, rtype, ecs=str(network) if subnet else None)
            packets += [udp_packet(client, message), udp_packet(client, b"not DNS", port=99)]
        folder.write("c.pcap", pcap_file(packets, order, magic))
        traffic = check_queries(folder, world, services, queries, folder.folder + "/c.pcap")
        check_equal((traffic["queries"], traffic["unreadable"]), (500, 0))


@tap.case("tcpdump reads the same captures, and what it writes from them is read")
def _(folder):
    if not shutil.which("tcpdump"):
        raise Skip("tcpdump is not installed")
    world, services = query_world(folder)
    queries = list(queries_of(world, 200))
    packets = [udp_packet(client, dnsclient.build_query(name, rtype, ecs=str(network) if subnet else None))
               for network, client, name, rtype, subnet in queries]
    folder.write("c.pcap", pcap_file(packets))
    copy = folder.folder + "/copy.pcap"
    subprocess.run(["tcpdump", "-Z", "root", "-r", folder.folder + "/c.pcap", "-w", copy, "udp port 53"],
                   check=True, capture_output=True)
    check_queries(folder, world, services, queries, copy)


@tap.case("the server's own query log, in either format: what was answered is what is simulated")
def _(_folder):
    world = World(41)
    service = random_geo(world.rng)
    config = config_of({"app": service}).replace("    check: web\n", "")
    for how in "format: logfmt", "format: json", "format: json, clients: prefix":
        server = Rhumb("server: {listen: ['127.0.0.1:@PORT@']}\n"
                       f"query_log: {{sample: 100%, file: q.log, {how}}}\n" + config,
                       {"zone": ZONE, "geo.mmdb": world.database()})
        answered = Counter()
        try:
            server.start()
            for _ in range(60):
                network, _client = world.random_client()
                address, = server.ask("app.example.com", "A", ecs=str(network)).texts()
                answered[REGIONS[int(address.rsplit(".", 1)[1]) - 1]] += 1
            server.stop()  # writes what waits
            document = simulate(server, "--traffic", server.folder + "/q.log")
        finally:
            server.kill()
            shutil.rmtree(server.folder)
        check_equal(document["traffic"]["steered"], 60, how)
        shares = {region: n / 60 for region, n in answered.items()}
        check_shares(document, "app", shares, shares)


@tap.case("the plot is well-formed SVG with a bar for each figure")
def _(folder):
    world, services = query_world(folder)
    path = folder.folder + "/plot.svg"
    document = simulate(folder, "--down", "north", "--svg", path)
    rows = sum(len(service["regions"]) for service in document["services"])
    root = xml.parse(path).getroot()
    rects = root.findall("{http://www.w3.org/2000/svg}rect")
    check_equal(root.tag, "{http://www.w3.org/2000/svg}svg")
    check_equal(len(rects), 2 * rows + 3)  # the legend has two, the background is one
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for service in document["services"]:
        check("service " + service["service"] in texts)
    done = folder.run("simulate", "--svg", folder.folder + "/no/where.svg")
    check_equal(done.returncode, 2)
    check("cannot write" in done.stderr, done.stderr)


@tap.case("the quick start: the shipped weights, and a word about what nobody probes")
def _(_folder):
    quick = Rhumb("", {})
    try:
        quick.config = ROOT + "/zones/rhumb.yaml"
        done = quick.run("simulate", "--down", "eu-west", "--json")
        check_equal((done.returncode, done.stderr), (0, ""))
        document = json.loads(done.stdout)
        check(document["traffic"]["unplaced"] < 0.01, "nearly every country of the weights has networks")
        app = shares_of(document, "app")
        check(0.1 < app["eu-west"][0] < 0.4 and app["eu-west"][1] == 0, app)
        check(abs(sum(after for _, after in app.values()) - 1) < 1e-6, app)
        check_equal(shares_of(document, "app-canary"), {"us-east": (0.9, 1.0), "eu-west": (0.1, 0.0)})
    finally:
        shutil.rmtree(quick.folder)


@tap.case("errors end with 2 and say what helps")
def _(folder):
    query_world(folder)
    for arguments, *parts in (
            (["--down", "nroth"], "nothing is called 'nroth'", "did you mean 'north'?"),
            (["--drain", "app/mars"], "nothing is called 'app/mars'", "SERVICE/REGION"),
            (["--service", "ap"], "there is no service 'ap'", "did you mean 'app'?"),
            (["--qps", "many"], "'many' is no rate of queries", "--qps 12000"),
            (["--qps", "5", "--qps", "app=5"], "exclude each other"),
            (["--traffic", "/nowhere"], "/nowhere: error: cannot read the file")):
        done = folder.run("simulate", *arguments)
        check_equal((done.returncode, done.stdout), (2, ""), done.stderr)
        for part in parts:
            check(part in done.stderr, f"{arguments}: {done.stderr}")
    folder.write("rhumb.yaml", "services: {app: {polcy: geo}}\n")
    done = folder.run("simulate")
    check_equal(done.returncode, 2)
    check("rhumb.yaml:1:" in done.stderr and "did you mean 'policy'?" in done.stderr, done.stderr)


def main():
    folder = Rhumb("", {"zone": ZONE})
    try:
        tap.run(folder)
    finally:
        shutil.rmtree(folder.folder)


main()
