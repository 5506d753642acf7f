/*
 * Phone numbers: what people type, what becomes of it, and which numbers a
 * code is never sent to. Attacks first.
 *
 * All numbers are of ranges that regulators keep for films, or such as no
 * plan gives out, or of kinds that are refused.
 */

#include "mfa_fixture.h"

#include "../../src/factor/mfa_phone.h"


typedef struct {
    const char  *iso;
    const char  *typed;
} refused_t;

typedef struct {
    const char  *iso;
    const char  *typed;
    const char  *number;
} row_t;


static mfa_status_t
parse(mfa_arena_t *arena, const char *iso, const char *typed,
    mfa_str_t *number, bool *is_premium)
{
    const mfa_country_t  *country;

    country = mfa_country_by_iso(mfa_str_from(iso));
    assert_non_null(country);

    return mfa_phone_parse(arena, country, mfa_str_from(typed), number,
                           is_premium);
}


static void
check_refused(const refused_t *rows, size_t count, bool is_premium)
{
    bool           premium;
    size_t         i;
    mfa_str_t      number;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    arena = mfa_arena_open(1024 * 1024);
    assert_non_null(arena);

    for (i = 0; i < count; i++) {
        st = parse(arena, rows[i].iso, rows[i].typed, &number, &premium);

        if (st != MFA_INVALID || premium != is_premium || number.len != 0) {
            fail_msg("%s \"%s\": %s, \"" MFA_STR_FMT "\"%s", rows[i].iso,
                     rows[i].typed, mfa_status_text(st), MFA_STR_ARG(number),
                     premium ? ", premium" : "");
        }
    }

    mfa_arena_close(&arena);
}


static void
check_taken(const row_t *rows, size_t count)
{
    bool           premium;
    size_t         i;
    mfa_str_t      number;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    arena = mfa_arena_open(1024 * 1024);
    assert_non_null(arena);

    for (i = 0; i < count; i++) {
        st = parse(arena, rows[i].iso, rows[i].typed, &number, &premium);

        if (st != MFA_OK || premium
            || !mfa_str_eq_c(number, rows[i].number))
        {
            fail_msg("%s \"%s\": %s, \"" MFA_STR_FMT "\"%s", rows[i].iso,
                     rows[i].typed, mfa_status_text(st), MFA_STR_ARG(number),
                     premium ? ", premium" : "");
        }
    }

    mfa_arena_close(&arena);
}

#define count_of(rows)  (sizeof(rows) / sizeof((rows)[0]))


/* H8 X104: whatever is dialled there, somebody else is paid for it */
static void
costly_numbers_are_refused(void **state)
{
    static const refused_t  rows[] = {
        { "GB", "0900 000 0000" }, { "GB", "0909 879 0123" },
        { "GB", "+44 909 879 0123" }, { "GB", "0044 (0)909 879 0123" },
        { "GB", "0843 000 0000" }, { "GB", "0845 000 0000" },
        { "GB", "0870 000 0000" }, { "GB", "0871 000 0000" },
        { "GB", "0800 000 0000" }, { "GB", "0808 157 0123" },
        { "GB", "070 0000 0000" }, { "GB", "7000000000" },
        { "GB", "076 0000 0000" }, { "GB", "07622 000 000" },
        { "GB", "0550 000 0000" }, { "GB", "056 0000 0000" },
        { "JE", "0900 000 0000" }, { "IM", "0871 000 0000" },
        { "US", "900 555 0123" }, { "US", "+1 (900) 555-0123" },
        { "CA", "1 900 555 0123" }, { "JM", "900-555-0123" },
        { "US", "800 555 0123" }, { "US", "500 555 0123" },
        { "US", "700 555 0123" },
        { "IE", "0700 000 000" }, { "IE", "0818 000 000" },
        { "DE", "0900 1 000000" }, { "DE", "0180 5 000000" },
        { "DE", "0137 000 0000" }, { "DE", "0190 000000" },
        { "DE", "0700 0000 0000" }, { "DE", "+49 (0)900 3 000000" },
        { "FR", "08 99 00 00 00" }, { "FR", "+33 892 00 00 00" },
        { "NL", "0900 00000 0" }, { "NL", "084 000 0000" },
        { "BE", "0903 00 000" }, { "BE", "070 00 00 00" },
        { "ES", "803 000 000" }, { "ES", "905 000 000" },
        { "ES", "700 000 000" },
        { "IT", "899 000 000" }, { "IT", "199 000 000" },
        { "VA", "899 000 000" },
        { "CH", "0900 000 000" }, { "CH", "0848 000 000" },
        { "AT", "0900 000000" }, { "AT", "0820 000000" },
        { "AU", "1900 000 00" }, { "AU", "+61 1 9000 0000" },
        { "CX", "+61 1 9000 0000" },
        { "NZ", "0900 00 000" }, { "NZ", "0508 000 000" },
        { "PL", "70 000 00 00" }, { "PL", "801 000 000" },
        { "SE", "0900 000 00" }, { "SE", "077 000 0000" },
        { "NO", "829 00 000" }, { "SJ", "829 00 000" },
        { "DK", "90 00 00 00" },
        { "FI", "0600 000 00" }, { "FI", "0700 000 000" },
        { "AX", "0600 000 00" },
        { "PT", "760 000 000" }, { "PT", "601 000 000" },
        { "RU", "8 809 000-00-00" },
    };

    (void) state;

    check_refused(rows, count_of(rows), true);
}


