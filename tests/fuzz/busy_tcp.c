/* While clients of all kinds connect over the loopback, tables are published, and freed as soon as nobody
 * reads them; and the server stops in the midst of it:
 *
 * Until then every query gets its reply, in the order of the queries, and is counted; and stopping ends
 * the thread. The rest is for the sanitizers to say: no race, nothing read that was freed, nothing left
 * behind.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "busy.h"
#include "reply.h"
#include "tcp.h"

enum {
    STEADY = 2,      /* clients who read all their replies */
    IN_FLIGHT = 40,  /* queries of one write */
    WRITES = 5,      /* of one connection */
    PER_CLIENT = 4,  /* and some ask for more connections than that */
    PATIENCE_S = 20, /* bounds a hang, not a slow machine */
    CROWD = 3 * PER_CLIENT,
};

static const uint64_t NS_OF_S = 1000000000;

static struct tcp *tcp;
static struct sockaddr_in server = {.sin_family = AF_INET};
static _Atomic bool is_enough;
static _Atomic uint64_t asked;

static int socket_listening(void) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t octets = sizeof server;
    OWES(!bind(descriptor, (struct sockaddr *)&server, octets));
    OWES(!listen(descriptor, 100));
    OWES(!getsockname(descriptor, (struct sockaddr *)&server, &octets));
    return descriptor;
}

/* A connection from 127.0.0.`host`; -1 where nobody listens any more. */
static int connected(uint32_t host) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
    OWES(!setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    OWES(!bind(descriptor, (struct sockaddr *)&from, sizeof from));
    if (!connect(descriptor, (struct sockaddr *)&server, sizeof server)) return descriptor;
    close(descriptor);
    return -1;
}

/* -- who reads all replies -------------------------------------------------------------------------- */

/* Whether so many octets came; else the server has stopped. */
static bool read_all(int descriptor, uint8_t *octets, size_t count) {
    while (count) {
        const ssize_t some = recv(descriptor, octets, count, 0);
        if (some <= 0) return false;
        octets += some;
        count -= (size_t)some;
    }
    return true;
}

/* Whether the next reply came; it has to be the one to `number`. */
static bool reply_read(int descriptor, unsigned number) {
    static _Thread_local uint8_t reply[TCP_OCTETS];
    uint8_t length[2];
    if (!read_all(descriptor, length, sizeof length)) return false;
    if (!read_all(descriptor, reply, (size_t)length[0] << 8 | length[1])) return false;
    OWES(reply[0] == (uint8_t)(number >> 8) && reply[1] == (uint8_t)number);
    OWES(reply[2] & 0x80);
    return true;
}

static size_t queries_write(uint8_t stream[IN_FLIGHT * LONGEST], unsigned number) {
    size_t end = 0;
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        const size_t octets = query_write(stream + end + 2, number + i);
        stream[end] = (uint8_t)(octets >> 8);
        stream[end + 1] = (uint8_t)octets;
        end += 2 + octets;
    }
    return end;
}

/* Asks in two segments, wherever that cuts the queries; false: the server has stopped. */
static bool ask_and_hear(int descriptor, unsigned number) {
    uint8_t stream[IN_FLIGHT * LONGEST];
    const size_t end = queries_write(stream, number), cut = number * 7919u % end;
    if (cut && send(descriptor, stream, cut, MSG_NOSIGNAL) < 0) return false;
    if (send(descriptor, stream + cut, end - cut, MSG_NOSIGNAL) < 0) return false;
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        if (!reply_read(descriptor, number + i)) return false;
    atomic_fetch_add(&asked, IN_FLIGHT);
    return true;
}

static void *steady_run(void *seed) {
    unsigned number = (unsigned)(uintptr_t)seed;
    for (bool is_served = true; is_served;) {
        const int descriptor = connected(1);
        is_served = descriptor >= 0;
        for (unsigned i = 0; is_served && i < WRITES; i++, number += IN_FLIGHT)
            is_served = ask_and_hear(descriptor, number);
        if (descriptor >= 0) close(descriptor);
    }
    OWES(atomic_load(&is_enough));
    return NULL;
}

/* -- who does not ------------------------------------------------------------------------------------ */

