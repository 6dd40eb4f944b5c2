/* A server of one page: it accepts what the page subscribes to, and sends what a hub would send it,
   each tick a frame of its own, written by itself. It makes its updates as they are due, and takes
   little of a machine whose other part is measured.

       sender

   Prints {"port": ...}, then obeys lines of standard input and answers each by a line of JSON:

       begin FIRST TOPICS PER_TICK PER_S     updates of so many topics, in turn, at a steady rate
       stop                                  no more; says how many there were

   Behind its rate it sends as fast as the page takes it; a tenth of a second behind, it leaves that
   out, and what it says tells. Who connects takes the place of who was connected. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "websocket.h"

enum { MAX_TOPICS = 1000, MAX_PER_TICK = 100, UPDATE_BYTES = 320, INPUT_BYTES = 1 << 16, REST_NS = 500000 };

static struct {
    int fd, is_open;
    uint8_t input[INPUT_BYTES];
    size_t read;
    uint8_t *output; /* what the socket did not take */
    size_t unsent, room;
} page = {.fd = -1};

static struct {
    int is_on;
    uint64_t first, topics, per_tick, per_s, begun_ns, missed, published;
    uint64_t seqs[MAX_TOPICS];
} flow;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    vfprintf(stderr, format, rest);
    va_end(rest);
    fputc('\n', stderr);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void hang_up(void)
{
    if (page.fd >= 0)
        close(page.fd);
    page.fd = -1, page.is_open = 0, page.read = page.unsent = 0;
}

/* Whoever is gone is noticed when it is read from. */
static void give(const uint8_t *data, size_t size)
{
    if (page.fd < 0)
        return;
    if (!page.unsent) {
        ssize_t taken = send(page.fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken == (ssize_t)size || (taken < 0 && errno != EAGAIN))
            return;
        if (taken > 0)
            data += taken, size -= (size_t)taken;
    }
    if (page.unsent + size > page.room && !(page.output = realloc(page.output, page.room = 2 * (page.unsent + size))))
        fail("no memory");
    memcpy(page.output + page.unsent, data, size);
    page.unsent += size;
}

static void give_rest(void)
{
    ssize_t taken = send(page.fd, page.output, page.unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken > 0)
        memmove(page.output, page.output + taken, page.unsent -= (size_t)taken);
}

static void say(int opcode, const void *payload, size_t size)
{
    uint8_t frame[WS_MAX_HEADER + 512];
    size_t at = ws_server_header(frame, opcode, size);
    memcpy(frame + at, payload, size);
    give(frame, at + size);
}

static void publish(void)
{
    static uint8_t room[WS_MAX_HEADER + MAX_PER_TICK * UPDATE_BYTES];
    char *text = (char *)room + WS_MAX_HEADER;
    size_t size = 0;
    for (uint64_t i = 0; i < flow.per_tick; i++) {
        uint64_t number = flow.published++, which = number % flow.topics, n = flow.first + which;
        double bid = 100 + (double)(number % 997) / 100;
        size += (size_t)snprintf(text + size, UPDATE_BYTES,
                                 "%s{\"type\":\"quotes.update\",\"payload\":{\"topic\":\"quotes:{\\\"n\\\":%llu}\","
                                 "\"seq\":%llu,\"payload\":{\"symbol\":\"SYM%llu\",\"bid\":%.2f,\"ask\":%.2f,"
                                 "\"size\":%d,\"at\":%llu}}}",
                                 i ? "\n" : "", (unsigned long long)n, (unsigned long long)++flow.seqs[which],
                                 (unsigned long long)n, bid, bid + .01, (int)(number % 1000),
                                 (unsigned long long)now_ns());
    }
    uint8_t header[WS_MAX_HEADER];
    size_t before = ws_server_header(header, WS_TEXT, size);
    uint8_t *frame = room + WS_MAX_HEADER - before;
    memcpy(frame, header, before);
    give(frame, before + size);
}

static int is_flowing(void)
{
    return flow.is_on && page.is_open && !page.unsent;
}

/* Send what is due. */
static void go_on(void)
{
    while (is_flowing()) {
        uint64_t passed_ns = now_ns() - flow.begun_ns;
        uint64_t due = (uint64_t)((double)passed_ns * (double)flow.per_s / 1e9) - flow.missed - flow.published;
        if (due > flow.per_s / 10)
            flow.missed += due;
        else if (due < flow.per_tick)
            return;
        else
            publish();
    }
}

