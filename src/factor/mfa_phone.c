/*
 * Phone numbers: from what people type to E.164, and what is shown of them.
 *
 * Refuses rather than guesses: a code that goes to a stranger's phone, or to
 * a number that costs by the minute, is worse than a question asked twice.
 * Contract: mfa_factor.h, mfa_phone.h.
 */

#include "mfa_phone.h"


#define PHONE_TYPED_MAX   64
#define PHONE_DIGITS_MAX  24        /* 00, 15 digits, a trunk prefix */
#define PHONE_E164_MAX    15
#define PHONE_SHOWN       5


/*
 * The length of what may stand between digits; 0: it is something else.
 * Contact lists put marks of direction around what is copied from them.
 */

static size_t
phone_gap(mfa_str_t s)
{
    size_t  i;

    static const char *const  gaps[] = {
        " ", "\t", "-", ".", "/", "(", ")",
        "\xc2\xa0",                                     /* U+00A0 */
        "\xe2\x80\x89",                                 /* U+2009 */
        "\xe2\x80\x8e", "\xe2\x80\x8f",                 /* U+200E, U+200F */
        "\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92", /* U+2010 to */
        "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95", /* U+2015 */
        "\xe2\x80\xaa", "\xe2\x80\xac", "\xe2\x80\xad", /* U+202A, C, D */
        "\xe2\x80\xaf",                                 /* U+202F */
        "\xe2\x81\xa6", "\xe2\x81\xa8", "\xe2\x81\xa9", /* U+2066, 8, 9 */
        "\xe2\x88\x92",                                 /* U+2212 */
    };

    for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
        if (mfa_str_has_prefix(s, mfa_str_from(gaps[i]))) {
            return strlen(gaps[i]);
        }
    }

    return 0;
}


static mfa_str_t
phone_skip(mfa_str_t s, size_t len)
{
    return mfa_str_bytes(s.data + len, s.len - len);
}


/*
 * The digits of what was typed; a plus in front of them becomes "00". A "0"
 * in brackets behind the code stays and is taken off as any trunk prefix.
 */

static mfa_status_t
phone_digits(mfa_arena_t *arena, mfa_str_t typed, mfa_str_t *digits)
{
    char    kept[PHONE_DIGITS_MAX];
    size_t  len, gap;

    *digits = mfa_null;

    if (typed.len > PHONE_TYPED_MAX) {
        return MFA_INVALID;
    }

    for (len = 0; typed.len > 0; typed = phone_skip(typed, gap)) {

        gap = phone_gap(typed);
        if (gap > 0) {
            continue;
        }

        gap = 1;

        if (len + 2 > PHONE_DIGITS_MAX) {
            return MFA_INVALID;
        }

        if (typed.data[0] >= '0' && typed.data[0] <= '9') {
            kept[len++] = typed.data[0];

        } else if (typed.data[0] == '+' && len == 0) {
            kept[len++] = '0';
            kept[len++] = '0';

        } else {
            return MFA_INVALID;
        }
    }

    return mfa_arena_copy(arena, mfa_str_bytes(kept, len), digits);
}


/* the longest word of the list that the number begins with; 0: none */

static size_t
phone_begins(mfa_str_t number, const char *list)
{
    size_t     longest;
    mfa_str_t  words, word;

    longest = 0;

    for (words = mfa_str_from(list); words.len > 0; /* void */) {
        word = mfa_str_split(&words, ' ');

        if (word.len > longest && mfa_str_has_prefix(number, word)) {
            longest = word.len;
        }
    }

    return longest;
}


/*
 * National numbers never begin with a trunk prefix of 0; they may well begin
 * with one of 1 or 8, which is taken off only what is too long with it.
 */

static mfa_str_t
phone_without_trunk(const mfa_phone_plan_t *plan, mfa_str_t number)
{
    size_t  len;

    len = (plan->trunk != NULL) ? phone_begins(number, plan->trunk) : 0;

    if (len > 0 && (number.data[0] == '0' || number.len > plan->most)) {
        return phone_skip(number, len);
    }

    return number;
}


/* the national significant number; MFA_INVALID: with the code of another */

static mfa_status_t
phone_national(const mfa_country_t *country, const mfa_phone_plan_t *plan,
    mfa_str_t digits, mfa_str_t *number)
{
    mfa_str_t  code;

    *number = mfa_null;

    if (mfa_str_has_prefix(digits, mfa_str("00"))) {
        code = mfa_str_from(country->code);
        digits = phone_skip(digits, 2);

        if (!mfa_str_has_prefix(digits, code)) {
            return MFA_INVALID;
        }

        digits = phone_skip(digits, code.len);
    }

    *number = phone_without_trunk(plan, digits);

    return MFA_OK;
}


static bool
phone_fits(const mfa_country_t *country, const mfa_phone_plan_t *plan,
    mfa_str_t number)
{
    const mfa_phone_rule_t  *rule;

    if (number.len < plan->least || number.len > plan->most
        || number.len + strlen(country->code) > PHONE_E164_MAX)
    {
        return false;
    }

    if (number.data[0] == '0' && plan->trunk != NULL) {
        return false;
    }

    /* in North America neither area codes nor exchanges begin with 0 or 1 */

    if (strcmp(country->code, "1") == 0
        && (number.data[0] < '2' || number.data[3] < '2'))
    {
        return false;
    }

    rule = mfa_phone_rule(country->code);

    return rule == NULL || rule->whole == NULL || number.len == plan->most
           || phone_begins(number, rule->whole) == 0;
}


/*
 * Is it a number of this country, not of another one with the same code?
 * Calls to some of those cost many times as much, and are why the operator
 * names the countries.
 */

