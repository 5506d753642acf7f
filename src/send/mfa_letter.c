/*
 * A message of the outbox as a letter: its templates, rendered.
 *
 * The one place where what a message may say is put together; every word
 * comes from html/mail and the words.
 */

#include "mfa_letter.h"

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

    name = mfa_arena_printf(letter->arena, "mail/" MFA_STR_FMT "%s",
                            MFA_STR_ARG(letter->message->kind), suffix);
    if (name.data == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_template_render(place->templates, name, letter->values,
                               place->words, letter->arena, out);
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

    st = mfa_id_text(arena, &message->id, &made->id);

    if (st == MFA_OK) {
        st = letter_render(&letter, ".subject.txt", &made->subject);
    }

    if (st == MFA_OK) {
        st = letter_render(&letter, ".txt", &made->text);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = letter_render(&letter, ".html", &made->html);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    made->from_name = place->settings->mail_from_name;
    made->from = place->settings->mail_from;
    made->to = message->to;
    made->host = place->settings->origin.host;
    made->subject = mfa_str_trim(made->subject);
    made->language = message->language;
    made->date = mfa_port_now(place->ports);

    return MFA_OK;
}
