/* The tables of workers, whose keys are hashes of names: the names are those of the snapshot.
 *
 *   rows     what was counted, sorted by key
 *   names    each zone, each region of each service: its rows stand together
 */
#include <stdlib.h>

#include "rhumb/dns_type.h"

#include "metrics_page.h"
#include "metrics_text.h"

struct row {
    uint64_t key, count;
};

struct rows {
    struct row *rows; /* owned */
    size_t count, capacity;
    uint64_t other; /* what found no room in a worker's table */
};

static void count_row(void *ctx, uint64_t key, uint64_t count)
{
    struct rows *rows = ctx;
    (void)count;
    rows->capacity += key != 0;
}

static void add_row(void *ctx, uint64_t key, uint64_t count)
{
    struct rows *rows = ctx;
    if (key == 0)
        rows->other += count;
    else if (rows->count < rows->capacity)
        rows->rows[rows->count++] = (struct row){key, count};
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    return left->key < right->key ? -1 : left->key > right->key;
}

/* rows_of - false: out of memory. */
static bool rows_of(const struct tally *tally, struct rows *out_rows)
{
    struct rows rows = {0};
    tally_each(tally, count_row, &rows);
    rows.rows = calloc(rows.capacity + 1, sizeof(*rows.rows));
    if (!rows.rows)
        return false;
    tally_each(tally, add_row, &rows);
    qsort(rows.rows, rows.count, sizeof(*rows.rows), compare_rows);
    *out_rows = rows;
    return true;
}

/* first_of - the first row with this key, or behind it. */
static size_t first_of(const struct rows *rows, uint64_t key)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->rows[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- responses ---- */

static const char RESPONSES[] = "rhumb_dns_responses_total", OTHER[] = "other";

static void put_response(struct text *out, const char *zone, const char *rcode, uint64_t count)
{
    struct metrics_sample sample;
    metrics_begin(&sample, out, RESPONSES);
    metrics_label(&sample, "zone", zone);
    metrics_label(&sample, "rcode", rcode);
    metrics_uint(&sample, count);
}

/* put_zone - zone NULL: responses that belong to none of ours. */
static void put_zone(struct text *out, const struct rows *rows, const struct zone *zone)
{
    uint64_t key = answer_key_of_zone(zone);
    char name[DNS_NAME_TEXT_MAX];
    const char *label = zone ? dns_name_to_text(zone->origin, name) : OTHER;
    for (size_t i = first_of(rows, key);
         i < rows->count && answer_key_zone(rows->rows[i].key) == key; i++)
        put_response(out, label, dns_rcode_name(answer_key_rcode(rows->rows[i].key)),
                     rows->rows[i].count);
}

static void put_responses(struct text *out, const struct metrics_sources *sources)
{
    const struct zone_set *zones = &sources->snapshot->zones;
    struct rows rows;
    metrics_family(out, RESPONSES, METRICS_COUNTER,
                   "Responses that were sent, by the zone of the question and rcode.");
    if (!rows_of(&sources->answers->responses, &rows)) {
        out->failed = true;
        return;
    }
    for (size_t z = 0; z < zones->zone_count; z++)
        put_zone(out, &rows, zones->zones[z]);
    put_zone(out, &rows, NULL);
    if (rows.other > 0)
        put_response(out, OTHER, OTHER, rows.other);
    free(rows.rows);
}

/* ---- answers of services ---- */

static const char ANSWERS[] = "rhumb_answers_total";

/* What the labels of an answer say. */
struct answer_labels {
    const char *service, *region, *country, *reason;
};

static void put_answer(struct text *out, const struct answer_labels *labels, uint64_t count)
{
    struct metrics_sample sample;
    metrics_begin(&sample, out, ANSWERS);
    metrics_label(&sample, "service", labels->service);
    metrics_label(&sample, "region", labels->region);
    metrics_label(&sample, "country", labels->country);
    metrics_label(&sample, "reason", labels->reason);
    metrics_uint(&sample, count);
}

/* put_region - region NULL: answers without an address. */
static void put_region(struct text *out, const struct rows *rows,
                       const struct policy_service *service, const struct policy_region *region)
{
    uint64_t key = answer_key_of_region(service, region);
    for (size_t i = first_of(rows, key);
         i < rows->count && answer_key_region(rows->rows[i].key) == key; i++) {
        char country[POLICY_COUNTRY_TEXT_MAX];
        const struct answer_labels labels = {
            .service = service->name,
            .region = region ? region->name : "none",
            .country = policy_country_name(answer_key_country(rows->rows[i].key), country),
            .reason = policy_reason_name(answer_key_reason(rows->rows[i].key)),
        };
        put_answer(out, &labels, rows->rows[i].count);
    }
}

static void put_services(struct text *out, const struct metrics_sources *sources)
{
    const struct policy_set *set = &sources->snapshot->policies;
    struct rows rows;
    metrics_family(out, ANSWERS, METRICS_COUNTER,
                   "Answers that a policy decided, by service, region, the client's country "
                   "and the reason.");
    if (!rows_of(&sources->answers->answers, &rows)) {
        out->failed = true;
        return;
    }
    for (size_t s = 0; s < set->service_count; s++) {
        const struct policy_service *service = &set->services[s];
        for (uint8_t r = 0; r < service->region_count; r++)
            put_region(out, &rows, service, &service->regions[r]);
        put_region(out, &rows, service, NULL);
    }
    if (rows.other > 0)
        put_answer(out, &(struct answer_labels){OTHER, OTHER, OTHER, OTHER}, rows.other);
    free(rows.rows);
}

static void put_countries(struct text *out, const struct answer_counts *counts)
{
    static const char NAME[] = "rhumb_geo_lookup_total";
    metrics_family(out, NAME, METRICS_COUNTER,
                   "Clients whose country was looked up for rhumb_answers_total.");
    metrics_labelled(out, NAME, "result", "found",
                     atomic_load_explicit(&counts->countries[1], memory_order_relaxed));
    metrics_labelled(out, NAME, "result", "unknown",
                     atomic_load_explicit(&counts->countries[0], memory_order_relaxed));
}

void metrics_put_answers(struct text *out, const struct metrics_sources *sources)
{
    put_responses(out, sources);
    put_services(out, sources);
    put_countries(out, sources->answers);
}
