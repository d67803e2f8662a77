/* pattern.c - see pattern.h. The parser makes no tree: each rule of the grammar returns what
 * Glushkov's construction needs to know of its part.
 *
 *   alternatives = sequence { "|" sequence }
 *   sequence     = repeated { repeated }
 *   repeated     = atom [ "*" | "+" | "?" | "{n,m}" ]       x{2,4} is parsed 4 times: x x x? x?
 *   atom         = "(" alternatives ")" | "[" bracket "]" | "." | "^" | "$" | character
 */
#include "rhumb/pattern.h"

#include <ctype.h>
#include <string.h>

enum {
    SYMBOL_BEGIN = 256,
    SYMBOL_END,
    WORD_BITS = 64,
    GROUPS_MAX = 32, /* open at once */
    WITHOUT_END = -1,
};

static const char SPECIAL[] = ".[]()|*+?{}^$\\";

/* What is known of a part of the pattern. */
struct part {
    struct pattern_set first, last;
    bool can_be_empty;
};

struct parser {
    struct pattern *pattern;
    const char *text, *at;
    unsigned groups;
    struct pattern_fault fault; /* the first one sticks */
};

/* ---- sets ---- */

static void set_add(struct pattern_set *set, size_t position)
{
    set->words[position / WORD_BITS] |= UINT64_C(1) << position % WORD_BITS;
}

static bool set_has(const struct pattern_set *set, size_t position)
{
    return set->words[position / WORD_BITS] >> position % WORD_BITS & 1;
}

static void set_join(struct pattern_set *set, const struct pattern_set *other)
{
    for (size_t i = 0; i < PATTERN_POSITIONS_MAX / WORD_BITS; i++)
        set->words[i] |= other->words[i];
}

static void set_cut(struct pattern_set *set, const struct pattern_set *other)
{
    for (size_t i = 0; i < PATTERN_POSITIONS_MAX / WORD_BITS; i++)
        set->words[i] &= other->words[i];
}

/* set_meets - have they a position in common? */
static bool set_meets(const struct pattern_set *a, const struct pattern_set *b)
{
    uint64_t common = 0;
    for (size_t i = 0; i < PATTERN_POSITIONS_MAX / WORD_BITS; i++)
        common |= a->words[i] & b->words[i];
    return common != 0;
}

/* ---- parts ---- */

static void fail(struct parser *parser, const char *why)
{
    if (parser->fault.why)
        return;
    parser->fault.why = why;
    parser->fault.offset = (size_t)(parser->at - parser->text);
}

/* link_parts - what begins with first may come after what ends with last. */
static void link_parts(struct parser *parser, const struct pattern_set *last,
                       const struct pattern_set *first)
{
    for (size_t i = 0; i < parser->pattern->count; i++)
        if (set_has(last, i))
            set_join(&parser->pattern->follow[i], first);
}

/* append - part, and after it next. */
static void append(struct parser *parser, struct part *part, const struct part *next)
{
    link_parts(parser, &part->last, &next->first);
    if (part->can_be_empty)
        set_join(&part->first, &next->first);
    if (next->can_be_empty)
        set_join(&part->last, &next->last);
    else
        part->last = next->last;
    part->can_be_empty = part->can_be_empty && next->can_be_empty;
}

/* new_position - a part of one position, which takes no symbol yet. */
static struct part new_position(struct parser *parser, size_t *out_position)
{
    struct part part = {0};
    *out_position = 0;
    if (parser->pattern->count == PATTERN_POSITIONS_MAX) {
        fail(parser, "the pattern is too long, repetitions included");
        return part;
    }
    *out_position = parser->pattern->count++;
    set_add(&part.first, *out_position);
    set_add(&part.last, *out_position);
    return part;
}

static struct part one_symbol(struct parser *parser, unsigned symbol)
{
    size_t position;
    struct part part = new_position(parser, &position);
    set_add(&parser->pattern->takes[symbol], position);
    parser->at++;
    return part;
}

static struct part any_byte(struct parser *parser)
{
    size_t position;
    struct part part = new_position(parser, &position);
    for (size_t byte = 0; byte < 256; byte++)
        set_add(&parser->pattern->takes[byte], position);
    parser->at++;
    return part;
}

static struct part escaped(struct parser *parser)
{
    if (parser->at[1] == '\0' || !strchr(SPECIAL, parser->at[1])) {
        fail(parser, "a backslash stands before one of .[]()|*+?{}^$\\ only");
        return (struct part){0};
    }
    parser->at++;
    return one_symbol(parser, (unsigned char)*parser->at);
}

/* ---- brackets ---- */

