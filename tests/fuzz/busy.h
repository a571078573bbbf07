/* What the busy targets share: who asks what, and what is published meanwhile. */
#ifndef RRDNS_BUSY_H
#define RRDNS_BUSY_H

#include "owes.h"
#include "recorded.h"

enum {
    LONGEST = 512,
    EVERY_LEFT = 16, /* one among so many is left to the reference answerer */
    SETTINGS = 3,    /* of one flip */
    MOST_TABLES = 64,
};

/* Writes the question of a recorded item, or one of class CHAOS; its number is the ID. */
static size_t query_write(uint8_t query[LONGEST], unsigned number) {
    const struct recorded_item *item = &recorded_items[number % RECORDED_ITEMS];
    const unsigned rtype = item->rtype < 0 ? 99 : (unsigned)item->rtype;
    const bool is_left = number % EVERY_LEFT == 0;
    const uint8_t tail[] = {(uint8_t)(rtype >> 8), (uint8_t)rtype, 0, is_left ? 3 : 1};
    const uint8_t head[12] = {(uint8_t)(number >> 8), (uint8_t)number, [5] = 1};
    memcpy(query, head, sizeof head);
    memcpy(query + sizeof head, item->name, item->octets);
    memcpy(query + sizeof head + item->octets, tail, sizeof tail);
    return sizeof head + item->octets + sizeof tail;
}

/* The next version, in which some questions have new entries. */
static struct table *flipped(const struct table *before, unsigned number) {
    struct table *after = there(table_fork(before, table_secrets(before)));
    for (unsigned i = 0; i < SETTINGS; i++) {
        const struct recorded_item *item =
            &recorded_items[(number * 7919u + i) % RECORDED_ITEMS];
        struct labels labels;
        uint32_t member = 0;
        if (item->entry < 0) continue;
        struct entry *entry = entry_play(&recorded_entries[item->entry], &member);
        OWES(labels_read(item->name, item->name + item->octets, &labels));
        OWES(table_set(after, &labels, item->rtype, item->beneath, entry));
        entry_release(entry);
    }
    return after;
}

/* Frees all but those that a thread may be reading. */
static unsigned forget(struct table **tables, unsigned count, bool (*reads)(const struct table *)) {
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        if (reads(tables[i])) tables[kept++] = tables[i];
        else table_release(tables[i]);
    }
    return kept;
}

#endif
