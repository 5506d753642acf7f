/*
 * The record of a user: its fields, their bounds, their bytes.
 *
 * What goes in is checked here and nowhere else, so that what comes out may
 * stand on a page and in a header. Contract: mfa_record.h.
 */

#include "mfa_record.h"


#define USER_VERSION       4
#define USER_SECURED_SINCE 3
#define USER_PASSWORD_MAX  512
#define USER_ATTR_NAME     64
#define USER_ATTR_VALUE    512

#define USER_DISABLED      1
#define USER_LOCKED        2
#define USER_ON_ROSTER     4


static bool
user_text_is_good(mfa_str_t s, size_t max)
{
    return s.len <= max && mfa_text_is_utf8(s) && !mfa_text_has_control(s);
}


/* what is not canonical would be found by nobody */

static mfa_status_t
user_check_email(mfa_arena_t *arena, mfa_str_t email)
{
    mfa_str_t     canonical;
    mfa_status_t  st;

    st = mfa_email_canonical(arena, email, &canonical);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_str_eq(canonical, email) ? MFA_OK : MFA_INVALID;
}


static mfa_status_t
user_check_emails(mfa_arena_t *arena, const mfa_user_t *user)
{
    size_t        i;
    mfa_status_t  st;

    if (user->other_emails.count > MFA_ADDRESSES_MAX - 1) {
        return MFA_INVALID;
    }

    /* a person on the roster may have no address; then there is no other */

    if (user->email.len == 0) {
        return user->other_emails.count == 0 ? MFA_OK : MFA_INVALID;
    }

    st = user_check_email(arena, user->email);

    for (i = 0; i < user->other_emails.count && st == MFA_OK; i++) {
        st = user_check_email(arena, user->other_emails.items[i]);
    }

    return st;
}


static bool
user_lists_are_good(const mfa_user_t *user)
{
    size_t             i;
    const mfa_pair_t  *attr;

    if (user->groups.count > MFA_LIST_MAX || user->attrs.count > MFA_LIST_MAX)
    {
        return false;
    }

    for (i = 0; i < user->groups.count; i++) {
        if (user->groups.items[i].len == 0
            || !user_text_is_good(user->groups.items[i], MFA_GROUP_MAX))
        {
            return false;
        }
    }

    for (i = 0; i < user->attrs.count; i++) {
        attr = &user->attrs.items[i];

        if (attr->name.len == 0
            || !user_text_is_good(attr->name, USER_ATTR_NAME)
            || !user_text_is_good(attr->value, USER_ATTR_VALUE))
        {
            return false;
        }
    }

    return true;
}


static mfa_status_t
user_check(mfa_arena_t *arena, const mfa_user_t *user)
{
    if (user->user.len == 0
        || !user_text_is_good(user->user, MFA_USER_NAME_MAX)
        || !user_text_is_good(user->first_name, MFA_NAME_MAX)
        || !user_text_is_good(user->surname, MFA_NAME_MAX)
        || !user_text_is_good(user->manager, MFA_EMAIL_MAX)
        || !user_text_is_good(user->password, USER_PASSWORD_MAX)
        || (user->language.len != 0 && !mfa_language_is_tag(user->language))
        || !user_lists_are_good(user))
    {
        return MFA_INVALID;
    }

    return user_check_emails(arena, user);
}


static unsigned
user_flags(const mfa_user_t *user)
{
    return (user->is_disabled ? USER_DISABLED : 0u)
           | (user->is_locked ? USER_LOCKED : 0u)
           | (user->is_on_roster ? USER_ON_ROSTER : 0u);
}


/* no browser is all zero, and takes one byte */

static mfa_str_t
user_browser(const mfa_user_t *user)
{
    static const uint8_t  none[MFA_DIGEST_SIZE];

    if (memcmp(user->browser, none, sizeof(none)) == 0) {
        return mfa_null;
    }

    return mfa_str_bytes(user->browser, sizeof(user->browser));
}


