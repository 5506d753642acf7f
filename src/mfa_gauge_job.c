/*
 * What a job has counted, and the gauges that the sweeper reads: for those
 * who watch a gateway, never the reason that anything fails.
 */

#include "mfa_job.h"


#define GAUGE_EVERY  (10 * MFA_SECOND)
#define GAUGE_LOOK   2000               /* sessions at a turn */


static bool
gauge_is_due(mfa_t *mfa)
{
    mfa_time_t  now;

    now = mfa_port_now(mfa->realm->ports);

    if (now >= mfa->gauged_at && now - mfa->gauged_at < GAUGE_EVERY) {
        return false;
    }

    mfa->gauged_at = now;
    mfa->is_counting = true;

    return true;
}


void
mfa_gauge(mfa_job_t *job)
{
    bool    is_over;
    mfa_t  *mfa = job->mfa;

    if (!job->is_sweeper) {
        return;
    }

    if (gauge_is_due(mfa)
        && mfa_gauges_read(&job->work, &job->readings) != MFA_OK)
    {
        return;
    }

    if (mfa->is_counting
        && mfa_gauge_sessions(&job->work, &mfa->gauge, GAUGE_LOOK,
                              &job->readings, &is_over) == MFA_OK)
    {
        mfa->is_counting = !is_over;
    }
}


mfa_tally_t *
mfa_job_tally(mfa_job_t *job)
{
    return &job->tally;
}


const mfa_readings_t *
mfa_job_readings(const mfa_job_t *job)
{
    return &job->readings;
}
