#include "admin_world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rhumb/admin.h"
#include "rhumb/log.h"

#include "fuzz.h"

/* After so many turns of the loop in which nothing came, when nothing is being done, nothing will. */
enum {
    ANSWER_BYTES_MAX = 4 << 20,
    IDLE_TURNS = 4,
    IDLE_MS = 20,
    WAIT_TURNS_MAX = 5000,
    PATH_BYTES = 100
};

struct job {
    admin_on_done on_done;
    void *ctx;
    enum err err;
    const char *detail;
};

enum { JOBS_MAX = 64 };

static struct {
    uv_loop_t loop;
    uv_timer_t tick;
    struct snapshot_slot *slot;
    struct monitor *monitor;
    struct history *history;
    struct overrides *overrides;
    struct admin *admin;
    char folder[PATH_BYTES / 2], socket[PATH_BYTES];
    struct job jobs[JOBS_MAX];
    size_t job_count;
    char *answer;
    pid_t owner;
} world;

/* ---- what the process lends ---- */

static void tell_process(void *ctx, struct admin_process *out_process)
{
    (void)ctx;
    *out_process = (struct admin_process){.generation = 1, .loaded_ms = 1, .serving = true};
}

/* later - in the next turn; without room at once. */
static void later(admin_on_done on_done, void *ctx, enum err err, const char *detail)
{
    if (world.job_count == JOBS_MAX)
        on_done(ctx, ERR_NO_MEMORY, "too many");
    else
        world.jobs[world.job_count++] = (struct job){on_done, ctx, err, detail};
}

static void do_jobs(void)
{
    while (world.job_count > 0) {
        struct job job = world.jobs[--world.job_count];
        job.on_done(job.ctx, job.err, job.detail);
    }
}

static void reload(void *ctx, bool force, admin_on_done on_done, void *done_ctx)
{
    (void)ctx;
    later(on_done, done_ctx, force ? ERR_OK : ERR_INVALID, force ? "it is read" : "line 1: no");
}

static void diff(void *ctx, const char *path, admin_on_done on_done, void *done_ctx)
{
    (void)ctx;
    later(on_done, done_ctx, path ? ERR_INVALID : ERR_OK, path ? "no such file" : "{}");
}

static void metrics(void *ctx, struct text *out)
{
    (void)ctx;
    text_printf(out, "rhumb_up 1\n");
}

/* ---- the world ---- */

static const char CONFIG[] =
    "regions: { eu: { country: IE, location: [ 53, -6 ] }, us: { country: US } }\n"
    "services:\n"
    "  app:\n"
    "    policy: failover\n"
    "    regions:\n"
    "      eu: { addresses: [ 10.0.0.1, \"2001:db8::1\" ] }\n"
    "      us: { addresses: [ 10.0.0.2 ] }\n"
    "  geo:\n"
    "    policy: geo\n"
    "    check: web\n"
    "    regions:\n"
    "      eu: { serves: [ default ], addresses: [ 127.0.0.9 ] }\n"
    "      us: { serves: [ NA ], service: app }\n"
    "checks: { web: { tcp: { port: 9 }, interval: 1h } }\n";

static const char ZONE[] = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n"
                           "alias 60 CNAME www\n";

static struct snapshot *compile(void)
{
    static const struct snapshot_options options = {.keep_map = true};

    struct fuzz_file config = fuzz_file_open(), zone = fuzz_file_open();
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    char text[2048];
    int len = snprintf(text, sizeof(text),
                       "%szones: { example.com: { file: %s, names: { www: app, geo: geo } } }\n"
                       "admin: { listen: [ \"unix:%s\" ] }\n",
                       CONFIG, zone.path, world.socket);
    fuzz_file_write(&config, text, (size_t)len);
    fuzz_file_write(&zone, ZONE, sizeof(ZONE) - 1);
    if (snapshot_compile(config.path, &options, diags, &snapshot) != ERR_OK) {
        diag_print_all(diags, stderr);
        exit(1);
    }
    diag_list_free(diags);
    return snapshot;
}

static void say_nothing(void *ctx, enum log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    (void)line;
}

static void on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    if (world.admin)
        admin_tell(world.admin, event);
}

static void on_overrides(void *ctx)
{
    (void)ctx;
    monitor_overrides_changed(world.monitor);
}

static void on_tick(uv_timer_t *tick)
{
    (void)tick;
}

static void remove_folder(void)
{
    char path[PATH_BYTES];
    if (getpid() != world.owner)
        return;
    (void)unlink(world.socket);
    (void)snprintf(path, sizeof(path), "%s/overrides.json", world.folder);
    (void)unlink(path);
    (void)rmdir(world.folder);
}

/* make_folder - in memory: every change of an override is written. */
static void make_folder(void)
{
    struct stat status;
    bool shared = stat("/dev/shm", &status) == 0 && S_ISDIR(status.st_mode);
    (void)snprintf(world.folder, sizeof(world.folder), "%s/rhumb-fuzz-XXXXXX",
                   shared ? "/dev/shm" : "/tmp");
    if (!mkdtemp(world.folder)) {
        perror("fuzz: no folder");
        exit(1);
    }
    (void)snprintf(world.socket, sizeof(world.socket), "%s/admin.sock", world.folder);
    world.owner = getpid();
    (void)atexit(remove_folder);
}

