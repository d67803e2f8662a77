"""src/admin/openapi.json against the server: every route stands in it, every operation of it is served,
and every answer that there is comes and is as it says.

    test_admin_contract.py [--write-examples]     puts the answers of this run into the document
"""
import hashlib
import json
import os
import subprocess
import sys

from admin import CONTRACT, Api, write_examples
from backend import Backend
from harness import ROOT, Rhumb, free_port
from tap import Tap, check, check_equal, wait_until

TOKENS = {scope: f"token-for-{scope}-0123456789" for scope in ("read", "operate", "config")}
# Documents of their own kind.
WITHOUT_SCHEMA = ("/paths//v1/openapi.json/", "/paths//v1/diff/post/responses")
tap = Tap()
examples = {}


def example(method, path, status, value):
    examples[method, path, status] = value


# ---- the document ---------------------------------------------------------------------------------


def schemas(thing, path=""):
    """Every schema in the document, with where it stands."""
    if isinstance(thing, dict):
        if not path.endswith("/properties") and {"type", "$ref", "const"} & set(thing):
            yield path, thing
        for name, value in thing.items():
            if path.endswith("/properties") or name not in ("example", "enum", "securitySchemes"):
                yield from schemas(value, f"{path}/{name}")
    elif isinstance(thing, list):
        for number, value in enumerate(thing):
            yield from schemas(value, f"{path}/{number}")


@tap.case("the document is sound: references lead somewhere, schemas are schemas, names are unique")
def _(_world):
    document = CONTRACT.document
    check_equal(document["openapi"], "3.1.0")
    for where, schema in schemas(document):
        CONTRACT.validator(schema).check_schema(schema)
        CONTRACT.resolve(schema)
    names = [operation["operationId"] for operation in CONTRACT.operations.values()]
    check_equal(len(names), len(set(names)))
    check_equal({path for _, path in CONTRACT.operations}, set(document["paths"]))
    for name, schema in document["components"]["schemas"].items():
        check(f"#/components/schemas/{name}" in json.dumps(document) or name == "Event", f"{name} is not used")


@tap.case("no object may have a member that the document does not tell")
def _(_world):
    for where, schema in schemas(CONTRACT.document):
        if schema.get("type") == "object" and not where.startswith(WITHOUT_SCHEMA):
            check_equal(schema.get("additionalProperties"), False, where)
        if "properties" in schema:
            check(set(schema.get("required", [])) <= set(schema["properties"]), where)


@tap.case("every route stands in the document with its scope and parameters, and nothing else does")
def _(_world):
    routes = {}
    for line in subprocess.run([os.environ["RHUMB_ADMIN_ROUTES"]], check=True, text=True,
                               capture_output=True).stdout.splitlines():
        method, path, scope, queries = line.split(" ")
        routes[method, path] = (scope, sorted(queries.split(",")) if queries != "-" else [])
    told = {}
    for (method, path), operation in CONTRACT.operations.items():
        scopes = operation["security"]
        check(len(scopes) <= 1)
        parameters = operation.get("parameters", [])
        told[method, path] = (scopes[0]["token"][0] if scopes else "-",
                              sorted(p["name"] for p in parameters if p["in"] == "query"))
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        check_equal(in_path, {part[1:-1] for part in path.split("/") if part.startswith("{")}, path)
    check_equal(told, routes)


@tap.case("the server serves the document, word for word")
def _(world):
    answer = world.api.get("/v1/openapi.json")
    with open(ROOT + "/src/admin/openapi.json", encoding="utf-8") as opened:
        check_equal(answer.text, opened.read())


@tap.case("every example is as its schema says")
def _(_world):
    count = 0
    for (method, path), operation in CONTRACT.operations.items():
        places = list(operation["responses"].values()) + [operation.get("requestBody", {})]
        for media in (media for place in places for media in CONTRACT.resolve(place).get("content", {}).items()):
            kind, content = media
            if "example" in content:
                count += 1
                if kind.endswith("json"):
                    check_equal(CONTRACT.faults(content["schema"], content["example"]), [], f"{method} {path}")
    check(count >= 15, f"{count} examples")


# ---- answers: each is held against the document by Api --------------------------------------------


@tap.case("everything that can be looked at")
def _(world):
    for path in ("status", "services", "regions", "targets", "zones", "overrides", "history?limit=2"):
        answer = world.api.get("/v1/" + path)
        check_equal(answer.status, 200)
        example("GET", "/v1/" + path.partition("?")[0], 200, answer.json)
    for path, name in (("status", "services"), ("services", "services"), ("targets", "targets")):
        shown = examples["GET", "/v1/" + path, 200]
        shown[name] = shown[name][:2]  # enough to see how they look
    example("GET", "/v1/services/{service}", 200, world.api.get("/v1/services/app-writes").json)
    target = world.api.get("/v1/targets").json["targets"][0]["target"]
    check_equal(world.api.get(f"/v1/history?target={target}").json["transitions"][0]["target"], target)
    check_equal(world.api.get("/metrics").status in (200, 503), True)


