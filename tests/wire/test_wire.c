/* Golden packets: each case of tests/data/wire/golden.txt goes through answer_query(), and what
 * comes back is written in the words of that file and compared line by line.
 *
 *   test_wire             TAP, one test a case; a failure shows expected and got
 *   test_wire TITLE       only the cases whose title contains it
 *   test_wire --queries   title, transport and query in hexadecimal: to ask another server,
 *                         and as seeds of tests/fuzz
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/message.h"
#include "wire_case.h"

enum { GOT_LINES_MAX = 1024, GOT_LINE_BYTES = 2048, SEED = 1, WALL_S = 1559731985 };

/* A reply in words. */
struct got {
    char lines[GOT_LINES_MAX][GOT_LINE_BYTES];
    size_t count;
};

static char *next_line(struct got *got)
{
    char *line = got->lines[got->count < GOT_LINES_MAX - 1 ? got->count++ : got->count];
    line[0] = '\0';
    return line;
}

/* expects - does the case have a line of this keyword that starts so? */
static bool expects(const struct wire_case *c, const char *start)
{
    for (size_t i = 0; i < c->expected_count; i++)
        if (strncmp(c->expected[i], start, strlen(start)) == 0)
            return true;
    return false;
}

static void tell_header(struct got *got, const struct message *m, size_t len)
{
    static const struct {
        uint16_t flag;
        const char *name;
    } flags[] = {{0x0400, " aa"}, {0x0200, " tc"}, {0x0100, " rd"}, {0x0080, " ra"},
                 {0x0040, " z"},  {0x0020, " ad"}, {0x0010, " cd"}};

    char *line = next_line(got);
    size_t used = (size_t)snprintf(line, GOT_LINE_BYTES, "%s %s",
                                   len == DNS_HEADER_BYTES ? "header" : "reply",
                                   dns_rcode_name(message_rcode(m)));
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if ((m->flags & flags[i].flag) != 0)
            used += (size_t)snprintf(line + used, GOT_LINE_BYTES - used, "%s", flags[i].name);
}

static void tell_section(struct got *got, const struct wire_case *c, const struct message *m,
                         unsigned section)
{
    static const char *const names[] = {"", "answer", "authority", "additional"};
    char star[32];
    snprintf(star, sizeof(star), "%s * ", names[section]);
    if (expects(c, star)) {
        unsigned opt = section == 3 && m->opt ? 1 : 0;
        snprintf(next_line(got), GOT_LINE_BYTES, "%s%u", star, m->counts[section] - opt);
        return;
    }
    for (size_t i = 0; i < m->record_count; i++) {
        if (m->records[i].section != section || &m->records[i] == m->opt)
            continue;
        char *line = next_line(got);
        int used = snprintf(line, GOT_LINE_BYTES, "%s ", names[section]);
        message_record_text(m, &m->records[i], line + used, GOT_LINE_BYTES - (size_t)used);
    }
}

/* tell_opt - nothing when OPT is what one expects: none without one in the query, else our size
 * alone. */
static void tell_opt(struct got *got, const struct wire_case *c, const struct message *m)
{
    char text[512];
    message_opt_text(m, text, sizeof(text));
    if (strcmp(text, c->has_opt ? "udp=1232" : "none") != 0)
        snprintf(next_line(got), GOT_LINE_BYTES, "opt %s", text);
}

/* tell_faults - what no reply may ever do, whatever the case says. */
static void tell_faults(struct got *got, const struct wire_case *c, const struct message *m)
{
    const uint8_t *query = c->packet.bytes;
    unsigned sent = (unsigned)query[2] << 8 | query[3];
    if (m->bytes[0] != query[0] || m->bytes[1] != query[1])
        snprintf(next_line(got), GOT_LINE_BYTES, "fault: another id");
    if ((m->flags & DNS_FLAG_QR) == 0)
        snprintf(next_line(got), GOT_LINE_BYTES, "fault: QR is not set");
    if (((m->flags ^ sent) & 0x7800) != 0)
        snprintf(next_line(got), GOT_LINE_BYTES, "fault: another opcode");
    if (m->question_bytes > 0 &&
        (m->question_bytes + DNS_HEADER_BYTES > c->packet.len ||
         memcmp(m->bytes + DNS_HEADER_BYTES, query + DNS_HEADER_BYTES, m->question_bytes) != 0))
        snprintf(next_line(got), GOT_LINE_BYTES, "fault: another question");
}

