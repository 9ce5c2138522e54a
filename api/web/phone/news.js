/* What slides in while the page is open: one card for each kind of news, however much a purchase brings at
   once. */

import { h, icon } from "/shared/dom.js";
import { signed } from "/shared/format.js";
import { t } from "/shared/words.js";
import { go, phone, walletOf } from "./phone.js";
import { picture } from "./screens/parts.js";

const SHOWN_MS = 8000;
/* Over the page, and beneath a code that is held up, which must stay whole: the first of them. */
const MOST = { page: 4, held: 2 };
/* What the member did here is no news to them. */
const OWN_DOING = ["SPEND", "RETURN"];
/* When a card named a reward, badge or tier: its message may come a moment later. */
const namedAt = new Map();
/* Entries that the member was told of where they acted. */
const toldEntries = new Set();

/** Note entries that a screen itself tells of, as a code does that was just entered. */
export function toldHere(entries) {
  for (const { id } of entries) toldEntries.add(id);
}

/** Tell of activities that came together. */
export function tell(activities) {
  const of = (kind) => activities.filter((activity) => activity.__typename === kind);
  const notes = [
    ...gained(of("BalanceChanged").flatMap((activity) => activity.entries)),
    ...counted(of("TierChanged").slice(-1), ({ to }) => [
      icon("star"),
      t("live.tier", { name: to.name }),
      "home",
    ]),
    ...counted(of("RewardUnlocked"), ({ reward }) => [
      picture(reward.reward, 44),
      t("live.unlocked", { title: reward.reward.title }),
      "rewards",
    ]),
    ...counted(of("BadgeEarned").filter(isFullCard), ({ badge: { badge: own } }) => [
      icon("gift"),
      t("live.card", { name: own.name }),
      "badges",
    ]),
    ...of("BadgeEarned")
      .filter((activity) => !isFullCard(activity))
      .map(badge),
    ...counted(of("VoucherReinstated"), ({ voucher }) => [
      picture(voucher.reward, 44),
      t("live.reinstated", { title: voucher.title }),
      "rewards",
    ]),
    ...counted(of("VoucherExpired"), ({ voucher }) => [
      picture(voucher.reward, 44),
      t("live.lapsed", { title: voucher.title }),
      "rewards",
    ]),
  ];
  // A message of what a card tells already counts at the bell alone.
  const named = [
    ...of("TierChanged").map(({ to }) => to.name),
    ...of("RewardUnlocked").map(({ reward }) => reward.reward.title),
    ...of("BadgeEarned").map(({ badge }) => badge.badge.name),
  ];
  for (const name of named) namedAt.set(name, Date.now());
  const toldOf = (title) =>
    [...namedAt].some(([name, at]) => Date.now() - at < SHOWN_MS && title.includes(name));
  const others = of("MessageReceived").filter(({ message }) => !toldOf(message.title));
  notes.push(...counted(others, ({ message }) => [icon("bell"), message.title, "inbox"]));
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  const most = open?.matches(".held") ? MOST.held : MOST.page;
  for (const note of notes.slice(0, most)) slideIn(open, note, most);
}

/* One card for several of a kind: the newest by name, and how many there are besides. */
function counted(list, draw) {
  if (!list.length) return [];
  const [image, text, screen] = draw(list.at(-1));
  return [[image, list.length > 1 ? t("live.more", { text, count: list.length - 1 }) : text, screen]];
}

/* A new level of a stamp card is a card that is full. */
function isFullCard({ badge: { id } }) {
  return Boolean(phone.me?.badges.find((each) => each.id === id)?.badge.every);
}

function badge({ badge: { badge: own, level } }) {
  const text =
    own.levels.length > 1
      ? t("live.badge", { name: own.name, level })
      : t("live.badge.only", { name: own.name });
  return [picture({ image: own.art }, 44), text, "badges"];
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
            icon(sum > 0 ? "plus" : "minus"),
            own.length > 1 ? figure : `${own[0].title}: ${figure}`,
            "history",
          ]
        : null;
    })
    .filter(Boolean);
}

/* Over whatever is open: who holds up their card sees what the purchase brought. */
function slideIn(open, [image, text, screen], most) {
  const area = areaOf(open ?? document.body);
  const note = h(
    "button.news",
    {
      type: "button",
      onclick: () => {
        note.remove();
        open?.close();
        go(screen);
      },
    },
    image,
    h("span", {}, text),
  );
  area.append(note);
  while (area.children.length > most) area.firstChild.remove();
  navigator.vibrate?.(40);
  setTimeout(() => note.remove(), SHOWN_MS);
}

/* Where the cards stand: within whatever is open, and over the page once that is closed. */
function areaOf(host) {
  const area =
    document.getElementById("news") ??
    h("div.newsarea", { id: "news", role: "status", "aria-live": "polite" });
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
