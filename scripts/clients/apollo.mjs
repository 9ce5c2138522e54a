// Apollo Client as an app has it: one cache by id, pages that join, unions, errors beside data, live activity
// that the cache follows.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
} from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import { ask, cuttable, LIVE, newKey, openTill, signIn, socketUrl, url, within } from "./demo.mjs";

const { Socket, cut } = cuttable();
let session, till, sockets, client;
let requests = 0;

before(async () => {
  [session, till] = await Promise.all([signIn(3), openTill()]);
  const { __schema } = await ask("{ __schema { types { name possibleTypes { name } } } }");
  const abstract = __schema.types.filter((type) => type.possibleTypes);
  const possibleTypes = Object.fromEntries(
    abstract.map((type) => [type.name, type.possibleTypes.map((each) => each.name)]),
  );
  sockets = createClient({
    url: socketUrl,
    webSocketImpl: Socket,
    connectionParams: () => ({ authorization: `Bearer ${session.accessToken}` }),
    retryWait: async () => {},
  });
  const http = new HttpLink({
    uri: url,
    fetch: (...words) => {
      requests += 1;
      return fetch(...words);
    },
  });
  const signed = new ApolloLink((operation, forward) => {
    operation.setContext({ headers: { authorization: `Bearer ${session.accessToken}` } });
    return forward(operation);
  });
  client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === "subscription",
      new GraphQLWsLink(sockets),
      signed.concat(http),
    ),
    cache: new InMemoryCache({
      possibleTypes,
      typePolicies: {
        Member: {
          fields: { pointHistory: relayStylePagination(["wallet"]), messages: relayStylePagination() },
        },
      },
    }),
  });
});
after(async () => {
  client.stop();
  await sockets.dispose();
});

const HOME = gql`{ me { id number balance { id available pending } tier { id current { id name } }
  rewards(first: 50) { edges { node { id rewardState missing locks { reason message } reward { id title } } } } } }`;
const PAGE = gql`query Page($after: String, $wallet: WalletCode) { me { id pointHistory(first: 7, after: $after, wallet: $wallet) {
  edges { cursor node { id amount title } } pageInfo { hasNextPage endCursor startCursor hasPreviousPage } } } }`;
const REDEEM = gql`mutation Redeem($input: RedeemRewardInput!) { redeemReward(input: $input) {
  ... on RewardRedeemed { voucher { id code voucherState } wallets { id available } }
  ... on RewardLocked { missing locks { reason message tier { id name } from } }
  ... on Problem { message } } }`;

test("everything with an id is one thing in the cache", async () => {
  const { data } = await client.query({ query: HOME });
  const before = requests;
  await client.query({ query: HOME });
  assert.equal(requests, before, "the second time it came from the cache");
  const kept = client.cache.extract();
  for (const { node } of data.me.rewards.edges) {
    assert.ok(kept[`MemberReward:${node.id}`], "a reward as the member stands to it");
    assert.ok(kept[`Reward:${node.reward.id}`], "a reward of the catalogue");
  }
  assert.equal(kept[`Wallet:${data.me.balance.id}`].available, data.me.balance.available);
  const ids = Object.values(kept)
    .map((one) => one.id)
    .filter(Boolean);
  assert.equal(new Set(ids).size, ids.length, "no id names two things");
});

test("pages of the history join without gap or double", async () => {
  for (const wallet of [null, "cashback"]) {
    const watched = client.watchQuery({ query: PAGE, variables: { wallet } });
    const shown = [];
    const screen = watched.subscribe(({ data }) => data && shown.push(data.me.pointHistory));
    await within(5, () => shown.length > 0, "the first page");
    for (let page = 2; page <= 4 && shown.at(-1).pageInfo.hasNextPage; page += 1) {
      const rows = shown.at(-1).edges.length;
      await watched.fetchMore({ variables: { after: shown.at(-1).pageInfo.endCursor } });
      await within(5, () => shown.at(-1).edges.length > rows, `page ${page}`);
    }
    const joined = shown.at(-1).edges.map((edge) => edge.node.id);
    const whole = await ask(
      "query($n: Int!, $w: WalletCode) { me { pointHistory(first: $n, wallet: $w) { edges { node { id } } } } }",
      { n: joined.length, w: wallet },
      session.accessToken,
    );
    assert.ok(joined.length > 7, `${joined.length} rows are one page`);
    assert.deepEqual(
      joined,
      whole.me.pointHistory.edges.map((edge) => edge.node.id),
    );
    screen.unsubscribe();
  }
});