static uint64_t number_after(const char *text, const char *name)
{
    const char *found = strstr(text, name);
    return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

static void answer(const char *command)
{
    char reply[256];
    if (!strstr(command, "\"quotes.subscribe\""))
        return;
    uint64_t id = number_after(command, "\"id\":");
    int size = snprintf(reply, sizeof reply, "{\"type\":\"quotes.subscribe.response\",");
    if (id)
        size += snprintf(reply + size, sizeof reply - (size_t)size, "\"id\":%llu,", (unsigned long long)id);
    size += snprintf(reply + size, sizeof reply - (size_t)size,
                     "\"payload\":{\"status\":\"ok\",\"topic\":\"quotes:{\\\"n\\\":%llu}\",\"epoch\":\"one\",\"seq\":0}}",
                     (unsigned long long)number_after(command, "\"n\":"));
    say(WS_TEXT, reply, (size_t)size);
}

static size_t shake_hands(void)
{
    static const char name[] = "sec-websocket-key:", hello[] = "{\"type\":\"hello\",\"payload\":{\"heartbeat_s\":25}}";
    char *end = memmem(page.input, page.read, "\r\n\r\n", 4), head[256], accept[29];
    if (!end)
        return 0;
    char *line = (char *)page.input;
    while (line < end && strncasecmp(line, name, sizeof name - 1))
        line = (char *)memmem(line, (size_t)(end + 2 - line), "\r\n", 2) + 2;
    if (line >= end)
        fail("no key in the handshake");
    char *key = line + sizeof name - 1 + strspn(line + sizeof name - 1, " ");
    ws_accept(key, strcspn(key, " \r"), accept);
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Protocol: topicwire.v1+json\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    give((uint8_t *)head, (size_t)size);
    say(WS_TEXT, hello, sizeof hello - 1);
    page.is_open = 1;
    return (size_t)(end + 4 - (char *)page.input);
}

static size_t take_frame(size_t from)
{
    struct ws_frame frame;
    if (!ws_parse(page.input + from, page.read - from, &frame))
        return 0;
    if (frame.opcode == WS_TEXT) {
        uint8_t after = frame.payload[frame.size]; /* there is a byte more in the buffer */
        frame.payload[frame.size] = 0;
        answer((char *)frame.payload);
        frame.payload[frame.size] = after;
    } else if (frame.opcode == WS_PING)
        say(WS_PONG, frame.payload, frame.size < 126 ? frame.size : 0);
    else if (frame.opcode == WS_CLOSE) {
        say(WS_CLOSE, frame.payload, frame.size < 126 ? frame.size : 0);
        hang_up();
        return 0;
    }
    return frame.total;
}

static void hear(void)
{
    ssize_t got = recv(page.fd, page.input + page.read, sizeof page.input - 1 - page.read, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            hang_up();
        return;
    }
    page.read += (size_t)got;
    size_t taken = 0;
    for (size_t one = 1; one && page.fd >= 0; taken += one)
        one = page.is_open ? take_frame(taken) : shake_hands();
    if (page.fd >= 0)
        memmove(page.input, page.input + taken, page.read -= taken);
}

static void obey(const char *line)
{
    unsigned long long first, topics, per_tick, per_s;
    if (sscanf(line, "begin %llu %llu %llu %llu", &first, &topics, &per_tick, &per_s) == 4 && topics &&
        topics <= MAX_TOPICS && per_tick && per_tick <= MAX_PER_TICK) {
        memset(&flow, 0, sizeof flow);
        flow.is_on = 1, flow.first = first, flow.topics = topics, flow.per_tick = per_tick, flow.per_s = per_s;
        flow.begun_ns = now_ns();
        puts("{}");
    } else if (!strcmp(line, "stop")) {
        flow.is_on = 0;
        printf("{\"published\": %llu}\n", (unsigned long long)flow.published);
    } else
        fail("what is %s", line);
    fflush(stdout);
}

static int listening(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, size) || listen(fd, 4) || getsockname(fd, (struct sockaddr *)&at, &size))
        fail("cannot listen: %s", strerror(errno));
    printf("{\"port\": %d}\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int main(void)
{
    char line[256];
    size_t size = 0;
    int on = 1, server = listening();
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        go_on();
        const struct timespec rest = {.tv_nsec = REST_NS};
        struct pollfd polled[] = {{STDIN_FILENO, POLLIN, 0},
                                  {server, POLLIN, 0},
                                  {page.fd, (short)(POLLIN | (page.unsent ? POLLOUT : 0)), 0}};
        ppoll(polled, 3, is_flowing() ? &rest : NULL, NULL);
        if (polled[2].revents & POLLOUT)
            give_rest();
        if (polled[2].revents & ~POLLOUT)
            hear();
        if (polled[1].revents) {
            hang_up();
            page.fd = accept(server, NULL, NULL);
            setsockopt(page.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        if (!polled[0].revents)
            continue;
        ssize_t got = read(STDIN_FILENO, line + size, sizeof line - 1 - size);
        if (got <= 0)
            return 0;
        line[size += (size_t)got] = 0;
        for (char *end; (end = strchr(line, '\n')); size -= (size_t)(end + 1 - line), memmove(line, end + 1, size + 1)) {
            *end = 0;
            obey(line);
        }
    }
}
