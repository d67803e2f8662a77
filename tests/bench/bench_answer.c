/* bench_answer - answer_query() alone: no socket, no thread.
 *
 *   bench_answer CONFIG PACKETS [ROUNDS]
 *
 * Answers every query of a packet file (make_queries) ROUNDS times and prints nanoseconds a
 * query. For instructions, which a busy machine does not change:
 *
 *   valgrind --tool=callgrind --toggle-collect="answer_all*" --callgrind-out-file=/dev/null \
 *            bench_answer CONFIG PACKETS 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rhumb/answer.h"

#include "packet_file.h"

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct snapshot *compile(const char *path)
{
    struct diag_list *diags = diag_list_new();
    struct snapshot *snapshot = NULL;
    if (!diags ||
        snapshot_compile(path, &(struct snapshot_options){0}, diags, &snapshot) != ERR_OK)
        fprintf(stderr, "bench_answer: cannot compile %s\n", path);
    if (diags)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    return snapshot;
}

static __attribute__((noinline)) size_t answer_all(const struct snapshot *snapshot,
                                                   struct answer_worker *worker,
                                                   const struct packet_file *file)
{
    static uint8_t buffer[DNS_MESSAGE_MAX];
    struct answer_request request = {
        .transport = ANSWER_UDP, .client = {IP_V4, {127, 0, 0, 1}}, .steady_ms = 1};
    size_t bytes = 0;
    for (uint32_t i = 0; i < file->count; i++) {
        request.packet = file->items[i].bytes;
        request.packet_bytes = file->items[i].len;
        bytes += answer_query(snapshot, worker, &request, buffer, sizeof(buffer));
    }
    return bytes;
}

int main(int argc, char **argv)
{
    static struct answer_worker worker;
    struct packet_file file;
    if (argc < 3 || argc > 4) {
        fputs("usage: bench_answer CONFIG PACKETS [ROUNDS]\n", stderr);
        return 2;
    }
    unsigned long rounds = argc == 4 ? strtoul(argv[3], NULL, 10) : 10;
    struct snapshot *snapshot = compile(argv[1]);
    if (!snapshot || !packet_file_load(&file, argv[2]))
        return 1;
    struct answer_counts *counts = answer_counts_new();
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 1, .counts = counts});
    double best_s = 1e9;
    size_t bytes = 0;
    for (unsigned long i = 0; i < rounds; i++) {
        double from_s = now_s();
        bytes += answer_all(snapshot, &worker, &file);
        double took_s = now_s() - from_s;
        best_s = took_s < best_s ? took_s : best_s;
    }
    printf("queries=%u bytes=%zu best_ns=%.1f\n", file.count, bytes,
           best_s * 1e9 / (double)file.count);
    answer_counts_free(counts);
    packet_file_deinit(&file);
    snapshot_free(snapshot);
    return 0;
}
