/*
 * The spellings of mfactl probe: of a header's name, and of an address.
 *
 * Each request carries all names in one spelling, every value a mark of its
 * own, and one harmless header that shows whether anything can be seen.
 */

#include "mfactl_probe.h"


#define FORGE_SIZE  (32 * 1024)

typedef enum {
    CASE_AS_IS,
    CASE_LOWER,
    CASE_UPPER,
    CASE_MIXED
} case_t;

/*
 * Before, the name, between, the value, behind. Only what some application
 * takes for the name: CGI makes '_' of whatever is no letter or digit.
 */

typedef struct {
    const char  *name;
    case_t       letters;
    char         dash;              /* what stands for '-' */
    const char  *before;
    const char  *between;
    const char  *behind;
    const char  *also;              /* lines of their own, with "%s" */
    bool         is_twice;
    bool         is_trailer;
    bool         is_old;            /* HTTP/1.0 */
} spelling_t;

static const spelling_t  spellings[] = {
    { .name = "as it is", .dash = '-' },
    { .name = "lower case", .letters = CASE_LOWER, .dash = '-' },
    { .name = "upper case", .letters = CASE_UPPER, .dash = '-' },
    { .name = "mixed case", .letters = CASE_MIXED, .dash = '-' },
    { .name = "underscores", .dash = '_' },
    { .name = "underscores, upper case", .letters = CASE_UPPER, .dash = '_' },
    { .name = "underscores, lower case", .letters = CASE_LOWER, .dash = '_' },
    { .name = "dots", .dash = '.' },
    { .name = "twice", .dash = '-', .is_twice = true },
    { .name = "twice, with underscores", .dash = '_', .is_twice = true },
    { .name = "no space behind the colon", .dash = '-', .between = ":" },
    { .name = "tab behind the colon", .dash = '-', .between = ":\t" },
    { .name = "space before the colon", .dash = '-', .between = " : " },
    { .name = "tab before the colon", .dash = '-', .between = "\t: " },
    { .name = "space before the name", .dash = '-', .before = " " },
    { .name = "tab before the name", .dash = '-', .before = "\t" },
    { .name = "folded from the line before", .dash = '-',
      .before = "X-Fold: x\r\n " },
    { .name = "value on the next line", .dash = '-', .between = ":\r\n " },
    { .name = "bare line feed before", .dash = '-', .before = "X-Feed: x\n" },
    { .name = "bare return before", .dash = '-', .before = "X-Feed: x\r" },
    { .name = "bare line feed behind", .dash = '-', .behind = "\n" },
    { .name = "exclamation marks", .dash = '!' },
    { .name = "named in Connection", .dash = '-', .also = "Connection: " },
    { .name = "two colons", .dash = '-', .between = ":: " },
    { .name = "in a trailer", .dash = '-', .is_trailer = true },
    { .name = "in a trailer, with underscores", .dash = '_',
      .is_trailer = true },
    { .name = "HTTP/1.0", .dash = '-', .is_old = true },
};

/* what is done to the path of a location, or to the host */

typedef struct {
    const char  *name;
    const char  *start;             /* before the path */
    const char  *end;               /* behind it */
    bool         is_absolute;
    bool         is_encoded;        /* the first letter */
    bool         is_upper;
    bool         is_parameter;      /* ";x" behind the first part */
    const char  *host_end;
} target_t;

static const target_t  targets[] = {
    { .name = "as it is" },
    { .name = "absolute form", .is_absolute = true },
    { .name = "//", .start = "/" },
    { .name = "/./", .start = "/." },
    { .name = "/x/../", .start = "/x/.." },
    { .name = "/%2e/", .start = "/%2e" },
    { .name = "/x/%2e%2e/", .start = "/x/%2e%2e" },
    { .name = "/x%2f..", .start = "/x%2f.." },
    { .name = "encoded letter", .is_encoded = true },
    { .name = "upper case", .is_upper = true },
    { .name = ";x behind the first part", .is_parameter = true },
    { .name = ";x at the end", .end = ";x" },
    { .name = "%00 at the end", .end = "%00" },
    { .name = ".css at the end", .end = "x.css" },
    { .name = "a query", .end = "?a=/mfa/login" },
    { .name = "host with a dot at its end", .host_end = "." },
    { .name = "host with another port", .host_end = ":1" },
};

#define SPELLINGS  (sizeof(spellings) / sizeof(spellings[0]))
#define TARGETS    (sizeof(targets) / sizeof(targets[0]))


size_t
probe_headers(void)
{
    return SPELLINGS;
}


size_t
probe_targets(void)
{
    return TARGETS;
}


const char *
probe_header_name(size_t i)
{
    return i < SPELLINGS ? spellings[i].name : "";
}


const char *
probe_target_name(size_t i)
{
    return i < TARGETS ? targets[i].name : "";
}


mfa_str_t
probe_mark(mfa_arena_t *arena, const probe_forge_t *forge, size_t name)
{
    return mfa_arena_printf(arena, "mfaprobe-%s-%05u-%02zu", forge->run,
                            forge->number, name);
}


