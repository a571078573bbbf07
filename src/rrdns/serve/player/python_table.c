/* Entry and Table: what is played. All that comes from Python is checked once, here. */
#include "python.h"

#include "octets.h"
#include "reply.h"

enum {
    LONGEST_NSID = 128, /* header, question, OPT and cookie included, any client has room for it */
    INFO_CODE_OCTETS = 2,
    LONGEST_EXTRA_TEXT = 128,
    LARGEST_NUMBER = 1 << 24,
};

/* -- Entry ---------------------------------------------------------------------------------------- */

static void entry_dealloc(EntryObject *self) {
    entry_release(self->entry);
    Py_TYPE(self)->tp_free(self);
}

/* The numbers of a tuple; false with an exception set. */
static bool numbers_read(PyObject *tuple, uint32_t *numbers) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        const unsigned long number = PyLong_AsUnsignedLong(PyTuple_GET_ITEM(tuple, i));
        if (PyErr_Occurred()) return false;
        numbers[i] = number > LARGEST_NUMBER ? LARGEST_NUMBER : (uint32_t)number;
    }
    return true;
}

static bool are_below(const uint32_t *numbers, size_t count, uint32_t limit) {
    for (size_t i = 0; i < count; i++)
        if (numbers[i] >= limit) return false;
    return true;
}

static bool turning_is_sound(const struct entry *entry, size_t section_octets) {
    const struct turning *turning = entry->turning;
    const uint32_t smallest = entry->n_cuts ? entry->cuts[entry->n_cuts - 1].octets : 0;
    return turning->hold && turning->handed_out <= turning->n_members &&
           turning->start <= turning->end && turning->end <= section_octets &&
           turning->end <= smallest &&
           (uint64_t)turning->handed_out * turning->record_octets == turning->end - turning->start &&
           are_below(turning->heads, turning->n_heads, turning->n_members) &&
           are_below(turning->bases, (size_t)turning->n_bases * turning->n_members,
                     turning->n_members);
}

static bool entry_is_sound(const struct entry *entry, size_t section_octets) {
    if (entry->rcode >= COUNTED_RCODES || !entry->name_octets || entry->name_octets > LONGEST_NAME ||
        !entry->n_cuts)
        return false;
    for (uint32_t i = 0; i < entry->n_cuts; i++) {
        const struct cut *cut = &entry->cuts[i];
        if (cut->octets > section_octets || cut->records >= UINT16_MAX) return false;
        if (i && cut->octets > cut[-1].octets) return false;
    }
    for (uint32_t i = 0; i < entry->n_pointers; i++) {
        if ((uint64_t)entry->pointers[i] + 2 > section_octets) return false;
        if (i && entry->pointers[i] < entry->pointers[i - 1] + 2) return false;
        /* No cut may go through a pointer, or half of it would be moved. */
        for (uint32_t j = 0; j < entry->n_cuts; j++)
            if (entry->cuts[j].octets == entry->pointers[i] + 1) return false;
    }
    return !entry->turning || turning_is_sound(entry, section_octets);
}

