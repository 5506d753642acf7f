/*
 * How messages leave: the options mail, sms and voice, each with a line for
 * the route and one for its backup.
 *
 * Knows no sender but by its line in registry.def, and never connects to
 * anything: what is wrong with a line is found without a network.
 */

#include "mfa_send_route.h"


#pragma GCC visibility push(hidden)
#define MFA_SENDER(name)  extern const mfa_sender_t  mfa_sender_##name;
#include "registry.def"
#undef MFA_SENDER
#pragma GCC visibility pop

static const mfa_sender_t *const  senders[] = {
#define MFA_SENDER(name)  &mfa_sender_##name,
#include "registry.def"
#undef MFA_SENDER
};

#define SENDERS  (sizeof(senders) / sizeof(senders[0]))


typedef struct {
    const char  *channel;
    size_t       routes;            /* offsets in the settings */
    size_t       count;
} channel_t;

enum { CHANNEL_MAIL, CHANNEL_SMS, CHANNEL_VOICE, CHANNELS };

static const channel_t  channels[CHANNELS] = {
    { "mail", offsetof(mfa_send_settings_t, mail),
      offsetof(mfa_send_settings_t, mail_count) },
    { "sms", offsetof(mfa_send_settings_t, sms),
      offsetof(mfa_send_settings_t, sms_count) },
    { "voice", offsetof(mfa_send_settings_t, voice),
      offsetof(mfa_send_settings_t, voice_count) }
};


const mfa_route_t *
mfa_send_routes(const mfa_send_settings_t *settings, mfa_str_t channel,
    size_t *count)
{
    size_t       i;
    const void  *at;

    for (i = 0; i < CHANNELS; i++) {
        if (mfa_str_eq_c(channel, channels[i].channel)) {
            at = (const char *) settings + channels[i].count;
            *count = *(const size_t *) at;

            at = (const char *) settings + channels[i].routes;

            return *count != 0 ? at : NULL;
        }
    }

    *count = 0;

    return NULL;
}


/* a line */

static bool
sender_is_meant(const mfa_sender_t *sender, mfa_str_t word)
{
    size_t  i;

    for (i = 0; sender->schemes[i] != NULL; i++) {
        if (mfa_str_eq_c(word, sender->schemes[i])) {
            return true;
        }
    }

    return false;
}


/* "smtp", "smtps" or "maildir": what a line of this channel may begin with */

static void
schemes_of(const char *channel, char *text, size_t size)
{
    int          n;
    size_t       i, k, len;

    len = 0;
    text[0] = '\0';

    for (i = 0; i < SENDERS; i++) {
        for (k = 0; strcmp(senders[i]->channel, channel) == 0
                    && senders[i]->schemes[k] != NULL; k++)
        {
            n = snprintf(text + len, size - len, "%s\"%s\"",
                         len != 0 ? ", " : "", senders[i]->schemes[k]);

            if (n < 0 || (size_t) n >= size - len) {
                return;
            }

            len += (size_t) n;
        }
    }
}


static const mfa_sender_t *
route_sender(const mfa_line_t *line, const channel_t *channel,
    mfa_error_t *error)
{
    char       names[256];
    size_t     i;
    mfa_str_t  word, rest;

    rest = line->args[0];
    word = mfa_str_split(&rest, ':');

    for (i = 0; i < SENDERS; i++) {
        if (strcmp(senders[i]->channel, channel->channel) == 0
            && sender_is_meant(senders[i], word))
        {
            return senders[i];
        }
    }

    schemes_of(channel->channel, names, sizeof(names));
    mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"%s\", "
                  "it must be %s", MFA_STR_ARG(line->args[0]),
                  channel->channel, names);

    return NULL;
}