mfa_status_t
mfa_user_pack(mfa_tx_t *tx, const mfa_user_t *user, mfa_str_t *record)
{
    mfa_buf_t     buf;
    mfa_status_t  st;

    *record = mfa_null;

    st = user_check(tx->work->arena, user);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, MFA_STORE_VALUE_MAX);
    mfa_pack_number(&buf, USER_VERSION);
    mfa_pack_number(&buf, user_flags(user));
    mfa_pack_number(&buf, user->epoch);
    mfa_pack_str(&buf, user->user);
    mfa_pack_str(&buf, user->email);
    mfa_pack_strs(&buf, &user->other_emails);
    mfa_pack_str(&buf, user->first_name);
    mfa_pack_str(&buf, user->surname);
    mfa_pack_strs(&buf, &user->groups);
    mfa_pack_str(&buf, user->manager);
    mfa_pack_pairs(&buf, &user->attrs);
    mfa_pack_str(&buf, user->password);
    mfa_pack_time(&buf, user->password_at);
    mfa_pack_time(&buf, user->added_at);
    mfa_pack_time(&buf, user->registered_at);
    mfa_pack_time(&buf, user->login_at);
    mfa_pack_number(&buf, user->password_failures);
    mfa_pack_str(&buf, user_browser(user));
    mfa_pack_time(&buf, user->mailed_password_at);
    mfa_pack_time(&buf, user->mailed_device_at);
    mfa_pack_time(&buf, user->deadline_at);
    mfa_pack_time(&buf, user->secured_at);
    mfa_pack_str(&buf, user->language);

    return mfa_buf_str(&buf, record);
}


mfa_status_t
mfa_user_unpack(mfa_tx_t *tx, const mfa_id_t *id, mfa_str_t record,
    mfa_user_t *user)
{
    uint64_t      version, flags;
    mfa_str_t     browser;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *user = (mfa_user_t) { .id = *id };

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    flags = mfa_unpack_number(&in);
    user->epoch = mfa_unpack_number(&in);
    user->user = mfa_unpack_str(&in);
    user->email = mfa_unpack_str(&in);
    mfa_unpack_strs(&in, &user->other_emails);
    user->first_name = mfa_unpack_str(&in);
    user->surname = mfa_unpack_str(&in);
    mfa_unpack_strs(&in, &user->groups);
    user->manager = mfa_unpack_str(&in);
    mfa_unpack_pairs(&in, &user->attrs);
    user->password = mfa_unpack_str(&in);
    user->password_at = mfa_unpack_time(&in);
    user->added_at = mfa_unpack_time(&in);
    user->registered_at = mfa_unpack_time(&in);
    user->login_at = mfa_unpack_time(&in);
    user->password_failures = mfa_unpack_number(&in);
    browser = mfa_unpack_str(&in);
    user->mailed_password_at = mfa_unpack_time(&in);
    user->mailed_device_at = mfa_unpack_time(&in);
    user->deadline_at = mfa_unpack_time(&in);
    user->secured_at = mfa_unpack_time(&in);
    user->language = mfa_unpack_str(&in);

    user->is_disabled = (flags & USER_DISABLED) != 0;
    user->is_locked = (flags & USER_LOCKED) != 0;
    user->is_on_roster = (flags & USER_ON_ROSTER) != 0;

    in.is_damaged |= browser.len != 0 && browser.len != MFA_DIGEST_SIZE;

    st = mfa_record_end(tx, &in, version, USER_VERSION, "user");

    if (st != MFA_OK) {
        *user = (mfa_user_t) { .is_disabled = true };
        return st;
    }

    /* nobody finished registering without a second factor then */

    if (version < USER_SECURED_SINCE) {
        user->secured_at = user->registered_at;
    }

    if (browser.len != 0) {
        memcpy(user->browser, browser.data, MFA_DIGEST_SIZE);
    }

    return MFA_OK;
}
