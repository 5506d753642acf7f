/*
 * Who we are: the options brand, support and public_url, and what every
 * template is told of them. How messages leave: see mfa_send_route.c.
 */

#include "mfa_send_route.h"


#define SEND_NAME_MAX   128         /* bytes of a brand or a display name */
#define SEND_CHAT_MAX   512
#define SEND_PHONE_MAX  64


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}


/* text that may stand in a header, a page and a mail */

bool
mfa_send_is_name(mfa_str_t s)
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

    if (line->nargs != 1 || !mfa_send_is_name(line->args[0])) {
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

    if (line->nargs < 2 || !mfa_send_is_name(line->args[0])) {
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
      .set = mfa_send_set_mail, .is_required = 1, .is_many = 1,
      .help = "How mail leaves: smtp://HOST[:587] with STARTTLS, "
              "smtps://HOST[:465], or maildir:PATH. TLS is required and "
              "verified unless the host is loopback or tls=off is written. "
              "A second line, which needs no from=, is the backup: it is "
              "used when the first is down or puts a message off." },
    { .name = "sms",
      .syntax = "PROVIDER NAME=VALUE ... [url=URL] [ca_file=PATH] "
                "[timeout=TIME]",
      .set = mfa_send_set_sms, .is_many = 1,
      .help = "Who sends text messages: twilio account=SID key_file=PATH "
              "from=NUMBER | service=SID; govuk_notify key_file=PATH "
              "template=ID [sender=ID]; vonage key=KEY key_file=PATH "
              "from=NAME; messagebird key_file=PATH from=NAME; http url=URL "
              "body_file=PATH [header_file=PATH] [success=REGEX] "
              "[content_type=TYPE] [method=POST]; or maildir:PATH for tests. "
              "key_file and header_file hold secrets and must be closed to "
              "group and world. url= is another base address of the provider "
              "(https, or http for a loopback host), ca_file= the one "
              "authority that is trusted, timeout= 1s to 25s, 10s unless "
              "given. A second line is the backup, used when the first is "
              "down or puts a message off, never when it may have taken it." },
    { .name = "voice",
      .syntax = "twilio account=SID key_file=PATH from=NUMBER [url=URL] "
                "[ca_file=PATH] [timeout=TIME] | maildir:PATH",
      .set = mfa_send_set_voice, .is_many = 1,
      .help = "Who makes calls that say a code; words, secrets and the "
              "backup as for sms." },
    MFA_OPTION_END
};


void
mfa_send_values(const mfa_send_settings_t *settings, const mfa_words_t *words,
    mfa_value_t *map)
{
    mfa_value_t  *support;

    mfa_value_set_str(map, "brand", mfa_words_get(words, settings->brand));
    mfa_value_set_str(map, "origin", settings->origin.text);

    support = mfa_value_set_map(map, "support");

    mfa_value_set_str(support, "name",
                      mfa_words_get(words, settings->support.name));
    mfa_value_set_str(support, "mail", settings->support.mail);
    mfa_value_set_str(support, "phone", settings->support.phone);
    mfa_value_set_str(support, "chat", settings->support.chat);
}


bool
mfa_send_speaks(const mfa_send_settings_t *settings, mfa_str_t language)
{
    size_t               i;
    const mfa_sender_t  *sender;

    for (i = 0; i < settings->voice_count; i++) {
        sender = settings->voice[i].sender;

        if (sender->speaks != NULL && !sender->speaks(language)) {
            return false;
        }
    }

    return true;
}


bool
mfa_send_has(const mfa_send_settings_t *settings, const char *channel)
{
    size_t  count;

    (void) mfa_send_routes(settings, mfa_str_from(channel), &count);

    return count != 0;
}
