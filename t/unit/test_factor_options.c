/*
 * Which factors a realm has: the list, its options, where codes may go.
 */

#include "mfa_fixture.h"

#include "../../src/factor/mfa_factor.h"


#define WORDS_MAX  72

typedef struct {
    mfa_arena_t            *arena;
    uint64_t                seen;
    mfa_error_t             error;
    mfa_factor_settings_t   settings;
} realm_t;


static int
open_realm(void **state)
{
    realm_t  *realm;

    realm = calloc(1, sizeof(realm_t));
    if (realm == NULL) {
        return -1;
    }

    realm->arena = mfa_arena_open(256 * 1024);
    mfa_factor_defaults(&realm->settings);
    *state = realm;

    return realm->arena != NULL ? 0 : -1;
}


static int
close_realm(void **state)
{
    realm_t  *realm = *state;

    mfa_arena_close(&realm->arena);
    free(realm);

    return 0;
}


/* one line of a configuration, its words with a space between */

static mfa_status_t
line(realm_t *realm, const char *text)
{
    mfa_str_t     args[WORDS_MAX], words;
    mfa_line_t    l;
    mfa_status_t  st;

    l = (mfa_line_t) { .args = args, .prefix = "/" };
    words = mfa_str_from(text);
    l.name = mfa_str_split(&words, ' ');

    while (words.len > 0 && l.nargs < WORDS_MAX) {
        args[l.nargs++] = mfa_str_split(&words, ' ');
    }

    realm->error.text[0] = '\0';

    st = mfa_option_apply(mfa_factor_options, &realm->seen, &l,
                          &realm->settings, realm->arena, &realm->error);
    assert_int_equal(st != MFA_OK, realm->error.text[0] != '\0');

    return st;
}


static void
refused(realm_t *realm, const char *text, const char *part)
{
    realm->seen = 0;
    mfa_factor_defaults(&realm->settings);

    assert_int_equal(line(realm, text), MFA_CONFIG);

    if (strstr(realm->error.text, part) == NULL) {
        fail_msg("%s: %s", text, realm->error.text);
    }
}


static void
allowed(const realm_t *realm, const char *names)
{
    char    text[128] = "";
    size_t  i, len;

    for (i = 0; i < realm->settings.allowed_count; i++) {
        len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "",
                 realm->settings.allowed[i]->name);
    }

    assert_string_equal(text, names);
}


static bool
is_allowed(const realm_t *realm, const char *name)
{
    return mfa_factor_is_allowed(&realm->settings,
                                 mfa_factor_by_name(mfa_str_from(name)));
}


/* B16 B17: what costs security is off until somebody turns it on */
static void
only_the_app_is_allowed_unless_told(void **state)
{
    realm_t  *realm = *state;

    allowed(realm, "totp");
    assert_true(is_allowed(realm, "totp"));
    assert_false(is_allowed(realm, "email"));
    assert_false(is_allowed(realm, "sms"));
    assert_false(is_allowed(realm, "voice"));
    assert_true(is_allowed(realm, "recovery"));
    assert_false(is_allowed(realm, "password"));
    assert_false(is_allowed(realm, ""));

    assert_int_equal(line(realm, "recovery_codes off"), MFA_OK);
    assert_false(is_allowed(realm, "recovery"));
}


/* E6 B17 */
static void
the_order_is_that_of_the_line_with_the_app_first(void **state)
{
    realm_t  *realm = *state;

    assert_int_equal(line(realm, "factors email voice totp sms"), MFA_OK);
    allowed(realm, "totp email voice sms");
    assert_true(is_allowed(realm, "email"));

    realm->seen = 0;
    assert_int_equal(line(realm, "factors sms voice"), MFA_OK);
    allowed(realm, "sms voice");
    assert_false(is_allowed(realm, "totp"));
    assert_false(is_allowed(realm, "email"));

    realm->seen = 0;
    assert_int_equal(line(realm, "factors totp"), MFA_OK);
    allowed(realm, "totp");
}