static void tell(struct got *got, const struct wire_case *c, const uint8_t *reply, size_t len)
{
    static struct message m; // NOLINT: too large for the stack
    got->count = 0;
    if (len == 0) {
        snprintf(next_line(got), GOT_LINE_BYTES, "silence");
        return;
    }
    const char *fault = message_parse(reply, len, &m);
    if (fault) {
        snprintf(next_line(got), GOT_LINE_BYTES, "fault: unsound: %s", fault);
        return;
    }
    tell_header(got, &m, len);
    for (unsigned section = 1; section <= 3; section++)
        tell_section(got, c, &m, section);
    if (len > DNS_HEADER_BYTES)
        tell_opt(got, c, &m);
    if (expects(c, "size "))
        snprintf(next_line(got), GOT_LINE_BYTES, "size %zu", len);
    tell_faults(got, c, &m);
}

/* set_health - every endpoint is up but for those the case names. */
static void set_health(struct snapshot *snapshot, const struct wire_case *c)
{
    for (size_t s = 0; s < snapshot->seat_count; s++) {
        const struct snapshot_seat *seat = &snapshot->seats[s];
        health_word word = HEALTH_WORD_ALWAYS_UP;
        for (size_t i = 0; i < c->target_count && seat->target != SNAPSHOT_NO_TARGET; i++)
            if (seat->addr && ip_equal(&c->targets[i].addr, seat->addr))
                word = c->targets[i].suspect ? word | HEALTH_WORD_SUSPECT : 0;
        health_table_set(&snapshot->health, s, word);
    }
}

static bool run_case(struct snapshot *snapshot, const struct wire_case *c, unsigned number)
{
    static struct answer_worker worker;
    static uint8_t buffer[DNS_MESSAGE_MAX];
    static struct got got;
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = SEED});
    set_health(snapshot, c);
    memset(buffer, 0xc0, sizeof(buffer));
    struct answer_request request = {
        .packet = c->packet.bytes,
        .packet_bytes = c->packet.len,
        .client = c->client,
        .transport = c->transport,
        .idle_100ms = 100,
        .wall_s = WALL_S,
    };
    size_t len = answer_query(snapshot, &worker, &request, buffer, sizeof(buffer));
    tell(&got, c, buffer, len);
    bool same = got.count == c->expected_count;
    for (size_t i = 0; same && i < got.count; i++)
        same = strcmp(got.lines[i], c->expected[i]) == 0;
    printf("%s %u - %s\n", same ? "ok" : "not ok", number, c->title);
    for (size_t i = 0; !same && i < c->expected_count; i++)
        printf("# expected  %s\n", c->expected[i]);
    for (size_t i = 0; !same && i < got.count; i++)
        printf("# got       %s\n", got.lines[i]);
    if (!same)
        printf("# golden.txt:%u, RFC %s\n", c->line, c->rfc);
    return same;
}

static void print_query(const struct wire_case *c)
{
    printf("%s\t%s\t", c->title, c->transport == ANSWER_UDP ? "udp" : "tcp");
    for (size_t i = 0; i < c->packet.len; i++)
        printf("%02x", c->packet.bytes[i]);
    printf("\n");
}

static void print_queries(const struct wire_cases *cases)
{
    for (size_t i = 0; i < cases->count; i++)
        print_query(&cases->cases[i]);
}

static bool run_cases(const struct wire_cases *cases, const char *wanted)
{
    struct snapshot *snapshot = answer_fixture_new();
    unsigned number = 0, failed = 0;
    for (size_t i = 0; snapshot && i < cases->count; i++)
        if (strstr(cases->cases[i].title, wanted))
            failed += !run_case(snapshot, &cases->cases[i], ++number);
    printf("1..%u\n", number);
    bool good = snapshot && failed == 0;
    snapshot_free(snapshot);
    return good;
}

int main(int argc, char **argv)
{
    const char *data = getenv("RHUMB_TEST_DATA");
    const char *wanted = argc > 1 ? argv[1] : "";
    char path[4096];
    struct wire_cases cases;
    bool good = true;
    snprintf(path, sizeof(path), "%s/wire/golden.txt", data ? data : "tests/data");
    if (!wire_cases_read(path, &cases))
        return 1;
    if (strcmp(wanted, "--queries") == 0)
        print_queries(&cases);
    else
        good = run_cases(&cases, wanted);
    wire_cases_free(&cases);
    return good ? 0 : 1;
}
