/*
 * The options of the brand: languages, words, templates, logo, colour.
 */

#include "mfa_page.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>


#define LOGO_DIGEST  8          /* bytes of it in the name */


static
MFA_OPTION_SETTER(set_languages)
{
    size_t                 i;
    mfa_status_t           st;
    mfa_brand_settings_t  *brand = target;

    (void) option;

    if (line->nargs == 0 || line->nargs > MFA_LANGUAGES_MAX) {
        mfa_error_set(error, "\"languages\" needs 1 to %d tags",
                      MFA_LANGUAGES_MAX);
        return MFA_CONFIG;
    }

    for (i = 0; i < line->nargs; i++) {
        if (!mfa_language_is_tag(line->args[i])) {
            mfa_error_set(error, "\"" MFA_STR_FMT "\" in \"languages\" is no "
                          "tag of a language, such as \"cy\" or \"en-GB\"",
                          MFA_STR_ARG(line->args[i]));
            return MFA_CONFIG;
        }

        if (mfa_strs_has(&brand->languages, line->args[i])) {
            mfa_error_set(error, "\"" MFA_STR_FMT "\" is twice in "
                          "\"languages\"", MFA_STR_ARG(line->args[i]));
            return MFA_CONFIG;
        }

        st = mfa_strs_add(arena, &brand->languages, line->args[i]);
        if (st != MFA_OK) {
            mfa_error_set(error, "out of memory");
            return st;
        }
    }

    return MFA_OK;
}


static
MFA_OPTION_SETTER(set_colour)
{
    mfa_str_t              dark;
    mfa_brand_settings_t  *brand = target;

    (void) option;
    (void) arena;

    dark = mfa_null;

    if (line->nargs < 1 || line->nargs > 2
        || mfa_colour_parse(line->args[0], &brand->colour) != MFA_OK
        || (line->nargs == 2
            && (mfa_parse_named(line->args[1], "dark", &dark) != MFA_OK
                || mfa_colour_parse(dark, &brand->dark) != MFA_OK)))
    {
        mfa_error_set(error, "\"colour\" needs \"#RRGGBB\" and may have "
                      "\"dark=#RRGGBB\"");
        return MFA_CONFIG;
    }

    brand->has_colour = true;
    brand->has_dark = line->nargs == 2;

    return MFA_OK;
}


static bool
has_bytes(mfa_str_t body, size_t at, const char *bytes, size_t len)
{
    return body.len >= at + len && memcmp(body.data + at, bytes, len) == 0;
}


/* past "<?...?>", "<!--...-->", "<!DOCTYPE ...>" in front of the element */

static mfa_str_t
svg_skip(mfa_str_t text)
{
    size_t       i;
    const char  *found;

    static const char *const  parts[][2] = {
        { "<?", "?>" }, { "<!--", "-->" }, { "<!DOCTYPE", ">" }
    };

    text = mfa_str_trim(text);

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!mfa_str_has_prefix(text, mfa_str_from(parts[i][0]))) {
            continue;
        }

        found = memmem(text.data, text.len, parts[i][1], strlen(parts[i][1]));
        if (found == NULL) {
            return mfa_null;
        }

        found += strlen(parts[i][1]);
        text = mfa_str_trim(mfa_str_bytes(found, text.len
                                          - (size_t) (found - text.data)));
        i = (size_t) -1;
    }

    return text;
}


static bool
is_svg(mfa_str_t body)
{
    mfa_str_t  text;

    if (body.len == 0 || !mfa_text_is_utf8(body)
        || memchr(body.data, '\0', body.len) != NULL)
    {
        return false;
    }

    if (has_bytes(body, 0, "\xef\xbb\xbf", 3)) {
        body = mfa_str_bytes(body.data + 3, body.len - 3);
    }

    text = svg_skip(body);

    return text.len > 4 && memcmp(text.data, "<svg", 4) == 0
           && strchr(" \t\r\n>", text.data[4]) != NULL;
}


const char *
mfa_logo_type(mfa_str_t body, const char **suffix)
{
    if (has_bytes(body, 0, "\x89PNG\r\n\x1a\n", 8)) {
        *suffix = ".png";
        return "image/png";
    }

    if (has_bytes(body, 0, "\xff\xd8\xff", 3)) {
        *suffix = ".jpg";
        return "image/jpeg";
    }

    if (has_bytes(body, 0, "GIF87a", 6) || has_bytes(body, 0, "GIF89a", 6)) {
        *suffix = ".gif";
        return "image/gif";
    }

    if (has_bytes(body, 0, "RIFF", 4) && has_bytes(body, 8, "WEBP", 4)) {
        *suffix = ".webp";
        return "image/webp";
    }

    if (is_svg(body)) {
        *suffix = ".svg";
        return "image/svg+xml";
    }

    return NULL;
}


