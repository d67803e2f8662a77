"""The regions that die: real HTTP back ends in a private network, and two ways to lose one.

A *place* stands for one service in three regions: 10.9.N.1, .2 and .3, in this order of
preference. Only the first ever dies. Places are many so that runs overlap, and so that each place
dies rarely.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
from tap import wait_until  # noqa: E402

WEB_PORT = 8080
NGINX_CONFIG = """daemon off;
master_process off;
pid @NAME@.pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path @NAME@.body;
  proxy_temp_path @NAME@.proxy;
  fastcgi_temp_path @NAME@.fastcgi;
  uwsgi_temp_path @NAME@.uwsgi;
  scgi_temp_path @NAME@.scgi;
  server {
@LISTEN@
    location = /health { return 200 "ok\\n"; }
  }
}
"""


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Web:
    """One nginx that serves /health on some addresses."""

    def __init__(self, folder, name, addresses):
        self.folder, self.path, self.addresses = folder, f"{folder}/{name}.conf", addresses
        listen = "\n".join(f"    listen {address}:{WEB_PORT};" for address in addresses)
        with open(self.path, "w", encoding="ascii") as out:
            out.write(NGINX_CONFIG.replace("@NAME@", f"{folder}/{name}").replace("@LISTEN@", listen))
        self.process = None

    def start(self):
        with open(self.folder + "/nginx.log", "ab") as log:
            self.process = subprocess.Popen(
                [find_nginx(), "-p", self.folder, "-c", self.path], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=harness.die_with_parent)

    def is_up(self):
        for address in self.addresses:
            try:
                socket.create_connection((address, WEB_PORT), 1).close()
            except OSError:
                return False
        return True

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


class Place:
    def __init__(self, number, folder):
        self.number = number
        self.addresses = [f"10.9.{number}.{region}" for region in (1, 2, 3)]
        self.first = self.addresses[0]
        self.web = Web(folder, f"first-{number}", [self.first])

    def die(self, kind):
        """Returns the moment of death; what takes time comes after it, never before."""
        moment = time.monotonic()
        if kind == "refused":
            self.web.kill()
        else:
            harness.black_hole(self.first)
        return moment

    def revive(self, kind):
        if kind == "refused":
            self.web.start()
        else:
            harness.give_address(self.first)


class World:
    """All places and their back ends; a private network must have been entered before."""

    def __init__(self, count, folder):
        self.places = [Place(number, folder) for number in range(count)]
        others = [address for place in self.places for address in place.addresses[1:]]
        self.others = Web(folder, "others", others)

    def __enter__(self):
        for place in self.places:
            for address in place.addresses:
                harness.give_address(address)
        webs = [self.others, *(place.web for place in self.places)]
        for web in webs:
            web.start()
        wait_until(lambda: all(web.is_up() for web in webs), 20, "the back ends listen")
        return self.places

    def __exit__(self, *_):
        for web in [self.others, *(place.web for place in self.places)]:
            web.kill()
