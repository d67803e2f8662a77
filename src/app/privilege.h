/* privilege.h - from root to an ordinary user, for good. */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/err.h"

/* privilege_drop - become user with its group and no others. Without root it only checks that
 * this is already the user. ERR_INVALID with an error in diags when it cannot be done. */
WARN_UNUSED enum err privilege_drop(const char *user, struct diag_list *diags);
