// urql's normalised cache: what screens ask fits it without one warning, a purchase by live activity alone
// changes what they show, and no type needs a hand-written key where it has an id.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { getIntrospectionQuery } from "graphql";
import { createClient } from "graphql-ws";
import { ask, cuttable, newKey, openTill, signIn, socketUrl, url, within } from "./demo.mjs";

const UNIT = "unit { id code name kind currency worth { units amount currency } }";
const SCREEN = `fragment Screen on Member { id number name
  balance { id available pending expiring { amount on } } wallets { id available }
  tier { id qualifying current { id code } history { from to at } }
  badges { id progress badge { id code } } reward(code: "coin-capsules") { id missing }
  rewards { edges { node { id missing locks { reason message }
    reward { id code cost { amount ${UNIT} } voucherValid { count unit } limit { times per } } } } }
  pointHistory { totalCount edges { cursor node { id amount ${UNIT} } } pageInfo { hasNextPage } }
  purchases(first: 3) { edges { node { id total entries { id amount explanation { rule why { kind } } }
    vouchers { id } lines { line sku } store { id hours { weekday opens } } } } }
  quote(total: 7300) { totals { amount ${UNIT} } }
  referral { code invited } plan { since plan { code } } consents { id granted } attributes { name value } }`;
const HOME = gql`query Home { me { ...Screen } programme { code brand { name } links { privacy } flags { name on }
  wallets { id code } referral { friend { amount } limit { times } } plans { code period { count unit } }
  stores { id position { latitude } } } } ${gql(SCREEN)}`;
const LIVE = gql`subscription Live($after: String) { memberActivity(after: $after) {
  cursor activity { __typename } member { ...Screen } } } ${gql(SCREEN)}`;
const REDEEM = gql`mutation Redeem($input: RedeemRewardInput!) { redeemReward(input: $input) { __typename
  ... on RewardRedeemed { voucher { id code } wallets { id available } } ... on Problem { message } } }`;

const warnings = [];
let session, till, sockets, client;

before(async () => {
  [session, till] = await Promise.all([signIn(8), openTill()]);
  const schema = await ask(getIntrospectionQuery());
  // What has no id of its own is a part of what holds it.
  const parts = schema.__schema.types.filter(
    (type) =>
      type.kind === "OBJECT" &&
      !type.name.startsWith("__") &&
      !type.fields.some((field) => field.name === "id"),
  );
  const { Socket } = cuttable();
  sockets = createClient({
    url: socketUrl,
    webSocketImpl: Socket,
    connectionParams: { authorization: `Bearer ${session.accessToken}` },
  });
  client = new Client({
    url,
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        schema,
        keys: Object.fromEntries(parts.map((type) => [type.name, () => null])),
        logger: (severity, message) => severity !== "debug" && warnings.push(message),
      }),
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
        }),
      }),
      fetchExchange,
    ],
    fetchOptions: () => ({ headers: { authorization: `Bearer ${session.accessToken}` } }),
  });
});
after(() => sockets.dispose());

test("screens, a mutation and live activity fit the cache without a warning", async () => {
  const first = await client.query(HOME, {}).toPromise();
  assert.equal(first.error, undefined);
  const again = await client.query(HOME, {}, { requestPolicy: "cache-only" }).toPromise();
  assert.deepEqual(again.data, first.data);
  const shown = [];
  const screen = client.query(HOME, {}).subscribe(({ data }) => data && shown.push(data.me));
  const { activityCursor } = (await ask("{ me { activityCursor } }", {}, session.accessToken)).me;
  const heard = [];
  const live = client
    .subscription(LIVE, { after: activityCursor })
    .subscribe(({ data }) => data && heard.push(data.memberActivity.member));
  await till.sell(session.member.number, 5300);
  await within(10, () => heard.length > 0, "the purchase");
  const { purchases } = (
    await ask("{ me { purchases(first: 3) { edges { node { id } } } } }", {}, session.accessToken)
  ).me;
  await within(
    5,
    () => shown.at(-1).purchases.edges[0].node.id === purchases.edges[0].node.id,
    "it on the screen, without another query",
  );
  const free = shown.at(-1).rewards.edges.find((edge) => edge.node.missing === 0);
  if (free) {
    const input = { rewardId: free.node.reward.id, idempotencyKey: newKey() };
    assert.equal((await client.mutation(REDEEM, { input }).toPromise()).error, undefined);
  }
  live.unsubscribe();
  screen.unsubscribe();
  assert.deepEqual(warnings, []);
});
