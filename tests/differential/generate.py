"""Families of zones from a seed, and queries for them."""
import random as random_module
from collections import namedtuple

import names
import packets
import rdata
import zone_features
from zone_builder import Builder
from zones import Family, number_label

ODD_TYPES = [0, 10, 41, 128, 249, 250, 251, 252, 253, 254, 255, 256, 65535, 46, 47, 48, 50, 51]
USUAL_TYPES = ["A", "A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "DS", "ANY", "SRV"]
ODD_CLASSES = [0, 3, 3, 4, 254, 255, 255, 65280]
EDNS_SIZES = [0, 511, 512, 513, 1232, 1232, 1400, 4096, 4096, 65535]


class Query(namedtuple("Query", "family name qtype qclass flags edns_size do tcp")):
    """One question; family: the number of the zones it is meant for."""

    def packet(self, query_id):
        return packets.build(query_id, self.flags, names.to_wire(self.name), self.qtype,
                             self.qclass, self.edns_size, self.do)

    def __str__(self):
        words = [names.to_text(self.name), packets.type_name(self.qtype)]
        if self.qclass != 1:
            words.append(packets.CLASS_NAMES.get(self.qclass, f"CLASS{self.qclass}"))
        for flag, word in ((packets.FLAG_RD, "+rd"), (packets.FLAG_AD, "+ad"),
                           (packets.FLAG_CD, "+cd")):
            if self.flags & flag:
                words.append(word)
        if self.edns_size is not None:
            words.append(f"+edns={self.edns_size}")
        return " ".join(words + ["+do"] * self.do + ["+tcp"] * self.tcp)


# ---- families -----------------------------------------------------------------------------------


def make_apex(b):
    random, origin = b.random, b.origin
    minimum = random.choice((0, 5, 60, 3600, 100000))
    server, outside = (b"ns1", *origin), names.from_text("ns.example.net")
    serial = random.randrange(1, 2**32)
    b.add(origin, "SOA", f"{names.to_text(server)} {names.to_text((b'host.master', *origin))} "
          f"{serial} 7200 900 1209600 {minimum}", b.some_ttl())
    b.add(origin, "NS", names.to_text(server))
    b.add(origin, "NS", names.to_text(outside))
    b.add(server, "A", "192.0.2.53")
    if random.random() < 0.5:
        b.add_some(origin, ["A", "AAAA", "MX", "TXT", "CAA", "HTTPS"])
    if random.random() < 0.2:
        b.add_some((b"*", *origin))
        b.note((b"any", *origin), (b"any", b"any", *origin))


def make_family(seed, number):
    """Returns the family, and the builders of its zones for make_queries()."""
    random = random_module.Random(f"{seed} zones {number}")
    rare, label = random.choice((0, 0, 0, 0, 0, 1, 1, 2)), number_label(number)
    top, beside = (label, b"test"), (label, b"example")
    origins = [top] + [origin for origin in (
        (b"child", *top), (b"deep", b"child", *top), (b"island", *top), (b"a", b"b", *top), beside)
        if random.random() < 0.45]
    builders = [Builder(random, origin, rare) for origin in origins]
    for b in builders:
        make_apex(b)
    if random.random() < 0.3:
        builders.append(make_renamed_zone(random, rare, label, builders))
    for b in builders:
        b.family_names = [name for other in builders for name in other.names]
    for b in builders[:len(origins)]:
        delegate_children(b, origins)
        for feature in random.choices(zone_features.DATA, k=random.randrange(4, 12)):
            feature(b)
    for b in builders[:len(origins)]:
        b.family_names = [name for other in builders for name in other.names]
        pieces = random.choices(zone_features.POINTERS, k=random.randrange(3, 9))
        if random.random() < 0.05:
            pieces += zone_features.RARELY
        for feature in pieces:
            feature(b)
    return Family(number, [b.zone for b in builders]), builders


def delegate_children(b, origins):
    """What is served beside its parent is mostly delegated there."""
    for origin in origins:
        parents = [other for other in origins
                   if other != origin and names.is_at_or_below(origin, other)]
        if parents and max(parents, key=len) == b.origin and origin[0] != b"island":
            zone_features.delegate(b, origin)


def make_renamed_zone(random, rare, label, builders):
    """A zone that is nothing but a DNAME at its apex."""
    b = Builder(random, (b"moved", label, b"example"), rare)
    b.add(b.origin, "SOA", "ns.example.net. host.example.net. 1 7200 900 1209600 60")
    b.add(b.origin, "NS", "ns.example.net.")
    b.add(b.origin, "DNAME", names.to_text(builders[0].origin))
    for name in builders[0].names[:10]:
        b.note((*name[:len(name) - len(builders[0].origin)], *b.origin))
    return b


# ---- queries ------------------------------------------------------------------------------------


def make_queries(seed, number, builders, count):
    random = random_module.Random(f"{seed} queries {number}")
    present = {}
    for b in builders:
        present.update(b.present)
    pool = [name for b in builders for name in b.names]
    return [make_query(random, number, pick_name(random, pool), present) for _ in range(count)]


def pick_name(random, pool):
    """A name of the zones, or one near it."""
    name, kind = random.choice(pool), random.random()
    if kind < 0.5:
        near = name
    elif kind < 0.6:
        near = name[1:]
    elif kind < 0.75:
        near = (random.choice((b"x", b"zz", b"0", b"\x00", b"sub", b"ns")), *name)
    elif kind < 0.88:
        near = (random.choice((b"beside", b"0", b"zzz", b"-", name[0] + b"a", name[0][:-1] or b"b")
                              if name else (b"beside",)), *name[1:])
    elif kind < 0.95:
        near = (b"*", *name)
    else:
        near = (b"a", b"b", b"c", *name)
    legal = names.fits(near) and all(0 < len(label) <= names.LABEL_BYTES_MAX for label in near)
    return near if legal else name


def make_query(random, number, name, present):
    here = sorted(present.get(names.lower(name), ()))
    kind = random.random()
    if here and kind < 0.45:
        qtype = packets.type_number(random.choice(here))
    elif kind < 0.85:
        qtype = packets.TYPES[random.choice(USUAL_TYPES)]
    elif kind < 0.95:
        qtype = packets.type_number(random.choice(list(rdata.ALL)))
    else:
        qtype = random.choice(ODD_TYPES)
    flags = sum(flag for flag, often in ((packets.FLAG_RD, 0.3), (packets.FLAG_AD, 0.1),
                                         (packets.FLAG_CD, 0.1)) if random.random() < often)
    with_edns = random.random() < 0.6
    return Query(
        family=number, name=names.swap_case(name, random) if random.random() < 0.2 else name,
        qtype=qtype, qclass=random.choice(ODD_CLASSES) if random.random() < 0.01 else 1,
        flags=flags, edns_size=random.choice(EDNS_SIZES) if with_edns else None,
        do=with_edns and random.random() < 0.4, tcp=random.random() < 0.15)
