#include "monitor_news.h"

#include <stdio.h>
#include <string.h>

#include "rhumb/hash.h"
#include "rhumb/monitor.h"

enum {
    REASON_MAX = 160 + PROBE_REASON_MAX,
    BLIPS_MAX = 10,
    OWN_FAULTS_MAX = 100,
    MINUTE_MS = 60000
};

/* is_over - one more, and too many for this minute. */
static bool is_over(struct news_limit *limit, uint32_t most, uint64_t now_ms)
{
    if (now_ms < limit->minute_ms || now_ms - limit->minute_ms >= MINUTE_MS)
        *limit = (struct news_limit){.minute_ms = now_ms};
    return ++limit->count > most;
}

static bool is_blip(const struct health_event *event)
{
    return (event->from == HEALTH_UP && event->to == HEALTH_SUSPECT) ||
           (event->from == HEALTH_SUSPECT && event->to == HEALTH_UP);
}

static enum config_severity severity_of(const struct health_event *event, bool is_part)
{
    bool matters =
        event->to == HEALTH_DOWN || event->from == HEALTH_DOWN || event->from == HEALTH_HELD;
    return matters && !is_part ? CONFIG_WARNING : CONFIG_INFO;
}

/* about - an event with whom it is about filled in; address is room for its text. */
static struct event about(const struct snapshot *snapshot, const struct machine *machine,
                          char address[IP_TEXT_MAX])
{
    const struct snapshot_target *target = &snapshot->targets[machine->target];
    struct event event = {
        .address = target->host ? target->host : ip_format(&target->addr, address),
        .check = snapshot->config->checks[target->check].name,
        .from = health_state_name(machine->fsm.state),
        .reason = machine->reason,
    };
    if (target->seat_count == 0) /* a part of others */
        return event;
    const struct snapshot_seat *seat = &snapshot->seats[target->seats[0]];
    event.service = snapshot->config->services[seat->service].name;
    event.region = snapshot->config->services[seat->service].regions[seat->region].name;
    return event;
}

uint64_t monitor_history_key(const struct snapshot *snapshot,
                             const struct snapshot_target *target)
{
    const char *check = snapshot->config->checks[target->check].name;
    return hash_bytes(target->question, check, strlen(check) + 1);
}

static void tell_change(const struct herald *herald, const struct snapshot *snapshot,
                        const struct machine *machine, const struct health_event *change,
                        struct event *event)
{
    event->kind = "health";
    event->severity = severity_of(change, !event->service);
    event->clears = change->to != HEALTH_DOWN;
    event->target = monitor_history_key(snapshot, &snapshot->targets[machine->target]);
    event->from = health_state_name(change->from);
    event->to = health_state_name(change->to);
    herald_tell(herald, event);
}

void monitor_news_transition(const struct herald *herald, const struct snapshot *snapshot,
                             struct machine *machine, const struct health_event *change,
                             uint64_t now_ms)
{
    char address[IP_TEXT_MAX];
    struct event event = about(snapshot, machine, address);
    if (is_blip(change) && is_over(&machine->blips, BLIPS_MAX, now_ms))
        return;
    tell_change(herald, snapshot, machine, change, &event);
}

void monitor_news_gone(const struct herald *herald, const struct snapshot *snapshot,
                       const struct machine *machine)
{
    static const struct health_event change = {.from = HEALTH_DOWN, .to = HEALTH_UNKNOWN};

    char address[IP_TEXT_MAX];
    struct event event = about(snapshot, machine, address);
    event.reason = "it is not checked any more";
    tell_change(herald, snapshot, machine, &change, &event);
}

void monitor_news_own_fault(const struct herald *herald, const struct snapshot *snapshot,
                            const struct machine *machine, struct news_limit *limit,
                            uint64_t now_ms)
{
    char address[IP_TEXT_MAX];
    struct event event = about(snapshot, machine, address);
    if (is_over(limit, OWN_FAULTS_MAX, now_ms))
        return;
    event.kind = machine->own_fault ? "probe_stale" : "probe_works";
    event.severity = CONFIG_INFO;
    event.clears = !machine->own_fault;
    herald_tell(herald, &event);
}

void monitor_news_self(const struct herald *herald, const struct health_self *self)
{
    char reason[REASON_MAX];
    size_t regions, failing = health_self_failing(self, &regions);
    (void)snprintf(reason, sizeof(reason), "%zu of %zu regions fail", failing, regions);
    herald_tell(herald,
                &(struct event){
                    .kind = self->suspicious ? "suspect_ourselves" : "trust_ourselves",
                    .severity = CONFIG_CRITICAL,
                    .clears = !self->suspicious,
                    .reason = reason,
                    .remedy = self->suspicious ? "look at this machine's network; nobody "
                                                 "is taken out of the answers meanwhile"
                                               : NULL,
                });
}

void monitor_news_stale(const struct herald *herald, const struct snapshot *snapshot,
                        size_t count, const struct machine *example)
{
    char reason[REASON_MAX], address[IP_TEXT_MAX];
    bool stale = count > 0;
    if (stale)
        (void)snprintf(
            reason, sizeof(reason), "no result from %zu of %zu targets, such as %s: %s", count,
            snapshot->target_count,
            ip_format(&snapshot->targets[example->target].addr, address), example->reason);
    herald_tell(herald, &(struct event){
                            .kind = stale ? "probes_stale" : "probes_work",
                            .severity = CONFIG_CRITICAL,
                            .clears = !stale,
                            .reason = stale ? reason : NULL,
                            .remedy = stale ? "their last known states stay" : NULL,
                        });
}

void monitor_news_name(const struct herald *herald, const char *host, const char *reason)
{
    herald_tell(herald, &(struct event){
                            .kind = reason ? "name_not_resolved" : "name_resolved",
                            .severity = CONFIG_WARNING,
                            .clears = !reason,
                            .address = host,
                            .reason = reason,
                            .remedy = reason ? "its last known addresses are used" : NULL,
                        });
}
