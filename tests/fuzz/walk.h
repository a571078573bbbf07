/* A reader of messages that shares nothing with the player's: it goes octet by octet, and trusts none. */
#ifndef RRDNS_WALK_H
#define RRDNS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "owes.h"

enum { WALK_NAMES = 128, WALK_POINTERS = 1 << 14, WALK_OPT = 41 };

struct walk {
    const uint8_t *message;
    size_t octets;
    bool is_label[WALK_POINTERS]; /* where labels of names begin that have been walked */
};

static inline unsigned pair_at(const struct walk *walk, size_t at) {
    OWES(at + 2 <= walk->octets);
    return (unsigned)walk->message[at] << 8 | walk->message[at + 1];
}

/* Where the name that begins at `at` ends. A pointer leads back to a label of an earlier name. */
static size_t walk_name(struct walk *walk, size_t at) {
    size_t starts[WALK_NAMES], end = 0;
    unsigned count = 0, total = 0;
    for (;;) {
        OWES(at < walk->octets);
        const uint8_t label = walk->message[at];
        if (label >= 0xc0) {
            const size_t target = pair_at(walk, at) & 0x3fff;
            OWES(target < at && walk->is_label[target]);
            if (!end) end = at + 2;
            at = target;
            continue;
        }
        OWES(label <= 63);
        if (!end) starts[count++] = at;
        total += 1u + label;
        OWES(total <= 255);
        at += 1u + label;
        if (!label) break;
    }
    for (unsigned i = 0; i < count; i++)
        if (starts[i] < WALK_POINTERS) walk->is_label[starts[i]] = true;
    return end ? end : at;
}

/* The names in the data of the types that may be compressed (RFC 1035), which fill it, but for what
 * stands before and behind them. */
static void walk_data(struct walk *walk, unsigned rtype, size_t at, size_t end) {
    switch (rtype) {
    case 2: /* NS */
    case 5: /* CNAME */
    case 12: /* PTR */ OWES(walk_name(walk, at) == end); break;
    case 6: /* SOA */ OWES(walk_name(walk, walk_name(walk, at)) + 20 == end); break;
    case 15: /* MX */ OWES(walk_name(walk, at + 2) == end); break;
    case 1: /* A */ OWES(at + 4 == end); break;
    case 28: /* AAAA */ OWES(at + 16 == end); break;
    default: break;
    }
}

/* Where the record that begins at `at` ends; `*rtype` becomes its type. */
static size_t walk_record(struct walk *walk, size_t at, unsigned *rtype) {
    at = walk_name(walk, at);
    *rtype = pair_at(walk, at);
    const size_t data = at + 10, end = data + pair_at(walk, at + 8);
    OWES(end <= walk->octets);
    walk_data(walk, *rtype, data, end);
    return end;
}

#endif
