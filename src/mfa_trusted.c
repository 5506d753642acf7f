/*
 * A trusted single sign-on as configured, and whether a session is its.
 *
 * Knows the name of a variable and no value but what the glue hands over.
 * What a client writes by itself is refused here as a source: nobody is
 * whoever they say they are.
 */

#include "mfa_realm.h"


typedef struct {
    const char  *name;          /* ends with '_': all that begin so */
    const char  *why;
} source_t;


/* RFC 8176 section 2 */

static bool
is_amr_word(mfa_str_t word)
{
    size_t  i;

    static const char *const  words[] = {
        "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp",
        "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk", "tel",
        "user", "vbm", "wia"
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (mfa_str_eq_c(word, words[i])) {
            return true;
        }
    }

    return false;
}


static mfa_status_t
trusted_amr(mfa_trusted_t *trusted, mfa_str_t text, mfa_arena_t *arena,
    mfa_error_t *error)
{
    mfa_buf_t   buf;
    mfa_str_t   rest, word;
    mfa_strs_t  seen;

    memset(&seen, 0, sizeof(seen));

    mfa_buf_init(&buf, arena, 128);

    for (rest = text; rest.data != NULL; ) {
        word = mfa_str_split(&rest, ',');

        if (!is_amr_word(word) || mfa_strs_has(&seen, word)) {
            mfa_error_set(error, "invalid value \"amr=" MFA_STR_FMT "\" in "
                          "\"trusted_identity\", it must be words of RFC "
                          "8176, each once, such as \"amr=hwk,mfa\"",
                          MFA_STR_ARG(text));
            return MFA_CONFIG;
        }

        if (mfa_strs_add(arena, &seen, word) != MFA_OK) {
            mfa_error_set(error, "out of memory");
            return MFA_NO_MEMORY;
        }

        mfa_buf_puts(&buf, buf.len > 0 ? " " : "");
        mfa_buf_put(&buf, word);
    }

    if (mfa_buf_str(&buf, &trusted->amr) != MFA_OK) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    return MFA_OK;
}


static mfa_status_t
trusted_network(mfa_trusted_t *trusted, mfa_str_t text, mfa_arena_t *arena,
    mfa_error_t *error)
{
    mfa_network_t   network, *items;
    mfa_networks_t *list = &trusted->networks;

    if (!mfa_network_parse(text, &network)) {
        mfa_error_set(error, "invalid network \"" MFA_STR_FMT "\" in "
                      "\"trusted_identity\"", MFA_STR_ARG(text));
        return MFA_CONFIG;
    }

    if (network.bits == 0) {
        mfa_error_set(error, "\"network=" MFA_STR_FMT "\" in "
                      "\"trusted_identity\" is everybody",
                      MFA_STR_ARG(text));
        return MFA_CONFIG;
    }

    items = mfa_arena_alloc(arena, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    if (list->count > 0) {
        memcpy(items, list->items, list->count * sizeof(*items));
    }

    items[list->count] = network;
    list->items = items;
    list->count++;

    return MFA_OK;
}


static const char *
source_fault(mfa_str_t name)
{
    size_t     i;
    mfa_str_t  known;

    static const char  client[] = "the client writes it";

    static const source_t  sources[] = {
        { "arg_", client },
        { "args", client },
        { "body_bytes_sent", "it names nobody" },
        { "content_length", client },
        { "content_type", client },
        { "cookie_", client },
        { "document_uri", client },
        { "host", client },
        { "is_args", client },
        { "mfa_", "it is what this module says itself" },
        { "query_string", client },
        { "remote_user", "the client writes it, whether or not a password "
          "was asked for" },
        { "request", client },
        { "request_body", client },
        { "request_uri", client },
        { "ssl_server_name", client },
        { "uri", client }
    };

    for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        known = mfa_str_from(sources[i].name);

        if (mfa_str_eq(name, known)
            || (known.data[known.len - 1] == '_'
                && mfa_str_has_prefix(name, known)))
        {
            return sources[i].why;
        }
    }

    return NULL;
}


static bool
is_variable_name(mfa_str_t name)
{
    char    c;
    size_t  i;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_'))
        {
            return false;
        }
    }

    return name.len > 0;
}


/* nginx reads names of variables in small letters */

