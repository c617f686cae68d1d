// Reader of MSR values as people write them: rdmsr and its wrappers, debuggers, notes, tables.

const rdmsr = {
  recognises: () => true,
  NUMBER: /^(?:0x)?[0-9a-f][0-9a-f_`'-]*h?$/,
  CPUID: new RegExp("^\\s*(?:0x)?([0-9a-f]{8})(?:[ /](?:0x)?([0-9a-f]{1,8}))?\\s*:\\s*" +
    "eax=0x([0-9a-f]{8}) ebx=0x([0-9a-f]{8}) ecx=0x([0-9a-f]{8}) edx=0x([0-9a-f]{8})", "i"),

  read(text) {
    const collector = new Collector();
    let pending = null;
    linesOf(text).forEach((line, place) => {
      if (line.length > LINE_LIMIT) return;
      const leaf = rdmsr.CPUID.exec(line);
      if (leaf) {
        collector.leaf(parseInt(leaf[1], 16), parseInt(leaf[2] ?? "0", 16), leaf.slice(3, 7));
        return;
      }
      const words = (line.match(/[^\s:=,;|>()[\]{}"<]+/g) ?? []).slice(0, 40)
        .map((word) => word.toLowerCase());
      if (!words.length) return;
      if (pending && words.length === 1 && rdmsr.NUMBER.test(words[0])) {
        rdmsr.value(collector, pending, words[0], place + 1);
        return;
      }
      pending = rdmsr.line(collector, words, place + 1);
    });
    return collector.finish("MSR text");
  },

  value(collector, pending, digits, line) {
    if (pending.every) collector.select(pending.count);
    else if (pending.number !== null) collector.select(pending.number);
    if (pending.every || pending.count === 0) collector.msr(pending.address, digits, line);
    pending.count += 1;
  },

  /** Takes one line's reading, or returns the command whose values follow. */
  line(collector, words, line) {
    let number = null;
    let every = false;
    if (words.includes("rdmsr")) {
      ({ number, every, words } = rdmsr.options(words.slice(words.indexOf("rdmsr") + 1)));
    } else {
      ({ number, words } = rdmsr.cpu(words));
    }
    while (words.length && ["msr", "rdmsr", "-", "*"].includes(words[0])) words = words.slice(1);
    if (number !== null) collector.select(number);
    const { address, rest } = rdmsr.address(words);
    if (address === null) return null;
    if (!rest.length) return { address, number, every, count: 0 };
    const digits = rdmsr.digits(rest);
    if (digits !== null) collector.msr(address, digits, line);
    return null;
  },

  options(words) {
    let number = null;
    let every = false;
    while (words.length && words[0].startsWith("-")) {
      const [option] = words;
      words = words.slice(1);
      every ||= option === "-a" || option === "--all";
      if ((option === "-p" || option === "--processor") && /^\d+$/.test(words[0] ?? "")) {
        number = Number(words[0].slice(0, 6));
        words = words.slice(1);
      } else if (/^-p\d+$/.test(option)) {
        number = Number(option.slice(2, 8));
      } else if (option === "-f") {
        words = words.slice(1);
      }
    }
    return { number, every, words };
  },

  cpu(words) {
    const found = /^(?:l?v?cpu|core|processor)#?(\d{1,6})?$/.exec(words[0]);
    if (!found) return { number: null, words };
    if (found[1]) return { number: Number(found[1]), words: words.slice(1) };
    const number = (words[1] ?? "").replace(/^#+/, "");
    return /^\d+$/.test(number) ? { number: Number(number.slice(0, 6)), words: words.slice(2) }
      : { number: null, words };
  },

  /** The MSR that the first words name, and what follows it. */
  address(words) {
    const nothing = { address: null, rest: words };
    if (!words.length) return nothing;
    const named = (word) => msrNames.get(word.replace(/^msr_/, ""));
    const byName = named(words[0]);
    if (byName !== undefined) {
      const rest = words.slice(1);
      const repeated = rest.length > 1 && rdmsr.number(rest[0]) === BigInt(byName);
      return { address: byName, rest: repeated ? rest.slice(1) : rest };
    }
    const number = rdmsr.number(words[0]);
    if (number === null || number < FIRST_MSR || number > LAST_MSR) return nothing;
    const rest = words.slice(1);
    const labelled = rest.length > 1 && named(rest[0]) !== undefined;
    return { address: Number(number), rest: labelled ? rest.slice(1) : rest };
  },

  number: (word) => rdmsr.NUMBER.test(word) ? parseHexadecimal(word) : null,

  /** The digits of the value that the words begin with. */
  digits(words) {
    const halves = {};
    for (let place = 0; place + 1 < words.length; place += 1) {
      if (["edx", "eax", "high", "low"].includes(words[place]) &&
        rdmsr.NUMBER.test(words[place + 1])) {
        halves[words[place]] = words[place + 1].replace(/^0x/, "");
      }
    }
    const high = halves.edx || halves.high;
    const low = halves.eax || halves.low;
    if (high && low) return high + low.padStart(8, "0");
    const numbers = [];
    for (const word of words) {
      if (!rdmsr.NUMBER.test(word)) break;
      numbers.push(word.replace(/^0x/, ""));
    }
    for (const [amount, size] of [[4, 4], [2, 8]]) {
      if (numbers.length === amount && numbers.every((each) => each.length === size)) {
        return numbers.join("");
      }
    }
    return numbers[0] ?? null;
  },
};

// The order matters: rdmsr takes whatever no other does.
const READERS = [jsonText, libvirt, vmxcap, virtualbox, aida64, rdmsr];
