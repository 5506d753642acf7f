/*
 * A realm that is open, and a job: what the files of src/ know of them.
 *
 * Private to mfa.c and to those beside it that run jobs of their own.
 */

#ifndef MFA_JOB_H
#define MFA_JOB_H

#include "mfa_realm.h"
#include "page/mfa_page_busy.h"

#define MFA_TOUCHES_MAX  2000


struct mfa_s {
    const mfa_realm_t   *realm;
    mfa_store_t         *store;
    mfa_model_t          model;
    mfa_decisions_t     *decisions;
    mfa_assertions_t    *assertions;
    mfa_delivery_t      *delivery;
    mfa_busy_t          *busy;          /* NULL: a realm without pages */

    /* of the one keep job at a time */
    mfa_purge_cursor_t   cursor;
    mfa_remind_cursor_t  reminded;
    mfa_touch_t          touches[MFA_TOUCHES_MAX];
    mfa_time_t           cleaned_at;
    mfa_time_t           gauged_at;
    mfa_gauge_cursor_t   gauge;
    bool                 is_counting;   /* sessions, over several turns */
};


struct mfa_job_s {
    mfa_t          *mfa;
    mfa_arena_t    *arena;
    mfa_work_t      work;
    mfa_request_t   request;
    mfa_reply_t     reply;
    mfa_visit_t     visit;
    bool            is_started;
    uint8_t         proof[MFA_DIGEST_SIZE];     /* of a trusted sign-on */
    size_t          touch_count;
    bool            is_sweeper;
    bool            is_cleaner;
    mfa_tally_t     tally;
    mfa_readings_t  readings;
};

#endif /* MFA_JOB_H */