/* H8: only the allowed country, not what looks like it from far away */
static void
a_number_of_another_country_is_none_of_this(void **state)
{
    static const refused_t  rows[] = {
        { "GB", "+33 6 39 98 00 00" }, { "GB", "0033 639 980 000" },
        { "GB", "+1 201 555 0123" }, { "GB", "+353 20 912 3456" },
        { "FR", "+44 7700 900123" }, { "DE", "0044 7700 900123" },

        /* satellites and networks of no country */
        { "GB", "+881 6 0000 0000" }, { "GB", "+882 13 000000" },
        { "GB", "+883 510 00000000" }, { "GB", "+870 7 7300 0000" },
        { "GB", "+878 10 0000000000" }, { "GB", "+888 000 0000" },
        { "GB", "+979 0 0000 0000" }, { "GB", "00979 0 0000 0000" },
        { "GB", "+999 000 000 000" }, { "GB", "+0 7700 900123" },

        /* the same code, another price */
        { "US", "876 555 0123" }, { "US", "+1 876 555 0123" },
        { "US", "(809) 555-0123" }, { "US", "+1 284 555 0123" },
        { "US", "1 664 555 0123" }, { "US", "+1 416 555 0123" },
        { "CA", "+1 201 555 0123" }, { "JM", "+1 809 555 0123" },
        { "GB", "01534 960123" }, { "GB", "+44 7797 900123" },
        { "GB", "07624 900123" }, { "GB", "01481 960123" },
        { "JE", "01632 960123" }, { "JE", "07700 900123" },
        { "RU", "+7 701 000 0000" }, { "KZ", "+7 901 000 0000" },
    };

    (void) state;

    check_refused(rows, count_of(rows), false);
}


/* B7 in spirit: what is no number is not made into one */
static void
what_is_no_number_is_refused(void **state)
{
    static const refused_t  rows[] = {
        { "GB", "" }, { "GB", " " }, { "GB", "+" }, { "GB", "+44" },
        { "GB", "0" }, { "GB", "00" }, { "GB", "0044" }, { "GB", "()" },
        { "GB", "+44 0" }, { "GB", "07700 90012" },
        { "GB", "07700 9001234" }, { "GB", "+44 7700 90012" },
        { "GB", "118 118" }, { "GB", "999" }, { "GB", "112" },
        { "GB", "00 7700 900123" }, { "GB", "000 7700 900123" },
        { "GB", "+44 00 7700 900123" }, { "GB", "44 7700 900123" },
        { "GB", "++44 7700 900123" }, { "GB", "44+ 7700 900123" },
        { "GB", "07700 +900123" }, { "GB", "+00447700900123" },
        { "GB", "07700 900123 x4" }, { "GB", "07700 900123;07700 900456" },
        { "GB", "07700 900123,1" }, { "GB", "tel:07700900123" },
        { "GB", "07700 900l23" }, { "GB", "0x7700900123" },
        { "GB", "7.7e9" }, { "GB", "-07700900123 OR 1=1" },
        { "GB", "07700 900123\r\nTo: x" }, { "GB", "07700\n900123" },

        /* digits that are not ASCII: full-width, Arabic-Indic */
        { "GB", "\xef\xbc\x90\xef\xbc\x97""700 900123" },
        { "GB", "0770\xd9\xa0 900123" },
        { "GB", "07700 90012\xef\xbc\x93" },
        { "GB", "07700 900123\xff" }, { "GB", "07700 900123\xe2\x80" },

        /* more than any number has */
        { "GB", "0770090012307700900123077009001230770090012307700900123" },
        { "GB", "07700                                                   "
                "        900123" },
        { "DE", "+49 30 23125 0000000000" },

        { "US", "101 555 0123" }, { "US", "001 555 0123" },
        { "US", "201 155 0123" }, { "US", "201 055 0123" },
        { "US", "555 0123" }, { "US", "2 201 555 0123" },
        { "US", "11 201 555 0123" },
        { "ES", "091 000 0000" }, { "DK", "0123 4567" },
        { "DE", "" }, { "SH", "" },
    };

    (void) state;

    check_refused(rows, count_of(rows), false);
}


