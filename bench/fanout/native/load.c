/* The load generator: many WebSocket clients in one epoll loop, and the hand that triggers the
   server's updates. It is started once for a server, and told on standard input what to do; each
   command is answered by one line of JSON.

       connect N AT_ONCE         so many more clients connect and subscribe
       leave                     all of them hang up
       burst TICKS PER_TICK      updates as fast as the server gives them out, one tick after another
       paced HZ TICKS            updates at a rate: the time from the trigger to each client

   Every update must reach every client exactly once, or the answer has an "error".

   The next tick of a burst is triggered when most clients have the one before: the server is never
   idle, and never has two ticks at once that it could join. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "message.h"

static const uint64_t PATIENCE_NS = 60000000000u; /* without any progress */
enum { MAX_PER_TICK = 1000 };

static struct {
    int fd, is_nats;
    uint64_t seq;
} control;

/* The round under way. */
static struct {
    uint64_t ticks, per_tick, triggered;
    int *complete; /* how many clients have all of a tick */
    uint64_t excess;
} round_;

static void write_control(const char *data, size_t size)
{
    while (size) {
        ssize_t sent = send(control.fd, data, size, MSG_NOSIGNAL);
        if (sent < 0)
            fail("the control connection is lost: %s", strerror(errno));
        data += sent, size -= (size_t)sent;
    }
}

static void trigger(void)
{
    static char text[MAX_PER_TICK * (MESSAGE_BYTES + 32)];
    size_t size = 0;
    if (control.is_nats)
        for (uint64_t i = 0; i < round_.per_tick; i++) {
            size += (size_t)sprintf(text + size, "PUB quotes %d\r\n", MESSAGE_BYTES);
            size += message(text + size, ++control.seq, now_ns());
            size += (size_t)sprintf(text + size, "\r\n");
        }
    else
        size = (size_t)sprintf(text, "P %d %llu\n", (int)round_.per_tick, (unsigned long long)now_ns());
    round_.triggered++;
    write_control(text, size);
}

static void open_control(int port)
{
    int on = 1;
    char ignored[8192];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    control.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(control.fd, (struct sockaddr *)&to, sizeof to))
        fail("no control port %d: %s", port, strerror(errno));
    setsockopt(control.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!control.is_nats)
        return;
    if (read(control.fd, ignored, sizeof ignored) <= 0)
        fail("nats-server says nothing");
    write_control("CONNECT {\"verbose\":false}\r\n", 27);
}

static void take_updates(struct client *client, uint64_t more)
{
    uint64_t have = client->received, first = (have - more) / round_.per_tick;
    for (uint64_t tick = first; tick < have / round_.per_tick; tick++)
        if (tick < round_.triggered)
            round_.complete[tick]++;
    if (have > round_.triggered * round_.per_tick)
        round_.excess++;
}

static void begin(uint64_t ticks, uint64_t per_tick, uint64_t lag_room)
{
    if (!ticks || !per_tick || per_tick > MAX_PER_TICK || totals.subscribed == 0)
        fail("a round of %d ticks of %d updates to %d clients", (int)ticks, (int)per_tick, totals.subscribed);
    free(round_.complete);
    round_.ticks = ticks, round_.per_tick = per_tick, round_.triggered = 0;
    round_.complete = calloc(ticks, sizeof *round_.complete);
    start_counting(lag_room);
}

static int reached(uint64_t tick)
{
    return round_.complete[tick];
}

/* Say what a round has shown: `more` is its own part. */
static void answer(uint64_t took_ns, const char *more)
{
    uint64_t wanted = (uint64_t)totals.clients * round_.ticks * round_.per_tick;
    printf("{\"clients\": %d, \"ticks\": %llu, \"per_tick\": %llu, \"messages\": %llu, \"bytes\": %llu, "
           "\"seconds\": %.9f%s", totals.clients, (unsigned long long)round_.ticks,
           (unsigned long long)round_.per_tick, (unsigned long long)totals.messages,
           (unsigned long long)totals.bytes, (double)took_ns / 1e9, more);
    if (totals.messages != wanted || round_.excess || totals.lost)
        printf(", \"error\": \"%llu of %llu messages came, %llu too early or twice, %d clients are lost\"",
               (unsigned long long)totals.messages, (unsigned long long)wanted,
               (unsigned long long)round_.excess, totals.lost);
    puts("}");
    round_.excess = 0;
}

/* Wait a little for what is still on its way. Returns 0 when nothing has come for too long. */
static int wait_on(uint64_t *heard_ns, uint64_t *heard)
{
    pump(100);
    if (totals.messages != *heard)
        *heard = totals.messages, *heard_ns = now_ns();
    return now_ns() - *heard_ns < PATIENCE_NS && !totals.lost && !round_.excess;
}

