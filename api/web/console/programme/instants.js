/* Instants of the programme's zone, as a field for day and time has them: 2026-12-07T09:00. */

function wallClock(at, timeZone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/** What such a field shows for an instant. */
export function fieldOf(at, timeZone) {
  return wallClock(at, timeZone);
}

/** The instant that such a field means, in UTC; null where it is none. An hour that a clock skips is the one after
 * it. */
export function instantOf(field, timeZone) {
  const meant = Date.parse(`${field}:00.000Z`);
  if (Number.isNaN(meant)) return null;
  let at = meant;
  // The second round is for days on which the clock was changed between the guess and the instant.
  for (let round = 0; round < 2; round++)
    at += meant - Date.parse(`${wallClock(new Date(at), timeZone)}:00.000Z`);
  return new Date(at).toISOString();
}
