/*
 * A phone number that is none of the person's any more hears of it by a text
 * message (C7, X91): whoever holds that phone may not read the mailbox.
 *
 * It takes none of the budgets of codes: a number stands on a record only
 * because a code to it was booked and came back, so there are never more of
 * these than of those. Never says what the person has now.
 */

#include "mfa_flow.h"


#define NUMBER_KEEP  (7 * MFA_DAY)


static bool
is_phone(const mfa_factor_t *factor)
{
    return factor != NULL && factor->channel != NULL
           && strcmp(factor->channel, "mail") != 0;
}


/* a record that cannot be read has no number that could be told */

static mfa_status_t
number_add(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind,
    mfa_strs_t *numbers)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, user, kind, &record);

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (record.secret.len < 2 || record.secret.data[0] != '+'
        || mfa_strs_has(numbers, record.secret))
    {
        return MFA_OK;
    }

    return mfa_strs_add(tx->work->arena, numbers, record.secret);
}


mfa_status_t
mfa_flow_numbers(mfa_tx_t *tx, const mfa_id_t *user, mfa_strs_t *numbers)
{
    size_t        i;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    memset(numbers, 0, sizeof(*numbers));

    st = mfa_factor_record_kinds(tx, user, &kinds);

    for (i = 0; st == MFA_OK && i < kinds.count; i++) {
        if (is_phone(mfa_factor_by_name(kinds.items[i]))) {
            st = number_add(tx, user, kinds.items[i], numbers);
        }
    }

    return st;
}


static mfa_status_t
number_tell(mfa_tx_t *tx, mfa_str_t number, mfa_str_t language)
{
    mfa_status_t   st;
    mfa_message_t  message;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("sms");
    message.kind = mfa_str("notice");
    message.to = number;
    message.language = language;
    message.expires_at = tx->now + NUMBER_KEEP;

    st = mfa_sms_bill(tx);

    return (st == MFA_OK) ? mfa_message_queue(tx, &message) : st;
}


mfa_status_t
mfa_flow_numbers_tell(mfa_tx_t *tx, const mfa_send_settings_t *send,
    const mfa_id_t *user, const mfa_strs_t *before)
{
    size_t        i;
    mfa_strs_t    now;
    mfa_user_t    person;
    mfa_status_t  st;

    if (before->count == 0 || send == NULL || !mfa_send_has(send, "sms")) {
        return MFA_OK;
    }

    st = mfa_user_get(tx, user, &person);

    if (st == MFA_OK) {
        st = mfa_flow_numbers(tx, user, &now);
    }

    for (i = 0; st == MFA_OK && i < before->count; i++) {
        if (!mfa_strs_has(&now, before->items[i])) {
            st = number_tell(tx, before->items[i], person.language);
        }
    }

    return st;
}
