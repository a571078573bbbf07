/* Cursor and Tally: what is counted. */
#include "python.h"

/* -- Cursor --------------------------------------------------------------------------------------- */

static PyObject *cursor_create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"seed", "count", NULL};
    PyObject *seed = Py_None;
    long long count = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OL:Cursor", names, &seed, &count)) return NULL;
    uint64_t number = seed == Py_None ? 0 : PyLong_AsUnsignedLongLong(seed);
    if (PyErr_Occurred()) return NULL;
    if (count < 0) return PyErr_Format(PyExc_ValueError, "%lld is no count", count);
    CursorObject *self = (CursorObject *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    if (!(self->cursor = cursor_new(seed != Py_None, number))) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    atomic_store_explicit(&self->cursor->count, (uint64_t)count, memory_order_relaxed);
    return (PyObject *)self;
}

static void cursor_dealloc(CursorObject *self) {
    cursor_release(self->cursor);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *cursor_step(CursorObject *self) {
    return PyLong_FromUnsignedLongLong(cursor_next(self->cursor));
}

static PyObject *cursor_count(CursorObject *self, void *Py_UNUSED(none)) {
    return PyLong_FromUnsignedLongLong(
        atomic_load_explicit(&self->cursor->count, memory_order_relaxed));
}

static PyGetSetDef cursor_counters[] = {
    {"count", (getter)cursor_count, NULL, NULL, NULL},
    {0},
};

PyTypeObject CursorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rrdns.serve._player.Cursor",
    .tp_basicsize = sizeof(CursorObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = cursor_create,
    .tp_dealloc = (destructor)cursor_dealloc,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)cursor_step,
    .tp_getset = cursor_counters,
};

/* -- Tally ---------------------------------------------------------------------------------------- */

static PyObject *tally_create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":Tally", names)) return NULL;
    TallyObject *self = (TallyObject *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    if (!(self->tally = tally_new())) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void tally_dealloc(TallyObject *self) {
    tally_free(self->tally);
    Py_TYPE(self)->tp_free(self);
}

static uint64_t read_counter(const _Atomic uint64_t *counter) {
    return counter ? atomic_load_explicit(counter, memory_order_relaxed) : 0;
}

static PyObject *tally_rcodes(TallyObject *self, PyObject *Py_UNUSED(none)) {
    PyObject *counts = PyTuple_New(COUNTED_RCODES);
    for (int i = 0; counts && i < COUNTED_RCODES; i++) {
        PyObject *count = PyLong_FromUnsignedLongLong(read_counter(&self->tally->rcodes[i]));
        if (!count) Py_CLEAR(counts);
        else PyTuple_SET_ITEM(counts, i, count);
    }
    return counts;
}

/* How many members Python speaks of; false with an exception set. */
static bool members_read(PyObject *argument, uint32_t *members) {
    const unsigned long number = PyLong_AsUnsignedLong(argument);
    if (PyErr_Occurred()) return false;
    *members = (uint32_t)number;
    if (number <= UINT32_MAX) return true;
    PyErr_SetString(PyExc_ValueError, "too many members");
    return false;
}

static PyObject *tally_firsts(TallyObject *self, PyObject *argument) {
    uint32_t members;
    if (!members_read(argument, &members)) return NULL;
    PyObject *counts = PyList_New((Py_ssize_t)members);
    for (uint32_t i = 0; counts && i < members; i++) {
        const uint64_t first = read_counter(tally_first(self->tally, i));
        PyObject *count = PyLong_FromUnsignedLongLong(first);
        if (!count) Py_CLEAR(counts);
        else PyList_SET_ITEM(counts, (Py_ssize_t)i, count);
    }
    return counts;
}

static PyObject *tally_make_room(TallyObject *self, PyObject *argument) {
    uint32_t members;
    if (!members_read(argument, &members)) return NULL;
    if (!tally_reserve(self->tally, members)) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* The counter that `offset`, the getter's closure, names. */
static PyObject *tally_counter(TallyObject *self, void *offset) {
    const char *at = (const char *)self->tally + (uintptr_t)offset;
    return PyLong_FromUnsignedLongLong(read_counter((const _Atomic uint64_t *)at));
}

#define COUNTER(name) {#name, (getter)tally_counter, NULL, NULL, (void *)offsetof(struct tally, name)}

static PyGetSetDef tally_counters[] = {
    COUNTER(silences), COUNTER(left), COUNTER(overflowed), COUNTER(unsent), {0},
};

static PyMethodDef tally_methods[] = {
    {"rcodes", (PyCFunction)tally_rcodes, METH_NOARGS, NULL},
    {"firsts", (PyCFunction)tally_firsts, METH_O, NULL},
    {"reserve", (PyCFunction)tally_make_room, METH_O, NULL},
    {0},
};

PyTypeObject TallyType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rrdns.serve._player.Tally",
    .tp_basicsize = sizeof(TallyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = tally_create,
    .tp_dealloc = (destructor)tally_dealloc,
    .tp_methods = tally_methods,
    .tp_getset = tally_counters,
};
