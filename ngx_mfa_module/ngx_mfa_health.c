/*
 * Health: how a realm is, in a few words, from what is in shared memory.
 *
 * Words only, and these few: no name but that of a realm, no address, no
 * text of a fault. "down" is for who cannot log in and be let in here;
 * everything else that is not well is "degraded".
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_HEALTH_KEPT     30000       /* since upkeep last worked */
#define NGX_MFA_HEALTH_RECENT   300000      /* a commit that failed */
#define NGX_MFA_HEALTH_MAIL     3600000     /* a failed delivery */
#define NGX_MFA_HEALTH_LATE     300000      /* age of the oldest message */
#define NGX_MFA_HEALTH_BEHIND   2000
#define NGX_MFA_HEALTH_JUMPED   600000
#define NGX_MFA_HEALTH_NO_ROOM  60000       /* a commit found no room */
#define NGX_MFA_HEALTH_FILLING  70          /* percent, J4 */
#define NGX_MFA_HEALTH_FULL     85


typedef enum {
    NGX_MFA_HEALTH_OK = 0,
    NGX_MFA_HEALTH_DEGRADED,
    NGX_MFA_HEALTH_DOWN
} ngx_mfa_health_e;

typedef enum {
    NGX_MFA_PART_STORE = 0,
    NGX_MFA_PART_MAIL,
    NGX_MFA_PART_SMS,
    NGX_MFA_PART_VOICE,
    NGX_MFA_PART_DISK,
    NGX_MFA_PART_CLOCK,
    NGX_MFA_PART_KEYS,
    NGX_MFA_PART_COUNT
} ngx_mfa_part_e;

typedef struct {
    const char        *word;
    ngx_mfa_health_e   health;
} ngx_mfa_part_t;

typedef struct {
    ngx_mfa_part_t     parts[NGX_MFA_PART_COUNT];
    ngx_mfa_health_e   health;
} ngx_mfa_health_t;


static ngx_mfa_part_t
ngx_mfa_health_part(const char *word, ngx_mfa_health_e health)
{
    ngx_mfa_part_t  part;

    part.word = word;
    part.health = health;

    return part;
}


/* was this the last of the two, and not long ago? */

static ngx_uint_t
ngx_mfa_health_is_last(int64_t ago, int64_t other, int64_t recent)
{
    return ago >= 0 && ago <= recent && (other < 0 || ago < other);
}


ngx_uint_t
ngx_mfa_health_has_store(const ngx_mfa_realm_t *realm)
{
    int64_t  kept;

    kept = ngx_mfa_metric_ago(realm, NGX_MFA_FACT_KEPT);

    return ngx_mfa_worker_mfa(realm) != NULL
           && kept >= 0 && kept <= NGX_MFA_HEALTH_KEPT;
}


static ngx_mfa_part_t
ngx_mfa_health_store(const ngx_mfa_realm_t *realm)
{
    int64_t  kept, failed;

    if (ngx_mfa_worker_mfa(realm) == NULL) {
        return ngx_mfa_health_part("closed", NGX_MFA_HEALTH_DOWN);
    }

    kept = ngx_mfa_metric_ago(realm, NGX_MFA_FACT_KEPT);
    failed = ngx_mfa_metric_ago(realm, NGX_MFA_FACT_COMMIT_FAILED);

    if (kept < 0) {
        return ngx_mfa_health_part("starting", NGX_MFA_HEALTH_DEGRADED);
    }

    if (kept > NGX_MFA_HEALTH_KEPT) {
        return ngx_mfa_health_part("failing", NGX_MFA_HEALTH_DOWN);
    }

    if (ngx_mfa_health_is_last(failed,
                               ngx_mfa_metric_ago(realm, NGX_MFA_FACT_COMMIT),
                               NGX_MFA_HEALTH_RECENT))
    {
        return ngx_mfa_health_part("failing", NGX_MFA_HEALTH_DEGRADED);
    }

    return ngx_mfa_health_part("ok", NGX_MFA_HEALTH_OK);
}


