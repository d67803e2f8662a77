"""Tests as sentences, results as TAP (https://testanything.org), which meson reads.

    tap = Tap()

    @tap.case("a dead region is left within three seconds")
    def _(server):
        check_equal(server.ask("www.example.com").texts(), ["127.0.2.1"])

    with Rhumb(...) as server:
        tap.run(server)          # every case gets the arguments of run(); ends the program
"""
import sys
import time
import traceback


class Skip(Exception):
    """Raised by a case that cannot run here; the text says why."""


def check(condition, text="expected to hold"):
    if not condition:
        raise AssertionError(text)


def check_equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what + ': ' if what else ''}got {got!r}, wanted {wanted!r}")


def wait_until(condition, seconds, what, pause=0.02):
    """Calls condition() until it is true, and returns its value and the seconds that took."""
    start = time.monotonic()
    while True:
        value = condition()
        elapsed = time.monotonic() - start
        if value:
            return value, elapsed
        if elapsed > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


class Tap:
    def __init__(self):
        self.cases, self.on_failure = [], None

    def case(self, name):
        def register(function):
            self.cases.append((name, function))
            return function
        return register

    def run_cases(self, *arguments):
        """Runs all in order; returns the number of failures."""
        failed = 0
        print(f"1..{len(self.cases)}", flush=True)
        for number, (name, function) in enumerate(self.cases, 1):
            start, result, note, details = time.monotonic(), "ok", "", ""
            try:
                function(*arguments)
            except Skip as why:
                note = f" # SKIP {why}"
            except Exception:  # a test program reports every failure and goes on
                result, details, failed = "not ok", traceback.format_exc(), failed + 1
                details += self.on_failure() if self.on_failure else ""
            print(f"{result} {number} - {name} ({time.monotonic() - start:.2f} s){note}")
            for line in details.splitlines():
                print("#   " + line)
            sys.stdout.flush()
        return failed

    def run(self, *arguments):
        if self.run_cases(*arguments):
            sys.exit(1)
