/* analysis_case.h - compiled snapshots for the tests of analysis: from the text of a configuration
 * and, when it names them, zone files. Geography comes from geo.networks. Includes what each
 * test file includes. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

#include "../../support/temp_folder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A zone file with the records of every zone, for %s more of them. */
#define ZONE_HEAD                                                                              \
    "$TTL 300\n"                                                                               \
    "@ SOA ns1 hostmaster 7 3600 600 86400 60\n"                                               \
    "@ NS ns1\n"                                                                               \
    "ns1 A 192.0.2.53\n"

/* case_compile - fails the test, with every diagnostic, when it does not compile. */
struct snapshot *case_compile(const struct temp_folder *folder, const char *config_file);

/* case_snapshot - the same from texts; the zone may be NULL. They are called rhumb.yaml and z. */
struct snapshot *case_snapshot(const char *yaml, const char *zone);
