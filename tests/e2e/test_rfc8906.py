"""RFC 8906 section 8, line by line: what a server says to what it does not know. Each line is asked
with dig, and once more with kdig where that can say it; the answer is read from what they print.

Where the RFC leaves a choice, a line holds what we chose: RA, CD and AD are never set (RFC 1035
section 4.1.1, RFC 4035 section 3.1.6), so the flags are compared as a whole.

Behind it what the same resolvers meet elsewhere: counts of questions (RFC 9619), ANY (RFC 8482),
transfers, other opcodes, responses sent as queries.
"""
import base64
import re
import shutil
import struct
import subprocess

import dnsclient
from harness import Rhumb
from tap import Skip, Tap, check, check_equal

CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], identity: compliance}
regions: {us: {}}
services:
  app: {policy: failover, regions: {us: {addresses: [192.0.2.1]}}}
zones:
  example.com: {file: zone, names: {www: app}}
"""
KEYS = [base64.b64encode(bytes([3, 1, 0, 1, first] + [255] * 255)).decode() for first in (1, 2, 3)]
ZONE = "\n".join([
    "$TTL 300", "@ SOA ns h 1 7200 900 1209600 60", "@ NS ns", "@ MX 10 ns", '@ TXT "text"',
    "ns A 127.0.0.1", "ns AAAA ::1",
    *(f"@ DNSKEY 257 3 8 {key}" for key in KEYS),  # no signatures: only something long
    *(f'big TXT "{number:0200}"' for number in range(10)), ""])
DIG_ONLY = re.compile(r"\+(ednsflags|opcode|header-only|bufsize=1 )")
tap = Tap()


# ---- what dig and kdig print --------------------------------------------------------------------


def found(pattern, text):
    match = re.search(pattern, text)
    return match.group(1) if match else None


class Printed:
    """One reply, as either program prints it. version is None without OPT; options is a set of
    names: {"NSID", "100"}."""

    def __init__(self, text):
        self.text = text
        self.status = found(r"status: (\w+)", text)
        self.flags = found(r";; [Ff]lags: ?([^;\n]*);", text)
        self.header_mbz = found(r";; flags:[^;\n]*; MBZ: (\w+)", text)
        self.counts = {name: int(count) for name, count in re.findall(
            r"(QUERY|ANSWER|AUTHORITY|ADDITIONAL): (\d+)", text)}
        edns = re.search(r"^;+ (?:EDNS: v|V)ersion: (\d+)[,;] flags: ?([a-z ]*)", text, re.M)
        self.version, self.edns_flags = edns.groups() if edns else (None, None)
        self.edns_mbz = found(r"EDNS: version[^\n]*MBZ: (\w+)", text)
        self.udp_size = found(r"(?:udp:|UDP size:) (\d+)", text)
        self.options = set(re.findall(
            r"^;+ (?:OPT=)?(NSID|COOKIE|CLIENT-SUBNET|EXPIRE|EDE|100|Option \(100\))", text, re.M))
        answer = found(r"(?s);; ANSWER SECTION:\n(.*?)\n\n", text)
        self.types = [line.split()[3] for line in answer.splitlines()] if answer else []


COMMON = "@127.0.0.1 -p {port} {words} {name} {rtype}"
PROGRAMS = {"dig": "dig +time=3 +tries=1 " + COMMON, "kdig": "kdig +timeout=3 +retry=0 " + COMMON}


def printed(program, server, words, rtype="soa", name="example.com"):
    if program == "kdig":
        words = words.replace("+noednsneg", "")  # it does not retry
    command = PROGRAMS[program].format(port=server.port, words=words, rtype=rtype, name=name)
    done = subprocess.run(command.split(), capture_output=True, text=True, timeout=30, check=False)
    check_equal(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
    for complaint in ("malformed", "bad packet", "mismatch", "trailing", "extra"):
        check(complaint not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr)
    return Printed(done.stdout)


# ---- the list -----------------------------------------------------------------------------------

SOA = {"status": "NOERROR", "flags": "qr aa", "types": ["SOA"], "header_mbz": None}
PLAIN = {**SOA, "version": None}
EDNS = {**SOA, "version": "0", "edns_flags": "", "edns_mbz": None, "options": set(),
        "udp_size": "1232"}
BADVERS = {**EDNS, "status": "BADVERS", "flags": "qr", "types": []}
NOTIMP = {"status": "NOTIMP", "flags": "qr", "types": [], "version": None, "header_mbz": None}
NODATA = {**PLAIN, "types": [],
          "counts": {"QUERY": 1, "ANSWER": 0, "AUTHORITY": 1, "ADDITIONAL": 0}}
TRUNCATED = {**EDNS, "flags": "qr aa tc", "types": []}
V1 = "+edns=1 +noednsneg +nocookie +noadflag +norecurse"
V0 = "+edns=0 +nocookie +noadflag +norecurse"
V = "+noedns +noadflag +norecurse"
LINES = [  # RFC, section, what is asked, flags, type, what must come
    (8906, "8.1.1", "is the server configured for the zone", V, "soa", PLAIN),
    (8906, "8.1.2", "an unknown type", V, "type1000", NODATA),
    (8906, "8.1.3.1", "CD=1", V + " +cdflag", "soa", PLAIN),
    (8906, "8.1.3.2", "AD=1", "+noedns +norecurse +adflag", "soa", PLAIN),
    (8906, "8.1.3.3", "the reserved header bit", V + " +zflag", "soa", PLAIN),
    (8906, "8.1.3.4", "RD=1", "+noedns +noadflag +recurse", "soa", {**PLAIN, "flags": "qr aa rd"}),
    (8906, "8.1.4", "an unknown opcode, header only", V + " +opcode=15 +header-only", "soa", NOTIMP),
    (8906, "8.1.4", "an unknown opcode, with a question", V + " +opcode=15", "soa", NOTIMP),
    (8906, "8.1.5", "TCP", V + " +tcp", "soa", PLAIN),
    (8906, "8.2.1", "minimal EDNS", V0, "soa", EDNS),
    (8906, "8.2.2", "EDNS version 1", V1, "soa", BADVERS),
    (8906, "8.2.3", "an unknown EDNS option", V0 + " +ednsopt=100", "soa", EDNS),
    (8906, "8.2.3", "an unknown EDNS option with data", V0 + " +ednsopt=100:0badc0de", "soa", EDNS),
    (8906, "8.2.4", "an unknown EDNS flag", V0 + " +ednsflags=0x40", "soa", EDNS),
    (8906, "8.2.4", "all unknown EDNS flags", V0 + " +ednsflags=0x3fff", "soa", EDNS),
    (8906, "8.2.5", "EDNS version 1 with an unknown flag", V1 + " +ednsflags=0x40", "soa", BADVERS),
    (8906, "8.2.6", "EDNS version 1 with an unknown option", V1 + " +ednsopt=100", "soa", BADVERS),
    (8906, "8.2.7", "a truncated response", V0 + " +dnssec +bufsize=512 +ignore", "dnskey",
     {**TRUNCATED, "edns_flags": "do"}),
    (8906, "8.2.8", "DO=1", V0 + " +dnssec", "soa", {**EDNS, "edns_flags": "do"}),
    (8906, "8.2.9", "EDNS version 1 with DO=1", V1 + " +dnssec", "soa",
     {**BADVERS, "edns_flags": "do"}),
    (8906, "3.2.7", "EDNS over TCP", V0 + " +tcp", "soa", EDNS),
    (8906, "3.2.7", "EDNS version 1 over TCP", V1 + " +tcp", "soa", BADVERS),
    (8906, "8.2.3", "an unknown EDNS option over TCP", V0 + " +tcp +ednsopt=100", "soa", EDNS),
    (6891, "6.1.3", "EDNS version 255", V1.replace("=1", "=255"), "soa", BADVERS),
    (6891, "6.2.3", "a size below 512 counts as 512", V0 + " +bufsize=1 +ignore", "soa", EDNS),
    (6891, "6.2.4", "65535 is offered, the server stays at its own 1232",
     V0 + " +bufsize=65535 +ignore", "dnskey",
     {**EDNS, "types": ["DNSKEY"] * 3}),
    (6891, "7", "OPT stays when all else is cut", V0 + " +bufsize=600 +ignore", "dnskey", TRUNCATED),
    (1035, "4.2.1", "512 bytes without EDNS", V + " +ignore", "dnskey",
     {**PLAIN, "flags": "qr aa tc", "types": []}),
    (1035, "4.2.2", "TCP gives what UDP cannot", V + " +tcp", "dnskey",
     {**PLAIN, "types": ["DNSKEY"] * 3}),
    (6840, "5.7", "AD=1 and DO=1 without signatures", "+norecurse +adflag +nocookie +dnssec", "soa",
     {**EDNS, "edns_flags": "do"}),
    (3597, "5", "the last type of all", V, "type65534", NODATA),
    (3425, "3", "opcode IQUERY", V + " +opcode=1 +header-only", "soa", NOTIMP),
    (1035, "4.1.1", "opcode STATUS", V + " +opcode=2", "soa", NOTIMP),
    (1996, "3.10", "NOTIFY, which no primary sends us", V + " +opcode=4", "soa", NOTIMP),
    (2136, "3.1", "UPDATE, which no zone takes", V + " +opcode=5", "soa", NOTIMP),
    (8490, "5.1", "DSO over UDP", V + " +opcode=6 +header-only", "soa", NOTIMP),
    (8490, "5.1", "DSO over TCP", V + " +opcode=6 +header-only +tcp", "soa", NOTIMP),
    (8906, "3.1.4", "an unknown opcode with EDNS version 1", V1 + " +opcode=7", "soa", NOTIMP),
]


def add_line(program, rfc, section, what, words, rtype, wanted):
    @tap.case(f"RFC {rfc} {section}: {what} ({program})")
    def _(server):
        if not shutil.which(program):
            raise Skip(f"no {program} here")
        reply = printed(program, server, words, rtype)
        got = {key: getattr(reply, key) for key in wanted}
        check(got == wanted, f"got {got}, wanted {wanted} in\n{reply.text}")


for line in LINES:
    add_line("dig", *line)
    if not DIG_ONLY.search(line[3]):
        add_line("kdig", *line)


def add_options(program):
    @tap.case(f"RFC 8906 8.2.10: several defined EDNS options at once ({program})")
    def _(server):
        reply = printed(program, server, "+norecurse +noadflag +edns=0 +cookie +nsid +expire "
                                         "+subnet=0.0.0.0/0")
        check_equal((reply.status, reply.flags, reply.types, reply.version),
                    ("NOERROR", "qr aa", ["SOA"], "0"), reply.text)
        check({"NSID", "CLIENT-SUBNET"} <= reply.options, reply.text)
        check("EDE" not in reply.options, reply.text)
        check("CLIENT-SUBNET: 0.0.0.0/0/0" in reply.text, "RFC 7871 section 7.1.2: scope 0")


add_options("dig")
add_options("kdig")


# ---- what needs packets of our own --------------------------------------------------------------


def both(server, query):
    """The parsed answers over UDP and TCP."""
    with dnsclient.TcpClient(server.server) as client:
        client.send(query)
        answers = [dnsclient.exchange_udp(server.server, query), client.receive()]
    check(None not in answers, f"no answer to {query.hex()}")
    for answer in answers:
        check_equal(answer[2] & 0x80, 0x80, "QR")
    return [dnsclient.parse(answer, query) for answer in answers]


def with_counts(query, *counts):
    return query[:4] + struct.pack("!4H", *counts) + query[12:]


@tap.case("every opcode but QUERY: NOTIMP with the opcode kept, whatever stands behind the header")
def _(server):
    plain = dnsclient.build_query("example.com", "SOA", edns=False)
    for opcode in range(1, 16):
        for body in (b"", plain[12:], b"\xff" * 20):
            query = struct.pack("!6H", 99, opcode << 11, 1 if body else 0, 0, 0, 0) + body
            for message in both(server, query):
                check_equal((message.rcode, message.opcode, message.aa, message.answer,
                             message.authority), ("NOTIMP", opcode, False, [], []))


@tap.case("RFC 9619: a query with two questions, or with none and no cookie, is a FORMERR")
def _(server):
    query = dnsclient.build_query("example.com", "SOA", edns=False)
    for bad in (with_counts(query, 2, 0, 0, 0) + query[12:], with_counts(query, 2, 0, 0, 0),
                with_counts(query, 0xffff, 0, 0, 0), with_counts(query, 0, 0, 0, 0)[:12],
                with_counts(query, 0, 0, 0, 1)[:12] + bytes.fromhex("0000290200000000000000")):
        for message in both(server, bad):
            check_equal((message.rcode, message.answer, message.authority), ("FORMERR", [], []))


@tap.case("RFC 8482 4.1: ANY is answered with one RRset, over UDP and over TCP")
def _(server):
    for name in ("example.com", "ns.example.com", "www.example.com"):
        for message in both(server, dnsclient.build_query(name, "ANY")):
            check_equal((message.rcode, message.aa, message.tc), ("NOERROR", True, False))
            check_equal(len({(record.name, record.rtype) for record in message.answer}), 1)
    for message in both(server, dnsclient.build_query("nothing.example.com", "ANY")):
        check_equal(message.rcode, "NXDOMAIN")


def ixfr(name):
    """A query that tells the serial number we have: SOA in the authority section."""
    query = dnsclient.build_query(name, 251, edns=False)
    soa = b"\0\0" + struct.pack("!5I", 1, 2, 3, 4, 5)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 6, 1, 0, len(soa)) + soa
    return with_counts(query, 1, 0, 1, 0) + record


@tap.case("AXFR and IXFR of our zone are REFUSED, of others REFUSED or NOTAUTH, on UDP and TCP")
def _(server):
    axfr = dnsclient.build_query("example.com", 252, edns=False)
    for query in (axfr, ixfr("example.com")):
        for message in both(server, query):
            check_equal((message.rcode, message.answer, message.authority), ("REFUSED", [], []))
    for query in (dnsclient.build_query("example.net", 252), ixfr("example.net"), ixfr(".")):
        for message in both(server, query):
            check(message.rcode in ("REFUSED", "9"), f"{message} (RFC 5936 section 2.2.1)")
            check_equal(message.answer + message.authority, [])


@tap.case("AXFR with dig and kdig: the transfer fails, without a record")
def _(server):
    for program in ("dig", "kdig"):
        command = PROGRAMS[program].format(port=server.port, words="", rtype="axfr",
                                           name="example.com").split()
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        check("ransfer failed" in done.stdout or "REFUSED" in done.stdout + done.stderr,
              done.stdout + done.stderr)
        check("SOA" not in done.stdout, done.stdout)


@tap.case("responses and fragments of a header are not answered (UDP), TCP goes on behind them")
def _(server):
    query = dnsclient.build_query("example.com", "SOA", query_id=7)
    response = query[:2] + bytes([query[2] | 0x80]) + query[3:]
    for opcode in range(16):
        other = response[:2] + bytes([0x80 | opcode << 3]) + response[3:]
        check_equal(dnsclient.exchange_udp(server.server, other, 0.05), None, f"opcode {opcode}")
    for size in range(12):
        check_equal(dnsclient.exchange_udp(server.server, query[:size], 0.02), None, f"{size} bytes")
    with dnsclient.TcpClient(server.server) as client:
        client.send(response)
        client.send(query)
        check_equal(dnsclient.parse(client.receive(), query).rcode, "NOERROR")


@tap.case("RFC 2308 2: a name that is not, and a type that is not, both with the SOA and its TTL")
def _(server):
    for name, rtype, rcode in (("no.example.com", "A", "NXDOMAIN"), ("ns.example.com", "MX", "NOERROR")):
        for message in both(server, dnsclient.build_query(name, rtype)):
            check_equal((message.rcode, message.aa, message.answer), (rcode, True, []))
            check_equal([(record.type, record.name, record.ttl) for record in message.authority],
                        [("SOA", "example.com.", 60)])


@tap.case("a response that is cut over UDP comes whole over TCP, on the connection that stays open")
def _(server):
    query = dnsclient.build_query("big.example.com", "TXT")
    message = dnsclient.parse(dnsclient.exchange_udp(server.server, query), query)
    check_equal((message.tc, message.answer, message.edns.udp_size), (True, [], 1232))
    with dnsclient.TcpClient(server.server) as client:
        for _ in range(3):
            client.send(query)
            message = dnsclient.parse(client.receive(), query)
            check_equal((message.tc, len(message.answer)), (False, 10))


def main():
    with Rhumb(CONFIG, {"zone": ZONE}) as server:
        tap.run(server)


main()
