/*
 * A form on its way into the store or out of it: what the two files about it
 * share.
 */

#ifndef NGX_MFA_HELD_H
#define NGX_MFA_HELD_H

#include "ngx_mfa_module.h"

#pragma GCC visibility push(hidden)


/* bodies that are in the memory of one worker at a time, all together */
#define NGX_MFA_HELD_MEMORY  (64 * 1024 * 1024)

/* and of one person: nobody may take the memory of all by sending slowly */
#define NGX_MFA_HELD_PERSON  4

typedef enum {
    NGX_MFA_HELD_KEEPING = 0,
    NGX_MFA_HELD_ASKING,        /* the body that asks for one is on its way */
    NGX_MFA_HELD_ASKED,         /* and here */
    NGX_MFA_HELD_TAKING,        /* a thread looks for it */
    NGX_MFA_HELD_DONE           /* the request goes on */
} ngx_mfa_held_state_e;

struct ngx_mfa_held_s {
    ngx_http_request_t      *request;
    ngx_mfa_loc_conf_t      *conf;
    mfa_t                   *mfa;
    ngx_mfa_held_state_e     state;
    ngx_uint_t               is_step_up;

    ngx_queue_t              reading;   /* of all whose body is read */
    mfa_id_t                 user;

    char                    *body;      /* own memory, counted */
    size_t                   size;      /* of it */
    size_t                   len;       /* read so far */

    mfa_job_t               *job;
    size_t                   events;    /* written so far */
    mfa_hold_t               hold;
    mfa_resend_t             resend;
    mfa_status_t             status;    /* of the last job */
    ngx_mfa_task_t           task;
};

/* in the context of the request, and gone with it; NULL: no memory */
ngx_mfa_held_t *ngx_mfa_held_make(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf);

/* any thread; NULL: there is no room now */
char *ngx_mfa_held_room(void *data, size_t size);
void ngx_mfa_held_wipe(ngx_mfa_held_t *held);

/* copies into the memory of the job; NGX_ERROR: there is none */
ngx_int_t ngx_mfa_held_copy(ngx_mfa_held_t *held, mfa_str_t s,
    mfa_str_t *copy);

/* run is called in a thread, then resume on the loop */
ngx_int_t ngx_mfa_held_post(ngx_mfa_held_t *held, void (*run)(void *data),
    ngx_http_event_handler_pt resume);

/* the host this request came to has forms: public_url's, or of an
 * application */
ngx_uint_t ngx_mfa_held_is_host(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);

/* the address as it was asked; empty: not one that a page could name */
mfa_str_t ngx_mfa_held_address(ngx_http_request_t *r);

#pragma GCC visibility pop

#endif /* NGX_MFA_HELD_H */