static void burst(uint64_t ticks, uint64_t per_tick)
{
    begin(ticks, per_tick, 0);
    int all = totals.subscribed, most = all - all / 16;
    uint64_t started = now_ns(), heard_ns = started, heard = 0;
    trigger();
    while (reached(ticks - 1) < all && wait_on(&heard_ns, &heard))
        while (round_.triggered < ticks && reached(round_.triggered - 1) >= most &&
               (round_.triggered < 2 || reached(round_.triggered - 2) == all))
            trigger();
    answer(now_ns() - started, "");
}

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void paced(double hz, uint64_t ticks)
{
    begin(ticks, 1, (uint64_t)totals.subscribed * ticks);
    uint64_t started = now_ns(), heard_ns = started, heard = 0;
    while (reached(ticks - 1) < totals.subscribed) {
        uint64_t now = now_ns(), due = started + (uint64_t)((double)round_.triggered * 1e9 / hz);
        if (round_.triggered == ticks) {
            if (!wait_on(&heard_ns, &heard))
                break;
        } else if (now >= due)
            trigger();
        else
            /* the last millisecond is not slept away */
            pump((int)((due - now) / 1000000));
        if (totals.lost)
            break;
    }
    uint64_t took = now_ns() - started, count = totals.lag_count;
    char more[256] = "";
    if (count) {
        qsort(totals.lags, count, sizeof *totals.lags, by_size);
        snprintf(more, sizeof more, ", \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f",
                 totals.lags[count / 2] / 1e3, totals.lags[count * 99 / 100] / 1e3,
                 totals.lags[count - 1] / 1e3);
    }
    answer(took, more);
}

static void connect_more(int count, int at_once)
{
    int wanted = totals.clients + count;
    uint64_t started = now_ns(), progress = started;
    int before = totals.subscribed, seen = before;
    while (totals.subscribed < wanted && !totals.lost && now_ns() - progress < PATIENCE_NS) {
        while (totals.clients < wanted && totals.clients - totals.subscribed < at_once)
            client_begin();
        pump(100);
        if (totals.subscribed != seen)
            seen = totals.subscribed, progress = now_ns();
    }
    printf("{\"connected\": %d, \"seconds\": %.9f", totals.subscribed - before,
           (double)(now_ns() - started) / 1e9);
    if (totals.subscribed < wanted)
        printf(", \"error\": \"%d of %d clients have subscribed, %d are lost\"", totals.subscribed,
               wanted, totals.lost);
    puts("}");
}

static void leave(void)
{
    int left = totals.clients;
    clients_leave();
    printf("{\"left\": %d}\n", left);
}

static void obey(const char *line)
{
    int count, at_once;
    unsigned long long ticks, per_tick;
    double hz;
    if (sscanf(line, "connect %d %d", &count, &at_once) == 2)
        connect_more(count, at_once);
    else if (!strcmp(line, "leave"))
        leave();
    else if (sscanf(line, "burst %llu %llu", &ticks, &per_tick) == 2)
        burst(ticks, per_tick);
    else if (sscanf(line, "paced %lf %llu", &hz, &ticks) == 2)
        paced(hz, ticks);
    else
        fail("what is %s", line);
    fflush(stdout);
}

static void set(const char *name, const char *value)
{
    struct step step = {!strcmp(name, "--say") ? SAY : AWAIT, value};
    if (!strcmp(name, "--port"))
        dialect.port = atoi(value);
    else if (!strcmp(name, "--control"))
        open_control(atoi(value));
    else if (!strcmp(name, "--nats"))
        control.is_nats = 1, open_control(atoi(value));
    else if (!strcmp(name, "--path"))
        dialect.path = value;
    else if (!strcmp(name, "--protocol"))
        dialect.protocol = value;
    else if (!strcmp(name, "--header"))
        dialect.header = value;
    else if (!strcmp(name, "--mark"))
        dialect.mark = value;
    else if (!strcmp(name, "--ping"))
        dialect.ping = value;
    else if (!strcmp(name, "--pong"))
        dialect.pong = value;
    else if (!strcmp(name, "--refusal"))
        dialect.refusal = value;
    else if (!strcmp(name, "--frames"))
        dialect.is_binary = !strcmp(value, "binary");
    else if (!strcmp(name, "--tls"))
        tls_prepare(NULL, NULL);
    else if ((step.kind == SAY || !strcmp(name, "--await")) && dialect.step_count < MAX_STEPS)
        dialect.steps[dialect.step_count++] = step;
    else
        fail("what is %s %s", name, value);
}

int main(int count, char **arguments)
{
    char line[256];
    size_t size = 0;
    signal(SIGPIPE, SIG_IGN);
    dialect = (struct dialect){.path = "/", .protocol = "", .header = "", .mark = "\"at\":", .ping = "", .pong = "", .refusal = ""};
    for (int i = 1; i + 1 < count; i += 2)
        set(arguments[i], arguments[i + 1]);
    clients_prepare();
    poll_too(STDIN_FILENO);
    on_updates = take_updates;
    round_.per_tick = 1; /* what comes before the first round is too much */
    for (;;) {
        if (!pump(1000))
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
