#include <stdarg.h>
#include <stdio.h>

#include "audit_walker.h"

/* Faults of one service that are told; a wrong table is wrong in thousands of places. */
enum { TOLD_MAX = 5, MESSAGE_MAX = 512 };

void audit_tell(struct audit_walker *walker, struct audit_view *view, uint16_t rule,
                const char *format, ...)
{
    char message[MESSAGE_MAX];
    const struct config_service *service = view->rules.service;
    va_list arguments;
    walker->found.faults++;
    if (view->faults++ >= TOLD_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    diag_error(walker->diags,
               rule == NAIVE_NO_RULE ? &service->place : &service->residency[rule].place,
               "second walk: %s", message);
    diag_remedy(walker->diags, "this is a fault of rhumb, not of the file: please report it");
}

/* regions_of - what clients of a class may get: what its groups hold and what a pin or the last
 * resort may take. */
static uint64_t regions_of(const struct policy_service *service,
                           const struct policy_order *order)
{
    uint64_t regions = order->allowed;
    for (uint8_t i = 0; i < order->region_count && i < service->region_count; i++)
        if (order->regions[i] < service->region_count)
            regions |= UINT64_C(1) << order->regions[i];
    return regions;
}

/* A leaf of the table around an address. */
struct leaf {
    enum ip_family family;
    naive_number number;
    uint32_t class;
    uint8_t len;
};

static struct leaf leaf_around(const struct policy_service *service, enum ip_family family,
                               naive_number number)
{
    struct leaf leaf = {.family = family, .number = number};
    struct ip_addr addr = naive_addr_of(family, number);
    if (service->trie)
        leaf.class = geo_trie_find(service->trie, &addr, &leaf.len);
    if (leaf.len > ip_bits(family)) /* a table that is wrong must not lead us astray */
        leaf.len = (uint8_t)ip_bits(family);
    return leaf;
}

static const char *leaf_format(const struct leaf *leaf, char text[IP_TEXT_MAX])
{
    naive_number first = naive_first_in(leaf->family, leaf->number, leaf->len);
    struct ip_prefix prefix = {naive_addr_of(leaf->family, first), leaf->len};
    return ip_prefix_format(&prefix, text);
}

/* tell_region - the table and the rule differ in a region. */
static void tell_region(struct audit_walker *walker, struct audit_view *view,
                        const struct leaf *leaf, uint16_t rule, uint64_t forbidden,
                        uint64_t missing)
{
    char text[IP_TEXT_MAX];
    int region = __builtin_ctzll(forbidden != 0 ? forbidden : missing);
    audit_tell(
        walker, view, rule,
        forbidden != 0
            ? "clients in %s may be sent to '%.80s' of '%.80s', which this rule forbids"
            : "clients in %s are never sent to '%.80s' of '%.80s', which nothing forbids",
        leaf_format(leaf, text), view->rules.service->regions[region].name,
        view->service->name);
}

/* judge_leaf - its clients are under rule. */
static void judge_leaf(struct audit_walker *walker, struct audit_view *view,
                       const struct leaf *leaf, uint16_t rule)
{
    char text[IP_TEXT_MAX];
    const struct policy_service *service = view->service;
    if (leaf->class >= service->class_count) {
        audit_tell(walker, view, NAIVE_NO_RULE, "clients in %s have a class that there is not",
                   leaf_format(leaf, text));
        return;
    }
    struct policy_order order = policy_class_get(service, leaf->class);
    uint64_t regions = regions_of(service, &order);
    uint64_t allowed = naive_rules_allowed(&view->rules, rule);
    if (regions != allowed)
        tell_region(walker, view, leaf, rule, regions & ~allowed, allowed & ~regions);
    else if (order.residency != rule)
        audit_tell(walker, view, rule,
                   "clients in %s have the class of another rule in '%.80s'",
                   leaf_format(leaf, text), service->name);
}

void audit_judge_run(struct audit_walker *walker, struct audit_view *view, naive_number first,
                     naive_number last, uint16_t rule)
{
    enum ip_family family = walker->family;
    naive_number at = first, end;
    do {
        char text[IP_TEXT_MAX];
        if (view->service->trie && view->leaves++ > view->leaves_max) {
            audit_tell(walker, view, rule, "the table of '%.80s' has no end",
                       view->service->name);
            return;
        }
        struct leaf leaf = leaf_around(view->service, family, at);
        judge_leaf(walker, view, &leaf, rule);
        end = naive_last_in(family, at, leaf.len);
        bool crosses = naive_first_in(family, at, leaf.len) < first || end > last;
        if (crosses && view->service->trie)
            audit_tell(walker, view, rule,
                       "the ECS scope of clients in %s of '%.80s' crosses a boundary",
                       leaf_format(&leaf, text), view->service->name);
        walker->found.leaves += view->service->trie != NULL;
        at = end + 1;
    } while (end < last);
}

void audit_judge_address(struct audit_walker *walker, struct audit_view *view,
                         enum ip_family family, naive_number number, uint16_t rule)
{
    struct leaf leaf = leaf_around(view->service, family, number);
    judge_leaf(walker, view, &leaf, rule);
}
