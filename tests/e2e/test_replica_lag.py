"""Reads leave a region whose replica lags, writes stay with the primary: two services over the same
regions, and real PostgreSQL with a streaming standby behind them. What docs/reads-and-writes.md
promises. A delay of replay keeps the standby 3 s behind, a pause lets it fall behind for good.
"""
import contextlib
import threading
import time

import postgres
from harness import Rhumb, free_port
from postgres import Gone, HealthPage, Heartbeat, Postgres, Session
from tap import Tap, check, check_equal, skip_all, wait_until

HOME, AWAY = "127.0.1.1", "127.0.2.1"  # home has the primary when we begin
DEGRADED, DOWN = 1, 5  # seconds behind
STABLE, UNSETTLED = 20, 4  # TTLs
SECONDS = 30
SAMPLE = 2000  # queries; the standard deviation of a share is then at most 0.012
STATE = "event=health .*region=away .*check={} .*from={} to={}"
PACE = "interval: 1s, timeout: 1s, fall: 2, rise: 2, min_down: 1s, damping: false"
CONFIG = f"""
# Both regions are this machine: that they fail together says nothing of it.
server: {{ listen: ["127.0.0.1:@PORT@"], state: state, probes: {{ suspect_self: 0 }} }}
geo: {{ networks: {{ 198.51.100.0/24: {{ country: JP }} }} }}
regions: {{ home: {{}}, away: {{}} }}
checks:
  lag:        {{ http: &page {{ path: /health, port: @PAGE@ }}, {PACE},
                metric: {{ json: replica_lag_s, degraded: {DEGRADED}, down: {DOWN} }} }}
  header-lag: {{ http: *page, {PACE},
                metric: {{ header: X-Replica-Lag, degraded: {DEGRADED}, down: {DOWN} }} }}
  writable:   {{ http: {{ <<: *page, body: '"role": "primary"' }}, {PACE} }}
services:
  reads:
    policy: weighted
    check: lag
    ttl: {{ stable: {STABLE}s, unsettled: {UNSETTLED}s, suspect: 1s, settle: 3s }}
    regions:
      home: {{ addresses: [ {HOME} ], serves: [ default ] }}
      away: {{ addresses: [ {AWAY} ], serves: [ AS ] }}
  near-reads:   {{ inherit: reads, policy: geo }}
  header-reads: {{ inherit: reads, policy: failover, order: [ away, home ], check: header-lag }}
  writes:       {{ inherit: reads, policy: failover, order: [ home, away ], check: writable,
                  failback: manual }}
zones:
  example.com:
    file: zone
    names: {{ read: reads, near: near-reads, header: header-reads, write: writes }}
"""
ZONE = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns.example.net.\n"
tap = Tap()


class World:
    """The two regions, and what is asked of the server in front of them."""

    def __init__(self, server, primary, standby, heartbeat):
        self.server, self.primary, self.standby = server, primary, standby
        self.heartbeat = heartbeat

    def ask(self, name):
        (address,) = self.server.ask(f"{name}.example.com", ecs="198.51.100.0/24").texts()
        return address

    def answers(self):
        return {self.ask(name) for name in ("read", "near", "header", "write")}

    def share_away(self, queries=SAMPLE, name="read"):
        """Of the reads, how many go away."""
        return sum(self.ask(name) == AWAY for _ in range(queries)) / queries

    def can_write_at(self, address):
        session = Session(address, self.primary.port)
        try:
            return session.row("insert into purchase values (now()) returning 'done'") == ["done"]
        except Gone:
            return False
        finally:
            session.close()


