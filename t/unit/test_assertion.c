/*
 * Signed assertions (U3, G4): what a token says, when it is made anew, what
 * the line of a location may be.
 */

#include "mfa_assertion_fixture.h"


#define NOW   INT64_C(1800000000000)


typedef struct {
    mfa_time_t           now;
    mfa_ports_t          ports;
    mfa_realm_t         *realm;
    mfa_assertions_t    *cache;
    mfa_identity_t       ann;
    mfa_str_t            groups[2];
    mfa_assertion_ask_t  ask;
    EVP_PKEY            *key;
} desk_t;


static mfa_status_t
no_random(void *ctx, void *buf, size_t len)
{
    (void) ctx;
    (void) buf;
    (void) len;

    return MFA_CRYPTO;
}


static void
no_log(void *ctx, mfa_log_level_t level, const char *line)
{
    (void) ctx;
    (void) level;
    assert_null(strstr(line, "ann"));
}


static void
desk_open(desk_t *desk, const char *pem)
{
    mfa_str_t     args[1];
    mfa_line_t    line = { .name = mfa_str("assertion_key"), .args = args,
                           .nargs = 1, .prefix = "/" };
    mfa_error_t   error;

    static mfa_str_t  groups[] = { mfa_str_static("staff, \"a\""),
                                   mfa_str_static("Caf\xc3\xa9") };

    memset(desk, 0, sizeof(*desk));

    desk->ports = mfa_ports_system;
    desk->ports.log = no_log;

    assert_int_equal(mfa_realm_begin(mfa_str("staff"), &desk->ports,
                                     &desk->realm), MFA_OK);
    args[0] = mfa_str_from(file_of("desk.pem", pem, 0400));
    assert_int_equal(mfa_realm_line(desk->realm, &line, &error), MFA_OK);
    assert_int_equal(mfa_assertion_load(desk->realm, &error), MFA_OK);
    desk->realm->send.origin.text = mfa_str("https://people.example.org");
    assert_int_equal(mfa_assertions_open(desk->realm, &desk->cache), MFA_OK);

    memcpy(desk->groups, groups, sizeof(groups));

    desk->ann = (mfa_identity_t) {
        .user = mfa_str("ann"), .email = mfa_str("ann@example.org"),
        .name = mfa_str("Ann M%C3%BCller 100%25"),
        .amr = mfa_str("pwd otp mfa"), .auth_time = mfa_str("1799999990"),
        .group_list = { desk->groups, 2 }, .holders = 1, .key = { 7, 1 }
    };

    desk->ask = (mfa_assertion_ask_t) {
        .audience = mfa_str("ESS"), .host = mfa_str("people.example.org"),
        .lifetime = 60 * MFA_SECOND, .now = NOW
    };
}


static void
desk_close(desk_t *desk)
{
    mfa_assertions_close(&desk->cache);
    mfa_realm_free(&desk->realm);

    /* every hold was given back, and this one is the test's */

    assert_int_equal(desk->ann.holders, 1);
}


static mfa_str_t
give(desk_t *desk, mfa_identity_t *who)
{
    mfa_str_t  token, copy;

    assert_int_equal(mfa_assertions_give(desk->cache, who, &desk->ask,
                                         &token), MFA_OK);
    assert_int_equal(mfa_arena_copy(arena, token, &copy), MFA_OK);

    return copy;
}


static json_t *
part_of(mfa_str_t token, size_t n)
{
    char        plain[40000];
    json_t     *json;
    size_t      len;
    mfa_str_t   part;

    for (part = mfa_str_split(&token, '.'); n > 0; n--) {
        part = mfa_str_split(&token, '.');
    }

    len = plain_of(part.data, part.len, (uint8_t *) plain);
    json = json_loadb(plain, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);

    return json;
}


static void
is_text(const json_t *claims, const char *name, const char *value)
{
    assert_string_equal(json_string_value(json_object_get(claims, name)),
                        value);
}


