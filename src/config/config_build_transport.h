/* config_build_transport.h - the keys of `server:` that say where and how clients come in. */
#pragma once

#include "config_build.h"

/* Readers of struct config_field; object is a struct config_server. */
void config_read_listen(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object);
void config_read_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object);
void config_read_tls(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object);
void config_read_proxy(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object);

/* config_read_listener - ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. False after an error. */
bool config_read_listener(struct config_reader *reader, const struct config_node_entry *item,
                          uint16_t default_port, struct config_listener *out_listener);

/* config_finish_transport - defaults that depend on other keys, and what must not come together.
 * Also lists certificate and key among config.files. */
void config_finish_transport(struct config_builder *builder);
