#define _GNU_SOURCE
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "connections.h"
#include "publication.h"
#include "stream.h"

enum {
    EVENTS = 64,
    GROUP = 64, /* of the line, answered together */
    ACCEPTED_AT_ONCE = 64, /* of one socket, before the others are looked at */
    LOOKS = 2,             /* at a new connection, which may be over before it would be watched */
};

static const uint64_t NS_OF_S = 1000000000, NS_OF_MS = 1000000;
static const uint64_t TURNS_NS = 1000000; /* for the line, before the sockets are looked at */
static const long GATHER_NS = 50000;     /* before sockets are looked at again that have just sent much */
static const uint64_t PAUSE_NS = 1000000000; /* of accepting, where descriptors or memory ran out */

struct tcp {
    struct publication publication;
    struct reader reader;
    _Alignas(64) _Atomic bool is_stopping;
    bool has_started, is_running;
    pthread_t thread;
    struct tcp_limits limits;
    struct tally *tally;
    struct handover *handover;
    struct connections *connections;
    struct workspace *workspace;

    size_t n_sockets;
    int *sockets, *own; /* our own descriptors of them are -1 unless the thread runs */
    int epoll;

    uint64_t now_ns;
    bool is_finishing, is_pipelined; /* the last turns: somebody had sent several queries at once */
    uint64_t finish_by_ns, accept_from_ns; /* 0: accepting */
    struct link line;    /* those that take turns */
    struct link young;   /* those to be looked at again before they are watched */
    struct link waiting; /* for room with the reference answerer */
};

/* What an event is about, unless it is the ticket of a connection: a socket, by its number, or: */
static const uint64_t WOKEN = UINT32_MAX;

static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_OF_S + (uint64_t)now.tv_nsec;
}

static bool watch(struct tcp *tcp, int operation, int descriptor, uint32_t events, uint64_t about) {
    struct epoll_event event = {.events = events, .data.u64 = about};
    return !epoll_ctl(tcp->epoll, operation, descriptor, &event);
}

/* -- connections that have something to do --------------------------------------------------------- */

static void line_up(struct tcp *tcp, struct connection *connection) {
    if (connection->is_in_line || connection->waits_for_it) return;
    list_remove(&connection->queued); /* of the young */
    list_append(&tcp->line, &connection->queued);
    connection->is_in_line = true;
}

/* Has the system tell of a connection, once for each change, what is there already included; and of room
 * for replies from when they have had to wait for it. */
static void watch_connection(struct tcp *tcp, struct connection *connection) {
    const bool needs_room = connection->unsent;
    const uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET | (needs_room ? EPOLLOUT : 0);
    const uint64_t ticket = connection_ticket(tcp->connections, connection);
    if (connection->is_watched && (connection->is_watched_for_room || !needs_room)) return;
    const int operation = connection->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    connection->is_watched = true;
    connection->is_watched_for_room = needs_room;
    if (!watch(tcp, operation, connection->socket, events, ticket))
        connection_close(tcp->connections, connection);
}

/* Most clients have said all and are gone by the next look, and never need to be watched. */
static void wait_for(struct tcp *tcp, struct connection *connection) {
    const bool is_quiet = !connection->unsent && !connection->is_left && !tcp->is_finishing;
    if (!connection->is_watched && is_quiet && ++connection->looks < LOOKS)
        list_append(&tcp->young, &connection->queued);
    else watch_connection(tcp, connection);
}

/* Hands the first query of a connection over to the reference answerer. */
static void hand_over(struct tcp *tcp, struct connection *connection) {
    size_t octets, address_octets;
    const uint8_t *query = stream_first(connection, &octets);
    const uint8_t *address = connection_address(connection, &address_octets);
    const uint64_t ticket = connection_ticket(tcp->connections, connection);
    if (!handover_put(tcp->handover, ticket, address, address_octets, query, octets)) {
        connection_close(tcp->connections, connection);
        return;
    }
    count_one(&tcp->tally->left);
    stream_pass(connection);
    connection->is_left = true;
    watch_connection(tcp, connection);
}

/* The same as soon as there is room, in the order in which they came. */
static void leave(struct tcp *tcp, struct connection *connection) {
    if (list_is_empty(&tcp->waiting) && handover_has_room(tcp->handover)) {
        hand_over(tcp, connection);
    } else {
        connection->waits_for_it = true;
        list_append(&tcp->waiting, &connection->queued);
    }
}

