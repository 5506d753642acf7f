/*
 * The options of the pages: applications, recommended apps, templates.
 */

#include "mfa_page.h"


/* a word for each: which kind of entry to add there */

static const mfa_app_t  default_apps[] = {
    { mfa_str_static("Google Authenticator"),
      MFA_WORD_STATIC("Press the plus sign, then Scan a QR code.") },
    { mfa_str_static("Microsoft Authenticator"),
      MFA_WORD_STATIC("Press the plus sign, then Other account - not Work or "
                      "school account.") },
    { MFA_WORD_STATIC("Your phone's own password app"),
      MFA_WORD_STATIC("Passwords on an iPhone, or the password manager of "
                      "your phone: save this site there first if it is not "
                      "listed, then choose Set up verification code.") }
};


void
mfa_page_defaults(mfa_page_settings_t *settings)
{
    size_t  i;

    settings->html = mfa_str(MFA_DATA_DIR "/html");

    for (i = 0; i < sizeof(default_apps) / sizeof(default_apps[0]); i++) {
        settings->apps[i] = default_apps[i];
    }
}


static mfa_status_t
application_words(const mfa_line_t *line, mfa_application_t *application,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t     i;
    mfa_str_t  group;

    application->label = application->name;

    for (i = 2; i < line->nargs; i++) {
        if (mfa_parse_named(line->args[i], "group", &group) == MFA_OK) {
            if (group.len > 0
                && mfa_strs_add(arena, &application->groups, group) == MFA_OK)
            {
                continue;
            }

        } else if (i == 2 && line->args[i].len > 0) {
            application->label = line->args[i];
            continue;
        }

        mfa_error_set(error, "invalid parameter \"" MFA_STR_FMT "\" in "
                      "\"application\"", MFA_STR_ARG(line->args[i]));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


/* "/ess/", or "https://pay.example.net/ess/" on another host */

static mfa_status_t
application_place(mfa_str_t word, mfa_application_t *application,
    mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_str_t     rest, origin;
    mfa_status_t  st;

    application->link = word;
    application->path = word;

    if (mfa_str_has_prefix(word, mfa_str("https://"))
        || mfa_str_has_prefix(word, mfa_str("http://")))
    {
        rest = word;
        (void) mfa_str_split(&rest, ':');
        rest.data += 2;
        rest.len -= 2;
        (void) mfa_str_split(&rest, '/');

        origin = word;
        application->path = mfa_str("/");

        if (rest.data != NULL) {
            origin.len -= rest.len + 1;
            application->path = mfa_str_bytes(rest.data - 1, rest.len + 1);
        }

        st = mfa_origin_parse(arena, origin, &application->origin);

        if (st != MFA_OK) {
            mfa_error_set(error, "invalid address \"" MFA_STR_FMT "\" in "
                          "\"application\", it must be https, a host, and a "
                          "path", MFA_STR_ARG(word));
            return st == MFA_INVALID ? MFA_CONFIG : st;
        }
    }

    /* "/" of public_url holds the portal too */

    if (mfa_target_is_safe(application->path,
                           application->origin.text.len > 0 ? mfa_null
                                                            : mfa_str("//")))
    {
        return MFA_OK;
    }

    mfa_error_set(error, "invalid path \"" MFA_STR_FMT "\" in "
                  "\"application\", it must begin with \"/\"",
                  MFA_STR_ARG(application->path));

    return MFA_CONFIG;
}


static mfa_status_t
set_application(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    size_t                i;
    mfa_status_t          st;
    mfa_application_t    *application;
    mfa_page_settings_t  *settings = target;

    (void) option;

    if (line->nargs < 2) {
        mfa_error_set(error, "invalid number of arguments in \"application\" "
                      "directive");
        return MFA_CONFIG;
    }

    if (settings->application_count == MFA_APPLICATIONS_MAX) {
        mfa_error_set(error, "too many \"application\" directives");
        return MFA_CONFIG;
    }

    for (i = 0; i < settings->application_count; i++) {
        if (mfa_str_eq(settings->applications[i].name, line->args[0])) {
            mfa_error_set(error, "duplicate application \"" MFA_STR_FMT "\"",
                          MFA_STR_ARG(line->args[0]));
            return MFA_CONFIG;
        }
    }

    application = &settings->applications[settings->application_count];

    application->name = line->args[0];

    st = application_place(line->args[1], application, arena, error);
    if (st != MFA_OK) {
        return st;
    }

    settings->application_count++;

    return application_words(line, application, arena, error);
}


/* the first line of the operator's own replaces ours */

static mfa_status_t
set_app(const mfa_option_t *option, const mfa_line_t *line, void *target,
    mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_app_t            *app;
    mfa_page_settings_t  *settings = target;

    (void) option;
    (void) arena;

    if (line->nargs < 1 || line->nargs > 2 || line->args[0].len == 0) {
        mfa_error_set(error, "invalid number of arguments in \"app\" "
                      "directive");
        return MFA_CONFIG;
    }

    if (settings->app_count == MFA_APPS_MAX) {
        mfa_error_set(error, "too many \"app\" directives");
        return MFA_CONFIG;
    }

    app = &settings->apps[settings->app_count++];

    app->name = line->args[0];
    app->hint = (line->nargs == 2) ? line->args[1] : mfa_null;

    return MFA_OK;
}


const mfa_option_t  mfa_page_options[] = {

    { .name = "application",
      .syntax = "NAME PATH|URL [LABEL] [group=NAME...]",
      .help = "An application behind the gate, for the tiles and the texts. "
              "With an address such as https://pay.example.net/ it is on "
              "another host, which has a portal of its own. group= hides its "
              "tile from others; mfa_allow decides who passes.",
      .set = set_application,
      .is_many = 1 },

    { .name = "cookie_domain",
      .syntax = "DOMAIN",
      .fallback = "none: each host has its own cookies",
      .help = "One set of cookies for public_url and all hosts below this "
              "domain, so that no ticket is needed between them. Every host "
              "there is then trusted with the sessions of all others.",
      .set = mfa_option_set_str,
      .offset = offsetof(mfa_page_settings_t, cookie_domain) },

    { .name = "app",
      .syntax = "NAME [HINT]",
      .fallback = "Google Authenticator, Microsoft Authenticator, the "
                  "phone's own password app",
      .help = "An authenticator app that people are recommended, with a line "
              "on which kind of entry to choose there.",
      .set = set_app,
      .is_many = 1 },

    { .name = "html",
      .syntax = "DIR",
      .fallback = "html of the installed package",
      .help = "The folder of the templates, the style sheet and the words.",
      .set = mfa_option_set_path,
      .offset = offsetof(mfa_page_settings_t, html) },

    MFA_OPTION_END
};
