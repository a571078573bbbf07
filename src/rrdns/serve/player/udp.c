#define _GNU_SOURCE
#include "udp.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "publication.h"
#include "reply.h"

enum {
    BATCH = 16, /* with more, what they need is no longer in the first cache when it is sent */
    STRIDE = LARGEST_QUERY + 3 * 64, /* a power of two would have all begin on one line of that cache */
    LAST_BATCHES = 256,      /* answered after the stop, so that it comes to an end */
    PAUSE_NS = 10 * 1000000, /* after an error that may well last */
};

struct replies {
    unsigned count;
    struct mmsghdr headers[BATCH];
};

/* The datagrams of one batch; each reply takes the place of its query. */
struct batch {
    struct mmsghdr messages[BATCH];
    struct replies replies;
    struct iovec parts[BATCH];
    struct asked asked[BATCH];
    struct sockaddr_in6 addresses[BATCH];
    _Alignas(struct cmsghdr) uint8_t controls[BATCH][CONTROL_OCTETS];
    uint8_t octets[BATCH][STRIDE];
};

/* One thread and its socket. `own` is a descriptor that nobody else closes while the thread waits there,
 * for then nothing would wake it. */
struct lane {
    struct reader reader;
    _Alignas(64) struct udp *udp;
    int socket, own;
    pthread_t thread;
    bool is_running;
    struct tally *tally;
    struct batch *batch;
};

/* Queries that were left, in a ring; `count` can be looked at without the lock. */
struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t has_changed;
    bool has_ended; /* no thread is left that could add one */
    _Atomic size_t count;
    size_t first;
    struct left queries[MOST_LEFT];
};

struct udp {
    struct publication publication;
    _Alignas(64) _Atomic bool is_stopping;
    bool has_started;
    size_t n_lanes;
    struct lane *lanes;
    struct waiting waiting;
};

/* -- addresses ---------------------------------------------------------------------------------- */

/* What is of nobody has the address of an earlier datagram. Nothing is sent to port 0; it is at the
 * same place in both families. */
static bool can_be_answered(const struct msghdr *message) {
    const struct sockaddr_in6 *address = message->msg_name;
    size_t octets;
    return message->msg_namelen && client_address(address, &octets) && address->sin6_port;
}

/* Makes of what tells where a query came to what has the reply leave from there (RFC 2181 section 4.1).
 * The interface is left to the routing table, but for link-local addresses, which mean nothing without
 * it (RFC 3542 section 6.2). */
static void turn_around(struct msghdr *message) {
    struct cmsghdr *control = message->msg_controllen ? CMSG_FIRSTHDR(message) : NULL;
    if (!control) return;
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
        ((struct in_pktinfo *)CMSG_DATA(control))->ipi_ifindex = 0;
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(control);
        if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
    }
}

/* -- what is left to the reference answerer ------------------------------------------------------- */

static bool waiting_init(struct waiting *waiting) {
    if (pthread_mutex_init(&waiting->lock, NULL)) return false;
    if (!pthread_cond_init(&waiting->has_changed, NULL)) return true;
    pthread_mutex_destroy(&waiting->lock);
    return false;
}

/* Keeps a query for `udp_take_left`; false where too many wait already. */
static bool leave(struct lane *lane, const struct msghdr *message, size_t octets) {
    struct waiting *waiting = &lane->udp->waiting;
    if (atomic_load_explicit(&waiting->count, memory_order_relaxed) == MOST_LEFT) return false;
    pthread_mutex_lock(&waiting->lock);
    const size_t count = atomic_load_explicit(&waiting->count, memory_order_relaxed);
    if (count < MOST_LEFT) {
        struct left *left = &waiting->queries[(waiting->first + count) % MOST_LEFT];
        left->way.socket = lane->socket;
        left->way.address_octets = message->msg_namelen;
        left->way.control_octets = message->msg_controllen;
        memcpy(&left->way.address, message->msg_name, message->msg_namelen);
        memcpy(left->way.control, message->msg_control, message->msg_controllen);
        left->octets = octets;
        memcpy(left->query, message->msg_iov->iov_base, octets);
        atomic_store_explicit(&waiting->count, count + 1, memory_order_relaxed);
        if (!count) pthread_cond_signal(&waiting->has_changed);
    }
    pthread_mutex_unlock(&waiting->lock);
    return count < MOST_LEFT;
}

