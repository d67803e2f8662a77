/* run.h - the commands, one function each. All return an enum exit_status. */
#pragma once

#include "rhumb/options.h"

#include "client.h"
#include "screen.h"

/* ---- commands ---- */

int run_look(const struct options *options); /* what is one GET */
int run_events(const struct options *options);
int run_change(const struct options *options); /* drain, force, failover and their ends */
int run_reload(const struct options *options);
int run_ready(const struct options *options);

/* ---- what they share ---- */

/* run_print_json - the answer as it came. */
void run_print_json(const struct client_answer *answer);

/* run_finish - releases what is not NULL; returns status. */
int run_finish(struct client *client, struct client_answer *answer, int status);
