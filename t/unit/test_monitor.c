/*
 * The report of monitor mode: lines, kinds of clients, sums, and what may
 * stand in a configuration.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/cli/mfactl_monitor.h"


#define LINE(more)                                                            \
    "{\"time\":\"2026-11-22T10:00:00.000Z\",\"event\":\"monitor\","           \
    "\"would\":\"login\",\"answer\":401,\"method\":\"GET\",\"path\":\"/x\","  \
    "\"load\":\"call\"" more "}"

#define HEAD  "2026/11/22 10:00:00 [notice] 7#7: mfa: event "


static monitor_line_t
read_line(const char *text)
{
    monitor_line_t  kind;
    monitor_note_t  note;

    kind = monitor_line_read(mfa_str_from(text), &note);
    monitor_line_end(&note);

    return kind;
}


static void
a_note_is_read(void **state)
{
    monitor_note_t  note;

    (void) state;

    assert_int_equal(monitor_line_read(mfa_str(LINE(
        ",\"address\":\"2001:db8::1\",\"count\":3,\"gap\":[1000,2000],"
        "\"first\":\"2026-11-22T09:59:00.500Z\",\"below\":true,"
        "\"removed\":[\"remote-user\"]")), &note), MONITOR_NOTE);
    assert_int_equal(note.count, 3);
    assert_int_equal(note.address.len, 16);
    assert_int_equal(note.gap_most, 2000);
    assert_int_equal(note.at - note.first_at, 59500);
    assert_true(note.is_below);
    assert_false(note.is_page);
    assert_false(note.is_error_log);
    assert_true(mfa_str_eq_c(note.removed, "remote-user"));
    monitor_line_end(&note);
}


static void
what_the_gateway_does_not_write_is_no_note(void **state)
{
    (void) state;

    assert_int_equal(read_line(""), MONITOR_FOREIGN);
    assert_int_equal(read_line("hello"), MONITOR_FOREIGN);
    assert_int_equal(read_line("{"), MONITOR_BROKEN);
    assert_int_equal(read_line("{\"event\":\"login\"}"), MONITOR_OTHER);
    assert_int_equal(read_line(LINE("")), MONITOR_BROKEN);
    assert_int_equal(read_line(LINE(",\"count\":0")), MONITOR_BROKEN);
    assert_int_equal(read_line(LINE(",\"count\":1,\"count\":2")),
                     MONITOR_BROKEN);
    assert_int_equal(read_line(LINE(",\"count\":1,\"address\":\"1.2.3\"")),
                     MONITOR_BROKEN);
    assert_int_equal(read_line(LINE(",\"count\":1,\"gap\":[2,1]")),
                     MONITOR_BROKEN);
    assert_int_equal(read_line(LINE(",\"count\":1,\"first\":"
                                    "\"2027-01-01T00:00:00.000Z\"")),
                     MONITOR_BROKEN);
    assert_int_equal(read_line("x" LINE(",\"count\":1")), MONITOR_FOREIGN);
}


/* N3: a visitor's words in an error log */

static void
an_error_log_is_read_from_the_beginning_of_a_line(void **state)
{
    monitor_note_t  note;

    (void) state;

    assert_int_equal(monitor_line_read(mfa_str(HEAD LINE(",\"count\":1")),
                                       &note), MONITOR_NOTE);
    assert_true(note.is_error_log);
    monitor_line_end(&note);

    assert_int_equal(read_line("x " HEAD LINE(",\"count\":1")),
                     MONITOR_FOREIGN);
    assert_int_equal(read_line("2026/11/22 10:00:00 [error] 7#7: *1 open() "
                               "\"/x mfa: event " LINE(",\"count\":1")),
                     MONITOR_FOREIGN);
}


static monitor_kind_t
kind_of(const char *method, const char *agent, const char *mode)
{
    monitor_note_t  note = { .method = mfa_str_from(method),
                             .agent = mfa_str_from(agent),
                             .mode = mfa_str_from(mode) };

    return monitor_kind(&note);
}


static void
clients_are_told_by_what_they_send(void **state)
{
    monitor_note_t  note = { .agent = mfa_str("Mozilla/5.0 (X11) Firefox/1"),
                             .removed = mfa_str("remote-user") };

    (void) state;

    assert_int_equal(kind_of("GET", "Mozilla/5.0 (X11) Firefox/1", NULL),
                     MONITOR_BROWSER);
    assert_int_equal(kind_of("GET", "Mozilla/4.0 (compatible; MSIE 8)", NULL),
                     MONITOR_BROWSER);
    assert_int_equal(kind_of("GET", "Mozilla/4.0 (compatible; ms-office)",
                             NULL), MONITOR_OFFICE);
    assert_int_equal(kind_of("GET", "Mozilla/5.0 (compatible; x)", NULL),
                     MONITOR_PROGRAM);
    assert_int_equal(kind_of("PROPFIND", "Mozilla/5.0 (X11)", "cors"),
                     MONITOR_OFFICE);
    assert_int_equal(kind_of("GET", "curl/8", "navigate"), MONITOR_SCRIPT);
    assert_int_equal(kind_of("GET", "kube-probe/1", NULL), MONITOR_HEALTH);
    assert_int_equal(kind_of("GET", NULL, NULL), MONITOR_PROGRAM);
    assert_int_equal(monitor_kind(&note), MONITOR_SERVER);
}


static bool
is_inside(const char *text)
{
    mfa_network_t  network;

    assert_true(mfa_network_parse(mfa_str_from(text), &network));

    return monitor_is_private(&network.base);
}


