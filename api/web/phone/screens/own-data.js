/* The member's own data, as a file of the device. */

import { h, icon, toast } from "/shared/dom.js";
import { NoNetwork } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { ask, session } from "../phone.js";
import { EXPORT } from "../queries.js";
import { section, sending } from "./parts.js";

const FREE_AFTER_MS = 60_000;

export function ownData() {
  return section(
    "data",
    sending(
      h("button.button.wide", {}, icon("download"), t("data.fetch")),
      [h("p.small.quiet", {}, t("data.hint"))],
      async () => {
        const { exportMyData } = await ask(EXPORT, {});
        save(await fetched(exportMyData.path));
        toast(t("data.done"));
      },
    ),
  );
}

/* The address opens nothing by itself: the file comes with the member's own sign-in, once. */
async function fetched(path) {
  const headers = { Authorization: `Bearer ${await session.token()}` };
  try {
    const answer = await fetch(path, { headers, cache: "no-store" });
    if (answer.ok) return await answer.blob();
  } catch {
    // As one that broke off: what came of it is no file.
  }
  throw new NoNetwork();
}

function save(blob) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { download: "my-data.json", hidden: true });
  link.href = url; // `h` opens pages alone: this is a file of this page's own making, saved and not opened
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), FREE_AFTER_MS);
}
