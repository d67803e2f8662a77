/* reload_wait.h - those who asked for a reload and want to know how it went. */
#pragma once

#include <stdbool.h>

#include "rhumb/admin.h"

struct reload_waiter;

/* reload_wait_add - false: out of memory. */
bool reload_wait_add(struct reload_waiter **list, admin_on_done on_done, void *ctx);

/* reload_wait_tell - each of them, once; the list is empty then. */
void reload_wait_tell(struct reload_waiter **list, enum err err, const char *detail);
