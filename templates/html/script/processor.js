// The processor view: which fields a CPU has and why, VMCS_ENUM derived and reported, the ladder.

const chosen = { dump: null, place: 0, features: new Map(), known: null };

/** Most characters of a dump that are read: a page must stay alive. */
const DUMP_LIMIT = 4 << 20;

/** Up to so many contradictions are shown without being asked for. */
const OPEN_LIMIT = 6;

const TRUTH_WORDS = { true: "exists", false: "does not exist", null: "undecided" };

/** A CPU of the collection as a processor that a dump tells of. */
function knownProcessor(cpu) {
  return {
    name: cpu.name, numbers: [], vendor: cpu.vendor, family: cpu.family, model: cpu.model,
    msrs: new Map(Object.entries(cpu.msrs).map(([msr, value]) => [Number(msr), BigInt(value)])),
    controls: new Map(), features: new Map(Object.entries(cpu.features)),
    virtual: cpu.kind !== "hardware",
  };
}

/** The processor in view with the CPUID features that the reader chose for it, or null. */
function currentProcessor() {
  const processor = chosen.dump?.processors[chosen.place];
  if (!processor) return null;
  return { ...processor, features: new Map([...processor.features, ...chosen.features]) };
}

/**
 * How the reported value stands to the derived one: {verdict, good, errata}.
 *
 * `verdict` is null where nothing is reported, else as `caps --format json` has it.
 */
function judge(answer, processor) {
  const { reported, derived, upper, exact } = answer;
  if (reported === null) return { verdict: null, good: null, errata: [] };
  if (reported > BigInt(upper)) return { verdict: "too_high", good: false, errata: [] };
  if (reported >= BigInt(derived)) {
    return exact ? { verdict: "match", good: true, errata: [] }
      : { verdict: "undecided", good: null, errata: [] };
  }
  const errata = errataOf(processor).filter((erratum) => erratum.kind === "vmcs_enum");
  return { verdict: errata.length ? "too_low_erratum" : "too_low_capped", good: false, errata };
}

/** The published errata that cover a processor; all are Intel's. */
function errataOf({ virtual, vendor, family, model: number }) {
  if (virtual || !["", "Intel", "GenuineIntel"].includes(vendor)) return [];
  return facts.errata.filter((erratum) => erratum.cpus.some(
    (cpu) => cpu.family === family && cpu.model === number));
}

/** Why a field exists or not: one sentence for each control that it takes. */
function whyField(field, truths, msrs, inferred) {
  if (field.requirement.requires === "always") return "every processor with VMX has it";
  return closure(field.requirement.names).map((name) => {
    const control = model.controls.get(name);
    const truth = truths.get(name);
    const word = { true: "yes", false: "no", null: "unknown" }[String(truth)];
    if (control.leaf !== undefined) {
      const reason = inferred.get(name)?.reason;
      return `${name} ${word} (${reason ? `inferred: ${reason}` : cpuidPlace(control)})`;
    }
    const msr = reportingMsr(control.group, msrs);
    if (msr === null) return `${name} ${word} (needs ${control.group.msr_name})`;
    const bit = control.bit + control.group.shift;
    return `${name} ${word} (${hex(msr, 1)} bit ${bit} is ${Number(msrBit(msrs, msr, bit))})`;
  }).join("; ");
}

function tile(label, value, note, kind = "") {
  return el("div", { class: `tile ${kind}` }, el("span", { class: "tile-label" }, label),
    el("span", { class: "tile-value" }, value), el("span", { class: "tile-note" }, note));
}

function tiles(answer, processor) {
  const judged = judge(answer, processor);
  const states = [...answer.existence.values()];
  const undecided = states.filter((truth) => truth === null).length;
  const kind = { true: "good", false: "bad", null: "" }[String(judged.good)];
  const errata = judged.errata.map((erratum) => erratum.id).join(", ");
  return el("div", { class: "tiles" },
    tile("VMCS_ENUM derived", hex(answer.derived, 1),
      answer.exact ? "exact" : `at least; at most ${hex(answer.upper, 1)}`),
    tile("VMCS_ENUM reported", answer.reported === null ? "—" : hex(answer.reported, 1),
      answer.reported === null ? "the source lacks MSR 0x48a" : "MSR 0x48a"),
    tile("Verdict", facts.verdicts[judged.verdict] ?? "nothing to judge", errata ? `errata ${errata}` : "", kind),
    tile("Fields that exist", String(states.filter((truth) => truth === true).length),
      undecided ? `${undecided} undecided` : `of ${facts.fields.length}`));
}

