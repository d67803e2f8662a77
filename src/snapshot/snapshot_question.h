/* snapshot_question.h - what makes two checks of one endpoint the same. Private to snapshot/.
 *
 * Every option of a check goes into one of the two hashes; they are the same in every run of the
 * program, because the state kept on disk is found again by them.
 */
#pragma once

#include <stdint.h>

#include "rhumb/config.h"
#include "rhumb/ip.h"

/* Who is asked: an address, or the addresses of a host name. */
struct snapshot_asked {
    struct ip_addr addr; /* of family IP_NONE with a host */
    const char *host;    /* NULL: an address */
};

/* snapshot_question_of - what is asked: the same for two checks that ask one endpoint the same,
 * whatever their names. */
uint64_t snapshot_question_of(const struct config *config, const struct config_check *check,
                              const struct snapshot_asked *asked);

/* snapshot_question_of_parts - the same for a check of kind parts: the keys of its parts, in their
 * order, take the place of their indexes. */
uint64_t snapshot_question_of_parts(const struct config *config,
                                    const struct config_check *check,
                                    const struct ip_addr *addr);

/* snapshot_key_of - the question, and at which pace it is asked and judged. */
uint64_t snapshot_key_of(uint64_t question, const struct config_check *check);
