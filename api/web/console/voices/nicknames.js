/* The nicknames on leaderboards as members see them, with whose they are, and taking one away. */

import { ask, go, noteFilters } from "/console/console.js";
import { say } from "/console/faults.js";
import { Table } from "/console/operations/waiting.js";
import { Reading, useReading } from "/console/reading.js";
import { number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Field, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { BOARDS, PLAYERS, TAKE_AWAY } from "./queries.js";

export function Nicknames({ filters }) {
  const reading = useReading(async () => (await ask(BOARDS)).nicknameBoards, []);
  return html`<p class="quiet">${t("nicknames.hint")}</p>
    <${Reading} reading=${reading}>${(boards) =>
      boards.length
        ? html`<${OfBoard} boards=${boards} filters=${filters} />`
        : html`<p class="card empty quiet">${t("nicknames.noboard")}</p>`}<//>`;
}

function OfBoard({ boards, filters }) {
  const meant = new URLSearchParams(filters).get("board");
  const [code, setCode] = useState(boards.some((each) => each.code === meant) ? meant : boards[0].code);
  const reading = useReading(async () => (await ask(PLAYERS, { code })).leaderboardPlayers, [code]);
  const choose = (event) => {
    setCode(event.target.value);
    noteFilters(new URLSearchParams({ board: event.target.value }));
  };
  const { name } = boards.find((each) => each.code === code);
  return html`<${Field} as="select" label=${t("nicknames.board")} name="board" value=${code} onChange=${choose}>
      ${boards.map((each) => html`<option key=${each.code} value=${each.code}>${each.name}</option>`)}
    <//>
    <p class="quiet">${t("find.noted")}</p>
    <${Reading} reading=${reading}>${(players) =>
      players.length
        ? html`<${Table} name=${name} heads=${[t("nicknames.rank"), t("nicknames.nickname"), t("nicknames.number"), ""]}>
            ${players.map((each) => html`<${Row} key=${each.customer} each=${each} again=${reading.again} />`)}
          <//>`
        : html`<p class="card empty quiet">${t("nicknames.nobody")}</p>`}<//>`;
}

function Row({ each, again }) {
  const take = () => openSheet(t("nicknames.take"), Taking, { each, again });
  return html`<tr>
    <td class="num">${number(each.rank)}</td>
    <th scope="row">${each.nickname || html`<span class="quiet">${t("nicknames.empty")}</span>`}</th>
    <td><button class="button plain flush mono" type="button" onClick=${() => go("member", each.customer)}>${each.number}</button></td>
    <td>${each.nickname && html`<button class="button" type="button" aria-label=${`${t("nicknames.take")}: ${each.nickname}`} onClick=${take}>${t("nicknames.take")}</button>`}</td>
  </tr>`;
}

function Taking({ each, again, close }) {
  const [instead, setInstead] = useState("");
  const act = async (reason) => {
    const input = { member: each.number, reason, ...(instead.trim() && { instead: instead.trim() }) };
    const { answer } = await ask(TAKE_AWAY, { input });
    if (answer.message) return answer.message;
    toast(t("nicknames.taken", { nickname: each.nickname }));
    again();
    return "";
  };
  const tell = (error) => (error.field === "instead" ? t("nicknames.bad") : say(error));
  return html`<${WithReason} title=${t("nicknames.take")} about=${each.nickname} hint=${t("nicknames.take.hint")} confirm=${t("nicknames.take")} act=${act} say=${tell} close=${close}>
    <${Field} label=${t("nicknames.instead")} hint=${t("nicknames.instead.hint")} name="instead" maxlength="24" autocomplete="off" value=${instead} onInput=${(event) => setInstead(event.target.value)} />
  <//>`;
}
