/*
 * What the files of the template engine share; private to them.
 *
 * A template is a flat array of nodes. A block (section, words) is its node
 * and the nodes after it, up to "end".
 */

#ifndef MFA_TEMPLATE_PARSE_H
#define MFA_TEMPLATE_PARSE_H

#include "mfa_base.h"

#pragma GCC visibility push(hidden)


/* sections inside sections of one template */
#define MFA_TEMPLATE_DEPTH_MAX  32


typedef enum {
    MFA_TAG_VALUE,
    MFA_TAG_RAW,
    MFA_TAG_SECTION,
    MFA_TAG_INVERTED,
    MFA_TAG_CLOSE,
    MFA_TAG_PARTIAL,
    MFA_TAG_COMMENT
} mfa_tag_kind_t;

typedef struct {
    mfa_tag_kind_t  kind;
    mfa_str_t       name;
    size_t          start;      /* of its "{{" */
    size_t          end;        /* after its "}}" */
} mfa_tag_t;

/*
 * The next tag of source at or after from. MFA_NOT_FOUND: there is none.
 * MFA_INVALID: fault says what is wrong with the one at tag->start.
 */
mfa_status_t mfa_tag_next(mfa_str_t source, size_t from, mfa_tag_t *tag,
    const char **fault) MFA_MUST_CHECK;


typedef enum {
    MFA_NODE_TEXT,          /* text as it stands */
    MFA_NODE_VALUE,         /* {{name}} */
    MFA_NODE_RAW,           /* {{{name}}}, {{&name}} */
    MFA_NODE_SECTION,       /* {{#name}} */
    MFA_NODE_INVERTED,      /* {{^name}} */
    MFA_NODE_PARTIAL,       /* {{>name}} */
    MFA_NODE_WORDS          /* {{#t}}text{{/t}} */
} mfa_node_kind_t;

typedef struct {
    mfa_node_kind_t  kind;
    mfa_str_t        text;      /* the text, or the name */
    mfa_str_t        indent;    /* of a partial that has a line of its own */
    size_t           end;       /* the node after a block */
    size_t           partial;   /* its place in the set */
    size_t           at;        /* where it stands in the source */
} mfa_node_t;

typedef struct {
    mfa_str_t    name;          /* "mail/code.txt" */
    const char  *path;          /* of the file, for messages */
    mfa_str_t    source;
    mfa_node_t  *nodes;
    size_t       count;
    size_t       size;          /* room in nodes */
    unsigned     height;        /* partials below it, and itself */
    bool         is_open;       /* its partials are being followed now */
} mfa_template_t;

struct mfa_templates_s {
    mfa_arena_t     *arena;
    mfa_template_t  *items;     /* sorted by name */
    size_t           count;
};

/* NULL when there is none of that name */
const mfa_template_t *mfa_template_find(const mfa_templates_t *set,
    mfa_str_t name);

/* fills the nodes of tpl from its source; they borrow from it */
mfa_status_t mfa_template_parse(mfa_arena_t *arena, mfa_template_t *tpl,
    mfa_error_t *error) MFA_MUST_CHECK;

/* the same for a translated text, which may hold nothing but values */
mfa_status_t mfa_template_parse_words(mfa_arena_t *arena, mfa_template_t *tpl)
    MFA_MUST_CHECK;

/*
 * What is wrong with a translation: a tag that is none, a value that its text
 * has not, or the other way round; *value is that tag. NULL: nothing.
 */
const char *mfa_words_fault(mfa_str_t text, mfa_str_t translation,
    mfa_str_t *value);

/* MFA_CONFIG and the message: WHAT "NAME" in FILE:LINE; NULL error is fine */
mfa_status_t mfa_template_fault(const mfa_template_t *tpl, size_t at,
    const char *what, mfa_str_t name, mfa_error_t *error) MFA_MUST_CHECK;


typedef enum {
    MFA_VALUE_STR,
    MFA_VALUE_FLAG,
    MFA_VALUE_MAP,
    MFA_VALUE_LIST
} mfa_value_kind_t;

struct mfa_value_s {
    mfa_value_kind_t  kind;
    mfa_str_t         name;
    mfa_str_t         text;     /* of a string */
    bool              flag;
    mfa_arena_t      *arena;
    mfa_value_t      *first;    /* what a map or a list holds */
    mfa_value_t      *last;
    mfa_value_t      *next;     /* beside it */
};

/* NULL when value is no map or has no such name */
const mfa_value_t *mfa_value_get(const mfa_value_t *value, mfa_str_t name);


#pragma GCC visibility pop

#endif /* MFA_TEMPLATE_PARSE_H */