/* Reads (cursor, start, end, records, heads, bases, hold, handed_out, members). */
static bool turning_read(PyObject *tuple, struct entry *entry) {
    CursorObject *cursor;
    PyObject *heads, *bases, *members;
    unsigned int start, end, handed_out;
    unsigned long long hold;
    Py_buffer records;
    if (!PyArg_ParseTuple(tuple, "O!IIy*O!O!KIO!:turning", &CursorType, &cursor, &start, &end,
                          &records, &PyTuple_Type, &heads, &PyTuple_Type, &bases, &hold, &handed_out,
                          &PyTuple_Type, &members))
        return false;
    const Py_ssize_t count = PyTuple_GET_SIZE(members);
    const Py_ssize_t n_heads = PyTuple_GET_SIZE(heads), n_bases = PyTuple_GET_SIZE(bases);
    bool is_read = false;
    if (!count || !n_heads || !n_bases || records.len % count || records.len > LARGEST_NUMBER ||
        n_heads > LARGEST_NUMBER / n_bases || count > LARGEST_NUMBER / n_bases) {
        PyErr_SetString(PyExc_ValueError, "the sizes of turns do not fit");
    } else if (!entry_turn(entry, (uint32_t)count, (uint32_t)(records.len / count),
                           (uint32_t)n_bases, (uint32_t)n_heads)) {
        PyErr_NoMemory();
    } else {
        struct turning *turning = entry->turning;
        turning->cursor = cursor_kept(cursor->cursor);
        turning->start = start;
        turning->end = end;
        turning->hold = hold;
        turning->handed_out = handed_out;
        memcpy(turning->records, records.buf, (size_t)records.len);
        is_read = numbers_read(heads, turning->heads) && numbers_read(members, turning->members);
        for (Py_ssize_t i = 0; is_read && i < n_bases; i++) {
            PyObject *base = PyTuple_GET_ITEM(bases, i);
            is_read = PyTuple_Check(base) && PyTuple_GET_SIZE(base) == count &&
                      numbers_read(base, turning->bases + i * count);
            if (!is_read && !PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a base of turns is not of all members");
        }
    }
    PyBuffer_Release(&records);
    return is_read;
}

/* Reads pairs of (additional records, octets). */
static bool cuts_read(PyObject *tuple, struct cut *cuts) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        PyObject *pair = PyTuple_GET_ITEM(tuple, i);
        if (!PyTuple_Check(pair)) {
            PyErr_SetString(PyExc_TypeError, "a cut is a pair");
            return false;
        }
        if (!PyArg_ParseTuple(pair, "II:cut", &cuts[i].records, &cuts[i].octets)) return false;
    }
    return true;
}

/* Reads the octets of a whole option, or none; false with an exception set. */
static bool extended_error_read(const char *octets, Py_ssize_t count, struct entry *entry) {
    const uint8_t *option = (const uint8_t *)octets;
    if (!count) return true;
    if (count < OPTION_OCTETS + INFO_CODE_OCTETS ||
        count > OPTION_OCTETS + INFO_CODE_OCTETS + LONGEST_EXTRA_TEXT ||
        read16(option) != OPTION_EXTENDED_ERROR || OPTION_OCTETS + read16(option + 2) != count) {
        PyErr_SetString(PyExc_ValueError, "an extended error is one whole option");
        return false;
    }
    if (entry_explain(entry, option, (size_t)count)) return true;
    PyErr_NoMemory();
    return false;
}

static struct entry *entry_read(PyObject *args, PyObject *kwargs) {
    static char *names[] = {"rcode", "head", "sections", "cuts", "name_octets", "pointers",
                            "datagram_only", "turning", "extended_error", NULL};
    unsigned char rcode;
    const char *error = NULL;
    Py_ssize_t error_octets = 0;
    unsigned int name_octets;
    int is_datagram_only;
    PyObject *cuts, *pointers, *turning = Py_None;
    Py_buffer head, sections;
    struct entry *entry = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "by*y*O!IO!p|Oy#:Entry", names, &rcode, &head,
                                     &sections, &PyTuple_Type, &cuts, &name_octets, &PyTuple_Type,
                                     &pointers, &is_datagram_only, &turning, &error,
                                     &error_octets))
        return NULL;
    const size_t octets = (size_t)sections.len;
    const Py_ssize_t n_cuts = PyTuple_GET_SIZE(cuts), n_pointers = PyTuple_GET_SIZE(pointers);
    bool is_read = false;
    if (head.len != HEAD_OCTETS || octets > LARGEST_NUMBER || n_cuts > LARGEST_NUMBER ||
        n_pointers > LARGEST_NUMBER) {
        PyErr_SetString(PyExc_ValueError, "the sizes of an entry do not fit");
    } else if (!(entry = entry_new((uint32_t)n_cuts, (uint32_t)n_pointers, (uint32_t)octets))) {
        PyErr_NoMemory();
    } else {
        entry->rcode = rcode;
        entry->is_datagram_only = is_datagram_only;
        entry->name_octets = name_octets;
        memcpy(entry->head, head.buf, HEAD_OCTETS);
        memcpy(entry->sections, sections.buf, octets);
        is_read = cuts_read(cuts, entry->cuts) && numbers_read(pointers, entry->pointers) &&
                  (turning == Py_None || (PyTuple_Check(turning) && turning_read(turning, entry))) &&
                  extended_error_read(error, error_octets, entry);
        if (is_read && !entry_is_sound(entry, octets)) is_read = false;
        if (!is_read && !PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "the parts of an entry contradict each other");
    }
    PyBuffer_Release(&head);
    PyBuffer_Release(&sections);
    if (!is_read) {
        entry_release(entry);
        return NULL;
    }
    return entry;
}