static mfa_status_t
route_add(const mfa_line_t *line, const channel_t *channel, void *target,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t              *count;
    mfa_status_t         st;
    mfa_route_t         *route;
    const mfa_sender_t  *sender;

    count = (void *) ((char *) target + channel->count);
    route = (void *) ((char *) target + channel->routes);

    if (line->nargs == 0) {
        mfa_error_set(error, "invalid number of arguments in \"%s\" "
                      "directive", channel->channel);
        return MFA_CONFIG;
    }

    if (*count == MFA_ROUTES_MAX) {
        mfa_error_set(error, "\"%s\" is given %d times, there may be one and "
                      "its backup", channel->channel, MFA_ROUTES_MAX + 1);
        return MFA_CONFIG;
    }

    sender = route_sender(line, channel, error);
    if (sender == NULL) {
        return MFA_CONFIG;
    }

    route += *count;
    route->sender = sender;

    st = sender->configure(line, arena, error, &route->settings);

    if (st == MFA_OK) {
        (*count)++;
    }

    return st;
}


MFA_OPTION_SETTER(mfa_send_set_sms)
{
    (void) option;

    return route_add(line, &channels[CHANNEL_SMS], target, arena, error);
}


MFA_OPTION_SETTER(mfa_send_set_voice)
{
    (void) option;

    return route_add(line, &channels[CHANNEL_VOICE], target, arena, error);
}


/* mail has a sender that people see: "NAME <ADDRESS>" */

static mfa_status_t
from_parse(mfa_str_t text, mfa_arena_t *arena, mfa_str_t *shown,
    mfa_str_t *mail)
{
    mfa_str_t     name, address;
    mfa_status_t  st;

    address = text;
    name = mfa_str_trim(mfa_str_split(&address, '<'));

    if (!mfa_send_is_name(name) || address.len == 0
        || address.data[address.len - 1] != '>')
    {
        return MFA_INVALID;
    }

    address.len--;

    st = mfa_email_canonical(arena, address, mail);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_arena_copy(arena, name, shown);
}


/* takes "from=" out of the words, because it is no affair of the sender */

static mfa_status_t
mail_words(const mfa_line_t *line, mfa_arena_t *arena, mfa_line_t *out,
    mfa_str_t *from)
{
    size_t      i, count;
    mfa_str_t   value, *args;

    *out = *line;
    *from = mfa_null;
    count = 0;

    args = mfa_arena_alloc(arena, line->nargs * sizeof(mfa_str_t));
    if (args == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < line->nargs; i++) {
        if (i == 0
            || mfa_parse_named(line->args[i], "from", &value) != MFA_OK)
        {
            args[count++] = line->args[i];

        } else if (from->data == NULL) {
            *from = value;

        } else {
            return MFA_EXISTS;
        }
    }

    out->args = args;
    out->nargs = count;

    return MFA_OK;
}


/* the backup speaks for the same sender, and need not say so */

static mfa_status_t
mail_from(mfa_str_t from, mfa_send_settings_t *settings, mfa_arena_t *arena)
{
    mfa_str_t     name, address;
    mfa_status_t  st;

    if (settings->mail_count != 0 && from.data == NULL) {
        return MFA_OK;
    }

    st = from_parse(from, arena, &name, &address);
    if (st != MFA_OK) {
        return st;
    }

    if (settings->mail_count != 0
        && (!mfa_str_eq(name, settings->mail_from_name)
            || !mfa_str_eq(address, settings->mail_from)))
    {
        return MFA_EXISTS;
    }

    settings->mail_from_name = name;
    settings->mail_from = address;

    return MFA_OK;
}


MFA_OPTION_SETTER(mfa_send_set_mail)
{
    mfa_str_t             from;
    mfa_line_t            words;
    mfa_status_t          st;
    mfa_send_settings_t  *settings = target;

    if (line->nargs == 0 || settings->mail_count == MFA_ROUTES_MAX
        || route_sender(line, &channels[CHANNEL_MAIL], error) == NULL)
    {
        return route_add(line, &channels[CHANNEL_MAIL], target, arena, error);
    }

    st = mail_words(line, arena, &words, &from);
    if (st == MFA_OK) {
        st = mail_from(from, settings, arena);
    }

    if (st == MFA_NO_MEMORY) {
        mfa_error_set(error, "%s", mfa_status_text(st));
        return st;
    }

    if (st != MFA_OK) {
        mfa_error_set(error, "\"%s\" needs \"from=NAME <ADDRESS>\"%s",
                      option->name, st == MFA_EXISTS ? " once" : "");
        return MFA_CONFIG;
    }

    return route_add(&words, &channels[CHANNEL_MAIL], target, arena, error);
}
