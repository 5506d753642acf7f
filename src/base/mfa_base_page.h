/*
 * The base: words, values, templates.
 *
 * Part of mfa_base.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_BASE_PAGE_H
#define MFA_BASE_PAGE_H

#pragma GCC visibility push(hidden)


/*
 * words: what people read, in a language. One gettext .po file a language,
 * the msgid is the English text. Read once, then read-only.
 */

typedef struct mfa_words_s  mfa_words_t;

/* reads DIR/LANG.po (blocks); the error names file and line */
mfa_status_t mfa_words_open(const char *path, mfa_error_t *error,
    mfa_words_t **words) MFA_MUST_CHECK;
void mfa_words_close(mfa_words_t **words);

/* what is not in words is looked up in base, which lives as long */
void mfa_words_join(mfa_words_t *words, const mfa_words_t *base);

/* the translation, or text itself where there is none; NULL words is fine */
mfa_str_t mfa_words_get(const mfa_words_t *words, mfa_str_t text);

/* the translation with the values that it names; none: nothing is put */
mfa_str_t mfa_words_fill(const mfa_words_t *words, mfa_str_t text,
    const mfa_pairs_t *values, mfa_arena_t *arena);

/* of the header, "X-Language-Name"; empty: there is none */
mfa_str_t mfa_words_header(const mfa_words_t *words, const char *name);

/* does each translation have the values of its text, and no others? Path is
 * for the message. MFA_CONFIG with file and line */
mfa_status_t mfa_words_check(const mfa_words_t *words, const char *path,
    mfa_error_t *error) MFA_MUST_CHECK;

/* marks an English text in C that must be in every .po file */
#define MFA_WORD(text)  mfa_str(text)
#define MFA_WORD_STATIC(text)  mfa_str_static(text)


/*
 * languages of a realm: the first is the one of whoever wants none of them
 */

#define MFA_LANGUAGES_MAX  16
#define MFA_LANGUAGE_MAX   35       /* bytes of a tag (RFC 5646) */

typedef struct {
    mfa_str_t           code;       /* "cy", as configured */
    mfa_str_t           name;       /* "Cymraeg" */
    const mfa_words_t  *words;
} mfa_language_t;

typedef struct {
    mfa_language_t      items[MFA_LANGUAGES_MAX];
    size_t              count;
    const mfa_words_t  *english;    /* for who cannot say another */
} mfa_languages_t;

/* "cy", "en-GB", "zh-Hant-TW": two or three small letters, then parts */
bool mfa_language_is_tag(mfa_str_t s);

/* what it calls itself; empty: not known here */
mfa_str_t mfa_language_name(mfa_str_t code);

/* RFC 4647 lookup: "cy-GB" finds "cy"; whatever the case. NULL: none */
const mfa_language_t *mfa_language_find(const mfa_languages_t *languages,
    mfa_str_t tag);

/* of an Accept-Language header (RFC 9110 12.5.4), whatever it holds; NULL: it
 * asks for none of them */
const mfa_language_t *mfa_language_accept(const mfa_languages_t *languages,
    mfa_str_t header);


/* dates where the server stands: "12 March 2027", "12 March 2027, 09:30 GMT";
 * empty where there is none */
mfa_str_t mfa_date_day(const mfa_words_t *words, mfa_time_t at,
    mfa_arena_t *arena);
mfa_str_t mfa_date_moment(const mfa_words_t *words, mfa_time_t at,
    mfa_arena_t *arena);
mfa_str_t mfa_date_utc(const mfa_words_t *words, mfa_time_t at,
    mfa_arena_t *arena);

/* a moment for whoever will know the language: a number, and back. MFA_INVALID:
 * it is no such number. Empty for 0 */
mfa_str_t mfa_date_pack(mfa_time_t at, mfa_arena_t *arena);
mfa_status_t mfa_date_unpack(mfa_str_t text, mfa_time_t *at) MFA_MUST_CHECK;


/*
 * values for a template: a tree in an arena. Builders tolerate NULL and
 * leave the failure to the arena, which the rendering looks at.
 * Names and strings are borrowed.
 */

typedef struct mfa_value_s  mfa_value_t;

mfa_value_t *mfa_value_map(mfa_arena_t *arena);
void mfa_value_set_str(mfa_value_t *map, const char *name, mfa_str_t s);
void mfa_value_set_flag(mfa_value_t *map, const char *name, bool flag);
mfa_value_t *mfa_value_set_map(mfa_value_t *map, const char *name);
mfa_value_t *mfa_value_set_list(mfa_value_t *map, const char *name);
mfa_value_t *mfa_value_add_map(mfa_value_t *list);      /* one more item */


/*
 * templates: Mustache (the specification's interpolation, sections,
 * inverted sections, partials and comments; no lambdas, no set delimiters),
 * HTML-escaping on for {{name}}, off for {{{name}}} and {{&name}}.
 *
 * One addition: {{#t}}English text with {{name}}{{/t}} looks the inner
 * text up in the words, white space folded, and renders what it finds as a
 * template with the same values. A nested section inside t is an error.
 *
 * In templates whose name ends in ".txt" nothing is escaped.
 */

typedef struct mfa_templates_s  mfa_templates_t;

/*
 * Reads all *.html and *.txt below dir, also in sub-folders (blocks). Files
 * of the same relative name in override win; override may be NULL. Names
 * are relative paths with suffix: "login.html", "mail/code.txt"; a partial
 * {{> head}} is "head" plus the suffix of the template that names it.
 * MFA_CONFIG with file and line for: an unclosed tag or section, a partial
 * that does not exist or calls itself, an unknown tag kind.
 */
mfa_status_t mfa_templates_open(const char *dir, const char *override_dir,
    mfa_error_t *error, mfa_templates_t **set) MFA_MUST_CHECK;
void mfa_templates_close(mfa_templates_t **set);

/*
 * Has each template of override_dir in set every form field and button that
 * the one of the same name in shipped has, partials included? MFA_CONFIG with
 * the file and the line of the form.
 */
mfa_status_t mfa_templates_cover(const mfa_templates_t *set,
    const mfa_templates_t *shipped, const char *override_dir,
    mfa_error_t *error) MFA_MUST_CHECK;

#define MFA_PAGE_MAX  (256 * 1024)

/* MFA_NOT_FOUND: no such template */
mfa_status_t mfa_template_render(const mfa_templates_t *set, mfa_str_t name,
    const mfa_value_t *values, const mfa_words_t *words, mfa_arena_t *arena,
    mfa_str_t *out) MFA_MUST_CHECK;

/* calls fn with each text inside {{#t}}, folded; for the test of words */
void mfa_templates_each_word(const mfa_templates_t *set,
    void (*fn)(mfa_str_t text, void *arg), void *arg);

#pragma GCC visibility pop

#endif /* MFA_BASE_PAGE_H */
