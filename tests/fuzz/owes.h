/* What a target claims: where it is not so, it says which line and aborts. */
#ifndef RRDNS_OWES_H
#define RRDNS_OWES_H

#include <stdio.h>
#include <stdlib.h>

#define OWES(claim) ((claim) ? (void)0 : broken(#claim, __FILE__, __LINE__))

static inline void broken(const char *claim, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
    abort();
}

#endif
