"""docs/monitoring against the program: every metric that dashboard, alerts and the page of documents name is
written by src/admin, and the other way round; rules and queries are valid; each alert is shown to fire and to
stay quiet, and has a runbook."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, ROOT + "/tests/e2e")
from tap import Skip, Tap, check, check_equal  # noqa: E402

METRIC = re.compile(r"\b(?:rhumb|process)_[a-z0-9_]+")
ALERT = re.compile(r"- alert: (\w+)")
tap = Tap()


def read(path):
    with open(f"{ROOT}/{path}", encoding="utf-8") as opened:
        return opened.read()


def families():
    """What src/admin writes: the names in its string literals."""
    text = "".join(read(f"src/admin/{name}") for name in sorted(os.listdir(ROOT + "/src/admin"))
                   if re.fullmatch(r"metrics_\w+\.c", name))
    names = set(re.findall(r'"((?:rhumb|process)_[a-z0-9_]+)"', text))
    return {name for name in names if not re.search(r"_seconds_(bucket|sum|count)$", name)}


def base(name):
    return re.sub(r"_seconds_(bucket|sum|count)$", "_seconds", name)


def dashboard():
    return json.loads(read("docs/monitoring/dashboard.json"))


def expressions():
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def promtool(*arguments):
    if not shutil.which("promtool"):
        raise Skip("no promtool")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=120, check=False,
                          cwd=ROOT + "/tests/monitoring")
    check_equal(done.returncode, 0, done.stdout + done.stderr)


@tap.case("the alert rules are valid")
def _():
    promtool("check", "rules", ROOT + "/docs/monitoring/alerts.yml")


@tap.case("each alert fires when it should, and not when it should not")
def _():
    promtool("test", "rules", "alerts_test.yml")


@tap.case("none of them is untested, or without a runbook")
def _():
    alerts = ALERT.findall(read("docs/monitoring/alerts.yml"))
    tests, page = read("tests/monitoring/alerts_test.yml"), read("docs/monitoring.md")
    check(len(alerts) > 15 and len(set(alerts)) == len(alerts), alerts)
    for alert in alerts:
        check(f"- name: {alert} fires\n" in tests and f"- name: {alert} is quiet\n" in tests, alert)
        check(f"\n## {alert}\n" in page, f"no runbook for {alert}")
        check(f"docs/monitoring.md#{alert.lower()}\n" in read("docs/monitoring/alerts.yml"), alert)
    check_equal(sorted(re.findall(r"^## (Rhumb\w+)$", page, re.M)), sorted(alerts))
    fired = re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n", tests)
    check_equal(sorted(fired), sorted(alerts))


@tap.case("what documents, alerts and dashboard name is on the page, and all of the page is documented")
def _():
    written = families()
    check(len(written) > 50, f"{len(written)} families")
    documented = set(METRIC.findall(read("docs/monitoring.md")))
    check_equal(sorted(documented), sorted(written), "docs/monitoring.md")
    for path in ("docs/logs.md", "docs/monitoring/alerts.yml", "tests/monitoring/alerts_test.yml"):
        for name in METRIC.findall(read(path)):
            check(base(name) in written, f"{path}: {name}")
    for title, expr in expressions():
        for name in METRIC.findall(expr):
            check(base(name) in written, f"dashboard, {title}: {name}")


@tap.case("every query of the dashboard is one that Prometheus understands")
def _():
    rules = []
    for number, (_, expr) in enumerate(expressions()):
        plain = expr.replace("$instance", ".*").replace("$service", ".*")
        rules.append(f"      - record: panel:{number}\n        expr: {json.dumps(plain)}\n")
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as out:
        out.write("groups:\n  - name: dashboard\n    rules:\n" + "".join(rules))
        out.flush()
        promtool("check", "rules", out.name)


@tap.case("the dashboard asks the data source that is chosen, and its panels stand side by side")
def _():
    board = dashboard()
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    check_equal((variables["datasource"]["type"], variables["datasource"]["query"]), ("datasource", "prometheus"))
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    ids, taken = set(), set()
    for panel in board["panels"]:
        check(panel["id"] not in ids, f"id {panel['id']}")
        ids.add(panel["id"])
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        check(not cells & taken and place["x"] + place["w"] <= 24, f"{panel['title']} lies on another")
        taken |= cells
        if panel["type"] != "row":
            check_equal(panel["datasource"], chosen)
            check(panel["targets"] and all(t["datasource"] == chosen for t in panel["targets"]), panel["title"])
    for name in ("instance", "service"):
        check_equal(variables[name]["datasource"], chosen)
    text = read("docs/monitoring/dashboard.json")
    check(not re.search(r'"uid": "(?!\$\{datasource\}|rhumb)', text), "a data source of somebody's own")


tap.run()
