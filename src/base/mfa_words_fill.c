/*
 * Words with values in them: what a translation must have of its text, and
 * the short ones that are put together without a template.
 */

#include "mfa_template_parse.h"


#define FILL_MAX  (16 * 1024)


/* has it the same value, escaped or not as there? */

static bool
has_value(mfa_str_t text, const mfa_tag_t *wanted)
{
    size_t       from;
    mfa_tag_t    tag;
    const char  *fault;

    from = 0;

    while (mfa_tag_next(text, from, &tag, &fault) == MFA_OK) {
        if (tag.kind == wanted->kind && mfa_str_eq(tag.name, wanted->name)) {
            return true;
        }

        from = tag.end;
    }

    return false;
}


/* MFA_OK: every value of text is in other too */

static mfa_status_t
values_in(mfa_str_t text, mfa_str_t other, mfa_str_t *value,
    const char **fault)
{
    size_t        from;
    mfa_tag_t     tag;
    mfa_status_t  st;

    from = 0;

    for ( ;; ) {
        st = mfa_tag_next(text, from, &tag, fault);
        if (st != MFA_OK) {
            *value = text;
            return (st == MFA_NOT_FOUND) ? MFA_OK : st;
        }

        *value = mfa_str_bytes(text.data + tag.start, tag.end - tag.start);

        if (tag.kind != MFA_TAG_VALUE && tag.kind != MFA_TAG_RAW) {
            *fault = "not a value:";
            return MFA_INVALID;
        }

        if (!has_value(other, &tag)) {
            *fault = NULL;
            return MFA_INVALID;
        }

        from = tag.end;
    }
}


const char *
mfa_words_fault(mfa_str_t text, mfa_str_t translation, mfa_str_t *value)
{
    const char  *fault;

    /* an entry without a translation says nothing */

    if (translation.len == 0) {
        return NULL;
    }

    if (values_in(translation, text, value, &fault) != MFA_OK) {
        return fault != NULL ? fault : "a value that \"msgid\" has not:";
    }

    if (values_in(text, translation, value, &fault) != MFA_OK) {
        return fault != NULL ? NULL : "a value is missing in \"msgstr\":";
    }

    return NULL;
}


mfa_str_t
mfa_words_fill(const mfa_words_t *words, mfa_str_t text,
    const mfa_pairs_t *values, mfa_arena_t *arena)
{
    size_t       from;
    mfa_buf_t    buf;
    mfa_str_t    found, out;
    mfa_tag_t    tag;
    const char  *fault;

    found = mfa_words_get(words, text);
    from = 0;

    if (mfa_tag_next(found, from, &tag, &fault) != MFA_OK) {
        return found;
    }

    mfa_buf_init(&buf, arena, FILL_MAX);

    while (mfa_tag_next(found, from, &tag, &fault) == MFA_OK) {
        mfa_buf_put(&buf, mfa_str_bytes(found.data + from, tag.start - from));
        mfa_buf_put(&buf, mfa_pairs_get(values, tag.name));

        from = tag.end;
    }

    mfa_buf_put(&buf, mfa_str_bytes(found.data + from, found.len - from));

    return (mfa_buf_str(&buf, &out) == MFA_OK) ? out : mfa_null;
}
