/*
 * mfactl: the table of commands, and the options they share.
 */

#include <stdlib.h>
#include <sys/stat.h>

#include "mfactl.h"


#define CTL_ARENA      ((size_t) 256 * 1024 * 1024)
#define CTL_CONF       "/etc/nginx/nginx.conf"
#define CTL_ARGS_MAX   128

typedef struct {
    const char      *group;
    const char      *verb;              /* NULL: the group is all */
    mfactl_exit_t  (*run)(mfactl_t *ctl);
    size_t           least;             /* arguments */
    size_t           most;
    const char      *options;           /* names between spaces */
    const char      *usage;
    const char      *help;
} command_t;

static mfactl_exit_t ctl_help(mfactl_t *ctl);
static mfactl_exit_t ctl_version(mfactl_t *ctl);

static const command_t  commands[] = {

    { "key", "new", mfactl_key_new, 1, 1, " id ", "FILE [--id ID]",
      "make a key file, mode 0400; never overwrites" },

    { "key", "new-assertion", mfactl_key_assertion, 1, 1, " ", "FILE",
      "make a key for mfa_assertion_header, mode 0400; never overwrites" },

    { "user", "import", mfactl_user_import, 1, 1, " apply skip-bad ",
      "FILE.csv [--apply] [--skip-bad]",
      "check a file of people, with --apply take it over" },

    { "user", "add", mfactl_user_add, 1, CTL_ARGS_MAX, " ",
      "EMAIL [user=NAME] [first_name=..] [surname=..] [groups=a,b] ..",
      "put one person on the roster" },

    { "user", "invite", mfactl_user_invite, 0, 1, " group ",
      "EMAIL | --group GROUP",
      "queue the mail that asks people to register" },

    { "user", "list", mfactl_user_list, 0, 0, " group state ",
      "[--group GROUP] [--state active|unregistered|locked|disabled]",
      "list people" },

    { "user", "show", mfactl_user_show, 1, 1, " ", "EMAIL|USER",
      "show one person" },

    { "user", "lock", mfactl_user_lock, 1, 1, " ", "EMAIL|USER",
      "lock; ends all sessions" },

    { "user", "unlock", mfactl_user_unlock, 1, 1, " ", "EMAIL|USER",
      "unlock; clears holds of factors" },

    { "user", "disable", mfactl_user_disable, 1, 1, " ", "EMAIL|USER",
      "disable; ends all sessions" },

    { "user", "enable", mfactl_user_enable, 1, 1, " ", "EMAIL|USER",
      "enable" },

    { "user", "delete", mfactl_user_delete, 1, 1, " ", "EMAIL|USER",
      "delete with factors and sessions" },

    { "user", "remove-factor", mfactl_user_remove_factor, 2, 2, " ",
      "EMAIL|USER KIND",
      "take a factor away; ends sessions, tells the person" },

    { "user", "set-email", mfactl_user_set_email, 2, 2, " ",
      "EMAIL|USER NEW",
      "correct an address; tells the old ones and the new one" },

    { "user", "add-email", mfactl_user_add_email, 2, 2, " ",
      "EMAIL|USER NEW",
      "add an address; tells the old ones and the new one" },

    { "user", "remove-email", mfactl_user_remove_email, 2, 2, " ",
      "EMAIL|USER OLD",
      "take an address away; tells all, the old one included" },

    { "user", "reset-password", mfactl_user_reset_password, 1, 1, " ",
      "EMAIL|USER",
      "mail the person how to set a new password" },

    { "user", "extend", mfactl_user_extend, 2, 2, " reason ",
      "EMAIL|USER DATE --reason TEXT",
      "more time to set up a second factor; tells the person" },

    { "user", "pass", mfactl_user_pass, 1, 1, " reveal ",
      "EMAIL|USER [--reveal]",
      "make a helpdesk pass, shown once; tells the person" },

    { "request", "list", mfactl_request_list, 0, 0, " all ", "[--all]",
      "list requests for a reset, with --all past ones too" },

    { "request", "show", mfactl_request_show, 1, 1, " ", "ID",
      "show one request" },

    { "request", "approve", mfactl_request_approve, 1, 1, " statement ",
      "ID --statement TEXT",
      "approve; say how you have verified the person's identity" },

    { "request", "refuse", mfactl_request_refuse, 1, 1, " reason ",
      "ID --reason TEXT",
      "refuse a request" },

    { "device", "list", mfactl_device_list, 1, 1, " ", "EMAIL|USER",
      "list the browsers that a person had remembered" },

    { "device", "end", mfactl_device_end, 1, 2, " all ",
      "EMAIL|USER ID | EMAIL|USER --all",
      "forget remembered browsers at once" },

    { "session", "list", mfactl_session_list, 0, 1, " ", "[EMAIL|USER]",
      "list live sessions" },

    { "session", "end", mfactl_session_end, 0, 1, " user all ",
      "ID | --user EMAIL | --all",
      "end sessions at once" },

    { "outbox", "list", mfactl_outbox_list, 0, 0, " ", "",
      "list messages that wait" },

    { "outbox", "retry", mfactl_outbox_retry, 0, 1, " all ", "ID | --all",
      "try to send now" },

    { "outbox", "drop", mfactl_outbox_drop, 1, 1, " ", "ID",
      "remove a message; it is never sent" },

    { "audit", "list", mfactl_audit_list, 0, 0, " user since event ",
      "[--user EMAIL|USER] [--since TIME] [--event NAME]",
      "list what happened, oldest first" },

    { "audit", "verify", mfactl_audit_verify, 0, 0, " ", "",
      "find rows that were removed, changed or put in" },

    { "rollout", NULL, mfactl_rollout, 0, 0, " on group list ",
      "[--on DATE] [--group GROUP] [--list]",
      "who has a second factor, whose time ends, who would be blocked" },

    { "store", "check", mfactl_store_check, 0, 0, " ", "",
      "read every page and record" },

    { "store", "stat", mfactl_store_stat, 0, 0, " ", "",
      "show how full the store is" },

    { "conf", "dump", mfactl_conf_dump, 0, 0, " ", "",
      "print the realms as they were read" },

    { "lint", NULL, mfactl_lint, 0, 1, " ", "[FILE | -]",
      "find holes in nginx's configuration, a file or \"nginx -T\"" },

    { "probe", NULL, mfactl_probe, 1, CTL_ARGS_MAX,
      " cookie-file conf listen header ca-file connect ",
      "URL [PATH ..] [--conf FILE] [--cookie-file FILE] "
      "[--listen ADDRESS:PORT] ..",
      "send forged identity headers to a running gateway" },

    { "monitor", "report", mfactl_monitor_report, 0, CTL_ARGS_MAX, " days ",
      "[FILE | -] .. [--days N]",
      "which clients the gate would stop, from the log of monitor mode" },

    { "help", NULL, ctl_help, 0, 2, " ", "[COMMAND]", "show this" },

    { "version", NULL, ctl_version, 0, 0, " ", "", "show the version" },
};

