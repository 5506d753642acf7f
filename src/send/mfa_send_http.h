/*
 * What the providers that are reached over HTTP share; private to them.
 *
 * The settings of such a provider begin with mfa_http_settings_t; its open
 * and close are mfa_http_open and mfa_http_close, its connection is then an
 * mfa_http_t.
 */

#ifndef MFA_SEND_HTTP_H
#define MFA_SEND_HTTP_H

#include "mfa_send_conf.h"

#pragma GCC visibility push(hidden)


#define MFA_HTTP_REPLY_MAX    (16 * 1024)           /* I6 */
#define MFA_HTTP_RETRY_MOST   (10 * MFA_MINUTE)

typedef struct {
    mfa_str_t    base;          /* "https://api.example.org"; all are */
    char        *ca;            /* PEM; NULL: those of the system */
    mfa_time_t   timeout;       /* of a whole exchange */
    bool         is_https;
} mfa_http_settings_t;

/* the last rows of a table of parameters */
#define MFA_HTTP_PARAMS  3
#define MFA_HTTP_PARAM_ROWS                                                   \
    { .name = "url" }, { .name = "ca_file" }, { .name = "timeout" }

/*
 * Reads those rows. base: the provider's own address, where "url=" is
 * missing. An address has no query and no '/' at its end, unless is_whole:
 * then it is the one that is asked.
 */
mfa_status_t mfa_http_configure(const mfa_send_conf_t *conf,
    const mfa_send_param_t *rows, const char *base,
    mfa_http_settings_t *settings) MFA_MUST_CHECK;
mfa_status_t mfa_http_configure_whole(const mfa_send_conf_t *conf,
    const mfa_send_param_t *rows, mfa_http_settings_t *settings)
    MFA_MUST_CHECK;


typedef struct mfa_http_s  mfa_http_t;

struct mfa_http_s {
    const void          *settings;      /* of the provider */
    const mfa_ports_t   *ports;
    void                *curl;

    /* of the exchange that is going on */
    char                *body;
    size_t               len;
    size_t               head;          /* bytes of headers so far */
    bool                 is_sent;       /* the request went out */
    bool                 is_endless;
    char                 retry_after[64];
};

mfa_status_t mfa_http_open(const void *settings, const mfa_ports_t *ports,
    void **connection) MFA_MUST_CHECK;
void mfa_http_close(void **connection);


typedef struct {
    const char        *method;          /* NULL: POST */
    mfa_str_t          path;            /* after the base; may be empty */
    mfa_str_t          content_type;
    mfa_str_t          authorization;   /* "Basic ..."; may be empty */
    const mfa_strs_t  *headers;         /* more of them; NULL: none */
    mfa_str_t          body;
    mfa_str_t          id;              /* Idempotency-Key */
    mfa_time_t         time;            /* of the letter, see there */
} mfa_http_request_t;

typedef struct {
    long       status;                  /* 0: no answer came */
    mfa_str_t  body;                    /* what came of it */
} mfa_http_answer_t;

/*
 * One request, one answer. True: a whole answer of the class 2xx, for the
 * provider to read, and *result is as it was. False: *result says what came
 * of it; where the provider refused, its words are in answer->body.
 * Authorization and headers end with a zero byte.
 */
bool mfa_http_ask(mfa_http_t *http, const mfa_http_request_t *request,
    mfa_arena_t *arena, mfa_http_answer_t *answer,
    mfa_send_result_t *result) MFA_MUST_CHECK;


/* verdicts on an answer; reasons name neither a number nor a code */

/* 2xx, and it cannot be told whether the message was taken */
void mfa_http_unreadable(mfa_send_result_t *result);

/* the request cannot be made */
void mfa_http_unmade(mfa_send_result_t *result, mfa_status_t st);

/* the provider's own number or word for a refusal, put after the reason;
 * anything that is not short and plain is left out */
void mfa_http_explain_number(mfa_send_result_t *result, long long number);
void mfa_http_explain_word(mfa_send_result_t *result, const char *word);


/* parts of requests */

/* "Basic BASE64" */
mfa_status_t mfa_http_basic(mfa_arena_t *arena, mfa_str_t user,
    mfa_str_t password, mfa_str_t *authorization) MFA_MUST_CHECK;

/* one more field of a form, one more member of an object that begins "{" */
void mfa_http_form_put(mfa_buf_t *buf, const char *name, mfa_str_t value);
void mfa_http_json_put(mfa_buf_t *buf, const char *name, mfa_str_t value);

/* an E.164 number without its "+" */
mfa_str_t mfa_http_digits(mfa_str_t number);

#define MFA_HTTP_BODY_MAX  (64 * 1024)
#define MFA_HTTP_FORM      mfa_str("application/x-www-form-urlencoded")
#define MFA_HTTP_JSON      mfa_str("application/json")

#pragma GCC visibility pop

#endif /* MFA_SEND_HTTP_H */
