/*
 * Memory of a job, buffers, borrowed strings, lists, ports.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>

#include "../../src/base/mfa_base.h"


#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHIM  0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHIM  0
#endif
#endif

#ifndef HAS_SHIM
#define HAS_SHIM  1
#endif

static mfa_arena_t *
open_arena(size_t limit)
{
    mfa_arena_t  *arena;

    arena = mfa_arena_open(limit);
    assert_non_null(arena);

    return arena;
}


#if HAS_SHIM

static const char  secret[] = "the secret of this job";

/* malloc of this program: fails when it is told to, looks at what is freed */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void __libc_free(void *p);

static int       shim_left = -1;        /* calls that still work; -1: all */
static bool      shim_is_watching;
static unsigned  shim_leaks;


static bool
shim_fails(void)
{
    if (shim_left < 0) {
        return false;
    }

    if (shim_left == 0) {
        return true;
    }

    shim_left--;

    return false;
}


void *
malloc(size_t size)
{
    void  *p;

    p = shim_fails() ? NULL : __libc_malloc(size);

    /* as memory is after an hour of work */

    if (p != NULL) {
        memset(p, 0xa5, size);
    }

    return p;
}


void *
calloc(size_t n, size_t size)
{
    return shim_fails() ? NULL : __libc_calloc(n, size);
}


void
free(void *p)
{
    if (p != NULL && shim_is_watching
        && memmem(p, malloc_usable_size(p), secret, sizeof(secret) - 1))
    {
        shim_leaks++;
    }

    __libc_free(p);
}


/* J11 */

static void
every_byte_handed_out_is_wiped_at_the_close(void **state)
{
    size_t        i;
    char         *bare;
    mfa_buf_t     buf;
    mfa_str_t     copy;
    mfa_arena_t  *arena;

    /* a compiler that knows free leaves out what is written before it */
    void  (*volatile release)(void *) = free;

    (void) state;

    /* the watch sees a secret that nobody wiped */

    shim_is_watching = true;
    bare = malloc(sizeof(secret));
    assert_non_null(bare);
    memcpy(bare, secret, sizeof(secret));
    release(bare);
    assert_int_equal(shim_leaks, 1);
    shim_leaks = 0;

    arena = open_arena(1 << 20);
    mfa_buf_init(&buf, arena, 1 << 19);

    for (i = 0; i < 2000; i++) {
        assert_int_equal(mfa_arena_copy(arena, mfa_str_from(secret), &copy),
                         MFA_OK);
        mfa_buf_puts(&buf, secret);
    }

    assert_int_equal(mfa_buf_str(&buf, &copy), MFA_OK);
    mfa_arena_close(&arena);
    shim_is_watching = false;

    assert_null(arena);
    assert_int_equal(shim_leaks, 0);
}


/* J11; who asks for uncleared memory of it finds nothing of the job before */

static void
a_cleared_arena_is_wiped_and_as_new(void **state)
{
    int           round;
    char         *p, *first = NULL;
    size_t        i;
    mfa_str_t     copy;
    mfa_arena_t  *arena;

    (void) state;

    arena = open_arena(100000);

    for (round = 0; round < 3; round++) {
        shim_is_watching = true;

        for (i = 0; i < 2000; i++) {
            assert_int_equal(mfa_arena_copy(arena, mfa_str_from(secret),
                                            &copy), MFA_OK);
        }

        assert_null(mfa_arena_alloc(arena, 60000));
        mfa_arena_clear(arena);
        shim_is_watching = false;
        assert_int_equal(shim_leaks, 0);
        assert_false(mfa_arena_has_failed(arena));
        p = mfa_arena_alloc(arena, 4000);
        assert_true(p != NULL && (round == 0 || p == first));
        assert_null(memmem(p, 8000, secret, sizeof(secret) - 1));
        mfa_arena_clear(arena);
        first = p;
    }

    mfa_arena_close(&arena);
}


/* each malloc fails in turn; nothing crashes, the arena remembers */

static void
running_out_of_memory_is_remembered(void **state)
{
    int           n;
    bool          has_failed;
    size_t        i;
    mfa_buf_t     buf;
    mfa_str_t     out;
    mfa_arena_t  *arena;

    (void) state;

    for (n = 0, has_failed = true; n < 20 && has_failed; n++) {
        shim_left = n;
        arena = mfa_arena_open(1 << 20);

        if (arena == NULL) {
            continue;
        }

        mfa_buf_init(&buf, arena, 1 << 19);

        for (i = 0; i < 4000; i++) {
            mfa_buf_puts(&buf, secret);
            (void) mfa_arena_alloc(arena, 100);
        }

        has_failed = mfa_arena_has_failed(arena);
        assert_int_equal(mfa_buf_str(&buf, &out) != MFA_OK, buf.has_failed);
        assert_true(has_failed || !buf.has_failed);

        shim_left = -1;
        mfa_arena_close(&arena);
    }

    shim_left = -1;
    assert_in_range(n, 4, 19);
}

