#include "command_table.h"

#include <string.h>

#define AT(member) offsetof(struct options, member)
#define TAKES(value_kind, value_name, member)                                                  \
    {                                                                                          \
        .kind = (value_kind), .name = (value_name), .at = AT(member)                           \
    }

static const char *const SHELLS[] = {"bash", "zsh", "fish", NULL};
static const char *const FORCED[] = {"up", "down", NULL};
static const char *const TYPES[] = {"A",   "AAAA",  "CNAME", "MX",  "NS",  "TXT", "SOA",
                                    "SRV", "HTTPS", "SVCB",  "CAA", "PTR", NULL};

/* ---- what several commands share ---- */

#define OPTION_CONFIG                                                                          \
    {                                                                                          \
        .name = "config", .letter = 'c', .value = TAKES(VALUE_FILE, "FILE", config_path),      \
        .help = "the configuration (default " RHUMB_CONFIG_DEFAULT ")"                         \
    }

#define OPTION_JSON                                                                            \
    {                                                                                          \
        .name = "json", .value = {.at = AT(json)},                                             \
        .help = "print what the server said, as JSON"                                          \
    }

#define OPTION_JSON_REPORT                                                                     \
    {                                                                                          \
        .name = "json", .value = {.at = AT(json)}, .help = "the report for programs, as JSON"  \
    }

#define OPTION_TRAFFIC                                                                         \
    {                                                                                          \
        .name = "traffic", .value = TAKES(VALUE_FILE, "FILE|countries", traffic),              \
        .help = "who asks: a query log, a packet capture (pcap), weights of countries, or "    \
                "`countries`: the Internet users of each"                                      \
    }

#define OPTION_NAMES                                                                           \
    {                                                                                          \
        .name = "names", .value = {.at = AT(names)},                                           \
        .help = "print names alone, one a line, for scripts"                                   \
    }

#define OPTION_SERVICE                                                                         \
    {                                                                                          \
        .name = "service", .letter = 's', .value = TAKES(VALUE_SERVICE, "SERVICE", service),   \
        .help = "in this service alone; without it in every service"                           \
    }

#define OPTION_REASON                                                                          \
    {                                                                                          \
        .name = "reason", .letter = 'r', .is_required = true,                                  \
        .value = TAKES(VALUE_TEXT, "TEXT", reason),                                            \
        .help = "why, for those who come after you; kept with the change and in the log"       \
    }

#define OPTION_FOR                                                                             \
    {                                                                                          \
        .name = "for", .value = TAKES(VALUE_DURATION, "TIME", for_s),                          \
        .help = "it ends by itself after so long: 90s, 30m, 2h, 1d or 1h30m"                   \
    }

#define OPTION_UNTIL                                                                           \
    {                                                                                          \
        .name = "until", .value = TAKES(VALUE_TIME, "TIME", until),                            \
        .help = "it ends by itself at that time, in UTC: 2026-08-01T12:00:00Z"                 \
    }

#define OPTION_BY                                                                              \
    {                                                                                          \
        .name = "by", .value = TAKES(VALUE_TEXT, "NAME", by),                                  \
        .help =                                                                                \
            "who changes it (default: SUDO_USER, else USER); with a token the token's name "   \
            "counts"                                                                           \
    }

#define ARGUMENT_PLACE                                                                         \
    {                                                                                          \
        .help = "a region, or one address of it", .is_required = true,                         \
        .value = TAKES(VALUE_PLACE, "REGION[/ADDRESS]", place)                                 \
    }

static const char *check_end(const struct options *options)
{
    return options->for_s > 0 && options->until ? "--for and --until exclude each other" : NULL;
}

static const char *check_explain(const struct options *options)
{
    if (options->live)
        return NULL;
    if (options->json)
        return "--json is for --live";
    return options->socket || options->token_file
               ? "--socket and --token-file are for --live, which asks the running server"
               : NULL;
}

static const char *check_names(const struct options *options)
{
    return options->json && options->names ? "--json and --names exclude each other" : NULL;
}

