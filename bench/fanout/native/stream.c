#include "stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void fail(const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    vfprintf(stderr, format, rest);
    va_end(rest);
    fputc('\n', stderr);
    exit(1);
}

#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL_CTX *context;
static int is_server;

void tls_prepare(const char *certificate, const char *key)
{
    is_server = certificate != NULL;
    context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (!context)
        fail("OpenSSL gives no context");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    if (!is_server) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        return;
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        fail("cannot use %s with %s", certificate, key);
}

void stream_open(struct stream *stream, int fd)
{
    stream->fd = fd;
    stream->tls = NULL;
    if (!context)
        return;
    SSL *tls = SSL_new(context);
    if (!tls || SSL_set_fd(tls, fd) != 1)
        fail("no memory for TLS");
    if (is_server)
        SSL_set_accept_state(tls);
    else
        SSL_set_connect_state(tls);
    stream->tls = tls;
}

static ssize_t outcome(SSL *tls, int result)
{
    if (result > 0)
        return result;
    int error = SSL_get_error(tls, result);
    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? STREAM_LATER : STREAM_OVER;
}
#else
void tls_prepare(const char *certificate, const char *key)
{
    (void)certificate, (void)key;
    fail("built without OpenSSL: there is no TLS");
}

void stream_open(struct stream *stream, int fd)
{
    stream->fd = fd;
    stream->tls = NULL;
}
#endif

static ssize_t plain(ssize_t result)
{
    if (result > 0)
        return result;
    return result < 0 && (errno == EAGAIN || errno == EINTR) ? STREAM_LATER : STREAM_OVER;
}

ssize_t stream_read(struct stream *stream, void *data, size_t size)
{
#ifdef WITH_TLS
    if (stream->tls)
        return outcome(stream->tls, SSL_read(stream->tls, data, (int)size));
#endif
    return plain(recv(stream->fd, data, size, MSG_DONTWAIT));
}

ssize_t stream_write(struct stream *stream, const void *data, size_t size)
{
#ifdef WITH_TLS
    if (stream->tls)
        return outcome(stream->tls, SSL_write(stream->tls, data, (int)size));
#endif
    return plain(send(stream->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void stream_close(struct stream *stream)
{
#ifdef WITH_TLS
    if (stream->tls)
        SSL_free(stream->tls);
#endif
    close(stream->fd);
    stream->fd = -1;
}
