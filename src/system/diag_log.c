#include "rhumb/diag_log.h"

#include "rhumb/log.h"

void diag_log_all(const struct diag_list *diags)
{
    char file[LOG_QUOTE_MAX], message[LOG_QUOTE_MAX], remedy[LOG_QUOTE_MAX];
    for (size_t i = 0; i < diag_count(diags); i++) {
        const struct diag *diag = diag_get(diags, i);
        bool is_error = diag->severity == DIAG_ERROR;
        log_event(is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "diagnostic",
                  "file=%s line=%u column=%u message=%s remedy=%s",
                  log_quote(diag->place.file ? diag->place.file : "", file), diag->place.line,
                  diag->place.column, log_quote(diag->message, message),
                  log_quote(diag->remedy ? diag->remedy : "", remedy));
    }
}