static void
forge_name(mfa_buf_t *buf, const spelling_t *spelling, mfa_str_t name)
{
    char    c;
    bool    is_letter;
    size_t  i;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];
        is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (c == '-') {
            c = spelling->dash;
        }

        if (is_letter && (spelling->letters == CASE_UPPER
                          || (spelling->letters == CASE_MIXED && i % 2 == 1)))
        {
            c = (char) (c & ~0x20);

        } else if (is_letter && spelling->letters != CASE_AS_IS) {
            c = (char) (c | 0x20);
        }

        mfa_buf_putc(buf, c);
    }
}


static void
forge_header(mfa_buf_t *buf, const probe_forge_t *forge,
    const spelling_t *spelling, size_t i)
{
    mfa_str_t  mark;

    mark = probe_mark(buf->arena, forge, i);

    if (spelling->also != NULL) {
        mfa_buf_puts(buf, spelling->also);
        forge_name(buf, spelling, forge->names[i]);
        mfa_buf_puts(buf, "\r\n");
    }

    if (spelling->before != NULL) {
        mfa_buf_puts(buf, spelling->before);
    }

    forge_name(buf, spelling, forge->names[i]);
    mfa_buf_puts(buf, spelling->between != NULL ? spelling->between : ": ");
    mfa_buf_put(buf, mark);
    mfa_buf_puts(buf, spelling->behind != NULL ? spelling->behind : "\r\n");
}


static void
forge_headers(mfa_buf_t *buf, const probe_forge_t *forge,
    const spelling_t *spelling)
{
    size_t  i;

    for (i = 0; i < forge->count; i++) {
        forge_header(buf, forge, spelling, i);

        if (spelling->is_twice) {
            forge_header(buf, forge, spelling, i);
        }
    }
}


static void
forge_path(mfa_buf_t *buf, const probe_forge_t *forge,
    const target_t *target, mfa_str_t path)
{
    char    c;
    size_t  i, first;

    if (target->is_absolute) {
        mfa_buf_printf(buf, "%s://", forge->scheme);
        mfa_buf_put(buf, forge->host);
    }

    if (target->start != NULL) {
        mfa_buf_puts(buf, target->start);
    }

    for (first = 1; first < path.len && path.data[first] != '/'; first++) {
        /* void */
    }

    for (i = 0; i < path.len; i++) {
        c = path.data[i];

        if (target->is_parameter && i == first) {
            mfa_buf_puts(buf, ";x");
        }

        if (target->is_encoded && i == 1) {
            mfa_buf_printf(buf, "%%%02x", (unsigned) (unsigned char) c);
            continue;
        }

        mfa_buf_putc(buf, target->is_upper && c >= 'a' && c <= 'z'
                          ? (char) (c - 'a' + 'A') : c);
    }

    if (target->end != NULL) {
        mfa_buf_puts(buf, target->end);
    }
}


/* "host:443" and "." give "host.:443" */

static void
forge_host(mfa_buf_t *buf, const probe_forge_t *forge,
    const target_t *target)
{
    mfa_str_t    host, port;
    const char  *end;

    end = target->host_end != NULL ? target->host_end : "";
    host = forge->host;

    mfa_buf_puts(buf, "Host: ");

    if (mfa_str_has_prefix(host, mfa_str("[")) || end[0] == '\0') {
        mfa_buf_put(buf, host);

    } else {
        port = host;
        host = mfa_str_split(&port, ':');
        mfa_buf_put(buf, host);
        mfa_buf_puts(buf, end);

        if (port.len > 0 && end[0] == '.') {
            mfa_buf_putc(buf, ':');
            mfa_buf_put(buf, port);
        }
    }

    mfa_buf_puts(buf, "\r\n");
}


mfa_status_t
probe_forge(mfa_arena_t *arena, const probe_forge_t *forge, size_t header,
    size_t target, mfa_str_t path, mfa_str_t *request)
{
    mfa_buf_t          buf;
    const spelling_t  *spelling;

    if (header >= SPELLINGS || target >= TARGETS) {
        return MFA_BUG;
    }

    spelling = &spellings[header];

    mfa_buf_init(&buf, arena, FORGE_SIZE);
    mfa_buf_puts(&buf, spelling->is_trailer ? "POST " : "GET ");
    forge_path(&buf, forge, &targets[target], path);
    mfa_buf_puts(&buf, spelling->is_old ? " HTTP/1.0\r\n"
                                        : " HTTP/1.1\r\n");

    /* a space before the name folds into the line before: none is there */

    if (!spelling->is_trailer) {
        forge_headers(&buf, forge, spelling);
    }

    forge_host(&buf, forge, &targets[target]);
    mfa_buf_puts(&buf, "Connection: close\r\nUser-Agent: mfactl-probe\r\n"
                 "Accept: text/html\r\nX-Mfa-Probe: ");
    mfa_buf_put(&buf, probe_mark(arena, forge, forge->count));
    mfa_buf_puts(&buf, "\r\n");

    if (forge->cookie.len > 0) {
        mfa_buf_puts(&buf, "Cookie: ");
        mfa_buf_put(&buf, forge->cookie);
        mfa_buf_puts(&buf, "\r\n");
    }

    if (!spelling->is_trailer) {
        mfa_buf_puts(&buf, "\r\n");
        return mfa_buf_str(&buf, request);
    }

    mfa_buf_puts(&buf, "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n");
    forge_headers(&buf, forge, spelling);
    mfa_buf_puts(&buf, "\r\n");

    return mfa_buf_str(&buf, request);
}
