/*
 * What each provider is asked, byte by byte.
 */

#include "mfa_provider_fixture.h"


#define ID      "00112233445566778899aabbccddeeff"
#define TEXT    "482193%20is%20your%20code%20for%20A%26B%20%22x%22.%0A%0A" \
                "%40people.example.org%20%23482193"
#define JTEXT   "482193 is your code for A&B \\\"x\\\".\\n\\n" \
                "@people.example.org #482193"
#define ACCOUNT "AC0123456789abcdef0123456789abcdef"
#define FORM    "Content-Type: application/x-www-form-urlencoded"
#define JSON    "Content-Type: application/json"

#define TWILIO  "sms twilio account=" ACCOUNT " key_file=key"
#define NOTIFY  "sms govuk_notify key_file=notify template=" TEMPLATE
#define VONAGE  "sms vonage key=abcd1234 key_file=key from=Council"
#define BIRD    "sms messagebird key_file=key from=Council"
#define CALL    "voice twilio account=" ACCOUNT " key_file=key" \
                " from=+441632960000"


typedef struct {
    const char  *words;         /* of the line */
    const char  *base;          /* path of "url=" */
    const char  *first;         /* line of the request */
    const char  *headers[4];    /* besides those that every request has */
    const char  *body;
} shape_t;


/* every header is one of those expected, and each of those is there once */

static void
check_headers(const shape_t *shape, mfa_str_t head)
{
    char        host[64], length[64];
    size_t      i, found;
    mfa_str_t   line;

    const char  *wanted[] = {
        host, length, "User-Agent: ngx_mfa_module", "Idempotency-Key: " ID,
        shape->headers[0], shape->headers[1], shape->headers[2],
        shape->headers[3]
    };

    snprintf(host, sizeof(host), "Host: 127.0.0.1:%d", t.port);
    snprintf(length, sizeof(length), "Content-Length: %zu",
             strlen(shape->body));
    found = 0;

    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (wanted[i] != NULL && !text_has(head, wanted[i])) {
            fail_msg("%s: \"%s\" is missing in\n%.*s", shape->words,
                     wanted[i], MFA_STR_ARG(head));
        }
    }

    while (head.len != 0) {
        line = mfa_str_trim(mfa_str_split(&head, '\n'));

        for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
            found += wanted[i] != NULL && mfa_str_eq_c(line, wanted[i]);
        }

        if (mfa_str_eq_c(line, "Accept: */*")) {
            found++;
        }

        if (line.len != 0 && found == 0) {
            fail_msg("%s: \"%.*s\" is too much", shape->words,
                     MFA_STR_ARG(line));
        }

        found = 0;
    }
}


static void
check_shape(const shape_t *shape, const mfa_letter_t *what)
{
    char               name[32];
    mfa_str_t          raw, first, body;
    const char        *end;
    mfa_send_result_t  result;

    t.asked = count_requests();
    result = send_letter(shape->words, plain_base(shape->base), what);

    if (result.outcome != MFA_SEND_DONE) {
        fail_msg("%s: %s", shape->words, result.reason);
    }

    assert_int_equal(count_requests(), t.asked + 1);
    snprintf(name, sizeof(name), "raw.%u", t.asked + 1);
    raw = read_text(name);

    end = memmem(raw.data, raw.len, "\r\n\r\n", 4);
    assert_non_null(end);
    body = mfa_str_bytes(end + 4, (size_t) (raw.data + raw.len - end - 4));
    raw.len -= body.len;
    first = mfa_str_split(&raw, '\n');

    if (!mfa_str_eq_c(body, shape->body)
        || !mfa_str_eq_c(mfa_str_trim(first), shape->first))
    {
        fail_msg("%s: " MFA_STR_FMT "\n" MFA_STR_FMT, shape->words,
                 MFA_STR_ARG(first), MFA_STR_ARG(body));
    }

    check_headers(shape, raw);
    assert_null(strstr(t.log, "s3cret"));
    assert_int_equal(t.errors, 0);
}


