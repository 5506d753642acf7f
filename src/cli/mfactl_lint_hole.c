/*
 * The holes that mfactl lint knows: their ids, why each is one, and what to
 * write instead. docs/operators.md and mfactl(8) list the same ids.
 */

#include <stdarg.h>

#include "mfactl_lint.h"


#define HOLE_TEXT_MAX  512

typedef struct {
    const char  *id;
    const char  *why;
    const char  *instead;
} hole_t;

static const hole_t  holes[] = {

    { "return-before-gate",
      "\"return\" and redirects of \"rewrite\" answer before the gate is "
      "asked, so everybody gets this answer.",
      "let a file or an application answer; or, if everybody may have it, "
      "put it into a location with \"mfa off;\"" },

    { "satisfy-any-wide",
      "under \"satisfy any\" whoever comes from an allowed address needs no "
      "login, and this network holds strangers.",
      "allow single networks of your own, or \"satisfy all\"" },

    { "satisfy-any-other",
      "under \"satisfy any\" the other check is enough: one factor opens "
      "what asks for two.",
      "\"satisfy all\", or the gate alone" },

    { "auth-request-open",
      "the address that \"auth_request\" asks says yes to everybody.",
      "let it lead to a location with \"mfa NAME;\" that has no \"return\" "
      "and is not the portal" },

    { "auth-request-subrequest",
      "nginx leaves \"auth_request\" out in subrequests, so a page that "
      "includes others gets this one for everybody.",
      "\"mfa NAME;\" in the location itself, which is checked in subrequests "
      "too" },

    { "prefix-only-guard",
      "the guard begins at this prefix: other spellings (/App/ for /app/, "
      "/app;x/) and whatever is added later are served without it.",
      "\"mfa NAME;\" in the server, and \"mfa off;\" in what everybody may "
      "see" },

    { "regex-beside-guard",
      "nginx prefers a regular expression to a prefix, so addresses below "
      "the guarded location that fit it are open.",
      "\"mfa NAME;\" in the server; or \"^~\" before the guarded prefix" },

    { "hole-below-guard",
      "the longer address wins, and it does not inherit the guard of a "
      "location beside it.",
      "\"mfa NAME;\" in the server; \"mfa off;\" in this location if it is "
      "meant to be open" },

    { "alias-traversal",
      "the location does not end in \"/\" and the folder does: /open../x "
      "reads files beside the folder.",
      "end both in \"/\"" },

    { "upstream-unguarded",
      "the same application answers guarded requests and believes the "
      "identity headers of this one; a server without \"mfa\" does not "
      "remove forged ones.",
      "\"mfa NAME;\" here as well; or \"mfa off;\" in a location of its own "
      "path, in a server that has the guard" },

    { "default-server-open",
      "this server answers for every name that no other server has, and "
      "passes to an application that is guarded elsewhere.",
      "\"return 444;\" in the default server, or \"mfa NAME;\"" },

    { "stream-to-application",
      "the port goes to a guarded application without any gate.",
      "remove it, or let it listen on loopback for those who need it" },

    { "backend-port-open",
      "the guarded application is a server of this nginx that listens for "
      "the network too, without the gate.",
      "let it listen on 127.0.0.1 or unix: only" },

    { "upstream-two-realms",
      "people of two realms reach one application, which cannot tell a name "
      "of one from the same name of the other.",
      "an application for each realm, or one realm" },

    { "upstream-without-rule",
      "the same part of the application is reached here without \"mfa_allow\" "
      "and elsewhere with it.",
      "the same \"mfa_allow\" in both" },

    { "proxy-pass-from-client",
      "the client's words choose where nginx connects to: it may choose an "
      "application that is guarded.",
      "a fixed name, or \"map\" with a list of those that are allowed" },

    { "plain-http",
      "passwords, codes and sessions can be read and changed on the way.",
      "\"listen 443 ssl;\", and port 80 in a server that only redirects. If "
      "TLS ends before nginx on this machine: \"listen 127.0.0.1:...\" or "
      "\"unix:\"" },

    { "merge-slashes-off",
      "//app/ is not /app/ then: it misses the location that was meant and "
      "is often the same for the application.",
      "leave \"merge_slashes\" on, its default" },

    { "underscores-in-headers",
      "X_User and X-User are one for many applications; nginx drops the "
      "first unless it is told so here.",
      "leave \"underscores_in_headers\" off, its default" },

    { "invalid-headers",
      "headers with dots and other bytes reach applications, some of which "
      "read them as the identity headers.",
      "leave \"ignore_invalid_headers\" on, its default" },

    { "real-ip-trusts-all",
      "every client can write its own address into a header: limits by "
      "address, \"allow\" and the audit then believe it.",
      "the addresses of your load balancer and no others" },

    { "trusted-networks-wide",
      "limits of an address are 100 times as high for strangers too.",
      "the networks of your offices and no others" },

    { "large-header-buffers",
      "each connection of a stranger may hold this much memory before the "
      "gate is asked.",
      "at most 64k; the default of 8k is enough for the gate" },

    { "identity-overwritten",
      "the application believes this value, and it does not come from the "
      "gate.",
      "remove the line; the header is there already. Parameters: the "
      "variables $mfa_user and so on" },

    { "set-header-not-inherited",
      "\"proxy_set_header\" lines are inherited only where a level has none: "
      "the outer line is lost here, and a client's header of that name "
      "passes.",
      "repeat the outer lines here, best by \"include mfa_proxy_params;\"" },

    { "cache-shared",
      "the cache gives what was made for one person to everybody who asks "
      "for the same address.",
      "no cache, or $mfa_user in its key" },

    { "log-shows-forms",
      "forms of the portal hold passwords and codes, and the log keeps "
      "them.",
      "a format without $request_body in the portal" },

    { "monitor-mode",
      "in monitor mode the gate watches and lets everybody in without a "
      "login.",
      "\"mfa NAME;\", once \"mfactl monitor report\" lists nobody that is "
      "still to be helped" },
};

