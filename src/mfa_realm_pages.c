/*
 * What a realm shows: templates, words of each language, style sheet. Read
 * once, in the master and by nginx -t; changes nothing on disk.
 */

#include <errno.h>
#include <unistd.h>

#include "mfa_realm.h"


#define STYLE_MAX  (128 * 1024)


static mfa_status_t
no_memory(mfa_error_t *error)
{
    mfa_error_set(error, "out of memory");

    return MFA_NO_MEMORY;
}


static mfa_status_t
read_style(mfa_realm_t *realm, const char *path, mfa_str_t *style,
    mfa_error_t *error)
{
    char    *data;
    FILE    *file;
    size_t   len;

    data = mfa_arena_alloc(realm->arena, STYLE_MAX);
    if (data == NULL) {
        return no_memory(error);
    }

    file = fopen(path, "re");
    if (file == NULL) {
        mfa_error_set(error, "cannot read \"%s\" (%d: %s)", path, errno,
                      strerror(errno));
        return MFA_CONFIG;
    }

    len = fread(data, 1, STYLE_MAX, file);

    (void) fclose(file);        /* was only read */

    if (len == STYLE_MAX) {
        mfa_error_set(error, "\"%s\" is too large", path);
        return MFA_CONFIG;
    }

    *style = mfa_str_bytes(data, len);

    return MFA_OK;
}


/* FOLDER/NAME; data NULL where the folder is none or has no such file */

static mfa_str_t
file_in(mfa_realm_t *realm, mfa_str_t folder, const char *name)
{
    mfa_str_t  path;

    if (folder.len == 0) {
        return mfa_null;
    }

    path = mfa_arena_printf(realm->arena, MFA_STR_FMT "/%s",
                            MFA_STR_ARG(folder), name);

    return (path.data != NULL && access(path.data, F_OK) == 0) ? path
                                                               : mfa_null;
}


/* ours or the operator's in its place, the colours, the operator's more */

static mfa_status_t
read_styles(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_str_t     path, base, colours, more;
    mfa_status_t  st;

    path = file_in(realm, realm->brand.templates, "style.css");

    if (path.data == NULL) {
        path = mfa_arena_printf(realm->arena, MFA_STR_FMT "/style.css",
                                MFA_STR_ARG(realm->pages.html));
    }

    if (path.data == NULL) {
        return no_memory(error);
    }

    st = read_style(realm, path.data, &base, error);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_brand_style(&realm->brand, realm->arena, &realm->warnings,
                        &colours) != MFA_OK)
    {
        return no_memory(error);
    }

    more = mfa_str("");
    path = file_in(realm, realm->brand.templates, "brand.css");

    if (path.data != NULL) {
        st = read_style(realm, path.data, &more, error);
        if (st != MFA_OK) {
            return st;
        }
    }

    realm->page.style = mfa_arena_printf(realm->arena, MFA_STR_FMT MFA_STR_FMT
                                         MFA_STR_FMT, MFA_STR_ARG(base),
                                         MFA_STR_ARG(colours),
                                         MFA_STR_ARG(more));

    return realm->page.style.data != NULL ? MFA_OK : no_memory(error);
}


static mfa_status_t
read_templates(mfa_realm_t *realm, mfa_error_t *error)
{
    const char       *folder;
    mfa_status_t      st;
    mfa_templates_t  *shipped;

    folder = realm->brand.templates.len > 0 ? realm->brand.templates.data
                                            : NULL;

    st = mfa_templates_open(realm->pages.html.data, folder, error,
                            &realm->templates);
    if (st != MFA_OK || folder == NULL) {
        return st;
    }

    st = mfa_templates_open(realm->pages.html.data, NULL, error, &shipped);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_templates_cover(realm->templates, shipped, folder, error);

    mfa_templates_close(&shipped);

    return st;
}


/* the file of a language in a folder; *words NULL where there is none */

