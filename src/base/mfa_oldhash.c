/*
 * Password hashes that an import brought, in crypt(5) form.
 *
 * Only read, never made: a login replaces one by our own form. Forms that a
 * list of words breaks in no time (DES, NTLM) are not known here.
 */

#include "mfa_base.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>


#define OLDHASH_TEXT_MAX    256
#define OLDHASH_PHRASE_MAX  (CRYPT_MAX_PASSPHRASE_SIZE - 1)

/* what an imported line may make a thread do at most: about two seconds */
#define OLDHASH_ROUNDS_MAX  2000000
#define OLDHASH_BCRYPT_MAX  14
#define OLDHASH_YESCRYPT_N  'D'

typedef struct {
    mfa_str_t   prefix;
    size_t      last;           /* symbols after the last '$' */
    bool      (*is_cheap)(mfa_str_t rest);
} oldhash_form_t;


/* [rounds=N$]SALT$HASH */

static bool
oldhash_sha_is_cheap(mfa_str_t rest)
{
    int64_t    n;
    mfa_str_t  word, name;

    name = mfa_str("rounds=");
    word = mfa_str_split(&rest, '$');

    if (!mfa_str_has_prefix(word, name)) {
        return true;
    }

    word = mfa_str_bytes(word.data + name.len, word.len - name.len);

    return mfa_str_number(word, &n) == MFA_OK && n <= OLDHASH_ROUNDS_MAX;
}


/* COST$SALTHASH, the cost a power of two */

static bool
oldhash_bcrypt_is_cheap(mfa_str_t rest)
{
    int64_t  n;

    return mfa_str_number(mfa_str_split(&rest, '$'), &n) == MFA_OK
           && n <= OLDHASH_BCRYPT_MAX;
}


/* PARAMS$SALT$HASH, params as crypt_gensalt makes them: flavour, N, r */

static bool
oldhash_yescrypt_is_cheap(mfa_str_t rest)
{
    mfa_str_t  params;

    params = mfa_str_split(&rest, '$');

    return params.len == 3 && params.data[0] == 'j'
           && params.data[1] <= OLDHASH_YESCRYPT_N
           && params.data[2] <= 'T';
}


static bool
oldhash_any_is_cheap(mfa_str_t rest)
{
    (void) rest;

    return true;
}


static const oldhash_form_t  oldhash_forms[] = {
    { mfa_str_static("$2a$"), 53, oldhash_bcrypt_is_cheap   },
    { mfa_str_static("$2b$"), 53, oldhash_bcrypt_is_cheap   },
    { mfa_str_static("$2y$"), 53, oldhash_bcrypt_is_cheap   },
    { mfa_str_static("$y$"),  43, oldhash_yescrypt_is_cheap },
    { mfa_str_static("$6$"),  86, oldhash_sha_is_cheap      },
    { mfa_str_static("$5$"),  43, oldhash_sha_is_cheap      },
    { mfa_str_static("$1$"),  22, oldhash_any_is_cheap      },
};

#define OLDHASH_FORMS  (sizeof(oldhash_forms) / sizeof(oldhash_forms[0]))


static const oldhash_form_t *
oldhash_form(mfa_str_t encoded)
{
    size_t  i;

    for (i = 0; i < OLDHASH_FORMS; i++) {
        if (mfa_str_has_prefix(encoded, oldhash_forms[i].prefix)) {
            return &oldhash_forms[i];
        }
    }

    return NULL;
}


static bool
oldhash_is_symbol(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '.' && c <= '9');
}


/* number of symbols after the last '$' */

static size_t
oldhash_last(mfa_str_t s)
{
    size_t  n;

    for (n = 0; n < s.len && oldhash_is_symbol(s.data[s.len - n - 1]); n++) {
        /* void */
    }

    return n < s.len && s.data[s.len - n - 1] == '$' ? n : 0;
}


static bool
oldhash_copy(char *text, size_t size, mfa_str_t s)
{
    if (s.len >= size || memchr(s.data, '\0', s.len) != NULL) {
        return false;
    }

    memcpy(text, s.data, s.len);
    text[s.len] = '\0';

    return true;
}


bool
mfa_oldhash_is_known_form(mfa_str_t encoded)
{
    int                    rc;
    char                   text[OLDHASH_TEXT_MAX];
    mfa_str_t              rest;
    const oldhash_form_t  *form;

    form = oldhash_form(encoded);

    if (form == NULL || !oldhash_copy(text, sizeof(text), encoded)
        || oldhash_last(encoded) != form->last)
    {
        return false;
    }

    rest = mfa_str_bytes(encoded.data + form->prefix.len,
                         encoded.len - form->prefix.len);

    if (!form->is_cheap(rest)) {
        return false;
    }

    /* "legacy" is no reason: of those, the forms above are all we take */

    rc = crypt_checksalt(text);

    return rc == CRYPT_SALT_OK || rc == CRYPT_SALT_METHOD_LEGACY;
}


static mfa_status_t
oldhash_run(const char *phrase, mfa_str_t encoded, bool *is_same)
{
    int            size;
    char           text[OLDHASH_TEXT_MAX], *made;
    void          *data;
    mfa_str_t      result;
    mfa_status_t   st;

    *is_same = false;

    if (!oldhash_copy(text, sizeof(text), encoded)) {
        return MFA_DAMAGED;
    }

    data = NULL;
    size = 0;
    errno = 0;

    made = crypt_ra(phrase, text, &data, &size);
    st = MFA_OK;

    if (made == NULL) {
        st = errno == ENOMEM ? MFA_NO_MEMORY : MFA_DAMAGED;

    } else {
        result = mfa_str_from(made);
        *is_same = result.len == encoded.len
                   && mfa_equal_ct(result.data, encoded.data, encoded.len);
    }

    /* it keeps the phrase */

    if (data != NULL && size > 0) {
        mfa_wipe(data, (size_t) size);
    }

    free(data);

    return st;
}


/*
 * crypt(3) stops at a zero byte and has a limit of its own: such a password
 * is hashed as far as it goes, for the time it takes, and denied.
 */

mfa_status_t
mfa_oldhash_check(mfa_str_t password, mfa_str_t encoded,
    mfa_verdict_t *verdict)
{
    bool          is_whole, is_same;
    char          phrase[OLDHASH_PHRASE_MAX + 1];
    size_t        len;
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    is_whole = password.len <= OLDHASH_PHRASE_MAX
               && (password.len == 0
                   || memchr(password.data, '\0', password.len) == NULL);

    len = password.len < OLDHASH_PHRASE_MAX ? password.len
                                            : OLDHASH_PHRASE_MAX;
    if (len > 0) {
        memcpy(phrase, password.data, len);
    }

    phrase[len] = '\0';

    st = oldhash_run(phrase, encoded, &is_same);

    mfa_wipe(phrase, sizeof(phrase));

    if (st == MFA_OK && is_same && is_whole) {
        *verdict = MFA_VERDICT_PASS;
    }

    return st;
}
