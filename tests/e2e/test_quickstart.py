"""What the README promises: zones/rhumb.yaml, real dig and kdig, three regions.

The shipped files are served as they are, but for the port numbers: the listeners' come from
RHUMB_PORT and RHUMB_ADMIN_PORT, the back ends' are free ones put in the place of 18080 to 18083.
"""
import os
import re
import shutil
import subprocess
from collections import Counter

from admin import Api
from backend import Backend
from harness import ROOT, Rhumb, free_port
from tap import Skip, Tap, check, check_equal, skip_all, wait_until

US, DE, JP = "192.0.2.0/24", "203.0.113.0/24", "198.51.100.0/24"
REGION_OF = {US: "127.0.1.1", DE: "127.0.2.1", JP: "127.0.3.1"}
tap = Tap()


def data(server, *arguments):
    return server.dig(*arguments).data


@tap.case("check finds nothing wrong, and tells how fast a dead region is left")
def _(server, _backends):
    done = server.run("check")
    check_equal((done.returncode, done.stderr), (0, ""))
    check("service app: policy geo, 3 regions" in done.stdout, done.stdout)
    check("detected within 2.7 s" in done.stdout and "0 errors, 0 warnings" in done.stdout)


@tap.case("the README's dig lines show three regions")
def _(server, _backends):
    with open(ROOT + "/README.md", encoding="utf-8") as readme:
        lines = re.findall(r"^ +dig @127\.0\.0\.1 -p 5300 (.*)$", readme.read(), re.M)
    seen = [server.dig(*line.split()) for line in lines]
    check_equal([s.data for s in seen], [["127.0.1.1"], ["127.0.3.1"], ["127.0.2.1"]])
    for answer in seen:
        check_equal((answer.status, answer.ttls, "aa" in answer.flags), ("NOERROR", {30}, True))
        check("qr" in answer.flags and "ra" not in answer.flags, answer.text)


@tap.case("explain and dig agree, and the scope dig sees is the one explain gives")
def _(server, _backends):
    for client, address in REGION_OF.items():
        text = server.run("explain", "www.example.com", "A", "--client", client).stdout
        check_equal(re.search(r"^answer +(\S+)$", text, re.M).group(1), address)
        scope = re.search(r"^scope +/(\d+)", text, re.M).group(1)
        check_equal(server.dig("www.example.com", f"+subnet={client}").ecs, f"{client}/{scope}")


@tap.case("the admin API shows the same, to everybody on this machine")
def _(server, _backends):
    api = Api(f"127.0.0.1:{server.environment['RHUMB_ADMIN_PORT']}")
    services = {s["service"]: s for s in api.get("/v1/services").json["services"]}
    check_equal([r["region"] for r in services["app"]["region_list"]], ["us-east", "eu-west", "ap-tokyo"])
    check(all(s["condition"] == "ok" for s in services.values()), str(services))
    for client, address in REGION_OF.items():
        text = api.get(f"/v1/explain?name=www.example.com&client={client}").json["text"]
        check_equal(re.search(r"^answer +(\S+)$", text, re.M).group(1), address)
    check_equal(api.post("/v1/overrides", {"region": "us-east", "state": "drain", "reason": "x"}).status, 401)


@tap.case("real networks find their region by the shipped database")
def _(server, _backends):
    for client, address in (("8.8.8.0/24", "127.0.1.1"), ("193.99.144.0/24", "127.0.2.1"),
                            ("133.11.0.0/24", "127.0.3.1"), ("240e::/32", "127.0.3.1"),
                            ("2001:638::/32", "127.0.2.1"), ("1.1.1.0/24", "127.0.3.1")):
        check_equal(data(server, "www.example.com", f"+subnet={client}"), [address], client)


@tap.case("a client nobody knows gets the default's region")
def _(server, _backends):
    check_equal(data(server, "www.example.com"), ["127.0.2.1"])
    check_equal(data(server, "example.com", "+subnet=0/0"), ["127.0.2.1"])


@tap.case("writes go to one region from everywhere, with scope 0")
def _(server, _backends):
    for client in REGION_OF:
        seen = server.dig("write.api.example.com", f"+subnet={client}")
        check_equal((seen.data, seen.ecs), (["127.0.1.1"], client + "/0"))


@tap.case("one client in ten gets the canary")
def _(server, _backends):
    seen = Counter(server.ask("canary.example.com").texts()[0] for _ in range(1000))
    check_equal(set(seen), {"127.0.1.1", "127.0.2.1"})
    check(60 <= seen["127.0.2.1"] <= 140, f"{seen}: more than 4 standard deviations from 100")


@tap.case("IPv6 addresses come from the regions of a nested service")
def _(server, _backends):
    for client in (US, DE, JP, "2001:db8:2::/48"):
        check_equal(data(server, "six.example.com", "AAAA", f"+subnet={client}"), ["::1"])
    seen = server.dig("six.example.com", "A")
    check_equal((seen.status, seen.data), ("NOERROR", []))
    check("SOA" in seen.text, "NODATA with the SOA")


@tap.case("a shop's client stays where it was, and scope says for which clients that holds")
def _(server, _backends):
    for name in ("a.shop.example.com", "very.deep.shop.example.com"):
        seen = {(tuple(m.texts()), m.ecs.scope)
                for m in (server.ask(name, ecs=DE) for _ in range(50))}
        check_equal(seen, {(("127.0.2.1",), 24)})


