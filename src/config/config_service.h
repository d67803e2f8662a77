/* config_service.h - what the files that build services share. */
#pragma once

#include "rhumb/config.h"

#include "config_build.h"

/* A service while it is being built. What is inherited is there from the start: the built
 * values of the parent in `service`, its entries for what names regions of the service, which
 * has to be looked up anew when the child has other regions. */
struct service_draft {
    struct config_service service;
    struct config_builder *builder;
    const struct config_node_entry *entry;
    uint16_t parent; /* index of the service in `inherit:`; CONFIG_NONE */
    /* the entry that counts, own or inherited; NULL: nobody has one */
    const struct config_node_entry *order, *residency, *all_down;
    bool own_order, own_regions;
};

/* config_read_service_regions - `regions:` of a service; a struct config_field's read(). */
void config_read_service_regions(struct config_reader *reader,
                                 const struct config_node_entry *entry, void *object);

/* config_read_protect, config_read_failback - the keys of these names; the same. */
void config_read_protect(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object);
void config_read_failback(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object);

/* config_resolve_service - order, residency and when_all_down, once the regions are there. */
void config_resolve_service(struct config_reader *reader, struct service_draft *draft);
