#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/temp_folder.h"
#include "net_fixture.h"
#include "tls_pair.h"

struct bed {
    struct temp_folder folder;
    struct net_fixture net;
    char certificate[TEMP_PATH_MAX], key[TEMP_PATH_MAX];
};

/* The second listener of the fixture speaks TLS; clients come to its port. */
static int set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    assert_non_null(bed);
    temp_folder_open(&bed->folder);
    temp_path(&bed->folder, "server.pem", bed->certificate);
    temp_path(&bed->folder, "server.key", bed->key);
    tls_pair_write(bed->certificate, bed->key, "one", 1);
    struct net_fixture second;
    net_fixture_init(&second, "127.0.0.1");
    net_fixture_init(&bed->net, "127.0.0.1");
    bed->net.listeners[1] = second.listeners[0];
    bed->net.port = second.port;
    snapshot_slot_free(second.slot);
    bed->net.server.tls = (struct config_tls){.listeners = &bed->net.listeners[1],
                                              .listener_count = 1,
                                              .certificate = {.path = bed->certificate},
                                              .key = {.path = bed->key}};
    *state = bed;
    return 0;
}

static int set_up_running(void **state)
{
    (void)set_up(state);
    net_fixture_start(&((struct bed *)*state)->net);
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    net_fixture_stop(&bed->net);
    temp_folder_close(&bed->folder);
    free(bed);
    return 0;
}

static int connect_to(const struct bed *bed)
{
    return client_new(&bed->net, "127.0.0.1", SOCK_STREAM);
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}

static void answers_go_back_through_tls(void **state)
{
    const struct bed *bed = *state;
    SSL *ssl = tls_connect(connect_to(bed));
    for (uint16_t id = 1; id <= 20; id++)
        tls_ask(ssl, id);
    tls_ask(ssl, ID_OF_REQUEST);
    hang_up(ssl);
    assert_int_equal(net_fixture_totals(&bed->net).tls_handshakes, 1);
    assert_int_equal(net_fixture_totals(&bed->net).tcp_queries, 21);
}

static void what_tls_has_read_ahead_is_answered_too(void **state)
{
    enum { QUERIES = 300 }; /* 12 KiB in one record; the connection reads 2 KiB at a time */

    static uint8_t stream[QUERIES * 42];

    SSL *ssl = tls_connect(connect_to(*state));
    size_t used = 0;
    for (uint16_t id = 0; id < QUERIES; id++)
        used += frame_put(stream + used, id, 40);
    tls_write_all(ssl, stream, used);
    for (uint16_t id = 0; id < QUERIES; id++)
        tls_expect_answer(ssl, id, 40);
    hang_up(ssl);
}

static void a_slow_reader_gets_everything_in_the_end(void **state)
{
    enum { ANSWERS = 300 };

    static uint8_t stream[ANSWERS * 14], query[2 + 65535];

    const struct bed *bed = *state;
    SSL *ssl = tls_connect(connect_to(bed));
    for (size_t i = 0; i < ANSWERS; i++)
        frame_put(stream + i * 14, ID_OF_LARGE, 12);
    tls_write_all(ssl, stream, sizeof(stream));
    while (net_fixture_totals(&bed->net).tcp_queries == 0)
        (void)poll(NULL, 0, 1);
    (void)poll(NULL, 0, 50); /* it fills the kernel's buffers, and stops */
    assert_true(net_fixture_totals(&bed->net).tcp_queries < ANSWERS);
    for (int i = 0; i < ANSWERS; i++)
        tls_expect_answer(ssl, ID_OF_LARGE, LARGE_BYTES);
    tls_write_all(ssl, query, frame_put(query, 7, 65535));
    tls_expect_answer(ssl, 7, 65535);
    hang_up(ssl);
}

static void who_does_not_speak_tls_is_closed(void **state)
{
    static const uint8_t plain[] = "\0\x0c\0\1\0\0\0\1\0\0\0\0\0\0";

    const struct bed *bed = *state;
    int client = connect_to(bed);
    tcp_send_all(client, plain, sizeof(plain) - 1);
    uint8_t alert[64];
    client_wait(client, POLLIN);
    while (recv(client, alert, sizeof(alert), 0) > 0)
        ;
    close(client);
    assert_int_equal(net_fixture_totals(&bed->net).tls_failed, 1);
    assert_int_equal(net_fixture_totals(&bed->net).tls_handshakes, 0);
}

static void draining_ends_a_handshake_that_has_only_begun(void **state)
{
    const struct bed *bed = *state;
    int silent = connect_to(bed);
    SSL *ssl = tls_connect(connect_to(bed));
    tls_ask(ssl, 1);
    net_drain(bed->net.net);
    tcp_expect_closed(silent);
    uint8_t byte;
    assert_true(SSL_read(ssl, &byte, 1) <= 0);
    assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN); /* it said goodbye */
    hang_up(ssl);
    close(silent);
}

static struct net_tls *load(struct bed *bed)
{
    struct diag_list *diags = diag_list_new();
    struct net_tls *tls = NULL;
    enum err err = net_tls_load(&bed->net.server, diags, &tls);
    diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
    assert_non_null(tls);
    return tls;
}

static void new_clients_get_the_new_certificate(void **state)
{
    struct bed *bed = *state;
    SSL *before = tls_connect(connect_to(bed));
    assert_true(tls_peer_is(before, "one"));
    tls_pair_write(bed->certificate, bed->key, "two", 1);
    net_set_tls(bed->net.net, load(bed));
    net_set_tls(bed->net.net, NULL); /* changes nothing */
    bool is_new = false;
    while (!is_new) { /* a worker takes it at its next turn */
        SSL *after = tls_connect(connect_to(bed));
        is_new = tls_peer_is(after, "two");
        tls_ask(after, 2);
        hang_up(after);
    }
    tls_ask(before, 3);
    hang_up(before);
}

