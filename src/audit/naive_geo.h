/* naive_geo.h - where an address is, from the databases and the networks of the configuration.
 * Private to audit/.
 *
 * The rules of geo_map.h once more, from the words there, for one address at a time. The same
 * records and the same network make the same place, so each such finding is judged once. The
 * continents of countries come from the table that geo/ uses too; the members of the European
 * Union are listed here once more.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"

#include "naive_db.h"
#include "naive_ids.h"
#include "naive_networks.h"

enum { NAIVE_COUNTRIES = 26 * 26 };

struct naive_geo {
    const struct config_geo *config;
    struct naive_db *databases[CONFIG_DATABASES_MAX];
    size_t database_count;
    struct naive_networks networks; /* index: of config->networks */
    naive_code continents[NAIVE_COUNTRIES];
    bool in_union[NAIVE_COUNTRIES];
    struct naive_ids findings; /* what the sources say, as numbers */
    uint32_t *place_of;        /* owned: by finding */
    size_t place_of_capacity;
    struct naive_ids places; /* struct naive_place */
};

/* naive_geo_open - opens every database again. ERR_OK, ERR_INVALID (diags), ERR_NO_MEMORY;
 * naive_geo_close() in any case. */
WARN_UNUSED enum err naive_geo_open(struct naive_geo *geo, const struct config_geo *config,
                                    struct diag_list *diags);
void naive_geo_close(struct naive_geo *geo);

/* naive_geo_find - the number of the place of an address; NAIVE_NO_ID: out of memory. network: what
 * naive_networks_find() says of geo->networks. *out_last: the last address up to which the
 * databases say the same, as long as the network stays. */
uint32_t naive_geo_find(struct naive_geo *geo, enum ip_family family, naive_number number,
                        const struct naive_network *network, naive_number *out_last);

/* naive_geo_place - borrowed until the next naive_geo_find(). */
static inline const struct naive_place *naive_geo_place(const struct naive_geo *geo,
                                                        uint32_t place)
{
    return (const struct naive_place *)naive_ids_key(&geo->places, place);
}

/* ---- IPv4 addresses inside IPv6 ones ---- */

/* naive_inner - the IPv4 address inside a transition address; false: it is none. */
bool naive_inner(naive_number number, naive_number *out_inner);

/* naive_ranges - the networks that hold nothing but such addresses, as cuts. */
WARN_UNUSED enum err naive_ranges(struct naive_cuts *cuts);

/* naive_outer - an IPv6 address in transition form (0 .. NAIVE_FORMS - 1) that holds inner; noise:
 * what fills the bits that mean something else. */
enum { NAIVE_FORMS = 4 };

naive_number naive_outer(unsigned form, naive_number inner, naive_number noise);
