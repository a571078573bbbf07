/* Server cookies (RFC 7873, RFC 9018), as answer/cookie.py makes them. */
#ifndef RRDNS_COOKIE_H
#define RRDNS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SECRET_OCTETS = 16,
    CLIENT_COOKIE_OCTETS = 8,
    COOKIE_OCTETS = 24, /* the client's and ours */
    LONGEST_COOKIE = 40,
    LONGEST_ADDRESS = 16,
};

/* What cookies are made with, and what those of late were made with. */
struct secrets {
    bool are_set; /* no cookies are done without */
    uint8_t current[SECRET_OCTETS], previous[SECRET_OCTETS];
};

/* Who asks, and when: an address of 4 or 16 octets, seconds since 1970. */
struct client {
    const uint8_t *address;
    size_t octets;
    uint32_t now;
};

/* Whether a COOKIE option may be this long (RFC 7873 section 5.2.2). */
static inline bool cookie_is_well_formed(size_t octets) {
    return octets == CLIENT_COOKIE_OCTETS || (octets >= 16 && octets <= LONGEST_COOKIE);
}

/* Writes the cookie that answers a well-formed one: the same if it is ours and young, else a new one
 * (RFC 9018 section 4.3). */
void cookie_bake(const struct secrets *secrets, const struct client *client,
                 const uint8_t *received, size_t octets, uint8_t baked[COOKIE_OCTETS]);

/* SipHash-2-4 (Aumasson, Bernstein, 2012), its eight octets as the paper writes them. */
void siphash24(const uint8_t key[SECRET_OCTETS], const uint8_t *data, size_t octets,
               uint8_t hash[8]);

#endif
