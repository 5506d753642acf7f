/*
 * Which events and ends of work count where.
 *
 * Knows the words of events and nothing of what they are about. Contract:
 * mfa_model_metric.h; the series are in mfa_metric.def.
 */

#include "mfa_record.h"


typedef enum {
#define MFA_METRIC_FAMILY(id, type, unit, name, help)  FAMILY_##id,
#include "mfa_metric.def"
    FAMILY_COUNT
} family_t;

typedef struct {
    family_t     family;
    const char  *event;         /* "a|b", "*": any, NULL: none */
    const char  *result;
    const char  *reason;
    const char  *factor;
} rule_t;

static const rule_t  rules[MFA_METRIC_COUNT] = {
#define MFA_METRIC(id, family, labels, event, result, reason, factor)         \
    { FAMILY_##family, event, result, reason, factor },
#include "mfa_metric.def"
};


void
mfa_tally_count(mfa_tally_t *tally, mfa_metric_t metric)
{
    if (tally != NULL) {
        tally->counts[metric]++;
    }
}


void
mfa_tally_add(mfa_tally_t *tally, const mfa_tally_t *more)
{
    size_t  i;

    for (i = 0; tally != NULL && i < MFA_METRIC_COUNT; i++) {
        tally->counts[i] += more->counts[i];
    }
}


static bool
name_fits(const char *rule, const char *name)
{
    size_t  len;

    if (rule == NULL || strcmp(rule, "*") == 0) {
        return rule != NULL;
    }

    len = strlen(name);

    while (rule != NULL) {
        if (strncmp(rule, name, len) == 0
            && (rule[len] == '\0' || rule[len] == '|'))
        {
            return true;
        }

        rule = strchr(rule, '|');
        rule = (rule != NULL) ? rule + 1 : NULL;
    }

    return false;
}


static bool
word_fits(const char *rule, const char *word)
{
    bool  is_there;

    is_there = word != NULL && word[0] != '\0';

    if (rule == NULL) {
        return true;
    }

    if (strcmp(rule, "*") == 0) {
        return is_there;
    }

    return strcmp(rule, is_there ? word : "") == 0;
}


void
mfa_tally_event(mfa_tally_t *tally, const mfa_event_t *event)
{
    int            counted;
    size_t         i;
    const rule_t  *rule;

    if (tally == NULL || event->name == NULL) {
        return;
    }

    counted = -1;

    for (i = 0; i < MFA_METRIC_COUNT; i++) {
        rule = &rules[i];

        if ((int) rule->family != counted
            && name_fits(rule->event, event->name)
            && word_fits(rule->result, event->result)
            && word_fits(rule->reason, event->reason)
            && word_fits(rule->factor, event->factor))
        {
            tally->counts[i]++;
            counted = (int) rule->family;
        }
    }
}


/* what the caller wanted is not a fault of the store */

void
mfa_tally_commit(mfa_tally_t *tally, mfa_status_t status)
{
    switch (status) {
    case MFA_OK:
        mfa_tally_count(tally, MFA_METRIC_COMMIT);
        break;
    case MFA_STORE_FULL:
        mfa_tally_count(tally, MFA_METRIC_COMMIT_FULL);
        break;
    case MFA_STORE_BUSY:
        mfa_tally_count(tally, MFA_METRIC_COMMIT_BUSY);
        break;
    case MFA_STORE:
    case MFA_UNAVAILABLE:
        mfa_tally_count(tally, MFA_METRIC_COMMIT_FAULT);
        break;
    default:
        break;
    }
}


void
mfa_tally_code(mfa_tally_t *tally, mfa_str_t channel)
{
    if (mfa_str_eq_c(channel, "mail")) {
        mfa_tally_count(tally, MFA_METRIC_CODE_MAIL);

    } else if (mfa_str_eq_c(channel, "sms")) {
        mfa_tally_count(tally, MFA_METRIC_CODE_SMS);

    } else if (mfa_str_eq_c(channel, "voice")) {
        mfa_tally_count(tally, MFA_METRIC_CODE_VOICE);
    }
}


void
mfa_tally_delivery(mfa_tally_t *tally, mfa_str_t channel,
    mfa_delivery_end_t end)
{
    mfa_metric_t  first;

    if (mfa_str_eq_c(channel, "mail")) {
        first = MFA_METRIC_MAIL_SENT;

    } else if (mfa_str_eq_c(channel, "sms")) {
        first = MFA_METRIC_SMS_SENT;

    } else if (mfa_str_eq_c(channel, "voice")) {
        first = MFA_METRIC_VOICE_SENT;

    } else {
        return;
    }

    mfa_tally_count(tally, (mfa_metric_t) ((int) first + (int) end));
}
