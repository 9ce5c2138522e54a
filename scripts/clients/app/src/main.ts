// The app without a surface: it reads commands from its input, one a line, and prints a screen for each.
//
//   SELO_URL=http://127.0.0.1:8000/graphql node dist/main.js
//   sign-in ana@example.com | code 123456 | home | rewards | redeem | history | card | quit
import { createInterface } from "node:readline/promises";
import WebSocket from "ws";
import { freshCard, load, newKey, redeem, Refused, registerDevice, requestCode, signIn } from "./actions.js";
import { type App, openApp } from "./client.js";
import { follow, type Following } from "./live.js";
import { cardScreen } from "./screens/card.js";
import { historyScreen } from "./screens/history.js";
import { homeScreen } from "./screens/home.js";
import { redeemable, rewardsScreen } from "./screens/rewards.js";
import type { SecretStore, Tokens } from "./session.js";

/** Secrets of one run: a phone has a keychain for them. */
export function memorySecrets(): SecretStore {
  let kept: Tokens | null = null;
  return {
    read: () => kept,
    write: (tokens) => {
      kept = tokens;
    },
  };
}

async function run(app: App): Promise<void> {
  const installationId = newKey();
  let asked: { contact: string; challenge: string } | null = null;
  let following: Following | null = null;
  const { cache } = app.client;
  const commands: Record<string, (word: string) => Promise<string>> = {
    "sign-in": async (contact) => {
      asked = { contact, challenge: await requestCode(app, contact) };
      return `A code was sent to ${contact}`;
    },
    code: async (code) => {
      if (asked === null) return "Sign in first";
      await signIn(app, { ...asked, code, installationId });
      following = follow(app, await load(app), (kind) => console.log(`* ${kind}`));
      await registerDevice(app, { installationId, platform: "ANDROID" });
      return homeScreen(cache);
    },
    home: async () => homeScreen(cache),
    rewards: async () => rewardsScreen(cache),
    history: async () => historyScreen(cache),
    redeem: async () => {
      const reward = redeemable(cache);
      return reward === null ? "Nothing to redeem yet" : `Show this: ${await redeem(app, reward)}`;
    },
    card: async () => {
      await freshCard(app);
      return cardScreen(cache);
    },
  };
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    const [name = "", word = ""] = line.trim().split(/\s+/);
    if (name === "quit") break;
    try {
      console.log(`${await (commands[name]?.(word) ?? Promise.resolve(Object.keys(commands).join(" ")))}\n.`);
    } catch (fault) {
      if (!(fault instanceof Refused)) throw fault;
      console.log(`${fault.message}\n.`);
    }
  }
  (following as Following | null)?.stop();
  lines.close();
}

const app = openApp(process.env["SELO_URL"] ?? "http://127.0.0.1:8000/graphql", memorySecrets(), WebSocket);
await run(app).finally(() => app.close());