/* Asks and is gone, with a reset. */
static void *rude_run(void *none) {
    uint8_t stream[IN_FLIGHT * LONGEST];
    const struct linger at_once = {.l_onoff = 1};
    int descriptor;
    for (unsigned number = 0; (descriptor = connected(2)) >= 0; number += IN_FLIGHT) {
        const size_t end = queries_write(stream, number);
        send(descriptor, stream, end - number % 3, MSG_NOSIGNAL);
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(descriptor);
    }
    return none;
}

/* Has more connections than it may, with half a query on each, so that the first ones give way. */
static void *crowd_run(void *none) {
    int crowd[CROWD], count = 0;
    while ((crowd[count] = connected(3)) >= 0) {
        send(crowd[count], "\0\40half", 6, MSG_NOSIGNAL);
        if (++count < CROWD) continue;
        while (count) close(crowd[--count]);
    }
    while (count) close(crowd[--count]);
    return none;
}

/* -- who answers what is left ----------------------------------------------------------------------- */

static void *reference_run(void *none) {
    struct handed *left;
    int error;
    for (;;) {
        const enum taking taken = tcp_take_left(tcp, &left, &error);
        OWES(taken != TOOK_ERROR);
        if (taken == TOOK_END) return none;
        left->query[2] |= 0x80;
        OWES(tcp_reply(tcp, left->ticket, left->query, left->octets));
        OWES(tcp_reply(tcp, left->ticket & UINT32_MAX, left->query, left->octets)); /* nobody's */
        OWES(tcp_reply(tcp, UINT64_MAX, NULL, 0));
        free(left);
    }
}

/* -- who publishes -------------------------------------------------------------------------------- */

static bool reads(const struct table *table) { return tcp_is_reading(tcp, table); }

static uint64_t counted(const struct tally *tally) {
    uint64_t sum = atomic_load(&tally->left);
    for (int i = 0; i < COUNTED_RCODES; i++) sum += atomic_load(&tally->rcodes[i]);
    return sum;
}

int main(int argc, char **argv) {
    const unsigned flips = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
    const struct tcp_limits limits = {PATIENCE_S * NS_OF_S, 100, PER_CLIENT, NS_OF_S};
    void *(*const others[])(void *) = {reference_run, rude_run, crowd_run};
    const struct secrets none = {0};
    struct table *tables[MOST_TABLES];
    pthread_t steady[STEADY], other[3];
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    const int listening = socket_listening();
    struct tally *tally = there(tally_new());
    struct table *latest = tables[0] = recorded_table(&none, NULL, 0, tally);
    unsigned n_tables = 1;
    tcp = there(tcp_new(&listening, 1, &limits, tally));
    tcp_publish(tcp, latest);
    OWES(!tcp_start(tcp));
    OWES(tcp_start(tcp) == EALREADY);
    for (int i = 0; i < 3; i++) OWES(!pthread_create(&other[i], NULL, others[i], NULL));
    for (uintptr_t i = 0; i < STEADY; i++)
        OWES(!pthread_create(&steady[i], NULL, steady_run, (void *)(i * 1001)));
    for (unsigned i = 0; i < flips; i++) {
        const uint64_t before = atomic_load(&asked);
        latest = flipped(latest, i);
        OWES(n_tables < MOST_TABLES);
        tables[n_tables++] = latest;
        tcp_publish(tcp, latest);
        n_tables = forget(tables, n_tables, reads);
        if (i % 100 == 0) { /* as a reload does, and a look at the metrics; who asks comes along */
            OWES(tally_reserve(tally, i * FIRSTS_OF_A_CHUNK / 100));
            OWES(counted(tally) >= before);
            OWES(tcp_connections(tcp) <= 3 * PER_CLIENT);
            while (atomic_load(&asked) == before) usleep(100);
        }
    }
    atomic_store(&is_enough, true);
    tcp_stop(tcp);
    tcp_stop(tcp);
    OWES(!tcp_connections(tcp));
    close(listening);
    for (int i = 0; i < STEADY; i++) pthread_join(steady[i], NULL);
    for (int i = 0; i < 3; i++) pthread_join(other[i], NULL);
    OWES(counted(tally) >= atomic_load(&asked));
    printf("%llu answers, %u flips\n", (unsigned long long)atomic_load(&asked), flips);
    tcp_free(tcp);
    for (unsigned i = 0; i < n_tables; i++) table_release(tables[i]);
    tally_free(tally);
    return 0;
}
