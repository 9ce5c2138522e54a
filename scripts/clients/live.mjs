// Live means live: Apollo's cache, fed by the events of memberActivity and by nothing else, equals a new query
// after each of 300 random acts of a phone, a till and a friend, every kind of act at least ten times.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { ask, cuttable, enrol, newKey, openTill, signIn, socketUrl, url, within } from "./demo.mjs";

const ACTS = 300;
const AT_LEAST = 10;
const SEED = Number(process.env.SEED ?? 20261129);

const SCREEN = `fragment Screen on Member { id number name email birthday locale timezone status termsAccepted
  wallets { id code available pending debt earned spent expired expiring { amount on } } balance { id }
  pointHistory(first: 10) { edges { node { id amount title balanceAfter } } }
  tier { id current { id code } next { id code } qualifying toNext fraction until history { from to reason } }
  badges { id level progress target stamps acceptedAt acceptable earnedAt badge { id code } }
  rewards(first: 20) { edges { node { id rewardState missing locks { reason message } reward { id code } } } }
  purchases(first: 5) { edges { node { id externalId total refunded } } }
  vouchers(first: 10) { edges { node { id voucherState usedAt cancellable } } }
  messages(first: 10) { unread edges { node { id title body readAt survey { code score } } } }
  plan { plan { code } since until } referral { invited qualified }
  attributes { name value } consents { id purpose granted } }`;
const ME = gql`query Me { me { ...Screen } } ${gql(SCREEN)}`;
const LIVE = gql`subscription Live($after: String) { memberActivity(after: $after) {
  cursor activity { __typename } member { ...Screen } } } ${gql(SCREEN)}`;

let phone, other, till, sockets, client, cut, random;
const heard = [];
let following;

before(async () => {
  random = seeded(SEED);
  [phone, other, till] = [await signIn(7), await signIn(7, "second-phone"), await openTill(1)];
  const cuts = cuttable();
  cut = cuts.cut;
  sockets = createClient({
    url: socketUrl,
    webSocketImpl: cuts.Socket,
    connectionParams: { authorization: `Bearer ${phone.accessToken}` },
    retryAttempts: 20,
    retryWait: async () => {},
  });
  client = new ApolloClient({ link: new GraphQLWsLink(sockets), cache: new InMemoryCache() });
  const first = await ask("{ me { activityCursor } }", {}, phone.accessToken);
  let cursor = first.me.activityCursor;
  client.writeQuery({ query: ME, data: await asked() });
  const variables = Object.defineProperty({}, "after", { enumerable: true, get: () => cursor });
  following = client.subscribe({ query: LIVE, variables }).subscribe(({ data, error }) => {
    if (error) throw error;
    cursor = data.memberActivity.cursor;
    heard.push(data.memberActivity.activity.__typename);
  });
});
after(async () => {
  following?.unsubscribe();
  client?.stop();
  await sockets?.dispose();
});

/** What a query answers now, in the form in which Apollo's cache holds it: with the names of types. */
async function asked() {
  const fresh = new ApolloClient({
    cache: new InMemoryCache(),
    link: new HttpLink({ uri: url, headers: { authorization: `Bearer ${other.accessToken}` } }),
  });
  const { data } = await fresh.query({ query: ME });
  fresh.stop();
  return data;
}

