// What a member does in the app. Each act has a key that is made before it is sent and kept until it was answered, so
// that sending it again acts once.
import { randomUUID } from "node:crypto";
import type { App } from "./client.js";
import {
  CardDocument,
  type DevicePlatform,
  MemberDocument,
  ProgrammeDocument,
  RedeemDocument,
  RegisterDeviceDocument,
  RequestCodeDocument,
  SignInDocument,
} from "./generated/api.js";

/** What the server refused, in the member's language: a screen shows it as it stands. */
export class Refused extends Error {}

export const newKey = (): string => randomUUID();

/** Have a code sent to a contact; return the challenge that it belongs to. */
export async function requestCode(app: App, contact: string): Promise<string> {
  const { data } = await app.client.mutate({ mutation: RequestCodeDocument, variables: { input: { contact } } });
  return needed(data).requestSignInCode.challenge;
}

export async function signIn(
  app: App,
  input: { contact: string; code: string; challenge: string; installationId: string },
): Promise<void> {
  const { data } = await app.client.mutate({ mutation: SignInDocument, variables: { input } });
  const answer = needed(data).signIn;
  if (answer.__typename !== "SignedIn") throw new Refused(answer.message);
  app.session.begin(answer);
}

/** Read all that the screens show, from the network; return the cursor from which live activity goes on. */
export async function load(app: App): Promise<string> {
  const [{ data }] = await Promise.all([
    app.client.query({ query: MemberDocument, fetchPolicy: "network-only" }),
    app.client.query({ query: ProgrammeDocument, fetchPolicy: "network-only" }),
  ]);
  return needed(data).me.activityCursor;
}

/** Read a code for the card: it is good for one scan and half a minute, so it is never taken from the cache. */
export async function freshCard(app: App): Promise<void> {
  await app.client.query({ query: CardDocument, fetchPolicy: "network-only" });
}

/** Register this installation; return its card secret, which goes into the keychain. */
export async function registerDevice(
  app: App,
  device: { installationId: string; platform: DevicePlatform; token?: string },
  key: string = newKey(),
): Promise<string> {
  const input = { ...device, idempotencyKey: key };
  const { data } = await app.client.mutate({ mutation: RegisterDeviceDocument, variables: { input } });
  return needed(data).registerDevice.cardSecret;
}

/** Redeem a reward; return the voucher's code. The cache has the new balances at once, the lists by live activity. */
export async function redeem(app: App, rewardId: string, key: string = newKey()): Promise<string> {
  const input = { rewardId, idempotencyKey: key };
  const { data } = await app.client.mutate({ mutation: RedeemDocument, variables: { input } });
  const answer = needed(data).redeemReward;
  if (answer.__typename !== "RewardRedeemed") throw new Refused(answer.message);
  return needed(answer.voucher.code);
}

function needed<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("the server answered nothing");
  return value;
}
