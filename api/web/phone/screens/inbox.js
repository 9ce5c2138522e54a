/* Every message, also those that no push could bring; seen here, they are read. */

import { fill, h } from "/shared/dom.js";
import { instant } from "/shared/format.js";
import { t } from "/shared/words.js";
import { ask, go, phone, readHome } from "../phone.js";
import { MARK_READ, MESSAGES } from "../queries.js";
import { notice, pages, say } from "./parts.js";

/* A link of the programme's own app, such as app://rewards/discount-5, leads to the same place here. */
const PLACES = ["rewards", "badges", "history", "inbox", "me"];

export async function inboxScreen(element) {
  const body = h("div", { "aria-live": "polite" }, h("div.skeleton"));
  element.append(h("h1", { tabindex: -1 }, t("inbox")), body);
  const read = async (after) => {
    const { messages } = (await ask(MESSAGES, { after })).me;
    const nodes = messages.edges.map((edge) => edge.node);
    const fresh = nodes.filter((message) => !message.readAt).map((message) => message.id);
    if (fresh.length) ask(MARK_READ, { input: { ids: fresh } }).then(() => readHome()).catch(() => {});
    return { nodes, pageInfo: messages.pageInfo };
  };
  try {
    const first = await read(null);
    fill(body, first.nodes.length ? h("div.card", {}, pages(first, line, read)) : h("p.quiet", {}, t("inbox.none")));
  } catch (error) {
    fill(body, notice(say(error), "bad", "cloud"));
  }
}

function line(message) {
  const place = PLACES.find((name) => message.link?.match(/^app:\/\/([\w-]+)/)?.[1] === name);
  const content = [h("strong", {}, message.title), h("span", {}, message.body), h("small.why", {}, instant(message.sentAt, phone.programme?.timezone))];
  return h(message.readAt ? "li" : "li.fresh", {}, place ? h("button.entry.message", { onclick: () => go(place) }, h("span.grow.stack.tight", {}, content)) : h("div.message.stack.tight", {}, content));
}
