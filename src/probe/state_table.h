/* state_table.h - the states in a file that somebody else writes: JSON, keyed by address.
 *
 *   {"192.0.2.10": "up",
 *    "192.0.2.20": {"state": "down", "reason": "backup"},
 *    "2001:db8::1": {"state": "up", "scale": 40}}
 *
 * A key that is no address is passed over, and so are unknown keys of an entry: room for what
 * the writer wants to say to others. An entry that cannot be understood spoils itself alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/ip.h"

enum { STATE_FILE_MAX_BYTES = 1024 * 1024, STATE_REASON_MAX = 64, STATE_FAULT_MAX = 96 };

enum state_word { STATE_UNCLEAR, STATE_UP, STATE_DOWN };

struct state_entry {
    struct ip_addr addr;
    enum state_word word;
    uint8_t scale;                 /* percent, with STATE_UP; 100 when not said */
    char reason[STATE_REASON_MAX]; /* printable; "" when not said */
};

struct state_table {
    size_t count;
    struct state_entry entries[]; /* by address; no two alike */
};

/* state_table_parse - NULL, and why, when it is no such file; the caller frees the table. */
struct state_table *state_table_parse(const char *bytes, size_t len,
                                      char out_fault[STATE_FAULT_MAX]);

/* state_table_find - NULL when it does not name addr. */
const struct state_entry *state_table_find(const struct state_table *table,
                                           const struct ip_addr *addr);
