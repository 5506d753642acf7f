/* Long bodies of held forms: sealed files beside the store. L9, J8 */

#include "mfa_held_fixture.h"


/* the one file there is; name may be NULL */

static size_t
files(fixture_t *f, char *path, size_t size)
{
    DIR            *dir;
    char            folder[128];
    size_t          count;
    struct dirent  *e;

    snprintf(folder, sizeof(folder), "%s/held", f->dir);
    dir = opendir(folder);
    count = 0;

    while (dir != NULL && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.') {
            count++;
            snprintf(path, size, "%s/%.64s", folder, e->d_name);
        }
    }

    if (dir != NULL) {
        closedir(dir);
    }

    return count;
}


/* J8: long bodies, in a file */

static void
a_long_body_is_whole_or_not_at_all(void **state)
{
    int          fd;
    char        *body, *room, path[256];
    call_t       call;
    fixture_t   *f = *state;
    struct stat  sb;

    body = long_body();
    room = malloc(LONG);
    assert_non_null(room);

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str_bytes(body, LONG)), MFA_OK);
    assert_int_equal(files(f, path, sizeof(path)), 1);
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 07777, 0600);

    assert_int_equal(get(f, &call), MFA_OK);
    assert_true(call.found.is_file);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_OK);
    assert_memory_equal(room, body, LONG);

    /* more behind its end */

    fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_DAMAGED);

    /* one byte changed */

    assert_int_equal(truncate(path, sb.st_size), 0);
    fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "x", 1, sb.st_size / 2), 1);
    close(fd);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_DAMAGED);

    /* cut, and gone */

    assert_int_equal(truncate(path, sb.st_size / 2), 0);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_DAMAGED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_NOT_FOUND);

    free(body);
    free(room);
}


static void
a_file_of_another_form_is_refused(void **state)
{
    char       *body, *room, one[256], two[256], aside[128];
    call_t      call;
    mfa_held_t  first;
    fixture_t  *f = *state;

    body = long_body();
    room = malloc(LONG);
    assert_non_null(room);

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str_bytes(body, LONG)), MFA_OK);
    assert_int_equal(get(f, &call), MFA_OK);
    first = call.found;
    assert_int_equal(files(f, one, sizeof(one)), 1);
    snprintf(aside, sizeof(aside), "%s/aside", f->dir);
    assert_int_equal(rename(one, aside), 0);
    assert_int_equal(keep(f, &call, mfa_str_bytes(body, LONG)), MFA_OK);
    assert_int_equal(files(f, two, sizeof(two)), 1);
    assert_int_equal(rename(two, one), 0);

    assert_int_equal(mfa_held_body(fixture_work(f), &first, room),
                     MFA_DAMAGED);
    free(body);
    free(room);
}


static void
files_without_a_row_are_swept(void **state)
{
    char       *body, path[256];
    call_t      call;
    fixture_t  *f = *state;

    body = long_body();
    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str_bytes(body, LONG)), MFA_OK);
    assert_int_equal(mfa_held_sweep(fixture_work(f)), MFA_OK);
    assert_int_equal(files(f, path, sizeof(path)), 1);

    update(f, tx_end_all, &call);
    assert_int_equal(mfa_held_sweep(fixture_work(f)), MFA_OK);
    assert_int_equal(files(f, path, sizeof(path)), 0);

    update(f, tx_issue, &call);
    assert_int_equal(keep(f, &call, mfa_str_bytes(body, LONG)), MFA_OK);
    assert_int_equal(mfa_held_discard(fixture_work(f), &call.user.id,
                                      &call.id), MFA_OK);
    assert_int_equal(files(f, path, sizeof(path)), 0);
    free(body);
}


/* who has a file, in the first half of its name */

static bool
is_of(const call_t *call, const char *path)
{
    size_t       i;
    char         hex[2 * MFA_ID_SIZE + 1];
    const char  *name = strrchr(path, '/') + 1;

    for (i = 0; i < MFA_ID_SIZE; i++) {
        snprintf(hex + 2 * i, 3, "%02x", call->user.id.bytes[i]);
    }

    return memcmp(name, hex, 2 * MFA_ID_SIZE) == 0;
}


/* more than one turn looks at, and what is to go stands behind all others */

static void
files_behind_many_others_are_swept(void **state)
{
    char       *body, path[256], email[64];
    size_t      i, n, turn, all;
    call_t     *calls;
    fixture_t  *f = *state;

    body = long_body();
    calls = calloc(60, sizeof(call_t));
    assert_non_null(calls);

    for (i = 0; i < 60; i++) {
        snprintf(email, sizeof(email), "person%zu@example.org", i);
        begin(f, &calls[i], email);

        for (n = 0; n < MFA_HELD_FORMS; n++) {
            assert_int_equal(keep(f, &calls[i],
                                  mfa_str_bytes(body, MFA_HELD_INLINE + 1)),
                             MFA_OK);
        }
    }

    all = files(f, path, sizeof(path));
    assert_int_equal(all, 60 * MFA_HELD_FORMS);

    /* path: the last one */

    for (i = 0; i < 60 && !is_of(&calls[i], path); i++) {
        continue;
    }

    assert_true(i < 60);
    update(f, tx_end_all, &calls[i]);

    for (turn = 0; turn < 50 && access(path, F_OK) == 0; turn++) {
        assert_int_equal(mfa_held_sweep(fixture_work(f)), MFA_OK);
    }

    assert_int_equal(access(path, F_OK), -1);

    for (turn = 0; turn < 50; turn++) {
        assert_int_equal(mfa_held_sweep(fixture_work(f)), MFA_OK);
    }

    assert_int_equal(files(f, path, sizeof(path)), all - MFA_HELD_FORMS);

    free(calls);
    free(body);
}


static void
without_a_folder_long_ones_are_not_kept(void **state)
{
    char       *body;
    call_t      call;
    fixture_t  *f = *state;

    body = long_body();
    begin(f, &call, "ann@example.org");
    f->model.held_folder = mfa_null;
    assert_int_equal(keep(f, &call, mfa_str_bytes(body, LONG)),
                     MFA_UNAVAILABLE);
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
    free(body);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        on("lmdb", a_long_body_is_whole_or_not_at_all),
        on("lmdb", a_file_of_another_form_is_refused),
        on("lmdb", files_without_a_row_are_swept),
        on("lmdb", files_behind_many_others_are_swept),
        each(without_a_folder_long_ones_are_not_kept),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
