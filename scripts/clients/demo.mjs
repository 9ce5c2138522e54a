// What every client's program needs of the demo server: its addresses, a member who signs in as the app does,
// and a till that sells.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import WebSocket from "ws";

export const sheet = JSON.parse(readFileSync(process.env.SELO_SHEET, "utf8"));
export const url = `${process.env.SELO_URL}/graphql`;
export const socketUrl = url.replace(/^http/, "ws");
export const newKey = () => randomUUID();

export async function ask(query, variables = {}, token = null) {
  const headers = {
    "content-type": "application/json",
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const body = await answer.json();
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return body.data;
}

/** A session of the demo's n-th member; the code comes by way of the server's console. */
export async function signIn(n, installationId = `try-clients-${n}`) {
  const contact = sheet.members[n].email;
  const { requestSignInCode } = await ask(
    "mutation($c: String!) { requestSignInCode(input: {contact: $c}) { challenge } }",
    { c: contact },
  );
  const code = await within(10, () => codeFor(contact), "the code on the console");
  const { signIn: done } = await ask(
    `mutation($i: SignInInput!) { signIn(input: $i) {
      ... on SignedIn { accessToken refreshToken member { id number } } ... on Problem { message } } }`,
    { i: { contact, code, installationId, challenge: requestSignInCode.challenge } },
  );
  if (!done.accessToken) throw new Error(done.message);
  return done;
}

/** The newest code that the server has shown for a contact; undefined where there is none yet. */
export function codeFor(contact) {
  const lines = readFileSync(process.env.SELO_CONSOLE, "utf8").split("\n");
  return lines.findLast((line) => line.startsWith(`sign-in code for ${contact}: `))?.split(": ")[1];
}

/** Somebody new, who joins by a member's invitation. */
export async function enrol(email, referralCode) {
  const { programme } = await ask("{ programme { terms { version } } }");
  const input = { name: "A Friend", email, referralCode, termsVersion: programme.terms.version };
  const { enrol: applied } = await ask(
    `mutation($i: EnrolInput!) { enrol(input: $i) {
      ... on Enrolled { challenge enrolmentToken } ... on Problem { message } } }`,
    { i: { ...input, idempotencyKey: newKey() } },
  );
  if (!applied.challenge) throw new Error(applied.message);
  const code = await within(10, () => codeFor(email), "the code on the console");
  const { signIn: done } = await ask(
    "mutation($i: SignInInput!) { signIn(input: $i) { ... on SignedIn { accessToken } ... on Problem { message } } }",
    { i: { contact: email, code, ...applied } },
  );
  if (!done.accessToken) throw new Error(done.message);
}

/** A till of the demo's n-th employee, the cashier at first: sells, and counts what it sold. */
export async function openTill(n = 0) {
  const { username, password, store } = sheet.staff[n];
  const { staffSignIn } = await ask(
    "mutation($i: StaffSignInInput!) { staffSignIn(input: $i) { ... on StaffSignedIn { accessToken } ... on Problem { message } } }",
    { i: { username, password, store } },
  );
  return {
    token: staffSignIn.accessToken,
    sell: async (member, total) => {
      const key = newKey();
      const { recordPurchase } = await ask(
        "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { ... on PurchaseRecorded { entries { amount } } ... on Problem { message } } }",
        { i: { member, externalId: key, currency: "EUR", total, idempotencyKey: key } },
        staffSignIn.accessToken,
      );
      if (!recordPurchase.entries) throw new Error(recordPurchase.message);
    },
  };
}

/** Sockets that can be cut, as a phone's are in a tunnel. */
export function cuttable() {
  const open = new Set();
  class Socket extends WebSocket {
    constructor(...words) {
      super(...words);
      open.add(this);
      this.on("close", () => open.delete(this));
    }
  }
  const cut = () => {
    for (const socket of open) socket.terminate();
  };
  return { Socket, cut };
}

/** Wait for a value that is not undefined or false. */
export async function within(seconds, look, what) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(20)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`no sign of ${what} in ${seconds} s`);
}

export const LIVE = `subscription Live($after: String) { memberActivity(after: $after) { cursor activity { __typename
  ... on BalanceChanged { wallets { id available pending } entries { id amount } }
  ... on MessageReceived { unread message { id title } } ... on Resync { why: reason } } } }`;
