/* The update that everybody sends: 200 bytes of JSON, 204 with a WebSocket header. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 200 };

/* Write it without a zero byte at its end; returns MESSAGE_BYTES. The text fills up what the
   numbers leave. */
static inline size_t message(char *out, unsigned long long seq, unsigned long long at)
{
    char head[MESSAGE_BYTES];
    int size = snprintf(head, sizeof head,
                        "{\"type\":\"quotes.update\",\"payload\":{\"topic\":\"quotes:{}\",\"seq\":%llu,"
                        "\"payload\":{\"symbol\":\"AAPL\",\"at\":%llu,\"text\":\"", seq, at);
    memcpy(out, head, (size_t)size);
    memset(out + size, 'x', (size_t)(MESSAGE_BYTES - size));
    memcpy(out + MESSAGE_BYTES - 4, "\"}}}", 4);
    return MESSAGE_BYTES;
}

#endif