#endif


static void
pieces_are_aligned_zeroed_and_apart(void **state)
{
    char         *p, *q;
    size_t        i, k;
    mfa_arena_t  *arena;

    (void) state;

    arena = open_arena(1 << 22);
    q = NULL;

    for (i = 0; i < 600; i++) {
        p = mfa_arena_alloc(arena, i);
        assert_non_null(p);
        assert_int_equal((uintptr_t) p % 16, 0);
        assert_ptr_not_equal(p, q);

        for (k = 0; k < i; k++) {
            assert_int_equal(p[k], 0);
        }

        memset(p, 0xa5, i);
        q = p;
    }

    p = mfa_arena_alloc(arena, 1 << 20);
    assert_non_null(p);
    memset(p, 1, 1 << 20);
    assert_false(mfa_arena_has_failed(arena));
    mfa_arena_close(&arena);
}


static void
the_limit_holds_and_is_remembered(void **state)
{
    mfa_str_t     out;
    mfa_arena_t  *arena;

    (void) state;

    arena = open_arena(100);
    assert_non_null(mfa_arena_alloc(arena, 60));
    assert_non_null(mfa_arena_alloc(arena, 40));
    assert_false(mfa_arena_has_failed(arena));
    assert_null(mfa_arena_alloc(arena, 1));
    assert_true(mfa_arena_has_failed(arena));
    assert_null(mfa_arena_alloc(arena, 0));
    mfa_arena_close(&arena);
    mfa_arena_close(&arena);
    mfa_arena_close(NULL);

    arena = open_arena(SIZE_MAX);
    assert_null(mfa_arena_alloc(arena, SIZE_MAX));
    assert_null(mfa_arena_alloc(arena, SIZE_MAX - 15));
    assert_int_equal(mfa_arena_copy(arena, mfa_str_bytes("", SIZE_MAX), &out),
                     MFA_NO_MEMORY);
    assert_null(mfa_arena_cstr(arena, mfa_str_bytes("", SIZE_MAX)));
    mfa_arena_close(&arena);

    assert_null(mfa_arena_alloc(NULL, 1));
    assert_true(mfa_arena_has_failed(NULL));
}


static void
copies_end_in_a_zero_byte_that_does_not_count(void **state)
{
    char         *text;
    mfa_str_t     out;
    mfa_arena_t  *arena;

    (void) state;

    arena = open_arena(4096);

    assert_int_equal(mfa_arena_copy(arena, mfa_str("a\0b"), &out), MFA_OK);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "a\0b", 4);

    assert_int_equal(mfa_arena_copy(arena, mfa_null, &out), MFA_OK);
    assert_int_equal(out.len, 0);
    assert_string_equal(out.data, "");

    text = mfa_arena_cstr(arena, mfa_str("a\0b"));
    assert_string_equal(text, "a");

    out = mfa_arena_printf(arena, "%s-%d", "n", 7);
    assert_true(mfa_str_eq_c(out, "n-7"));

    out = mfa_arena_printf(arena, "%5000d", 7);
    assert_null(out.data);
    assert_true(mfa_arena_has_failed(arena));

    mfa_arena_close(&arena);
}


static void
a_buffer_grows_to_its_maximum_and_no_further(void **state)
{
    size_t        i;
    mfa_buf_t     buf, other;
    mfa_str_t     out;
    mfa_arena_t  *arena;

    (void) state;

    arena = open_arena(1 << 20);
    mfa_buf_init(&buf, arena, 30000);
    mfa_buf_init(&other, arena, SIZE_MAX);

    assert_int_equal(mfa_buf_str(&buf, &out), MFA_OK);
    assert_int_equal(out.len, 0);
    assert_non_null(out.data);

    for (i = 0; i < 10000; i++) {
        mfa_buf_putc(&buf, (char) ('a' + i % 26));
        mfa_buf_printf(&buf, "%c%c", 'x', 'y');
        mfa_buf_put(&other, mfa_str("o"));
    }

    mfa_buf_put(&buf, mfa_null);
    assert_int_equal(mfa_buf_str(&buf, &out), MFA_OK);
    assert_int_equal(out.len, 30000);

    for (i = 0; i < 10000; i++) {
        assert_int_equal(out.data[3 * i], 'a' + i % 26);
        assert_memory_equal(out.data + 3 * i + 1, "xy", 2);
    }

    mfa_buf_putc(&buf, '!');
    assert_int_equal(mfa_buf_str(&buf, &out), MFA_NO_MEMORY);
    assert_null(out.data);

    assert_int_equal(mfa_buf_str(&other, &out), MFA_OK);
    assert_int_equal(out.len, 10000);
    assert_int_equal(strspn(out.data, "o"), 10000);

    mfa_arena_close(&arena);
}


