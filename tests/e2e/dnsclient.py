"""A DNS client of our own: it sends what dig would not, and shows every bit that came back.

    message = ask(("127.0.0.1", 5300), "www.example.com", "A", ecs="198.51.100.0/24")
    message.rcode, message.texts(), message.ttls(), message.ecs.scope

build_query() makes the bytes, parse() reads an answer and raises BadMessage on any fault: an
answer that parses is well formed up to its last byte.
"""
import ipaddress
import random
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
         "SRV": 33, "DNAME": 39, "OPT": 41, "DS": 43, "SVCB": 64, "HTTPS": 65, "ANY": 255,
         "CAA": 257}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN"]
RCODE_NAMES = {**dict(enumerate(RCODES)), 16: "BADVERS", 23: "BADCOOKIE"}
OPTION_NSID, OPTION_ECS, OPTION_COOKIE, OPTION_EDE = 3, 8, 10, 15


class BadMessage(Exception):
    """The answer breaks the protocol; the text says where."""


class Record:
    def __init__(self, name, rtype, rclass, ttl, rdata, text):
        self.name, self.rtype, self.rclass, self.ttl = name, rtype, rclass, ttl
        self.rdata, self.text = rdata, text
        self.type = TYPE_NAMES.get(rtype, f"TYPE{rtype}")

    def __repr__(self):
        return f"{self.name} {self.ttl} {self.type} {self.text}"


class Ecs:
    def __init__(self, data):
        if len(data) < 4:
            raise BadMessage("ECS option too short")
        family, self.source, self.scope = struct.unpack("!HBB", data[:4])
        size = {1: 4, 2: 16}.get(family)
        if size is None or len(data) - 4 != (self.source + 7) // 8:
            raise BadMessage("ECS option of wrong length or family")
        self.address = ipaddress.ip_address(data[4:].ljust(size, b"\0"))


class Edns:
    """The OPT record of an answer: options is a list of (code, bytes)."""

    def __init__(self, udp_size, ttl, rdata):
        self.udp_size, self.version, self.do = udp_size, ttl >> 16 & 0xFF, bool(ttl & 0x8000)
        self.high_rcode, self.options, at = ttl >> 24, [], 0
        while at < len(rdata):
            if at + 4 > len(rdata):
                raise BadMessage("EDNS option cut off")
            code, size = struct.unpack_from("!HH", rdata, at)
            if at + 4 + size > len(rdata):
                raise BadMessage("EDNS option longer than OPT")
            self.options.append((code, rdata[at + 4:at + 4 + size]))
            at += 4 + size

    def option(self, code):
        return next((data for number, data in self.options if number == code), None)


class Message:
    """One answer. Sections are lists of Record; OPT is taken out of additional."""

    def __init__(self, data):
        self.size = len(data)
        if len(data) < 12:
            raise BadMessage("shorter than a header")
        self.id, flags, *counts = struct.unpack_from("!6H", data)
        self.qr, self.opcode, self.aa = bool(flags & 0x8000), flags >> 11 & 15, bool(flags & 0x400)
        self.tc, self.rd, self.ra = bool(flags & 0x200), bool(flags & 0x100), bool(flags & 0x80)
        self.edns, reader, self.question = None, Reader(data), None
        for _ in range(counts[0]):
            self.question = (reader.name(), *reader.unpack("!HH"))
        self.answer, self.authority, self.additional = (
            [self._record(reader) for _ in range(count)] for count in counts[1:])
        self.additional = [record for record in self.additional if record]
        if reader.at != len(data):
            raise BadMessage("bytes behind the last record")
        code = flags & 15 | (self.edns.high_rcode << 4 if self.edns else 0)
        self.rcode = RCODE_NAMES.get(code, str(code))
        ecs = self.edns and self.edns.option(OPTION_ECS)
        self.ecs = Ecs(ecs) if ecs is not None else None
        nsid = self.edns and self.edns.option(OPTION_NSID)
        self.nsid = nsid.decode("latin-1") if nsid is not None else None

    def _record(self, reader):
        name, (rtype, rclass, ttl, size) = reader.name(), reader.unpack("!HHIH")
        if reader.at + size > len(reader.data):
            raise BadMessage("record longer than the message")
        start = reader.at
        text = reader.rdata_text(rtype, size)
        reader.at = start + size
        rdata = reader.data[start:start + size]
        if rtype != TYPES["OPT"]:
            return Record(name, rtype, rclass, ttl, rdata, text)
        if self.edns or name != ".":
            raise BadMessage("two OPT records, or one that is not at the root")
        self.edns = Edns(rclass, ttl, rdata)
        return None

    def texts(self, rtype=None):
        """The answer section's data, sorted: what dig +short prints."""
        return sorted(r.text for r in self.answer if rtype in (None, r.type))

    def ttls(self):
        return {record.ttl for record in self.answer}

    def __repr__(self):
        return f"{self.rcode} aa={self.aa} tc={self.tc} {self.answer} {self.authority}"


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 12  # behind the header

    def unpack(self, layout):
        if self.at + struct.calcsize(layout) > len(self.data):
            raise BadMessage("cut off")
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def name(self):
        labels, at, end = [], self.at, None
        limit = at  # pointers go backwards only
        while True:
            if at >= len(self.data):
                raise BadMessage("name cut off")
            size = self.data[at]
            if size >= 0xC0:
                if at + 1 >= len(self.data):
                    raise BadMessage("pointer cut off")
                end = end or at + 2
                at = (size & 0x3F) << 8 | self.data[at + 1]
                if at >= limit:
                    raise BadMessage("pointer does not go backwards")
                limit = at
            elif size > 63 or at + 1 + size > len(self.data):
                raise BadMessage("bad label")
            elif size == 0:
                self.at = end or at + 1
                return ".".join(labels) + "."
            else:
                labels.append(self.data[at + 1:at + 1 + size].decode("latin-1"))
                at += 1 + size

    def rdata_text(self, rtype, size):
        kind, data = TYPE_NAMES.get(rtype), self.data[self.at:self.at + size]
        if kind in ("A", "AAAA"):
            if size != (4 if kind == "A" else 16):
                raise BadMessage(f"{kind} record of {size} bytes")
            return str(ipaddress.ip_address(data))
        if kind in ("NS", "CNAME", "PTR", "DNAME"):
            return self.name()
        if kind == "MX":
            return f"{self.unpack('!H')[0]} {self.name()}"
        if kind == "SOA":
            return " ".join([self.name(), self.name(), *map(str, self.unpack("!5I"))])
        if kind == "TXT":
            parts, at = [], 0
            while at < size:
                parts.append('"' + data[at + 1:at + 1 + data[at]].decode("latin-1") + '"')
                at += 1 + data[at]
            return " ".join(parts)
        return data.hex()


