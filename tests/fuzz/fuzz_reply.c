/* For any octets whatever, from any client, by either transport:
 *
 * A message that is left to the reference answerer, or that silence is due to, is as it was, to the
 * last octet. Any other has become a reply: it has the ID, RD and question of the query, QR set and
 * Z clear; it is no longer than the client and the transport allow; its records, read by `walk.h`, are
 * as many as the counts say and end where it ends; names point back, to names; there is one OPT iff one
 * was asked with, with NSID and cookie iff they were, and it comes last; the extended error of an answer
 * is in it iff there is room for that beside the whole of the answer. Exactly one answer is counted.
 * A cookie that we gave is given back. In a batch all this is so for each by itself.
 */
#include <stdio.h>

#include "owes.h"
#include "recorded.h"
#include "reply.h"
#include "walk.h"

enum { HEADER = 12, OPT_HEAD = 11, NSID = 3, COOKIE = 10, ERROR = 15, NOW = 1767225600 };

static const uint8_t nsid[] = "a name of sixty-four octets, which is the most that one can have";
static const uint8_t addresses[][LONGEST_ADDRESS] = {
    {192, 0, 2, 99}, {0x20, 0x01, 0x0d, 0xb8, [15] = 0x99}};

/* www.tricky.example A */
static const uint8_t good_query[] =
    "\0\0\0\0\0\1\0\0\0\0\0\0\3www\6tricky\7example\0\0\1\0\1";

static struct table *telling, *mute; /* with NSID and cookies, and without */
static struct tally *tally;

/* What one query asks, as far as it decides on the form of the reply. */
struct question {
    const uint8_t *query;
    size_t octets, question_end;
    bool has_opt, dnssec_ok, wants_nsid;
    unsigned payload;
    const uint8_t *cookie; /* NULL: none */
};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    struct secrets none = {0}, secrets = {.are_set = true};
    for (int i = 0; i < SECRET_OCTETS; i++) {
        secrets.current[i] = (uint8_t)i;
        secrets.previous[i] = (uint8_t)(0xf0 + i);
    }
    tally = there(tally_new());
    telling = recorded_table(&secrets, nsid, sizeof nsid - 1, tally);
    mute = recorded_table(&none, NULL, 0, tally);
    return 0;
}

static void options_read(struct question *asked, const struct walk *walk, size_t at) {
    const size_t end = at + pair_at(walk, at - 2);
    while (at < end) {
        const unsigned code = pair_at(walk, at);
        if (code == NSID) asked->wants_nsid = true;
        if (code == COOKIE && !asked->cookie) asked->cookie = walk->message + at + 4;
        at += 4 + pair_at(walk, at + 2);
    }
}

/* Reads a query that was answered, so that it is well-formed. */
static struct question question_read(const uint8_t *query, size_t octets) {
    static struct walk walk;
    memset(&walk, 0, sizeof walk);
    walk.message = query;
    walk.octets = octets;
    struct question asked = {.query = query, .octets = octets};
    asked.question_end = walk_name(&walk, HEADER) + 4;
    if (pair_at(&walk, 10)) {
        asked.has_opt = true;
        OWES(pair_at(&walk, asked.question_end + 1) == WALK_OPT);
        asked.payload = pair_at(&walk, asked.question_end + 3);
        asked.dnssec_ok = pair_at(&walk, asked.question_end + 7) & 0x8000;
        options_read(&asked, &walk, asked.question_end + OPT_HEAD);
    }
    return asked;
}

static size_t longest_reply(const struct question *asked, bool is_stream) {
    if (is_stream) return 65535;
    if (!asked->has_opt || asked->payload < 512) return 512;
    return asked->payload < 1232 ? asked->payload : 1232;
}

static void check_cookie(const struct question *asked, const struct table *table,
                         const struct client *client, const uint8_t *cookie) {
    const struct client later = {client->address, client->octets, NOW + 60};
    uint8_t again[COOKIE_OCTETS];
    OWES(!memcmp(cookie, asked->cookie, CLIENT_COOKIE_OCTETS));
    cookie_bake(table_secrets(table), &later, cookie, COOKIE_OCTETS, again);
    OWES(!memcmp(cookie, again, COOKIE_OCTETS));
}

/* The option that the entry which answers has; NULL: none. */
static const uint8_t *error_of(const struct question *asked, const struct table *table) {
    static struct query query;
    OWES(query_read(asked->query, asked->octets, false, &query) == QUERY_IS_PLAIN);
    if (query.rtype == 251 || query.rtype == 252) return NULL; /* transfers are refused anywhere */
    const struct entry *entry = table_find(table, &query.name, query.rtype);
    return entry ? entry->extended_error : NULL;
}

static void check_error(const struct question *asked, const struct table *table, bool is_stream,
                        const struct walk *walk, size_t at) {
    const uint8_t *error = error_of(asked, table);
    const size_t octets = error ? 4u + (error[2] << 8 | error[3]) : 0;
    const bool is_cut = walk->message[2] & 2;
    if (at < walk->octets)
        OWES(error && !is_cut && walk->octets - at == octets &&
             !memcmp(walk->message + at, error, octets));
    else
        OWES(!error || is_cut || at + octets > longest_reply(asked, is_stream));
}

