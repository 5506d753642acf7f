/* Options: lines, tables, values and the words of their errors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/mfa_base.h"


typedef struct {
    bool        registration;
    int         level;
    int64_t     tries;
    int64_t     count;
    int64_t     size;
    mfa_time_t  idle;
    mfa_time_t  pause;
    mfa_str_t   title;
    mfa_str_t   key_file;
    mfa_strs_t  groups;
    mfa_strs_t  hosts;
} target_t;


static const mfa_enum_t  levels[] = {
    { "low", 1 },
    { "middle", 5 },
    { "high", 9 },
    { NULL, 0 }
};

static const mfa_bounds_t  tries_bounds = { 1, 10 };
static const mfa_bounds_t  idle_bounds = { MFA_MINUTE, 90 * MFA_DAY };
static const mfa_bounds_t  size_bounds = { 64 * 1024, (int64_t) 8 << 30 };

#define ROW(key, setter, field, extra)                                        \
    { .name = key, .set = setter, .offset = offsetof(target_t, field),        \
      .data = extra }

static const mfa_option_t  table[] = {
    ROW("registration", mfa_option_set_flag, registration, NULL),
    ROW("level", mfa_option_set_enum, level, levels),
    ROW("tries", mfa_option_set_number, tries, &tries_bounds),
    ROW("count", mfa_option_set_number, count, NULL),
    ROW("size", mfa_option_set_size, size, &size_bounds),
    ROW("idle_timeout", mfa_option_set_time, idle, &idle_bounds),
    ROW("pause", mfa_option_set_time, pause, NULL),
    ROW("title", mfa_option_set_str, title, NULL),
    { .name = "key_file", .set = mfa_option_set_path, .is_required = 1,
      .offset = offsetof(target_t, key_file) },
    ROW("groups", mfa_option_set_strs, groups, NULL),
    { .name = "host", .set = mfa_option_set_strs, .is_many = 1,
      .offset = offsetof(target_t, hosts) },
    MFA_OPTION_END
};


static mfa_arena_t  *arena;
static mfa_error_t   error;
static target_t      target;
static uint64_t      seen;


static int
setup(void **state)
{
    (void) state;

    arena = mfa_arena_open(256 * 1024);
    memset(&target, 0, sizeof(target));
    seen = 0;

    return arena == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&arena);

    return 0;
}


/* name and words of one line, cut at its spaces */

static mfa_status_t
apply(const char *text)
{
    size_t      count;
    mfa_str_t   rest, words[8];
    mfa_line_t  line;

    rest = mfa_str_from(text);
    line = (mfa_line_t) { .prefix = "/etc/nginx/" };
    line.name = mfa_str_split(&rest, ' ');

    for (count = 0; rest.data != NULL && count < 8; count++) {
        words[count] = mfa_str_split(&rest, ' ');
    }

    line.args = words;
    line.nargs = count;
    error.text[0] = '\0';

    return mfa_option_apply(table, &seen, &line, &target, arena, &error);
}


static void
fails(const char *text, const char *wanted)
{
    seen = 0;
    assert_int_equal(apply(text), MFA_CONFIG);
    assert_string_equal(error.text, wanted);
}


static void
a_line_sets_its_field(void **state)
{
    (void) state;

    assert_int_equal(apply("registration on"), MFA_OK);
    assert_true(target.registration);

    assert_int_equal(apply("level high"), MFA_OK);
    assert_int_equal(target.level, 9);

    assert_int_equal(apply("tries 10"), MFA_OK);
    assert_int_equal(target.tries, 10);

    assert_int_equal(apply("size 1m"), MFA_OK);
    assert_int_equal(target.size, 1024 * 1024);

    assert_int_equal(apply("idle_timeout 15m"), MFA_OK);
    assert_int_equal(target.idle, 15 * MFA_MINUTE);

    assert_int_equal(apply("title Portal"), MFA_OK);
    assert_true(mfa_str_eq_c(target.title, "Portal"));

    assert_int_equal(apply("key_file mfa/key"), MFA_OK);
    assert_string_equal(target.key_file.data, "/etc/nginx/mfa/key");
    assert_int_equal(target.key_file.len, 18);

    assert_int_equal(apply("groups staff admin"), MFA_OK);
    assert_int_equal(target.groups.count, 2);
    assert_true(mfa_str_eq_c(target.groups.items[1], "admin"));

    seen = 0;
    assert_int_equal(apply("registration off"), MFA_OK);
    assert_false(target.registration);
}


static void
values_outlive_the_line(void **state)
{
    char        word[] = "Portal";
    mfa_str_t   arg;
    mfa_line_t  line;

    (void) state;

    arg = mfa_str_from(word);
    line = (mfa_line_t) { mfa_str("title"), &arg, 1, "/" };

    assert_int_equal(mfa_option_apply(table, &seen, &line, &target, arena,
                                      &error), MFA_OK);

    line.name = mfa_str("host");
    assert_int_equal(mfa_option_apply(table, &seen, &line, &target, arena,
                                      &error), MFA_OK);
    memset(word, 'x', 6);

    assert_true(mfa_str_eq_c(target.title, "Portal"));
    assert_true(mfa_str_eq_c(target.hosts.items[0], "Portal"));
}


