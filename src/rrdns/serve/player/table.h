/* The compiled table: names to entries, immutable and shared between versions.
 *
 * A version is an array of pages of slots; the next one shares all pages but those in which something
 * has changed, so that the flip of one pool among ten thousand copies a few pages. Readers need no
 * lock: they read one version, and no version changes once it is read.
 *
 * `uses` count who holds a thing. Tables are made one at a time, and may be let go by any thread.
 */
#ifndef RRDNS_TABLE_H
#define RRDNS_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cookie.h"
#include "query.h"

enum {
    RCODE_REFUSED = 5,
    HEAD_OCTETS = 10,      /* the header behind the ID */
    SLOTS_OF_A_PAGE = 256, /* 4 KiB */
    TYPE_ABSENT = -1,      /* all types without an entry of their own */
};

/* How many answers there were of one RRset; it outlives every table. */
struct cursor {
    _Alignas(64) _Atomic uint64_t count; /* written by every answer: in a cache line of its own */
    uint64_t seed;
    bool is_drawn;
    _Atomic size_t uses;
};

struct cursor *cursor_new(bool is_drawn, uint64_t seed);
struct cursor *cursor_kept(struct cursor *cursor);
void cursor_release(struct cursor *cursor);

/* The number that decides on the next turn: how many were taken, or a random one (splitmix64). */
uint64_t cursor_next(struct cursor *cursor);

/* The records that take turns: `bases` and `heads` as in pool/turns.py. `records` has those of all
 * members, whole; `members` are the numbers under which firsts are counted. */
struct turning {
    struct cursor *cursor;
    uint32_t start, end; /* where in the sections they stand */
    uint32_t n_members, handed_out;
    uint32_t record_octets;
    uint32_t n_bases, n_heads;
    uint64_t hold;
    uint32_t *heads, *members;
    uint32_t *bases; /* n_bases of n_members each */
    uint8_t *records;
};

/* Where the additional section may end: so many records, so many octets of sections. */
struct cut {
    uint32_t records, octets;
};

/* A reply, but for its ID, its question and its OPT; see answer/entry.py. */
struct entry {
    _Atomic size_t uses;
    uint8_t rcode;
    bool is_datagram_only;
    uint8_t head[HEAD_OCTETS];
    uint32_t name_octets;
    uint32_t n_cuts, n_pointers;
    struct cut *cuts;
    uint32_t *pointers;
    uint8_t *sections;
    struct turning *turning; /* NULL: there is only one turn */
    uint8_t *extended_error; /* NULL: none; an option (RFC 8914), whole, for where there is room */
};

/* Stands where an answer is left to the reference answerer; it is never played nor counted. */
extern struct entry left_to_reference;

/* An entry with room for what is told, used once and still all zero; NULL without memory. */
struct entry *entry_new(uint32_t n_cuts, uint32_t n_pointers, uint32_t section_octets);

/* Gives an entry turns of which nothing but these sizes is known yet. False without memory. */
bool entry_turn(struct entry *entry, uint32_t members, uint32_t record_octets, uint32_t n_bases,
                uint32_t n_heads);

/* Gives an entry an extended error, which is copied. False without memory. */
bool entry_explain(struct entry *entry, const uint8_t *option, size_t octets);
void entry_release(struct entry *entry);

/* A table without names; NULL without memory. `nsid` may be NULL. */
struct table *table_new(const struct secrets *secrets, const uint8_t *nsid, size_t nsid_octets);
void table_release(struct table *table);
size_t table_names(const struct table *table);

/* The next version of a table, which shares its pages until they are written. It may be changed by
 * `table_set` until it is read. */
struct table *table_fork(const struct table *table, const struct secrets *secrets);

/* Has `entry`, which the table keeps, answer for the type at the name, or beneath it. False without
 * memory: then the table is as it was. */
bool table_set(struct table *table, const struct labels *name, int32_t rtype, bool beneath,
               struct entry *entry);

/* Who answers: an entry of the name, or of what stands beneath its closest ancestor that has any.
 * NULL: nobody has, the name is not ours. */
const struct entry *table_find(const struct table *table, const struct labels *name,
                               uint16_t rtype);

/* The steps of `table_find` and of playing what it finds, each of which fetches into the cache what the
 * next one reads. Among a hundred thousand names nearly every step has to wait for memory; a batch that
 * takes each step with all its queries waits for many at a time. */
void table_fetch_slot(const struct table *table, const struct labels *name);
void table_fetch_name(const struct table *table, const struct labels *name);
void entry_fetch(const struct entry *entry);
void entry_fetch_turning(const struct entry *entry);
void entry_fetch_cursor(const struct entry *entry);

const struct secrets *table_secrets(const struct table *table);

/* What is told to who asks for it (RFC 5001), and how much it is; NULL: nothing. */
const uint8_t *table_nsid(const struct table *table, size_t *octets);

#endif