@tap.case("why, and why not")
def _(world):
    answer = world.api.get("/v1/explain?name=www.example.com&client=203.0.113.0/24")
    example("GET", "/v1/explain", 200, answer.json)
    steps = [step["step"] for step in answer.json["steps"]]
    check({"name", "client", "service", "order", "answer", "ttl", "scope"} <= set(steps), str(steps))
    offline = world.server.run("explain", "www.example.com", "A", "--client", "203.0.113.0/24").stdout
    same = [line for line in offline.splitlines() if line.startswith(("answer", "scope", "location", "network"))]
    check(same and all(line in answer.json["text"].splitlines() for line in same), f"{same} {answer.json['text']}")
    answer = world.api.get("/v1/explain?name=www.example.com&client=203.0.113.1&type=AAAA&why_not=us-east")
    check_equal(answer.status, 200)
    for query, status in (("name=www.example.com", 400), ("client=192.0.2.1", 400),
                          ("name=www.example.com&client=192.0.2.1/24", 400), ("name=a..b&client=192.0.2.1", 400),
                          ("name=a&client=192.0.2.1&type=NOPE", 400), ("name=a&client=x", 400)):
        check_equal(world.api.get("/v1/explain?" + query).status, status, query)


@tap.case("changes, and what they are answered")
def _(world):
    order = {"region": "eu-west", "state": "drain", "reason": "kernel update", "by": "anna", "for_s": 1800}
    answer = world.api.post("/v1/overrides", order)
    check_equal((answer.status, answer.json["durable"]), (200, True))
    example("POST", "/v1/overrides", "body", order)
    example("POST", "/v1/overrides", 200, answer.json)
    example("GET", "/v1/overrides", 200, world.api.get("/v1/overrides").json)
    answer = world.api.delete("/v1/overrides?region=eu-west")
    example("DELETE", "/v1/overrides", 200, answer.json)
    order = {"to": "eu-west", "reason": "new release in us-east", "by": "anna"}
    answer = world.api.post("/v1/services/app-writes/failover", order)
    check_equal(answer.status, 200)
    example("POST", "/v1/services/{service}/failover", "body", order)
    example("POST", "/v1/services/{service}/failover", 200, answer.json)
    order = {"reason": "the release is good", "by": "anna"}
    answer = world.api.post("/v1/services/app-writes/failback", order)
    check_equal(answer.status, 200)
    example("POST", "/v1/services/{service}/failback", "body", order)
    example("POST", "/v1/services/{service}/failback", 200, answer.json)
    for override in world.api.get("/v1/overrides").json["overrides"]:
        check_equal(override["state"], "resume")


@tap.case("a change that cannot be is told")
def _(world):
    drain = {"region": "eu-west", "state": "drain", "reason": "test"}
    for status, body in (
            (422, {**drain, "state": "dran"}), (422, {**drain, "stat": "up"}), (422, {"region": "eu-west", "reason": "x"}),
            (422, {**drain, "reason": ""}), (422, {"region": "eu-west", "state": "drain"}), (422, {**drain, "for_s": 0}),
            (422, {**drain, "for_s": 1.5}), (422, {**drain, "for_s": "60"}), (422, {**drain, "for_s": 31622401}),
            (422, {**drain, "until": "2001-01-01T00:00:00Z"}), (422, {**drain, "until": "tomorrow"}),
            (422, {**drain, "until": "2099-01-01T00:00:00Z", "for_s": 5}), (422, {**drain, "address": "127.0.0.256"}),
            (422, {**drain, "reason": "x" * 501}), (422, {**drain, "by": "x" * 101}), (422, []), (422, {**drain, "region": None}),
            (422, {"state": "drain", "reason": "everything"}),
            (404, {**drain, "region": "nowhere"}), (404, {**drain, "service": "nothing"}), (404, {**drain, "address": "192.0.2.1"})):
        check_equal(world.api.post("/v1/overrides", body).status, status, str(body))
    check_equal(world.api.delete("/v1/overrides?region=eu-west").status, 404)
    check_equal(world.api.delete("/v1/overrides?region=eu-west&address=x").status, 422)
    check_equal(world.api.delete("/v1/overrides").status, 404)
    for path, status, body in (("app-writes/failover", 422, {"to": "nowhere", "reason": "x"}),
                               ("app-writes/failover", 422, {"reason": "x"}),
                               ("app-writes/failover", 422, {"to": "eu-west"}),
                               ("app-writes/failover", 422, {"to": "eu-west", "reason": "x", "force": 1}),
                               ("nothing/failover", 404, {"to": "eu-west", "reason": "x"}),
                               ("nothing/failback", 404, {"reason": "x"}), ("app-writes/failback", 422, {}),
                               ("app/failover%00", 400, {})):
        check_equal(world.api.post("/v1/services/" + path, body).status, status, f"{path} {body}")
    check_equal(world.api.get("/v1/overrides").json["overrides"][1:], [], "nothing but the resume is there")


