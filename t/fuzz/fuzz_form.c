/*
 * Fuzz: fields of a form.
 *
 * What is accepted obeys every bound, has no name twice, and is the same
 * after it was written out and read again.
 */

#include "../../src/base/mfa_base.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(bool holds)
{
    if (!holds) {
        abort();
    }
}


static void
check_names(const mfa_pairs_t *fields)
{
    size_t     i, j;
    mfa_str_t  name;

    check(fields->count <= MFA_FORM_FIELDS_MAX);

    for (i = 0; i < fields->count; i++) {
        name = fields->items[i].name;

        check(name.len != 0 && name.len <= MFA_FORM_NAME_MAX);
        check(name.data[name.len - 1] != ']');

        for (j = 0; j < i; j++) {
            check(!mfa_str_eq(name, fields->items[j].name));
        }
    }
}


static void
check_again(mfa_arena_t *arena, const mfa_pairs_t *fields)
{
    size_t       i;
    mfa_buf_t    buf;
    mfa_str_t    name, value, text;
    mfa_pairs_t  again;

    mfa_buf_init(&buf, arena, 1024 * 1024);

    for (i = 0; i < fields->count; i++) {
        check(mfa_percent_encode(arena, fields->items[i].name, "", &name)
              == MFA_OK);
        check(mfa_percent_encode(arena, fields->items[i].value, "", &value)
              == MFA_OK);

        mfa_buf_put(&buf, name);
        mfa_buf_putc(&buf, '=');
        mfa_buf_put(&buf, value);
        mfa_buf_putc(&buf, '&');
    }

    check(mfa_buf_str(&buf, &text) == MFA_OK);
    check(mfa_form_parse(arena, text, &again) == MFA_OK);
    check(again.count == fields->count);

    for (i = 0; i < fields->count; i++) {
        check(mfa_str_eq(again.items[i].name, fields->items[i].name));
        check(mfa_str_eq(again.items[i].value, fields->items[i].value));
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mfa_arena_t   *arena;
    mfa_pairs_t    fields;
    mfa_status_t   st;

    arena = mfa_arena_open(8 * 1024 * 1024);
    if (arena == NULL) {
        return 0;
    }

    st = mfa_form_parse(arena, mfa_str_bytes(data, size), &fields);

    if (st == MFA_OK) {
        check_names(&fields);
        check_again(arena, &fields);

    } else {
        check(st == MFA_INVALID);
        check(fields.count == 0);
    }

    mfa_arena_close(&arena);

    return 0;
}
