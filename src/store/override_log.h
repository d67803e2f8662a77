/* override_log.h - what the log says of overrides and their file. */
#pragma once

#include "override_file.h"
#include "override_view.h"

/* override_log_read - the file is good, and counts. */
void override_log_read(const struct override_path *path, const struct override_list *list,
                       const struct override_view *view);

/* override_log_broken, override_log_unreadable - it is not; what is in force until it is. */
void override_log_broken(const struct override_path *path, const struct diag_list *diags,
                         const struct override_view *view);
void override_log_unreadable(const struct override_path *path, int error,
                             const struct override_view *view);

/* override_log_ended - a line for each entry that is void now, ten at most. */
void override_log_ended(const struct override_view *view, uint64_t now_ms);