test(`after each of ${ACTS} random acts the cache is what a query answers (seed ${SEED})`, async () => {
  const counts = Object.fromEntries(Object.keys(acts).map((name) => [name, 0]));
  const names = [...Object.keys(acts).flatMap((name) => Array(AT_LEAST).fill(name))];
  const rest = Object.keys(acts).filter((name) => !ONCE_EACH.has(name));
  while (names.length < ACTS) names.push(pick(rest));
  shuffle(names);
  for (const [at, name] of names.entries()) {
    if (at % 50 === 49) cut();
    await acts[name](at);
    counts[name] += 1;
    const what = `${name}, act ${at + 1}`;
    let seen, truth;
    await within(
      20,
      async () => {
        truth = JSON.stringify((await asked()).me);
        seen = JSON.stringify(client.readQuery({ query: ME })?.me);
        return seen === truth;
      },
      what,
    ).catch(() => assert.deepEqual(JSON.parse(seen), JSON.parse(truth), what));
  }
  assert.equal(names.length, ACTS);
  for (const [name, times] of Object.entries(counts)) assert.ok(times >= AT_LEAST, `${name}: ${times} times`);
  const kinds = [...new Set(heard)].sort();
  console.log(`# ${heard.length} events of ${kinds.length} kinds: ${kinds.join(", ")}`);
});

// --- what a member, a till and a friend may do

const sold = [];
const redeemed = { open: [], used: [] };
// What can be done but once of each: there are as many as the test wants.
const ONCE_EACH = new Set(["takesUpAChallenge", "entersACode"]);
const ofTill = (name, input, answer) =>
  mutate(name, { member: phone.member.number, ...input }, answer, till.token);
const ofOther = (name, input, answer) => mutate(name, input, answer, other.accessToken);
const event = (name, data = {}) => {
  const key = newKey();
  return ofTill("recordEvent", { name, data, externalId: key, idempotencyKey: key }, "EventRecorded");
};
const adjust = (amount) =>
  ofTill(
    "adjustBalance",
    { wallet: "points", amount, reason: "tried", idempotencyKey: newKey() },
    "BalanceAdjusted",
  );
const rewardNow = async (code) => {
  const { me } = await ask(
    "{ me { rewards { edges { node { rewardState reward { id code } } } } } }",
    {},
    other.accessToken,
  );
  return me.rewards.edges.map((edge) => edge.node).find((node) => node.reward.code === code);
};
async function redeem() {
  if ((await rewardNow("mug")).rewardState === "LOCKED") await adjust(200);
  const input = { rewardId: (await rewardNow("mug")).reward.id, idempotencyKey: newKey() };
  const done = await ofOther("redeemReward", input, "RewardRedeemed { voucher { id code } }");
  redeemed.open.push(done.voucher);
}
async function sell() {
  const key = newKey();
  const total = 100 * (10 + Math.floor(random() * 90));
  const input = { externalId: key, currency: "EUR", total, idempotencyKey: key };
  await ofTill("recordPurchase", input, "PurchaseRecorded");
  sold.push({ externalId: key, left: total });
}
async function useOne() {
  if (!redeemed.open.length) await redeem();
  const voucher = redeemed.open.pop();
  await mutate("useVoucher", { code: voucher.code, idempotencyKey: newKey() }, "VoucherAccepted", till.token);
  redeemed.used.push(voucher);
}
const letters = async () => {
  const { me } = await ask(
    "{ me { messages(first: 10) { edges { node { id readAt survey { score } } } } } }",
    {},
    other.accessToken,
  );
  return me.messages.edges.map((edge) => edge.node);
};
/** Wait for a letter that the worker brings. */
const letter = (wanted) => within(15, async () => (await letters()).find(wanted) ?? false, "a letter");

