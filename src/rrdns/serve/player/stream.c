#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "octets.h"

/* Octets that were received, and how far they have been answered. */
struct span {
    uint8_t *octets;
    size_t count, at;
};

static bool is_whole(const uint8_t *octets, size_t count) {
    return count >= LENGTH_OCTETS && count - LENGTH_OCTETS >= read16(octets);
}

/* -- reading ------------------------------------------------------------------------------------- */

/* Reads once, behind what is there, where there is no whole message yet and so has to be room. False: the
 * client has gone. */
static bool read_once(struct connection *connection, struct span *in) {
    const size_t room = LONGEST_FRAME - in->count;
    const ssize_t octets = recv(connection->socket, in->octets + in->count, room, 0);
    const bool is_over = octets == 0, is_interrupted = octets < 0 && errno == EINTR;
    if (octets < 0 && errno != EAGAIN && !is_interrupted) return false;
    if (octets > 0) in->count += (size_t)octets;
    /* Less than there was room for is all there was; of what comes later the system tells. */
    connection->may_read =
        is_interrupted || octets == (ssize_t)room || (octets > 0 && connection->is_ending);
    if (is_over || connection->reads_last) connection->has_ended = true;
    return true;
}

/* Keeps what is not answered yet; false: no memory. */
static bool keep_rest(struct connection *connection, const struct span *in) {
    connection->n_received = in->count - in->at;
    if (!connection->n_received) {
        free(connection->received);
        connection->received = NULL;
        return true;
    }
    if (!connection->received) connection->received = malloc(LONGEST_FRAME);
    if (!connection->received) return false;
    memmove(connection->received, in->octets + in->at, connection->n_received);
    return true;
}

const uint8_t *stream_first(const struct connection *connection, size_t *octets) {
    if (!is_whole(connection->received, connection->n_received)) return NULL;
    *octets = read16(connection->received);
    return connection->received + LENGTH_OCTETS;
}

void stream_pass(struct connection *connection) {
    size_t octets;
    if (!stream_first(connection, &octets)) return;
    struct span in = {connection->received, connection->n_received, LENGTH_OCTETS + octets};
    keep_rest(connection, &in); /* there is memory: it needs no more than it has */
}

/* -- writing ------------------------------------------------------------------------------------- */

/* How many octets the system takes now; negative: the client has gone. */
static ssize_t taken_of(int socket, const uint8_t *octets, size_t count) {
    for (;;) {
        const ssize_t taken = send(socket, octets, count, MSG_NOSIGNAL);
        if (taken >= 0) return taken;
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) return -1;
    }
}

bool stream_send(struct connection *connection, const uint8_t *framed, size_t octets) {
    const ssize_t taken = taken_of(connection->socket, framed, octets);
    if (taken < 0) return false;
    const size_t unsent = octets - (size_t)taken;
    if (!unsent) return true;
    connection->unsent = malloc(unsent);
    if (!connection->unsent) return false;
    memcpy(connection->unsent, framed + taken, unsent);
    connection->unsent_from = 0;
    connection->unsent_to = unsent;
    return true;
}

/* Sends what was not taken before; false: the client has gone. */
static bool send_kept(struct connection *connection) {
    const size_t unsent = connection->unsent_to - connection->unsent_from;
    const uint8_t *from = connection->unsent + connection->unsent_from;
    const ssize_t taken = taken_of(connection->socket, from, unsent);
    if (taken < 0) return false;
    connection->unsent_from += (size_t)taken;
    if (connection->unsent_from == connection->unsent_to) {
        free(connection->unsent);
        connection->unsent = NULL;
    }
    return true;
}

/* -- answering ----------------------------------------------------------------------------------- */

/* Answers whole messages, and counts them, until the replies are enough for a turn; false: the next one
 * is left to the reference answerer. */
static bool answer_some(const struct table *table, const struct client *client, struct tally *tally,
                        struct span *in, struct workspace *workspace, unsigned *answered) {
    while (workspace->written < MOST_WRITTEN &&
           is_whole(in->octets + in->at, in->count - in->at)) {
        const size_t length = read16(in->octets + in->at);
        uint8_t *message = workspace->out + workspace->written + LENGTH_OCTETS;
        size_t octets = length;
        memcpy(message, in->octets + in->at + LENGTH_OCTETS, length);
        switch (reply_make(table, client, true, message, &octets, tally)) {
        case LEFT_TO_REFERENCE: return false;
        case SILENT: break;
        case REPLIED:
            write16(message - LENGTH_OCTETS, (unsigned)octets);
            workspace->written += LENGTH_OCTETS + octets;
        }
        in->at += LENGTH_OCTETS + length;
        ++*answered;
    }
    return true;
}

static bool can_read(const struct connection *connection) {
    return connection->may_read && !connection->has_ended;
}

struct turn_taken stream_answer(struct connection *connection, const struct table *table,
                                uint32_t now, struct tally *tally, struct workspace *workspace) {
    struct turn_taken turn = {.connection = connection, .next = STREAM_ENDS};
    if (connection->unsent && !send_kept(connection)) return turn;
    turn.next = STREAM_WAITS;
    if (connection->unsent || connection->is_left || connection->waits_for_it) return turn;
    turn.next = STREAM_ENDS;
    struct span in = {connection->received ? connection->received : workspace->in,
                      connection->n_received, 0};
    if (can_read(connection) && !is_whole(in.octets, in.count) && !read_once(connection, &in))
        return turn;
    struct client client = {.now = now};
    client.address = connection_address(connection, &client.octets);
    const size_t before = workspace->written;
    const bool is_left = !answer_some(table, &client, tally, &in, workspace, &turn.answered);
    if (!keep_rest(connection, &in)) return turn;
    turn.replies = workspace->out + before;
    turn.octets = workspace->written - before;
    if (is_left) turn.next = STREAM_LEAVES;
    else if (can_read(connection) || is_whole(connection->received, connection->n_received))
        turn.next = STREAM_GOES_ON;
    else if (!connection->has_ended) turn.next = STREAM_WAITS;
    return turn;
}

enum next stream_settle(const struct turn_taken *turn) {
    if (!turn->octets) return turn->next;
    if (!stream_send(turn->connection, turn->replies, turn->octets)) return STREAM_ENDS;
    return turn->connection->unsent ? STREAM_WAITS : turn->next;
}
