/* The resolver against a real NSD, in a network and a mount namespace of its own: there
 * /etc/resolv.conf names 127.0.0.1. Where that is not allowed, what needs no server is tested. */
#include <ctype.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop_fixture.h"
#include "resolver_lookup.h"

enum { PATH_SIZE = 64, TEXT_MAX = 256 };

static char folder[] = "/tmp/rhumb-names-XXXXXX";
static pid_t nsd; /* 0: not running */

/* TTLs of the zone are beyond most_ms: names are looked up again every 50 ms. */
static const struct resolver_pace QUICK = {
    .least_ms = 1, .most_ms = 50, .retry_ms = 50, .first_retry_ms = 50};

static const char *in_folder(const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

/* put - replace a file in one step. */
static void put(const char *name, const char *text)
{
    char path[PATH_SIZE], fresh[PATH_SIZE];
    FILE *file = fopen(in_folder("new", fresh), "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, in_folder(name, path)), 0);
}

/* put_zone - lines: the records beside SOA and NS. */
static void put_zone(unsigned serial, const char *lines)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "$ORIGIN example.test.\n$TTL 60\n@ SOA ns hm %u 60 60 60 60\n@ NS ns\n"
             "ns A 127.0.0.1\n%s",
             serial, lines);
    put("zone", text);
}

