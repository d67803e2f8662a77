#include "commands.h"

int command_simulate(const struct options *options)
{
    (void)options;
    return EXIT_STATUS_TROUBLE;
}
