#pragma once
/* packet_file - DNS queries in a file, as make_queries writes and dns_load reads them.
 *
 *   | length, 2 bytes, big-endian | the query | length | the query | ...
 *
 * The same framing as DNS over TCP, so other tools can replay such a file.
 *
 * threads  one
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PACKET_BYTES_MAX 512u
#define PACKET_COUNT_MAX 10000000u

struct packet {
    const uint8_t *bytes; /* borrowed from the packet_file; 12..PACKET_BYTES_MAX bytes */
    uint16_t len;
};

struct packet_file {
    uint8_t *bytes;
    struct packet *items;
    uint32_t count; /* at least 1 after a successful load */
};

/* packet_file_load - read it all; false, with a message on standard error, when it cannot be
 * read or is no such file. */
bool packet_file_load(struct packet_file *file, const char *path);
void packet_file_deinit(struct packet_file *file);

/* packet_put - append one query; false when the write failed. */
bool packet_put(FILE *out, const uint8_t *bytes, uint16_t len);