const acts = {
  buys: sell,
  returnsGoods: async () => {
    if (!sold.some((one) => one.left >= 1000)) await sell();
    const purchase = pick(sold.filter((one) => one.left >= 1000));
    const amount = random() < 0.5 ? 1000 : purchase.left;
    purchase.left -= amount;
    const input = { externalId: purchase.externalId, amount, reason: "broken", idempotencyKey: newKey() };
    await mutate("refundPurchase", input, "PurchaseRefunded", till.token);
  },
  isCorrected: () => adjust(Math.floor(random() * 400) + 1),
  redeems: redeem,
  givesBack: async () => {
    if (!redeemed.open.length) await redeem();
    const input = { voucherId: redeemed.open.pop().id, idempotencyKey: newKey() };
    await ofOther("cancelVoucher", input, "VoucherGivenBack");
  },
  usesAVoucher: useOne,
  hasAUseUndone: async () => {
    await useOne();
    const voucher = redeemed.used.pop();
    const input = { voucherId: voucher.id, reason: "the wrong one", idempotencyKey: newKey() };
    await mutate("reverseVoucherUse", input, "VoucherUseReversed", till.token);
    redeemed.open.push(voucher);
  },
  makesProgress: () => event("noted"),
  gainsWhatIsHidden: () => event("shadowed"),
  getsALetter: () => event("waved"),
  answersAQuestion: async () => {
    await event("asked");
    const question = await letter((one) => one.survey?.score === null);
    const score = Math.floor(random() * 11);
    await ofOther(
      "answerSurvey",
      { message: question.id, score, idempotencyKey: newKey() },
      "SurveyAnswered",
    );
  },
  readsALetter: async () => {
    await event("waved");
    const unread = await letter((one) => one.readAt === null);
    await ofOther("markMessagesRead", { ids: [unread.id] }, null);
  },
  changesTheProfile: (at) =>
    ofOther("updateProfile", { name: `Ana ${at}`, locale: random() < 0.5 ? "pt" : "en" }, null),
  answersAboutNews: async () => {
    const { me } = await ask("{ me { consents { granted } } }", {}, other.accessToken);
    await ofOther(
      "setConsent",
      { purpose: "news", granted: !me.consents[0].granted, wordingVersion: 1 },
      null,
    );
  },
  tellsTheirSize: async () => {
    const { me } = await ask("{ me { attributes { value } } }", {}, other.accessToken);
    const value = me.attributes[0].value === "large" ? "small" : "large";
    await ofOther("setAttributes", { attributes: [{ name: "size", value }] }, null);
  },
  takesUpAChallenge: async () => {
    const { me } = await ask("{ me { badges { acceptable badge { id } } } }", {}, other.accessToken);
    const open = me.badges.find((one) => one.acceptable);
    await ofOther(
      "acceptChallenge",
      { badgeId: open.badge.id, idempotencyKey: newKey() },
      "ChallengeAccepted",
    );
  },
  entersACode: async () => {
    entered += 1;
    await ofOther("enterCode", { code: `LIVE${entered}`, idempotencyKey: newKey() }, "CodeEntered");
  },
  isFrozenAndThawed: async () => {
    for (const [name, answer] of [
      ["freezeMember", "MembershipFrozen"],
      ["unfreezeMember", "MembershipUnfrozen"],
    ])
      await ofTill(name, { reason: "tried", idempotencyKey: newKey() }, answer);
  },
  beginsOrEndsAPlan: async () => {
    const { me } = await ask("{ me { plan { since } } }", {}, other.accessToken);
    await event(me.plan ? "plan.ended" : "plan.started", { plan: "plus" });
  },
  bringsAFriend: (at) => enrol(`friend-${at}-${newKey()}@example.com`, phone.member.number),
};
let entered = 19;

async function mutate(name, input, answer, token) {
  const upper = name[0].toUpperCase() + name.slice(1);
  const kind = { RecordPurchase: "Purchase", RefundPurchase: "Refund" }[upper] ?? upper;
  const [type, ...selection] = answer?.split(" ") ?? [];
  const wanted = type
    ? `... on ${type} ${selection.join(" ") || "{ __typename }"} ... on Problem { message }`
    : "";
  const query = `mutation M($input: ${kind}Input!) { ${name}(input: $input) { __typename ${wanted} } }`;
  const done = (await ask(query, { input }, token))[name];
  if (type) assert.equal(done.__typename, type, `${name}: ${done.message}`);
  return done;
}

// --- chance that comes again with the same seed

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
function pick(list) {
  return list[Math.floor(random() * list.length)];
}
function shuffle(list) {
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [list[at], list[other]] = [list[other], list[at]];
  }
}