#define COMMANDS  (sizeof(commands) / sizeof(commands[0]))


typedef struct {
    const char  *name;
    bool         is_shared;             /* every command takes it */
    size_t       text;                  /* offsets; 0: has no value */
    size_t       flag;
} option_t;

static const option_t  options[] = {
    { "-c", true, offsetof(mfactl_t, conf_file), 0 },
    { "-p", true, offsetof(mfactl_t, prefix), 0 },
    { "-r", true, offsetof(mfactl_t, realm_name), 0 },
    { "--json", true, 0, offsetof(mfactl_t, is_json) },
    { "--id", false, offsetof(mfactl_t, id), 0 },
    { "--group", false, offsetof(mfactl_t, group), 0 },
    { "--state", false, offsetof(mfactl_t, state), 0 },
    { "--user", false, offsetof(mfactl_t, user), 0 },
    { "--statement", false, offsetof(mfactl_t, statement), 0 },
    { "--reason", false, offsetof(mfactl_t, reason), 0 },
    { "--since", false, offsetof(mfactl_t, since), 0 },
    { "--event", false, offsetof(mfactl_t, event), 0 },
    { "--on", false, offsetof(mfactl_t, on), 0 },
    { "--cookie-file", false, offsetof(mfactl_t, cookie_file), 0 },
    { "--conf", false, offsetof(mfactl_t, nginx_file), 0 },
    { "--listen", false, offsetof(mfactl_t, listen), 0 },
    { "--header", false, offsetof(mfactl_t, header), 0 },
    { "--ca-file", false, offsetof(mfactl_t, ca_file), 0 },
    { "--connect", false, offsetof(mfactl_t, connect), 0 },
    { "--days", false, offsetof(mfactl_t, days), 0 },
    { "--apply", false, 0, offsetof(mfactl_t, is_apply) },
    { "--skip-bad", false, 0, offsetof(mfactl_t, is_skip_bad) },
    { "--all", false, 0, offsetof(mfactl_t, is_all) },
    { "--list", false, 0, offsetof(mfactl_t, is_list) },
    { "--reveal", false, 0, offsetof(mfactl_t, is_reveal) },
};

