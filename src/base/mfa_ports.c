/*
 * Ports: the clock, the randomness and the log of the machine.
 *
 * Nothing above may take the time or random bytes from anywhere else.
 */

#include "mfa_base.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/random.h>
#include <time.h>


#define LOG_LINE_MAX   1000
#define TIME_DAY_SEC   86400
#define TIME_LAST      INT64_C(253402300799999)     /* the end of year 9999 */


static mfa_time_t
system_now(void *ctx)
{
    struct timespec  ts;

    (void) ctx;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return 0;
    }

    return (mfa_time_t) ts.tv_sec * MFA_SECOND + ts.tv_nsec / 1000000;
}


static mfa_status_t
system_random(void *ctx, void *buf, size_t len)
{
    ssize_t   n;
    uint8_t  *p;

    (void) ctx;

    for (p = buf; len > 0; p += n, len -= (size_t) n) {
        n = getrandom(p, len, 0);

        if (n < 0 && errno == EINTR) {
            n = 0;
        }

        if (n < 0) {
            return MFA_CRYPTO;
        }
    }

    return MFA_OK;
}


static void
system_log(void *ctx, mfa_log_level_t level, const char *line)
{
    static const char *const  names[] = {
        "error", "warn", "notice", "info", "debug"
    };

    (void) ctx;

    if ((unsigned) level > MFA_LOG_DEBUG) {
        level = MFA_LOG_ERROR;
    }

    fprintf(stderr, "%s: %s\n", names[level], line);
}


const mfa_ports_t  mfa_ports_system = {
    .now = system_now,
    .random = system_random,
    .log = system_log,
};


mfa_time_t
mfa_port_now(const mfa_ports_t *ports)
{
    return ports->now(ports->ctx);
}


mfa_status_t
mfa_port_random(const mfa_ports_t *ports, void *buf, size_t len)
{
    mfa_status_t  st;

    st = ports->random(ports->ctx, buf, len);

    /* half of a nonce must not be taken for one */

    if (st != MFA_OK) {
        mfa_wipe(buf, len);
    }

    return st;
}


/* \xNN for each control byte, so that nobody can start a line of his own */

static void
log_escape(const char *raw, char line[LOG_LINE_MAX + 1])
{
    size_t         n, need;
    unsigned char  c;

    static const char  hex[] = "0123456789abcdef";

    n = 0;

    for ( /* void */ ; *raw != '\0'; raw++) {
        c = (unsigned char) *raw;
        need = c < 0x20 || c == 0x7f ? 4 : 1;

        if (n + need > LOG_LINE_MAX) {
            break;
        }

        if (need == 1) {
            line[n++] = *raw;
            continue;
        }

        line[n++] = '\\';
        line[n++] = 'x';
        line[n++] = hex[c >> 4];
        line[n++] = hex[c & 15];
    }

    line[n] = '\0';
}


void
mfa_log(const mfa_ports_t *ports, mfa_log_level_t level, const char *fmt, ...)
{
    int      n;
    char     raw[LOG_LINE_MAX + 1], line[LOG_LINE_MAX + 1];
    va_list  args;

    if (ports == NULL || ports->log == NULL) {
        return;
    }

    va_start(args, fmt);
    n = vsnprintf(raw, sizeof(raw), fmt, args);
    va_end(args);

    if (n < 0) {
        return;
    }

    log_escape(raw, line);
    ports->log(ports->ctx, level, line);
}


static void
time_digits(char *text, size_t width, int64_t n)
{
    while (width > 0) {
        text[--width] = (char) ('0' + n % 10);
        n /= 10;
    }
}


/*
 * By hand, because gmtime_r reads the time zone's file at its first call.
 * Days are counted from 0000-03-01, where a leap day ends the year.
 */

void
mfa_time_text(mfa_time_t t, char text[MFA_TIME_TEXT_SIZE])
{
    int64_t  sec, day, era, in_era, year, in_year, month;

    if (t < 0) {
        t = 0;
    }

    if (t > TIME_LAST) {
        t = TIME_LAST;
    }

    sec = t / MFA_SECOND;
    day = sec / TIME_DAY_SEC + 719468;
    sec %= TIME_DAY_SEC;

    era = day / 146097;
    in_era = day % 146097;
    year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    in_year = in_era - (365 * year + year / 4 - year / 100);
    month = (5 * in_year + 2) / 153;

    memcpy(text, "0000-00-00T00:00:00.000Z", MFA_TIME_TEXT_SIZE);
    time_digits(text, 4, year + era * 400 + (month >= 10 ? 1 : 0));
    time_digits(text + 5, 2, month < 10 ? month + 3 : month - 9);
    time_digits(text + 8, 2, in_year - (153 * month + 2) / 5 + 1);
    time_digits(text + 11, 2, sec / 3600);
    time_digits(text + 14, 2, sec / 60 % 60);
    time_digits(text + 17, 2, sec % 60);
    time_digits(text + 20, 3, t % MFA_SECOND);
}