class WritesWatcher(threading.Thread):
    """Asks all the time where writes go; .seen is every answer there was."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.seen, self.count, self.ending = world, set(), 0, threading.Event()

    def run(self):
        while not self.ending.wait(0.02):
            self.seen.add(self.world.ask("write"))
            self.count += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()


@contextlib.contextmanager
def writes_stay_home(world):
    with WritesWatcher(world) as watcher:
        yield
    check_equal(watcher.seen, {HOME}, "where writes went")
    check(watcher.count >= 10, f"asked only {watcher.count} times")


def tell(text):
    print("# " + text, flush=True)


def check_share(share, low, high, what):
    tell(f"{what}: {share:.1%} go away")
    check(low <= share <= high, f"{what}: {share:.1%} go away, wanted {low:.0%} to {high:.0%}")


@tap.case("both are well: half of the reads each, near clients stay near, writes go to the primary")
def _(world):
    world.server.wait_log(STATE.format("writable", "unknown", "down") + '.*body lacks', SECONDS)
    check_share(world.share_away(), 0.43, 0.57, f"{world.standby.lag():.2f} s behind")
    check_equal([world.ask("near"), world.ask("header"), world.ask("write")], [AWAY, AWAY, HOME])
    check(world.can_write_at(HOME), "the primary takes a purchase")
    check(not world.can_write_at(AWAY), "the standby takes none")
    check_equal(world.server.ask("write.example.com").ttls(), {UNSETTLED}, "one region is down for writes")


@tap.case("3 s behind, half way to down: the standby gets a third of the reads, half of the near ones")
def _(world):
    with writes_stay_home(world):
        world.standby.set("recovery_min_apply_delay", "3s")
        wait_until(lambda: world.standby.lag() > 2.9, SECONDS, "the standby is late")
        time.sleep(2.2)  # until every check has seen it
        for name, low, high in (("read", 0.22, 0.40), ("near", 0.30, 0.57)):
            share, lag = world.share_away(name=name), world.standby.lag()
            check_share(share, low, high, f"{name}: {lag:.2f} s behind")
    check_equal(world.server.ask("read.example.com").ttls(), {STABLE}, "a weight is no outage")
    world.standby.set("recovery_min_apply_delay", "0")
    wait_until(lambda: world.standby.lag() < 0.9, SECONDS, "the standby is in time")
    time.sleep(2.2)
    check_share(world.share_away(), 0.43, 0.57, f"{world.standby.lag():.2f} s behind")


def sample_until_left(world):
    """[(seconds behind, share of ten reads that went away)] until none has for 300 reads."""
    samples, start = [], time.monotonic()
    while any(share > 0 for _, share in samples[-30:]) or len(samples) < 30:
        check(time.monotonic() - start < SECONDS, "reads did not leave")
        samples.append((world.standby.lag(), world.share_away(10)))
    return samples


@tap.case("replay stops: the share falls with the lag, then reads leave, and writes do not notice")
def _(world):
    since = len(world.server.log())
    with writes_stay_home(world):
        world.standby.row("select pg_wal_replay_pause()")
        samples = sample_until_left(world)
    shares = []
    for low, high in ((0, DEGRADED), (2.6, 3.8), (3.8, DOWN)):
        found = [share for lag, share in samples if low <= lag < high]
        shares.append(sum(found) / len(found))
        tell(f"{low} to {high} s behind: {shares[-1]:.1%} of {10 * len(found)} reads go away")
    check(shares[0] > shares[1] > shares[2] > 0, f"the share falls: {shares}")
    last = max(lag for lag, share in samples if share > 0)
    tell(f"the last read went away {last:.2f} s behind")
    for service, metric in (("lag", "replica_lag_s"), ("header-lag", "X-Replica-Lag")):
        world.server.wait_log(STATE.format(service, "suspect", "down") +
                              rf' reason="metric {metric} [\d.]+ >= {DOWN}"', SECONDS, since)
    wait_until(lambda: world.answers() == {HOME}, 1, "everything is at home")


@tap.case("replay goes on: reads come back, all of their share, and near clients to their region")
def _(world):
    with writes_stay_home(world):
        since = len(world.server.log())
        world.standby.row("select pg_wal_replay_resume()")
        for service in ("lag", "header-lag"):
            world.server.wait_log(STATE.format(service, "down", "up"), SECONDS, since)
        wait_until(lambda: world.ask("near") == world.ask("header") == AWAY, SECONDS, "back")
        check_share(world.share_away(), 0.43, 0.57, f"{world.standby.lag():.2f} s behind")


@tap.case("the primary dies, the standby is promoted: writes follow it, and are taken there")
def _(world):
    since = len(world.server.log())
    world.heartbeat.stop()
    world.primary.stop()
    world.server.wait_log("event=service_all_down .*service=writes", SECONDS, since)
    check_equal(world.ask("write"), HOME, "nobody takes writes, yet there is an answer")
    check_equal(world.standby.row("select pg_promote()"), ["t"])
    _, elapsed = wait_until(lambda: world.ask("write") == AWAY, SECONDS, "writes follow")
    tell(f"{elapsed:.2f} s after the promotion")
    check(world.can_write_at(AWAY), "it takes a purchase")
    wait_until(lambda: world.share_away(100) == 1, SECONDS, "reads have left home")
    check_equal(world.answers(), {AWAY})


@tap.case("the old primary comes back and takes writes too: nobody is sent there, until told to")
def _(world):
    since = len(world.server.log())
    world.primary.start()
    world.server.wait_log("event=health .*region=home .*check=writable .*to=up", SECONDS, since)
    world.server.wait_log("event=region_held service=writes region=home", SECONDS, since)
    check(world.can_write_at(HOME), "two databases that take writes: the worst case")
    with WritesWatcher(world) as watcher:
        time.sleep(2)
    check_equal(watcher.seen, {AWAY}, "where writes went")
    world.server.stop()
    world.server.start()
    with WritesWatcher(world) as watcher:
        time.sleep(2)
    check_equal(watcher.seen, {AWAY}, "where they went after a restart")


def main():
    if not postgres.PROGRAMS:
        skip_all("PostgreSQL is not installed")
    port, page = free_port((HOME, AWAY)), free_port((HOME, AWAY))
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(Postgres(HOME, port))
        primary.row("create table purchase (at timestamptz); select 1")
        heartbeat = stack.enter_context(Heartbeat(primary))
        standby = stack.enter_context(Postgres(AWAY, port, primary))
        for database in (primary, standby):
            stack.enter_context(HealthPage(database.host, page, database))
        server = stack.enter_context(Rhumb(CONFIG, {"zone": ZONE}, {"PAGE": page}))
        tap.run(World(server, primary, standby, heartbeat))


main()
