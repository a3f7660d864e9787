// Sets the page up.

function filterAll(words) {
  wanted.words = words.toLowerCase().split(/\s+/).filter(Boolean);
  const apis = wanted.words.length ? new Set(CASES.filter(passes).map((one) => one.api)) : null;
  // An API whose cases were left out is still found by its name.
  if (apis) {
    DATA.apis.forEach((api, place) => {
      if (wanted.words.every((word) => api.toLowerCase().includes(word))) apis.add(place);
    });
  }
  const shown = filterMatrix(apis);
  for (const row of document.querySelectorAll("[data-waiver]")) {
    const told = row.textContent.toLowerCase();
    row.hidden = !wanted.words.every((word) => told.includes(word));
  }
  byId("found").textContent = apis ? counted(shown, "API", "APIs") : "";
  again();
}

function setUp() {
  for (const hidden of document.querySelectorAll(".filter, #cases, .tools nav [hidden]")) {
    hidden.hidden = false;
  }
  richFailures();
  setUpMatrix(openCell);
  caseControls();
  showCases();
  const filter = byId("filter");
  let waiting;
  filter.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => filterAll(filter.value), 120);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filter.focus();
    }
  });
  for (const row of document.querySelectorAll("[data-waiver]")) {
    const head = row.querySelector("th");
    head.replaceChildren(element("button", {
      type: "button", title: "Show its cases",
      onclick: () => {
        filter.value = row.dataset.waiver;
        closeCell();
        filterAll(filter.value);
        byId("cases").scrollIntoView();
      },
    }, row.dataset.waiver));
  }
  if (alongLogits().length) {
    byId("plots").hidden = false;
    plotKey();
    showPlots();
  } else if (CURVES.groups.length) {
    byId("plots").hidden = false;
    plotKey();
    picked.version = DATA.versions.findLast((version) =>
      CURVES.groups.some((group) => version in group.paddle));
    byId("plot-list").replaceChildren(...means(false));
  }
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("#failures details")) one.open = true;
  });
}

setUp();