/* O2 */
static void
a_wrong_line_names_what_is_right(void **state)
{
    realm_t  *realm = *state;

    refused(realm, "factors", "number of arguments");
    refused(realm, "factors fax",
            "\"totp\", \"sms\", \"voice\", \"email\"");
    refused(realm, "factors totp fax", "\"fax\"");
    refused(realm, "factors TOTP", "\"TOTP\"");
    refused(realm, "factors totp,sms", "\"totp,sms\"");
    refused(realm, "factors recovery", "\"recovery_codes\"");
    refused(realm, "factors password", "\"password\"");
    refused(realm, "factors sms totp sms",
            "\"sms\" is given twice in \"factors\"");
    refused(realm, "factors totp totp", "twice");
    refused(realm, "recovery_codes", "number of arguments");
    refused(realm, "recovery_codes maybe", "\"on\" or \"off\"");
    refused(realm, "default_country", "number of arguments");
    refused(realm, "default_country GB IE", "number of arguments");
    refused(realm, "default_country gb", "\"GB\"");
    refused(realm, "default_country UK", "ISO 3166");
    refused(realm, "default_country 44", "ISO 3166");
    refused(realm, "sms_countries", "number of arguments");
    refused(realm, "sms_countries GB XX", "\"XX\"");
    refused(realm, "sms_countries GB IE GB", "\"GB\" is given twice");

    realm->seen = 0;
    assert_int_equal(line(realm, "factors totp"), MFA_OK);
    assert_int_equal(line(realm, "factors sms"), MFA_CONFIG);
    assert_non_null(strstr(realm->error.text, "duplicate"));
    allowed(realm, "totp");
}


static void
countries(const realm_t *realm, const char *names)
{
    char              text[128] = "";
    size_t            i, len, count;
    const mfa_str_t  *items;

    mfa_factor_countries(&realm->settings, &items, &count);

    for (i = 0; i < count; i++) {
        len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s" MFA_STR_FMT,
                 len > 0 ? " " : "", MFA_STR_ARG(items[i]));
    }

    assert_string_equal(text, names);
}


/* H8: one country unless more are named, whatever the order of the lines */
static void
codes_go_to_the_default_country_alone_unless_told(void **state)
{
    realm_t  *realm = *state;

    countries(realm, "GB");
    assert_true(mfa_factor_has_country(&realm->settings, mfa_str("GB")));
    assert_false(mfa_factor_has_country(&realm->settings, mfa_str("IE")));

    assert_int_equal(line(realm, "default_country IE"), MFA_OK);
    countries(realm, "IE");
    assert_false(mfa_factor_has_country(&realm->settings, mfa_str("GB")));

    assert_int_equal(line(realm, "sms_countries GB JE"), MFA_OK);
    countries(realm, "GB JE");
    assert_true(mfa_factor_has_country(&realm->settings, mfa_str("JE")));
    assert_false(mfa_factor_has_country(&realm->settings, mfa_str("IE")));
    assert_false(mfa_factor_has_country(&realm->settings, mfa_null));

    realm->seen = 0;
    assert_int_equal(line(realm, "default_country FR"), MFA_OK);
    countries(realm, "GB JE");
}


