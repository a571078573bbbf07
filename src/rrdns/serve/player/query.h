/* What a query asks, read in one pass; bounded by its octets, whatever they say. */
#ifndef RRDNS_QUERY_H
#define RRDNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cookie.h"

enum {
    HEADER_OCTETS = 12,
    LONGEST_NAME = 255, /* RFC 1035 section 2.3.4 */
    MOST_LABELS = 128,  /* the root's included */
    QUESTION_TAIL = 4,  /* type and class */
};

/* EDNS, as a query has it and a reply (RFC 6891 section 6.1). */
enum {
    TYPE_OPT = 41,
    OPT_OCTETS = 11,   /* before its options: the root as owner, type, class, TTL, length */
    OPTION_OCTETS = 4, /* before its data: code, length */
    OPTION_NSID = 3,
    OPTION_COOKIE = 10,
    OPTION_EXTENDED_ERROR = 15,
};

/* A name in lower case, cut into labels. `starts[i]` is where label i begins and `hashes[i]` the hash
 * of the name from there on; the last label is the root's. */
struct labels {
    unsigned count;
    unsigned octets;
    uint8_t starts[MOST_LABELS];
    uint32_t hashes[MOST_LABELS];
    uint8_t folded[LONGEST_NAME + 8]; /* with room for the word that begins in the last octet */
};

/* The OPT of a query (RFC 6891 section 6.1). */
struct edns {
    bool is_there, dnssec_ok, wants_nsid, has_cookie;
    uint16_t payload;
    uint8_t cookie_octets;
    uint8_t cookie[LONGEST_COOKIE];
};

struct query {
    struct labels name;
    uint16_t rtype;
    size_t end; /* where the question ends */
    struct edns edns;
};

enum reading {
    QUERY_IS_PLAIN,
    QUERY_IS_ODD,        /* malformed, of another opcode or class, or with other records */
    QUERY_WANTS_SILENCE, /* a response, or no whole header */
};

/* Reads a message. `with_cookies`: a COOKIE option has a meaning; if it is malformed, the query is odd. */
enum reading query_read(const uint8_t *message, size_t octets, bool with_cookies,
                        struct query *query);

/* Cuts the name that begins at `name` and ends before `end`; false where it is none. */
bool labels_read(const uint8_t *name, const uint8_t *end, struct labels *labels);

#endif
