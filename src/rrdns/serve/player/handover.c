#include "handover.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "octets.h"
#include "stream.h"

struct handover {
    int descriptor;
    pthread_mutex_t lock;
    pthread_cond_t has_changed;
    bool has_ended;
    int error;
    size_t first, count;
    struct handed *queries[MOST_HANDED_OVER];
    struct returned *replies, **behind; /* the last one's `after` */
};

struct handover *handover_new(void) {
    struct handover *handover = calloc(1, sizeof *handover);
    if (!handover) return NULL;
    handover->behind = &handover->replies;
    handover->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (handover->descriptor >= 0 && !pthread_mutex_init(&handover->lock, NULL)) {
        if (!pthread_cond_init(&handover->has_changed, NULL)) return handover;
        pthread_mutex_destroy(&handover->lock);
    }
    if (handover->descriptor >= 0) close(handover->descriptor);
    free(handover);
    return NULL;
}

void handover_free(struct handover *handover) {
    if (!handover) return;
    for (size_t i = 0; i < handover->count; i++)
        free(handover->queries[(handover->first + i) % MOST_HANDED_OVER]);
    for (struct returned *reply = handover->replies, *after; reply; reply = after) {
        after = reply->after;
        free(reply);
    }
    pthread_cond_destroy(&handover->has_changed);
    pthread_mutex_destroy(&handover->lock);
    close(handover->descriptor);
    free(handover);
}

int handover_descriptor(const struct handover *handover) { return handover->descriptor; }

void handover_wake(struct handover *handover) {
    const uint64_t one = 1;
    const ssize_t written = write(handover->descriptor, &one, sizeof one);
    (void)written; /* it fails where it has been woken more often than can be counted */
}

/* -- who puts in and fetches ----------------------------------------------------------------------- */

bool handover_has_room(struct handover *handover) {
    pthread_mutex_lock(&handover->lock);
    const bool has_room = handover->count < MOST_HANDED_OVER;
    pthread_mutex_unlock(&handover->lock);
    return has_room;
}

bool handover_put(struct handover *handover, uint64_t ticket, const uint8_t *address,
                  size_t address_octets, const uint8_t *query, size_t octets) {
    struct handed *handed = malloc(sizeof *handed + octets);
    if (!handed) return false;
    handed->ticket = ticket;
    handed->address_octets = address_octets;
    memcpy(handed->address, address, address_octets);
    handed->octets = octets;
    memcpy(handed->query, query, octets);
    pthread_mutex_lock(&handover->lock);
    handover->queries[(handover->first + handover->count++) % MOST_HANDED_OVER] = handed;
    pthread_cond_signal(&handover->has_changed);
    pthread_mutex_unlock(&handover->lock);
    return true;
}

void handover_report(struct handover *handover, int error) {
    pthread_mutex_lock(&handover->lock);
    handover->error = error;
    pthread_cond_signal(&handover->has_changed);
    pthread_mutex_unlock(&handover->lock);
}

struct returned *handover_fetch(struct handover *handover) {
    uint64_t times;
    const ssize_t octets = read(handover->descriptor, &times, sizeof times);
    (void)octets; /* it fails where nobody has woken it */
    pthread_mutex_lock(&handover->lock);
    struct returned *replies = handover->replies;
    handover->replies = NULL;
    handover->behind = &handover->replies;
    pthread_mutex_unlock(&handover->lock);
    return replies;
}

void handover_end(struct handover *handover) {
    pthread_mutex_lock(&handover->lock);
    handover->has_ended = true;
    pthread_cond_broadcast(&handover->has_changed);
    pthread_mutex_unlock(&handover->lock);
}

/* -- who takes and replies ------------------------------------------------------------------------- */

enum taking handover_take(struct handover *handover, struct handed **query, int *error) {
    pthread_mutex_lock(&handover->lock);
    while (!handover->has_ended && !handover->count && !handover->error)
        pthread_cond_wait(&handover->has_changed, &handover->lock);
    enum taking taken = TOOK_END; /* those that wait then are of connections that are closed */
    if (handover->error) {
        taken = TOOK_ERROR;
        *error = handover->error;
        handover->error = 0;
    } else if (!handover->has_ended) {
        taken = TOOK_QUERY;
        *query = handover->queries[handover->first];
        handover->first = (handover->first + 1) % MOST_HANDED_OVER;
        handover->count--;
    }
    pthread_mutex_unlock(&handover->lock);
    return taken;
}

bool handover_reply(struct handover *handover, uint64_t ticket, const uint8_t *reply,
                    size_t octets) {
    struct returned *returned = malloc(sizeof *returned + LENGTH_OCTETS + octets);
    if (!returned) return false;
    returned->after = NULL;
    returned->ticket = ticket;
    returned->octets = octets ? LENGTH_OCTETS + octets : 0;
    write16(returned->framed, (unsigned)octets);
    if (octets) memcpy(returned->framed + LENGTH_OCTETS, reply, octets);
    pthread_mutex_lock(&handover->lock);
    const bool is_kept = !handover->has_ended;
    if (is_kept) {
        *handover->behind = returned;
        handover->behind = &returned->after;
    }
    pthread_mutex_unlock(&handover->lock);
    if (is_kept) handover_wake(handover);
    else free(returned);
    return true;
}