static void
a_token_says_who_where_when_and_how(void **state)               /* U3, G4, G5 */
{
    desk_t      desk;
    json_t     *head, *claims, *list;
    EVP_PKEY   *key;
    mfa_str_t   token;

    (void) state;

    desk_open(&desk, rfc_key);
    token = give(&desk, &desk.ann);

    key = public_of(RFC_X, RFC_Y);
    assert_true(is_signed(key, token.data, token.len));
    EVP_PKEY_free(key);

    head = part_of(token, 0);
    is_text(head, "alg", "ES256");
    is_text(head, "kid", RFC_ID);
    is_text(head, "typ", "JWT");
    json_decref(head);

    claims = part_of(token, 1);
    is_text(claims, "iss", "https://people.example.org");
    is_text(claims, "aud", "ESS");
    is_text(claims, "sub", "ann");
    is_text(claims, "email", "ann@example.org");
    is_text(claims, "name", "Ann M\xc3\xbcller 100%");
    is_text(claims, "host", "people.example.org");

    list = json_object_get(claims, "groups");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_array_get(list, 0)),
                        "staff, \"a\"");
    assert_string_equal(json_string_value(json_array_get(list, 1)),
                        "Caf\xc3\xa9");

    list = json_object_get(claims, "amr");
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(json_string_value(json_array_get(list, 1)), "otp");

    assert_int_equal(json_integer_value(json_object_get(claims, "auth_time")),
                     1799999990);
    assert_int_equal(json_integer_value(json_object_get(claims, "iat")),
                     1800000000);
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")),
                     1800000060);
    assert_int_equal(json_string_length(json_object_get(claims, "jti")), 22);
    assert_int_equal(json_object_size(claims), 12);
    json_decref(claims);

    desk_close(&desk);
}


static bool
is_new(desk_t *desk, mfa_identity_t *who, mfa_str_t *last)
{
    bool       is_other;
    mfa_str_t  token;

    token = give(desk, who);
    is_other = !mfa_str_eq(token, *last);
    *last = token;

    return is_other;
}


static void
one_serves_for_half_its_life(void **state)
{
    desk_t     desk;
    mfa_str_t  last = mfa_null;

    (void) state;

    desk_open(&desk, rfc_key);

    assert_true(is_new(&desk, &desk.ann, &last));
    assert_false(is_new(&desk, &desk.ann, &last));
    desk.ask.now = NOW + 30 * MFA_SECOND - 1;
    assert_false(is_new(&desk, &desk.ann, &last));
    desk.ask.now = NOW + 30 * MFA_SECOND;
    assert_true(is_new(&desk, &desk.ann, &last));

    /* a clock that goes back: none from the future */
    desk.ask.now = NOW;
    assert_true(is_new(&desk, &desk.ann, &last));

    desk.ask.lifetime = 10 * MFA_SECOND;
    assert_true(is_new(&desk, &desk.ann, &last));
    desk.ask.now += 5 * MFA_SECOND;
    assert_true(is_new(&desk, &desk.ann, &last));

    desk_close(&desk);
}


static void
what_changes_of_a_person_is_in_the_next(void **state)
{
    desk_t           desk;
    size_t           i;
    mfa_str_t        last = mfa_null;
    mfa_identity_t   who;

    (void) state;

    desk_open(&desk, rfc_key);
    assert_true(is_new(&desk, &desk.ann, &last));

    /* read again from the store, and nothing is new */
    who = desk.ann;
    who.holders = 1;
    assert_false(is_new(&desk, &who, &last));

    for (i = 0; i < 7; i++) {
        mfa_identity_t  other = desk.ann;
        mfa_str_t       groups[2] = { desk.groups[0], desk.groups[1] };

        other.holders = 1;
        other.group_list.items = groups;

        switch (i) {
        case 0: other.user = mfa_str("max"); break;
        case 1: other.email = mfa_str("a@example.org"); break;
        case 2: other.name = mfa_str("Anna"); break;
        case 3: other.amr = mfa_str("pwd"); break;
        case 4: other.auth_time = mfa_str("1799999999"); break;
        case 5: groups[1] = mfa_str("managers"); break;
        default: other.group_list.count = 1; break;
        }

        assert_true(is_new(&desk, &other, &last));
        assert_true(is_new(&desk, &desk.ann, &last));
        assert_int_equal(other.holders, 1);
    }

    /* another session of the same person */
    who.key[31] = 9;
    assert_true(is_new(&desk, &who, &last));

    mfa_assertions_close(&desk.cache);
    assert_int_equal(who.holders, 1);
    desk_close(&desk);
}


