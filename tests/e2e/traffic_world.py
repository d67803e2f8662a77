"""A made-up geography, traffic and policies, and what follows from them by plain counting: nothing here
is shared with the program that is tested.

A world has networks that do not overlap, each in one country, as a database in MaxMind's format. Its
services order regions by the rules of the design, for regions without coordinates: those that serve
the country, then those that serve `default`, then the rest as the file lists them.
"""
import ipaddress
import random
import struct
from collections import Counter

from mmdb_writer import write_mmdb

COUNTRIES = ["DE", "FR", "US", "JP", "BR", "IN", "ZA", "AU", "NL", "CA", "KE", "SE"]
REGIONS = ["north", "south", "east", "west"]


class World:
    def __init__(self, seed, v4=300, v6=120):
        self.rng = random.Random(seed)
        blocks = self.rng.sample(range(0x1000, 0xDF00), v4)
        self.country_of = {}
        for block in blocks:
            base = ipaddress.ip_address(block << 16)
            length = self.rng.choice([16, 16, 17, 20, 24, 28])
            self.country_of[ipaddress.ip_network(f"{base}/{length}")] = self.rng.choice(COUNTRIES)
        for block in self.rng.sample(range(0x2A000000, 0x2A100000), v6):
            base = ipaddress.ip_address(block << 96)
            length = self.rng.choice([32, 32, 36, 48])
            self.country_of[ipaddress.ip_network(f"{base}/{length}")] = self.rng.choice(COUNTRIES)

    def moved(self, part, seed):
        """The same networks, some of them in another country."""
        other = World.__new__(World)
        other.rng = random.Random(seed)
        other.country_of = {network: other.rng.choice(COUNTRIES) if other.rng.random() < part else country
                            for network, country in self.country_of.items()}
        return other

    def database(self):
        return write_mmdb({str(network): {"country_code": country}
                           for network, country in self.country_of.items()})

    def space(self, version):
        return sum(network.num_addresses for network in self.country_of if network.version == version)

    def country_space(self, version):
        space = Counter()
        for network, country in self.country_of.items():
            if network.version == version:
                space[country] += network.num_addresses
        return space

    def shares_by_weight(self, weights):
        """{network: share of all queries}: by IPv4 space, by IPv6 space where a country has no other."""
        spaces = {version: self.country_space(version) for version in (4, 6)}
        placed = {country: weight for country, weight in weights.items()
                  if spaces[4][country] or spaces[6][country]}
        shares = {}
        for network, country in self.country_of.items():
            version = 4 if spaces[4][country] else 6
            if network.version == version and country in placed:
                shares[network] = (placed[country] / sum(placed.values()) *
                                   network.num_addresses / spaces[version][country])
        return shares

    def random_client(self):
        network = self.rng.choice(list(self.country_of))
        return network, network[self.rng.randrange(min(network.num_addresses, 1 << 32))]


class Geo:
    """A service of policy geo. serves: {region: [countries and "default"]}."""

    def __init__(self, serves):
        self.serves = serves

    def region(self, country, down=()):
        by_country = [r for r, items in self.serves.items() if country in items]
        by_default = [r for r, items in self.serves.items() if "default" in items and r not in by_country]
        rest = [r for r in self.serves if r not in by_country + by_default]
        usable = [r for r in by_country + by_default + rest if r not in down]
        return {usable[0]: 1.0}


class Weighted:
    def __init__(self, weights):
        self.weights = weights

    def region(self, _country, down=()):
        left = {r: w for r, w in self.weights.items() if r not in down and w}
        return {r: w / sum(left.values()) for r, w in left.items()}


def random_geo(rng):
    """Each country is served by one region, and one region by default."""
    serves = {region: [] for region in REGIONS}
    for country in COUNTRIES[:-2]:
        serves[rng.choice(REGIONS)].append(country)
    serves[rng.choice(REGIONS)].append("default")
    return Geo(serves)


def flows(before, after):
    """{(from, to): share}: what regions lose goes to those that gain, each its part."""
    change = {r: after.get(r, 0) - before.get(r, 0) for r in {*before, *after}}
    moved = sum(c for c in change.values() if c > 0)
    return {(a, b): -change[a] * change[b] / moved
            for a in change for b in change if change[a] < -1e-12 and change[b] > 1e-12}


def udp_packet(source, payload, port=53):
    """An IPv4 or IPv6 packet from source, for a capture of raw IP."""
    udp = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
    if source.version == 4:
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source.packed,
                           bytes([192, 0, 2, 53])) + udp
    return struct.pack("!IHBB16s16s", 6 << 28, len(udp), 17, 64, source.packed, b"\x20\x01" + b"\0" * 14) + udp


def pcap_file(packets, order="<", magic=0xA1B2C3D4, link=101):
    """The classic format: raw IP unless link says otherwise."""
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for number, packet in enumerate(packets):
        data += struct.pack(order + "IIII", number, 0, len(packet), len(packet)) + packet
    return data