static void
twilio_is_asked_for_a_message(void **state)
{
    size_t                i;

    static const shape_t  shapes[] = {
        { TWILIO " from=+441632960000", "",
          "POST /2010-04-01/Accounts/" ACCOUNT "/Messages.json HTTP/1.1",
          { "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2"
            "RlZjpzM2NyZXQ=", FORM },
          "To=%2B447700900123&From=%2B441632960000&Body=" TEXT },
        { "sms twilio account=" ACCOUNT " key_file=pair"
          " service=MG00112233445566778899aabbccddeeff", "/gate/",
          "POST /gate/2010-04-01/Accounts/" ACCOUNT "/Messages.json HTTP/1.1",
          { "Authorization: Basic U0swMTIzOnMzY3JldA==", FORM },
          "To=%2B447700900123&MessagingServiceSid="
          "MG00112233445566778899aabbccddeeff&Body=" TEXT },
        { TWILIO " from=Example~Co", "",
          "POST /2010-04-01/Accounts/" ACCOUNT "/Messages.json HTTP/1.1",
          { FORM },
          "To=%2B447700900123&From=Example%20Co&Body=" TEXT },
    };

    (void) state;

    for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        shape_t  shape = shapes[i];

        if (i == 2) {
            shape.headers[1] = shapes[0].headers[0];
        }

        check_shape(&shape, &letter);
    }
}


/* what is said is text: a name with markup in it cannot become markup */

static void
twilio_is_asked_for_a_call(void **state)
{
    mfa_letter_t          call = letter;

    static const shape_t  shape = {
        CALL, "", "POST /2010-04-01/Accounts/" ACCOUNT "/Calls.json HTTP/1.1",
        { "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2"
          "RlZjpzM2NyZXQ=", FORM },
        "To=%2B447700900123&From=%2B441632960000&Twiml=%3CResponse%3E%3CSay"
        "%20language%3D%22en-GB%22%3EYour%20code%3A%204%2C%208%20%26amp%3B"
        "%20%26lt%3B1%26gt%3B%20%26apos%3B%26quot%3B%3C%2FSay%3E"
        "%3C%2FResponse%3E"
    };

    static const shape_t  welsh = {
        CALL, "", "POST /2010-04-01/Accounts/" ACCOUNT "/Calls.json HTTP/1.1",
        { "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2"
          "RlZjpzM2NyZXQ=", FORM },
        "To=%2B447700900123&From=%2B441632960000&Twiml=%3CResponse%3E%3CSay"
        "%20language%3D%22cy-GB%22%20voice%3D%22Polly.Gwyneth%22%3EHelo"
        "%3C%2FSay%3E%3C%2FResponse%3E"
    };

    (void) state;

    call.text = mfa_str("Your code: 4, 8 & <1> '\"");
    check_shape(&shape, &call);

    call.text = mfa_str("Helo");
    call.language = mfa_str("cy");
    check_shape(&welsh, &call);

    assert_true(t.settings.voice[0].sender->speaks(mfa_str("cy")));
    assert_true(t.settings.voice[0].sender->speaks(mfa_str("en-IE")));
    assert_false(t.settings.voice[0].sender->speaks(mfa_str("gd")));
}


static void
notify_is_asked_with_a_token_of_its_own(void **state)
{
    char                  name[32];
    mfa_str_t             first, second;

    static const shape_t  plain = {
        NOTIFY, "", "POST /v2/notifications/sms HTTP/1.1",
        { "Authorization: Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3"
          "MiOiJhYWFhYWFhYS1iYmJiLTRjY2MtOGRkZC1lZWVlZWVlZWVlZWUiLCJpYXQiOjE"
          "3OTAwMDAwMDB9.6xMzkhf-dtKilpbB9tFkp9fZzO6kjj-gVVhhBPMyo3g", JSON },
        "{\"phone_number\":\"+447700900123\",\"template_id\":\"" TEMPLATE
        "\",\"personalisation\":{\"code\":\"482193\"},\"reference\":\"" ID
        "\"}"
    };

    static const shape_t  named = {
        NOTIFY " sender=" SERVICE, "", "POST /v2/notifications/sms HTTP/1.1",
        { "Authorization: Bearer ", JSON },
        "{\"phone_number\":\"+447700900123\",\"template_id\":\"" TEMPLATE
        "\",\"personalisation\":{\"code\":\"482193\"},\"reference\":\"" ID
        "\",\"sms_sender_id\":\"" SERVICE "\"}"
    };

    (void) state;

    check_shape(&plain, &letter);
    assert_int_equal(send_letter(named.words, plain_base(""),
                                 &letter).outcome, MFA_SEND_DONE);

    /* the token is of its moment: a second later it is another */

    snprintf(name, sizeof(name), "raw.%u", count_requests());
    first = read_text(name);
    assert_true(text_has(first, named.body));

    t.now += MFA_SECOND;
    assert_int_equal(send_letter(plain.words, plain_base(""),
                                 &letter).outcome, MFA_SEND_DONE);
    snprintf(name, sizeof(name), "raw.%u", count_requests());
    second = read_text(name);
    assert_true(text_has(first, plain.headers[0]));
    assert_false(text_has(second, plain.headers[0]));
    assert_false(text_has(first, SECRET));
    assert_false(text_has(second, SECRET));
}


