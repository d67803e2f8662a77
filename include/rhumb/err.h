/* err.h - the one list of error codes.
 *
 * An enum err says that an operation could not be done; what the *user* did wrong, with file,
 * line and column, goes into a struct diag_list (diag.h) and is returned as ERR_INVALID.
 * Outcomes that are no errors have enums of their own (enum zone_match, enum query_verdict,
 * ...).
 */
#pragma once

#define ERR_LIST(X)                                                                            \
    X(ERR_OK, "ok")                                                                            \
    X(ERR_NO_MEMORY, "out of memory")                                                          \
    X(ERR_INVALID, "invalid input, see the diagnostics")                                       \
    X(ERR_IO, "input or output failed")                                                        \
    X(ERR_LIMIT, "a limit was reached")                                                        \
    X(ERR_CORRUPT, "the data is corrupt")

enum err {

#define ERR_ENUM(code, text) code,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

#define WARN_UNUSED __attribute__((warn_unused_result))

/* err_text - a short text for a code, never NULL; static storage. */
const char *err_text(enum err code);
