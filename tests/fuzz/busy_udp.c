/* While clients ask over the loopback, tables are published, and freed as soon as nobody reads them:
 *
 * Every query gets its reply, every reply is counted once, and stopping ends all threads. The rest is
 * for the sanitizers to say: no race, nothing read that was freed, nothing left behind.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "busy.h"
#include "udp.h"

enum {
    LANES = 2,
    CLIENTS = 2,
    IN_FLIGHT = 8, /* few enough for any socket buffer */
    PATIENCE_S = 20, /* bounds a hang, not a slow machine */
};

static struct udp *udp;
static struct sockaddr_in server = {.sin_family = AF_INET};
static _Atomic bool is_enough;
static _Atomic uint64_t asked;

static int socket_bound(void) {
    const int yes = 1, descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t octets = sizeof server;
    OWES(!setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes));
    OWES(!bind(descriptor, (struct sockaddr *)&server, octets));
    OWES(!getsockname(descriptor, (struct sockaddr *)&server, &octets));
    return descriptor;
}

/* -- who asks ------------------------------------------------------------------------------------- */

static void *client_run(void *seed) {
    uint8_t message[LONGEST];
    unsigned number = (unsigned)(uintptr_t)seed;
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    OWES(!setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    OWES(!connect(descriptor, (struct sockaddr *)&server, sizeof server));
    while (!atomic_load(&is_enough)) {
        for (int i = 0; i < IN_FLIGHT; i++) {
            const size_t octets = query_write(message, number++);
            OWES(send(descriptor, message, octets, 0) == (ssize_t)octets);
        }
        for (int i = 0; i < IN_FLIGHT; i++) {
            OWES(recv(descriptor, message, sizeof message, 0) > 12);
            OWES(message[2] & 0x80);
        }
        atomic_fetch_add(&asked, IN_FLIGHT);
    }
    close(descriptor);
    return NULL;
}

/* -- who answers what is left ----------------------------------------------------------------------- */

static void *reference_run(void *none) {
    static struct left left;
    while (udp_take_left(udp, &left)) {
        left.query[2] |= 0x80;
        OWES(!udp_send(&left.way, left.query, left.octets));
    }
    return none;
}

/* -- who publishes -------------------------------------------------------------------------------- */

static bool reads(const struct table *table) { return udp_is_reading(udp, table); }

static uint64_t counted(struct tally *const *tallies) {
    uint64_t sum = 0;
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < COUNTED_RCODES; i++) sum += atomic_load(&tallies[lane]->rcodes[i]);
        sum += atomic_load(&tallies[lane]->left) + atomic_load(&tallies[lane]->silences);
        OWES(!atomic_load(&tallies[lane]->unsent));
    }
    return sum;
}

int main(int argc, char **argv) {
    const unsigned flips = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
    const struct secrets none = {0};
    struct tally *tallies[LANES];
    struct table *tables[MOST_TABLES];
    int sockets[LANES];
    pthread_t clients[CLIENTS], reference;
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    for (int i = 0; i < LANES; i++) {
        sockets[i] = socket_bound();
        tallies[i] = there(tally_new());
    }
    struct table *latest = tables[0] = recorded_table(&none, NULL, 0, tallies[0]);
    unsigned n_tables = 1;
    udp = there(udp_new(sockets, tallies, LANES));
    udp_publish(udp, latest);
    OWES(!udp_start(udp));
    OWES(udp_start(udp) == EALREADY);
    OWES(!pthread_create(&reference, NULL, reference_run, NULL));
    for (uintptr_t i = 0; i < CLIENTS; i++)
        OWES(!pthread_create(&clients[i], NULL, client_run, (void *)(i * 1001)));
    for (unsigned i = 0; i < flips; i++) {
        const uint64_t before = atomic_load(&asked);
        latest = flipped(latest, i);
        OWES(n_tables < MOST_TABLES);
        tables[n_tables++] = latest;
        udp_publish(udp, latest);
        n_tables = forget(tables, n_tables, reads);
        if (i % 100 == 0) { /* as a reload does, and a look at the metrics; who asks comes along */
            OWES(tally_reserve(tallies[1], i * FIRSTS_OF_A_CHUNK / 100));
            OWES(counted(tallies) >= before);
            while (atomic_load(&asked) == before) usleep(100);
        }
    }
    atomic_store(&is_enough, true);
    for (int i = 0; i < CLIENTS; i++) pthread_join(clients[i], NULL);
    udp_stop(udp);
    udp_stop(udp);
    pthread_join(reference, NULL);
    OWES(counted(tallies) == atomic_load(&asked));
    printf("%llu answers, %u flips\n", (unsigned long long)atomic_load(&asked), flips);
    udp_free(udp);
    for (unsigned i = 0; i < n_tables; i++) table_release(tables[i]);
    for (int i = 0; i < LANES; i++) {
        tally_free(tallies[i]);
        close(sockets[i]);
    }
    return 0;
}