/* parse_class - "[:alpha:]" into bytes; false when there is none of that name. */
static bool parse_class(struct parser *parser, bool bytes[256])
{
    static const struct {
        const char *name;
        int (*holds)(int);
    } classes[] = {
        {"[:alnum:]", isalnum}, {"[:alpha:]", isalpha}, {"[:blank:]", isblank},
        {"[:cntrl:]", iscntrl}, {"[:digit:]", isdigit}, {"[:graph:]", isgraph},
        {"[:lower:]", islower}, {"[:print:]", isprint}, {"[:punct:]", ispunct},
        {"[:space:]", isspace}, {"[:upper:]", isupper}, {"[:xdigit:]", isxdigit},
    };

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t len = strlen(classes[i].name);
        if (strncmp(parser->at, classes[i].name, len) != 0)
            continue;
        for (int byte = 0; byte < 128; byte++)
            bytes[byte] = bytes[byte] || classes[i].holds(byte);
        parser->at += len;
        return true;
    }
    return false;
}

/* parse_range - "a" or "a-z" into bytes. */
static void parse_range(struct parser *parser, bool bytes[256])
{
    unsigned char low = (unsigned char)*parser->at, high = low;
    if (parser->at[1] == '-' && parser->at[2] != ']' && parser->at[2] != '\0') {
        high = (unsigned char)parser->at[2];
        if (high < low || (high == '[' && strchr(".=:", parser->at[3])))
            fail(parser, "a range goes from the lower to the higher byte");
        parser->at += 2;
    }
    for (unsigned byte = low; byte <= high; byte++)
        bytes[byte] = true;
    parser->at++;
}

static struct part bracket(struct parser *parser)
{
    bool bytes[256] = {false};
    const char *open = parser->at++;
    bool inverted = *parser->at == '^';
    parser->at += inverted;
    const char *begin = parser->at; /* here a ']' is one of the bytes */
    while (!parser->fault.why && (*parser->at != ']' || parser->at == begin)) {
        if (*parser->at == '\0') {
            parser->at = open;
            fail(parser, "this '[' is never closed");
        } else if (*parser->at == '[' && strchr(".=:", parser->at[1]) && parser->at[1]) {
            if (!parse_class(parser, bytes))
                fail(parser, "there is no such class of characters");
        } else {
            parse_range(parser, bytes);
        }
    }
    size_t position;
    struct part part = new_position(parser, &position);
    for (size_t byte = 0; byte < 256; byte++)
        if (bytes[byte] != inverted)
            set_add(&parser->pattern->takes[byte], position);
    parser->at += !parser->fault.why;
    return part;
}

/* ---- the grammar ---- */

static struct part alternatives(struct parser *parser);

static struct part group(struct parser *parser)
{
    const char *open = parser->at++;
    if (++parser->groups > GROUPS_MAX)
        fail(parser, "too many groups in each other");
    struct part part = parser->fault.why ? (struct part){0} : alternatives(parser);
    parser->groups--;
    if (!parser->fault.why && *parser->at != ')') {
        parser->at = open;
        fail(parser, "this '(' is never closed");
    }
    parser->at += !parser->fault.why;
    return part;
}

static struct part atom(struct parser *parser)
{
    switch (*parser->at) {
    case '(': return group(parser);
    case '[': return bracket(parser);
    case '.': return any_byte(parser);
    case '^': return one_symbol(parser, SYMBOL_BEGIN);
    case '$': return one_symbol(parser, SYMBOL_END);
    case '\\': return escaped(parser);
    case '*':
    case '+':
    case '?':
    case '{': fail(parser, "there is nothing here to repeat"); return (struct part){0};
    case '\0':
    case '|':
    case ')': fail(parser, "something must stand here"); return (struct part){0};
    default: return one_symbol(parser, (unsigned char)*parser->at);
    }
}

/* parse_count - decimal digits; more than fits is cut, and too much later. */
static int parse_count(struct parser *parser, int otherwise)
{
    int count = 0;
    if (!isdigit((unsigned char)*parser->at))
        return otherwise;
    for (; isdigit((unsigned char)*parser->at); parser->at++)
        count = count > PATTERN_POSITIONS_MAX ? count : count * 10 + (*parser->at - '0');
    return count;
}

/* parse_repetition - how often: false when the atom stands alone. */
static bool parse_repetition(struct parser *parser, int *out_least, int *out_most)
{
    static const char signs[] = "*+?{";

    const char *sign = *parser->at ? strchr(signs, *parser->at) : NULL;
    if (!sign || parser->fault.why)
        return false;
    const char *open = parser->at++;
    *out_least = *sign == '+';
    *out_most = *sign == '?' ? 1 : WITHOUT_END;
    if (*sign != '{')
        return true;
    *out_least = *out_most = parse_count(parser, WITHOUT_END);
    if (*parser->at == ',') {
        parser->at++;
        *out_most = parse_count(parser, WITHOUT_END);
    }
    bool closed = *parser->at == '}';
    bool makes_sense = *out_least != WITHOUT_END && *out_most != 0 &&
                       (*out_most == WITHOUT_END || *out_most >= *out_least);
    parser->at = closed && makes_sense ? parser->at + 1 : open;
    if (!closed || !makes_sense)
        fail(parser, "write {n}, {n,} or {n,m} with n at most m, and m not 0");
    return true;
}

