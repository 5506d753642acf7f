/*
 * What the tests of the delivery start from: an outbox, the templates of the
 * tree, a delivery, and a sender that does as the test says.
 */

#ifndef MFA_OUTBOX_FIXTURE_H
#define MFA_OUTBOX_FIXTURE_H

#include "mfa_fixture.h"

#include "../../src/send/mfa_send.h"


typedef struct {
    mfa_send_result_t  result;      /* set it: what the other side answers */
    unsigned           opened;
    unsigned           closed;
    unsigned           sent;        /* letters it was handed */
    char               to[256];     /* of the last one */
    char               id[64];
    char               subject[256];
    char               text[8192];
    char               html[16384];
} fake_t;

static fake_t           fake;
static fixture_t       *f;
static mfa_templates_t *templates;
static mfa_delivery_t  *delivery;
static mfa_time_t       wait_ms;

static mfa_send_settings_t  settings;


static inline mfa_status_t
fake_open(const void *state, const mfa_ports_t *ports, void **connection)
{
    (void) state;
    (void) ports;

    fake.opened++;
    *connection = &fake;

    return MFA_OK;
}


static inline void
fake_close(void **connection)
{
    fake.closed++;
    *connection = NULL;
}


static inline void
fake_copy(char *to, size_t size, mfa_str_t s)
{
    snprintf(to, size, MFA_STR_FMT, MFA_STR_ARG(s));
}


static inline void
fake_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    mfa_str_t  mime;

    assert_ptr_equal(connection, &fake);
    assert_int_equal(result->outcome, MFA_SEND_LATER);
    assert_int_equal(mfa_mime_build(letter, arena, &mime), MFA_OK);

    fake.sent++;
    fake_copy(fake.to, sizeof(fake.to), letter->to);
    fake_copy(fake.id, sizeof(fake.id), letter->id);
    fake_copy(fake.subject, sizeof(fake.subject), letter->subject);
    fake_copy(fake.text, sizeof(fake.text), letter->text);
    fake_copy(fake.html, sizeof(fake.html), letter->html);
    *result = fake.result;
}


static const mfa_sender_t  fake_sender = {
    .name = "fake",
    .channel = "mail",
    .open = fake_open,
    .close = fake_close,
    .send = fake_send,
};


static const mfa_send_settings_t  council = {
    .brand = mfa_str_static("Example <Council>"),
    .support = { mfa_str_static("Human Resources"),
                 mfa_str_static("hr@example.org"),
                 mfa_str_static("01632 960000"),
                 mfa_str_static("https://chat.example.org/") },
    .origin = { .text = mfa_str_static("https://people.example.org"),
                .host = mfa_str_static("people.example.org"), .port = 443,
                .is_https = true },
    .mail = { { .sender = &fake_sender } },
    .mail_count = 1,
    .mail_from_name = mfa_str_static("Example Council"),
    .mail_from = mfa_str_static("no-reply@example.org"),
};


static inline void
templates_open(const char *dir, const char *override_dir)
{
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    mfa_templates_close(&templates);
    st = mfa_templates_open(dir, override_dir, &error, &templates);

    if (st != MFA_OK) {
        fail_msg("%s: %s", mfa_status_text(st), error.text);
    }
}


static inline void
delivery_reopen(void)
{
    mfa_delivery_close(&delivery);
    assert_int_equal(mfa_delivery_open(&settings, templates, NULL, &f->ports,
                                       &delivery), MFA_OK);
}


static inline int
setup(void **state)
{
    f = fixture_open(*state);
    memset(&fake, 0, sizeof(fake));
    fake.result.outcome = MFA_SEND_DONE;
    settings = council;
    templates_open("html", NULL);
    delivery_reopen();

    return 0;
}


static inline int
teardown(void **state)
{
    (void) state;

    mfa_delivery_close(&delivery);
    assert_null(delivery);
    assert_int_equal(fake.opened, fake.closed);
    mfa_templates_close(&templates);
    fixture_close(&f);

    return 0;
}


static inline mfa_status_t
tx_queue(mfa_tx_t *tx, void *arg)
{
    return mfa_message_queue(tx, arg);
}


