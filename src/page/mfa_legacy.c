/*
 * How the gate adapts to applications: the options, and what they say of a
 * path. Never decides who may pass.
 */

#include "mfa_page.h"


#define HELD_FORM  (64 * 1024)


void
mfa_legacy_defaults(mfa_legacy_settings_t *settings)
{
    settings->held_form = HELD_FORM;
}


static mfa_status_t
legacy_wrong(mfa_error_t *error, const mfa_line_t *line, mfa_str_t word,
    const char *must)
{
    mfa_error_set(error, "invalid \"" MFA_STR_FMT "\" in \"" MFA_STR_FMT
                  "\", it must be %s", MFA_STR_ARG(word),
                  MFA_STR_ARG(line->name), must);

    return MFA_CONFIG;
}


static mfa_status_t
legacy_count(mfa_error_t *error, const mfa_line_t *line, size_t least,
    size_t most, bool has_room)
{
    if (line->nargs < least || line->nargs > most) {
        mfa_error_set(error, "invalid number of arguments in \"" MFA_STR_FMT
                      "\" directive", MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    if (!has_room) {
        mfa_error_set(error, "too many \"" MFA_STR_FMT "\" directives",
                      MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static mfa_status_t
legacy_twice(mfa_error_t *error, const mfa_line_t *line)
{
    mfa_error_set(error, "\"" MFA_STR_FMT "\" is there twice in \""
                  MFA_STR_FMT "\"", MFA_STR_ARG(line->args[0]),
                  MFA_STR_ARG(line->name));

    return MFA_CONFIG;
}


static bool
is_path(mfa_str_t word)
{
    return mfa_target_is_safe(word, mfa_null)
           && memchr(word.data, '?', word.len) == NULL
           && memchr(word.data, '#', word.len) == NULL;
}


static mfa_status_t
set_idle_ignore(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    size_t                  i;
    mfa_status_t            st;
    mfa_legacy_settings_t  *settings = target;

    (void) option;

    st = legacy_count(error, line, 1, 64, true);

    for (i = 0; st == MFA_OK && i < line->nargs; i++) {
        if (!is_path(line->args[i])) {
            return legacy_wrong(error, line, line->args[i],
                                "a path such as /ess/poll, or /ess/live/ for "
                                "all below it");
        }

        st = mfa_strs_add(arena, &settings->idle_ignore, line->args[i]);
    }

    return st;
}


static mfa_status_t
set_logout_url(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_status_t            st;
    mfa_logout_url_t       *url;
    mfa_legacy_settings_t  *settings = target;

    (void) option;
    (void) arena;

    st = legacy_count(error, line, 1, 2,
                      settings->logout_url_count < MFA_LOGOUT_URLS_MAX);
    if (st != MFA_OK) {
        return st;
    }

    if (!is_path(line->args[0])) {
        return legacy_wrong(error, line, line->args[0],
                            "a path such as /mss/logout");
    }

    if (line->nargs == 2 && !mfa_str_eq_c(line->args[1], "forward")) {
        return legacy_wrong(error, line, line->args[1], "\"forward\"");
    }

    if (mfa_legacy_logout(settings, line->args[0]) != NULL) {
        return legacy_twice(error, line);
    }

    url = &settings->logout_urls[settings->logout_url_count++];

    url->path = line->args[0];
    url->is_forward = line->nargs == 2;

    return MFA_OK;
}


/* of an address only the form: whose it is is known when all lines are */

static bool
is_new(mfa_str_t word)
{
    mfa_str_t  path;

    path = word;

    return memchr(word.data, '#', word.len) == NULL
           && (mfa_str_has_prefix(word, mfa_str("https://"))
               || mfa_str_has_prefix(word, mfa_str("http://"))
               || is_path(mfa_str_split(&path, '?')))
           && !mfa_text_has_control(word)
           && memchr(word.data, ' ', word.len) == NULL;
}


static mfa_status_t
set_legacy_url(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    size_t                  i;
    mfa_status_t            st;
    mfa_legacy_url_t       *url;
    mfa_legacy_settings_t  *settings = target;

    (void) option;
    (void) arena;

    st = legacy_count(error, line, 2, 2,
                      settings->legacy_url_count < MFA_LEGACY_URLS_MAX);
    if (st != MFA_OK) {
        return st;
    }

    if (!is_path(line->args[0])) {
        return legacy_wrong(error, line, line->args[0],
                            "a path such as /portal/login.jsp, or /portal/ "
                            "for all below it");
    }

    if (!is_new(line->args[1])) {
        return legacy_wrong(error, line, line->args[1],
                            "a path such as /ess/, or an address of an "
                            "application of the realm");
    }

    for (i = 0; i < settings->legacy_url_count; i++) {
        if (mfa_str_eq(settings->legacy_urls[i].old, line->args[0])) {
            return legacy_twice(error, line);
        }
    }

    url = &settings->legacy_urls[settings->legacy_url_count++];

    url->old = line->args[0];
    url->new = line->args[1];

    return MFA_OK;
}


/* RFC 6265 4.1.1: a token of RFC 9110 */

static bool
is_cookie_name(mfa_str_t word)
{
    size_t  i;

    for (i = 0; i < word.len; i++) {
        if (word.data[i] <= ' ' || word.data[i] >= 0x7f
            || strchr("()<>@,;:\\\"/[]?={}", word.data[i]) != NULL)
        {
            return false;
        }
    }

    return word.len > 0;
}


/* names of ours, now and later, with whatever prefix (D11) */

static bool
is_our_name(mfa_str_t name)
{
    size_t  i;

    static const char *const  prefixes[] = { "__Host-", "__Secure-" };

    for (i = 0; i < 2; i++) {
        if (name.len > strlen(prefixes[i])
            && strncasecmp(name.data, prefixes[i], strlen(prefixes[i])) == 0)
        {
            name.data += strlen(prefixes[i]);
            name.len -= strlen(prefixes[i]);
        }
    }

    return name.len >= 4 && strncasecmp(name.data, "mfa_", 4) == 0;
}


static bool
is_domain(mfa_str_t word)
{
    size_t  i;

    for (i = 0; i < word.len; i++) {
        if (!(word.data[i] >= 'a' && word.data[i] <= 'z')
            && !(word.data[i] >= '0' && word.data[i] <= '9')
            && word.data[i] != '-' && word.data[i] != '.')
        {
            return false;
        }
    }

    return word.len > 0;
}


static mfa_status_t
cookie_word(mfa_application_cookies_t *cookies, const mfa_line_t *line,
    mfa_str_t word, mfa_arena_t *arena, mfa_error_t *error)
{
    if (mfa_parse_named(word, "path", &cookies->path) == MFA_OK) {
        return is_path(cookies->path)
               && memchr(cookies->path.data, ';', cookies->path.len) == NULL
               ? MFA_OK : legacy_wrong(error, line, word, "a path");
    }

    if (mfa_parse_named(word, "domain", &cookies->domain) == MFA_OK) {
        return is_domain(cookies->domain)
               ? MFA_OK : legacy_wrong(error, line, word, "a domain in small "
                                       "letters, such as example.org");
    }

    if (!is_cookie_name(word)) {
        return legacy_wrong(error, line, word, "the name of a cookie");
    }

    if (is_our_name(word)) {
        return legacy_wrong(error, line, word, "a cookie of an application: "
                            "names with mfa_ are those of the gate");
    }

    return mfa_strs_add(arena, &cookies->names, word);
}


static mfa_status_t
set_cookies(const mfa_option_t *option, const mfa_line_t *line, void *target,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t                      i;
    mfa_status_t                st;
    mfa_legacy_settings_t      *settings = target;
    mfa_application_cookies_t  *cookies;

    (void) option;

    st = legacy_count(error, line, 1, 64,
                      settings->cookie_count < MFA_APPLICATION_COOKIES_MAX);
    if (st != MFA_OK) {
        return st;
    }

    cookies = &settings->cookies[settings->cookie_count++];

    for (i = 0; st == MFA_OK && i < line->nargs; i++) {
        st = cookie_word(cookies, line, line->args[i], arena, error);
    }

    if (st == MFA_OK && cookies->names.count == 0) {
        return legacy_wrong(error, line, line->args[0],
                            "beside the name of a cookie");
    }

    return st;
}


const mfa_option_t  mfa_legacy_options[] = {

    { .name = "held_form",
      .syntax = "SIZE",
      .fallback = "64k",
      .help = "A form that comes when the session is over is kept up to this "
              "size, sealed, and can be sent after the login; 0 keeps none. "
              "At most 32m.",
      .set = mfa_option_set_size,
      .offset = offsetof(mfa_legacy_settings_t, held_form) },

    { .name = "idle_ignore",
      .syntax = "PATH ...",
      .help = "Requests for these paths do not count as activity of a "
              "person: addresses that an application's own script asks for "
              "again and again. A path that ends with / stands for all below "
              "it.",
      .set = set_idle_ignore,
      .is_many = 1 },

    { .name = "logout_url",
      .syntax = "PATH [forward]",
      .help = "The address of an application's own logout: it ends the "
              "session of the gate as well. With forward the application "
              "gets the request first.",
      .set = set_logout_url,
      .is_many = 1 },

    { .name = "application_cookies",
      .syntax = "NAME ... [path=PATH] [domain=DOMAIN]",
      .help = "Cookies of the applications that go with a logout.",
      .set = set_cookies,
      .is_many = 1 },

    { .name = "legacy_url",
      .syntax = "OLD NEW",
      .help = "An address that people have in their bookmarks, and the one "
              "that replaced it: a path, or an address of an application on "
              "another host.",
      .set = set_legacy_url,
      .is_many = 1 },

    MFA_OPTION_END
};


bool
mfa_legacy_is_at(mfa_str_t path, mfa_str_t place)
{
    return mfa_str_eq(path, place)
           || (place.data[place.len - 1] == '/'
               && mfa_str_has_prefix(path, place));
}


bool
mfa_legacy_is_ignored(const mfa_legacy_settings_t *settings, mfa_str_t path)
{
    size_t  i;

    for (i = 0; i < settings->idle_ignore.count; i++) {
        if (mfa_legacy_is_at(path, settings->idle_ignore.items[i])) {
            return true;
        }
    }

    return false;
}


const mfa_logout_url_t *
mfa_legacy_logout(const mfa_legacy_settings_t *settings, mfa_str_t path)
{
    size_t  i;

    for (i = 0; i < settings->logout_url_count; i++) {
        if (mfa_str_eq(path, settings->logout_urls[i].path)) {
            return &settings->logout_urls[i];
        }
    }

    return NULL;
}


const mfa_legacy_url_t *
mfa_legacy_find(const mfa_legacy_settings_t *settings, mfa_str_t path,
    mfa_str_t *rest)
{
    size_t                   i;
    const mfa_legacy_url_t  *url, *found;

    found = NULL;
    *rest = mfa_null;

    for (i = 0; i < settings->legacy_url_count; i++) {
        url = &settings->legacy_urls[i];

        if (mfa_legacy_is_at(path, url->old)
            && (found == NULL || url->old.len > found->old.len))
        {
            found = url;
        }
    }

    if (found != NULL) {
        *rest = mfa_str_bytes(path.data + found->old.len,
                              path.len - found->old.len);
    }

    return found;
}
