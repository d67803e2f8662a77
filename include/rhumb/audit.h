/* audit.h - the second proof that a compiled table keeps residency, by other means.
 *
 * policy_audit() reads the compiled tries beside the map they were made from. This one knows
 * neither: it goes through the address space by itself, asks the databases for each stretch of
 * it (libmaxminddb's own look-up), merges what they and the networks of the configuration say,
 * finds the rule, and compares with what the table says there. Only then it looks into the table:
 *
 *     sources   |   rule EU   |  rule DE  |      none      |    as far as all of them stay the same
 *     table     |  leaf | leaf|    leaf   |  leaf  |  leaf |    none crosses a boundary
 *
 * and asks policy_select() itself for random clients in random states of health.
 *
 * For `rhumb audit` and tests: it opens the databases again and takes about a second for a City
 * database.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/snapshot.h"

struct audit_options {
    uint64_t seed;    /* of the random clients: the same seed, the same clients */
    uint32_t samples; /* how many of them */
};

struct audit_naive {
    size_t stretches; /* of addresses of which every source says the same */
    size_t leaves; /* of the tries of all services, each once a service, and their boundaries */
    size_t samples; /* random clients: the rule of each service was compared */
    size_t answers; /* to them, checked address by address */
    size_t faults;  /* diags has the first few of each service */
};

/* audit_naive - snapshot: not published; policy_audit() has called it readable; its databases are
 * unchanged on disk.
 *
 * returns  ERR_OK; ERR_INVALID (diags: faults, or a database that cannot be read); ERR_NO_MEMORY
 * threads  any, once at a time; runs one of its own meanwhile
 */
WARN_UNUSED enum err audit_naive(const struct snapshot *snapshot,
                                 const struct audit_options *options, struct diag_list *diags,
                                 struct audit_naive *out_audit);