static PyObject *entry_create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    struct entry *entry = entry_read(args, kwargs);
    if (!entry) return NULL;
    EntryObject *self = (EntryObject *)type->tp_alloc(type, 0);
    if (self) self->entry = entry;
    else entry_release(entry);
    return (PyObject *)self;
}

PyTypeObject EntryType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rrdns.serve._player.Entry",
    .tp_basicsize = sizeof(EntryObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = entry_create,
    .tp_dealloc = (destructor)entry_dealloc,
};

/* -- Table ---------------------------------------------------------------------------------------- */

static PyObject *table_wrap(struct table *table) {
    if (!table) return PyErr_NoMemory();
    TableObject *self = (TableObject *)TableType.tp_alloc(&TableType, 0);
    if (self) self->table = table;
    else table_release(table);
    return (PyObject *)self;
}

static void table_dealloc(TableObject *self) {
    /* A large one takes its time, in which others need not wait. */
    Py_BEGIN_ALLOW_THREADS;
    table_release(self->table);
    Py_END_ALLOW_THREADS;
    Py_TYPE(self)->tp_free(self);
}

/* Reads None or (current, previous); false with an exception set. */
static bool secrets_read(PyObject *pair, struct secrets *secrets) {
    memset(secrets, 0, sizeof *secrets);
    if (pair == Py_None) return true;
    const char *current, *previous;
    Py_ssize_t current_octets, previous_octets;
    if (!PyTuple_Check(pair)) {
        PyErr_SetString(PyExc_TypeError, "secrets are a pair, or None");
        return false;
    }
    if (!PyArg_ParseTuple(pair, "y#y#:secrets", &current, &current_octets, &previous,
                          &previous_octets))
        return false;
    if (current_octets != SECRET_OCTETS || previous_octets != SECRET_OCTETS) {
        PyErr_Format(PyExc_ValueError, "a secret has %d octets", SECRET_OCTETS);
        return false;
    }
    secrets->are_set = true;
    memcpy(secrets->current, current, SECRET_OCTETS);
    memcpy(secrets->previous, previous, SECRET_OCTETS);
    return true;
}

static PyObject *table_create(PyTypeObject *Py_UNUSED(type), PyObject *args, PyObject *kwargs) {
    static char *names[] = {"secrets", "nsid", NULL};
    PyObject *pair;
    const char *nsid;
    Py_ssize_t nsid_octets;
    struct secrets secrets;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Oz#:Table", names, &pair, &nsid, &nsid_octets) ||
        !secrets_read(pair, &secrets))
        return NULL;
    if (nsid_octets > LONGEST_NSID)
        return PyErr_Format(PyExc_ValueError, "NSID has %d octets at the most", LONGEST_NSID);
    return table_wrap(table_new(&secrets, (const uint8_t *)nsid, (size_t)nsid_octets));
}

