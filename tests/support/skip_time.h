/* skip_time - in a program that is linked with this, the turns of a test_loop do not wait for timers:
 * while nothing is under way, the clock of the process jumps to the next one. So what takes minutes
 * outside takes no time here, and a slow machine makes nothing late.
 *
 * Under way is what the loop can see at once, and a job of a disk worker, unless it hangs because the
 * test made it (disk_fault.h). CLOCK_MONOTONIC alone jumps: times of files stay comparable with the
 * wall clock. One loop at a time.
 */
#pragma once

#include <stdbool.h>

#include "test_loop.h"

/* skip_time - called before each turn. True when the clock has jumped: timers are due. */
bool skip_time(struct test_loop *loop);