#define HOLES  (sizeof(holes) / sizeof(holes[0]))


static const hole_t *
hole_find(const char *id)
{
    size_t  i;

    for (i = 0; i < HOLES; i++) {
        if (strcmp(holes[i].id, id) == 0) {
            return &holes[i];
        }
    }

    return NULL;
}


static lint_finding_t *
hole_room(lint_t *lint)
{
    lint_finding_t  *grown;

    if (lint->count == lint->room) {
        lint->room = lint->room == 0 ? 32 : 2 * lint->room;

        grown = mfa_arena_alloc(lint->arena,
                                lint->room * sizeof(lint_finding_t));
        if (grown == NULL) {
            lint->has_failed = true;
            lint->room = lint->count;
            return NULL;
        }

        if (lint->count > 0) {
            memcpy(grown, lint->findings,
                   lint->count * sizeof(lint_finding_t));
        }

        lint->findings = grown;
    }

    return &lint->findings[lint->count++];
}


void
lint_add(lint_t *lint, const char *id, const mfactl_node_t *node,
    const char *fmt, ...)
{
    char             text[HOLE_TEXT_MAX];
    size_t           i;
    va_list          args;
    const hole_t    *hole;
    lint_finding_t  *finding;

    for (i = 0; i < lint->count; i++) {
        if (lint->findings[i].node == node
            && strcmp(lint->findings[i].id, id) == 0)
        {
            return;
        }
    }

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    hole = hole_find(id);
    finding = hole_room(lint);

    if (finding == NULL || hole == NULL) {
        lint->has_failed = true;
        return;
    }

    *finding = (lint_finding_t) { .id = id, .node = node, .why = hole->why,
                                  .instead = hole->instead };

    if (mfa_arena_copy(lint->arena, mfa_str_from(text), &finding->what)
        != MFA_OK)
    {
        lint->has_failed = true;
    }
}
