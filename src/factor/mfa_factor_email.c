/*
 * E-mail as a second factor: a code to one of the person's own addresses.
 *
 * Never to an address that somebody types: only what the record holds may
 * be chosen. Proves no more than the mailbox does, which is why it is off
 * unless the operator allows it (B16). Contract: mfa_factor.h.
 */

#include "mfa_factor.h"


/* bytes of a name whose last two may be shown */
#define MASK_LONG  6


/* the first is the address people log in with; mfa_null: there is none */

static mfa_str_t
email_at(const mfa_user_t *user, size_t i)
{
    if (i == 0) {
        return user->email;
    }

    return (i - 1 < user->other_emails.count) ? user->other_emails.items[i - 1]
                                              : mfa_null;
}


/* chosen by its place on the record, or written out */

static mfa_status_t
email_find(mfa_arena_t *arena, const mfa_user_t *user, mfa_str_t chosen,
    mfa_str_t *found)
{
    size_t        i;
    int64_t       place;
    mfa_str_t     address;
    mfa_status_t  st;

    *found = mfa_null;

    if (mfa_str_number(chosen, &place) == MFA_OK) {
        *found = email_at(user, (size_t) place);
        return (found->len > 0) ? MFA_OK : MFA_INVALID;
    }

    st = mfa_email_canonical(arena, chosen, &address);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i <= user->other_emails.count; i++) {
        if (mfa_str_eq(address, email_at(user, i))) {
            *found = email_at(user, i);
            return MFA_OK;
        }
    }

    return MFA_INVALID;
}


static mfa_status_t
email_destination(const mfa_factor_case_t *at, const mfa_pairs_t *form,
    mfa_str_t *destination, const char **field, mfa_str_t *word)
{
    mfa_status_t  st;

    *field = NULL;
    *word = mfa_null;

    st = email_find(at->tx->work->arena, at->user,
                    mfa_pairs_get(form, mfa_str("address")), destination);

    if (st == MFA_INVALID) {
        *field = "address";
        *word = MFA_WORD("Choose one of the addresses.");
    }

    return st;
}


static mfa_status_t
email_mask(mfa_arena_t *arena, mfa_str_t destination, mfa_str_t *shown)
{
    mfa_str_t  name, domain, last;

    *shown = mfa_null;

    domain = destination;
    name = mfa_str_split(&domain, '@');

    if (domain.len == 0 || name.len == 0) {
        return MFA_INVALID;
    }

    /* of a longer name its end too: two addresses of one person often have
     * the same domain and first letter */

    last = (name.len >= MASK_LONG)
           ? mfa_str_bytes(name.data + name.len - 2, 2) : mfa_str("");

    *shown = mfa_arena_printf(arena, "%c***" MFA_STR_FMT "@" MFA_STR_FMT,
                              name.data[0], MFA_STR_ARG(last),
                              MFA_STR_ARG(domain));

    return (shown->data != NULL) ? MFA_OK : MFA_NO_MEMORY;
}


const mfa_factor_t  mfa_factor_email = {
    .name = "email",
    .amr = MFA_AMR_EMAIL,
    .label = MFA_WORD_STATIC("Email"),
    .channel = "mail",
    .secure_template = "secure_email.html",
    .verify_template = "verify_email.html",
    .destination = email_destination,
    .mask = email_mask,
};
