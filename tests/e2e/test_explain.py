"""rhumb explain follows a name as far as an answer does: what it says is what dig gets."""
import re

from harness import Rhumb
from tap import Tap, check, check_equal

CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"]}
geo: {networks: {192.0.2.0/24: {country: US}, 203.0.113.0/24: {country: DE}}}
regions: {us: {country: US}, eu: {country: IE}}
services:
  app: {policy: geo, regions: {us: {serves: [default], addresses: [10.0.0.1]},
                               eu: {serves: [EU], addresses: [10.0.1.1]}}}
  cdn: {policy: geo, regions: {us: {serves: [default], names: [us.cdn.invalid]},
                               eu: {serves: [EU], names: [Old.example.com]}}}
zones:
  example.com: {file: zone, names: {www: app, "*.shop": app, cdn: cdn}}
"""
ZONE = """$TTL 60
@ SOA ns h 1 1 1 1 60
@ NS ns.example.net.
old CNAME www
brand DNAME shop
far CNAME www.example.net.
self CNAME self
""" + "".join(f"c{i} CNAME c{i + 1}\n" for i in range(20))
tap = Tap()
server = Rhumb(CONFIG, {"zone": ZONE})


def explain(name, rtype="A", client="203.0.113.0/24"):
    done = server.run("explain", name, rtype, "--client", client)
    check_equal(done.returncode, 0, done.stderr)
    return done.stdout


@tap.case("an alias is followed, whether from the zone, a DNAME or the policy")
def _():
    for name, aliases in (
            ("old.example.com", ["www.example.com."]),
            ("a.brand.example.com", ["a.shop.example.com."]),
            ("cdn.example.com", ["old.example.com.", "www.example.com."])):
        text = explain(name)
        found = [alias.lower() for alias in re.findall(r"^alias +(\S+)$", text, re.M)]
        check_equal(found, aliases, name)
        answer = re.findall(r"^answer +(\S+)$", text, re.M)
        check_equal(answer[-1:], ["10.0.1.1"], name)
        dig = server.ask(name, "A", ecs="203.0.113.0/24")
        check_equal([text.lower() for text in dig.texts("CNAME")], sorted(aliases), name)
        check_equal(dig.texts("A"), answer, name)


@tap.case("asked for the CNAME itself, nothing is followed")
def _():
    check("alias" not in explain("old.example.com", "CNAME"), "an alias was followed")
    check_equal(explain("cdn.example.com", "CNAME").count("\nname "), 0, "names")


@tap.case("an alias out of our zones is the resolver's to follow, a strange name is refused")
def _():
    for name, client in ("far.example.com", "192.0.2.1"), ("cdn.example.com", "192.0.2.1"):
        check("none served here holds it: the resolver asks on" in explain(name, "A", client), name)
    check("none served here holds it: REFUSED" in explain("example.net"), "REFUSED")


@tap.case("a chain ends where the answer ends")
def _():
    text = explain("c0.example.com")
    check_equal(len(re.findall("^name ", text, re.M)), 16, "names")
    check("16 names: the answer ends here" in text, text)
    check_equal(len(server.ask("c0.example.com").answer), 16, "records in the answer")


with server:
    tap.run()
