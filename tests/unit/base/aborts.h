/* aborts.h - does a misuse end the process with SIGABRT? Tried in a child. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool aborts(void (*misuse)(void *ctx), void *ctx)
{
    fflush(NULL); /* else the child would write what is buffered once more */
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        misuse(ctx);
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}
