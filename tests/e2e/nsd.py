"""A real NSD with the zone example.test, for tests that need another name server.

    with Nsd(["127.0.0.1"], 53, "www A 192.0.2.1") as nsd:
        nsd.put("www A 192.0.2.2")   # in force within a second
        nsd.stop()
        nsd.start()
"""
import os
import shutil
import signal
import subprocess
import tempfile

import harness

NSD = "/usr/sbin/nsd"
ZONE = """$ORIGIN example.test.
$TTL {ttl}
@ SOA ns hm {serial} 60 60 60 {ttl}
@ NS ns
ns A 192.0.2.53
{records}
"""


def is_here():
    return os.access(NSD, os.X_OK)


class Nsd:
    def __init__(self, addresses, port, records, ttl=60):
        self.folder, self.port, self.ttl = tempfile.mkdtemp(prefix="rhumb-nsd-"), port, ttl
        self.process, self.serial = None, 0
        self.put(records)
        listen = "".join(f"  ip-address: {address}@{port}\n" for address in addresses)
        with open(self.folder + "/nsd.conf", "w", encoding="ascii") as out:
            out.write(f"""server:
{listen}  username: ""
  database: ""
  zonesdir: "{self.folder}"
  xfrdfile: "{self.folder}/xfrd"
  zonelistfile: "{self.folder}/list"
  pidfile: "{self.folder}/pid"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example.test
  zonefile: zone
""")

    def put(self, records):
        """Replaces the zone: these, beside its SOA and NS."""
        self.serial += 1
        with open(self.folder + "/zone.new", "w", encoding="ascii") as out:
            out.write(ZONE.format(serial=self.serial, ttl=self.ttl, records=records))
        os.rename(self.folder + "/zone.new", self.folder + "/zone")
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def start(self):
        """In a session of its own: it is several processes, which a test may stop together."""
        self.process = subprocess.Popen(
            [NSD, "-d", "-c", self.folder + "/nsd.conf"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=harness.die_with_parent)
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
