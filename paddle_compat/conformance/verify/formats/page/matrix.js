// The matrix: a cell opens its cases; arrow keys move from cell to cell.

const rows = [...document.querySelectorAll(".matrix tr[data-api]")];

function setUpMatrix(open) {
  for (const row of rows) {
    for (const cell of row.querySelectorAll("td[data-version]")) {
      const api = DATA.apis[row.dataset.api];
      const version = DATA.versions[cell.dataset.version];
      const button = element("button", {
        type: "button", tabindex: "-1", "aria-pressed": "false",
        onclick: () => open(Number(row.dataset.api), Number(cell.dataset.version)),
      });
      button.append(...cell.childNodes,
        element("span", { class: "vh" }, `: ${api}, Paddle ${version}, show the cases`));
      cell.append(button);
    }
  }
  const table = document.querySelector(".matrix");
  table.addEventListener("keydown", moveInMatrix);
  table.addEventListener("focusin", (event) => {
    if (event.target.matches("button")) onlyStop(event.target);
  });
  table.closest(".scroll").removeAttribute("tabindex");
  const first = table.querySelector("td button");
  if (first) onlyStop(first);
}

// One stop for the Tab key; the rest is for the arrows.
function onlyStop(button) {
  for (const other of document.querySelectorAll('.matrix button[tabindex="0"]')) {
    other.tabIndex = -1;
  }
  button.tabIndex = 0;
}

function moveInMatrix(event) {
  const button = event.target.closest("button");
  if (!button || event.ctrlKey || event.altKey || event.metaKey) return;
  const shown = rows.filter((row) => !row.hidden);
  const row = button.closest("tr");
  const place = shown.indexOf(row);
  const column = Number(button.closest("td").dataset.version);
  const inRow = [...row.querySelectorAll("button")];
  const step = inRow.indexOf(button);
  const found = {
    ArrowLeft: () => inRow[step - 1],
    ArrowRight: () => inRow[step + 1],
    Home: () => inRow[0],
    End: () => inRow[inRow.length - 1],
    ArrowUp: () => nearest(shown.slice(0, Math.max(place, 0)).reverse(), column),
    ArrowDown: () => nearest(shown.slice(place + 1), column),
    PageUp: () => nearest(shown.slice(0, Math.max(place - 9, 1)).reverse(), column),
    PageDown: () => nearest(shown.slice(Math.min(place + 10, shown.length - 1)), column),
  }[event.key];
  if (!found) return;
  event.preventDefault();
  const target = found();
  if (target) target.focus();
}

function nearest(candidates, column) {
  const row = candidates.find((candidate) => candidate.querySelector("button"));
  if (!row) return undefined;
  const distance = (one) => Math.abs(Number(one.closest("td").dataset.version) - column);
  return [...row.querySelectorAll("button")].sort((a, b) => distance(a) - distance(b))[0];
}

function markCell(api, version) {
  for (const row of rows) {
    for (const cell of row.querySelectorAll("td[data-version]")) {
      const on = Number(row.dataset.api) === api && Number(cell.dataset.version) === version;
      cell.firstElementChild.setAttribute("aria-pressed", String(on));
    }
  }
}

// Shows the rows of these APIs, and the headings that still have one.
function filterMatrix(apis) {
  for (const row of rows) row.hidden = apis !== null && !apis.has(Number(row.dataset.api));
  for (const group of document.querySelectorAll(".matrix tbody")) {
    group.hidden = ![...group.querySelectorAll("tr[data-api]")].some((row) => !row.hidden);
  }
  const stop = document.querySelector('.matrix button[tabindex="0"]');
  if (!stop || stop.closest("[hidden]")) {
    const first = rows.filter((row) => !row.hidden).map((row) => row.querySelector("button"));
    if (first.some(Boolean)) onlyStop(first.find(Boolean));
  }
  return rows.filter((row) => !row.hidden).length;
}
