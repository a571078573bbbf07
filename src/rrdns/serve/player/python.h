/* What the extension module shows to Python; `_player.pyi` says what it is for. */
#ifndef RRDNS_PYTHON_H
#define RRDNS_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "table.h"
#include "tally.h"

typedef struct {
    PyObject_HEAD
    struct cursor *cursor;
} CursorObject;

typedef struct {
    PyObject_HEAD
    struct tally *tally;
} TallyObject;

typedef struct {
    PyObject_HEAD
    struct entry *entry;
} EntryObject;

typedef struct {
    PyObject_HEAD
    struct table *table;
} TableObject;

extern PyTypeObject CursorType, TallyType, EntryType, TableType, UdpType;

/* The octets of a client's address as text, its scope left out; false with ValueError set. */
bool address_read(const char *text, uint8_t octets[LONGEST_ADDRESS], size_t *count);

#endif
