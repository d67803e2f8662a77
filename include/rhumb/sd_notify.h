/* sd_notify.h - tell the service manager how it goes (sd_notify(3), without its library). */
#pragma once

/* sd_notify_state - "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1". Silent without
 * NOTIFY_SOCKET; never blocks, never fails. */
void sd_notify_state(const char *state);

/* sd_notify_reloading - RELOADING=1 with the time stamp that Type=notify-reload asks for. */
void sd_notify_reloading(void);
