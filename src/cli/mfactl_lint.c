/*
 * mfactl lint: the holes that a configuration leaves beside the gate.
 *
 * Reads, judges, prints. Asks no server and opens no store; needs no key.
 * A rule may be wrong about a configuration, never silent about a fault of
 * its own: what cannot be read ends with exit code 2.
 */

#include <stdlib.h>

#include "mfactl_lint.h"


static int
lint_by_line(const void *a, const void *b)
{
    int                    order;
    const lint_finding_t  *x = a, *y = b;

    order = strcmp(x->node->file, y->node->file);

    if (order == 0) {
        order = (x->node->line > y->node->line)
                - (x->node->line < y->node->line);
    }

    return order != 0 ? order : strcmp(x->id, y->id);
}


static json_t *
lint_row(const lint_finding_t *finding)
{
    json_t  *row;

    row = json_object();
    mfactl_set(row, "id", mfa_str_from(finding->id));
    mfactl_set(row, "file", mfa_str_from(finding->node->file));
    json_object_set_new(row, "line", json_integer(finding->node->line));
    mfactl_set(row, "what", finding->what);
    mfactl_set(row, "why", mfa_str_from(finding->why));
    mfactl_set(row, "instead", mfa_str_from(finding->instead));

    return row;
}


static void
lint_print(mfactl_t *ctl, const lint_t *lint)
{
    size_t                 i, servers, guarded;
    const lint_place_t    *place;
    const lint_finding_t  *finding;

    if (ctl->is_json) {
        mfactl_list_begin(ctl, "");
    }

    for (i = 0; i < lint->count; i++) {
        finding = &lint->findings[i];

        if (ctl->is_json) {
            mfactl_list_row(ctl, "", lint_row(finding));
            continue;
        }

        mfactl_say(ctl, "%s:%u: %s: " MFA_STR_FMT, finding->node->file,
                   finding->node->line, finding->id,
                   MFA_STR_ARG(finding->what));
        mfactl_say(ctl, "    Why: %s", finding->why);
        mfactl_say(ctl, "    Instead: %s", finding->instead);
        mfactl_say(ctl, "%s", "");
    }

    if (ctl->is_json) {
        mfactl_list_end(ctl);
        return;
    }

    servers = 0;
    guarded = 0;

    for (place = lint->places; place != NULL; place = place->next) {
        servers += place->kind == LINT_SERVER ? 1 : 0;
        guarded += place->has_guard ? 1 : 0;
    }

    mfactl_say(ctl, "%zu hole%s found; %zu of %zu server%s guarded",
               lint->count, lint->count == 1 ? "" : "s", guarded, servers,
               servers == 1 ? " is" : "s are");
}


mfactl_exit_t
mfactl_lint(mfactl_t *ctl)
{
    lint_t          lint = { .arena = ctl->arena };
    mfa_error_t     error;
    mfactl_node_t  *root;

    error.text[0] = '\0';

    if (mfactl_tree_read(ctl->arena,
                         ctl->nargs > 0 ? ctl->args[0] : ctl->conf_file,
                         &root, &error)
        != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "%s", error.text);
    }

    lint.root = root;
    lint_places(&lint);

    if (lint.http == NULL && !lint.has_failed) {
        return mfactl_fail(ctl, MFACTL_USAGE, "there is no \"http\" block in "
                           "%s: give it all of the configuration, as "
                           "\"nginx -T\" prints it", root->file);
    }

    lint_rules_gate(&lint);
    lint_rules_match(&lint);
    lint_rules_reach(&lint);
    lint_rules_server(&lint);
    lint_rules_identity(&lint);

    if (lint.has_failed || mfa_arena_has_failed(ctl->arena)) {
        return mfactl_fail(ctl, MFACTL_USAGE, "out of memory");
    }

    if (lint.count > 1) {
        qsort(lint.findings, lint.count, sizeof(lint_finding_t),
              lint_by_line);
    }

    lint_print(ctl, &lint);

    return lint.count > 0 ? MFACTL_REFUSED : MFACTL_DONE;
}
