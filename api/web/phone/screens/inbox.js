/* Every message, also those that no push could bring; seen here, they are read. A survey's question is
   answered here, by one tap, with words where somebody adds some; other messages have the picture of what they are about, and lead to it. */

import { instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { say } from "../faults.js";
import { ask, go, onMessage, phone, readHome } from "../phone.js";
import { ANSWER_SURVEY, MARK_READ, MESSAGES } from "../queries.js";
import { Empty, Failed, Icon, More, Notice, Picture, useName } from "../ui.js";
import { openBadge } from "./badges.js";
import { openReward } from "./rewards.js";

/** Note that a message was tapped, here or as a push: results count it. Where that fails nobody waits for it. */
export function noteTap(id) {
  ask(MARK_READ, { input: { ids: [id], clicked: true } })
    .then(() => readHome())
    .catch(() => {});
}

/* A link of the programme's own app, such as app://rewards/discount-5, leads to the same place here. */
const PLACES = {
  rewards: "gift",
  badges: "star",
  history: "clock",
  inbox: "bell",
  me: "person",
  home: "home",
};

async function readPage(after) {
  const { messages } = (await ask(MESSAGES, { after })).viewer;
  const nodes = messages.edges.map((edge) => edge.node);
  const fresh = nodes.filter((message) => !message.readAt).map((message) => message.id);
  if (fresh.length)
    ask(MARK_READ, { input: { ids: fresh } })
      .then(() => readHome())
      .catch(() => {});
  return { nodes, pageInfo: messages.pageInfo };
}

export function Inbox() {
  const [list, setList] = useState(null);
  const [fault, setFault] = useState(null);
  const begin = () => {
    setFault(null);
    readPage(null).then(setList, setFault);
  };
  useEffect(() => {
    let isOver = false;
    begin();
    /* What comes in while the inbox is looked at stands on top of it. */
    const renew = async () => {
      if (isOver) return;
      if (document.hidden) return document.addEventListener("visibilitychange", renew, { once: true });
      const first = await readPage(null).catch(() => null);
      if (first && !isOver)
        setList((before) => {
          const known = new Set(before?.nodes.map((message) => message.id));
          const fresh = first.nodes.filter((message) => !known.has(message.id));
          return before ? { ...before, nodes: [...fresh, ...before.nodes] } : first;
        });
    };
    const stop = onMessage(renew);
    return () => {
      isOver = true;
      stop();
    };
  }, []);
  const add = async (after) => {
    const page = await readPage(after);
    setList((before) => ({ nodes: [...before.nodes, ...page.nodes], pageInfo: page.pageInfo }));
  };
  return html`<h1 tabindex="-1">${t("inbox")}</h1>
    <div aria-live="polite">
      ${
        list
          ? list.nodes.length
            ? html`<div class="card stack">
                <ul class="lines">
                  ${list.nodes.map((message) => html`<${Line} key=${message.id} message=${message} />`)}
                </ul>
                <${More} pageInfo=${list.pageInfo} add=${add} />
              </div>`
            : html`<${Empty} icon="bell">${t("inbox.none")}<//>`
          : fault
            ? html`<${Failed} error=${fault} again=${begin} />`
            : html`<div class="skeleton"></div>`
      }
    </div>`;
}

/* The place of this page that a link names: app://rewards/discount-5, or its own address; null for any other. */
function placeOf(link) {
  const named = (link ?? "").replace(`${location.origin}/phone/`, "app://");
  const [, place, code] = named.match(/^app:\/\/([\w-]+)(?:\/([\w-]+))?/) ?? [];
  return place in PLACES ? { place, code } : null;
}

/* What a message is about: its picture, what to do about it in words, and the act. */
function about({ link }) {
  const lead = placeOf(link);
  if (!lead) {
    const [, host] = link?.match(/^https?:\/\/([^/?#]+)/) ?? [];
    const act = host && (() => window.open(link, "_blank", "noopener"));
    return { image: null, sign: "bell", words: host, act };
  }
  const { place, code } = lead;
  const reward = place === "rewards" && phone.me?.rewards.find((each) => each.reward.code === code);
  const badge = place === "badges" && phone.me?.badges.find((each) => each.badge.code === code);
  const act = reward ? () => openReward(reward) : badge ? () => openBadge(badge) : () => go(place);
  return {
    image: reward?.reward?.image ?? badge?.badge?.art ?? null,
    kind: reward?.reward?.rewardKind,
    sign: PLACES[place],
    words: reward
      ? t("inbox.reward")
      : badge
        ? t("inbox.badge")
        : t(place === "me" || place === "inbox" ? place : `tab.${place}`),
    act,
  };
}

function Line({ message }) {
  const mark = message.readAt ? "" : "fresh";
  if (message.survey) return html`<li class=${mark}><${Question} message=${message} /></li>`;
  const { image, kind, sign, words, act: lead } = about(message);
  const act =
    lead &&
    (() => {
      noteTap(message.id);
      lead();
    });
  const content = html`<${Picture} image=${image} kind=${kind} sign=${image || kind ? undefined : sign} size=${48} />
    <span class="grow stack tight">
      <strong>${message.title}</strong>
      <span>${message.body}</span>
      <small class="why">${instant(message.sentAt, phone.programme?.timezone)}</small>
      ${act && html`<span class="action">${words}<${Icon} name="forward" /></span>`}
    </span>`;
  return html`<li class=${mark}>
    ${
      act
        ? html`<button class="entry message" onClick=${act}>${content}</button>`
        : html`<div class="message row top">${content}</div>`
    }
  </li>`;
}

const LONGEST_COMMENT = 500;

function Question({ message: { id, title, sentAt, survey } }) {
  // One key an answer: where one was lost on the way, another score tapped next is told what stands.
  const keys = useRef({});
  const name = useName();
  const field = useName();
  const [score, setScore] = useState(survey.score);
  const [comment, setComment] = useState(survey.comment ?? "");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState(null);
  const thanks = useRef(null);
  useEffect(() => {
    if (survey.score === null && score !== null) thanks.current?.focus();
  }, [score]);
  const answer = async (given) => {
    setBusy(true);
    setFault(null);
    const words = comment.trim();
    const key = `${given} ${words}`;
    keys.current[key] ??= newKey();
    try {
      const { answerSurvey } = await ask(ANSWER_SURVEY, {
        input: {
          message: id,
          score: given,
          idempotencyKey: keys.current[key],
          ...(words && { comment: words }),
        },
      });
      const stands = answerSurvey.question?.survey.score ?? answerSurvey.score;
      if (stands === undefined) return setFault({ text: answerSurvey.message, icon: "close" });
      // An answer that stood before had no words of now.
      setComment(answerSurvey.question?.survey.comment ?? "");
      setScore(stands);
      readHome().catch(() => {});
    } catch (error) {
      setFault({ text: say(error), icon: "cloud" });
      setBusy(false);
    }
  };
  const scores = Array.from({ length: survey.highest - survey.lowest + 1 }, (_, at) => survey.lowest + at);
  const scale = html`<div class="field">
      <label for=${field}>${t("survey.comment")}</label>
      <textarea id=${field} name="comment" rows="2" maxlength=${LONGEST_COMMENT} aria-describedby=${`${field}-hint`}
        value=${comment} disabled=${isBusy} onInput=${(event) => setComment(event.target.value)}></textarea>
      <span class="hint" id=${`${field}-hint`}>${t("survey.comment.hint")}</span>
    </div>
    <div class="scores" role="group" aria-labelledby=${name} style=${{ "--across": Math.min(6, scores.length) }}>
      ${scores.map((each) => html`<button key=${each} class="button" disabled=${isBusy} onClick=${() => answer(each)}>${each}</button>`)}
    </div>
    <p class="row spread small quiet">
      <span>${t("survey.low", { score: survey.lowest })}</span>
      <span>${t("survey.high", { score: survey.highest })}</span>
    </p>
    <div class="fault">${fault && html`<${Notice} kind="bad" icon=${fault.icon}>${fault.text}<//>`}</div>`;
  return html`<div class="message stack tight">
    <strong id=${name}>${title}</strong>
    <div class="stack tight">
      ${
        score === null
          ? scale
          : html`<p class="thanks" tabindex="-1" ref=${thanks}>${t("survey.thanks", { score })}</p>
            ${comment && html`<p class="own-words quiet">${comment}</p>`}`
      }
    </div>
    <small class="why">${instant(sentAt, phone.programme?.timezone)}</small>
  </div>`;
}
