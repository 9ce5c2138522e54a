/* What happens to the member while the page is open, and what happened since it was open last: read again once for all
   that comes together, told in cards, or as a moment of its own. */

import { SignedOut } from "/shared/graphql.js";
import { Live } from "./live.js";
import { tell } from "./news.js";
import { changed, keepFact, keptFact, messageCame, phone, readHome, session } from "./phone.js";
import { noteMoments } from "./screens/later.js";
import { voucherShown } from "./screens/voucher.js";

/* While a voucher is held up, and no socket tells of its use, look this often; else this rarely. */
const PACE_MS = { held: 4000, idle: 30_000 };
const TOGETHER_MS = 120;
const TOGETHER_AT_MOST = 20;
const QUIET_MS = 4000;
/* What came before the page opened was missed; the clocks of server and page may differ by so much. */
const LEEWAY_MS = 2000;
/* Up to where this device was told. */
const CURSOR = "cursor";

let live = null;
let together = [];
let gathering = null;
let quiet = null;

/** Listen for who is signed in; with `false` not at all. */
export async function listen(on = true) {
  live?.close();
  live = null;
  if (!on || !session.open) return;
  const kept = await keptFact(CURSOR);
  const after = kept ?? phone.me?.activityCursor ?? null;
  if (!kept && after) await keepFact(CURSOR, after);
  live?.close();
  live = new Live({
    after,
    happened,
    socketOpen,
    resync: () => readHome().catch(leaveIfEnded),
    pace: () => (document.querySelector("dialog.held") ? PACE_MS.held : PACE_MS.idle),
  });
}

export function leaveIfEnded(error) {
  if (error instanceof SignedOut) session.end();
}

function happened(activity, cursor, occurredAt) {
  if (activity.voucher) voucherShown(activity.voucher);
  if (activity.__typename === "MessageReceived") messageCame();
  const isMissed = Date.parse(occurredAt) < phone.openedAt - LEEWAY_MS;
  // A purchase brings several, one after the other: they are one reason to read again, and told together.
  together.push({ activity, cursor, isMissed });
  clearTimeout(gathering);
  gathering = setTimeout(tellTogether, together.length < TOGETHER_AT_MOST ? TOGETHER_MS : 0);
}

async function tellTogether() {
  const all = together;
  together = [];
  const reading = readHome().catch(leaveIfEnded);
  // What was missed stands in the history: only its moments are told.
  tell(all.filter(({ isMissed }) => !isMissed).map(({ activity }) => activity));
  await reading;
  await noteMoments(all.map(({ activity }) => activity)).catch(leaveIfEnded);
  if (session.open) await keepFact(CURSOR, all.at(-1).cursor);
}

/* A socket that is gone for a moment is nobody's business; one that stays away is told, quietly. */
function socketOpen(open) {
  clearTimeout(quiet);
  const tellBar = () => {
    if (phone.live === open) return;
    phone.live = open;
    changed();
  };
  if (open) tellBar();
  else quiet = setTimeout(tellBar, QUIET_MS);
}
