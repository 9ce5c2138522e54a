/* The bar: where one is, what waits for approval, and who is signed in. */

import { LanguagePicker } from "/shared/language.js";
import { html } from "/shared/preact.js";
import { Act, Icon, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, go, prefer, session } from "./console.js";
import { pagesOf } from "./pages.js";
import { SIGN_OUT } from "./queries.js";
import { useTabs } from "./tabs.js";

export function Bar({ shown }) {
  const row = useTabs(`${shown.name} ${session.open}`);
  if (!session.open) return null;
  const isHere = (page) => page.name === (shown.within ?? shown.name);
  return html`<div class="brand">
      <img src="/shared/selo.svg" alt="" width="34" height="34" />
      <strong>${desk.programme?.name ?? t("title")}</strong>
    </div>
    <nav class="ways tabs" ref=${row} aria-label=${t("nav")}>
      ${pagesOf(desk.staff.role)
        .filter((page) => page.icon)
        .map(
          (
            page,
          ) => html`<button key=${page.name} type="button" aria-current=${isHere(page) ? "page" : undefined} onClick=${() => go(page.name)}>
            <${Icon} name=${page.icon} /><span>${t(`page.${page.name}`)}</span>
            ${page.counts && desk[page.counts] > 0 && html`<span class="count" data-waiting=${desk[page.counts]}>${desk[page.counts]}</span>`}
          </button>`,
        )}
    </nav>
    <button class="button plain who" type="button" onClick=${() => openSheet(t("menu"), Menu)}>
      <${Icon} name="person" /><span>${desk.staff.name}</span>
    </button>`;
}

function Menu({ close }) {
  const leave = async () => {
    // A session that cannot be ended for want of a network lapses by itself; this browser forgets it at once.
    await ask(SIGN_OUT, { input: {} }).catch(() => {});
    close();
    session.end();
  };
  return html`<div class="stack">
    <h2>${desk.staff.name}</h2>
    <p class="quiet">${t(`role.${desk.staff.role}`)}</p>
    <${LanguagePicker} prefer=${prefer} />
    <${Act} class="button wide" type="button" act=${leave}>${t("signout")}<//>
  </div>`;
}
