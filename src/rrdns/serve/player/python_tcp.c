/* Tcp: its thread, as Python starts and stops it. */
#include "python.h"

#include "reply.h"
#include "tcp.h"

enum { MOST_CONNECTIONS = 1 << 24 };
static const double LONGEST_S = 1e6;

/* `tally` is borrowed by the thread; `tables` are those that it may be reading, the published one last. */
typedef struct {
    PyObject_HEAD
    struct tcp *tcp;
    PyObject *tally, *tables;
} TcpObject;

/* Seconds as nanoseconds; false with ValueError set. */
static bool seconds_read(double seconds, uint64_t *ns) {
    if (seconds >= 0 && seconds <= LONGEST_S) {
        *ns = (uint64_t)(seconds * 1e9);
        return true;
    }
    PyErr_SetString(PyExc_ValueError, "no time to wait");
    return false;
}

/* Reads (idle_s, connections, per_client, grace_s); false with an exception set. */
static bool limits_read(PyObject *tuple, struct tcp_limits *limits) {
    double idle_s, grace_s;
    Py_ssize_t connections, per_client;
    if (!PyArg_ParseTuple(tuple, "dnnd:limits", &idle_s, &connections, &per_client, &grace_s))
        return false;
    if (connections < 1 || connections > MOST_CONNECTIONS || per_client < 1) {
        PyErr_SetString(PyExc_ValueError, "no number of connections");
        return false;
    }
    limits->connections = (size_t)connections;
    limits->per_client = (size_t)per_client;
    return seconds_read(idle_s, &limits->idle_ns) && seconds_read(grace_s, &limits->grace_ns);
}

/* The numbers of descriptors; false with an exception set. */
static bool descriptors_read(PyObject *tuple, int *descriptors) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        const long number = PyLong_AsLong(PyTuple_GET_ITEM(tuple, i));
        if (PyErr_Occurred()) return false;
        descriptors[i] = number > INT_MAX || number < 0 ? -1 : (int)number;
    }
    return true;
}

static struct tcp *tcp_read(PyObject *descriptors, const struct tcp_limits *limits,
                            struct tally *tally) {
    const size_t count = (size_t)PyTuple_GET_SIZE(descriptors);
    int *sockets = PyMem_Calloc(count + 1, sizeof *sockets);
    struct tcp *tcp = NULL;
    if (!sockets) {
        PyErr_NoMemory();
    } else if (descriptors_read(descriptors, sockets)) {
        tcp = tcp_new(sockets, count, limits, tally);
        if (!tcp) PyErr_NoMemory();
    }
    PyMem_Free(sockets);
    return tcp;
}

static PyObject *tcp_create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"sockets", "limits", "tally", NULL};
    PyObject *descriptors, *tuple;
    TallyObject *tally;
    struct tcp_limits limits;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!O!O!:Tcp", names, &PyTuple_Type, &descriptors,
                                     &PyTuple_Type, &tuple, &TallyType, &tally) ||
        !limits_read(tuple, &limits))
        return NULL;
    TcpObject *self = (TcpObject *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->tally = Py_NewRef((PyObject *)tally);
    self->tables = PyList_New(0);
    self->tcp = self->tables ? tcp_read(descriptors, &limits, tally->tally) : NULL;
    if (!self->tcp) Py_CLEAR(self);
    return (PyObject *)self;
}

static void tcp_dealloc(TcpObject *self) {
    tcp_free(self->tcp);
    Py_XDECREF(self->tables);
    Py_XDECREF(self->tally);
    Py_TYPE(self)->tp_free(self);
}

static bool tcp_reads(const void *tcp, const struct table *table) { return tcp_is_reading(tcp, table); }

static PyObject *tcp_show(TcpObject *self, PyObject *argument) {
    if (!table_keep(self->tables, argument)) return NULL;
    tcp_publish(self->tcp, ((TableObject *)argument)->table);
    if (!tables_forget(&self->tables, tcp_reads, self->tcp)) return NULL;
    Py_RETURN_NONE;
}

static PyObject *tcp_begin(TcpObject *self, PyObject *Py_UNUSED(none)) {
    if (!PyList_GET_SIZE(self->tables))
        return PyErr_Format(PyExc_ValueError, "no table has been published");
    return none_or_error(tcp_start(self->tcp));
}

static PyObject *tcp_end(TcpObject *self, PyObject *Py_UNUSED(none)) {
    Py_BEGIN_ALLOW_THREADS;
    tcp_stop(self->tcp);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

static PyObject *tcp_take(TcpObject *self, PyObject *Py_UNUSED(none)) {
    struct handed *left = NULL;
    int error = 0;
    enum taking taken;
    Py_BEGIN_ALLOW_THREADS;
    taken = tcp_take_left(self->tcp, &left, &error);
    Py_END_ALLOW_THREADS;
    if (taken == TOOK_END) Py_RETURN_NONE;
    if (taken == TOOK_ERROR) return none_or_error(error);
    char client[ADDRESS_TEXT];
    address_write(left->address, left->address_octets, client);
    PyObject *told = Py_BuildValue("y#sK", (const char *)left->query, (Py_ssize_t)left->octets,
                                   client, (unsigned long long)left->ticket);
    free(left);
    return told;
}

static PyObject *tcp_send(TcpObject *self, PyObject *args) {
    unsigned long long ticket;
    PyObject *reply;
    char *octets = NULL;
    Py_ssize_t count = 0;
    if (!PyArg_ParseTuple(args, "KO:send", &ticket, &reply)) return NULL;
    if (reply != Py_None && PyBytes_AsStringAndSize(reply, &octets, &count)) return NULL;
    if (count > TCP_OCTETS) return PyErr_Format(PyExc_ValueError, "no message is that long");
    if (!tcp_reply(self->tcp, ticket, (const uint8_t *)octets, (size_t)count))
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyObject *tcp_count(TcpObject *self, void *Py_UNUSED(none)) {
    return PyLong_FromSize_t(tcp_connections(self->tcp));
}

static PyGetSetDef tcp_properties[] = {
    {"connections", (getter)tcp_count, NULL, NULL, NULL},
    {0},
};

static PyMethodDef tcp_methods[] = {
    {"publish", (PyCFunction)tcp_show, METH_O, NULL},
    {"start", (PyCFunction)tcp_begin, METH_NOARGS, NULL},
    {"stop", (PyCFunction)tcp_end, METH_NOARGS, NULL},
    {"take_left", (PyCFunction)tcp_take, METH_NOARGS, NULL},
    {"send", (PyCFunction)tcp_send, METH_VARARGS, NULL},
    {0},
};

PyTypeObject TcpType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rrdns.serve._player.Tcp",
    .tp_basicsize = sizeof(TcpObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = tcp_create,
    .tp_dealloc = (destructor)tcp_dealloc,
    .tp_methods = tcp_methods,
    .tp_getset = tcp_properties,
};
