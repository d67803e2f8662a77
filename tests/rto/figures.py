"""From a client's answers to a time to recovery, and from many of them to figures. Pure: no clock,
no files; test_rto.py is its self-test."""
import collections
import math

# Seconds, for rhumb with the settings in servers.py; the median wants MEDIAN_RUNS to mean anything.
Bar = collections.namedtuple("Bar", "most median")
BARS = {5: Bar(6.6, 4.0), 3: Bar(4.6, None)}
MEDIAN_RUNS = 25
COLUMN_S = 0.5  # of the histogram
OVERSTAY_MOST_S = 1.0  # a resolver that counts in whole seconds; beyond, it is nobody's excuse

Fetch = collections.namedtuple("Fetch", "at ttl address")


class Run:
    """One death as the client of one name saw it; times in seconds.

    recovery   from the death to the last answer that did not name a living region
    overstay   the part of it in which the resolver answered from a record past its TTL
    by_ttl     the recovery without the overstay
    stall      the longest that the client was behind its time: the machine was busy elsewhere
    fetches    when the resolver's records were new: (seconds from the death, TTL, address)
    """

    def __init__(self, samples, dead, death, stall=0.0):
        bad = [sample for sample in samples if sample.at > death and sample.address in (dead, None)]
        self.recovery = bad[-1].at - death if bad else 0.0
        self.empty = sum(sample.address is None for sample in samples)
        fetches = find_fetches(samples)
        self.fetches = [fetch._replace(at=fetch.at - death) for fetch in fetches]
        self.overstay = 0.0
        if bad and bad[-1].address:
            last = [fetch for fetch in fetches if fetch.at <= bad[-1].at][-1]
            past = bad[-1].at - last.at - last.ttl
            self.overstay = min(max(past, 0.0), OVERSTAY_MOST_S, self.recovery)
        self.stall = stall
        self.by_ttl = self.recovery - self.overstay


def find_fetches(samples):
    """A cache counts TTLs down, in whole seconds: one that is higher than it can be belongs to a
    new record. (TTL 0 a second after that of the record has passed counts as new as well.)"""
    fetches = []
    for sample in samples:
        if sample.address is None:
            continue
        old = fetches[-1] if fetches else None
        if (not old or sample.address != old.address
                or sample.ttl > old.ttl - math.floor(sample.at - old.at)):
            fetches.append(Fetch(sample.at, sample.ttl, sample.address))
    return fetches


def quantile(values, share):
    """Of sorted values, in between where no value is exactly there."""
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def summary(values):
    """min, median, p90, max."""
    values = sorted(values)
    return [quantile(values, share) for share in (0, 0.5, 0.9, 1)]


def histogram(values, columns):
    """One character for each COLUMN_S: how many runs, "." none, "+" more than nine. What lies
    behind is in the last."""
    counts = [0] * columns
    for value in values:
        counts[min(int(value / COLUMN_S), columns - 1)] += 1
    return "".join("." if count == 0 else str(count) if count < 10 else "+" for count in counts)


def misses(values, ttl):
    """What of the bar is missed, in words; nothing when it is met."""
    bar = BARS[ttl]
    _, median, _, most = summary(values)
    found = []
    if most > bar.most:
        late = sum(value > bar.most for value in values)
        found.append(f"max {most:.2f} s, {late} of {len(values)} runs above {bar.most} s")
    if bar.median and len(values) >= MEDIAN_RUNS and median > bar.median:
        found.append(f"median {median:.2f} s above {bar.median} s")
    return found
