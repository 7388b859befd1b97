// A portal on oauth4webapi, which holds each answer against the letter of its specification. It proves itself by a key of its own
// (private_key_jwt, OIDC Core §9), which it shows the test before anything else.

import * as oauth from "oauth4webapi";
import { ask, browser, clientId, issuer, redirectUri, scope, visit } from "./portal.mjs";

const { privateKey, publicKey } = await oauth.generateKeyPair("ES256");
const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
const kid = "portal-1";
await ask("key", JSON.stringify({ kty, crv, x, y, kid, alg: "ES256", use: "sig" }));

// The provider of a test is on this machine, in clear.
const clear = { [oauth.allowInsecureRequests]: true };
const at = new URL(issuer);
const as = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, clear));
const client = { client_id: clientId };
const proof = oauth.PrivateKeyJwt({ key: privateKey, kid });

async function asked(more) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, expectedNonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const address = new URL(as.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope,
    state,
    nonce: expectedNonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  });
  const back = await browser(address);
  return async () => {
    // `iss` too (RFC 9207 §2.4), because the metadata announces it.
    const returned = oauth.validateAuthResponse(as, client, back, state);
    const request = [as, client, proof, returned, redirectUri, verifier, clear];
    const answer = await oauth.authorizationCodeGrantRequest(...request);
    const checks = { expectedNonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, checks);
    // The signature too, which OIDC Core §3.1.3.7 lets a client skip where TLS brought the token.
    await oauth.validateApplicationLevelSignature(as, answer, clear);
    return tokens;
  };
}

async function userinfo(tokens, sub) {
  const answer = await oauth.userInfoRequest(as, client, tokens.access_token, clear);
  return oauth.processUserInfoResponse(as, client, sub, answer);
}

async function refresh(tokens) {
  const answer = await oauth.refreshTokenGrantRequest(as, client, proof, tokens.refresh_token, clear);
  return oauth.processRefreshTokenResponse(as, client, answer);
}

function farewell(hint) {
  const address = new URL(as.end_session_endpoint);
  address.search = new URLSearchParams(hint);
  return address;
}

await visit({ asked, claims: oauth.getValidatedIdTokenClaims, userinfo, refresh, farewell });