static void
vonage_is_asked(void **state)
{
    mfa_letter_t          greek = letter;

    static const shape_t  shape = {
        VONAGE, "", "POST /sms/json HTTP/1.1", { FORM },
        "api_key=abcd1234&api_secret=s3cret&from=Council&to=447700900123"
        "&text=" TEXT "&client-ref=" ID
    };

    static const shape_t  number = {
        "sms vonage key=abcd1234 key_file=key from=+441632960000", "",
        "POST /sms/json HTTP/1.1", { FORM },
        "api_key=abcd1234&api_secret=s3cret&from=441632960000"
        "&to=447700900123&text=%C3%A9%E2%82%AC%CE%A9%5B&client-ref=" ID
    };

    static const shape_t  unicode = {
        VONAGE, "", "POST /sms/json HTTP/1.1", { FORM },
        "api_key=abcd1234&api_secret=s3cret&from=Council&to=447700900123"
        "&text=%C3%AA%60&type=unicode&client-ref=" ID
    };

    (void) state;

    check_shape(&shape, &letter);

    /* of the 7-bit alphabet, and not */

    greek.text = mfa_str("\xc3\xa9\xe2\x82\xac\xce\xa9[");
    check_shape(&number, &greek);
    greek.text = mfa_str("\xc3\xaa`");
    check_shape(&unicode, &greek);
}


static void
messagebird_is_asked(void **state)
{
    static const shape_t  shape = {
        BIRD, "", "POST /messages HTTP/1.1",
        { JSON, "Authorization: AccessKey s3cret",
          "Accept: application/json" },
        "{\"originator\":\"Council\",\"recipients\":[\"447700900123\"],"
        "\"body\":\"" JTEXT "\",\"reference\":\"" ID "\","
        "\"datacoding\":\"auto\"}"
    };

    (void) state;

    check_shape(&shape, &letter);
}


/* each value is escaped for where it goes, whatever is in it */

static void
a_gateway_is_asked_with_a_body_of_ones_own(void **state)
{
    static const shape_t  json = {
        "sms http body_file=json", "/send?from=us",
        "POST /send?from=us HTTP/1.1", { JSON },
        "{\"to\": \"+447700900123\", \"text\": \"" JTEXT "\"}"
    };

    static const shape_t  form = {
        "sms http body_file=form header_file=headers method=PUT"
        " content_type=application/x-www-form-urlencoded;charset=utf-8"
        " success=^acc.*d", "/send", "PUT /send HTTP/1.1",
        { FORM ";charset=utf-8", "Authorization: Bearer s3cret",
          "X-Tenant: 7" },
        "key=k&number=447700900123&msg=" TEXT "&code=482193&lang=en&ref=" ID
    };

    (void) state;

    write_file("form", "key=k&number={{to_digits}}{{! theirs }}&msg={{ text "
               "}}&code={{code}}&lang={{language}}&ref={{id}}\n", 0644);
    write_file("headers", "Authorization: Bearer s3cret\n\nX-Tenant: 7\n",
               0600);

    check_shape(&json, &letter);
    check_shape(&form, &letter);
}


/* I6: over TLS as well, to the host that the certificate names */

static void
tls_is_verified(void **state)
{
    char               base[64];
    mfa_send_result_t  result;

    (void) state;

    snprintf(base, sizeof(base), "https://localhost:%d", t.tls_port);
    result = send_letter(BIRD " ca_file=good.pem", base, &letter);
    assert_int_equal(result.outcome, MFA_SEND_DONE);

    /* an authority of the system's list is not ours */

    t.asked = count_requests();
    result = send_letter(BIRD, base, &letter);
    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_true(result.is_down);

    write_file("mode", "cert=wrong", 0600);
    result = send_letter(BIRD " ca_file=wrong.pem", base, &letter);
    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_true(result.is_down);
    assert_false(result.is_unclear);
    assert_string_equal(result.reason, "no trusted TLS with the provider");

    result = send_letter(BIRD " ca_file=good.pem", base, &letter);
    assert_true(result.is_down);

    assert_int_equal(count_requests(), t.asked);
    assert_int_equal(t.errors, 3);
    assert_null(strstr(t.log, "s3cret"));
    assert_null(strstr(t.log, "7700"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(twilio_is_asked_for_a_message),
        TEST(twilio_is_asked_for_a_call),
        TEST(notify_is_asked_with_a_token_of_its_own),
        TEST(vonage_is_asked),
        TEST(messagebird_is_asked),
        TEST(a_gateway_is_asked_with_a_body_of_ones_own),
        TEST(tls_is_verified),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, provider_start, provider_stop);
}
