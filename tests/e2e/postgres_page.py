"""The health page of a region, for the PostgreSQL beside it: docs/reads-and-writes.md.

    python3 postgres_page.py HOST PORT POSTGRES_PORT

A process of its own, since a check's timeout is short: it must not wait for a test that is busy.
Prints "ready", and serves until it is ended.
"""
import http.server
import json
import sys

from backend import Server
from postgres import HEALTH, Connection, Gone


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            role, lag = self.server.connection.row(HEALTH)
        except Gone:
            self.send_error(503)
            return
        number = float(lag) if lag else None  # null: nothing has been replayed
        body = json.dumps({"role": role, "replica_lag_s": number}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if lag:
            self.send_header("X-Replica-Lag", lag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    host, port, postgres_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = Server((host, port), Handler)
    server.connection = Connection(host, postgres_port)
    print("ready", flush=True)
    server.serve_forever()


main()
