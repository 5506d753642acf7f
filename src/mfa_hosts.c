/*
 * The hosts of a realm: public_url's, and those of applications elsewhere;
 * and the names of the cookies they get.
 *
 * Checks what belongs together once all lines are there: a cookie knows no
 * port and no scheme, so one host is one origin. Contract: mfa_realm.h.
 */

#include "mfa_realm.h"


static mfa_status_t
hosts_origin(mfa_realm_t *realm, mfa_application_t *application,
    mfa_error_t *error)
{
    const mfa_origin_t  *origin = &application->origin;
    const mfa_origin_t  *own = &realm->send.origin;

    if (mfa_str_eq(origin->text, own->text)) {
        memset(&application->origin, 0, sizeof(application->origin));
        application->link = application->path;
        return MFA_OK;
    }

    if (origin->is_https != own->is_https) {
        mfa_error_set(error, "application \"" MFA_STR_FMT "\" is at \""
                      MFA_STR_FMT "\": \"public_url\" and all applications "
                      "need the same scheme", MFA_STR_ARG(application->name),
                      MFA_STR_ARG(origin->text));
        return MFA_CONFIG;
    }

    if (mfa_str_eq(origin->host, own->host)) {
        mfa_error_set(error, "application \"" MFA_STR_FMT "\" is at \""
                      MFA_STR_FMT "\", the host of \"public_url\" at another "
                      "port: cookies know no ports",
                      MFA_STR_ARG(application->name),
                      MFA_STR_ARG(origin->text));
        return MFA_CONFIG;
    }

    application->host = origin->text;
    application->host.data += strlen(own->is_https ? "https://" : "http://");
    application->host.len -= strlen(own->is_https ? "https://" : "http://");

    application->link = mfa_arena_printf(realm->arena,
                                         MFA_STR_FMT MFA_STR_FMT,
                                         MFA_STR_ARG(origin->text),
                                         MFA_STR_ARG(application->path));

    return application->link.data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


/* two applications on one host at two ports would take each other's cookies */

static mfa_status_t
hosts_ports(const mfa_realm_t *realm, size_t n, mfa_error_t *error)
{
    size_t                    i;
    const mfa_application_t  *a, *b;

    b = &realm->pages.applications[n];

    for (i = 0; i < n; i++) {
        a = &realm->pages.applications[i];

        if (mfa_str_eq(a->origin.host, b->origin.host)
            && !mfa_str_eq(a->origin.text, b->origin.text))
        {
            mfa_error_set(error, "applications \"" MFA_STR_FMT "\" and \""
                          MFA_STR_FMT "\" are on one host at two ports: "
                          "cookies know no ports", MFA_STR_ARG(a->name),
                          MFA_STR_ARG(b->name));
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


/* the host itself, or one below it */

static bool
is_below(mfa_str_t host, mfa_str_t domain)
{
    mfa_str_t  end;

    if (host.len < domain.len) {
        return false;
    }

    end = mfa_str_bytes(host.data + host.len - domain.len, domain.len);

    return mfa_str_eq(end, domain)
           && (host.len == domain.len
               || host.data[host.len - domain.len - 1] == '.');
}


/* an address has no parents; "org" is everybody's */

static mfa_status_t
hosts_domain(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_str_t     domain, text;
    mfa_status_t  st;
    mfa_origin_t  origin;

    domain = realm->pages.cookie_domain;

    text = mfa_arena_printf(realm->arena, "https://" MFA_STR_FMT,
                            MFA_STR_ARG(domain));
    if (text.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_origin_parse(realm->arena, text, &origin);
    if (st != MFA_OK && st != MFA_INVALID) {
        return st;
    }

    if (st == MFA_INVALID
        || !mfa_str_eq(origin.host, domain)
        || memchr(domain.data, '.', domain.len) == NULL
        || memchr(domain.data, ':', domain.len) != NULL
        || (domain.data[domain.len - 1] >= '0'
            && domain.data[domain.len - 1] <= '9'))
    {
        mfa_error_set(error, "invalid domain \"" MFA_STR_FMT "\" in "
                      "\"cookie_domain\", it must have two labels or more, "
                      "in small letters, as \"example.org\"",
                      MFA_STR_ARG(domain));
        return MFA_CONFIG;
    }

    if (!is_below(realm->send.origin.host, domain)) {
        mfa_error_set(error, "\"public_url\" is not below the domain \""
                      MFA_STR_FMT "\" in \"cookie_domain\"",
                      MFA_STR_ARG(domain));
        return MFA_CONFIG;
    }

    text = mfa_arena_printf(realm->arena, "\"cookie_domain\" gives the "
                            "cookies of this realm to every host below \""
                            MFA_STR_FMT "\": whoever runs one of them can "
                            "take over sessions, and plant cookies of their "
                            "own", MFA_STR_ARG(domain));

    return text.data != NULL
           ? mfa_strs_add(realm->arena, &realm->warnings, text)
           : MFA_NO_MEMORY;
}


/* a form of ours may end on each of them (E1) */

static mfa_status_t
hosts_csp(mfa_realm_t *realm)
{
    size_t                    i;
    mfa_str_t                 list;
    mfa_strs_t                seen;
    const mfa_application_t  *application;

    memset(&seen, 0, sizeof(seen));
    list = mfa_str("");

    for (i = 0; i < realm->pages.application_count; i++) {
        application = &realm->pages.applications[i];

        if (application->host.len == 0
            || mfa_strs_has(&seen, application->host))
        {
            continue;
        }

        list = mfa_arena_printf(realm->arena, MFA_STR_FMT " " MFA_STR_FMT,
                                MFA_STR_ARG(list),
                                MFA_STR_ARG(application->origin.text));

        if (list.data == NULL
            || mfa_strs_add(realm->arena, &seen, application->host) != MFA_OK)
        {
            return MFA_NO_MEMORY;
        }
    }

    if (seen.count == 0) {
        return MFA_OK;
    }

    realm->page.csp = mfa_arena_printf(realm->arena,
                                       "default-src 'none'; "
                                       "style-src 'self'; img-src 'self'; "
                                       "form-action 'self'" MFA_STR_FMT "; "
                                       "frame-ancestors 'none'; "
                                       "base-uri 'none'", MFA_STR_ARG(list));

    return realm->page.csp.data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


/*
 * The prefix makes a browser refuse such a cookie from any other origin; a
 * loopback demo over http has to do without.
 */

static mfa_status_t
hosts_cookies(mfa_realm_t *realm)
{
    size_t        i;
    mfa_str_t     name, *fields[6];
    mfa_status_t  st;
    const char   *prefix;

    static const char *const  names[] = {
        "mfa_session", "mfa_browser", "mfa_notice", "mfa_device",
        "mfa_lang", "mfa_held"
    };

    fields[0] = &realm->page.session_cookie;
    fields[1] = &realm->page.browser_cookie;
    fields[2] = &realm->page.notice_cookie;
    fields[3] = &realm->page.device_cookie;
    fields[4] = &realm->page.language_cookie;
    fields[5] = &realm->page.held_cookie;

    prefix = realm->pages.cookie_domain.len > 0 ? "__Secure-" : "__Host-";

    for (i = 0; i < 6; i++) {
        name = mfa_arena_printf(realm->arena, "%s%s",
                                realm->send.origin.is_https ? prefix : "",
                                names[i]);
        if (name.data == NULL) {
            return MFA_NO_MEMORY;
        }

        *fields[i] = name;

        st = mfa_strs_add(realm->arena, &realm->cookies, name);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_realm_hosts(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t              i;
    mfa_status_t        st;
    mfa_application_t  *application;

    if (realm->pages.cookie_domain.len > 0) {
        st = hosts_domain(realm, error);
        if (st != MFA_OK) {
            return st;
        }
    }

    for (i = 0; i < realm->pages.application_count; i++) {
        application = &realm->pages.applications[i];

        if (application->origin.text.len == 0) {
            continue;
        }

        st = hosts_origin(realm, application, error);

        if (st == MFA_OK && application->host.len > 0) {
            application->is_shared = realm->pages.cookie_domain.len > 0
                                     && is_below(application->origin.host,
                                                 realm->pages.cookie_domain);

            st = hosts_ports(realm, i, error);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    st = hosts_cookies(realm);

    return (st == MFA_OK) ? hosts_csp(realm) : st;
}


const mfa_origin_t *
mfa_realm_other(const mfa_realm_t *realm, size_t n, mfa_str_t *host)
{
    size_t                    i;
    const mfa_application_t  *application;

    for (i = 0; i < realm->pages.application_count; i++) {
        application = &realm->pages.applications[i];

        if (application->host.len > 0 && n-- == 0) {
            *host = application->host;
            return &application->origin;
        }
    }

    *host = mfa_null;

    return NULL;
}


mfa_verdict_t
mfa_identity_judge_host(const mfa_identity_t *identity, mfa_str_t host)
{
    return (identity->host.len == 0 || mfa_str_eq(identity->host, host))
           ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
}
