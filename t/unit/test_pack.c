/*
 * The record codec: what was written comes back, and nothing else does.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../src/base/mfa_base.h"


static int
setup(void **state)
{
    *state = mfa_arena_open((size_t) 1 << 26);

    return *state == NULL;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_arena_close(&arena);

    return 0;
}


static mfa_str_t
make_record(mfa_arena_t *arena)
{
    mfa_buf_t    buf;
    mfa_str_t    record;
    mfa_str_t    words[] = { mfa_str_static("admin"), mfa_str_static("") };
    mfa_pair_t   items[] = { { mfa_str_static("k"), mfa_str_static("v\0w") } };
    mfa_strs_t   strs = { words, 2 };
    mfa_pairs_t  pairs = { items, 1 };

    mfa_buf_init(&buf, arena, 4096);
    mfa_pack_number(&buf, 300);
    mfa_pack_time(&buf, INT64_C(1795297201123));
    mfa_pack_str(&buf, mfa_str("a\0b"));
    mfa_pack_strs(&buf, &strs);
    mfa_pack_pairs(&buf, &pairs);
    assert_int_equal(mfa_buf_str(&buf, &record), MFA_OK);

    return record;
}


static void
read_record(mfa_unpack_t *in, mfa_strs_t *strs, mfa_pairs_t *pairs,
    uint64_t *n, mfa_str_t *s)
{
    *n = mfa_unpack_number(in);
    (void) mfa_unpack_time(in);
    *s = mfa_unpack_str(in);
    mfa_unpack_strs(in, strs);
    mfa_unpack_pairs(in, pairs);
}


static void
a_record_comes_back(void **state)
{
    uint64_t      n;
    mfa_str_t     s;
    mfa_strs_t    strs;
    mfa_pairs_t   pairs;
    mfa_unpack_t  in;

    mfa_unpack_init(&in, make_record(*state), *state);
    read_record(&in, &strs, &pairs, &n, &s);

    assert_int_equal(mfa_unpack_end(&in), MFA_OK);
    assert_true(n == 300);
    assert_true(mfa_str_eq(s, mfa_str("a\0b")));
    assert_int_equal(strs.count, 2);
    assert_true(mfa_str_eq_c(strs.items[0], "admin"));
    assert_int_equal(strs.items[1].len, 0);
    assert_int_equal(pairs.count, 1);
    assert_true(mfa_str_eq(pairs.items[0].value, mfa_str("v\0w")));
}


static void
numbers_of_every_length_come_back(void **state)
{
    int           i;
    uint64_t      n;
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_unpack_t  in;

    for (i = 0; i <= 64; i++) {
        n = i == 64 ? UINT64_MAX : UINT64_C(1) << i;

        mfa_buf_init(&buf, *state, 64);
        mfa_pack_number(&buf, n);
        mfa_pack_number(&buf, n - 1);
        assert_int_equal(mfa_buf_str(&buf, &record), MFA_OK);

        mfa_unpack_init(&in, record, *state);
        assert_true(mfa_unpack_number(&in) == n);
        assert_true(mfa_unpack_number(&in) == n - 1);
        assert_int_equal(mfa_unpack_end(&in), MFA_OK);
    }
}


/* J14 */

static void
fields_past_the_end_of_an_older_record_are_empty(void **state)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_strs_t    strs;
    mfa_pairs_t   pairs;
    mfa_unpack_t  in;

    mfa_buf_init(&buf, *state, 64);
    mfa_pack_number(&buf, 7);
    assert_int_equal(mfa_buf_str(&buf, &record), MFA_OK);

    mfa_unpack_init(&in, record, *state);
    assert_true(mfa_unpack_number(&in) == 7);
    assert_true(mfa_unpack_number(&in) == 0);
    assert_true(mfa_unpack_time(&in) == 0);
    assert_int_equal(mfa_unpack_str(&in).len, 0);
    mfa_unpack_strs(&in, &strs);
    mfa_unpack_pairs(&in, &pairs);
    assert_int_equal(strs.count + pairs.count, 0);
    assert_int_equal(mfa_unpack_end(&in), MFA_OK);
}


static void
a_cut_record_never_gives_more_than_it_has(void **state)
{
    char         *copy;
    size_t        len, good;
    uint64_t      n;
    mfa_str_t     s, record;
    mfa_strs_t    strs;
    mfa_pairs_t   pairs;
    mfa_unpack_t  in;

    record = make_record(*state);
    good = 0;

    for (len = 0; len < record.len; len++) {

        /* of its exact size, so that a sanitizer sees one byte too many */

        copy = malloc(len + (len == 0));
        assert_non_null(copy);
        memcpy(copy, record.data, len);

        mfa_unpack_init(&in, mfa_str_bytes(copy, len), *state);
        read_record(&in, &strs, &pairs, &n, &s);
        good += mfa_unpack_end(&in) == MFA_OK;

        free(copy);
    }

    /* cut between two fields it is an older record: 5 such places */

    assert_int_equal(good, 5);
}


