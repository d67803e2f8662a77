#include "naive_networks.h"

#include <stdlib.h>

enum err naive_networks_init(struct naive_networks *networks, size_t room)
{
    networks->count = 0;
    networks->items = calloc(room + 1, sizeof(*networks->items));
    return networks->items ? ERR_OK : ERR_NO_MEMORY;
}

void naive_networks_deinit(struct naive_networks *networks)
{
    free(networks->items);
    *networks = (struct naive_networks){0};
}

void naive_networks_add(struct naive_networks *networks, const struct ip_prefix *prefix,
                        size_t index)
{
    networks->items[networks->count++] = (struct naive_network){
        .first = naive_number_of(&prefix->addr),
        .len = prefix->len,
        .family = prefix->addr.family,
        .index = (uint32_t)index,
    };
}

static int compare(const void *a, const void *b)
{
    const struct naive_network *x = a, *y = b;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

void naive_networks_sort(struct naive_networks *networks)
{
    if (networks->count > 0)
        qsort(networks->items, networks->count, sizeof(*networks->items), compare);
}

/* naive_networks_find - from the last one down: of each length there is one candidate. */
const struct naive_network *naive_networks_find(const struct naive_networks *networks,
                                                enum ip_family family, naive_number number)
{
    size_t behind = networks->count;
    while (behind > 0) {
        const struct naive_network *last = &networks->items[behind - 1];
        struct naive_network wanted = {.family = last->family, .len = last->len};
        if (last->family == family) {
            wanted.first = naive_first_in(family, number, last->len);
            const struct naive_network *found =
                bsearch(&wanted, networks->items, behind, sizeof(wanted), compare);
            if (found)
                return found;
        }
        while (behind > 0 && networks->items[behind - 1].family == wanted.family &&
               networks->items[behind - 1].len == wanted.len)
            behind--;
    }
    return NULL;
}

enum err naive_cuts_add(struct naive_cuts *cuts, enum ip_family family,
                        const struct naive_networks *networks)
{
    size_t wanted = cuts->count + 2 * networks->count + 1;
    if (wanted > cuts->capacity) {
        naive_number *at = realloc(cuts->at, wanted * sizeof(*at));
        if (!at)
            return ERR_NO_MEMORY;
        cuts->at = at;
        cuts->capacity = wanted;
    }
    for (size_t i = 0; i < networks->count; i++) {
        const struct naive_network *network = &networks->items[i];
        if (network->family != family)
            continue;
        cuts->at[cuts->count++] = network->first;
        naive_number last = naive_last_in(family, network->first, network->len);
        if (last != naive_last_of(family))
            cuts->at[cuts->count++] = last + 1;
    }
    return ERR_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const naive_number *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void naive_cuts_sort(struct naive_cuts *cuts)
{
    if (cuts->count > 0)
        qsort(cuts->at, cuts->count, sizeof(*cuts->at), compare_numbers);
}

void naive_cuts_deinit(struct naive_cuts *cuts)
{
    free(cuts->at);
    *cuts = (struct naive_cuts){0};
}
