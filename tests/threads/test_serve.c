/* Workers answer real queries by UDP and TCP from client threads, while the control side
 * publishes snapshot after snapshot and flips health words in the published one. Meant for the
 * thread sanitizer; the answers are checked all the same: each belongs to one of the two
 * configurations that take turns, whole, and none is lost.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "rhumb/cursor.h"
#include "rhumb/net.h"

#include "../support/answer_fixture.h"
#include "../support/message.h"
#include "../support/temp_folder.h"

enum {
    PUBLICATIONS = 300,
    FLIPS = 50,   /* of health words, for each publication */
    QUERIES = 20, /* of each client, for each publication: a share of the processor is left */
    WORKERS = 2,
    UDP_CLIENTS = 2,
    TCP_CLIENTS = 1,
    CLIENTS = UDP_CLIENTS + TCP_CLIENTS,
    LOST_AFTER_S = 20,
    ANSWER_MAX = 4096,
};

/* Configuration g answers 10.0.g.1 (eu), 10.0.g.2 (us) and TXT "g". */
static void write_config(const struct temp_folder *folder, unsigned g)
{
    char name[32];
    snprintf(name, sizeof(name), "%u.zone", g);
    temp_printf(folder, name,
                "$TTL 300\n@ SOA ns h %u 2 3 4 5\n@ NS ns\nns A 192.0.2.53\ntxt TXT \"%u\"\n",
                g, g);
    snprintf(name, sizeof(name), "%u.yaml", g);
    temp_printf(
        folder, name,
        "geo: {networks: {192.0.2.0/24: {country: DE}, 198.51.100.0/24: {country: US}}}\n"
        "regions: {eu: {country: DE}, us: {country: US}}\n"
        "checks: {web: {http: {}}}\n"
        "services:\n"
        "  app: {policy: geo, check: web, max_answers: 4, regions: {\n"
        "    eu: {serves: [EU], addresses: [10.0.%u.1, 10.0.%u.3]},\n"
        "    us: {serves: [default], addresses: [10.0.%u.2]}}}\n"
        "  all: {policy: weighted, check: web, sticky: true, regions: {\n"
        "    eu: {weight: 2, addresses: [10.0.%u.1]}, us: {addresses: [10.0.%u.2]}}}\n"
        "zones: {example.com: {file: %u.zone, names: {app: app, '*.all': all,\n"
        "                                             '{region}.app': app}}}\n",
        g, g, g, g, g, g);
}

static struct snapshot *compile(const struct temp_folder *folder, unsigned g)
{
    char name[32], path[TEMP_PATH_MAX];
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    snprintf(name, sizeof(name), "%u.yaml", g);
    enum err err = snapshot_compile(temp_path(folder, name, path),
                                    &(struct snapshot_options){0}, diags, &snapshot);
    if (err != ERR_OK)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
    return snapshot;
}

/* ---- clients: cmocka's assertions belong to the main thread, so they count ---- */

struct client {
    pthread_t thread;
    bool is_tcp;
    uint16_t port;
    sem_t allowed; /* queries it may still ask */
    unsigned asked, lost, wrong;
    const char *fault; /* what was wrong first */
    struct message message;
};

static const struct {
    const char *name, *network;
    uint16_t type;
    unsigned rcode;
} questions[] = {
    {"app.example.com.", "192.0.2.0/24", DNS_TYPE_A, DNS_RCODE_NOERROR},
    {"app.example.com.", "198.51.100.0/24", DNS_TYPE_A, DNS_RCODE_NOERROR},
    {"x.all.example.com.", "192.0.2.128/25", DNS_TYPE_A, DNS_RCODE_NOERROR},
    {"eu.app.example.com.", NULL, DNS_TYPE_A, DNS_RCODE_NOERROR},
    {"txt.example.com.", NULL, DNS_TYPE_TXT, DNS_RCODE_NOERROR},
    {"gone.example.com.", NULL, DNS_TYPE_A, DNS_RCODE_NXDOMAIN},
    {"www.example.org.", NULL, DNS_TYPE_A, DNS_RCODE_REFUSED},
};

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

