/*
 * libcurl: its set-up, and whom a connection trusts.
 *
 * The one place where TLS towards others is decided: there is no switch that
 * turns the verification off.
 */

#include "mfa_send_curl.h"

#include <pthread.h>


static CURLcode  curl_global_code;


static void
curl_global(void)
{
    curl_global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}


mfa_status_t
mfa_curl_ready(const mfa_ports_t *ports)
{
    static pthread_once_t  once = PTHREAD_ONCE_INIT;

    if (pthread_once(&once, curl_global) != 0 || curl_global_code != CURLE_OK)
    {
        mfa_log(ports, MFA_LOG_ERROR, "libcurl cannot be used");
        return MFA_UNAVAILABLE;
    }

    return MFA_OK;
}


CURLcode
mfa_curl_trust(CURL *curl, char *ca)
{
    CURLcode          rc;
    struct curl_blob  blob;

    rc = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    rc |= curl_easy_setopt(curl, CURLOPT_SSLVERSION,
                           (long) CURL_SSLVERSION_TLSv1_2);

    if (ca != NULL) {

        /* only this authority: the folder of the system would add its own */

        blob.data = ca;
        blob.len = strlen(ca);
        blob.flags = CURL_BLOB_NOCOPY;

        rc |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        rc |= curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
    }

    return rc;
}


bool
mfa_curl_is_tls_fault(CURLcode rc)
{
    switch (rc) {
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
        return true;
    default:
        return false;
    }
}
