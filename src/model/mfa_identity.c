/*
 * Identities: who a session is, ready for the headers of a request.
 *
 * One allocation, read-only once made, wiped when its last holder lets go.
 * Contract: mfa_model.h, "decisions".
 */

#include "mfa_record.h"

#include <stdlib.h>


#define HEADER_MAX   1024
#define GROUPS_MAX   4096
#define NUMBER_MAX   20

typedef struct {
    mfa_identity_t  identity;       /* first: release finds the rest by it */
    size_t          size;
    char            room[];
} identity_box_t;

/* where the next string of a box goes; without a box it only counts */

typedef struct {
    char    *next;
    size_t   len;
} identity_room_t;


void
mfa_identity_hold(mfa_identity_t *identity)
{
    identity->holders++;
}


void
mfa_identity_release(mfa_identity_t **identity)
{
    identity_box_t  *box;

    if (*identity == NULL) {
        return;
    }

    box = (identity_box_t *) (void *) *identity;
    *identity = NULL;

    if (--box->identity.holders > 0) {
        return;
    }

    mfa_wipe(box, box->size);
    free(box);
}


mfa_verdict_t
mfa_identity_judge(const mfa_identity_t *identity, mfa_time_t noted_at,
    mfa_time_t now, mfa_session_state_t *state)
{
    mfa_time_t  idle_at;

    *state = MFA_SESSION_REVOKED;

    if (identity->state == MFA_SESSION_REVOKED) {
        return MFA_VERDICT_DENY;
    }

    idle_at = identity->idle_at;

    if (noted_at > identity->seen_at) {
        idle_at += noted_at - identity->seen_at;
    }

    if (now < idle_at && now < identity->limit_at) {
        *state = MFA_SESSION_LIVE;
        return MFA_VERDICT_PASS;
    }

    *state = idle_at <= identity->limit_at ? MFA_SESSION_IDLE
                                           : MFA_SESSION_OLD;

    return MFA_VERDICT_DENY;
}


/* most values are plain and stay where they are, which is worth a look */

static mfa_status_t
identity_value(mfa_arena_t *arena, mfa_str_t s, mfa_str_t *out)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] > 0x7e || s.data[i] == '%') {
            break;
        }
    }

    if (i == s.len && s.len <= HEADER_MAX) {
        *out = s;
        return MFA_OK;
    }

    return mfa_header_value(arena, s, HEADER_MAX, out);
}


static mfa_str_t
identity_number(mfa_arena_t *arena, int64_t n)
{
    char    *text;
    size_t   at;

    text = mfa_arena_alloc(arena, NUMBER_MAX);
    if (text == NULL) {
        return mfa_null;
    }

    for (at = NUMBER_MAX; at > 0 && (n > 0 || at == NUMBER_MAX); n /= 10) {
        text[--at] = (char) ('0' + n % 10);
    }

    return mfa_str_bytes(text + at, NUMBER_MAX - at);
}


/* a group's own comma must not look like the one between two groups */

static mfa_status_t
identity_group(mfa_arena_t *arena, mfa_str_t group, mfa_buf_t *buf)
{
    size_t        i, need;
    mfa_str_t     value;
    mfa_status_t  st;

    st = identity_value(arena, group, &value);
    if (st != MFA_OK) {
        return st;
    }

    need = value.len + 1;

    for (i = 0; i < value.len; i++) {
        need += value.data[i] == ',' ? 2 : 0;
    }

    /* what is too much is left out whole: half a name is another group */

    if (buf->len + need > GROUPS_MAX) {
        return MFA_OK;
    }

    if (buf->len > 0) {
        mfa_buf_putc(buf, ',');
    }

    for (i = 0; i < value.len; i++) {
        if (value.data[i] == ',') {
            mfa_buf_puts(buf, "%2C");
            continue;
        }

        mfa_buf_putc(buf, value.data[i]);
    }

    return MFA_OK;
}


