/* Two proofs of residency, made from the same configuration by different means, agree: over random
 * configurations and databases each finds the compiled table right, and each finds the one region
 * that was slipped into one leaf.
 *
 * RHUMB_SEED is the seed of the first case, RHUMB_CASES their number; a failure prints what to set
 * to see it alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/audit.h"
#include "rhumb/policy_audit.h"

#include "mmdb_builder.h"
#include "slip.h"
#include "steering_config.h"
#include "temp_folder.h"

enum { CASES = 300, DATABASES_MAX = 3, NETWORKS_MAX = 24, SAMPLES = 400 };

struct trial {
    uint64_t seed;
    struct temp_folder folder;
    struct steering_config config;
    struct rng rng; /* of the databases and of what is slipped */
    struct diag_list *diags;
    struct snapshot *snapshot;
};

static struct {
    unsigned compiled, databases, undone, slipped;
    size_t stretches, leaves, answers;
} tally;

static unsigned below(struct trial *t, unsigned limit)
{
    return rng_below(&t->rng, limit);
}

/* ---- making ---- */

static struct ip_prefix random_prefix(struct trial *t, bool v6)
{
    unsigned bits = v6 ? 128 : 32;
    struct ip_addr addr = t->config.bases[v6][below(t, STEERING_BASES)];
    for (unsigned flips = below(t, 6); flips > 0; flips--) {
        unsigned bit = below(t, bits);
        addr.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    }
    if (t->config.point_count > 0 && below(t, 3) == 0)
        addr = t->config.points[below(t, (unsigned)t->config.point_count)];
    bits = ip_bits((enum ip_family)addr.family);
    struct ip_prefix prefix = {.len = (uint8_t)(1 + below(t, bits))};
    prefix.addr = ip_masked(&addr, prefix.len);
    return prefix;
}

static struct mmdb_record random_record(struct trial *t)
{
    static const char *const countries[] = {"US", "DE", "CH", "JP", "NL",
                                            "GB", "BR", "ZA", "zz"};
    static const char *const continents[] = {"EU", "NA", "AS", "SA", "AF", "XX"};
    static const char *const subdivisions[] = {"CA", "NY", "BE", "ENG", "toolong"};

    struct mmdb_record record = {0};
    if (below(t, 3) > 0)
        record.country = countries[below(t, 9)];
    if (below(t, 2) == 0)
        record.continent = continents[below(t, 6)];
    if (below(t, 3) == 0)
        record.subdivision = subdivisions[below(t, 5)];
    if (below(t, 3) == 0)
        record.registered_country = countries[below(t, 9)];
    record.has_coordinates = below(t, 3) == 0;
    record.latitude = (double)below(t, 400) - 200; /* some are nowhere on Earth */
    record.longitude = (double)below(t, 400) - 200;
    if (below(t, 2) == 0)
        record.asn = 64496 + below(t, 4);
    return record;
}

static void write_database(struct trial *t, const char *path)
{
    static const unsigned sizes[] = {24, 28, 32};

    struct mmdb_options options = {
        .ip_version = below(t, 4) == 0 ? 4 : 6,
        .record_size = sizes[below(t, 3)],
        .schema = below(t, 3) == 0 ? MMDB_SCHEMA_FLAT : MMDB_SCHEMA_GEOIP2,
        .aliases = below(t, 2) == 0,
    };
    struct mmdb_builder *builder = mmdb_builder_new(&options);
    for (unsigned n = 1 + below(t, NETWORKS_MAX); n > 0; n--) {
        struct ip_prefix prefix = random_prefix(t, options.ip_version == 6 && below(t, 2) == 0);
        struct mmdb_record record = random_record(t);
        if (prefix.addr.family == IP_V4 || options.ip_version == 6)
            mmdb_builder_insert(builder, &prefix, &record);
    }
    /* a file that says nothing would be refused */
    struct ip_prefix known;
    assert_true(ip_prefix_parse("203.0.113.64/26", &known));
    mmdb_builder_insert(builder, &known, &(struct mmdb_record){.country = "NL"});
    mmdb_builder_write(builder, path);
    mmdb_builder_free(builder);
}

/* write_config - the random configuration, with databases. */
static void write_config(struct trial *t)
{
    char list[256] = "", name[32], path[TEMP_PATH_MAX];
    unsigned count = below(t, DATABASES_MAX + 1);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%u.mmdb", i);
        write_database(t, temp_path(&t->folder, name, path));
        size_t len = strlen(list);
        snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "", name);
    }
    const char *yaml = text_get(&t->config.yaml), *geo = strstr(yaml, "geo:\n");
    assert_non_null(geo);
    geo += strlen("geo:\n");
    temp_printf(&t->folder, "rhumb.yaml", "%.*s  databases: [ %s ]\n%s", (int)(geo - yaml),
                yaml, list, geo);
    tally.databases += count;
}

