#include "clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum {
    BUFFER_BYTES = 1 << 20,
    TEXT_BYTES = 4096,
    PER_ADDRESS = 1000, /* clients of one source address: ports are 28,000, limits of servers lower */
    MAX_CLIENTS = 1 << 20
};

struct dialect dialect;
struct totals totals;
void (*on_updates)(struct client *client, uint64_t more);

static int poller;
static struct client *clients[MAX_CLIENTS];

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void clients_prepare(void)
{
    poller = epoll_create1(0);
}

void poll_too(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
}

void client_begin(void)
{
    int number = totals.clients++, on = 1;
    struct client *client = clients[number] = calloc(1, sizeof *client);
    /* a source address for each thousand: 127.0.1.1, 127.0.1.2, ... */
    uint32_t source = 0x7f000101u + (uint32_t)(number / PER_ADDRESS);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)dialect.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (!client || fd < 0)
        fail("client %d: %s", number, strerror(errno));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS))
        fail("client %d cannot connect: %s", number, strerror(errno));
    client->number = number;
    stream_open(&client->stream, fd);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
}

static void lose(struct client *client, const char *why)
{
    if (totals.lost++ < 3)
        fprintf(stderr, "client %d is lost: %s\n", client->number, why);
    totals.subscribed -= client->phase == SUBSCRIBED;
    client->phase = LOST;
    stream_close(&client->stream);
    free(client->rest);
    client->rest = NULL;
    client->rest_size = 0;
}

void clients_leave(void)
{
    for (int i = 0; i < totals.clients; i++) {
        if (clients[i]->phase != LOST)
            stream_close(&clients[i]->stream);
        free(clients[i]->rest);
        free(clients[i]);
    }
    totals.clients = totals.subscribed = totals.lost = 0;
}

/* Copy `text` with the client's number in it. */
static size_t numbered(char *out, const char *text, int number)
{
    size_t size = 0;
    while (*text && size < TEXT_BYTES - 16)
        if (!strncmp(text, "{i}", 3)) {
            size += (size_t)sprintf(out + size, "%d", number);
            text += 3;
        } else
            out[size++] = *text++;
    out[size] = 0;
    return size;
}

static int write_all(struct client *client, const void *data, size_t size)
{
    /* a few hundred bytes on a connection that waits for an answer: taken whole, or not at all */
    return stream_write(&client->stream, data, size) == (ssize_t)size;
}

static void say(struct client *client, int opcode, const char *text, size_t size)
{
    uint8_t frame[TEXT_BYTES + WS_MAX_HEADER];
    if (!write_all(client, frame, ws_client_frame(frame, opcode, text, size)))
        lose(client, "it could not send");
}

/* Take the steps that nothing is to be waited for. */
static void go_on(struct client *client)
{
    char text[TEXT_BYTES];
    while (client->phase == SUBSCRIBING && client->step < dialect.step_count &&
           dialect.steps[client->step].kind == SAY) {
        size_t size = numbered(text, dialect.steps[client->step++].text, client->number);
        say(client, dialect.is_binary ? WS_BINARY : WS_TEXT, text, size);
    }
    if (client->phase == SUBSCRIBING && client->step == dialect.step_count) {
        client->phase = SUBSCRIBED;
        totals.subscribed++;
    }
}

static void ask(struct client *client)
{
    char header[TEXT_BYTES], path[TEXT_BYTES], request[3 * TEXT_BYTES];
    numbered(path, dialect.path, client->number);
    size_t size = numbered(header, dialect.header, client->number);
    int all = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " WS_SAMPLE_KEY "\r\n%s%s%s%s%s\r\n",
                       path, dialect.port, *dialect.protocol ? "Sec-WebSocket-Protocol: " : "",
                       dialect.protocol, *dialect.protocol ? "\r\n" : "", header, size ? "\r\n" : "");
    ssize_t sent = stream_write(&client->stream, request, (size_t)all);
    if (sent == all)
        client->phase = ASKING;
    else if (sent != STREAM_LATER)
        lose(client, "it could not ask");
}

/* The answer to the handshake. Returns its size, 0 when it is not whole yet. */
static size_t answered(struct client *client, uint8_t *data, size_t size)
{
    uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t taken = (size_t)(end + 4 - data);
    if (!memmem(data, taken, " 101 ", 5) ||
        !memmem(data, taken, WS_SAMPLE_ACCEPT, sizeof WS_SAMPLE_ACCEPT - 1)) {
        *end = 0;
        lose(client, (char *)data);
        return 0;
    }
    client->phase = SUBSCRIBING;
    go_on(client);
    return taken;
}

static void take_steps(struct client *client, const uint8_t *data, size_t size)
{
    size_t refusal = strlen(dialect.refusal);
    if (refusal && memmem(data, size, dialect.refusal, refusal)) {
        char said[512];
        snprintf(said, sizeof said, "refused: %.*s", (int)(size < 480 ? size : 480), (const char *)data);
        return lose(client, said);
    }
    while (client->phase == SUBSCRIBING) {
        const char *text = dialect.steps[client->step].text;
        const uint8_t *found = memmem(data, size, text, strlen(text));
        if (!found)
            return;
        size -= (size_t)(found + strlen(text) - data);
        data = found + strlen(text);
        client->step++;
        go_on(client);
    }
}

