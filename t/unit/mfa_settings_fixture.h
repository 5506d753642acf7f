/*
 * People who are logged in, with methods, sessions and remembered browsers,
 * written straight into the store: for tests of the security settings.
 */

#ifndef MFA_SETTINGS_FIXTURE_H
#define MFA_SETTINGS_FIXTURE_H

#include "mfa_visitor_ask.h"


#define ANN           "ann.employee@example.org"
#define ANN_HOME      "ann.home@example.org"
#define EVE           "eve.other@example.org"
#define ANN_NUMBER    "+447700900123"

/* base32 of the secret that add_record gives an app */
#define APP_SECRET    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

typedef struct {
    const char  *email;
    const char  *other;             /* or NULL */
    const char  *kinds;             /* "totp sms" */
    const char  *encoded;           /* hash of the password, or NULL */
    mfa_id_t     id;
} person_t;

typedef struct {
    const mfa_id_t  *user;
    mfa_time_t       factor_ago;
    const char      *agent;
    char             token[128];
    char             reference[32];
} login_t;


static inline void
settings_lines(world_t *world)
{
    char  sms[128];

    (void) snprintf(sms, sizeof(sms), "maildir:%s/sms", world->dir);

    WORLD_LINE(world, "factors", "totp", "sms", "email");
    WORLD_LINE(world, "recovery_codes", "on");
    WORLD_LINE(world, "sms", sms);
    WORLD_LINE(world, "remember_device", "30d");
}


static inline world_t *
settings_world(const char *store)
{
    world_t  *world;

    world = world_open_with(store, WORLD_ORIGIN, settings_lines);
    world_hash_cheaply(world);

    return world;
}