bool udp_take_left(struct udp *udp, struct left *left) {
    struct waiting *waiting = &udp->waiting;
    pthread_mutex_lock(&waiting->lock);
    while (!atomic_load(&waiting->count) && !waiting->has_ended)
        pthread_cond_wait(&waiting->has_changed, &waiting->lock);
    const size_t count = atomic_load(&waiting->count);
    if (count) {
        const struct left *first = &waiting->queries[waiting->first];
        left->way = first->way;
        left->octets = first->octets;
        memcpy(left->query, first->query, first->octets);
        waiting->first = (waiting->first + 1) % MOST_LEFT;
        atomic_store(&waiting->count, count - 1);
    }
    pthread_mutex_unlock(&waiting->lock);
    return count;
}

int udp_send(const struct way *way, const uint8_t *reply, size_t octets) {
    struct way mutable = *way;
    struct iovec part = {(void *)(uintptr_t)reply, octets};
    struct msghdr message = {
        .msg_name = &mutable.address,
        .msg_namelen = mutable.address_octets,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = mutable.control_octets ? mutable.control : NULL,
        .msg_controllen = mutable.control_octets,
    };
    return sendmsg(way->socket, &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

/* -- the loop ----------------------------------------------------------------------------------- */

static void batch_init(struct batch *batch) {
    for (int i = 0; i < BATCH; i++) {
        batch->parts[i].iov_base = batch->octets[i];
        batch->parts[i].iov_len = LARGEST_QUERY;
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->addresses[i],
            .msg_iov = &batch->parts[i],
            .msg_iovlen = 1,
            .msg_control = batch->controls[i],
        };
    }
}

/* Makes room again for what the last batch has used: the first `used` of its datagrams. */
static void batch_renew(struct batch *batch, int used) {
    for (int i = 0; i < used; i++) {
        batch->parts[i].iov_len = LARGEST_QUERY;
        batch->messages[i].msg_hdr.msg_namelen = sizeof batch->addresses[i];
        batch->messages[i].msg_hdr.msg_controllen = CONTROL_OCTETS;
    }
}

/* What is asked by one datagram; of one that can not be answered, nothing. */
static void ask(struct asked *asked, struct mmsghdr *datagram, uint32_t now) {
    struct msghdr *message = &datagram->msg_hdr;
    asked->message = message->msg_iov->iov_base;
    asked->octets = can_be_answered(message) ? datagram->msg_len : 0;
    asked->client.now = now;
    asked->client.address = client_address(message->msg_name, &asked->client.octets);
    turn_around(message);
}

/* Sends all replies; one that the system does not take is not tried again. */
static void send_all(struct lane *lane, struct replies *replies) {
    for (unsigned sent = 0; sent < replies->count;) {
        const unsigned unsent = replies->count - sent;
        int taken = sendmmsg(lane->own, replies->headers + sent, unsent, MSG_DONTWAIT);
        if (taken > 0) {
            sent += (unsigned)taken;
        } else if (errno != EINTR) {
            count_one(&lane->tally->unsent);
            sent++;
        }
    }
}

static void answer_batch(struct lane *lane, unsigned count) {
    struct batch *batch = lane->batch;
    struct asked *asked = batch->asked;
    struct replies *replies = &batch->replies;
    const uint32_t now = (uint32_t)time(NULL);
    const struct table *table = table_borrow(&lane->udp->publication, &lane->reader);
    for (unsigned i = 0; i < count; i++) ask(&asked[i], &batch->messages[i], now);
    reply_make_all(table, asked, count, lane->tally);
    table_return(&lane->reader);
    replies->count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *message = &batch->messages[i].msg_hdr;
        if (asked[i].answered == REPLIED) {
            message->msg_iov->iov_len = asked[i].octets;
            replies->headers[replies->count++].msg_hdr = *message;
        } else if (asked[i].answered == LEFT_TO_REFERENCE) {
            const bool is_kept = leave(lane, message, asked[i].octets);
            count_one(is_kept ? &lane->tally->left : &lane->tally->overflowed);
        }
    }
    send_all(lane, replies);
}

static int receive(struct lane *lane, int flags) {
    return recvmmsg(lane->own, lane->batch->messages, BATCH, flags, NULL);
}

/* How many of the datagrams are to be looked at: of a socket that is shut down any number of empty
 * ones can be read, of nobody's. */
static unsigned from_somebody(const struct batch *batch, int count) {
    while (count > 0 && !batch->messages[count - 1].msg_hdr.msg_namelen) count--;
    return (unsigned)count;
}