static void nsd_start(void)
{
    char path[PATH_SIZE];
    nsd = fork();
    assert_true(nsd >= 0);
    if (nsd == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int log = open(in_folder("log", path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execl("/usr/sbin/nsd", "nsd", "-d", "-c", in_folder("nsd.conf", path), NULL);
        _exit(127);
    }
}

static void nsd_stop(void)
{
    if (nsd <= 0)
        return;
    kill(nsd, SIGTERM);
    waitpid(nsd, NULL, 0);
    nsd = 0;
}

/* ---- what is told ---- */

struct told {
    char host[TEXT_MAX]; /* lower, with its final dot */
    size_t changes, troubles, recoveries;
    char addresses[TEXT_MAX]; /* "192.0.2.1 2001:db8::1" */
    char reason[TEXT_MAX];
    struct resolver_entry *entry;
    bool leaves; /* removes itself when it is told something */
};

static void on_addresses(void *ctx, const struct ip_addr *addrs, size_t count)
{
    struct told *told = (struct told *)ctx;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        char text[IP_TEXT_MAX];
        used += (size_t)snprintf(told->addresses + used, TEXT_MAX - used, "%s%s",
                                 i > 0 ? " " : "", ip_format(&addrs[i], text));
    }
    told->changes++;
    if (told->leaves)
        resolver_remove(told->entry);
}

enum { TOLD_MAX = 64 };

struct world {
    struct loop_fixture fixture; /* for its loop and its guard */
    struct resolver *resolver;
    struct told *told[TOLD_MAX]; /* whose names are in the resolver, or were */
    size_t told_count;
};

/* on_trouble - of a name: whoever was the first to ask for it notes it. */
static void on_trouble(void *ctx, const char *host, const char *reason)
{
    struct world *world = (struct world *)ctx;
    for (size_t i = 0; i < world->told_count; i++) {
        struct told *told = world->told[i];
        if (strcmp(told->host, host) != 0)
            continue;
        told->troubles += reason != NULL;
        told->recoveries += reason == NULL;
        if (reason)
            snprintf(told->reason, TEXT_MAX, "%s", reason);
        return;
    }
    fail_msg("nobody has asked for %s", host);
}

static void world_open(struct world *world)
{
    world->told_count = 0;
    loop_fixture_open(&world->fixture, 0, 0);
    assert_int_equal(
        resolver_new(&world->fixture.loop, &QUICK, on_trouble, world, &world->resolver),
        ERR_OK);
}

static void world_add(struct world *world, const char *host, struct told *told)
{
    size_t len = strlen(host);
    snprintf(told->host, TEXT_MAX, "%s%s", host, host[len - 1] == '.' ? "" : ".");
    for (char *c = told->host; *c != '\0'; c++)
        *c = (char)tolower(*c);
    if (told->entry == NULL) {
        assert_true(world->told_count < TOLD_MAX);
        world->told[world->told_count++] = told;
    }
    assert_int_equal(resolver_add(world->resolver, host, on_addresses, told, &told->entry),
                     ERR_OK);
}

static void world_close(struct world *world)
{
    resolver_close(world->resolver);
    loop_fixture_close(&world->fixture);
}

/* ---- against NSD ---- */

static void addresses_are_sorted_and_each_told_once(void **state)
{
    (void)state;
    struct world world;
    struct told www = {0}, alias = {0}, v6 = {0};
    put_zone(1, "www A 192.0.2.20\nwww A 192.0.2.3\nwww AAAA 2001:db8::1\n"
                "alias CNAME www\nv6 AAAA 2001:db8::2\n");
    nsd_start();
    world_open(&world);
    world_add(&world, "WWW.example.test.", &www);
    world_add(&world, "alias.example.test", &alias); /* absolute without its dot, too */
    world_add(&world, "v6.example.test", &v6);
    loop_fixture_until(&world.fixture, &www.changes, 1);
    loop_fixture_until(&world.fixture, &alias.changes, 1);
    loop_fixture_until(&world.fixture, &v6.changes, 1);
    assert_string_equal(www.addresses, "192.0.2.3 192.0.2.20 2001:db8::1");
    assert_string_equal(alias.addresses, www.addresses);
    assert_string_equal(v6.addresses, "2001:db8::2");
    world_close(&world);
    nsd_stop();
}

static void only_a_change_is_told(void **state)
{
    (void)state;
    struct world world;
    struct told moves = {0}, stays = {0};
    put_zone(1, "moves A 192.0.2.1\nstays A 192.0.2.9\nstays A 192.0.2.8\n");
    nsd_start();
    world_open(&world);
    world_add(&world, "moves.example.test", &moves);
    world_add(&world, "stays.example.test", &stays);
    loop_fixture_until(&world.fixture, &moves.changes, 1);
    loop_fixture_until(&world.fixture, &stays.changes, 1);
    put_zone(2, "moves A 192.0.2.2\nstays A 192.0.2.8\nstays A 192.0.2.9\n");
    assert_int_equal(kill(nsd, SIGHUP), 0);
    loop_fixture_until(&world.fixture, &moves.changes, 2);
    assert_string_equal(moves.addresses, "192.0.2.2");
    assert_int_equal(stays.changes, 1);
    world_close(&world);
    nsd_stop();
}

static void when_look_ups_fail_the_last_addresses_stay(void **state)
{
    (void)state;
    struct world world;
    struct told www = {0};
    put_zone(1, "www A 192.0.2.1\n");
    nsd_start();
    world_open(&world);
    world_add(&world, "www.example.test", &www);
    loop_fixture_until(&world.fixture, &www.changes, 1);
    size_t before = www.troubles; /* NSD may have been slow to start */
    nsd_stop();
    loop_fixture_until(&world.fixture, &www.troubles, before + 1);
    assert_string_equal(www.reason, "no name server answers");
    size_t recoveries = www.recoveries;
    nsd_start();
    loop_fixture_until(&world.fixture, &www.recoveries, recoveries + 1);
    assert_int_equal(www.changes, 1); /* the same as before */
    put_zone(2, "other A 192.0.2.2\n");
    assert_int_equal(kill(nsd, SIGHUP), 0);
    loop_fixture_until(&world.fixture, &www.troubles, before + 2);
    assert_string_equal(www.reason, "there is no such name");
    assert_int_equal(www.changes, 1);
    assert_string_equal(www.addresses, "192.0.2.1");
    world_close(&world);
    nsd_stop();
}

/* ask_again - as a new name, when no name server has answered yet. */
static void ask_again(struct world *world, const char *host, struct told *told)
{
    if (strcmp(told->reason, "no name server answers") != 0)
        return;
    resolver_remove(told->entry);
    assert_int_equal(told->recoveries, told->troubles); /* nobody asks: no trouble */
    told->reason[0] = '\0';
    world_add(world, host, told);
}

static void a_name_without_addresses_is_trouble(void **state)
{
    (void)state;
    struct world world;
    struct told text = {0}, gone = {0};
    put_zone(1, "text TXT hello\n");
    nsd_start();
    world_open(&world);
    world_add(&world, "text.example.test", &text);
    world_add(&world, "gone.example.test", &gone);
    while ((strcmp(text.reason, "the name has no address") != 0 ||
            strcmp(gone.reason, "there is no such name") != 0) &&
           !world.fixture.guard_fired) { /* at first NSD may not be there yet */
        uv_run(&world.fixture.loop, UV_RUN_ONCE);
        ask_again(&world, "text.example.test", &text);
        ask_again(&world, "gone.example.test", &gone);
    }
    assert_false(world.fixture.guard_fired);
    assert_int_equal(text.changes + gone.changes, 0);
    world_close(&world);
    nsd_stop();
}

static void entries_may_leave_at_any_time(void **state)
{
    (void)state;

    enum { NAMES = 50 };

    static struct told told[NAMES];
    struct world world;
    struct told last = {0};
    put_zone(1, "* A 192.0.2.1\n");
    nsd_start();
    world_open(&world);
    for (size_t i = 0; i < NAMES; i++) {
        char host[TEXT_MAX];
        snprintf(host, sizeof(host), "n%zu.example.test", i);
        told[i] = (struct told){.leaves = i % 3 == 0};
        world_add(&world, host, &told[i]);
    }
    for (size_t i = 1; i < NAMES; i += 3)
        resolver_remove(told[i].entry);
    world_add(&world, "last.example.test", &last);
    loop_fixture_until(&world.fixture, &last.changes, 1);
    for (size_t i = 0; i < NAMES; i++) {
        if (i % 3 != 1)
            loop_fixture_until(&world.fixture, &told[i].changes, 1);
        assert_int_equal(told[i].changes, i % 3 != 1);
    }
    world_close(&world);
    nsd_stop();
}

/* ---- one name for many ---- */

static void a_name_is_looked_up_and_its_trouble_told_once_for_all(void **state)
{
    (void)state;
    struct world world;
    struct told first = {0}, second = {0}, third = {0};
    put_zone(1, "www A 192.0.2.1\n");
    nsd_start();
    world_open(&world);
    world_add(&world, "www.example.test", &first);
    world_add(&world, "WWW.example.test.", &second);
    loop_fixture_until(&world.fixture, &first.changes, 1);
    loop_fixture_until(&world.fixture, &second.changes, 1);
    size_t before = first.troubles;
    nsd_stop();
    loop_fixture_until(&world.fixture, &first.troubles, before + 1);
    world_add(&world, "www.example.test", &third); /* nobody could look it up now */
    loop_fixture_until(&world.fixture, &third.changes, 1);
    assert_string_equal(third.addresses, "192.0.2.1");
    assert_int_equal(first.troubles, before + 1);
    assert_int_equal(second.troubles + third.troubles, 0);
    resolver_remove(first.entry);
    resolver_remove(third.entry);
    assert_int_equal(first.recoveries, before);
    resolver_remove(second.entry); /* the last one */
    assert_int_equal(first.recoveries, before + 1);
    world_close(&world);
    nsd_stop();
}

static void all_who_ask_for_a_name_are_told_of_its_change(void **state)
{
    (void)state;
    struct world world;
    struct told stays = {0}, leaves = {.leaves = true}, other = {0};
    put_zone(1, "www A 192.0.2.1\n");
    nsd_start();
    world_open(&world);
    world_add(&world, "www.example.test", &leaves); /* the first of them, and in its callback */
    world_add(&world, "www.example.test", &stays);
    world_add(&world, "www.example.test", &other);
    loop_fixture_until(&world.fixture, &stays.changes, 1);
    loop_fixture_until(&world.fixture, &other.changes, 1);
    put_zone(2, "www A 192.0.2.2\n");
    assert_int_equal(kill(nsd, SIGHUP), 0);
    loop_fixture_until(&world.fixture, &stays.changes, 2);
    loop_fixture_until(&world.fixture, &other.changes, 2);
    assert_string_equal(stays.addresses, "192.0.2.2");
    assert_string_equal(other.addresses, "192.0.2.2");
    assert_int_equal(leaves.changes, 1);
    world_close(&world);
    nsd_stop();
}

/* closes - the resolver is closed by the first of two that are told. */
struct closes {
    struct told told;
    struct world *world;
};

static void close_when_told(void *ctx, const struct ip_addr *addrs, size_t count)
{
    struct closes *closes = (struct closes *)ctx;
    on_addresses(&closes->told, addrs, count);
    resolver_close(closes->world->resolver);
}

static void it_may_be_closed_while_it_tells(void **state)
{
    (void)state;
    struct world world;
    struct closes closes = {.world = &world};
    struct told second = {0};
    put_zone(1, "www A 192.0.2.1\n");
    nsd_start();
    world_open(&world);
    assert_int_equal(resolver_add(world.resolver, "www.example.test", close_when_told, &closes,
                                  &closes.told.entry),
                     ERR_OK);
    world_add(&world, "www.example.test", &second);
    loop_fixture_until(&world.fixture, &closes.told.changes, 1);
    loop_fixture_close(&world.fixture);
    assert_int_equal(second.changes, 0);
    nsd_stop();
}

/* ---- without a server ---- */

static void what_is_no_host_name_is_refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "",
        ".",
        "@",
        "a..b",
        ".a",
        "0123456789012345678901234567890123456789012345678901234"
        "567890123.example"};
    struct world world;
    struct told told = {0};
    world_open(&world);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        assert_int_equal(
            resolver_add(world.resolver, hosts[i], on_addresses, &told, &told.entry),
            ERR_INVALID);
    world_close(&world);
}

