/* RFC 6455, as much of it as a send loop and a load generator need. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

enum { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };
enum { WS_MAX_HEADER = 14 };

/* The sample of section 1.3: every client of ours sends this key and must be answered this. */
#define WS_SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_SAMPLE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

struct ws_frame {
    int opcode;
    uint8_t *payload;
    size_t size;  /* of the payload */
    size_t total; /* of header and payload */
};

/* What a server answers to a key, section 4.2.2: 28 characters and a zero byte. */
void ws_accept(const char *key, size_t size, char answer[29]);

/* The header of a server's frame: unmasked, whole. Returns its size. */
size_t ws_server_header(uint8_t *out, int opcode, size_t size);

/* A client's whole frame. Its masking key is zero, which unmasks like any other. */
size_t ws_client_frame(uint8_t *out, int opcode, const void *payload, size_t size);

/* Read the frame that `data` begins with, and unmask it in place. Returns 1, or 0 when it is not
   whole yet. */
int ws_parse(uint8_t *data, size_t size, struct ws_frame *frame);

#endif
