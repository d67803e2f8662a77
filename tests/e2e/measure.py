"""What tests that print figures need."""
import os

TICKS = os.sysconf("SC_CLK_TCK")


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
