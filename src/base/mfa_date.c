/*
 * Dates in words: the months and their order in a sentence are words like
 * all others.
 */

#include "mfa_base.h"

#include <time.h>


static const mfa_str_t  months[] = {
    MFA_WORD_STATIC("January"), MFA_WORD_STATIC("February"),
    MFA_WORD_STATIC("March"), MFA_WORD_STATIC("April"),
    MFA_WORD_STATIC("May"), MFA_WORD_STATIC("June"),
    MFA_WORD_STATIC("July"), MFA_WORD_STATIC("August"),
    MFA_WORD_STATIC("September"), MFA_WORD_STATIC("October"),
    MFA_WORD_STATIC("November"), MFA_WORD_STATIC("December")
};


static mfa_str_t
date_text(const mfa_words_t *words, const struct tm *tm, mfa_arena_t *arena)
{
    mfa_pair_t   pairs[3];
    mfa_pairs_t  values = { pairs, 3 };

    pairs[0] = (mfa_pair_t) { mfa_str("day"),
                              mfa_arena_printf(arena, "%d", tm->tm_mday) };
    pairs[1] = (mfa_pair_t) { mfa_str("month"),
                              mfa_words_get(words, months[tm->tm_mon]) };
    pairs[2] = (mfa_pair_t) { mfa_str("year"),
                              mfa_arena_printf(arena, "%d",
                                               tm->tm_year + 1900) };

    return mfa_words_fill(words, MFA_WORD("{{day}} {{month}} {{year}}"),
                          &values, arena);
}


static mfa_str_t
date_with_time(const mfa_words_t *words, const struct tm *tm,
    const char *zone, mfa_arena_t *arena)
{
    mfa_str_t  day;

    day = date_text(words, tm, arena);

    return day.len == 0 ? mfa_null
           : mfa_arena_printf(arena, MFA_STR_FMT ", %02d:%02d %s",
                              MFA_STR_ARG(day), tm->tm_hour, tm->tm_min,
                              zone);
}


mfa_str_t
mfa_date_day(const mfa_words_t *words, mfa_time_t at, mfa_arena_t *arena)
{
    time_t     seconds = (time_t) (at / MFA_SECOND);
    struct tm  tm;

    if (at == 0 || localtime_r(&seconds, &tm) == NULL) {
        return mfa_null;
    }

    return date_text(words, &tm, arena);
}


mfa_str_t
mfa_date_moment(const mfa_words_t *words, mfa_time_t at, mfa_arena_t *arena)
{
    time_t     seconds = (time_t) (at / MFA_SECOND);
    struct tm  tm;

    if (at == 0 || localtime_r(&seconds, &tm) == NULL) {
        return mfa_null;
    }

    return date_with_time(words, &tm, tm.tm_zone, arena);
}


mfa_str_t
mfa_date_utc(const mfa_words_t *words, mfa_time_t at, mfa_arena_t *arena)
{
    time_t     seconds = (time_t) (at / MFA_SECOND);
    struct tm  tm;

    if (gmtime_r(&seconds, &tm) == NULL) {
        return mfa_null;
    }

    return date_with_time(words, &tm, "UTC", arena);
}


mfa_str_t
mfa_date_pack(mfa_time_t at, mfa_arena_t *arena)
{
    return at == 0 ? mfa_null
                   : mfa_arena_printf(arena, "%lld", (long long) at);
}


mfa_status_t
mfa_date_unpack(mfa_str_t text, mfa_time_t *at)
{
    int64_t       number;
    mfa_status_t  st;

    st = mfa_str_number(text, &number);
    if (st != MFA_OK || number <= 0) {
        return MFA_INVALID;
    }

    *at = (mfa_time_t) number;

    return MFA_OK;
}
