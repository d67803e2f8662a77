#include "command_output.h"

#include "probe_reason.h"

bool command_output_feed(struct command_output *output, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !output->ended; i++) {
        bool visible = bytes[i] >= ' ' && bytes[i] <= '~'; /* it ends up in the log */
        output->ended = bytes[i] == '\n' || output->len == sizeof(output->line) - 1;
        if (!output->ended)
            output->line[output->len++] = visible ? bytes[i] : '?';
    }
    output->bytes += len;
    return output->bytes <= COMMAND_OUTPUT_MAX_BYTES;
}

void command_output_judge(const struct command_output *output, int exit_status, int signal,
                          struct probe_result *out_result)
{
    const char *between = output->len > 0 ? ": " : "";
    const char *flood =
        output->bytes > COMMAND_OUTPUT_MAX_BYTES ? " after 64 KiB of output" : "";
    if (signal != 0)
        probe_result_set(out_result, HEALTH_FAILURE, "killed by signal %d%s%s%s", signal, flood,
                         between, output->line);
    else
        probe_result_set(out_result, exit_status == 0 ? HEALTH_SUCCESS : HEALTH_FAILURE,
                         "exit status %d%s%s", exit_status, between, output->line);
}
