/* Udp: its threads, as Python starts and stops them. */
#include "python.h"

#include "address.h"
#include "udp.h"

/* `borrowed` are the tallies; `tables` those that a thread may be reading, the published one last. */
typedef struct {
    PyObject_HEAD
    struct udp *udp;
    PyObject *borrowed, *tables;
} UdpObject;

/* Takes apart ((descriptor, tally), ...); false with an exception set. */
static bool sockets_read(PyObject *pairs, int *sockets, struct tally **tallies) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(pairs); i++) {
        PyObject *pair = PyTuple_GET_ITEM(pairs, i);
        TallyObject *tally;
        if (!PyTuple_Check(pair)) {
            PyErr_SetString(PyExc_TypeError, "a socket is told with its tally");
            return false;
        }
        if (!PyArg_ParseTuple(pair, "iO!:socket", &sockets[i], &TallyType, &tally)) return false;
        tallies[i] = tally->tally;
    }
    return true;
}

static struct udp *udp_read(PyObject *pairs) {
    const size_t count = (size_t)PyTuple_GET_SIZE(pairs);
    int *sockets = PyMem_Calloc(count + 1, sizeof *sockets);
    struct tally **tallies = PyMem_Calloc(count + 1, sizeof *tallies);
    struct udp *udp = NULL;
    if (!sockets || !tallies) {
        PyErr_NoMemory();
    } else if (sockets_read(pairs, sockets, tallies)) {
        udp = udp_new(sockets, tallies, count);
        if (!udp) PyErr_NoMemory();
    }
    PyMem_Free(sockets);
    PyMem_Free(tallies);
    return udp;
}

static PyObject *udp_create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"sockets", NULL};
    PyObject *pairs;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!:Udp", names, &PyTuple_Type, &pairs))
        return NULL;
    UdpObject *self = (UdpObject *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->borrowed = Py_NewRef(pairs);
    self->tables = PyList_New(0);
    self->udp = self->tables ? udp_read(pairs) : NULL;
    if (!self->udp) Py_CLEAR(self);
    return (PyObject *)self;
}

static void udp_dealloc(UdpObject *self) {
    udp_free(self->udp);
    Py_XDECREF(self->tables);
    Py_XDECREF(self->borrowed);
    Py_TYPE(self)->tp_free(self);
}

static bool udp_reads(const void *udp, const struct table *table) { return udp_is_reading(udp, table); }

static PyObject *udp_show(UdpObject *self, PyObject *argument) {
    if (!table_keep(self->tables, argument)) return NULL;
    udp_publish(self->udp, ((TableObject *)argument)->table);
    if (!tables_forget(&self->tables, udp_reads, self->udp)) return NULL;
    Py_RETURN_NONE;
}

static PyObject *udp_begin(UdpObject *self, PyObject *Py_UNUSED(none)) {
    if (!PyList_GET_SIZE(self->tables))
        return PyErr_Format(PyExc_ValueError, "no table has been published");
    return none_or_error(udp_start(self->udp));
}

static PyObject *udp_end(UdpObject *self, PyObject *Py_UNUSED(none)) {
    Py_BEGIN_ALLOW_THREADS;
    udp_stop(self->udp);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

static PyObject *udp_take(UdpObject *self, PyObject *Py_UNUSED(none)) {
    struct left left;
    bool is_taken;
    Py_BEGIN_ALLOW_THREADS;
    is_taken = udp_take_left(self->udp, &left);
    Py_END_ALLOW_THREADS;
    if (!is_taken) Py_RETURN_NONE;
    char client[ADDRESS_TEXT];
    size_t octets;
    const uint8_t *address = client_address(&left.way.address, &octets);
    address_write(address, octets, client);
    return Py_BuildValue("y#sy#", (const char *)left.query, (Py_ssize_t)left.octets, client,
                         (const char *)&left.way, (Py_ssize_t)sizeof left.way);
}

static PyObject *udp_reply(UdpObject *self, PyObject *args) {
    const char *ticket, *reply;
    Py_ssize_t ticket_octets, octets;
    struct way way;
    int error = 0;
    if (!PyArg_ParseTuple(args, "y#y#:send", &ticket, &ticket_octets, &reply, &octets)) return NULL;
    if (ticket_octets == sizeof way) memcpy(&way, ticket, sizeof way);
    if (ticket_octets != sizeof way || !udp_has_socket(self->udp, way.socket) ||
        way.address_octets > sizeof way.address || way.control_octets > sizeof way.control)
        return PyErr_Format(PyExc_ValueError, "that is no way back that `take_left` has told");
    Py_BEGIN_ALLOW_THREADS;
    error = udp_send(&way, (const uint8_t *)reply, (size_t)octets);
    Py_END_ALLOW_THREADS;
    return none_or_error(error);
}

static PyMethodDef udp_methods[] = {
    {"publish", (PyCFunction)udp_show, METH_O, NULL},
    {"start", (PyCFunction)udp_begin, METH_NOARGS, NULL},
    {"stop", (PyCFunction)udp_end, METH_NOARGS, NULL},
    {"take_left", (PyCFunction)udp_take, METH_NOARGS, NULL},
    {"send", (PyCFunction)udp_reply, METH_VARARGS, NULL},
    {0},
};

PyTypeObject UdpType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rrdns.serve._player.Udp",
    .tp_basicsize = sizeof(UdpObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = udp_create,
    .tp_dealloc = (destructor)udp_dealloc,
    .tp_methods = udp_methods,
};
