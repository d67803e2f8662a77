#include "history_book.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "rhumb/hash.h"

enum { BUCKET_COUNT = 16384, RING_MIN = 4 };

struct record {
    uint64_t time_ms;
    char *texts; /* owned: from, to, reason, each with its zero byte */
    uint32_t line_bytes;
};

struct target {
    SLIST_ENTRY(target) in_bucket;
    TAILQ_ENTRY(target) in_order;
    uint64_t key;
    char *names;         /* owned: address, check, each with its zero byte */
    struct record *ring; /* capacity records; the oldest at first */
    uint32_t capacity, count, first;
};

SLIST_HEAD(bucket, target);
TAILQ_HEAD(order, target);

struct history_book {
    struct bucket buckets[BUCKET_COUNT];
    struct order order; /* the longest quiet first */
    size_t target_count, entry_count;
    uint64_t line_bytes;
};

/* ---- texts ---- */

size_t history_book_fit(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len <= max)
        return len;
    for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    return len;
}

/* pack - copies of texts, one behind the other; NULL when out of memory. */
static char *pack(const char *const *texts, const size_t *max, size_t count)
{
    size_t lens[3], total = 0;
    for (size_t i = 0; i < count; i++) {
        lens[i] = history_book_fit(texts[i], max[i]);
        total += lens[i] + 1;
    }
    char *packed = malloc(total), *at = packed;
    for (size_t i = 0; packed && i < count; i++) {
        memcpy(at, texts[i], lens[i]);
        at[lens[i]] = '\0';
        at += lens[i] + 1;
    }
    return packed;
}

static const char *behind(const char *text)
{
    return text + strlen(text) + 1;
}

static char *pack_names(const struct history_entry *entry)
{
    static const size_t max[] = {HISTORY_NAME_BYTES, HISTORY_NAME_BYTES};
    const char *const texts[] = {entry->address, entry->check};
    return pack(texts, max, 2);
}

static char *pack_texts(const struct history_entry *entry)
{
    static const size_t max[] = {HISTORY_STATE_BYTES, HISTORY_STATE_BYTES,
                                 HISTORY_REASON_BYTES};
    const char *const texts[] = {entry->from, entry->to, entry->reason};
    return pack(texts, max, 3);
}

/* unpack - the i-th record, 0 the oldest, as an entry. */
static struct history_entry unpack(const struct target *target, uint32_t i)
{
    const struct record *record = &target->ring[(target->first + i) % target->capacity];
    struct history_entry entry = {
        .time_ms = record->time_ms,
        .key = target->key,
        .address = target->names,
        .check = behind(target->names),
        .from = record->texts,
    };
    entry.to = behind(entry.from);
    entry.reason = behind(entry.to);
    return entry;
}

/* ---- targets ---- */

static struct bucket *bucket_of(const struct history_book *book, uint64_t key)
{
    const struct bucket *bucket = &book->buckets[hash_mix(key) % BUCKET_COUNT];
    return (struct bucket *)(uintptr_t)bucket; /* who changes it has the book to change */
}

static struct target *find_target(const struct history_book *book, uint64_t key)
{
    struct target *target;
    SLIST_FOREACH(target, bucket_of(book, key), in_bucket)
    if (target->key == key)
        return target;
    return NULL;
}

static void drop_oldest(struct history_book *book, struct target *target)
{
    struct record *oldest = &target->ring[target->first];
    book->line_bytes -= oldest->line_bytes;
    book->entry_count--;
    free(oldest->texts);
    target->first = (target->first + 1) % target->capacity;
    target->count--;
}

static void drop_target(struct history_book *book, struct target *target)
{
    while (target->count > 0)
        drop_oldest(book, target);
    SLIST_REMOVE(bucket_of(book, target->key), target, target, in_bucket);
    TAILQ_REMOVE(&book->order, target, in_order);
    book->target_count--;
    free(target->ring);
    free(target->names);
    free(target);
}

