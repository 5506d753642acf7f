/*
 * The language of a message: the person's, whose address it is, else that of
 * whoever asked for it; in what a letter says, and in what voice.
 */

#include "mfa_visitor_ask.h"

#include "../../src/send/mfa_letter.h"


static char  words_dir[] = "/tmp/mfa-words-XXXXXX";


static void
world_lines(world_t *world)
{
    WORLD_LINE(world, "languages", "en", "cy", "tlh");
    WORLD_LINE(world, "words", words_dir);
}


static int
make_words(void **state)
{
    char   path[128];
    FILE  *file;

    (void) state;

    assert_non_null(mkdtemp(words_dir));

    (void) snprintf(path, sizeof(path), "%s/tlh.po", words_dir);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("msgid \"\"\nmsgstr \"\"\n"
                      "\"X-Language-Name: tlhIngan\\n\"\n"
                      "msgid \"Your {{brand}} verification code\"\n"
                      "msgstr \"{{brand}} ngoq\"\n"
                      "msgid \"January\"\nmsgstr \"wa'\"\n"
                      "msgid \"Email\"\nmsgstr \"De'\"\n"
                      "msgid \"{{browser}} on {{system}}\"\n"
                      "msgstr \"{{system}}: {{browser}}\"\n", file) >= 0);

    return fclose(file);
}


static int
remove_words(void **state)
{
    char  command[128];

    (void) state;
    (void) snprintf(command, sizeof(command), "rm -rf %s", words_dir);

    return system(command);
}


typedef struct {
    mfa_user_t     user;
    mfa_message_t  message;
    const char    *language;
} call_t;


static mfa_status_t
tx_add(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_status_t   st;

    st = mfa_user_make(tx, &call->user);
    if (st != MFA_OK) {
        return st;
    }

    call->user.user = mfa_str("ann");
    call->user.email = mfa_str("ann@example.org");
    call->user.language = mfa_str_from(call->language);

    return mfa_user_add(tx, &call->user, NULL);
}


static mfa_status_t
tx_queue(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->message.expires_at = tx->now + MFA_HOUR;

    return mfa_message_queue(tx, &call->message);
}


static const char *
queued(world_t *world, call_t *call, const char *channel, const char *to,
    const char *language)
{
    mfa_work_t    work;
    static char   text[40];

    memset(&work, 0, sizeof(work));
    work.model = mfa_model_of(world->mfa);
    work.arena = mfa_arena_open(256 * 1024);

    memset(&call->message, 0, sizeof(call->message));
    call->message.channel = mfa_str_from(channel);
    call->message.kind = mfa_str("code");
    call->message.to = mfa_str_from(to);
    call->message.language = mfa_str_from(language);

    assert_int_equal(mfa_update(&work, tx_queue, call), MFA_OK);
    (void) snprintf(text, sizeof(text), MFA_STR_FMT,
                    MFA_STR_ARG(call->message.language));

    mfa_arena_close(&work.arena);

    return text;
}


static void
mail_is_in_the_language_of_whose_address_it_is(void **state)
{
    call_t       call = { .language = "cy" };
    world_t     *world;
    mfa_work_t   work;

    (void) state;

    world = world_open_with("memory:language", WORLD_ORIGIN, world_lines);

    memset(&work, 0, sizeof(work));
    work.model = mfa_model_of(world->mfa);
    work.arena = mfa_arena_open(256 * 1024);
    assert_int_equal(mfa_update(&work, tx_add, &call), MFA_OK);

    assert_string_equal(queued(world, &call, "mail", "ann@example.org", "en"),
                        "cy");
    assert_string_equal(queued(world, &call, "none", "ann@example.org", "en"),
                        "cy");
    assert_string_equal(queued(world, &call, "mail", "bob@example.org", "en"),
                        "en");
    assert_string_equal(queued(world, &call, "mail", "bob@example.org", ""),
                        "");
    assert_string_equal(queued(world, &call, "sms", "+447700900123", "cy"),
                        "cy");

    mfa_arena_close(&work.arena);
    world_close(world);
}


/* letters */

static const mfa_sender_t  any_language = { .channel = "voice",
                                           .speaks = NULL };


static bool
speaks_english(mfa_str_t language)
{
    return mfa_str_eq_c(language, "en");
}


static const mfa_sender_t  english_only = { .channel = "voice",
                                            .speaks = speaks_english };


