/* Every amount with its day; opened, it says why. */

import { fill, h, icon, sheet } from "/shared/dom.js";
import { amount, day, dayOf, instant, listed, money, number, unitsText } from "/shared/format.js";
import { t } from "/shared/words.js";
import { ask, phone, session, walletOf } from "../phone.js";
import { ENTRY_REASONS, HISTORY } from "../queries.js";
import { empty, failed, figure, notice, pages, reasons, say } from "./parts.js";

export function historyScreen(element) {
  const { me } = phone;
  const body = h("div");
  const filter = h("div.segments", { role: "group", "aria-label": t("tab.history") });
  let chosen = 0;
  const choose = async (wallet) => {
    const turn = ++chosen;
    fill(
      filter,
      [null, ...me.wallets.map((each) => each.code)].map((code) =>
        h(
          "button",
          { "aria-pressed": String(code === wallet), onclick: () => choose(code) },
          code ? walletOf(code).name : t("all"),
        ),
      ),
    );
    const read = async (after) => {
      const { pointHistory } = (await ask(HISTORY, { after, wallet })).viewer;
      return { nodes: pointHistory.edges.map((edge) => edge.node), pageInfo: pointHistory.pageInfo };
    };
    try {
      const first = wallet === null ? { nodes: me.history, pageInfo: me.historyMore } : await read(null);
      if (turn === chosen)
        fill(
          body,
          first.nodes.length
            ? h("div.card", {}, pages(first, entryLine, read))
            : empty("clock", t("history.none")),
        );
    } catch (error) {
      if (turn === chosen)
        fill(
          body,
          failed(error, () => choose(wallet)),
        );
    }
  };
  element.append(
    h("h1", { tabindex: -1 }, t("tab.history")),
    me.wallets.length > 1 ? filter : "",
    body,
    phone.programme?.earning.length
      ? h(
          "details.card",
          {},
          h("summary", {}, t("earning")),
          h(
            "ul.lines",
            {},
            phone.programme.earning.map((rule) =>
              h(
                "li",
                {},
                h("span", {}, rule.title, rule.description && h("small.why", {}, rule.description)),
              ),
            ),
          ),
        )
      : "",
  );
  choose(null);
}

/** One line of the history, to be opened. */
export function entryLine(entry) {
  const wallet = walletOf(entry.wallet);
  const zone = phone.programme?.timezone;
  const pending = entry.availableAt && Date.parse(entry.availableAt) > session.now();
  return h(
    "li",
    {},
    h(
      "button.entry",
      { onclick: () => openEntry(entry) },
      h(
        "span.grow",
        {},
        h("span", {}, entry.title),
        h(
          "small.why",
          {},
          [
            dayOf(entry.occurredAt, zone),
            pending && t("entry.pending", { day: dayOf(entry.availableAt, zone) }),
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
      figure(entry.amount, wallet),
      icon("forward"),
    ),
  );
}

function openEntry(entry) {
  const wallet = walletOf(entry.wallet);
  const zone = phone.programme?.timezone;
  return sheet(entry.title, t("close"), () => {
    const body = h("div.stack.tight", { "aria-live": "polite" }, h("div.skeleton"));
    ask(ENTRY_REASONS, { id: entry.id })
      .then(({ node }) =>
        fill(
          body,
          node.purchase
            ? [
                h(
                  "p",
                  {},
                  [
                    t("entry.purchase", {
                      receipt: node.purchase.externalId,
                      total: money(node.purchase.total, node.purchase.currency),
                    }),
                    node.purchase.store?.name,
                  ]
                    .filter(Boolean)
                    .join(", "),
                ),
                paidWith(node.purchase),
              ]
            : node.event
              ? h("p", {}, node.event)
              : null,
          node.explanation.length ? [h("h3", {}, t("entry.why")), reasons(node.explanation)] : null,
        ),
      )
      .catch((error) => fill(body, notice(say(error), "bad", "cloud")));
    return h(
      "div.stack",
      {},
      h("h2", {}, entry.title),
      h("p.sum", {}, figure(entry.amount, wallet), " ", h("span.unit", {}, wallet?.name)),
      h(
        "ul.lines.card.facts",
        {},
        fact(
          t("entry.when"),
          instant(entry.occurredAt, zone, {
            day: "numeric",
            month: "short",
            year: "numeric",
            hour: "2-digit",
            minute: "2-digit",
          }),
        ),
        fact(t("entry.kind"), t(`kind.${entry.entryKind}`)),
        entry.availableAt ? fact(t("entry.available"), dayOf(entry.availableAt, zone)) : null,
        entry.expiresOn ? fact(t("entry.expires"), day(entry.expiresOn)) : null,
        fact(t("entry.balance"), amount(entry.balanceAfter, wallet)),
      ),
      body,
    );
  });
}

/* What wallets paid of a purchase, what was paid otherwise, and what has come back since. */
function paidWith({ paid, payment = [], back, currency }) {
  if (!payment.length) return null;
  const parts = back.wallets.filter((part) => part.units);
  return [
    h("h3", {}, t("pay.with")),
    h(
      "ul.lines.card.facts",
      {},
      payment.map((part) =>
        fact(
          part.currency ? part.name : t("cost", { amount: number(part.units), wallet: part.name }),
          money(part.worth, currency),
        ),
      ),
      fact(t("pay.otherwise"), money(paid, currency)),
      back.money || parts.length
        ? fact(
            t("pay.back"),
            listed([
              ...(back.money ? [money(back.money, currency)] : []),
              ...parts.map((part) =>
                t("cost", { amount: unitsText(part.units, part.currency), wallet: part.name }),
              ),
            ]),
          )
        : null,
    ),
  ];
}

function fact(name, value) {
  return h("li", {}, h("span", {}, name), h("span.figure", {}, value));
}