static void
strings_compare_cut_and_count(void **state)
{
    int64_t    n;
    mfa_str_t  s;

    (void) state;

    assert_true(mfa_str_eq(mfa_null, mfa_str("")));
    assert_true(mfa_str_eq_c(mfa_null, NULL));
    assert_false(mfa_str_eq(mfa_str("a\0b"), mfa_str("a\0c")));
    assert_true(mfa_str_cmp(mfa_str("ab"), mfa_str("b")) < 0);
    assert_true(mfa_str_cmp(mfa_str("ab"), mfa_str("a")) > 0);
    assert_true(mfa_str_cmp(mfa_str("\xff"), mfa_str("a")) > 0);
    assert_int_equal(mfa_str_cmp(mfa_null, mfa_str("")), 0);
    assert_true(mfa_str_has_prefix(mfa_str("abc"), mfa_str("ab")));
    assert_true(mfa_str_has_prefix(mfa_null, mfa_null));
    assert_false(mfa_str_has_prefix(mfa_str("a"), mfa_str("ab")));
    assert_true(mfa_str_eq_c(mfa_str_trim(mfa_str(" \t\r\n a b\v\f ")),
                             "a b"));
    assert_int_equal(mfa_str_trim(mfa_str("  ")).len, 0);

    s = mfa_str("a,,b");
    assert_true(mfa_str_eq_c(mfa_str_split(&s, ','), "a"));
    assert_true(mfa_str_eq_c(mfa_str_split(&s, ','), ""));
    assert_true(mfa_str_eq_c(mfa_str_split(&s, ','), "b"));
    assert_null(s.data);
    assert_int_equal(mfa_str_split(&s, ',').len, 0);

    assert_int_equal(mfa_str_number(mfa_str("999999999999999999"), &n),
                     MFA_OK);
    assert_true(n == INT64_C(999999999999999999));
    assert_int_equal(mfa_str_number(mfa_str("1000000000000000000"), &n),
                     MFA_INVALID);
    assert_int_equal(mfa_str_number(mfa_str(""), &n), MFA_INVALID);
    assert_int_equal(mfa_str_number(mfa_str("-1"), &n), MFA_INVALID);
    assert_int_equal(mfa_str_number(mfa_str("1 "), &n), MFA_INVALID);
}


static void
lists_stop_at_their_maximum_and_never_write_to_borrowed_arrays(void **state)
{
    size_t        i;
    mfa_str_t     fixed[2] = { mfa_str_static("a"), mfa_str_static("b") };
    mfa_strs_t    strs = { fixed, 1 };
    mfa_pairs_t   pairs = { NULL, 0 };
    mfa_arena_t  *arena;

    (void) state;

    arena = open_arena(1 << 20);

    assert_int_equal(mfa_strs_add(arena, &strs, mfa_str("c")), MFA_OK);
    assert_true(mfa_str_eq_c(fixed[1], "b"));
    assert_true(mfa_strs_has(&strs, mfa_str("a")));
    assert_true(mfa_strs_has(&strs, mfa_str("c")));
    assert_false(mfa_strs_has(&strs, mfa_str("b")));

    for (i = 2; i < MFA_LIST_MAX; i++) {
        assert_int_equal(mfa_strs_add(arena, &strs, mfa_null), MFA_OK);
    }

    assert_int_equal(mfa_strs_add(arena, &strs, mfa_null), MFA_INVALID);

    for (i = 0; i < MFA_LIST_MAX; i++) {
        assert_int_equal(mfa_pairs_add(arena, &pairs,
                         mfa_arena_printf(arena, "n%zu", i / 2),
                         mfa_arena_printf(arena, "v%zu", i)), MFA_OK);
    }

    assert_int_equal(mfa_pairs_add(arena, &pairs, mfa_null, mfa_null),
                     MFA_INVALID);
    assert_true(mfa_str_eq_c(mfa_pairs_get(&pairs, mfa_str("n3")), "v6"));
    assert_null(mfa_pairs_get(&pairs, mfa_str("n")).data);

    mfa_arena_close(&arena);

    arena = open_arena(1);
    strs = (mfa_strs_t) { NULL, 0 };
    pairs = (mfa_pairs_t) { NULL, 0 };
    assert_int_equal(mfa_strs_add(arena, &strs, mfa_null), MFA_NO_MEMORY);
    assert_int_equal(mfa_pairs_add(arena, &pairs, mfa_null, mfa_null),
                     MFA_NO_MEMORY);
    assert_int_equal(strs.count + pairs.count, 0);
    mfa_arena_close(&arena);
}