static mfa_letter_t
letter_in(mfa_arena_t *arena, const char *channel, const char *kind,
    const char *language, const mfa_sender_t *voice)
{
    size_t               i;
    char                 path[128];
    mfa_error_t          error;
    mfa_words_t         *words;
    mfa_letter_t         letter;
    mfa_message_t        message;
    mfa_templates_t     *templates;
    mfa_languages_t      languages = { .count = 2 };
    mfa_send_settings_t  settings;
    mfa_letter_place_t   place;

    static const mfa_pair_t  pairs[] = {
        { mfa_str_static("code"), mfa_str_static("123456") },
        { mfa_str_static("factor_added"), mfa_str_static("1") },
        { mfa_str_static("factor"), mfa_str_static("Email") },
        { mfa_str_static("when"), mfa_str_static("1800000000000") },
        { mfa_str_static("agent"), mfa_str_static("Firefox on Windows") }
    };

    memset(&settings, 0, sizeof(settings));
    settings.brand = mfa_str("Council");
    settings.support.name = mfa_str("Helpdesk");
    settings.origin.host = mfa_str("people.example.org");
    settings.voice[0].sender = voice;
    settings.voice_count = voice != NULL;

    (void) snprintf(path, sizeof(path), "%s/tlh.po", words_dir);
    assert_int_equal(mfa_words_open(path, &error, &words), MFA_OK);
    assert_int_equal(mfa_templates_open("html", NULL, &error, &templates),
                     MFA_OK);

    languages.items[0] = (mfa_language_t) { mfa_str("en"), mfa_null, NULL };
    languages.items[1] = (mfa_language_t) { mfa_str("tlh"), mfa_null, words };

    place = (mfa_letter_place_t) { &settings, templates, &languages,
                                   &mfa_ports_system };

    memset(&message, 0, sizeof(message));
    message.channel = mfa_str_from(channel);
    message.kind = mfa_str_from(kind);
    message.to = mfa_str_from(channel[0] == 'm' ? "ann@example.org"
                                                : "+447700900123");
    message.language = mfa_str_from(language);
    message.made_at = 1800000000000;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(mfa_pairs_add(arena, &message.values, pairs[i].name,
                                       pairs[i].value), MFA_OK);
    }

    assert_int_equal(mfa_letter_make(&place, &message, arena, &letter),
                     MFA_OK);

    assert_int_equal(mfa_arena_copy(arena, letter.language, &letter.language),
                     MFA_OK);

    mfa_templates_close(&templates);
    mfa_words_close(&words);

    return letter;
}


static bool
has(mfa_str_t text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part)) != NULL;
}


static void
a_letter_is_in_the_language_of_its_row(void **state)
{
    mfa_arena_t   *arena;
    mfa_letter_t   letter;

    (void) state;
    (void) setenv("TZ", "UTC", 1);

    arena = mfa_arena_open(4 * 1024 * 1024);

    letter = letter_in(arena, "mail", "code", "tlh", NULL);
    assert_true(mfa_str_eq_c(letter.language, "tlh"));
    assert_true(mfa_str_eq_c(letter.subject, "Council ngoq"));

    letter = letter_in(arena, "mail", "notice", "tlh-x-old", NULL);
    assert_true(mfa_str_eq_c(letter.language, "tlh"));
    assert_true(has(letter.text, "De'"));
    assert_true(has(letter.text, "15 wa' 2027, 08:00 UTC"));
    assert_true(has(letter.text, "Windows: Firefox"));
    assert_true(has(letter.html, "<html lang=\"tlh\">"));

    /* rows of before, of nobody, and of a language that is no more */

    letter = letter_in(arena, "mail", "code", "en", NULL);
    assert_true(mfa_str_eq_c(letter.subject,
                             "Your Council verification code"));
    letter = letter_in(arena, "mail", "code", "", NULL);
    assert_true(mfa_str_eq_c(letter.language, "en"));
    letter = letter_in(arena, "mail", "code", "fr", NULL);
    assert_true(mfa_str_eq_c(letter.language, "en"));

    mfa_arena_close(&arena);
}


/* a machine that reads words it cannot say is understood by nobody */
static void
a_call_is_in_english_where_there_is_no_other_voice(void **state)
{
    mfa_arena_t   *arena;
    mfa_letter_t   letter;

    (void) state;

    arena = mfa_arena_open(4 * 1024 * 1024);

    letter = letter_in(arena, "voice", "code", "tlh", &any_language);
    assert_true(mfa_str_eq_c(letter.language, "tlh"));
    letter = letter_in(arena, "voice", "code", "tlh", &english_only);
    assert_true(mfa_str_eq_c(letter.language, "en"));
    letter = letter_in(arena, "sms", "code", "tlh", &english_only);
    assert_true(mfa_str_eq_c(letter.language, "tlh"));

    mfa_arena_close(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(mail_is_in_the_language_of_whose_address_it_is),
        cmocka_unit_test(a_letter_is_in_the_language_of_its_row),
        cmocka_unit_test(a_call_is_in_english_where_there_is_no_other_voice)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, make_words, remove_words);
}
