/*
 * Signed assertions: the keys of a realm, what a line asks for, whom a path
 * belongs to. The tokens are made in mfa_assertion_cache.c.
 *
 * Nothing private may ever come near the text of jwks.json.
 */

#include "mfa_realm.h"


#define ASSERTION_LEAST     (10 * MFA_SECOND)
#define ASSERTION_MOST      (60 * MFA_SECOND)
#define ASSERTION_JWKS_MAX  4096
#define ASSERTION_TEXT_MAX  255


MFA_OPTION_SETTER(mfa_assertion_set)
{
    size_t         i;
    mfa_str_t      path;
    mfa_strs_t    *files;
    mfa_status_t   st;

    files = (mfa_strs_t *) (void *) ((char *) target + option->offset);

    if (line->nargs == 0 || line->nargs > MFA_ASSERTION_KEYS) {
        mfa_error_set(error, "\"%s\" takes 1 to %d files", option->name,
                      MFA_ASSERTION_KEYS);
        return MFA_CONFIG;
    }

    for (i = 0; i < line->nargs; i++) {
        st = mfa_parse_path(line, line->args[i], arena, &path);

        if (st == MFA_OK) {
            st = mfa_strs_add(arena, files, path);
        }

        if (st != MFA_OK) {
            mfa_error_set(error, "\"%s\" needs paths of files",
                          option->name);
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


static bool
has_signer(const mfa_assertion_keys_t *keys, const mfa_signer_t *signer)
{
    size_t  i;

    for (i = 0; i < keys->count; i++) {
        if (mfa_str_eq(mfa_signer_id(keys->signers[i]),
                       mfa_signer_id(signer)))
        {
            return true;
        }
    }

    return false;
}


static mfa_status_t
load_signers(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t                 i;
    mfa_signer_t          *signer;
    mfa_status_t           st;
    mfa_assertion_keys_t  *keys = &realm->assertion;

    for (i = 0; i < keys->files.count; i++) {
        st = mfa_signer_open("assertion_key", keys->files.items[i].data,
                             realm->arena, error, &signer);
        if (st != MFA_OK) {
            return st;
        }

        if (has_signer(keys, signer)) {
            mfa_signer_close(&signer);
            mfa_error_set(error, "assertion_key \"%s\" holds the key of an "
                          "earlier file", keys->files.items[i].data);
            return MFA_CONFIG;
        }

        keys->signers[keys->count++] = signer;
    }

    return MFA_OK;
}


static mfa_status_t
publish(mfa_realm_t *realm)
{
    size_t                 i;
    mfa_buf_t              buf;
    mfa_str_t              head;
    mfa_status_t           st;
    mfa_assertion_keys_t  *keys = &realm->assertion;

    mfa_buf_init(&buf, realm->arena, ASSERTION_JWKS_MAX);
    mfa_buf_puts(&buf, "{\"keys\":[");

    for (i = 0; i < keys->count; i++) {
        mfa_buf_puts(&buf, i > 0 ? "," : "");
        mfa_buf_put(&buf, mfa_signer_jwk(keys->signers[i]));
    }

    mfa_buf_puts(&buf, "]}\n");

    st = mfa_buf_str(&buf, &realm->page.jwks);
    if (st != MFA_OK) {
        return st;
    }

    head = mfa_arena_printf(realm->arena,
                            "{\"alg\":\"ES256\",\"kid\":\"" MFA_STR_FMT
                            "\",\"typ\":\"JWT\"}",
                            MFA_STR_ARG(mfa_signer_id(keys->signers[0])));

    st = mfa_base64url_encode(realm->arena, head, &head);
    if (st != MFA_OK) {
        return st;
    }

    keys->head = mfa_arena_printf(realm->arena, MFA_STR_FMT ".",
                                  MFA_STR_ARG(head));

    return mfa_arena_has_failed(realm->arena) ? MFA_NO_MEMORY : MFA_OK;
}


mfa_status_t
mfa_assertion_load(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_status_t  st;

    if (realm->assertion.files.count == 0) {
        return MFA_OK;
    }

    st = load_signers(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    st = publish(realm);
    if (st != MFA_OK) {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    return st;
}


void
mfa_assertion_unload(mfa_realm_t *realm)
{
    mfa_assertion_keys_t  *keys = &realm->assertion;

    while (keys->count > 0) {
        mfa_signer_close(&keys->signers[--keys->count]);
    }
}


bool
mfa_assertion_is_shared(const mfa_realm_t *one, const mfa_realm_t *other)
{
    size_t  i;

    for (i = 0; i < one->assertion.count; i++) {
        if (has_signer(&other->assertion, one->assertion.signers[i])) {
            return true;
        }
    }

    return false;
}


bool
mfa_realm_has_assertion(const mfa_realm_t *realm)
{
    return realm->assertion.count > 0;
}


mfa_str_t
mfa_realm_application(const mfa_realm_t *realm, mfa_str_t host,
    mfa_str_t path)
{
    const mfa_application_t  *application;

    if (path.len == 0 || path.data[0] != '/') {
        return mfa_null;
    }

    application = host.len > 0
                  ? mfa_application_at(&realm->pages, host, path)
                  : mfa_application_of(&realm->pages, path);

    return application != NULL ? application->name : mfa_null;
}


static bool
is_text(mfa_str_t s)
{
    return s.len > 0
           && s.len <= ASSERTION_TEXT_MAX
           && mfa_text_is_utf8(s)
           && !mfa_text_has_control(s);
}


/* NULL, or what is wrong with the word */

static const char *
rule_word(mfa_assertion_rule_t *rule, mfa_str_t word)
{
    mfa_str_t  value;

    if (mfa_parse_named(word, "audience", &value) == MFA_OK) {
        if (rule->audience.len > 0) {
            return "is duplicate";
        }

        rule->audience = value;

        return is_text(value) ? NULL : "needs a text of 1 to 255 bytes";
    }

    if (mfa_parse_named(word, "lifetime", &value) == MFA_OK) {
        if (rule->lifetime > 0) {
            return "is duplicate";
        }

        return mfa_parse_time(value, &rule->lifetime) == MFA_OK
               && rule->lifetime >= ASSERTION_LEAST
               && rule->lifetime <= ASSERTION_MOST
               ? NULL : "must be between 10s and 60s";
    }

    return "is unknown, \"audience=TEXT\" and \"lifetime=TIME\" are possible";
}


mfa_status_t
mfa_assertion_rule(mfa_assertion_rule_t *rule, const mfa_line_t *line,
    mfa_error_t *error)
{
    size_t       i;
    const char  *why;

    *rule = (mfa_assertion_rule_t) { .lifetime = 0 };

    if (line->nargs == 1 && mfa_str_eq_c(line->args[0], "off")) {
        return MFA_OK;
    }

    rule->header = line->args[0];

    for (i = 1; i < line->nargs; i++) {
        why = rule_word(rule, line->args[i]);

        if (why != NULL) {
            mfa_error_set(error, "\"" MFA_STR_FMT "\" in \"" MFA_STR_FMT
                          "\" %s", MFA_STR_ARG(line->args[i]),
                          MFA_STR_ARG(line->name), why);
            return MFA_CONFIG;
        }
    }

    if (rule->lifetime == 0) {
        rule->lifetime = ASSERTION_MOST;
    }

    return MFA_OK;
}
