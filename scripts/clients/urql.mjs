// urql with its document cache and graphql-ws.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { ask, cuttable, LIVE, newKey, openTill, signIn, socketUrl, url, within } from "./demo.mjs";

const { Socket, cut } = cuttable();
let session, till, sockets, client, byGet;
const methods = [];

before(async () => {
  [session, till] = await Promise.all([signIn(4), openTill()]);
  sockets = createClient({
    url: socketUrl,
    webSocketImpl: Socket,
    connectionParams: () => ({ authorization: `Bearer ${session.accessToken}` }),
    retryWait: async () => {},
  });
  const made = (preferGetMethod) =>
    new Client({
      url,
      preferGetMethod,
      exchanges: [
        cacheExchange,
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
          }),
        }),
        fetchExchange,
      ],
      fetchOptions: () => ({ headers: { authorization: `Bearer ${session.accessToken}` } }),
      fetch: (address, options) => {
        methods.push(options.method);
        return fetch(address, options);
      },
    });
  [client, byGet] = [made(false), made("force")];
});
after(() => sockets.dispose());

const HOME = gql`query Home { me { id number balance { id available } rewards { edges { node { id rewardState reward { id title } } } } } }`;
const REDEEM = gql`mutation Redeem($input: RedeemRewardInput!) { redeemReward(input: $input) { __typename
  ... on RewardRedeemed { voucher { id } wallets { id available } } ... on Problem { message } } }`;

test("a query, from the cache the second time", async () => {
  const first = await client.query(HOME, {}).toPromise();
  assert.equal(first.error, undefined);
  const before = methods.length;
  const second = await client.query(HOME, {}).toPromise();
  assert.deepEqual(second.data.me, first.data.me);
  assert.equal(methods.length, before);
});

test("queries by GET answer the same, and mutations stay POST", async () => {
  const [post, get] = await Promise.all([
    client.query(HOME, {}).toPromise(),
    byGet.query(HOME, {}).toPromise(),
  ]);
  assert.deepEqual(get.data.me, post.data.me);
  assert.equal(methods.at(-1), "GET");
  const input = { rewardId: "junk", idempotencyKey: newKey() };
  const { error } = await byGet.mutation(REDEEM, { input }).toPromise();
  assert.equal(methods.at(-1), "POST");
  assert.deepEqual(
    [error.graphQLErrors[0].extensions.code, error.graphQLErrors[0].extensions.field],
    ["BAD_INPUT", "rewardId"],
  );
});

test("a mutation's union, and the cached query is asked anew after it", async () => {
  const { data } = await client.query(HOME, {}).toPromise();
  const free = data.me.rewards.edges.map((edge) => edge.node).find((node) => node.rewardState === "UNLOCKED");
  const seen = [];
  const { unsubscribe } = client
    .query(HOME, {})
    .subscribe((result) => seen.push(result.data.me.balance.available));
  const done = await client
    .mutation(REDEEM, { input: { rewardId: free.reward.id, idempotencyKey: newKey() } })
    .toPromise();
  assert.equal(done.data.redeemReward.__typename, "RewardRedeemed");
  const balance = done.data.redeemReward.wallets.find((wallet) => wallet.id === data.me.balance.id).available;
  await within(5, () => seen.at(-1) === balance, "the balance after redeeming");
  unsubscribe();
});

test("an error carries its code, and what was read", async () => {
  const { data, error } = await client
    .query(gql`{ programme { name } node(id: "junk") { id } }`, {})
    .toPromise();
  assert.ok(data.programme.name);
  assert.equal(error.graphQLErrors[0].extensions.code, "BAD_INPUT");
  assert.equal(error.networkError, undefined);
});

test("live, and once again after the line was cut", async () => {
  const { activityCursor } = (await ask("{ me { activityCursor } }", {}, session.accessToken)).me;
  const heard = [];
  let cursor = activityCursor;
  const follow = () =>
    client.subscription(LIVE, { after: cursor }).subscribe(({ data }) => {
      if (!data) return;
      cursor = data.memberActivity.cursor;
      heard.push(...(data.memberActivity.activity.entries ?? []).map((entry) => entry.id));
    });
  let live = follow();
  await till.sell(session.member.number, 3100);
  const first = await within(10, () => heard.length > 0 && heard.length, "the purchase");
  live.unsubscribe();
  cut();
  await till.sell(session.member.number, 3200);
  live = follow();
  await within(10, () => heard.length > first, "the purchase in the tunnel");
  assert.equal(new Set(heard).size, heard.length, "an entry was told twice");
  live.unsubscribe();
});
