/*
 * Templates: the tags in a text.
 *
 * Finds one tag after another and judges its form; what a tag does is the
 * business of mfa_template_parse.c.
 */

#include "mfa_template_parse.h"


static bool
is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_' || c == '-';
}


/* "a", "a.b" or "."; the name of a partial may be a path */

static bool
tag_name_is_valid(mfa_tag_kind_t kind, mfa_str_t name)
{
    char    last;
    size_t  i;

    if (kind == MFA_TAG_COMMENT || mfa_str_eq_c(name, ".")) {
        return kind != MFA_TAG_PARTIAL;
    }

    last = '.';

    for (i = 0; i < name.len; i++) {
        if (is_name_char(name.data[i])) {
            last = name.data[i];
            continue;
        }

        if (!is_name_char(last) || (name.data[i] != '.'
            && !(name.data[i] == '/' && kind == MFA_TAG_PARTIAL)))
        {
            return false;
        }

        last = name.data[i];
    }

    return is_name_char(last);
}


static mfa_tag_kind_t
tag_kind(char c)
{
    switch (c) {
    case '{':
    case '&':
        return MFA_TAG_RAW;
    case '#':
        return MFA_TAG_SECTION;
    case '^':
        return MFA_TAG_INVERTED;
    case '/':
        return MFA_TAG_CLOSE;
    case '>':
        return MFA_TAG_PARTIAL;
    case '!':
        return MFA_TAG_COMMENT;
    default:
        return MFA_TAG_VALUE;
    }
}


mfa_status_t
mfa_tag_next(mfa_str_t source, size_t from, mfa_tag_t *tag,
    const char **fault)
{
    size_t       inner;
    mfa_str_t    rest;
    const char  *found, *close;

    rest = mfa_str_bytes(source.data + from, source.len - from);

    found = (rest.len < 2) ? NULL : memmem(rest.data, rest.len, "{{", 2);
    if (found == NULL) {
        return MFA_NOT_FOUND;
    }

    *fault = "unclosed tag";

    tag->start = (size_t) (found - source.data);
    inner = tag->start + 2;

    if (inner == source.len) {
        return MFA_INVALID;
    }

    tag->kind = tag_kind(source.data[inner]);
    close = (source.data[inner] == '{') ? "}}}" : "}}";

    if (tag->kind != MFA_TAG_VALUE) {
        inner++;
    }

    rest = mfa_str_bytes(source.data + inner, source.len - inner);

    found = (rest.len == 0) ? NULL
                            : memmem(rest.data, rest.len, close,
                                     strlen(close));
    if (found == NULL) {
        return MFA_INVALID;
    }

    rest.len = (size_t) (found - rest.data);
    tag->name = mfa_str_trim(rest);
    tag->end = inner + rest.len + strlen(close);

    if (!tag_name_is_valid(tag->kind, tag->name)) {
        *fault = "unknown tag";
        return MFA_INVALID;
    }

    return MFA_OK;
}