function ladderList(answer) {
  const truthOf = (name) => answer.truths.get(name);
  return el("ol", { class: "ladder" }, answer.rungs.map((rung, place) => {
    const decides = place === answer.deciding;
    const state = decides ? "decides" : { true: "holds", false: "no", null: "unknown" }[
      String(rung.truth)];
    return el("li", {
      class: `rung ${decides ? "decides" : ""} truth-${rung.truth}`,
      "aria-current": decides ? "true" : null,
    },
    el("code", { class: "rung-value" }, hex(rung.vmcs_enum, 1)),
    el("span", { class: "rung-state" }, state),
    el("span", { class: "rung-requires" }, requirementPills(rung.requires, truthOf)),
    el("span", { class: "rung-fields" }, rung.fields.map((id) => fieldLink(model.byId.get(id)))));
  }));
}

function existenceTable(answer, processor) {
  const wanted = at("existence-filter").value;
  const shown = facts.fields.filter(
    (field) => !wanted || String(answer.existence.get(field.id)) === wanted);
  return el("div", { class: "scroll", tabindex: "0", role: "region",
    "aria-label": "Fields of this processor" },
  el("table", { class: "stacked" },
    el("thead", {}, el("tr", {}, ["encoding", "field", "exists", "why"].map(
      (title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, shown.map((field) => {
      const truth = String(answer.existence.get(field.id));
      return el("tr", { class: `truth-${truth}` },
        el("td", {}, el("code", {}, hex(field.encoding))),
        el("th", { scope: "row" }, fieldLink(field), " ", statusTag(field)),
        el("td", { "data-label": "exists", class: "state" }, TRUTH_WORDS[truth]),
        el("td", { "data-label": "why", class: "muted" },
          whyField(field, answer.truths, processor.msrs, answer.inferred)));
    }))));
}

function msrTable(processor) {
  const sorted = [...processor.msrs].sort((left, right) => left[0] - right[0]);
  const lacking = facts.groups.filter((group) => reportingMsr(group, processor.msrs) === null);
  return el("details", {}, el("summary", {}, `${count(sorted.length, "capability MSR")} read`),
    lacking.length ? el("p", {}, "Not read: ",
      lacking.map((group) => group.msr_name).join(", "), ".") : null,
    el("table", { class: "msrs" }, el("tbody", {}, sorted.map(([msr, value]) => el("tr", {},
      el("th", { scope: "row" }, msrLabel(msr)), el("td", {}, el("code", {}, hex(msr, 1))),
      el("td", {}, el("code", {}, hex(value, 16))))))));
}

/** What can't be so in the MSRs, as `vmcsgen caps` warns of it. */
function contradictions(msrs) {
  const found = inconsistencies(msrs);
  if (!found.length) return null;
  return el("details", { class: "verdict warn", open: found.length <= OPEN_LIMIT },
    el("summary", {}, `${count(found.length, "contradiction")} in these MSRs`),
    el("ul", {}, found.map(({ msr, message }) => el("li", {}, `${citedMsr(msr)}: ${message}`))));
}

/** Errata on reading fields that the processor lacks. */
function readingErrata(processor) {
  const found = errataOf(processor).filter((erratum) => erratum.kind === "vmread");
  return [...Map.groupBy(found, (erratum) => erratum.effect)].map(([effect, errata]) => el("p",
    { class: "verdict warn" }, `${errata.map((each) => each.id).join(", ")}: ${effect}`));
}

/** The known processors, other than `self`, that have the same capability MSRs. */
function alike({ msrs }, self = null) {
  const told = [...msrs];
  return told.length ? facts.cpus.filter((cpu) => cpu.kind === "hardware" && cpu !== self &&
    Object.keys(cpu.msrs).length === told.length &&
    told.every(([msr, value]) => cpu.msrs[hex(msr, 1)] === hex(value, 1))) : [];
}

function likeKnown(processor, self) {
  const same = alike(processor, self);
  return same.length ? el("p", { class: "muted" }, "The same capability MSRs as ",
    same.map((cpu, place) => [place ? ", " : "",
      el("a", { href: `#processors=${cpu.id}` }, cpu.name)]), ".") : null;
}

function whichProcessor() {
  const { dump } = chosen;
  if (dump.processors.length < 2) return null;
  const select = el("select", { id: "dump-place" }, dump.processors.map((each, place) =>
    el("option", { value: place, selected: place === chosen.place },
      each.numbers.length ? `CPU ${each.numbers.slice(0, 8).join(", ")}` +
        (each.numbers.length > 8 ? " …" : "") : each.name ?? `processor ${place + 1}`)));
  select.addEventListener("change", () => {
    chosen.place = Number(select.value);
    refreshProcessor();
  });
  return el("p", {}, el("label", { for: "dump-place" },
    `The source tells of ${dump.processors.length} different processors: `), select);
}

function faultsOf(dump) {
  return dump?.faults.map((fault) => el("p", { class: "verdict bad" }, fault));
}

/** Shows the answer for the processor in view. */
function refreshProcessor() {
  const output = at("processor-result");
  const processor = currentProcessor();
  at("existence").hidden = !processor;
  if (!processor) {
    show(output, chosen.dump ? el("p", { class: "verdict bad" },
      "No VMX capability MSR was found in this text. A line such as ",
      el("code", {}, "0x48b 0x7cff00000000"), " is understood.") : null, faultsOf(chosen.dump));
    return;
  }
  const answer = evaluateProcessor(processor);
  const { known: cpu, dump } = chosen;
  const deciding = answer.rungs[answer.deciding];
  show(output,
    el("h3", { id: "processor-title", tabindex: "-1" },
      cpu?.name ?? processor.name ?? "Pasted processor"),
    el("p", { class: "muted" }, cpu ? [cpu.microarchitecture, cpu.year, cpu.kind, cpu.source]
      .filter(Boolean).join(" · ") : `Read as ${dump.format}`),
    cpu?.note ? el("p", { class: "note" }, cpu.note) : null,
    cpu?.reliability === "suspect" ? el("p", { class: "verdict bad" },
      "The source of this dump is doubtful.") : null,
    whichProcessor(),
    faultsOf(dump),
    likeKnown(processor, cpu),
    tiles(answer, processor),
    contradictions(processor.msrs),
    readingErrata(processor),
    deciding ? el("p", {}, "The highest index of a field that exists is ", String(deciding.index),
      ": ", deciding.fields.filter((id) => answer.existence.get(id)).map((id, place) =>
        [place ? ", " : "", fieldLink(model.byId.get(id))]), ".") : null,
    el("h4", {}, "The ladder"),
    el("p", { class: "muted" }, "The first step from the top whose condition holds decides."),
    ladderList(answer), msrTable(processor));
  at("existence-table").replaceChildren(existenceTable(answer, processor));
}

/** Opens the view, with a CPU of the collection if one is named. */
function openProcessors(id) {
  const select = at("known-cpu");
  if (!select.options.length || select.options.length === 1) startProcessors(select);
  if (id) {
    const cpu = model.cpus.get(id);
    select.value = id;
    chosen.known = cpu;
    chosen.dump = { format: "", processors: [knownProcessor(cpu)], faults: [] };
    chosen.place = 0;
  }
  refreshProcessor();
}

function startProcessors(select) {
  for (const [title, cpus] of Map.groupBy(facts.cpus, (cpu) => cpu.group)) {
    select.append(el("optgroup", { label: title }, cpus.map((cpu) => el("option",
      { value: cpu.id }, [cpu.microarchitecture, cpu.name].filter(Boolean).join(" — ")))));
  }
  select.addEventListener("change", () => {
    at("dump").value = "";
    if (select.value) location.hash = `processors=${select.value}`;
    else readPasted("");
  });
  at("dump").addEventListener("input", () => readPasted(at("dump").value));
  at("dump-file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) {
      // No character takes more bytes than that.
      const text = decodeDump(await file.slice(0, 4 * DUMP_LIMIT).arrayBuffer());
      at("dump").value = withinLimit(text);
      readPasted(text);
    }
  });
  for (const feature of facts.features) {
    at(`feature-${feature.id}`).addEventListener("change", (event) => {
      if (event.target.value) chosen.features.set(feature.name, event.target.value === "yes");
      else chosen.features.delete(feature.name);
      refreshProcessor();
    });
  }
  at("existence-filter").addEventListener("change", refreshProcessor);
}

/** The text of a file, its lines as a text area has them: UTF-16 by its mark, else UTF-8. */
function decodeDump(buffer) {
  const mark = [...new Uint8Array(buffer.slice(0, 2))].join();
  const encoding = { "255,254": "utf-16le", "254,255": "utf-16be" }[mark] ?? "utf-8";
  return new TextDecoder(encoding).decode(buffer).replace(/\r\n?/g, "\n");
}

/** The lines that are whole within the limit: half a number is another number. */
function withinLimit(text) {
  if (text.length <= DUMP_LIMIT) return text;
  return text.slice(0, text.lastIndexOf("\n", DUMP_LIMIT - 1) + 1);
}

function readPasted(whole) {
  const text = withinLimit(whole);
  at("known-cpu").value = "";
  chosen.known = null;
  chosen.place = 0;
  chosen.dump = whole.trim() ? readDump(text) : null;
  if (text !== whole) chosen.dump?.faults.unshift("only the first 4 MiB were read");
  history.replaceState(null, "", "#processors");
  refreshProcessor();
}
