/* The clients of the load generator: they connect, subscribe by a script, and count what comes. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdint.h>

#include "stream.h"
#include "websocket.h"

enum { MAX_STEPS = 256 };

/* How to become a subscriber of the server under test: what to wait for, and what to say. In
   texts, `{i}` is the client's number. */
struct step {
    enum { AWAIT, SAY } kind;
    const char *text;
};

struct dialect {
    int port;
    const char *path, *protocol, *header;
    struct step steps[MAX_STEPS];
    int step_count;
    const char *mark; /* stands once in each update, before its time */
    const char *ping, *pong;
    const char *refusal; /* what a reply says that ends all waiting */
    int is_binary;
};

extern struct dialect dialect;

enum phase { CONNECTING, ASKING, SUBSCRIBING, SUBSCRIBED, LOST };

struct client {
    struct stream stream;
    enum phase phase;
    int number, step;
    uint64_t received; /* updates, of the present round */
    uint8_t *rest;     /* the beginning of a frame */
    size_t rest_size;
};

/* What all clients have seen. `lags` has room for `lag_room` values, in microseconds; none are
   kept beyond. */
struct totals {
    int clients, subscribed, lost;
    uint64_t messages, bytes;
    uint32_t *lags;
    uint64_t lag_count, lag_room;
};

extern struct totals totals;

/* Called with each client that has received `more` updates. */
extern void (*on_updates)(struct client *client, uint64_t more);

uint64_t now_ns(void);

/* The poller that all wait on; whatever else is added to it is ready when `pump` says so. */
void clients_prepare(void);
void poll_too(int fd);

/* Begin one more client. */
void client_begin(void);

/* Hang up for all of them. */
void clients_leave(void);

/* Handle what is ready, waiting for at most `wait_ms`. Returns 1 when something else is ready. */
int pump(int wait_ms);

/* Forget what was received, and keep room for so many lags. */
void start_counting(uint64_t lag_room);

#endif
