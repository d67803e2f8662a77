"""All servers over one set of families: written, started, awaited, asked."""
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter

import exchange
import names
import packets
import servers
from generate import Query

LOAD_SECONDS, SILENCES_MAX = 60, 200


def read(data, packet):
    if data is None:
        return "silence"
    if len(data) == 12:
        return f"header only, {packets.rcode_text(data[3] & 15)}"
    try:
        return packets.read_reply(data, packet)
    except packets.BadMessage as why:
        return f"malformed: {why}"


class Arena:
    """Use it in a `with`. refused: number of a family -> why rhumb does not take it; loaded:
    number -> the servers that have all zones of it."""

    def __init__(self, families, oracles, keep=False):
        self.families, self.keep = list(families), keep
        self.folder = tempfile.mkdtemp(prefix="rhumb-differential-")
        self.servers = [kind(self.folder) for kind in (servers.Rhumb, *oracles)]
        self.refused, self.loaded = {}, {}

    def __enter__(self):
        self.write_zones()
        self.check()
        rhumb, *oracles = self.servers
        try:
            rhumb.start([one for one in self.families if one.number not in self.refused])
            for server in oracles:
                server.start(self.families)
            self.await_zones()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write_zones(self):
        for family in self.families:
            for i, zone in enumerate(family.zones):
                path = os.path.join(self.folder, f"{family.number}.{i}.zone")
                with open(path, "w", encoding="ascii") as out:
                    out.write(zone.text())

    def check(self):
        """rhumb takes all of its zones or none; here what it refuses costs one family."""
        rhumb = self.servers[0]
        os.makedirs(rhumb.folder, exist_ok=True)
        with open(rhumb.config_path(), "w", encoding="ascii") as out:
            out.write(rhumb.config(list(servers.zone_files(self.families))))
        done = subprocess.run([rhumb.find(), "check", "-c", rhumb.config_path()],
                              capture_output=True, text=True, check=False)
        for line in (done.stdout + done.stderr).splitlines():
            found = re.search(r"(\d{5})\.\d+\.zone[:0-9]*: error: ", line)
            if found:
                self.refused.setdefault(int(found.group(1)), line.replace(self.folder + "/", ""))

    def await_zones(self):
        """Until every server has every zone, or no more come for a second."""
        questions = [Query(family.number, zone.origin, packets.TYPES["SOA"], 1, 0, None, False,
                           False) for family in self.families for zone in family.zones]
        count, quiet, deadline = -1, 0, time.monotonic() + LOAD_SECONDS
        while quiet < 3 and time.monotonic() < deadline:
            time.sleep(0.4)
            self.leave_out_ended()
            self.check_running()
            missing = self.missing_zones(questions)
            if not any(missing.values()):
                break
            now = sum(map(len, missing.values()))
            quiet, count = (quiet + 1 if now == count else 0), now
        self.loaded = {family.number: [] for family in self.families}
        for server in self.servers:
            lost = {query.family for query in missing[server.name]}
            for number, have in self.loaded.items():
                if number not in lost:
                    have.append(server.name)

    def leave_out_ended(self):
        """An oracle that cannot start here (AppArmor may keep named from our folder) is done
        without; rhumb is not."""
        for server in [one for one in self.servers[1:] if one.has_ended()]:
            print(f"# {server.name} did not start: {server.log()[-200:].strip()!r}")
            self.servers.remove(server)

    def check_running(self):
        for server in self.servers:
            if server.has_ended():
                raise AssertionError(f"{server.name} ended:\n{server.log()[-4000:]}")

    def missing_zones(self, questions):
        missing = {server.name: [] for server in self.servers}
        for query, packet, answers in exchange.ask_all(self.ports(), questions):
            for name, data in answers.items():
                reply = read(data, packet)
                if isinstance(reply, str) or reply.rcode != 0 or not reply.aa:
                    missing[name].append(query)
        return missing

    def ports(self):
        return {server.name: server.port for server in self.servers}

    def ask(self, queries):
        """Yields (query, packet, {server: Reply or text}), without servers that lack the zones."""
        silences, ports = Counter(), self.ports()
        for query, packet, answers in exchange.ask_all(ports, queries):
            for name in [name for name, data in answers.items() if data is None]:
                self.check_running()
                silences[name] += 1
                if silences[name] > SILENCES_MAX and name in ports:
                    self.give_up(name, query)
                    del ports[name]
            yield query, packet, {name: read(answers[name], packet)
                                  for name in self.loaded.get(query.family, ())
                                  if name in answers}

    def give_up(self, name, query):
        """An oracle may hang (the UDP worker of Knot 3.2 does with some zones); rhumb may not."""
        if name == self.servers[0].name:
            raise AssertionError(f"too many questions without a reply; the last: {query}")
        print(f"# {name} has fallen silent and is not asked any more; the last: {query}")
