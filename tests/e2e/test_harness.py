"""The harness itself, against a server that is a few lines of Python."""
import io
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import redirect_stdout

import dnsclient
from backend import Backend, make_certificate
from harness import Dig, Rhumb, free_port
from tap import Skip, Tap, check, check_equal, wait_until

FAKE = f"""#!/usr/bin/env python3
import os, re, signal, socket, sys
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
text = open(sys.argv[sys.argv.index("-c") + 1]).read()
port = int(re.search(r"port (\\d+)", text).group(1))
if "broken" in text:
    sys.exit("rhumb.yaml:1:1: broken")
if "stubborn" in text:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if "racy" in text:
    print("WARNING: ThreadSanitizer: data race", flush=True)
signal.signal(signal.SIGHUP, lambda *_: print("reloaded", flush=True))
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", port))
while True:
    query, client = sock.recvfrom(4096)
    question = query[12:query.index(b"\\0", 12) + 5]
    answer = bytes.fromhex("c00c000100010000001e0004") + bytes([127, 0, 1, 1])
    options = bytes.fromhex("0003 0004") + b"fake" + bytes.fromhex("0008 0007 0001 18 14 c63364")
    opt = bytes.fromhex("000029 04d0 00000000 0013") + options
    sock.sendto(query[:2] + bytes.fromhex("8400 0001 0001 0000 0001") + question + answer + opt,
                client)
"""

tap = Tap()
folder = tempfile.TemporaryDirectory()
fake = folder.name + "/rhumb"
with open(fake, "w", encoding="utf-8") as opened:
    opened.write(FAKE)
os.chmod(fake, stat.S_IRWXU)


def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as problem:
        return str(problem)
    raise AssertionError(f"no {kind.__name__}")


def use(config):
    with Rhumb(config, binary=fake):
        pass


@tap.case("a server is started, asked by both clients, reloaded and stopped")
def _():
    with Rhumb("port @PORT@ @WORD@", {"sub/a.txt": "x@PORT@"}, {"WORD": "w"}, binary=fake) as server:
        message = server.ask("www.example.com", ecs="198.51.100.0/24", nsid=True)
        check_equal((message.rcode, message.texts(), message.ttls()), ("NOERROR", ["127.0.1.1"], {30}))
        check_equal((message.ecs.source, message.ecs.scope, message.nsid), (24, 20, "fake"))
        seen = server.dig("www.example.com", "A", "+nsid", "+subnet=198.51.100.0/24", "+nocookie")
        check_equal((seen.status, seen.data, seen.ttls), ("NOERROR", ["127.0.1.1"], {30}))
        check_equal((seen.ecs, seen.nsid, "aa" in seen.flags), ("198.51.100.0/24/20", "fake", True))
        server.reload()
        server.wait_log("reloaded")
        with open(server.folder + "/sub/a.txt", encoding="utf-8") as text:
            check_equal(text.read(), f"x{server.port}")
        check(server.resident_bytes() > 1 << 20)
        pid, place = server.process.pid, server.folder
    check_equal(raises(ProcessLookupError, os.kill, pid, 0) != "", True)
    check(not os.path.exists(place), "the folder is gone")


@tap.case("a server that does not start is a failure with its last words")
def _():
    check("rhumb.yaml:1:1: broken" in raises(AssertionError, use, "port @PORT@ broken"))


@tap.case("a sanitizer report is a failure")
def _():
    check("data race" in raises(AssertionError, use, "port @PORT@ racy"))


@tap.case("a server that ends by itself is a failure")
def _():
    server = Rhumb("port @PORT@", binary=fake).start()
    server.process.kill()
    server.process.wait()
    check("ended by itself" in raises(AssertionError, server.__exit__, None, None, None))


@tap.case("a server that ignores SIGTERM is a failure, and killed")
def _():
    import harness
    harness.STOP_SECONDS, usual = 0.3, harness.STOP_SECONDS
    try:
        server = Rhumb("port @PORT@ stubborn", binary=fake).start()
        check("still running" in raises(AssertionError, server.__exit__, None, None, None))
        check_equal(server.process.poll(), -signal.SIGKILL)
    finally:
        harness.STOP_SECONDS = usual


@tap.case("ports are never given out twice")
def _():
    ports = [free_port() for _ in range(50)]
    check_equal(len(set(ports)), 50)


@tap.case("a back end is well, broken, silent, absent and well again, as told")
def _():
    with Backend("127.0.0.1", 0) as backend:
        url = f"http://127.0.0.1:{backend.port}/healthz"

        def get():
            try:
                with urllib.request.urlopen(url, timeout=0.3) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as problem:
                return problem.code, b""
            except (OSError, urllib.error.URLError) as problem:
                return type(getattr(problem, "reason", problem)).__name__

        check_equal(get(), (200, b"ok\n"))
        check_equal((backend.hits, backend.last_request[1]), (1, "/healthz"))
        for mode, wanted in (("error", (503, b"")), ("hang", "TimeoutError"),
                             ("drop", "RemoteDisconnected"), ("slow", "TimeoutError")):
            backend.mode = mode
            check_equal(get(), wanted, mode)
        backend.refuse()
        check_equal(get(), "ConnectionRefusedError")
        backend.accept()
        backend.mode = "ok"
        check_equal(get(), (200, b"ok\n"))


