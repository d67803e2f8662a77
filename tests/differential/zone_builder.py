"""Where the generator writes its records down, and from where it takes names to point at."""
import names
import rdata
from zones import Line, Zone

ODD_LABELS = [b"dot.ted", b"back\\slash", b"sp ace", b'quo"te', b"semi;colon", b"(paren)", b"at@",
              b"$dollar", b"not*wild", b"*star", b"star*", b"**", b"_under", b"-hyphen-", b"@",
              b"12345", b"xn--nxasmq6b", b"UPPER", b"\\052", b"a\tb"]
BINARY_LABELS = [b"\x00", b"nul\x00nul", b"\xff\xfe", b"\x7f", b"caf\xc3\xa9", b"\x01\x02\x03",
                 b"\xc0\x0c", b"\xe0\xc1"]
LETTERS = b"abcdefghijklmnopqrstuvwxyz"


class Builder:
    """One zone being made. names: all that a query might ask for; types: what stands where."""

    def __init__(self, random, origin, rare):
        self.random, self.origin = random, origin
        self.zone = Zone(origin, random.choice((0, 60, 300, 3600, 86400)))
        self.types = rdata.types(rare)
        self.names, self.present, self.family_names = [], {}, []
        self.taken, self.binary = set(), bool(rare)

    # ---- names ----------------------------------------------------------------------------------

    def label(self):
        random = self.random
        kind = random.random()
        if kind < 0.06:
            return bytes(random.choice(LETTERS) for _ in range(63))
        if kind < 0.16:
            return random.choice(ODD_LABELS + (BINARY_LABELS if self.binary else []))
        return bytes(random.choice(LETTERS) for _ in range(random.randrange(1, 9)))

    def fresh(self, below=None):
        """A name that is not there yet, one label below another."""
        while True:
            name = (self.label(), *(below or self.origin))
            if names.fits(name) and names.lower(name) not in self.taken:
                self.taken.add(names.lower(name))
                self.note(name)
                return name

    def longest(self, below):
        """A name of exactly 255 bytes."""
        name = below
        while (room := names.NAME_BYTES_MAX - names.wire_length(name)) > 1:
            size = min(63, room - 1)
            if room - size - 1 == 1:
                size -= 1  # one byte cannot be a label with its length
            name = (bytes(self.random.choice(LETTERS) for _ in range(size)), *name)
        return name

    def note(self, *more):
        """These names are worth asking for."""
        self.names += [name for name in more if names.fits(name)]

    def target(self):
        """A name to point at: mostly one that is there."""
        random = self.random
        kind = random.random()
        if kind < 0.6 and self.names:
            return random.choice(self.names)
        if kind < 0.8 and self.family_names:
            return random.choice(self.family_names)
        if kind < 0.9:
            return (b"gone", *self.origin)
        return names.from_text("host.example.net")

    def is_free(self, name):
        """Nothing stands there, and no DNAME above it."""
        above = [names.lower(name[i:]) for i in range(1, len(name))]
        return names.lower(name) not in self.present and not any(
            "DNAME" in self.present.get(top, ()) for top in above)

    # ---- records --------------------------------------------------------------------------------

    def add(self, owner, rtype, data, ttl=None):
        if not names.fits(owner):
            return
        self.present.setdefault(names.lower(owner), set()).add(rtype)
        self.note(owner)
        ttl = "" if ttl is None else f"{ttl} "
        self.zone.lines.append(Line(owner, rtype, f"{self.owner_text(owner)} {ttl}{rtype} {data}"))

    def owner_text(self, owner):
        random = self.random
        if random.random() < 0.2:
            owner = names.swap_case(owner, random)
        if random.random() < 0.5 and owner[len(owner) - len(self.origin):] == self.origin:
            relative = owner[:len(owner) - len(self.origin)]
            return names.to_text(relative)[:-1] if relative else "@"
        return names.to_text(owner)

    def add_some(self, owner, types=None, most=3, ttl=None):
        """An RRset or a few."""
        random = self.random
        for rtype in random.sample(types or self.types, random.randrange(1, most + 1)):
            count = random.choice((1, 1, 1, 2, 4))
            for data in sorted({rdata.make(random, rtype, self.target()) for _ in range(count)}):
                self.add(owner, rtype, data, ttl)

    def some_ttl(self):
        return self.random.choice((None, None, None, 0, 1, 30, 604800, 2147483647))
