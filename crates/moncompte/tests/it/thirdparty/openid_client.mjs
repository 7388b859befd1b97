// A portal on openid-client: it is told the issuer, and finds everything else by discovery.

import * as client from "openid-client";
import { browser, clientId, issuer, redirectUri, scope, secret, visit } from "./portal.mjs";

const authentication = client.ClientSecretPost(secret);
// The provider of a test is on this machine, in clear.
const execute = [client.allowInsecureRequests];
const config = await client.discovery(new URL(issuer), clientId, undefined, authentication, { execute });

async function asked(more) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    ...more,
  });
  const back = await browser(address);
  // The library demands `iss` (RFC 9207 §2.4), because the metadata announces it.
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return () => client.authorizationCodeGrant(config, back, checks);
}

await visit({
  asked,
  claims: (tokens) => tokens.claims(),
  userinfo: (tokens, sub) => client.fetchUserInfo(config, tokens.access_token, sub),
  refresh: (tokens) => client.refreshTokenGrant(config, tokens.refresh_token),
  farewell: (hint) => client.buildEndSessionUrl(config, hint),
});
