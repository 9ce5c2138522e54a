// The app as a member has it, against a demo server: sign in by a code, see screens, redeem, show a card, and follow
// what a till does without asking again. Its screens are compared with what the API answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { codeFor, newKey, openTill, sheet, url, within } from "./demo.mjs"; // copied beside it by scripts/try-clients
import { freshCard, load, Refused, redeem, registerDevice, requestCode, signIn } from "./dist/actions.js";
import { openApp } from "./dist/client.js";
import { follow } from "./dist/live.js";
import { cardScreen } from "./dist/screens/card.js";
import { historyScreen } from "./dist/screens/history.js";
import { homeScreen } from "./dist/screens/home.js";
import { redeemable, rewardsScreen } from "./dist/screens/rewards.js";

const member = sheet.members[9];
const installationId = newKey();
const heard = [];
let app, till, tokens, following;
const screens = () => [homeScreen, rewardsScreen, historyScreen].map((screen) => screen(app.client.cache));

before(async () => {
  tokens = null;
  const secrets = {
    read: () => tokens,
    write: (next) => {
      tokens = next;
    },
  };
  app = openApp(url, secrets, WebSocket);
  till = await openTill();
});
after(async () => {
  following?.stop();
  await app.close();
});

test("a member signs in by a code; a wrong one is refused in words", async () => {
  const challenge = await requestCode(app, member.email);
  const code = await within(10, () => codeFor(member.email), "the code on the console");
  const wrong = code === "000000" ? "111111" : "000000";
  await assert.rejects(
    signIn(app, { contact: member.email, code: wrong, challenge, installationId }),
    (fault) => fault instanceof Refused && fault.message.length > 10,
  );
  await signIn(app, { contact: member.email, code, challenge, installationId });
  assert.ok(tokens.accessToken);
});

test("every screen is drawn from the cache alone", async () => {
  assert.equal(homeScreen(app.client.cache), "Loading ...");
  const cursor = await load(app);
  const [home, rewards] = screens();
  assert.match(home, new RegExp(member.number));
  assert.match(home, /NumisPo|NumisPu/);
  assert.match(rewards, /Vouchers/);
  following = follow(app, cursor, (kind) => heard.push(kind));
});

test("a device is registered once by one key, and has a card", async () => {
  const key = newKey();
  const device = { installationId, platform: "ANDROID" };
  const [first, again] = [await registerDevice(app, device, key), await registerDevice(app, device, key)];
  assert.equal(first, again);
  await freshCard(app);
  assert.match(cardScreen(app.client.cache), new RegExp(`${member.number}\n2?1?[\\w-]{20,}`));
});

test("a token that is refused is renewed once, however many requests meet it", async () => {
  const before = tokens;
  tokens = { ...before, accessToken: `${before.accessToken.slice(0, -4)}AAAA` };
  await Promise.all([load(app), load(app), freshCard(app)]);
  assert.notEqual(tokens.refreshToken, before.refreshToken);
});

test("what a till does shows on each screen without a question", async () => {
  const [before] = screens();
  await till.sell(member.number, 12_300);
  await within(20, () => historyScreen(app.client.cache).includes("123.00"), "the purchase in the history");
  assert.notEqual(homeScreen(app.client.cache), before);
  assert.ok(heard.includes("BalanceChanged"), heard.join(" "));
});

test("a reward is redeemed once by one key, and its voucher comes by itself", async () => {
  const reward = redeemable(app.client.cache);
  if (reward === null) return assert.match(rewardsScreen(app.client.cache), /LOCKED|\(/);
  const key = newKey();
  const [code, again] = [await redeem(app, reward, key), await redeem(app, reward, key)];
  assert.equal(code, again);
  await within(20, () => rewardsScreen(app.client.cache).includes("ISSUED"), "the voucher in its list");
});

test("after all of it the cache is what a new query answers", async () => {
  await within(
    20,
    async () => {
      const seen = screens().join("\n---\n");
      await load(app);
      return seen === screens().join("\n---\n");
    },
    "a cache that is up to date",
  );
});