static void settle(struct tcp *tcp, const struct turn_taken *turn) {
    struct connection *connection = turn->connection;
    if (turn->octets) connection_touch(tcp->connections, connection, tcp->now_ns);
    if (turn->answered > 1) tcp->is_pipelined = true;
    switch (stream_settle(turn)) {
    case STREAM_WAITS: wait_for(tcp, connection); break;
    case STREAM_GOES_ON: line_up(tcp, connection); break;
    case STREAM_LEAVES: leave(tcp, connection); break;
    case STREAM_ENDS: connection_close(tcp->connections, connection); break;
    }
}

/* Answers some connections, one at the least, and then sends all their replies: clients that are woken
 * together ask again together, and are read with fewer calls. */
static void give_turns_to_some(struct tcp *tcp, const struct table *table, uint64_t until_ns) {
    struct turn_taken turns[GROUP];
    struct link *first;
    unsigned count = 0;
    tcp->workspace->written = 0;
    while (count < GROUP && tcp->workspace->written < MOST_WRITTEN &&
           (first = list_take(&tcp->line))) {
        struct connection *connection = MEMBER(first, struct connection, queued);
        connection->is_in_line = false;
        turns[count++] = stream_answer(connection, table, (uint32_t)time(NULL), tcp->tally,
                                       tcp->workspace);
        if (clock_ns() >= until_ns) break;
    }
    for (unsigned i = 0; i < count; i++) settle(tcp, &turns[i]);
}

static void give_turns(struct tcp *tcp) {
    if (list_is_empty(&tcp->line)) return;
    const uint64_t until_ns = clock_ns() + TURNS_NS;
    const struct table *table = table_borrow(&tcp->publication, &tcp->reader);
    do {
        give_turns_to_some(tcp, table, until_ns);
    } while (!list_is_empty(&tcp->line) && clock_ns() < until_ns);
    table_return(&tcp->reader);
}

/* Sends what the reference answerer has replied, and gives it what has waited for that. */
static void take_replies(struct tcp *tcp) {
    struct returned *reply = handover_fetch(tcp->handover), *after;
    for (; reply; reply = after) {
        after = reply->after;
        struct connection *connection = connection_of(tcp->connections, reply->ticket);
        if (connection && connection->is_left) {
            connection->is_left = false;
            if (reply->octets) connection_touch(tcp->connections, connection, tcp->now_ns);
            if (!reply->octets || stream_send(connection, reply->framed, reply->octets))
                line_up(tcp, connection);
            else connection_close(tcp->connections, connection);
        }
        free(reply);
    }
    while (!list_is_empty(&tcp->waiting) && handover_has_room(tcp->handover)) {
        struct link *first = list_take(&tcp->waiting);
        struct connection *connection = MEMBER(first, struct connection, queued);
        connection->waits_for_it = false;
        hand_over(tcp, connection);
    }
}

/* -- accepting ------------------------------------------------------------------------------------- */

static void accepting_set(struct tcp *tcp, uint32_t events) {
    for (size_t i = 0; i < tcp->n_sockets; i++) watch(tcp, EPOLL_CTL_MOD, tcp->own[i], events, i);
}

/* Descriptors or memory ran out: asking again at once would only take time from those who are there. */
static void pause_accepting(struct tcp *tcp, int error) {
    accepting_set(tcp, 0);
    tcp->accept_from_ns = tcp->now_ns + PAUSE_NS;
    handover_report(tcp->handover, error);
}

/* Whether an error is of the connection that was to be accepted, and not of ours (accept(2)). */
static bool is_of_the_client(int error) {
    switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET: return true;
    default: return false;
    }
}

static void admit(struct tcp *tcp, int socket, const struct sockaddr_in6 *from) {
    size_t octets;
    const uint8_t *address = client_address(from, &octets);
    struct connection *connection = NULL;
    if (address)
        connection = connection_admit(tcp->connections, socket, address, octets, tcp->now_ns);
    if (!connection) {
        close(socket);
        return;
    }
    connection->may_read = true;
    line_up(tcp, connection);
}

static void accept_some(struct tcp *tcp, int listening) {
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        struct sockaddr_in6 from;
        socklen_t octets = sizeof from;
        const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
        const int socket = accept4(listening, (struct sockaddr *)&from, &octets, flags);
        if (socket >= 0) {
            admit(tcp, socket, &from);
        } else if (!is_of_the_client(errno)) {
            if (errno != EAGAIN) pause_accepting(tcp, errno);
            return;
        }
    }
}

/* -- the loop ------------------------------------------------------------------------------------- */

