/* monitor_host.h - an endpoint that is a name: probed at each address behind it, and up as long as
 * one of them is.
 *
 *   resolver --addresses--> leaves, a probe and a machine each --verdict--> the endpoint's machine
 *
 * Addresses that stay keep what is known of them; while the name cannot be resolved the last ones
 * are probed on. Control thread only.
 */
#pragma once

#include "rhumb/err.h"
#include "rhumb/probe.h"
#include "rhumb/probe_resolver.h"

#include "monitor_machines.h"

struct monitor_host;

/* What all hosts of a monitor share; borrowed by each of them. */
struct monitor_host_means {
    struct prober *prober;
    struct resolver *resolver;
    void *ctx;
    const struct config_check *(*check_of)(void *ctx, const struct machine *whole); /* now */
    /* on_probe - one address was asked. */
    void (*on_probe)(void *ctx, const struct machine *whole, const struct probe_result *result);
    /* on_verdict - what the addresses say together, as a probe would. It may free the host. */
    void (*on_verdict)(void *ctx, struct machine *whole, const struct probe_result *result);
};

/* monitor_host_new - name is resolved, and its addresses probed, from now on. */
WARN_UNUSED enum err monitor_host_new(const struct monitor_host_means *means,
                                      struct machine *whole, const char *name,
                                      struct monitor_host **out_host);

void monitor_host_free(struct monitor_host *host);

/* monitor_host_forget_probes - the prober is gone, and its probes with it. */
void monitor_host_forget_probes(struct monitor_host *host);
