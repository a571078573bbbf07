#include "tally.h"

#include <stdlib.h>
#include <string.h>

struct tally *tally_new(void) {
    struct tally *tally = aligned_alloc(64, (sizeof *tally + 63) / 64 * 64); /* no line is shared */
    if (tally) memset(tally, 0, sizeof *tally);
    return tally;
}

void tally_free(struct tally *tally) {
    if (!tally) return;
    for (int i = 0; i < MOST_CHUNKS; i++) free((void *)atomic_load(&tally->firsts[i]));
    free(tally);
}

bool tally_reserve(struct tally *tally, uint32_t count) {
    const uint32_t chunks = count / FIRSTS_OF_A_CHUNK + (count % FIRSTS_OF_A_CHUNK != 0);
    for (uint32_t i = 0; i < chunks && i < MOST_CHUNKS; i++) {
        if (atomic_load_explicit(&tally->firsts[i], memory_order_relaxed)) continue;
        _Atomic uint64_t *chunk = calloc(FIRSTS_OF_A_CHUNK, sizeof *chunk);
        if (!chunk) return false;
        atomic_store_explicit(&tally->firsts[i], chunk, memory_order_release);
    }
    return true;
}