static inline mfa_status_t
add_record(mfa_tx_t *tx, const mfa_user_t *user, const char *kind)
{
    mfa_strs_t           codes;
    mfa_status_t         st;
    mfa_factor_record_t  record;

    memset(&record, 0, sizeof(record));

    record.user = user->id;
    record.kind = mfa_str_from(kind);
    record.secret = mfa_str("12345678901234567890");
    record.added_at = tx->now - 40 * MFA_DAY;
    record.used_at = tx->now - MFA_DAY;

    if (strcmp(kind, "sms") == 0) {
        record.secret = mfa_str(ANN_NUMBER);
        record.used_at = 0;
    }

    if (strcmp(kind, "email") == 0) {
        record.secret = mfa_str(ANN_HOME);
    }

    if (strcmp(kind, "recovery") == 0) {
        st = mfa_recovery_make(tx, &user->id, &codes, &record.secret);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_factor_record_put(tx, &record);
}


static inline mfa_status_t
add_person(mfa_tx_t *tx, void *arg)
{
    char           kinds[64], *kind, *rest;
    person_t      *person = arg;
    mfa_user_t     user;
    mfa_status_t   st;

    st = mfa_user_make(tx, &user);

    if (st == MFA_OK && person->other != NULL) {
        st = mfa_strs_add(tx->work->arena, &user.other_emails,
                          mfa_str_from(person->other));
    }

    if (st != MFA_OK) {
        return st;
    }

    user.email = mfa_str_from(person->email);
    user.user = user.email;
    user.first_name = mfa_str("Ann");
    user.surname = mfa_str("Employee");
    user.password = mfa_str_from(person->encoded);
    user.password_at = tx->now - 40 * MFA_DAY;
    user.added_at = user.password_at;
    user.registered_at = user.password_at;
    user.secured_at = person->kinds[0] != '\0' ? user.password_at : 0;
    user.is_on_roster = true;

    person->id = user.id;

    st = mfa_user_add(tx, &user, NULL);

    (void) snprintf(kinds, sizeof(kinds), "%s", person->kinds);

    for (kind = strtok_r(kinds, " ", &rest); kind != NULL && st == MFA_OK;
         kind = strtok_r(NULL, " ", &rest))
    {
        st = add_record(tx, &user, kind);
    }

    return st;
}


static inline mfa_id_t
settings_person(world_t *world, const char *email, const char *other,
    const char *kinds)
{
    char          encoded[512];
    mfa_str_t     made;
    person_t      person = { email, other, kinds, encoded, { { 0 } } };
    mfa_arena_t  *arena;

    arena = mfa_arena_open(64 * 1024);

    assert_int_equal(mfa_pwhash_make(mfa_model_of(world->mfa)->keys,
                                     &world->ports,
                                     &mfa_model_of(world->mfa)
                                         ->settings->hash_cost,
                                     mfa_str("copper kettle nine"), arena,
                                     &made), MFA_OK);
    (void) snprintf(encoded, sizeof(encoded), MFA_STR_FMT, MFA_STR_ARG(made));
    mfa_arena_close(&arena);

    world_update(world, add_person, &person);

    return person.id;
}


static inline mfa_status_t
add_session(mfa_tx_t *tx, void *arg)
{
    login_t        *login = arg;
    mfa_str_t       token, reference;
    mfa_user_t      user;
    mfa_status_t    st;
    mfa_session_t   session;

    st = mfa_user_get(tx, login->user, &user);
    if (st != MFA_OK) {
        return st;
    }

    memset(&session, 0, sizeof(session));

    session.user = user.id;
    session.amr = MFA_AMR_PWD | MFA_AMR_OTP;
    session.agent = mfa_str_from(login->agent);
    session.address = (mfa_address_t) { { 198, 51, 100, 9 }, 4 };

    st = mfa_session_issue(tx, &user, &session, &token);

    if (st == MFA_OK) {
        st = mfa_settings_reference(tx->work->arena, session.key,
                                    &reference);
    }

    if (st != MFA_OK) {
        return st;
    }

    (void) snprintf(login->token, sizeof(login->token), MFA_STR_FMT,
                    MFA_STR_ARG(token));
    (void) snprintf(login->reference, sizeof(login->reference), MFA_STR_FMT,
                    MFA_STR_ARG(reference));

    return MFA_OK;
}


/* a browser of a person, logged in; their last factor that long ago */

static inline void
settings_login(visitor_t *visitor, world_t *world, login_t *login)
{
    visitor_init(visitor, world);

    if (login->agent == NULL) {
        login->agent = "Firefox on Linux";
    }

    world_update(world, add_session, login);
    world->now += login->factor_ago;

    (void) snprintf(visitor->cookies[0], sizeof(visitor->cookies[0]),
                    "__Host-mfa_session=%s", login->token);
}


/* which kinds a person has, "totp sms " */

typedef struct {
    mfa_id_t  user;
    char      text[128];
} kinds_t;


static inline mfa_status_t
read_kinds(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    kinds_t       *kinds = arg;
    mfa_strs_t     list;
    mfa_status_t   st;

    memset(&list, 0, sizeof(list));
    st = mfa_factor_record_kinds(tx, &kinds->user, &list);

    for (i = 0; st == MFA_OK && i < list.count; i++) {
        (void) snprintf(kinds->text + strlen(kinds->text),
                        sizeof(kinds->text) - strlen(kinds->text),
                        MFA_STR_FMT " ", MFA_STR_ARG(list.items[i]));
    }

    return st;
}


static inline bool
settings_has(world_t *world, mfa_id_t user, const char *kind)
{
    kinds_t  kinds = { user, "" };

    world_update(world, read_kinds, &kinds);

    return strstr(kinds.text, kind) != NULL;
}


/* letters that came since mail was read last: to whom, about what */

typedef struct {
    char    mark[64];
    size_t  ann, home, eve;
} letters_t;


static inline void
count_letter(const char *text, void *arg)
{
    letters_t  *letters = arg;

    if (strstr(text, letters->mark) == NULL) {
        return;
    }

    letters->ann += strstr(text, "To: " ANN) || strstr(text, "<" ANN ">");
    letters->home += strstr(text, "To: " ANN_HOME)
                     || strstr(text, "<" ANN_HOME ">");
    letters->eve += strstr(text, EVE) != NULL;
}


static inline letters_t
settings_letters(world_t *world, const char *mark)
{
    letters_t  letters;

    memset(&letters, 0, sizeof(letters));
    (void) snprintf(letters.mark, sizeof(letters.mark), "%s", mark);
    (void) world_mail(world, count_letter, &letters);

    return letters;
}

#endif /* MFA_SETTINGS_FIXTURE_H */
