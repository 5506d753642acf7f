/*
 * Realms: the lines of a block, handed to the tables of the layers, and
 * what is read once they are all there. Changes nothing on disk.
 */

#include <stdlib.h>

#include "mfa_realm.h"


#define REALM_ARENA  (16 * 1024 * 1024)


static const mfa_option_t  realm_options[] = {

    { .name = "key_file",
      .syntax = "FILE",
      .help = "The key that seals what is secret in the store; made by "
              "\"mfactl key new\", kept outside the store, readable by its "
              "owner alone.",
      .set = mfa_option_set_path,
      .offset = offsetof(mfa_realm_t, key_file),
      .is_required = 1 },

    { .name = "event_log",
      .syntax = "FILE | syslog:server=ADDRESS[,PARAMETER=VALUE ...]",
      .help = "Security events, one JSON line each. With syslog: they are "
              "sent as error_log of nginx sends its lines, with the same "
              "parameters. One line of each kind may be given. Without any "
              "the events go to the error log at the level notice.",
      .set = mfa_event_log_set,
      .is_many = 1 },

    { .name = "trusted_identity",
      .syntax = "$VARIABLE amr=WORDS [network=NETWORK ...]",
      .help = "Whoever this variable of nginx names is logged in without "
              "a password and a second factor of ours: by their name or an "
              "address on the roster. amr= says what was proved, in words of "
              "RFC 8176 with commas between, such as hwk,mfa; only with mfa "
              "is it a second factor. The first variable that is not empty "
              "counts. See the guide for operators.",
      .set = mfa_trusted_set,
      .is_many = 1 },

    { .name = "assertion_key",
      .syntax = "FILE [FILE ...]",
      .help = "Keys for mfa_assertion_header, made by \"mfactl key "
              "new-assertion\": one private key on P-256 in PEM in each "
              "file. The first signs; the public halves of all, four at "
              "most, stand in jwks.json of the portal.",
      .set = mfa_assertion_set,
      .offset = offsetof(mfa_realm_t, assertion.files) },

    MFA_OPTION_END
};


typedef struct {
    const mfa_option_t  *options;
    size_t               offset;
} table_t;

static const table_t  tables[MFA_REALM_TABLES] = {
    { realm_options, 0 },
    { mfa_store_options, offsetof(mfa_realm_t, store) },
    { mfa_model_options, offsetof(mfa_realm_t, model) },
    { mfa_send_options, offsetof(mfa_realm_t, send) },
    { mfa_factor_options, offsetof(mfa_realm_t, factor) },
    { mfa_flow_options, offsetof(mfa_realm_t, flow) },
    { mfa_page_options, offsetof(mfa_realm_t, pages) },
    { mfa_legacy_options, offsetof(mfa_realm_t, legacy) },
    { mfa_brand_options, offsetof(mfa_realm_t, brand) }
};


const mfa_option_t *const *
mfa_realm_options(void)
{
    static const mfa_option_t *const  list[] = {
        realm_options, mfa_send_options, mfa_store_options,
        mfa_page_options, mfa_brand_options, mfa_legacy_options,
        mfa_flow_options, mfa_factor_options, mfa_model_options, NULL
    };

    return list;
}


