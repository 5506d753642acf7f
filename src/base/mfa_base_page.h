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

/* the translation, or text itself where there is none; NULL words is fine */
mfa_str_t mfa_words_get(const mfa_words_t *words, mfa_str_t text);

/* marks an English text in C that must be in every .po file */
#define MFA_WORD(text)  mfa_str(text)
#define MFA_WORD_STATIC(text)  mfa_str_static(text)


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
