/* The table that threads play, and that is exchanged under them.
 *
 * A thread says which table it reads for as long as it does (a hazard pointer): it takes no lock, and
 * whoever publishes knows when nobody reads a table any more.
 */
#ifndef RRDNS_PUBLICATION_H
#define RRDNS_PUBLICATION_H

#include <stdatomic.h>
#include <stdbool.h>

#include "table.h"

struct publication {
    _Alignas(64) _Atomic(const struct table *) table;
};

/* What one thread reads; written with every batch, and so in a cache line of its own. */
struct reader {
    _Alignas(64) _Atomic(const struct table *) reading;
};

/* The published table, which is not freed until it is returned. */
static inline const struct table *table_borrow(struct publication *publication,
                                               struct reader *reader) {
    const struct table *table = atomic_load(&publication->table);
    for (;;) {
        atomic_store(&reader->reading, table);
        const struct table *still = atomic_load(&publication->table);
        if (still == table) return table;
        table = still;
    }
}

static inline void table_return(struct reader *reader) {
    atomic_store_explicit(&reader->reading, NULL, memory_order_release);
}

static inline bool is_read(const struct reader *reader, const struct table *table) {
    return atomic_load(&reader->reading) == table;
}

#endif