mfa_status_t
mfa_realm_begin(mfa_str_t name, const mfa_ports_t *ports, mfa_realm_t **realm)
{
    mfa_arena_t  *arena;
    mfa_realm_t  *self;

    *realm = NULL;

    arena = mfa_arena_open(REALM_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    self = mfa_arena_alloc(arena, sizeof(*self));

    if (self == NULL || mfa_arena_copy(arena, name, &self->name) != MFA_OK) {
        mfa_arena_close(&arena);
        return MFA_NO_MEMORY;
    }

    self->ports = ports;
    self->arena = arena;

    mfa_model_defaults(&self->model);
    mfa_factor_defaults(&self->factor);
    mfa_flow_defaults(&self->flow);
    mfa_page_defaults(&self->pages);
    mfa_legacy_defaults(&self->legacy);

    self->page.portal = mfa_str("/mfa/");

    *realm = self;

    return MFA_OK;
}


static void *
table_target(mfa_realm_t *realm, const table_t *table)
{
    return (char *) realm + table->offset;
}


/* nginx's words live as long as its configuration; ours are copied */

static mfa_status_t
line_copy(mfa_realm_t *realm, const mfa_line_t *line, mfa_line_t *copy)
{
    size_t        i;
    mfa_str_t    *args;
    mfa_status_t  st;

    *copy = *line;

    args = mfa_arena_alloc(realm->arena, (line->nargs + 1) * sizeof(*args));
    if (args == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < line->nargs; i++) {
        st = mfa_arena_copy(realm->arena, line->args[i], &args[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    copy->args = args;

    return MFA_OK;
}


mfa_status_t
mfa_realm_line(mfa_realm_t *realm, const mfa_line_t *line, mfa_error_t *error)
{
    size_t         i;
    mfa_line_t     copy;
    mfa_status_t   st;

    st = line_copy(realm, line, &copy);
    if (st != MFA_OK) {
        mfa_error_set(error, "out of memory");
        return st;
    }

    if (mfa_str_eq_c(copy.name, "store") && copy.nargs > 0) {
        realm->store_text = copy.args[0];
    }

    for (i = 0; i < MFA_REALM_TABLES; i++) {
        st = mfa_option_apply(tables[i].options, &realm->seen[i], &copy,
                              table_target(realm, &tables[i]), realm->arena,
                              error);
        if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    mfa_error_set(error, "unknown option \"" MFA_STR_FMT "\" in "
                  "\"mfa_realm\"", MFA_STR_ARG(line->name));

    return MFA_CONFIG;
}


static mfa_status_t
realm_complete(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t        i;
    mfa_status_t  st;

    for (i = 0; i < MFA_REALM_TABLES; i++) {
        st = mfa_option_complete(tables[i].options, realm->seen[i], error);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/* a factor whose codes nobody would send locks people out at a login */

static mfa_status_t
realm_channels(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t               i;
    const mfa_factor_t  *factor;

    for (i = 0; i < realm->factor.allowed_count; i++) {
        factor = realm->factor.allowed[i];

        if (factor->channel == NULL
            || mfa_send_has(&realm->send, factor->channel))
        {
            continue;
        }

        mfa_error_set(error, "\"factors\" has \"%s\", and nothing sends its "
                      "codes: add a line \"%s\" with a provider, such as "
                      "\"%s twilio account=ID key_file=FILE from=NUMBER\", or "
                      "take \"%s\" out of \"factors\"", factor->name,
                      factor->channel, factor->channel, factor->name);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


mfa_status_t
mfa_realm_end_store(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_status_t  st;

    st = realm_complete(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_keys_open(realm->key_file.data, error, &realm->keys);
    if (st != MFA_OK) {
        return st;
    }

    st = realm_channels(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_realm_held(realm, error);

    if (st == MFA_OK) {
        st = mfa_realm_hosts(realm, error);
    }

    if (st == MFA_OK) {
        st = mfa_realm_legacy_end(realm, error);
    }

    if (st == MFA_CONFIG) {
        return st;
    }

    if (st == MFA_OK) {
        st = mfa_realm_warn(realm);
    }

    if (st != MFA_OK) {
        mfa_error_set(error, "out of memory");
    }

    return st;
}


static mfa_status_t
realm_read_pages(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_status_t  st;

    st = mfa_realm_read_pages(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_passlist_open(realm->factor.common_passwords.data, error,
                             &realm->common);
}


static void
realm_wire(mfa_realm_t *realm)
{
    realm->flow_env.settings = &realm->flow;
    realm->flow_env.factors = &realm->factor;
    realm->flow_env.send = &realm->send;
    realm->flow_env.common = realm->common;

    realm->page.settings = &realm->pages;
    realm->page.legacy = &realm->legacy;
    realm->page.flow = &realm->flow_env;
    realm->page.send = &realm->send;
    realm->page.keys = realm->keys;
    realm->page.templates = realm->templates;
    realm->page.brand = &realm->brand;
    realm->page.languages = &realm->languages;
    realm->page.words = realm->languages.items[0].words;
}


mfa_status_t
mfa_realm_end(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_status_t  st;

    st = mfa_realm_end_store(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    st = realm_read_pages(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    realm_wire(realm);

    st = mfa_assertion_load(realm, error);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_store_probe(&realm->store, error);
}


void
mfa_realm_free(mfa_realm_t **realm)
{
    mfa_arena_t  *arena;

    if (*realm == NULL) {
        return;
    }

    mfa_realm_free_pages(*realm);
    mfa_passlist_close(&(*realm)->common);
    mfa_keys_close(&(*realm)->keys);
    mfa_assertion_unload(*realm);

    arena = (*realm)->arena;
    *realm = NULL;

    mfa_arena_close(&arena);
}


mfa_status_t
mfa_realm_set_portal(mfa_realm_t *realm, mfa_str_t prefix)
{
    if (prefix.len < 2 || prefix.data[0] != '/'
        || prefix.data[prefix.len - 1] != '/')
    {
        return MFA_INVALID;
    }

    return mfa_arena_copy(realm->arena, prefix, &realm->page.portal);
}


mfa_str_t
mfa_realm_name(const mfa_realm_t *realm)
{
    return realm->name;
}


const mfa_origin_t *
mfa_realm_origin(const mfa_realm_t *realm)
{
    return &realm->send.origin;
}


const mfa_legacy_settings_t *
mfa_realm_legacy(const mfa_realm_t *realm)
{
    return &realm->legacy;
}


mfa_str_t
mfa_realm_store(const mfa_realm_t *realm)
{
    return realm->store_text;
}


bool
mfa_realm_sends(const mfa_realm_t *realm, const char *channel)
{
    return mfa_send_has(&realm->send, channel);
}


mfa_str_t
mfa_realm_event_log(const mfa_realm_t *realm)
{
    return realm->event_log;
}


const mfa_strs_t *
mfa_realm_warnings(const mfa_realm_t *realm)
{
    return &realm->warnings;
}


const mfa_strs_t *
mfa_realm_cookies(const mfa_realm_t *realm)
{
    return &realm->cookies;
}