static bool
phone_is_of(const mfa_country_t *country, const mfa_phone_plan_t *plan,
    mfa_str_t number)
{
    size_t                   i, count;
    const mfa_country_t     *all;
    const mfa_phone_plan_t  *other;

    if (plan->own != NULL) {
        return phone_begins(number, plan->own) > 0;
    }

    all = mfa_countries(&count);

    for (i = 0; i < count; i++) {
        if (strcmp(all[i].code, country->code) != 0) {
            continue;
        }

        other = mfa_phone_plan(all[i].iso);

        if (other != NULL && other->own != NULL
            && phone_begins(number, other->own) > 0)
        {
            return false;
        }
    }

    return true;
}


static bool
phone_is_refused(const mfa_country_t *country, mfa_str_t number)
{
    const mfa_phone_rule_t  *rule;

    rule = mfa_phone_rule(country->code);

    return rule != NULL && phone_begins(number, rule->refused) > 0;
}


mfa_status_t
mfa_phone_parse(mfa_arena_t *arena, const mfa_country_t *country,
    mfa_str_t typed, mfa_str_t *number, bool *is_premium)
{
    mfa_str_t                digits, national;
    mfa_status_t             st;
    const mfa_phone_plan_t  *plan;

    *number = mfa_null;
    *is_premium = false;

    plan = mfa_phone_plan(country->iso);
    if (plan == NULL) {
        return MFA_BUG;
    }

    st = phone_digits(arena, typed, &digits);
    if (st != MFA_OK) {
        return st;
    }

    st = phone_national(country, plan, digits, &national);
    if (st != MFA_OK) {
        return st;
    }

    if (!phone_fits(country, plan, national)) {
        return MFA_INVALID;
    }

    if (phone_is_refused(country, national)) {
        *is_premium = true;
        return MFA_INVALID;
    }

    if (!phone_is_of(country, plan, national)) {
        return MFA_INVALID;
    }

    *number = mfa_arena_printf(arena, "+%s" MFA_STR_FMT, country->code,
                               MFA_STR_ARG(national));

    return (number->data != NULL) ? MFA_OK : MFA_NO_MEMORY;
}


mfa_status_t
mfa_phone_mask(mfa_arena_t *arena, mfa_str_t number, mfa_str_t *shown)
{
    *shown = mfa_null;

    if (number.len <= PHONE_SHOWN || number.data[0] != '+') {
        return MFA_INVALID;
    }

    *shown = mfa_arena_printf(arena, "XXX-XXX-" MFA_STR_FMT,
                              MFA_STR_ARG(phone_skip(number, number.len
                                                     - PHONE_SHOWN)));

    return (shown->data != NULL) ? MFA_OK : MFA_NO_MEMORY;
}


static mfa_str_t
phone_advice(const mfa_country_t *country)
{
    size_t  i;

    /* none but numbers that regulators keep for films and books */

    static const struct {
        const char  *iso;
        mfa_str_t    word;
    }  words[] = {
        { "AU", MFA_WORD_STATIC("Enter a phone number of Australia, for "
                                "example 0491 570 156.") },
        { "CA", MFA_WORD_STATIC("Enter a phone number of Canada, for "
                                "example 416 555 0123.") },
        { "GB", MFA_WORD_STATIC("Enter a phone number of the United Kingdom, "
                                "for example 07700 900123.") },
        { "US", MFA_WORD_STATIC("Enter a phone number of the United States, "
                                "for example 201 555 0123.") },
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].iso, country->iso) == 0) {
            return words[i].word;
        }
    }

    return MFA_WORD("Enter a phone number of the country you chose, with its "
                    "area code.");
}


/*
 * People of Jersey choose the United Kingdom, whose code it is: the number
 * may be of any allowed country with the code of the one chosen.
 */

static mfa_status_t
phone_of_neighbour(const mfa_factor_case_t *at, const mfa_country_t *chosen,
    mfa_str_t typed, mfa_str_t *number)
{
    bool                  is_premium;
    size_t                i, count;
    mfa_status_t          st;
    const mfa_str_t      *items;
    const mfa_country_t  *country;

    mfa_factor_countries(at->settings, &items, &count);

    for (i = 0; i < count; i++) {
        country = mfa_country_by_iso(items[i]);

        if (country == NULL || strcmp(country->code, chosen->code) != 0) {
            continue;
        }

        st = mfa_phone_parse(at->tx->work->arena, country, typed, number,
                             &is_premium);
        if (st != MFA_INVALID) {
            return st;
        }
    }

    return MFA_INVALID;
}


mfa_status_t
mfa_phone_destination(const mfa_factor_case_t *at, const mfa_pairs_t *form,
    mfa_str_t *destination, const char **field, mfa_str_t *word)
{
    bool                  is_premium;
    mfa_str_t             iso, typed;
    mfa_status_t          st;
    const mfa_country_t  *country;

    *destination = mfa_null;
    *field = NULL;
    *word = mfa_null;

    iso = mfa_pairs_get(form, mfa_str("country"));
    country = mfa_country_by_iso(iso);

    if (country == NULL || !mfa_factor_has_country(at->settings, iso)) {
        *field = "country";
        *word = MFA_WORD("Choose a country from the list.");
        return MFA_INVALID;
    }

    typed = mfa_pairs_get(form, mfa_str("phone"));

    st = mfa_phone_parse(at->tx->work->arena, country, typed, destination,
                         &is_premium);

    if (st == MFA_INVALID && !is_premium) {
        st = phone_of_neighbour(at, country, typed, destination);
    }

    if (st == MFA_INVALID) {
        *field = "phone";
        *word = is_premium
                ? MFA_WORD("Codes cannot be sent to numbers of this kind. "
                           "Use a mobile or landline number.")
                : phone_advice(country);
    }

    return st;
}
