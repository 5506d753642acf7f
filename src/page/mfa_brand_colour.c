/*
 * The colour of an organisation on our pages: what text is read on it, and
 * whether it can be read itself (WCAG 2.2, 1.4.3).
 */

#include "mfa_page.h"


#define CONTRAST_AA   450       /* in hundredths */
#define MIX_STEP      5         /* percent */

static const mfa_colour_t  white = { 0xff, 0xff, 0xff };
static const mfa_colour_t  black = { 0x00, 0x00, 0x00 };

/* panels of style.css, on which links are harder to read than on the page */

static const mfa_colour_t  day = { 0xf1, 0xf5, 0xf8 };
static const mfa_colour_t  night = { 0x1c, 0x25, 0x2d };


mfa_status_t
mfa_colour_parse(mfa_str_t text, mfa_colour_t *colour)
{
    int      digits[6];
    size_t   i, n;

    n = text.len - (text.len > 0);

    if (text.len == 0 || text.data[0] != '#' || (n != 3 && n != 6)) {
        return MFA_INVALID;
    }

    for (i = 0; i < 6; i++) {
        digits[i] = mfa_hex_value(text.data[1 + i * n / 6]);

        if (digits[i] < 0) {
            return MFA_INVALID;
        }
    }

    colour->red = (uint8_t) (digits[0] * 16 + digits[1]);
    colour->green = (uint8_t) (digits[2] * 16 + digits[3]);
    colour->blue = (uint8_t) (digits[4] * 16 + digits[5]);

    return MFA_OK;
}


/* a part of sRGB as light: the 2.4th power, of which the fifth root to the
 * twelfth saves the library of mathematics */

static double
part_light(uint8_t part)
{
    int     i;
    double  x, root, power;

    x = part / 255.0;

    if (x <= 0.04045) {
        return x / 12.92;
    }

    x = (x + 0.055) / 1.055;
    root = 1;

    for (i = 0; i < 40; i++) {
        root = (4 * root + x / (root * root * root * root)) / 5;
    }

    power = root * root * root;
    power *= power;

    return power * power;
}


static double
colour_light(mfa_colour_t colour)
{
    return 0.2126 * part_light(colour.red) + 0.7152 * part_light(colour.green)
           + 0.0722 * part_light(colour.blue);
}


unsigned
mfa_colour_contrast(mfa_colour_t a, mfa_colour_t b)
{
    double  one, two;

    one = colour_light(a) + 0.05;
    two = colour_light(b) + 0.05;

    return (unsigned) (100 * (one > two ? one / two : two / one) + 1e-6);
}


static uint8_t
part_mix(uint8_t part, uint8_t with, unsigned percent)
{
    return (uint8_t) ((part * (100 - percent) + with * percent) / 100);
}


static mfa_colour_t
colour_mix(mfa_colour_t colour, mfa_colour_t with, unsigned percent)
{
    return (mfa_colour_t) { part_mix(colour.red, with.red, percent),
                            part_mix(colour.green, with.green, percent),
                            part_mix(colour.blue, with.blue, percent) };
}


static mfa_colour_t
colour_text(mfa_colour_t colour)
{
    return mfa_colour_contrast(colour, white)
           >= mfa_colour_contrast(colour, black) ? white : black;
}


/* the same hue, light enough for a dark page */

static mfa_colour_t
colour_lighten(mfa_colour_t colour)
{
    unsigned      percent;
    mfa_colour_t  lighter;

    lighter = colour;

    for (percent = MIX_STEP; percent <= 100
         && mfa_colour_contrast(lighter, night) < CONTRAST_AA;
         percent += MIX_STEP)
    {
        lighter = colour_mix(colour, white, percent);
    }

    return lighter;
}


static void
put_colour(mfa_buf_t *buf, const char *name, mfa_colour_t colour)
{
    mfa_buf_printf(buf, "--%s:#%02x%02x%02x;", name, colour.red,
                   colour.green, colour.blue);
}


/* links keep our colour where theirs could not be read on the page */

static void
put_properties(mfa_buf_t *buf, mfa_colour_t colour, mfa_colour_t brand,
    mfa_colour_t page)
{
    mfa_buf_puts(buf, ":root{");
    put_colour(buf, "brand", brand);
    put_colour(buf, "on-brand", colour_text(brand));
    put_colour(buf, "button", colour);
    put_colour(buf, "button-edge",
               colour_mix(colour, page.red == day.red ? black : white, 40));
    put_colour(buf, "on-button", colour_text(colour));

    if (mfa_colour_contrast(colour, page) >= CONTRAST_AA) {
        put_colour(buf, "link", colour);
    }

    mfa_buf_puts(buf, "}\n");
}


static mfa_status_t
colour_warn(mfa_colour_t colour, mfa_colour_t page, mfa_arena_t *arena,
    mfa_strs_t *warnings)
{
    unsigned   ratio;
    mfa_str_t  text;

    ratio = mfa_colour_contrast(colour, page);

    if (ratio >= CONTRAST_AA) {
        return MFA_OK;
    }

    text = mfa_arena_printf(arena, "\"colour\" #%02x%02x%02x has a contrast "
                            "of %u.%02u:1 to %s pages, WCAG AA asks for "
                            "4.5:1: links keep their own colour, and text on "
                            "it is %s", colour.red, colour.green, colour.blue,
                            ratio / 100, ratio % 100,
                            page.red == day.red ? "light" : "dark",
                            colour_text(colour).red == white.red ? "white"
                                                                 : "black");

    return text.data != NULL ? mfa_strs_add(arena, warnings, text)
                             : MFA_NO_MEMORY;
}


mfa_status_t
mfa_brand_style(const mfa_brand_settings_t *brand, mfa_arena_t *arena,
    mfa_strs_t *warnings, mfa_str_t *style)
{
    mfa_buf_t     buf;
    mfa_colour_t  dark, dark_brand;
    mfa_status_t  st;

    *style = mfa_str("");

    if (!brand->has_colour) {
        return MFA_OK;
    }

    dark = brand->has_dark ? brand->dark : colour_lighten(brand->colour);
    dark_brand = brand->has_dark ? brand->dark
                                 : colour_mix(brand->colour, black, 50);

    st = colour_warn(brand->colour, day, arena, warnings);

    if (st == MFA_OK) {
        st = colour_warn(dark, night, arena, warnings);
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, arena, 1024);

    mfa_buf_puts(&buf, "\n");
    put_properties(&buf, brand->colour, brand->colour, day);
    mfa_buf_puts(&buf, "@media (prefers-color-scheme: dark){");
    put_properties(&buf, dark, dark_brand, night);
    mfa_buf_puts(&buf, "}\n");

    return mfa_buf_str(&buf, style);
}
