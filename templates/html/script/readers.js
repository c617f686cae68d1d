// Capability dumps as text: what processors they tell of. Formats and grammars are those of
// `vmcsgen caps` (capabilities/*.py, where each grammar is written down).

const FIRST_MSR = 0x480;
const LAST_MSR = 0x49f;
const PROCESSORS_LIMIT = 4096;
const LINE_LIMIT = 1000;
const CPUID_HYPERVISOR = 1n << 31n;
const CPUID_EXTENDED = 0x80000000;

/** A number of at most 64 bits in hexadecimal digits (0x, h, - _ ` ' allowed), else null. */
function parseHexadecimal(digits) {
  const stripped = digits.trim().toLowerCase().replace(/^0x/, "").replace(/h$/, "")
    .replace(/[-_`']/g, "");
  const significant = stripped.replace(/^0+/, "") || stripped.slice(-1);
  return /^[0-9a-f]{1,16}$/.test(significant) ? BigInt("0x" + significant) : null;
}

/** The MSR addresses by their names in lower case. */
const msrNames = (() => {
  const names = new Map(Object.entries({
    ia32_vmx_basic: 0x480, ia32_vmx_misc: 0x485, ia32_vmx_cr0_fixed0: 0x486,
    ia32_vmx_cr0_fixed1: 0x487, ia32_vmx_cr4_fixed0: 0x488, ia32_vmx_cr4_fixed1: 0x489,
    ia32_vmx_vmcs_enum: 0x48a, ia32_vmx_ept_vpid_cap: 0x48c,
  }));
  for (const group of facts.groups) {
    names.set(group.msr_name.toLowerCase(), group.msr);
    if (group.true_msr !== null) names.set(group.true_msr_name.toLowerCase(), group.true_msr);
  }
  return names;
})();

/** IA32_VMX_PROCBASED_CTLS2, or MSR 0x494 for an address without a name. */
function msrLabel(address) {
  for (const [name, known] of msrNames) if (known === address) return name.toUpperCase();
  return `MSR ${hex(address, 1)}`;
}

/** IA32_VMX_PROCBASED_CTLS2 (0x48B), as `vmcsgen caps` cites it. */
function citedMsr(address) {
  const label = msrLabel(address);
  return label.startsWith("MSR ") ? label : `${label} (0x${address.toString(16).toUpperCase()})`;
}

/** Collects readings, and tells processors apart as the source does. */
class Collector {
  constructor() {
    this.faults = [];
    this.full = false;
    this.drafts = [];
    this.byNumber = new Map();
    this.current = this.select(null);
  }

  select(number) {
    if (!this.byNumber.has(number)) this.byNumber.set(number, this.add(number));
    this.current = this.byNumber.get(number);
    return this.current;
  }

  begin() {
    this.current = this.add(null);
    return this.current;
  }

  add(number) {
    const draft = {
      number, name: null, msrs: new Map(), cpuid: new Map(), controls: new Map(),
      features: new Map(), virtual: null, identity: null, numbers: null, withoutVmx: false,
    };
    const unnumbered = this.drafts.length && tells(this.drafts[0]);
    if (this.drafts.length - Number(!unnumbered) < PROCESSORS_LIMIT) {
      this.drafts.push(draft);
    } else if (!this.full) {
      this.full = true;
      this.fault(`more than ${PROCESSORS_LIMIT} processors: the rest is not read`);
    }
    return draft;
  }

  msr(address, digits, line) {
    if (address < FIRST_MSR || address > LAST_MSR) return;
    const value = parseHexadecimal(digits);
    if (value === null) {
      this.fault(`line ${line}: the value of MSR ${hex(address, 1)} does not fit 64 bits`);
      return;
    }
    if (this.current.msrs.has(address) && this.current.number === null) this.begin();
    const { msrs, number } = this.current;
    if (!msrs.has(address)) msrs.set(address, value);
    if (msrs.get(address) !== value) {
      this.fault(`line ${line}: CPU ${number} has two values for MSR ${hex(address, 1)}; ` +
        "the first is used");
    }
  }

  leaf(leaf, subleaf, registers) {
    setOnce(this.current.cpuid, `${leaf}/${subleaf}`, registers.map((each) => BigInt("0x" + each)));
  }

  fault(message) {
    if (this.faults.length < 100) this.faults.push(message);
  }

  /** Like processors are joined: {format, processors, faults}. */
  finish(format, name = null) {
    const drafts = this.drafts.filter(tells);
    const spare = this.drafts.find((draft) => draft.cpuid.size);
    const alike = new Map();
    for (const draft of drafts) {
      if (spare && !draft.cpuid.size) draft.cpuid = spare.cpuid;
      draft.name ??= name;
      const says = fingerprint(draft);
      if (!alike.has(says)) alike.set(says, { ...draft, numbers: [] });
      alike.get(says).numbers.push(
        ...draft.numbers ?? (draft.number === null ? [] : [draft.number]));
    }
    return { format, processors: [...alike.values()].map(identified), faults: this.faults };
  }
}

/** Whether there is anything about VMX in a draft. */
function tells(draft) {
  return !draft.withoutVmx && (draft.msrs.size > 0 || draft.controls.size > 0);
}

function setOnce(map, key, value) {
  if (!map.has(key)) map.set(key, value);
}

function fingerprint(draft) {
  const told = (map) => [...map].map(([key, value]) => `${key}=${value}`).sort().join();
  const leaf1 = draft.cpuid.get("1/0");
  return [told(draft.msrs), told(draft.controls), told(featuresOf(draft)), leaf1?.[0],
    leaf1 && leaf1[2] & CPUID_HYPERVISOR, draft.virtual, JSON.stringify(draft.identity)].join("|");
}

/** The features that a draft tells by name, and those that its CPUID leaves decide. */
function featuresOf({ cpuid, features: told }) {
  const features = new Map(told);
  for (const feature of facts.features) {
    const registers = cpuid.get(`${feature.leaf}/${feature.subleaf}`);
    if (registers) {
      const value = registers[["eax", "ebx", "ecx", "edx"].indexOf(feature.register)];
      setOnce(features, feature.name, Boolean(value >> BigInt(feature.bit) & 1n));
    } else if (beyond(feature, cpuid)) {
      setOnce(features, feature.name, false);
    }
  }
  return features;
}

/** A processor with what its CPUID leaves say: features, whether it is virtual, its signature. */
function identified(draft) {
  const { cpuid } = draft;
  const features = featuresOf(draft);
  const leaf1 = cpuid.get("1/0");
  const virtual = draft.virtual ?? (leaf1 ? Boolean(leaf1[2] & CPUID_HYPERVISOR) : null);
  const vendor = textOf([1, 3, 2].map((place) => cpuid.get("0/0")?.[place] ?? 0n));
  // libvirt leaves the signature out: leaf 1 has EAX 0 then.
  const told = draft.identity ?? { vendor, ...(leaf1?.[0] ? signature(Number(leaf1[0])) : {}) };
  return { ...draft, features, virtual, ...told };
}

/** The characters that registers hold, lowest byte first, up to a NUL. */
function textOf(registers) {
  const [text] = registers.flatMap((register) => [0n, 8n, 16n, 24n].map(
    (shift) => String.fromCharCode(Number(register >> shift & 0xffn)))).join("").split("\0");
  return text.replace(/[^ -~]/g, "");
}

function beyond(feature, cpuid) {
  const first = feature.leaf < CPUID_EXTENDED ? 0 : CPUID_EXTENDED;
  const highest = cpuid.get(`${first}/0`)?.[0];
  if (highest !== undefined && BigInt(feature.leaf) > highest) return true;
  const subleaves = cpuid.get("7/0")?.[0];
  return feature.leaf === 7 && subleaves !== undefined && BigInt(feature.subleaf) > subleaves;
}

/** Family, model and stepping of CPUID.1:EAX (SDM Vol. 2A, Figure 3-6). */
function signature(eax) {
  let family = eax >> 8 & 0xf;
  let model_ = eax >> 4 & 0xf;
  if (family >= 6) model_ |= eax >> 12 & 0xf0;
  if (family === 0xf) family += eax >> 20 & 0xff;
  return { family, model: model_, stepping: eax & 0xf };
}

/** The processors that a text tells of; the format is told by the content. */
function readDump(text) {
  const reader = READERS.find((each) => each.recognises(text));
  return reader.read(text);
}
