// Single cases: of a cell of the matrix, of a filter, of a status; each opens to what was found.

const BLAME = { ours: "ours is wrong", paddle: "Paddle’s is wrong", both: "both are wrong" };
const REFERENCE = {
  exact: "exact", declared: "declared right", recorded: "recorded before", paddle: "Paddle",
};
const PAGE = 60;

function text(place) {
  return DATA.texts[place];
}

function chip(letter, told) {
  const { name, symbol } = STATUS[letter];
  return element("span", { class: `count s-${name}` },
    element("span", { "aria-hidden": "true" }, symbol + " "), told,
    element("span", { class: "vh" }, " " + name));
}

// A case, with what was found in each version; versions that found the same share a part.
function caseElement(one, checks) {
  const failed = checks.some((check) => check.letter === "f");
  const body = element("div", { class: "body" });
  const made = element("details", { class: failed ? "case failed" : "case" },
    element("summary", {},
      element("span", { class: "name" },
        element("span", { class: "api mono" }, breakable(DATA.apis[one.api] + "::")), element("wbr"), one.name),
      element("span", { class: "versions" }, checks.map((check) => [chip(check.letter, DATA.versions[check.version]), " "]))),
    body);
  made.addEventListener("toggle", () => {
    if (made.open && !body.hasChildNodes()) body.append(...bodyOf(one, checks));
  });
  return made;
}

function bodyOf(one, checks) {
  const groups = new Map();
  for (const check of checks) {
    const key = check.letter + check.detail;
    groups.set(key, [...(groups.get(key) || []), check]);
  }
  // What failed first; the rest keeps the order of the versions.
  const order = [...groups.values()].sort((a, b) => (b[0].letter === "f") - (a[0].letter === "f"));
  return order.flatMap((same) => partOf(one, same));
}

function partOf(one, same) {
  const [{ letter, detail }] = same;
  const versions = same.map((check) => DATA.versions[check.version]).join(", ");
  const parts = [element("h4", {}, chip(letter, STATUS[letter].name), ` Paddle ${versions}`)];
  if (detail !== null) {
    const [waivers, reason, mismatches] = DATA.details[detail];
    if (waivers.length) {
      parts.push(element("p", {}, "Waived by ",
        waivers.map((waiver, place) => [place ? ", " : "", element("code", {}, text(waiver))])));
    }
    if (text(reason)) parts.push(element("p", {}, text(reason)));
    parts.push(...mismatches.map(mismatchElement));
  }
  const commands = new Set(same.map((check) => commandOf(one, check)));
  return [...parts, ...[...commands].filter(Boolean).map((command) =>
    element("div", { class: "again" }, element("code", {}, command), copyButton(command)))];
}

function mismatchElement(row) {
  const [part, rule, detail, blame, reference, elements, index, ...numbers] = row;
  const about = text(part) === "value" || text(part) === "outcome"
    ? text(part) : `gradient by ${text(part).replace(/^gradient\//, "")}`;
  const head = element("p", {}, element("b", {}, about), `: ${text(rule)}. ${text(detail)} `,
    element("b", {}, `(${BLAME[text(blame)]})`));
  if (!numbers.length) return element("div", { class: "mismatch" }, head);
  const [ours, paddle, exact, errorOurs, errorPaddle, ulpOurs, ulpPaddle] = numbers;
  const where = index.length ? `at [${index.join(", ")}]` : "result";
  const told = `${where}${elements > 1 ? `, the worst of ${elements}` : ""}`;
  const line = (name, number, error, ulp, wrong) => element("tr", {},
    element("th", { scope: "row" }, name),
    [number, error, ulp].map((cell) =>
      element("td", { class: wrong ? "mono wrong" : "mono" }, cell === "" ? "–" : cell)));
  return element("div", { class: "mismatch" }, head,
    element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "numbers" },
      element("table", { class: "numbers" },
        element("thead", {}, element("tr", {}, [told, "number", "absolute error", "in ulp"].map(
          (name) => element("th", { scope: "col" }, name)))),
        element("tbody", {},
          line("ours", ours, errorOurs, ulpOurs, text(blame) !== "paddle"),
          line("Paddle", paddle, errorPaddle, ulpPaddle, text(blame) !== "ours"),
          text(reference) === "paddle" ? null : line(REFERENCE[text(reference)], exact, "", "", false)))));
}

