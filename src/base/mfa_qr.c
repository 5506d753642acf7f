/*
 * A QR code as one inline SVG element.
 *
 * The only file that knows libqrencode. No style attribute and no link to
 * anything: the content security policy forbids both.
 */

#include "mfa_base.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>


#define QR_QUIET     4
#define QR_PIECES    8
#define QR_TEXT_MAX  2048
#define QR_SVG_MAX   (128 * 1024)


static void
qr_put_label(mfa_buf_t *buf, mfa_str_t label)
{
    size_t  i;

    for (i = 0; i < label.len; i++) {
        switch (label.data[i]) {

        case '&':
            mfa_buf_puts(buf, "&amp;");
            break;

        case '<':
            mfa_buf_puts(buf, "&lt;");
            break;

        case '>':
            mfa_buf_puts(buf, "&gt;");
            break;

        case '"':
            mfa_buf_puts(buf, "&quot;");
            break;

        case '\'':
            mfa_buf_puts(buf, "&#39;");
            break;

        default:
            mfa_buf_putc(buf, label.data[i]);
        }
    }
}


/*
 * One row: a dark run is a line one module thick, a light one a move.
 */

static void
qr_put_row(mfa_buf_t *buf, const uint8_t *row, int width, int y, int *x_at)
{
    int  x, start;

    for (x = 0; x < width; /* void */ ) {
        if ((row[x] & 1) == 0) {
            x++;
            continue;
        }

        for (start = x; x < width && (row[x] & 1) != 0; x++) {
            /* void */
        }

        if (*x_at < 0) {
            mfa_buf_printf(buf, "M%d %d.5h%d", start + QR_QUIET, y + QR_QUIET,
                           x - start);

        } else {
            mfa_buf_printf(buf, "m%d 0h%d", start - *x_at, x - start);
        }

        *x_at = x;
    }
}


static void
qr_put_svg(mfa_buf_t *buf, const QRcode *code, mfa_str_t label)
{
    int  y, x_at, side;

    side = code->width + 2 * QR_QUIET;

    mfa_buf_printf(buf, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "class=\"qr\" viewBox=\"0 0 %d %d\" role=\"img\" "
                   "aria-label=\"", side, side);
    qr_put_label(buf, label);
    mfa_buf_printf(buf, "\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
                   "<path fill=\"none\" stroke=\"#000\" "
                   "shape-rendering=\"crispEdges\" d=\"", side, side);

    for (y = 0; y < code->width; y++) {
        x_at = -1;
        qr_put_row(buf, code->data + y * code->width, code->width, y, &x_at);
    }

    mfa_buf_puts(buf, "\"/></svg>");
}


/*
 * The library frees its copy of the text as it is. An allocator hands out
 * first what it got back last: with the pieces of that length taken before,
 * those it has after are the library's, and are wiped (J11).
 */

static void
qr_take_pieces(void **pieces, size_t len)
{
    size_t  i;

    for (i = 0; i < QR_PIECES; i++) {
        pieces[i] = malloc(len);

        if (pieces[i] != NULL) {
            mfa_wipe(pieces[i], len);
        }
    }
}


static void
qr_free_pieces(void **pieces)
{
    size_t  i;

    for (i = 0; i < QR_PIECES; i++) {
        free(pieces[i]);
    }
}


static QRcode *
qr_encode(mfa_str_t text)
{
    int      error;
    void    *before[QR_PIECES], *after[QR_PIECES];
    QRcode  *code;

    qr_take_pieces(before, text.len);

    code = QRcode_encodeData((int) text.len, (const uint8_t *) text.data, 0,
                             QR_ECLEVEL_M);
    error = errno;

    qr_take_pieces(after, text.len);

    qr_free_pieces(after);
    qr_free_pieces(before);

    errno = error;

    return code;
}


mfa_status_t
mfa_qr_svg(mfa_arena_t *arena, mfa_str_t text, mfa_str_t label,
    mfa_str_t *svg)
{
    QRcode     *code;
    mfa_buf_t   buf;

    *svg = mfa_null;

    if (text.len == 0 || text.len > QR_TEXT_MAX) {
        return MFA_INVALID;
    }

    code = qr_encode(text);
    if (code == NULL) {
        return errno == ENOMEM ? MFA_NO_MEMORY : MFA_INVALID;
    }

    mfa_buf_init(&buf, arena, QR_SVG_MAX);
    qr_put_svg(&buf, code, label);

    /* the modules are the secret in another script */

    mfa_wipe(code->data, (size_t) code->width * (size_t) code->width);
    QRcode_free(code);

    return mfa_buf_str(&buf, svg);
}
