/* `write_each` of topicwire.hub.sending, which says what it does.

   send() instead of write(): the kernel then goes by no file position and no notification of file
   changes, and the interpreter is let go of once, not for each. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <sys/socket.h>
#include <time.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Python ignores SIGPIPE */
#endif

enum { CLOSED = -1, BETWEEN_LOOKS = 32 };

struct other {
    Py_ssize_t index, taken;
};

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static PyObject *listed(const struct other *others, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *pair = Py_BuildValue("(nn)", others[i].index, others[i].taken);
        if (!pair || PyList_SetItem(list, i, pair) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *write_each(PyObject *module, PyObject *arguments)
{
    Py_buffer fds, berths, data;
    Py_ssize_t begin, end, count = 0, reached;
    long long until_ns;
    PyObject *found = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*nny*L:write_each", &fds, &berths, &begin, &end, &data,
                          &until_ns))
        return NULL;
    const int *fd_at = fds.buf, *berth_at = berths.buf;
    Py_ssize_t berth_count = berths.len / (Py_ssize_t)sizeof(int);
    Py_ssize_t fd_count = fds.len / (Py_ssize_t)sizeof(int);
    struct other *others = NULL;
    if (begin < 0 || begin > end || end > berth_count) {
        PyErr_SetString(PyExc_IndexError, "no such turns");
        goto done;
    }
    for (Py_ssize_t i = begin; i < end; i++)
        if (berth_at[i] < 0 || berth_at[i] >= fd_count) {
            PyErr_SetString(PyExc_IndexError, "no such berth");
            goto done;
        }
    if (!(others = PyMem_Malloc((size_t)(end - begin + 1) * sizeof *others))) {
        PyErr_NoMemory();
        goto done;
    }
    reached = begin;
    Py_BEGIN_ALLOW_THREADS
    while (reached < end) {
        int fd = fd_at[berth_at[reached]];
        ssize_t taken = CLOSED;
        if (fd != CLOSED) {
            taken = send(fd, data.buf, (size_t)data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (taken < 0) /* it takes nothing now, or never will: the server meets the same */
                taken = 0;
        }
        if (taken != data.len)
            others[count++] = (struct other){reached, taken};
        reached++;
        if ((reached - begin) % BETWEEN_LOOKS == 0 && reached < end && now_ns() >= until_ns)
            break;
    }
    Py_END_ALLOW_THREADS
    PyObject *list = count ? listed(others, count) : PyTuple_New(0);
    if (list)
        found = Py_BuildValue("(nN)", reached, list);
done:
    PyMem_Free(others);
    PyBuffer_Release(&fds);
    PyBuffer_Release(&berths);
    PyBuffer_Release(&data);
    return found;
}

static PyMethodDef methods[] = {
    {"write_each", write_each, METH_VARARGS, "Write the same bytes to many sockets."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_sending", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit__sending(void)
{
    return PyModuleDef_Init(&definition);
}
