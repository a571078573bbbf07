/* From the octets of a query to the octets of its reply, in place: answer/table.py in C.
 *
 * What holds for any octets whatever, and is fuzzed: the reply begins with the ID and the question of
 * the query, is a response, is no longer than the transport and the client allow, and of a message
 * that gets none not an octet is changed.
 */
#ifndef RRDNS_REPLY_H
#define RRDNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cookie.h"
#include "query.h"
#include "table.h"
#include "tally.h"

enum {
    PLAIN_UDP_OCTETS = 512, /* RFC 1035 section 4.2.1 */
    EDNS_UDP_OCTETS = 1232, /* RFC 9715 */
    TCP_OCTETS = 65535,
};

enum answered { REPLIED, LEFT_TO_REFERENCE, SILENT };

/* A query on its way to its reply: what is told of it, and what comes of it. */
struct asked {
    uint8_t *message;
    size_t octets;
    struct client client;
    enum answered answered;
    struct query query;
    const struct entry *entry; /* NULL: REFUSED */
};

/* Replaces the query of `*octets` octets at `message` by its reply, whose length `*octets` becomes, and
 * counts it. There is room for the longest reply of the transport: EDNS_UDP_OCTETS or TCP_OCTETS. */
enum answered reply_make(const struct table *table, const struct client *client, bool is_stream,
                         uint8_t *message, size_t *octets, struct tally *tally);

/* The same for a batch that came by UDP: `message`, `octets` and `client` of each are replaced. Every step
 * is taken with all of them before the next, and fetches what that reads: see table.h. */
void reply_make_all(const struct table *table, struct asked *asked, unsigned count,
                    struct tally *tally);

#endif