static void *lane_run(void *argument) {
    struct lane *lane = argument;
    struct batch *batch = lane->batch;
    batch_renew(batch, BATCH);
    while (!atomic_load_explicit(&lane->udp->is_stopping, memory_order_relaxed)) {
        int count = receive(lane, MSG_WAITFORONE);
        if (count > 0) {
            answer_batch(lane, from_somebody(batch, count));
            batch_renew(batch, count);
        } else if (count < 0 && errno != EINTR) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        }
    }
    for (int i = 0; i < LAST_BATCHES; i++) {
        int count = receive(lane, MSG_DONTWAIT);
        const unsigned datagrams = count > 0 ? from_somebody(batch, count) : 0;
        if (!datagrams) break;
        answer_batch(lane, datagrams);
        batch_renew(batch, count);
    }
    return NULL;
}

/* -- from start to stop --------------------------------------------------------------------------- */

struct udp *udp_new(const int *sockets, struct tally *const *tallies, size_t count) {
    struct udp *udp = aligned_alloc(_Alignof(struct udp), sizeof *udp);
    if (!udp) return NULL;
    memset(udp, 0, sizeof *udp);
    if (!waiting_init(&udp->waiting)) {
        free(udp);
        return NULL;
    }
    udp->lanes = aligned_alloc(_Alignof(struct lane), (count + !count) * sizeof *udp->lanes);
    if (udp->lanes) {
        memset(udp->lanes, 0, (count + !count) * sizeof *udp->lanes);
        udp->n_lanes = count;
    }
    for (size_t i = 0; i < udp->n_lanes; i++) {
        struct lane *lane = &udp->lanes[i];
        lane->udp = udp;
        lane->socket = sockets[i];
        lane->tally = tallies[i];
        lane->batch = calloc(1, sizeof *lane->batch);
        if (!lane->batch) {
            udp_free(udp);
            return NULL;
        }
        batch_init(lane->batch);
    }
    if (!udp->lanes) {
        udp_free(udp);
        return NULL;
    }
    return udp;
}

static int lane_start(struct lane *lane, size_t number) {
    lane->own = fcntl(lane->socket, F_DUPFD_CLOEXEC, 0);
    if (lane->own < 0) return errno;
    const int error = pthread_create(&lane->thread, NULL, lane_run, lane);
    if (error) {
        close(lane->own);
        return error;
    }
    char name[16];
    snprintf(name, sizeof name, "rrdns-udp-%zu", number % 1000);
    pthread_setname_np(lane->thread, name);
    lane->is_running = true;
    return 0;
}

static void lane_stop(struct lane *lane) {
    if (!lane->is_running) return;
    lane->is_running = false;
    /* It says that the socket is not connected, and wakes who waits for it all the same. */
    shutdown(lane->own, SHUT_RD);
    pthread_join(lane->thread, NULL);
    close(lane->own);
}

int udp_start(struct udp *udp) {
    if (udp->has_started || atomic_load(&udp->is_stopping)) return EALREADY;
    udp->has_started = true;
    sigset_t all, before;
    sigfillset(&all); /* signals are for Python's main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    for (size_t i = 0; i < udp->n_lanes && !error; i++) error = lane_start(&udp->lanes[i], i);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) udp_stop(udp);
    return error;
}

void udp_stop(struct udp *udp) {
    if (atomic_exchange(&udp->is_stopping, true)) return;
    for (size_t i = 0; i < udp->n_lanes; i++) lane_stop(&udp->lanes[i]);
    pthread_mutex_lock(&udp->waiting.lock);
    udp->waiting.has_ended = true;
    pthread_cond_broadcast(&udp->waiting.has_changed);
    pthread_mutex_unlock(&udp->waiting.lock);
}

void udp_free(struct udp *udp) {
    if (!udp) return;
    udp_stop(udp);
    for (size_t i = 0; i < udp->n_lanes; i++) free(udp->lanes[i].batch);
    free(udp->lanes);
    pthread_cond_destroy(&udp->waiting.has_changed);
    pthread_mutex_destroy(&udp->waiting.lock);
    free(udp);
}

void udp_publish(struct udp *udp, const struct table *table) {
    atomic_store(&udp->publication.table, table);
}

bool udp_is_reading(const struct udp *udp, const struct table *table) {
    if (atomic_load(&udp->publication.table) == table) return true;
    for (size_t i = 0; i < udp->n_lanes; i++)
        if (is_read(&udp->lanes[i].reader, table)) return true;
    return false;
}

bool udp_has_socket(const struct udp *udp, int socket) {
    for (size_t i = 0; i < udp->n_lanes; i++)
        if (udp->lanes[i].socket == socket) return true;
    return false;
}