static void
statuses_have_texts_and_classes(void **state)
{
    (void) state;

    assert_int_equal(MFA_OK, 0);
    assert_int_equal(MFA_VERDICT_DENY, 0);
    assert_string_equal(mfa_status_text(MFA_EXPIRED), "expired");
    assert_non_null(mfa_status_text((mfa_status_t) 99));
    assert_false(mfa_status_is_fault(MFA_OK));
    assert_false(mfa_status_is_fault(MFA_HASH));
    assert_true(mfa_status_is_fault(MFA_NO_MEMORY));
    assert_true(mfa_status_is_fault(MFA_BUG));
    assert_true(mfa_status_is_fault((mfa_status_t) 99));
    assert_true(mfa_status_is_fault((mfa_status_t) -1));
}


static char  log_seen[2000];


static void
log_keep(void *ctx, mfa_log_level_t level, const char *line)
{
    (void) ctx;
    (void) level;

    snprintf(log_seen, sizeof(log_seen), "%s", line);
}


/* X116: nobody writes a line of his own into the log */

static void
a_log_line_has_no_control_bytes_and_an_end(void **state)
{
    mfa_ports_t  ports = { .log = log_keep };

    (void) state;

    mfa_log(&ports, MFA_LOG_WARN, "user %s", "a\nb\033[1m\x7f");
    assert_string_equal(log_seen, "user a\\x0ab\\x1b[1m\\x7f");

    mfa_log(&ports, MFA_LOG_WARN, "%03000d", 1);
    assert_int_equal(strlen(log_seen), 1000);

    mfa_log(&ports, MFA_LOG_WARN, "%0998d\n\n", 1);
    assert_int_equal(strlen(log_seen), 998);

    mfa_log(NULL, MFA_LOG_WARN, "nobody listens");
}


static void
times_are_written_as_in_rfc_3339(void **state)
{
    char  text[MFA_TIME_TEXT_SIZE];

    static const struct {
        mfa_time_t   t;
        const char  *text;
    } rows[] = {
        { 0,                          "1970-01-01T00:00:00.000Z" },
        { INT64_C(951782400000),      "2000-02-29T00:00:00.000Z" },
        { INT64_C(951868800000) - 1,  "2000-02-29T23:59:59.999Z" },
        { INT64_C(4107542400000),     "2100-03-01T00:00:00.000Z" },
        { INT64_C(1795297201123),     "2026-11-21T21:40:01.123Z" },
        { -5,                         "1970-01-01T00:00:00.000Z" },
        { INT64_MAX,                  "9999-12-31T23:59:59.999Z" },
    };

    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mfa_time_text(rows[i].t, text);
        assert_string_equal(text, rows[i].text);
    }
}


/* J12 */

static void
the_system_gives_a_clock_and_bytes(void **state)
{
    uint8_t     a[600], b[600];
    mfa_time_t  now;

    (void) state;

    now = mfa_port_now(&mfa_ports_system);
    assert_true(now > INT64_C(1700000000000));
    assert_true(now < INT64_C(10000000000000));

    memset(a, 0, sizeof(a));
    memset(b, 0, sizeof(b));
    assert_int_equal(mfa_port_random(&mfa_ports_system, a, sizeof(a)), MFA_OK);
    assert_int_equal(mfa_port_random(&mfa_ports_system, b, sizeof(b)), MFA_OK);
    assert_memory_not_equal(a, b, 16);
    assert_memory_not_equal(a + 584, b + 584, 16);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#if HAS_SHIM
        cmocka_unit_test(every_byte_handed_out_is_wiped_at_the_close),
        cmocka_unit_test(a_cleared_arena_is_wiped_and_as_new),
        cmocka_unit_test(running_out_of_memory_is_remembered),
#endif
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(the_limit_holds_and_is_remembered),
        cmocka_unit_test(copies_end_in_a_zero_byte_that_does_not_count),
        cmocka_unit_test(a_buffer_grows_to_its_maximum_and_no_further),
        cmocka_unit_test(strings_compare_cut_and_count),
        cmocka_unit_test(
            lists_stop_at_their_maximum_and_never_write_to_borrowed_arrays),
        cmocka_unit_test(statuses_have_texts_and_classes),
        cmocka_unit_test(a_log_line_has_no_control_bytes_and_an_end),
        cmocka_unit_test(times_are_written_as_in_rfc_3339),
        cmocka_unit_test(the_system_gives_a_clock_and_bytes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
