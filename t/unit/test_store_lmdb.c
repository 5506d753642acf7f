/*
 * What only the LMDB engine can do wrong: owners and modes, dead and stopped
 * processes, a file that grows under a reader, files that are taken away.
 * Rows of security.md, section J and 2.3, are named.
 */

#include "mfa_test_lmdb.h"

#define OTHER_USER   12345


/* places */

static void
wrong_folders_are_refused(void **state)
{
    world_t  *world = *state;
    char      folder[64];

    assert_int_equal(chmod(world->folder, 0750), 0);
    assert_int_equal(open_usual(world), MFA_CONFIG);
    assert_non_null(strstr(world->error.text, "0750"));
    assert_int_equal(chmod(world->folder, 0700), 0);

    memcpy(folder, world->folder, sizeof(folder));
    (void) snprintf(world->folder, sizeof(world->folder), "/tmp/mfa_none");
    assert_int_equal(open_usual(world), MFA_CONFIG);
    assert_non_null(strstr(world->error.text, "/tmp/mfa_none"));
    memcpy(world->folder, folder, sizeof(folder));

    assert_int_equal(open_usual(world), MFA_OK);
}


/* LC10: root beside workers must not make files that are not theirs */
static void
another_users_folder_is_refused_even_by_root(void **state)
{
    world_t               *world = *state;
    mfa_store_settings_t   settings;

    if (geteuid() != 0) {
        skip();
    }

    memset(&settings, 0, sizeof(settings));
    settings.engine = &mfa_store_lmdb;
    settings.place = mfa_str_from(world->folder);

    assert_int_equal(chown(world->folder, OTHER_USER, 0), 0);
    assert_int_equal(mfa_store_probe(&settings, &world->error), MFA_OK);
    assert_int_equal(open_usual(world), MFA_CONFIG);
    assert_int_not_equal(access(path_of(world, "data.mdb"), F_OK), 0);
    assert_int_not_equal(access(path_of(world, "writer.lock"), F_OK), 0);
    assert_int_equal(chown(world->folder, 0, 0), 0);
}


static void
wrong_files_are_refused(void **state)
{
    size_t        i;
    world_t      *world = *state;
    const char   *names[] = { "data.mdb", "lock.mdb", "writer.lock" };

    assert_int_equal(open_usual(world), MFA_OK);
    mfa_store_close(&world->store);

    for (i = 0; i < 3; i++) {
        assert_int_equal(chmod(path_of(world, names[i]), 0640), 0);
        assert_int_equal(open_usual(world), MFA_CONFIG);
        assert_non_null(strstr(world->error.text, names[i]));
        assert_int_equal(chmod(path_of(world, names[i]), 0600), 0);
    }

    /* a link to a file elsewhere */

    assert_int_equal(rename(path_of(world, "data.mdb"), "/tmp/mfa_elsewhere"),
                     0);
    assert_int_equal(symlink("/tmp/mfa_elsewhere",
                             path_of(world, "data.mdb")), 0);
    assert_int_equal(open_usual(world), MFA_CONFIG);
    assert_int_equal(unlink("/tmp/mfa_elsewhere"), 0);
}


/* J1 */
static void
file_systems_of_other_machines_are_known(void **state)
{
    (void) state;

    assert_string_equal(mfa_store_lmdb_bad_fs(0x6969), "NFS");
    assert_string_equal(mfa_store_lmdb_bad_fs((long) 0xff534d42), "CIFS");
    assert_string_equal(mfa_store_lmdb_bad_fs((int) 0xff534d42), "CIFS");
    assert_string_equal(mfa_store_lmdb_bad_fs(0x65735546), "FUSE");
    assert_string_equal(mfa_store_lmdb_bad_fs(0x01021997), "9p");
    assert_string_equal(mfa_store_lmdb_bad_fs(0x00c36400), "Ceph");
    assert_string_equal(mfa_store_lmdb_bad_fs(0x0bd00bd0), "Lustre");
    assert_null(mfa_store_lmdb_bad_fs(0xef53));             /* ext4 */
    assert_null(mfa_store_lmdb_bad_fs(0x794c7630));         /* overlayfs */
    assert_null(mfa_store_lmdb_bad_fs(0x01021994));         /* tmpfs */
}


static void
files_are_private_and_content_survives(void **state)
{
    size_t        i;
    mode_t        mask;
    world_t      *world = *state;
    struct stat   sb;
    const char   *names[] = { "data.mdb", "lock.mdb", "writer.lock" };

    mask = umask(0);
    assert_int_equal(open_usual(world), MFA_OK);
    (void) umask(mask);

    for (i = 0; i < 3; i++) {
        assert_int_equal(stat(path_of(world, names[i]), &sb), 0);
        assert_int_equal(sb.st_mode & 07777, 0600);
    }

    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
    mfa_store_close(&world->store);
    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(get(world->store, "a", "1"), MFA_OK);
}


