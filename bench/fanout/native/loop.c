/* The C loop: what the machine allows. One epoll loop; an update is one frame, and one send() for
   each subscriber. Updates of one tick are joined into one send. A client that does not take what
   it is sent waits apart. Everything else that is measured here is compared with this.

       loop

   With BENCH_CERTIFICATE and BENCH_KEY in the environment it speaks TLS. Prints {"port": ..., "control": ...}. A line "P n t" on the control port publishes n updates in
   one tick, which say t as their time. Ends when its standard input does. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"
#include "stream.h"
#include "websocket.h"

enum kind { LISTENING, LISTENING_FOR_CONTROL, INPUT, CONTROL, SHAKING_HANDS, OPEN };
enum { REQUEST_BYTES = 4096, MAX_PER_TICK = 1000, NOBODY = -1 };

struct peer {
    enum kind kind;
    struct stream stream;
    int place; /* among the subscribers, or NOBODY */
    size_t read;
    uint8_t *input;           /* what is not a whole request, frame or line yet */
    size_t unsent, room;      /* what the socket did not take */
    uint8_t *output;
};

static int poller;
static struct peer **subscribers;
static int subscriber_count, subscriber_room;
static uint64_t seq;

static void watch(struct peer *peer, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};
    if (epoll_ctl(poller, operation, peer->stream.fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
}

static struct peer *add(enum kind kind, int fd)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        fail("no memory");
    *peer = (struct peer){.kind = kind, .stream = {.fd = fd}, .place = NOBODY};
    watch(peer, EPOLLIN, EPOLL_CTL_ADD);
    return peer;
}

static void drop(struct peer *peer)
{
    if (peer->place != NOBODY) {
        struct peer *last = subscribers[--subscriber_count];
        subscribers[last->place = peer->place] = last;
    }
    stream_close(&peer->stream);
    free(peer->input);
    free(peer->output);
    free(peer);
}

