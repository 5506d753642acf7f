/*
 * Languages: their tags, and which of a few somebody would rather read.
 *
 * Headers and addresses come from anybody: whatever is in them, the answer
 * is one of the languages that were configured, or none.
 */

#include "mfa_base.h"


#define ACCEPT_MOST     64      /* ranges of a header that are looked at */
#define QUALITY_ONE     1000    /* q=1, in thousandths */
#define QUALITY_DIGITS  3


static bool
is_small(char c)
{
    return c >= 'a' && c <= 'z';
}


static char
to_small(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char) (c - 'A' + 'a') : c;
}


static bool
is_alnum(char c)
{
    return is_small(to_small(c)) || (c >= '0' && c <= '9');
}


bool
mfa_language_is_tag(mfa_str_t s)
{
    size_t     i, first;
    mfa_str_t  part;

    if (s.len > MFA_LANGUAGE_MAX) {
        return false;
    }

    part = mfa_str_split(&s, '-');
    first = part.len;

    for (i = 0; i < part.len; i++) {
        if (!is_small(part.data[i])) {
            return false;
        }
    }

    while (s.data != NULL) {
        part = mfa_str_split(&s, '-');

        if (part.len == 0 || part.len > 8) {
            return false;
        }

        for (i = 0; i < part.len; i++) {
            if (!is_alnum(part.data[i])) {
                return false;
            }
        }
    }

    return first == 2 || first == 3;
}


mfa_str_t
mfa_language_name(mfa_str_t code)
{
    size_t     i;
    mfa_str_t  first;

    static const mfa_pair_t  names[] = {
        { mfa_str_static("cs"), mfa_str_static("Čeština") },
        { mfa_str_static("cy"), mfa_str_static("Cymraeg") },
        { mfa_str_static("da"), mfa_str_static("Dansk") },
        { mfa_str_static("de"), mfa_str_static("Deutsch") },
        { mfa_str_static("en"), mfa_str_static("English") },
        { mfa_str_static("es"), mfa_str_static("Español") },
        { mfa_str_static("fi"), mfa_str_static("Suomi") },
        { mfa_str_static("fr"), mfa_str_static("Français") },
        { mfa_str_static("ga"), mfa_str_static("Gaeilge") },
        { mfa_str_static("gd"), mfa_str_static("Gàidhlig") },
        { mfa_str_static("hu"), mfa_str_static("Magyar") },
        { mfa_str_static("it"), mfa_str_static("Italiano") },
        { mfa_str_static("lt"), mfa_str_static("Lietuvių") },
        { mfa_str_static("nb"), mfa_str_static("Norsk bokmål") },
        { mfa_str_static("nl"), mfa_str_static("Nederlands") },
        { mfa_str_static("pl"), mfa_str_static("Polski") },
        { mfa_str_static("pt"), mfa_str_static("Português") },
        { mfa_str_static("ro"), mfa_str_static("Română") },
        { mfa_str_static("sk"), mfa_str_static("Slovenčina") },
        { mfa_str_static("sv"), mfa_str_static("Svenska") },
        { mfa_str_static("uk"), mfa_str_static("Українська") }
    };

    first = mfa_str_split(&code, '-');

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (mfa_str_eq(names[i].name, first)) {
            return names[i].value;
        }
    }

    return mfa_null;
}


static bool
is_same(mfa_str_t a, mfa_str_t b)
{
    size_t  i;

    for (i = 0; i < a.len && i < b.len; i++) {
        if (to_small(a.data[i]) != to_small(b.data[i])) {
            return false;
        }
    }

    return a.len == b.len;
}


/* without its last part, and without a single letter that would be the last
 * then */

static mfa_str_t
tag_cut(mfa_str_t tag)
{
    while (tag.len > 0 && tag.data[tag.len - 1] != '-') {
        tag.len--;
    }

    if (tag.len > 0) {
        tag.len--;
    }

    if (tag.len > 1 && tag.data[tag.len - 2] == '-') {
        tag.len -= 2;
    }

    return tag;
}


const mfa_language_t *
mfa_language_find(const mfa_languages_t *languages, mfa_str_t tag)
{
    size_t  i;

    if (tag.len > MFA_LANGUAGE_MAX) {
        return NULL;
    }

    while (tag.len > 0) {
        for (i = 0; i < languages->count; i++) {
            if (is_same(languages->items[i].code, tag)) {
                return &languages->items[i];
            }
        }

        tag = tag_cut(tag);
    }

    return NULL;
}


/* "0.85" in thousandths; 0 for what is none, which asks for nothing */

static unsigned
quality_read(mfa_str_t text)
{
    size_t     i;
    unsigned   value, digit;

    if (text.len == 0 || text.len > QUALITY_DIGITS + 2
        || (text.data[0] != '0' && text.data[0] != '1')
        || (text.len > 1 && text.data[1] != '.'))
    {
        return 0;
    }

    value = (text.data[0] == '1') ? QUALITY_ONE : 0;
    digit = QUALITY_ONE / 10;

    for (i = 2; i < text.len; i++, digit /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }

        value += digit * (unsigned) (text.data[i] - '0');
    }

    return value <= QUALITY_ONE ? value : 0;
}


/* of "cy-GB;q=0.8": *tag and its weight */

static unsigned
range_read(mfa_str_t range, mfa_str_t *tag)
{
    mfa_str_t  name, value;

    *tag = mfa_str_trim(mfa_str_split(&range, ';'));

    if (range.data == NULL) {
        return QUALITY_ONE;
    }

    value = range;
    name = mfa_str_trim(mfa_str_split(&value, '='));

    return (mfa_str_eq_c(name, "q") || mfa_str_eq_c(name, "Q"))
           ? quality_read(mfa_str_trim(value)) : 0;
}


const mfa_language_t *
mfa_language_accept(const mfa_languages_t *languages, mfa_str_t header)
{
    unsigned               seen, quality, best;
    mfa_str_t              tag;
    const mfa_language_t  *found, *chosen;

    chosen = NULL;
    best = 0;

    for (seen = 0; header.len > 0 && seen < ACCEPT_MOST; seen++) {
        quality = range_read(mfa_str_split(&header, ','), &tag);

        /* "*" asks for none in particular */

        if (quality <= best) {
            continue;
        }

        found = mfa_language_find(languages, tag);

        if (found != NULL) {
            chosen = found;
            best = quality;
        }
    }

    return chosen;
}
