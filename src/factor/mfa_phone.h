/*
 * What the files about phone numbers share with each other; nobody else
 * includes this.
 */

#ifndef MFA_PHONE_H
#define MFA_PHONE_H

#include "mfa_factor.h"

#pragma GCC visibility push(hidden)


/*
 * The numbers of one country. Lists are words with a space between.
 *
 * trunk: what is dialled in front of a national number and is not part of
 * it; NULL: nothing, and a number may begin with 0; "": nothing, and none
 * does. least, most: digits of the national number. own: how numbers begin
 * that are of this country alone among those that share its code.
 */

typedef struct {
    const char  *iso;
    const char  *trunk;
    uint8_t      least;
    uint8_t      most;
    const char  *own;               /* NULL: what no other one owns */
} mfa_phone_plan_t;

/*
 * What holds for all countries of one calling code, so that nobody gets to
 * a refused number by choosing the neighbour.
 *
 * refused: premium, shared cost, personal, pagers, free calls. whole:
 * numbers that begin so always have the most digits.
 */

typedef struct {
    const char  *code;
    const char  *refused;
    const char  *whole;             /* or NULL */
} mfa_phone_rule_t;

const mfa_phone_plan_t *mfa_phone_plan(const char *iso);    /* or NULL */
const mfa_phone_rule_t *mfa_phone_rule(const char *code);   /* or NULL */

/* "destination" of the factors that send to a phone; see mfa_factor_t */
mfa_status_t mfa_phone_destination(const mfa_factor_case_t *at,
    const mfa_pairs_t *form, mfa_str_t *destination, const char **field,
    mfa_str_t *word);

#pragma GCC visibility pop

#endif /* MFA_PHONE_H */
