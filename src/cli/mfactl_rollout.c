/*
 * rollout: who has a second factor, whose time to set one up ends when, and
 * whom a login would refuse at a moment.
 *
 * Judges by mfa_flow_ready, which asks what a login asks; changes nothing.
 */

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mfactl.h"


#define LIST_COLUMNS  "email:36 name:24 state:9 deadline:24 registered:10 " \
                      "groups"
#define DAY_COLUMNS   "day:10 people"
#define WEEK_COLUMNS  "week_of:10 people"

/* more different days than these are counted in weeks */
#define DAYS_SHOWN    14

static const char *const  states[] = {
    [MFA_READY_SHUT] = "shut",
    [MFA_READY_BLOCKED] = "blocked",
    [MFA_READY_AT_LOGIN] = "at_login",
    [MFA_READY_WAITING] = "waiting",
    [MFA_READY_OPTIONAL] = "optional",
    [MFA_READY_ENROLLED] = "enrolled"
};

#define STATES  (sizeof(states) / sizeof(states[0]))

typedef struct {
    int64_t   day;                      /* since 1970, UTC */
    uint64_t  people;
} day_t;

typedef struct {
    mfa_user_t   user;
    mfa_ready_t  ready;
} person_t;

typedef struct {
    const mfactl_t  *ctl;
    mfa_time_t       at;                /* 0: now */

    /* of one view, until mfactl_turn_end */
    person_t        *persons;
    size_t           count;
    mfa_id_t         after;
    mfa_id_t         last;
    bool             has_after;
    bool             is_end;
    mfa_time_t       judged_at;

    /* of all */
    uint64_t         people;
    uint64_t         unregistered;
    uint64_t         by_state[STATES];
    day_t           *days;              /* in their order */
    size_t           day_count;
    size_t           day_room;
} rollout_t;


/* "2027-01-18" or a moment, UTC */

static mfa_status_t
rollout_at(const char *typed, mfa_time_t *at)
{
    char        text[32];
    size_t      i, len;
    time_t      seconds;
    struct tm   tm;
    const char *end;

    static const char *const  forms[] = {
        "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"
    };

    if (mfa_policy_day(mfa_str_from(typed), at) == MFA_OK) {
        return MFA_OK;
    }

    len = strlen(typed);
    len -= (len > 0 && typed[len - 1] == 'Z') ? 1 : 0;

    if (len >= sizeof(text)) {
        return MFA_INVALID;
    }

    memcpy(text, typed, len);
    text[len] = '\0';

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        memset(&tm, 0, sizeof(tm));
        end = strptime(text, forms[i], &tm);

        if (end != NULL && *end == '\0' && tm.tm_year >= 100) {
            seconds = timegm(&tm);
            *at = (mfa_time_t) seconds * MFA_SECOND;
            return MFA_OK;
        }
    }

    return MFA_INVALID;
}


static bool
rollout_wants(const rollout_t *rollout, const mfa_user_t *user)
{
    return rollout->ctl->group == NULL
           || mfa_strs_has(&user->groups, mfa_str_from(rollout->ctl->group));
}


