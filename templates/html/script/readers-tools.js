// Readers of what programs print: AIDA64, VirtualBox, vmxcap, libvirt.

function linesOf(text) {
  return text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
}

const aida64 = {
  recognises: (text) => text.includes("---[ MSR Registers") || text.includes("---[ CPUID Registers"),
  read(text) {
    const collector = new Collector();
    let name = null;
    for (const [place, line] of linesOf(text).entries()) {
      if (collector.full) break;
      if (line.length > LINE_LIMIT) continue;
      if (line.startsWith("MSR ")) {
        const found = /^MSR ([0-9A-Fa-f]{8}): ([0-9A-Fa-f-]{4,80})(?:\s|$)/.exec(line);
        if (found) collector.msr(parseInt(found[1], 16), found[2], place + 1);
      } else if (line.startsWith("CPUID ")) {
        const named = /^CPUID CPU Name\s*:\s*(\S.{0,80})/.exec(line);
        if (named) name = named[1].trim();
        else aida64.leaf(collector, line);
      } else if (line.startsWith("---")) {
        const section = /^-+\[ ?[^\]#]*(?:#(\d{1,6})\b)?[^\]]*\]/.exec(line);
        if (section) collector.select(section[1] ? Number(section[1]) : null);
      }
    }
    return collector.finish("AIDA64 dump", name);
  },
  leaf(collector, line) {
    const found = new RegExp(
      "^CPUID ([0-9A-Fa-f]{8})[:\\s]\\s*([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{8}){3})" +
      "(?:\\s*\\[SL ([0-9A-Fa-f]{2})\\])?").exec(line);
    if (found) {
      collector.leaf(parseInt(found[1], 16), parseInt(found[3] ?? "0", 16), found[2].split("-"));
    }
  },
};

const virtualbox = {
  recognises: (text) => /(?:HM|HWACCM):\s+MSR_IA32_VMX_/.test(text),
  read(text) {
    const collector = new Collector();
    const older = new Map([["ia32_vmx_basic_info", 0x480], ["ia32_vmx_ept_vpid_caps", 0x48c]]);
    const msr = new RegExp("(?:HM|HWACCM):\\s+MSR_(IA32_VMX_[A-Z0-9_]{1,40})\\s*=?\\s*" +
      "((?:0x)?[0-9A-Fa-f]{1,80})(?![0-9A-Za-z])");
    let leaf = null;
    for (const [place, line] of linesOf(text).entries()) {
      if (collector.full) break;
      if (line.includes("MSR_IA32_VMX_")) {
        const found = msr.exec(line);
        const name = found?.[1].toLowerCase();
        const address = msrNames.get(name) ?? older.get(name);
        if (address !== undefined) collector.msr(address, found[2], place + 1);
      } else if (line.includes("Gst: ")) {
        leaf = /Gst: ([0-9a-f]{8})\/([0-9a-f]{4})\s/.exec(line);
      } else if (leaf && line.includes("Hst: ")) {
        const host = /Hst:\s+([0-9a-f]{8}(?: [0-9a-f]{8}){3})/.exec(line);
        if (host) {
          collector.leaf(parseInt(leaf[1], 16), parseInt(leaf[2], 16), host[1].split(" "));
        }
      }
    }
    return collector.finish("VirtualBox log");
  },
};

const vmxcap = {
  GROUPS: new Map(Object.entries({
    "pin-based controls": "pin",
    "primary processor-based controls": "primary",
    "secondary processor-based controls": "secondary",
    "tertiary processor-based controls": "tertiary",
    "vm-exit controls": "exit",
    "vm-entry controls": "entry",
  })),
  MSRS: new Map(Object.entries({
    "basic vmx information": 0x480,
    "miscellaneous data": 0x485,
    "vpid and ept capabilities": 0x48c,
    "vm functions": 0x491,
  })),
  STATES: new Map([["yes", true], ["default", true], ["forced", true], ["no", false]]),
  recognises: (text) => /^Basic VMX Information\s*$/m.test(text),
  read(text) {
    const collector = new Collector();
    let group = null;
    let msr = null;
    for (const [place, line] of linesOf(text).entries()) {
      if (collector.full) break;
      if (line.length > 200) continue;
      if (!line.startsWith(" ")) {
        const heading = line.trim().toLowerCase();
        group = vmxcap.GROUPS.get(heading) ?? null;
        msr = vmxcap.MSRS.get(heading) ?? null;
      } else if (msr !== null) {
        const found = /^  Hex: (0x[0-9a-f]{1,80})\s*$/.exec(line);
        if (found) collector.msr(msr, found[1], place + 1);
      } else if (group) {
        const found = /^  (\S.{0,80}?)\s+(yes|no|default|forced|\?)\s*$/.exec(line);
        const name = found && vmxcap.labels(group).get(vmxcap.folded(found[1]));
        if (name && vmxcap.STATES.has(found[2])) {
          setOnce(collector.current.controls, name, vmxcap.STATES.get(found[2]));
        }
      }
    }
    return collector.finish("vmxcap");
  },
  folded: (label) => label.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""),
  labels(id) {
    const found = new Map();
    for (const control of model.groups.get(id).controls) {
      for (const label of [control.title, ...control.formerly, control.names.qemu?.vmxcap ?? ""]) {
        setOnce(found, vmxcap.folded(label), control.name);
      }
    }
    return found;
  },
};