/* -c is the first member: its offset is 0 as well */
_Static_assert(offsetof(mfactl_t, conf_file) == 0, "-c is told by its name");

#define OPTIONS  (sizeof(options) / sizeof(options[0]))


static json_t *
help_row(const command_t *command)
{
    json_t     *row;
    char        name[64];

    (void) snprintf(name, sizeof(name), "%s%s%s", command->group,
                    command->verb != NULL ? " " : "",
                    command->verb != NULL ? command->verb : "");

    row = json_object();
    mfactl_set(row, "command", mfa_str_from(name));
    mfactl_set(row, "usage", mfa_str_from(command->usage));
    mfactl_set(row, "help", mfa_str_from(command->help));

    return row;
}


static mfactl_exit_t
ctl_help(mfactl_t *ctl)
{
    size_t            i, found;
    const command_t  *command;

    found = 0;

    if (ctl->is_json) {
        mfactl_list_begin(ctl, "");

    } else {
        puts("usage: mfactl [-c FILE] [-p PREFIX] [-r REALM] [--json] "
             "COMMAND ...\n");
    }

    for (i = 0; i < COMMANDS; i++) {
        command = &commands[i];

        if ((ctl->nargs > 0 && strcmp(ctl->args[0], command->group) != 0)
            || (ctl->nargs > 1 && command->verb != NULL
                && strcmp(ctl->args[1], command->verb) != 0))
        {
            continue;
        }

        found++;

        if (ctl->is_json) {
            mfactl_list_row(ctl, "", help_row(command));

        } else {
            printf("  %s%s%s %s\n      %s\n", command->group,
                   command->verb != NULL ? " " : "",
                   command->verb != NULL ? command->verb : "",
                   command->usage, command->help);
        }
    }

    if (ctl->is_json) {
        mfactl_list_end(ctl);

    } else {
        puts("\n  -c FILE    nginx's configuration, default " CTL_CONF "\n"
             "  -p PREFIX  the folder where a relative FILE begins\n"
             "  -r REALM   which realm, where there are several\n"
             "  --json     for programs\n\n"
             "Exit codes: 0 done; 1 refused, not found, bad input; 2 wrong "
             "usage; 3 fault.\nSee mfactl(8).");
    }

    return found > 0 ? MFACTL_DONE : MFACTL_USAGE;
}


