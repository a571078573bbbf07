/* The module, and what its types share. */
#include "python.h"

#include <arpa/inet.h>

/* -- addresses ------------------------------------------------------------------------------------ */

bool address_read(const char *text, uint8_t octets[LONGEST_ADDRESS], size_t *count) {
    char address[INET6_ADDRSTRLEN] = "";
    const size_t length = strcspn(text, "%");
    if (length < sizeof address) memcpy(address, text, length);
    const bool is_6 = strchr(address, ':') != NULL;
    *count = is_6 ? 16 : 4;
    if (inet_pton(is_6 ? AF_INET6 : AF_INET, address, octets) == 1) return true;
    PyErr_Format(PyExc_ValueError, "'%s' is not an IP address", text);
    return false;
}

void address_write(const uint8_t *octets, size_t count, char text[ADDRESS_TEXT]) {
    text[0] = '\0';
    inet_ntop(count == 4 ? AF_INET : AF_INET6, octets, text, ADDRESS_TEXT);
}

/* -- what serves ---------------------------------------------------------------------------------- */

PyObject *none_or_error(int error) {
    if (!error) Py_RETURN_NONE;
    errno = error;
    return PyErr_SetFromErrno(PyExc_OSError);
}

bool table_keep(PyObject *tables, PyObject *table) {
    if (PyObject_TypeCheck(table, &TableType)) return !PyList_Append(tables, table);
    PyErr_SetString(PyExc_TypeError, "only a Table is published");
    return false;
}

/* All at once and last, for the interpreter lock is given up where one is freed, and others may publish
 * meanwhile. */
bool tables_forget(PyObject **tables, is_reading reads, const void *server) {
    PyObject *kept = PyList_New(0);
    for (Py_ssize_t i = 0; kept && i < PyList_GET_SIZE(*tables); i++) {
        PyObject *table = PyList_GET_ITEM(*tables, i);
        if (reads(server, ((TableObject *)table)->table) && PyList_Append(kept, table))
            Py_CLEAR(kept);
    }
    if (!kept) return false;
    PyObject *before = *tables;
    *tables = kept;
    Py_DECREF(before);
    return true;
}

/* -- the module ----------------------------------------------------------------------------------- */

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "rrdns.serve._player",
    .m_doc = "Plays the compiled table in C.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__player(void) {
    PyTypeObject *const types[] = {&CursorType, &TallyType, &EntryType,
                                   &TableType, &UdpType, &TcpType};
    PyObject *module = PyModule_Create(&definition);
    for (size_t i = 0; module && i < sizeof types / sizeof *types; i++)
        if (PyModule_AddType(module, types[i])) Py_CLEAR(module);
    return module;
}
