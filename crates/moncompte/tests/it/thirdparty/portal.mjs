// What the portals on Node share: how they are told who they are, how they talk with the test, and the visit itself.

import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

// What the libraries take for granted, and Node 18 keeps in its module.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;

export const [issuer, clientId, redirectUri, secret] = process.argv.slice(2);
export const scope = "openid profile email offline_access";

const lines = createInterface({ input: process.stdin });
const answers = lines[Symbol.asyncIterator]();

/** Says a word with its line, and gives back the test's answer. */
export async function ask(word, line) {
  console.log(`${word} ${line}`);
  const { value, done } = await answers.next();
  if (done) throw new Error("the test has hung up");
  return value;
}

/** Where the browser is, once it has been at this address. */
export async function browser(address) {
  return new URL(await ask("open", address.href));
}

/** The code of the error that the provider answers: in a body, at the callback or in a challenge. */
async function refused(attempt) {
  try {
    await attempt();
  } catch (error) {
    const code = error.error ?? error.cause?.[0]?.parameters?.error;
    if (code) return code;
    throw error;
  }
  throw new Error(`not refused: ${attempt}`);
}

/**
 * Everything that a portal does, by what a library is for: `asked` sends the browser to the provider and gives back how the answer's code
 * is redeemed, `claims` are those of the ID token, `userinfo` and `refresh` take tokens, `farewell` builds the address of the sign-out.
 */
export async function visit({ asked, claims, userinfo, refresh, farewell }) {
  const learnt = {};
  const tokens = await (await asked())();
  learnt.claims = claims(tokens);
  const { sub } = learnt.claims;
  learnt.userinfo = await userinfo(tokens, sub);

  const fresh = await refresh(tokens);
  learnt.refreshed = {
    rotated: fresh.refresh_token !== tokens.refresh_token,
    claims: claims(fresh),
    userinfo: await userinfo(fresh, sub),
  };
  // Sent twice, as by two workers: the same child. Once that is used, it is reuse.
  learnt.sent_twice = (await refresh(tokens)).refresh_token === fresh.refresh_token;
  const newest = await refresh(fresh);
  learnt.old_refresh_token = await refused(() => refresh(tokens));
  learnt.its_family = await refused(() => refresh(newest));

  const redeem = await asked();
  const second = await redeem();
  learnt.code_again = await refused(redeem);
  learnt.its_tokens = await refused(() => userinfo(second, sub));

  const hint = {
    id_token_hint: second.id_token,
    post_logout_redirect_uri: new URL("bye", redirectUri).href,
    state: "farewell",
  };
  learnt.farewell = await browser(farewell(hint));
  learnt.silently = await refused(await asked({ prompt: "none" }));
  console.log(`learnt ${JSON.stringify(learnt)}`);
  lines.close();
}
