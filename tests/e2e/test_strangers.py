"""Rate limits and cookies over real sockets: what is counted, and who is spared.

The real dig and kdig get a cookie, send it back, and are not limited; secrets are rolled over by
SIGHUP while they are in use. One worker, so that a reply cannot overtake another.
"""
import os
import re
import socket
import subprocess
import time

import dnsclient
from harness import Rhumb
from tap import Tap, check, check_equal

RATE = 20
CONFIG = """
server:
  listen: ["127.0.0.1:@PORT@"]
  workers: 1
  cookies: {secrets_file: cookie.secrets}
  rate_limit: {per_second: 20, slip: 1, exempt: []}
zones: {example.com: {file: zone}}
"""
ZONE = "$TTL 60\n@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A 192.0.2.53\n*.wild A 192.0.2.1\n" + "".join(
    f"www{i} A 192.0.2.1\n" for i in range(10))
OLD, NEW = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
CLIENT_COOKIE = bytes(range(8))
tap = Tap()
server = Rhumb(CONFIG, {"zone": ZONE, "cookie.secrets": OLD + "\n"})


def burst(names):
    """All queries at once; (whole answers, truncated ones, seconds from the first to the last)."""
    replies = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        client.connect(server.server)
        client.settimeout(2)
        start = time.monotonic()
        for name in names:
            client.send(dnsclient.build_query(name, edns=False))
            replies.append(dnsclient.parse(client.recv(4096)))
        seconds = time.monotonic() - start
    cut = sum(reply.tc for reply in replies)
    return len(replies) - cut, cut, seconds


def check_limited(names):
    """At one answer at a time none is lost (slip 1): what is whole is the rate."""
    whole, cut, seconds = burst(names)
    check_equal(whole + cut, len(names))
    check(RATE <= whole <= RATE * (1 + seconds) + 1, f"{whole} whole answers in {seconds:.3f} s")


def ask_with(cookie, name="www9.example.com"):
    """The reply, and the cookie in it."""
    message = server.ask(name, options=[(dnsclient.OPTION_COOKIE, cookie)])
    return message, message.edns.option(dnsclient.OPTION_COOKIE)


def use_up(name):
    burst([name] * 4 * RATE)


@tap.case("each name, each wildcard and each zone's NXDOMAINs have the rate, and no more")
def counted():
    check_limited(["www0.example.com"] * 400)
    check_limited([f"n{i}.wild.example.com" for i in range(400)])
    check_limited([f"n{i}.example.com" for i in range(400)])
    check_limited(["www1.example.com"] * 400)


@tap.case("TCP is not limited")
def tcp():
    use_up("www2.example.com")
    for _ in range(3 * RATE):
        check_equal(server.ask("www2.example.com", tcp=True).texts(), ["192.0.2.1"])


@tap.case("over the rate a client that knows cookies gets BADCOOKIE, and with the cookie its answer")
def badcookie():
    use_up("www9.example.com")
    message, cookie = ask_with(CLIENT_COOKIE)
    check_equal(message.rcode, "BADCOOKIE")
    check_equal(len(cookie), 24)
    for _ in range(3 * RATE):
        check_equal(ask_with(cookie)[0].texts(), ["192.0.2.1"])


@tap.case("dig sends the cookie it is given back by itself, kdig can be given it")
def tools():
    use_up("www3.example.com")
    first = server.dig("www3.example.com", "A", "+cookie=0001020304050607", "+badcookie")
    check_equal((first.status, first.data), ("NOERROR", ["192.0.2.1"]))
    cookie = re.search(r"COOKIE: ([0-9a-f]{48}) \(good\)", first.text).group(1)
    use_up("www3.example.com")
    done = subprocess.run(
        ["kdig", f"@{server.host}", "-p", str(server.port), f"+cookie={cookie}", "+nobadcookie",
         "www3.example.com", "A"], capture_output=True, text=True, timeout=30, check=False)
    check("status: NOERROR" in done.stdout and "192.0.2.1" in done.stdout, done.stdout)


def reload_secrets(*secrets):
    since = len(server.log())
    server.write("cookie.secrets", "\n".join(secrets) + "\n")
    server.reload()
    server.wait_log(r"event=reload result=ok", since=since)


def is_spared(cookie):
    use_up("www9.example.com")
    return ask_with(cookie)[0].rcode == "NOERROR"


@tap.case("secrets roll over by SIGHUP without a gap")
def rollover():
    _, old = ask_with(CLIENT_COOKIE)
    reload_secrets(OLD, NEW)
    check(is_spared(old), "the old one after the new one was added")
    reload_secrets(NEW, OLD)
    check(is_spared(old), "the old one after the swap")
    _, fresh = ask_with(CLIENT_COOKIE)
    check(fresh[16:] != old[16:], "made by the new secret")
    reload_secrets(NEW)
    check(is_spared(fresh), "the new one at the end")
    check(not is_spared(old), "the old one is worth nothing at the end")


@tap.case("a broken file of secrets is refused, and the secrets in force stay")
def broken():
    _, cookie = ask_with(CLIENT_COOKIE)
    since = len(server.log())
    server.write("cookie.secrets", "no secret\n")
    server.reload()
    server.wait_log(r"event=reload result=(failed|refused|error)", since=since)
    check(is_spared(cookie), "as before")
    check(NEW not in server.log() and "no secret" not in server.log()[since:].replace(
        "is no secret", ""), "what stands in the file is not told")


@tap.case("SIGUSR1 tells how many were dropped and cut down")
def counters():
    since = len(server.log())
    server.signal(10)
    line = server.wait_log(r"event=totals .*rate_dropped=(\d+) rate_slipped=(\d+)", since=since)
    check(int(line.group(1)) == 0 and int(line.group(2)) > 1000, line.group(0))


os.chmod(os.path.join(server.folder, "cookie.secrets"), 0o600)
with server:
    tap.run()
