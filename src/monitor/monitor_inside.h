/* monitor_inside.h - what the files of this folder see of the monitor. */
#pragma once

#include "rhumb/health_self.h"
#include "rhumb/monitor.h"

#include "monitor_machines.h"
#include "monitor_service.h"

/* All borrowed for this turn of the loop. */
struct monitor_inside {
    const struct snapshot *snapshot;
    const struct machine_set *machines;
    const struct monitor_services *services;
    unsigned ignored; /* enum health_switches */
    bool frozen, suspects_self;
};

struct monitor_inside monitor_inside(const struct monitor *monitor);