/* The number after a mark; a lag of what is not the time of an update is none of ours. */
static void keep_lag(const uint8_t *data, const uint8_t *end)
{
    uint64_t at = 0, now = now_ns();
    while (data < end && *data == ' ')
        data++;
    while (data < end && *data >= '0' && *data <= '9')
        at = at * 10 + (uint64_t)(*data++ - '0');
    if (at && now > at)
        totals.lags[totals.lag_count++] = (uint32_t)((now - at) / 1000);
}

static void count(struct client *client, const struct ws_frame *frame)
{
    size_t mark = strlen(dialect.mark);
    const uint8_t *at = frame->payload, *end = at + frame->size;
    uint64_t more = 0;
    for (; (at = memmem(at, (size_t)(end - at), dialect.mark, mark)); at += mark, more++)
        if (totals.lag_count < totals.lag_room)
            keep_lag(at + mark, end);
    if (!more)
        return;
    client->received += more;
    totals.messages += more;
    totals.bytes += frame->total;
    if (on_updates)
        on_updates(client, more);
}

/* A server's own ping is a frame of its own, or a line of one that has updates, too. */
static int is_pinged(const struct ws_frame *frame)
{
    size_t size = strlen(dialect.ping);
    const uint8_t *at = frame->payload, *end = at + frame->size;
    if (!size)
        return 0;
    for (; (at = memmem(at, (size_t)(end - at), dialect.ping, size)); at++)
        if ((at == frame->payload || at[-1] == '\n') && (at + size == end || at[size] == '\n'))
            return 1;
    return 0;
}

static void take_frame(struct client *client, const struct ws_frame *frame)
{
    if (frame->opcode == WS_CLOSE) {
        char why[128];
        int code = frame->size > 1 ? frame->payload[0] << 8 | frame->payload[1] : 0;
        int size = frame->size > 2 ? (int)frame->size - 2 : 0;
        snprintf(why, sizeof why, "closed with %d %.*s", code, size, (char *)frame->payload + 2);
        lose(client, why);
    } else if (frame->opcode == WS_PING)
        say(client, WS_PONG, (char *)frame->payload, frame->size);
    else if (frame->opcode != WS_PONG) {
        if (is_pinged(frame))
            say(client, dialect.is_binary ? WS_BINARY : WS_TEXT, dialect.pong, strlen(dialect.pong));
        if (client->phase == SUBSCRIBING)
            take_steps(client, frame->payload, frame->size);
        else if (client->phase == SUBSCRIBED)
            count(client, frame);
    }
}

/* Take what is whole; returns how much of it that was. */
static size_t take(struct client *client, uint8_t *data, size_t size)
{
    size_t at = 0;
    struct ws_frame frame;
    if (client->phase == ASKING)
        at = answered(client, data, size);
    while (client->phase > ASKING && client->phase != LOST && ws_parse(data + at, size - at, &frame)) {
        at += frame.total;
        take_frame(client, &frame);
    }
    return at;
}

static void receive(struct client *client)
{
    static uint8_t buffer[BUFFER_BYTES];
    while (client->phase != LOST) {
        size_t before = client->rest_size;
        if (before)
            memcpy(buffer, client->rest, before);
        ssize_t size = stream_read(&client->stream, buffer + before, BUFFER_BYTES - before);
        if (size == STREAM_OVER)
            lose(client, "the server hung up");
        if (size < 0)
            return;
        size_t have = before + (size_t)size, taken = take(client, buffer, have);
        if (client->phase == LOST)
            return;
        client->rest_size = have - taken;
        if (client->rest_size == BUFFER_BYTES)
            return lose(client, "a frame is larger than the buffer");
        if (client->rest_size) {
            if (!(client->rest = realloc(client->rest, client->rest_size)))
                fail("no memory");
            memcpy(client->rest, buffer + taken, client->rest_size);
        }
        /* edge-triggered: a short read has emptied a plain socket, TLS may hold another record */
        if (!client->stream.tls && have < BUFFER_BYTES)
            return;
    }
}

int pump(int wait_ms)
{
    struct epoll_event events[512];
    int is_else = 0, ready = epoll_wait(poller, events, 512, wait_ms);
    for (int i = 0; i < ready; i++) {
        struct client *client = events[i].data.ptr;
        if (!client) {
            is_else = 1;
            continue;
        }
        if (client->phase == CONNECTING && events[i].events & (EPOLLERR | EPOLLHUP))
            lose(client, "it could not connect");
        /* asking makes the TLS handshake, too: reading would end it without asking again */
        if (client->phase == CONNECTING)
            ask(client);
        if (client->phase > CONNECTING && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            receive(client);
    }
    return is_else;
}

void start_counting(uint64_t lag_room)
{
    for (int i = 0; i < totals.clients; i++)
        clients[i]->received = 0;
    totals.messages = totals.bytes = totals.lag_count = 0;
    totals.lag_room = lag_room;
    free(totals.lags);
    totals.lags = malloc((lag_room + 1) * sizeof *totals.lags);
    if (!totals.lags)
        fail("no memory");
}
