/*
 * The row of a request for a reset: its fields, their bounds, their bytes.
 *
 * What staff write is checked here and nowhere else, so that what comes out
 * may stand on a page and in a message. Contract: mfa_record.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define REQUEST_VERSION     2
#define REQUEST_RECORD_MAX  8192
#define REQUEST_PHRASE_MAX  32
#define REQUEST_KEEP        (90 * MFA_DAY)


static bool
request_text_is_good(mfa_str_t s, size_t max)
{
    return s.len > 0 && s.len <= max && mfa_text_is_utf8(s)
           && !mfa_text_has_control(s);
}


static bool
request_approval_is_good(const mfa_approval_t *approval)
{
    return request_text_is_good(approval->name, 2 * MFA_NAME_MAX + 1)
           && request_text_is_good(approval->statement, MFA_STATEMENT_MAX);
}


static bool
request_is_good(const mfa_reset_request_t *request)
{
    size_t  i;

    if (!request_text_is_good(request->phrase, REQUEST_PHRASE_MAX)
        || request->agent.len > MFA_AGENT_MAX
        || !mfa_text_is_utf8(request->agent)
        || mfa_text_has_control(request->agent)
        || request->approval_count > MFA_APPROVALS_MAX)
    {
        return false;
    }

    for (i = 0; i < request->approval_count; i++) {
        if (!request_approval_is_good(&request->approvals[i])) {
            return false;
        }
    }

    return request->refusal.name.len == 0
           || request_approval_is_good(&request->refusal);
}


static void
request_pack_approval(mfa_buf_t *buf, const mfa_approval_t *approval)
{
    mfa_pack_str(buf, mfa_id_str(&approval->staff));
    mfa_pack_str(buf, approval->name);
    mfa_pack_str(buf, approval->statement);
    mfa_pack_time(buf, approval->at);
}


static void
request_pack_approvals(mfa_buf_t *buf, const mfa_reset_request_t *request)
{
    size_t  i;

    mfa_pack_number(buf, request->approval_count);

    for (i = 0; i < request->approval_count; i++) {
        request_pack_approval(buf, &request->approvals[i]);
    }
}


mfa_status_t
mfa_reset_request_write(mfa_tx_t *tx, const mfa_reset_request_t *request)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    if (!request_is_good(request)) {
        return MFA_INVALID;
    }

    mfa_buf_init(&buf, tx->work->arena, REQUEST_RECORD_MAX);
    mfa_pack_number(&buf, REQUEST_VERSION);
    mfa_pack_str(&buf, mfa_id_str(&request->user));
    mfa_pack_number(&buf, request->state);
    mfa_pack_str(&buf, request->phrase);
    mfa_pack_time(&buf, request->made_at);
    mfa_pack_time(&buf, request->decided_at);
    mfa_pack_time(&buf, request->expires_at);
    mfa_pack_str(&buf, mfa_str_bytes(request->address.bytes,
                                     request->address.len));
    mfa_pack_str(&buf, request->agent);
    mfa_pack_str(&buf, mfa_str_bytes(request->cancel, MFA_DIGEST_SIZE));
    mfa_pack_number(&buf, request->approvals_needed);
    request_pack_approvals(&buf, request);
    request_pack_approval(&buf, &request->refusal);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_REQUEST, mfa_id_str(&request->id),
                       record);
}


/* bytes of a fixed size; what is not of that size is damage */

static void
request_unpack_bytes(mfa_unpack_t *in, void *bytes, size_t len)
{
    mfa_str_t  s;

    s = mfa_unpack_str(in);

    if (s.len != len) {
        in->is_damaged = true;
        return;
    }

    memcpy(bytes, s.data, len);
}


static void
request_unpack_address(mfa_unpack_t *in, mfa_address_t *address)
{
    mfa_str_t  s;

    s = mfa_unpack_str(in);

    if (s.len > sizeof(address->bytes)) {
        in->is_damaged = true;
        return;
    }

    address->len = (uint8_t) s.len;

    if (s.len > 0) {
        memcpy(address->bytes, s.data, s.len);
    }
}


