#include "table.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PAGES = 1,
    LEAST_SLOTS_OF_A_NAME = 2, /* half are empty, so that chains are short */
    CACHE_LINE = 64,
    FETCHED_OF_A_NAME = 64, /* its types and octets: what most have */
    FETCHED_OF_SECTIONS = 64,
    FETCHED_OF_TURNS = 128,
};

struct typed {
    uint16_t rtype;
    struct entry *entry;
};

/* What answers at a name, or beneath it: by type, and for the types that are absent. */
struct answers {
    struct entry *absent; /* NULL: none */
    uint32_t count;
    struct typed *typed;
};

/* One name and its entries; what follows it in memory is its own. */
struct name {
    _Atomic size_t uses;
    struct answers at, beneath;
    uint32_t octets;
    uint8_t *folded;
};

struct slot {
    uint32_t hash;
    struct name *name; /* NULL: empty */
};

struct page {
    _Alignas(64) struct slot slots[SLOTS_OF_A_PAGE]; /* as cache lines hold them */
    _Atomic size_t uses;
};

struct table {
    struct secrets secrets;
    size_t names;
    uint32_t n_pages;      /* a power of two */
    uint32_t most_labels;  /* of any name: longer ones need not be looked for */
    struct page **pages;
    size_t nsid_octets;
    uint8_t *nsid;
};

struct entry left_to_reference = {.uses = 1};

/* Whoever adds itself has the thing from one who holds it already. */
static inline void add_use(_Atomic size_t *uses) {
    atomic_fetch_add_explicit(uses, 1, memory_order_relaxed);
}

/* Whether that was the last use, so that all that others did with the thing is done. */
static inline bool drop_use(_Atomic size_t *uses) {
    return atomic_fetch_sub_explicit(uses, 1, memory_order_acq_rel) == 1;
}

/* -- cursors ------------------------------------------------------------------------------------ */

struct cursor *cursor_new(bool is_drawn, uint64_t seed) {
    struct cursor *cursor = aligned_alloc(_Alignof(struct cursor), sizeof *cursor);
    if (!cursor) return NULL;
    cursor->uses = 1;
    cursor->is_drawn = is_drawn;
    cursor->seed = seed;
    atomic_init(&cursor->count, 0);
    return cursor;
}

struct cursor *cursor_kept(struct cursor *cursor) {
    add_use(&cursor->uses);
    return cursor;
}

void cursor_release(struct cursor *cursor) {
    if (cursor && drop_use(&cursor->uses)) free(cursor);
}

uint64_t cursor_next(struct cursor *cursor) {
    uint64_t count = atomic_fetch_add_explicit(&cursor->count, 1, memory_order_relaxed);
    if (!cursor->is_drawn) return count;
    uint64_t z = cursor->seed + (count + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) >> 32;
}

/* -- entries ------------------------------------------------------------------------------------ */

struct entry *entry_new(uint32_t n_cuts, uint32_t n_pointers, uint32_t section_octets) {
    const size_t cuts = n_cuts * sizeof(struct cut), pointers = n_pointers * sizeof(uint32_t);
    struct entry *entry = calloc(1, sizeof *entry + cuts + pointers + section_octets);
    if (!entry) return NULL;
    entry->uses = 1;
    entry->n_cuts = n_cuts;
    entry->n_pointers = n_pointers;
    entry->cuts = (struct cut *)(entry + 1);
    entry->pointers = (uint32_t *)(entry->cuts + n_cuts);
    entry->sections = (uint8_t *)(entry->pointers + n_pointers);
    return entry;
}

bool entry_turn(struct entry *entry, uint32_t members, uint32_t record_octets, uint32_t n_bases,
                uint32_t n_heads) {
    const size_t numbers = (size_t)n_heads + members + (size_t)n_bases * members;
    const size_t records = (size_t)members * record_octets;
    struct turning *turning = calloc(1, sizeof *turning + numbers * sizeof(uint32_t) + records);
    if (!turning) return false;
    turning->n_members = members;
    turning->record_octets = record_octets;
    turning->n_bases = n_bases;
    turning->n_heads = n_heads;
    turning->heads = (uint32_t *)(turning + 1);
    turning->members = turning->heads + n_heads;
    turning->bases = turning->members + members;
    turning->records = (uint8_t *)(turning->bases + (size_t)n_bases * members);
    entry->turning = turning;
    return true;
}

