/* config_check.h - judges the whole model: what no section can see alone. Changes nothing. */
#pragma once

#include "config_build.h"

/* Services a query may visit on its way down: 64 regions of 64 regions each are 8,256. */
enum { CONFIG_VISITS_MAX = 16384 };

/* config_check - all of it; errors and warnings go to the builder's diagnostics. */
void config_check(struct config_builder *builder);

/* config_check_nesting - services that contain themselves, or nest too deeply. */
void config_check_nesting(struct config_reader *reader, const struct config *config);
