"""The client: asks the resolver for each watched name ten times a second, and writes down every
answer with the moment it came."""
import heapq
import select
import socket
import struct
import threading
import time

from world import harness  # noqa: F401  (puts tests/e2e on the path)
import dnsclient

PERIOD_S, PATIENCE_S = 0.1, 2.0


class Sample:
    """address: the first of the answer; None when it has none (SERVFAIL, say)."""

    __slots__ = ("at", "address", "ttl")

    def __init__(self, at, address, ttl):
        self.at, self.address, self.ttl = at, address, ttl


class Watch:
    def __init__(self, name):
        self.query, self.samples, self.active = dnsclient.build_query(name, flags=0x0100), [], True
        self.lost, self.stall_s = 0, 0.0  # unanswered questions; the most that one was sent late

    def stop(self):
        """Ends it and returns its samples by time. The last answers may still be on their way: the
        caller does not need them."""
        self.active = False
        return sorted(self.samples, key=lambda sample: sample.at)


class Client(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.lock, self.due = threading.Lock(), []  # heap of (when, order, watch)
        self.pending, self.next_id, self.order = {}, 0, 0  # pending: id -> (watch, when sent)

    def watch(self, name):
        watch = Watch(name)
        with self.lock:
            self._add(time.monotonic(), watch)
        return watch

    def _add(self, when, watch):
        self.order += 1
        heapq.heappush(self.due, (when, self.order, watch))

    def run(self):
        while True:
            with self.lock:
                now = time.monotonic()
                self._send_due(now)
                wait = min(self.due[0][0] - now, 0.02) if self.due else 0.02
            readable, _, _ = select.select([self.socket], [], [], max(wait, 0))
            if readable:
                self._receive_all()
            self._give_up(time.monotonic())

    def _send_due(self, now):
        while self.due and self.due[0][0] <= now:
            when, _, watch = heapq.heappop(self.due)
            if not watch.active:
                continue
            watch.stall_s = max(watch.stall_s, now - when)
            self.next_id = (self.next_id + 1) & 0xFFFF
            self.pending[self.next_id] = (watch, now)
            self.socket.send(struct.pack("!H", self.next_id) + watch.query[2:])
            self._add(max(when + PERIOD_S, now), watch)

    def _receive_all(self):
        while True:
            try:
                data = self.socket.recv(4096)
            except BlockingIOError:
                return
            now = time.monotonic()
            watch, _ = self.pending.pop(struct.unpack_from("!H", data)[0], (None, None))
            if watch:
                records = [record for record in dnsclient.parse(data).answer if record.type == "A"]
                watch.samples.append(Sample(now, records[0].text, records[0].ttl) if records
                                     else Sample(now, None, None))

    def _give_up(self, now):
        """Ids are given in the order of time, and so are the entries of a dict."""
        while self.pending:
            query_id = next(iter(self.pending))
            watch, sent = self.pending[query_id]
            if now - sent < PATIENCE_S:
                return
            del self.pending[query_id]
            watch.lost += 1
