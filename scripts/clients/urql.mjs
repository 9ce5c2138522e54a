// urql with its document cache and graphql-ws.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
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

test("one screen of what is public and of the member, signed out and signed in", async () => {
  const screen = gql`query Screen($ids: [ID!]!) { programme { name } viewer { id number } nodes(ids: $ids) { id } }`;
  const opened = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
  const out = await opened.query(screen, { ids: ["junk"] }).toPromise();
  assert.ok(out.data.programme.name);
  assert.deepEqual([out.data.viewer, out.data.nodes], [null, [null]]);
  assert.deepEqual(out.error.graphQLErrors[0].path, ["nodes", 0]);
  const signed = await client.query(screen, { ids: [session.member.id] }).toPromise();
  assert.deepEqual(
    [signed.error, signed.data.viewer.number, signed.data.nodes[0].id],
    [undefined, session.member.number, session.member.id],
  );
});

test("persisted queries: the hash alone, then with the document once, then the hash alone", async () => {
  const sent = [];
  const spied = (preferGetForPersistedQueries, generateHash) =>
    new Client({
      url,
      preferGetMethod: false,
      exchanges: [
        persistedExchange({ preferGetForPersistedQueries, generateHash, enableForMutation: true }),
        fetchExchange,
      ],
      fetch: (address, options) => {
        sent.push([options.method, `${address}${options.body ?? ""}`.includes("Persisted")]);
        return fetch(address, options);
      },
    });
  const query = gql`query Persisted { programme { code } }`;
  for (const byGet of [false, "force"]) {
    sent.length = 0;
    const asked = await spied(byGet).query(query, {}).toPromise();
    assert.equal(asked.error, undefined);
    assert.ok(asked.data.programme.code);
    // Over POST the document was unknown; by GET it is found by the hash that the first client brought.
    assert.deepEqual(
      sent.map(([method]) => method),
      byGet ? ["GET"] : ["POST", "POST"],
    );
  }
  sent.length = 0;
  const foreign = spied(false, async () => "list:42");
  for (let time = 1; time <= 2; time += 1) {
    const asked = await foreign.query(query, {}, { requestPolicy: "network-only" }).toPromise();
    assert.ok(asked.data.programme.code, String(asked.error));
  }
  assert.equal(sent.length, 3, "a hash of another kind is tried once, and never again");
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