/* E4: as people write their numbers */
static void
a_number_may_be_typed_in_any_usual_way(void **state)
{
    static const row_t  rows[] = {
        { "GB", "07700 900123", "+447700900123" },
        { "GB", "07700900123", "+447700900123" },
        { "GB", "7700 900123", "+447700900123" },
        { "GB", "+44 7700 900123", "+447700900123" },
        { "GB", "+447700900123", "+447700900123" },
        { "GB", "0044 7700 900123", "+447700900123" },
        { "GB", "00447700900123", "+447700900123" },
        { "GB", "+44 (0)7700 900123", "+447700900123" },
        { "GB", "+44 (0) 7700 900123", "+447700900123" },
        { "GB", "+44 07700 900123", "+447700900123" },
        { "GB", "0044 (0) 7700-900-123", "+447700900123" },
        { "GB", "(+44) 7700 900123", "+447700900123" },
        { "GB", "+ 44 7700 900123", "+447700900123" },
        { "GB", "(07700) 900 123", "+447700900123" },
        { "GB", "(0)7700 900123", "+447700900123" },
        { "GB", "07700-900-123", "+447700900123" },
        { "GB", "07700.900.123", "+447700900123" },
        { "GB", "07700/900123", "+447700900123" },
        { "GB", "  07700\t900123 ", "+447700900123" },
        { "GB", "07700\xc2\xa0""900123", "+447700900123" },
        { "GB", "07700\xe2\x80\x93""900123", "+447700900123" },
        { "GB", "\xe2\x80\xaa+44 7700 900123\xe2\x80\xac",
          "+447700900123" },
        { "GB", "01632 960123", "+441632960123" },
        { "GB", "020 7946 0123", "+442079460123" },
        { "GB", "0118 496 0123", "+441184960123" },
        { "GB", "03069 990123", "+443069990123" },
        { "GB", "016977 0000", "+44169770000" },
        { "JE", "01534 000000", "+441534000000" },
        { "JE", "+44 (0)7797 000000", "+447797000000" },
        { "GG", "07781 000000", "+447781000000" },
        { "IM", "07624 000000", "+447624000000" },

        { "US", "(201) 555-0123", "+12015550123" },
        { "US", "1-201-555-0123", "+12015550123" },
        { "US", "+1 201.555.0123", "+12015550123" },
        { "US", "0012015550123", "+12015550123" },
        { "CA", "416-555-0123", "+14165550123" },
        { "JM", "876 555 0123", "+18765550123" },
        { "AU", "0491 570 156", "+61491570156" },
        { "AU", "(02) 5550 0123", "+61255500123" },
        { "FR", "06 39 98 00 12", "+33639980012" },
        { "FR", "+33 (0)1 99 00 12 34", "+33199001234" },
        { "DE", "030 23125 000", "+493023125000" },
        { "DE", "+49 (0)171 3920000", "+491713920000" },
        { "IE", "020 912 3456", "+353209123456" },
        { "SE", "070-174 06 05", "+46701740605" },
        { "SE", "08-465 004 00", "+46846500400" },
    };

    (void) state;

    check_taken(rows, count_of(rows));
}


