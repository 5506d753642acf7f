/*
 * Templates of an operator beside ours: every field and button that a page
 * needs is still in it.
 *
 * Reads tags of HTML as our templates write them, name="..." in quotes, and
 * knows nothing of sections: a field that stands in one counts. So it finds
 * what was forgotten, not what was hidden on purpose.
 */

#include "mfa_template_parse.h"


typedef struct {
    mfa_str_t  name;
    mfa_str_t  value;           /* of buttons; else empty */
} field_t;

typedef struct {
    const mfa_templates_t  *set;
    const mfa_templates_t  *other;      /* in which each is looked for */
    const mfa_template_t   *tpl;        /* there */
    field_t                 missing;
} cover_t;


static bool
is_control(mfa_str_t tag)
{
    size_t  i;

    static const char *const  names[] = {
        "<input ", "<button ", "<select ", "<textarea "
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (mfa_str_has_prefix(tag, mfa_str_from(names[i]))) {
            return true;
        }
    }

    return false;
}


/* the value of ` name="value"`; empty: it has none, or one that is made */

static mfa_str_t
attribute(mfa_str_t tag, mfa_str_t mark)
{
    mfa_str_t    rest, value;
    const char  *found;

    found = memmem(tag.data, tag.len, mark.data, mark.len);
    if (found == NULL) {
        return mfa_null;
    }

    found += mark.len;
    rest = mfa_str_bytes(found, tag.len - (size_t) (found - tag.data));
    value = mfa_str_split(&rest, '"');

    return memchr(value.data, '{', value.len) == NULL ? value : mfa_null;
}


/* the next control of source that has a name; false: there is none */

static bool
field_next(mfa_str_t *source, field_t *field)
{
    mfa_str_t    tag;
    const char  *found;

    while (source->len > 0) {
        found = memchr(source->data, '<', source->len);
        if (found == NULL) {
            return false;
        }

        tag = mfa_str_bytes(found, source->len
                                   - (size_t) (found - source->data));
        *source = mfa_str_bytes(tag.data + 1, tag.len - 1);

        if (!is_control(tag)) {
            continue;
        }

        found = memchr(tag.data, '>', tag.len);
        if (found != NULL) {
            tag.len = (size_t) (found - tag.data);
        }

        field->name = attribute(tag, mfa_str(" name=\""));
        field->value = mfa_str_has_prefix(tag, mfa_str("<button "))
                       ? attribute(tag, mfa_str(" value=\"")) : mfa_null;

        if (field->name.len > 0) {
            return true;
        }
    }

    return false;
}


static bool
has_field(const mfa_templates_t *set, const mfa_template_t *tpl,
    const field_t *wanted)
{
    size_t     i;
    field_t    field;
    mfa_str_t  source;

    source = tpl->source;

    while (field_next(&source, &field)) {
        if (mfa_str_eq(field.name, wanted->name)
            && mfa_str_eq(field.value, wanted->value))
        {
            return true;
        }
    }

    for (i = 0; i < tpl->count; i++) {
        if (tpl->nodes[i].kind == MFA_NODE_PARTIAL
            && has_field(set, &set->items[tpl->nodes[i].partial], wanted))
        {
            return true;
        }
    }

    return false;
}


/* is every field of this one, of its set, in the other too? */

static bool
is_covered(cover_t *cover, const mfa_template_t *tpl)
{
    size_t     i;
    mfa_str_t  source;

    source = tpl->source;

    while (field_next(&source, &cover->missing)) {
        if (!has_field(cover->other, cover->tpl, &cover->missing)) {
            return false;
        }
    }

    for (i = 0; i < tpl->count; i++) {
        if (tpl->nodes[i].kind == MFA_NODE_PARTIAL
            && !is_covered(cover, &cover->set->items[tpl->nodes[i].partial]))
        {
            return false;
        }
    }

    return true;
}


static mfa_status_t
cover_fault(const cover_t *cover, mfa_error_t *error)
{
    char         what[160];
    const char  *form;

    form = memmem(cover->tpl->source.data, cover->tpl->source.len, "<form",
                  5);

    (void) snprintf(what, sizeof(what), "missing field%s" MFA_STR_FMT "%s",
                    cover->missing.value.len > 0 ? " with the value '" : "",
                    MFA_STR_ARG(cover->missing.value),
                    cover->missing.value.len > 0 ? "'" : "");

    return mfa_template_fault(cover->tpl, form == NULL ? 0
                              : (size_t) (form - cover->tpl->source.data),
                              what, cover->missing.name, error);
}


mfa_status_t
mfa_templates_cover(const mfa_templates_t *set,
    const mfa_templates_t *shipped, const char *override_dir,
    mfa_error_t *error)
{
    size_t                 i, len;
    cover_t                cover = { .set = shipped, .other = set };
    const mfa_template_t  *ours;

    len = strlen(override_dir);

    for (i = 0; i < set->count; i++) {
        cover.tpl = &set->items[i];

        if (strncmp(cover.tpl->path, override_dir, len) != 0
            || cover.tpl->path[len] != '/')
        {
            continue;
        }

        ours = mfa_template_find(shipped, cover.tpl->name);

        if (ours != NULL && !is_covered(&cover, ours)) {
            return cover_fault(&cover, error);
        }
    }

    return MFA_OK;
}