static void
inside_is_what_nobody_routes(void **state)
{
    (void) state;

    assert_true(is_inside("10.0.0.1"));
    assert_true(is_inside("127.0.0.1"));
    assert_true(is_inside("172.31.255.255"));
    assert_true(is_inside("192.168.1.1"));
    assert_true(is_inside("fd00::1"));
    assert_true(is_inside("fe80::1"));
    assert_true(is_inside("::1"));
    assert_false(is_inside("172.32.0.1"));
    assert_false(is_inside("192.169.0.1"));
    assert_false(is_inside("11.0.0.1"));
    assert_false(is_inside("2001:db8::1"));
    assert_false(is_inside("fec0::1"));
    assert_false(monitor_is_private(&(mfa_address_t) { .len = 0 }));
}


static void
only_plain_paths_are_written(void **state)
{
    size_t  i;

    static const char *const  evil[] = {
        "", "x", "/x y", "/x;", "/x{", "/x}", "/$x", "/x\"", "/x'", "/x#",
        "/x\\", "/x\n", "/x\t", "//x", "/../x", "/./x", "/x%0a", "/\xc3\xa9",
        "/x?y", "/x*", "/x\x7f", "/x|y", "/x,y"
    };

    (void) state;

    assert_true(monitor_is_plain_path(mfa_str("/ess/a-b_c~1.csv")));
    assert_false(monitor_is_plain_path(mfa_str("/x\0y")));

    for (i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
        assert_false(monitor_is_plain_path(mfa_str_from(evil[i])));
    }

    assert_true(monitor_is_plain_host(mfa_str("people.example.org")));
    assert_false(monitor_is_plain_host(mfa_str("")));
    assert_false(monitor_is_plain_host(mfa_str("a b")));
    assert_false(monitor_is_plain_host(mfa_str("a;b")));
}


static void
regular_is_a_poll_and_not_a_person(void **state)
{
    monitor_path_t  path = { .gaps = 10, .gap_least = 30 * MFA_SECOND,
                             .gap_most = 31 * MFA_SECOND };

    (void) state;

    assert_true(monitor_is_regular(&path));

    path.gap_most = 90 * MFA_SECOND;
    assert_false(monitor_is_regular(&path));

    path.gap_most = 31 * MFA_SECOND;
    path.gaps = 2;
    assert_false(monitor_is_regular(&path));
}


static void
add(monitor_table_t *table, const char *address, const char *agent,
    const char *more)
{
    mfa_str_t  line;

    line = mfa_arena_printf(table->arena, LINE(",\"count\":1,\"address\":"
                            "\"%s\",\"agent\":\"%s\"%s"), address, agent,
                            more);
    assert_int_equal(monitor_table_line(table, line), MFA_OK);
}


/* attack: a million strangers are to hide those inside, or eat the memory */

static void
strangers_do_not_push_out_those_inside(void **state)
{
    int              i;
    size_t           k, inside;
    char             agent[32];
    mfa_arena_t     *arena;
    monitor_table_t  table;

    (void) state;

    arena = mfa_arena_open((size_t) 128 * 1024 * 1024);
    assert_int_equal(monitor_table_init(&table, arena), MFA_OK);

    for (i = 0; i < 20000; i++) {
        (void) snprintf(agent, sizeof(agent), "a%d", i);
        add(&table, "192.0.2.1", agent, "");
    }

    add(&table, "10.0.0.1", "curl/8", "");

    for (k = 0, inside = 0; k < table.count; k++) {
        inside += table.clients[k].is_used
                  && monitor_is_private(&table.clients[k].address) ? 1 : 0;
    }

    assert_int_equal(inside, 1);
    assert_true(table.count <= MONITOR_CLIENTS_MAX);
    assert_int_equal(table.requests, 20001);
    assert_true(table.unlisted > 15000);

    mfa_arena_close(&arena);
}


/* attack: the words of a log are to become lines that take effect */

static void
nothing_of_a_log_becomes_a_line_but_plain_words(void **state)
{
    mfa_buf_t        server, realm;
    mfa_str_t        text, line;
    mfa_arena_t     *arena;
    monitor_table_t  table;

    (void) state;

    arena = mfa_arena_open((size_t) 128 * 1024 * 1024);
    assert_int_equal(monitor_table_init(&table, arena), MFA_OK);
    mfa_buf_init(&server, arena, 1024 * 1024);
    mfa_buf_init(&realm, arena, 1024 * 1024);

    add(&table, "10.0.0.1", "x\\nallow all;\\r}", ",\"host\":\"a;\\nb\"");
    add(&table, "192.0.2.1", "curl/8", ",\"host\":\"a\"");

    assert_int_equal(monitor_fit(&table, NULL, &server, &realm), MFA_OK);
    assert_int_equal(mfa_buf_str(&server, &text), MFA_OK);

    while (text.len > 0) {
        line = mfa_str_split(&text, '\n');
        assert_true(line.len == 0 || line.data[0] == '#');
        assert_null(line.len == 0 ? NULL
                                  : memchr(line.data, '\r', line.len));
    }

    mfa_arena_close(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_note_is_read),
        cmocka_unit_test(what_the_gateway_does_not_write_is_no_note),
        cmocka_unit_test(an_error_log_is_read_from_the_beginning_of_a_line),
        cmocka_unit_test(clients_are_told_by_what_they_send),
        cmocka_unit_test(inside_is_what_nobody_routes),
        cmocka_unit_test(only_plain_paths_are_written),
        cmocka_unit_test(regular_is_a_poll_and_not_a_person),
        cmocka_unit_test(strangers_do_not_push_out_those_inside),
        cmocka_unit_test(nothing_of_a_log_becomes_a_line_but_plain_words)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
