/*
 * Names of browsers: what a person recognises in a list of sessions.
 *
 * Nothing of the header itself gets through, only words from these tables:
 * the header is whatever a visitor sends. Contract: mfa_model.h.
 */

#include "mfa_record.h"


#define AGENT_HEADER_MAX  512

typedef struct {
    const char  *mark;
    const char  *name;
} agent_word_t;

/* the first that is found: others say "Chrome" and "Safari" as well */

static const agent_word_t  agent_browsers[] = {
    { "Edg/", "Edge" },
    { "EdgA/", "Edge" },
    { "EdgiOS/", "Edge" },
    { "OPR/", "Opera" },
    { "SamsungBrowser/", "Samsung Internet" },
    { "Vivaldi/", "Vivaldi" },
    { "FxiOS/", "Firefox" },
    { "Firefox/", "Firefox" },
    { "CriOS/", "Chrome" },
    { "Chromium/", "Chromium" },
    { "Chrome/", "Chrome" },
    { "Safari/", "Safari" },
    { "Trident/", "Internet Explorer" },
    { "curl/", "curl" },
    { NULL, NULL }
};

/* Android says "Linux", and an iPhone says "like Mac OS X" */

static const agent_word_t  agent_systems[] = {
    { "iPhone", "iPhone" },
    { "iPad", "iPad" },
    { "Android", "Android" },
    { "Windows", "Windows" },
    { "CrOS", "ChromeOS" },
    { "Mac OS X", "macOS" },
    { "Macintosh", "macOS" },
    { "Linux", "Linux" },
    { NULL, NULL }
};


static const char *
agent_find(const agent_word_t *words, mfa_str_t header)
{
    for ( /* void */ ; words->mark != NULL; words++) {
        if (header.len > 0
            && memmem(header.data, header.len, words->mark,
                      strlen(words->mark)) != NULL)
        {
            return words->name;
        }
    }

    return NULL;
}


mfa_str_t
mfa_agent_name(mfa_str_t user_agent, mfa_arena_t *arena)
{
    mfa_str_t    name;
    const char  *browser, *system;

    if (user_agent.len > AGENT_HEADER_MAX) {
        user_agent.len = AGENT_HEADER_MAX;
    }

    browser = agent_find(agent_browsers, user_agent);
    system = agent_find(agent_systems, user_agent);

    if (browser == NULL) {
        browser = "Browser";
    }

    if (system == NULL) {
        return mfa_str_from(browser);
    }

    name = mfa_arena_printf(arena, "%s on %s", browser, system);

    return name.data == NULL ? mfa_str("Browser") : name;
}


mfa_str_t
mfa_agent_text(mfa_str_t name, const mfa_words_t *words, mfa_arena_t *arena)
{
    mfa_pair_t   pairs[2];
    mfa_pairs_t  values = { pairs, 2 };
    const char  *found;

    found = (name.len == 0) ? NULL : memmem(name.data, name.len, " on ", 4);
    if (found == NULL) {
        return mfa_words_get(words, name);
    }

    pairs[0].name = mfa_str("browser");
    pairs[0].value = mfa_words_get(words,
                                   mfa_str_bytes(name.data,
                                                 (size_t) (found
                                                           - name.data)));
    pairs[1].name = mfa_str("system");
    pairs[1].value = mfa_str_bytes(found + 4, name.len - 4
                                              - (size_t) (found - name.data));

    return mfa_words_fill(words, MFA_WORD("{{browser}} on {{system}}"),
                          &values, arena);
}


mfa_str_t
mfa_agent_cut(mfa_str_t agent)
{
    if (agent.len > MFA_AGENT_MAX) {
        agent.len = MFA_AGENT_MAX;
    }

    /* half a character is none */

    while (agent.len > 0 && !mfa_text_is_utf8(agent)) {
        agent.len--;
    }

    return agent;
}
