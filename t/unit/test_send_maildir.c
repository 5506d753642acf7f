/*
 * The Maildir sender, from its line in the realm to a file.
 */

#include "mfa_outbox_fixture.h"


static void
deliver_into_maildir(void)
{
    char          place[128];
    uint64_t      seen;
    mfa_str_t     args[2];
    mfa_line_t    line = { .name = mfa_str("mail"), .args = args };
    mfa_error_t   error;

    snprintf(place, sizeof(place), "maildir:%s/inbox", f->dir);
    args[0] = mfa_str_from(place);
    args[1] = mfa_str("from=Example Council <no-reply@example.org>");
    line.nargs = 2;
    line.prefix = "/";
    seen = 0;
    mfa_delivery_close(&delivery);
    settings.mail_count = 0;
    assert_int_equal(mfa_option_apply(mfa_send_options, &seen, &line,
                                      &settings, f->arena, &error), MFA_OK);
    delivery_reopen();

    queue_code();
    queue_code();
    (void) run(10);
    assert_int_equal(outbox_count(), 0);
}


/* how many letters lie in new/; the path of one of them */

static size_t
letters_in_maildir(char path[512])
{
    DIR            *dir;
    size_t          count;
    struct dirent  *entry;

    snprintf(path, 512, "%s/inbox/new", f->dir);
    dir = opendir(path);
    assert_non_null(dir);
    count = 0;

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, 512, "%s/inbox/new/%s", f->dir, entry->d_name);
            count++;
        }
    }

    closedir(dir);

    return count;
}


/* the sender of the demo, whole: a folder made, a letter in new */

static void
a_maildir_gets_the_letter(void **state)
{
    char          path[512];
    FILE         *file;
    size_t        len;
    struct stat   sb;
    static char   text[16384];

    (void) state;

    deliver_into_maildir();

    snprintf(path, sizeof(path), "%s/inbox", f->dir);
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 07777, 0700);
    snprintf(path, sizeof(path), "%s/inbox/cur", f->dir);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof(path), "%s/inbox/tmp", f->dir);
    assert_int_equal(rmdir(path), 0);

    assert_int_equal(letters_in_maildir(path), 2);
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 07777 & ~0640u, 0);

    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_memory_equal(text, "From: \"Example Council\" <no-reply@", 34);
    assert_non_null(strstr(text, "\n482193\n"));
    assert_null(strchr(text, '\r'));

    /* a folder that cannot be written is a server that is not there */

    snprintf(path, sizeof(path), "%s/inbox", f->dir);
    fixture_remove(path);
    fixture_file(f, "inbox", mfa_str("in the way"));
    queue_code();
    (void) run(10);
    assert_int_equal(outbox_count(), 1);
}


int
main(void)
{
    static char  memory[] = "memory", again[] = "memory:again";

    const struct CMUnitTest  tests[] = {
#define TEST(name)                                                            \
        { #name, name, setup, teardown, memory },                             \
        { #name " (again)", name, setup, teardown, again }
        TEST(a_maildir_gets_the_letter),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
