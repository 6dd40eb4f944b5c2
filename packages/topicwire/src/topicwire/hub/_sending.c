/* `write_each` of topicwire.hub.sending, which says what it does.

   Many at once where the system can (`_batch.h`), else one by one; send() instead of write(): the
   kernel then goes by no file position and no notification of file changes. The interpreter is let
   go of once, not for each. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <sys/socket.h>
#include <time.h>

#include "_batch.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Python ignores SIGPIPE */
#endif

enum { CLOSED = -1, BETWEEN_LOOKS = BATCH, WORTH_A_BATCH = 4 };

struct other {
    Py_ssize_t index, taken;
};

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Send to each; `taken` is by how much, or what is no size where it is nothing. */
static void send_all(const int *fd, int count, const Py_buffer *data, bool is_batch,
                     ssize_t *taken)
{
    int first = 0;
    if (is_batch && count >= WORTH_A_BATCH)
        first = batch_send(fd, count, data->buf, (size_t)data->len, taken);
    for (int i = first; i < count; i++)
        taken[i] = send(fd[i], data->buf, (size_t)data->len, MSG_DONTWAIT | MSG_NOSIGNAL);
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

static PyObject *write_to(PyObject *arguments, bool is_batch_allowed)
{
    Py_buffer fds, berths, data;
    Py_ssize_t begin, end, count = 0, reached;
    long long until_ns;
    PyObject *found = NULL;
    if (!PyArg_ParseTuple(arguments, "y*y*nny*L", &fds, &berths, &begin, &end, &data, &until_ns))
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
    bool is_batch = batch_take(is_batch_allowed && data.len <= INT_MAX);
    reached = begin;
    Py_BEGIN_ALLOW_THREADS
    while (reached < end) {
        Py_ssize_t index[BETWEEN_LOOKS];
        int fd[BETWEEN_LOOKS], open = 0, next = 0;
        ssize_t taken[BETWEEN_LOOKS];
        Py_ssize_t first = reached;
        for (; reached < end && reached - first < BETWEEN_LOOKS; reached++)
            if ((fd[open] = fd_at[berth_at[reached]]) != CLOSED)
                index[open++] = reached;
        send_all(fd, open, &data, is_batch, taken);
        for (Py_ssize_t i = first; i < reached; i++) {
            Py_ssize_t one = CLOSED;
            if (next < open && index[next] == i) {
                one = (Py_ssize_t)taken[next++];
                if (one < 0) /* it takes nothing now, or never will: the server meets the same */
                    one = 0;
            }
            if (one != data.len)
                others[count++] = (struct other){i, one};
        }
        if (reached < end && now_ns() >= until_ns)
            break;
    }
    Py_END_ALLOW_THREADS
    if (is_batch)
        batch_leave();
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
static PyObject *write_each(PyObject *module, PyObject *arguments)
{
    (void)module;
    return write_to(arguments, true);
}

static PyObject *write_one_by_one(PyObject *module, PyObject *arguments)
{
    (void)module;
    return write_to(arguments, false);
}

static PyObject *has_batches(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    bool has = batch_take(true);
    if (has)
        batch_leave();
    return PyBool_FromLong(has);
}

static PyMethodDef methods[] = {
    {"write_each", write_each, METH_VARARGS, "Write the same bytes to many sockets."},
    {"write_one_by_one", write_one_by_one, METH_VARARGS, "The same, a system call for each."},
    {"has_batches", has_batches, METH_NOARGS, "Say whether `write_each` needs fewer calls."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_sending", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit__sending(void)
{
    return PyModuleDef_Init(&definition);
}