static void
an_unknown_name_is_not_found(void **state)
{
    (void) state;

    assert_int_equal(apply("registrations on"), MFA_NOT_FOUND);
    assert_int_equal(apply("regis on"), MFA_NOT_FOUND);
    assert_int_equal(apply(""), MFA_NOT_FOUND);
    assert_int_equal(seen, 0);
}


static void
an_option_is_given_once_unless_many(void **state)
{
    (void) state;

    assert_int_equal(apply("title a"), MFA_OK);
    assert_int_equal(apply("title b"), MFA_CONFIG);
    assert_string_equal(error.text, "\"title\" directive is duplicate");
    assert_true(mfa_str_eq_c(target.title, "a"));

    assert_int_equal(apply("host a b"), MFA_OK);
    assert_int_equal(apply("host c"), MFA_OK);
    assert_int_equal(target.hosts.count, 3);
    assert_true(mfa_str_eq_c(target.hosts.items[2], "c"));
}


static void
a_missing_required_option_is_named(void **state)
{
    (void) state;

    assert_int_equal(mfa_option_complete(table, seen, &error), MFA_CONFIG);
    assert_string_equal(error.text, "\"key_file\" directive is missing");

    assert_int_equal(apply("key_file /k"), MFA_OK);
    assert_int_equal(mfa_option_complete(table, seen, &error), MFA_OK);
}


static void
the_number_of_arguments_is_checked(void **state)
{
    size_t                    i;

    static const char *const  lines[] = {
        "registration", "registration on off", "level", "tries 1 2",
        "size", "idle_timeout 1h 30m", "title a b", "key_file", "groups",
    };

    (void) state;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        seen = 0;
        assert_int_equal(apply(lines[i]), MFA_CONFIG);
        assert_non_null(strstr(error.text,
                               "invalid number of arguments in \""));
    }

    fails("idle_timeout",
          "invalid number of arguments in \"idle_timeout\" directive");
}


static void
a_wrong_value_is_told_with_what_is_right(void **state)
{
    (void) state;

    fails("registration maybe", "invalid value \"maybe\" in "
          "\"registration\", it must be \"on\" or \"off\"");
    fails("registration On", "invalid value \"On\" in "
          "\"registration\", it must be \"on\" or \"off\"");
    fails("level top", "invalid value \"top\" in \"level\", "
          "it must be \"low\", \"middle\" or \"high\"");
    fails("tries 0", "invalid value \"0\" in \"tries\", "
          "it must be a number from 1 to 10");
    fails("tries 11", "invalid value \"11\" in \"tries\", "
          "it must be a number from 1 to 10");
    fails("count -1", "invalid value \"-1\" in \"count\", "
          "it must be a number");
    fails("pause soon", "invalid value \"soon\" in \"pause\", it must be "
          "a time such as \"30s\", \"15m\" or \"45d\"");
    fails("idle_timeout 30s", "invalid value \"30s\" in \"idle_timeout\", "
          "it must be a time such as \"30s\", \"15m\" or \"45d\" "
          "from 1m to 90d");
    fails("size 1k", "invalid value \"1k\" in \"size\", it must be "
          "a size such as \"64k\", \"1m\" or \"8g\" from 64k to 8g");
    fails("key_file ", "invalid value \"\" in \"key_file\", "
          "it must be a path");

    assert_int_equal(target.tries, 0);
    assert_int_equal(target.idle, 0);
    assert_int_equal(target.size, 0);
}


static void
a_list_has_an_end(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < MFA_LIST_MAX; i++) {
        assert_int_equal(apply("host a"), MFA_OK);
    }

    assert_int_equal(apply("host a"), MFA_CONFIG);
    assert_string_equal(error.text,
                        "too many values in \"host\", there may be 64");
}


static void
out_of_memory_is_a_fault(void **state)
{
    (void) state;

    mfa_arena_close(&arena);
    arena = mfa_arena_open(2);

    assert_int_equal(apply("title abcdef"), MFA_NO_MEMORY);
    assert_int_equal(apply("key_file abcdef"), MFA_NO_MEMORY);
    assert_int_equal(apply("groups abcdef"), MFA_NO_MEMORY);
    assert_string_equal(error.text, "out of memory");
}


static void
time_is(const char *text, mfa_time_t wanted)
{
    mfa_time_t  t;

    assert_int_equal(mfa_parse_time(mfa_str_from(text), &t), MFA_OK);
    assert_int_equal(t, wanted);
}


