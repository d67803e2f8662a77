"""The page at /metrics, as Prometheus reads it.

    page = Page(fetch(server))
    page["rhumb_dns_requests_total", "proto=udp", "type=A"]       # a value; 0 when it is not there
    page.sum("rhumb_dns_requests_total", "proto=udp")             # of all that have these labels
"""
import re

from admin import UnixConnection

LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def fetch(server):
    connection = UnixConnection(server.folder + "/state/admin.sock", 10)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    if answer.status != 200 or not answer.getheader("Content-Type").startswith("text/plain; version=0.0.4"):
        raise AssertionError(f"{answer.status} {answer.getheader('Content-Type')}: {body[:500]}")
    return body


class Page:
    def __init__(self, text):
        self.text, self.samples, self.kinds = text, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.kinds[name] = kind
            if not line.startswith("#"):
                name, labels, value = SAMPLE.fullmatch(line).groups()
                key = name, frozenset(
                    f"{label}=" + re.sub(r'\\[\\"n]', lambda m: ESCAPES[m.group()], text)
                    for label, text in LABEL.findall(labels or ""))
                if key in self.samples:
                    raise AssertionError(f"twice: {line}")
                self.samples[key] = float(value)

    def __getitem__(self, key):
        name, *labels = (key,) if isinstance(key, str) else key
        return self.samples.get((name, frozenset(labels)), 0)

    def sum(self, name, *labels):
        return sum(value for (other, have), value in self.samples.items()
                   if other == name and have >= set(labels))

    def since(self, before):
        """What was counted since an earlier page: {key: more}. Counters never go back."""
        more = {}
        for (name, labels), value in self.samples.items():
            if not name.endswith(("_total", "_bucket", "_count", "_sum")):
                continue
            was = before.samples.get((name, labels), 0)
            if value < was:
                raise AssertionError(f"{name} {sorted(labels)} went back from {was} to {value}")
            more[name, labels] = value - was
        return more
