#include "service_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/clock.h"
#include "rhumb/overrides.h"

#include "monitor_gone.h"
#include "monitor_overrides.h"

enum { START_MS = 1000 * 1000, SECOND_MS = 1000 };

struct snapshot *service_bed_compile(const struct service_bed *bed, const char *services)
{
    char path[TEMP_PATH_MAX];
    temp_printf(&bed->folder, "rhumb.yaml",
                "regions: {eu: {country: DE}, us: {country: US}, ap: {country: JP},\n"
                "          us-east: {country: CA}}\n"
                "checks: {web: {tcp: {port: 80}}}\n"
                "services:\n%s",
                services);
    return app_compile(temp_path(&bed->folder, "rhumb.yaml", path));
}

void service_bed_open(struct service_bed *bed, const char *services)
{
    *bed = (struct service_bed){.now_ms = START_MS};
    test_log_open();
    temp_folder_open(&bed->folder);
    bed->snapshot = service_bed_compile(bed, services);
    bed->services =
        monitor_services_new(bed->snapshot, NULL, &(struct herald){.tell = app_tell});
    assert_non_null(bed->services);
}

void service_bed_close(struct service_bed *bed)
{
    monitor_services_free(bed->services);
    snapshot_free(bed->snapshot);
    temp_folder_close(&bed->folder);
    test_log_close();
}

void service_bed_reload(struct service_bed *bed, const char *services)
{
    struct snapshot *snapshot = service_bed_compile(bed, services);
    struct monitor_services *fresh =
        monitor_services_new(snapshot, bed->services, &(struct herald){.tell = app_tell});
    assert_non_null(fresh);
    static const struct machine_set no_machines;
    const struct herald herald = {.tell = app_tell};
    monitor_gone_tell(&(struct monitor_gone){.herald = &herald,
                                             .old_machines = &no_machines,
                                             .machines = &no_machines,
                                             .old_services = bed->services,
                                             .services = fresh});
    monitor_services_free(bed->services);
    snapshot_free(bed->snapshot);
    bed->services = fresh;
    bed->snapshot = snapshot;
}

static size_t service_index(const struct service_bed *bed, const char *service)
{
    const struct config *config = bed->snapshot->config;
    for (size_t i = 0; i < config->service_count; i++)
        if (strcmp(config->services[i].name, service) == 0)
            return i;
    fail_msg("there is no service %s", service);
    return 0;
}

static uint8_t region_index(const struct config_service *service, const char *region)
{
    for (uint8_t i = 0; i < service->region_count; i++)
        if (strcmp(service->regions[i].name, region) == 0)
            return i;
    fail_msg("%s has no region %s", service->name, region);
    return 0;
}

struct monitor_service *service_bed_service(const struct service_bed *bed, const char *service)
{
    return &bed->services->list[service_index(bed, service)];
}

struct health_region *service_bed_region(const struct service_bed *bed, const char *service,
                                         const char *region)
{
    size_t index = service_index(bed, service);
    uint8_t at = region_index(&bed->snapshot->config->services[index], region);
    return &bed->services->list[index].guard.regions[at];
}

uint32_t service_bed_seat(const struct service_bed *bed, const char *service,
                          const char *region, size_t nth)
{
    size_t index = service_index(bed, service), seen = 0;
    uint8_t at = region_index(&bed->snapshot->config->services[index], region);
    const uint32_t *seats = bed->snapshot->service_seats;
    for (uint32_t i = seats[index]; i < seats[index + 1]; i++)
        if (bed->snapshot->seats[i].region == at && seen++ == nth)
            return i;
    fail_msg("%s %s has no endpoint %zu", service, region, nth);
    return 0;
}

health_word service_bed_word(const struct service_bed *bed, const char *service,
                             const char *region, size_t nth)
{
    return health_table_get(&bed->snapshot->health,
                            service_bed_seat(bed, service, region, nth));
}

void service_bed_set(struct service_bed *bed, uint32_t seat, enum health_state state)
{
    struct health_seat now = bed->services->seats[seat];
    now.state = state;
    now.usable = state != HEALTH_DOWN && state != HEALTH_HELD;
    now.suspect = state == HEALTH_SUSPECT;
    monitor_services_set_seat(bed->services, seat, &now);
}

void service_bed_set_all(struct service_bed *bed, const char *service, const char *region,
                         enum health_state state)
{
    const struct health_guard *guard = &service_bed_service(bed, service)->guard;
    uint32_t first = service_bed_service(bed, service)->first_seat;
    uint8_t at = bed->snapshot->seats[service_bed_seat(bed, service, region, 0)].region;
    for (uint32_t i = 0; i < guard->seat_count; i++)
        if (guard->seats[i].region == at)
            service_bed_set(bed, first + i, state);
}

void service_bed_review(struct service_bed *bed, enum health_freeze freeze)
{
    test_log_open();
    bed->now_ms += SECOND_MS;
    monitor_services_review(bed->services, freeze, bed->now_ms);
}

void service_bed_override(struct service_bed *bed, const char *file)
{
    char path[TEMP_PATH_MAX];
    struct test_loop loop;
    struct overrides *overrides;
    const struct monitor_moment now = {.wall_ms = clock_wall_ms(), .steady_ms = bed->now_ms};
    test_log_open();
    test_loop_open(&loop);
    temp_replace(&bed->folder, "overrides.json", file);
    assert_int_equal(overrides_new(&loop.uv, temp_path(&bed->folder, "overrides.json", path),
                                   NULL, NULL, &overrides),
                     ERR_OK);
    monitor_overrides_apply(bed->services, overrides, &now);
    overrides_close(overrides);
    test_loop_close(&loop);
    bed->now_ms += SECOND_MS;
    monitor_services_review(bed->services, HEALTH_FREEZE_NONE, bed->now_ms);
}
