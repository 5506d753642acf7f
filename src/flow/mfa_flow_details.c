/*
 * The form with a new password and a name: what is wrong with it.
 *
 * Touches no store, so that it can be asked before a hash is paid for.
 */

#include "mfa_flow.h"


static mfa_status_t
name_fault(mfa_step_t *step, const char *field, mfa_str_t missing)
{
    mfa_str_t  name;

    name = mfa_str_trim(mfa_pairs_get(step->fields, mfa_str_from(field)));

    if (name.len == 0) {
        return mfa_flow_error(step, field, missing);
    }

    if (name.len > MFA_NAME_MAX || !mfa_text_is_utf8(name)
        || mfa_text_has_control(name))
    {
        return mfa_flow_error(step, field,
                              MFA_WORD("This name is too long or has "
                                       "characters that cannot be used."));
    }

    return mfa_flow_typed(step, field, name);
}


static mfa_status_t
context_add(mfa_arena_t *arena, mfa_strs_t *context, mfa_str_t text)
{
    mfa_str_t     word;
    mfa_status_t  st;

    while (text.data != NULL && text.len > 0) {
        word = mfa_str_split(&text, ' ');

        if (word.len == 0) {
            continue;
        }

        st = mfa_strs_add(arena, context, word);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/* what an attacker who knows the person and the place tries first (A4) */

static mfa_status_t
password_context(mfa_step_t *step, mfa_str_t first_name, mfa_str_t surname,
    mfa_strs_t *context)
{
    size_t        i;
    mfa_str_t     local, domain, host;
    mfa_status_t  st;

    memset(context, 0, sizeof(*context));

    domain = step->flow.email;
    local = mfa_str_split(&domain, '@');
    host = mfa_str_split(&domain, '.');

    {
        const mfa_str_t  words[] = {
            step->flow.email, local, host,
            step->env->send->brand,
            first_name, surname
        };

        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            st = context_add(step->work->arena, context, words[i]);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    host = step->env->send->origin.host;

    return context_add(step->work->arena, context, mfa_str_split(&host, '.'));
}


mfa_status_t
mfa_flow_password_judge(mfa_step_t *step, mfa_str_t first_name,
    mfa_str_t surname)
{
    mfa_str_t     password, confirm, word;
    mfa_strs_t    context;
    mfa_status_t  st;

    password = mfa_pairs_get(step->fields, mfa_str("new_password"));
    confirm = mfa_pairs_get(step->fields, mfa_str("confirm_password"));

    st = password_context(step, first_name, surname, &context);
    if (st != MFA_OK) {
        return st;
    }

    word = mfa_password_fault(step->env->factors, step->env->common, &context,
                              password);

    if (word.len > 0) {
        return mfa_flow_error(step, "new_password", word);
    }

    if (!mfa_str_eq(password, confirm)) {
        return mfa_flow_error(step, "confirm_password",
                              MFA_WORD("The two passwords are not the "
                                       "same."));
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_password_want(mfa_step_t *step)
{
    if (step->hash.len > 0) {
        return MFA_OK;
    }

    step->want.is_check = false;
    step->want.password = mfa_pairs_get(step->fields,
                                        mfa_str("new_password"));
    step->want.encoded = mfa_null;

    return MFA_HASH;
}


mfa_status_t
mfa_flow_details_judge(mfa_step_t *step)
{
    mfa_status_t  st;

    st = mfa_flow_password_judge(step,
                                 mfa_pairs_get(step->fields,
                                               mfa_str("first_name")),
                                 mfa_pairs_get(step->fields,
                                               mfa_str("surname")));
    if (st != MFA_OK) {
        return st;
    }

    st = name_fault(step, "first_name", MFA_WORD("Enter your first name."));
    if (st != MFA_OK) {
        return st;
    }

    return name_fault(step, "surname", MFA_WORD("Enter your surname."));
}
