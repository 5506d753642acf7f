/*
 * A letter as bytes: RFC 5322 headers, MIME parts in quoted-printable.
 *
 * Nothing that came from outside reaches a header unchecked: what could end
 * a line is refused here once more, whoever called (I2).
 */

#include "mfa_send.h"

#include <time.h>


#define MIME_MAX        (2 * 1024 * 1024)
#define MIME_LINE       76
#define MIME_WORD       39      /* bytes in an encoded word: 64 with it all */
#define MIME_ID_MAX     48
#define MIME_HOST_MAX   255
#define MIME_NAME_MAX   256     /* of a display name and of a subject */


/* only letters, digits and what is in extra */

static bool
is_token(mfa_str_t s, const char *extra, size_t max)
{
    char    c;
    size_t  i;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z')
            && !(c >= 'A' && c <= 'Z')
            && (c == '\0' || strchr(extra, c) == NULL))
        {
            return false;
        }
    }

    return s.len != 0 && s.len <= max;
}


static bool
is_header_text(mfa_str_t s)
{
    return s.len <= MIME_NAME_MAX && mfa_text_is_utf8(s)
           && !mfa_text_has_control(s);
}


/* an address is taken as it stands or not at all */

static mfa_status_t
address_check(mfa_str_t address, mfa_arena_t *arena)
{
    mfa_str_t     canonical;
    mfa_status_t  st;

    st = mfa_email_canonical(arena, address, &canonical);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_str_eq(address, canonical) ? MFA_OK : MFA_INVALID;
}


static mfa_status_t
letter_check(const mfa_letter_t *letter, mfa_arena_t *arena)
{
    mfa_status_t  st;

    if (!is_header_text(letter->from_name) || !is_header_text(letter->subject)
        || !is_token(letter->id, "-", MIME_ID_MAX)
        || !is_token(letter->host, "-.:[]", MIME_HOST_MAX)
        || !is_token(letter->language, "-", MIME_ID_MAX)
        || !mfa_text_is_utf8(letter->text) || !mfa_text_is_utf8(letter->html))
    {
        return MFA_INVALID;
    }

    st = address_check(letter->from, arena);
    if (st != MFA_OK) {
        return st;
    }

    return address_check(letter->to, arena);
}


/* does it stand in a header as it is? "=?" would be read as encoded */

static bool
is_plain(mfa_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < ' ' || s.data[i] > '~'
            || (s.data[i] == '=' && i + 1 < s.len && s.data[i + 1] == '?'))
        {
            return false;
        }
    }

    return true;
}


/* at most MIME_WORD bytes from the front, never half a character */

static mfa_str_t
word_cut(mfa_str_t *s)
{
    size_t     len;
    mfa_str_t  word;

    len = s->len < MIME_WORD ? s->len : MIME_WORD;

    while (len < s->len && ((unsigned char) s->data[len] & 0xc0) == 0x80) {
        len--;
    }

    word = mfa_str_bytes(s->data, len);
    *s = mfa_str_bytes(s->data + len, s->len - len);

    return word;
}


/* RFC 2047, one encoded word a line */

static void
put_encoded(mfa_buf_t *buf, mfa_str_t s)
{
    mfa_str_t  text;

    while (s.len != 0) {
        if (mfa_base64_encode(buf->arena, word_cut(&s), &text) != MFA_OK) {
            buf->has_failed = true;
            return;
        }

        mfa_buf_puts(buf, "=?UTF-8?B?");
        mfa_buf_put(buf, text);
        mfa_buf_puts(buf, s.len != 0 ? "?=\r\n " : "?=");
    }
}


static void
put_subject(mfa_buf_t *buf, mfa_str_t subject)
{
    mfa_buf_puts(buf, "Subject: ");

    if (is_plain(subject) && subject.len + 9 <= MIME_LINE) {
        mfa_buf_put(buf, subject);

    } else {
        put_encoded(buf, subject);
    }

    mfa_buf_puts(buf, "\r\n");
}


/* RFC 5322 section 3.2.4; returns the bytes it took */

static size_t
put_quoted(mfa_buf_t *buf, mfa_str_t s)
{
    size_t  i, len;

    len = 2;
    mfa_buf_putc(buf, '"');

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\') {
            mfa_buf_putc(buf, '\\');
            len++;
        }

        mfa_buf_putc(buf, s.data[i]);
        len++;
    }

    mfa_buf_putc(buf, '"');

    return len;
}


static void
put_from(mfa_buf_t *buf, mfa_str_t name, mfa_str_t address)
{
    size_t  len;

    mfa_buf_puts(buf, "From: ");
    len = 0;

    if (is_plain(name) && 2 * name.len + 8 <= MIME_LINE) {
        len = 6 + (name.len != 0 ? put_quoted(buf, name) : 0);

    } else {
        put_encoded(buf, name);
        len = MIME_LINE;
    }

    mfa_buf_puts(buf, len + address.len + 3 > MIME_LINE ? "\r\n <" : " <");
    mfa_buf_put(buf, address);
    mfa_buf_puts(buf, ">\r\n");
}


/* RFC 5322 section 3.3, in words of no locale */