static const char *check_services(const struct options *options)
{
    return options->names && options->service ? "--names lists all services: leave SERVICE out"
                                              : check_names(options);
}

/* ---- the commands ---- */

const char *const COMMAND_GROUPS[GROUP_COUNT] = {
    [GROUP_CONFIGURATION] = "serve, and judge a configuration",
    [GROUP_LOOK] = "look at a running server",
    [GROUP_STEER] = "steer it by hand",
    [GROUP_MORE] = "more",
};

/* clang-format off */ /* texts are lines of their own */
const struct command_entry COMMANDS[COMMAND_COUNT] = {
    [COMMAND_SERVE] =
        {
            .name = "serve",
            .group = GROUP_CONFIGURATION,
            .summary = "answer queries until SIGTERM; SIGHUP reloads",
            .details =
                "Reads configuration, zones and databases, probes every target once, and "
                "answers. A file that changes is read again at once: everything new together, "
                "or, when something is wrong with it, nothing.\n\n"
                "SIGTERM and SIGINT let TCP clients finish and end the process, SIGHUP "
                "reloads, SIGUSR1 writes counters and health to the log. The log goes to "
                "standard error.",
            .options = {OPTION_CONFIG},
        },
    [COMMAND_CHECK] =
        {
            .name = "check",
            .group = GROUP_CONFIGURATION,
            .summary = "report every error and warning in what serve would read",
            .details =
                "Reads what serve would read, by the same code. Each mistake comes with file, "
                "line, column and a remedy; each service with the time within which its "
                "clients leave a dead region. Warns also of what is allowed and most likely not "
                "meant.",
            .examples = "check -c /etc/rhumb/rhumb.yaml.new",
            .options = {OPTION_CONFIG},
        },
    [COMMAND_AUDIT] =
        {
            .name = "audit",
            .group = GROUP_CONFIGURATION,
            .summary = "prove that residency holds, whatever the health",
            .details =
                "Walks everything that the configuration compiles to, and proves in two "
                "independent ways that no client can be sent where `residency:` forbids, in any "
                "state of health. Prints what the proof is made of, with its SHA-256, and which "
                "countries may be sent where. Exit status 1 when it does not hold.",
            .examples = "audit -c /etc/rhumb/rhumb.yaml --json",
            .options = {OPTION_CONFIG,
                        OPTION_JSON_REPORT,
                        {.name = "seed",
                         .value = {.kind = VALUE_COUNT, .name = "NUMBER", .at = AT(seed),
                                   .max = UINT64_MAX, .otherwise = "1"},
                         .help = "of the random clients (default 1)"},
                        {.name = "samples",
                         .value = {.kind = VALUE_COUNT, .name = "NUMBER", .at = AT(samples),
                                   .max = 1000 * 1000 * 1000, .otherwise = "1000000"},
                         .help = "how many of them, at most a thousand million (default a "
                                 "million)"}},
        },
    [COMMAND_DIFF] =
        {
            .name = "diff",
            .group = GROUP_CONFIGURATION,
            .summary = "what would change for clients with another configuration",
            .details =
                "Compares two configurations with all their files as the server would compile "
                "them: which networks get another region, and which share of the addresses of "
                "each country and of the traffic that is; zones, names, services and checks that "
                "come, change and go. Nothing is asked over the network.\n\n"
                "Exit status as of diff(1): 0 no difference, 1 differences, 2 errors.",
            .examples = "diff rhumb.yaml.new --traffic countries",
            .arguments = {{.help = "the configuration to compare with",
                           .is_required = true,
                           .value = TAKES(VALUE_FILE, "NEW", new_path)}},
            .options = {{.name = "config",
                         .letter = 'c',
                         .value = TAKES(VALUE_FILE, "OLD", config_path),
                         .help = "what is served now (default " RHUMB_CONFIG_DEFAULT ")"},
                        OPTION_TRAFFIC,
                        {.name = "all",
                         .value = {.at = AT(all)},
                         .help = "every row; otherwise the 20 largest of each table"},
                        OPTION_JSON_REPORT},
        },
    [COMMAND_SIMULATE] =
        {
            .name = "simulate",
            .group = GROUP_CONFIGURATION,
            .summary = "who gets how much, before and after; held against capacity:",
            .details =
                "The share of each service's queries that every region gets now and in a "
                "scenario, by the policies themselves, and with a rate what that is of its "
                "`capacity:`. WHAT is REGION (in every service), SERVICE/REGION, REGION/ADDRESS, "
                "SERVICE/REGION/ADDRESS, ADDRESS, or SERVICE.\n\n"
                "Exit status 0 when everything fits, 1 when a region has more than its capacity, "
                "2 after errors.",
            .examples = "simulate --down eu-west --qps 24000",
            .options = {{.name = "down",
                         .repeats = true,
                         .value = TAKES(VALUE_REGION, "WHAT", down),
                         .help = "probes fail there; rules may keep it in the answers"},
                        {.name = "drain",
                         .repeats = true,
                         .value = TAKES(VALUE_REGION, "WHAT", drain),
                         .help = "an operator takes it out: no rule keeps it"},
                        {.name = "qps",
                         .repeats = true,
                         .value = TAKES(VALUE_TEXT, "[SERVICE=]NUMBER", qps),
                         .help = "queries a second, of all services together or of one"},
                        OPTION_TRAFFIC,
                        {.name = "service",
                         .letter = 's',
                         .repeats = true,
                         .value = TAKES(VALUE_SERVICE, "SERVICE", services),
                         .help = "these services alone"},
                        {.name = "svg",
                         .value = TAKES(VALUE_FILE, "FILE", svg_path),
                         .help = "write a plot to this file"},
                        OPTION_CONFIG,
                        OPTION_JSON_REPORT},
        },
    [COMMAND_STATUS] =
        {
            .name = "status",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "the server, its configuration, and each service in one line",
            .details =
                "The condition of a service is `ok`; `degraded`: some endpoints are out of the "
                "answers, but every client has somewhere to go; `frozen`: some fail and stay "
                "in the answers, because a rule keeps them; `dark`: nothing is usable, and "
                "when_all_down answers. `IPv6 dark` says that of the endpoints of one family.",
            .options = {OPTION_JSON},
        },
    [COMMAND_SERVICES] =
        {
            .name = "services",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "regions of every service, or endpoints of one",
            .details =
                "Without SERVICE one line for each region of each service. With it one line "
                "for each endpoint: its state by its probes, what it is forced to be, and "
                "whether answers name it.",
            .examples = "services\n"
                        "services app",
            .arguments = {{.help = "its endpoints, one by one",
                           .value = TAKES(VALUE_SERVICE, "SERVICE", service)}},
            .options = {OPTION_JSON, OPTION_NAMES},
            .check = check_services,
        },
    [COMMAND_REGIONS] =
        {
            .name = "regions",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "each region, over all services",
            .details =
                "In how many of its services a region is usable, and how many of its endpoints "
                "answers name.",
            .options = {OPTION_JSON, OPTION_NAMES},
            .check = check_names,
        },
    [COMMAND_TARGETS] =
        {
            .name = "targets",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "what is probed, and what the probes said",
            .details = "A target is an address with a check. What services make of it, `rhumb "
                       "services` shows.",
            .options = {OPTION_JSON, OPTION_NAMES},
            .check = check_names,
        },
    [COMMAND_ZONES] =
        {
            .name = "zones",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "zones with their serials",
            .details = "Serial, names and records of each zone that is served, and when it was "
                       "loaded.",
            .options = {OPTION_JSON, OPTION_NAMES},
            .check = check_names,
        },
    [COMMAND_OVERRIDES] =
        {
            .name = "overrides",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "what was changed by hand, by whom, why and until when",
            .details =
                "Everything that drain, force, failover and failback have put, or that stands "
                "in overrides.json. The last one that matches counts.",
            .options = {OPTION_JSON},
        },
    [COMMAND_EVENTS] =
        {
            .name = "events",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "what happened lately; --follow: what happens from now on",
            .details =
                "The server keeps the latest 1024 events. With --follow those that come are "
                "printed as they happen. A lost connection is made again, and goes on behind "
                "the last event that was seen.\n\n"
                "With --json each event is one line.",
            .examples = "events\n"
                        "events --follow --json",
            .options =
                {{.name = "follow",
                  .letter = 'f',
                  .value = {.at = AT(follow)},
                  .help = "go on until interrupted, with what happens from now on"},
                 {.name = "since",
                  .value = TAKES(VALUE_NUMBER, "NUMBER", since),
                  .help = "begin behind the event of that number; 0: with the oldest kept"},
                 OPTION_JSON},
        },
    [COMMAND_HISTORY] =
        {
            .name = "history",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "transitions of targets, newest first",
            .details =
                "The last 100 transitions of each target outlive the process when the server "
                "has a state folder.",
            .examples = "history\n"
                        "history 1f0c5ee1b2a9d37c --limit 10",
            .arguments = {{.help = "of this target alone: its id, as `rhumb targets` shows it",
                           .value = TAKES(VALUE_TARGET, "TARGET", target)}},
            .options = {{.name = "limit",
                         .letter = 'n',
                         .value = TAKES(VALUE_NUMBER, "NUMBER", limit),
                         .help = "at most so many, 1 to 1000 (default 100)"},
                        OPTION_JSON},
        },
    [COMMAND_EXPLAIN] =
        {
            .name = "explain",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "why a client gets its answer",
            .details =
                "Follows a query step by step: zone, name, where the client is, the rule that "
                "holds, the order of regions, their health, the pick, TTL and ECS scope.\n\n"
                "By default from the configuration alone, with every endpoint as at the start "
                "of the server, before anything was probed. With --live the running server is "
                "asked: its zones, and the health of this moment.",
            .examples = "explain www.example.com --client 198.51.100.7\n"
                        "explain www.example.com AAAA --client 2001:db8::/56 --live",
            .arguments = {{.help = "the name asked for",
                           .is_required = true,
                           .value = TAKES(VALUE_NAME, "NAME", name)},
                          {.help = "the record type (default A)",
                           .value =
                               {.kind = VALUE_TYPE,
                                .name = "TYPE",
                                .at = AT(type),
                                .choices = TYPES}}},
            .options = {{.name = "client",
                         .is_required = true,
                         .value = TAKES(VALUE_NETWORK, "ADDRESS[/LENGTH]", client),
                         .help = "who asks: a resolver's address, or with LENGTH a network in EDNS "
                                 "Client Subnet"},
                        {.name = "config",
                         .letter = 'c',
                         .value = TAKES(VALUE_FILE, "FILE", config_path),
                         .help = "the configuration (default " RHUMB_CONFIG_DEFAULT
                                 "); with --live it says where the server is"},
                        {.name = "why-not",
                         .letter = 'w',
                         .value = TAKES(VALUE_REGION, "REGION", why_not),
                         .help = "the first step at which this region fell out"},
                        {.name = "live",
                         .letter = 'l',
                         .value = {.at = AT(live)},
                         .help = "ask the running server"},
                        OPTION_JSON},
            .check = check_explain,
        },
    [COMMAND_READY] =
        {
            .name = "ready",
            .group = GROUP_LOOK,
            .connects = true,
            .summary = "does it answer queries? For scripts and health checks",
            .details =
                "Exit status 0 when the server answers queries, 5 when it does not yet, or no "
                "longer, 3 when it cannot be reached.",
            .examples = "ready && echo fine",
            .options = {OPTION_JSON},
        },
    [COMMAND_DRAIN] =
        {
            .name = "drain",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "take a region, or an address of it, out of the answers",
            .details =
                "Clients go where they would go if it were down, while probes go on. It holds "
                "over reloads and restarts until undrain, or until its end. When every region "
                "of a service is drained, when_all_down answers.\n\n"
                "What was forced at the same place before, makes room.",
            .examples = "drain eu-west --reason 'kernel update' --for 30m\n"
                        "drain eu-west/192.0.2.7 --service app --reason 'disk is full'",
            .arguments = {ARGUMENT_PLACE},
            .options = {OPTION_SERVICE, OPTION_REASON, OPTION_FOR, OPTION_UNTIL, OPTION_BY,
                        OPTION_JSON},
            .check = check_end,
        },
    [COMMAND_UNDRAIN] =
        {
            .name = "undrain",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "end a drain",
            .details =
                "Of exactly that place: a drain of a region in all services is ended without "
                "--service, one in a service with it. Exit status 4 when nothing was drained "
                "there.",
            .examples = "undrain eu-west\n"
                        "undrain eu-west/192.0.2.7 --service app",
            .arguments = {ARGUMENT_PLACE},
            .options = {OPTION_SERVICE, OPTION_JSON},
        },
    [COMMAND_FORCE] =
        {
            .name = "force",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "treat a region, or an address of it, as up or down",
            .details =
                "Whatever its probes say, until unforce, or until its end. `up` keeps what is "
                "known to work in the answers when a check is wrong. `down` does what drain "
                "does, and says that something is broken there. Probes go on, and `rhumb "
                "services` shows both.",
            .examples =
                "force up eu-west --service app --reason 'the check is broken' --for 2h",
            .arguments = {{.help = "what it shall count as",
                           .is_required = true,
                           .value = {.kind = VALUE_CHOICE,
                                     .name = "up|down",
                                     .at = AT(state),
                                     .choices = FORCED}},
                          ARGUMENT_PLACE},
            .options = {OPTION_SERVICE, OPTION_REASON, OPTION_FOR, OPTION_UNTIL,
                        OPTION_BY, OPTION_JSON},
            .check = check_end,
        },
    [COMMAND_UNFORCE] =
        {
            .name = "unforce",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "let its probes decide again",
            .details =
                "Ends what force has put at exactly that place. Exit status 4 when nothing was "
                "forced there.",
            .examples = "unforce eu-west --service app",
            .arguments = {ARGUMENT_PLACE},
            .options = {OPTION_SERVICE, OPTION_JSON},
        },
    [COMMAND_FAILOVER] =
        {
            .name = "failover",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "make a region the active one of a service",
            .details =
                "Its clients go there, and to the other regions only when it cannot answer, "
                "until failback, or until its end. Residency is kept: a client that may not go "
                "there does not. A region that is not usable is refused without --force.",
            .examples = "failover app --to eu-west --reason 'us-east loses packets' --for 2h",
            .arguments = {{.help = "the service",
                           .is_required = true,
                           .value = TAKES(VALUE_SERVICE, "SERVICE", service)}},
            .options = {{.name = "to",
                         .is_required = true,
                         .value = TAKES(VALUE_REGION, "REGION", to),
                         .help = "one of its regions"},
                        OPTION_REASON,
                        {.name = "force",
                         .value = {.at = AT(force)},
                         .help = "even when the region is not usable"},
                        OPTION_FOR,
                        OPTION_UNTIL,
                        OPTION_BY,
                        OPTION_JSON},
            .check = check_end,
        },
    [COMMAND_FAILBACK] =
        {
            .name = "failback",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "end a failover by hand, and what waits for its fail-back",
            .details =
                "The order of the configuration holds again, and regions that are well but "
                "wait (failback: manual or after a time, damping) get their clients back now.",
            .examples = "failback app --reason 'us-east is well again'",
            .arguments = {{.help = "the service",
                           .is_required = true,
                           .value = TAKES(VALUE_SERVICE, "SERVICE", service)}},
            .options = {OPTION_REASON, OPTION_BY, OPTION_JSON},
        },
    [COMMAND_RELOAD] =
        {
            .name = "reload",
            .group = GROUP_STEER,
            .connects = true,
            .summary = "read configuration, zones and databases again",
            .details =
                "As SIGHUP does, but waits for the outcome and tells it. What is wrong is "
                "refused and the old state goes on.",
            .options = {{.name = "force",
                         .value = {.at = AT(force)},
                         .help = "even when most of what is served would go"},
                        OPTION_JSON},
        },
    [COMMAND_COMPLETION] =
        {
            .name = "completion",
            .group = GROUP_MORE,
            .summary = "print the completion script of a shell",
            .details =
                "Packages install it where the shell looks. By hand: `source <(rhumb "
                "completion bash)`, `source <(rhumb completion zsh)`, or `rhumb completion "
                "fish | source`. Regions and services are those of the running server.",
            .arguments = {{.help = "the shell",
                           .is_required = true,
                           .value = {.kind = VALUE_CHOICE,
                                     .name = "bash|zsh|fish",
                                     .at = AT(shell),
                                     .choices = SHELLS}}},
        },
    [COMMAND_VERSION] =
        {
            .name = "version",
            .group = GROUP_MORE,
            .summary = "version, and sources of the data shipped",
            .details = "Also --version and -V.",
        },
    [COMMAND_HELP] =
        {
            .name = "help",
            .group = GROUP_MORE,
            .summary = "this overview, or all about one command",
            .details = "`rhumb COMMAND --help` prints the same.",
            .examples = "help drain",
            .arguments = {{.help = "the command",
                           .value = TAKES(VALUE_COMMAND, "COMMAND", topic)}},
        },
};
/* clang-format on */

