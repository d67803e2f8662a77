#include "health_news.h"

#include <stdio.h>

enum { REASON_MAX = 160 + PROBE_REASON_MAX, BLIPS_MAX = 10, MINUTE_MS = 60000 };

/* is_noise - one blip too many in this minute. */
static bool is_noise(struct machine *machine, const struct health_event *event, uint64_t now_ms)
{
    bool is_blip = (event->from == HEALTH_UP && event->to == HEALTH_SUSPECT) ||
                   (event->from == HEALTH_SUSPECT && event->to == HEALTH_UP);
    if (now_ms < machine->blips_ms || now_ms - machine->blips_ms >= MINUTE_MS) {
        machine->blips_ms = now_ms;
        machine->blips = 0;
    }
    return is_blip && ++machine->blips > BLIPS_MAX;
}

static enum config_severity severity_of(const struct health_event *event, bool is_part)
{
    bool matters =
        event->to == HEALTH_DOWN || event->from == HEALTH_DOWN || event->from == HEALTH_HELD;
    return matters && !is_part ? CONFIG_WARNING : CONFIG_INFO;
}

void health_news_transition(const struct herald *herald, const struct snapshot *snapshot,
                            struct machine *machine, const struct health_event *event,
                            uint64_t now_ms)
{
    const struct snapshot_target *target = &snapshot->targets[machine->target];
    const struct snapshot_seat *seat =
        target->seat_count > 0 ? &snapshot->seats[target->seats[0]] : NULL;
    const struct config_service *service =
        seat ? &snapshot->config->services[seat->service] : NULL;
    char address[IP_TEXT_MAX];
    if (is_noise(machine, event, now_ms))
        return;
    herald_tell(herald,
                &(struct event){
                    .kind = "health",
                    .severity = severity_of(event, !seat),
                    .clears = event->to != HEALTH_DOWN,
                    .target = machine->question,
                    .service = service ? service->name : NULL,
                    .region = seat ? service->regions[seat->region].name : NULL,
                    .address = target->host ? target->host : ip_format(&target->addr, address),
                    .check = snapshot->config->checks[target->check].name,
                    .from = health_state_name(event->from),
                    .to = health_state_name(event->to),
                    .reason = machine->reason,
                });
}

void health_news_self(const struct herald *herald, const struct health_self *self)
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

void health_news_stale(const struct herald *herald, const struct snapshot *snapshot,
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

void health_news_name(const struct herald *herald, const char *host, const char *reason)
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
