"""What is installed beside the program: completions, tried in the shells they are for, and manual pages.

The build folder is $RHUMB_BUILD, else the one the program is in.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

from harness import ROOT, Rhumb, die_with_parent, find_binary
from tap import Skip, Tap, check, check_equal

CONFIG = """
server: {listen: ["127.0.0.1:@PORT@"], state: state}
regions: {us-east: {country: US}, eu-west: {country: DE}, eu-north: {country: SE}}
services:
  app: {policy: failover, regions: {us-east: {addresses: [127.0.1.1]}, eu-west: {addresses: [127.0.2.1]}, eu-north: {addresses: [127.0.2.2]}}}
  api: {policy: failover, regions: {us-east: {addresses: [127.0.1.1]}}}
zones:
  example.com: {file: zone, names: {www: app, api: api}}
"""
ZONE = "$TTL 60\n@ SOA ns h 7 1 1 1 60\n@ NS ns.example.net.\n"
BUILD = os.environ.get("RHUMB_BUILD") or os.path.dirname(os.path.dirname(os.path.dirname(find_binary())))
PAGES = {"rhumb.8": "man8", "rhumb.yaml.5": "man5", "rhumb-zone.5": "man5"}
COMPLETIONS = {"bash": "rhumb", "zsh": "_rhumb", "fish": "rhumb.fish"}
STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x07")
tap = Tap()

# The line up to the cursor, and what is offered for the word there.
LINES = (
    ("rhumb dr", ["drain"]),
    ("rhumb fail", ["failback", "failover"]),
    ("rhumb drain ", ["eu-north", "eu-west", "us-east"]),
    ("rhumb drain eu", ["eu-north", "eu-west"]),
    ("rhumb drain eu-west --service ", ["api", "app"]),
    ("rhumb drain -s ap", ["api", "app"]),
    ("rhumb drain eu-west --r", ["--reason"]),
    ("rhumb force ", ["down", "up"]),
    ("rhumb force up us", ["us-east"]),
    ("rhumb force --reason down u", ["up"]),
    ("rhumb failover app --to eu", ["eu-north", "eu-west"]),
    ("rhumb completion ", ["bash", "fish", "zsh"]),
    ("rhumb help und", ["undrain"]),
    ("rhumb explain www.example.com AA", ["AAAA"]),
    ("rhumb serve -c @/only", ["@/only.yaml"]),
    ("rhumb status --socket @/nothing --js", ["--json"]),
)


def needs(program):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")


def environment(server):
    """`rhumb` is the program, and knows where the server is."""
    tools = server.folder + "/bin"
    if not os.path.isdir(tools):
        os.mkdir(tools)
        os.symlink(find_binary(), tools + "/rhumb")
        server.write("only.yaml", "x-nothing: 1\n")
    return {**os.environ, "PATH": tools + ":" + os.environ["PATH"], "HOME": server.folder, "TERM": "xterm",
            "RHUMB_SOCKET": server.folder + "/state/admin.sock"}


def lines(server):
    for line, offered in LINES:
        yield line.replace("@", server.folder), [word.replace("@", server.folder) for word in offered]


def script(shell):
    """As it was made by the build; the program prints the same."""
    path = f"{BUILD}/src/cli/{COMPLETIONS[shell]}"
    with open(path, encoding="utf-8") as made:
        printed = subprocess.run([find_binary(), "completion", shell], capture_output=True, text=True, check=True).stdout
        check_equal(made.read(), printed, path)
    return path


def shell_output(server, *command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                          cwd=server.folder, env=environment(server))
    check_equal((done.returncode, done.stderr), (0, ""), str(command[0]))
    return done.stdout


class Terminal:
    """An interactive shell."""

    def __init__(self, server, *command):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            die_with_parent()
            os.chdir(server.folder)
            os.execvpe(command[0], command, environment(server))
        self.raw = self.text = ""  # text: without what steers the terminal

    def types(self, text):
        os.write(self.master, text.encode())

    def shows(self, pattern, seconds=20):
        """Waits for it; what was shown before is forgotten."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.raw = self.text = self.text[found.end():]
                return found
            ready = select.select([self.master], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                raise AssertionError(f"{pattern!r} was not shown: {self.text!r}")
            self.raw += os.read(self.master, 65536).decode(errors="replace")
            self.text = STEERING.sub("", self.raw)

    def close(self):
        os.close(self.master)
        os.waitpid(self.pid, 0)


# ---- completions ------------------------------------------------------------------------------


@tap.case("bash: every line is completed by its function")
def _(server):
    path = script("bash")
    for line, offered in lines(server):
        got = shell_output(server, "bash", "--norc", "-c", f"""
            set -u
            source {path}
            COMP_WORDS=({line.replace("=", " = ")}) COMP_CWORD={len(line.split(" ")) - 1}
            [[ '{line}' != *' ' ]] || COMP_WORDS+=('')
            _rhumb
            printf '%s\\n' "${{COMPREPLY[@]-}}" | sort""").split()
        check_equal(got, sorted(offered), line)


@tap.case("bash: compgen and the tab key find it; -c and --name=VALUE are understood")
def _(server):
    path = script("bash")
    check_equal(shell_output(server, "bash", "--norc", "-c", f"source {path}; complete -p rhumb"), "complete -F _rhumb rhumb\n")
    check("undrain" in shell_output(server, "bash", "--norc", "-c", f"source {path}; compgen -W \"$_rhumb_commands\" und"), "compgen")
    shell = Terminal(server, "bash", "--norc", "--noprofile", "-i")
    shell.types(f"unset RHUMB_SOCKET; source {path}; PS1='prompt> '; echo ready-$((40 + 2))\n")
    shell.shows("ready-42")
    shell.types("rhumb undr\t")
    shell.shows("rhumb undrain ")
    shell.types(f"-c {server.config} us\t")
    shell.shows("us-east ")
    shell.types("--service=ap\t\t")
    shell.shows(r"api +app")
    shell.types("p\t--js\t\x01echo \n")
    shell.shows(r"[\r\n]rhumb undrain -c \S+ us-east --service=app --json")
    shell.types("exit\n")
    shell.close()


@tap.case("zsh: every line is completed, when it is found in fpath")
def _(server):
    needs("zsh")
    path = script("zsh")
    shell = Terminal(server, "zsh", "-f", "-i")
    # The list that would be shown is written to a file: compadd tells what matches.
    shell.types(f"""PS1='prompt> '; unsetopt zle_bracketed_paste prompt_sp; fpath=({os.path.dirname(path)} $fpath)
autoload -Uz compinit; compinit -u -D
compadd() {{ local -a found; [[ ${{@[(I)-[OAD]*]}} -gt 0 ]] || {{ builtin compadd -O found "$@"; print -rl -- $found >>offered }}; builtin compadd "$@" }}
print ready-$((40 + 2))
""")
    shell.shows("ready-42")
    for line, offered in lines(server):
        with open(server.folder + "/offered", "w", encoding="utf-8"):
            pass
        shell.types(line + "\t\x01\x0bprint done-$((40 + 2))\n")
        shell.shows("done-42")
        with open(server.folder + "/offered", encoding="utf-8") as found:
            got = sorted({word.split(":")[0] for word in found.read().split()})
        names = [os.path.basename(word) for word in offered] if "/" in offered[0] else offered
        check_equal([word for word in got if word in names], sorted(names), line)
        prefix = line.split(" ")[-1]
        check(all("/" in prefix or word in names for word in got), f"{line}: {got}")
    shell.types("exit\n")
    shell.close()


@tap.case("zsh: read by source, the tab key completes")
def _(server):
    needs("zsh")
    shell = Terminal(server, "zsh", "-f", "-i")
    shell.types("PS1='prompt> '; autoload -Uz compinit; compinit -u -D; source <(rhumb completion zsh); print ready-$((40 + 2))\n")
    shell.shows("ready-42")
    shell.types("rhumb undr\t")
    shell.shows("rhumb undrain ")
    shell.types("us\t --js\t")
    shell.shows("us-east ")
    shell.shows("--json")
    shell.types("\x01\x0bexit\n")
    shell.close()


@tap.case("fish: every line is completed")
def _(server):
    needs("fish")
    path = script("fish")
    for line, offered in lines(server):
        got = shell_output(server, "fish", "--no-config", "-c", f"source {path}; complete -C '{line}'").splitlines()
        check_equal(sorted(word.split("\t")[0] for word in got), sorted(offered), line)


# ---- manual pages -----------------------------------------------------------------------------


def rendered(page):
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=200n", f"{BUILD}/docs/man/{page}"],
                          capture_output=True, text=True, check=False, timeout=30)
    check_equal((done.returncode, done.stderr), (0, ""), page)
    return done.stdout


