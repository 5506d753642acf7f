/*
 * A number that is replaced, removed or reset away hears of it by a text
 * message, once, besides the letters (C7).
 */

#include "mfa_device_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
begin(const char *kinds, void (*lines)(world_t *))
{
    world = flow_world(lines, kinds, &ann);
}


static void
begin_settings(const char *kinds, void (*lines)(world_t *))
{
    login_t  here = { .user = &ann };

    begin(kinds, lines);
    settings_login(&v, world, &here);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static void
press(const char *fields)
{
    visitor_open(&v, "/mfa/security", NULL);
    assert_string_equal(v.url, "/mfa/security");
    visitor_submit(&v, fields);
}


/* notices that wait for that number */

typedef struct {
    const char  *to;
    size_t       found, all;
} notices_t;


static mfa_status_t
count_notices(mfa_tx_t *tx, void *arg)
{
    notices_t      *notices = arg;
    mfa_status_t    st;
    mfa_message_t   message, last;
    bool            has_last = false;

    notices->found = notices->all = 0;

    for (;;) {
        st = mfa_message_next(tx, has_last ? &last : NULL, &message);
        if (st != MFA_OK) {
            return st == MFA_NOT_FOUND ? MFA_OK : st;
        }

        if (mfa_str_eq_c(message.channel, "sms")
            && mfa_str_eq_c(message.kind, "notice"))
        {
            notices->all++;
            notices->found += mfa_str_eq_c(message.to, notices->to);
            assert_int_equal(message.values.count, 0);
        }

        last = message;
        has_last = true;
    }
}


static void
assert_told(size_t count)
{
    notices_t  notices = { .to = ANN_NUMBER };

    world_update(world, count_notices, &notices);
    assert_int_equal(notices.found, count);
    assert_int_equal(notices.all, count);
}


static void
change_number(const char *number)
{
    char  body[128];

    press("do=change&subject=sms");
    (void) snprintf(body, sizeof(body), "country=GB&phone=%s&do=send",
                    number);
    visitor_submit(&v, body);
    submit_sent_code(&v, "sms");
    assert_string_equal(v.url, "/mfa/security");
}


/* X91 C7 */
static void
the_old_number_is_told_when_the_new_one_is_proved(void **state)
{
    (void) state;

    begin_settings("totp sms", flow_lines);

    press("do=change&subject=sms");
    visitor_submit(&v, "country=GB&phone=07700+900777&do=send");
    submit_code(&v, "000000", "verify");
    assert_told(0);

    world->now += MFA_MINUTE;
    change_number("07700+900777");
    assert_true(settings_has(world, ann, "sms"));
    assert_told(1);
    end();
}


static void
the_same_number_again_is_no_news(void **state)
{
    (void) state;

    begin_settings("totp sms", flow_lines);
    change_number("07700+900123");
    assert_told(0);
    end();
}


/* C7: also where the text is the only message its holder gets */
static void
a_number_that_is_removed_is_told(void **state)
{
    (void) state;

    begin_settings("totp sms", flow_lines);
    press("do=remove&subject=sms");
    assert_told(0);
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "sms"));
    assert_told(1);
    end();
}


static mfa_status_t
give_call(mfa_tx_t *tx, void *arg)
{
    mfa_factor_record_t  record;

    memset(&record, 0, sizeof(record));

    record.user = *(mfa_id_t *) arg;
    record.kind = mfa_str("voice");
    record.secret = mfa_str(ANN_NUMBER);
    record.added_at = tx->now;

    return mfa_factor_record_put(tx, &record);
}


/* text message and call to one number: it is told when both are gone */
static void
a_number_that_still_counts_is_not_told(void **state)
{
    (void) state;

    begin_settings("totp sms", flow_lines);
    world_update(world, give_call, &ann);

    press("do=remove&subject=sms");
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "sms"));
    assert_told(0);

    press("do=remove&subject=voice");
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "voice"));
    assert_told(1);
    end();
}


/* C7 D2 */
static void
a_device_reset_tells_the_old_number(void **state)
{
    char  secret[64];

    (void) state;

    begin("sms", flow_lines);
    flow_browser(&v, world, 9);
    device_prove(&v, ANN);
    visitor_submit(&v, "do=continue");
    device_app(&v, secret);
    assert_told(0);
    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));
    assert_told(1);
    end();
}


/* C7 A4 */
static void
a_helpdesk_pass_tells_the_old_number(void **state)
{
    char    body[64], secret[64];
    desk_t  desk;

    (void) state;

    begin("sms", flow_lines);
    desk = desk_pass(world, ann);
    flow_browser(&v, world, 9);
    (void) snprintf(body, sizeof(body), "pass=%s&do=pass", desk.pass);
    visitor_submit(&v, body);
    device_app(&v, secret);
    assert_told(0);
    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));
    assert_told(1);
    end();
}


/* an attacker who drains the day's bill silences nobody; the bill is the
 * same for both kinds of message as long as it has room */

static void
small_bill(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "limit", "sms_all", "2/1d");
}


static mfa_status_t
spend_bill(mfa_tx_t *tx, void *arg)
{
    mfa_status_t  *left = arg;
    mfa_time_t     retry_at;

    *left = mfa_limit_book(tx, MFA_LIMIT_SMS_ALL, mfa_str("all"), &retry_at);

    return mfa_status_is_fault(*left) ? *left : MFA_OK;
}


/* H8 C7 */
static void
a_notice_is_on_the_bill_and_no_bill_stops_it(void **state)
{
    mfa_status_t  st;

    (void) state;

    begin_settings("totp sms", small_bill);
    press("do=remove&subject=sms");
    visitor_submit(&v, "do=remove");
    assert_told(1);

    world_update(world, spend_bill, &st);
    assert_int_equal(st, MFA_OK);
    world_update(world, spend_bill, &st);
    assert_int_equal(st, MFA_LIMITED);

    world_update(world, world_give_phone, &ann);
    press("do=remove&subject=sms");
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "sms"));
    assert_told(2);
    end();
}


static void
call_lines(world_t *at)
{
    char  voice[128];

    (void) snprintf(voice, sizeof(voice), "maildir:%s/voice", at->dir);

    WORLD_LINE(at, "factors", "totp", "voice");
    WORLD_LINE(at, "voice", voice);
}


/* calls alone: nothing could send it */
static void
without_a_sender_for_texts_nothing_waits(void **state)
{
    (void) state;

    begin_settings("totp", call_lines);
    world_update(world, give_call, &ann);
    press("do=remove&subject=voice");
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "voice"));
    assert_told(0);
    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_old_number_is_told_when_the_new_one_is_proved),
        cmocka_unit_test(the_same_number_again_is_no_news),
        cmocka_unit_test(a_number_that_is_removed_is_told),
        cmocka_unit_test(a_number_that_still_counts_is_not_told),
        cmocka_unit_test(a_device_reset_tells_the_old_number),
        cmocka_unit_test(a_helpdesk_pass_tells_the_old_number),
        cmocka_unit_test(a_notice_is_on_the_bill_and_no_bill_stops_it),
        cmocka_unit_test(without_a_sender_for_texts_nothing_waits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
