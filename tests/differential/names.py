"""Domain names as tuples of labels (bytes), without the root: (b"www", b"example").

Labels may hold any byte; text and wire form are made from them, never from each other.
"""
NAME_BYTES_MAX, LABEL_BYTES_MAX = 255, 63
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*")


def wire_length(name):
    return sum(len(label) + 1 for label in name) + 1


def fits(name):
    return wire_length(name) <= NAME_BYTES_MAX


def to_wire(name):
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def label_text(label):
    """As a master file wants it: \\X for what has a meaning there, \\DDD for what is not print."""
    out = []
    for byte in label:
        if byte in PLAIN:
            out.append(chr(byte))
        elif 0x20 < byte < 0x7F:
            out.append("\\" + chr(byte))
        else:
            out.append(f"\\{byte:03d}")
    return "".join(out)


def to_text(name):
    return "".join(label_text(label) + "." for label in name) or "."


def from_text(text):
    """Plain text only: no escapes. "www.example." and "www.example" are the same."""
    return tuple(label.encode() for label in text.split(".") if label)


def from_wire(wire):
    """Uncompressed."""
    labels, at = [], 0
    while wire[at]:
        labels.append(wire[at + 1:at + 1 + wire[at]])
        at += 1 + wire[at]
    return tuple(labels)


def is_at_or_below(name, top):
    return len(name) >= len(top) and lower(name[len(name) - len(top):]) == lower(top)


def lower(name):
    return tuple(label.lower() for label in name)


def swap_case(name, random):
    """Each letter in a case of its own."""
    return tuple(bytes(byte ^ 0x20 if chr(byte).isascii() and chr(byte).isalpha()
                       and random.random() < 0.5 else byte for byte in label) for label in name)