@tap.case("failing over to a region that is down is refused, unless it is forced")
def _(world):
    world.backends[1].refuse()
    wait_until(lambda: not world.region("app-writes", "eu-west")["usable"], 20, "eu-west is down")
    order = {"to": "eu-west", "reason": "test"}
    answer = world.api.post("/v1/services/app-writes/failover", order)
    check_equal(answer.status, 409)
    check("not usable" in answer.detail)
    check_equal(world.api.post("/v1/services/app-writes/failover", {**order, "force": True}).status, 200)
    check_equal(world.api.post("/v1/services/app-writes/failback", {"reason": "test"}).status, 200)
    check_equal(world.api.get("/v1/explain?name=www.example.com&client=203.0.113.1").status, 200)
    world.backends[1].accept()
    wait_until(lambda: world.region("app-writes", "eu-west")["usable"], 30, "eu-west is back")


@tap.case("the configuration is read again")
def _(world):
    answer = world.api.post("/v1/reload", {"force": False})
    check_equal(answer.status, 200)
    example("POST", "/v1/reload", 200, answer.json)
    example("POST", "/v1/reload", "body", {"force": False})
    check_equal(world.api.post("/v1/reload").status, 200)
    check_equal(world.api.post("/v1/reload", {"force": "yes"}).status, 422)
    check_equal(world.api.post("/v1/diff", {"file": 1}).status in (422, 503), True)


@tap.case("events are as the document says")
def _(world):
    with world.api.events() as events:
        world.api.post("/v1/overrides", {"service": "app", "region": "us-east", "state": "drain", "reason": "look"})
        number, kind, data = events.next()
        world.api.delete("/v1/overrides?service=app&region=us-east")
        lines = [f"id: {number}", f"event: {kind}", "data: " + json.dumps(data, separators=(",", ":")), "", ""]
        example("GET", "/v1/events", 200, "\n".join(lines))
        check_equal((kind, data["to"]), ("override", "drain"))
    for query in ("since=x", "since=-1", "since=1.5", "since="):
        check_equal(world.api.get("/v1/events?" + query).status, 400, query)


def every_operation():
    """(method, a path for it, its scope, a body for it)"""
    for (method, path), operation in CONTRACT.operations.items():
        scope = operation["security"][0]["token"][0] if operation["security"] else None
        yield method, path.replace("{service}", "app-writes"), scope, {} if method == "POST" else None


@tap.case("who may not is told: 401, 403, 421")
def _(world):
    for method, path, scope, body in every_operation():
        if not scope:
            continue
        check_equal(world.by(token="wrong-token-0123456789").request(method, path, body).status, 401, path)
        other = "read" if scope != "read" else "config"
        check_equal(world.by(token=TOKENS[other]).request(method, path, body).status, 403, path)
        check_equal(world.by(host="evil.example").request(method, path, body).status, 421, path)
        if scope != "read":
            check_equal(world.by().request(method, path, body).status, 401, path)


@tap.case("what no operation takes: 400, 413, 415, 422")
def _(world):
    json_type = {"Content-Type": "application/json"}
    for method, path, _, _ in every_operation():
        check_equal(world.api.request(method, path + "?unknown=1").status, 400, path)
        if method != "POST":
            check_equal(world.api.request(method, path, "{}", headers=json_type).status, 400, path)
            continue
        check_equal(world.api.post(path, " " * (1 << 20) + "{}", headers=json_type).status, 413, path)
        check_equal(world.api.post(path, "{}").status, 415, path)
        check_equal(world.api.post(path, "{", headers=json_type).status, 400, path)
        check_equal(world.api.post(path, {"unknown": 1}).status, 422, path)


