/*
 * Who we are and how mail leaves: the options brand, support, public_url and
 * mail, and what every template is told of them.
 *
 * Knows no sender but by its line in registry.def, and never connects to
 * anything: what is wrong with a line is found without a network.
 */

#include "mfa_send.h"


#define SEND_NAME_MAX   128         /* bytes of a brand or a display name */
#define SEND_CHAT_MAX   512
#define SEND_PHONE_MAX  64


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


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}


/* text that may stand in a header, a page and a mail */

static bool
is_name(mfa_str_t s)
{
    return s.len != 0 && s.len <= SEND_NAME_MAX && mfa_text_is_utf8(s)
           && !mfa_text_has_control(s)
           && mfa_str_eq(s, mfa_str_trim(s));
}


/* options */

static mfa_status_t
send_copy(mfa_arena_t *arena, mfa_str_t s, mfa_str_t *out, mfa_error_t *error)
{
    mfa_status_t  st;

    st = mfa_arena_copy(arena, s, out);
    if (st != MFA_OK) {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    return st;
}


static
MFA_OPTION_SETTER(set_brand)
{
    mfa_send_settings_t  *settings = target;

    if (line->nargs != 1 || !is_name(line->args[0])) {
        mfa_error_set(error, "\"%s\" needs one name of 1 to %d bytes",
                      option->name, SEND_NAME_MAX);
        return MFA_CONFIG;
    }

    return send_copy(arena, line->args[0], &settings->brand, error);
}


static bool
is_phone(mfa_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!is_digit(s.data[i])
            && (s.data[i] == '\0' || strchr("+()-. ", s.data[i]) == NULL))
        {
            return false;
        }
    }

    return s.len != 0 && s.len <= SEND_PHONE_MAX;
}


/* becomes the address of a link: printable ASCII that ends no attribute */

static bool
is_chat(mfa_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] <= ' ' || s.data[i] > '~'
            || strchr("\"'<>\\^`{|}", s.data[i]) != NULL)
        {
            return false;
        }
    }

    return s.len > 8 && s.len <= SEND_CHAT_MAX
           && mfa_str_has_prefix(s, mfa_str("https://"));
}


/* one "name=value" of "support"; MFA_EXISTS: the name was there already */

static mfa_status_t
support_word(mfa_str_t word, mfa_support_t *support, mfa_arena_t *arena)
{
    mfa_str_t  value;

    if (mfa_parse_named(word, "mail", &value) == MFA_OK) {
        return support->mail.len == 0
               ? mfa_email_canonical(arena, value, &support->mail)
               : MFA_EXISTS;
    }

    if (mfa_parse_named(word, "phone", &value) == MFA_OK && is_phone(value)) {
        return support->phone.len == 0
               ? mfa_arena_copy(arena, value, &support->phone)
               : MFA_EXISTS;
    }

    if (mfa_parse_named(word, "chat", &value) == MFA_OK && is_chat(value)) {
        return support->chat.len == 0
               ? mfa_arena_copy(arena, value, &support->chat)
               : MFA_EXISTS;
    }

    return MFA_INVALID;
}


static
MFA_OPTION_SETTER(set_support)
{
    size_t          i;
    mfa_status_t    st;
    mfa_support_t  *support;

    support = &((mfa_send_settings_t *) target)->support;

    if (line->nargs < 2 || !is_name(line->args[0])) {
        mfa_error_set(error, "\"%s\" needs a name and one or more of "
                      "\"mail=\", \"phone=\", \"chat=\"", option->name);
        return MFA_CONFIG;
    }

    for (i = 1; i < line->nargs; i++) {
        st = support_word(line->args[i], support, arena);

        if (st == MFA_INVALID || st == MFA_EXISTS) {
            mfa_error_set(error, "%s \"" MFA_STR_FMT "\" in \"%s\"",
                          st == MFA_EXISTS ? "duplicate" : "invalid",
                          MFA_STR_ARG(line->args[i]), option->name);
            return MFA_CONFIG;
        }

        if (st != MFA_OK) {
            mfa_error_set(error, "%s", mfa_status_text(st));
            return st;
        }
    }

    return send_copy(arena, line->args[0], &support->name, error);
}


