/* What slides in while the page is open: one card for each kind of news, however much a purchase brings at once. What
   is worth a moment of its own, such as a new tier, is no card. */

import { signed } from "/shared/format.js";
import { html, render } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { go, walletOf } from "./phone.js";
import { Icon, Picture } from "./ui.js";

const SHOWN_MS = 8000;
/* Over the page, and beneath a code that is held up, which must stay whole: the first of them. */
const MOST = { page: 4, held: 2 };
/* What the member did here is no news to them. */
const OWN_DOING = ["SPEND", "RETURN"];
/* When a reward, badge or tier was told of by its name: its message may come a moment later. */
const namedAt = new Map();
/* Entries that the member was told of where they acted. */
const toldEntries = new Set();
let notes = [];
let count = 0;

/** Note entries that a screen itself tells of, as a code does that was just entered. */
export function toldHere(entries) {
  for (const { id } of entries) toldEntries.add(id);
}

/** Tell of activities that came together. */
export function tell(activities) {
  const of = (kind) => activities.filter((activity) => activity.__typename === kind);
  const fresh = [
    ...gained(of("BalanceChanged").flatMap((activity) => activity.entries)),
    ...counted(of("VoucherReinstated"), ({ voucher }) => [
      pictureOf(voucher.reward),
      t("live.reinstated", { title: voucher.title }),
      "rewards",
    ]),
    ...counted(of("VoucherExpired"), ({ voucher }) => [
      pictureOf(voucher.reward),
      t("live.lapsed", { title: voucher.title }),
      "rewards",
    ]),
  ];
  // A message of what was told already counts at the bell alone.
  const named = [
    ...of("TierChanged").map(({ to }) => to.name),
    ...of("RewardUnlocked").map(({ reward }) => reward.reward.title),
    ...of("BadgeEarned").map(({ badge }) => badge.badge.name),
  ];
  for (const name of named) namedAt.set(name, Date.now());
  const toldOf = (title) =>
    [...namedAt].some(([name, at]) => Date.now() - at < SHOWN_MS && title.includes(name));
  const others = of("MessageReceived").filter(({ message }) => !toldOf(message.title));
  fresh.push(...counted(others, ({ message }) => [html`<${Icon} name="bell" />`, message.title, "inbox"]));
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  const most = open?.matches(".held") ? MOST.held : MOST.page;
  for (const note of fresh.slice(0, most)) slideIn(open, note, most);
}

const pictureOf = (reward) => html`<${Picture} image=${reward.image} kind=${reward.rewardKind} size=${44} />`;

/* One card for several of a kind: the newest by name, and how many there are besides. */
function counted(list, draw) {
  if (!list.length) return [];
  const [image, text, screen] = draw(list.at(-1));
  return [[image, list.length > 1 ? t("live.more", { text, count: list.length - 1 }) : text, screen]];
}

/* What each wallet gained or lost in all; with its reason where there is one alone. */
function gained(entries) {
  const news = entries.filter((entry) => !OWN_DOING.includes(entry.entryKind) && !toldEntries.has(entry.id));
  return [...new Set(news.map((entry) => entry.wallet))]
    .map((code) => {
      const own = news.filter((entry) => entry.wallet === code);
      const sum = own.reduce((total, entry) => total + entry.amount, 0);
      const wallet = walletOf(code);
      const figure = t("cost", { amount: signed(sum, wallet), wallet: wallet?.name ?? code });
      return sum
        ? [
            html`<${Icon} name=${sum > 0 ? "plus" : "minus"} />`,
            own.length > 1 ? figure : `${own[0].title}: ${figure}`,
            "history",
          ]
        : null;
    })
    .filter(Boolean);
}

/* Over whatever is open: who holds up their card sees what the purchase brought. */
function slideIn(open, [image, text, screen], most) {
  const note = { key: ++count, image, text, screen };
  const area = areaOf(open ?? document.body);
  const drop = () => {
    notes = notes.filter((each) => each !== note);
    draw(area);
  };
  note.press = () => {
    drop();
    open?.close();
    go(screen);
  };
  notes = [...notes, note].slice(-most);
  draw(area);
  if (open?.matches(".held")) comeInSight(area, open.querySelector(".lightcard"));
  navigator.vibrate?.(40);
  setTimeout(drop, SHOWN_MS);
}

/* What is held up has its news at its end; of a code not a corner is scrolled away for it. */
function comeInSight(area, code) {
  for (const each of [area, code]) each?.scrollIntoView({ block: "nearest" });
}

function draw(area) {
  render(
    notes.map(
      (note) =>
        html`<button key=${note.key} class="news" type="button" onClick=${note.press}>${note.image}<span>${note.text}</span></button>`,
    ),
    area,
  );
}

/* Where the cards stand: within whatever is open, and over the page once that is closed. */
function areaOf(host) {
  let area = document.getElementById("news");
  if (!area) {
    area = document.createElement("div");
    Object.assign(area, { id: "news", className: "newsarea", role: "status", ariaLive: "polite" });
  }
  if (area.parentElement === host) return area;
  host.append(area);
  host.addEventListener(
    "close",
    () => {
      if (area.parentElement === host) document.body.append(area);
    },
    { once: true },
  );
  return area;
}
