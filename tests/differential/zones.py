"""Zones that belong together (a family), and their master files.

A family is served as a whole or not at all: parent, children, a zone beside them. All its names
hold one label with the family's number, and nothing else does, so that the same family, byte for
byte in size, can be had under another number: shrink.py serves many variants at once.
"""
from collections import namedtuple

import names

Line = namedtuple("Line", "owner rtype text")  # of a master file; the text repeats the others


def number_label(number):
    return b"0-%05d" % number


def renumber(name, old, new):
    return tuple(number_label(new) if label == number_label(old) else label for label in name)


class Zone:
    def __init__(self, origin, ttl, lines=()):
        self.origin, self.ttl, self.lines = origin, ttl, list(lines)

    def text(self):
        head = [f"$ORIGIN {names.to_text(self.origin)}", f"$TTL {self.ttl}"]
        return "\n".join(head + [line.text for line in self.lines]) + "\n"

    def renumbered(self, old, new):
        old_text, new_text = number_label(old).decode(), number_label(new).decode()
        return Zone(renumber(self.origin, old, new), self.ttl,
                    [line._replace(owner=renumber(line.owner, old, new),
                                   text=line.text.replace(old_text, new_text))
                     for line in self.lines])


class Family:
    def __init__(self, number, zones):
        self.number, self.zones = number, zones

    def renumbered(self, number):
        return Family(number, [zone.renumbered(self.number, number) for zone in self.zones])

    def at(self, owner):
        """The lines of an owner, in all zones."""
        return [line for zone in self.zones for line in zone.lines
                if names.lower(line.owner) == names.lower(owner)]

    def without(self, dropped):
        """dropped: a set of (zone, line) by position. A zone without lines is no more."""
        zones = [Zone(zone.origin, zone.ttl, [line for j, line in enumerate(zone.lines)
                                              if (i, j) not in dropped])
                 for i, zone in enumerate(self.zones)]
        return Family(self.number, [zone for zone in zones if zone.lines])

    def places(self):
        """Of all lines, as without() wants them."""
        return [(i, j) for i, zone in enumerate(self.zones) for j in range(len(zone.lines))]
