/*
 * audit verify: whether every row of the audit is there as it was written.
 *
 * Reads in short views and never writes: what is damaged stays as it is, for
 * whoever looks into it.
 */

#include "mfactl.h"


#define VERIFY_BATCH  (MFACTL_VIEW_MAX / 4)

typedef struct {
    uint64_t      number;
    uint64_t      first;
    uint64_t      last;
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_status_t  st;
} verify_t;


/* the ends of what there is, for the progress and the report */

static mfa_status_t
verify_ends(mfa_tx_t *tx, void *arg)
{
    uint64_t       least, most, middle;
    verify_t      *verify = arg;
    mfa_audit_t    row;
    mfa_status_t   st;

    st = mfa_audit_next(tx, 0, &row);
    verify->first = row.number;

    least = row.number;
    most = UINT64_MAX - 1;

    while (least < most) {
        if (st != MFA_OK && st != MFA_NOT_FOUND && st != MFA_DAMAGED
            && st != MFA_NEWER)
        {
            return st;
        }

        middle = least + (most - least) / 2;
        st = mfa_audit_next(tx, middle, &row);

        if (row.number <= middle) {
            most = middle;

        } else {
            least = row.number;
        }
    }

    verify->last = least;

    return MFA_OK;
}


static mfa_status_t
verify_run(mfa_tx_t *tx, void *arg)
{
    uint8_t        mac[MFA_DIGEST_SIZE];
    uint64_t       number;
    verify_t      *verify = arg;
    mfa_status_t   st;

    number = verify->number;
    memcpy(mac, verify->mac, MFA_DIGEST_SIZE);

    st = mfa_audit_check(tx, &number, mac, VERIFY_BATCH);

    verify->st = st;

    if (st == MFA_OK || st == MFA_NOT_FOUND || st == MFA_DAMAGED
        || st == MFA_NEWER)
    {
        verify->number = number;
        memcpy(verify->mac, mac, MFA_DIGEST_SIZE);
        st = MFA_OK;
    }

    return st;
}


static mfa_status_t
verify_all(mfactl_t *ctl, verify_t *verify)
{
    mfa_status_t       st;
    mfactl_progress_t  progress;

    st = mfactl_turn(ctl, MFACTL_VIEW, verify_ends, verify);

    mfactl_progress_begin(ctl, &progress);

    while (st == MFA_OK) {
        st = mfactl_turn(ctl, MFACTL_VIEW, verify_run, verify);

        if (st != MFA_OK || verify->st != MFA_OK) {
            break;
        }

        mfactl_progress_tell(&progress, "checked rows",
                             verify->number - verify->first,
                             verify->last - verify->first + 1);
    }

    mfactl_progress_end(&progress);

    return st;
}


/* number 0: the mark that says which rows there must be */

static mfactl_exit_t
verify_bad(mfactl_t *ctl, const verify_t *verify)
{
    char     text[128];
    json_t  *object;

    if (verify->number == 0) {
        (void) snprintf(text, sizeof(text), "the mark of the audit is "
                        "missing or changed");

    } else {
        (void) snprintf(text, sizeof(text), "row %llu of the audit is "
                        "missing, changed or foreign",
                        (unsigned long long) verify->number);
    }

    if (!ctl->is_json) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "%s", text);
    }

    object = json_object();
    mfactl_set(object, "error", mfa_str_from(text));
    json_object_set_new(object, "exit", json_integer(MFACTL_REFUSED));
    json_object_set_new(object, "bad",
                        json_integer((json_int_t) verify->number));
    mfactl_put(ctl, object);

    return MFACTL_REFUSED;
}


mfactl_exit_t
mfactl_audit_verify(mfactl_t *ctl)
{
    json_t         *object;
    uint64_t        rows;
    verify_t        verify = { .number = 0 };
    mfa_status_t    st;
    mfactl_exit_t   code;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = verify_all(ctl, &verify);
    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "check the audit");
    }

    if (verify.st == MFA_NEWER) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "row %llu is of a newer "
                           "version of this program",
                           (unsigned long long) verify.number);
    }

    if (verify.st != MFA_NOT_FOUND) {
        return verify_bad(ctl, &verify);
    }

    rows = verify.first == 0 ? 0 : verify.number - verify.first;

    object = json_object();
    mfactl_set(object, "done", mfa_str("audit.verify"));
    json_object_set_new(object, "rows", json_integer((json_int_t) rows));
    json_object_set_new(object, "first",
                        json_integer((json_int_t) verify.first));
    json_object_set_new(object, "last", json_integer((json_int_t)
                        (rows == 0 ? 0 : verify.number - 1)));
    mfactl_set(object, "damage", mfa_str("none"));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}
