/*
 * What sort of client a note speaks of, and what of its words is plain
 * enough to stand in a configuration.
 */

#include "mfactl_monitor.h"


#define KIND_PATH_MAX  200
#define KIND_HOST_MAX  100

typedef struct {
    monitor_kind_t  kind;
    const char     *mark;               /* anywhere in the agent */
} kind_mark_t;

/* the first that is found; some of these say "Mozilla" as well */

static const kind_mark_t  kind_marks[] = {
    { MONITOR_OFFICE, "Microsoft Office" },
    { MONITOR_OFFICE, "ms-office" },
    { MONITOR_OFFICE, "MSOffice" },
    { MONITOR_OFFICE, "Microsoft-WebDAV" },
    { MONITOR_OFFICE, "MSFrontPage" },
    { MONITOR_OFFICE, "DavClnt" },
    { MONITOR_OFFICE, "davfs2" },
    { MONITOR_OFFICE, "gvfs" },
    { MONITOR_OFFICE, "WebDAVFS" },
    { MONITOR_OFFICE, "WebDAVLib" },
    { MONITOR_OFFICE, "DAVx5" },
    { MONITOR_OFFICE, "LibreOffice" },
    { MONITOR_OFFICE, "CalendarAgent" },
    { MONITOR_HEALTH, "kube-probe" },
    { MONITOR_HEALTH, "ELB-HealthChecker" },
    { MONITOR_HEALTH, "GoogleHC" },
    { MONITOR_HEALTH, "HealthCheck" },
    { MONITOR_HEALTH, "health-check" },
    { MONITOR_HEALTH, "check_http" },
    { MONITOR_HEALTH, "monitoring-plugins" },
    { MONITOR_HEALTH, "Nagios" },
    { MONITOR_HEALTH, "Icinga" },
    { MONITOR_HEALTH, "Zabbix" },
    { MONITOR_HEALTH, "Prometheus" },
    { MONITOR_HEALTH, "Blackbox" },
    { MONITOR_HEALTH, "Uptime" },
    { MONITOR_HEALTH, "Pingdom" },
    { MONITOR_HEALTH, "StatusCake" },
    { MONITOR_HEALTH, "Consul" },
    { MONITOR_FEED, "Thunderbird" },
    { MONITOR_FEED, "Outlook" },
    { MONITOR_FEED, "FeedReader" },
    { MONITOR_FEED, "Feed" },
    { MONITOR_FEED, "RSS" },
    { MONITOR_FEED, "iCal" },
    { MONITOR_SCRIPT, "curl/" },
    { MONITOR_SCRIPT, "Wget" },
    { MONITOR_SCRIPT, "python" },
    { MONITOR_SCRIPT, "Python" },
    { MONITOR_SCRIPT, "aiohttp" },
    { MONITOR_SCRIPT, "Go-http-client" },
    { MONITOR_SCRIPT, "Java/" },
    { MONITOR_SCRIPT, "Apache-HttpClient" },
    { MONITOR_SCRIPT, "okhttp" },
    { MONITOR_SCRIPT, "libwww-perl" },
    { MONITOR_SCRIPT, "HTTP-Tiny" },
    { MONITOR_SCRIPT, "PowerShell" },
    { MONITOR_SCRIPT, "node-fetch" },
    { MONITOR_SCRIPT, "axios" },
    { MONITOR_SCRIPT, "PHP" },
    { MONITOR_SCRIPT, "Ruby" }
};

static const char *const  kind_names[MONITOR_KINDS] = {
    "browser", "health_check", "office", "feed", "script", "server",
    "program"
};

static const char *const  kind_whys[MONITOR_KINDS] = {
    "a browser that loads no page: one is left open, or of another site",
    "a health check: it would get 401, and report a fault",
    "an office program or WebDAV: it cannot show the page Login",
    "a reader of feeds or calendars: it cannot log in",
    "a script: it cannot log in, and would get 401 or the page Login",
    "sends an identity header of its own, which is removed",
    "no browser: it cannot log in"
};

static const char *const  kind_dav[] = {
    "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
    "REPORT", "SEARCH", "MKCALENDAR"
};


const char *
monitor_kind_name(monitor_kind_t kind)
{
    return kind_names[kind];
}


const char *
monitor_kind_why(monitor_kind_t kind)
{
    return kind_whys[kind];
}


static bool
kind_has(mfa_str_t text, const char *mark)
{
    return text.len > 0
           && memmem(text.data, text.len, mark, strlen(mark)) != NULL;
}


/* "Mozilla/5.0 (compatible; x)" is a robot, but for an old browser */

static bool
kind_is_browser(const monitor_note_t *note)
{
    if (!mfa_str_has_prefix(note->agent, mfa_str("Mozilla/"))
        || kind_has(note->agent, "bot") || kind_has(note->agent, "Headless"))
    {
        return false;
    }

    return note->mode.len > 0 || !kind_has(note->agent, "compatible;")
           || kind_has(note->agent, "MSIE");
}


monitor_kind_t
monitor_kind(const monitor_note_t *note)
{
    size_t  i;

    if (note->removed.len > 0) {
        return MONITOR_SERVER;
    }

    for (i = 0; i < sizeof(kind_dav) / sizeof(kind_dav[0]); i++) {
        if (mfa_str_eq_c(note->method, kind_dav[i])) {
            return MONITOR_OFFICE;
        }
    }

    for (i = 0; i < sizeof(kind_marks) / sizeof(kind_marks[0]); i++) {
        if (kind_has(note->agent, kind_marks[i].mark)) {
            return kind_marks[i].kind;
        }
    }

    return kind_is_browser(note) ? MONITOR_BROWSER : MONITOR_PROGRAM;
}


bool
monitor_is_private(const mfa_address_t *address)
{
    const uint8_t  *b = address->bytes;

    if (address->len == 4) {
        return b[0] == 10 || b[0] == 127 || (b[0] == 192 && b[1] == 168)
               || (b[0] == 172 && (b[1] & 0xf0) == 16)
               || (b[0] == 169 && b[1] == 254);
    }

    if (address->len == 16) {
        return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
               || memcmp(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0;
    }

    return false;
}


bool
monitor_is_plain_path(mfa_str_t path)
{
    char    c;
    size_t  i;

    if (path.len == 0 || path.len > KIND_PATH_MAX || path.data[0] != '/') {
        return false;
    }

    for (i = 0; i < path.len; i++) {
        c = path.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || (c != '\0' && strchr("/._~-", c))))
        {
            return false;
        }

        /* nginx has taken these away before a location is chosen */

        if (i > 0 && path.data[i - 1] == '/' && (c == '/' || c == '.')) {
            return false;
        }
    }

    return true;
}


bool
monitor_is_plain_host(mfa_str_t host)
{
    char    c;
    size_t  i;

    for (i = 0; i < host.len; i++) {
        c = host.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'
              || c == '-'))
        {
            return false;
        }
    }

    return host.len > 0 && host.len <= KIND_HOST_MAX;
}