/* plans without a trunk 0, and with another one */
static void
each_plan_has_its_own_first_digit(void **state)
{
    static const row_t  rows[] = {
        { "IT", "06 0000 0000", "+390600000000" },
        { "IT", "+39 06 0000 0000", "+390600000000" },
        { "IT", "+39 (0)6 0000 0000", "+390600000000" },
        { "IT", "0039 06 0000 0000", "+390600000000" },
        { "IT", "320 000 0000", "+393200000000" },
        { "SM", "0549 000000", "+3780549000000" },
        { "CI", "01 00 00 00 00", "+2250100000000" },
        { "ES", "612 000 000", "+34612000000" },
        { "DK", "20 00 00 00", "+4520000000" },
        { "NO", "400 00 000", "+4740000000" },
        { "PT", "910 000 000", "+351910000000" },
        { "PL", "500 000 000", "+48500000000" },
        { "RU", "8 901 000-00-00", "+79010000000" },
        { "RU", "+7 901 000-00-00", "+79010000000" },
        { "RU", "812 000-00-00", "+78120000000" },
        { "KZ", "8 701 000 00 00", "+77010000000" },
        { "LT", "8 600 00000", "+37060000000" },
        { "LT", "0 600 00000", "+37060000000" },
        { "HU", "06 20 000 0000", "+36200000000" },
        { "MX", "+52 1 55 0000 0000", "+525500000000" },
        { "MX", "55 0000 0000", "+525500000000" },
        { "SH", "22000", "+29022000" },
        { "AT", "01 0000000", "+4310000000" },
    };

    (void) state;

    check_taken(rows, count_of(rows));
}


/* each country has one plan and each plan a country, in order */
static void
the_tables_agree(void **state)
{
    size_t                   i, j, count;
    const mfa_country_t     *all;
    const mfa_phone_plan_t  *plan;

    static const char *const  none[] = {
        "870", "878", "881", "882", "883", "888", "979", "999", "800", "808"
    };

    (void) state;

    all = mfa_countries(&count);
    assert_true(count > 230);

    for (i = 0; i < count; i++) {
        assert_ptr_equal(mfa_country_by_iso(mfa_str_from(all[i].iso)),
                         &all[i]);
        assert_int_equal(strlen(all[i].iso), 2);
        assert_true(all[i].name.len > 2);
        assert_in_range(strlen(all[i].code), 1, 3);
        assert_true(strspn(all[i].code, "0123456789")
                    == strlen(all[i].code));

        plan = mfa_phone_plan(all[i].iso);
        assert_non_null(plan);
        assert_in_range(plan->least, 4, plan->most);
        assert_in_range(plan->most + strlen(all[i].code), 7, 15);

        if (i > 0) {
            assert_true(mfa_str_cmp(all[i - 1].name, all[i].name) < 0);
        }

        for (j = 0; j < sizeof(none) / sizeof(none[0]); j++) {
            assert_string_not_equal(all[i].code, none[j]);
        }
    }

    assert_null(mfa_country_by_iso(mfa_str("gb")));
    assert_null(mfa_country_by_iso(mfa_str("GBR")));
    assert_null(mfa_country_by_iso(mfa_str("UK")));
    assert_null(mfa_country_by_iso(mfa_null));
    assert_null(mfa_phone_plan("UK"));
}


/* E.164: no code is the beginning of another one */
static void
a_code_never_begins_another(void **state)
{
    size_t                i, j, count;
    const mfa_country_t  *all;

    (void) state;

    all = mfa_countries(&count);

    for (i = 0; i < count; i++) {
        for (j = 0; j < count; j++) {
            if (strcmp(all[i].code, all[j].code) != 0) {
                assert_true(strncmp(all[i].code, all[j].code,
                                    strlen(all[i].code)) != 0);
            }
        }
    }
}


/* E4: five digits and never more of them */
static void
a_number_is_shown_by_its_last_five_digits(void **state)
{
    size_t        i;
    mfa_str_t     shown;
    mfa_arena_t  *arena;

    static const char *const  bad[] = { "", "+", "+4476", "447700900123" };

    (void) state;

    arena = mfa_arena_open(4096);
    assert_non_null(arena);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mfa_phone_mask(arena, mfa_str_from(bad[i]), &shown),
                         MFA_INVALID);
        assert_int_equal(shown.len, 0);
    }

    assert_int_equal(mfa_phone_mask(arena, mfa_str("+447700900123"), &shown),
                     MFA_OK);
    assert_true(mfa_str_eq_c(shown, "XXX-XXX-00123"));

    mfa_arena_close(&arena);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(costly_numbers_are_refused),
        cmocka_unit_test(a_number_of_another_country_is_none_of_this),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(a_number_may_be_typed_in_any_usual_way),
        cmocka_unit_test(each_plan_has_its_own_first_digit),
        cmocka_unit_test(the_tables_agree),
        cmocka_unit_test(a_code_never_begins_another),
        cmocka_unit_test(a_number_is_shown_by_its_last_five_digits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