static void begin(struct trial *t, uint64_t seed)
{
    char path[TEMP_PATH_MAX];
    struct snapshot_options options = {.keep_map = true, .audited_by_caller = true};
    t->seed = seed;
    steering_config_init(&t->config, seed);
    assert_false(t->config.yaml.failed);
    rng_init(&t->rng, seed ^ UINT64_C(0x9e3779b97f4a7c15));
    temp_folder_open(&t->folder);
    write_config(t);
    t->diags = diag_list_new();
    assert_non_null(t->diags);
    if (snapshot_compile(temp_path(&t->folder, "rhumb.yaml", path), &options, t->diags,
                         &t->snapshot) != ERR_OK) {
        diag_print_all(t->diags, stderr);
        fail_msg("RHUMB_SEED=%" PRIu64 " does not compile", seed);
    }
    tally.compiled++;
}

static void end(struct trial *t)
{
    snapshot_free(t->snapshot);
    diag_list_free(t->diags);
    temp_folder_close(&t->folder);
    steering_config_deinit(&t->config);
}

/* ---- judging ---- */

static void promise_that(struct trial *t, bool kept, const char *promise)
{
    if (kept)
        return;
    diag_print_all(t->diags, stderr);
    fprintf(stderr, "# broken: %s\n# again: RHUMB_SEED=%" PRIu64 " RHUMB_CASES=1\n%s\n",
            promise, t->seed, text_get(&t->config.yaml));
    fail();
}

static void forget(struct trial *t)
{
    diag_list_free(t->diags);
    t->diags = diag_list_new();
    assert_non_null(t->diags);
}

static enum err first_proof(struct trial *t)
{
    struct policy_audit audit;
    forget(t);
    return policy_audit(t->snapshot->config, t->snapshot->map, &t->snapshot->policies, t->diags,
                        &audit);
}

static enum err second_proof(struct trial *t)
{
    struct audit_options options = {.seed = t->seed, .samples = SAMPLES};
    struct audit_naive audit;
    forget(t);
    enum err err = audit_naive(t->snapshot, &options, t->diags, &audit);
    promise_that(t, audit.samples == SAMPLES && audit.answers == SAMPLES, "all were asked");
    promise_that(t, (err == ERR_OK) == (audit.faults == 0), "faults are counted");
    tally.stretches += audit.stretches;
    tally.leaves += audit.leaves;
    tally.answers += audit.answers;
    return err;
}

/* is_undone - does the configuration itself lead around a rule, by a nested service? */
static bool is_undone(const struct trial *t)
{
    for (size_t i = 0; i < diag_count(t->diags); i++)
        if (strstr(diag_get(t->diags, i)->message, "' inside '"))
            return true;
    return false;
}

/* slip_something - a region that the rules forbid to a random client's network; false: nothing is
 * forbidden to it. */
static bool slip_something(struct trial *t)
{
    const struct policy_set *set = &t->snapshot->policies;
    struct policy_client client = steering_random_client(&t->config);
    struct ip_prefix whole = {client.network.addr,
                              (uint8_t)ip_bits((enum ip_family)client.network.addr.family)};
    struct ip_prefix inner = whole;
    unsigned offset;
    (void)ip_embedded(&whole, &inner, &offset);
    const struct policy_service *service =
        &set->services[below(t, (unsigned)set->service_count)];
    uint8_t len, region = (uint8_t)below(t, service->region_count);
    uint32_t class = service->trie ? geo_trie_find(service->trie, &inner.addr, &len) : 0;
    if ((policy_class_get(service, class).allowed >> region & 1) != 0)
        return false;
    slip_region(service, &inner.addr, region);
    return true;
}

static void run_case(uint64_t seed)
{
    static struct trial t;
    t = (struct trial){0};
    begin(&t, seed);
    bool undone = first_proof(&t) == ERR_INVALID && is_undone(&t);
    promise_that(&t, undone || diag_error_count(t.diags) == 0, "the first proof holds");
    promise_that(&t, second_proof(&t) == ERR_OK, "the second proof holds");
    tally.undone += undone;
    for (int tries = 0; tries < 16; tries++) {
        if (!slip_something(&t))
            continue;
        promise_that(&t, first_proof(&t) == ERR_INVALID,
                     "the first proof finds what was slipped");
        promise_that(&t, second_proof(&t) == ERR_INVALID,
                     "the second proof finds what was slipped");
        tally.slipped++;
        break;
    }
    end(&t);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    if (!text || text[0] == '\0')
        return otherwise;
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        fail_msg("%s=%s is no number", variable, text);
    return value;
}

static void two_proofs_agree(void **state)
{
    (void)state;
    uint64_t seed = number_from("RHUMB_SEED", 1), cases = number_from("RHUMB_CASES", CASES);
    printf("# RHUMB_SEED=%" PRIu64 " RHUMB_CASES=%" PRIu64 "\n", seed, cases);
    for (uint64_t i = 0; i < cases; i++)
        run_case(seed + i);
    printf("# compiled %u with %u databases, undone %u, slipped %u; stretches %zu, leaves %zu, "
           "answers %zu\n",
           tally.compiled, tally.databases, tally.undone, tally.slipped, tally.stretches,
           tally.leaves, tally.answers);
    if (cases < CASES)
        return;
    assert_true(tally.slipped > CASES / 10);
    assert_true(tally.undone > CASES / 100);
    assert_true(tally.undone < CASES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_proofs_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
