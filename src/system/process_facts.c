#include "rhumb/process_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STAT_MAX = 1024 };

void process_facts_parse_stat(const char *text, long page_bytes, long ticks_per_s,
                              struct process_facts *facts)
{
    unsigned long user, system, threads, size;
    long resident;
    const char *at = strrchr(text, ')'); /* the name before it may hold anything */
    /* from the third field on: state, 10 numbers, utime, stime, 4 more, threads, 2 more, size,
     * resident pages */
    if (!at || sscanf(at + 1,
                      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d "
                      "%lu %*d %*u %lu %ld",
                      &user, &system, &threads, &size, &resident) != 5)
        return;
    facts->cpu_s = (double)(user + system) / (double)ticks_per_s;
    facts->threads = threads;
    facts->virtual_bytes = size;
    facts->resident_bytes = (uint64_t)resident * (uint64_t)page_bytes;
}

static void read_stat(struct process_facts *facts)
{
    char text[STAT_MAX];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (len <= 0)
        return;
    text[len] = '\0';
    process_facts_parse_stat(text, sysconf(_SC_PAGESIZE), sysconf(_SC_CLK_TCK), facts);
}

static uint64_t count_fds(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count > 3 ? count - 3 : 0; /* ".", "..", and the folder itself */
}

void process_facts_read(struct process_facts *out_facts)
{
    struct rlimit limit;
    *out_facts = (struct process_facts){0};
    read_stat(out_facts);
    out_facts->open_fds = count_fds();
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out_facts->max_fds = limit.rlim_cur;
}