static ngx_mfa_part_t
ngx_mfa_health_channel(const ngx_mfa_realm_t *realm, ngx_uint_t n)
{
    int64_t  taken, failed, oldest;

    static const char *const  channels[NGX_MFA_CHANNELS] = {
        "mail", "sms", "voice"
    };

    if (!mfa_realm_sends(realm->realm, channels[n])) {
        return ngx_mfa_health_part("off", NGX_MFA_HEALTH_OK);
    }

    taken = ngx_mfa_metric_ago(realm,
                               (ngx_mfa_fact_e) (NGX_MFA_FACT_TAKEN + n));
    failed = ngx_mfa_metric_ago(realm,
                            (ngx_mfa_fact_e) (NGX_MFA_FACT_NOT_TAKEN + n));

    if (ngx_mfa_health_is_last(failed, taken, NGX_MFA_HEALTH_MAIL)) {
        return ngx_mfa_health_part("failing", NGX_MFA_HEALTH_DEGRADED);
    }

    oldest = ngx_mfa_metric_value(realm,
                               (mfa_metric_t) (MFA_METRIC_OLDEST_MAIL + n));

    return oldest > NGX_MFA_HEALTH_LATE
           ? ngx_mfa_health_part("late", NGX_MFA_HEALTH_DEGRADED)
           : ngx_mfa_health_part("ok", NGX_MFA_HEALTH_OK);
}


/* a commit since then proves nothing: what is reserved still finds room */

static ngx_mfa_part_t
ngx_mfa_health_disk(const ngx_mfa_realm_t *realm)
{
    int64_t  refused, used, limit, percent;

    refused = ngx_mfa_metric_ago(realm, NGX_MFA_FACT_FULL);

    if (refused >= 0 && refused <= NGX_MFA_HEALTH_NO_ROOM) {
        return ngx_mfa_health_part("full", NGX_MFA_HEALTH_DEGRADED);
    }

    used = ngx_mfa_metric_value(realm, MFA_METRIC_STORE_USED);
    limit = ngx_mfa_metric_value(realm, MFA_METRIC_STORE_LIMIT);

    if (used < 0 || limit < 0) {
        return ngx_mfa_health_part("unknown", NGX_MFA_HEALTH_OK);
    }

    percent = limit > 100 ? used / (limit / 100) : 100;

    if (percent >= NGX_MFA_HEALTH_FULL) {
        return ngx_mfa_health_part("full", NGX_MFA_HEALTH_DEGRADED);
    }

    return percent >= NGX_MFA_HEALTH_FILLING
           ? ngx_mfa_health_part("filling", NGX_MFA_HEALTH_DEGRADED)
           : ngx_mfa_health_part("ok", NGX_MFA_HEALTH_OK);
}


static ngx_mfa_part_t
ngx_mfa_health_clock(const ngx_mfa_realm_t *realm)
{
    int64_t  jumped;

    if (ngx_mfa_metric_value(realm, MFA_METRIC_CLOCK_BEHIND)
        > NGX_MFA_HEALTH_BEHIND)
    {
        return ngx_mfa_health_part("behind", NGX_MFA_HEALTH_DEGRADED);
    }

    jumped = ngx_mfa_metric_ago(realm, NGX_MFA_FACT_JUMPED);

    return jumped >= 0 && jumped <= NGX_MFA_HEALTH_JUMPED
           ? ngx_mfa_health_part("jumped", NGX_MFA_HEALTH_DEGRADED)
           : ngx_mfa_health_part("ok", NGX_MFA_HEALTH_OK);
}


/* a store that was begun with other keys is not opened */

static ngx_mfa_part_t
ngx_mfa_health_keys(const ngx_mfa_realm_t *realm)
{
    if (ngx_mfa_worker_mfa(realm)) {
        return ngx_mfa_health_part("ok", NGX_MFA_HEALTH_OK);
    }

    return ngx_mfa_worker_status(realm) == MFA_CONFIG
           ? ngx_mfa_health_part("wrong", NGX_MFA_HEALTH_DOWN)
           : ngx_mfa_health_part("unknown", NGX_MFA_HEALTH_OK);
}


