/* make_pages: writes what is installed beside the program, when it is built.
 *
 *     make_pages manual < rhumb.8.scd      the template, filled
 *     make_pages bash | zsh | fish         the completion script
 */
#include <string.h>

#include "complete.h"
#include "manual.h"

int main(int argc, char **argv)
{
    const struct command_value *shell = &COMMANDS[COMMAND_COMPLETION].arguments[0].value;
    bool done = false;
    if (argc == 2 && strcmp(argv[1], "manual") == 0)
        done = manual_fill(stdin, stdout, stderr);
    for (size_t i = 0; argc == 2 && shell->choices[i]; i++) {
        if (strcmp(argv[1], shell->choices[i]) == 0) {
            complete_print(stdout, shell->choices[i]);
            done = true;
        }
    }
    return done && fflush(stdout) == 0 ? 0 : 1;
}
