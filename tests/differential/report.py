"""Differences for people: the question, the zones, and what each server says."""
from collections import defaultdict

import names
import packets


def head_text(reply):
    words = [packets.rcode_text(reply.rcode)]
    words += [word for word in ("aa", "tc", "rd") if getattr(reply, word)]
    if reply.opcode:
        words.append(f"opcode={reply.opcode}")
    if not reply.echo:
        words.append("without the question")
    if reply.edns:
        words.append("edns" + " do" * reply.edns[1])
    return " ".join(words)


def reply_lines(reply):
    if isinstance(reply, str):
        return (reply,)
    lines = [head_text(reply)]
    for section in ("answer", "authority", "additional"):
        lines += [f"  {section:11}{packets.record_text(record)}"
                  for record in getattr(reply, section)]
    return tuple(lines)


def side_by_side(replies):
    """Servers that say the same stand together."""
    groups = defaultdict(list)
    for name, reply in replies.items():
        groups[reply_lines(reply)].append(name)
    for lines, servers in groups.items():
        yield f"  {', '.join(servers)}: {lines[0]}"
        yield from ("    " + line for line in lines[1:])


def summary(difference):
    """What two differences have in common that are probably one fault."""
    def brief(reply):
        if isinstance(reply, str):
            return reply
        types = () if reply.tc else tuple(
            frozenset(record.type for record in section)
            for section in (reply.answer, reply.authority))
        return reply.rcode, reply.aa, reply.tc, types
    return difference.kind, difference.facet, tuple(
        (name, brief(reply)) for name, reply in sorted(difference.replies.items()))


def describe(difference):
    yield f"{difference.kind}, in the {difference.facet}: {difference.query}"
    yield f"  packet: {difference.packet.hex()}"
    yield from side_by_side(difference.replies)
    for zone in difference.family.zones:
        yield f"  zone {names.to_text(zone.origin)}"
        yield from ("    " + line for line in zone.text().splitlines())