static
MFA_OPTION_SETTER(set_public_url)
{
    mfa_status_t  st;

    if (line->nargs != 1) {
        mfa_error_set(error, "invalid number of arguments in \"%s\" "
                      "directive", option->name);
        return MFA_CONFIG;
    }

    st = mfa_origin_parse(arena, line->args[0],
                          &((mfa_send_settings_t *) target)->origin);
    if (st == MFA_INVALID) {
        mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"%s\", "
                      "it must be \"https://HOST\" or \"https://HOST:PORT\" "
                      "without a path, or \"http://\" with a loopback host",
                      MFA_STR_ARG(line->args[0]), option->name);
        return MFA_CONFIG;
    }

    if (st != MFA_OK) {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    return st;
}


/* "NAME <ADDRESS>" */

static mfa_status_t
from_parse(mfa_str_t text, mfa_send_settings_t *settings, mfa_arena_t *arena)
{
    mfa_str_t     name, address;
    mfa_status_t  st;

    address = text;
    name = mfa_str_trim(mfa_str_split(&address, '<'));

    if (!is_name(name) || address.len == 0
        || address.data[address.len - 1] != '>')
    {
        return MFA_INVALID;
    }

    address.len--;

    st = mfa_email_canonical(arena, address, &settings->mail_from);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_arena_copy(arena, name, &settings->mail_from_name);
}


static const mfa_sender_t *
sender_find(mfa_str_t scheme)
{
    size_t               i;
    const char *const   *name;

    for (i = 0; i < SENDERS; i++) {
        for (name = senders[i]->schemes; *name != NULL; name++) {
            if (mfa_str_eq_c(scheme, *name)) {
                return senders[i];
            }
        }
    }

    return NULL;
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


static
MFA_OPTION_SETTER(set_mail)
{
    mfa_str_t             rest, from;
    mfa_line_t            words;
    mfa_status_t          st;
    mfa_send_settings_t  *settings = target;

    if (line->nargs == 0) {
        mfa_error_set(error, "invalid number of arguments in \"%s\" "
                      "directive", option->name);
        return MFA_CONFIG;
    }

    rest = line->args[0];
    settings->mail_sender = sender_find(mfa_str_split(&rest, ':'));

    if (settings->mail_sender == NULL || rest.len == 0) {
        mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"%s\", "
                      "it must be \"smtp://HOST\", \"smtps://HOST\" or "
                      "\"maildir:PATH\"", MFA_STR_ARG(line->args[0]),
                      option->name);
        return MFA_CONFIG;
    }

    st = mail_words(line, arena, &words, &from);
    if (st == MFA_OK) {
        st = from_parse(from, settings, arena);
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

    return settings->mail_sender->configure(&words, arena, error,
                                            &settings->mail_settings);
}


const mfa_option_t  mfa_send_options[] = {
    { .name = "brand", .syntax = "NAME", .set = set_brand,
      .is_required = 1,
      .help = "The name of the organisation, on every page and in every "
              "message." },
    { .name = "support",
      .syntax = "NAME mail=ADDRESS | phone=NUMBER | chat=URL ...",
      .set = set_support, .is_required = 1,
      .help = "Who helps, and one or more ways to reach them." },
    { .name = "public_url", .syntax = "URL", .set = set_public_url,
      .is_required = 1,
      .help = "The only origin in messages and redirects: https, or http "
              "for a loopback host; without a path." },
    { .name = "mail",
      .syntax = "URL \"from=NAME <ADDRESS>\" [user=NAME password_file=PATH] "
                "[tls=on | off] [ca_file=PATH]",
      .set = set_mail, .is_required = 1,
      .help = "How mail leaves: smtp://HOST[:587] with STARTTLS, "
              "smtps://HOST[:465], or maildir:PATH. TLS is required and "
              "verified unless the host is loopback or tls=off is written." },
    MFA_OPTION_END
};


void
mfa_send_values(const mfa_send_settings_t *settings, mfa_value_t *map)
{
    mfa_value_t  *support;

    mfa_value_set_str(map, "brand", settings->brand);
    mfa_value_set_str(map, "origin", settings->origin.text);

    support = mfa_value_set_map(map, "support");

    mfa_value_set_str(support, "name", settings->support.name);
    mfa_value_set_str(support, "mail", settings->support.mail);
    mfa_value_set_str(support, "phone", settings->support.phone);
    mfa_value_set_str(support, "chat", settings->support.chat);
}
