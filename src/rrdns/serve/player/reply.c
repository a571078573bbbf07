#include "reply.h"

#include <string.h>

#include "octets.h"
#include "query.h"

enum {
    ID_OCTETS = 2,
    RD = 0x01, /* in the third octet of the header, as TC is */
    TC = 0x02,
    TYPE_IXFR = 251,
    TYPE_AXFR = 252,
};

/* QR, REFUSED, one question and nothing else: for names of others, and for whoever wants a zone. */
static const uint8_t refused_head[HEAD_OCTETS] = {0x80, RCODE_REFUSED, 0, 1};

/* The OPT of one reply: how much room it takes, and what is in it. */
struct opt {
    size_t octets;
    const uint8_t *nsid;
    size_t nsid_octets;
    const uint8_t *extended_error; /* NULL: none */
};

static struct opt opt_for(const struct table *table, const struct edns *edns) {
    struct opt opt = {0};
    if (!edns->is_there) return opt;
    opt.octets = OPT_OCTETS;
    if (edns->wants_nsid) {
        opt.nsid = table_nsid(table, &opt.nsid_octets);
        if (opt.nsid) opt.octets += OPTION_OCTETS + opt.nsid_octets;
    }
    if (edns->has_cookie) opt.octets += OPTION_OCTETS + COOKIE_OCTETS;
    return opt;
}

static size_t option_octets(const uint8_t *option) { return OPTION_OCTETS + read16(option + 2); }

/* Adds what there is to be told of an answer, if there is `room` for it beside all of the sections: it
 * goes before anything else does, and TC is not set for it, or who has the answer asked again. */
static void opt_explain(struct opt *opt, const struct entry *entry, size_t room) {
    if (!entry->extended_error) return;
    const size_t octets = option_octets(entry->extended_error);
    if (entry->cuts[0].octets + octets > room) return;
    opt->extended_error = entry->extended_error;
    opt->octets += octets;
}

/* Writes our OPT: version 0, our payload size, DO as asked (RFC 6891 section 6.1, RFC 3225). */
static void opt_write(uint8_t *at, const struct opt *opt, const struct edns *edns,
                      const struct secrets *secrets, const struct client *client) {
    at[0] = 0;
    write16(at + 1, TYPE_OPT);
    write16(at + 3, EDNS_UDP_OCTETS);
    write32(at + 5, edns->dnssec_ok ? 0x8000 : 0);
    write16(at + 9, (unsigned)(opt->octets - OPT_OCTETS));
    at += OPT_OCTETS;
    if (opt->nsid) {
        write16(at, OPTION_NSID);
        write16(at + 2, (unsigned)opt->nsid_octets);
        memcpy(at + OPTION_OCTETS, opt->nsid, opt->nsid_octets);
        at += OPTION_OCTETS + opt->nsid_octets;
    }
    if (edns->has_cookie) {
        write16(at, OPTION_COOKIE);
        write16(at + 2, COOKIE_OCTETS);
        cookie_bake(secrets, client, edns->cookie, edns->cookie_octets, at + OPTION_OCTETS);
        at += OPTION_OCTETS + COOKIE_OCTETS;
    }
    if (opt->extended_error) memcpy(at, opt->extended_error, option_octets(opt->extended_error));
}

static size_t room_of(const struct edns *edns, bool is_stream) {
    if (is_stream) return TCP_OCTETS;
    if (!edns->is_there || edns->payload < PLAIN_UDP_OCTETS) return PLAIN_UDP_OCTETS;
    return edns->payload < EDNS_UDP_OCTETS ? edns->payload : EDNS_UDP_OCTETS;
}

/* The most of the sections that fit; NULL: not even what is owed. */
static const struct cut *cut_for(const struct entry *entry, size_t room) {
    for (uint32_t i = 0; i < entry->n_cuts; i++)
        if (entry->cuts[i].octets <= room) return &entry->cuts[i];
    return NULL;
}

/* Which turn it is: an arrangement, and who is first in it (pool/turns.py). */
struct turn {
    const uint32_t *base;
    uint32_t head;
};

static struct turn turn_at(const struct turning *turning, uint64_t count) {
    if (turning->hold > 1) count /= turning->hold;
    /* A count is as long as a server lives; a remainder of 32 bits is had in a third of the time. */
    const uint32_t turns = turning->n_bases * turning->n_heads;
    const uint32_t at = count <= UINT32_MAX ? (uint32_t)count % turns : (uint32_t)(count % turns);
    const uint32_t lap = turning->n_bases == 1 ? 0 : at / turning->n_heads;
    return (struct turn){turning->bases + (size_t)lap * turning->n_members,
                         turning->heads[at - lap * turning->n_heads]};
}

static uint8_t *turning_write(uint8_t *to, const struct turning *turning, struct turn turn) {
    const size_t octets = turning->record_octets;
    for (uint32_t place = 0; place < turning->handed_out; place++) {
        uint32_t member = turn.base[place] + turn.head;
        if (member >= turning->n_members) member -= turning->n_members;
        memcpy(to, turning->records + member * octets, octets);
        to += octets;
    }
    return to;
}

/* Writes the sections up to the cut, which leaves out additional records only. */
static void sections_write(uint8_t *to, const struct entry *entry, size_t octets,
                           struct turn turn) {
    const struct turning *turning = entry->turning;
    if (!turning) {
        memcpy(to, entry->sections, octets);
        return;
    }
    memcpy(to, entry->sections, turning->start);
    turning_write(to + turning->start, turning, turn);
    memcpy(to + turning->end, entry->sections + turning->end, octets - turning->end);
}

