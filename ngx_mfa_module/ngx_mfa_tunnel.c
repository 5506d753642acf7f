/*
 * What stays open ends with its session: WebSockets, streams of events, long
 * polls (L12, D14).
 *
 * A request that passes is linked into a queue and costs nothing more; most
 * are gone before the next turn of a timer. What is older has a place in two
 * trees of its realm: by its person, where the log of revocations finds it,
 * and by the moment when its session may be over by time. Between the two
 * nobody looks at an open connection. The store is asked in a thread; an open
 * connection never counts as activity, and nothing here decides about people.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_TUNNEL_INTERVAL  1000
#define NGX_MFA_TUNNEL_SOON      10

/* at one go: more would hold the loop */
#define NGX_MFA_TUNNEL_SETTLE    1000
#define NGX_MFA_TUNNEL_CLOSE     100
#define NGX_MFA_TUNNEL_LOOK      512


typedef struct {
    const ngx_mfa_realm_t   *realm;
    ngx_thread_pool_t       *pool;

    ngx_rbtree_t             people;    /* by the first bytes of the user id */
    ngx_rbtree_node_t        people_end;
    ngx_rbtree_t             due;       /* by the second */
    ngx_rbtree_node_t        due_end;
    ngx_uint_t               count;

    ngx_mfa_task_t           task;
    mfa_t                   *mfa;       /* of the task */
    mfa_watch_t              watch;
    mfa_status_t             status;
    uint64_t                 version;   /* all is known up to it, */
    uint64_t                 asked;     /* or will be after the task */

    ngx_connection_t         dummy;     /* what nginx logs of more */
    ngx_event_t              more;      /* to be closed, after others */
    ngx_uint_t               closed;    /* at this go */
} ngx_mfa_tunnels_t;

struct ngx_mfa_tunnel_s {
    ngx_rbtree_node_t        person;
    ngx_rbtree_node_t        due;
    ngx_mfa_tunnels_t       *all;
    ngx_mfa_ctx_t           *ctx;
};

#define ngx_mfa_tunnel_of(node, field)                                        \
    ((ngx_mfa_tunnel_t *) (void *)                                            \
     ((u_char *) (node) - offsetof(ngx_mfa_tunnel_t, field)))


/* of this process */

static ngx_queue_t         ngx_mfa_tunnel_young = {
    &ngx_mfa_tunnel_young, &ngx_mfa_tunnel_young
};
static ngx_queue_t         ngx_mfa_tunnel_older = {
    &ngx_mfa_tunnel_older, &ngx_mfa_tunnel_older
};
static ngx_mfa_tunnels_t  *ngx_mfa_tunnel_realms;
static ngx_uint_t          ngx_mfa_tunnel_realm_count;
static ngx_cycle_t        *ngx_mfa_tunnel_cycle;
static ngx_event_t         ngx_mfa_tunnel_event;
static ngx_connection_t    ngx_mfa_tunnel_dummy;


/* every request pays for this */

ngx_int_t
ngx_mfa_tunnel_watch(ngx_http_request_t *r, const ngx_mfa_realm_t *realm,
    mfa_identity_t *identity)
{
    ngx_mfa_ctx_t  *ctx;

    ctx = ngx_mfa_ctx_get(r);

    /* an internal redirect led to another location */

    if (ctx->tunnel) {
        ngx_mfa_tunnel_forget(ctx);
    }

    ctx->watched = identity;
    ctx->watched_realm = realm;

    if (ctx->open.next == NULL) {
        ctx->request = r;
        ngx_queue_insert_tail(&ngx_mfa_tunnel_young, &ctx->open);
    }

    return NGX_OK;
}


void
ngx_mfa_tunnel_forget(ngx_mfa_ctx_t *ctx)
{
    ngx_mfa_tunnel_t  *tunnel;

    if (ctx->open.next) {
        ngx_queue_remove(&ctx->open);
        ctx->open.next = NULL;
    }

    tunnel = ctx->tunnel;

    if (tunnel) {
        ngx_rbtree_delete(&tunnel->all->people, &tunnel->person);
        ngx_rbtree_delete(&tunnel->all->due, &tunnel->due);
        tunnel->all->count--;
        ctx->tunnel = NULL;
    }
}


static void
ngx_mfa_tunnel_set_due(ngx_mfa_tunnel_t *tunnel, ngx_rbtree_key_t second)
{
    if (tunnel->due.key == second) {
        return;
    }

    ngx_rbtree_delete(&tunnel->all->due, &tunnel->due);
    tunnel->due.key = second;
    ngx_rbtree_insert(&tunnel->all->due, &tunnel->due);
}


