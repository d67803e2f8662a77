#include "notify_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "notify_queue.h"

void notify_bed_open(struct notify_bed *bed, const struct notify_pace *pace)
{
    static const struct notify_pace hurried = {
        .queue_bytes = 16 * 1024,
        .retry_ms = 10,
        .retry_max_ms = 40,
        .give_up_ms = 60000,
        .grace_ms = 200,
    };

    memset(bed, 0, sizeof(*bed));
    bed->config.receivers = bed->receivers;
    bed->config.server.identity = "ams1";
    test_log_open();
    test_loop_open(&bed->loop);
    assert_int_equal(notify_new_paced(&bed->loop.uv, pace ? pace : &hurried, &bed->notify),
                     ERR_OK);
}

void notify_bed_close(struct notify_bed *bed)
{
    notify_close(bed->notify);
    test_loop_close(&bed->loop);
    test_log_close();
}

static struct config_receiver *add(struct notify_bed *bed, struct config_receiver receiver)
{
    assert_true(bed->config.receiver_count < BED_RECEIVERS_MAX);
    struct config_receiver *added = &bed->receivers[bed->config.receiver_count++];
    *added = receiver;
    notify_bed_set(bed);
    return added;
}

struct config_receiver *notify_bed_add_webhook(struct notify_bed *bed, const char *url)
{
    return add(bed, (struct config_receiver){
                        .kind = CONFIG_WEBHOOK,
                        .name = "http://hook",
                        .url = url,
                        .verify = true,
                        .timeout_ms = 5000,
                    });
}

struct config_receiver *notify_bed_add_command(struct notify_bed *bed, const char *program,
                                               const char *argument, const char *second)
{
    const char **argv = bed->argv[bed->config.receiver_count];
    argv[0] = program;
    argv[1] = argument;
    argv[2] = second;
    return add(bed, (struct config_receiver){
                        .kind = CONFIG_COMMAND,
                        .name = program,
                        .argv = argv,
                        .argument_count = second     ? 3
                                          : argument ? 2
                                                     : 1,
                        .timeout_ms = 10000,
                    });
}

void notify_bed_set(struct notify_bed *bed)
{
    notify_set(bed->notify, &bed->config);
}

static struct event event_of(enum config_severity severity, const char *reason)
{
    return (struct event){
        .kind = "health",
        .severity = severity,
        .service = "app",
        .region = "eu",
        .address = "192.0.2.1",
        .family = "IPv4",
        .check = "web",
        .from = "up",
        .to = "down",
        .reason = reason,
    };
}

void notify_bed_send(struct notify_bed *bed, enum config_severity severity, const char *reason)
{
    const struct event event = event_of(severity, reason);
    notify_send(bed->notify, &event);
}

size_t notify_bed_room_for(size_t count)
{
    const struct event event = event_of(CONFIG_CRITICAL, "c1");
    struct notice *notice = notice_new(&event, "19fd3a0c3c8-01234567-1", "ams1");
    assert_non_null(notice);
    size_t bytes = count * notify_queue_weigh(notice);
    notice_unref(notice);
    return bytes;
}

static bool is_idle(void *ctx)
{
    return notify_waiting(((struct notify_bed *)ctx)->notify) == 0;
}

void notify_bed_until_idle(struct notify_bed *bed)
{
    test_loop_until(&bed->loop, is_idle, bed);
}