static inline void
queue(const char *kind, mfa_time_t lifetime, mfa_pair_t *pairs, size_t count)
{
    mfa_message_t  message = { .channel = mfa_str("mail") };

    message.kind = mfa_str_from(kind);
    message.to = mfa_str("ann.employee@example.org");
    message.language = mfa_str("en");
    message.expires_at = f->now + lifetime;
    message.values = (mfa_pairs_t) { pairs, count };

    assert_int_equal(mfa_update(fixture_work(f), tx_queue, &message), MFA_OK);
}


static mfa_pair_t  code_pairs[] = {
    { mfa_str_static("code"), mfa_str_static("482193") },
    { mfa_str_static("reference"), mfa_str_static("QRST") },
    { mfa_str_static("minutes"), mfa_str_static("20") },
    { mfa_str_static("is_register"), mfa_str_static("1") },
};


static inline void
queue_code(void)
{
    queue("code", 30 * MFA_MINUTE, code_pairs, 4);
}


/* one turn; returns how many letters the other side was handed */

static inline unsigned
run(size_t most)
{
    unsigned     before;
    mfa_work_t  *work;

    before = fake.sent;
    work = fixture_work(f);
    work->address = NULL;

    assert_int_equal(mfa_delivery_run(delivery, work, most, &wait_ms),
                     MFA_OK);
    assert_true(wait_ms >= 0 && wait_ms <= 30 * MFA_SECOND);

    return fake.sent - before;
}


static inline bool
has_event(const char *name)
{
    size_t  i;

    for (i = 0; i < f->work.events.lines.count; i++) {
        if (memmem(f->work.events.lines.items[i].data,
                   f->work.events.lines.items[i].len, name, strlen(name)))
        {
            return true;
        }
    }

    return false;
}


static inline mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    unsigned       *count = arg;
    mfa_status_t    st;
    mfa_message_t   message, *after;

    *count = 0;
    after = NULL;

    while ((st = mfa_message_next(tx, after, &message)) == MFA_OK) {
        (*count)++;
        after = &message;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static inline unsigned
outbox_count(void)
{
    unsigned    count;
    mfa_work_t  work = { .model = &f->model, .arena = f->arena };

    assert_int_equal(mfa_view(&work, tx_count, &count), MFA_OK);

    return count;
}


static inline void
answer(mfa_send_outcome_t outcome, bool is_down)
{
    fake.result.outcome = outcome;
    fake.result.is_down = is_down;
    snprintf(fake.result.reason, sizeof(fake.result.reason), "as asked");
}


typedef struct {
    mfa_flow_t        flow;
    mfa_code_place_t  place;
    mfa_code_t        code;
} coded_t;


/* what a page does: code and message in one transaction */

static inline mfa_status_t
tx_issue(mfa_tx_t *tx, void *arg)
{
    coded_t        *coded = arg;
    mfa_status_t    st;
    mfa_message_t   message = { .channel = mfa_str("mail") };

    st = mfa_flow_make(tx, mfa_str("register"), MFA_HOUR, &coded->flow);
    if (st != MFA_OK) {
        return st;
    }

    coded->place.flow = coded->flow.id;
    coded->place.purpose = mfa_str("register");
    coded->place.destination = mfa_str("ann.employee@example.org");

    st = mfa_code_issue(tx, &coded->place, &coded->code);
    if (st != MFA_OK) {
        return st;
    }

    message.kind = mfa_str("code");
    message.to = coded->place.destination;
    message.language = mfa_str("en");
    message.code_flow = coded->flow.id;
    message.code_purpose = coded->place.purpose;
    message.expires_at = tx->now + 30 * MFA_MINUTE;
    message.values = (mfa_pairs_t) { code_pairs, 4 };
    code_pairs[0].value = coded->code.code;
    code_pairs[1].value = coded->code.reference;

    return mfa_message_queue(tx, &message);
}


static inline mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    coded_t  *coded = arg;

    return mfa_code_look(tx, &coded->place, &coded->code);
}


static inline coded_t
issue(void)
{
    coded_t  coded;

    memset(&coded, 0, sizeof(coded));
    assert_int_equal(mfa_update(fixture_work(f), tx_issue, &coded), MFA_OK);
    code_pairs[0].value = mfa_str("482193");
    code_pairs[1].value = mfa_str("QRST");

    return coded;
}

#endif /* MFA_OUTBOX_FIXTURE_H */
