/*
 * The LMDB engine on a disk that fails, and with files that were damaged.
 * Rows of security.md, section J and 2.3, are named.
 */

#include "mfa_test_lmdb.h"

#define FILE_MAX     (4 << 20)


/*
 * A failing disk: LMDB writes through these. The first two pages are the meta
 * pages.
 */

static int  fail_meta;
static int  fail_data;


static int
disk_error(off_t at)
{
    return at < 2 * 4096 ? fail_meta : fail_data;
}


ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    if (disk_error(at) != 0) {
        errno = disk_error(at);
        return -1;
    }

    return syscall(SYS_pwrite64, fd, bytes, len, at);
}


ssize_t
pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return pwrite(fd, bytes, len, at);
}


ssize_t
pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    if (disk_error(at) != 0) {
        errno = disk_error(at);
        return -1;
    }

    return syscall(SYS_pwritev, fd, parts, count, at, 0);
}


ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    if (fail_data != 0) {
        errno = fail_data;
        return -1;
    }

    return syscall(SYS_writev, fd, parts, count);
}


/* failing disks */

/* DK3, DK4: the transaction is refused and the store goes on */
static void
a_failed_data_write_refuses_only_that_transaction(void **state)
{
    int       i, errors[] = { ENOSPC, EIO };
    world_t  *world = *state;

    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(put(world->store, "a", "1"), MFA_OK);

    for (i = 0; i < 2; i++) {
        fail_data = errors[i];
        assert_int_equal(put(world->store, "a", "2"), MFA_STORE);
        fail_data = 0;
        assert_int_equal(get(world->store, "a", "1"), MFA_OK);
    }

    assert_int_equal(put(world->store, "a", "3"), MFA_OK);
    assert_int_equal(get(world->store, "a", "3"), MFA_OK);
}


/* J5, DK4 */
static void
after_a_failed_meta_write_the_store_is_reopened(void **state)
{
    record_t   record = { .key = "a" };
    world_t   *world = *state;
    uint64_t   before, after;

    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
    assert_int_equal(mfa_store_version(world->store, &before), MFA_OK);

    fail_meta = EIO;
    assert_int_equal(put(world->store, "a", "2"), MFA_STORE);
    assert_int_equal(mfa_store_peek(world->store, run_get, &record),
                     MFA_AGAIN);
    fail_meta = 0;

    assert_int_equal(get(world->store, "a", "1"), MFA_OK);
    assert_int_equal(mfa_store_peek(world->store, run_get, &record), MFA_OK);
    assert_int_equal(mfa_store_version(world->store, &after), MFA_OK);
    assert_int_not_equal(before, after);
    assert_int_equal(put(world->store, "a", "3"), MFA_OK);
    assert_int_equal(get(world->store, "a", "3"), MFA_OK);

    /* and not more often than every five seconds */

    fail_meta = EIO;
    assert_int_equal(put(world->store, "a", "4"), MFA_STORE);
    fail_meta = 0;
    assert_int_equal(get(world->store, "a", "3"), MFA_STORE);
    assert_int_equal(put(world->store, "a", "5"), MFA_STORE);
    assert_int_equal(mfa_store_peek(world->store, run_get, &record),
                     MFA_AGAIN);
}


/* damaged files */

static size_t
read_data(world_t *world, uint8_t *bytes)
{
    int      fd;
    ssize_t  n;

    fd = open(path_of(world, "data.mdb"), O_RDONLY);
    assert_int_not_equal(fd, -1);
    n = read(fd, bytes, FILE_MAX);
    (void) close(fd);
    assert_in_range(n, 1, FILE_MAX - 1);

    return (size_t) n;
}


static void
write_data(world_t *world, const uint8_t *bytes, size_t len)
{
    int  fd;

    fd = open(path_of(world, "data.mdb"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, bytes, len), len);
    (void) close(fd);
}


static void
fill(world_t *world, unsigned count)
{
    unsigned  i;

    assert_int_equal(open_usual(world), MFA_OK);

    for (i = 0; i < count; i++) {
        assert_int_equal(put_size(world->store, i * 7919 % count,
                                  i % 9 == 0 ? 9000 : 300), MFA_OK);
    }

    for (i = 0; i < count; i += 3) {
        assert_int_equal(put_size(world->store, i, 20), MFA_OK);
    }

    mfa_store_close(&world->store);
}


