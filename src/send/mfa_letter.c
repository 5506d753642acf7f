/*
 * A message of the outbox as a letter: its templates, rendered.
 *
 * The one place where what a message may say is put together; every word
 * comes from html/mail, html/sms, html/voice and the words.
 */

#include "mfa_letter.h"
#include "mfa_send_conf.h"


/* what a letter is written in; languages may be NULL */

typedef struct {
    mfa_str_t           code;
    const mfa_words_t  *words;
} letter_language_t;


/* a person whom a machine would read out in the wrong voice hears English */

static letter_language_t
letter_language(const mfa_letter_place_t *place,
    const mfa_message_t *message)
{
    letter_language_t       english = { mfa_str("en"), NULL };
    const mfa_language_t   *language;
    const mfa_languages_t  *languages = place->languages;

    if (languages == NULL || languages->count == 0) {
        return english;
    }

    english.words = languages->english;

    language = mfa_language_find(languages, message->language);
    if (language == NULL) {
        language = &languages->items[0];
    }

    if (mfa_str_eq_c(message->channel, "voice")
        && !mfa_send_speaks(place->settings, language->code))
    {
        return english;
    }

    return (letter_language_t) { language->code, language->words };
}


/* "4, 8, 2, 1, 9, 3": said one by one, with a pause after each */

static mfa_str_t
letter_digits(mfa_arena_t *arena, mfa_str_t code)
{
    size_t     i;
    mfa_buf_t  buf;
    mfa_str_t  text;

    mfa_buf_init(&buf, arena, 3 * code.len + 1);

    for (i = 0; i < code.len; i++) {
        mfa_buf_puts(&buf, i != 0 ? ", " : "");
        mfa_buf_putc(&buf, code.data[i]);
    }

    return mfa_buf_str(&buf, &text) == MFA_OK ? text : mfa_null;
}


/* moments come as numbers, names of methods and browsers in English */

static mfa_str_t
letter_value(const mfa_pair_t *value, const mfa_words_t *words,
    mfa_arena_t *arena)
{
    mfa_time_t  at;

    if (mfa_str_eq_c(value->name, "when") || mfa_str_eq_c(value->name, "until"))
    {
        return mfa_date_unpack(value->value, &at) == MFA_OK
               ? mfa_date_moment(words, at, arena) : value->value;
    }

    if (mfa_str_eq_c(value->name, "agent")) {
        return mfa_agent_text(value->value, words, arena);
    }

    if (mfa_str_eq_c(value->name, "factor")
        || mfa_str_eq_c(value->name, "subject"))
    {
        return mfa_words_get(words, value->value);
    }

    return value->value;
}


/* ours come last, so that no value of a message can pass for them */

static mfa_value_t *
letter_values(const mfa_letter_place_t *place, const mfa_message_t *message,
    const letter_language_t *language, mfa_arena_t *arena)
{
    char              *name;
    size_t             i;
    mfa_value_t       *map;
    const mfa_pair_t  *value;

    map = mfa_value_map(arena);

    for (i = 0; i < message->values.count; i++) {
        value = &message->values.items[i];
        name = mfa_arena_cstr(arena, value->name);

        if (name != NULL) {
            mfa_value_set_str(map, name,
                              letter_value(value, language->words, arena));
        }
    }

    mfa_value_set_str(map, "address", message->to);
    mfa_value_set_str(map, "language", language->code);
    mfa_value_set_str(map, "sent",
                      mfa_date_utc(language->words, message->made_at, arena));
    mfa_value_set_str(map, "host", place->settings->origin.host);
    mfa_value_set_str(map, "digits",
                      letter_digits(arena, mfa_pairs_get(&message->values,
                                                         mfa_str("code"))));
    mfa_send_values(place->settings, language->words, map);

    return map;
}


typedef struct {
    const mfa_letter_place_t  *place;
    const mfa_message_t       *message;
    const mfa_value_t         *values;
    const mfa_words_t         *words;
    mfa_arena_t               *arena;
} letter_t;


static mfa_status_t
letter_render(const letter_t *letter, const char *suffix, mfa_str_t *out)
{
    mfa_str_t                  name;
    const mfa_letter_place_t  *place = letter->place;

    name = mfa_arena_printf(letter->arena, MFA_STR_FMT "/" MFA_STR_FMT "%s",
                            MFA_STR_ARG(letter->message->channel),
                            MFA_STR_ARG(letter->message->kind), suffix);
    if (name.data == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_template_render(place->templates, name, letter->values,
                               letter->words, letter->arena, out);
}


static mfa_status_t
letter_mail(letter_t *letter, mfa_letter_t *made)
{
    mfa_status_t                st;
    const mfa_send_settings_t  *settings = letter->place->settings;

    st = letter_render(letter, ".subject.txt", &made->subject);

    if (st == MFA_OK) {
        st = letter_render(letter, ".txt", &made->text);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = letter_render(letter, ".html", &made->html);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    made->from_name = settings->mail_from_name;
    made->from = settings->mail_from;
    made->host = settings->origin.host;
    made->subject = mfa_str_trim(made->subject);

    return MFA_OK;
}


/* I6: a number and nothing else; nothing comes after the line "@HOST #CODE" */

static mfa_status_t
letter_phone(letter_t *letter, mfa_letter_t *made)
{
    mfa_status_t  st;

    if (!mfa_send_is_e164(letter->message->to)) {
        return MFA_INVALID;
    }

    st = letter_render(letter, ".txt", &made->text);
    if (st != MFA_OK) {
        return st;
    }

    made->text = mfa_str_trim(made->text);

    return MFA_OK;
}


mfa_status_t
mfa_letter_make(const mfa_letter_place_t *place,
    const mfa_message_t *message, mfa_arena_t *arena, mfa_letter_t *made)
{
    letter_t           letter;
    mfa_status_t       st;
    letter_language_t  language;

    memset(made, 0, sizeof(mfa_letter_t));

    language = letter_language(place, message);

    letter.place = place;
    letter.message = message;
    letter.words = language.words;
    letter.values = letter_values(place, message, &language, arena);
    letter.arena = arena;

    made->to = message->to;
    made->language = language.code;
    made->code = mfa_pairs_get(&message->values, mfa_str("code"));
    made->date = mfa_port_now(place->ports);

    st = mfa_id_text(arena, &message->id, &made->id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_str_eq_c(message->channel, "mail")
           ? letter_mail(&letter, made) : letter_phone(&letter, made);
}
