#include "cookie.h"

#include "octets.h"

enum {
    VERSION = 1,
    STAMP_AT = 12,
    HASH_AT = 16,
    HASH_OCTETS = 8,
    RENEWED_AFTER_S = 30 * 60, /* RFC 9018 section 4.3 */
    MOST_AHEAD_S = 5 * 60,
};

static inline uint64_t rotated(uint64_t word, int bits) { return word << bits | word >> (64 - bits); }

static inline void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

static inline uint64_t little_endian(const uint8_t *at, size_t octets) {
    uint64_t word = 0;
    for (size_t i = 0; i < octets; i++) word |= (uint64_t)at[i] << (8 * i);
    return word;
}

static void absorb(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

void siphash24(const uint8_t key[SECRET_OCTETS], const uint8_t *data, size_t octets,
               uint8_t hash[8]) {
    uint64_t low = little_endian(key, 8), high = little_endian(key + 8, 8);
    uint64_t v[4] = {low ^ 0x736f6d6570736575u, high ^ 0x646f72616e646f6du,
                     low ^ 0x6c7967656e657261u, high ^ 0x7465646279746573u};
    size_t at = 0;
    for (; at + 8 <= octets; at += 8) absorb(v, little_endian(data + at, 8));
    absorb(v, little_endian(data + at, octets - at) | (uint64_t)octets << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) sip_round(v);
    uint64_t word = v[0] ^ v[1] ^ v[2] ^ v[3];
    for (int i = 0; i < 8; i++) hash[i] = (uint8_t)(word >> (8 * i));
}

/* The hash over client cookie, version, reserved, timestamp and address (RFC 9018 section 4.4). */
static void hash_of(const uint8_t secret[SECRET_OCTETS], const struct client *client,
                    const uint8_t *cookie, uint8_t hash[HASH_OCTETS]) {
    uint8_t data[HASH_AT + LONGEST_ADDRESS];
    memcpy(data, cookie, HASH_AT);
    memcpy(data + HASH_AT, client->address, client->octets);
    siphash24(secret, data, HASH_AT + client->octets, hash);
}

/* Takes as long wherever the two differ. */
static bool are_equal(const uint8_t *one, const uint8_t *other, size_t octets) {
    uint8_t difference = 0;
    for (size_t i = 0; i < octets; i++) difference |= one[i] ^ other[i];
    return difference == 0;
}

static bool is_young(const uint8_t *cookie, uint32_t now) {
    int32_t age_s = (int32_t)(now - read32(cookie + STAMP_AT)); /* serial arithmetic, RFC 1982 */
    return age_s >= -MOST_AHEAD_S && age_s <= RENEWED_AFTER_S;
}

static bool is_by(const uint8_t *secret, const struct client *client, const uint8_t *cookie) {
    uint8_t hash[HASH_OCTETS];
    hash_of(secret, client, cookie, hash);
    return are_equal(cookie + HASH_AT, hash, HASH_OCTETS);
}

static bool is_ours(const struct secrets *secrets, const struct client *client,
                    const uint8_t *cookie) {
    return is_by(secrets->current, client, cookie) || is_by(secrets->previous, client, cookie);
}

void cookie_bake(const struct secrets *secrets, const struct client *client,
                 const uint8_t *received, size_t octets, uint8_t baked[COOKIE_OCTETS]) {
    if (octets == COOKIE_OCTETS && received[CLIENT_COOKIE_OCTETS] == VERSION &&
        is_young(received, client->now) && is_ours(secrets, client, received)) {
        memcpy(baked, received, COOKIE_OCTETS);
        return;
    }
    memcpy(baked, received, CLIENT_COOKIE_OCTETS);
    write32(baked + CLIENT_COOKIE_OCTETS, (uint32_t)VERSION << 24);
    write32(baked + STAMP_AT, client->now);
    hash_of(secrets->current, client, baked, baked + HASH_AT);
}
