/* geo_country - search in the country table. */
#pragma once

#include "geo_country_table.h"

/* geo_country_find - the row of a code of two upper case letters (no zero byte needed); NULL
 * when there is none. */
const struct geo_country *geo_country_find(const char code[2]);
