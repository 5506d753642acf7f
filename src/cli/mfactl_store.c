/*
 * store check, store stat, conf dump: what is there, read and told.
 *
 * Changes nothing but what every opening of a store does.
 */

#include "mfactl.h"


static void
store_progress(unsigned percent, void *arg)
{
    mfactl_progress_tell(arg, "checked percent", percent, 100);
}


mfactl_exit_t
mfactl_store_check(mfactl_t *ctl)
{
    json_t             *object;
    uint64_t            records;
    mfa_error_t         error;
    mfa_status_t        st;
    mfactl_exit_t       code;
    mfactl_progress_t   progress;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    error.text[0] = '\0';
    records = 0;

    mfactl_progress_begin(ctl, &progress);

    st = mfa_store_check(mfa_store_of(ctl->mfa), store_progress, &progress,
                         &records, &error);

    mfactl_progress_end(&progress);

    if (st != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_FAULT, "%s",
                           error.text[0] != '\0' ? error.text
                                                 : mfa_status_text(st));
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("store.check"));
    json_object_set_new(object, "records",
                        json_integer((json_int_t) records));
    mfactl_set(object, "damage", mfa_str("none"));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_store_stat(mfactl_t *ctl)
{
    json_t            *object;
    mfa_status_t       st;
    mfactl_exit_t      code;
    mfa_store_stat_t   stat;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfa_store_stat(mfa_store_of(ctl->mfa), &stat);
    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "look at the store");
    }

    object = json_object();
    mfactl_set(object, "realm", mfa_realm_name(ctl->realm));
    mfactl_set(object, "store", mfa_realm_store(ctl->realm));
    json_object_set_new(object, "used_bytes", json_integer(stat.used_bytes));
    json_object_set_new(object, "limit_bytes",
                        json_integer(stat.limit_bytes));
    json_object_set_new(object, "size_bytes", json_integer(stat.size_bytes));
    json_object_set_new(object, "readers",
                        json_integer((json_int_t) stat.readers));
    json_object_set_new(object, "readers_max",
                        json_integer((json_int_t) stat.readers_max));
    json_object_set_new(object, "version",
                        json_integer((json_int_t) stat.version));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


static bool
dump_is_plain(mfa_str_t word)
{
    size_t  i;

    for (i = 0; i < word.len; i++) {
        if (strchr(" \t\r\n;{}\"'\\#$", word.data[i]) != NULL) {
            return false;
        }
    }

    return word.len > 0;
}


/* as nginx would read it again */

static void
dump_word(mfa_str_t word)
{
    char    c;
    size_t  i, start;

    if (dump_is_plain(word)) {
        mfactl_print(stdout, word);
        return;
    }

    putchar('"');
    start = 0;

    for (i = 0; i < word.len; i++) {
        c = word.data[i];

        if (strchr("\t\r\n\"\\", c) == NULL || c == '\0') {
            continue;
        }

        mfactl_print(stdout, mfa_str_bytes(word.data + start, i - start));
        printf("\\%c", c == '\t' ? 't' : c == '\r' ? 'r'
                       : c == '\n' ? 'n' : c);
        start = i + 1;
    }

    mfactl_print(stdout, mfa_str_bytes(word.data + start, i - start));
    putchar('"');
}


static void
dump_text(const mfactl_block_t *block)
{
    size_t             i, n;
    const mfa_line_t  *line;

    printf("mfa_realm ");
    dump_word(block->name);
    printf(" {\n");

    for (i = 0; i < block->count; i++) {
        line = &block->lines[i].line;

        printf("    ");
        dump_word(line->name);

        for (n = 0; n < line->nargs; n++) {
            putchar(' ');
            dump_word(line->args[n]);
        }

        printf(";\n");
    }

    printf("}\n");
}


static json_t *
dump_object(const mfactl_block_t *block)
{
    size_t                i;
    json_t               *object, *lines, *item;
    mfa_strs_t            words;
    const mfactl_line_t  *line;

    lines = json_array();

    for (i = 0; i < block->count; i++) {
        line = &block->lines[i];

        words.items = (mfa_str_t *) (uintptr_t) line->line.args;
        words.count = line->line.nargs;

        item = json_object();
        mfactl_set(item, "name", line->line.name);
        mfactl_set_list(item, "args", &words);
        mfactl_set(item, "file", mfa_str_from(line->file));
        json_object_set_new(item, "line", json_integer(line->number));
        json_array_append_new(lines, item);
    }

    object = json_object();
    mfactl_set(object, "realm", block->name);
    mfactl_set(object, "file", mfa_str_from(block->file));
    json_object_set_new(object, "line", json_integer(block->number));
    json_object_set_new(object, "lines", lines);

    return object;
}


/* all realms, or the one asked for; needs neither key nor store */

mfactl_exit_t
mfactl_conf_dump(mfactl_t *ctl)
{
    size_t                 i;
    mfactl_exit_t          code;
    const mfactl_block_t  *block;

    code = mfactl_conf_open(ctl);

    if (code == MFACTL_DONE
        && (ctl->realm_name != NULL || ctl->conf.count == 0))
    {
        code = mfactl_block(ctl, &block);
    }

    if (code != MFACTL_DONE) {
        return code;
    }

    if (ctl->is_json) {
        mfactl_list_begin(ctl, "");
    }

    for (i = 0; i < ctl->conf.count; i++) {
        block = &ctl->conf.blocks[i];

        if (ctl->realm_name != NULL
            && !mfa_str_eq_c(block->name, ctl->realm_name))
        {
            continue;
        }

        if (ctl->is_json) {
            mfactl_list_row(ctl, "", dump_object(block));

        } else {
            dump_text(block);
        }
    }

    mfactl_list_end(ctl);

    return MFACTL_DONE;
}
