#include "reload_wait.h"

#include <stdlib.h>

struct reload_waiter {
    struct reload_waiter *next;
    admin_on_done on_done;
    void *ctx;
};

bool reload_wait_add(struct reload_waiter **list, admin_on_done on_done, void *ctx)
{
    struct reload_waiter *waiter = calloc(1, sizeof(*waiter));
    if (!waiter)
        return false;
    *waiter = (struct reload_waiter){.next = *list, .on_done = on_done, .ctx = ctx};
    *list = waiter;
    return true;
}

void reload_wait_tell(struct reload_waiter **list, enum err err, const char *detail)
{
    struct reload_waiter *at = *list;
    *list = NULL;
    while (at) {
        struct reload_waiter *next = at->next;
        at->on_done(at->ctx, err, detail);
        free(at);
        at = next;
    }
}