static struct target *new_target(struct history_book *book, const struct history_entry *entry)
{
    struct target *target = calloc(1, sizeof(*target));
    char *names = pack_names(entry);
    if (!target || !names) {
        free(target);
        free(names);
        return NULL;
    }
    if (book->target_count == HISTORY_TARGETS_MAX)
        drop_target(book, TAILQ_FIRST(&book->order));
    target->key = entry->key;
    target->names = names;
    SLIST_INSERT_HEAD(bucket_of(book, entry->key), target, in_bucket);
    TAILQ_INSERT_TAIL(&book->order, target, in_order);
    book->target_count++;
    return target;
}

/* rename_target - a check may have got another name; without memory it keeps the old one. */
static void rename_target(struct target *target, const struct history_entry *entry)
{
    char *names = pack_names(entry);
    if (!names)
        return;
    free(target->names);
    target->names = names;
}

/* make_room - for one more record. */
static bool make_room(struct history_book *book, struct target *target)
{
    bool is_full = target->count == HISTORY_PER_TARGET;
    if (target->count > 0 && (is_full || book->entry_count >= HISTORY_ENTRIES_MAX))
        drop_oldest(book, target);
    if (target->count < target->capacity)
        return true;
    uint32_t capacity = target->capacity == 0 ? RING_MIN : target->capacity * 2;
    if (capacity > HISTORY_PER_TARGET)
        capacity = HISTORY_PER_TARGET;
    struct record *ring = malloc(capacity * sizeof(*ring));
    if (!ring)
        return false;
    for (uint32_t i = 0; i < target->count; i++)
        ring[i] = target->ring[(target->first + i) % target->capacity];
    free(target->ring);
    target->ring = ring;
    target->capacity = capacity;
    target->first = 0;
    return true;
}

/* ---- the book ---- */

struct history_book *history_book_new(void)
{
    struct history_book *book = calloc(1, sizeof(*book));
    if (book)
        TAILQ_INIT(&book->order);
    return book;
}

void history_book_free(struct history_book *book)
{
    if (!book)
        return;
    while (!TAILQ_EMPTY(&book->order))
        drop_target(book, TAILQ_FIRST(&book->order));
    free(book);
}

static bool has_names_of(const struct target *target, const struct history_entry *entry)
{
    return strcmp(target->names, entry->address) == 0 &&
           strcmp(behind(target->names), entry->check) == 0;
}

enum err history_book_add(struct history_book *book, const struct history_entry *entry,
                          size_t line_bytes)
{
    char *texts = pack_texts(entry);
    if (!texts)
        return ERR_NO_MEMORY;
    struct target *target = find_target(book, entry->key);
    bool is_new = !target;
    if (is_new)
        target = new_target(book, entry);
    if (!target || !make_room(book, target)) {
        if (target && is_new)
            drop_target(book, target);
        free(texts);
        return ERR_NO_MEMORY;
    }
    if (!is_new && !has_names_of(target, entry))
        rename_target(target, entry);
    target->ring[(target->first + target->count++) % target->capacity] = (struct record){
        .time_ms = entry->time_ms, .texts = texts, .line_bytes = (uint32_t)line_bytes};
    book->entry_count++;
    book->line_bytes += (uint32_t)line_bytes;
    TAILQ_REMOVE(&book->order, target, in_order);
    TAILQ_INSERT_TAIL(&book->order, target, in_order);
    return ERR_OK;
}

size_t history_book_get(const struct history_book *book, uint64_t key,
                        struct history_entry *out_entries, size_t max)
{
    const struct target *target = find_target(book, key);
    size_t count = 0;
    for (uint32_t i = target ? target->count : 0; i > 0 && count < max; i--)
        out_entries[count++] = unpack(target, i - 1);
    return count;
}

void history_book_each(const struct history_book *book,
                       void (*visit)(void *ctx, const struct history_entry *entry,
                                     size_t line_bytes),
                       void *ctx)
{
    struct target *target;
    TAILQ_FOREACH(target, &book->order, in_order)
    for (uint32_t i = 0; i < target->count; i++) {
        struct history_entry entry = unpack(target, i);
        visit(ctx, &entry, target->ring[(target->first + i) % target->capacity].line_bytes);
    }
}

uint64_t history_book_line_bytes(const struct history_book *book)
{
    return book->line_bytes;
}
