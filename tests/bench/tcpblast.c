/* tcpblast: closed-loop DNS load over TCP, one query a connection, for side-by-side comparisons.
 *
 * Keeps some connections busy: connect, ask, read the reply, close, from the start again. They come
 * from many addresses of 127.0.0.0/8, so that no port has to wait for the end of TIME_WAIT. Prints
 * one JSON object: answers a second, and how many were right, wrong (another RCODE than NOERROR, or
 * no reply to what was asked) and lost (refused, closed without a reply, or none within a second).
 *
 *   cc -O2 -o tcpblast tcpblast.c
 *   ./tcpblast -s 127.0.0.1 -p 5353 -l 3 -c 20 www.linux.example
 * For loopback only; bounded in time by -l.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24 /* linux/in.h, since Linux 4.2 */
#endif

enum {
    MAX_CONNECTIONS = 256,
    MAX_NAME = 255, /* RFC 1035 section 2.3.4 */
    MAX_LABEL = 63,
    PREFIX = 2, /* the length before each message, RFC 1035 section 4.2.2 */
    HEADER = 12,
    MAX_QUERY = PREFIX + HEADER + MAX_NAME + 4,
    MAX_REPLY = 4096,
    SOURCES = 0xffff, /* addresses, from 127.1.0.0 on */
    TICK_MS = 100,
};
static const double LATE_S = 1;

struct query {
    unsigned char octets[MAX_QUERY];
    size_t length;
};

struct tally {
    long right, wrong, lost;
};

struct connection {
    int fd, asked;
    double since;
    size_t got;
    unsigned char reply[MAX_REPLY];
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what) {
    fprintf(stderr, "tcpblast: %s\n", what);
    exit(2);
}

/* A query for the A records of `name`, behind its length. */
static struct query query_for(const char *name) {
    struct query query = {.length = PREFIX + HEADER};
    unsigned char *to = query.octets;
    to[PREFIX + 5] = 1;
    while (*name) {
        size_t length = strcspn(name, ".");
        if (length < 1 || length > MAX_LABEL ||
            query.length + length + 2 > PREFIX + HEADER + MAX_NAME)
            die("this is not a name");
        to[query.length++] = (unsigned char)length;
        memcpy(to + query.length, name, length);
        query.length += length;
        name += length + (name[length] == '.');
    }
    static const unsigned char root_a_in[5] = {0, 0, 1, 0, 1};
    memcpy(to + query.length, root_a_in, sizeof root_a_in);
    query.length += sizeof root_a_in;
    to[0] = (unsigned char)((query.length - PREFIX) >> 8);
    to[1] = (unsigned char)(query.length - PREFIX);
    return query;
}

/* Connects from the next address; the handshake need not be done yet. */
static void begin(struct connection *c, const struct sockaddr_in *to, double at) {
    static unsigned source;
    const int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f010000u + source++ % SOURCES);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    c->asked = 0;
    c->got = 0;
    c->since = at;
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&from, sizeof from)) die(strerror(errno));
    if (connect(c->fd, (const struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS)
        die(strerror(errno));
}

/* Sends the query once the handshake is done; 0 where the connection has failed. */
static int ask(struct connection *c, const struct query *query) {
    ssize_t r = send(c->fd, query->octets, query->length, MSG_NOSIGNAL);
    c->asked = r == (ssize_t)query->length; /* it fits the buffer of a new socket */
    return c->asked || (r < 0 && (errno == EAGAIN || errno == ENOTCONN));
}

/* Reads what has come: 1 where the reply is whole, 0 where not yet, -1 where there will be none. */
static int hear(struct connection *c) {
    ssize_t r = recv(c->fd, c->reply + c->got, MAX_REPLY - c->got, 0);
    if (r <= 0) return r < 0 && errno == EAGAIN ? 0 : -1;
    c->got += (size_t)r;
    return c->got >= PREFIX && c->got >= PREFIX + ((size_t)c->reply[0] << 8 | c->reply[1]);
}

static int is_right(const struct connection *c) {
    return c->got >= PREFIX + HEADER && c->reply[PREFIX + 2] & 0x80 &&
           !(c->reply[PREFIX + 3] & 15);
}

/* Takes one connection as far as it goes; 1 where it has come to its end. */
static int advance(struct connection *c, const struct query *query, struct tally *tally) {
    int heard = -1;
    if (!c->asked) {
        if (ask(c, query)) return 0;
    } else {
        heard = hear(c);
        if (!heard) return 0;
    }
    if (heard < 0) tally->lost++;
    else if (is_right(c)) tally->right++;
    else tally->wrong++;
    return 1;
}

static void blast(int count, const struct sockaddr_in *to, const struct query *query, double until,
                  struct tally *tally) {
    static struct connection all[MAX_CONNECTIONS];
    struct pollfd polls[MAX_CONNECTIONS];
    double at = now();
    for (int i = 0; i < count; i++) begin(&all[i], to, at);
    while (at < until) {
        for (int i = 0; i < count; i++)
            polls[i] = (struct pollfd){all[i].fd, all[i].asked ? POLLIN : POLLOUT, 0};
        poll(polls, (nfds_t)count, TICK_MS);
        at = now();
        for (int i = 0; i < count; i++) {
            int is_over = polls[i].revents && advance(&all[i], query, tally);
            if (!is_over && at - all[i].since > LATE_S) {
                tally->lost++;
                is_over = 1;
            }
            if (!is_over) continue;
            close(all[i].fd);
            begin(&all[i], to, at);
            ask(&all[i], query); /* over loopback the handshake is mostly done by now */
        }
    }
    for (int i = 0; i < count; i++) close(all[i].fd);
}

int main(int argc, char **argv) {
    const char *server = "127.0.0.1";
    int port = 53, connections = 20, opt;
    double seconds = 3;
    while ((opt = getopt(argc, argv, "s:p:l:c:")) != -1) {
        switch (opt) {
        case 's': server = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'l': seconds = atof(optarg); break;
        case 'c': connections = atoi(optarg); break;
        default: return 2;
        }
    }
    if (optind + 1 != argc || connections < 1 || connections > MAX_CONNECTIONS || seconds > 600)
        die("-s IP -p PORT -l SECONDS -c CONNECTIONS NAME");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    if (inet_pton(AF_INET, server, &to.sin_addr) != 1) die("not an IPv4 address");
    struct query query = query_for(argv[optind]);
    struct tally tally = {0};
    double start = now();
    blast(connections, &to, &query, start + seconds, &tally);
    printf("{\"qps\": %.0f, \"right\": %ld, \"wrong\": %ld, \"lost\": %ld}\n",
           (double)(tally.right + tally.wrong) / (now() - start), tally.right, tally.wrong,
           tally.lost);
    return 0;
}