bool entry_explain(struct entry *entry, const uint8_t *option, size_t octets) {
    if (!(entry->extended_error = malloc(octets))) return false;
    memcpy(entry->extended_error, option, octets);
    return true;
}

static struct entry *entry_kept(struct entry *entry) {
    if (entry && entry != &left_to_reference) add_use(&entry->uses);
    return entry;
}

static void turning_free(struct turning *turning) {
    if (!turning) return;
    cursor_release(turning->cursor);
    free(turning);
}

void entry_release(struct entry *entry) {
    if (!entry || entry == &left_to_reference || !drop_use(&entry->uses)) return;
    turning_free(entry->turning);
    free(entry->extended_error);
    free(entry);
}

/* -- names -------------------------------------------------------------------------------------- */

static struct name *name_alloc(uint32_t at, uint32_t beneath, uint32_t octets) {
    size_t typed = ((size_t)at + beneath) * sizeof(struct typed);
    struct name *name = calloc(1, sizeof *name + typed + octets);
    if (!name) return NULL;
    name->uses = 1;
    name->at.typed = (struct typed *)(name + 1);
    name->beneath.typed = name->at.typed + at;
    name->folded = (uint8_t *)(name->beneath.typed + beneath);
    name->octets = octets;
    return name;
}

static void answers_release(struct answers *answers) {
    entry_release(answers->absent);
    for (uint32_t i = 0; i < answers->count; i++) entry_release(answers->typed[i].entry);
}

static void name_release(struct name *name) {
    if (!name || !drop_use(&name->uses)) return;
    answers_release(&name->at);
    answers_release(&name->beneath);
    free(name);
}

static uint32_t find_type(const struct answers *answers, uint16_t rtype) {
    uint32_t i = 0;
    while (i < answers->count && answers->typed[i].rtype != rtype) i++;
    return i;
}

static void answers_copy(struct answers *to, const struct answers *from) {
    to->absent = entry_kept(from->absent);
    to->count = from->count;
    for (uint32_t i = 0; i < from->count; i++) {
        to->typed[i].rtype = from->typed[i].rtype;
        to->typed[i].entry = entry_kept(from->typed[i].entry);
    }
}

static void answers_set(struct answers *answers, int32_t rtype, struct entry *entry) {
    struct entry **place = &answers->absent;
    if (rtype != TYPE_ABSENT) {
        uint32_t i = find_type(answers, (uint16_t)rtype);
        if (i == answers->count) answers->count++;
        answers->typed[i].rtype = (uint16_t)rtype;
        place = &answers->typed[i].entry;
    }
    entry_kept(entry);
    entry_release(*place);
    *place = entry;
}

/* A copy of `old`, or a name with no entries yet if that is NULL, in which `entry` is set. */
static struct name *name_with(const struct name *old, const struct labels *labels, int32_t rtype,
                              bool beneath, struct entry *entry) {
    static const struct name nobody = {0};
    const struct name *before = old ? old : &nobody;
    bool is_new = rtype != TYPE_ABSENT;
    uint32_t more_at = 0, more_beneath = 0;
    if (is_new) {
        const struct answers *answers = beneath ? &before->beneath : &before->at;
        bool has = find_type(answers, (uint16_t)rtype) < answers->count;
        *(beneath ? &more_beneath : &more_at) = !has;
    }
    struct name *name = name_alloc(before->at.count + more_at, before->beneath.count + more_beneath,
                                   labels->octets);
    if (!name) return NULL;
    memcpy(name->folded, labels->folded, labels->octets);
    answers_copy(&name->at, &before->at);
    answers_copy(&name->beneath, &before->beneath);
    answers_set(beneath ? &name->beneath : &name->at, rtype, entry);
    return name;
}

/* -- pages -------------------------------------------------------------------------------------- */

