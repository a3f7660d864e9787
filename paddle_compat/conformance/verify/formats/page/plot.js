// One plot: the errors of both sides along an axis, on a logarithmic scale.

const BOX = { width: 380, height: 250, left: 46, right: 8, top: 44, bottom: 26 };
const LANE = { ours: 24, paddle: 8, height: 13 };
const EPS = { float32: Math.log10(2 ** -23), float64: Math.log10(2 ** -52) };
const TINY = { float32: Math.log10(2 ** -126), float64: Math.log10(2 ** -1022) };

function pooled(place) {
  return CURVES.arrays[place];
}

// Logarithms of errors: null where there is no number, -Infinity for none at all.
function logs(place) {
  return pooled(place).map((value) =>
    value === null ? null : value === CURVES.zero ? -Infinity : value / 1000);
}

// A curve ready to be drawn; undefined is no point at all, null a point without a number.
function series(group, version, relative) {
  const exact = logs(group.exact);
  const scale = (errors) => errors.map((error, place) => {
    if (!relative || error === null) return error;
    // Below the smallest normal number a relative error means nothing.
    return exact[place] === null || exact[place] < TINY[group.dtype] ? undefined : error - exact[place];
  });
  const half = EPS[group.dtype] + Math.log10(0.5);
  return {
    x: pooled(group.x).map(Number),
    ours: scale(logs(group.ours)),
    paddle: scale(logs(group.paddle[version])),
    rounding: exact.map((value) =>
      value === null ? -Infinity : relative ? half : Math.max(value, TINY[group.dtype]) + half),
  };
}

// The range that plots beside each other share.
function rangeOf(all, dtype) {
  const floor = Math.floor(EPS[dtype]) - (dtype === "float32" ? 8 : 9);
  const real = all.flatMap(({ ours, paddle }) => [...ours, ...paddle]).filter(Number.isFinite);
  const low = Math.max(Math.floor(Math.min(...real, 0)), floor);
  return [low, Math.max(Math.ceil(Math.max(...real, low + 2)), low + 2)];
}

function runs(values, test) {
  const found = [];
  values.forEach((value, place) => {
    if (!test(value)) return;
    const last = found[found.length - 1];
    if (last && last[1] === place - 1) last[1] = place;
    else found.push([place, place]);
  });
  return found;
}