static mfa_status_t
trusted_variable(mfa_trusted_t *trusted, mfa_str_t word, mfa_arena_t *arena,
    mfa_error_t *error)
{
    char        *name;
    size_t       i;
    const char  *fault;

    if (word.len < 2 || word.data[0] != '$') {
        mfa_error_set(error, "invalid variable \"" MFA_STR_FMT "\" in "
                      "\"trusted_identity\", it must be one, such as "
                      "\"$cert_user\"", MFA_STR_ARG(word));
        return MFA_CONFIG;
    }

    name = mfa_arena_alloc(arena, word.len);
    if (name == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    for (i = 1; i < word.len; i++) {
        name[i - 1] = word.data[i];

        if (name[i - 1] >= 'A' && name[i - 1] <= 'Z') {
            name[i - 1] = (char) (name[i - 1] - 'A' + 'a');
        }
    }

    trusted->variable = mfa_str_bytes(name, word.len - 1);

    if (!is_variable_name(trusted->variable)) {
        mfa_error_set(error, "invalid variable \"" MFA_STR_FMT "\" in "
                      "\"trusted_identity\", it must be one variable and "
                      "nothing else; a \"map\" can put them together",
                      MFA_STR_ARG(word));
        return MFA_CONFIG;
    }

    fault = source_fault(trusted->variable);

    if (fault != NULL) {
        mfa_error_set(error, "\"" MFA_STR_FMT "\" in \"trusted_identity\" "
                      "proves nothing: %s", MFA_STR_ARG(word), fault);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static mfa_status_t
trusted_word(mfa_trusted_t *trusted, mfa_str_t word, mfa_arena_t *arena,
    mfa_error_t *error)
{
    mfa_str_t  value;

    if (mfa_parse_named(word, "amr", &value) == MFA_OK
        && trusted->amr.len == 0)
    {
        return trusted_amr(trusted, value, arena, error);
    }

    if (mfa_parse_named(word, "network", &value) == MFA_OK) {
        return trusted_network(trusted, value, arena, error);
    }

    mfa_error_set(error, "invalid word \"" MFA_STR_FMT "\" in "
                  "\"trusted_identity\"", MFA_STR_ARG(word));

    return MFA_CONFIG;
}


MFA_OPTION_SETTER(mfa_trusted_set)
{
    size_t          i;
    mfa_realm_t    *realm = target;
    mfa_trusted_t  *trusted;
    mfa_status_t    st;

    (void) option;

    if (realm->trusted_count == MFA_TRUSTED_MAX || line->nargs == 0) {
        mfa_error_set(error, line->nargs == 0
                      ? "invalid number of arguments in \"trusted_identity\""
                      : "too many lines \"trusted_identity\"");
        return MFA_CONFIG;
    }

    trusted = &realm->trusted[realm->trusted_count];

    st = trusted_variable(trusted, line->args[0], arena, error);

    for (i = 1; st == MFA_OK && i < line->nargs; i++) {
        st = trusted_word(trusted, line->args[i], arena, error);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (trusted->amr.len == 0) {
        mfa_error_set(error, "\"trusted_identity\" needs \"amr=\": what "
                      "does \"" MFA_STR_FMT "\" prove?",
                      MFA_STR_ARG(line->args[0]));
        return MFA_CONFIG;
    }

    if (mfa_str_has_prefix(trusted->variable, mfa_str("http_"))
        && trusted->networks.count == 0)
    {
        mfa_error_set(error, "\"" MFA_STR_FMT "\" in \"trusted_identity\" "
                      "is a header that any client can send: name the "
                      "network of the proxy that sets it with \"network=\"",
                      MFA_STR_ARG(line->args[0]));
        return MFA_CONFIG;
    }

    realm->trusted_count++;

    return MFA_OK;
}


const mfa_trusted_t *
mfa_realm_trusted(const mfa_realm_t *realm, size_t *count)
{
    *count = realm->trusted_count;

    return realm->trusted;
}


mfa_status_t
mfa_trusted_proof(const mfa_realm_t *realm, mfa_str_t value,
    uint8_t proof[MFA_DIGEST_SIZE])
{
    uint8_t       parts[2 * MFA_DIGEST_SIZE];
    mfa_status_t  st;

    memset(proof, 0, MFA_DIGEST_SIZE);

    /* digests have one length: no value is half a name of a realm */

    st = mfa_sha256(realm->name, parts);

    if (st == MFA_OK) {
        st = mfa_sha256(value, parts + MFA_DIGEST_SIZE);
    }

    return (st == MFA_OK) ? mfa_sha256(mfa_str_bytes(parts, sizeof(parts)),
                                       proof)
                          : st;
}


mfa_verdict_t
mfa_trusted_judge(const mfa_realm_t *realm, const mfa_identity_t *identity,
    mfa_str_t value)
{
    uint8_t        proof[MFA_DIGEST_SIZE];
    mfa_verdict_t  verdict;

    verdict = MFA_VERDICT_DENY;

    if (value.len > 0
        && mfa_trusted_proof(realm, value, proof) != MFA_OK)
    {
        return MFA_VERDICT_DENY;
    }

    if (mfa_session_is_bound(identity->amr_bits, identity->proof,
                             value.len > 0 ? proof : NULL))
    {
        verdict = MFA_VERDICT_PASS;
    }

    return verdict;
}
