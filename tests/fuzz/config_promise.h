/* config_promise.h - what holds for every configuration that loads: the ranges that
 * rhumb/config.h promises, and that each index leads to something.
 */
#pragma once

#include "rhumb/config.h"

void config_promise_check(const struct config *config);

/* config_promise_ask - what loads can be compiled, and answers clients with its own addresses. */
void config_promise_ask(const struct config *config, struct arena *arena);
