// The plots: which of them are shown, and what is chosen.

const picked = { api: null, version: null, dtype: null, part: null, label: null, kind: "absolute" };

function unique(values) {
  return [...new Set(values)];
}

function alongLogits() {
  return CURVES.groups.filter((group) => group.axis === "logit");
}

// What a choice leaves open: later ones offer only what earlier ones have.
const CHOICES = [
  ["api", "Function", (groups) => unique(groups.map((group) => group.api))],
  ["version", "Paddle", (groups) => DATA.versions.filter((version) =>
    groups.some((group) => version in group.paddle))],
  ["dtype", "Dtype", (groups) => unique(groups.map((group) => group.dtype))],
  ["part", "Part", (groups) => unique(groups.map((group) => group.part))],
  ["label", "Label", (groups) => unique(groups.map((group) => group.label)).sort()],
];
// Where the quirks are: the wall of a positive is at 16.6355.
const PREFERRED = { api: /^nn\./, part: /gradient/, label: /1/ };

function fits(group, name) {
  return name === "version" ? picked.version in group.paddle : group[name] === picked[name];
}

function showPlots() {
  let groups = alongLogits();
  const controls = [];
  for (const [name, told, optionsOf] of CHOICES) {
    const options = optionsOf(groups);
    if (!options.includes(picked[name])) picked[name] = preferred(name, options);
    controls.push(choice(`plot-${name}`, told,
      options.map((option) => [option, String(option)]), picked[name],
      (value) => { picked[name] = value; showPlots(); refocus(`plot-${name}`); }));
    groups = groups.filter((group) => fits(group, name));
  }
  controls.push(choice("plot-kind", "Error", [["absolute", "absolute"], ["relative", "relative"]],
    picked.kind, (value) => { picked.kind = value; showPlots(); refocus("plot-kind"); }));
  byId("plot-controls").replaceChildren(...controls);

  const relative = picked.kind === "relative";
  const all = groups.map((group) => series(group, picked.version, relative));
  const range = all.length ? rangeOf(all, picked.dtype) : [0, 1];
  const figures = groups.map((group, place) => plotFigure(`γ = ${group.gamma}`, all[place], {
    dtype: group.dtype, axis: group.axis, range,
    title: `${picked.kind} error of the ${group.part} along the logit, gamma ${group.gamma}, label ${group.label}, ${group.dtype}, Paddle ${picked.version}`,
  }));
  byId("plot-list").replaceChildren(...figures, ...means(relative));
}

function preferred(name, options) {
  if (name === "version") return options[options.length - 1];
  return options.find((option) => PREFERRED[name] && PREFERRED[name].test(option)) ?? options[0];
}

// The controls are made anew; who uses them stays where they were.
function refocus(name) {
  document.querySelector(`input[name="${name}"]:checked`)?.focus();
}

function means(relative) {
  return CURVES.groups
    .filter((group) => group.axis === "elements" && picked.version in group.paddle)
    .map((group) => {
      const data = series(group, picked.version, relative);
      return plotFigure("Drift of a mean", data, {
        dtype: group.dtype, axis: group.axis, range: rangeOf([data], group.dtype),
        title: `error of the mean by its number of elements, ${group.dtype}, Paddle ${picked.version}`,
      });
    });
}

function plotKey() {
  const sample = (...parts) => drawn("svg", { viewBox: "0 0 34 12", "aria-hidden": "true" }, parts);
  const line = (name) => drawn("path", { class: name, d: "M1 6H33" });
  byId("plot-key").replaceChildren(
    element("li", {}, sample(line("ours")), "ours, a line"),
    element("li", {}, sample(line("paddle"), drawn("circle", { class: "dot", cx: 17, cy: 6, r: 2.4 })), "Paddle’s, dashed with dots"),
    element("li", {}, sample(drawn("rect", { class: "wall-paddle", x: 1, y: 1, width: 32, height: 10 })), "no number (nan or inf)"),
    element("li", {}, sample(drawn("rect", { class: "rounding", x: 1, y: 1, width: 32, height: 10 })), "explained by rounding"));
}
