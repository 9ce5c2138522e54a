/* The bar above a screen, the tabs beneath it, and the menu of who stands here. */

import { NoNetwork } from "/shared/graphql.js";
import { LanguagePicker } from "/shared/language.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { isLasting } from "/shared/storage.js";
import { Icon, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { SIGN_OUT } from "./queries.js";
import { say } from "./screens/parts.js";
import { signal, soundOn } from "./sounds.js";
import { go, hints, prefer, session, till } from "./till.js";

const TABS = [
  ["scan", "scan"],
  ["refund", "refund"],
  ["shift", "list"],
];

/* What is not as it should be is said; that all is well only where there is nothing else to say. */
export function Bar({ rows, train }) {
  const refused = rows.filter((row) => row.state === "refused").length;
  const waiting = rows.length - refused;
  const state = till.online && rows.length ? [] : [t(till.online ? "net.on" : "net.off")];
  if (waiting) state.push(t("queue.waiting", { count: waiting }));
  if (refused) state.push(t("queue.refused", { count: refused }));
  return html`${till.isTraining && html`<p class="training"><${Icon} name="school" /><span>${t("training.on")}</span></p>`}
    <div class="where">
      <img src=${hints.icon ?? "/shared/selo.svg"} alt="" width="34" height="34" />
      <strong>${till.staff.store.name}</strong>
    </div>
    <button
      class=${`state ${refused ? "bad" : till.online ? "on" : "off"}`}
      data-waiting=${waiting}
      data-refused=${refused}
      onClick=${() => go("shift")}
    >
      <${Icon} name=${refused ? "alert" : till.online ? "check" : "cloud"} />
      <span class=${waiting ? "told waits" : "told"} role="status">
        ${state.map((each) => each.replaceAll(" ", "\u00a0")).join("\u00a0· ")}
      </span>
    </button>
    <button class="button round plain" aria-label=${t("menu.open")} onClick=${() => openSheet(t("menu"), Menu, { train })}>
      <${Icon} name="person" />
    </button>`;
}

/** Whether what waits would be lost with this page, which keeps nothing. */
export function losesWith(rows) {
  return !isLasting() && rows.some((row) => row.state !== "refused");
}

export function Tabs({ shown }) {
  return TABS.map(
    ([screen, picture]) => html`<button
      key=${screen}
      aria-current=${shown === screen ? "page" : null}
      onClick=${() => go(screen)}
    >
      <${Icon} name=${picture} /><span>${t(`tab.${screen}`)}</span>
    </button>`,
  );
}

function Menu({ close, train }) {
  const after = (act) => () => {
    close();
    act();
  };
  return html`<div class="stack">
    <h2>${till.staff.name}</h2>
    <p class="quiet">${t(`role.${till.staff.role}`)} · ${till.staff.store.name}</p>
    <${LanguagePicker} prefer=${prefer} />
    <label class="choice"><${SoundBox} />${t("menu.sound")}</label>
    <button class="button wide" onClick=${after(signOut)}>${t("signout")}</button>
    <button class="button" onClick=${after(() => tryTraining(train))}>
      <${Icon} name="school" />${t(till.isTraining ? "training.end" : "training")}
    </button>
  </div>`;
}

function SoundBox() {
  const [isOn, setOn] = useState(soundOn);
  const choose = ({ target }) => {
    prefer("sound", target.checked);
    setOn(target.checked);
    signal("seen");
  };
  return html`<input type="checkbox" checked=${isOn} onChange=${choose} />`;
}

async function tryTraining(train) {
  try {
    await train(!till.isTraining);
  } catch (error) {
    toast(error instanceof NoNetwork ? say(error) : t("fault.network"), "bad");
  }
}

async function signOut() {
  // A session that cannot be ended for want of a network lapses by itself; the till forgets it at once.
  await session.ask(SIGN_OUT, { input: {} }).catch(() => {});
  session.end();
}
