/* require.h - three strengths of assertion.
 *
 * REQUIRE   must hold in every build: the program is broken otherwise, and aborts
 * CHECK_OR  should hold; when it does not, count it and take the action that stands at the call
 * assert    debug builds only (<assert.h>)
 *
 * Nothing that comes from the network may reach any of the three.
 */
#pragma once

#include <stdint.h>

#define REQUIRE(cond) ((cond) ? (void)0 : require_failed(#cond, __FILE__, __LINE__))

#define CHECK_OR(cond, action)                                                                 \
    if (!(cond)) {                                                                             \
        check_failed();                                                                        \
        action;                                                                                \
    }

_Noreturn void require_failed(const char *condition, const char *file, int line);

/* check_failed - count a failed CHECK_OR; any thread. */
void check_failed(void);

/* check_failures - how many CHECK_OR failed since the start; any thread. */
uint64_t check_failures(void);