static struct lookup_family family_of(const char *first, size_t count)
{
    struct lookup_family family = {.count = count};
    for (size_t i = 0; i < count; i++) {
        family.addrs[i] = local_address(first);
        family.addrs[i].bytes[3] = (uint8_t)i;
    }
    return family;
}

static void a_family_that_fails_stays_as_it_was(void **state)
{
    (void)state;
    struct lookup_family known[2] = {{0}, {0}};
    struct ip_addr out[RESOLVER_ADDRESSES_MAX];
    struct lookup lookup = {.families = {family_of("192.0.2.0", 2), family_of("2001::", 1)}};
    assert_int_equal(lookup_merge(known, &lookup, out), 3);
    assert_int_equal(out[0].family, IP_V4);
    assert_int_equal(out[2].family, IP_V6);
    lookup = (struct lookup){.families = {family_of("192.0.2.0", 1), {.failed = true}}};
    assert_int_equal(lookup_merge(known, &lookup, out), 2);
    assert_int_equal(out[1].family, IP_V6);
    lookup = (struct lookup){.families = {{.failed = true}, {.failed = true}}};
    assert_int_equal(lookup_merge(known, &lookup, out), 2);
    lookup = (struct lookup){.families = {{.failed = true}, {.count = 0}}};
    assert_int_equal(lookup_merge(known, &lookup, out), 1);
}

