#include "rhumb/answer_record.h"

#include <string.h>

#include "rhumb/cursor.h"

enum {
    CLIENT_V4_BITS = 24, /* of CONFIG_CLIENTS_PREFIX */
    CLIENT_V6_BITS = 56,
    ADDITIONAL_COUNT = 10, /* where it stands in the header */
};

/* The pieces behind the head, in their order. */
struct pieces {
    const uint8_t *name, *zone, *message;
    const char *service, *region;
};

/* may_tell - as much of a network as the operator wants written. */
static struct ip_prefix may_tell(const struct config_query_log *log,
                                 const struct ip_prefix *network)
{
    unsigned most = network->addr.family == IP_V4 ? CLIENT_V4_BITS : CLIENT_V6_BITS;
    if (log->clients == CONFIG_CLIENTS_NONE)
        return (struct ip_prefix){0};
    if (log->clients == CONFIG_CLIENTS_FULL || network->len <= most)
        return *network;
    return (struct ip_prefix){.addr = ip_masked(&network->addr, most), .len = (uint8_t)most};
}

static struct ip_prefix whole(const struct ip_addr *addr)
{
    return (struct ip_prefix){.addr = *addr,
                              .len = (uint8_t)ip_bits((enum ip_family)addr->family)};
}

static void put_question(const struct answer_record_source *source,
                         struct answer_record *record, struct pieces *pieces)
{
    const struct query *query = &source->worker->query;
    const struct config_query_log *log = &source->snapshot->config->query_log;
    record->has_question = query->has_question;
    if (!query->has_question)
        return;
    record->qtype = query->qtype;
    record->name_bytes = (uint16_t)query->name_bytes;
    pieces->name = query->name;
    record->has_ecs = query->has_ecs;
    if (!query->has_ecs)
        return;
    record->ecs = may_tell(log, &query->ecs);
    record->ecs_scope = source->worker->response.edns.ecs_scope;
}

static void put_client(const struct answer_record_source *source, struct answer_record *record)
{
    const struct config_query_log *log = &source->snapshot->config->query_log;
    const struct query *query = &source->worker->query;
    struct ip_prefix source_network = whole(&source->request->client);
    bool by_ecs = query->has_question && query->has_ecs && query->ecs.len > 0;
    struct policy_client client = {.network = by_ecs ? query->ecs : source_network,
                                   .is_ecs = by_ecs};
    record->client = may_tell(log, &source_network);
    record->family = source->request->client.family;
    record->country = policy_country(&source->snapshot->policies, &client);
    if (log->clients == CONFIG_CLIENTS_FULL)
        record->client_port = source->request->client_port;
}

static void put_decision(const struct answer_record_source *source,
                         struct answer_record *record, struct pieces *pieces)
{
    const struct answer_note *note = &source->worker->note;
    record->fate = (uint8_t)note->fate;
    record->rcode = note->rcode;
    if (note->zone) {
        pieces->zone = note->zone->origin;
        record->zone_bytes = (uint16_t)dns_name_len(note->zone->origin);
    }
    if (!note->is_steered)
        return;
    const struct policy_service *service = &source->snapshot->policies.services[note->service];
    record->is_steered = true;
    record->reason = (uint8_t)note->reason;
    pieces->service = service->name;
    record->service_bytes = (uint16_t)strlen(service->name);
    if (note->region == POLICY_NO_REGION)
        return;
    pieces->region = service->regions[note->region].name;
    record->region_bytes = (uint16_t)strlen(pieces->region);
}

/* put_message - for dnstap. OPT holds the client's subnet and cookie: only who may be told whole
 * addresses gets it. */
static void put_message(const struct answer_record_source *source, struct answer_record *record,
                        struct pieces *pieces)
{
    const struct config_query_log *log = &source->snapshot->config->query_log;
    size_t plain = source->worker->note.plain_bytes;
    record->response_bytes = (uint32_t)source->response_bytes;
    if (!log->dnstap || source->response_bytes == 0)
        return;
    bool is_whole = log->clients == CONFIG_CLIENTS_FULL || plain == 0;
    record->message_bytes = is_whole ? record->response_bytes : (uint32_t)plain;
    pieces->message = source->response;
}

static void put_piece(struct writer *w, const void *bytes, size_t len)
{
    if (len > 0)
        writer_bytes(w, bytes, len);
}

static size_t bytes_of(const struct answer_record *record)
{
    return sizeof(*record) + record->name_bytes + record->zone_bytes + record->service_bytes +
           record->region_bytes + record->message_bytes;
}

void answer_record_put(struct byte_ring *ring, const struct answer_record_source *source)
{
    struct pieces pieces = {0};
    struct answer_record record = {
        .wall_ns = source->wall_ns,
        .took_ns = source->took_ns < UINT32_MAX ? (uint32_t)source->took_ns : UINT32_MAX,
        .transport = (uint8_t)source->request->transport,
    };
    if (source->worker->note.fate == ANSWER_UNREAD)
        return;
    put_question(source, &record, &pieces);
    put_client(source, &record);
    put_decision(source, &record, &pieces);
    put_message(source, &record, &pieces);

    size_t bytes = bytes_of(&record);
    uint8_t *room = byte_ring_reserve(ring, bytes);
    if (!room)
        return;
    struct writer w = writer_init(room, bytes);
    writer_bytes(&w, &record, sizeof(record));
    put_piece(&w, pieces.name, record.name_bytes);
    put_piece(&w, pieces.zone, record.zone_bytes);
    put_piece(&w, pieces.service, record.service_bytes);
    put_piece(&w, pieces.region, record.region_bytes);
    uint8_t *message = w.pos;
    put_piece(&w, pieces.message, record.message_bytes);
    if (record.message_bytes > 0 && record.message_bytes < record.response_bytes)
        store_u16(message + ADDITIONAL_COUNT,
                  source->worker->response.counts[RESPONSE_ADDITIONAL]);
    byte_ring_put(ring, bytes);
}

void answer_record_read(const void *bytes, struct answer_record_view *out_view)
{
    struct answer_record_view *view = out_view;
    memcpy(&view->head, bytes, sizeof(view->head));
    view->name = (const uint8_t *)bytes + sizeof(view->head);
    view->zone = view->name + view->head.name_bytes;
    view->service = (const char *)view->zone + view->head.zone_bytes;
    view->region = view->service + view->head.service_bytes;
    view->message = (const uint8_t *)view->region + view->head.region_bytes;
}
