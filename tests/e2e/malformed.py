"""What the tests with malformed packets share: the server they are sent to, which serves what
their names come from (tests/data/wire), and the programs of tests/malformed."""
import os
import re
import subprocess

from harness import ROOT, Rhumb
from tap import check

WIRE = ROOT + "/tests/data/wire"


def wire_server():
    """tests/data/wire, without its probes, whose targets are nobody, and without its limit of
    answers: each reply is counted."""
    with open(WIRE + "/rhumb.yaml", encoding="utf-8") as source:
        config = source.read().replace("127.0.0.1:5300", "127.0.0.1:@PORT@")
    config = re.sub(r"\n  rate_limit:.*", "", config)
    config = re.sub(r"\n    (check: web|when_all_down: empty)\b", "", config)
    config = re.sub(r"(?s)\nchecks:.*?\n(?=services:)", "\n", config)
    files = {name: "@/tests/data/wire/" + name for name in os.listdir(WIRE)
             if name != "rhumb.yaml"}
    return Rhumb(config, files)


def send(program, server, limit_s, **options):
    """Runs a program of tests/malformed to its end, shows what it says and returns it."""
    command = [os.environ["RHUMB_" + program.upper()], "--port", str(server.port)]
    for name, value in options.items():
        command += ["--" + name, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s,
                          stdin=subprocess.DEVNULL, check=False)
    print(done.stdout, end="", flush=True)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stdout[-4000:]}{done.stderr}")
    return done.stdout
