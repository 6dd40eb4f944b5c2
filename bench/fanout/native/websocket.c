#include "websocket.h"

#include <stdlib.h>
#include <string.h>

static uint32_t rotate(uint32_t word, int bits)
{
    return word << bits | word >> (32 - bits);
}

/* FIPS 180-4, section 6.1.2: one block. */
static void sha1_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t w[80];
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 80; t++)
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int t = 0; t < 80; t++) {
        uint32_t f, k;
        if (t < 20)
            f = (b & c) | (~b & d), k = 0x5a827999;
        else if (t < 40)
            f = b ^ c ^ d, k = 0x6ed9eba1;
        else if (t < 60)
            f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
        else
            f = b ^ c ^ d, k = 0xca62c1d6;
        uint32_t next = rotate(a, 5) + f + e + k + w[t];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

static void sha1(const uint8_t *data, size_t size, uint8_t digest[20])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t last[128] = {0};
    size_t whole = size / 64 * 64, rest = size - whole;
    for (size_t at = 0; at < whole; at += 64)
        sha1_block(state, data + at);
    memcpy(last, data + whole, rest);
    last[rest] = 0x80;
    size_t padded = rest < 56 ? 64 : 128;
    for (int i = 0; i < 8; i++)
        last[padded - 1 - i] = (uint8_t)((uint64_t)size * 8 >> (8 * i));
    for (size_t at = 0; at < padded; at += 64)
        sha1_block(state, last + at);
    for (int i = 0; i < 20; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void ws_accept(const char *key, size_t size, char answer[29])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t joined[128], digest[21] = {0};
    if (size > sizeof joined - sizeof guid)
        size = sizeof joined - sizeof guid;
    memcpy(joined, key, size);
    memcpy(joined + size, guid, sizeof guid - 1);
    sha1(joined, size + sizeof guid - 1, digest);
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++)
            answer[4 * i + j] = digits[three >> (18 - 6 * j) & 63];
    }
    answer[27] = '='; /* 20 bytes leave one over */
    answer[28] = 0;
}

static size_t header(uint8_t *out, int opcode, size_t size, uint8_t mask)
{
    out[0] = (uint8_t)(0x80 | opcode);
    if (size < 126) {
        out[1] = (uint8_t)(mask | size);
        return 2;
    }
    int bytes = size < 65536 ? 2 : 8;
    out[1] = (uint8_t)(mask | (bytes == 2 ? 126 : 127));
    for (int i = 0; i < bytes; i++)
        out[2 + i] = (uint8_t)((uint64_t)size >> (8 * (bytes - 1 - i)));
    return 2 + (size_t)bytes;
}

size_t ws_server_header(uint8_t *out, int opcode, size_t size)
{
    return header(out, opcode, size, 0);
}

size_t ws_client_frame(uint8_t *out, int opcode, const void *payload, size_t size)
{
    size_t at = header(out, opcode, size, 0x80);
    memset(out + at, 0, 4);
    memcpy(out + at + 4, payload, size);
    return at + 4 + size;
}

int ws_parse(uint8_t *data, size_t size, struct ws_frame *frame)
{
    if (size < 2)
        return 0;
    size_t at = 2;
    uint64_t length = data[1] & 0x7f;
    int more = length == 126 ? 2 : length == 127 ? 8 : 0;
    int is_masked = data[1] >> 7;
    if (size < 2 + (size_t)more + 4 * (size_t)is_masked)
        return 0;
    if (more)
        length = 0;
    for (int i = 0; i < more; i++)
        length = length << 8 | data[at++];
    uint8_t mask[4] = {0};
    if (is_masked)
        memcpy(mask, data + at, 4), at += 4;
    if (size - at < length)
        return 0;
    for (size_t i = 0; is_masked && i < length; i++)
        data[at + i] ^= mask[i % 4];
    *frame = (struct ws_frame){data[0] & 15, data + at, (size_t)length, at + (size_t)length};
    return 1;
}
