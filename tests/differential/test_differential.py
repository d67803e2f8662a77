"""The comparison itself: without servers, on replies made by hand."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import decisions  # noqa: E402
import generate  # noqa: E402
import names  # noqa: E402
import packets  # noqa: E402
from compare import judge  # noqa: E402
from packets import Record, Reply  # noqa: E402
from tap import Tap, check, check_equal  # noqa: E402
from zones import Family, Line, Zone, number_label  # noqa: E402

tap = Tap()
ORIGIN = (number_label(10000), b"test")
WWW = (b"www", *ORIGIN)
FAMILY = Family(10000, [Zone(ORIGIN, 300, [Line(WWW, "A", "www A 192.0.2.1")])])
QUERY = generate.Query(10000, WWW, 1, 1, 0, None, False, False)


def record(owner, rtype, data, ttl=300):
    return Record(names.to_wire(owner), packets.TYPES[rtype], 1, ttl, data)


ADDRESS = record(WWW, "A", b"\xc0\x00\x02\x01")
GOOD = Reply(rcode=0, aa=True, tc=False, rd=False, opcode=0, echo=True, edns=None,
             answer=(ADDRESS,), authority=(), additional=(), size=80)
REFERRAL = GOOD._replace(aa=False, answer=(), authority=(record(WWW, "NS", names.to_wire(WWW)),),
                         additional=(ADDRESS,))


def text_of(family):
    return "".join(zone.text() for zone in family.zones)


def verdict(rhumb, *oracles, query=QUERY):
    replies = {"rhumb": rhumb, **{f"oracle{i}": reply for i, reply in enumerate(oracles)}}
    difference = judge(FAMILY, query, b"", replies)
    return difference and (difference.kind, difference.facet)


@tap.case("equal replies are no difference")
def _():
    check_equal(verdict(GOOD, GOOD, GOOD), None)
    check_equal(verdict(REFERRAL, REFERRAL, REFERRAL), None)


@tap.case("every lie in the head or the answer is found")
def _():
    for lie in ({"rcode": 3}, {"aa": False}, {"tc": True}, {"rd": True}, {"opcode": 2},
                {"echo": False}, {"edns": (0, False)}, {"answer": ()},
                {"answer": (ADDRESS._replace(ttl=301),)}, {"answer": (ADDRESS, ADDRESS)}):
        check_equal(verdict(GOOD._replace(**lie), GOOD, GOOD), ("unanimous", "answer"), str(lie))
    check_equal(verdict("silence", GOOD, GOOD), ("unanimous", "answer"))


@tap.case("wrong authority and missing glue are found")
def _():
    check_equal(verdict(REFERRAL._replace(authority=()), REFERRAL, REFERRAL),
                ("unanimous", "authority"))
    check_equal(verdict(REFERRAL._replace(additional=()), REFERRAL, REFERRAL),
                ("unanimous", "glue"))


@tap.case("glue is not compared where it might not fit")
def _():
    def lacking(addresses, query=QUERY):
        lines = [Line(WWW, "A", f"www A 192.0.2.{i}") for i in range(addresses)]
        replies = {"rhumb": REFERRAL._replace(additional=()), "nsd": REFERRAL, "knot": REFERRAL}
        return judge(Family(10000, [Zone(ORIGIN, 300, lines)]), query, b"", replies)
    check(lacking(3), "three addresses fit")
    check_equal(lacking(20), None)
    check(lacking(20, QUERY._replace(tcp=True)), "all fit over TCP")


@tap.case("where the oracles differ, rhumb must equal one of them")
def _():
    other, third = GOOD._replace(rcode=3), GOOD._replace(rcode=5)
    check_equal(verdict(GOOD, other, GOOD), None)
    check_equal(verdict(GOOD, other, third), ("alone", "answer"))


@tap.case("who rejects the question is left out, unless rhumb does, too")
def _():
    rejected, other = GOOD._replace(rcode=1, answer=()), GOOD._replace(aa=False)
    check_equal(verdict(GOOD, rejected, other, other), ("unanimous", "answer"))
    check_equal(verdict(rejected, rejected, GOOD, GOOD), None)
    check_equal(verdict(GOOD, rejected, rejected, other), ("alone", "answer"))


@tap.case("one oracle decides nothing")
def _():
    check_equal(verdict(GOOD._replace(rcode=3), GOOD), None)


@tap.case("no decision lets an ordinary difference pass")
def _():
    for kind in ("unanimous", "alone"):
        for lie in ({"rcode": 3}, {"aa": False}, {"answer": ()}, {"authority": (ADDRESS,)}):
            replies = {"rhumb": GOOD._replace(**lie), "nsd": GOOD, "knot": GOOD}
            difference = judge(FAMILY, QUERY, b"", replies)._replace(kind=kind)
            check_equal(decisions.find(difference), None, f"{kind} {lie}")


@tap.case("a reply is read to its last byte, or refused")
def _():
    query = packets.build(7, 0, names.to_wire(WWW), 1, 1, 1232, True)
    answer = b"\xc0\x0c" + bytes.fromhex("0001 0001 0000012c 0004 c0000201")
    head = bytes.fromhex("0007 8400 0001 0001 0000 0001")
    data = head + query[12:-11] + answer + query[-11:]
    reply = packets.read_reply(data, query)
    check_equal(reply, GOOD._replace(edns=(0, True), size=len(data)))
    for bad in [data[:end] for end in range(12, len(data))] + [data + b"\0"]:
        try:
            packets.read_reply(bad, query)
        except packets.BadMessage:
            continue
        check(False, f"taken: {bad.hex()}")


@tap.case("a seed makes the same zones and queries every time, and another seed others")
def _():
    def make(seed):
        family, builders = generate.make_family(seed, 10000)
        return (text_of(family),
                [str(query) for query in generate.make_queries(seed, 10000, builders, 50)])
    check_equal(make(1), make(1))
    check(make(1) != make(2), "seed 2 is seed 1")


@tap.case("a family under another number differs in that number alone")
def _():
    family, _ = generate.make_family(1, 10000)
    again = family.renumbered(20000)
    check(text_of(again) != text_of(family), "not renumbered")
    check_equal(text_of(again.renumbered(10000)), text_of(family))
    check_equal(len(text_of(again)), len(text_of(family)))


@tap.case("the longest name has 255 bytes, whatever it is below")
def _():
    chance = random.Random(1)
    for size in range(1, 64):
        below = (b"a" * size, *ORIGIN)
        builder = generate.Builder(chance, ORIGIN, 0)
        check_equal(names.wire_length(builder.longest(below)), names.NAME_BYTES_MAX, str(size))


tap.run()
