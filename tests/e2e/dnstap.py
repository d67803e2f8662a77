"""Reads what fstrm_capture has written: frame streams, and dnstap in them. A decoder of the tests'
own, from the two specifications; it knows nothing of rhumb.

    for tap in read("queries.tap"):
        tap.type, tap.protocol, tap.client, tap.policy, tap.extra, tap.response
"""
import ipaddress
import struct

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
CONTROL_START, CONTROL_STOP, FIELD_CONTENT_TYPE = 2, 3, 1


class BadStream(Exception):
    pass


def frames(data):
    """The data frames; the control frames around them are checked."""
    at, started = 0, False
    while at + 4 <= len(data):
        size, at = struct.unpack_from("!I", data, at)[0], at + 4
        if size > 0:
            if not started or at + size > len(data):
                raise BadStream("a frame before START, or cut off")
            yield data[at:at + size]
            at += size
            continue
        size, at = struct.unpack_from("!I", data, at)[0], at + 4
        control, at = data[at:at + size], at + size
        kind = struct.unpack_from("!I", control)[0]
        if kind == CONTROL_START:
            field, length = struct.unpack_from("!II", control, 4)
            if (field, control[12:12 + length]) != (FIELD_CONTENT_TYPE, CONTENT_TYPE):
                raise BadStream("another content type")
            started = True
        elif kind != CONTROL_STOP:
            raise BadStream(f"control frame {kind}")
    if at != len(data):
        raise BadStream("bytes behind the last frame")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def fields(data):
    """{number: value} of a message: numbers, or bytes."""
    out, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            out[key >> 3], at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            if at + size > len(data):
                raise BadStream("bytes cut off")
            out[key >> 3], at = data[at:at + size], at + size
        elif key & 7 == 5:
            out[key >> 3], at = struct.unpack_from("<I", data, at)[0], at + 4
        else:
            raise BadStream(f"wire type {key & 7}")
    return out


class Tap:
    def __init__(self, frame):
        outer = fields(frame)
        message, policy = fields(outer[14]), None
        if 15 in message:
            policy = fields(message[15])
        self.identity, self.version = outer.get(1, b"").decode(), outer.get(2, b"").decode()
        self.extra = outer.get(3, b"").decode()
        self.type = {1: "AUTH_QUERY", 2: "AUTH_RESPONSE"}[message[1]]
        self.family = {1: 4, 2: 6}[message[2]]
        self.protocol = {1: "UDP", 2: "TCP", 3: "DOT"}[message[3]]
        self.client = str(ipaddress.ip_address(message[4])) if 4 in message else None
        self.port = message.get(6)
        self.query_time = message[8] + message[9] / 1e9
        self.response_time = message[12] + message[13] / 1e9 if 12 in message else None
        self.zone, self.response = message.get(11), message.get(14)
        self.policy = policy and {"type": policy[1].decode(), "rule": policy.get(2, b"").decode(),
                                  "action": policy[3]}


def read(path):
    with open(path, "rb") as opened:
        return [Tap(frame) for frame in frames(opened.read())]
