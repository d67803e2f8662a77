"""What tests that print figures need."""
import os
import time

TICKS = os.sysconf("SC_CLK_TCK")
FOREIGN_SHARE = 0.15  # of all cores, in the hands of others: a figure of time tells little then


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def go_first():
    """Where that is allowed, this process and what it starts go before others on the machine: a
    figure of time is to tell of rhumb, not of who else works here."""
    try:
        os.nice(-15)
    except PermissionError:
        pass


def cpu_seconds(pid):
    """User and system time of all threads so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def waited_seconds(pid):
    """For how long its main thread could have run, but other programs had all cores. What a busy
    machine takes away is not what the program takes."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as schedstat:
        return int(schedstat.read().split()[1]) / 1e9


class Cores:
    """How much of the machine others had, from here to share(): others than this process, those it has
    waited for, and pids."""

    def __init__(self, *pids):
        self.pids = pids
        self.start, self.foreign = time.monotonic(), self.seconds()

    def seconds(self):
        """Of all processes but ours. The kernel's own interrupts are nobody's."""
        with open("/proc/stat", encoding="ascii") as stat:
            user, nice, system, *_, steal = map(int, stat.readline().split()[1:9])
        ours = sum(os.times()[:4]) + sum(map(cpu_seconds, self.pids))
        return (user + nice + system + steal) / TICKS - ours

    def share(self):
        return (self.seconds() - self.foreign) / (time.monotonic() - self.start) / os.cpu_count()