static void check_opt(const struct question *asked, const struct table *table,
                      const struct client *client, bool is_stream, const struct walk *walk,
                      size_t at) {
    const bool tells = table == telling;
    bool has_nsid = false, has_cookie = false;
    OWES(walk->message[at] == 0 && pair_at(walk, at + 3) == 1232 && pair_at(walk, at + 5) == 0);
    OWES(pair_at(walk, at + 7) == (asked->dnssec_ok ? 0x8000u : 0));
    at += OPT_HEAD;
    while (at < walk->octets && pair_at(walk, at) != ERROR) {
        const unsigned code = pair_at(walk, at), octets = pair_at(walk, at + 2);
        at += 4;
        OWES(at + octets <= walk->octets);
        if (code == NSID) {
            OWES(!has_nsid && octets == sizeof nsid - 1 && !memcmp(walk->message + at, nsid, octets));
            has_nsid = true;
        } else {
            OWES(code == COOKIE && !has_cookie && octets == COOKIE_OCTETS);
            check_cookie(asked, table, client, walk->message + at);
            has_cookie = true;
        }
        at += octets;
    }
    OWES(has_nsid == (asked->wants_nsid && tells) && has_cookie == (asked->cookie && tells));
    check_error(asked, table, is_stream, walk, at);
}

/* Flags, RCODE and counts of RFC 1035 section 4.1.1 that go together. */
static void check_head(const struct question *asked, const struct walk *walk) {
    const uint8_t *reply = walk->message, rcode = reply[3];
    const unsigned answers = pair_at(walk, 6), authority = pair_at(walk, 8);
    const bool is_authoritative = reply[2] & 4, is_cut = reply[2] & 2;
    OWES(!memcmp(reply, asked->query, 2));
    OWES((reply[2] & ~6) == (0x80 | (asked->query[2] & 1)));
    OWES(rcode == 0 || rcode == 3 || rcode == 5); /* RA, Z, AD and CD are clear too */
    OWES(pair_at(walk, 4) == 1);
    OWES(!memcmp(reply + HEADER, asked->query + HEADER, asked->question_end - HEADER));
    if (rcode == 5 || is_cut) OWES(!answers && !authority);
    else OWES(answers || authority);
    if (rcode == 5) OWES(!is_authoritative);
    else OWES(is_authoritative || !answers); /* a referral answers nothing */
}

static void check_reply(const struct question *asked, const struct table *table,
                        const struct client *client, bool is_stream, const uint8_t *reply,
                        size_t octets) {
    static struct walk walk;
    memset(&walk, 0, sizeof walk);
    walk.message = reply;
    walk.octets = octets;
    OWES(octets <= longest_reply(asked, is_stream) && octets >= asked->question_end);
    check_head(asked, &walk);
    size_t at = walk_name(&walk, HEADER) + 4;
    OWES(at == asked->question_end);
    const unsigned records = pair_at(&walk, 6) + pair_at(&walk, 8) + pair_at(&walk, 10);
    const bool is_bare = reply[2] & 2 || reply[3] == 5;
    OWES(!is_bare || records == asked->has_opt);
    OWES(pair_at(&walk, 10) >= asked->has_opt);
    for (unsigned left = records; left > 0; left--) {
        const size_t from = at;
        unsigned rtype;
        at = walk_record(&walk, at, &rtype);
        OWES((rtype == WALK_OPT) == (left == 1 && asked->has_opt));
        if (rtype == WALK_OPT) check_opt(asked, table, client, is_stream, &walk, from);
    }
    OWES(at == octets);
}

static uint64_t counted(void) {
    uint64_t sum = atomic_load(&tally->silences);
    for (int i = 0; i < COUNTED_RCODES; i++) sum += atomic_load(&tally->rcodes[i]);
    return sum;
}

/* Answers `query`, which becomes its reply, by itself or in a batch behind another one. */
static enum answered answer(const struct table *table, const struct client *client, bool is_stream,
                            uint8_t *query, size_t *octets) {
    if (is_stream || table == mute)
        return reply_make(table, client, is_stream, query, octets, tally);
    uint8_t other[EDNS_UDP_OCTETS];
    const size_t other_octets = sizeof good_query - 1; /* without C's zero */
    memcpy(other, good_query, other_octets);
    struct asked batch[2] = {
        {.message = other, .octets = other_octets, .client = *client},
        {.message = query, .octets = *octets, .client = *client},
    };
    reply_make_all(table, batch, 2, tally);
    OWES(batch[0].answered == REPLIED);
    *octets = batch[1].octets;
    return batch[1].answered;
}

static void play(const struct table *table, bool is_stream, const uint8_t *query, size_t asked) {
    const size_t longest = is_stream ? TCP_OCTETS : EDNS_UDP_OCTETS;
    uint8_t *message = there(malloc(asked > longest ? asked : longest));
    const bool is_6 = asked && *query & 1;
    const struct client client = {addresses[is_6], is_6 ? 16 : 4, NOW};
    size_t octets = asked;
    if (asked) memcpy(message, query, asked);
    const uint64_t before = counted();
    const enum answered answered = answer(table, &client, is_stream, message, &octets);
    const unsigned others = !is_stream && table != mute;
    OWES(counted() - before == others + (answered != LEFT_TO_REFERENCE));
    if (answered == REPLIED) {
        const struct question read = question_read(query, asked);
        check_reply(&read, table, &client, is_stream, message, octets);
    } else {
        OWES(octets == asked && (!asked || !memcmp(message, query, asked)));
        OWES((answered == SILENT) == (asked < HEADER || query[2] & 0x80));
    }
    free(message);
}

/* Replies are longer than queries: there is room behind these. Here is none, and its end is watched. */
static void read_alone(const uint8_t *data, size_t size) {
    struct query query;
    uint8_t *message = there(malloc(size + !size));
    if (size) memcpy(message, data, size);
    if (query_read(message, size, true, &query) == QUERY_IS_PLAIN)
        OWES(query_read(message, size, false, &query) == QUERY_IS_PLAIN);
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > TCP_OCTETS) return -1;
    read_alone(data, size);
    play(telling, false, data, size);
    play(telling, true, data, size);
    play(mute, false, data, size);
    play(mute, true, data, size);
    return 0;
}