/* Keep what the socket did not take, and be told when it takes more. */
static void keep(struct peer *peer, const uint8_t *data, size_t size)
{
    if (!peer->unsent)
        watch(peer, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    if (peer->unsent + size > peer->room) {
        peer->room = 2 * (peer->unsent + size);
        if (!(peer->output = realloc(peer->output, peer->room)))
            fail("no memory");
    }
    memcpy(peer->output + peer->unsent, data, size);
    peer->unsent += size;
}

/* Whoever is gone is noticed when it is read from. */
static inline void give(struct peer *peer, const uint8_t *data, size_t size)
{
    if (!peer->unsent) {
        ssize_t taken = stream_write(&peer->stream, data, size);
        if (taken == (ssize_t)size || taken == STREAM_OVER)
            return;
        if (taken > 0)
            data += taken, size -= (size_t)taken;
    }
    keep(peer, data, size);
}

static void publish(int count, unsigned long long at)
{
    static uint8_t joined[MAX_PER_TICK * (MESSAGE_BYTES + WS_MAX_HEADER)];
    size_t size = 0;
    for (int i = 0; i < count && i < MAX_PER_TICK; i++) {
        char text[MESSAGE_BYTES];
        size_t length = message(text, ++seq, at);
        size += ws_server_header(joined + size, WS_TEXT, length);
        memcpy(joined + size, text, length);
        size += length;
    }
    for (int i = 0; i < subscriber_count; i++)
        give(subscribers[i], joined, size);
}

static void say(struct peer *peer, int opcode, const void *payload, size_t size)
{
    uint8_t frame[256];
    size_t at = ws_server_header(frame, opcode, size);
    memcpy(frame + at, payload, size);
    give(peer, frame, at + size);
}

/* Each of these takes what it can of the input and returns how many bytes that was; -1 to drop. */
static ssize_t shake_hands(struct peer *peer)
{
    static const char name[] = "sec-websocket-key:";
    char *end = memmem(peer->input, peer->read, "\r\n\r\n", 4), answer[256], accept[29];
    if (!end)
        return peer->read == REQUEST_BYTES ? -1 : 0;
    char *line = (char *)peer->input;
    while (line < end && strncasecmp(line, name, sizeof name - 1))
        line = (char *)memmem(line, (size_t)(end + 2 - line), "\r\n", 2) + 2;
    if (line >= end)
        return -1;
    char *key = line + sizeof name - 1 + strspn(line + sizeof name - 1, " ");
    ws_accept(key, strcspn(key, " \r"), accept);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                        "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    give(peer, (uint8_t *)answer, (size_t)size);
    say(peer, WS_TEXT, "{\"type\":\"hello\"}", 16);
    peer->kind = OPEN;
    return end + 4 - (char *)peer->input;
}

static ssize_t take_frame(struct peer *peer, uint8_t *data, size_t size)
{
    static const char reply[] = "{\"type\":\"quotes.subscribe.response\",\"payload\":{\"status\":\"ok\"}}";
    struct ws_frame frame;
    if (!ws_parse(data, size, &frame))
        return 0;
    if (frame.opcode == WS_CLOSE)
        return -1;
    if (frame.opcode == WS_PING)
        say(peer, WS_PONG, frame.payload, frame.size < 126 ? frame.size : 125);
    else if (frame.opcode == WS_TEXT && peer->place == NOBODY) {
        if (subscriber_count == subscriber_room) {
            subscriber_room = 2 * subscriber_room + 64;
            subscribers = realloc(subscribers, (size_t)subscriber_room * sizeof *subscribers);
            if (!subscribers)
                fail("no memory");
        }
        subscribers[peer->place = subscriber_count++] = peer;
        say(peer, WS_TEXT, reply, sizeof reply - 1);
    }
    return (ssize_t)frame.total;
}

static ssize_t take_line(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    int count;
    unsigned long long at;
    if (!end)
        return 0;
    if (sscanf((const char *)data, "P %d %llu", &count, &at) == 2)
        publish(count, at);
    return end + 1 - data;
}

/* Returns 0 when the peer is to be dropped. */
static int receive(struct peer *peer)
{
    if (!peer->input && !(peer->input = calloc(1, REQUEST_BYTES + 1)))
        fail("no memory");
    ssize_t size = stream_read(&peer->stream, peer->input + peer->read, REQUEST_BYTES - peer->read);
    if (size <= 0)
        return size == STREAM_LATER;
    peer->read += (size_t)size;
    size_t at = 0;
    for (ssize_t taken = 1; taken && at < peer->read; at += (size_t)taken) {
        uint8_t *data = peer->input + at;
        taken = peer->kind == SHAKING_HANDS ? shake_hands(peer)
                : peer->kind == OPEN        ? take_frame(peer, data, peer->read - at)
                                            : take_line(data, peer->read - at);
        if (taken < 0)
            return 0;
    }
    memmove(peer->input, peer->input + at, peer->read -= at);
    if (!peer->read && peer->kind == OPEN)
        free(peer->input), peer->input = NULL; /* an idle connection keeps nothing */
    return peer->read < REQUEST_BYTES;
}

static void send_rest(struct peer *peer)
{
    ssize_t taken = stream_write(&peer->stream, peer->output, peer->unsent);
    if (taken == STREAM_LATER)
        return;
    size_t gone = taken < 0 ? peer->unsent : (size_t)taken;
    memmove(peer->output, peer->output + gone, peer->unsent -= gone);
    if (!peer->unsent)
        watch(peer, EPOLLIN, EPOLL_CTL_MOD);
}

static void admit(struct peer *listening)
{
    for (int fd; (fd = accept4(listening->stream.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct peer *peer = add(listening->kind == LISTENING ? SHAKING_HANDS : CONTROL, fd);
        if (listening->kind == LISTENING)
            stream_open(&peer->stream, fd); /* the control port is plain */
    }
}

static int listen_on_loopback(enum kind kind)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&address, &size))
        fail("cannot listen: %s", strerror(errno));
    add(kind, fd);
    return ntohs(address.sin_port);
}

int main(void)
{
    const char *certificate = getenv("BENCH_CERTIFICATE"), *key = getenv("BENCH_KEY");
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    poller = epoll_create1(0);
    if (certificate && key)
        tls_prepare(certificate, key);
    int port = listen_on_loopback(LISTENING), control = listen_on_loopback(LISTENING_FOR_CONTROL);
    add(INPUT, STDIN_FILENO);
    printf("{\"port\": %d, \"control\": %d}\n", port, control);
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            struct peer *peer = events[i].data.ptr;
            char ignored[256];
            if (peer->kind == INPUT) {
                if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0)
                    return 0;
            } else if (peer->kind == LISTENING || peer->kind == LISTENING_FOR_CONTROL)
                admit(peer);
            else if ((events[i].events & EPOLLIN) ? !receive(peer)
                                                  : (events[i].events & (EPOLLHUP | EPOLLERR)) != 0)
                drop(peer);
            else if (events[i].events & EPOLLOUT && peer->unsent)
                send_rest(peer);
        }
    }
}
