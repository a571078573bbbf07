/* What TCP hands over to the reference answerer, and the replies on their way back.
 *
 * One thread puts queries in and fetches replies, never waiting; others wait for queries and reply. What
 * waits is bounded: where there is no room a query stays with its connection, which is not read meanwhile.
 */
#ifndef RRDNS_HANDOVER_H
#define RRDNS_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cookie.h"

enum { MOST_HANDED_OVER = 64 };

/* A query: whose it is (its connection's ticket), and who asks. */
struct handed {
    uint64_t ticket;
    size_t address_octets;
    uint8_t address[LONGEST_ADDRESS];
    size_t octets;
    uint8_t query[];
};

/* A reply, its length before it; of no octets where silence is due. */
struct returned {
    struct returned *after;
    uint64_t ticket;
    size_t octets;
    uint8_t framed[];
};

struct handover;

/* NULL: no memory, or no descriptor. */
struct handover *handover_new(void);
void handover_free(struct handover *handover);

/* Readable where `handover_wake` was called, or there are replies to be fetched. */
int handover_descriptor(const struct handover *handover);
void handover_wake(struct handover *handover);

/* Whether one more query can wait. */
bool handover_has_room(struct handover *handover);

/* Has a query wait, where there is room; false: no memory. */
bool handover_put(struct handover *handover, uint64_t ticket, const uint8_t *address,
                  size_t address_octets, const uint8_t *query, size_t octets);

/* Tells whoever takes queries of an error, by its number. */
void handover_report(struct handover *handover, int error);

/* All replies since the last time, in their order, each to be freed; NULL: none. */
struct returned *handover_fetch(struct handover *handover);

/* No query is put in any more, and nobody fetches replies. */
void handover_end(struct handover *handover);

enum taking { TOOK_QUERY, TOOK_ERROR, TOOK_END };

/* Waits for a query, to be freed, or for the number of an error. */
enum taking handover_take(struct handover *handover, struct handed **query, int *error);

/* Has the reply of up to TCP_OCTETS octets sent, or no reply where there are none; false: no memory. */
bool handover_reply(struct handover *handover, uint64_t ticket, const uint8_t *reply,
                    size_t octets);

#endif