/* generation_of - which configuration a record of an answer belongs to; 0: none. */
static unsigned generation_of(const struct message *message,
                              const struct message_record *record)
{
    const uint8_t *data = message->bytes + record->rdata;
    unsigned g = 0;
    if (record->type == DNS_TYPE_A && record->rdata_bytes == 4 && data[0] == 10)
        g = data[2];
    if (record->type == DNS_TYPE_TXT && record->rdata_bytes == 2)
        g = (unsigned)data[1] - '0';
    return g <= 2 ? g : 0;
}

/* fault_of - NULL when the answer is right for the question. */
static const char *fault_of(struct message *message, const uint8_t *bytes, size_t len, size_t q,
                            uint16_t id)
{
    const char *fault = message_parse(bytes, len, message);
    if (fault)
        return fault;
    if (message->id != id)
        return "another id";
    if (message_rcode(message) != questions[q].rcode)
        return "another rcode";
    bool has_answer = message->counts[1] > 0;
    if (has_answer != (questions[q].rcode == DNS_RCODE_NOERROR))
        return "an answer, or none, against the rcode";
    unsigned first = 0;
    for (size_t i = 0; i < message->record_count; i++) {
        if (message->records[i].section != 1)
            continue;
        unsigned g = generation_of(message, &message->records[i]);
        if (g == 0 || (first != 0 && g != first))
            return "records of no configuration, or of two";
        first = g;
    }
    return NULL;
}

static bool build(struct packet *packet, size_t q, uint16_t id)
{
    bool ok = packet_init(packet, 0, questions[q].name, questions[q].type, 1);
    if (questions[q].network) {
        packet_put_opt(packet, ANSWER_FIXTURE_UDP_BYTES, 0, false);
        ok = ok && packet_put_ecs(packet, questions[q].network);
    }
    store_u16(packet->bytes, id);
    return ok;
}

static int connect_to(const struct client *client)
{
    struct ip_addr addr;
    struct sockaddr_storage name;
    struct timeval patience = {.tv_sec = LOST_AFTER_S};
    int fd = socket(AF_INET, (client->is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (fd < 0 || !ip_parse("127.0.0.1", &addr))
        return fd;
    socklen_t len = ip_to_sockaddr(&addr, client->port, &name);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&name, len) == 0)
        return fd;
    close(fd);
    return -1;
}

/* ask - one query and its answer; 0: lost. */
static size_t ask(const struct client *client, int fd, const struct packet *packet,
                  uint8_t answer[ANSWER_MAX])
{
    uint8_t length[2], framed[2 + sizeof(packet->bytes)];
    ssize_t len;
    if (!client->is_tcp) {
        if (send(fd, packet->bytes, packet->len, 0) != (ssize_t)packet->len)
            return 0;
        len = recv(fd, answer, ANSWER_MAX, 0);
        return len > 0 ? (size_t)len : 0;
    }
    store_u16(framed, (uint16_t)packet->len);
    memcpy(framed + 2, packet->bytes, packet->len);
    if (send(fd, framed, packet->len + 2, MSG_NOSIGNAL) != (ssize_t)packet->len + 2 ||
        recv(fd, length, 2, MSG_WAITALL) != 2)
        return 0;
    len = (ssize_t)length[0] << 8 | length[1];
    return len <= ANSWER_MAX && recv(fd, answer, (size_t)len, MSG_WAITALL) == len ? (size_t)len
                                                                                  : 0;
}