static mfa_status_t
put_date(mfa_buf_t *buf, mfa_time_t date)
{
    time_t     seconds;
    struct tm  tm;

    static const char *const  days[] = {
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
    };

    static const char *const  months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };

    seconds = (time_t) (date / MFA_SECOND);

    if (gmtime_r(&seconds, &tm) == NULL) {
        return MFA_INVALID;
    }

    mfa_buf_printf(buf, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
                   days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);

    return MFA_OK;
}


static mfa_status_t
put_headers(mfa_buf_t *buf, const mfa_letter_t *letter)
{
    mfa_status_t  st;

    put_from(buf, letter->from_name, letter->from);

    mfa_buf_puts(buf, "To: <");
    mfa_buf_put(buf, letter->to);
    mfa_buf_puts(buf, ">\r\n");

    put_subject(buf, letter->subject);

    st = put_date(buf, letter->date);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_puts(buf, "Message-ID:");
    mfa_buf_puts(buf, letter->id.len + letter->host.len + 15 > MIME_LINE
                      ? "\r\n <" : " <");
    mfa_buf_put(buf, letter->id);
    mfa_buf_putc(buf, '@');
    mfa_buf_put(buf, letter->host);
    mfa_buf_puts(buf, ">\r\n"
                      "Auto-Submitted: auto-generated\r\n"
                      "X-Auto-Response-Suppress: All\r\n"
                      "Content-Language: ");
    mfa_buf_put(buf, letter->language);
    mfa_buf_puts(buf, "\r\nMIME-Version: 1.0\r\n");

    return MFA_OK;
}


/* the bytes of the line break at s.data + i, or 0 */

static size_t
break_at(mfa_str_t s, size_t i)
{
    if (i < s.len && s.data[i] == '\n') {
        return 1;
    }

    if (i + 1 < s.len && s.data[i] == '\r' && s.data[i + 1] == '\n') {
        return 2;
    }

    return 0;
}


/* may the byte stand for itself? not white space at the end of a line */

static bool
is_literal(mfa_str_t s, size_t i)
{
    char  c;

    c = s.data[i];

    if (c == ' ' || c == '\t') {
        return i + 1 < s.len && break_at(s, i + 1) == 0;
    }

    return c > ' ' && c <= '~' && c != '=';
}


/* quoted-printable, RFC 2045 section 6.7; ends with a line break */

static void
put_quoted_printable(mfa_buf_t *buf, mfa_str_t s)
{
    size_t  i, len, column;

    column = 0;

    for (i = 0; i < s.len; i++) {
        len = break_at(s, i);

        if (len != 0) {
            mfa_buf_puts(buf, "\r\n");
            column = 0;
            i += len - 1;
            continue;
        }

        len = is_literal(s, i) ? 1 : 3;

        if (column + len > MIME_LINE - 1) {
            mfa_buf_puts(buf, "=\r\n");
            column = 0;
        }

        if (len == 1) {
            mfa_buf_putc(buf, s.data[i]);

        } else {
            mfa_buf_printf(buf, "=%02X", (unsigned char) s.data[i]);
        }

        column += len;
    }

    if (column != 0) {
        mfa_buf_puts(buf, "\r\n");
    }
}


static void
put_part(mfa_buf_t *buf, const char *type, mfa_str_t s)
{
    mfa_buf_puts(buf, "Content-Type: ");
    mfa_buf_puts(buf, type);
    mfa_buf_puts(buf, "; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n"
                      "\r\n");
    put_quoted_printable(buf, s);
}


/* "=_" occurs in no quoted-printable text, so the boundary does in no part */

static void
put_alternative(mfa_buf_t *buf, const mfa_letter_t *letter)
{
    mfa_str_t  mark;

    mark = mfa_arena_printf(buf->arena, "=_" MFA_STR_FMT,
                            MFA_STR_ARG(letter->id));

    mfa_buf_puts(buf, "Content-Type: multipart/alternative;\r\n boundary=\"");
    mfa_buf_put(buf, mark);
    mfa_buf_puts(buf, "\"\r\n\r\n--");
    mfa_buf_put(buf, mark);
    mfa_buf_puts(buf, "\r\n");
    put_part(buf, "text/plain", letter->text);
    mfa_buf_puts(buf, "\r\n--");
    mfa_buf_put(buf, mark);
    mfa_buf_puts(buf, "\r\n");
    put_part(buf, "text/html", letter->html);
    mfa_buf_puts(buf, "\r\n--");
    mfa_buf_put(buf, mark);
    mfa_buf_puts(buf, "--\r\n");
}


mfa_status_t
mfa_mime_build(const mfa_letter_t *letter, mfa_arena_t *arena, mfa_str_t *mime)
{
    mfa_buf_t     buf;
    mfa_status_t  st;

    *mime = mfa_null;

    st = letter_check(letter, arena);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, arena, MIME_MAX);

    st = put_headers(&buf, letter);
    if (st != MFA_OK) {
        return st;
    }

    if (letter->html.len == 0) {
        put_part(&buf, "text/plain", letter->text);

    } else {
        put_alternative(&buf, letter);
    }

    if (mfa_arena_has_failed(arena)) {
        return MFA_NO_MEMORY;
    }

    return mfa_buf_str(&buf, mime);
}