struct load_thread {
    const struct bed *bed;
    atomic_bool stop;
};

static void *come_and_go(void *arg)
{
    struct load_thread *load_thread = arg;
    while (!atomic_load(&load_thread->stop)) {
        SSL *ssl = tls_connect(connect_to(load_thread->bed));
        tls_ask(ssl, 1);
        hang_up(ssl);
    }
    return NULL;
}

static void certificates_change_under_load(void **state)
{
    enum { CHANGES = 100 };

    struct bed *bed = *state;
    struct load_thread load_thread = {.bed = bed};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, come_and_go, &load_thread), 0);
    for (int i = 0; i < CHANGES; i++)
        net_set_tls(bed->net.net, load(bed));
    atomic_store(&load_thread.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- files ---- */

static void damage_nothing(struct bed *bed)
{
    (void)bed;
}

static void remove_certificate(struct bed *bed)
{
    assert_int_equal(unlink(bed->certificate), 0);
}

static void make_a_folder(struct bed *bed)
{
    remove_certificate(bed);
    assert_int_equal(mkdir(bed->certificate, 0700), 0);
}

static void make_a_pipe(struct bed *bed)
{
    remove_certificate(bed);
    assert_int_equal(mkfifo(bed->certificate, 0600), 0);
}

static void empty_both(struct bed *bed)
{
    temp_write(&bed->folder, "server.pem", "");
    temp_write(&bed->folder, "server.key", "");
}

static void swap_key(struct bed *bed)
{
    char other[TEMP_PATH_MAX];
    tls_pair_write(temp_path(&bed->folder, "other.pem", other), bed->key, "other", 1);
}

static void lock_key(struct bed *bed)
{
    temp_write(&bed->folder, "server.key",
               "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8=\n"
               "-----END ENCRYPTED PRIVATE KEY-----\n");
}

static void expire(struct bed *bed)
{
    tls_pair_write(bed->certificate, bed->key, "old", -1);
}

static void show_key_to_a_group(struct bed *bed)
{
    assert_int_equal(chmod(bed->key, 0640), 0);
}

static void show_key_to_everybody(struct bed *bed)
{
    assert_int_equal(chmod(bed->key, 0644), 0);
}

static void bad_files_are_refused_each_with_its_place(void **state)
{
    static const struct {
        void (*damage)(struct bed *bed);
        size_t errors, warnings;
        const char *message;
        unsigned line; /* of the place: 3 certificate, 4 key */
    } cases[] = {
        {damage_nothing, 0, 0, NULL, 0},
        {remove_certificate, 1, 0, "No such file", 3},
        {make_a_folder, 1, 0, "not a file in PEM form", 3},
        {make_a_pipe, 1, 0, "not a file in PEM form", 3},
        {empty_both, 2, 0, "no usable certificate in it", 3},
        {swap_key, 1, 0, "not the key of the certificate", 4},
        {lock_key, 1, 0, "no usable private key in it", 4},
        {expire, 0, 1, "the certificate has expired", 3},
        {show_key_to_a_group, 0, 0, NULL, 0},
        {show_key_to_everybody, 0, 1, "everybody on this machine may read the key", 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *made;
        (void)set_up(&made);
        struct bed *bed = made;
        bed->net.server.tls.certificate.place = (struct diag_place){.file = "y", .line = 3};
        bed->net.server.tls.key.place = (struct diag_place){.file = "y", .line = 4};
        cases[i].damage(bed);
        struct diag_list *diags = diag_list_new();
        struct net_tls *tls = NULL;
        enum err err = net_tls_load(&bed->net.server, diags, &tls);
        assert_int_equal(err, cases[i].errors > 0 ? ERR_INVALID : ERR_OK);
        assert_int_equal(tls == NULL, cases[i].errors > 0);
        assert_int_equal(diag_error_count(diags), cases[i].errors);
        assert_int_equal(diag_warning_count(diags), cases[i].warnings);
        if (cases[i].message) {
            const struct diag *first = diag_get(diags, 0);
            assert_non_null(strstr(first->message, cases[i].message));
            assert_int_equal(first->place.line, cases[i].line);
            assert_non_null(first->remedy);
            struct net *net = NULL; /* and nothing is started with them */
            struct net_options options = {.slot = bed->net.slot};
            if (cases[i].errors > 0)
                assert_int_equal(net_open(&bed->net.server, &options, diags, &net),
                                 ERR_INVALID);
        }
        net_tls_free(tls);
        diag_list_free(diags);
        (void)tear_down(&made);
    }
}

static void without_listeners_nothing_is_loaded(void **state)
{
    (void)state;
    const struct config_server server = {0};
    struct diag_list *diags = diag_list_new();
    struct net_tls *tls = NULL;
    assert_int_equal(net_tls_load(&server, diags, &tls), ERR_OK);
    assert_null(tls);
    diag_list_free(diags);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_running, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_go_back_through_tls),
        TEST(what_tls_has_read_ahead_is_answered_too),
        TEST(a_slow_reader_gets_everything_in_the_end),
        TEST(who_does_not_speak_tls_is_closed),
        TEST(draining_ends_a_handshake_that_has_only_begun),
        TEST(new_clients_get_the_new_certificate),
        TEST(certificates_change_under_load),
        cmocka_unit_test(bad_files_are_refused_each_with_its_place),
        cmocka_unit_test(without_listeners_nothing_is_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
