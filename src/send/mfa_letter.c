/*
 * A message of the outbox as a letter: its templates, rendered.
 *
 * The one place where what a message may say is put together; every word
 * comes from html/mail, html/sms, html/voice and the words.
 */

#include "mfa_letter.h"
#include "mfa_send_conf.h"

#include <time.h>


/* "21 November 2026, 21:40 UTC" */

static mfa_str_t
letter_date(mfa_arena_t *arena, mfa_time_t at)
{
    char       text[64];
    time_t     seconds;
    struct tm  tm;

    seconds = (time_t) (at / MFA_SECOND);

    if (gmtime_r(&seconds, &tm) == NULL
        || strftime(text, sizeof(text), "%d %B %Y, %H:%M UTC", &tm) == 0)
    {
        return mfa_null;
    }

    return mfa_arena_printf(arena, "%s", text);
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


/* ours come last, so that no value of a message can pass for them */

static mfa_value_t *
letter_values(const mfa_letter_place_t *place, const mfa_message_t *message,
    mfa_arena_t *arena)
{
    char         *name;
    size_t        i;
    mfa_value_t  *map;

    map = mfa_value_map(arena);

    for (i = 0; i < message->values.count; i++) {
        name = mfa_arena_cstr(arena, message->values.items[i].name);

        if (name != NULL) {
            mfa_value_set_str(map, name, message->values.items[i].value);
        }
    }

    mfa_value_set_str(map, "address", message->to);
    mfa_value_set_str(map, "language", message->language);
    mfa_value_set_str(map, "sent", letter_date(arena, message->made_at));
    mfa_value_set_str(map, "host", place->settings->origin.host);
    mfa_value_set_str(map, "digits",
                      letter_digits(arena, mfa_pairs_get(&message->values,
                                                         mfa_str("code"))));
    mfa_send_values(place->settings, map);

    return map;
}


typedef struct {
    const mfa_letter_place_t  *place;
    const mfa_message_t       *message;
    const mfa_value_t         *values;
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
                               place->words, letter->arena, out);
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
    letter_t      letter;
    mfa_status_t  st;

    memset(made, 0, sizeof(mfa_letter_t));

    letter.place = place;
    letter.message = message;
    letter.values = letter_values(place, message, arena);
    letter.arena = arena;

    made->to = message->to;
    made->language = message->language;
    made->code = mfa_pairs_get(&message->values, mfa_str("code"));
    made->date = mfa_port_now(place->ports);

    st = mfa_id_text(arena, &message->id, &made->id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_str_eq_c(message->channel, "mail")
           ? letter_mail(&letter, made) : letter_phone(&letter, made);
}