static void
request_unpack_approval(mfa_unpack_t *in, mfa_approval_t *approval)
{
    request_unpack_bytes(in, approval->staff.bytes, MFA_ID_SIZE);
    approval->name = mfa_unpack_str(in);
    approval->statement = mfa_unpack_str(in);
    approval->at = mfa_unpack_time(in);
}


static void
request_unpack_approvals(mfa_unpack_t *in, mfa_reset_request_t *request)
{
    size_t    i;
    uint64_t  count;

    count = mfa_unpack_number(in);

    if (count > MFA_APPROVALS_MAX) {
        in->is_damaged = true;
        return;
    }

    for (i = 0; i < count; i++) {
        request_unpack_approval(in, &request->approvals[i]);
    }

    request->approval_count = (size_t) count;
}


static bool
request_is_sound(const mfa_reset_request_t *request, uint64_t state)
{
    return state >= MFA_REQUEST_OPEN && state <= MFA_REQUEST_EXPIRED
           && request->approvals_needed >= 1
           && request->approvals_needed <= MFA_APPROVALS_MAX
           && (state != MFA_REQUEST_APPROVED
               || request->approval_count >= request->approvals_needed);
}


/* *request is a refused one of nobody unless MFA_OK */

mfa_status_t
mfa_reset_request_decode(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_reset_request_t *request)
{
    uint64_t             version, state;
    mfa_unpack_t         in;
    mfa_status_t         st;
    mfa_reset_request_t  found = { .state = MFA_REQUEST_REFUSED };

    *request = found;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);

    if (version > REQUEST_VERSION) {
        return mfa_record_end(tx, &in, version, REQUEST_VERSION, "request");
    }

    request_unpack_bytes(&in, found.user.bytes, MFA_ID_SIZE);
    state = mfa_unpack_number(&in);
    found.phrase = mfa_unpack_str(&in);
    found.made_at = mfa_unpack_time(&in);
    found.decided_at = mfa_unpack_time(&in);
    found.expires_at = mfa_unpack_time(&in);
    request_unpack_address(&in, &found.address);
    found.agent = mfa_unpack_str(&in);
    request_unpack_bytes(&in, found.cancel, MFA_DIGEST_SIZE);
    found.approvals_needed = (size_t) mfa_unpack_number(&in);
    request_unpack_approvals(&in, &found);

    /* who refused is kept since version 2 */

    if (version >= 2) {
        request_unpack_approval(&in, &found.refusal);
    }

    in.is_damaged |= key.len != MFA_ID_SIZE
                     || !request_is_sound(&found, state);

    st = mfa_record_end(tx, &in, version, REQUEST_VERSION, "request");
    if (st != MFA_OK) {
        return st;
    }

    memcpy(found.id.bytes, key.data, MFA_ID_SIZE);
    found.state = (mfa_request_state_t) state;
    *request = found;

    return MFA_OK;
}


mfa_status_t
mfa_reset_request_read(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_reset_request_t *request)
{
    mfa_id_t      own;
    mfa_str_t     record;
    mfa_status_t  st;

    own = *id;                  /* it may be inside *request */
    *request = (mfa_reset_request_t) { .state = MFA_REQUEST_REFUSED };

    st = mfa_txn_get(tx->txn, MFA_TABLE_REQUEST, mfa_id_str(&own),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reset_request_decode(tx, mfa_id_str(&own), record, request);
}


/* what was decided ended then, unless it had ended by itself */

static mfa_time_t
request_end(const mfa_reset_request_t *request)
{
    if (request->state == MFA_REQUEST_OPEN
        || request->state == MFA_REQUEST_APPROVED)
    {
        return request->expires_at;
    }

    return request->decided_at;
}


/*
 * A request of somebody who was deleted goes at once: there are few, so each
 * round of the purge may ask.
 */

mfa_status_t
mfa_reset_request_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_str_t            user;
    mfa_status_t         st;
    mfa_reset_request_t  request;

    *is_over = false;

    st = mfa_reset_request_decode(tx, key, record, &request);
    if (st != MFA_OK) {
        return st;
    }

    if (tx->now - REQUEST_KEEP >= request_end(&request)) {
        *is_over = true;
        return MFA_OK;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_USER, mfa_id_str(&request.user),
                     tx->work->arena, &user);

    if (st == MFA_NOT_FOUND) {
        *is_over = true;
        return MFA_OK;
    }

    return st;
}