/* answers of the store */

static ngx_mfa_tunnel_t *
ngx_mfa_tunnel_next(ngx_mfa_tunnels_t *all, ngx_rbtree_node_t *node,
    const mfa_id_t *user)
{
    ngx_rbtree_key_t   key;
    ngx_mfa_tunnel_t  *tunnel;

    key = node ? node->key : 0;

    while (node && node->key == key) {
        tunnel = ngx_mfa_tunnel_of(node, person);

        if (ngx_memcmp(tunnel->ctx->watched->user_id.bytes, user->bytes,
                       MFA_ID_SIZE)
            == 0)
        {
            return tunnel;
        }

        node = ngx_rbtree_next(&all->people, node);
    }

    return NULL;
}


static ngx_rbtree_key_t
ngx_mfa_tunnel_key(const mfa_id_t *user)
{
    ngx_rbtree_key_t  key;

    ngx_memcpy(&key, user->bytes, sizeof(ngx_rbtree_key_t));

    return key;
}


/* the first of all that this person has open; or NULL */

static ngx_mfa_tunnel_t *
ngx_mfa_tunnel_first(ngx_mfa_tunnels_t *all, const mfa_id_t *user)
{
    ngx_rbtree_key_t    key;
    ngx_rbtree_node_t  *node, *found;

    key = ngx_mfa_tunnel_key(user);
    found = NULL;

    for (node = all->people.root; node != &all->people_end; /* void */ ) {
        if (node->key >= key) {
            found = node;
            node = node->left;

        } else {
            node = node->right;
        }
    }

    return found && found->key == key
           ? ngx_mfa_tunnel_next(all, found, user) : NULL;
}


static ngx_mfa_tunnel_t *
ngx_mfa_tunnel_after(ngx_mfa_tunnel_t *tunnel, const mfa_id_t *user)
{
    ngx_rbtree_node_t  *node;

    node = ngx_rbtree_next(&tunnel->all->people, &tunnel->person);

    return node && node->key == tunnel->person.key
           ? ngx_mfa_tunnel_next(tunnel->all, node, user) : NULL;
}


/* the session of this request does not count any more */

static void
ngx_mfa_tunnel_over(ngx_mfa_tunnel_t *tunnel, ngx_rbtree_key_t now)
{
    ngx_http_request_t  *r;

    r = tunnel->ctx->request;

    if (!ngx_mfa_tunnel_may_close(r)) {
        ngx_mfa_tunnel_set_due(tunnel, now + 1);
        return;
    }

    /* the rest has its turn after what else the loop has to do */

    if (tunnel->all->closed < NGX_MFA_TUNNEL_CLOSE) {
        tunnel->all->closed++;
        ngx_mfa_tunnel_close(r);
    }
}


static void
ngx_mfa_tunnel_answer(ngx_mfa_tunnels_t *all, const mfa_ask_t *ask,
    ngx_rbtree_key_t now)
{
    ngx_rbtree_key_t   second;
    ngx_mfa_tunnel_t  *tunnel, *next;

    second = (ngx_rbtree_key_t) (ask->over_at / MFA_SECOND) + 1;

    for (tunnel = ngx_mfa_tunnel_first(all, &ask->user);
         tunnel;
         tunnel = next)
    {
        next = ngx_mfa_tunnel_after(tunnel, &ask->user);

        if (ngx_memcmp(tunnel->ctx->watched->key, ask->key, MFA_DIGEST_SIZE)
            != 0)
        {
            continue;
        }

        if (ask->state == MFA_SESSION_LIVE) {
            ngx_mfa_tunnel_set_due(tunnel, second > now ? second : now + 1);

        } else {
            ngx_mfa_tunnel_over(tunnel, now);
        }
    }
}


/* somebody has ended sessions: of these people, or nobody knows whose */

static void
ngx_mfa_tunnel_revoked(ngx_mfa_tunnels_t *all)
{
    size_t              i;
    ngx_mfa_tunnel_t   *tunnel;
    ngx_rbtree_node_t  *node;

    if (all->watch.is_all && all->count) {
        node = ngx_rbtree_min(all->people.root, &all->people_end);

        for ( /* void */ ; node; node = ngx_rbtree_next(&all->people, node)) {
            ngx_mfa_tunnel_set_due(ngx_mfa_tunnel_of(node, person), 0);
        }

        return;
    }

    for (i = 0; i < all->watch.user_count; i++) {
        tunnel = ngx_mfa_tunnel_first(all, &all->watch.users[i]);

        while (tunnel) {
            ngx_mfa_tunnel_set_due(tunnel, 0);
            tunnel = ngx_mfa_tunnel_after(tunnel, &all->watch.users[i]);
        }
    }
}


