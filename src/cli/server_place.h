/* server_place.h - where the running server listens for its admin API, and how we know.
 *
 *   --socket, else -c FILE when it was said, else RHUMB_SOCKET, else the default configuration
 *
 * A configuration counts by its first admin listener; its zones and databases are not read.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "rhumb/arena.h"
#include "rhumb/config.h"
#include "rhumb/options.h"

struct server_place {
    const char *path;   /* of a Unix socket; NULL: over TCP */
    const char *url;    /* "http://192.0.2.1:8053", without a slash at its end */
    const char *source; /* who says so: "--socket", "RHUMB_SOCKET", or the file */
};

/* server_place_parse - "/run/rhumb/admin.sock", "unix:PATH", "127.0.0.1:8053", "[::1]:8053", "http://...",
 * "https://...". What is no address and no URL is a path. The texts live in arena. False: it is
 * empty, or memory is out. */
bool server_place_parse(const char *text, struct arena *arena, struct server_place *out_place);

/* server_place_listener - of a listener; any address (0.0.0.0, ::) is asked on loopback. */
bool server_place_listener(const struct config_admin_listener *listener, struct arena *arena,
                           struct server_place *out_place);

/* server_place_find - by the order above. False: nobody says, and `errors` was told why. */
bool server_place_find(const struct options *options, struct arena *arena, FILE *errors,
                       struct server_place *out_place);