static void
ngx_mfa_health_of(const ngx_mfa_realm_t *realm, ngx_mfa_health_t *all)
{
    ngx_uint_t       i;
    ngx_mfa_part_t  *parts = all->parts;

    parts[NGX_MFA_PART_STORE] = ngx_mfa_health_store(realm);

    for (i = 0; i < NGX_MFA_CHANNELS; i++) {
        parts[NGX_MFA_PART_MAIL + i] = ngx_mfa_health_channel(realm, i);
    }

    parts[NGX_MFA_PART_DISK] = ngx_mfa_health_disk(realm);
    parts[NGX_MFA_PART_CLOCK] = ngx_mfa_health_clock(realm);
    parts[NGX_MFA_PART_KEYS] = ngx_mfa_health_keys(realm);

    all->health = NGX_MFA_HEALTH_OK;

    for (i = 0; i < NGX_MFA_PART_COUNT; i++) {
        all->health = ngx_max(all->health, parts[i].health);
    }
}


static const char *
ngx_mfa_health_word(ngx_mfa_health_e health)
{
    switch (health) {

    case NGX_MFA_HEALTH_OK:
        return "ok";

    case NGX_MFA_HEALTH_DEGRADED:
        return "degraded";

    default:
        return "down";
    }
}


/* the worse of two; "off" says less than "ok" */

static void
ngx_mfa_health_worst(ngx_mfa_health_t *worst, const ngx_mfa_health_t *one)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_MFA_PART_COUNT; i++) {
        if (worst->parts[i].word == NULL
            || one->parts[i].health > worst->parts[i].health
            || ngx_strcmp(worst->parts[i].word, "off") == 0)
        {
            worst->parts[i] = one->parts[i];
        }
    }

    worst->health = ngx_max(worst->health, one->health);
}


static void
ngx_mfa_health_json(mfa_buf_t *buf, const ngx_mfa_health_t *all)
{
    ngx_uint_t  i;

    static const char *const  names[NGX_MFA_PART_COUNT] = {
        "store", "mail", "sms", "voice", "disk", "clock", "keys"
    };

    mfa_buf_printf(buf, "{\"status\":\"%s\"",
                   ngx_mfa_health_word(all->health));

    for (i = 0; i < NGX_MFA_PART_COUNT; i++) {
        mfa_buf_printf(buf, ",\"%s\":\"%s\"", names[i],
                       all->parts[i].word ? all->parts[i].word : "off");
    }
}


ngx_uint_t
ngx_mfa_health_print(ngx_mfa_main_conf_t *mmcf, const ngx_mfa_realm_t *realm,
    mfa_buf_t *buf)
{
    ngx_uint_t          i;
    ngx_mfa_realm_t   **all;
    ngx_mfa_health_t    one, worst;

    all = mmcf->realms.elts;
    ngx_memzero(&worst, sizeof(ngx_mfa_health_t));

    for (i = 0; i < mmcf->realms.nelts; i++) {
        if (realm == NULL || realm == all[i]) {
            ngx_mfa_health_of(all[i], &one);
            ngx_mfa_health_worst(&worst, &one);
        }
    }

    ngx_mfa_health_json(buf, &worst);

    for (i = 0; realm == NULL && i < mmcf->realms.nelts; i++) {
        ngx_mfa_health_of(all[i], &one);

        mfa_buf_puts(buf, i ? ",\"" : ",\"realms\":{\"");
        mfa_json_put(buf, ngx_mfa_str(&all[i]->name));
        mfa_buf_printf(buf, "\":\"%s\"%s", ngx_mfa_health_word(one.health),
                       i + 1 == mmcf->realms.nelts ? "}" : "");
    }

    mfa_buf_puts(buf, "}\n");

    return worst.health == NGX_MFA_HEALTH_DOWN
           ? NGX_HTTP_SERVICE_UNAVAILABLE : NGX_HTTP_OK;
}
