/* For any sequence of forks, settings and releases:
 *
 * Each version of a table finds for every name and type what a list that is walked finds, whatever
 * has been done to later versions since; and who has set the first version to the last has all
 * entries back once the versions are released, each held by nobody else. Where there is no memory, the
 * table is as it was. Linked with --wrap for calloc and aligned_alloc, which then fail as told.
 *
 * For any octets: `labels_read` takes what a plain reader takes for a name, has its labels, and the same
 * hashes whatever the letter case, whatever stands behind it and whatever was in the memory before.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "owes.h"
#include "table.h"

enum {
    ENTRIES = 8,
    VERSIONS = 4,
    MOST_SET = 320, /* enough to have a table grow twice */
    MOST_AT_ONCE = 160,
    MOST_FOUND = 40, /* of those set, when a version is checked */
    RECIPE_OCTETS = 4, /* what is done to which version; the name; the type; the entry */
    LONGEST_MADE = 64,
};

/* A name in lower case, as the model knows it. */
struct plain {
    size_t octets;
    uint8_t folded[LONGEST_MADE];
};

/* What was set: the newest of the same name, type and place counts. */
struct set {
    struct plain name;
    int32_t rtype;
    bool beneath;
    struct entry *entry;
};

struct version {
    struct table *table; /* NULL: released, or never made */
    size_t count, names;
    struct set sets[MOST_SET];
};

static struct version versions[VERSIONS];
static struct entry *entries[ENTRIES];

/* -- memory --------------------------------------------------------------------------------------- */

static unsigned failing; /* the how manieth allocation from now on; 0: none */

void *__real_calloc(size_t count, size_t octets);
void *__real_aligned_alloc(size_t alignment, size_t octets);
void *__wrap_calloc(size_t count, size_t octets);
void *__wrap_aligned_alloc(size_t alignment, size_t octets);

void *__wrap_calloc(size_t count, size_t octets) {
    return failing && !--failing ? NULL : __real_calloc(count, octets);
}

void *__wrap_aligned_alloc(size_t alignment, size_t octets) {
    return failing && !--failing ? NULL : __real_aligned_alloc(alignment, octets);
}

/* -- names ---------------------------------------------------------------------------------------- */

/* How many octets of `name` are one; 0: it is none. */
static size_t plain_name(const uint8_t *name, size_t octets) {
    for (size_t at = 0; at < octets && at < 255;) {
        if (name[at] > 63) return 0;
        if (!name[at]) return at + 1;
        at += 1u + name[at];
    }
    return 0;
}

static void check_labels(const uint8_t *name, size_t octets) {
    struct labels labels, upper;
    uint8_t *shouted = malloc(octets + 1); /* its end is watched, but for one octet */
    OWES(shouted);
    memset(&labels, 0x00, sizeof labels);
    memset(&upper, 0xff, sizeof upper);
    const size_t is_name = plain_name(name, octets);
    OWES(labels_read(name, name + octets, &labels) == (is_name > 0));
    for (size_t at = 0; at < is_name;) {
        const size_t end = at + 1u + name[at];
        for (shouted[at] = name[at], at++; at < end; at++) shouted[at] = (uint8_t)toupper(name[at]);
    }
    if (is_name) {
        OWES(labels_read(shouted, shouted + is_name, &upper));
        OWES(labels.octets == is_name && upper.octets == is_name && labels.count == upper.count);
        size_t at = 0;
        for (unsigned i = 0; i < labels.count; i++) {
            OWES(labels.starts[i] == at && upper.starts[i] == at);
            OWES(labels.hashes[i] == upper.hashes[i]);
            at += 1u + name[at];
        }
        OWES(at == is_name);
        for (size_t i = 0; i < is_name; i++) {
            OWES(labels.folded[i] == upper.folded[i]);
            OWES(labels.folded[i] == (uint8_t)tolower(name[i])); /* lengths are no letters */
        }
    }
    free(shouted);
}

/* A name of few, so that they meet: up to three labels that `chosen` chooses, below them a number. */
static struct plain name_make(uint8_t chosen, unsigned number) {
    static const char *const labels[] = {"\1a", "\3www", "\7longish", "\10exactly8"};
    struct plain name = {0};
    if (number) {
        name.folded[0] = 2;
        name.folded[1] = (uint8_t)('0' + number % 16);
        name.folded[2] = (uint8_t)(0x80 + number / 16);
        name.octets = 3;
    }
    for (unsigned left = chosen & 3; left > 0; left--) {
        const char *label = labels[(chosen >>= 2) & 3];
        memcpy(name.folded + name.octets, label, 1u + (unsigned)*label);
        name.octets += 1u + (unsigned)*label;
    }
    name.octets++;
    return name;
}

static struct labels read(const struct plain *name) {
    struct labels labels;
    OWES(labels_read(name->folded, name->folded + name->octets, &labels));
    return labels;
}

/* -- the model ------------------------------------------------------------------------------------ */

