/* guard_bed.h - a service's seats and their guard, for tests that read as strings.
 *
 *   layout   one letter a seat: 'a' is region 0, IPv4; 'A' region 0, IPv6
 *   health   U up, S suspect, D down, H held (damped), R recovering, ? unknown (assumed up),
 *            ! unknown (assumed down), . as before
 *   answers  1 in, 0 out, f in and frozen
 */
#pragma once

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/health_guard.h"

enum { BED_SEATS_MAX = 64 };

struct guard_bed {
    struct health_guard guard;
    struct health_seat seats[BED_SEATS_MAX];
    size_t count;
    uint64_t now_ms;
    enum health_freeze freeze;
};

static inline void bed_set(struct guard_bed *bed, const char *health)
{
    static const char LETTERS[] = "UDHSR?!";

    static const enum health_state states[] = {
        HEALTH_UP,         HEALTH_DOWN,    HEALTH_HELD,   HEALTH_SUSPECT,
        HEALTH_RECOVERING, HEALTH_UNKNOWN, HEALTH_UNKNOWN};

    assert_int_equal(strlen(health), bed->count);
    for (size_t i = 0; i < bed->count; i++) {
        struct health_seat *seat = &bed->seats[i];
        if (health[i] == '.')
            continue;
        const char *at = strchr(LETTERS, health[i]);
        assert_non_null(at);
        seat->state = states[at - LETTERS];
        seat->usable = strchr("DH!", health[i]) == NULL;
        seat->suspect = health[i] == 'S';
        seat->scale = HEALTH_SCALE_FULL;
    }
}

/* bed_init - everything UP and seen once, one second after the start of the clock. */
static inline void bed_init(struct guard_bed *bed, const struct health_rules *rules,
                            const char *layout, const uint8_t *order)
{
    uint8_t regions = 0;
    memset(bed, 0, sizeof(*bed));
    bed->count = strlen(layout);
    bed->now_ms = 1000;
    assert_true(bed->count <= BED_SEATS_MAX);
    for (size_t i = 0; i < bed->count; i++) {
        struct health_seat *seat = &bed->seats[i];
        seat->region = (uint8_t)(tolower(layout[i]) - 'a');
        seat->families = isupper(layout[i]) ? HEALTH_V6 : HEALTH_V4;
        if (seat->region >= regions)
            regions = (uint8_t)(seat->region + 1);
        seat->state = HEALTH_UP;
        seat->usable = true;
        seat->scale = HEALTH_SCALE_FULL;
    }
    health_guard_init(&bed->guard, rules, bed->seats, bed->count, order, regions);
    health_guard_review(&bed->guard, HEALTH_FREEZE_NONE, bed->now_ms);
}

/* bed_review - after so much time. */
static inline void bed_review(struct guard_bed *bed, uint64_t after_ms)
{
    bed->now_ms += after_ms;
    health_guard_review(&bed->guard, bed->freeze, bed->now_ms);
}

#define assert_answers(bed, wanted) assert_answers_at(bed, wanted, __FILE__, __LINE__)

static inline void assert_answers_at(const struct guard_bed *bed, const char *wanted,
                                     const char *file, int line)
{
    char is[BED_SEATS_MAX + 1] = "";
    size_t frozen = 0;
    for (size_t i = 0; i < bed->count; i++) {
        const struct health_seat *seat = &bed->seats[i];
        is[i] = seat->frozen ? 'f' : seat->in ? '1' : '0';
        frozen += seat->frozen;
        _assert_int_equal((seat->word & HEALTH_WORD_USABLE) != 0, seat->in, file, line);
        _assert_int_equal((seat->word & HEALTH_WORD_FROZEN) != 0, seat->frozen, file, line);
        _assert_true(!seat->frozen || seat->in, "a frozen seat is in", file, line);
    }
    _assert_string_equal(is, wanted, file, line);
    _assert_int_equal(bed->guard.frozen_count, frozen, file, line);
}

/* assert_words - 1 usable, r in reserve, 0 neither. */
static inline void assert_words(const struct guard_bed *bed, const char *wanted)
{
    char is[BED_SEATS_MAX + 1] = "";
    for (size_t i = 0; i < bed->count; i++)
        is[i] = bed->seats[i].word & HEALTH_WORD_USABLE    ? '1'
                : bed->seats[i].word & HEALTH_WORD_RESERVE ? 'r'
                                                           : '0';
    assert_string_equal(is, wanted);
}

/* bed_step - set, wait, review, compare. */
#define bed_step(bed, health, after_ms, answers)                                               \
    do {                                                                                       \
        bed_set(bed, health);                                                                  \
        bed_review(bed, after_ms);                                                             \
        assert_answers(bed, answers);                                                          \
    } while (false)
