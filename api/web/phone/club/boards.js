/* Leaderboards: who leads, where the member stands, and joining under a nickname. */

import { amount, ending, listed, number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { ask, phone } from "../phone.js";
import { Act, Empty, Failed, Field, Form, Notice } from "../ui.js";
import { BOARDS, JOIN_BOARD, LEAVE_BOARD } from "./queries.js";

export function Boards() {
  const [boards, setBoards] = useState(null);
  const [fault, setFault] = useState(null);
  const read = async () => {
    setFault(null);
    try {
      setBoards((await ask(BOARDS, {})).leaderboards);
    } catch (error) {
      setFault(error);
    }
  };
  useEffect(() => {
    read();
  }, []);
  return html`<h1 tabindex="-1">${t("boards")}</h1>
    ${
      fault
        ? html`<${Failed} error=${fault} again=${read} />`
        : !boards
          ? html`<div class="skeleton tall"></div>`
          : boards.length
            ? boards.map((board) => html`<${Board} key=${board.code} board=${board} read=${read} />`)
            : html`<${Empty} icon="star">${t("boards.none")}<//>`
    }`;
}

function Board({ board, read }) {
  const { code, name, endsAt, unit, prizes, top, me } = board;
  const join = async (form) => {
    const { joinLeaderboard: answer } = await ask(JOIN_BOARD, {
      input: { code, nickname: form.nickname.value.trim() },
    });
    if (answer.__typename !== "LeaderboardJoined") return answer.message;
    await read();
  };
  const leave = async () => {
    await ask(LEAVE_BOARD, { input: { code } });
    await read();
  };
  const takesPart = me.nickname !== null; // empty where staff took the nickname away, and put none in its place
  const taken = me.nickname ? t("boards.replaced", { nickname: me.nickname }) : t("boards.taken");
  const apart = me.beside.filter((place) => !top.some((each) => each.isMe) || place.isMe);
  return html`<section class="card stack">
    <h2>${name}</h2>
    ${endsAt && html`<p class="small quiet">${t("voucher.until", { day: ending(endsAt, phone.programme?.timezone) })}</p>`}
    ${takesPart && html`<p>${me.rank ? t("boards.rank", { rank: number(me.rank), score: unitsOf(me.score, unit) }) : t("boards.unranked")}</p>`}
    ${prizes.length > 0 && html`<${Prizes} prizes=${prizes} />`}
    ${top.length > 0 && html`<${Places} all=${top} unit=${unit} />`}
    ${!top.some((each) => each.isMe) && apart.length > 0 && html`<${Places} all=${apart} unit=${unit} />`}
    ${
      (!me.nickname || me.isNicknameReplaced) &&
      html`${takesPart ? html`<${Notice} icon="alert">${taken}<//>` : html`<p class="small quiet">${t("boards.hint")}</p>`}
            <${Form} act=${join} button=${t(takesPart ? "boards.rename" : "boards.join")} primary>
              <${Field} label=${t("boards.nickname")} name="nickname" required autocomplete="off" maxlength="24" />
            <//>`
    }
    ${takesPart && html`<${Act} class="button plain" act=${leave}>${t("boards.leave")}<//>`}
  </section>`;
}

function unitsOf(value, unit) {
  return unit?.walletKind === "POINTS" ? `${number(value)} ${unit.name}` : amount(value, unit);
}

function giftText({ amount: value, unit, reward, badge, tier }) {
  if (value !== null) return unitsOf(value, unit);
  return reward?.title ?? badge?.name ?? tier?.name ?? t("boards.secret");
}

/* Whoever ends at a place or a better one gets what stands there. */
function Prizes({ prizes }) {
  return html`<div class="stack tight">
    <h3>${t("boards.prizes")}</h3>
    <ul class="lines">
      ${prizes.map(
        ({ rank, gifts }) => html`<li key=${rank}>
          <span class="grow">${rank === 1 ? t("boards.first") : t("boards.through", { rank: number(rank) })}</span>
          <strong>${listed(gifts.map(giftText))}</strong>
        </li>`,
      )}
    </ul>
  </div>`;
}

function Places({ all, unit }) {
  return html`<ol class="lines">
    ${all.map(
      ({ rank, nickname, score, isMe }) => html`<li key=${`${rank} ${nickname}`}>
        <span class="grow">${number(rank)}. ${isMe ? html`<strong>${nickname}</strong>` : nickname || "–"}</span>
        <span class="figure">${amount(score, unit)}</span>
      </li>`,
    )}
  </ol>`;
}