/* J1 */
static void
a_place_is_opened_once_in_a_process(void **state)
{
    world_t      *world = *state;
    mfa_store_t  *second;

    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(open_store(world, 1 << 20, 1 << 20, &second), MFA_BUG);
    assert_null(second);
    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
    assert_int_equal(get(world->store, "a", "1"), MFA_OK);
}


/* dead and stopped processes */

/* LC2, LC3 */
static void
a_stopped_writer_times_out_and_a_killed_one_leaves_nothing(void **state)
{
    int64_t   before, took;
    world_t  *world = *state;
    child_t   child;

    child_start(&child, world, child_holds_write);
    child_wait(child.from);

    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(kill(child.pid, SIGSTOP), 0);

    before = mfa_store_clock_ms();
    assert_int_equal(put(world->store, "a", "1"), MFA_STORE_BUSY);
    took = mfa_store_clock_ms() - before;
    assert_in_range(took, 1900, 30000);
    assert_int_equal(get(world->store, "a", ""), MFA_NOT_FOUND);

    child_kill(&child);

    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
    assert_int_equal(get(world->store, "a", "1"), MFA_OK);
    assert_int_equal(get(world->store, "unfinished", ""), MFA_NOT_FOUND);
    assert_int_equal(put(world->store, "b", "1"), MFA_OK);
}


static void
child_waits_to_write(world_t *world, int from, int to)
{
    (void) from;

    if (open_usual(world) == MFA_OK) {
        child_say(to);
        (void) !put(world->store, "c", "1");
    }
}


static mfa_status_t
run_stop_the_other(mfa_txn_t *txn, void *arg)
{
    child_t          *child = arg;
    struct timespec   pause = { 0, 30000000 };

    (void) txn;

    child_wait(child->from);
    (void) nanosleep(&pause, NULL);     /* until it waits for its turn */
    (void) kill(child->pid, SIGSTOP);

    return MFA_OK;
}


/* LC3: who is stopped while it waits for its turn is gone past */
static void
a_stopped_waiter_stops_nobody(void **state)
{
    world_t  *world = *state;
    child_t   child;

    child_start(&child, world, child_waits_to_write);
    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(mfa_store_update(world->store, run_stop_the_other,
                                      &child), MFA_OK);

    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
    assert_int_equal(put(world->store, "b", "1"), MFA_OK);

    child_kill(&child);
    assert_int_equal(put(world->store, "c", "1"), MFA_OK);
}


/* J3: a reader that died pins pages until clean has looked */
static void
a_killed_reader_is_cleared_away(void **state)
{
    unsigned           i;
    world_t           *world = *state;
    child_t            child;
    mfa_status_t       st;
    mfa_store_stat_t   before, after;

    child_start(&child, world, child_holds_read);
    child_wait(child.from);

    assert_int_equal(open_store(world, 1 << 20, 1 << 20, &world->store),
                     MFA_OK);
    assert_int_equal(mfa_store_stat(world->store, &before), MFA_OK);
    assert_in_range(before.readers, 2, 4);
    assert_in_range(before.readers_max, 64, 200);

    st = MFA_OK;

    for (i = 0; i < 500 && st == MFA_OK; i++) {
        st = put_size(world->store, i % 10, 8000);
    }

    assert_int_equal(st, MFA_STORE_FULL);
    assert_true(i < 400);

    (void) kill(child.pid, SIGKILL);
    child_kill(&child);

    assert_int_equal(mfa_store_clean(world->store), MFA_OK);

    for (i = 0; i < 500; i++) {
        assert_int_equal(put_size(world->store, i % 10, 8000), MFA_OK);
    }

    assert_int_equal(mfa_store_stat(world->store, &after), MFA_OK);
    assert_true(after.used_bytes < 200000);
}


/* growth */

static void
child_grows(world_t *world, int from, int to)
{
    unsigned  i;

    if (open_store(world, 64 << 20, 64 << 20, &world->store) != MFA_OK) {
        _exit(1);
    }

    child_say(to);
    child_wait(from);

    for (i = 0; i < 100; i++) {
        if (put_size(world->store, i, 50000) != MFA_OK) {
            _exit(1);
        }
    }

    child_say(to);
    child_wait(from);
}


