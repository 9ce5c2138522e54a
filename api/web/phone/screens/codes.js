/* A code of a campaign, an influencer or a package: one field to enter it, and what it gave. */

import { field, fill, h, icon, sheet } from "/shared/dom.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { toldHere } from "../news.js";
import { ask, readHome } from "../phone.js";
import { ENTER_CODE } from "../queries.js";
import { figure, picture, sending } from "./parts.js";
import { openVoucher } from "./voucher.js";

/* How many tries are left is told when there are few. */
const FEW_TRIES = 3;

/** The field for a code, over the page. `given` stands in it, as from the link on a package, and beneath it the
 * `problem` that it met before. */
export function enterCode(given = "", problem = "") {
  return sheet(t("codes.enter"), t("close"), (close) => {
    const place = h("div.stack");
    askFor(place, given, close, problem);
    return place;
  });
}

/** Tell what came of the `code` that was given with the enrolment: a refused one stands in its field again. */
export function tellEnrolmentCode(answer, code) {
  if (answer.__typename !== "CodeEntered") return enterCode(code, refused(answer));
  return sheet(answer.title, t("close"), (close) => {
    const place = h("div.stack");
    showGains(place, answer, close);
    return place;
  });
}

function askFor(place, given, close, problem = "") {
  const code = h("input.big.code", {
    required: true,
    autofocus: true,
    name: "code",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 100,
    value: given,
  });
  // The same code again, as after a lost answer, is the same request.
  const keys = {};
  fill(
    place,
    h("h2", {}, t("codes.enter")),
    h("p.quiet", {}, t("codes.hint")),
    sending(
      h("button.button.primary.wide.tall", {}, t("codes.do")),
      [field(t("codes.label"), code)],
      async () => {
        const typed = code.value.trim();
        keys[typed] ??= newKey();
        const { enterCode: answer } = await ask(ENTER_CODE, {
          input: { code: typed, idempotencyKey: keys[typed] },
        });
        if (answer.__typename !== "CodeEntered") {
          code.select();
          return refused(answer);
        }
        toldHere(answer.entries);
        showGains(place, answer, close);
        await readHome().catch(() => {});
        return null;
      },
      problem,
    ),
  );
  code.focus();
}

function refused({ message, reason, triesLeft }) {
  const isWrong = ["UNKNOWN", "NOT_NOW", "OVER", "USED_UP"].includes(reason);
  const few = isWrong && triesLeft !== null && triesLeft <= FEW_TRIES;
  return few ? `${message} ${t("codes.left", { count: triesLeft })}` : message;
}

function showGains(place, answer, close) {
  const { wallets } = answer.member;
  const entries = answer.entries.map((entry) => {
    const wallet = wallets.find((each) => each.code === entry.wallet);
    return h(
      "li",
      {},
      h("span.grow", {}, entry.title, h("small.why", {}, wallet?.name)),
      figure(entry.amount, wallet),
    );
  });
  const title = h("h2", { tabindex: -1 }, answer.title);
  const another = h("button.button.wide", { type: "button" }, t("codes.another"));
  another.addEventListener("click", () => askFor(place, "", close));
  fill(
    place,
    title,
    h("p", { role: "status" }, h("span.chip.good", {}, icon("check"), t("codes.entered"))),
    entries.length || answer.vouchers.length ? null : h("p", {}, t("codes.nothing")),
    entries.length ? h("ul.lines.card", {}, entries) : null,
    answer.vouchers.map((voucher) =>
      h(
        "button.ticket",
        {
          type: "button",
          onclick: () => {
            close();
            openVoucher(voucher);
          },
        },
        picture(voucher.reward, 56),
        h("span.grow", {}, h("strong", {}, voucher.title), h("small.why", {}, t("voucher.show"))),
        icon("forward"),
      ),
    ),
    h("button.button.primary.wide.tall", { type: "button", onclick: () => close() }, t("close")),
    another,
  );
  title.focus();
}
