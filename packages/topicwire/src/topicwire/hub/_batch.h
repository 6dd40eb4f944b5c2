/* Many send()s in one system call, by Linux' io_uring: a sixth less for each than one by one.

   None is ever left to the kernel to finish: each says MSG_DONTWAIT, and is done or refused when
   io_uring_enter() returns. Where there is no io_uring, or it is not allowed, `batch_send` says so,
   and has sent nothing. One thread at a time: `batch_take` says whether it is this one. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BATCH = 32 };

#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/io_uring.h>)
#include <linux/io_uring.h>
#endif
#endif

#ifdef IORING_FEAT_FAST_POLL /* the first that knows IORING_OP_SEND in each of its headers */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    enum { UNTRIED, OPEN, NONE } state;
    bool is_taken;
    int fd;
    pid_t owner;
    void *queues;
    size_t queues_size;
    struct io_uring_sqe *entries;
    unsigned *submitted, *heard, *completed;
    unsigned entry_mask, result_mask;
    struct io_uring_cqe *results;
} ring;

static bool ring_open(void)
{
    struct io_uring_params given = {0};
    ring.owner = getpid();
    ring.fd = (int)syscall(SYS_io_uring_setup, BATCH, &given);
    if (ring.fd < 0)
        return false;
    size_t sent = given.sq_off.array + given.sq_entries * sizeof(unsigned);
    size_t back = given.cq_off.cqes + given.cq_entries * sizeof *ring.results;
    ring.queues_size = sent > back ? sent : back;
    ring.queues = MAP_FAILED;
    void *entries = MAP_FAILED;
    if (given.features & IORING_FEAT_SINGLE_MMAP) {
        int how = PROT_READ | PROT_WRITE, shared = MAP_SHARED | MAP_POPULATE;
        ring.queues = mmap(NULL, ring.queues_size, how, shared, ring.fd, IORING_OFF_SQ_RING);
        entries = mmap(NULL, given.sq_entries * sizeof *ring.entries, how, shared, ring.fd,
                       IORING_OFF_SQES);
    }
    if (ring.queues == MAP_FAILED || entries == MAP_FAILED) {
        close(ring.fd); /* what is mapped of it is a page or two, once */
        return false;
    }
    char *at = ring.queues;
    unsigned *places = (unsigned *)(at + given.sq_off.array);
    for (unsigned i = 0; i < given.sq_entries; i++)
        places[i] = i;
    ring.entries = entries;
    ring.submitted = (unsigned *)(at + given.sq_off.tail);
    ring.entry_mask = given.sq_entries - 1;
    ring.heard = (unsigned *)(at + given.cq_off.head);
    ring.completed = (unsigned *)(at + given.cq_off.tail);
    ring.result_mask = given.cq_entries - 1;
    ring.results = (struct io_uring_cqe *)(at + given.cq_off.cqes);
    return true;
}

/* Take it for this thread, under the interpreter's lock. */
static bool batch_take(bool is_allowed)
{
    if (!is_allowed || ring.state == NONE || ring.is_taken)
        return false;
    if (ring.state == OPEN && ring.owner != getpid())
        ring.state = UNTRIED; /* forked: the other one is the parent's */
    if (ring.state == UNTRIED)
        ring.state = ring_open() ? OPEN : NONE;
    return ring.is_taken = ring.state == OPEN;
}

static void batch_leave(void)
{
    ring.is_taken = false;
}

static unsigned results_heard(ssize_t *result)
{
    unsigned first = *ring.heard, end = __atomic_load_n(ring.completed, __ATOMIC_ACQUIRE);
    for (unsigned i = first; i != end; i++) {
        const struct io_uring_cqe *one = &ring.results[i & ring.result_mask];
        result[one->user_data] = one->res;
    }
    __atomic_store_n(ring.heard, end, __ATOMIC_RELEASE);
    return end - first;
}

/* Send to `count` of them, BATCH at most. Returns to how many it has been tried: `result` has what
   each has taken, or a negative number. Fewer when it is not to be had any longer. */
static int batch_send(const int *fd, int count, const void *data, size_t size,
                      ssize_t *result)
{
    unsigned begin = *ring.submitted;
    for (int i = 0; i < count; i++) {
        struct io_uring_sqe *entry = &ring.entries[(begin + (unsigned)i) & ring.entry_mask];
        memset(entry, 0, sizeof *entry);
        entry->opcode = IORING_OP_SEND;
        entry->fd = fd[i];
        entry->addr = (unsigned long)data;
        entry->len = (unsigned)size;
        entry->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        entry->user_data = (unsigned long)i;
        result[i] = -EINPROGRESS;
    }
    __atomic_store_n(ring.submitted, begin + (unsigned)count, __ATOMIC_RELEASE);
    int tried = 0;
    while (tried < count) {
        long more = syscall(SYS_io_uring_enter, ring.fd, count - tried, 0, 0, NULL, 0);
        if (more > 0)
            tried += (int)more;
        else if (more == 0 || errno != EINTR)
            break;
    }
    if (tried < count) { /* somebody has closed it, say */
        __atomic_store_n(ring.submitted, begin + (unsigned)tried, __ATOMIC_RELEASE);
        ring.state = NONE;
    }
    if ((int)results_heard(result) < tried)
        for (int i = 0; i < tried; i++)
            if (result[i] == -EINPROGRESS) /* it does not happen; nobody is sent anything twice */
                shutdown(fd[i], SHUT_RDWR);
    return tried;
}

#else

static bool batch_take(bool is_allowed)
{
    (void)is_allowed;
    return false;
}

static void batch_leave(void)
{
}

static int batch_send(const int *fd, int count, const void *data, size_t size,
                      ssize_t *result)
{
    (void)fd, (void)count, (void)data, (void)size, (void)result;
    return 0;
}

#endif
