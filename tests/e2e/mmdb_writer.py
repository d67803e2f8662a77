"""Writes small databases in MaxMind's format, where no public test database has the shape wanted.

    write_mmdb({"192.0.2.0/24": {"country_code": "JP"}}, ip_version=4, record_size=28)

source https://maxmind.github.io/MaxMind-DB/
"""
import ipaddress
import struct

STRING, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY, BOOLEAN = 2, 3, 5, 6, 7, 9, 11, 14
WIDER = {"node_count": UINT32, "build_epoch": UINT64, "autonomous_system_number": UINT32}


def control(kind, size):
    """The byte(s) before a value; sizes below 29 only."""
    assert size < 29
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])


def encode(value, kind=UINT16):
    """kind: of a whole number; readers insist on the one the format gives to each key."""
    if isinstance(value, dict):
        return control(MAP, len(value)) + b"".join(
            encode(key) + encode(inner, WIDER.get(key, kind)) for key, inner in value.items())
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(encode(inner) for inner in value)
    if isinstance(value, str):
        data = value.encode()
        return control(STRING, len(data)) + data
    if isinstance(value, bool):
        return control(BOOLEAN, int(value))
    if isinstance(value, float):
        return control(DOUBLE, 8) + struct.pack("!d", value)
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(data)) + data


def build_tree(networks, bits, data_offsets):
    """Nodes as [left, right]; None: nothing known; ("data", offset) or the number of a node."""
    nodes = [[None, None]]
    for number, network in enumerate(networks):
        network, at = ipaddress.ip_network(network), 0
        length = network.prefixlen + bits - network.max_prefixlen
        value = int(network.network_address)
        for depth in range(length):
            side = value >> (bits - 1 - depth) & 1
            if depth == length - 1:
                nodes[at][side] = ("data", data_offsets[number])
            elif not isinstance(nodes[at][side], int):
                nodes.append([nodes[at][side]] * 2)
                nodes[at][side] = len(nodes) - 1
            at = nodes[at][side] if depth < length - 1 else at
    return nodes


def encode_node(left, right, record_size):
    if record_size == 28:
        middle = left >> 24 << 4 | right >> 24
        return (left & 0xFFFFFF).to_bytes(3, "big") + bytes([middle]) + \
            (right & 0xFFFFFF).to_bytes(3, "big")
    return left.to_bytes(record_size // 8, "big") + right.to_bytes(record_size // 8, "big")


def write_mmdb(networks, ip_version=6, record_size=24, kind="Test-Country"):
    """networks: {network: record}, wider ones first. Returns the file's bytes."""
    data, offsets = b"", []
    for record in networks.values():
        offsets.append(len(data))
        data += encode(record)
    nodes = build_tree(networks, 32 if ip_version == 4 else 128, offsets)

    def number_of(record):
        if record is None:
            return len(nodes)
        return record if isinstance(record, int) else len(nodes) + 16 + record[1]
    tree = b"".join(encode_node(number_of(left), number_of(right), record_size)
                    for left, right in nodes)
    metadata = {"binary_format_major_version": 2, "binary_format_minor_version": 0,
                "build_epoch": 1767225600, "database_type": kind,
                "description": {"en": "test"}, "languages": ["en"],
                "ip_version": ip_version, "node_count": len(nodes), "record_size": record_size}
    return tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + encode(metadata)