test("a locked reward says why, in words", async () => {
  const { data } = await client.query({ query: HOME });
  const locked = data.me.rewards.edges.map((edge) => edge.node).find((node) => node.rewardState === "LOCKED");
  const done = await client.mutate({
    mutation: REDEEM,
    variables: { input: { rewardId: locked.reward.id, idempotencyKey: newKey() } },
  });
  const problem = done.data.redeemReward;
  assert.equal(problem.__typename, "RewardLocked");
  assert.ok(problem.message.length > 0);
  assert.deepEqual(
    problem.locks.map((lock) => lock.message),
    locked.locks.map((lock) => lock.message),
  );
});

test("redeemed twice with one key it is one voucher, and the balance in the cache follows", async () => {
  const { data } = await client.query({ query: HOME, fetchPolicy: "network-only" });
  const free = data.me.rewards.edges.map((edge) => edge.node).find((node) => node.rewardState === "UNLOCKED");
  const input = { rewardId: free.reward.id, idempotencyKey: newKey() };
  const first = (await client.mutate({ mutation: REDEEM, variables: { input } })).data.redeemReward;
  const again = (await client.mutate({ mutation: REDEEM, variables: { input } })).data.redeemReward;
  assert.equal(first.__typename, "RewardRedeemed");
  assert.deepEqual(again, first);
  const shown = client.readQuery({ query: HOME }).me.balance;
  assert.deepEqual(shown.available, first.wallets.find((wallet) => wallet.id === shown.id).available);
  const other = {
    ...input,
    rewardId: data.me.rewards.edges.map((edge) => edge.node.reward.id).find((id) => id !== input.rewardId),
  };
  const conflict = (await client.mutate({ mutation: REDEEM, variables: { input: other } })).data.redeemReward;
  assert.equal(conflict.__typename, "IdempotencyConflict");
});

test("errorPolicy all: what could be read is there beside the error", async () => {
  const query = gql`query Some($id: ID!) { programme { name } node(id: $id) { id } }`;
  const { data, error } = await client.query({ query, variables: { id: "junk" }, errorPolicy: "all" });
  assert.ok(data.programme.name);
  assert.equal(data.node, null);
  assert.ok(CombinedGraphQLErrors.is(error));
  assert.deepEqual([error.errors[0].extensions.code, error.errors[0].extensions.field], ["BAD_INPUT", "id"]);
});

test("one screen of what is public and of the member, signed out", async () => {
  const query = gql`query Screen($ids: [ID!]!) { programme { name } viewer { id } nodes(ids: $ids) { id } }`;
  const opened = new ApolloClient({ link: new HttpLink({ uri: url }), cache: new InMemoryCache() });
  const { data, error } = await opened.query({ query, variables: { ids: ["junk"] }, errorPolicy: "all" });
  assert.ok(data.programme.name);
  assert.deepEqual([data.viewer, data.nodes], [null, [null]]);
  assert.deepEqual(error.errors[0].path, ["nodes", 0]);
  opened.stop();
});

test("persisted queries: the hash alone, then with the document once, then the hash alone", async () => {
  const sent = [];
  const spied = (options) =>
    new ApolloClient({
      cache: new InMemoryCache(),
      link: new PersistedQueryLink(options).concat(
        new HttpLink({
          uri: url,
          fetch: (address, init) => {
            sent.push(init.method);
            return fetch(address, init);
          },
        }),
      ),
    });
  const query = gql`query ApolloPersisted { programme { code } }`;
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const again = { query, fetchPolicy: "network-only" };
  const first = spied({ sha256, useGETForHashedQueries: true });
  for (let time = 1; time <= 2; time += 1) assert.ok((await first.query(again)).data.programme.code);
  assert.deepEqual(sent, ["GET", "POST", "GET"]);
  sent.length = 0;
  const foreign = spied({ generateHash: async () => "list:42" });
  for (let time = 1; time <= 2; time += 1) assert.ok((await foreign.query(again)).data.programme.code);
  assert.deepEqual(sent, ["POST", "POST", "POST"], "a hash of another kind is tried once, and never again");
  first.stop();
  foreign.stop();
});

