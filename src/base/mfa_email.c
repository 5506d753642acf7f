/*
 * E-mail addresses: the one canonical form that is stored and compared.
 *
 * Narrower than RFC 5321 on purpose. A form that two programs may read in
 * two ways (quoted, commented, folded, routed, Unicode) is refused and never
 * repaired, because a reset mail must not reach a look-alike.
 */

#include "mfa_base.h"


#define EMAIL_LOCAL_MAX  64
#define EMAIL_LABEL_MAX  63


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}


static bool
is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


/* atext of RFC 5322 section 3.2.3 */

static bool
is_atext(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}


/*
 * A line break is not white space that a person typed around an address: it
 * is the start of a header, so it is left to be refused.
 */

static mfa_str_t
email_trim(mfa_str_t s)
{
    while (s.len != 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len != 0
           && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
    {
        s.len--;
    }

    return s;
}


static bool
email_local_is_valid(mfa_str_t local)
{
    size_t  i;

    if (local.len == 0 || local.len > EMAIL_LOCAL_MAX
        || local.data[0] == '.' || local.data[local.len - 1] == '.')
    {
        return false;
    }

    for (i = 0; i < local.len; i++) {
        if (local.data[i] == '.') {
            if (local.data[i - 1] == '.') {
                return false;
            }

        } else if (!is_atext(local.data[i])) {
            return false;
        }
    }

    return true;
}


static bool
email_label_is_valid(mfa_str_t label)
{
    size_t  i;

    if (label.len == 0 || label.len > EMAIL_LABEL_MAX
        || label.data[0] == '-' || label.data[label.len - 1] == '-')
    {
        return false;
    }

    for (i = 0; i < label.len; i++) {
        if (!is_alnum(label.data[i]) && label.data[i] != '-') {
            return false;
        }
    }

    return true;
}


static bool
email_is_number(mfa_str_t label)
{
    size_t  i;

    for (i = 0; i < label.len; i++) {
        if (!is_digit(label.data[i])) {
            return false;
        }
    }

    return true;
}


static bool
email_domain_is_valid(mfa_str_t domain)
{
    size_t     dots;
    mfa_str_t  label;

    for (dots = 0; memchr(domain.data, '.', domain.len) != NULL; dots++) {
        label = mfa_str_split(&domain, '.');

        if (!email_label_is_valid(label)) {
            return false;
        }
    }

    /* RFC 1123 section 2.1: the last label is not a number; 127.0.0.1 is */

    return dots != 0 && email_label_is_valid(domain)
           && !email_is_number(domain);
}


static char
email_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char) (c | 0x20) : c;
}


mfa_status_t
mfa_email_canonical(mfa_arena_t *arena, mfa_str_t typed, mfa_str_t *out)
{
    char       *data;
    size_t      i;
    mfa_str_t   text, local, domain;

    *out = mfa_null;

    text = email_trim(typed);
    if (text.len == 0 || text.len > MFA_EMAIL_MAX) {
        return MFA_INVALID;
    }

    domain = text;
    local = mfa_str_split(&domain, '@');

    if (domain.len == 0 || !email_local_is_valid(local)
        || !email_domain_is_valid(domain))
    {
        return MFA_INVALID;
    }

    data = mfa_arena_alloc(arena, text.len + 1);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < text.len; i++) {
        data[i] = email_lower(text.data[i]);
    }

    *out = mfa_str_bytes(data, text.len);

    return MFA_OK;
}