/* J4: another process made the map larger than ours */
static void
a_map_that_grew_elsewhere_is_mapped_again(void **state)
{
    char       key[16];
    record_t   record = { .key = "a" };
    world_t   *world = *state;
    child_t    child;
    uint64_t   version;

    child_start(&child, world, child_grows);
    child_wait(child.from);

    assert_int_equal(open_store(world, 1 << 20, 1 << 20, &world->store),
                     MFA_OK);
    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
    assert_int_equal(mfa_store_peek(world->store, run_get, &record), MFA_OK);

    child_say(child.to);
    child_wait(child.from);

    assert_int_equal(mfa_store_peek(world->store, run_get, &record),
                     MFA_AGAIN);
    assert_int_equal(mfa_store_version(world->store, &version), MFA_AGAIN);
    assert_int_equal(get(world->store, "a", "1"), MFA_OK);
    (void) snprintf(key, sizeof(key), "%06u", 99);
    assert_int_equal(get(world->store, key, ""), MFA_OK);
    assert_int_equal(mfa_store_peek(world->store, run_get, &record), MFA_OK);
    assert_int_equal(mfa_store_version(world->store, &version), MFA_OK);

    child_kill(&child);
}


static void
a_writer_finds_a_grown_map(void **state)
{
    world_t           *world = *state;
    child_t            child;
    mfa_store_stat_t   stat;

    child_start(&child, world, child_grows);
    child_wait(child.from);
    assert_int_equal(open_store(world, 1 << 20, 1 << 20, &world->store),
                     MFA_OK);
    child_say(child.to);
    child_wait(child.from);

    /* too large for the limit of this process, and for nobody else */

    assert_int_equal(put(world->store, "a", "1"), MFA_STORE_FULL);
    assert_int_equal(put_size(world->store, 0, 100), MFA_OK);
    assert_int_equal(mfa_store_stat(world->store, &stat), MFA_OK);
    assert_true(stat.size_bytes >= 5000000);

    child_kill(&child);
}


/* DK6: two sets of locks would be two writers */
static void
a_lock_file_removed_while_in_use_is_noticed(void **state)
{
    char       other[128];
    world_t   *world = *state;
    child_t    child;
    record_t   record = { .key = "a" };

    child_start(&child, world, child_holds_read);
    child_wait(child.from);

    assert_int_equal(unlink(path_of(world, "lock.mdb")), 0);
    assert_int_equal(open_usual(world), MFA_DAMAGED);
    assert_non_null(strstr(world->error.text, "in use"));
    child_kill(&child);

    /* nobody left: a new one may be made */

    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(mfa_store_clean(world->store), MFA_OK);
    assert_int_equal(put(world->store, "a", "1"), MFA_OK);

    (void) snprintf(other, sizeof(other), "%s/else", world->folder);
    assert_int_equal(rename(path_of(world, "data.mdb"), other), 0);
    assert_int_equal(mfa_store_clean(world->store), MFA_DAMAGED);
    assert_int_equal(mfa_store_peek(world->store, run_get, &record),
                     MFA_AGAIN);
    assert_int_equal(get(world->store, "a", "1"), MFA_DAMAGED);
    assert_int_equal(put(world->store, "a", "1"), MFA_STORE);
}


/* a power cut leaves the mutexes as they were */
static void
a_lock_that_nobody_holds_is_made_anew(void **state)
{
    int       fd;
    char      bytes[256];
    world_t  *world = *state;
    child_t   child;
    ssize_t   n;

    child_start(&child, world, child_holds_write);
    child_wait(child.from);
    fd = open(path_of(world, "writer.lock"), O_RDWR);
    n = read(fd, bytes, sizeof(bytes));
    assert_in_range(n, 32, sizeof(bytes));
    child_kill(&child);

    /* "held", by a process that is gone and that the kernel knows no more */

    assert_int_equal(syscall(SYS_pwrite64, fd, bytes, (size_t) n, 0), n);
    (void) close(fd);

    assert_int_equal(open_usual(world), MFA_OK);
    assert_int_equal(put(world->store, "a", "1"), MFA_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(wrong_folders_are_refused),
        TEST(another_users_folder_is_refused_even_by_root),
        TEST(wrong_files_are_refused),
        TEST(file_systems_of_other_machines_are_known),
        TEST(files_are_private_and_content_survives),
        TEST(a_place_is_opened_once_in_a_process),
        TEST(a_stopped_writer_times_out_and_a_killed_one_leaves_nothing),
        TEST(a_stopped_waiter_stops_nobody),
        TEST(a_killed_reader_is_cleared_away),
        TEST(a_map_that_grew_elsewhere_is_mapped_again),
        TEST(a_writer_finds_a_grown_map),
        TEST(a_lock_file_removed_while_in_use_is_noticed),
        TEST(a_lock_that_nobody_holds_is_made_anew),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("store_lmdb", tests, NULL, NULL);
}