/* Sets what one item, (name, type or None, beneath, entry or None), says. */
static bool item_set(struct table *table, PyObject *item) {
    const char *name;
    Py_ssize_t octets;
    PyObject *rtype, *entry;
    int beneath;
    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "an item is a tuple");
        return false;
    }
    if (!PyArg_ParseTuple(item, "y#OpO:item", &name, &octets, &rtype, &beneath, &entry)) return false;
    const long number = rtype == Py_None ? TYPE_ABSENT : PyLong_AsLong(rtype);
    if (PyErr_Occurred()) return false;
    struct labels labels;
    const uint8_t *wire = (const uint8_t *)name;
    if (number > UINT16_MAX || (number < 0 && rtype != Py_None) ||
        !labels_read(wire, wire + octets, &labels) || labels.octets != octets) {
        PyErr_SetString(PyExc_ValueError, "no name in wire format, or no type");
        return false;
    }
    if (entry != Py_None && !PyObject_TypeCheck(entry, &EntryType)) {
        PyErr_SetString(PyExc_TypeError, "an entry is an Entry, or None");
        return false;
    }
    struct entry *answer = entry == Py_None ? &left_to_reference : ((EntryObject *)entry)->entry;
    if (table_set(table, &labels, (int32_t)number, beneath, answer)) return true;
    PyErr_NoMemory();
    return false;
}

static PyObject *table_with(TableObject *self, PyObject *args) {
    PyObject *items, *pair;
    struct secrets secrets;
    if (!PyArg_ParseTuple(args, "OO:with_entries", &items, &pair) || !secrets_read(pair, &secrets))
        return NULL;
    PyObject *iterator = PyObject_GetIter(items);
    if (!iterator) return NULL;
    struct table *table = table_fork(self->table, &secrets);
    PyObject *item = NULL;
    bool is_set = table != NULL;
    while (is_set && (item = PyIter_Next(iterator))) {
        is_set = item_set(table, item);
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    if (!table) return PyErr_NoMemory();
    if (PyErr_Occurred()) {
        table_release(table);
        return NULL;
    }
    return table_wrap(table);
}

/* Who asks, from text; `octets` takes the address. */
static bool client_read(const char *text, unsigned int now, uint8_t octets[LONGEST_ADDRESS],
                        struct client *client) {
    client->address = octets;
    client->now = now;
    return address_read(text, octets, &client->octets);
}

static PyObject *table_play(TableObject *self, PyObject *args) {
    const char *packet, *text;
    Py_ssize_t packet_octets;
    int is_stream;
    unsigned int now;
    TallyObject *tally;
    struct client client;
    uint8_t address[LONGEST_ADDRESS];
    static uint8_t message[TCP_OCTETS]; /* the interpreter lock is held */
    if (!PyArg_ParseTuple(args, "y#psIO!:play", &packet, &packet_octets, &is_stream, &text, &now,
                          &TallyType, &tally) ||
        !client_read(text, now, address, &client))
        return NULL;
    size_t octets = (size_t)packet_octets;
    if (octets > sizeof message) return PyErr_Format(PyExc_ValueError, "no message is that long");
    memcpy(message, packet, octets);
    switch (reply_make(self->table, &client, is_stream, message, &octets, tally->tally)) {
    case REPLIED: return PyBytes_FromStringAndSize((const char *)message, (Py_ssize_t)octets);
    case LEFT_TO_REFERENCE: break;
    case SILENT: return PyBytes_FromStringAndSize(NULL, 0);
    }
    Py_RETURN_NONE;
}

static Py_ssize_t table_length(TableObject *self) { return (Py_ssize_t)table_names(self->table); }

static PyMethodDef table_methods[] = {
    {"with_entries", (PyCFunction)table_with, METH_VARARGS, NULL},
    {"play", (PyCFunction)table_play, METH_VARARGS, NULL},
    {0},
};

static PyMappingMethods table_mapping = {.mp_length = (lenfunc)table_length};

PyTypeObject TableType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rrdns.serve._player.Table",
    .tp_basicsize = sizeof(TableObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = table_create,
    .tp_dealloc = (destructor)table_dealloc,
    .tp_methods = table_methods,
    .tp_as_mapping = &table_mapping,
};