/* the order of registry.def, and what each of them can do */
static void
each_factor_is_whole(void **state)
{
    size_t                      i, count;
    const mfa_factor_t         *factor;
    const mfa_factor_t *const  *all;

    static const struct {
        const char  *name, *channel, *secure;
        unsigned     amr;
    }  wanted[] = {
        { "totp", NULL, "secure_totp.html", MFA_AMR_OTP },
        { "sms", "sms", "secure_sms.html", MFA_AMR_SMS },
        { "voice", "voice", "secure_voice.html", MFA_AMR_TEL },
        { "email", "mail", "secure_email.html", MFA_AMR_EMAIL },
        { "recovery", NULL, NULL, MFA_AMR_RECOVERY }
    };

    (void) state;

    all = mfa_factors(&count);
    assert_int_equal(count, sizeof(wanted) / sizeof(wanted[0]));
    assert_true(count <= MFA_FACTORS_MAX);

    for (i = 0; i < count; i++) {
        factor = all[i];

        assert_string_equal(factor->name, wanted[i].name);
        assert_int_equal(factor->amr, wanted[i].amr);
        assert_true(factor->label.len > 0);
        assert_non_null(factor->verify_template);
        assert_int_equal(factor->secure_template != NULL,
                         wanted[i].secure != NULL);
        assert_int_equal(factor->channel != NULL,
                         wanted[i].channel != NULL);

        if (wanted[i].secure != NULL) {
            assert_string_equal(factor->secure_template, wanted[i].secure);
        }

        if (wanted[i].channel != NULL) {
            assert_string_equal(factor->channel, wanted[i].channel);
        }

        /* either codes are sent or the person has the proof */

        assert_int_equal(factor->destination != NULL,
                         factor->channel != NULL);
        assert_int_equal(factor->mask != NULL, factor->channel != NULL);
        assert_int_equal(factor->verify == NULL, factor->channel != NULL);
        assert_int_equal(factor->has_form == NULL, factor->channel != NULL);
    }
}


/* a form with one or two fields, for the factors that send */

typedef struct {
    mfa_factor_settings_t  *settings;
    const char             *factor;
    const char             *fields[2][2];
    mfa_str_t               destination;
    mfa_str_t               word;
    const char             *field;
    mfa_status_t            st;
} form_t;


static mfa_status_t
form_in(mfa_tx_t *tx, void *arg)
{
    form_t               *form = arg;
    size_t                i;
    mfa_user_t            user = { .email = mfa_str("ann@example.org") };
    mfa_str_t             others[2] = { mfa_str("a.n@example.net"),
                                        mfa_str("x@example.com") };
    mfa_pairs_t           pairs = { .count = 0 };
    mfa_factor_case_t     at;
    const mfa_factor_t   *factor;

    user.other_emails = (mfa_strs_t) { others, 2 };

    at = (mfa_factor_case_t) { .settings = form->settings, .tx = tx,
                               .user = &user };

    for (i = 0; i < 2 && form->fields[i][0] != NULL; i++) {
        assert_int_equal(mfa_pairs_add(tx->work->arena, &pairs,
                                       mfa_str_from(form->fields[i][0]),
                                       mfa_str_from(form->fields[i][1])),
                         MFA_OK);
    }

    factor = mfa_factor_by_name(mfa_str_from(form->factor));
    form->st = factor->destination(&at, &pairs, &form->destination,
                                   &form->field, &form->word);

    return MFA_OK;
}


static void
destination(fixture_t *f, form_t form, const char *number, const char *field)
{
    assert_int_equal(mfa_view(fixture_work(f), form_in, &form), MFA_OK);

    if (number != NULL) {
        assert_int_equal(form.st, MFA_OK);
        assert_true(mfa_str_eq_c(form.destination, number));
        return;
    }

    assert_int_equal(form.st, MFA_INVALID);
    assert_string_equal(form.field, field);
    assert_true(form.word.len > 0);
    assert_int_equal(form.destination.len, 0);
}


