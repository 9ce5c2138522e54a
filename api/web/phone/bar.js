/* The bar above a screen and the tabs beneath it. */

import { clock } from "/shared/format.js";
import { html, useEffect } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { go, hints, phone, programmeName, session } from "./phone.js";
import { showCard } from "./screens/card.js";
import { Icon } from "./ui.js";

const TABS = [
  ["home", "home"],
  ["rewards", "gift"],
  ["card", "card"],
  ["badges", "star"],
  ["history", "clock"],
];

/* The number on the app's icon is that of this page, also where messages were read elsewhere. */
function useIconCount(unread) {
  useEffect(() => {
    const { setAppBadge, clearAppBadge } = navigator;
    if (unread === undefined || !setAppBadge) return;
    (unread > 0 ? setAppBadge.call(navigator, unread) : clearAppBadge.call(navigator)).catch(() => {});
  }, [unread]);
}

export function Bar() {
  useIconCount(session.open ? phone.me?.unread : 0);
  if (!session.open || !phone.me) return null;
  const brand = phone.programme?.brand;
  const mark = brand?.icon ?? brand?.logo ?? hints.icon ?? "/shared/selo.svg";
  const { unread, hasMessages } = phone.me;
  return html`<img src=${mark} alt="" width="34" height="34" />
    <strong class="grow">${programmeName()}</strong>
    <span class="net" role="status"><${Net} /></span>
    ${
      hasMessages &&
      (hints.inbox !== "none" || unread > 0) &&
      html`<button
        class="button round plain bell"
        aria-label=${unread ? t("inbox.unread", { count: unread }) : t("inbox")}
        onClick=${() => go("inbox")}
      >
        <${Icon} name="bell" />
        ${unread > 0 && html`<span class="count" aria-hidden="true">${unread}</span>`}
      </button>`
    }
    <button class="button round plain" aria-label=${t("me")} onClick=${() => go("me")}><${Icon} name="person" /></button>`;
}

function Net() {
  if (phone.online)
    return phone.live === false
      ? html`<span class="chip"><span class="spinner"></span>${t("net.again")}</span>`
      : null;
  const time = phone.readAt && clock(phone.readAt, phone.programme?.timezone);
  return html`<span class="chip">
    <${Icon} name="cloud" />${time ? t("net.off.since", { time }) : t("net.off")}
  </span>`;
}

export function Tabs({ shown }) {
  return TABS.map(
    ([screen, image]) => html`<button
      key=${screen}
      class=${screen === "card" ? "central" : null}
      aria-current=${shown === screen ? "page" : null}
      onClick=${() => (screen === "card" ? showCard() : go(screen))}
    >
      <span class="mark"><${Icon} name=${image} /></span><span>${t(`tab.${screen}`)}</span>
    </button>`,
  );
}
