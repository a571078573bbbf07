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

extern PyTypeObject CursorType, TallyType, EntryType, TableType, UdpType, TcpType;

enum { ADDRESS_TEXT = 46 }; /* with its end */

/* The octets of a client's address as text, its scope left out; false with ValueError set. */
bool address_read(const char *text, uint8_t octets[LONGEST_ADDRESS], size_t *count);

/* The text of an address of 4 or 16 octets. */
void address_write(const uint8_t *octets, size_t count, char text[ADDRESS_TEXT]);

/* None, or NULL with the OSError of an error number set. */
PyObject *none_or_error(int error);

/* Whether a thread of `server` may still be reading a table. */
typedef bool (*is_reading)(const void *server, const struct table *table);

/* Puts what is to be published last in the list of those that a thread may be reading; false with an
 * exception set. */
bool table_keep(PyObject *tables, PyObject *table);

/* Lets go of those that no thread reads any more; false with an exception set. */
bool tables_forget(PyObject **tables, is_reading reads, const void *server);

#endif