// The list below the matrix.
const wanted = { words: [], api: null, version: null, letters: new Set("fwu") };
let limit = PAGE;

function passes(one) {
  return wanted.words.every((word) => one.found.includes(word));
}

function checksOf(one) {
  return one.checks.filter((check) =>
    (wanted.version === null || check.version === wanted.version) && wanted.letters.has(check.letter));
}

function chosen() {
  return CASES
    .filter((one) => (wanted.api === null || one.api === wanted.api) && passes(one))
    .map((one) => [one, checksOf(one)])
    .filter(([, checks]) => checks.length);
}

function showCases() {
  const found = chosen();
  const checks = found.reduce((total, [, some]) => total + some.length, 0);
  const where = wanted.api === null ? "" : ` of ${DATA.apis[wanted.api]}, Paddle ${DATA.versions[wanted.version]}`;
  const left = DATA.left_out
    ? ` ${counted(DATA.left_out, "case is", "cases are")} left out to keep the page small.` : "";
  byId("case-count").textContent =
    `${counted(found.length, "case", "cases")}${where}, ${counted(checks, "check", "checks")}.${left}`;
  const list = byId("case-list");
  list.replaceChildren(...found.slice(0, limit).map(([one, some]) => caseElement(one, some)));
  if (found.length > limit) {
    const more = element("button", { type: "button", class: "plain more" },
      `Show ${Math.min(PAGE, found.length - limit)} more of ${found.length - limit}`);
    more.addEventListener("click", () => {
      const shown = limit;
      limit += PAGE;
      showCases();
      list.children[shown].querySelector("summary").focus();
    });
    list.append(more);
  }
}

function caseControls() {
  const boxes = Object.entries(STATUS).map(([letter, { name, symbol }]) =>
    element("label", { class: "pick" },
      element("input", {
        type: "checkbox", value: name, checked: wanted.letters.has(letter),
        onchange: (event) => {
          if (event.target.checked) wanted.letters.add(letter);
          else wanted.letters.delete(letter);
          again();
        },
      }),
      element("span", {}, `${symbol} ${name}`)));
  const whole = wanted.api === null ? null
    : element("button", { type: "button", class: "plain", onclick: closeCell },
      `All APIs instead of ${DATA.apis[wanted.api]}`);
  byId("case-controls").replaceChildren(
    ...[element("fieldset", {}, element("legend", {}, "Show"), boxes), whole].filter(Boolean));
}

function again() {
  limit = PAGE;
  showCases();
}

function openCell(api, version) {
  Object.assign(wanted, { api, version, letters: new Set("fwup") });
  markCell(api, version);
  caseControls();
  again();
  byId("cases").scrollIntoView();
  byId("cases-title").focus({ preventScroll: true });
}

function closeCell() {
  Object.assign(wanted, { api: null, version: null, letters: new Set("fwu") });
  markCell(null, null);
  caseControls();
  again();
  byId("cases-title").focus();
}

function richFailures() {
  const list = byId("failure-list");
  if (!list) return;
  const failed = CASES.filter((one) => one.checks.some((check) => check.letter === "f"));
  const shown = failed.slice(0, 100).map((one) =>
    caseElement(one, one.checks.filter((check) => check.letter === "f")));
  if (!shown.length) return;
  for (const one of shown.slice(0, 3)) one.open = true;
  const rest = failed.length - shown.length;
  list.replaceChildren(...shown, ...(rest > 0
    ? [element("p", { class: "note" }, `and ${rest} more: below, among the cases.`)] : []));
}
