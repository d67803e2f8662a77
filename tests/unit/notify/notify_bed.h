/* notify_bed.h - a notify in a hurry on a loop, with receivers of the test's choice. */
#pragma once

#include "rhumb/notify.h"

#include "../../support/temp_folder.h"
#include "../../support/test_loop.h"
#include "notify_pace.h"

enum { BED_RECEIVERS_MAX = 4 };

struct notify_bed {
    struct test_loop loop;
    struct notify *notify;
    struct config config;
    struct config_receiver receivers[BED_RECEIVERS_MAX];
    const char *argv[BED_RECEIVERS_MAX][8];
};

/* notify_bed_open - pace NULL: retries after 10 ms and more, nothing is given up for long. */
void notify_bed_open(struct notify_bed *bed, const struct notify_pace *pace);

/* notify_bed_close - and everything is gone. */
void notify_bed_close(struct notify_bed *bed);

/* notify_bed_add_webhook, notify_bed_add_command - one more, for all severities, and notify_set().
 * url is borrowed. */
struct config_receiver *notify_bed_add_webhook(struct notify_bed *bed, const char *url);
struct config_receiver *notify_bed_add_command(struct notify_bed *bed, const char *program,
                                               const char *argument, const char *second);

/* notify_bed_set - after the receivers were edited. */
void notify_bed_set(struct notify_bed *bed);

/* notify_bed_send - an event of this severity, whose reason is text. */
void notify_bed_send(struct notify_bed *bed, enum config_severity severity, const char *reason);

/* notify_bed_room_for - what so many notices of notify_bed_send() take in a queue, with reasons of two
 * letters and the longest severity. */
size_t notify_bed_room_for(size_t count);

/* notify_bed_until_idle - until nothing waits. */
void notify_bed_until_idle(struct notify_bed *bed);