/* Has the compression pointers follow a question that is longer than the one they were made for. */
static void pointers_move(uint8_t *sections, size_t octets, const struct entry *entry,
                          uint32_t name_octets) {
    const unsigned longer = name_octets - entry->name_octets;
    if (!longer) return;
    for (uint32_t i = 0; i < entry->n_pointers && entry->pointers[i] < octets; i++) {
        uint8_t *at = sections + entry->pointers[i];
        write16(at, read16(at) + longer);
    }
}

/* The header behind the ID, for a reply whose additional section, without OPT, has `additional`. */
static void head_write(uint8_t *message, const uint8_t head[HEAD_OCTETS], unsigned additional) {
    const uint8_t recursion_desired = message[2] & RD;
    memcpy(message + ID_OCTETS, head, HEAD_OCTETS);
    message[2] |= recursion_desired;
    write16(message + 10, additional);
}

static void count_first(struct tally *tally, uint32_t member) {
    _Atomic uint64_t *first = tally_first(tally, member);
    if (first) count_one(first);
}

static void read_one(const struct table *table, struct asked *asked, struct tally *tally) {
    const bool with_cookies = table_secrets(table)->are_set;
    asked->entry = NULL;
    switch (query_read(asked->message, asked->octets, with_cookies, &asked->query)) {
    case QUERY_IS_PLAIN: asked->answered = REPLIED; break;
    case QUERY_IS_ODD: asked->answered = LEFT_TO_REFERENCE; break;
    case QUERY_WANTS_SILENCE:
        asked->answered = SILENT;
        count_one(&tally->silences);
        break;
    }
}

static void find_one(const struct table *table, struct asked *asked, bool is_stream) {
    if (asked->answered != REPLIED) return;
    const uint16_t rtype = asked->query.rtype;
    if (rtype == TYPE_IXFR || rtype == TYPE_AXFR) return;
    asked->entry = table_find(table, &asked->query.name, rtype);
    const bool is_left = asked->entry == &left_to_reference;
    if (is_left || (asked->entry && asked->entry->is_datagram_only && is_stream)) {
        asked->answered = LEFT_TO_REFERENCE;
        asked->entry = NULL;
    }
}

static void write_one(const struct table *table, struct asked *asked, bool is_stream,
                      struct tally *tally) {
    if (asked->answered != REPLIED) return;
    const struct query *query = &asked->query;
    const struct entry *entry = asked->entry;
    struct opt opt = opt_for(table, &query->edns);
    const size_t owed = query->end + opt.octets, all = room_of(&query->edns, is_stream);
    const size_t room = all > owed ? all - owed : 0;
    const struct cut *cut = entry ? cut_for(entry, room) : NULL;
    const unsigned opts = query->edns.is_there;
    uint8_t *sections = asked->message + query->end;
    struct turn turn = {0};
    size_t length = 0;
    if (entry && entry->turning)
        turn = turn_at(entry->turning, cursor_next(entry->turning->cursor));
    if (cut && opts) opt_explain(&opt, entry, room);
    if (!entry) {
        head_write(asked->message, refused_head, opts);
    } else if (cut) {
        length = cut->octets;
        head_write(asked->message, entry->head, cut->records + opts);
        sections_write(sections, entry, length, turn);
        pointers_move(sections, length, entry, query->name.octets);
        if (entry->turning) count_first(tally, entry->turning->members[turn.head]);
    } else { /* what a client can not use needs no room: a reply that is cut has no records */
        head_write(asked->message, entry->head, opts);
        asked->message[2] |= TC;
        memset(asked->message + 6, 0, 4);
    }
    if (opts) opt_write(sections + length, &opt, &query->edns, table_secrets(table), &asked->client);
    count_one(&tally->rcodes[entry ? entry->rcode : RCODE_REFUSED]);
    asked->octets = query->end + length + opt.octets;
}

enum answered reply_make(const struct table *table, const struct client *client, bool is_stream,
                         uint8_t *message, size_t *octets, struct tally *tally) {
    struct asked asked;
    asked.message = message;
    asked.octets = *octets;
    asked.client = *client;
    read_one(table, &asked, tally);
    find_one(table, &asked, is_stream);
    write_one(table, &asked, is_stream, tally);
    *octets = asked.octets;
    return asked.answered;
}

void reply_make_all(const struct table *table, struct asked *asked, unsigned count,
                    struct tally *tally) {
    for (unsigned i = 0; i < count; i++) {
        read_one(table, &asked[i], tally);
        if (asked[i].answered == REPLIED) table_fetch_slot(table, &asked[i].query.name);
    }
    for (unsigned i = 0; i < count; i++)
        if (asked[i].answered == REPLIED) table_fetch_name(table, &asked[i].query.name);
    for (unsigned i = 0; i < count; i++) {
        find_one(table, &asked[i], false);
        if (asked[i].entry) entry_fetch(asked[i].entry);
    }
    for (unsigned i = 0; i < count; i++)
        if (asked[i].entry) entry_fetch_turning(asked[i].entry);
    for (unsigned i = 0; i < count; i++)
        if (asked[i].entry) entry_fetch_cursor(asked[i].entry);
    for (unsigned i = 0; i < count; i++) write_one(table, &asked[i], false, tally);
}
