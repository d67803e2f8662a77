"""Self-test of the figures: a dead address is noticed to its last answer, a late run misses."""
from client import Sample  # puts tests/e2e on the path
import figures
from tap import Tap, check, check_equal

DEAD, SPARE = "10.9.0.1", "10.9.0.2"
tap = Tap()


def answers(*parts):
    """Ten a second, from parts (seconds, address, TTL at first); the death is at 100 s."""
    samples, at = [], 95.0
    for seconds, address, ttl in parts:
        for i in range(round(seconds * 10)):
            samples.append(Sample(at + i / 10, address, None if ttl is None else max(ttl - i // 10, 0)))
        at += seconds
    return samples


def run_of(*parts):
    return figures.Run(answers(*parts), DEAD, 100.0)


@tap.case("recovery is the last answer with the dead address, whatever came between")
def _():
    run = run_of((7, DEAD, 9), (1, SPARE, 1), (1, DEAD, 1), (5, SPARE, 5))
    check(abs(run.recovery - 3.9) < 1e-6, run.recovery)


@tap.case("an answer without address is as bad as a dead one, and is counted")
def _():
    run = run_of((5, DEAD, 5), (2, None, None), (5, SPARE, 5))
    check(abs(run.recovery - 1.9) < 1e-6, run.recovery)
    check_equal(run.empty, 20)


@tap.case("what never recovers lasts to the end of the run")
def _():
    check(run_of((19, DEAD, 60)).recovery > 13.8)


@tap.case("a cache that keeps a record past its TTL is found out, and forgiven one second at most")
def _():
    check_equal(run_of((7, DEAD, 7), (5, SPARE, 5)).overstay, 0.0)
    run = run_of((1, DEAD, 1), (5.9, DEAD, 5), (5, SPARE, 5))
    check(abs(run.overstay - 0.8) < 1e-6, run.overstay)
    check(abs(run.by_ttl - 1.0) < 1e-6, run.by_ttl)
    check(run_of((9, DEAD, 5), (5, SPARE, 5)).overstay <= 1.0, "kept for 4 s too long")


@tap.case("a record that follows one with the same address is a new one: nothing is forgiven")
def _():
    run = run_of(*[(1, DEAD, 1)] * 8, (5, SPARE, 5))
    check_equal(run.overstay, 0.0)
    check_equal(len(run.fetches), 9)


@tap.case("one run beyond the bar misses it; the median counts from enough runs on")
def _():
    check_equal(figures.misses([6.6] * 5, 5), [])
    check("1 of 5 runs above 6.6 s" in figures.misses([1, 2, 3, 4, 6.7], 5)[0])
    check("median 5.00 s" in figures.misses([5.0] * 50, 5)[0])
    check_equal(figures.misses([4.6] * 50, 3), [])
    check_equal(len(figures.misses([4.61] * 50, 3)), 1)


@tap.case("quantiles lie between values; a histogram loses none")
def _():
    check_equal(figures.summary([3.0, 1.0, 2.0, 4.0]), [1.0, 2.5, 3.7, 4.0])
    check_equal(figures.histogram([0.0, 0.4, 0.5, 99.0] + [1.0] * 12, 4), "21+1")


tap.run()
