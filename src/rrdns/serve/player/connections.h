/* Who is connected, and who gives way: the connections of one thread, in the order of their activity.
 *
 * There are so many in total and so many of one client address at the most; where a limit is reached
 * the one that has been inactive longest gives way, so that idle ones lock nobody out.
 */
#ifndef RRDNS_CONNECTIONS_H
#define RRDNS_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cookie.h"
#include "list.h"

struct visitor; /* a client address, and its connections */

/* One connection. What it has sent and what waits for it is kept only as long as there is any. */
struct connection {
    int socket; /* -1: there is none */
    struct visitor *visitor;
    struct link by_activity, of_visitor; /* those that have been inactive longest come first */
    uint64_t active_at_ns;
    uint32_t generation; /* of those that have had this slot */

    /* For the loop: in which of its lists it is, and what the system has told of it. */
    struct link queued;
    bool is_in_line, is_watched, is_watched_for_room;
    uint8_t looks;     /* taken at it without it being watched */
    bool may_read;     /* octets, or the end, may be there */
    bool is_ending;    /* the end is on its way */
    bool reads_last;   /* nothing is read after the next read */
    bool has_ended;    /* nothing is read any more */
    bool is_left;      /* the reference answerer has its query */
    bool waits_for_it; /* or is to get it */

    uint8_t *received; /* not answered yet; NULL: nothing */
    size_t n_received;
    uint8_t *unsent; /* not taken by the system yet; NULL: nothing */
    size_t unsent_from, unsent_to;
};

struct connections;

/* Room for so many connections; NULL: no memory. */
struct connections *connections_new(size_t most, size_t most_of_client);

/* Closes all of them. */
void connections_free(struct connections *all);

/* Takes in a connected socket of a client with an address of 4 or 16 octets, active now; the one that has
 * to give way is closed. NULL: no memory; then the socket is still the caller's. */
struct connection *connection_admit(struct connections *all, int socket, const uint8_t *address,
                                    size_t octets, uint64_t now_ns);

/* Notes that a query has been answered. */
void connection_touch(struct connections *all, struct connection *connection, uint64_t now_ns);

/* Closes it at once; what has not been sent is lost. */
void connection_close(struct connections *all, struct connection *connection);

/* A number that no other connection has or will have soon, never below 2^32; and whose it is, NULL: it is
 * closed. */
uint64_t connection_ticket(const struct connections *all, const struct connection *connection);
struct connection *connection_of(const struct connections *all, uint64_t ticket);

const uint8_t *connection_address(const struct connection *connection, size_t *octets);

/* The one that has been inactive longest, and the next one; NULL: there is none. */
struct connection *connection_oldest(const struct connections *all);
struct connection *connection_after(const struct connections *all,
                                    const struct connection *connection);

/* How many are open; any thread may ask. */
size_t connections_open(const struct connections *all);

#endif