static mfa_status_t
identity_groups(mfa_arena_t *arena, const mfa_strs_t *groups, mfa_str_t *out)
{
    size_t        i;
    mfa_buf_t     buf;
    mfa_status_t  st;

    mfa_buf_init(&buf, arena, GROUPS_MAX);

    for (i = 0; i < groups->count; i++) {
        st = identity_group(arena, groups->items[i], &buf);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_buf_str(&buf, out);
}


static mfa_status_t
identity_attrs(mfa_arena_t *arena, const mfa_pairs_t *attrs, mfa_pairs_t *out)
{
    size_t        i;
    mfa_status_t  st;

    *out = (mfa_pairs_t) { NULL, 0 };

    if (attrs->count == 0) {
        return MFA_OK;
    }

    out->items = mfa_arena_alloc(arena, attrs->count * sizeof(mfa_pair_t));
    if (out->items == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < attrs->count; i++) {
        out->items[i].name = attrs->items[i].name;

        st = identity_value(arena, attrs->items[i].value,
                            &out->items[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    out->count = attrs->count;

    return MFA_OK;
}


static mfa_status_t
identity_user(mfa_arena_t *arena, const mfa_user_t *user,
    mfa_identity_t *draft)
{
    mfa_str_t     name;
    mfa_status_t  st;

    st = identity_value(arena, user->user, &draft->user);
    if (st != MFA_OK) {
        return st;
    }

    st = identity_value(arena, user->email, &draft->email);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_full_name(arena, user, &name);
    if (st != MFA_OK) {
        return st;
    }

    st = identity_value(arena, name, &draft->name);
    if (st != MFA_OK) {
        return st;
    }

    st = identity_groups(arena, &user->groups, &draft->groups);
    if (st != MFA_OK) {
        return st;
    }

    draft->group_list = user->groups;
    draft->added_at = user->added_at;
    draft->deadline_at = user->deadline_at;

    return identity_attrs(arena, &user->attrs, &draft->attrs);
}


static mfa_status_t
identity_session(mfa_arena_t *arena, const mfa_session_t *session,
    const mfa_model_settings_t *settings, mfa_identity_t *draft)
{
    mfa_time_t  proved_at;

    proved_at = session->factor_at > session->started_at
                ? session->factor_at : session->started_at;

    draft->amr = mfa_session_amr(session, arena);
    draft->amr_bits = session->amr;
    draft->is_partial = session->is_partial;
    draft->auth_time = identity_number(arena, proved_at / MFA_SECOND);
    draft->idle_at = session->seen_at + settings->idle_timeout;
    draft->limit_at = session->started_at + settings->session_limit;
    draft->factor_at = session->factor_at;
    draft->seen_at = session->seen_at;
    draft->user_id = session->user;
    memcpy(draft->key, session->key, MFA_DIGEST_SIZE);
    memcpy(draft->proof, session->proof, MFA_DIGEST_SIZE);

    return mfa_hex_encode(arena,
                          mfa_str_bytes(session->key, MFA_DIGEST_SIZE),
                          &draft->session);
}


static mfa_str_t
identity_move(identity_room_t *room, mfa_str_t s)
{
    mfa_str_t  moved;

    room->len += s.len;

    if (room->next == NULL) {
        return s;
    }

    if (s.len > 0) {
        memcpy(room->next, s.data, s.len);
    }

    moved = mfa_str_bytes(room->next, s.len);
    room->next += s.len;

    return moved;
}


static void
identity_move_all(identity_room_t *room, mfa_identity_t *to)
{
    size_t  i;

    to->session = identity_move(room, to->session);
    to->host = identity_move(room, to->host);
    to->user = identity_move(room, to->user);
    to->email = identity_move(room, to->email);
    to->name = identity_move(room, to->name);
    to->groups = identity_move(room, to->groups);
    to->amr = identity_move(room, to->amr);
    to->auth_time = identity_move(room, to->auth_time);

    for (i = 0; i < to->group_list.count; i++) {
        to->group_list.items[i] = identity_move(room,
                                                to->group_list.items[i]);
    }

    for (i = 0; i < to->attrs.count; i++) {
        to->attrs.items[i].name = identity_move(room,
                                                to->attrs.items[i].name);
        to->attrs.items[i].value = identity_move(room,
                                                 to->attrs.items[i].value);
    }
}


/* struct, array of groups, array of pairs, bytes of all strings */

static mfa_status_t
identity_pack(const mfa_identity_t *draft, mfa_identity_t **identity)
{
    size_t            groups, attrs, size;
    mfa_identity_t    measured;
    identity_box_t   *box;
    identity_room_t   room = { .next = NULL };

    measured = *draft;
    identity_move_all(&room, &measured);

    groups = draft->group_list.count * sizeof(mfa_str_t);
    attrs = draft->attrs.count * sizeof(mfa_pair_t);
    size = sizeof(identity_box_t) + groups + attrs + room.len;

    box = calloc(1, size);
    if (box == NULL) {
        return MFA_NO_MEMORY;
    }

    box->size = size;
    box->identity = *draft;
    box->identity.holders = 1;

    if (groups > 0) {
        memcpy(box->room, draft->group_list.items, groups);
    }

    if (attrs > 0) {
        memcpy(box->room + groups, draft->attrs.items, attrs);
    }

    box->identity.group_list.items = (mfa_str_t *) (void *) box->room;
    box->identity.attrs.items = (mfa_pair_t *) (void *) (box->room + groups);

    room.next = box->room + groups + attrs;
    identity_move_all(&room, &box->identity);

    *identity = &box->identity;

    return MFA_OK;
}


mfa_status_t
mfa_identity_make(mfa_tx_t *tx, const mfa_session_view_t *view,
    mfa_identity_t **identity)
{
    mfa_arena_t     *arena;
    mfa_status_t     st;
    mfa_identity_t   draft = { .verdict = MFA_VERDICT_DENY };

    *identity = NULL;

    if (view->state == MFA_SESSION_NONE) {
        return MFA_OK;
    }

    arena = tx->work->arena;

    st = identity_session(arena, &view->session, tx->work->model->settings,
                          &draft);
    if (st != MFA_OK) {
        return st;
    }

    st = identity_user(arena, &view->user, &draft);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_arena_has_failed(arena)) {
        return MFA_NO_MEMORY;
    }

    draft.verdict = view->verdict;
    draft.state = view->state;
    draft.host = view->host;

    return identity_pack(&draft, identity);
}
