// Charts by plotly's own script, in the colours of app.css and the reader's own time.

import { OWN_TIME } from "./app.js";

const FORMATS = {
  number: { axis: ",~r", hover: ",~r" },
  percent: { axis: ".0%", hover: ".1%" },
  ratio: { axis: ".2~f", hover: ".2f" },
};
const SYMBOLS = { good: "circle", bad: "x", gold: "diamond-open", warn: "triangle-down", accent: "square" };
const NOTHING = { text: "nothing to show here", xref: "paper", yref: "paper", x: 0.5, y: 0.5, showarrow: false };
const DASHES = { line: "solid", dashed: "dash", dotted: "dot", bound: "dot" };
const drawn = new Map();
let loading = null;

/** Load plotly once. Its bundle also brings a map's style, which no chart here needs and our policy forbids: left out. */
function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const append = document.head.appendChild;
    const script = document.createElement("script");
    script.src = "/static/vendor/plotly.min.js";
    script.onload = () => { document.head.appendChild = append; resolve(window.Plotly); };
    script.onerror = () => { document.head.appendChild = append; reject(new Error("plotly did not load")); };
    document.head.appendChild = (node) => (node.tagName === "STYLE" && node.textContent ? node : append.call(document.head, node));
    append.call(document.head, script);
  });
  return loading;
}

/** Draw a chart, or draw it anew with other values: what stays the same does not flicker. */
export async function draw(place, chart) {
  drawn.set(place, chart);
  const table = place.parentElement.querySelector("details");
  if (table?.open) fill(table, chart);
  const library = await plotly();
  if (drawn.get(place) !== chart) return;
  const colour = colours();
  await library.react(place, chart.series.map((one) => trace(chart, one, colour)), layout(chart, colour, place.clientWidth), {
    displayModeBar: false,
    responsive: true,
  });
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return (token) => style.getPropertyValue(`--${token}`).trim();
}

function trace(chart, one, colour) {
  const shape = {
    name: one.name,
    x: chart.over === "time" ? chart.x.map(ownTime) : chart.x,
    y: one.values,
    marker: { color: colour(one.colour) },
  };
  if (chart.unit === "seconds") {
    shape.customdata = one.values.map(duration);
    shape.hovertemplate = "%{customdata}";
  } else if (one.notes) {
    shape.customdata = one.notes;
    shape.hovertemplate = "%{customdata}";
  } else {
    shape.hovertemplate = `%{y:${FORMATS[chart.unit].hover}}`;
  }
  if (one.kind === "bar") return { ...shape, type: "bar" };
  if (one.kind === "points") return { ...shape, type: "scatter", mode: "markers", marker: { ...shape.marker, size: 8, symbol: SYMBOLS[one.colour] ?? "circle" } };
  return { ...shape, type: "scatter", mode: one.values.some(standsAlone) ? "lines+markers" : "lines", line: { width: one.kind === "bound" ? 1.2 : 2, dash: DASHES[one.kind] } };
}

/** A value between gaps is no line: it needs a point to be seen. */
function standsAlone(value, n, values) {
  return value !== null && (values[n - 1] ?? null) === null && (values[n + 1] ?? null) === null;
}

function layout(chart, colour, width) {
  const axis = { gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("line"), fixedrange: true, automargin: true };
  const several = chart.series.length > 1;
  const isEmpty = chart.series.every((one) => one.values.every((value) => value === null));
  return {
    annotations: isEmpty ? [NOTHING] : [],
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("ink-soft"), family: getComputedStyle(document.body).fontFamily, size: 12 },
    margin: { l: 8, r: 12, t: 8, b: 8 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("surface"), bordercolor: colour("line"), font: { color: colour("ink") } },
    barmode: "stack",
    bargap: 0.15,
    dragmode: false,
    showlegend: several,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal" },
    xaxis: { ...axis, showgrid: false, type: chart.over === "time" ? "date" : chart.over === "words" ? "category" : "linear", nticks: width < 500 ? 4 : 7, tickangle: 0 },
    yaxis: { ...axis, rangemode: "tozero", nticks: 5, ...scale(chart), showticklabels: !isEmpty },
  };
}

/** Ticks of the vertical axis; durations get ticks in the unit that fits them. */
function scale(chart) {
  if (chart.unit === "percent") return { tickformat: FORMATS.percent.axis, range: [chart.least, 1.02] };
  if (chart.unit !== "seconds") return { tickformat: FORMATS[chart.unit].axis };
  const most = Math.max(0, ...chart.series.flatMap((one) => one.values.filter((value) => value !== null)));
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800];
  const step = steps.find((size) => most / size <= 5) ?? 2592000;
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
  return { tickvals: ticks, ticktext: ticks.map(duration) };
}

function duration(seconds) {
  if (seconds === null) return "";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= 2 * size) return `${+(seconds / size).toFixed(1)} ${unit}`;
  }
  return seconds < 10 ? `${+seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

function ownTime(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

/** Write a chart's figures into its table anew, the latest first where they have an order. */
function fill(details, chart) {
  const rows = chart.x.map((x, n) => {
    const row = document.createElement("tr");
    const head = row.appendChild(document.createElement("th"));
    head.scope = "row";
    head.textContent = chart.over === "time" ? OWN_TIME.format(new Date(x)) : x;
    for (const one of chart.series) {
      const cell = row.appendChild(document.createElement("td"));
      cell.className = "num";
      cell.textContent = written(chart.unit, one.values[n]);
    }
    return row;
  });
  details.querySelector("tbody").replaceChildren(...(chart.over === "words" ? rows : rows.reverse()));
}

function written(unit, value) {
  if (value === null) return "\u2013";
  if (unit === "seconds") return duration(value);
  if (unit === "ratio") return value.toFixed(2);
  return unit === "percent" ? `${(100 * value).toFixed(1)}%` : Math.round(value).toLocaleString("en");
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [place, chart] of drawn) draw(place, { ...chart });
});

/** Draw each chart of the page from what stands beside it. */
export function drawAll() {
  for (const place of document.querySelectorAll(".chart")) {
    draw(place, JSON.parse(place.nextElementSibling.textContent));
    const table = place.parentElement.querySelector("details");
    table?.addEventListener("toggle", () => fill(table, drawn.get(place)));
  }
}
