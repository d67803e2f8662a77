/* naive_db.h - what a database says of one address, asked of libmaxminddb itself. Private to
 * audit/.
 *
 * geo_db.c walks the search tree of the file and keeps what it has understood; here each address
 * is looked up in the file by the library's own function.
 */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/err.h"

#include "naive_number.h"
#include "naive_place.h"

struct naive_db;

/* naive_db_open - a private copy of the file. ERR_OK, ERR_INVALID (diags), ERR_NO_MEMORY. One
 * thread at a time. */
WARN_UNUSED enum err naive_db_open(const char *path, const struct diag_place *place,
                                   struct diag_list *diags, struct naive_db **out_db);
void naive_db_close(struct naive_db *db);

/* naive_db_ask - the record of an address; 0: there is none. *out_len: of the network around it
 * that the database says this of, in its family. */
uint32_t naive_db_ask(const struct naive_db *db, enum ip_family family, naive_number number,
                      unsigned *out_len);

/* naive_db_record - what a record says; nothing when it is broken. */
struct naive_place naive_db_record(const struct naive_db *db, uint32_t record);
