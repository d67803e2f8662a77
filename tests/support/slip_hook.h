/* slip_hook - what a program linked with --wrap=policy_compile does to each compiled table. */
#pragma once

/* slip_next - "SERVICE ADDRESS REGION": from now on clients around that address may get that
 * region of that service, too. NULL: tables stay as they are. In a program of its own the words
 * come from the file that RHUMB_SLIP names, at each compilation, when there is one. */
void slip_next(const char *words);
