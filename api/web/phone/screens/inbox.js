/* Every message, also those that no push could bring; seen here, they are read. A survey's question is
   answered here, by one tap. */

import { fill, h } from "/shared/dom.js";
import { instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { ask, go, onMessage, phone, readHome } from "../phone.js";
import { ANSWER_SURVEY, MARK_READ, MESSAGES } from "../queries.js";
import { empty, failed, notice, pages, say } from "./parts.js";

/* A link of the programme's own app, such as app://rewards/discount-5, leads to the same place here. */
const PLACES = ["rewards", "badges", "history", "inbox", "me"];

export async function inboxScreen(element) {
  const body = h("div", { "aria-live": "polite" }, h("div.skeleton"));
  element.append(h("h1", { tabindex: -1 }, t("inbox")), body);
  const known = new Set();
  const read = async (after) => {
    const { messages } = (await ask(MESSAGES, { after })).viewer;
    const nodes = messages.edges.map((edge) => edge.node);
    const fresh = nodes.filter((message) => !message.readAt).map((message) => message.id);
    if (fresh.length)
      ask(MARK_READ, { input: { ids: fresh } })
        .then(() => readHome())
        .catch(() => {});
    return { nodes, pageInfo: messages.pageInfo };
  };
  const draw = (message) => {
    known.add(message.id);
    return line(message);
  };
  const show = (first) =>
    fill(
      body,
      first.nodes.length ? h("div.card", {}, pages(first, draw, read)) : empty("bell", t("inbox.none")),
    );
  /* What comes in while the inbox is looked at stands on top of it. */
  const renew = async () => {
    if (!element.isConnected) return stop();
    if (document.hidden) return document.addEventListener("visibilitychange", renew, { once: true });
    const first = await read(null).catch(() => null);
    if (!first) return null;
    const list = body.querySelector("ul.lines");
    return list
      ? list.prepend(...first.nodes.filter((message) => !known.has(message.id)).map(draw))
      : show(first);
  };
  const stop = onMessage(renew);
  const begin = async () => {
    try {
      show(await read(null));
    } catch (error) {
      fill(body, failed(error, begin));
    }
  };
  await begin();
}

function line(message) {
  const place = PLACES.find((name) => message.link?.match(/^app:\/\/([\w-]+)/)?.[1] === name);
  if (message.survey) return h(message.readAt ? "li" : "li.fresh", {}, question(message));
  const content = [
    h("strong", {}, message.title),
    h("span", {}, message.body),
    h("small.why", {}, instant(message.sentAt, phone.programme?.timezone)),
  ];
  return h(
    message.readAt ? "li" : "li.fresh",
    {},
    place
      ? h("button.entry.message", { onclick: () => go(place) }, h("span.grow.stack.tight", {}, content))
      : h("div.message.stack.tight", {}, content),
  );
}

function question({ id, title, sentAt, survey }) {
  // One key a score: where an answer was lost on the way, another score tapped next is told what stands.
  const keys = {};
  const [words, stage] = [h("strong", { id: `q-${id}` }, title), h("div.stack.tight")];
  const thank = (score) => h("p.thanks", { tabindex: -1 }, t("survey.thanks", { score }));
  const answer = async (score, buttons, fault) => {
    for (const button of buttons) button.disabled = true;
    fill(fault);
    keys[score] ??= newKey();
    try {
      const { answerSurvey } = await ask(ANSWER_SURVEY, {
        input: { message: id, score, idempotencyKey: keys[score] },
      });
      const kept = answerSurvey.question?.survey.score ?? answerSurvey.score;
      if (kept === undefined) return fill(fault, notice(answerSurvey.message, "bad", "close"));
      fill(stage, thank(kept)).firstChild.focus();
      readHome().catch(() => {});
    } catch (error) {
      fill(fault, notice(say(error), "bad", "cloud"));
      for (const button of buttons) button.disabled = false;
    }
  };
  const scale = () => {
    const fault = h("div.fault");
    const scores = Array.from({ length: survey.highest - survey.lowest + 1 }, (_, at) => survey.lowest + at);
    const buttons = scores.map((score) =>
      h("button.button", { onclick: () => answer(score, buttons, fault) }, score),
    );
    return [
      h(
        "div.scores",
        { role: "group", "aria-labelledby": words.id, style: { "--across": Math.min(6, scores.length) } },
        buttons,
      ),
      h(
        "p.row.spread.small.quiet",
        {},
        h("span", {}, t("survey.low", { score: survey.lowest })),
        h("span", {}, t("survey.high", { score: survey.highest })),
      ),
      fault,
    ];
  };
  fill(stage, survey.score === null ? scale() : thank(survey.score));
  return h(
    "div.message.stack.tight",
    {},
    words,
    stage,
    h("small.why", {}, instant(sentAt, phone.programme?.timezone)),
  );
}
