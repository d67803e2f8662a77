"""300 TCP clients at once, half of them hostile, on one worker with 16 slots: each of the 150 that
behave gets all its answers.

Who keeps still on purpose (a late query, another one after a pause) may find its connection closed,
or have it closed as the query is under way, and then asks once more on a new one: a server may
close an idle connection when it is crowded, and a client must expect that (RFC 7766 sections 6.2.3
and 6.2.4). The same for one whose bytes were meant to come every few milliseconds and did not,
because this machine is busy. For all others a connection that is closed without all its answers is
a failure.
"""
import asyncio
import collections
import socket
import struct
import time

import dnsclient
from harness import Rhumb
from tap import Tap, check, check_equal

EACH, SLOTS, GIVE_UP = 30, 16, 14.0  # clients of each behaviour; seconds
PIPELINED, PAUSE, BYTE_PAUSE, STALL = 20, 0.2, 0.005, 0.2
CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], workers: 1, tcp: {connections: @SLOTS@}}
zones: {example.com: {file: zone}}
"""
LARGE = "".join(f'big TXT "{i:04d}{"x" * 240}"\n' for i in range(200))
ZONE = "$TTL 60\n@ SOA ns h 1 1 1 1 60\n@ NS ns.example.net.\nwww A 192.0.2.1\n" + LARGE
tap = Tap()


class Closed(Exception):
    """By the server, while the client kept still."""


def frame(query):
    return struct.pack("!H", len(query)) + query


class Client:
    """One connection that behaves: what it asks it wants answered."""

    def __init__(self, server):
        # Blocking, and so without a pause between connecting and asking but those that are meant.
        self.sock = socket.create_connection(server)
        self.sock.setblocking(False)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.sock.close()

    async def exactly(self, size):
        data = b""
        while len(data) < size:
            more = await asyncio.get_running_loop().sock_recv(self.sock, size - len(data))
            if not more:
                raise ConnectionError("closed without an answer")
            data += more
        return data

    async def ask(self, count=1, byte_pause=None):
        """Some queries at once (or one, byte by byte); every answer must come, in any order."""
        queries = {number: dnsclient.build_query("www.example.com", query_id=number)
                   for number in range(1, count + 1)}
        data = b"".join(map(frame, queries.values()))
        if byte_pause is None:
            self.sock.send(data)
        else:
            await self.send_slowly(data, byte_pause)
        while queries:
            size = struct.unpack("!H", await self.exactly(2))[0]
            answer = dnsclient.parse(await self.exactly(size))
            check_equal(answer.texts(), ["192.0.2.1"])
            del queries[answer.id]

    async def send_slowly(self, data, byte_pause):
        longest = 0.0
        for byte in data:
            start = time.monotonic()
            try:
                self.sock.send(bytes([byte]))
            except ConnectionError as error:
                if longest < STALL:
                    raise
                raise Closed from error
            await asyncio.sleep(byte_pause)
            longest = max(longest, time.monotonic() - start)

    async def ask_after_pause(self):
        await asyncio.sleep(PAUSE)
        try:
            await self.ask()
        except ConnectionError as error:
            raise Closed from error


async def whole(client):
    await client.ask()


async def pipelined(client):
    await client.ask(PIPELINED)


async def byte_by_byte(client):
    await client.ask(byte_pause=BYTE_PAUSE)


async def reuse(client):
    await client.ask()
    await client.ask_after_pause()


async def late(client):
    await client.ask_after_pause()


async def behave(behaviour, server, result):
    for attempt in range(2):
        try:
            async with Client(server) as client:
                await behaviour(client)
            result["served"] += 1
            return
        except Closed:
            result["reconnected"] += 1 if attempt == 0 else 0
        except (OSError, AssertionError, dnsclient.BadMessage) as error:
            result[f"failed: {error!r}"] += 1
            return
    result["closed twice"] += 1


async def misbehave(data, server, stop):
    """Connects, sends what it sends, reads nothing, and stays for as long as it can."""
    with socket.create_connection(server) as sock:
        sock.setblocking(False)
        try:
            sock.send(data)
        except OSError:
            pass  # closed already
        await stop.wait()


QUERY = frame(dnsclient.build_query("www.example.com"))
BEHAVING = [whole, pipelined, byte_by_byte, reuse, late]
HOSTILE = {
    "silent": b"",
    "half a length": QUERY[:1],
    "half a message": QUERY[:20],
    "never reads": frame(dnsclient.build_query("big.example.com", "TXT")) * 1000,
    "garbage": bytes(range(255, 0, -1)) * 20,
}


async def crowd(server):
    """All at once; returns the result of each behaviour."""
    stop, results, tasks, hostile = asyncio.Event(), {}, [], []
    for _ in range(EACH):
        for behaviour in BEHAVING:
            result = results.setdefault(behaviour.__name__, collections.Counter())
            tasks.append(asyncio.create_task(behave(behaviour, server, result)))
        for data in HOSTILE.values():
            hostile.append(asyncio.create_task(misbehave(data, server, stop)))
    done, pending = await asyncio.wait(tasks, timeout=GIVE_UP)
    for task in pending:
        task.cancel()
    stop.set()
    await asyncio.gather(*hostile, *pending, return_exceptions=True)
    check_equal([task.exception() for task in done if task.exception()], [])
    return results


@tap.case("of 300 clients the 150 that behave are all served, through 16 slots")
def _(server):
    start = time.monotonic()
    results = asyncio.run(crowd(server.server))
    print(f"# {time.monotonic() - start:.1f} s,",
          sum(result["reconnected"] for result in results.values()), "reconnected while idle")
    for name, result in results.items():
        print(f"#   {name}: {dict(result)}")
    check_equal({name: result["served"] for name, result in results.items()},
                {behaviour.__name__: EACH for behaviour in BEHAVING})


@tap.case("afterwards nothing is left of them, and the next client is served at once")
def _(server):
    start = time.monotonic()
    check_equal(server.ask("www.example.com", tcp=True).texts(), ["192.0.2.1"])
    check(time.monotonic() - start < 1, "at once")
    check_equal(server.ask("www.example.com").texts(), ["192.0.2.1"])


with Rhumb(CONFIG, {"zone": ZONE}, {"SLOTS": SLOTS}) as rhumb:
    tap.run(rhumb)