const struct command_option COMMAND_CONNECTION[] = {
    {.name = "config",
     .letter = 'c',
     .value = TAKES(VALUE_FILE, "FILE", config_path),
     .help = "the configuration, whose first admin listener is asked "
             "(default " RHUMB_CONFIG_DEFAULT ")"},
    {.name = "socket",
     .value = TAKES(VALUE_ADDRESS, "PATH|URL", socket),
     .help = "a Unix socket, an address with a port, or an URL instead"},
    {.name = "token-file",
     .value = TAKES(VALUE_FILE, "FILE", token_file),
     .help = "the token is the first line of this file"},
    {.name = NULL},
};

const struct command_note COMMAND_EXITS[] = {
    {"0", "done"},
    {"1",
     "errors in the configuration or at run time; the server failed (5xx); diff: there are "
     "differences; simulate: a region has more than its capacity"},
    {"2", "usage: the command line was not understood; diff, simulate: errors"},
    {"3", "the server cannot be reached, or nothing says where it is"},
    {"4", "the server refused (4xx): not allowed, not found, not possible now"},
    {"5", "ready: it does not answer queries"},
    {NULL, NULL},
};

const struct command_note COMMAND_ENVIRONMENT[] = {
    {"RHUMB_SOCKET", "where the server is, as --socket; -c and --socket come before it"},
    {"RHUMB_TOKEN", "the token, when there is no --token-file"},
    {"SUDO_USER, USER", "who makes a change, when there is no --by"},
    {"NO_COLOR", "when it is not empty, no colours on a terminal"},
    {"COLUMNS", "the width of the output when it goes to no terminal; without it, no limit"},
    {NULL, NULL},
};

const struct command_entry *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

size_t command_own_count(const struct command_entry *entry)
{
    size_t count = 0;
    while (entry->options[count].name)
        count++;
    return count;
}

static bool is_own(const struct command_entry *entry, const char *name)
{
    for (size_t i = 0; entry->options[i].name; i++)
        if (strcmp(entry->options[i].name, name) == 0)
            return true;
    return false;
}

const struct command_option *command_option_at(const struct command_entry *entry, size_t index)
{
    size_t own = command_own_count(entry);
    if (index < own)
        return &entry->options[index];
    const struct command_option *option = COMMAND_CONNECTION;
    for (size_t left = index - own; entry->connects && option->name; option++)
        if (!is_own(entry, option->name) && left-- == 0)
            return option;
    return NULL;
}
