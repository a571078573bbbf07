/* TCP (RFC 7766): one thread for all sockets, which accepts, reads, answers and closes.
 *
 * The thread knows nothing of Python and never waits for it. It reads the published table; what that does
 * not hold waits to be taken by `tcp_take_left` and answered by `tcp_reply`, and its connection with it:
 * replies leave in the order of their queries. Connections that have something to be answered stand in
 * one line; between turns the thread looks at the sockets, where new clients are waiting.
 */
#ifndef RRDNS_TCP_H
#define RRDNS_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handover.h"
#include "table.h"
#include "tally.h"

struct tcp_limits {
    uint64_t idle_ns; /* without a query that was answered; then a connection is closed */
    size_t connections, per_client;
    uint64_t grace_ns; /* after the stop, for the replies to what has been read */
};

struct tcp;

/* For `count` sockets, which listen and do not block; they are borrowed until `tcp_start`, the tally until
 * `tcp_free`. NULL: no memory. */
struct tcp *tcp_new(const int *sockets, size_t count, const struct tcp_limits *limits,
                    struct tally *tally);

/* 0, or an error number: then no thread runs, or, for EALREADY, none beside the one that was started
 * once. A table has to be published before. */
int tcp_start(struct tcp *tcp);

/* Accepts no more, answers within the grace what has been read, ends the thread and closes what it has
 * accepted; a second time does nothing. */
void tcp_stop(struct tcp *tcp);

/* Ends the thread if it still runs. */
void tcp_free(struct tcp *tcp);

/* Has the thread read `table` from its next turn on. Never waits. */
void tcp_publish(struct tcp *tcp, const struct table *table);

/* Whether the thread may still be reading a table that was published once. */
bool tcp_is_reading(const struct tcp *tcp, const struct table *table);

/* How many connections are open. */
size_t tcp_connections(const struct tcp *tcp);

/* Waits for a query that was left, to be freed, or for the error that keeps connections from being
 * accepted. */
enum taking tcp_take_left(struct tcp *tcp, struct handed **query, int *error);

/* Has the reply of up to TCP_OCTETS octets sent, or no reply where there are none; false: no memory. Each
 * query that was taken needs one of both, so that its connection goes on. */
bool tcp_reply(struct tcp *tcp, uint64_t ticket, const uint8_t *reply, size_t octets);

#endif