static mfa_status_t
open_words(mfa_realm_t *realm, mfa_str_t folder, mfa_str_t code,
    mfa_words_t **words, mfa_error_t *error)
{
    mfa_str_t     name, path;
    mfa_status_t  st;

    *words = NULL;

    name = mfa_arena_printf(realm->arena, MFA_STR_FMT ".po",
                            MFA_STR_ARG(code));
    if (name.data == NULL) {
        return no_memory(error);
    }

    path = file_in(realm, folder, name.data);
    if (path.data == NULL) {
        return MFA_OK;
    }

    st = mfa_words_open(path.data, error, words);
    if (st != MFA_OK) {
        return st;
    }

    /* kept before it is judged: freed with the realm */

    realm->words[realm->words_count++] = *words;

    return mfa_words_check(*words, path.data, error);
}


/* the operator's, then ours, then what there is in English */

static mfa_status_t
read_language(mfa_realm_t *realm, mfa_str_t code, const mfa_words_t *english,
    mfa_language_t *language, mfa_error_t *error)
{
    mfa_str_t      folder;
    mfa_words_t   *own, *ours;
    mfa_status_t   st;

    folder = mfa_arena_printf(realm->arena, MFA_STR_FMT "/text",
                              MFA_STR_ARG(realm->pages.html));
    if (folder.data == NULL) {
        return no_memory(error);
    }

    st = open_words(realm, folder, code, &ours, error);

    if (st == MFA_OK) {
        st = open_words(realm, realm->brand.words, code, &own, error);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (own == NULL && ours == NULL) {
        mfa_error_set(error, "there are no words for \"" MFA_STR_FMT "\" of "
                      "\"languages\": \"" MFA_STR_FMT ".po\" is neither in \""
                      MFA_STR_FMT "\" nor in the folder of \"words\"",
                      MFA_STR_ARG(code), MFA_STR_ARG(code),
                      MFA_STR_ARG(folder));
        return MFA_CONFIG;
    }

    language->code = code;
    language->name = mfa_null;

    if (own != NULL) {
        mfa_words_join(own, ours != NULL ? ours : english);
        language->name = mfa_words_header(own, "X-Language-Name");
    }

    if (ours != NULL) {
        mfa_words_join(ours, english);

        if (language->name.len == 0) {
            language->name = mfa_words_header(ours, "X-Language-Name");
        }
    }

    if (language->name.len == 0) {
        language->name = mfa_language_name(code);
    }

    if (language->name.len == 0) {
        mfa_error_set(error, "what \"" MFA_STR_FMT "\" calls itself is not "
                      "known: give its file a line \"X-Language-Name: NAME\" "
                      "in the header", MFA_STR_ARG(code));
        return MFA_CONFIG;
    }

    language->words = own != NULL ? own : ours;

    return MFA_OK;
}


static mfa_status_t
read_languages(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t            i;
    mfa_str_t         code;
    mfa_status_t      st;
    mfa_language_t    english;
    mfa_languages_t  *languages = &realm->languages;

    if (realm->brand.languages.count == 0
        && mfa_strs_add(realm->arena, &realm->brand.languages, mfa_str("en"))
           != MFA_OK)
    {
        return no_memory(error);
    }

    st = read_language(realm, mfa_str("en"), NULL, &english, error);
    if (st != MFA_OK) {
        return st;
    }

    languages->english = english.words;

    for (i = 0; i < realm->brand.languages.count; i++) {
        code = realm->brand.languages.items[i];

        if (mfa_str_eq_c(code, "en")) {
            languages->items[i] = english;

        } else {
            st = read_language(realm, code, english.words,
                               &languages->items[i], error);
            if (st != MFA_OK) {
                return st;
            }
        }

        languages->count++;
    }

    return MFA_OK;
}


mfa_status_t
mfa_realm_read_pages(mfa_realm_t *realm, mfa_error_t *error)
{
    mfa_status_t  st;

    st = read_templates(realm, error);

    if (st == MFA_OK) {
        st = read_languages(realm, error);
    }

    return (st == MFA_OK) ? read_styles(realm, error) : st;
}


void
mfa_realm_free_pages(mfa_realm_t *realm)
{
    size_t  i;

    mfa_templates_close(&realm->templates);

    for (i = 0; i < realm->words_count; i++) {
        mfa_words_close(&realm->words[i]);
    }
}
