/* Files that the device keeps: what the page has made, or what is fetched once with the sign-in of whoever asked for
   it, whose address opens nothing by itself. */

import { NoNetwork } from "/shared/graphql.js";

const FREE_AFTER_MS = 60_000;

/** Fetch what is at a path as who is signed in, and keep it under a name. Throws NoNetwork where it did not come whole. */
export async function saveFile(session, path, name) {
  const headers = { Authorization: `Bearer ${await session.token()}` };
  let blob = null;
  try {
    const answer = await fetch(path, { headers, cache: "no-store" });
    if (answer.ok) blob = await answer.blob();
  } catch {
    // As one that broke off: what came of it is no file.
  }
  if (!blob) throw new NoNetwork();
  saveBlob(blob, name);
}

/** Keep what is here already under a name. */
export function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), FREE_AFTER_MS);
}
