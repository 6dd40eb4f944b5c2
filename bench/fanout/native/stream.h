/* A connected socket, plain or TLS. Without OpenSSL's headers (-DWITH_TLS) there is no TLS. */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <sys/types.h>

enum { STREAM_LATER = -1, STREAM_OVER = -2 };

struct stream {
    int fd;
    void *tls;
};

/* Prepare TLS: a server's certificate and key, or NULL for a client, which verifies nothing: it
   measures a server of its own. */
void tls_prepare(const char *certificate, const char *key);

/* Begin on a non-blocking socket; as `tls_prepare` was called, or plain. */
void stream_open(struct stream *stream, int fd);

/* The bytes read or written, STREAM_LATER, or STREAM_OVER when the other side is gone. */
ssize_t stream_read(struct stream *stream, void *data, size_t size);
ssize_t stream_write(struct stream *stream, const void *data, size_t size);

void stream_close(struct stream *stream);

/* End the program with a message. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

#endif