static struct page *page_new(void) {
    struct page *page = aligned_alloc(_Alignof(struct page), sizeof *page);
    if (!page) return NULL;
    memset(page, 0, sizeof *page);
    page->uses = 1;
    return page;
}

static void page_release(struct page *page) {
    if (!page || !drop_use(&page->uses)) return;
    for (int i = 0; i < SLOTS_OF_A_PAGE; i++) name_release(page->slots[i].name);
    free(page);
}

/* The page `number` of a table that is being made, for its own use alone. */
static struct page *page_to_write(struct table *table, uint32_t number) {
    struct page *shared = table->pages[number];
    if (atomic_load_explicit(&shared->uses, memory_order_acquire) == 1) return shared;
    struct page *page = page_new();
    if (!page) return NULL;
    memcpy(page->slots, shared->slots, sizeof page->slots);
    for (int i = 0; i < SLOTS_OF_A_PAGE; i++)
        if (page->slots[i].name) add_use(&page->slots[i].name->uses);
    page_release(shared);
    return table->pages[number] = page;
}

static void pages_release(struct page **pages, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) page_release(pages[i]);
    free(pages);
}

static struct page **pages_new(uint32_t count) {
    struct page **pages = calloc(count, sizeof *pages);
    for (uint32_t i = 0; pages && i < count; i++) {
        if (!(pages[i] = page_new())) {
            pages_release(pages, i);
            return NULL;
        }
    }
    return pages;
}

static inline struct slot *slot_at(struct page *const *pages, uint32_t index) {
    return &pages[index / SLOTS_OF_A_PAGE]->slots[index % SLOTS_OF_A_PAGE];
}

static inline uint32_t mask_of(uint32_t n_pages) { return n_pages * SLOTS_OF_A_PAGE - 1; }

/* Where a name is, or the empty slot where it belongs. There always is one: see LEAST_SLOTS_OF_A_NAME. */
static inline uint32_t slot_of(const struct table *table, const struct labels *labels,
                               unsigned label) {
    const uint32_t hash = labels->hashes[label], mask = mask_of(table->n_pages);
    const uint8_t *folded = labels->folded + labels->starts[label];
    const uint32_t octets = labels->octets - labels->starts[label];
    uint32_t index = hash & mask;
    for (;; index = (index + 1) & mask) {
        const struct slot *slot = slot_at(table->pages, index);
        if (!slot->name) return index;
        if (slot->hash == hash && slot->name->octets == octets &&
            !memcmp(slot->name->folded, folded, octets))
            return index;
    }
}

/* Twice as many pages, so that the chains stay short. */
static bool table_grow(struct table *table) {
    uint32_t n_pages = 2 * table->n_pages, mask = mask_of(n_pages);
    struct page **pages = pages_new(n_pages);
    if (!pages) return false;
    for (uint32_t from = 0; from <= mask_of(table->n_pages); from++) {
        const struct slot *slot = slot_at(table->pages, from);
        if (!slot->name) continue;
        uint32_t index = slot->hash & mask;
        while (slot_at(pages, index)->name) index = (index + 1) & mask;
        *slot_at(pages, index) = *slot;
        add_use(&slot->name->uses);
    }
    pages_release(table->pages, table->n_pages);
    table->pages = pages;
    table->n_pages = n_pages;
    return true;
}

/* -- tables ------------------------------------------------------------------------------------- */

static struct table *table_alloc(const struct secrets *secrets, const uint8_t *nsid,
                                 size_t nsid_octets) {
    struct table *table = calloc(1, sizeof *table);
    if (!table) return NULL;
    table->secrets = *secrets;
    table->nsid_octets = nsid_octets;
    if (nsid) {
        if (!(table->nsid = malloc(nsid_octets + 1))) { /* not of none */
            free(table);
            return NULL;
        }
        memcpy(table->nsid, nsid, nsid_octets);
    }
    return table;
}

struct table *table_new(const struct secrets *secrets, const uint8_t *nsid, size_t nsid_octets) {
    struct table *table = table_alloc(secrets, nsid, nsid_octets);
    if (!table) return NULL;
    table->n_pages = FIRST_PAGES;
    if (!(table->pages = pages_new(FIRST_PAGES))) {
        free(table->nsid);
        free(table);
        return NULL;
    }
    return table;
}

