/*
 * What the pages of factors share: dates, and what became of a code that
 * was sent.
 *
 * Only for people whose password was proved: it tells what became of a
 * message, which an address that nobody has could never show.
 */

#include "mfa_page.h"


#define ENDING_DIGITS  5


mfa_str_t
mfa_visit_date(mfa_visit_t *visit, mfa_time_t at)
{
    return mfa_date_day(visit->env->words, at, visit->work->arena);
}


static mfa_str_t
count_text(mfa_visit_t *visit, mfa_time_t count)
{
    return mfa_arena_printf(visit->work->arena, "%lld", (long long) count);
}


/* on its way, handed over, or refused */

static void
set_delivery(mfa_visit_t *visit, const mfa_code_t *code, mfa_time_t now,
    mfa_value_t *map)
{
    mfa_time_t  ago;

    if (code->refused_at != 0) {
        mfa_value_set_flag(map, "is_refused", true);
        return;
    }

    if (code->sent_at == 0) {
        mfa_value_set_flag(map, "is_waiting", true);
        return;
    }

    ago = (now > code->sent_at) ? (now - code->sent_at) / MFA_SECOND : 0;

    if (ago < 2) {
        mfa_value_set_flag(map, "is_just_sent", true);

    } else if (ago < 120) {
        mfa_value_set_str(map, "seconds_ago", count_text(visit, ago));

    } else {
        mfa_value_set_str(map, "minutes_ago", count_text(visit, ago / 60));
    }
}


/* when another may be asked for: short waits as what they last, which stays
 * true while the page lies open */

static void
set_wait(mfa_visit_t *visit, const mfa_code_t *code, mfa_time_t now,
    mfa_value_t *map)
{
    mfa_time_t  wait;

    if (code->next_at <= now) {
        return;
    }

    wait = code->next_at - code->made_at;

    if (wait > MFA_MINUTE) {
        mfa_value_set_str(map, "resend_at",
                          mfa_flow_clock(&visit->step, code->next_at));
        return;
    }

    mfa_value_set_str(map, "resend_after",
                      count_text(visit, wait / MFA_SECOND));
}


/* whose words fit: of a mail server, or of a provider of messages or calls */

static void
set_channel(const mfa_factor_t *factor, mfa_value_t *map)
{
    mfa_value_set_flag(map, "is_mail", strcmp(factor->channel, "mail") == 0);
    mfa_value_set_flag(map, "is_sms", strcmp(factor->channel, "sms") == 0);
    mfa_value_set_flag(map, "is_voice",
                       strcmp(factor->channel, "voice") == 0);
}


static mfa_status_t
set_destination(mfa_visit_t *visit, const mfa_factor_t *factor,
    mfa_str_t destination, mfa_value_t *map)
{
    mfa_str_t     shown, ending;
    mfa_status_t  st;

    if (destination.len == 0 || factor->mask == NULL) {
        return MFA_OK;
    }

    st = factor->mask(visit->work->arena, destination, &shown);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_str(map, "shown", shown);

    if (strcmp(factor->channel, "mail") != 0 && shown.len > ENDING_DIGITS) {
        ending.data = shown.data + shown.len - ENDING_DIGITS;
        ending.len = ENDING_DIGITS;

        mfa_value_set_str(map, "ending", ending);
    }

    return MFA_OK;
}


mfa_status_t
mfa_visit_code_values(mfa_visit_t *visit, mfa_tx_t *tx,
    const mfa_code_place_t *place, const mfa_factor_t *factor,
    mfa_value_t *map)
{
    mfa_code_t    code;
    mfa_status_t  st;

    set_channel(factor, map);

    st = set_destination(visit, factor, place->destination, map);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_look(tx, place, &code);
    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK && st != MFA_EXPIRED) {
        return st;
    }

    mfa_value_set_flag(map, "is_sent", true);
    mfa_value_set_str(map, "reference", code.reference);

    set_delivery(visit, &code, tx->now, map);

    set_wait(visit, &code, tx->now, map);

    return MFA_OK;
}
