/* Variant v answers 10.0.v.1 and 10.0.v.2 (region eu, preferred), 10.0.v.3 (us), TXT "v", and has
 * serial v. Variant 3 checks nothing, variant 4 has three targets more, before the others. */
#include "reload_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/answer.h"

#include "../support/answer_fixture.h"
#include "../support/message.h"
#include "fuzz.h"

enum { TEXT_MAX = 2048, UNCHECKED = 3, CROWDED = 4, NO_NS = 5, NO_SERVICE = 6, NO_YAML = 7 };

static struct fuzz_file config_files[RELOAD_VARIANTS], zone_files[RELOAD_VARIANTS];

static void write_zone(unsigned v)
{
    char text[TEXT_MAX];
    int len = snprintf(text, sizeof(text),
                       "$TTL 300\n@ SOA ns h %u 2 3 4 5\n%sns A 192.0.2.53\ntxt TXT \"%u\"\n",
                       v, v == NO_NS ? "" : "@ NS ns\n", v);
    fuzz_file_write(&zone_files[v], text, (size_t)len);
}

static void write_config(unsigned v)
{
    char text[TEXT_MAX];
    int len = snprintf(
        text, sizeof(text),
        "checks: { web: { tcp: { port: 80 } } }\n"
        "regions: { eu: {}, us: {} }\n"
        "services:\n"
        "%s"
        "  app:\n"
        "    policy: failover\n"
        "    check: %s\n"
        "    min_up: 1%%\n"
        "    regions:\n"
        "      eu: { addresses: [ 10.0.%u.1, 10.0.%u.2 ] }\n"
        "      us: { addresses: [ 10.0.%u.3 ] }\n"
        "zones: { reload.test: { file: %s, names: { www: %s } } }\n"
        "%s",
        v == CROWDED ? "  more: { policy: failover, check: web, regions: { eu: { addresses: "
                       "[ 10.9.0.1, 10.9.0.2, 10.9.0.3 ] } } }\n"
                     : "",
        v == UNCHECKED ? "none" : "web", v, v, v, zone_files[v].path,
        v == NO_SERVICE ? "nobody" : "app", v == NO_YAML ? "] {\n" : "");
    fuzz_file_write(&config_files[v], text, (size_t)len);
}

void reload_world_open(void)
{
    for (unsigned v = 0; v < RELOAD_VARIANTS; v++) {
        config_files[v] = fuzz_file_open();
        zone_files[v] = fuzz_file_open();
        write_zone(v);
        write_config(v);
    }
}

struct snapshot *reload_world_compile(unsigned variant)
{
    static const struct snapshot_options options;
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    FUZZ_PROMISE(diags, "there is memory");
    enum err err = snapshot_compile(config_files[variant].path, &options, diags, &snapshot);
    if (err != ERR_OK && variant < RELOAD_GOOD_VARIANTS)
        diag_print_all(diags, stderr);
    FUZZ_PROMISE((err == ERR_INVALID) == (diag_error_count(diags) > 0),
                 "it is refused exactly when there is an error to show");
    diag_list_free(diags);
    return snapshot;
}

/* ---- the model ---- */

/* is_usable - address 10.0.v.host, as the snapshot shows it. */
static bool is_usable(const struct snapshot *snapshot, unsigned v, uint8_t host)
{
    struct ip_addr addr = {.family = IP_V4, .bytes = {10, 0, (uint8_t)v, host}};
    for (size_t i = 0; i < snapshot->seat_count; i++)
        if (ip_equal(snapshot->seats[i].addr, &addr))
            return (health_table_get(&snapshot->health, i) & HEALTH_WORD_USABLE) != 0;
    FUZZ_PROMISE(false, "every address has a seat");
    return false;
}

static void check_addresses(const struct snapshot *snapshot, unsigned v,
                            const struct message *m)
{
    bool usable[4] = {false};
    for (uint8_t host = 1; host <= 3; host++)
        usable[host] = is_usable(snapshot, v, host);
    bool eu = usable[1] || usable[2], any = eu || usable[3];
    unsigned answered = 0;
    FUZZ_PROMISE(m->counts[1] > 0, "never an empty answer because of automation");
    for (size_t i = 0; i < m->record_count; i++) {
        const struct message_record *record = &m->records[i];
        const uint8_t *a = m->bytes + record->rdata;
        if (record->section != 1)
            continue;
        FUZZ_PROMISE(record->type == 1 && a[0] == 10 && a[1] == 0 && a[2] == v && a[3] >= 1 &&
                         a[3] <= 3,
                     "an address of the generation that was asked");
        FUZZ_PROMISE(!any || usable[a[3]], "no dead address while another lives");
        FUZZ_PROMISE(!eu || a[3] != 3, "the second region only when the first is down");
        FUZZ_PROMISE((answered & 1u << a[3]) == 0, "no address twice");
        answered |= 1u << a[3];
    }
    for (uint8_t host = 1; any && host <= 2; host++)
        FUZZ_PROMISE(!usable[host] || (answered & 1u << host) != 0,
                     "every living address of the region that answers");
}

static void check_text(unsigned v, const struct message *m)
{
    const uint8_t *text = m->bytes + m->records[0].rdata;
    FUZZ_PROMISE(m->counts[1] == 1 && text[0] == 1 && text[1] == '0' + v,
                 "the text of the generation that was asked");
}

/* check_serial - of the SOA that is the first record. */
static void check_serial(unsigned v, const struct message *m)
{
    const struct message_record *record = &m->records[0];
    FUZZ_PROMISE(m->record_count > 0 && record->type == DNS_TYPE_SOA, "there is a SOA");
    const uint8_t *serial = m->bytes + record->rdata + record->rdata_bytes - 20;
    FUZZ_PROMISE(serial[0] == 0 && serial[1] == 0 && serial[2] == 0 && serial[3] == v,
                 "the serial of the generation that was asked");
}

void reload_world_ask(const struct snapshot *snapshot, unsigned variant, unsigned question)
{
    static const struct {
        const char *name;
        uint16_t type;
        unsigned rcode;
    } questions[] = {
        {"www.reload.test", DNS_TYPE_A, DNS_RCODE_NOERROR},
        {"txt.reload.test", DNS_TYPE_TXT, DNS_RCODE_NOERROR},
        {"reload.test", DNS_TYPE_SOA, DNS_RCODE_NOERROR},
        {"gone.reload.test", DNS_TYPE_A, DNS_RCODE_NXDOMAIN},
    };

    static struct answer_worker worker;
    static struct message m;
    uint8_t reply[DNS_UDP_PLAIN_BYTES];
    struct packet packet;
    unsigned q = question % 4;
    packet_init(&packet, 0, questions[q].name, questions[q].type, DNS_CLASS_IN);
    struct answer_request request = {
        .packet = packet.bytes,
        .packet_bytes = packet.len,
        .client = {.family = IP_V4, .bytes = {192, 0, 2, 1}},
    };
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = question});
    size_t len = answer_query(snapshot, &worker, &request, reply, sizeof(reply));
    const char *fault = message_parse(reply, len, &m);
    if (fault)
        fuzz_broken(fault);
    FUZZ_PROMISE(message_rcode(&m) == questions[q].rcode, "the rcode of the question");
    switch (q) {
    case 0: check_addresses(snapshot, variant, &m); break;
    case 1: check_text(variant, &m); break;
    default: check_serial(variant, &m); break;
    }
}
