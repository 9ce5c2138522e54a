/* What is told in passing, aloud for screen readers too. */

const SHOWN_MS = 6000;

/** Tell something over whatever stands on the page; `kind` is bad, or nothing. */
export function toast(text, kind = "") {
  let place = document.getElementById("toasts");
  if (!place) {
    place = document.createElement("div");
    place.id = "toasts";
    place.setAttribute("role", "status");
    place.setAttribute("aria-live", "polite");
    document.body.append(place);
  }
  const note = document.createElement("div");
  note.className = kind ? `toast ${kind}` : "toast";
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