static void close_idle(struct tcp *tcp) {
    struct connection *oldest;
    while ((oldest = connection_oldest(tcp->connections)) &&
           oldest->active_at_ns + tcp->limits.idle_ns <= tcp->now_ns)
        connection_close(tcp->connections, oldest);
}

static void sockets_close(struct tcp *tcp) {
    for (size_t i = 0; i < tcp->n_sockets; i++) {
        if (tcp->own[i] < 0) continue;
        epoll_ctl(tcp->epoll, EPOLL_CTL_DEL, tcp->own[i], NULL); /* the socket lives on elsewhere */
        close(tcp->own[i]);
        tcp->own[i] = -1;
    }
}

/* Accepts no more, and has each connection end once it has its replies. */
static void begin_to_finish(struct tcp *tcp) {
    tcp->is_finishing = true;
    tcp->finish_by_ns = tcp->now_ns + tcp->limits.grace_ns;
    sockets_close(tcp);
    struct connection *connection = connection_oldest(tcp->connections);
    for (; connection; connection = connection_after(tcp->connections, connection)) {
        connection->reads_last = true; /* what has arrived is not lost */
        connection->may_read = true;
        line_up(tcp, connection);
    }
}

/* Milliseconds until something is due that no event tells of; -1: nothing is. */
static int due_in_ms(const struct tcp *tcp) {
    const struct connection *oldest = connection_oldest(tcp->connections);
    uint64_t due_ns = UINT64_MAX;
    if (!list_is_empty(&tcp->line) || !list_is_empty(&tcp->young)) return 0;
    if (oldest) due_ns = oldest->active_at_ns + tcp->limits.idle_ns;
    if (tcp->accept_from_ns && tcp->accept_from_ns < due_ns) due_ns = tcp->accept_from_ns;
    if (tcp->is_finishing && tcp->finish_by_ns < due_ns) due_ns = tcp->finish_by_ns;
    if (due_ns == UINT64_MAX) return -1;
    if (due_ns <= tcp->now_ns) return 0;
    const uint64_t ms = (due_ns - tcp->now_ns + NS_OF_MS - 1) / NS_OF_MS;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

static void look_at(struct tcp *tcp, const struct epoll_event *event) {
    const uint64_t about = event->data.u64;
    if (about == WOKEN) {
        take_replies(tcp);
    } else if (about < tcp->n_sockets) {
        if (!tcp->is_finishing) accept_some(tcp, tcp->own[about]);
    } else {
        struct connection *connection = connection_of(tcp->connections, about);
        if (!connection) return; /* it has given way since */
        if (event->events & ~(uint32_t)EPOLLOUT) connection->may_read = true;
        if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) connection->is_ending = true;
        line_up(tcp, connection);
    }
}

static void young_line_up(struct tcp *tcp) {
    struct link *first;
    while ((first = list_take(&tcp->young))) {
        struct connection *connection = MEMBER(first, struct connection, queued);
        connection->may_read = true;
        line_up(tcp, connection);
    }
}

/* Clients that send several queries at once are about to send more: answered at once, each would be read
 * by itself, and twice as many calls be made for as many answers. */
static void gather(struct tcp *tcp) {
    const bool is_idle = list_is_empty(&tcp->line) && list_is_empty(&tcp->young);
    if (tcp->is_pipelined && is_idle) nanosleep(&(struct timespec){.tv_nsec = GATHER_NS}, NULL);
    tcp->is_pipelined = false;
}

static void *tcp_run(void *argument) {
    struct tcp *tcp = argument;
    struct epoll_event events[EVENTS];
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* ns; usually it is as long as what is to be gathered */
    tcp->now_ns = clock_ns();
    for (;;) {
        gather(tcp);
        const int count = epoll_wait(tcp->epoll, events, EVENTS, due_in_ms(tcp));
        tcp->now_ns = clock_ns();
        for (int i = 0; i < count; i++) look_at(tcp, &events[i]);
        if (!tcp->is_finishing && atomic_load(&tcp->is_stopping)) begin_to_finish(tcp);
        if (tcp->accept_from_ns && tcp->accept_from_ns <= tcp->now_ns) {
            tcp->accept_from_ns = 0;
            if (!tcp->is_finishing) accepting_set(tcp, EPOLLIN);
        }
        young_line_up(tcp);
        give_turns(tcp);
        close_idle(tcp);
        const bool is_over = !connections_open(tcp->connections) || tcp->finish_by_ns <= tcp->now_ns;
        if (tcp->is_finishing && is_over) break;
    }
    handover_end(tcp->handover);
    struct connection *connection;
    while ((connection = connection_oldest(tcp->connections)))
        connection_close(tcp->connections, connection);
    return NULL;
}