static void
damaged(mfa_arena_t *arena, mfa_str_t record, char kind)
{
    mfa_strs_t    strs;
    mfa_pairs_t   pairs;
    mfa_unpack_t  in;

    mfa_unpack_init(&in, record, arena);

    switch (kind) {

    case 'n':
        assert_true(mfa_unpack_number(&in) == 0);
        break;

    case 't':
        assert_true(mfa_unpack_time(&in) == 0);
        break;

    case 's':
        assert_int_equal(mfa_unpack_str(&in).len, 0);
        break;

    case 'l':
        mfa_unpack_strs(&in, &strs);
        assert_int_equal(strs.count, 0);
        assert_null(strs.items);
        break;

    default:
        mfa_unpack_pairs(&in, &pairs);
        assert_int_equal(pairs.count, 0);
    }

    assert_int_equal(mfa_unpack_end(&in), MFA_DAMAGED);

    /* and it stays so */

    assert_true(mfa_unpack_number(&in) == 0);
    assert_int_equal(mfa_unpack_end(&in), MFA_DAMAGED);
}


static void
forged_records_are_damaged(void **state)
{
    static const char  many[1 + 2 * 65] = { 65 };

    /* cut, a longer spelling of zero and of one, more than 64 bits */

    damaged(*state, mfa_str("\x80"), 'n');
    damaged(*state, mfa_str("\x80\x00"), 'n');
    damaged(*state, mfa_str("\x81\x00"), 'n');
    damaged(*state, mfa_str("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 'n');
    damaged(*state, mfa_str("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            'n');

    /* before 1970 */

    damaged(*state, mfa_str("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 't');

    /* longer than what is there, up to a length that would wrap */

    damaged(*state, mfa_str("\x02" "a"), 's');
    damaged(*state, mfa_str("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" "a"),
            's');

    /* counts without items, too many, and items that eat their neighbours */

    damaged(*state, mfa_str("\x03\x00\x00"), 'l');
    damaged(*state, mfa_str("\x02\x01" "a"), 'l');
    damaged(*state, mfa_str_bytes(many, 1 + 65), 'l');
    damaged(*state, mfa_str_bytes(many, 1 + 2 * 65), 'p');
    damaged(*state, mfa_str("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 'p');
    damaged(*state, mfa_str("\x01\x00"), 'p');
    damaged(*state, mfa_str("\x01\x01" "a"), 'p');
}


static void
bytes_that_no_reader_asked_for_are_damage(void **state)
{
    mfa_unpack_t  in;

    mfa_unpack_init(&in, mfa_str("\x01\x02"), *state);
    assert_true(mfa_unpack_number(&in) == 1);
    assert_int_equal(mfa_unpack_end(&in), MFA_DAMAGED);
}


static void
a_time_before_1970_is_not_written_as_never(void **state)
{
    mfa_buf_t  buf;
    mfa_str_t  record;

    mfa_buf_init(&buf, *state, 64);
    mfa_pack_time(&buf, -1);
    assert_int_not_equal(mfa_buf_str(&buf, &record), MFA_OK);
}


static void
any_bytes_are_read_within_their_bounds(void **state)
{
    char         *copy;
    size_t        i, len;
    uint32_t      seed;
    uint64_t      n;
    mfa_str_t     s;
    mfa_strs_t    strs;
    mfa_pairs_t   pairs;
    mfa_unpack_t  in;

    seed = 1;

    for (len = 1; len < 3000; len++) {
        copy = malloc(len % 60 + 1);
        assert_non_null(copy);

        for (i = 0; i < len % 60 + 1; i++) {
            seed = seed * 1664525 + 1013904223;
            copy[i] = (char) (seed >> 24 & (len % 3 == 0 ? 0xff : 0x07));
        }

        mfa_unpack_init(&in, mfa_str_bytes(copy, len % 60 + 1), *state);
        read_record(&in, &strs, &pairs, &n, &s);

        for (i = 0; i < strs.count; i++) {
            assert_true(strs.items[i].len <= len % 60 + 1);
        }

        free(copy);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_record_comes_back),
        cmocka_unit_test(numbers_of_every_length_come_back),
        cmocka_unit_test(fields_past_the_end_of_an_older_record_are_empty),
        cmocka_unit_test(a_cut_record_never_gives_more_than_it_has),
        cmocka_unit_test(forged_records_are_damaged),
        cmocka_unit_test(bytes_that_no_reader_asked_for_are_damage),
        cmocka_unit_test(a_time_before_1970_is_not_written_as_never),
        cmocka_unit_test(any_bytes_are_read_within_their_bounds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
