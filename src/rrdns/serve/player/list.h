/* Lists whose members hold their own links: nothing is allocated, and any member leaves at once. */
#ifndef RRDNS_LIST_H
#define RRDNS_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The list itself, or the place of a member in it; a member of no list is alone with itself. */
struct link {
    struct link *before, *after;
};

/* The structure of which `link` is the member `name`. */
#define MEMBER(link, type, name) ((type *)(void *)((char *)(link)-offsetof(type, name)))

static inline void list_init(struct link *list) { list->before = list->after = list; }

static inline bool list_is_empty(const struct link *list) { return list->after == list; }

/* A second time does nothing. */
static inline void list_remove(struct link *member) {
    member->before->after = member->after;
    member->after->before = member->before;
    list_init(member);
}

/* Puts a member last that is in no list by this link. */
static inline void list_append(struct link *list, struct link *member) {
    member->before = list->before;
    member->after = list;
    list->before->after = member;
    list->before = member;
}

/* Takes the first member out; NULL: there is none. */
static inline struct link *list_take(struct link *list) {
    struct link *first = list->after;
    if (first == list) return NULL;
    list_remove(first);
    return first;
}

#endif
