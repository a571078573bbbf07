/* UDP at the speed of the socket: one thread a socket, which reads and answers whole batches.
 *
 * The threads know nothing of Python and never wait for it. They read the published table; what that
 * does not hold waits, if there is room, to be taken by `udp_take_left` and answered by `udp_send`.
 */
#ifndef RRDNS_UDP_H
#define RRDNS_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "table.h"
#include "tally.h"

enum {
    LARGEST_QUERY = 4096, /* more than any sensible query; what is cut off is malformed */
    MOST_LEFT = 1024,     /* queries that may wait for the reference answerer */
    CONTROL_OCTETS = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

/* Where a reply has to go, and where it has to come from. */
struct way {
    int socket;
    socklen_t address_octets;
    size_t control_octets;
    struct sockaddr_in6 address; /* or a sockaddr_in */
    _Alignas(struct cmsghdr) uint8_t control[CONTROL_OCTETS];
};

/* A query that the table does not hold the answer to. */
struct left {
    struct way way;
    size_t octets;
    uint8_t query[LARGEST_QUERY];
};

struct udp;

/* A thread for each of the `count` sockets, which are bound and blocking, and its tally. Both are
 * borrowed: the tally until `udp_free`, the socket until `udp_start`, and as long as `udp_send` is to
 * reach anybody. They answer from `udp_start` on. NULL: no memory. */
struct udp *udp_new(const int *sockets, struct tally *const *tallies, size_t count);

/* 0, or an error number: then no thread runs, or, for EALREADY, none beside those that were started
 * once. A table has to be published before. */
int udp_start(struct udp *udp);

/* Answers what has arrived and ends the threads; a second time does nothing. */
void udp_stop(struct udp *udp);

/* Ends the threads if they still run. */
void udp_free(struct udp *udp);

/* Has the threads read `table` from their next batch on. Never waits. */
void udp_publish(struct udp *udp, const struct table *table);

/* Whether a thread may still be reading a table that was published once. */
bool udp_is_reading(const struct udp *udp, const struct table *table);

/* Whether it is one of the sockets. */
bool udp_has_socket(const struct udp *udp, int socket);

/* Waits for a query that was left; false: there are none, and the threads have ended. */
bool udp_take_left(struct udp *udp, struct left *left);

/* Sends one reply; an error number, or 0. */
int udp_send(const struct way *way, const uint8_t *reply, size_t octets);

#endif