static void
audiences_and_hosts_have_their_own(void **state)
{
    char        name[32];
    size_t      i;
    desk_t      desk;
    mfa_str_t   first, last = mfa_null;

    (void) state;

    desk_open(&desk, rfc_key);
    first = give(&desk, &desk.ann);

    desk.ask.audience = mfa_str("MSS");
    assert_true(is_new(&desk, &desk.ann, &last));
    desk.ask.host = mfa_str("pay.example.net");
    assert_true(is_new(&desk, &desk.ann, &last));

    desk.ask.audience = mfa_str("ESS");
    desk.ask.host = mfa_str("people.example.org");
    assert_true(mfa_str_eq(give(&desk, &desk.ann), first));

    /* a client that asks for many hosts gets no more than its own places */

    for (i = 0; i < 100; i++) {
        (void) snprintf(name, sizeof(name), "h%zu.example.org", i);
        desk.ask.host = mfa_str_from(name);
        assert_true(is_new(&desk, &desk.ann, &last));
        assert_true(desk.ann.holders <= 5);
    }

    desk_close(&desk);
}


static void
a_host_that_is_no_text_is_left_out(void **state)
{
    size_t   i;
    desk_t   desk;
    json_t  *claims;

    static const mfa_str_t  hosts[] = {
        mfa_str_static("\xff\xfe"), mfa_str_static("a\"b\n"),
        mfa_str_static("")
    };

    (void) state;

    desk_open(&desk, rfc_key);

    for (i = 0; i < 3; i++) {
        desk.ask.host = hosts[i];
        claims = part_of(give(&desk, &desk.ann), 1);
        assert_null(json_object_get(claims, "host"));
        json_decref(claims);
    }

    desk_close(&desk);
}


static void
groups_beyond_the_bound_are_left_out_whole(void **state)
{
    char            text[60][100];
    size_t          i;
    desk_t          desk;
    json_t         *claims, *list;
    mfa_str_t       groups[60];
    mfa_identity_t  who;

    (void) state;

    desk_open(&desk, rfc_key);
    who = desk.ann;
    who.holders = 1;

    for (i = 0; i < 60; i++) {
        memset(text[i], 'a' + (int) (i % 26), 99);
        groups[i] = mfa_str_bytes(text[i], 99);
    }

    who.group_list.items = groups;
    who.group_list.count = 60;

    claims = part_of(give(&desk, &who), 1);
    list = json_object_get(claims, "groups");
    assert_in_range(json_array_size(list), 30, 41);
    assert_int_equal(json_string_length(json_array_get(list, 29)), 99);
    json_decref(claims);

    mfa_assertions_close(&desk.cache);
    desk_close(&desk);
}


static void
no_token_comes_without_randomness(void **state)                       /* J12 */
{
    desk_t     desk;
    mfa_str_t  token = mfa_str("x");

    (void) state;

    desk_open(&desk, rfc_key);
    desk.ports.random = no_random;
    assert_int_equal(mfa_assertions_give(desk.cache, &desk.ann, &desk.ask,
                                         &token), MFA_CRYPTO);
    assert_int_equal(token.len, 0);
    desk_close(&desk);
}


static void
the_first_key_signs_and_all_are_published(void **state)
{
    desk_t        desk;
    json_t       *head, *set;
    mfa_str_t     args[3], made;
    mfa_line_t    line = { .name = mfa_str("assertion_key"), .args = args,
                           .nargs = 3, .prefix = "/" };
    mfa_error_t   error;

    (void) state;

    assert_int_equal(mfa_signer_make(arena, &made), MFA_OK);

    desk_open(&desk, rfc_key);
    mfa_assertions_close(&desk.cache);
    mfa_assertion_unload(desk.realm);
    desk.realm->assertion.files.count = 0;
    desk.realm->seen[0] = 0;

    args[0] = mfa_str_from(file_of("a.pem", made.data, 0400));
    args[1] = mfa_str_from(file_of("b.pem", rfc_key, 0400));
    args[2] = args[1];
    line.nargs = 2;

    assert_int_equal(mfa_realm_line(desk.realm, &line, &error), MFA_OK);
    assert_int_equal(mfa_assertion_load(desk.realm, &error), MFA_OK);
    assert_int_equal(mfa_assertions_open(desk.realm, &desk.cache), MFA_OK);

    head = part_of(give(&desk, &desk.ann), 0);
    assert_string_not_equal(json_string_value(json_object_get(head, "kid")),
                            RFC_ID);

    set = json_loadb(desk.realm->page.jwks.data, desk.realm->page.jwks.len,
                     JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(json_object_get(set, "keys")), 2);
    is_text(json_array_get(json_object_get(set, "keys"), 0), "kid",
            json_string_value(json_object_get(head, "kid")));
    is_text(json_array_get(json_object_get(set, "keys"), 1), "kid", RFC_ID);
    json_decref(head);
    json_decref(set);

    /* the same key under another name */

    mfa_assertions_close(&desk.cache);
    mfa_assertion_unload(desk.realm);
    desk.realm->assertion.files.count = 0;
    desk.realm->seen[0] = 0;
    line.nargs = 3;
    assert_int_equal(mfa_realm_line(desk.realm, &line, &error), MFA_OK);
    assert_int_equal(mfa_assertion_load(desk.realm, &error), MFA_CONFIG);
    assert_non_null(strstr(error.text, "earlier file"));

    desk_close(&desk);
}