static mfactl_exit_t
ctl_version(mfactl_t *ctl)
{
    json_t  *object;

    object = json_object();
    mfactl_set(object, "version", mfa_str(MFACTL_VERSION));
    json_object_set_new(object, "schema", json_integer(MFA_SCHEMA));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


/* an option with its value; returns how many words it took, 0: wrong */

static int
ctl_option(mfactl_t *ctl, const option_t *option, const char *value,
    const char *next)
{
    bool          flag = true;
    const char  **text;

    if (option->flag != 0) {
        if (value != NULL) {
            return 0;
        }

        memcpy((char *) ctl + option->flag, &flag, sizeof(flag));
        return 1;
    }

    text = (const char **) (void *) ((char *) ctl + option->text);
    *text = value != NULL ? value : next;

    return *text == NULL || **text == '\0' ? 0 : value != NULL ? 1 : 2;
}


static const option_t *
ctl_find_option(const char *word, const char **value)
{
    size_t  i, len;

    *value = NULL;

    for (i = 0; i < OPTIONS; i++) {
        len = strlen(options[i].name);

        if (strcmp(word, options[i].name) == 0) {
            return &options[i];
        }

        if (len > 2 && strncmp(word, options[i].name, len) == 0
            && word[len] == '=')
        {
            *value = word + len + 1;
            return &options[i];
        }
    }

    return NULL;
}


/* options may stand anywhere; words[] are the rest, given[] the names */

static mfactl_exit_t
ctl_parse(mfactl_t *ctl, int argc, char **argv, const char **words,
    mfa_strs_t *given)
{
    int              i, taken;
    bool             is_rest;
    size_t           count;
    const char      *value;
    const option_t  *option;

    count = 0;
    is_rest = false;

    for (i = 1; i < argc; i += taken) {
        taken = 1;

        if (strcmp(argv[i], "--") == 0 && !is_rest) {
            is_rest = true;
            continue;
        }

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            words[0] = "help";
            ctl->nargs = 1;
            return MFACTL_DONE;
        }

        if (is_rest || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (count == CTL_ARGS_MAX) {
                return mfactl_fail(ctl, MFACTL_USAGE, "too many arguments");
            }

            words[count++] = argv[i];
            continue;
        }

        option = ctl_find_option(argv[i], &value);

        taken = option == NULL ? 0
                : ctl_option(ctl, option, value, argv[i + 1]);

        if (taken == 0) {
            return mfactl_fail(ctl, MFACTL_USAGE, option == NULL
                               ? "there is no option \"%s\""
                               : "wrong use of option \"%s\"", argv[i]);
        }

        if (!option->is_shared
            && mfa_strs_add(ctl->arena, given,
                            mfa_str_from(option->name + 2)) != MFA_OK)
        {
            return mfactl_fail(ctl, MFACTL_USAGE, "too many options");
        }
    }

    ctl->nargs = count;

    return MFACTL_DONE;
}


static const command_t *
ctl_find_command(mfactl_t *ctl)
{
    size_t            i;
    const command_t  *command;

    for (i = 0; i < COMMANDS; i++) {
        command = &commands[i];

        if (ctl->nargs == 0 || strcmp(ctl->args[0], command->group) != 0) {
            continue;
        }

        if (command->verb == NULL) {
            ctl->args++;
            ctl->nargs--;
            return command;
        }

        if (ctl->nargs > 1 && strcmp(ctl->args[1], command->verb) == 0) {
            ctl->args += 2;
            ctl->nargs -= 2;
            return command;
        }
    }

    return NULL;
}


static mfactl_exit_t
ctl_run(mfactl_t *ctl, const mfa_strs_t *given)
{
    size_t            i;
    mfa_str_t         name;
    const command_t  *command;

    if (ctl->nargs == 0) {
        (void) ctl_help(ctl);
        return MFACTL_USAGE;
    }

    command = ctl_find_command(ctl);
    if (command == NULL) {
        return mfactl_fail(ctl, MFACTL_USAGE, "there is no such command; "
                           "see \"mfactl help\"");
    }

    if (ctl->nargs < command->least || ctl->nargs > command->most) {
        return mfactl_fail(ctl, MFACTL_USAGE, "usage: mfactl %s%s%s %s",
                           command->group, command->verb != NULL ? " " : "",
                           command->verb != NULL ? command->verb : "",
                           command->usage);
    }

    for (i = 0; i < given->count; i++) {
        name = mfa_arena_printf(ctl->arena, " " MFA_STR_FMT " ",
                                MFA_STR_ARG(given->items[i]));

        if (name.data == NULL || strstr(command->options, name.data) == NULL) {
            return mfactl_fail(ctl, MFACTL_USAGE, "\"%s %s\" has no option "
                               "\"--" MFA_STR_FMT "\"", command->group,
                               command->verb != NULL ? command->verb : "",
                               MFA_STR_ARG(given->items[i]));
        }
    }

    return command->run(ctl);
}


int
main(int argc, char **argv)
{
    mfactl_t        ctl = { .conf_file = CTL_CONF, .event_fd = -1 };
    mfa_strs_t      given = { NULL, 0 };
    const char     *words[CTL_ARGS_MAX];
    mfactl_exit_t   code;

    (void) umask(077);

    ctl.arena = mfa_arena_open(CTL_ARENA);
    ctl.args = words;

    if (ctl.arena == NULL) {
        fputs("mfactl: out of memory\n", stderr);
        return MFACTL_FAULT;
    }

    code = ctl_parse(&ctl, argc, argv, words, &given);

    if (code == MFACTL_DONE) {
        code = ctl_run(&ctl, &given);
    }

    code = mfactl_out_end(&ctl, code);

    mfactl_close(&ctl);

    return (int) code;
}
