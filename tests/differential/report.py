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
    """What differences have in common that are probably of one fault."""
    def head(reply):
        return reply if isinstance(reply, str) else (reply.rcode, reply.aa, reply.tc)
    others = {head(reply) for name, reply in difference.replies.items() if name != "rhumb"}
    return difference.kind, difference.facet, head(difference.replies["rhumb"]), frozenset(others)


def describe_in_short(difference):
    return f"{difference.kind}, in the {difference.facet}: {difference.query}"


def describe(difference):
    yield describe_in_short(difference)
    yield f"  packet: {difference.packet.hex()}"
    yield from side_by_side(difference.replies)
    for zone in difference.family.zones:
        yield f"  zone {names.to_text(zone.origin)}"
        yield from ("    " + line for line in zone.text().splitlines())
