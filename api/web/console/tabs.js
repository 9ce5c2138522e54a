/* The parts of a page in one row: what does not fit is scrolled to, and what is chosen always stands in sight. */

import { useLayoutEffect, useRef } from "/shared/preact.js";

const CHOSEN = '[aria-pressed="true"], [aria-current="page"]';

/** The reference of a row (class `tabs`) whose chosen button comes into sight whenever `chosen` changes. */
export function useTabs(chosen) {
  const row = useRef(null);
  useLayoutEffect(() => {
    const button = row.current?.querySelector(CHOSEN);
    if (button)
      row.current.scrollLeft = button.offsetLeft - (row.current.clientWidth - button.offsetWidth) / 2;
  }, [chosen]);
  return row;
}
