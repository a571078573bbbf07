/* A real table to play: what recorded.py has taken down from the compiler, in `recorded.inc`. */
#ifndef RRDNS_RECORDED_H
#define RRDNS_RECORDED_H

#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "tally.h"

struct recorded_turning {
    int is_drawn;
    uint32_t start, end, members, handed_out;
    uint64_t hold;
    const uint8_t *records;
    uint32_t record_octets;
    const uint32_t *heads;
    uint32_t n_heads;
    const uint32_t *bases;
    uint32_t n_bases;
};

struct recorded_entry {
    uint8_t rcode;
    int is_datagram_only;
    uint32_t name_octets;
    const uint8_t *head, *sections;
    uint32_t section_octets;
    const uint32_t *cuts; /* pairs */
    uint32_t n_cuts;
    const uint32_t *pointers;
    uint32_t n_pointers;
    const struct recorded_turning *turning;
    const uint8_t *extended_error;
    uint32_t extended_error_octets; /* 0: none */
};

struct recorded_item {
    const uint8_t *name;
    uint32_t octets;
    int32_t rtype;
    int beneath;
    int entry; /* its number, or -1: left to the reference answerer */
};

#include "recorded.inc"

enum {
    RECORDED_ENTRIES = sizeof recorded_entries / sizeof *recorded_entries,
    RECORDED_ITEMS = sizeof recorded_items / sizeof *recorded_items,
};

/* Targets have nothing to go on with where what they stand on is not there. */
static void *there(void *memory) {
    if (!memory) abort();
    return memory;
}

/* `*member` is the number of the first member, and becomes the next free one. */
static void turning_play(struct entry *entry, const struct recorded_turning *recorded,
                         uint32_t *member) {
    if (!entry_turn(entry, recorded->members, recorded->record_octets, recorded->n_bases,
                    recorded->n_heads))
        abort();
    struct turning *turning = entry->turning;
    turning->cursor = there(cursor_new(recorded->is_drawn, 1));
    turning->start = recorded->start;
    turning->end = recorded->end;
    turning->hold = recorded->hold;
    turning->handed_out = recorded->handed_out;
    memcpy(turning->records, recorded->records,
           (size_t)recorded->members * recorded->record_octets);
    memcpy(turning->heads, recorded->heads, recorded->n_heads * sizeof *turning->heads);
    memcpy(turning->bases, recorded->bases,
           (size_t)recorded->n_bases * recorded->members * sizeof *turning->bases);
    for (uint32_t i = 0; i < recorded->members; i++) turning->members[i] = (*member)++;
}

static struct entry *entry_play(const struct recorded_entry *recorded, uint32_t *member) {
    struct entry *entry =
        there(entry_new(recorded->n_cuts, recorded->n_pointers, recorded->section_octets));
    entry->rcode = recorded->rcode;
    entry->is_datagram_only = recorded->is_datagram_only;
    entry->name_octets = recorded->name_octets;
    memcpy(entry->head, recorded->head, HEAD_OCTETS);
    memcpy(entry->sections, recorded->sections, recorded->section_octets);
    memcpy(entry->pointers, recorded->pointers, recorded->n_pointers * sizeof *entry->pointers);
    for (uint32_t i = 0; i < recorded->n_cuts; i++) {
        entry->cuts[i].records = recorded->cuts[2 * i];
        entry->cuts[i].octets = recorded->cuts[2 * i + 1];
    }
    if (recorded->extended_error_octets &&
        !entry_explain(entry, recorded->extended_error, recorded->extended_error_octets))
        abort();
    if (recorded->turning) turning_play(entry, recorded->turning, member);
    return entry;
}

/* The table; `tally` gets room for all of its members. */
static struct table *recorded_table(const struct secrets *secrets, const uint8_t *nsid,
                                    size_t nsid_octets, struct tally *tally) {
    struct table *table = there(table_new(secrets, nsid, nsid_octets));
    struct entry *entries[RECORDED_ENTRIES];
    uint32_t members = 0;
    for (int i = 0; i < RECORDED_ENTRIES; i++)
        entries[i] = entry_play(&recorded_entries[i], &members);
    for (int i = 0; i < RECORDED_ITEMS; i++) {
        const struct recorded_item *item = &recorded_items[i];
        struct labels labels;
        if (!labels_read(item->name, item->name + item->octets, &labels) ||
            !table_set(table, &labels, item->rtype, item->beneath,
                       item->entry < 0 ? &left_to_reference : entries[item->entry]))
            abort();
    }
    for (int i = 0; i < RECORDED_ENTRIES; i++) entry_release(entries[i]);
    if (!tally_reserve(tally, members)) abort();
    return table;
}

#endif
