"""Where rhumb goes its own way, and by which right.

A line here lets one kind of difference pass: where the oracles differ among themselves, or, if it
`overrules`, also where they are unanimous. That takes a reason: an RFC that is younger than they
are, or others of the four that do as rhumb does, where they have the zone.
"""
from collections import namedtuple

import names
import packets
from compare import is_referral, may_lack_room, oracles_of

CNAME, DNAME, DS, ANY = (packets.TYPES[name] for name in ("CNAME", "DNAME", "DS", "ANY"))
CLASS_IN, CLASS_CH, CLASS_ANY, AXFR, IXFR = 1, 3, 255, 252, 251
RRSIG, NSEC = 46, 47
NOERROR, REFUSED, NOTAUTH = 0, 5, 9
CHAIN_NAMES_MAX = 16

Decision = namedtuple("Decision", "what source overrules applies")


# ---- what a reply looks like; d: a Difference, rhumb: its Reply ----------------------------------


def oracles(d):
    return [d.replies[name] for name in oracles_of(d.replies)
            if not isinstance(d.replies[name], str)]


def aliases(reply):
    return {record.owner: record.data for record in reply.answer if record.type == CNAME}


def end_of_chain(d, rhumb):
    """The name that the aliases lead to; None for a loop."""
    name, chain = names.to_wire(d.query.name).lower(), aliases(rhumb)
    for _ in range(len(chain) + 1):
        if name not in chain:
            return names.from_wire(name)
        name = chain[name]
    return None


def zone_of(d, name):
    """The origin of the nearest zone, or None."""
    origins = [zone.origin for zone in d.family.zones if names.is_at_or_below(name, zone.origin)]
    return max(origins, key=len, default=None)


# ---- the conditions -----------------------------------------------------------------------------


def is_odd_class(d, rhumb):
    return d.query.qclass not in (CLASS_IN, CLASS_CH, CLASS_ANY) and rhumb.rcode == REFUSED


def is_any_class(d, rhumb):
    return d.query.qclass == CLASS_ANY and not rhumb.aa


def is_transfer(d, rhumb):
    return d.query.qtype in (AXFR, IXFR) and rhumb.rcode in (REFUSED, NOTAUTH)


def is_glue_without_room(d, rhumb):
    """rhumb truncates what an oracle sends with less glue than there is."""
    return rhumb.tc and not d.query.tcp and any(
        is_referral(reply) and not reply.tc and may_lack_room(d.family, d.query, reply)
        for reply in oracles(d))


def is_glue_of_wildcard(d, rhumb):
    """What an oracle has more than rhumb are addresses of names that no master file has."""
    made = {record for reply in oracles(d) for record in reply.additional} - {*rhumb.additional}
    return d.facet == "glue" and bool(made) and not any(
        d.family.at(names.from_wire(record.owner)) for record in made)


def is_endless_chain(d, rhumb):
    """A loop, sixteen names, or what was too long for the packet."""
    if rhumb.rcode != NOERROR or not rhumb.aa:
        return False
    if rhumb.tc:
        return len({frozenset(aliases(reply).items()) for reply in oracles(d)}) > 1
    return end_of_chain(d, rhumb) is None or len(aliases(rhumb)) >= CHAIN_NAMES_MAX


def is_chain_into_another_zone(d, rhumb):
    """DS belongs to the zone above an apex."""
    end = end_of_chain(d, rhumb)
    if not aliases(rhumb) or end is None:
        return False
    end = end[1:] if d.query.qtype == DS else end
    return zone_of(d, end) != zone_of(d, d.query.name)


def is_hidden_by_another_zone(d, rhumb):
    """NSD has one tree of names for all zones: what a parent's file says below a zone that is
    served, too, keeps that zone's wildcards away, or makes NODATA of NXDOMAIN."""
    origin = zone_of(d, d.query.name)
    return origin is not None and any(
        line.owner != origin and names.is_at_or_below(line.owner, origin)
        for zone in d.family.zones if len(zone.origin) < len(origin) for line in zone.lines)


def is_type_beside_cname(d, rhumb):
    return d.query.qtype in (RRSIG, NSEC) and (rhumb.tc or bool(aliases(rhumb)))


def is_any_below_dname(d, rhumb):
    """rhumb's own DNAME may have been cut away."""
    return d.query.qtype == ANY and any(
        record.type == DNAME and names.is_at_or_below(d.query.name[1:],
                                                      names.from_wire(record.owner))
        for reply in (rhumb, *oracles(d)) for record in reply.answer)


DECISIONS = (
    Decision("a class that is not served is REFUSED, and the question repeated",
             "RFC 1035 section 4.1.1", False, is_odd_class),
    Decision("class ANY is answered from IN without AA, negative answers with their SOA",
             "RFC 1035 section 6.2: never with AA; RFC 2308 section 3", True, is_any_class),
    Decision("a transfer is refused, over UDP and in class ANY, too",
             "RFC 5936 sections 2.2.1, 4.2", False, is_transfer),
    Decision("glue inside the delegated zone that does not fit means TC",
             "RFC 9471 section 3.1, younger than NSD 4.6 and BIND 9.18", True,
             is_glue_without_room),
    Decision("no glue is made from a wildcard, which the cut above it hides",
             "RFC 1034 section 4.3.2 step 3b, RFC 4592 section 2.2.1; as BIND", True,
             is_glue_of_wildcard),
    Decision("an endless chain ends at a repeated name or the 16th, with what it has",
             "RFC 1034 sections 3.6.2, 5.2.2; no two of the four agree", True, is_endless_chain),
    Decision("a chain goes on in the nearest zone served here, whatever the zone it left holds",
             "RFC 1034 section 4.3.2 steps 3a, 2; as NSD and PowerDNS", True,
             is_chain_into_another_zone),
    Decision("names in another zone's file are not names of this zone",
             "RFC 1034 section 4.3.2 step 2", False, is_hidden_by_another_zone),
    Decision("an alias without signatures is an alias for RRSIG and NSEC, too",
             "RFC 1034 section 4.3.2 step 3a; as NSD", True, is_type_beside_cname),
    Decision("ANY below a DNAME is followed to the end, as any type is",
             "RFC 6672 section 3.2 step 3C; as NSD and Knot", True, is_any_below_dname),
)


def find(difference):
    """The line that lets it pass, or None."""
    rhumb = difference.replies["rhumb"]
    for decision in DECISIONS:
        if not isinstance(rhumb, str) and (decision.overrules or difference.kind == "alone") and (
                decision.applies(difference, rhumb)):
            return decision
    return None
