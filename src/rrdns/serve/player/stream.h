/* What is read from one connection and written to it: messages, each with its length in two octets
 * before it (RFC 1035 section 4.2.2), answered in the order in which they came.
 */
#ifndef RRDNS_STREAM_H
#define RRDNS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connections.h"
#include "reply.h"

enum {
    LENGTH_OCTETS = 2,
    LONGEST_FRAME = LENGTH_OCTETS + TCP_OCTETS,
    MOST_WRITTEN = 64 << 10, /* replies of one turn, before others have theirs */
};

/* Where turns read and write, whosever they are: what is left over is kept with the connection. */
struct workspace {
    uint8_t in[LONGEST_FRAME];
    uint8_t out[MOST_WRITTEN + LONGEST_FRAME];
    size_t written;
};

enum next {
    STREAM_WAITS,   /* for the client, or for the reference answerer */
    STREAM_GOES_ON, /* with another turn */
    STREAM_LEAVES,  /* its first message to the reference answerer */
    STREAM_ENDS,    /* all is said, or the client has gone */
};

/* What one turn has come to: replies in the workspace, and what follows once they are sent. */
struct turn_taken {
    struct connection *connection;
    const uint8_t *replies;
    size_t octets;
    unsigned answered; /* messages */
    enum next next;
};

/* Reads once and answers some of it, until `MOST_WRITTEN` is written. A client that does not read its
 * replies is not read either until it has taken them. */
struct turn_taken stream_answer(struct connection *connection, const struct table *table,
                                uint32_t now, struct tally *tally, struct workspace *workspace);

/* Sends what came of a turn; what follows. */
enum next stream_settle(const struct turn_taken *turn);

/* The first message that has been received and not answered; NULL: there is no whole one. */
const uint8_t *stream_first(const struct connection *connection, size_t *octets);

/* Takes away the first message, which has been handed over. */
void stream_pass(struct connection *connection);

/* Sends a reply, its length before it, to a connection to which nothing is unsent; false: the client has
 * gone, or no memory. */
bool stream_send(struct connection *connection, const uint8_t *framed, size_t octets);

#endif