/* asking */

static ngx_uint_t
ngx_mfa_tunnel_is_asked(const mfa_watch_t *watch,
    const mfa_identity_t *identity)
{
    size_t  i;

    for (i = watch->ask_count; i > 0; i--) {
        if (ngx_memcmp(watch->asks[i - 1].key, identity->key,
                       MFA_DIGEST_SIZE)
            == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* a session is asked about once, however much it has open */

static void
ngx_mfa_tunnel_gather(ngx_mfa_tunnels_t *all, ngx_rbtree_key_t now)
{
    ngx_uint_t             n;
    mfa_ask_t             *ask;
    mfa_watch_t           *watch;
    ngx_rbtree_node_t     *node;
    const mfa_identity_t  *identity;

    watch = &all->watch;
    watch->ask_count = 0;

    node = ngx_rbtree_min(all->due.root, &all->due_end);

    for (n = 0;
         node && node->key <= now && n < NGX_MFA_TUNNEL_LOOK
         && watch->ask_count < MFA_ASKS_MOST;
         n++)
    {
        identity = ngx_mfa_tunnel_of(node, due)->ctx->watched;

        if (!ngx_mfa_tunnel_is_asked(watch, identity)) {
            ask = &watch->asks[watch->ask_count++];
            ask->user = identity->user_id;
            ngx_memcpy(ask->key, identity->key, MFA_DIGEST_SIZE);
        }

        node = ngx_rbtree_next(&all->due, node);
    }
}


static void
ngx_mfa_tunnel_run(void *data)
{
    ngx_mfa_tunnels_t  *all = data;

    all->status = mfa_watch(all->mfa, &all->watch);
}


static void ngx_mfa_tunnel_done(void *data);


static void
ngx_mfa_tunnel_ask(ngx_mfa_tunnels_t *all)
{
    ngx_uint_t  has_changed;

    if (all->count == 0 || all->task.is_busy || all->more.timer_set) {
        return;
    }

    all->mfa = ngx_mfa_worker_mfa(all->realm);

    if (all->mfa == NULL) {
        return;
    }

    all->asked = all->version;
    has_changed = mfa_has_changed(all->mfa, &all->asked);

    ngx_mfa_tunnel_gather(all, (ngx_rbtree_key_t) ngx_time());

    if (!has_changed && all->watch.ask_count == 0) {
        return;
    }

    all->task.run = ngx_mfa_tunnel_run;
    all->task.done = ngx_mfa_tunnel_done;
    all->task.data = all;

    (void) ngx_mfa_task_post(&all->task, all->pool);
}


static void
ngx_mfa_tunnel_apply(ngx_mfa_tunnels_t *all)
{
    size_t              i;
    ngx_rbtree_key_t    now;
    ngx_rbtree_node_t  *node;

    all->closed = 0;
    now = (ngx_rbtree_key_t) ngx_time();

    for (i = 0; i < all->watch.ask_count; i++) {
        ngx_mfa_tunnel_answer(all, &all->watch.asks[i], now);
    }

    if (all->closed == NGX_MFA_TUNNEL_CLOSE) {
        ngx_add_timer(&all->more, 1);
        return;
    }

    if (all->count) {
        node = ngx_rbtree_min(all->due.root, &all->due_end);

        if (node->key <= now) {
            ngx_mfa_tunnel_ask(all);
        }
    }
}


static void
ngx_mfa_tunnel_done(void *data)
{
    ngx_mfa_tunnels_t *all = data;

    if (all->status != MFA_OK) {
        /* the next turn tries again */
        return;
    }

    all->version = all->asked;

    /* the answers are of the same moment as the rows */

    ngx_mfa_tunnel_revoked(all);
    ngx_mfa_tunnel_apply(all);
}


static void
ngx_mfa_tunnel_more(ngx_event_t *ev)
{
    if (ngx_mfa_tunnel_cycle == ngx_cycle) {
        ngx_mfa_tunnel_apply(((ngx_connection_t *) ev->data)->data);
    }
}


/* the turn of the timer */

static ngx_mfa_tunnels_t *
ngx_mfa_tunnel_realm(const ngx_mfa_realm_t *realm)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_mfa_tunnel_realm_count; i++) {
        if (ngx_mfa_tunnel_realms[i].realm == realm) {
            return &ngx_mfa_tunnel_realms[i];
        }
    }

    return NULL;
}


/* each is asked about once when it has turned out to be no short one: its
 * pass may be of before a revocation that was read meanwhile */

static void
ngx_mfa_tunnel_settle(ngx_mfa_ctx_t *ctx)
{
    ngx_mfa_tunnel_t   *tunnel;
    ngx_mfa_tunnels_t  *all;

    ngx_queue_remove(&ctx->open);
    ctx->open.next = NULL;

    all = ngx_mfa_tunnel_realm(ctx->watched_realm);
    tunnel = ngx_palloc(ctx->request->pool, sizeof(ngx_mfa_tunnel_t));

    if (all == NULL || tunnel == NULL) {
        /* the next turn tries again */
        ngx_queue_insert_tail(&ngx_mfa_tunnel_young, &ctx->open);
        return;
    }

    tunnel->all = all;
    tunnel->ctx = ctx;
    tunnel->person.key = ngx_mfa_tunnel_key(&ctx->watched->user_id);
    tunnel->due.key = 0;

    ngx_rbtree_insert(&all->people, &tunnel->person);
    ngx_rbtree_insert(&all->due, &tunnel->due);
    all->count++;

    ctx->tunnel = tunnel;
}


static void
ngx_mfa_tunnel_timer(ngx_event_t *ev)
{
    ngx_uint_t    i;
    ngx_queue_t  *q;

    if (ngx_mfa_tunnel_cycle != ngx_cycle) {
        return;
    }

    for (i = 0; i < NGX_MFA_TUNNEL_SETTLE; i++) {
        if (ngx_queue_empty(&ngx_mfa_tunnel_older)) {
            break;
        }

        q = ngx_queue_head(&ngx_mfa_tunnel_older);
        ngx_mfa_tunnel_settle(ngx_queue_data(q, ngx_mfa_ctx_t, open));
    }

    if (ngx_queue_empty(&ngx_mfa_tunnel_older)) {
        if (!ngx_queue_empty(&ngx_mfa_tunnel_young)) {
            ngx_queue_add(&ngx_mfa_tunnel_older, &ngx_mfa_tunnel_young);
            ngx_queue_init(&ngx_mfa_tunnel_young);
        }

        ngx_add_timer(ev, NGX_MFA_TUNNEL_INTERVAL);

    } else {
        ngx_add_timer(ev, NGX_MFA_TUNNEL_SOON);
    }

    for (i = 0; i < ngx_mfa_tunnel_realm_count; i++) {
        ngx_mfa_tunnel_ask(&ngx_mfa_tunnel_realms[i]);
    }
}


ngx_int_t
ngx_mfa_tunnel_init(ngx_cycle_t *cycle, ngx_mfa_main_conf_t *mmcf)
{
    ngx_uint_t           i;
    ngx_event_t         *ev;
    ngx_mfa_realm_t    **realm;
    ngx_mfa_tunnels_t   *all;

    all = ngx_calloc(mmcf->realms.nelts * sizeof(ngx_mfa_tunnels_t),
                     cycle->log);
    if (all == NULL) {
        return NGX_ERROR;
    }

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        all[i].realm = realm[i];
        all[i].pool = mmcf->pool;

        ngx_rbtree_init(&all[i].people, &all[i].people_end,
                        ngx_rbtree_insert_value);
        ngx_rbtree_init(&all[i].due, &all[i].due_end,
                        ngx_rbtree_insert_value);

        all[i].dummy.fd = (ngx_socket_t) -1;
        all[i].dummy.data = &all[i];
        all[i].more.data = &all[i].dummy;
        all[i].more.handler = ngx_mfa_tunnel_more;
        all[i].more.log = cycle->log;
        all[i].more.cancelable = 1;
    }

    ngx_mfa_tunnel_realms = all;
    ngx_mfa_tunnel_realm_count = mmcf->realms.nelts;
    ngx_mfa_tunnel_cycle = cycle;

    ngx_mfa_tunnel_dummy.fd = (ngx_socket_t) -1;

    ev = &ngx_mfa_tunnel_event;

    ev->data = &ngx_mfa_tunnel_dummy;
    ev->handler = ngx_mfa_tunnel_timer;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_MFA_TUNNEL_INTERVAL);

    return NGX_OK;
}


void
ngx_mfa_tunnel_exit(void)
{
    ngx_free(ngx_mfa_tunnel_realms);

    ngx_mfa_tunnel_realms = NULL;
    ngx_mfa_tunnel_realm_count = 0;
}