function pathOf(x, y, values) {
  let open = false;
  return values.map((value, place) => {
    if (value === null || value === undefined) { open = false; return ""; }
    const command = open ? "L" : "M";
    open = true;
    return `${command}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
  }).join("");
}

function power(exponent) {
  const digits = String(exponent).replace("-", "−").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  return exponent === 0 ? "1" : `10${digits.replace("−", "⁻")}`;
}

function plain(log) {
  if (log === null) return "no number";
  if (log === undefined) return "–";
  if (log === -Infinity) return "0";
  const error = 10 ** log;
  return (error < 0.01 ? error.toExponential(1) : error.toPrecision(2)).replace(/e([+-])(\d+)/, (_, sign, digits) =>
    `e${sign === "-" ? "−" : ""}${digits}`);
}

function ticksOf(low, high) {
  const step = Math.ceil((high - low) / 7);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

// Points that stand out from their neighbours on both sides by two decades.
function spikesOf(values, x) {
  return values.map((value, place) => place).filter((place) => {
    const value = values[place];
    const beside = [-1, 1].map((step) => {
      let other = place + step;
      while (x[other] === x[place]) other += step;
      return values[other];
    });
    return Number.isFinite(value) && beside.every((other) => other !== null && other !== undefined && value - other > 2);
  });
}

function numberOf(x, axis) {
  if (axis === "elements") return counted(x, "element", "elements");
  return `x = ${Object.is(x, -0) ? "−0" : String(x).replace("-", "−")}`;
}

function summaryOf(data, axis) {
  const side = (name, values) => {
    const lost = runs(values, (value) => value === null);
    const known = values.filter((value) => value !== null && value !== undefined);
    const worst = Math.max(...known, -Infinity);
    // Both zeros are one place here.
    const at = data.x[values.indexOf(worst)] + 0;
    const parts = [];
    if (lost.length) {
      const count = values.filter((value) => value === null).length;
      const spans = lost.slice(0, 3).map(([from, to]) => spanOf(data.x, from, to, values.length));
      parts.push(`no number at ${count} of ${values.length} points (${spans.join(", ")})`);
    }
    if (known.length) {
      const where = numberOf(at, axis).replaceAll(" ", "\u00a0");
      parts.push(worst === -Infinity ? "no error" : `at most ${plain(worst)}, at ${where}`);
    }
    return [element("b", {}, name), `: ${parts.join("; ")}. `];
  };
  return [side("Paddle", data.paddle), side("Ours", data.ours)].flat();
}

function spanOf(x, from, to, size) {
  const told = (place) => String(Number(x[place].toFixed(2))).replace("-", "−");
  if (from === 0 && to === size - 1) return "everywhere";
  if (from === 0) return `x ≤ ${told(to)}`;
  if (to === size - 1) return `x ≥ ${told(from)}`;
  return `${told(from)} to ${told(to)}`;
}

// Returns the figure; `head` is its heading.
function plotFigure(head, data, { dtype, axis, range, title }) {
  const { width, height, left, right, top, bottom } = BOX;
  const along = axis === "elements" ? data.x.map(Math.log10) : data.x;
  const first = along[0], last = along[along.length - 1];
  const px = (value) => left + ((value - first) / (last - first || 1)) * (width - left - right);
  const x = (place) => px(along[place]);
  const [low, high] = range;
  const y = (value) =>
    top + ((high - Math.min(Math.max(value, low), high)) / (high - low)) * (height - top - bottom);
  const clip = height - bottom;
  const edge = (place, step) => {
    const other = place + step;
    return other < 0 || other >= along.length ? x(place) : (x(place) + x(other)) / 2;
  };

  const parts = [];
  const area = data.rounding.map((value, place) => `${x(place).toFixed(1)} ${y(value).toFixed(1)}`);
  parts.push(drawn("path", { class: "rounding", d: `M${left} ${clip}L${area.join("L")}L${width - right} ${clip}Z` }));
  for (const tick of ticksOf(low, high)) {
    parts.push(drawn("line", { class: "axis", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }));
    parts.push(drawn("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" },
      tick === low ? `≤ ${power(tick)}` : power(tick)));
  }
  const marks = axis === "elements" ? ticksOf(first, last) : [-40, -20, 0, 20, 40];
  for (const mark of marks.filter((value) => value >= first && value <= last)) {
    const at = px(mark);
    parts.push(drawn("line", { class: mark === 0 ? "zero" : "axis", x1: at, x2: at, y1: top, y2: clip }));
    parts.push(drawn("text", {
      x: at, y: height - 8, "text-anchor": at < left + 9 ? "start" : at > width - right - 9 ? "end" : "middle",
    }, axis === "elements" ? power(mark) : String(mark).replace("-", "−")));
  }

  // The band of what is no number: a lane for each side, and its wall below.
  for (const side of ["paddle", "ours"]) {
    parts.push(drawn("rect", { class: "lane", x: left, y: LANE[side], width: width - left - right, height: LANE.height }));
    for (const [from, to] of runs(data[side], (value) => value === null)) {
      const start = edge(from, -1), end = Math.max(edge(to, 1), start + 3);
      parts.push(drawn("rect", { class: `wall-${side}`, x: start, y: LANE[side], width: end - start, height: LANE.height }));
      if (end - start > 64) {
        parts.push(drawn("text", { class: "on", x: (start + end) / 2, y: LANE[side] + 10.5, "text-anchor": "middle" }, "no number"));
      }
      const lines = [];
      for (let at = start + (side === "ours" ? 6.5 : 3); at < end; at += 7) lines.push(`M${at.toFixed(1)} ${top}V${clip}`);
      parts.push(drawn("path", { class: `hatch hatch-${side}`, d: lines.join("") }));
    }
  }
  parts.push(drawn("text", { x: left - 6, y: LANE.paddle + 10, "text-anchor": "end" }, "Paddle"));
  parts.push(drawn("text", { x: left - 6, y: LANE.ours + 10, "text-anchor": "end" }, "ours"));

  parts.push(drawn("path", { class: "paddle", d: pathOf(x, y, data.paddle) }));
  data.paddle.forEach((value, place) => {
    if (value !== null && value !== undefined) {
      parts.push(drawn("circle", { class: "dot", cx: x(place).toFixed(1), cy: y(value).toFixed(1), r: axis === "elements" ? 3 : 1.4 }));
    }
  });
  parts.push(drawn("path", { class: "ours", d: pathOf(x, y, data.ours) }));
  for (const side of ["paddle", "ours"]) {
    const told = new Set();
    for (const place of spikesOf(data[side], data.x)) {
      const at = x(place), up = y(data[side][place]);
      parts.push(drawn("circle", { class: `spike spike-${side}`, cx: at, cy: up, r: 5 }));
      const label = numberOf(data.x[place] + 0, axis);
      if (told.has(label)) continue;
      told.add(label);
      parts.push(drawn("text", { class: `spike spike-${side}`, x: at + 9, y: up + (up < top + 12 ? 12 : 4) }, label));
    }
  }

  const cursor = drawn("line", { class: "cursor", y1: LANE.paddle, y2: clip, visibility: "hidden" });
  const readout = element("span", {});
  const svg = drawn("svg", {
    viewBox: `0 0 ${width} ${height}`, tabindex: "0", role: "slider", "aria-label": title,
    "aria-valuemin": "0", "aria-valuemax": String(along.length - 1), "aria-valuenow": "0",
    "aria-valuetext": "arrow keys move along the plot",
  }, parts, cursor);
  steerable(svg, cursor, readout, data, { x, axis });
  return element("figure", {}, element("h3", {}, head, readout), svg,
    element("figcaption", {}, summaryOf(data, axis)));
}

// Pointer and arrow keys choose a point, and its numbers are told.
function steerable(svg, cursor, readout, data, { x, axis }) {
  let place = Math.floor(data.x.length / 2);
  const choose = (next) => {
    place = Math.min(Math.max(next, 0), data.x.length - 1);
    cursor.setAttribute("x1", x(place));
    cursor.setAttribute("x2", x(place));
    cursor.setAttribute("visibility", "visible");
    const told = `${numberOf(data.x[place], axis)}: Paddle ${plain(data.paddle[place])}, ours ${plain(data.ours[place])}`;
    readout.textContent = told;
    svg.setAttribute("aria-valuenow", String(place));
    svg.setAttribute("aria-valuetext", told);
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * BOX.width;
    let best = 0;
    data.x.forEach((_, one) => { if (Math.abs(x(one) - at) < Math.abs(x(best) - at)) best = one; });
    choose(best);
  });
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 };
    if (event.key in steps) choose(place + steps[event.key]);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(data.x.length - 1);
    else return;
    event.preventDefault();
  });
}
