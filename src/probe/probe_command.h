/* probe_command.h - the commands of one prober: how many of them are alive. */
#pragma once

#include <stddef.h>

/* A command that was killed is alive until the kernel says otherwise, perhaps long after its
 * run and even its prober have ended. */
struct command_crew;

/* command_crew_new - NULL when out of memory. */
struct command_crew *command_crew_new(void);

/* command_crew_set_max - so many runs are started at once, at most. */
void command_crew_set_max(struct command_crew *crew, size_t max);

/* command_crew_close - every run has been cancelled or has ended. Freed with the last command. */
void command_crew_close(struct command_crew *crew);