static enum err open_parts(struct snapshot *snapshot, struct diag_list *diags)
{
    const struct herald herald = {.tell = on_event};
    struct admin_sources sources = {.version = "1",
                                    .process = tell_process,
                                    .reload = reload,
                                    .diff = diff,
                                    .metrics = metrics};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/overrides.json", world.folder);
    enum err err = monitor_new(&world.loop, &herald, &world.monitor);
    if (err == ERR_OK)
        err = history_new(&world.loop, NULL, &world.history);
    if (err == ERR_OK)
        err = overrides_new(&world.loop, path, on_overrides, NULL, &world.overrides);
    if (err == ERR_OK) {
        monitor_set_overrides(world.monitor, world.overrides);
        err = monitor_retarget(world.monitor, snapshot);
    }
    if (err != ERR_OK)
        return err;
    snapshot_publish(world.slot, snapshot);
    sources.slot = world.slot;
    sources.monitor = world.monitor;
    sources.history = world.history;
    sources.overrides = world.overrides;
    return admin_new(&world.loop, &sources, snapshot->config, diags, &world.admin);
}

void admin_world_open(void)
{
    struct diag_list *diags = diag_list_new();
    (void)signal(SIGPIPE, SIG_IGN);
    log_set_sink(say_nothing, NULL);
    make_folder();
    world.answer = malloc(ANSWER_BYTES_MAX);
    world.slot = snapshot_slot_new();
    FUZZ_PROMISE(diags && world.answer && world.slot && uv_loop_init(&world.loop) == 0,
                 "there is memory");
    uv_timer_init(&world.loop, &world.tick);
    enum err err = open_parts(compile(), diags);
    diag_print_all(diags, stderr);
    FUZZ_PROMISE(err == ERR_OK, "the world opens");
    diag_list_free(diags);
}

/* ---- one client ---- */

/* turn - of the loop; idle: something is being done elsewhere, so wait for it a little. */
static void turn(bool idle)
{
    if (idle)
        uv_timer_start(&world.tick, on_tick, IDLE_MS, 0);
    uv_run(&world.loop, idle ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    do_jobs();
}

static int open_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, world.socket, sizeof(world.socket));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_PROMISE(fd >= 0, "there is a socket");
    while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        FUZZ_PROMISE(errno == EAGAIN, "the server listens");
        turn(true);
    }
    return fd;
}

struct client {
    int fd;
    size_t len; /* of the answer so far */
    bool closed;
};

/* take - what came; true: something did. */
static bool take(struct client *client)
{
    size_t before = client->len;
    while (!client->closed) {
        ssize_t len =
            recv(client->fd, world.answer + client->len, ANSWER_BYTES_MAX - 1 - client->len, 0);
        if (len < 0 && errno == EAGAIN)
            break;
        client->closed = len <= 0;
        client->len += len > 0 ? (size_t)len : 0;
    }
    return client->closed || client->len > before;
}

static void put(struct client *client, const uint8_t *bytes, size_t len, size_t piece)
{
    for (size_t at = 0; at < len && !client->closed;) {
        size_t wanted = piece == 0 || piece > len - at ? len - at : piece;
        ssize_t sent = send(client->fd, bytes + at, wanted, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return;
        at += sent > 0 ? (size_t)sent : 0;
        if (at < len) {
            turn(sent < 0);
            (void)take(client);
        }
    }
}

/* is_busy - a change is on its way to the disk. */
static bool is_busy(void)
{
    return overrides_lag_ms(world.overrides) > 0;
}

const char *admin_world_send(const uint8_t *bytes, size_t len, size_t piece, size_t *out_len)
{
    struct client client = {.fd = open_client()};
    put(&client, bytes, len, piece);
    (void)shutdown(client.fd, SHUT_WR);
    for (unsigned idle = 0; !client.closed && (idle < IDLE_TURNS || is_busy()); idle++) {
        turn(idle >= IDLE_TURNS);
        if (take(&client))
            idle = 0;
        FUZZ_PROMISE(idle < WAIT_TURNS_MAX, "what is begun is finished");
    }
    close(client.fd);
    world.answer[client.len] = '\0';
    *out_len = client.len;
    return world.answer;
}

void admin_world_reset(void)
{
    const struct event event = {.kind = "reset"};
    size_t count;
    for (const struct override *list = overrides_get(world.overrides, &count); count > 0;
         list = overrides_get(world.overrides, &count)) {
        size_t before = count;
        struct override first = list[0];
        FUZZ_PROMISE(overrides_remove(world.overrides, &first, NULL, NULL) == ERR_OK,
                     "what is forced can be taken back");
        (void)overrides_get(world.overrides, &count);
        FUZZ_PROMISE(count < before, "and is gone then");
    }
    /* who left a stream is noticed when something happens */
    for (unsigned i = 0; admin_subscriber_count(world.admin) > 0; i++) {
        admin_tell(world.admin, &event);
        turn(i > IDLE_TURNS);
        FUZZ_PROMISE(i < WAIT_TURNS_MAX, "who left is noticed");
    }
}
