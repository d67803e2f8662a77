"""Judges rhumb's reply by those of the oracles.

A reply is looked at in three facets, in this order: head and answer; authority; glue. Only the
oracles that agree with rhumb in one facet are asked about the next. So rhumb equals one oracle
throughout, or the first facet where it does not is the difference:

  unanimous   two oracles or more say the same, and rhumb something else
  alone       they differ among themselves, and rhumb agrees with none

What is not compared, here and nowhere else:

  - RA, AD, CD, the order of records, compression, case outside the question (packets.py).
  - Sections of a truncated reply: what a client must throw away (RFC 2181 section 9).
  - Which RRset answers ANY (RFC 8482 section 4.1): only whether there is one, and the CNAMEs.
  - Additional data but for the glue of a referral: nobody promises the rest.
  - Glue over UDP if all of it might not fit, or not into 1232 bytes, where NSD stops adding: which
    addresses found room depends on order and compression. TC is compared nevertheless.
"""
from collections import namedtuple

import names
import packets

NS, CNAME, ANY = (packets.TYPES[name] for name in ("NS", "CNAME", "ANY"))
UDP_PLAIN_BYTES, UDP_MOST_BYTES, UDP_GLUE_BYTES, TCP_BYTES = 512, 4096, 1232, 65535
FORMERR, NOTIMP = 1, 4
GLUE_BYTES, SPARE_BYTES = 28, 128  # an AAAA record; names that one server writes out

Difference = namedtuple("Difference", "kind facet family query packet replies")


def room(query):
    """What a reply may take: RFC 1035 section 4.2, RFC 6891 section 6.2.3, our own limit."""
    if query.tcp:
        return TCP_BYTES
    if query.edns_size is None:
        return UDP_PLAIN_BYTES
    return min(max(query.edns_size, UDP_PLAIN_BYTES), UDP_MOST_BYTES)


def is_referral(reply):
    return not isinstance(reply, str) and any(record.type == NS for record in reply.authority)


def may_lack_room(family, query, referral):
    """For the addresses of its name servers: nearly so is enough."""
    servers = {record.data for record in referral.authority if record.type == NS}
    addresses = sum(line.rtype in ("A", "AAAA") for server in servers
                    for line in family.at(names.from_wire(server)))
    glue = sum(GLUE_BYTES for _ in referral.additional)
    limit = room(query) if query.tcp else min(room(query), UDP_GLUE_BYTES)
    return referral.size - glue + addresses * GLUE_BYTES + SPARE_BYTES > limit


def head(query, reply):
    answer = () if reply.tc else reply.answer
    if query.qtype == ANY:
        answer = bool(answer), [record for record in answer if record.type == CNAME]
    return (reply.rcode, reply.aa, reply.tc, reply.rd, reply.opcode, reply.echo, reply.edns,
            answer)


def same_answer(_, query, one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return head(query, one) == head(query, other)


def has_sections(reply):
    return not isinstance(reply, str) and not reply.tc


def same_authority(_, __, one, other):
    return not has_sections(one) or one.authority == other.authority


def same_glue(family, query, one, other):
    if not has_sections(one) or not is_referral(one):
        return True
    return one.additional == other.additional or may_lack_room(family, query, one)


FACETS = {"answer": same_answer, "authority": same_authority, "glue": same_glue}


def is_one_voice(family, query, replies, oracles):
    """Two or more, and the same in every facet."""
    first = replies[oracles[0]]
    return len(oracles) > 1 and all(same(family, query, first, replies[name])
                                    for name in oracles for same in FACETS.values())


def rejects(reply):
    return not isinstance(reply, str) and reply.rcode in (FORMERR, NOTIMP)


def oracles_of(replies):
    """All questions are well formed, but not all types and classes mean something to all servers:
    who rejects the question is left out, if rhumb does not and two others do not."""
    oracles = [name for name in replies if name != "rhumb"]
    answering = [name for name in oracles if not rejects(replies[name])]
    return answering if len(answering) > 1 and not rejects(replies["rhumb"]) else oracles


def judge(family, query, packet, replies):
    """replies: server -> Reply, or a text such as "silence". None: no difference."""
    oracles = oracles_of(replies)
    if len(oracles) < 2:
        return None
    for facet, same in FACETS.items():
        agreeing = [name for name in oracles
                    if same(family, query, replies["rhumb"], replies[name])]
        if not agreeing:
            kind = "unanimous" if is_one_voice(family, query, replies, oracles) else "alone"
            return Difference(kind, facet, family, query, packet, replies)
        oracles = agreeing
    return None
