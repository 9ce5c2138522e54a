/* A picture of days: uPlot, fetched when the page is opened. What it shows stands in a table beside it as well. */

import { day, number } from "/shared/format.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { speech, t } from "/shared/words.js";

const SCRIPT = "/vendor/uplot-1.6.32.js";
const SHEET = "/vendor/uplot-1.6.32.css";
const HEIGHT = 240;
let library = null;

function fetched(tag, attributes) {
  const element = Object.assign(document.createElement(tag), attributes);
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new TypeError(`no ${attributes.src ?? attributes.href}`));
    };
    document.head.append(element);
  });
}

function fetchLibrary() {
  library ??= Promise.all([
    fetched("script", { src: SCRIPT }),
    fetched("link", { rel: "stylesheet", href: SHEET }),
  ])
    .then(() => window.uPlot)
    .catch((error) => {
      library = null;
      throw error;
    });
  return library;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(uPlot, { lines, days, width }) {
  const quiet = colour("--ink-2");
  const grid = { stroke: colour("--line"), width: 1 };
  const short = (at) => day(days[at], { day: "numeric", month: "short" });
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: false } },
    legend: { show: false },
    cursor: { show: false },
    axes: [
      {
        stroke: quiet,
        grid: { show: false },
        ticks: grid,
        // A day is drawn where it is whole, and once where there is but one.
        values: (_, places) => places.map((at) => (at in days ? short(at) : "")),
      },
      { stroke: quiet, grid, ticks: grid, size: 64, values: (_, values) => values.map(compact) },
    ],
    series: [
      {},
      ...lines.map(({ label, ink, bars }) => ({
        label,
        stroke: colour(ink),
        width: 2,
        fill: bars ? colour(ink) : undefined,
        paths: bars ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
        points: { show: days.length < 2 },
      })),
    ],
  };
}

function compact(value) {
  return new Intl.NumberFormat(speech.locale, { notation: "compact", maximumFractionDigits: 1 }).format(
    value,
  );
}

/** `days` are the days, `lines` what is drawn: {label, ink, values, bars}. */
export function Chart({ title, days, lines }) {
  const host = useRef(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isGone = false;
    let plot = null;
    const draw = async () => {
      const uPlot = await fetchLibrary();
      if (isGone || !host.current) return;
      plot?.destroy();
      const drawn = options(uPlot, { lines, days, width: host.current.clientWidth });
      plot = new uPlot(drawn, [days.map((_, at) => at), ...lines.map(({ values }) => values)], host.current);
    };
    const redraw = () => draw().catch(() => setFailed(true));
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const size = new ResizeObserver(redraw);
    size.observe(host.current);
    scheme.addEventListener("change", redraw);
    return () => {
      isGone = true;
      size.disconnect();
      scheme.removeEventListener("change", redraw);
      plot?.destroy();
    };
  }, [days, lines]);
  return html`<div class="chart">
    <div class="plot" ref=${host} role="img" aria-label=${t("chart.label", { title })}></div>
    ${hasFailed && html`<p class="quiet small">${t("chart.failed")}</p>`}
    <p class="legend-line small">
      ${lines.map(({ label, ink }) => html`<span key=${label}><i class=${`swatch ${ink.slice(2)}`}></i>${label}</span>`)}
    </p>
  </div>`;
}

/** The same as a table: newest day first. */
export function DayTable({ title, days, lines, write = number }) {
  const rows = days.map((each, at) => [each, at]).reverse();
  return html`<div class="daytable" tabindex="0" role="region" aria-label=${t("chart.table", { title })}>
    <table class="small">
      <thead><tr><th scope="col">${t("day")}</th>${lines.map(({ label }) => html`<th key=${label} scope="col">${label}</th>`)}</tr></thead>
      <tbody>
        ${rows.map(
          ([
            each,
            at,
          ]) => html`<tr key=${each}><th scope="row">${day(each, { day: "numeric", month: "short" })}</th>
            ${lines.map(({ label, values, said = write }) => html`<td key=${label} class="num">${said(values[at])}</td>`)}</tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
