#include "override_log.h"

#include <stdio.h>

#include "rhumb/diag_log.h"
#include "rhumb/log.h"

enum { ENDED_LOGGED_MAX = 10 };

void override_log_read(const struct override_path *path, const struct override_list *list,
                       const struct override_view *view)
{
    char name[LOG_QUOTE_MAX];
    log_event(LOG_LEVEL_INFO, "overrides", "file=%s count=%zu in_force=%zu",
              log_quote(path->name, name), list->count, view->count);
}

static const char *until_then(const struct override_view *view)
{
    return view->count > 0 ? "until then the last good ones stay in force"
                           : "until then no override is in force";
}

void override_log_broken(const struct override_path *path, const struct diag_list *diags,
                         const struct override_view *view)
{
    char name[LOG_QUOTE_MAX];
    diag_log_all(diags);
    log_event(LOG_LEVEL_ERROR, "overrides_broken",
              "file=%s errors=%zu in_force=%zu remedy=\"repair it; %s\"",
              log_quote(path->name, name), diag_error_count(diags), view->count,
              until_then(view));
}

void override_log_unreadable(const struct override_path *path, int error,
                             const struct override_view *view)
{
    char folder[LOG_QUOTE_MAX], name[LOG_QUOTE_MAX], reason[LOG_QUOTE_MAX];
    char text[DISK_ERROR_MAX], remedy[LOG_QUOTE_MAX], advice[LOG_QUOTE_MAX];
    (void)snprintf(advice, sizeof(advice), "%s; %s", disk_remedy(error), until_then(view));
    log_event(LOG_LEVEL_ERROR, "overrides_not_read",
              "folder=%s file=%s reason=%s in_force=%zu remedy=%s",
              log_quote(path->folder, folder), log_quote(path->name, name),
              log_quote(disk_error_text(error, text), reason), view->count,
              log_quote(advice, remedy));
}

void override_log_ended(const struct override_view *view, uint64_t now_ms)
{
    size_t logged = 0;
    for (size_t i = 0; i < view->count && logged < ENDED_LOGGED_MAX; i++) {
        const struct override *entry = &view->items[i];
        char service[LOG_QUOTE_MAX], region[LOG_QUOTE_MAX], by[LOG_QUOTE_MAX];
        char address[IP_TEXT_MAX];
        if (!override_is_void(entry, now_ms))
            continue;
        log_event(
            LOG_LEVEL_INFO, "override_ended", "service=%s region=%s address=%s state=%s by=%s",
            log_quote(entry->service ? entry->service : "any", service),
            log_quote(entry->region ? entry->region : "any", region),
            entry->address.family == IP_NONE ? "any" : ip_format(&entry->address, address),
            override_state_name(entry->state), log_quote(entry->by, by));
        logged++;
    }
}
