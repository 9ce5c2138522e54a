/* The member's card: a code that renews itself every 30 seconds, held up so that purchases count. It never
   authorises spending. */

import { openDialog } from "/shared/back.js";
import { fill, h, icon } from "/shared/dom.js";
import { picture as drawCode } from "/shared/qr.js";
import { t } from "/shared/words.js";
import { currentCard } from "../card.js";
import { phone } from "../phone.js";
import { notice, say } from "./parts.js";
import { keepAwake } from "./voucher.js";

export function showCard() {
  const code = h("div.lightcard");
  const life = h("div.life", { "aria-hidden": "true" }, h("span"));
  const fault = h("div", { "aria-live": "polite" });
  const dialog = h(
    "dialog.held.member",
    { "aria-label": t("card.title") },
    h("button.close", { "aria-label": t("close"), onclick: () => dialog.close() }, icon("close")),
    h(
      "div.sheetlet",
      {},
      h("h2", {}, t("card.title")),
      code,
      life,
      h("p.spell.code", {}, phone.me?.number ?? ""),
      h("p", {}, t("card.hint")),
      fault,
    ),
  );
  const stopAwake = keepAwake();
  let timer = null;
  const renew = async () => {
    clearTimeout(timer);
    try {
      const { code: text, until } = await currentCard();
      if (!dialog.isConnected) return;
      const left = Math.max(1000, until - Date.now());
      code.dataset.code = text;
      fill(code, drawCode(text, t("card.qr")));
      fill(fault);
      for (const animation of life.firstChild.getAnimations()) animation.cancel();
      life.firstChild.animate(
        [{ transform: `scaleX(${Math.min(1, left / 30_000)})` }, { transform: "scaleX(0)" }],
        {
          duration: left,
          easing: matchMedia("(prefers-reduced-motion: reduce)").matches ? "steps(6)" : "linear",
        },
      );
      timer = setTimeout(renew, left);
    } catch (error) {
      if (!dialog.isConnected) return;
      fill(code);
      fill(fault, notice(say(error), "bad", "cloud"));
      timer = setTimeout(renew, 3000);
    }
  };
  const seen = () => {
    if (!document.hidden) renew();
  };
  document.addEventListener("visibilitychange", seen);
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
    stopAwake();
    dialog.remove();
  });
  openDialog(dialog);
  renew();
}