@tap.case("a back end speaks TLS with a certificate of ours, and expired ones exist")
def _():
    import ssl
    root = make_certificate(folder.name, "root.test")
    pair = make_certificate(folder.name, "app.test", signer=root)
    old = make_certificate(folder.name, "old.test", days=-1, signer=root)
    context = ssl.create_default_context(cafile=root[0])
    for tls, name, wanted in ((pair, "app.test", None), (pair, "b.test", "Hostname mismatch"),
                              (old, "old.test", "certificate has expired")):
        with Backend("127.0.0.1", 0, tls=tls) as backend, \
                socket.create_connection(("127.0.0.1", backend.port), 2) as raw:
            if wanted:
                problem = raises(ssl.SSLError, lambda: context.wrap_socket(raw, server_hostname=name))
                check(wanted in problem, problem)
            else:
                context.wrap_socket(raw, server_hostname=name).close()


BLACK_HOLE = """
import time, urllib.request
import harness
from backend import Backend
if not harness.private_network():
    print("no namespace")
    raise SystemExit
harness.give_address("10.9.0.1")
with Backend("10.9.0.1", 0) as backend:
    def get():
        try:
            return urllib.request.urlopen(f"http://10.9.0.1:{backend.port}/", timeout=0.3).status
        except OSError as problem:
            return str(problem)
    print(get())
    harness.black_hole("10.9.0.1")
    print(get())
    harness.give_address("10.9.0.1")
    print(get())
"""


@tap.case("a back end can fall into a black hole and come back")
def _():
    done = subprocess.run([sys.executable, "-c", BLACK_HOLE], capture_output=True, text=True,
                          cwd=os.path.dirname(os.path.abspath(__file__)), check=True)
    if "no namespace" in done.stdout:
        raise Skip("no network namespace of our own here")
    check_equal(done.stdout.split("\n")[:3], ["200", "<urlopen error timed out>", "200"])


@tap.case("the parser refuses what breaks the protocol")
def _():
    query = dnsclient.build_query("a.example.com", "A", query_id=7, do=True, ecs="2001:db8::/33")
    message = dnsclient.Message(query)
    check_equal(message.question, ("a.example.com.", 1, 1))
    check_equal((message.edns.do, message.ecs.source, str(message.ecs.address)), (True, 33, "2001:db8::"))
    for size in range(len(query)):
        raises(dnsclient.BadMessage, dnsclient.Message, query[:size])
    raises(dnsclient.BadMessage, dnsclient.Message, query + b"x")
    raises(dnsclient.BadMessage, dnsclient.parse, query)  # not a response
    loop = bytes.fromhex("0007 8000 0001 0000 0000 0000 c00c 0001 0001")
    raises(dnsclient.BadMessage, dnsclient.parse, loop)


@tap.case("TCP answers are read one by one")
def _():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with dnsclient.TcpClient(listener.getsockname()) as client:
            peer = listener.accept()[0]
            client.send(b"abc")
            check_equal(peer.recv(10), b"\0\3abc")
            for part in (b"\0", b"\2x", b"y\0\1z"):
                peer.send(part)
            check_equal((client.receive(), client.receive()), (b"xy", b"z"))
            peer.close()
            check_equal(client.receive(), None)


@tap.case("dig's output is understood when there is no answer")
def _():
    seen = Dig(";; ->>HEADER<<- opcode: QUERY, status: REFUSED, id: 1\n;; flags: qr rd; QUERY: 1\n")
    check_equal((seen.status, seen.flags, seen.data, seen.ecs), ("REFUSED", ["qr", "rd"], [], None))


@tap.case("wait_until returns when it can and fails when it must")
def _():
    start = time.monotonic()
    value, elapsed = wait_until(lambda: time.monotonic() - start > 0.05, 5, "time passes")
    check(value and 0.05 <= elapsed < 1)
    check("not within" in raises(AssertionError, wait_until, lambda: False, 0.05, "never"))


@tap.case("failures, skips and passes are told apart")
def _():
    inner, out = Tap(), io.StringIO()

    @inner.case("good")
    def _():
        pass

    @inner.case("bad")
    def _():
        check_equal(1, 2, "sum")

    @inner.case("absent")
    def _():
        raise Skip("no tool")

    with redirect_stdout(out):
        check_equal(inner.run_cases(), 1)
    lines = [line.split(" (")[0] for line in out.getvalue().splitlines() if line[0] != "#"]
    check_equal(lines, ["1..3", "ok 1 - good", "not ok 2 - bad", "ok 3 - absent"])
    check("sum: got 1, wanted 2" in out.getvalue() and "# SKIP no tool" in out.getvalue())


if __name__ == "__main__":
    tap.run()
