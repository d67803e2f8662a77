"""One nginx as a back end that is never the bottleneck.

    with Nginx("server { listen 0.0.0.0:8080 backlog=64; location / { return 200; } }", 8080): ...
"""
import os
import shutil
import socket
import subprocess
import tempfile

from harness import die_with_parent
from tap import wait_until

CONFIG = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  keepalive_timeout 0;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
{servers}
}}
"""


def find_nginx():
    """None where it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class Nginx:
    def __init__(self, servers, port, before=()):
        """port: one that it will listen on; before: a command before the command, such as taskset."""
        self.folder = tempfile.mkdtemp(prefix="rhumb-nginx-")
        with open(self.folder + "/nginx.conf", "w", encoding="ascii") as out:
            out.write(CONFIG.format(servers=servers))
        self.process = subprocess.Popen(
            [*before, find_nginx(), "-p", self.folder, "-c", "nginx.conf", "-e", "error.log"],
            preexec_fn=die_with_parent, stdin=subprocess.DEVNULL)
        wait_until(lambda: self.listens(port), 20, "nginx listens")

    @staticmethod
    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