/* -- from start to stop ------------------------------------------------------------------------------ */

struct tcp *tcp_new(const int *sockets, size_t count, const struct tcp_limits *limits,
                    struct tally *tally) {
    struct tcp *tcp = aligned_alloc(_Alignof(struct tcp), sizeof *tcp);
    if (!tcp) return NULL;
    memset(tcp, 0, sizeof *tcp);
    tcp->limits = *limits;
    tcp->tally = tally;
    tcp->epoll = -1;
    list_init(&tcp->line);
    list_init(&tcp->young);
    list_init(&tcp->waiting);
    tcp->handover = handover_new();
    tcp->connections = connections_new(limits->connections, limits->per_client);
    tcp->workspace = malloc(sizeof *tcp->workspace);
    tcp->sockets = calloc(count + 1, sizeof *tcp->sockets);
    tcp->own = calloc(count + 1, sizeof *tcp->own);
    if (!tcp->handover || !tcp->connections || !tcp->workspace || !tcp->sockets || !tcp->own) {
        tcp_free(tcp);
        return NULL;
    }
    tcp->n_sockets = count;
    for (size_t i = 0; i < count; i++) {
        tcp->sockets[i] = sockets[i];
        tcp->own[i] = -1;
    }
    return tcp;
}

/* Opens what the thread needs; false with `errno` set. */
static bool opened(struct tcp *tcp) {
    const int on = 1;
    tcp->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (tcp->epoll < 0) return false;
    const int woken = handover_descriptor(tcp->handover);
    if (!watch(tcp, EPOLL_CTL_ADD, woken, EPOLLIN, WOKEN)) return false;
    for (size_t i = 0; i < tcp->n_sockets; i++) {
        tcp->own[i] = fcntl(tcp->sockets[i], F_DUPFD_CLOEXEC, 0);
        if (tcp->own[i] < 0) return false;
        /* Those that are accepted inherit it: no reply waits for the one before to be acknowledged. */
        setsockopt(tcp->own[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (!watch(tcp, EPOLL_CTL_ADD, tcp->own[i], EPOLLIN, i)) return false;
    }
    return true;
}

static void closed(struct tcp *tcp) {
    sockets_close(tcp);
    if (tcp->epoll >= 0) close(tcp->epoll);
    tcp->epoll = -1;
}

int tcp_start(struct tcp *tcp) {
    if (tcp->has_started || atomic_load(&tcp->is_stopping)) return EALREADY;
    tcp->has_started = true;
    int error = opened(tcp) ? 0 : errno;
    if (!error) {
        sigset_t all, before;
        sigfillset(&all); /* signals are for Python's main thread */
        pthread_sigmask(SIG_SETMASK, &all, &before);
        error = pthread_create(&tcp->thread, NULL, tcp_run, tcp);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (error) {
        tcp_stop(tcp);
        return error;
    }
    pthread_setname_np(tcp->thread, "rrdns-tcp");
    tcp->is_running = true;
    return 0;
}

void tcp_stop(struct tcp *tcp) {
    if (atomic_exchange(&tcp->is_stopping, true)) return;
    if (tcp->is_running) {
        handover_wake(tcp->handover);
        pthread_join(tcp->thread, NULL);
        tcp->is_running = false;
    }
    handover_end(tcp->handover);
    closed(tcp);
}

void tcp_free(struct tcp *tcp) {
    if (!tcp) return;
    if (tcp->handover) tcp_stop(tcp);
    connections_free(tcp->connections);
    handover_free(tcp->handover);
    free(tcp->workspace);
    free(tcp->sockets);
    free(tcp->own);
    free(tcp);
}

void tcp_publish(struct tcp *tcp, const struct table *table) {
    atomic_store(&tcp->publication.table, table);
}

bool tcp_is_reading(const struct tcp *tcp, const struct table *table) {
    return atomic_load(&tcp->publication.table) == table || is_read(&tcp->reader, table);
}

size_t tcp_connections(const struct tcp *tcp) { return connections_open(tcp->connections); }

enum taking tcp_take_left(struct tcp *tcp, struct handed **query, int *error) {
    return handover_take(tcp->handover, query, error);
}

bool tcp_reply(struct tcp *tcp, uint64_t ticket, const uint8_t *reply, size_t octets) {
    return handover_reply(tcp->handover, ticket, reply, octets);
}
