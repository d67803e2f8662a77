/* privilege.h - from root to an ordinary user, for good. */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/err.h"

/* privilege_drop - become user with its group and no others. Without root it only checks that
 * this is already the user. ERR_INVALID with an error in diags when it cannot be done. */
WARN_UNUSED enum err privilege_drop(const char *user, struct diag_list *diags);

/* privilege_check_files - warn of what a reload will not be able to read any more. After
 * privilege_drop(). */
void privilege_check_files(const char *user, const char *const *paths, size_t count,
                           struct diag_list *diags);