const libvirt = {
  POLICIES: new Map([["require", true], ["force", true], ["disable", false], ["forbid", false]]),
  TAG: /<(cpudata|cpu|\/?mode|msr|cpuid|model|feature)\b([^<>]{0,400})>([^<]{0,80})/g,
  recognises: (text) => /^[\ufeff \t\r\n]*</.test(text) && text.search(libvirt.TAG) >= 0,
  read(text) {
    const collector = new Collector();
    const complete = [];
    // Mode "custom" lists models, and what keeps them from being used: nothing of a processor.
    let custom = false;
    for (const [, tag, raw, content] of libvirt.without(text).matchAll(libvirt.TAG)) {
      if (collector.full) break;
      const attributes = Object.fromEntries([...raw.matchAll(
        /([a-z_]{1,20})\s{0,9}=\s{0,9}(['"])([^'"]{0,80})\2/g)].map((each) => [each[1], each[3]]));
      if (tag === "cpudata" || tag === "cpu") {
        custom = false;
        collector.begin().virtual = true;
        if (tag === "cpudata") complete.push(collector.current);
      } else if (tag === "mode" || tag === "/mode") {
        custom = attributes.name === "custom" && !raw.endsWith("/");
      } else if (custom) {
        continue;
      } else if (tag === "model") {
        collector.current.name ||= content.trim() || null;
      } else if (tag === "feature") {
        const told = libvirt.POLICIES.get(attributes.policy ?? "require");
        if (attributes.name === "vmx" && told === false) {
          collector.current.withoutVmx = true;
          collector.fault(WITHOUT_VMX);
        }
        if (told !== undefined) tellProperty(collector.current, attributes.name, told);
      } else if (tag === "cpuid") {
        libvirt.leaf(collector, attributes);
      } else {
        libvirt.msr(collector, attributes);
      }
    }
    for (const draft of complete) {
      if (!draft.cpuid.size) continue;
      // libvirt writes the leaves that have a bit set, and no others.
      for (const feature of facts.features) {
        if (!draft.cpuid.has(`${feature.leaf}/${feature.subleaf}`)) {
          setOnce(draft.features, feature.name, false);
        }
      }
    }
    return collector.finish("libvirt CPU XML");
  },
  without: (text) => text.replace(/<!--[^]*?(?:-->|$)/g, ""),
  leaf(collector, attributes) {
    const numbers = ["eax_in", "ecx_in", "eax", "ebx", "ecx", "edx"].map(
      (key) => parseHexadecimal(attributes[key] ?? "0x0"));
    if (numbers.some((number) => number === null || number >> 32n)) return;
    const [leaf, subleaf, ...registers] = numbers.map((number) => number.toString(16));
    collector.leaf(parseInt(leaf, 16), parseInt(subleaf, 16), registers);
  },
  msr(collector, attributes) {
    const address = Number(parseHexadecimal(attributes.index ?? "") ?? -1n);
    const [low, high] = ["eax", "edx"].map((key) => parseHexadecimal(attributes[key] ?? "0x0"));
    if (address < 0) return;
    if (low === null || high === null || low >> 32n || high >> 32n) {
      collector.fault(`EAX or EDX of MSR ${hex(address, 1)} does not fit 32 bits`);
      return;
    }
    const group = facts.groups.find(
      (each) => each.shift ? each.msr === address || each.true_msr === address
        : each.true_msr === address);
    if (group && high === 0n) {
      // libvirt's MSRs are QEMU's feature words: EAX holds the allowed 1-settings.
      for (const control of group.controls) {
        const told = allowedToGuest(control.name, Boolean(low >> BigInt(control.bit) & 1n));
        setOnce(collector.current.controls, control.name, told);
      }
      return;
    }
    collector.msr(address, (high << 32n | low).toString(16), 0);
  },
};
