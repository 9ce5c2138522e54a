/* The stores, with their hours and the way there: the nearest first where the member lets this page know where they
   are. The place goes with the question and is kept by nobody. */

import { number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { speech, t } from "/shared/words.js";
import { ask, phone, session } from "../phone.js";
import { Act, Empty, Failed, Icon, Notice } from "../ui.js";
import { STORES } from "./queries.js";

const DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const WAIT_MS = 10_000;

export function Stores() {
  const [stores, setStores] = useState(null);
  const [fault, setFault] = useState(null);
  const [refused, setRefused] = useState(false);
  const read = async (near = null) => {
    setFault(null);
    try {
      setStores((await ask(STORES, { near })).programme.stores);
    } catch (error) {
      setFault(error);
    }
  };
  useEffect(() => {
    read();
  }, []);
  const locate = async () => {
    setRefused(false);
    try {
      await read(await place());
    } catch {
      setRefused(true);
    }
  };
  return html`<h1 tabindex="-1">${t("stores")}</h1>
    <${Act} class="button wide" act=${locate}><${Icon} name="scan" />${t("stores.near")}<//>
    <p class="small quiet">${t("stores.place")}</p>
    <div aria-live="polite">${refused && html`<${Notice} icon="alert">${t("stores.refused")}<//>`}</div>
    ${
      fault
        ? html`<${Failed} error=${fault} again=${() => read()} />`
        : !stores
          ? html`<div class="skeleton tall"></div>`
          : !stores.length
            ? html`<${Empty} icon="home">${t("stores.none")}<//>`
            : html`<ul class="stack">${stores.map((store) => html`<${StoreCard} key=${store.id} store=${store} />`)}</ul>`
    }`;
}

/* Where this device is, roughly; rejects where that is not told. */
function place() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject();
    return navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude } }) => resolve({ latitude, longitude }),
      reject,
      { enableHighAccuracy: false, timeout: WAIT_MS, maximumAge: 60_000 },
    );
  });
}

function far(metres) {
  return metres < 1000
    ? t("stores.metres", { count: number(Math.max(10, Math.round(metres / 10) * 10)) })
    : t("stores.kilometres", {
        count: (metres / 1000).toLocaleString(speech.locale, { maximumFractionDigits: 1 }),
      });
}

function StoreCard({ store }) {
  const { name, address, phone: dialled, position, hours, distance } = store;
  return html`<li class="card stack tight">
    <div class="row spread">
      <h2>${name}</h2>
      ${distance !== null && html`<span class="chip">${far(distance)}</span>`}
    </div>
    ${address && html`<p>${address}</p>`}
    ${hours.length > 0 && html`<${Opening} hours=${hours} />`}
    <p class="row wrap">
      ${dialled && html`<a class="button" href=${`tel:${dialled.replace(/[^\d+]/g, "")}`}>${dialled}</a>`}
      ${position && html`<a class="button" href=${`geo:${position.latitude},${position.longitude}`}>${t("stores.way")}</a>`}
    </p>
  </li>`;
}

function Opening({ hours }) {
  const now = new Date(session.now());
  const timeZone = phone.programme?.timezone;
  const today = now.toLocaleDateString("en", { weekday: "short", timeZone }).toUpperCase();
  const at = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  const isOpen = hours.some(({ weekday, opens, closes }) => weekday === today && opens <= at && at < closes);
  const named = (day) =>
    new Date(MONDAY + DAYS.indexOf(day) * DAY_MS).toLocaleDateString(speech.locale, {
      weekday: "long",
      timeZone: "UTC",
    });
  return html`<details>
    <summary>${t(isOpen ? "stores.open" : "stores.closed")}</summary>
    <ul class="lines">
      ${DAYS.map((day) => {
        const spans = hours.filter(({ weekday }) => weekday === day);
        return html`<li key=${day}>
          <span class="grow">${named(day)}</span>
          <span class="figure">
            ${spans.length ? spans.map(({ opens, closes }) => `${opens}–${closes}`).join(", ") : t("stores.shut")}
          </span>
        </li>`;
      })}
    </ul>
  </details>`;
}
