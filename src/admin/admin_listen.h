/* admin_listen.h - the sockets of the admin API. */
#pragma once

#include <sys/types.h>

#include "rhumb/config.h"
#include "rhumb/diag.h"

/* The file of a Unix socket, to be taken away in the end. */
struct admin_socket_file {
    char path[108]; /* "": none */
    dev_t device;
    ino_t inode;
};

/* admin_listen_open - bound, listening, not blocking. A Unix socket gets mode 0660; one that
 * nobody serves any more is taken over, one that is served is not. -1: diags says why. */
int admin_listen_open(const struct config_admin_listener *listener, struct diag_list *diags,
                      struct admin_socket_file *out_file);

/* admin_listen_forget - takes the file away, unless another stands there by now. */
void admin_listen_forget(const struct admin_socket_file *file);
