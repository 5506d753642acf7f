/*
 * The words of match phrases: short, friendly, told apart on a bad line.
 *
 * Read aloud between a person and staff, so no two of them sound alike and
 * none has a second spelling. They are no secret. There are as many as a
 * byte has values, so that a random byte names each as often as any other.
 */

#include "mfa_record.h"


static const char  request_words[MFA_REQUEST_WORDS][8] = {
    "acorn", "album", "almond", "amber", "anchor", "apple", "apron", "arrow",
    "artist", "atlas", "autumn", "avocado", "badger", "bagel", "bakery",
    "balcony", "bamboo", "banana", "banjo", "barley", "basil", "basket",
    "beacon", "beaver", "bicycle", "biscuit", "blanket", "blossom", "bonfire",
    "bottle", "bracket", "breeze", "bridge", "brother", "bubble", "bucket",
    "butter", "button", "cabin", "cactus", "camel", "camera", "candle",
    "canvas", "captain", "carpet", "carrot", "castle", "cedar", "cello",
    "cheese", "cherry", "chimney", "cinema", "circle", "citrus", "clover",
    "cobbler", "coconut", "coffee", "comet", "compass", "cookie", "copper",
    "corner", "cotton", "cousin", "crayon", "cricket", "crystal", "curtain",
    "cushion", "daisy", "dancer", "diamond", "dinner", "dolphin", "donkey",
    "dragon", "drummer", "eagle", "easel", "echo", "elbow", "emerald",
    "engine", "evening", "falcon", "farmer", "feather", "fennel", "fiddle",
    "forest", "fossil", "galaxy", "garden", "garlic", "gazelle", "ginger",
    "giraffe", "glacier", "goblet", "gondola", "gravel", "guitar", "hammock",
    "hamster", "harvest", "hazel", "helmet", "hiking", "holiday", "honey",
    "horizon", "hotel", "icicle", "igloo", "island", "ivory", "jacket",
    "jaguar", "jasmine", "jigsaw", "jogger", "journey", "juggler", "juniper",
    "kayak", "kettle", "kingdom", "kitten", "koala", "ladder", "lagoon",
    "lantern", "laundry", "lemon", "leopard", "lettuce", "library", "lily",
    "lizard", "lobster", "magnet", "mango", "maple", "marble", "market",
    "meadow", "mermaid", "mirror", "monsoon", "mosaic", "museum", "mustard",
    "napkin", "nectar", "needle", "nephew", "noodle", "nutmeg", "oasis",
    "ocean", "olive", "onion", "opera", "orange", "orchard", "origami",
    "otter", "oxygen", "oyster", "paddle", "panda", "papaya", "parcel",
    "pasta", "peach", "pebble", "pelican", "pencil", "penguin", "pepper",
    "piano", "picnic", "pigeon", "pillow", "pilot", "planet", "plum",
    "pocket", "poem", "pony", "poppy", "potato", "pottery", "prairie",
    "pretzel", "puffin", "pumpkin", "puppet", "puzzle", "quarry", "quilt",
    "rabbit", "radish", "rainbow", "raven", "ribbon", "river", "robin",
    "sailor", "salmon", "sandal", "satin", "saturn", "scarf", "seagull",
    "shadow", "shelter", "silver", "sparrow", "spinach", "spiral", "stadium",
    "sugar", "summer", "sunrise", "sweater", "tablet", "teapot", "temple",
    "tiger", "timber", "toast", "tomato", "topaz", "trumpet", "tulip",
    "tunnel", "turtle", "unicorn", "valley", "vanilla", "velvet", "violin",
    "volcano", "waffle", "walnut", "walrus", "window", "winter", "wombat",
    "yoga", "zebra", "zigzag"
};


mfa_str_t
mfa_request_word(uint8_t n)
{
    return mfa_str_from(request_words[n]);
}