static void
times_are_read_as_nginx_reads_them(void **state)
{
    size_t                    i;
    mfa_time_t                t;

    static const char *const  bad[] = {
        "", " ", "s", "h1", "1x", "-1", "-1s", "+1", "1.5h", "1 h", "30m1h",
        "1h1h", "1h30", "1H", "1sec", "0x10", "11y", "3651d", "3650d1ms",
        "315360001", "999999999999999999", "9999999999999999999",
        "9223372036854775807d", "99999999999999999h", "1h\n", "1min",
    };

    (void) state;

    time_is("30s", 30 * MFA_SECOND);
    time_is("15m", 15 * MFA_MINUTE);
    time_is("1h", MFA_HOUR);
    time_is("45d", 45 * MFA_DAY);
    time_is("1h30m", 90 * MFA_MINUTE);
    time_is("500ms", 500);
    time_is("1s500ms", 1500);
    time_is("90", 90 * MFA_SECOND);
    time_is("0", 0);
    time_is("0s", 0);
    time_is("2w", 14 * MFA_DAY);
    time_is("1M", 30 * MFA_DAY);
    time_is("10y", 3650 * MFA_DAY);
    time_is("3650d", 3650 * MFA_DAY);
    time_is("315360000", 3650 * MFA_DAY);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        t = 1;
        assert_int_equal(mfa_parse_time(mfa_str_from(bad[i]), &t),
                         MFA_INVALID);
        assert_int_equal(t, 0);
    }
}


static void
size_is(const char *text, int64_t wanted)
{
    int64_t  n;

    assert_int_equal(mfa_parse_size(mfa_str_from(text), &n), MFA_OK);
    assert_int_equal(n, wanted);
}


static void
sizes_are_read_as_nginx_reads_them(void **state)
{
    size_t                    i;
    int64_t                   n;

    static const char *const  bad[] = {
        "", "k", "1kb", "1 k", "-1k", "1t", "1.5m", "9223372036854775807",
        "999999999999999999g", "1k1", "kk",
    };

    (void) state;

    size_is("0", 0);
    size_is("512", 512);
    size_is("64k", 64 * 1024);
    size_is("64K", 64 * 1024);
    size_is("1m", 1024 * 1024);
    size_is("1M", 1024 * 1024);
    size_is("64g", (int64_t) 64 << 30);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mfa_parse_size(mfa_str_from(bad[i]), &n),
                         MFA_INVALID);
    }
}


static void
paths_are_made_absolute(void **state)
{
    mfa_str_t    out;
    mfa_line_t   line;
    static char  text[5000];

    (void) state;

    line = (mfa_line_t) { .prefix = "/etc/" };

    assert_int_equal(mfa_parse_path(&line, mfa_str("a/b"), arena, &out),
                     MFA_OK);
    assert_string_equal(out.data, "/etc/a/b");
    assert_int_equal(out.len, 8);

    assert_int_equal(mfa_parse_path(&line, mfa_str("/a"), arena, &out),
                     MFA_OK);
    assert_string_equal(out.data, "/a");

    assert_int_equal(mfa_parse_path(&line, mfa_str(""), arena, &out),
                     MFA_INVALID);
    assert_int_equal(mfa_parse_path(&line, mfa_str("/a\0b"), arena, &out),
                     MFA_INVALID);

    memset(text, '/', sizeof(text));
    assert_int_equal(mfa_parse_path(&line, mfa_str_bytes(text, 4095), arena,
                                    &out), MFA_OK);
    assert_int_equal(mfa_parse_path(&line, mfa_str_bytes(text, 4096), arena,
                                    &out), MFA_INVALID);

    line.prefix = NULL;
    assert_int_equal(mfa_parse_path(&line, mfa_str("a"), arena, &out),
                     MFA_INVALID);
}


static void
a_named_word_gives_its_value(void **state)
{
    mfa_str_t  value;

    (void) state;

    assert_int_equal(mfa_parse_named(mfa_str("group=staff"), "group", &value),
                     MFA_OK);
    assert_true(mfa_str_eq_c(value, "staff"));

    assert_int_equal(mfa_parse_named(mfa_str("group=a=b"), "group", &value),
                     MFA_OK);
    assert_true(mfa_str_eq_c(value, "a=b"));

    assert_int_equal(mfa_parse_named(mfa_str("group="), "group", &value),
                     MFA_OK);
    assert_int_equal(value.len, 0);

    assert_int_equal(mfa_parse_named(mfa_str("groups=a"), "group", &value),
                     MFA_NOT_FOUND);
    assert_int_equal(mfa_parse_named(mfa_str("group"), "group", &value),
                     MFA_NOT_FOUND);
    assert_int_equal(mfa_parse_named(mfa_str(""), "group", &value),
                     MFA_NOT_FOUND);
    assert_int_equal(mfa_parse_named(mfa_str("=a"), "group", &value),
                     MFA_NOT_FOUND);
}


#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(a_line_sets_its_field),
        TEST(values_outlive_the_line),
        TEST(an_unknown_name_is_not_found),
        TEST(an_option_is_given_once_unless_many),
        TEST(a_missing_required_option_is_named),
        TEST(the_number_of_arguments_is_checked),
        TEST(a_wrong_value_is_told_with_what_is_right),
        TEST(a_list_has_an_end),
        TEST(out_of_memory_is_a_fault),
        TEST(times_are_read_as_nginx_reads_them),
        TEST(sizes_are_read_as_nginx_reads_them),
        TEST(paths_are_made_absolute),
        TEST(a_named_word_gives_its_value),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
