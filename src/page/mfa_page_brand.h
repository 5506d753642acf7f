/*
 * Pages, part: how they look and which languages they speak.
 *
 * Part of mfa_page.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_PAGE_BRAND_H
#define MFA_PAGE_BRAND_H

#pragma GCC visibility push(hidden)


typedef struct {
    uint8_t  red;
    uint8_t  green;
    uint8_t  blue;
} mfa_colour_t;

typedef struct {
    mfa_str_t  body;
    mfa_str_t  type;            /* "image/svg+xml"; empty: there is no logo */
    mfa_str_t  name;            /* "3f2a...d1.svg": a digest of the body */
} mfa_logo_t;

#define MFA_LOGO_MAX  (256 * 1024)

typedef struct {
    mfa_strs_t    languages;    /* empty: English */
    mfa_str_t     words;        /* folder of the operator's, or empty */
    mfa_str_t     templates;
    mfa_logo_t    logo;
    bool          has_colour;
    bool          has_dark;
    mfa_colour_t  colour;
    mfa_colour_t  dark;
} mfa_brand_settings_t;

extern const mfa_option_t  mfa_brand_options[];

/* which kind of picture it is, by its first bytes; NULL: none that we serve.
 * *suffix is that of its name */
const char *mfa_logo_type(mfa_str_t body, const char **suffix);

/* "#rrggbb", "#rgb" */
mfa_status_t mfa_colour_parse(mfa_str_t text, mfa_colour_t *colour)
    MFA_MUST_CHECK;

/* WCAG 2: contrast ratio in hundredths, 100 to 2100 */
unsigned mfa_colour_contrast(mfa_colour_t a, mfa_colour_t b);

/* the custom properties of style.css; what is hard to read on the pages goes
 * into warnings */
mfa_status_t mfa_brand_style(const mfa_brand_settings_t *brand,
    mfa_arena_t *arena, mfa_strs_t *warnings, mfa_str_t *style)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_PAGE_BRAND_H */
