/* diag_log.h - diagnostics in the log. */
#pragma once

#include "rhumb/diag.h"

/* diag_log_all - one log line for each diagnostic. */
void diag_log_all(const struct diag_list *diags);
