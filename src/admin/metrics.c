#include "rhumb/metrics.h"

#include "metrics_page.h"

void metrics_write(struct text *out, const struct metrics_sources *sources)
{
    metrics_put_process(out, sources);
    metrics_put_traffic(out, sources);
    metrics_put_answers(out, sources);
    if (sources->monitor)
        metrics_put_health(out, sources);
}
