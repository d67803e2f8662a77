"""Many HTTP targets: what they cost, that none is taken for sick while a back end with a short listen
backlog stands behind all of them, and what it costs when some of them flap.

All targets are addresses of 127.0.0.0/8; one nginx stands behind them. Rhumb has one core, nginx and
this program the others. A target flaps by the clock: for each of these, nginx answers 503 in every
other second while the file `flap` is there.
"""
import argparse
import os
import re
import signal
import time

from harness import Rhumb, free_port
from measure import cpu_seconds, go_first
from nginx import Nginx, find_nginx
from tap import Tap, check, skip_all, wait_until

STALLS, STALL_SECONDS = 4, 1.0
REGION_TARGETS, REGIONS = 50, 10  # of one service
NGINX = """
  map $server_addr $flaps {{ default ""; {flapping} }}
  map $msec $odd {{ default 0; "~[13579]\\.[0-9]*$" 1; }}
  map $flaps$odd $sick {{ default 0; yes1 1; }}
  server {{
    listen 0.0.0.0:{port} backlog=64;
    location / {{
      set $verdict $sick;
      if (!-f {flag}) {{ set $verdict 0; }}
      if ($verdict = 1) {{ return 503; }}
      return 200 "ok";
    }}
  }}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
tap = Tap()


def address(number):
    return f"127.{1 + number // 50000}.{number // 250 % 200}.{1 + number % 250}"


def make_config(how):
    """One service holds 500 targets in ten regions; the last may hold fewer."""
    text = f"""
server: {{listen: ["127.0.0.1:@PORT@"], workers: 1, state: state}}
regions: {{{', '.join(f'r{n}: {{}}' for n in range(REGIONS))}}}
checks:
  web: {{http: {{path: /, port: @WEB@}}, interval: {how.interval}s, timeout: {min(how.interval, 2)}s}}
services:
"""
    numbers = list(range(how.targets))
    service = REGIONS * REGION_TARGETS
    for first in range(0, how.targets, service):
        text += f"  s{first}:\n    policy: geo\n    check: web\n    regions:\n"
        mine = numbers[first:first + service]
        for region in range(REGIONS):
            addresses = [address(n) for n in mine[region::REGIONS]]
            serves = "serves: [default], " if region == 0 else ""
            if addresses:
                text += f"      r{region}: {{{serves}addresses: [{', '.join(addresses)}]}}\n"
    return text + "zones: {example.com: {file: zone, names: {www: s0}}}\n"


class Sample:
    """How much CPU rhumb takes while this is open, as a share of a core."""

    def __init__(self, server):
        self.pid, self.share = server.process.pid, 0

    def __enter__(self):
        self.start, self.used = time.monotonic(), cpu_seconds(self.pid)
        return self

    def __exit__(self, *_):
        self.share = (cpu_seconds(self.pid) - self.used) / (time.monotonic() - self.start)


def changes(server, since, to):
    return len(re.findall(f"event=health .* to={to}", server.log()[since:]))


@tap.case("every target is found well, and none is ever suspected")
def _(server, how, _flag):
    wait_until(lambda: changes(server, 0, "up") == how.targets, 3 * how.interval + 20, "all are up", 0.5)
    with Sample(server) as sample:
        time.sleep(how.seconds)
    mib = server.resident_bytes() / 2**20
    log = server.log()
    print(f"# {how.targets} targets at {how.interval} s for {how.seconds} s: {sample.share:.1%} of a core, "
          f"{mib:.0f} MiB", flush=True)
    sick = re.findall("event=health .* to=(?:suspect|down) .*", log)
    check(not sick, f"{len(sick)} false:\n" + "\n".join(sick[:10]))
    check("probes_stale" not in log, "and none is missed")
    check(sample.share <= how.core, f"{sample.share:.1%} of a core, the bar is {how.core:.0%}")
    check(mib <= how.mib, f"{mib:.0f} MiB, the bar is {how.mib} MiB")


@tap.case("after a stall many probes are due at once: the backlog takes them, and none is suspected")
def _(server, how, _flag):
    since = len(server.log())
    for _ in range(STALLS):
        server.signal(signal.SIGSTOP)
        time.sleep(STALL_SECONDS)
        server.signal(signal.SIGCONT)
        time.sleep(2 * STALL_SECONDS)
    time.sleep(3)  # a probe that got lost is known by then
    sick = changes(server, since, "(?:suspect|down)")
    print(f"# {STALLS} stalls of {STALL_SECONDS} s, {how.targets * STALL_SECONDS / how.interval:.0f} probes due "
          f"after each: {sick} suspected", flush=True)
    check(sick == 0, f"{sick} suspected")


@tap.case("some of them flap once a second: the others stay well, and it costs little more")
def _(server, how, flag):
    with Sample(server) as quiet:
        time.sleep(how.flap_seconds)
    with open(flag, "w", encoding="ascii"):
        since = len(server.log())
    with Sample(server) as first:
        time.sleep(how.flap_seconds)
    with Sample(server) as later:
        time.sleep(how.flap_seconds)
    os.unlink(flag)
    with Sample(server) as after:
        time.sleep(how.flap_seconds)
    down, lines = changes(server, since, "down"), server.log()[since:].count("\n")
    base = (quiet.share + after.share) / 2
    print(f"# {how.flapping} of {how.targets} flap: quiet {quiet.share:.1%}, flapping {first.share:.1%} and "
          f"{later.share:.1%}, quiet again {after.share:.1%} of a core: {later.share / base:.2f} x; {down} "
          f"times DOWN, {lines} log lines", flush=True)
    check(down > 0, "they flap")
    others = [line for line in re.findall(r"event=health .* to=down .*", server.log()[since:])
              if re.search(r"address=(\S+)", line).group(1) not in how.flapping_addresses]
    check(not others, "\n".join(others[:10]))
    check(later.share <= how.factor * base, f"{later.share / base:.2f} x, the bar is {how.factor} x")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--targets", type=int, default=2000)
    parser.add_argument("--interval", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--flapping", type=int, default=200)
    parser.add_argument("--flap-seconds", type=int, default=8)
    parser.add_argument("--core", type=float, default=1.0, help="share of a core that is the bar")
    parser.add_argument("--mib", type=float, default=1000)
    parser.add_argument("--factor", type=float, default=2.0, help="flapping against quiet")
    how = parser.parse_args()
    if not find_nginx():
        skip_all("nginx is not installed")
    go_first()
    web, cores = free_port(("0.0.0.0",)), sorted(os.sched_getaffinity(0))
    # every tenth, say, of each region: no region is half sick, else we would suspect ourselves
    how.flapping_addresses = {address(n * how.targets // how.flapping) for n in range(how.flapping)}
    server = Rhumb(make_config(how), {"zone": ZONE}, {"WEB": web})
    flag = server.folder + "/flap"
    servers = NGINX.format(port=web, flag=flag,
                           flapping=" ".join(f"{a} yes;" for a in sorted(how.flapping_addresses)))
    with Nginx(servers, web, ["taskset", "-c", ",".join(map(str, cores[1:] or cores))]):
        os.sched_setaffinity(0, cores[:1])
        with server:
            os.sched_setaffinity(0, cores[1:] or cores)
            tap.run(server, how, flag)


main()
