"""Asks several servers the same bytes, many questions under way at once.

Each server gets the questions of a chunk over one UDP socket and one TCP connection; replies find
their questions by the id. What got no reply is sent again, twice: then it is silence.
"""
import select
import socket
import struct
import time

CHUNK, TRIES, PATIENCE_SECONDS = 128, 3, 1.5
RECEIVE_BYTES = 1 << 20


class Link:
    """The way to one server."""

    def __init__(self, port):
        self.port, self.tcp, self.buffer = port, None, b""
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.udp.connect(("127.0.0.1", port))
        self.udp.setblocking(False)
        self.waiting, self.replies = {}, {}

    def close(self):
        self.udp.close()
        self.close_tcp()

    def close_tcp(self):
        if self.tcp:
            self.tcp.close()
        self.tcp, self.buffer = None, b""

    def send(self, items):
        """items: (index, packet, over TCP). Replies are waited for until all are there."""
        stream = []
        for index, packet, tcp in items:
            self.waiting[packet[:2]] = index
            if tcp:
                stream.append(struct.pack("!H", len(packet)) + packet)
                continue
            try:
                self.udp.send(packet)
            except (BlockingIOError, ConnectionRefusedError):
                pass  # sent again later
        if stream:
            self._send_tcp(b"".join(stream))

    def _send_tcp(self, data):
        try:
            if not self.tcp:
                self.tcp = socket.create_connection(("127.0.0.1", self.port), 5)
            self.tcp.sendall(data)
        except OSError:
            self.close_tcp()

    def take(self, packet):
        index = self.waiting.pop(packet[:2], None)
        if index is not None:
            self.replies[index] = packet

    def receive_udp(self):
        try:
            while True:
                self.take(self.udp.recv(65535))
        except (BlockingIOError, ConnectionRefusedError):
            pass

    def receive_tcp(self):
        try:
            more = self.tcp.recv(RECEIVE_BYTES)
        except OSError:
            more = b""
        if not more:
            self.close_tcp()
            return
        self.buffer += more
        at = 0
        while len(self.buffer) >= at + 2:
            end = at + 2 + struct.unpack_from("!H", self.buffer, at)[0]
            if len(self.buffer) < end:
                break
            self.take(self.buffer[at + 2:end])
            at = end
        self.buffer = self.buffer[at:]


def collect(links):
    """Until all have answered, or none has had anything to say for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        open_links = [link for link in links if link.waiting]
        if not open_links:
            return
        sockets = {}
        for link in open_links:
            sockets[link.udp] = link.receive_udp
            if link.tcp:
                sockets[link.tcp] = link.receive_tcp
        ready = select.select(list(sockets), [], [], 0.1)[0]
        for one in ready:
            sockets[one]()
        if ready:
            deadline = time.monotonic() + PATIENCE_SECONDS


def ask_chunk(links, items):
    for _ in range(TRIES):
        for link in links.values():
            missing = [item for item in items if item[0] not in link.replies]
            link.waiting = {}
            link.send(missing)
        collect(links.values())
        if all(len(link.replies) == len(items) for link in links.values()):
            break
    answers = {name: link.replies for name, link in links.items()}
    for link in links.values():
        link.replies, link.waiting = {}, {}
    return answers


def ask_all(ports, queries):
    """ports: server -> port; who is taken out of it meanwhile is not asked any more. Yields
    (query, packet, {server: bytes, or None for silence})."""
    links = {name: Link(port) for name, port in ports.items()}
    try:
        for start in range(0, len(queries), CHUNK):
            chunk = queries[start:start + CHUNK]
            items = [(i, query.packet((start + i) & 0xFFFF), query.tcp)
                     for i, query in enumerate(chunk)]
            answers = ask_chunk({name: links[name] for name in ports}, items)
            for i, packet, _ in items:
                yield chunk[i], packet, {name: found.get(i) for name, found in answers.items()}
    finally:
        for link in links.values():
            link.close()
