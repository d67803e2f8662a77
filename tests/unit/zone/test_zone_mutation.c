/* The loader under files that are damaged in every way: it ends, stays inside its memory (the
 * sanitizers watch) and says yes or no. */
#include "zone_test.h"

enum { ROUNDS = 1500, TEXT_MAX = 16384 };

/* A small generator, the same on every run. */
static uint32_t next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

static size_t read_seed(const char *name, char text[TEXT_MAX])
{
    char path[512];
    const char *folder = getenv("RHUMB_TEST_DATA");
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/zone/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, TEXT_MAX, file);
    fclose(file);
    assert_true(len > 0 && len < TEXT_MAX);
    return len;
}

/* judge - load exactly these bytes; look at all that came of it. */
static bool judge(const char *bytes, size_t len)
{
    /* $GENERATE may have become greedy */
    static const struct zone_limits limits = {.max_records = 500};
    char *exact = malloc(len > 0 ? len : 1); /* a step past the end is seen */
    struct loaded l = {.arena = arena_new(1 << 22), .diags = diag_list_new()};
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    l.err = zone_load_text("example.com.", exact, len, "t.zone", NULL, 0, &limits, l.arena,
                           l.diags, &l.zone);
    free(exact);
    assert_true(l.err == ERR_OK || l.err == ERR_INVALID);
    assert_int_equal(l.err == ERR_INVALID, diag_error_count(l.diags) > 0);
    assert_int_equal(l.err == ERR_OK, l.zone != NULL);
    size_t records = 0;
    for (size_t i = 0; l.zone && i < l.zone->node_count; i++) {
        const struct zone_node *node = l.zone->nodes[i];
        for (unsigned j = 0; j < node->rrset_count; j++) {
            const uint8_t *cursor = NULL;
            uint16_t rdata_len;
            while (rrset_next(&node->rrsets[j], &cursor, &rdata_len))
                records++;
        }
    }
    if (l.zone)
        assert_int_equal(records, l.zone->record_count);
    bool accepted = l.zone != NULL;
    unload(&l);
    return accepted;
}

static void flipped_bytes_are_survived(void **state)
{
    (void)state;
    static const char alphabet[] = "\"\\();$@.*# \t\n0123456789abcxyzIN-:/=,\x80\xff";
    char seed[TEXT_MAX], text[TEXT_MAX];
    size_t len = read_seed("types.zone", seed);
    uint32_t x = 2463534242;
    size_t accepted = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        memcpy(text, seed, len);
        unsigned flips = 1 + next_random(&x) % 8;
        for (unsigned i = 0; i < flips; i++) {
            size_t at = next_random(&x) % len;
            uint32_t letter = next_random(&x) % (sizeof(alphabet) - 1);
            uint32_t flipped = (uint8_t)text[at] ^ 1u << next_random(&x) % 8;
            text[at] = next_random(&x) % 4 > 0 ? alphabet[letter] : (char)flipped;
        }
        accepted += judge(text, len) ? 1 : 0;
    }
    assert_true(accepted > 0 && accepted < ROUNDS);
}

static void cut_files_are_survived(void **state)
{
    (void)state;
    char seed[TEXT_MAX];
    size_t len = read_seed("types.zone", seed);
    for (size_t cut = 0; cut < len; cut += cut < 512 ? 1 : 7)
        (void)judge(seed, cut);
}

/* Pieces of the file put in other places: half a record behind another's type. */
static void shuffled_pieces_are_survived(void **state)
{
    (void)state;
    char seed[TEXT_MAX], text[TEXT_MAX];
    size_t len = read_seed("types.zone", seed);
    uint32_t x = 88172645;
    for (unsigned round = 0; round < ROUNDS; round++) {
        memcpy(text, seed, len);
        for (unsigned i = 0; i < 4; i++) {
            size_t size = 1 + next_random(&x) % 48;
            size_t from = next_random(&x) % (len - size), to = next_random(&x) % (len - size);
            memcpy(text + to, seed + from, size);
        }
        (void)judge(text, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flipped_bytes_are_survived),
        cmocka_unit_test(cut_files_are_survived),
        cmocka_unit_test(shuffled_pieces_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
