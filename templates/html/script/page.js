// The page as a whole: which view the address asks for, keyboard, colours.

const VIEWS = {
  fields: () => {},
  decoder: openDecoder,
  processors: openProcessors,
  map: openMap,
  controls: openControls,
  projects: openProjects,
};

/** What the part of the address after # asks for: {view, argument, field, high}. */
function parseAddress(hash) {
  let text;
  try {
    text = decodeURIComponent(hash.replace(/^#/, ""));
  } catch {
    text = "";
  }
  const [view, ...rest] = text.split("=");
  const argument = rest.length ? rest.join("=") : null;
  if (Object.hasOwn(VIEWS, view)) return { view, argument: knownArgument(view, argument) };
  if (model.byId.has(text)) return { view: "fields", field: model.byId.get(text), high: false };
  if (model.controls.has(text)) return { view: "controls", argument: text };
  const number = parseNumber(text);
  if (number !== null) {
    const { field, high } = decode(number);
    return field ? { view: "fields", field, high } : { view: "decoder", argument: text };
  }
  const [best] = text ? search(text) : [];
  return best && best.score >= 2000 ? { view: "fields", field: best.field, high: best.high }
    : { view: "fields", unknown: text };
}

function knownArgument(view, argument) {
  const known = { processors: model.cpus, controls: model.controls, projects: model.projects };
  return known[view] && !known[view].has(argument) ? null : argument;
}

/** The address that is shown: the browser tells of a new one a little later. */
let followed = null;

/** Shows what the address asks for. */
function followAddress() {
  followed = location.hash;
  const asked = parseAddress(location.hash);
  for (const view of Object.keys(VIEWS)) {
    at(`view-${view}`).hidden = view !== asked.view;
    const link = document.querySelector(`nav.views a[href="#${view}"]`);
    if (view === asked.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // Where the address names something, that is what the page scrolls to, also when it is reloaded.
  history.scrollRestoration = asked.field || asked.argument ? "manual" : "auto";
  VIEWS[asked.view](asked.argument ?? null);
  if (asked.field) {
    showDetail(asked.field, asked.high);
    selectRow(asked.field);
    at("detail-title").focus({ preventScroll: true });
    document.title = `${asked.field.title} (${hex(asked.field.encoding)}) · VMCS reference`;
    return;
  }
  if (asked.view === "fields") {
    closeDetail();
    if (asked.unknown) {
      at("search").value = asked.unknown;
      refreshFields();
    }
  }
  const title = document.querySelector(`#view-${asked.view} h2`)?.textContent ?? "Fields";
  document.title = `${title} · VMCS reference`;
  if (asked.view !== "fields" && !asked.argument) scrollTo(0, 0);
}

/** Takes the focus past the views; a link to a part of the page would change the address. */
function skipToContent(event) {
  event.preventDefault();
  const [view] = [...document.querySelectorAll("main")].filter((each) => !each.hidden);
  const places = [...view.querySelectorAll("input, select, .cell[tabindex='0'], a")];
  places.find((each) => each.checkVisibility()).focus();
}

function onKey(event) {
  if (event.target.closest?.("dialog")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches?.("input, textarea, select");
  if (event.key === "Escape") {
    if (event.target.id === "search" && event.target.value) {
      event.target.value = "";
      refreshFields();
    } else {
      closeDetail();
    }
  }
  if (typing) return;
  if (event.key === "/") {
    event.preventDefault();
    if (at("view-fields").hidden) location.hash = "fields";
    at("view-fields").hidden = false;
    at("search").focus();
    at("search").select();
  }
  if (event.key === "?") at("keys").showModal();
  const views = Object.keys(VIEWS);
  if (/^[1-6]$/.test(event.key)) location.hash = views[Number(event.key) - 1];
}

/** Colours: as the system has them, or as the reader chose them. */
function startColours() {
  const button = at("colours");
  let remembered = null;
  try {
    remembered = localStorage.getItem("vmcsgen-colours");
  } catch {
    // file:// pages may have no storage; then the choice lasts as long as the page.
  }
  const show = (choice) => {
    if (choice) document.documentElement.dataset.colours = choice;
    else delete document.documentElement.dataset.colours;
  };
  show(remembered);
  button.addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.colours ?? (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    show(next);
    announce(`${next} colours`);
    try {
      localStorage.setItem("vmcsgen-colours", next);
    } catch {
      // As above.
    }
  });
}

startColours();
startFields();
startDecoder();
addEventListener("hashchange", followAddress);
addEventListener("keydown", onKey);
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
});
document.querySelector(".skip").addEventListener("click", skipToContent);
at("keys-button").addEventListener("click", () => at("keys").showModal());
followAddress();

// For the console, and for the tests, which compare these answers with the library's.
globalThis.vmcs = {
  facts, model, search, decode, parseNumber, whyNot, readDump, evaluateProcessor, judge,
  capabilitiesOf, inconsistencies, citedMsr, alike, errataOf, selectFields, parseAddress,
  knownProcessor, followed: () => followed,
};
performance.mark("usable");
