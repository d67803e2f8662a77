"""DNS messages: bytes out for a query, and a reply as values that can be compared.

A record is (owner, type, class, TTL, data), its names uncompressed and in lower case, so that
two records are equal when they mean the same. Sections are sorted tuples: order means nothing,
but a record that is there twice counts twice.
"""
import ipaddress
import struct
from collections import namedtuple

import names

FLAG_QR, FLAG_AA, FLAG_TC, FLAG_RD, FLAG_AD, FLAG_CD = 0x8000, 0x400, 0x200, 0x100, 0x20, 0x10
OPT = 41
TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MB": 7, "MG": 8, "MR": 9, "PTR": 12, "HINFO": 13,
    "MINFO": 14, "MX": 15, "TXT": 16, "RP": 17, "AFSDB": 18, "X25": 19, "ISDN": 20, "RT": 21,
    "PX": 26, "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "KX": 36, "CERT": 37, "DNAME": 39,
    "APL": 42, "DS": 43, "SSHFP": 44, "IPSECKEY": 45, "DHCID": 49, "TLSA": 52, "SMIMEA": 53,
    "OPENPGPKEY": 61, "CSYNC": 62, "ZONEMD": 63, "SVCB": 64, "HTTPS": 65, "SPF": 99, "NID": 104,
    "L32": 105, "L64": 106, "LP": 107, "EUI48": 108, "EUI64": 109, "ANY": 255, "URI": 256,
    "CAA": 257,
}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
CLASS_NAMES = {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
          "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"]

# Where names stand in the data: a number for so many bytes, "n" for a name, "s" for a string
# with its length in front; what remains is bytes.
LAYOUTS = {TYPES[name]: layout for name, layout in {
    "NS": "n", "CNAME": "n", "SOA": "nn", "MB": "n", "MG": "n", "MR": "n", "PTR": "n",
    "MINFO": "nn", "MX": "2n", "RP": "nn", "AFSDB": "2n", "RT": "2n", "PX": "2nn", "SRV": "6n",
    "NAPTR": "4sssn", "KX": "2n", "DNAME": "n", "SVCB": "2n", "HTTPS": "2n", "LP": "2n"}.items()}

Record = namedtuple("Record", "owner type rclass ttl data")
Reply = namedtuple("Reply", "rcode aa tc rd opcode echo edns answer authority additional size")


class BadMessage(Exception):
    """The reply breaks the protocol; the text says where."""


def type_name(number):
    return TYPE_NAMES.get(number, f"TYPE{number}")


def type_number(text):
    return TYPES[text] if text in TYPES else int(text.removeprefix("TYPE"))


def build(query_id, flags, wire_name, qtype, qclass, edns_size, do):
    """edns_size: None for no OPT."""
    head = struct.pack("!6H", query_id, flags, 1, 0, 0, 0 if edns_size is None else 1)
    question = wire_name + struct.pack("!HH", qtype, qclass)
    if edns_size is None:
        return head + question
    return head + question + b"\0" + struct.pack("!HHIH", OPT, edns_size, 0x8000 * do, 0)


def read_name(data, at):
    """The name in wire form, and where it ends. Pointers must go backwards."""
    out, end, limit = [], None, at
    while True:
        size = data[at]
        if size == 0:
            name = b"".join(out) + b"\0"
            if len(name) > names.NAME_BYTES_MAX:
                raise BadMessage("name longer than 255 bytes")
            return name, end or at + 1
        if size >= 0xC0:
            end = end or at + 2
            at = (size & 0x3F) << 8 | data[at + 1]
            if at >= limit:
                raise BadMessage("pointer does not go backwards")
            limit = at
        elif size > names.LABEL_BYTES_MAX:
            raise BadMessage("bad label")
        else:
            out.append(data[at:at + 1 + size])
            at += 1 + size


def read_data(data, rtype, at, end):
    layout = LAYOUTS.get(rtype)
    if layout is None:
        return data[at:end]
    out = []
    for step in layout:
        if step == "n":
            name, at = read_name(data, at)
            out.append(name.lower())
        else:
            size = data[at] + 1 if step == "s" else int(step)
            out.append(data[at:at + size])
            at += size
    if at > end:
        raise BadMessage(f"{type_name(rtype)} data longer than it says")
    return b"".join(out) + data[at:end]


def read_record(data, at):
    owner, at = read_name(data, at)
    rtype, rclass, ttl, size = struct.unpack_from("!HHIH", data, at)
    at += 10
    if at + size > len(data):
        raise BadMessage("record longer than the message")
    return Record(owner.lower(), rtype, rclass, ttl,
                  read_data(data, rtype, at, at + size)), at + size


def read_reply(data, query):
    """data: a reply to the packet query."""
    try:
        return _read_reply(data, query)
    except (IndexError, struct.error):
        raise BadMessage("cut off") from None


def _read_reply(data, query):
    _, flags, *counts = struct.unpack_from("!6H", data)
    if not flags & FLAG_QR:
        raise BadMessage("not a reply")
    at, sections, opt = 12, [], None
    for _ in range(counts[0]):
        _, at = read_name(data, at)
        at += 4
    question = data[12:at]
    for count in counts[1:]:
        records = []
        for _ in range(count):
            record, at = read_record(data, at)
            if record.type != OPT:
                records.append(record)
            elif opt or record.owner != b"\0":
                raise BadMessage("two OPT records, or one that is not at the root")
            else:
                opt = record
        sections.append(tuple(sorted(records)))
    if at != len(data):
        raise BadMessage("bytes behind the last record")
    return Reply(
        rcode=flags & 15 | (opt.ttl >> 24 << 4 if opt else 0), aa=bool(flags & FLAG_AA),
        tc=bool(flags & FLAG_TC), rd=bool(flags & FLAG_RD), opcode=flags >> 11 & 15,
        echo=bool(question) and query[12:12 + len(question)] == question,
        edns=(opt.ttl >> 16 & 0xFF, bool(opt.ttl & 0x8000)) if opt else None,
        answer=sections[0], authority=sections[1], additional=sections[2], size=len(data))


# ---- for people -------------------------------------------------------------------------------


def _data_text(record):
    rtype, data = record.type, record.data
    if rtype in (TYPES["A"], TYPES["AAAA"]) and len(data) in (4, 16):
        return str(ipaddress.ip_address(data))
    out, at = [], 0
    for step in LAYOUTS.get(rtype, ""):
        if step == "n":
            name, at = read_name(data, at)
            out.append(names.to_text(names.from_wire(name)))
        else:
            size = data[at] + 1 if step == "s" else int(step)
            out.append(data[at:at + size].hex())
            at += size
    if rtype == TYPES["SOA"]:
        out += map(str, struct.unpack_from("!5I", data, at))
    elif at < len(data):
        out.append(f"\\# {len(data) - at} {data[at:].hex()}")
    return " ".join(out)


def record_text(record):
    rclass = CLASS_NAMES.get(record.rclass, f"CLASS{record.rclass}")
    return (f"{names.to_text(names.from_wire(record.owner))} {record.ttl} {rclass} "
            f"{type_name(record.type)} {_data_text(record)}")


def rcode_text(rcode):
    return RCODES[rcode] if rcode < len(RCODES) else {16: "BADVERS"}.get(rcode, str(rcode))
