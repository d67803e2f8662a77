/* disk_fault.h - a disk that refuses or hangs: write() and fsync() of what is tested come here
 * (the linker's --wrap), and do as told.
 */
#pragma once

#include <stddef.h>

/* disk_fault_refuse - every write fails with this errno; 0: no more. */
void disk_fault_refuse(int error);

/* disk_fault_hang - the next fsync waits, until disk_fault_release(). */
void disk_fault_hang(void);
void disk_fault_release(void);

/* disk_fault_hanging - how many threads wait. */
size_t disk_fault_hanging(void);

/* disk_fault_writes - how often write() was called. */
size_t disk_fault_writes(void);