@tap.case("manual pages are rendered without a warning")
def _(_server):
    for page in PAGES:
        text = rendered(page)
        for section in ("NAME", "DESCRIPTION", "SEE ALSO"):
            check(re.search(f"^{section}$", text, re.M), f"{page} has no {section}")
        if shutil.which("man"):
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", f"{BUILD}/docs/man/{page}"],
                                  capture_output=True, text=True, check=False, timeout=30)
            check_equal((done.returncode, done.stderr), (0, ""), page)


@tap.case("rhumb(8) has what help says")
def _(_server):
    text = rendered("rhumb.8")
    words = " ".join(text.split())
    overview = subprocess.run([find_binary(), "help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+) {2,}\S", overview, re.M)
    check("drain" in commands and "serve" in commands, str(commands))
    for command in commands:
        help_text = subprocess.run([find_binary(), "help", command], capture_output=True, text=True, check=True).stdout
        usage = " ".join(help_text.split("\n\n")[0].removeprefix("usage: ").split())
        check(usage in words, usage)
        for option in re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", help_text, re.M):
            check(option in text, f"{command} {option}")


# Every mapping of a configuration with a key that nobody knows: the mistakes say what would be known.
STRANGE = """
zzzzzzzzzzz: 1
server: {zzzzzzzzzzz: 1, cookies: {zzzzzzzzzzz: 1}, rate_limit: {zzzzzzzzzzz: 1}, tcp: {zzzzzzzzzzz: 1}, tls: {zzzzzzzzzzz: 1}, probes: {zzzzzzzzzzz: 1}}
admin: {zzzzzzzzzzz: 1, tokens: {a: {zzzzzzzzzzz: 1}}}
notify: [{webhook: {zzzzzzzzzzz: 1}}, {command: [a], zzzzzzzzzzz: 1}]
geo: {zzzzzzzzzzz: 1, networks: {10.0.0.0/8: {zzzzzzzzzzz: 1}}}
regions: {r: {zzzzzzzzzzz: 1}}
limits: {zzzzzzzzzzz: 1}
log: {zzzzzzzzzzz: 1}
query_log: {zzzzzzzzzzz: 1}
metrics: {zzzzzzzzzzz: 1}
checks:
  any-kind: {zzzzzzzzzzz: 1}
  tls: {tls: {zzzzzzzzzzz: 1}}
  http: {http: {zzzzzzzzzzz: 1}, metric: {zzzzzzzzzzz: 1}}
  https: {https: {zzzzzzzzzzz: 1}}
  grpc: {grpc: {zzzzzzzzzzz: 1}}
  dns: {dns: {zzzzzzzzzzz: 1}}
  command: {command: {zzzzzzzzzzz: 1}}
  file: {file: {zzzzzzzzzzz: 1}}
  several: {at_least: {zzzzzzzzzzz: 1}}
services:
  s: {zzzzzzzzzzz: 1, regions: {r: {zzzzzzzzzzz: 1}}, ttl: {zzzzzzzzzzz: 1}, protect: {zzzzzzzzzzz: 1}, latency: {zzzzzzzzzzz: 1}, failback: {zzzzzzzzzzz: 1}, when_all_down: {zzzzzzzzzzz: 1}}
zones:
  example.com: {zzzzzzzzzzz: 1, names: {www: {zzzzzzzzzzz: 1}}}
"""


@tap.case("rhumb.yaml(5) names every key that the configuration knows")
def _(server):
    server.write("strange.yaml", STRANGE)
    done = subprocess.run([find_binary(), "check", "-c", server.folder + "/strange.yaml"], capture_output=True, text=True,
                          check=False)
    told = re.findall(r"unknown key 'z+'\n.*\n.*\n +.*expected one of: (.*)|unknown key 'z+'\n.*\n +.*expected one of: (.*)",
                      done.stderr)
    keys = {key for pair in told for text in pair if text for key in text.split(", ")}
    check(len(keys) > 100 and {"listen", "min_cert_days", "from_proof"} <= keys, str(sorted(keys)))
    text = rendered("rhumb.yaml.5")
    sections = re.findall(r"expected one of: (.*)", done.stderr)[0].split(", ")
    check_equal([name for name in sections if f"\n{name}:" not in STRANGE], [], "not tried here")
    missing = [key for key in sorted(keys - set(sections)) if not re.search(rf"(?<![\w.]){key}\b", text)]
    missing += [name for name in sections if not re.search(rf"^{name.upper()}$", text, re.M)]
    check_equal(missing, [], "not in the page")


@tap.case("installing puts pages and completions where they are looked for")
def _(_server):
    needs("meson")
    with tempfile.TemporaryDirectory() as target:
        done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", target], capture_output=True,
                              text=True, check=False, timeout=120)
        check_equal(done.returncode, 0, done.stdout + done.stderr)
        files = {os.path.relpath(os.path.join(folder, name), target) for folder, _, names in os.walk(target) for name in names}
    wanted = [f"share/man/{folder}/{page}" for page, folder in PAGES.items()]
    wanted += ["share/bash-completion/completions/rhumb", "share/zsh/site-functions/_rhumb",
               "share/fish/vendor_completions.d/rhumb.fish", "bin/rhumb"]
    for path in wanted:
        check(any(name.endswith("/" + path) for name in files), f"{path} is not among {sorted(files)}")


check(os.path.samefile(BUILD, os.path.commonpath([BUILD, find_binary()])), "the program is of this build")
check(os.path.isdir(ROOT), ROOT)
with Rhumb(CONFIG, {"zone": ZONE}) as running:
    tap.run(running)
