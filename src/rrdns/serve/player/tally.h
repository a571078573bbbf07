/* What one thread has answered. Only that thread adds; whoever reads adds up what all have. */
#ifndef RRDNS_TALLY_H
#define RRDNS_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COUNTED_RCODES = 16,
    FIRSTS_OF_A_CHUNK = 1024,
    MOST_CHUNKS = 4096, /* four million addresses; what is beyond is answered and not counted */
};

struct tally {
    _Atomic uint64_t rcodes[COUNTED_RCODES];
    _Atomic uint64_t silences;   /* responses, and what has no header */
    _Atomic uint64_t left;       /* what went to the reference answerer */
    _Atomic uint64_t overflowed; /* what would have gone there, were there not too much of it */
    _Atomic uint64_t unsent;     /* replies that the system did not take */
    _Atomic(_Atomic uint64_t *) firsts[MOST_CHUNKS];
};

/* No other thread writes, so that reading and writing apart lose nothing, and lock no bus. */
static inline void count_one(_Atomic uint64_t *counter) {
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, before + 1, memory_order_relaxed);
}

static inline _Atomic uint64_t *tally_first(struct tally *tally, uint32_t member) {
    if (member / FIRSTS_OF_A_CHUNK >= MOST_CHUNKS) return NULL;
    _Atomic uint64_t *chunk = atomic_load_explicit(&tally->firsts[member / FIRSTS_OF_A_CHUNK],
                                                   memory_order_acquire);
    return chunk ? chunk + member % FIRSTS_OF_A_CHUNK : NULL;
}

struct tally *tally_new(void);
void tally_free(struct tally *tally);

/* Makes room for the members below `count`; false without memory. */
bool tally_reserve(struct tally *tally, uint32_t count);

#endif
