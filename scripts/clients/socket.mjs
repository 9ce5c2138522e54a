// graphql-ws, the reference client of graphql-transport-ws, and the bare protocol under it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloseCode, createClient } from "graphql-ws";
import WebSocket from "ws";
import { ask, cuttable, LIVE, openTill, signIn, socketUrl, within } from "./demo.mjs";

let session, till;
const { Socket, cut } = cuttable();
const open = [];

before(async () => {
  [session, till] = await Promise.all([signIn(1), openTill()]);
});
after(() => {
  for (const client of open) client.dispose();
});

function client(options = {}) {
  const made = createClient({
    url: socketUrl,
    webSocketImpl: Socket,
    connectionParams: () => ({ authorization: `Bearer ${session.accessToken}` }),
    retryWait: async () => {},
    ...options,
  });
  open.push(made);
  return made;
}

/** Subscribe as an app does: `after` is read anew at each reconnect, since graphql-ws sends the same payload
 * again. */
function follow(made, start) {
  const heard = [];
  let cursor = start;
  const variables = {
    get after() {
      return cursor;
    },
  };
  let failure;
  const stop = made.subscribe(
    { query: LIVE, variables },
    {
      next: ({ data }) => {
        cursor = data.memberActivity.cursor;
        heard.push(data.memberActivity.activity);
      },
      error: (fault) => {
        failure = fault;
      },
      complete: () => {},
    },
  );
  return { heard, stop, failed: () => failure };
}

const start = async () => (await ask("{ me { activityCursor } }", {}, session.accessToken)).me.activityCursor;
const sums = (heard) =>
  heard.filter((one) => one.__typename === "BalanceChanged").map((one) => one.entries.length);

test("a purchase is heard", async () => {
  const { heard, stop } = follow(client(), await start());
  await till.sell(session.member.number, 2100);
  await within(10, () => sums(heard).length === 1, "the purchase");
  stop();
});

test("what happened while the line was cut is heard once, in order, by the last cursor", async () => {
  const { heard, stop } = follow(client(), await start());
  await till.sell(session.member.number, 1100);
  await within(10, () => sums(heard).length === 1, "the first purchase");
  cut();
  await till.sell(session.member.number, 1200);
  cut();
  await till.sell(session.member.number, 1300);
  await within(10, () => sums(heard).length === 3, "the purchases of the tunnel");
  const ids = heard.flatMap((one) => (one.entries ?? []).map((entry) => entry.id));
  assert.equal(new Set(ids).size, ids.length, "an entry was told twice");
  stop();
});

test("what happened between reading the home screen and subscribing is heard", async () => {
  const from = await start();
  await till.sell(session.member.number, 1400);
  const { heard, stop } = follow(client(), from);
  await within(10, () => sums(heard).length === 1, "the purchase before subscribing");
  stop();
});

test("a wrong token closes with 4403, and a fresh one is let in at the next try", async () => {
  const seen = [];
  let given = "nonsense";
  const made = client({
    lazy: false,
    retryAttempts: 1,
    onNonLazyError: () => {},
    connectionParams: () => ({ authorization: `Bearer ${given}` }),
    on: {
      closed: (event) => {
        seen.push(event.code);
        given = session.accessToken;
      },
      connected: () => seen.push("connected"),
    },
  });
  await within(10, () => seen.length === 2, "the second try");
  assert.deepEqual(seen, [CloseCode.Forbidden, "connected"]);
  await made.dispose();
});

test("a query with a fault ends its subscription with an error, not the socket", async () => {
  const made = client();
  const bad = new Promise((resolve) =>
    made.subscribe({ query: "subscription { nothing }" }, { next() {}, error: resolve, complete() {} }),
  );
  const [fault] = await bad;
  assert.equal(fault.extensions.code, "BAD_INPUT");
  const junk = new Promise((resolve) =>
    made.subscribe(
      { query: LIVE, variables: { after: "junk" } },
      { next: ({ errors }) => errors && resolve(errors), error: resolve, complete() {} },
    ),
  );
  assert.equal((await junk)[0].extensions.code, "BAD_INPUT");
  assert.equal((await junk)[0].extensions.field, "after");
});

test("keep-alive: the server answers the client's ping", async () => {
  let pongs = 0;
  const made = client({
    lazy: false,
    keepAlive: 100,
    on: {
      pong: (received) => {
        if (received) pongs += 1;
      },
    },
  });
  await within(10, () => pongs >= 2, "two pongs");
  await made.dispose();
});

function bare(protocol = "graphql-transport-ws") {
  const socket = new WebSocket(socketUrl, protocol);
  const said = [];
  socket.on("message", (raw) => said.push(JSON.parse(raw)));
  const closed = new Promise((resolve) => socket.on("close", (code) => resolve(code)));
  const refused = new Promise((resolve) => socket.on("error", (fault) => resolve(fault.message)));
  return { socket, said, closed, refused, opened: new Promise((resolve) => socket.on("open", resolve)) };
}

const say = (socket, message) => socket.send(JSON.stringify(message));

test("complete stops what was subscribed, and its id is free again", async () => {
  const { socket, said, opened } = bare();
  await opened;
  say(socket, { type: "connection_init", payload: { authorization: `Bearer ${session.accessToken}` } });
  await within(10, () => said.some((one) => one.type === "connection_ack"), "connection_ack");
  for (const _ of [1, 2]) {
    say(socket, { id: "same", type: "subscribe", payload: { query: LIVE } });
    say(socket, { id: "same", type: "complete" });
  }
  say(socket, { type: "ping" });
  await within(10, () => said.some((one) => one.type === "pong"), "pong");
  await till.sell(session.member.number, 1500);
  assert.deepEqual(
    said.filter((one) => one.type === "next"),
    [],
  );
  socket.terminate();
});

test("the protocol's own codes: 4401, 4409, 4400, 4408", async () => {
  const early = bare();
  await early.opened;
  say(early.socket, { id: "1", type: "subscribe", payload: { query: LIVE } });
  assert.equal(await early.closed, 4401);

  const twice = bare();
  await twice.opened;
  say(twice.socket, { type: "connection_init", payload: { authorization: `Bearer ${session.accessToken}` } });
  say(twice.socket, { id: "1", type: "subscribe", payload: { query: LIVE } });
  say(twice.socket, { id: "1", type: "subscribe", payload: { query: LIVE } });
  assert.equal(await twice.closed, 4409);

  const odd = bare();
  await odd.opened;
  odd.socket.send("not JSON");
  assert.equal(await odd.closed, 4400);

  const silent = bare();
  assert.equal(await silent.closed, 4408);
});

test("the old protocol is refused at the handshake", async () => {
  assert.match(await bare("graphql-ws").refused, /403/);
});

test("signing out closes the socket with 4403", async () => {
  const other = await signIn(2);
  const codes = [];
  const made = client({
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    connectionParams: { authorization: `Bearer ${other.accessToken}` },
    on: { closed: (event) => codes.push(event.code), connected: () => codes.push("connected") },
  });
  await within(10, () => codes[0] === "connected", "the connection");
  await ask("mutation { signOut(input: {}) { sessions } }", {}, other.accessToken);
  await within(15, () => codes.length === 2, "the close");
  assert.deepEqual(codes, ["connected", CloseCode.Forbidden]);
  await made.dispose();
});