static void more_than_sixteen_are_cut(void **state)
{
    (void)state;
    struct lookup_family known[2] = {{0}, {0}};
    struct ip_addr out[RESOLVER_ADDRESSES_MAX];
    struct lookup lookup = {.families = {family_of("192.0.2.0", 12), family_of("2001::", 12)}};
    assert_int_equal(lookup_merge(known, &lookup, out), RESOLVER_ADDRESSES_MAX);
    assert_int_equal(out[11].family, IP_V4);
    assert_int_equal(out[12].family, IP_V6);
}

static void a_name_server_that_is_gone_is_asked_less_and_less(void **state)
{
    (void)state;
    static const uint32_t waits_ms[] = {5000, 10000, 20000, 30000, 30000};
    for (unsigned i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++)
        assert_int_equal(resolver_retry_ms(&RESOLVER_PACE, i + 1), waits_ms[i]);
    assert_int_equal(resolver_retry_ms(&RESOLVER_PACE, UINT32_MAX), 30000);
    static const struct resolver_pace slow_first = {.retry_ms = 7, .first_retry_ms = 9};
    assert_int_equal(resolver_retry_ms(&slow_first, 1), 7);
}

/* ---- the namespaces ---- */

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static bool own_resolv_conf(void)
{
    char path[PATH_SIZE];
    put("resolv.conf", "nameserver 127.0.0.1\nsearch wrong.test\n");
    return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(in_folder("resolv.conf", path), "/etc/resolv.conf", NULL, MS_BIND, NULL) ==
               0 &&
           raise_loopback();
}

static void put_nsd_conf(void)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "server:\n  ip-address: 127.0.0.1@53\n  username: \"\"\n  database: \"\"\n"
             "  zonesdir: \"%s\"\n  xfrdfile: \"%s/xfrd\"\n  zonelistfile: \"%s/list\"\n"
             "  pidfile: \"%s/pid\"\n  server-count: 1\n"
             "remote-control:\n  control-enable: no\n"
             "zone:\n  name: example.test\n  zonefile: zone\n",
             folder, folder, folder, folder);
    put("nsd.conf", text);
}

static void clean_up(void)
{
    static const char *const names[] = {"resolv.conf", "nsd.conf", "zone", "log",
                                        "xfrd",        "list",     "pid"};
    char path[PATH_SIZE];
    nsd_stop();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(in_folder(names[i], path));
    rmdir(folder);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_host_name_is_refused),
        cmocka_unit_test(a_family_that_fails_stays_as_it_was),
        cmocka_unit_test(more_than_sixteen_are_cut),
        cmocka_unit_test(a_name_server_that_is_gone_is_asked_less_and_less),
        cmocka_unit_test(addresses_are_sorted_and_each_told_once),
        cmocka_unit_test(only_a_change_is_told),
        cmocka_unit_test(when_look_ups_fail_the_last_addresses_stay),
        cmocka_unit_test(a_name_without_addresses_is_trouble),
        cmocka_unit_test(entries_may_leave_at_any_time),
        cmocka_unit_test(a_name_is_looked_up_and_its_trouble_told_once_for_all),
        cmocka_unit_test(all_who_ask_for_a_name_are_told_of_its_change),
        cmocka_unit_test(it_may_be_closed_while_it_tells),
    };
    const struct CMUnitTest pure_tests[] = {tests[0], tests[1], tests[2], tests[3]};
    bool has_nsd = access("/usr/sbin/nsd", X_OK) == 0;
    put_nsd_conf();
    int failed = has_nsd && own_resolv_conf() ? cmocka_run_group_tests(tests, NULL, NULL)
                                              : cmocka_run_group_tests(pure_tests, NULL, NULL);
    clean_up();
    return failed;
}