/* the words of mfa_assertion_header */

static void
a_line_is_read_or_refused(void **state)
{
    size_t                 i;
    mfa_str_t              args[3] = { mfa_str("X-A") };
    mfa_line_t             line = { .name = mfa_str("mfa_assertion_header"),
                                    .args = args, .prefix = "/" };
    mfa_error_t            error;
    mfa_assertion_rule_t   rule;

    static const char *const  wrong[] = {
        "audience=", "audience=\xff", "audience=a\nb", "lifetime=61s",
        "lifetime=2m", "lifetime=9s", "lifetime=", "lifetime=-5",
        "life=10s", "10s", "off"
    };

    (void) state;

    line.nargs = 1;
    assert_int_equal(mfa_assertion_rule(&rule, &line, &error), MFA_OK);
    assert_true(mfa_str_eq_c(rule.header, "X-A"));
    assert_int_equal(rule.lifetime, 60 * MFA_SECOND);

    line.nargs = 3;
    args[1] = mfa_str("lifetime=10s");
    args[2] = mfa_str("audience=urn:x");
    assert_int_equal(mfa_assertion_rule(&rule, &line, &error), MFA_OK);
    assert_int_equal(rule.lifetime, 10 * MFA_SECOND);
    assert_true(mfa_str_eq_c(rule.audience, "urn:x"));

    args[2] = args[1];
    assert_int_equal(mfa_assertion_rule(&rule, &line, &error), MFA_CONFIG);

    line.nargs = 2;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        args[1] = mfa_str_from(wrong[i]);
        assert_int_equal(mfa_assertion_rule(&rule, &line, &error),
                         MFA_CONFIG);
    }

    line.nargs = 1;
    args[0] = mfa_str("off");
    assert_int_equal(mfa_assertion_rule(&rule, &line, &error), MFA_OK);
    assert_int_equal(rule.header.len, 0);
}


static int64_t
nanoseconds(void)
{
    struct timespec  t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);

    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}


/* performance.md: the loop is never held for 5 ms */

static void
the_loop_is_not_held(void **state)
{
    int         i;
    desk_t      desk;
    int64_t     start, made, found;
    mfa_str_t   token;

    (void) state;

    desk_open(&desk, rfc_key);
    start = nanoseconds();

    for (i = 0; i < 200; i++) {
        desk.ask.now += 31 * MFA_SECOND;
        assert_int_equal(mfa_assertions_give(desk.cache, &desk.ann,
                                             &desk.ask, &token), MFA_OK);
    }

    made = (nanoseconds() - start) / 200;
    start = nanoseconds();

    for (i = 0; i < 10000; i++) {
        assert_int_equal(mfa_assertions_give(desk.cache, &desk.ann,
                                             &desk.ask, &token), MFA_OK);
    }

    found = (nanoseconds() - start) / 10000;

    (void) printf("# made in %lld ns, found in %lld ns, %zu bytes\n",
                  (long long) made, (long long) found, token.len);

    assert_true(made < 5000000);
    assert_true(found < made);

    desk_close(&desk);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_token_says_who_where_when_and_how),
        cmocka_unit_test(one_serves_for_half_its_life),
        cmocka_unit_test(what_changes_of_a_person_is_in_the_next),
        cmocka_unit_test(audiences_and_hosts_have_their_own),
        cmocka_unit_test(a_host_that_is_no_text_is_left_out),
        cmocka_unit_test(groups_beyond_the_bound_are_left_out_whole),
        cmocka_unit_test(no_token_comes_without_randomness),
        cmocka_unit_test(the_first_key_signs_and_all_are_published),
        cmocka_unit_test(a_line_is_read_or_refused),
        cmocka_unit_test(the_loop_is_not_held),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, begin, end);
}
