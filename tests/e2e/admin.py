"""The admin API as a client sees it, and the contract it has to keep.

    api = Api("unix:/run/rhumb/admin.sock")            # or Api("127.0.0.1:8053", token="...")
    api.get("/v1/status").json["serving"]
    api.post("/v1/overrides", {"region": "eu-west", "state": "drain", "reason": "test"}).status

Every answer is held against src/admin/openapi.json: its operation, status and type must stand there,
and JSON must be as the schema says. Api.seen collects (operation, status).
"""
import http.client
import json
import os
import re
import socket
import time

import jsonschema

from harness import ROOT
from tap import check, check_equal

CONTRACT_PATH = ROOT + "/src/admin/openapi.json"
METHODS = ("get", "post", "delete")
EVENT_SECONDS = 20


class Contract:
    def __init__(self, path=CONTRACT_PATH):
        with open(path, encoding="utf-8") as opened:
            self.document = json.load(opened)
        self.operations = {(method.upper(), path): item[method]
                           for path, item in self.document["paths"].items()
                           for method in METHODS if method in item}
        self.patterns = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z"), method, path)
                         for method, path in self.operations]

    def validator(self, schema):
        """References of the schema lead into the document."""
        whole = {**schema, "components": self.document["components"]}
        return jsonschema.Draft202012Validator(whole)

    def resolve(self, thing):
        while "$ref" in thing:
            at = self.document
            for name in thing["$ref"].removeprefix("#/").split("/"):
                at = at[name]
            thing = at
        return thing

    def operation_of(self, method, path):
        method = "GET" if method == "HEAD" else method
        for pattern, known_method, template in self.patterns:
            if method == known_method and pattern.match(path):
                return method, template
        return None

    def faults(self, schema, value):
        return [f"{'/'.join(map(str, fault.absolute_path)) or '(all)'}: {fault.message[:300]}"
                for fault in self.validator(schema).iter_errors(value)]

    def check_answer(self, method, path, answer):
        """Returns the operation; None: the path is none, and so it must have been answered."""
        operation = self.operation_of(method, path)
        where = f"{method} {path}: {answer.status}"
        if not operation:
            check(answer.status in (404, 405, 400), f"{where}: no such operation")
            self.check_body({"$ref": "#/components/schemas/Problem"}, answer, where)
            return None
        answers = self.operations[operation]["responses"]
        check(str(answer.status) in answers, f"{where}: this status is not told; {answer.text[:300]}")
        media = self.resolve(answers[str(answer.status)])["content"]
        check(answer.type in media, f"{where}: {answer.type} is not told")
        if answer.type.endswith("json") and method != "HEAD":
            self.check_body(media[answer.type]["schema"], answer, where)
        return operation

    def check_body(self, schema, answer, where):
        faults = self.faults(schema, answer.json)
        check(not faults, f"{where}: {faults}\n{answer.text[:2000]}")
        if answer.type == "application/problem+json":
            check_equal(answer.json["status"], answer.status, where)


CONTRACT = Contract()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response, took):
        self.status, self.headers, self.seconds = response.status, response.headers, took
        self.type = response.headers.get("Content-Type", "").partition(";")[0]
        self.text = response.read().decode() if self.type != "text/event-stream" else ""

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def detail(self):
        return self.json["detail"]


class Api:
    """Requests to one listener, each on a connection of its own."""

    def __init__(self, where, token=None, host=None, timeout=30):
        self.where, self.token, self.host, self.timeout = where, token, host, timeout
        self.seen = set()

    def connect(self):
        if self.where.startswith("unix:"):
            return UnixConnection(self.where.removeprefix("unix:"), self.timeout)
        return http.client.HTTPConnection(self.where, timeout=self.timeout)

    def send(self, connection, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", "Bearer " + self.token)
        if self.host:
            headers.setdefault("Host", self.host)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, headers)

    def request(self, method, path, body=None, headers=None):
        start = time.monotonic()
        connection = self.connect()
        try:
            try:
                self.send(connection, method, path, body, headers)
            except BrokenPipeError:  # it was answered before the body
                pass
            answer = Answer(connection.getresponse(), time.monotonic() - start)
        finally:
            connection.close()
        operation = CONTRACT.check_answer(method, path.partition("?")[0], answer)
        if operation:
            self.seen.add((*operation, answer.status))
        return answer

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, body=None, **how):
        return self.request("POST", path, body, **how)

    def delete(self, path, **how):
        return self.request("DELETE", path, **how)

    def events(self, since=None, **headers):
        return Events(self, since, headers)


class Events:
    """An event stream that is open. next() gives (id, kind, data); the data is held against the
    contract."""

    def __init__(self, api, since, headers):
        self.connection = api.connect()
        path = "/v1/events" + (f"?since={since}" if since is not None else "")
        api.send(self.connection, "GET", path,
                 headers={name.replace("_", "-"): str(value) for name, value in headers.items()})
        self.response = self.connection.getresponse()
        check_equal((self.response.status, self.response.headers["Content-Type"]), (200, "text/event-stream"))
        api.seen.add(("GET", "/v1/events", 200))

    def next(self):
        fields, end = {}, time.monotonic() + EVENT_SECONDS
        while True:
            check(time.monotonic() < end, f"no event within {EVENT_SECONDS} s")
            line = self.response.readline().decode().rstrip("\n")
            if line == "" and fields:
                break
            if line not in ("", ":"):
                name, _, value = line.partition(": ")
                check(name not in fields, f"{name} stands twice")
                fields[name] = value
        check_equal(sorted(fields), ["data", "event", "id"])
        data = json.loads(fields["data"])
        faults = CONTRACT.faults({"$ref": "#/components/schemas/Event"}, data)
        check(not faults and data["event"] == fields["event"], f"{faults} {fields}")
        return int(fields["id"]), fields["event"], data

    def until(self, kind, **members):
        """The next event of this kind, with these members."""
        while True:
            number, found, data = self.next()
            if found == kind and members.items() <= data.items():
                return number, data

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def write_examples(examples, path=CONTRACT_PATH):
    """Puts real answers into the document: {(method, path, status or "body"): value}."""
    document = Contract(path).document
    for (method, template, status), value in examples.items():
        operation = document["paths"][template][method.lower()]
        where = operation["requestBody"] if status == "body" else operation["responses"][str(status)]
        next(iter(where["content"].values()))["example"] = value
    text = format_json(document) + "\n"
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(text)
    os.rename(path + ".new", path)


def format_json(value, indent=0, width=110):
    """JSON that people read: what fits in a line stands in one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, (dict, list)) or not value:
        return flat
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, list):
        parts = [inner + format_json(item, indent + 2, width) for item in value]
        return "[\n" + ",\n".join(parts) + "\n" + pad + "]"
    parts = [f"{inner}{json.dumps(key)}: " + format_json(item, indent + 2, width) for key, item in value.items()]
    return "{\n" + ",\n".join(parts) + "\n" + pad + "}"