/* E4 H8 B17 X104 */
static void
a_number_is_taken_of_an_allowed_country_alone(void **state)
{
    size_t                  i;
    realm_t                 realm = { .arena = NULL };
    fixture_t              *f = *state;
    mfa_factor_settings_t  *s = &realm.settings;

    static const char *const  names[] = { "sms", "voice" };

#define form(country, number)                                                 \
    (form_t) { s, names[i], { { "country", country }, { "phone", number } },  \
               .st = MFA_BUG }

    realm.arena = f->arena;

    for (i = 0; i < 2; i++) {
        realm.seen = 0;
        mfa_factor_defaults(s);

        destination(f, form("IE", "020 912 3456"), NULL, "country");
        destination(f, form("", "07700 900123"), NULL, "country");
        destination(f, form("gb", "07700 900123"), NULL, "country");
        destination(f, form("GB", "+353 20 912 3456"), NULL, "phone");
        destination(f, form("GB", "0909 879 0123"), NULL, "phone");
        destination(f, form("GB", "+44 7797 000000"), NULL, "phone");
        destination(f, form("GB", ""), NULL, "phone");
        destination(f, form("GB", "07700 900123"), "+447700900123", NULL);
        destination(f, form("GB", "01632 960123"), "+441632960123", NULL);

        assert_int_equal(line(&realm, "sms_countries GB JE US"), MFA_OK);

        destination(f, form("GB", "+44 7797 000000"), "+447797000000", NULL);
        destination(f, form("JE", "07700 900123"), "+447700900123", NULL);
        destination(f, form("JE", "0909 879 0123"), NULL, "phone");
        destination(f, form("GB", "+1 201 555 0123"), NULL, "phone");
        destination(f, form("US", "876 555 0123"), NULL, "phone");
        destination(f, form("US", "201 555 0123"), "+12015550123", NULL);
    }

#undef form
}


/* E5: never an address that somebody types */
static void
only_an_own_address_may_be_chosen(void **state)
{
    size_t                  i;
    fixture_t              *f = *state;
    mfa_factor_settings_t   settings;

    static const char *const  bad[] = {
        "", "3", "-1", "1.0", "99999999999999999", "ann@example.com",
        "eve@example.org", "ann@example.org,eve@example.org",
        "ann@example.org\neve@example.org", "ann", "@example.org"
    };

    mfa_factor_defaults(&settings);

#define form(address)                                                         \
    (form_t) { &settings, "email", { { "address", address } },                \
               .st = MFA_BUG }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        destination(f, form(bad[i]), NULL, "address");
    }

    destination(f, form("0"), "ann@example.org", NULL);
    destination(f, form("1"), "a.n@example.net", NULL);
    destination(f, form("2"), "x@example.com", NULL);
    destination(f, form("Ann@Example.org"), "ann@example.org", NULL);
    destination(f, form("x@example.com"), "x@example.com", NULL);

#undef form
}


/* E5 */
static void
an_address_is_shown_by_few_letters_and_its_domain(void **state)
{
    size_t               i;
    mfa_str_t            shown;
    fixture_t           *f = *state;
    const mfa_factor_t  *email;

    static const char *const  bad[] = { "", "ann", "@example.org", "ann@" };

    email = mfa_factor_by_name(mfa_str("email"));

    assert_int_equal(email->mask(f->arena, mfa_str("ann@example.org"),
                                 &shown), MFA_OK);
    assert_true(mfa_str_eq_c(shown, "a***@example.org"));

    assert_int_equal(email->mask(f->arena,
                                 mfa_str("ann.employee@example.org"),
                                 &shown), MFA_OK);
    assert_true(mfa_str_eq_c(shown, "a***ee@example.org"));

    assert_int_equal(email->mask(f->arena, mfa_str("x@example.com"), &shown),
                     MFA_OK);
    assert_true(mfa_str_eq_c(shown, "x***@example.com"));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(email->mask(f->arena, mfa_str_from(bad[i]), &shown),
                         MFA_INVALID);
        assert_int_equal(shown.len, 0);
    }
}


#define realm_test(test)                                                      \
    cmocka_unit_test_setup_teardown(test, open_realm, close_realm)

int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        realm_test(only_the_app_is_allowed_unless_told),
        realm_test(the_order_is_that_of_the_line_with_the_app_first),
        realm_test(a_wrong_line_names_what_is_right),
        realm_test(codes_go_to_the_default_country_alone_unless_told),
        realm_test(each_factor_is_whole),
        FIXTURE_TEST_ON(a_number_is_taken_of_an_allowed_country_alone,
                        "memory"),
        FIXTURE_TEST_ON(only_an_own_address_may_be_chosen, "memory"),
        FIXTURE_TEST_ON(an_address_is_shown_by_few_letters_and_its_domain,
                        "memory"),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