struct table *table_fork(const struct table *before, const struct secrets *secrets) {
    struct table *table = table_alloc(secrets, before->nsid, before->nsid_octets);
    if (!table) return NULL;
    table->pages = calloc(before->n_pages, sizeof *table->pages);
    if (!table->pages) {
        free(table->nsid);
        free(table);
        return NULL;
    }
    table->names = before->names;
    table->most_labels = before->most_labels;
    table->n_pages = before->n_pages;
    for (uint32_t i = 0; i < table->n_pages; i++) {
        table->pages[i] = before->pages[i];
        add_use(&table->pages[i]->uses);
    }
    return table;
}

void table_release(struct table *table) {
    if (!table) return;
    pages_release(table->pages, table->n_pages);
    free(table->nsid);
    free(table);
}

size_t table_names(const struct table *table) { return table->names; }
const struct secrets *table_secrets(const struct table *table) { return &table->secrets; }

const uint8_t *table_nsid(const struct table *table, size_t *octets) {
    *octets = table->nsid_octets;
    return table->nsid;
}

bool table_set(struct table *table, const struct labels *labels, int32_t rtype, bool beneath,
               struct entry *entry) {
    const size_t slots = (size_t)table->n_pages * SLOTS_OF_A_PAGE;
    if (LEAST_SLOTS_OF_A_NAME * (table->names + 1) > slots && !table_grow(table)) return false;
    uint32_t index = slot_of(table, labels, 0);
    struct page *page = page_to_write(table, index / SLOTS_OF_A_PAGE);
    if (!page) return false;
    struct slot *slot = &page->slots[index % SLOTS_OF_A_PAGE];
    struct name *name = name_with(slot->name, labels, rtype, beneath, entry);
    if (!name) return false;
    if (!slot->name) table->names++;
    name_release(slot->name);
    *slot = (struct slot){labels->hashes[0], name};
    if (labels->count > table->most_labels) table->most_labels = labels->count;
    return true;
}

/* Fetches so many octets from `at` on; to fetch what is not there does no harm. */
static inline void fetch(const void *at, size_t octets) {
    for (size_t line = 0; line < octets; line += CACHE_LINE)
        __builtin_prefetch((const char *)at + line);
}

void table_fetch_slot(const struct table *table, const struct labels *labels) {
    fetch(slot_at(table->pages, labels->hashes[0] & mask_of(table->n_pages)), 1);
}

void table_fetch_name(const struct table *table, const struct labels *labels) {
    const struct slot *slot = slot_at(table->pages, labels->hashes[0] & mask_of(table->n_pages));
    if (slot->name) fetch(slot->name, sizeof *slot->name + FETCHED_OF_A_NAME);
}

void entry_fetch(const struct entry *entry) {
    fetch(entry, sizeof *entry + FETCHED_OF_SECTIONS);
}

void entry_fetch_turning(const struct entry *entry) {
    if (entry->turning) fetch(entry->turning, sizeof *entry->turning + FETCHED_OF_TURNS);
}

void entry_fetch_cursor(const struct entry *entry) {
    if (entry->turning) __builtin_prefetch(&entry->turning->cursor->count, 1);
}

static const struct entry *answer_in(const struct answers *answers, uint16_t rtype) {
    uint32_t i = find_type(answers, rtype);
    return i < answers->count ? answers->typed[i].entry : answers->absent;
}

const struct entry *table_find(const struct table *table, const struct labels *labels,
                               uint16_t rtype) {
    const struct slot *slot = slot_at(table->pages, slot_of(table, labels, 0));
    if (slot->name) {
        const struct entry *entry = answer_in(&slot->name->at, rtype);
        if (entry) return entry;
    }
    const unsigned deepest = labels->count > table->most_labels ? labels->count - table->most_labels : 1;
    for (unsigned label = deepest; label < labels->count; label++) {
        slot = slot_at(table->pages, slot_of(table, labels, label));
        if (slot->name) {
            const struct entry *entry = answer_in(&slot->name->beneath, rtype);
            if (entry) return entry;
        }
    }
    return NULL;
}