test("an access token that has ended is refreshed, and the query runs again", async () => {
  const old = session;
  session = { ...old, accessToken: "ended" };
  const refused = await client.query({ query: HOME, fetchPolicy: "network-only", errorPolicy: "all" });
  assert.equal(refused.error.errors[0].extensions.code, "UNAUTHENTICATED");
  const refresh = gql`mutation Refresh($input: RefreshSessionInput!) { refreshSession(input: $input) {
    ... on SessionRefreshed { accessToken refreshToken } ... on Problem { message } } }`;
  const input = { refreshToken: old.refreshToken };
  const [one, two] = await Promise.all(
    [1, 2].map(() => client.mutate({ mutation: refresh, variables: { input } })),
  );
  assert.equal(
    one.data.refreshSession.refreshToken,
    two.data.refreshSession.refreshToken,
    "a retry gets the same successor",
  );
  session = { ...old, ...one.data.refreshSession };
  assert.ok((await client.query({ query: HOME, fetchPolicy: "network-only" })).data.me.number);
});

test("live: a purchase at the till changes the balance that a screen shows, also one made while the line was cut", async () => {
  const shown = [];
  const screen = client
    .watchQuery({ query: HOME })
    .subscribe(({ data }) => data && shown.push(data.me.balance.available + data.me.balance.pending));
  const { activityCursor } = (await ask("{ me { activityCursor } }", {}, session.accessToken)).me;
  let cursor = activityCursor;
  // graphql-ws sends the same variables again at each reconnect: a getter makes them the newest.
  const variables = Object.defineProperty({}, "after", { enumerable: true, get: () => cursor });
  const heard = [];
  const live = sockets.iterate({ query: LIVE, variables });
  const following = (async () => {
    for await (const { data } of live) {
      cursor = data.memberActivity.cursor;
      heard.push(data.memberActivity.activity.__typename);
      for (const wallet of data.memberActivity.activity.wallets ?? []) {
        client.cache.modify({
          id: client.cache.identify({ __typename: "Wallet", id: wallet.id }),
          fields: { available: () => wallet.available, pending: () => wallet.pending },
        });
      }
    }
  })();
  await till.sell(session.member.number, 2500);
  await within(10, () => heard.filter((one) => one === "BalanceChanged").length === 1, "the purchase");
  cut();
  await till.sell(session.member.number, 2600);
  await within(
    10,
    () => heard.filter((one) => one === "BalanceChanged").length === 2,
    "the purchase in the tunnel",
  );
  const now = await ask("{ me { balance { available pending } } }", {}, session.accessToken);
  await within(
    5,
    () => shown.at(-1) === now.me.balance.available + now.me.balance.pending,
    "the new balance on the screen",
  );
  await live.return();
  await following;
  screen.unsubscribe();
});

test("live: through Apollo's own link the cache follows by itself", async () => {
  const { activityCursor: after } = (await ask("{ me { activityCursor } }", {}, session.accessToken)).me;
  const heard = [];
  const live = client
    .subscribe({ query: gql(LIVE), variables: { after } })
    .subscribe(({ data }) => heard.push(data.memberActivity.activity));
  await till.sell(session.member.number, 2700);
  const changed = await within(
    10,
    () => heard.find((one) => one.__typename === "BalanceChanged"),
    "the purchase",
  );
  const shown = client.readQuery({ query: HOME }).me.balance;
  const wallet = changed.wallets.find((one) => one.id === shown.id);
  assert.deepEqual([shown.available, shown.pending], [wallet.available, wallet.pending]);
  live.unsubscribe();
});