static mfa_status_t
rollout_view(mfa_tx_t *tx, void *arg)
{
    size_t         looked;
    person_t      *person;
    rollout_t     *rollout = arg;
    mfa_status_t   st;

    rollout->count = 0;
    rollout->is_end = false;
    rollout->last = rollout->after;
    rollout->judged_at = rollout->at != 0 ? rollout->at : tx->now;

    rollout->persons = mfa_arena_alloc(tx->work->arena,
                                       MFACTL_VIEW_MAX * sizeof(person_t));
    if (rollout->persons == NULL) {
        return MFA_NO_MEMORY;
    }

    for (looked = 0; looked < MFACTL_VIEW_MAX; looked++) {
        person = &rollout->persons[rollout->count];

        st = mfa_user_next(tx, rollout->has_after || looked > 0
                               ? &rollout->last : NULL, &person->user);

        if (st == MFA_NOT_FOUND) {
            rollout->is_end = true;
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        rollout->last = person->user.id;

        if (!rollout_wants(rollout, &person->user)) {
            continue;
        }

        st = mfa_flow_ready(tx, mfa_flow_of(rollout->ctl->mfa),
                            &person->user, rollout->judged_at,
                            &person->ready);
        if (st != MFA_OK) {
            return st;
        }

        rollout->count++;
    }

    return MFA_OK;
}


/* where a day is, or would be */

static size_t
day_find(const rollout_t *rollout, int64_t day)
{
    size_t  low, high, middle;

    low = 0;
    high = rollout->day_count;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (rollout->days[middle].day < day) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


static mfa_status_t
day_add(rollout_t *rollout, int64_t day)
{
    size_t   at, room;
    day_t   *days;

    at = day_find(rollout, day);

    if (at < rollout->day_count && rollout->days[at].day == day) {
        rollout->days[at].people++;
        return MFA_OK;
    }

    if (rollout->day_count == rollout->day_room) {
        room = rollout->day_room == 0 ? 64 : 2 * rollout->day_room;

        days = realloc(rollout->days, room * sizeof(day_t));
        if (days == NULL) {
            return MFA_NO_MEMORY;
        }

        rollout->days = days;
        rollout->day_room = room;
    }

    memmove(&rollout->days[at + 1], &rollout->days[at],
            (rollout->day_count - at) * sizeof(day_t));

    rollout->days[at] = (day_t) { .day = day, .people = 1 };
    rollout->day_count++;

    return MFA_OK;
}


/* a week begins with its Monday; 1970 began with a Thursday */

static void
days_to_weeks(rollout_t *rollout)
{
    size_t   i, count;
    int64_t  monday;

    count = 0;

    for (i = 0; i < rollout->day_count; i++) {
        monday = rollout->days[i].day - (rollout->days[i].day + 3) % 7;

        if (count > 0 && rollout->days[count - 1].day == monday) {
            rollout->days[count - 1].people += rollout->days[i].people;
            continue;
        }

        rollout->days[count] = rollout->days[i];
        rollout->days[count++].day = monday;
    }

    rollout->day_count = count;
}


static const char *
person_state(const person_t *person)
{
    return person->ready.state == MFA_READY_SHUT
           ? mfactl_user_state(&person->user) : states[person->ready.state];
}


static json_t *
person_row(mfactl_t *ctl, const person_t *person)
{
    json_t            *row;
    mfa_str_t          id, name;
    const mfa_user_t  *user = &person->user;

    row = json_object();

    if (mfa_id_text(ctl->work.arena, &user->id, &id) != MFA_OK
        || mfa_user_full_name(ctl->work.arena, user, &name) != MFA_OK)
    {
        id = mfa_null;
        name = mfa_null;
    }

    mfactl_set(row, "id", id);
    mfactl_set(row, "email", user->email);
    mfactl_set(row, "user", user->user);
    mfactl_set(row, "name", name);
    mfactl_set(row, "state", mfa_str_from(person_state(person)));
    mfactl_set_time(row, "deadline", person->ready.deadline);
    json_object_set_new(row, "registered",
                        json_boolean(user->password.len > 0));
    mfactl_set_list(row, "groups", &user->groups);

    return row;
}


static mfa_status_t
rollout_count(mfactl_t *ctl, rollout_t *rollout)
{
    size_t           i;
    person_t        *person;
    mfa_status_t     st;

    for (i = 0; i < rollout->count; i++) {
        person = &rollout->persons[i];

        rollout->people++;
        rollout->unregistered += person->user.password.len == 0 ? 1 : 0;
        rollout->by_state[person->ready.state]++;

        if (person->ready.state == MFA_READY_WAITING
            && person->ready.deadline > 0)
        {
            st = day_add(rollout, person->ready.deadline / MFA_DAY);
            if (st != MFA_OK) {
                return st;
            }
        }

        if (ctl->is_list) {
            mfactl_list_row(ctl, LIST_COLUMNS, person_row(ctl, person));
        }
    }

    return MFA_OK;
}


static json_t *
rollout_days(const rollout_t *rollout, const char *name)
{
    char        text[MFA_TIME_TEXT_SIZE];
    size_t      i;
    json_t     *list, *row;

    list = json_array();

    for (i = 0; i < rollout->day_count; i++) {
        mfa_time_text(rollout->days[i].day * MFA_DAY, text);

        row = json_object();
        mfactl_set(row, name, mfa_str_bytes(text, strcspn(text, "T")));
        json_object_set_new(row, "people", json_integer(
                            (json_int_t) rollout->days[i].people));
        json_array_append_new(list, row);
    }

    return list;
}


static void
rollout_print_days(mfactl_t *ctl, json_t *days, bool is_weeks)
{
    size_t       i;
    json_t      *row;
    const char  *columns = is_weeks ? WEEK_COLUMNS : DAY_COLUMNS;

    if (json_array_size(days) > 0) {
        mfactl_say(ctl, "%s", "");
        mfactl_say(ctl, "time to set up a second factor ends:");
        mfactl_list_begin(ctl, columns);

        json_array_foreach(days, i, row) {
            mfactl_list_row(ctl, columns, json_incref(row));
        }

        mfactl_list_end(ctl);
    }

    json_decref(days);
}


static void
rollout_report(mfactl_t *ctl, rollout_t *rollout)
{
    bool      is_weeks;
    size_t    state;
    json_t   *object, *days;

    is_weeks = rollout->day_count > DAYS_SHOWN;

    if (is_weeks) {
        days_to_weeks(rollout);
    }

    days = rollout_days(rollout, is_weeks ? "week_of" : "day");
    object = json_object();

    mfactl_set_time(object, "at", rollout->judged_at);
    json_object_set_new(object, "people",
                        json_integer((json_int_t) rollout->people));

    for (state = STATES; state-- > 0; /* void */) {
        json_object_set_new(object, states[state], json_integer(
                            (json_int_t) rollout->by_state[state]));
    }

    json_object_set_new(object, "unregistered",
                        json_integer((json_int_t) rollout->unregistered));

    if (ctl->is_json) {
        json_object_set_new(object, "deadlines", days);
        mfactl_put(ctl, object);
        return;
    }

    mfactl_put(ctl, object);
    rollout_print_days(ctl, days, is_weeks);
}


/* ids are random, so that the first byte says how far it is */

static mfa_status_t
rollout_walk(mfactl_t *ctl, rollout_t *rollout, mfactl_progress_t *progress)
{
    mfa_status_t  st;

    do {
        st = mfactl_turn(ctl, MFACTL_VIEW, rollout_view, rollout);
        if (st != MFA_OK) {
            return st;
        }

        /* a fault of the first page is told before a list is begun */

        if (ctl->is_list && !rollout->has_after) {
            mfactl_list_begin(ctl, LIST_COLUMNS);
        }

        st = rollout_count(ctl, rollout);
        if (st != MFA_OK) {
            return st;
        }

        rollout->after = rollout->last;
        rollout->has_after = true;

        if (!ctl->is_list || !isatty(STDOUT_FILENO)) {
            mfactl_progress_tell(progress, "looked at percent",
                                 rollout->after.bytes[0] * 100u / 256, 100);
        }

        mfactl_turn_end(ctl);

    } while (!rollout->is_end);

    return MFA_OK;
}


mfactl_exit_t
mfactl_rollout(mfactl_t *ctl)
{
    rollout_t           rollout = { .ctl = ctl };
    mfa_status_t        st;
    mfactl_exit_t       code;
    mfactl_progress_t   progress;

    if (ctl->on != NULL && rollout_at(ctl->on, &rollout.at) != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_USAGE, "--on takes a day or a moment "
                           "in UTC like 2026-11-22 or 2026-11-22T21:40");
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    mfactl_progress_begin(ctl, &progress);
    st = rollout_walk(ctl, &rollout, &progress);
    mfactl_progress_end(&progress);

    if (ctl->is_list && rollout.has_after) {
        mfactl_list_end(ctl);
    }

    if (st == MFA_OK && !(ctl->is_list && ctl->is_json)) {
        if (ctl->is_list) {
            mfactl_say(ctl, "%s", "");
        }

        rollout_report(ctl, &rollout);
    }

    free(rollout.days);

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "look at the people");
}
