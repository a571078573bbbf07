#include "connections.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { MOST_BUCKETS = 1 << 16 };

struct visitor {
    struct link in_bucket, connections;
    size_t count;
    size_t octets;
    uint8_t address[LONGEST_ADDRESS];
};

struct connections {
    size_t most, most_of_client;
    _Atomic size_t open;
    struct connection *slots;
    size_t n_used; /* slots that have been used once */
    struct link free, by_activity;
    struct link *buckets; /* of visitors, by a hash that nobody can foretell */
    size_t n_buckets;
    uint8_t secret[SECRET_OCTETS];
};

struct connections *connections_new(size_t most, size_t most_of_client) {
    struct connections *all = calloc(1, sizeof *all);
    if (!all) return NULL;
    all->most = most;
    all->most_of_client = most_of_client;
    all->n_buckets = 1;
    while (all->n_buckets < most && all->n_buckets < MOST_BUCKETS) all->n_buckets *= 2;
    all->slots = calloc(most, sizeof *all->slots);
    all->buckets = calloc(all->n_buckets, sizeof *all->buckets);
    list_init(&all->free);
    list_init(&all->by_activity);
    const ssize_t drawn = getrandom(all->secret, sizeof all->secret, 0);
    if (!all->slots || !all->buckets || drawn != sizeof all->secret) {
        connections_free(all);
        return NULL;
    }
    for (size_t i = 0; i < all->n_buckets; i++) list_init(&all->buckets[i]);
    return all;
}

void connections_free(struct connections *all) {
    if (!all) return;
    struct connection *connection;
    while ((connection = connection_oldest(all))) connection_close(all, connection);
    free(all->buckets);
    free(all->slots);
    free(all);
}

/* -- clients ------------------------------------------------------------------------------------- */

static struct link *bucket_of(const struct connections *all, const uint8_t *address,
                              size_t octets) {
    uint8_t hash[8];
    size_t number;
    siphash24(all->secret, address, octets, hash);
    memcpy(&number, hash, sizeof number);
    return &all->buckets[number & (all->n_buckets - 1)];
}

/* The client with an address; it has no connection yet if it has not been there. NULL: no memory. */
static struct visitor *visitor_of(const struct connections *all, const uint8_t *address,
                                  size_t octets) {
    struct link *bucket = bucket_of(all, address, octets);
    for (struct link *at = bucket->after; at != bucket; at = at->after) {
        struct visitor *visitor = MEMBER(at, struct visitor, in_bucket);
        if (visitor->octets == octets && !memcmp(visitor->address, address, octets))
            return visitor;
    }
    struct visitor *visitor = calloc(1, sizeof *visitor);
    if (!visitor) return NULL;
    visitor->octets = octets;
    memcpy(visitor->address, address, octets);
    list_init(&visitor->connections);
    list_append(bucket, &visitor->in_bucket);
    return visitor;
}

static void visitor_leaves(struct visitor *visitor) {
    if (visitor->count) return;
    list_remove(&visitor->in_bucket);
    free(visitor);
}

/* -- connections --------------------------------------------------------------------------------- */

/* Closes the one that has to give way to one more, whose client stays known. */
static void make_way(struct connections *all, struct visitor *visitor) {
    struct connection *first = NULL;
    if (visitor->count >= all->most_of_client)
        first = MEMBER(visitor->connections.after, struct connection, of_visitor);
    else if (connections_open(all) >= all->most)
        first = connection_oldest(all);
    if (!first) return;
    visitor->count++; /* it is about to have another one */
    connection_close(all, first);
    visitor->count--;
}

/* A slot that nobody has; there is one. */
static struct connection *slot_taken(struct connections *all) {
    struct link *freed = list_take(&all->free);
    if (freed) return MEMBER(freed, struct connection, queued);
    struct connection *fresh = &all->slots[all->n_used++];
    fresh->generation = 1;
    return fresh;
}

struct connection *connection_admit(struct connections *all, int socket, const uint8_t *address,
                                    size_t octets, uint64_t now_ns) {
    struct visitor *visitor = visitor_of(all, address, octets);
    if (!visitor) return NULL;
    make_way(all, visitor);
    struct connection *connection = slot_taken(all);
    *connection = (struct connection){
        .socket = socket,
        .visitor = visitor,
        .active_at_ns = now_ns,
        .generation = connection->generation,
    };
    list_init(&connection->queued);
    list_append(&all->by_activity, &connection->by_activity);
    list_append(&visitor->connections, &connection->of_visitor);
    visitor->count++;
    atomic_fetch_add_explicit(&all->open, 1, memory_order_relaxed);
    return connection;
}

void connection_touch(struct connections *all, struct connection *connection, uint64_t now_ns) {
    connection->active_at_ns = now_ns;
    list_remove(&connection->by_activity);
    list_append(&all->by_activity, &connection->by_activity);
    list_remove(&connection->of_visitor);
    list_append(&connection->visitor->connections, &connection->of_visitor);
}

void connection_close(struct connections *all, struct connection *connection) {
    atomic_fetch_sub_explicit(&all->open, 1, memory_order_relaxed);
    close(connection->socket);
    connection->socket = -1;
    if (!++connection->generation) connection->generation = 1;
    free(connection->received);
    free(connection->unsent);
    list_remove(&connection->by_activity);
    list_remove(&connection->of_visitor);
    connection->visitor->count--;
    visitor_leaves(connection->visitor);
    list_remove(&connection->queued);
    list_append(&all->free, &connection->queued);
}

uint64_t connection_ticket(const struct connections *all, const struct connection *connection) {
    return (uint64_t)connection->generation << 32 | (uint64_t)(connection - all->slots);
}

struct connection *connection_of(const struct connections *all, uint64_t ticket) {
    const size_t number = ticket & UINT32_MAX;
    if (number >= all->n_used) return NULL;
    struct connection *connection = &all->slots[number];
    return connection->socket >= 0 && connection->generation == ticket >> 32 ? connection : NULL;
}

const uint8_t *connection_address(const struct connection *connection, size_t *octets) {
    *octets = connection->visitor->octets;
    return connection->visitor->address;
}

static struct connection *unless_end(const struct connections *all, struct link *at) {
    return at == &all->by_activity ? NULL : MEMBER(at, struct connection, by_activity);
}

struct connection *connection_oldest(const struct connections *all) {
    return unless_end(all, all->by_activity.after);
}

struct connection *connection_after(const struct connections *all,
                                    const struct connection *connection) {
    return unless_end(all, connection->by_activity.after);
}

size_t connections_open(const struct connections *all) {
    return atomic_load_explicit(&all->open, memory_order_relaxed);
}