static mfa_status_t
logo_read_fd(int fd, mfa_arena_t *arena, mfa_str_t *body)
{
    char         *data;
    size_t        len;
    ssize_t       n;
    struct stat   info;

    if (fstat(fd, &info) == -1 || !S_ISREG(info.st_mode)) {
        return MFA_NOT_FOUND;
    }

    if (info.st_size > MFA_LOGO_MAX || info.st_size == 0) {
        return MFA_INVALID;
    }

    data = mfa_arena_alloc(arena, (size_t) info.st_size);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    for (len = 0; len < (size_t) info.st_size; len += (size_t) n) {
        n = read(fd, data + len, (size_t) info.st_size - len);
        if (n <= 0) {
            return MFA_NOT_FOUND;
        }
    }

    *body = mfa_str_bytes(data, len);

    return MFA_OK;
}


static mfa_status_t
logo_read(const char *path, mfa_arena_t *arena, mfa_str_t *body,
    mfa_error_t *error)
{
    int           fd;
    mfa_status_t  st;

    /* a pipe in its place must not hang nginx -t */

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    st = (fd == -1) ? MFA_NOT_FOUND : logo_read_fd(fd, arena, body);

    if (st == MFA_NOT_FOUND) {
        mfa_error_set(error, "\"logo\" \"%s\" cannot be read (%d: %s)", path,
                      errno, strerror(errno));

    } else if (st == MFA_INVALID) {
        mfa_error_set(error, "\"logo\" \"%s\" is empty or larger than %d "
                      "bytes", path, MFA_LOGO_MAX);

    } else if (st != MFA_OK) {
        mfa_error_set(error, "out of memory");
    }

    if (fd != -1) {
        (void) close(fd);       /* it was only read */
    }

    return (st == MFA_NOT_FOUND || st == MFA_INVALID) ? MFA_CONFIG : st;
}


static mfa_status_t
logo_name(mfa_logo_t *logo, const char *suffix, mfa_arena_t *arena)
{
    uint8_t       digest[MFA_DIGEST_SIZE];
    mfa_str_t     text;
    mfa_status_t  st;

    st = mfa_sha256(logo->body, digest);

    if (st == MFA_OK) {
        st = mfa_hex_encode(arena, mfa_str_bytes(digest, LOGO_DIGEST), &text);
    }

    if (st != MFA_OK) {
        return st;
    }

    logo->name = mfa_arena_printf(arena, MFA_STR_FMT "%s", MFA_STR_ARG(text),
                                  suffix);

    return logo->name.data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


static
MFA_OPTION_SETTER(set_logo)
{
    mfa_str_t    path;
    const char  *type, *suffix;
    mfa_status_t st;
    mfa_logo_t  *logo = &((mfa_brand_settings_t *) target)->logo;

    (void) option;

    if (line->nargs != 1) {
        mfa_error_set(error, "invalid number of arguments in \"logo\" "
                      "directive");
        return MFA_CONFIG;
    }

    st = mfa_parse_path(line, line->args[0], arena, &path);
    if (st != MFA_OK) {
        mfa_error_set(error, "invalid path in \"logo\"");
        return (st == MFA_INVALID) ? MFA_CONFIG : st;
    }

    st = logo_read(path.data, arena, &logo->body, error);
    if (st != MFA_OK) {
        return st;
    }

    type = mfa_logo_type(logo->body, &suffix);
    if (type == NULL) {
        mfa_error_set(error, "\"logo\" \"%s\" is no SVG, PNG, JPEG, WebP or "
                      "GIF", path.data);
        return MFA_CONFIG;
    }

    logo->type = mfa_str_from(type);

    st = logo_name(logo, suffix, arena);
    if (st != MFA_OK) {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    return st;
}


const mfa_option_t  mfa_brand_options[] = {

    { .name = "languages",
      .syntax = "LANG ...",
      .fallback = "en",
      .help = "The languages of pages and messages; the first is for whoever "
              "asks for none of them. Each has a file LANG.po among the words. "
              "With two or more every page links to the others.",
      .set = set_languages },

    { .name = "words",
      .syntax = "DIR",
      .help = "A folder of your own LANG.po: a language that is not "
              "installed, or other words for single texts of one that is. "
              "What is not in there is taken from the installed file of the "
              "language, then in English. Names in the options, such as brand "
              "and the labels of applications, are texts too.",
      .set = mfa_option_set_path,
      .offset = offsetof(mfa_brand_settings_t, words) },

    { .name = "templates",
      .syntax = "DIR",
      .help = "A folder of your own templates: a file there takes the place "
              "of the installed one of the same name, style.css among them; "
              "brand.css is added to the style sheet. Every form must keep "
              "its fields.",
      .set = mfa_option_set_path,
      .offset = offsetof(mfa_brand_settings_t, templates) },

    { .name = "logo",
      .syntax = "FILE",
      .help = "A picture for the head of every page, in the place of the "
              "name: SVG, PNG, JPEG, WebP or GIF of at most 256 kilobytes.",
      .set = set_logo },

    { .name = "colour",
      .syntax = "#RRGGBB [dark=#RRGGBB]",
      .help = "The colour of the head, of buttons and of links, and the one "
              "on dark pages; without dark= a lighter one of it. Text on it "
              "is black or white, whichever can be read better.",
      .set = set_colour },

    MFA_OPTION_END
};
