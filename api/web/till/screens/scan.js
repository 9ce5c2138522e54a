/* The first screen: the camera, a field for what is typed or comes from a USB scanner, and what a code turns
   out to be. */

import { fill, h, icon } from "/shared/dom.js";
import { newKey } from "/shared/graphql.js";
import { serviceWorkers } from "/shared/storage.js";
import { t } from "/shared/words.js";
import { classify } from "../codes.js";
import { otherReading, rememberLayout } from "../keys.js";
import { FIND, SCAN } from "../queries.js";
import { faultKey, Scanner } from "../scanner.js";
import { signal } from "../sounds.js";
import { go, prefer, session, till } from "../till.js";
import { ask, fail, notice, say } from "./parts.js";

export function scanScreen(element) {
  const video = h("video", { playsinline: true, muted: true, "aria-label": t("scan.picture") });
  video.muted = true;
  const tools = h("div.tools");
  const result = h("div", { "aria-live": "assertive" });
  const button = h(
    "button.button.primary.tall.wide",
    { onclick: () => open() },
    icon("camera"),
    t("scan.start"),
  );
  const frame = h("div.finder", {}, video, h("div.corners", { "aria-hidden": "true" }), tools);
  const box = h("div.lens", {}, frame, button);
  frame.hidden = true;

  /* What is being looked for: nothing once the screen is left, since an answer that comes later is for nobody. */
  let looking = null;
  const find = async (text, typed = false) => {
    // The camera may see other codes beside the one that is looked for; what somebody types since is meant.
    if (looking && (!typed || looking.text === text)) return;
    const mine = { text };
    looking = mine;
    element.setAttribute("aria-busy", "true");
    signal("seen");
    fill(
      result,
      h("p.notice.looking", {}, h("span.spinner"), h("span", {}, t("scan.looking", { code: text }))),
    );
    try {
      const { refusal, screen, params } = await meaning(text);
      if (looking !== mine) return;
      if (screen) go(screen, params);
      else fail(result, refusal);
    } catch (error) {
      if (looking !== mine) return;
      fail(result, say(error));
      // No answer came: what was typed stands ready to be sent again.
      if (typed && !code.value) code.value = text;
    } finally {
      if (looking === mine) {
        looking = null;
        element.removeAttribute("aria-busy");
      }
    }
  };

  const state = h("div", { "aria-live": "assertive" });
  const shown = () => {
    prefer("camera-on", true);
    fill(state);
    button.hidden = true;
    frame.hidden = false;
    drawTools(tools, scanner, open).catch(() => {}); // without torch and choice where they cannot be listed
  };
  /* The camera went: it is said why, with the button that starts it, and what else there is. */
  const lost = (error) => {
    fill(state, notice(t(faultKey(error)), "bad", "camera"));
    if (error.name === "ReaderError") return;
    button.hidden = false;
    frame.hidden = true;
  };
  const scanner = new Scanner(video, { found: find, lost, back: shown });
  async function open(deviceId = prefer("camera")) {
    button.disabled = true;
    try {
      await scanner.start(deviceId);
      serviceWorkers()?.controller?.postMessage("keep-later");
      shown();
    } catch (error) {
      // The screen was left while the camera started: that says nothing about the camera.
      if (!element.isConnected) return;
      // A camera chosen once and since unplugged must not keep the others away.
      if (deviceId && error.name === "OverconstrainedError") {
        prefer("camera", "");
        return open("");
      }
      // What the person refused, or the device does not have, is not asked for again by itself.
      if (["NotAllowedError", "NotFoundError"].includes(error.name)) prefer("camera-on", false);
      lost(error);
    } finally {
      button.disabled = false;
    }
  }

  const code = h("input.code", {
    id: "code",
    name: "code",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    enterkeyhint: "go",
    "aria-describedby": "code-hint",
  });
  const form = h(
    "form.typed",
    {
      onsubmit: (event) => {
        event.preventDefault();
        const text = code.value.trim();
        code.value = "";
        if (text) find(text, true);
      },
    },
    h("label", { for: "code" }, t("scan.typed")),
    h("div.row", {}, code, h("button.button", { "aria-label": t("scan.go") }, icon("forward"))),
    h("span.hint", { id: "code-hint" }, t("scan.typed.hint")),
  );

  element.append(h("h1.unseen", { tabindex: -1 }, t("scan.title")), box, state, result, form);
  if (prefer("camera-on")) open();
  return () => {
    looking = null;
    scanner.close();
  };
}

/* What a code turns out to be: the `screen` that it leads to with its `params`, or the `refusal` to tell. */
async function meaning(raw) {
  const { kind, text } = classify(raw);
  if (kind === "voucher" && !till.online && !navigator.onLine) return { refusal: t("scan.voucher.offline") };
  if (kind === "contact" || kind === "number") return byContact(kind, text);
  // What could never be a code is no guess at one: nobody is asked.
  if (kind === "unknown") return { refusal: t("scan.nocode", { text: text.slice(0, 40) }) };
  try {
    const { scan } = await ask(SCAN, { input: { code: text, idempotencyKey: newKey() } });
    const other = otherReading(raw);
    const isKnown = scan.__typename !== "UnknownCode";
    if (other && !isKnown) {
      const answer = await meaning(other);
      if (answer.screen) rememberLayout("own");
      return answer;
    }
    if (other) rememberLayout("us");
    if (scan.__typename === "CustomerScan") return { screen: "customer", params: scan };
    if (scan.__typename === "VoucherScan") return { screen: "voucher", params: { ...scan, code: text } };
    return { refusal: scan.message };
  } catch (error) {
    if (kind !== "card" || error.constructor.name !== "NoNetwork") throw error;
    say(error);
    return {
      screen: "customer",
      params: { offline: { card: text, scannedAt: new Date(session.now()).toISOString() } },
    };
  }
}

async function byContact(kind, text) {
  try {
    const { findCustomer } = await ask(FIND, { contact: text });
    if (!findCustomer) return { refusal: t("scan.nobody") };
    return { screen: "customer", params: { customer: findCustomer } };
  } catch (error) {
    if (kind !== "number" || error.constructor.name !== "NoNetwork") throw error;
    say(error);
    return { screen: "customer", params: { offline: { number: text } } };
  }
}

/* Torch and camera choice, where the device has them. */
async function drawTools(tools, scanner, open) {
  const cameras = await scanner.cameras();
  let lit = false;
  const torch =
    scanner.torch &&
    h(
      "button.button.round",
      {
        "aria-label": t("scan.torch"),
        "aria-pressed": "false",
        onclick: async () => {
          lit = !lit;
          await scanner.light(lit);
          torch.setAttribute("aria-pressed", String(lit));
        },
      },
      icon("torch"),
    );
  const next =
    cameras.length > 1 &&
    h(
      "button.button.round",
      {
        "aria-label": t("scan.camera"),
        onclick: () => {
          const at = cameras.findIndex((camera) => camera.deviceId === scanner.deviceId);
          const { deviceId } = cameras[(at + 1) % cameras.length];
          prefer("camera", deviceId);
          open(deviceId);
        },
      },
      icon("camera"),
    );
  fill(tools, torch, next);
}