/* Whether what is left of `name` from `at` on is `other`. */
static bool is_from(const struct plain *name, size_t at, const struct plain *other) {
    const size_t octets = name->octets - at;
    return octets == other->octets && !memcmp(name->folded + at, other->folded, octets);
}

/* The newest that is set for the name from `at` on; NULL: none. */
static struct entry *newest(const struct version *version, const struct plain *name, size_t at,
                            int32_t rtype, bool beneath) {
    for (size_t i = version->count; i-- > 0;) {
        const struct set *set = &version->sets[i];
        if (set->rtype == rtype && set->beneath == beneath && is_from(name, at, &set->name))
            return set->entry;
    }
    return NULL;
}

static const struct entry *model_find(const struct version *version, const struct plain *name,
                                      uint16_t rtype) {
    for (size_t at = 0; at < name->octets; at += 1u + name->folded[at]) {
        const bool beneath = at > 0;
        const struct entry *entry = newest(version, name, at, rtype, beneath);
        if (!entry) entry = newest(version, name, at, TYPE_ABSENT, beneath);
        if (entry) return entry;
    }
    return NULL;
}

static void model_set(struct version *version, const struct set *set) {
    bool is_new = true;
    for (size_t i = 0; i < version->count && is_new; i++)
        is_new = !is_from(&set->name, 0, &version->sets[i].name);
    version->names += is_new;
    version->sets[version->count++] = *set;
}

/* -- what is done --------------------------------------------------------------------------------- */

static void check_find(const struct version *version, const struct plain *name, uint16_t rtype) {
    const struct labels labels = read(name);
    OWES(table_find(version->table, &labels, rtype) == model_find(version, name, rtype));
}

static void check_version(const struct version *version) {
    OWES(table_names(version->table) == version->names);
    for (size_t i = 0; i < version->count; i += 1 + version->count / MOST_FOUND)
        check_find(version, &version->sets[i].name, (uint16_t)(version->sets[i].rtype & 3));
}

static void release(struct version *version) {
    if (version->table) check_version(version);
    table_release(version->table);
    version->table = NULL;
    version->count = version->names = 0;
}

/* False without memory: the allocation of number `fails` does not work. */
static bool fork_into(struct version *after, const struct version *before, unsigned fails) {
    static const struct secrets none = {0};
    if (after == before) return true;
    release(after);
    failing = fails;
    after->table = table_fork(before->table, &none);
    OWES(!after->table == (fails && !failing));
    failing = 0;
    if (!after->table) return false;
    after->count = before->count;
    after->names = before->names;
    memcpy(after->sets, before->sets, before->count * sizeof *before->sets);
    return true;
}

static void set(struct version *version, const uint8_t *recipe, unsigned number) {
    if (version->count == MOST_SET) return;
    const struct set set = {
        .name = name_make(recipe[1], number),
        .rtype = recipe[2] & 8 ? TYPE_ABSENT : recipe[2] & 3,
        .beneath = recipe[2] & 4,
        .entry = recipe[2] & 0x80 ? &left_to_reference : entries[recipe[3] % ENTRIES],
    };
    const struct labels labels = read(&set.name);
    const unsigned fails = recipe[2] & 0x40 ? 1 + (recipe[3] >> 5) : 0;
    failing = fails;
    const bool is_set = table_set(version->table, &labels, set.rtype, set.beneath, set.entry);
    OWES(is_set == (!fails || failing));
    failing = 0;
    if (is_set) model_set(version, &set);
    OWES(table_names(version->table) == version->names);
    check_find(version, &set.name, (uint16_t)(set.rtype & 3));
}

/* Takes one step; only the newest version may be set, for the others may be read. */
static unsigned step(const uint8_t *recipe, unsigned newest_version) {
    struct version *latest = &versions[newest_version];
    struct version *other = &versions[recipe[0] >> 3 & 3];
    switch (recipe[0] >> 5 & 7) {
    case 0:
        if (fork_into(other, latest, recipe[2] & 3)) return (unsigned)(other - versions);
        break;
    case 1:
        if (other != latest) release(other);
        break;
    case 2:
        for (unsigned i = 1; i <= recipe[3] * 2u && i <= MOST_AT_ONCE; i++) set(latest, recipe, i);
        break;
    case 3:
    case 4:
        if (other->table) {
            const struct plain name = name_make(recipe[1], recipe[3] & 1);
            check_find(other, &name, recipe[2] & 3);
        }
        break;
    default: set(latest, recipe, 0);
    }
    return newest_version;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct secrets none = {0};
    check_labels(data, size);
    for (int i = 0; i < ENTRIES; i++) OWES(entries[i] = entry_new(1, 0, 0));
    OWES(versions[0].table = table_new(&none, NULL, 0));
    unsigned latest = 0;
    for (size_t at = 0; at + RECIPE_OCTETS <= size; at += RECIPE_OCTETS)
        latest = step(data + at, latest);
    for (int i = 0; i < VERSIONS; i++) release(&versions[i]);
    for (int i = 0; i < ENTRIES; i++) {
        OWES(entries[i]->uses == 1);
        entry_release(entries[i]);
    }
    return 0;
}
