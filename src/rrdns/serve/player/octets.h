/* Octets as messages have them: numbers in network order (RFC 1035 section 2.3.2), names folded. */
#ifndef RRDNS_OCTETS_H
#define RRDNS_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static inline uint32_t read32(const uint8_t *at) {
    return (uint32_t)read16(at) << 16 | read16(at + 2);
}

static inline void write16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void write32(uint8_t *at, uint32_t value) {
    write16(at, value >> 16);
    write16(at + 2, value & 0xffff);
}

/* Eight octets as the machine holds them: for hashing and folding, never for the wire. */
static inline uint64_t load_word(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Eight octets with their ASCII capitals in lower case (RFC 4343), all at once: in each octet below
 * 0x80, the sums have the top bit set from 'A' on and from behind 'Z' on. */
static inline uint64_t fold_word(uint64_t word) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x80 * ones;
    uint64_t low = word & ~tops;
    uint64_t from_a = low + (0x80 - 'A') * ones;
    uint64_t behind_z = low + (0x80 - 'Z' - 1) * ones;
    uint64_t capitals = from_a & ~behind_z & ~word & tops;
    return word | capitals >> 2; /* 0x20, the difference of the cases */
}

#endif
