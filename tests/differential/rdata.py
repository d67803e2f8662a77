"""Record data in master-file text: one maker a type, with values from the seed.

target(random) gives a name to point at, as a tuple of labels.
"""
import names


def hexadecimal(random, count):
    return random.randbytes(count).hex()


def address4(random):
    return f"192.0.2.{random.randrange(256)}"


def address6(random):
    return f"2001:db8::{random.randrange(1, 65536):x}"


def string(random, most=40):
    """A quoted string, with bytes that need an escape now and then."""
    out = []
    for _ in range(random.randrange(most)):
        byte = random.randrange(256) if random.random() < 0.1 else random.randrange(32, 127)
        if byte in b'"\\':
            out.append("\\" + chr(byte))
        else:
            out.append(chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}")
    return '"' + "".join(out) + '"'


def strings(random, most=3):
    return " ".join(string(random) for _ in range(random.randrange(1, most + 1)))


def ds(random):
    return f"{random.randrange(65536)} 13 2 {hexadecimal(random, 32)}"


def location(random):
    def degrees(most):
        return f"{random.randrange(most)} {random.randrange(60)} {random.randrange(60)}"
    return (f"{degrees(90)}.{random.randrange(1000):03d} N {degrees(180)}.000 W "
            f"{random.randrange(4000)}.00m {random.randrange(1, 9)}m 100m 10m")


def service_parameters(random):
    some = ["alpn=h2,h3", f"port={random.randrange(65536)}", "ipv4hint=192.0.2.1,192.0.2.2",
            "ipv6hint=2001:db8::1", "key65000=abc"]
    return " ".join(word for word in some if random.random() < 0.5)


def service(random, target):
    if random.random() < 0.3:
        return f"0 {target}"
    owner_itself = "." if random.random() < 0.3 else target
    return f"{random.randrange(1, 9)} {owner_itself} {service_parameters(random)}".strip()


def number(random):
    return random.randrange(65536)


# What every server here reads.
COMMON = {
    "A": lambda r, t: address4(r),
    "AAAA": lambda r, t: address6(r),
    "PTR": lambda r, t: t,
    "MX": lambda r, t: f"{number(r)} {t}",
    "TXT": lambda r, t: strings(r),
    "SRV": lambda r, t: f"{number(r)} {number(r)} {number(r)} {t}",
    "NAPTR": lambda r, t: f'{number(r)} {number(r)} "u" "E2U+sip" "!^.*$!sip:i@example.com!" {t}',
    "CAA": lambda r, t: f'{r.choice((0, 128))} issue "ca{number(r)}.example"',
    "TLSA": lambda r, t: f"3 1 1 {hexadecimal(r, 32)}",
    "SSHFP": lambda r, t: f"4 2 {hexadecimal(r, 32)}",
    "LOC": lambda r, t: location(r),
    "HINFO": lambda r, t: f'"cpu {number(r)}" "os"',
    "RP": lambda r, t: f"{t} {t}",
    "URI": lambda r, t: f'{number(r)} 1 "https://example.com/{number(r)}"',
    "SVCB": service,
    "HTTPS": service,
    "SMIMEA": lambda r, t: f"3 0 0 {hexadecimal(r, 8)}",
    "OPENPGPKEY": lambda r, t: "AQIDBAUGBwgJ",
    "AFSDB": lambda r, t: f"1 {t}",
    "KX": lambda r, t: f"{number(r)} {t}",
    "CERT": lambda r, t: f"1 {number(r)} 5 AQIDBAUGBwgJ",
    "SPF": lambda r, t: '"v=spf1 -all"',
    "EUI48": lambda r, t: "00-00-5e-00-53-2a",
    "EUI64": lambda r, t: "00-00-5e-ef-10-00-00-2a",
}

# What PowerDNS does not read, at least not under this name.
RARE = {
    "TYPE731": lambda r, t: f"\\# 4 {hexadecimal(r, 4)}",
    "TYPE65280": lambda r, t: f"\\# 6 {hexadecimal(r, 6)}",
    "TYPE65534": lambda r, t: "\\# 0",
    "TYPE1": lambda r, t: f"\\# 4 {hexadecimal(r, 4)}",
    "DHCID": lambda r, t: "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    "APL": lambda r, t: "1:192.0.2.0/24 !2:2001:db8::/32",
    "RT": lambda r, t: f"{number(r)} {t}",
    "MINFO": lambda r, t: f"{t} {t}",
    "NID": lambda r, t: f"{number(r)} 0014:4fff:ff20:ee64",
    "L32": lambda r, t: f"{number(r)} 192.0.2.7",
    "L64": lambda r, t: f"{number(r)} 2001:0db8:1140:1000",
    "LP": lambda r, t: f"{number(r)} {t}",
    "CSYNC": lambda r, t: f"{number(r)} 3 A NS AAAA",
    "IPSECKEY": lambda r, t: "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
}

# What Knot does not read either.
OLD = {
    "PX": lambda r, t: f"{number(r)} {t} {t}",
    "X25": lambda r, t: '"311061700956"',
    "ISDN": lambda r, t: '"150862028003217" "004"',
    "MB": lambda r, t: t,
    "MG": lambda r, t: t,
    "MR": lambda r, t: t,
}
ALL = {**COMMON, **RARE, **OLD}


def types(rare):
    """rare: 0, 1 or 2, for how many oracles the zone may lose."""
    return list({**COMMON, **(RARE if rare > 0 else {}), **(OLD if rare > 1 else {})})


def make(random, rtype, target):
    return ALL[rtype](random, names.to_text(target))
