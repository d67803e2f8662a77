#include "disk_fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

static struct {
    pthread_mutex_t lock;
    pthread_cond_t released;
    int refuse;
    bool hang;
    size_t hanging, writes;
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER, .released = PTHREAD_COND_INITIALIZER};

void disk_fault_refuse(int error)
{
    pthread_mutex_lock(&fault.lock);
    fault.refuse = error;
    pthread_mutex_unlock(&fault.lock);
}

static void set_hang(bool hang)
{
    pthread_mutex_lock(&fault.lock);
    fault.hang = hang;
    pthread_cond_broadcast(&fault.released);
    pthread_mutex_unlock(&fault.lock);
}

void disk_fault_hang(void)
{
    set_hang(true);
}

void disk_fault_release(void)
{
    set_hang(false);
}

static size_t read_count(const size_t *count)
{
    pthread_mutex_lock(&fault.lock);
    size_t value = *count;
    pthread_mutex_unlock(&fault.lock);
    return value;
}

size_t disk_fault_hanging(void)
{
    return read_count(&fault.hanging);
}

size_t disk_fault_writes(void)
{
    return read_count(&fault.writes);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    pthread_mutex_lock(&fault.lock);
    int error = fault.refuse;
    fault.writes++;
    pthread_mutex_unlock(&fault.lock);
    if (error == 0)
        return __real_write(fd, bytes, len);
    errno = error;
    return -1;
}

int __wrap_fsync(int fd)
{
    pthread_mutex_lock(&fault.lock);
    fault.hanging++;
    while (fault.hang)
        pthread_cond_wait(&fault.released, &fault.lock);
    fault.hanging--;
    pthread_mutex_unlock(&fault.lock);
    return __real_fsync(fd);
}
