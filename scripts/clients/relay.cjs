// Relay: the compiler takes the schema and the screens' queries, its runtime runs what it made.
const assert = require("node:assert/strict");
const { before, after, test } = require("node:test");
const { createClient } = require("graphql-ws");
const {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  getSelector,
  requestSubscription,
} = require("relay-runtime");

const made = (name) => require(`./relay/__generated__/${name}.graphql.js`);
let demo, session, till, sockets, environment;

before(async () => {
  demo = await import("./demo.mjs");
  [session, till] = await Promise.all([demo.signIn(5), demo.openTill()]);
  const { Socket } = demo.cuttable();
  sockets = createClient({
    url: demo.socketUrl,
    webSocketImpl: Socket,
    connectionParams: { authorization: `Bearer ${session.accessToken}` },
  });
  const ask = async (operation, variables) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${session.accessToken}` };
    const answer = await fetch(demo.url, {
      method: "POST",
      headers,
      body: JSON.stringify({ query: operation.text, variables }),
    });
    return answer.json();
  };
  const follow = (operation, variables) =>
    Observable.create((sink) => sockets.subscribe({ query: operation.text, variables }, sink));
  environment = new Environment({
    network: Network.create(ask, follow),
    store: new Store(new RecordSource()),
  });
});
after(() => sockets.dispose());

const fetched = (name, variables = {}) => fetchQuery(environment, made(name), variables).toPromise();
const read = (fragment, ref) => environment.lookup(getSelector(made(fragment), ref)).data;

test("pages of a connection join in Relay's store", async () => {
  const home = made("queriesHomeQuery");
  const kept = environment.retain(createOperationDescriptor(getRequest(home), {}));
  const { me } = await fetched("queriesHomeQuery");
  const history = () => read("queriesHistory", me).pointHistory;
  for (const rows of [7, 14, 21]) {
    assert.equal(history().edges.length, rows);
    await fetched("queriesHistoryPageQuery", { id: me.id, count: 7, cursor: history().pageInfo.endCursor });
  }
  const ids = history().edges.map((edge) => edge.node.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(read("queriesRewards", me).rewards.edges.length, 6);
  kept.dispose();
});

test("whatever is a Node is fetched again by its id, many at once too", async () => {
  const { me, programme } = await fetched("queriesHomeQuery");
  const reward = read("queriesReward", programme.rewards[0]);
  const again = await fetched("queriesRewardQuery", { id: reward.id });
  assert.equal(read("queriesReward", again.node).title, reward.title);
  const entry = read("queriesHistory", me).pointHistory.edges[0].node;
  const { nodes } = await fetched("queriesNodesQuery", { ids: [entry.id, reward.id] });
  assert.deepEqual(
    nodes.map((node) => [node.__typename, node.id]),
    [
      ["PointEntry", entry.id],
      ["Reward", reward.id],
    ],
  );
});

test("what a member has is fetched again by its id: wallet, tier, badge and reward", async () => {
  const { me } = await fetched("queriesStandingQuery");
  const standing = [
    ["queriesWallet", "Wallet", me.balance],
    ["queriesTier", "Tier", me.tier],
    ["queriesBadge", "Badge", me.badges[0]],
    ["queriesMemberReward", "MemberReward", me.rewards.edges[0].node],
  ];
  for (const [fragment, name, ref] of standing) {
    const { node } = await fetched(`queries${name}Query`, { id: ref.id });
    assert.deepEqual(read(fragment, node), read(fragment, ref), name);
  }
});

test("a mutation's wallets bring the home screen up to date", async () => {
  const home = createOperationDescriptor(getRequest(made("queriesHomeQuery")), {});
  const kept = environment.retain(home);
  const { me } = await fetched("queriesHomeQuery");
  const free = read("queriesRewards", me)
    .rewards.edges.map((edge) => edge.node)
    .find((node) => node.rewardState === "UNLOCKED");
  const rewardId = read("queriesReward", free.reward).id;
  const operation = createOperationDescriptor(getRequest(made("queriesRedeemMutation")), {
    input: { rewardId, idempotencyKey: demo.newKey() },
  });
  const { data } = await environment.executeMutation({ operation }).toPromise();
  assert.equal(data.redeemReward.__typename, "RewardRedeemed");
  const voucher = read("queriesVoucher", environment.lookup(operation.fragment).data.redeemReward.voucher);
  assert.deepEqual(
    [voucher.voucherState, voucher.code.length, voucher.qr.mediaType],
    ["ISSUED", 20, "image/svg+xml"],
  );
  const shown = environment.lookup(home.fragment).data.me.balance.available;
  assert.equal(shown, data.redeemReward.wallets[0].available);
  kept.dispose();
});

test("live activity lands in the store", async () => {
  const { me } = await fetched("queriesInboxQuery");
  const heard = [];
  const live = requestSubscription(environment, {
    subscription: made("queriesLiveSubscription"),
    variables: { after: me.activityCursor },
    onNext: ({ memberActivity }) => heard.push(memberActivity.activity.__typename),
  });
  await till.sell(session.member.number, 4100);
  await demo.within(10, () => heard.includes("BalanceChanged"), "the purchase");
  live.dispose();
});
