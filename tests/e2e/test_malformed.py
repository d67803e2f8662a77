"""Malformed packets by the hundred thousand, half UDP, half TCP, each reply judged by the program
that sends them (tests/malformed). Afterwards it is the same process, no larger, and right.

    test_malformed.py [--count 200000] [--seed 1] [--seconds 120] [--growth-kib 1024]
"""
import argparse
import re

import malformed
from tap import Tap, check, check_equal

WARM_UP_PACKETS = 40000
tap = Tap()


@tap.case("every reply to a malformed packet keeps the promises, over UDP and over TCP")
def _(server, options, pid):
    malformed.send("malformed", server, options.seconds, seed=options.seed + 1,
                   count=WARM_UP_PACKETS)
    before = server.resident_bytes()
    said = malformed.send("malformed", server, options.seconds, seed=options.seed,
                          count=options.count)
    grown = (server.resident_bytes() - before) >> 10
    print(f"# resident {before >> 10} KiB, grown by {grown} KiB")
    for transport in ("UDP", "TCP"):
        packets, replies, formerr = map(int, re.search(
            transport + r": (\d+) packets, (\d+) replies:.* rcode1=(\d+)", said).groups())
        check(packets > 0.4 * options.count, "both transports had their half")
        check(replies > 0.5 * packets and formerr > 0.2 * packets, "most of it was malformed")
    check_equal(server.process.pid, pid)
    check(grown < options.growth_kib, f"grown by {grown} KiB")


@tap.case("the server is as it was: good answers over UDP and TCP, nothing but totals in the log")
def _(server, _options, _pid):
    for tcp in (False, True):
        message = server.ask("www.example.com", tcp=tcp)
        check_equal((message.rcode, len(message.answer) > 0), ("NOERROR", True))
    check_equal(re.findall("level=(?:warning|error) event=(?!state_not_kept)", server.log()), [], server.log()[-2000:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=120, help="limit of one run")
    parser.add_argument("--growth-kib", type=int, default=1024)
    options = parser.parse_args()
    with malformed.wire_server() as server:
        tap.run(server, options, server.process.pid)


main()
