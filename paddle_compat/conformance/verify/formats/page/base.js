// What the parts of the page share: the data, elements, commands.

const DATA = JSON.parse(document.getElementById("data-cases").textContent);
const CURVES = JSON.parse(document.getElementById("data-curves").textContent);
const STATUS = {
  f: { name: "fail", symbol: "✗" },
  w: { name: "waived", symbol: "≈" },
  u: { name: "unsupported", symbol: "○" },
  p: { name: "pass", symbol: "✓" },
};
const CASES = DATA.cases.map(readCase);

function byId(id) {
  return document.getElementById(id);
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  return filled(made, attributes, children);
}

function drawn(tag, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// Texts become text nodes: no markup is ever made of what a report says.
function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return made;
}

function counted(count, one, several) {
  const grouped = String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return `${grouped} ${count === 1 ? one : several}`;
}

// Lets a dotted name break where it has parts, as the matrix does.
function breakable(name) {
  return name.split(/(?<=[._:])|(?<=[a-z])(?=[A-Z])/).flatMap((part, place) =>
    place ? [element("wbr"), part] : [part]);
}

function say(text) {
  byId("said").textContent = text;
}

function readCase([api, name, letters, details]) {
  let next = 0;
  const checks = [];
  for (let version = 0; version < letters.length; version += 1) {
    const letter = letters[version];
    if (letter === "-") continue;
    checks.push({ version, letter, detail: letter === "p" ? null : details[next++] });
  }
  const id = name === null ? "" : DATA.apis[api] + "::" + name;
  const waivers = checks.flatMap((check) =>
    check.detail === null ? [] : DATA.details[check.detail][0].map((text) => DATA.texts[text]));
  const found = [id, ...new Set(waivers)].join(" ").toLowerCase();
  return { api, name, id, checks, found };
}

// As shlex.quote does it.
function quoted(word) {
  if (/^[\w@%+=:,./-]+$/.test(word) && /^[\x00-\x7f]*$/.test(word)) return word;
  return "'" + word.replaceAll("'", `'"'"'`) + "'";
}

function commandOf(one, check) {
  const own = check.detail === null ? undefined : DATA.details[check.detail][3];
  return own === undefined ? DATA.commands[check.version] + quoted(one.id) : own;
}

function copyButton(text) {
  const button = element("button", { type: "button", class: "plain copy" }, "Copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copied(text)) ? "Copied" : "Press Ctrl+C";
    say(button.textContent);
    setTimeout(() => { button.textContent = "Copy"; }, 1800);
  });
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page that was opened as a file may have no clipboard; an old way is left.
    const area = element("textarea", { class: "vh", readonly: true });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// A group of radio buttons: options are [value, label]; arrow keys are the browser's.
function choice(name, told, options, value, change) {
  return element("fieldset", {},
    element("legend", {}, told),
    options.map(([option, label]) =>
      element("label", { class: "pick" },
        element("input", {
          type: "radio", name, value: option, checked: option === value,
          onchange: () => change(option),
        }),
        element("span", {}, label))));
}