/* opens and reads all, in a child: 0 fine, 1 refused, 2 other, or a signal */

static int
try_data(world_t *world, unsigned count)
{
    int            status;
    char           key[16];
    pid_t          pid;
    unsigned       i;
    uint64_t       records;
    record_t       record = { .key = key };
    mfa_status_t   st;

    pid = fork();

    if (pid == 0) {
        st = open_usual(world);

        if (st == MFA_DAMAGED) {
            _exit(world->error.text[0] == '\0' ? 2 : 1);
        }

        if (st != MFA_OK
            || mfa_store_check(world->store, NULL, NULL, &records,
                               &world->error) != MFA_OK
            || records != count)
        {
            _exit(2);
        }

        for (i = 0; i < count; i++) {
            (void) snprintf(key, sizeof(key), "%06u", i);
            if (mfa_store_view(world->store, run_get, &record) != MFA_OK) {
                _exit(3);
            }
        }

        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);

    return status;
}


/* J6, DK6: found before anything is read from the map */
static void
a_file_that_was_cut_is_refused(void **state)
{
    size_t    len, cut;
    int       status;
    uint8_t  *bytes;
    world_t  *world = *state;
    unsigned  refused;

    fill(world, 120);
    bytes = malloc(FILE_MAX);
    assert_non_null(bytes);
    len = read_data(world, bytes);
    refused = 0;

    assert_int_equal(try_data(world, 120), 0);

    for (cut = 0; cut < len; cut += cut < 9000 ? 1111 : 8192) {
        write_data(world, bytes, cut);
        status = try_data(world, 120);

        /* what is gone may have been free pages: then nothing is missing */

        assert_true(status == 0 || status == 1 << 8);
        refused += status != 0;
        assert_true(cut > len / 2 || status != 0);
    }

    assert_true(refused > 10);
    free(bytes);
}


static void
a_foreign_file_is_refused(void **state)
{
    size_t    i;
    uint8_t   bytes[16384];
    world_t  *world = *state;

    memset(bytes, 0, sizeof(bytes));
    write_data(world, bytes, sizeof(bytes));
    assert_int_equal(open_usual(world), MFA_DAMAGED);

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) (i * 31 + 7);
    }

    write_data(world, bytes, sizeof(bytes));
    assert_int_equal(open_usual(world), MFA_DAMAGED);
    write_data(world, bytes, 10);
    assert_int_equal(open_usual(world), MFA_DAMAGED);
    write_data(world, bytes, 0);
    assert_int_equal(open_usual(world), MFA_DAMAGED);
    assert_non_null(strstr(world->error.text, "empty"));
}


/* J6: whatever is in the file, check says so and stays alive */
static void
check_survives_any_byte(void **state)
{
    size_t         len, at;
    unsigned       i, named;
    uint8_t       *bytes, old;
    world_t       *world = *state;
    uint32_t       seed;
    uint64_t       records;
    mfa_status_t   st;

    fill(world, 120);
    bytes = malloc(FILE_MAX);
    assert_non_null(bytes);
    len = read_data(world, bytes);
    seed = 99;
    named = 0;

    for (i = 0; i < 400; i++) {
        seed = seed * 1664525 + 1013904223;

        /* mostly the first bytes of a page, where its structure is */

        at = (seed >> 8) % (len - 8192) + 8192;
        at = i % 4 == 0 ? at : at - at % 4096 + (seed >> 4) % 48;
        old = bytes[at];
        bytes[at] ^= (uint8_t) (1 + (seed >> 20) % 255);
        write_data(world, bytes, len);
        bytes[at] = old;

        st = open_usual(world);
        assert_true(st == MFA_OK || st == MFA_DAMAGED);

        if (st == MFA_OK) {
            st = mfa_store_check(world->store, NULL, NULL, &records,
                                 &world->error);
            assert_true(st == MFA_OK || st == MFA_DAMAGED);
            named += st == MFA_DAMAGED
                     && strstr(world->error.text, "page") != NULL;
            mfa_store_close(&world->store);
        }
    }

    assert_true(named > 20);
    free(bytes);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(a_failed_data_write_refuses_only_that_transaction),
        TEST(after_a_failed_meta_write_the_store_is_reopened),
        TEST(a_file_that_was_cut_is_refused),
        TEST(a_foreign_file_is_refused),
        TEST(check_survives_any_byte),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("store_lmdb_disk", tests, NULL, NULL);
}
