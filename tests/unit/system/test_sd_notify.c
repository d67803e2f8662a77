#include <stdio.h>
#include <time.h>

#include "rhumb/sd_notify.h"

#include "../../support/notify_socket.h"
#include "../../support/temp_folder.h"

static void a_state_arrives_at_a_path(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX], buffer[NOTIFY_MAX];
    temp_folder_open(&folder);
    int fd = notify_socket_open(temp_path(&folder, "notify", path));
    sd_notify_state("READY=1");
    sd_notify_state("STOPPING=1");
    assert_string_equal(notify_socket_next(fd, buffer), "READY=1");
    assert_string_equal(notify_socket_next(fd, buffer), "STOPPING=1");
    assert_string_equal(notify_socket_next(fd, buffer), "");
    notify_socket_close(fd);
    temp_folder_close(&folder);
}

/* With one byte more in the address it would be another name. */
static void a_state_arrives_at_an_abstract_name(void **state)
{
    (void)state;
    char name[64], buffer[NOTIFY_MAX];
    snprintf(name, sizeof(name), "@rhumb-test-%d", (int)getpid());
    int fd = notify_socket_open(name);
    sd_notify_state("READY=1");
    assert_string_equal(notify_socket_next(fd, buffer), "READY=1");
    notify_socket_close(fd);
}

static uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* systemd.service(5), Type=notify-reload: RELOADING=1 comes with a time stamp. */
static void reloading_says_since_when(void **state)
{
    (void)state;
    char name[64], buffer[NOTIFY_MAX], end;
    unsigned long long us = 0;
    snprintf(name, sizeof(name), "@rhumb-test-%d", (int)getpid());
    int fd = notify_socket_open(name);
    uint64_t before_us = monotonic_us();
    sd_notify_reloading();
    uint64_t after_us = monotonic_us();
    notify_socket_next(fd, buffer);
    assert_int_equal(sscanf(buffer, "RELOADING=1\nMONOTONIC_USEC=%llu%c", &us, &end), 1);
    assert_in_range(us, before_us, after_us);
    notify_socket_close(fd);
}

static void without_a_listener_it_is_silent(void **state)
{
    (void)state;
    char too_long[200];
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const paths[] = {NULL,           "",      "relative", "/nobody/here",
                                 "@nobody-here", too_long};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (paths[i])
            setenv("NOTIFY_SOCKET", paths[i], 1);
        else
            unsetenv("NOTIFY_SOCKET");
        sd_notify_state("READY=1");
        sd_notify_reloading();
    }
    unsetenv("NOTIFY_SOCKET");
}

/* A manager that does not read must not stop us. */
static void a_full_socket_does_not_block(void **state)
{
    (void)state;

    enum { MESSAGES = 5000 };

    char name[64];
    snprintf(name, sizeof(name), "@rhumb-test-%d", (int)getpid());
    int fd = notify_socket_open(name);
    for (unsigned i = 0; i < MESSAGES; i++)
        sd_notify_state("STATUS=again");
    notify_socket_close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_arrives_at_a_path),
        cmocka_unit_test(a_state_arrives_at_an_abstract_name),
        cmocka_unit_test(reloading_says_since_when),
        cmocka_unit_test(without_a_listener_it_is_silent),
        cmocka_unit_test(a_full_socket_does_not_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
