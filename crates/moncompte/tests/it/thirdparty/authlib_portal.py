"""A portal on Authlib: told the issuer, its client id, its secret and its callback, and nothing more.

Arguments: issuer, client_id, redirect_uri, client_secret. Says `open <address>` where it sends the browser, is answered where the browser
was sent back, and says at the end `learnt <JSON>`.
"""

import json
import sys
import urllib.parse

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

issuer, client_id, redirect_uri, client_secret = sys.argv[1:]
metadata = requests.get(issuer + "/.well-known/openid-configuration", timeout=30).json()
assert metadata["issuer"] == issuer
keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=30).json())
client = OAuth2Session(
    client_id,
    client_secret,
    scope="openid profile email offline_access",
    redirect_uri=redirect_uri,
    code_challenge_method="S256",
    token_endpoint_auth_method="client_secret_basic",
)


def browser(address):
    """Where the browser is, once it has been at this address."""
    print("open", address, flush=True)
    return sys.stdin.readline().strip() or sys.exit("the test has hung up")


def asked(**more):
    """Sends the browser to the provider: what came back, the nonce of it, and how its code is redeemed."""
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more
    )
    back = browser(address)
    returned = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    # Authlib leaves the check of RFC 9207 to whoever calls it.
    assert returned["state"] == state and returned["iss"] == issuer, returned

    def redeem():
        return client.fetch_token(
            metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
        )

    return returned, nonce, redeem


def validated(id_token, **more):
    decoded = jwt.decode(id_token, keys, algorithms=metadata["id_token_signing_alg_values_supported"])
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        **more,
    ).validate(decoded.claims)
    return decoded.claims


def userinfo(token):
    """What the provider tells for this token, or the error that it names in its challenge."""
    client.token = token
    answer = client.get(metadata["userinfo_endpoint"], timeout=30)
    if answer.ok:
        return answer.json()
    return requests.utils.parse_dict_header(answer.headers["WWW-Authenticate"].partition(" ")[2])["error"]


def refreshed(token):
    return client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])


def refused(attempt, *arguments):
    try:
        attempt(*arguments)
    except OAuthError as error:
        return error.error
    sys.exit(f"{attempt.__name__} was not refused")


learnt = {}
_, nonce, redeem = asked()
token = redeem()
learnt["claims"] = validated(token["id_token"], nonce={"essential": True, "value": nonce})
learnt["userinfo"] = userinfo(token)

fresh = refreshed(token)
learnt["refreshed"] = {
    "rotated": fresh["refresh_token"] != token["refresh_token"],
    "claims": validated(fresh["id_token"]),
    "userinfo": userinfo(fresh),
}
# Sent twice, as by two workers: the same child. Once that is used, it is reuse.
learnt["sent_twice"] = refreshed(token)["refresh_token"] == fresh["refresh_token"]
newest = refreshed(fresh)
learnt["old_refresh_token"] = refused(refreshed, token)
learnt["its_family"] = refused(refreshed, newest)

_, _, redeem = asked()
second = redeem()
learnt["code_again"] = refused(redeem)
learnt["its_tokens"] = userinfo(second)

learnt["farewell"] = browser(
    metadata["end_session_endpoint"]
    + "?"
    + urllib.parse.urlencode(
        {
            "id_token_hint": second["id_token"],
            "post_logout_redirect_uri": urllib.parse.urljoin(redirect_uri, "bye"),
            "state": "farewell",
        }
    )
)
# Authlib leaves errors at the callback to its caller, too.
returned, _, _ = asked(prompt="none")
learnt["silently"] = returned["error"]
print("learnt", json.dumps(learnt), flush=True)
