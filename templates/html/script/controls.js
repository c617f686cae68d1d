// The controls page: every control, its MSR and bit, the fields it brings, its names.

function controlRow(control) {
  const names = Object.entries(control.names).map(([project, called]) => el("div",
    { class: "called" },
    el("span", { class: "muted" }, `${model.projects.get(project).title} `),
    el("span", {}, namesOf(called).map((name) => [el("code", {}, breakable(name)), " "]))));
  return el("tr", { id: control.name, "data-text": controlText(control) },
    el("td", { class: "number", "data-label": "bit" }, String(control.bit)),
    el("th", { scope: "row" }, el("span", {}, control.title), " ", statusTag(control), el("br"),
      el("a", { href: `#${control.name}`, class: "id" },
        el("code", {}, breakable(control.name))),
      control.note ? el("p", { class: "muted note" }, control.note) : null),
    el("td", { "data-label": "MSR bit" }, control.leaf === undefined
      ? el("code", {}, `${hex(control.group.msr, 1)}[${control.bit + control.group.shift}]`)
      : cpuidPlace(control)),
    el("td", { "data-label": "brings" }, control.fields.length
      ? el("ul", { class: "plain" }, control.fields.map((field) => el("li", {},
        el("code", {}, hex(field.encoding)), " ", fieldLink(field))))
      : el("span", { class: "muted" }, "no field")),
    el("td", { "data-label": "names" }, names));
}

/** What a project calls a control; the word that holds its bit is no name of it. */
function namesOf(called) {
  return [...new Set(Object.entries(called).filter(([kind]) => kind !== "word")
    .map(([, name]) => name))];
}

function controlText(control) {
  const names = Object.values(control.names).flatMap((called) => Object.values(called));
  return fold([control.name, control.title, ...names].join(" "));
}

function groupSection(group) {
  const truth = group.true_msr === null ? null
    : [", with IA32_VMX_BASIC bit 55 by ", el("code", {}, group.true_msr_name),
      ` (${hex(group.true_msr, 1)})`];
  const where = group.shift ? "bits 63:32" : "all 64 bits";
  return el("section", { class: "control-group" },
    el("h3", {}, group.title),
    el("p", {}, `The 1-settings are reported by ${where} of `, el("code", {}, group.msr_name),
      ` (${hex(group.msr, 1)})`, truth, ". ",
      group.activated_by ? ["The group exists only with ", controlPill(group.activated_by), ". "]
        : "Every processor with VMX has the group. ",
      "Field: ", model.byId.has(group.field) ? fieldLink(model.byId.get(group.field)) : group.field,
      "."),
    controlTable(group.controls));
}

function controlTable(controls) {
  return el("div", { class: "scroll", tabindex: "0", role: "region",
    "aria-label": "Table of controls" },
    el("table", { class: "controls stacked" },
      el("thead", {}, el("tr", {}, ["bit", "control", "reported by", "brings", "names"].map(
        (title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, controls.map(controlRow))));
}

function refreshControls() {
  const tokens = fold(at("control-search").value).split(" ").filter(Boolean);
  const bringing = at("control-bringing").checked;
  let shown = 0;
  for (const section_ of document.querySelectorAll("#control-list .control-group")) {
    let any = false;
    for (const row of section_.querySelectorAll("tbody tr")) {
      const fits = tokens.every((token) => row.dataset.text.includes(token)) &&
        (!bringing || model.controls.get(row.id).fields.length > 0);
      row.hidden = !fits;
      any ||= fits;
      shown += Number(fits);
    }
    section_.hidden = !any;
  }
  const all = count(model.controls.size, "control");
  at("control-result").textContent = shown === model.controls.size ? all : `${shown} of ${all}`;
}

/** Opens the controls page, at a control if one is named. */
function openControls(name) {
  const list = at("control-list");
  if (!list.childElementCount) {
    list.append(...facts.groups.map(groupSection), el("section", { class: "control-group" },
      el("h3", {}, "CPUID features"),
      el("p", {}, "A few fields depend on what CPUID reports, not on a VMX control."),
      controlTable(facts.features)));
    at("control-search").addEventListener("input", refreshControls);
    at("control-bringing").addEventListener("change", refreshControls);
    refreshControls();
  }
  document.querySelector("#control-list tr.selected")?.classList.remove("selected");
  if (!name) return;
  const row = at(name);
  if (row.hidden) {
    at("control-search").value = "";
    at("control-bringing").checked = false;
    refreshControls();
  }
  row.classList.add("selected");
  row.scrollIntoView({ block: "center" });
  row.querySelector("a").focus({ preventScroll: true });
}