static void *run_client(void *arg)
{
    struct client *client = arg;
    uint8_t answer[ANSWER_MAX];
    int fd = connect_to(client);
    while (fd >= 0 && client->lost == 0 && client->asked < PUBLICATIONS * QUERIES) {
        sem_wait(&client->allowed);
        struct packet packet;
        size_t q = client->asked % QUESTIONS;
        uint16_t id = (uint16_t)client->asked++;
        size_t len = build(&packet, q, id) ? ask(client, fd, &packet, answer) : 0;
        const char *fault =
            len > 0 ? fault_of(&client->message, answer, len, q, id) : "no answer";
        client->lost += len == 0;
        client->wrong += fault != NULL;
        if (fault && !client->fault)
            client->fault = fault;
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* ---- the control side ---- */

static uint16_t free_port(void)
{
    struct ip_addr addr;
    struct sockaddr_storage name;
    uint16_t port = 0;
    assert_true(ip_parse("127.0.0.1", &addr));
    socklen_t len = ip_to_sockaddr(&addr, 0, &name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    assert_true(ip_from_sockaddr((const struct sockaddr *)&name, &addr, &port));
    close(fd);
    return port;
}

static uint32_t wall_s(void)
{
    return 1750000000;
}

static struct net *start_net(struct snapshot_slot *slot, uint16_t port)
{
    struct config_listener listener = {.port = port};
    struct config_server server = {
        .listeners = &listener,
        .listener_count = 1,
        .workers = WORKERS,
        .tcp_connections = 16,
        .tcp_per_prefix = 16,
        .tcp_idle_ms = LOST_AFTER_S * 1000,
        .tcp_message_ms = LOST_AFTER_S * 1000,
    };
    struct net *net = NULL;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    assert_true(ip_parse("127.0.0.1", &listener.addr));
    struct net_options options = {.slot = slot, .wall_s = wall_s, .seed = 1};
    enum err err = net_open(&server, &options, diags, &net);
    diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(net_start(net), ERR_OK);
    return net;
}

/* flip - another state of health: any seat may be up, suspect or down, any service unsettled.
 */
static void flip(struct snapshot *snapshot, struct rng *rng)
{
    static const health_word words[] = {
        HEALTH_WORD_ALWAYS_UP,
        HEALTH_WORD_ALWAYS_UP | HEALTH_WORD_SUSPECT,
        HEALTH_DOWN << HEALTH_WORD_STATE_SHIFT,
    };
    uint32_t seat = rng_below(rng, (uint32_t)snapshot->seat_count);
    health_table_set(&snapshot->health, seat, words[rng_below(rng, 3)]);
    health_table_set_rtt_us(&snapshot->health, seat, rng_below(rng, 100000));
    health_table_set_service(&snapshot->health,
                             rng_below(rng, (uint32_t)snapshot->health.service_count),
                             rng_below(rng, 2) ? HEALTH_SERVICE_UNSETTLED : 0);
}

static void publish_and_flip(const struct temp_folder *folder, struct snapshot_slot *slot,
                             const struct net *net, struct client *clients)
{
    struct rng rng;
    struct net_totals totals;
    rng_init(&rng, 1);
    for (unsigned i = 0; i < PUBLICATIONS; i++) {
        for (unsigned k = 0; k < CLIENTS * QUERIES; k++)
            sem_post(&clients[k % CLIENTS].allowed);
        struct snapshot *fresh = compile(folder, 1 + i % 2);
        struct snapshot *old = snapshot_publish(slot, fresh);
        for (unsigned k = 0; k < FLIPS; k++) {
            flip(fresh, &rng);
            net_totals(net, &totals); /* counters are read while workers count */
        }
        snapshot_retire(old);
    }
}

static void answers_stay_right_while_everything_changes(void **state)
{
    (void)state;
    struct temp_folder folder;
    struct snapshot_slot *slot = snapshot_slot_new();
    struct client *clients = calloc(CLIENTS, sizeof(*clients));
    assert_non_null(slot);
    assert_non_null(clients);
    temp_folder_open(&folder);
    write_config(&folder, 1);
    write_config(&folder, 2);
    assert_null(snapshot_publish(slot, compile(&folder, 1)));
    uint16_t port = free_port();
    struct net *net = start_net(slot, port);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].is_tcp = i >= UDP_CLIENTS;
        clients[i].port = port;
        assert_int_equal(sem_init(&clients[i].allowed, 0, 0), 0);
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    publish_and_flip(&folder, slot, net, clients);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        if (clients[i].fault)
            print_error("client %zu, %u of %u wrong: %s\n", i, clients[i].wrong,
                        clients[i].asked, clients[i].fault);
        assert_int_equal(clients[i].wrong, 0);
        assert_int_equal(clients[i].asked, PUBLICATIONS * QUERIES);
        sem_destroy(&clients[i].allowed);
    }
    struct net_totals totals;
    net_totals(net, &totals);
    assert_int_equal(totals.queries, CLIENTS * PUBLICATIONS * QUERIES);
    assert_int_equal(snapshot_current(slot)->generation, PUBLICATIONS + 1);
    net_stop(net);
    snapshot_slot_free(slot);
    temp_folder_close(&folder);
    free(clients);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_stay_right_while_everything_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