/* repeated - an atom as often as the sign behind it says: once for each time that must or may
 * be, the last one again and again when there is no end. */
static struct part repeated(struct parser *parser)
{
    const char *start = parser->at;
    int least = 1, most = 1;
    struct part copy = atom(parser), all = {.can_be_empty = true};
    if (!parse_repetition(parser, &least, &most))
        return copy;
    const char *end = parser->at;
    int copies = most != WITHOUT_END ? most : least > 0 ? least : 1;
    for (int i = 0; i < copies && !parser->fault.why; i++) {
        parser->at = start;
        if (i > 0)
            copy = atom(parser);
        if (most == WITHOUT_END && i == copies - 1)
            link_parts(parser, &copy.last, &copy.first);
        copy.can_be_empty = copy.can_be_empty || i >= least;
        append(parser, &all, &copy);
        parser->at = end;
    }
    if (!parser->fault.why && *parser->at && strchr("*+?{", *parser->at))
        fail(parser, "one repetition is enough");
    return all;
}

static struct part sequence(struct parser *parser)
{
    struct part all = repeated(parser);
    while (!parser->fault.why && *parser->at != '\0' && *parser->at != '|' &&
           *parser->at != ')') {
        struct part next = repeated(parser);
        append(parser, &all, &next);
    }
    return all;
}

static struct part alternatives(struct parser *parser)
{
    struct part all = sequence(parser);
    while (!parser->fault.why && *parser->at == '|') {
        parser->at++;
        struct part other = sequence(parser);
        set_join(&all.first, &other.first);
        set_join(&all.last, &other.last);
        all.can_be_empty = all.can_be_empty || other.can_be_empty;
    }
    return all;
}

/* begins_found - found before the first byte, as "^" is? */
static bool begins_found(const struct pattern *pattern)
{
    struct pattern_search search;
    pattern_start(&search, pattern);
    return search.found;
}

bool pattern_compile(const char *text, struct pattern *out_pattern,
                     struct pattern_fault *out_fault)
{
    struct parser parser = {.pattern = out_pattern, .text = text, .at = text};
    *out_pattern = (struct pattern){0};
    struct part all = alternatives(&parser);
    if (!parser.fault.why && *parser.at == ')')
        fail(&parser, "this ')' closes nothing");
    out_pattern->first = all.first;
    out_pattern->last = all.last;
    parser.at = text;
    if (!parser.fault.why && (all.can_be_empty || begins_found(out_pattern)))
        fail(&parser, "it matches where nothing stands, and so everything");
    if (parser.fault.why)
        *out_fault = parser.fault;
    return !parser.fault.why;
}

/* ---- searching ---- */

/* follow_up - what may come next: whatever follows where we are, or begins here. */
static struct pattern_set follow_up(const struct pattern *pattern, const struct pattern_set *at)
{
    struct pattern_set next = pattern->first;
    for (size_t i = 0; i < PATTERN_POSITIONS_MAX / WORD_BITS; i++)
        for (uint64_t left = at->words[i]; left != 0; left &= left - 1)
            set_join(&next, &pattern->follow[i * WORD_BITS + (size_t)__builtin_ctzll(left)]);
    return next;
}

static void step(struct pattern_search *search, unsigned symbol)
{
    const struct pattern *pattern = search->pattern;
    search->at = follow_up(pattern, &search->at);
    set_cut(&search->at, &pattern->takes[symbol]);
    search->found = set_meets(&search->at, &pattern->last);
}

/* step_at_end - one end of the text, which any number of anchors in a row may take: "^(^a|b)".
 */
static void step_at_end(struct pattern_search *search, unsigned symbol)
{
    struct pattern_set before = search->at, all = {0};
    for (size_t i = 0; i < search->pattern->count; i++) {
        step(search, symbol);
        set_join(&all, &search->at);
        search->at = before;
        set_join(&search->at, &all);
    }
    search->at = all;
    search->found = set_meets(&all, &search->pattern->last);
}

void pattern_start(struct pattern_search *search, const struct pattern *pattern)
{
    *search = (struct pattern_search){.pattern = pattern};
    step_at_end(search, SYMBOL_BEGIN);
}

bool pattern_feed(struct pattern_search *search, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !search->found; i++)
        step(search, (unsigned char)bytes[i]);
    return search->found;
}

bool pattern_end(struct pattern_search *search)
{
    if (!search->found)
        step_at_end(search, SYMBOL_END);
    return search->found;
}
