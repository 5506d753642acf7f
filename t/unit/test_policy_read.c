/*
 * The lines second_factor, device_reset and factor_change: what is refused,
 * with which words, and that nothing of it is kept.
 */

#include "mfa_policy_fixture.h"


static void
a_day_is_a_day_of_the_calendar(void **state)
{
    char    text[80];
    size_t  i;
    desk_t  d;

    static const struct {
        const char  *day;
        mfa_time_t   seconds;       /* as of date -u -d DAY +%s */
    }  days[] = {
        { "2000-01-01", 946684800 }, { "2000-02-29", 951782400 },
        { "2000-03-01", 951868800 }, { "2024-12-31", 1735603200 },
        { "2027-01-18", 1800230400 }, { "2028-02-29", 1835395200 },
        { "2100-03-01", 4107542400 }, { "9999-12-31", 253402214400 }
    };
    static const char *const  wrong[] = {
        "2027-02-30", "2027-02-29", "2100-02-29", "2027-00-10",
        "2027-13-01", "2027-04-31", "2027-01-00", "2027-01-32", "27-01-18",
        "2027-1-18", "2027-01-1", "2027/01/18", "18-01-2027", "1999-12-31",
        "2027-01-18T00", "2027-01--1", "2027--1-01", "-027-01-01", "",
        "tomorrow", "2027-01-1x", "20270118"
    };

    (void) state;

    for (i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        begin(&d);
        (void) snprintf(text, sizeof(text),
                        "second_factor required from=%s grace=1d",
                        days[i].day);
        accept(&d, text);
        assert_int_equal(d.settings.policy.from,
                         days[i].seconds * MFA_SECOND);
        end(&d);
    }

    begin(&d);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void) snprintf(text, sizeof(text),
                        "second_factor required from=%s grace=1d", wrong[i]);
        refuse(&d, text, "invalid date");
    }

    end(&d);
}


/* C11: at most 45 days, and never one without the other */
static void
lines_that_say_nothing_clear_are_refused(void **state)
{
    size_t  i;
    desk_t  d;

    static const struct {
        const char  *line;
        const char  *word;
    }  wrong[] = {
        { "second_factor required from=2027-01-18", "needs \"grace\"" },
        { "second_factor required grace=45d", "needs \"from\"" },
        { "second_factor required from=2027-01-18 grace=46d", "45d" },
        { "second_factor required from=2027-01-18 grace=1081h", "45d" },
        { "second_factor required from=2027-01-18 grace=", "45d" },
        { "second_factor required from=2027-01-18 grace=soon", "45d" },
        { "second_factor required methods=3", "methods=1|2" },
        { "second_factor required methods=0", "methods=1|2" },
        { "second_factor required methods=1 methods=2", "methods=1|2" },
        { "second_factor required two", "invalid \"second_factor\"" },
        { "second_factor off", "invalid \"second_factor\"" },
        { "second_factor", "invalid \"second_factor\"" },
        { "second_factor group=a", "invalid \"second_factor\"" },
        { "second_factor optional methods=2", "optional [group" },
        { "second_factor optional from=2027-01-18 grace=1d",
          "optional [group" },
        { "second_factor required group=", "empty group" },
        { "device_reset", "invalid \"device_reset\"" },
        { "device_reset maybe", "invalid \"device_reset\"" },
        { "device_reset email off", "invalid \"device_reset\"" },
        { "device_reset group=a email", "invalid \"device_reset\"" },
        { "factor_change", "invalid \"factor_change\"" },
        { "factor_change ask", "invalid \"factor_change\"" },
        { "factor_change approval groups=a", "invalid \"factor_change\"" },
        { "factor_change self group=a group=", "empty group" },
        { "factor_change self group=a group=b group=a", "group \"a\"" }
    };

    (void) state;

    begin(&d);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        refuse(&d, wrong[i].line, wrong[i].word);
    }

    end(&d);
}


static void
a_second_line_for_the_same_is_refused_and_named(void **state)
{
    desk_t  d;

    (void) state;

    begin(&d);
    accept(&d, "second_factor required");
    refuse(&d, "second_factor required methods=2",
           "\"second_factor\" is duplicate");
    accept(&d, "second_factor required methods=2 group=managers group=hr");
    refuse(&d, "second_factor optional group=hr",
           "\"second_factor\" is duplicate for group \"hr\"");

    /* half of it is not kept either, and another option is another line */

    refuse(&d, "second_factor required group=new group=managers",
           "group \"managers\"");
    accept(&d, "second_factor required group=new");
    accept(&d, "device_reset off group=hr");
    accept(&d, "factor_change approval group=hr");
    accept(&d, "factor_change approval");
    refuse(&d, "factor_change self", "\"factor_change\" is duplicate");

    assert_int_equal(policy_of(&d, "hr").methods, 2);

    end(&d);
}


static void
there_is_room_for_many_groups_and_an_end(void **state)
{
    int     i;
    char    text[64];
    desk_t  d;

    (void) state;

    begin(&d);

    for (i = 0; i < MFA_POLICY_LINES_MAX; i++) {
        (void) snprintf(text, sizeof(text), "device_reset %s group=g%d",
                        i % 2 ? "off" : "approval", i);
        accept(&d, text);
    }

    refuse(&d, "device_reset off group=more", "too many groups");

    for (i = 0; i < MFA_POLICY_LINES_MAX; i++) {
        (void) snprintf(text, sizeof(text), "g%d", i);
        assert_int_equal(policy_of(&d, text).device_reset,
                         i % 2 ? MFA_DEVICE_RESET_OFF
                               : MFA_DEVICE_RESET_APPROVAL);
    }

    end(&d);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_day_is_a_day_of_the_calendar),
        cmocka_unit_test(lines_that_say_nothing_clear_are_refused),
        cmocka_unit_test(a_second_line_for_the_same_is_refused_and_named),
        cmocka_unit_test(there_is_room_for_many_groups_and_an_end)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