@tap.case("paths and methods that are none")
def _(world):
    for path in ("/", "/v1", "/v1/status/", "/v2/status", "/v1/services/app/other"):
        check_equal(world.api.get(path).status, 404, path)
    for method, path, allow in (("PUT", "/v1/overrides", "GET, HEAD, POST, DELETE"), ("POST", "/v1/status", "GET, HEAD"),
                                ("GET", "/v1/reload", "POST"), ("OPTIONS", "/v1/status", "GET, HEAD")):
        answer = world.api.request(method, path)
        check_equal((answer.status, answer.headers["Allow"]), (405, allow))
    for path in ("/v1/status?verbose=1", "/v1/history?limit=0", "/v1/history?limit=1001", "/v1/history?limit=x",
                 "/v1/history?target=xyz", "/v1/history?target=00112233445566778", "/v1/history?limit=1&limit=2",
                 "/v1/services/app?x"):
        check_equal(world.api.get(path).status, 400, path)
    check_equal(world.api.get("/v1/services/nothing").status, 404)
    check_equal(world.api.request("HEAD", "/v1/status").status, 200)


@tap.case("ready says so, to everybody")
def _(world):
    answer = world.by().get("/ready")
    example("GET", "/ready", 200, answer.json)
    check_equal(answer.json["ready"], True)
    check_equal(world.by(host="any.example").get("/ready").status, 200)


@tap.case("every operation was seen with its answer, and with most of its problems")
def _(world):
    seen = set().union(*(api.seen for api in world.apis))
    missing = []
    for (method, path), operation in CONTRACT.operations.items():
        for status in map(int, operation["responses"]):
            # A full disk, no memory, no folder for state, a server that stops, and what is not
            # there yet.
            if status in (202, 409, 500, 503) or path in ("/v1/diff", "/metrics") and status == 200:
                continue
            if (method, path, status) not in seen:
                missing.append(f"{method} {path} {status}")
    print(f"# {len(seen)} kinds of answer seen")
    check_equal(missing, [])


class World:
    def __init__(self, server, backends, port):
        self.server, self.backends = server, backends
        self.port = port
        self.api = Api(f"unix:{server.folder}/state/admin.sock")
        self.apis = [self.api]

    def by(self, **how):
        """By TCP, as somebody else."""
        self.apis.append(Api(f"127.0.0.1:{self.port}", **how))
        return self.apis[-1]

    def region(self, service, name):
        regions = self.api.get("/v1/services/" + service).json["region_list"]
        return next(region for region in regions if region["region"] == name)


def make_config(web, web6):
    """The quick start's, with ports of our own, a state folder and tokens."""
    with open(ROOT + "/zones/rhumb.yaml", encoding="utf-8") as opened:
        config = opened.read()
    for shipped, port in zip(("18080", "18081", "18082", "18083"), (web, *web6)):
        config = config.replace(shipped, str(port))
    config = config.replace("  # state: /var/lib/rhumb", "  state: state")
    digest = lambda token: hashlib.sha256(token.encode()).hexdigest()  # noqa: E731
    tokens = "".join(f"    {scope}: {{sha256: {digest(token)}, scopes: [{scope}]}}\n" for scope, token in TOKENS.items())
    lines = config.splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith("admin:"))
    end = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith((" ", "#")))
    lines[start:end] = ['admin:\n  listen: ["unix:state/admin.sock", "127.0.0.1:@ADMIN@"]\n  tokens:\n' + tokens]
    return "".join(lines)


def main():
    hosts = ("127.0.1.1", "127.0.2.1", "127.0.3.1")
    web, admin = free_port(hosts), free_port()
    backends = [Backend(host, web) for host in hosts]
    others = [Backend("127.0.1.1", 0) for _ in range(3)]  # IPv6 may be missing
    config = make_config(web, [other.port for other in others]).replace('"::1"', "127.0.1.1")
    config = config.replace(', "[::1]:${RHUMB_PORT:-5300}"', "")
    server = Rhumb(config, {"example.com.zone": "@/zones/example.com.zone", "geo": "@/zones/geo", "state/.keep": ""},
                   {"ADMIN": admin})
    server.environment["RHUMB_PORT"] = str(server.port)
    with server:
        world = World(server, backends, admin)
        wait_until(lambda: world.api.get("/v1/status").json["health"]["targets_down"] == 0, 20, "all is well")
        failed = tap.run_cases(world)
    if "--write-examples" in sys.argv[1:]:
        write_examples(tidy(examples, server.folder))
    sys.exit(1 if failed else 0)


def tidy(value, folder):
    """Answers as they were, but for the temporary folder."""
    if isinstance(value, dict):
        return {key: tidy(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [tidy(item, folder) for item in value]
    return value.replace(folder, "/etc/rhumb") if isinstance(value, str) else value


main()
