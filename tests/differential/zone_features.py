"""What zones are made of: each function adds one piece to a zone under construction.

b is a Builder. A piece keeps to names of its own, so that any pieces go together; only targets
lead from one to the other.
"""
import names
import rdata


def plain(b):
    b.add_some(b.fresh(), ttl=b.some_ttl())


def many_types(b):
    owner = b.fresh()
    b.add_some(owner, most=min(12, len(b.types)))


def below_each_other(b):
    """Empty non-terminals between, of one to three labels."""
    owner = b.fresh()
    if b.random.random() < 0.5:
        b.add_some(owner)
    for _ in range(b.random.randrange(1, 4)):
        owner = b.fresh(owner)
    b.add_some(owner)


def big_set(b):
    """An RRset around the sizes at which UDP answers are cut."""
    owner, random = b.fresh(), b.random
    size = random.choice((15, 28, 30, 31, 60, 76, 77, 90))
    if random.random() < 0.5:
        for i in range(size):
            b.add(owner, "A", f"198.51.100.{i}")
    else:
        for i in range(size // 8):
            b.add(owner, "TXT", f'"{i} {"x" * random.randrange(60, 240)}"')


def huge_set(b):
    """More than any UDP answer."""
    owner = b.fresh()
    for i in range(30):
        b.add(owner, "TXT", f'"{i} {"y" * 220}"')


def long_name(b):
    owner = b.longest(b.fresh())
    b.add_some(owner)
    b.note(owner[1:])


def odd_types(b):
    """One owner for each of some types, so that each is asked for."""
    for rtype in b.random.sample(b.types, 6):
        b.add(b.fresh(), rtype, rdata.make(b.random, rtype, b.target()))


# ---- wildcards ----------------------------------------------------------------------------------


def wildcard(b):
    """With names beside it, and names below those."""
    top, random = b.fresh(), b.random
    if random.random() < 0.3:
        b.add_some(top)
    b.add_some((b"*", *top), ttl=b.some_ttl())
    if random.random() < 0.6:
        b.add_some((b"host", *top))
    if random.random() < 0.5:
        b.add_some((b"a", b"ent", *top))
        b.note((b"b", b"ent", *top), (b"x", b"a", b"ent", *top))
    b.note((b"any", *top), (b"deep", b"any", *top), (b"x", b"host", *top), (b"x", b"*", *top))


def wildcard_alias(b):
    top = b.fresh()
    target = b.target() if b.random.random() < 0.7 else (b"loop", *top)
    b.add((b"*", *top), "CNAME", names.to_text(target), b.some_ttl())
    b.note((b"any", *top), (b"deep", b"any", *top), (b"x", b"*", *top))


def asterisk_within(b):
    """An asterisk that is an empty non-terminal, or a wildcard below a wildcard."""
    top = b.fresh()
    b.add_some((b"sub", b"*", *top) if b.random.random() < 0.5 else (b"*", b"*", *top))
    b.note((b"any", *top), (b"sub", b"any", *top), (b"x", b"sub", b"*", *top), (b"*", *top))


def wildcard_dname(b):
    top = b.fresh()
    b.add((b"*", *top), "DNAME", names.to_text(b.target()))
    b.note((b"any", *top), (b"x", b"any", *top), (b"x", b"*", *top))


# ---- delegations --------------------------------------------------------------------------------


def add_addresses(b, owner):
    b.add(owner, "A", rdata.address4(b.random), b.some_ttl())
    if b.random.random() < 0.5:
        b.add(owner, "AAAA", rdata.address6(b.random))


def delegate(b, cut):
    """Name servers inside the cut, beside it, at it, elsewhere in the zone, outside."""
    random = b.random
    inside, beside = (b"ns", *cut), (b"ns", *b.fresh())
    servers = {"inside": inside, "deep": (b"a", b"b", *cut), "at": cut, "beside": beside,
               "zone": b.target(), "outside": names.from_text("ns.example.net")}
    for kind in random.sample(sorted(servers), random.randrange(1, 4)):
        b.add(cut, "NS", names.to_text(servers[kind]))
        if kind in ("inside", "deep", "at", "beside") and random.random() < 0.85:
            add_addresses(b, servers[kind])
    if random.random() < 0.4:
        b.add(cut, "DS", rdata.ds(random))
    b.note(cut, inside, (b"x", *cut), (b"y", b"x", *cut), (b"*", *cut))


def cut(b):
    delegate(b, b.fresh())


def cut_with_hidden_data(b):
    """What the parent's file says below a cut is not the parent's to say."""
    top = b.fresh()
    delegate(b, top)
    below = (b"hidden", *top)
    kind = b.random.random()
    if kind < 0.3:
        b.add(below, "TXT", '"hidden"')
    elif kind < 0.5:
        b.add(below, "CNAME", names.to_text(b.target()))
    elif kind < 0.7:
        b.add((b"*", *top), "A", "192.0.2.99")
    elif kind < 0.9:
        b.add(below, "NS", names.to_text((b"ns", *below)))
        b.add((b"ns", *below), "A", "192.0.2.98")
    else:
        b.add(top, "TXT", '"hidden at the cut"')
    b.note(below, (b"x", *below))


def cut_beside_wildcard(b):
    top = b.fresh()
    b.add_some((b"*", *top))
    delegate(b, (b"cut", *top))
    b.note((b"any", *top))


def cut_below_empty(b):
    delegate(b, b.fresh(b.fresh()))


def wide_cut(b):
    """More glue than fits."""
    top = b.fresh()
    for i in range(b.random.choice((5, 8, 13, 20))):
        server = (b"ns%d-%s" % (i, b"0123456789" * 2), *top)
        b.add(top, "NS", names.to_text(server))
        add_addresses(b, server)
    b.note((b"x", *top))


# ---- aliases ------------------------------------------------------------------------------------


def alias(b):
    b.add(b.fresh(), "CNAME", names.to_text(b.target()), b.some_ttl())


def alias_chain(b):
    chain = [b.fresh() for _ in range(b.random.randrange(2, 9))]
    for owner, target in zip(chain, chain[1:]):
        b.add(owner, "CNAME", names.to_text(target), b.some_ttl())
    b.add(chain[-1], "CNAME", names.to_text(b.target()))


def alias_loop(b):
    chain = [b.fresh() for _ in range(b.random.randrange(1, 5))]
    for owner, target in zip(chain, chain[1:] + chain[:1]):
        b.add(owner, "CNAME", names.to_text(target))


def alias_into(b):
    """To each kind of place: below what is there, below a cut, into a wildcard."""
    target = b.target()
    below = (b"x", *target)
    b.add(b.fresh(), "CNAME", names.to_text(below if names.fits(below) else target))


def dname(b):
    """A subtree moved to another, with names on the other side that are there."""
    owner, random = b.fresh(), b.random
    target = b.fresh() if random.random() < 0.5 else b.target()
    b.add(owner, "DNAME", names.to_text(target), b.some_ttl())
    if random.random() < 0.4:
        b.add_some(owner)
    inside, alias_there = (b"x", *target), (b"a", *target)
    if names.is_at_or_below(target, b.origin) and all(map(b.is_free, (inside, alias_there))):
        b.add_some(inside)
        b.add(alias_there, "CNAME", names.to_text(b.target()))
        b.note((b"a", *owner))
    b.note((b"x", *owner), (b"y", b"x", *owner), (b"*", *owner), b.longest(owner))


def dname_loop(b):
    one, two = b.fresh(), b.fresh()
    kind = b.random.random()
    if kind < 0.3:
        b.add(one, "DNAME", names.to_text(two))
        b.add(two, "DNAME", names.to_text(one))
    elif kind < 0.6:
        b.add(one, "DNAME", names.to_text((b"more", *one)))
    else:
        b.add(one, "DNAME", names.to_text(two))
        b.add((b"x", *two), "CNAME", names.to_text((b"x", *one)))
    b.note((b"x", *one), (b"y", b"x", *one), (b"x", *two))


def dname_too_long(b):
    owner, target = b.fresh(), b.longest(b.origin)[1:]
    b.add(owner, "DNAME", names.to_text(target))
    b.note((b"x", *owner), (b"y" * 60, *owner), (b"z" * 63, b"z" * 10, *owner))


DATA = [plain, plain, many_types, below_each_other, big_set, huge_set, long_name, odd_types,
        wildcard, wildcard, wildcard_alias, asterisk_within, cut, cut, cut_with_hidden_data,
        cut_beside_wildcard, cut_below_empty, wide_cut]
POINTERS = [alias, alias, alias_chain, alias_loop, alias_into, alias_into, dname, dname,
            dname_loop, dname_too_long]
RARELY = [wildcard_dname]