@tap.case("a region's own name pins it")
def _(server, _backends):
    for region, address in (("us-east", "127.0.1.1"), ("eu-west", "127.0.2.1"),
                            ("ap-tokyo", "127.0.3.1")):
        for client in (US, JP):
            check_equal(data(server, f"{region}.app.example.com", f"+subnet={client}"), [address])


@tap.case("the apex is steered and has its other records")
def _(server, _backends):
    check_equal(data(server, "example.com", f"+subnet={US}"), ["127.0.1.1"])
    check_equal(data(server, "example.com", "MX"), ["10 mail.example.com."])
    check_equal(data(server, "example.com", "NS"), ["ns1.example.com.", "ns2.example.com."])
    check_equal(data(server, "example.com", "CAA"), ['0 issue "ca.example.net"'])
    check(data(server, "example.com", "SOA")[0].startswith("ns1.example.com. hostmaster.example"))


@tap.case("the zone file's data is answered: alias, service, wildcard, list, delegation")
def _(server, _backends):
    check_equal(data(server, "blog.example.com", f"+subnet={JP}"),
                ["127.0.3.1", "www.example.com."])
    check_equal(data(server, "_imaps._tcp.example.com", "SRV"), ["0 1 993 mail.example.com."])
    check_equal(data(server, "x.y.lab.example.com", "A"), ["192.0.2.99"])
    check_equal(data(server, "host-3.example.com", "A"), ["192.0.2.103"])
    check("steered" in data(server, "www.example.com", "TXT")[0])
    message = server.ask("a.sub.example.com")
    check_equal((message.aa, message.answer, [r.text for r in message.authority],
                 [r.text for r in message.additional]),
                (False, [], ["ns.sub.example.com."], ["192.0.2.53"]))


@tap.case("names that are not there say so, for as long as the SOA says")
def _(server, _backends):
    for name, rtype, wanted in (("nothing.example.com", "A", "NXDOMAIN"),
                                ("host-5.example.com", "A", "NXDOMAIN"),
                                ("ns1.example.com", "MX", "NOERROR"),
                                ("_tcp.example.com", "A", "NOERROR")):  # empty non-terminal
        message = server.ask(name, rtype)
        check_equal((message.rcode, message.answer, message.aa), (wanted, [], True))
        check_equal([(r.type, r.ttl) for r in message.authority], [("SOA", 300)])
    check_equal(server.dig("example.net").status, "REFUSED")


@tap.case("the server tells who it is")
def _(server, _backends):
    check_equal(data(server, "id.server", "CH", "TXT"), ['"quickstart"'])
    check_equal(server.dig("www.example.com", "+nsid").nsid, "quickstart")


@tap.case("TCP, IPv6 and plain DNS without EDNS give the same answer")
def _(server, _backends):
    for how in (["+tcp"], ["+noedns"], ["+tcp", "+noedns"]):
        check_equal(data(server, "www.example.com", *how), ["127.0.2.1"], str(how))
    done = subprocess.run(["dig", "@::1", "-p", str(server.port), "+short", "www.example.com"],
                          capture_output=True, text=True, timeout=30, check=False)
    check_equal(done.stdout, "127.0.2.1\n")


@tap.case("kdig sees the same as dig")
def _(server, _backends):
    if not shutil.which("kdig"):
        raise Skip("no kdig")
    for client, address in REGION_OF.items():
        done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(server.port), "www.example.com",
                               f"+subnet={client}", "+nsid"],
                              capture_output=True, text=True, timeout=30, check=False)
        check(re.search(rf"^www\.example\.com\.\s+30\s+IN\s+A\s+{address}$", done.stdout, re.M)
              and "NOERROR" in done.stdout and "WARNING" not in done.stdout, done.stdout)


@tap.case("a nested service that is not well shortens the outer one's TTLs, for everybody")
def _(server, backends):
    backends[3].refuse()
    for client in (US, DE):
        wait_until(lambda: server.ask("six.example.com", "AAAA", ecs=client).ttls() == {5}, 10,
                   f"the unsettled TTL for {client}")
    check("service_all_down severity=critical service=app6 " not in server.log(), "two of three are well")


@tap.case("a dead region is left, but personal data stays in Europe, dead or alive")
def _(server, backends):
    backends[1].refuse()
    wait_until(lambda: data(server, "www.example.com", f"+subnet={DE}") == ["127.0.1.1"], 10,
               "Germany goes to the nearest region that is left")
    seen = server.dig("private.example.com", f"+subnet={DE}")
    check_equal((seen.data, "EDE" in seen.text), (["127.0.2.1"], True))
    check_equal(data(server, "private.example.com", f"+subnet={US}"), ["127.0.1.1"])


def main():
    if not os.path.exists("/proc/net/if_inet6") or "00000001 01" not in open(
            "/proc/net/if_inet6", encoding="ascii").read():
        skip_all("no IPv6 loopback here")
    v4, *v6 = [free_port(("127.0.1.1", "127.0.2.1", "127.0.3.1"))] + \
        [free_port(("::1",)) for _ in range(3)]
    backends = [Backend(f"127.0.{n}.1", v4) for n in (1, 2, 3)]
    backends += [Backend("::1", port) for port in v6]
    with open(ROOT + "/zones/rhumb.yaml", encoding="utf-8") as opened:
        config = opened.read()
    for shipped, port in zip(("18080", "18081", "18082", "18083"), (v4, *v6)):
        config = config.replace(shipped, str(port))
    server = Rhumb(config, {"example.com.zone": "@/zones/example.com.zone", "geo": "@/zones/geo"})
    server.environment.update(RHUMB_PORT=str(server.port), RHUMB_ADMIN_PORT=str(free_port()))
    with server:
        tap.run(server, backends)


main()