def wire_name(name):
    labels = [label.encode("latin-1") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def ecs_option(subnet):
    network = ipaddress.ip_network(subnet)
    data = network.network_address.packed[:(network.prefixlen + 7) // 8]
    family = 1 if network.version == 4 else 2
    return OPTION_ECS, struct.pack("!HBB", family, network.prefixlen, 0) + data


def build_query(name, rtype="A", *, rclass=1, query_id=None, flags=0, edns=True, udp_size=1232,
                do=False, version=0, ecs=None, nsid=False, options=()):
    """ecs: "198.51.100.0/24"; options: more EDNS options as (code, bytes)."""
    number = TYPES[rtype] if isinstance(rtype, str) else rtype
    query_id = random.getrandbits(16) if query_id is None else query_id
    options = list(options)
    if ecs:
        options.append(ecs_option(ecs))
    if nsid:
        options.append((OPTION_NSID, b""))
    out = struct.pack("!6H", query_id, flags, 1, 0, 0, 1 if edns else 0)
    out += wire_name(name) + struct.pack("!HH", number, rclass)
    if edns:
        rdata = b"".join(struct.pack("!HH", code, len(data)) + data for code, data in options)
        ttl = version << 16 | (0x8000 if do else 0)
        out += b"\0" + struct.pack("!HHIH", TYPES["OPT"], udp_size, ttl, len(rdata)) + rdata
    return out


def parse(data, query=None):
    message = Message(data)
    if query is not None and message.id != struct.unpack_from("!H", query)[0]:
        raise BadMessage("the id is not the query's")
    if not message.qr:
        raise BadMessage("not a response")
    return message


def family_of(server):
    return socket.AF_INET6 if ":" in server[0] else socket.AF_INET


def exchange_udp(server, query, timeout=2.0):
    """The raw answer; None when none came. A socket of its own, so it cannot be an old one."""
    with socket.socket(family_of(server), socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect(server)
        try:
            sock.send(query)
            return sock.recv(65535)
        except (socket.timeout, ConnectionRefusedError):
            return None


class TcpClient:
    """One connection: send as many queries as you like, then read the answers."""

    def __init__(self, server, timeout=5.0):
        self.sock = socket.create_connection(server, timeout)

    def send(self, query):
        self.sock.sendall(struct.pack("!H", len(query)) + query)

    def receive(self):
        """The next raw answer; None when the server closed."""
        size = self._exactly(2)
        return self._exactly(struct.unpack("!H", size)[0]) if size else None

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                return None
            data += more
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def ask(server, name, rtype="A", *, tcp=False, timeout=2.0, **how):
    """One question, one Message; how: as build_query(). Raises TimeoutError without answer."""
    query = build_query(name, rtype, **how)
    if tcp:
        with TcpClient(server, timeout) as client:
            client.send(query)
            data = client.receive()
    else:
        data = exchange_udp(server, query, timeout)
    if data is None:
        raise TimeoutError(f"no answer to {name} {rtype}")
    return parse(data, query)
