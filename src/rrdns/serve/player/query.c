#include "query.h"

#include "octets.h"

enum {
    QR_AND_OPCODE = 0xf8,
    QR = 0x80,
    CLASS_IN = 1,
    LARGEST_LABEL = 63,
};

/* Mixes the words of one label into the hash of the name behind it. The multiplier is odd and has
 * its bits spread evenly (Steele, Vigna, 2021); names in the table come from the zone's owner, so
 * that no stranger can make them collide. */
static inline uint64_t mixed(uint64_t hash, const uint8_t *label, unsigned octets) {
    const uint64_t spread = 0xd1342543de82ef95u;
    for (unsigned at = 0; at < octets; at += 8) {
        uint64_t word = load_word(label + at);
        unsigned left = octets - at;
        if (left < 8) {
            /* What follows the label in memory is another one's. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            word &= (UINT64_C(1) << 8 * left) - 1;
#else
            word &= ~(~UINT64_C(0) >> 8 * left);
#endif
        }
        hash = (hash ^ word) * spread;
        hash ^= hash >> 32;
    }
    return hash;
}

static void hash_labels(struct labels *labels) {
    uint64_t hash = 0;
    for (unsigned i = labels->count; i-- > 0;) {
        const uint8_t *label = labels->folded + labels->starts[i];
        hash = mixed(hash, label, 1u + *label);
        labels->hashes[i] = (uint32_t)(hash ^ hash >> 17);
    }
}

/* Copies the name in lower case; octets of length are no letters, as they are 63 at most. */
static void fold(const uint8_t *name, struct labels *labels) {
    unsigned at = 0;
    for (; at + 8 <= labels->octets; at += 8) {
        uint64_t word = fold_word(load_word(name + at));
        memcpy(labels->folded + at, &word, sizeof word);
    }
    uint8_t rest[8] = {0};
    memcpy(rest, name + at, labels->octets - at);
    uint64_t word = fold_word(load_word(rest));
    memcpy(labels->folded + at, &word, sizeof word);
}

bool labels_read(const uint8_t *name, const uint8_t *end, struct labels *labels) {
    const size_t limit = (size_t)(end - name) < LONGEST_NAME ? (size_t)(end - name) : LONGEST_NAME;
    size_t at = 0;
    labels->count = 0;
    while (at < limit) {
        uint8_t octets = name[at];
        if (octets > LARGEST_LABEL) return false; /* no pointer is valid here */
        labels->starts[labels->count++] = (uint8_t)at;
        at += 1u + octets;
        if (!octets) {
            labels->octets = (unsigned)at;
            fold(name, labels);
            hash_labels(labels);
            return true;
        }
    }
    return false;
}

/* Walks the options; false where one is cut off or a cookie malformed. */
static bool read_options(const uint8_t *at, const uint8_t *end, bool with_cookies,
                         struct edns *edns) {
    while (at < end) {
        if (end - at < OPTION_OCTETS) return false;
        uint16_t code = read16(at), octets = read16(at + 2);
        at += OPTION_OCTETS;
        if (end - at < octets) return false;
        if (code == OPTION_NSID) edns->wants_nsid = true;
        if (code == OPTION_COOKIE && with_cookies && !edns->has_cookie) {
            if (!cookie_is_well_formed(octets)) return false;
            edns->has_cookie = true;
            edns->cookie_octets = (uint8_t)octets;
            memcpy(edns->cookie, at, octets);
        }
        at += octets;
    }
    return true;
}

/* Reads the one additional record; false where it is no OPT of version 0 that is whole. */
static bool read_opt(const uint8_t *at, const uint8_t *end, bool with_cookies, struct edns *edns) {
    if (end - at < OPT_OCTETS || at[0] || read16(at + 1) != TYPE_OPT) return false;
    uint32_t ttl = read32(at + 5);
    uint16_t octets = read16(at + 9);
    if (ttl >> 16 & 0xff || end - at - OPT_OCTETS < octets) return false;
    edns->is_there = true;
    edns->payload = read16(at + 3);
    edns->dnssec_ok = ttl & 0x8000;
    return read_options(at + OPT_OCTETS, at + OPT_OCTETS + octets, with_cookies, edns);
}

enum reading query_read(const uint8_t *message, size_t octets, bool with_cookies,
                        struct query *query) {
    if (octets < HEADER_OCTETS || message[2] & QR) return QUERY_WANTS_SILENCE;
    const uint16_t additional = read16(message + 10);
    if (message[2] & QR_AND_OPCODE || read16(message + 4) != 1 || read32(message + 6) ||
        additional > 1)
        return QUERY_IS_ODD;
    const uint8_t *end = message + octets;
    if (!labels_read(message + HEADER_OCTETS, end, &query->name)) return QUERY_IS_ODD;
    query->end = HEADER_OCTETS + query->name.octets + QUESTION_TAIL;
    if (query->end > octets) return QUERY_IS_ODD;
    query->rtype = read16(message + query->end - 4);
    if (read16(message + query->end - 2) != CLASS_IN) return QUERY_IS_ODD;
    query->edns.is_there = query->edns.has_cookie = query->edns.wants_nsid = false;
    if (additional && !read_opt(message + query->end, end, with_cookies, &query->edns))
        return QUERY_IS_ODD;
    return QUERY_IS_PLAIN;
}
