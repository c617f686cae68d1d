// Reader of MSR values as people write them: rdmsr and its wrappers, debuggers, notes, tables.

const rdmsr = {
  recognises: () => true,
  NUMBER: /^(?:0x)?[0-9a-f][0-9a-f_`'-]*h?$/,
  CPUID: new RegExp("^\\s*(?:0x)?([0-9a-f]{8})(?:[ /](?:0x)?([0-9a-f]{1,8}))?\\s*:\\s*" +
    "eax=0x([0-9a-f]{8}) ebx=0x([0-9a-f]{8}) ecx=0x([0-9a-f]{8}) edx=0x([0-9a-f]{8})"),
  PLAUSIBLE: /48|49|vmx_|rdmsr|cpu|core|processor|eax=/,
  NOISE: ["-", "*", "->"],

  read(text) {
    const collector = new Collector();
    // The address whose value is yet to come; whether a command has told which CPU it asks.
    const state = { pending: null, commanded: false };
    for (const [place, raw] of linesOf(text).entries()) {
      if (collector.full) break;
      if (raw.length > LINE_LIMIT) continue;
      const line = raw.toLowerCase();
      if (!state.pending && !rdmsr.PLAUSIBLE.test(line)) continue;
      const leaf = rdmsr.CPUID.exec(line);
      if (leaf) {
        collector.leaf(parseInt(leaf[1], 16), parseInt(leaf[2] ?? "0", 16), leaf.slice(3, 7));
        continue;
      }
      const words = (line.match(/[^\s:=,;|>()[\]{}"<]+/g) ?? []).filter(
        (word) => !rdmsr.NOISE.includes(word));
      if (!words.length) continue;
      if (state.pending && rdmsr.isValue(words, state.pending)) {
        rdmsr.value(collector, state.pending, words[0], place + 1);
      } else {
        state.pending = rdmsr.reading(collector, state, words, place + 1);
      }
    }
    return collector.finish("MSR text");
  },

  /** Whether a line is the value of the address before it, and not the next address. */
  isValue(words, pending) {
    if (words.length !== 1 || !rdmsr.NUMBER.test(words[0])) return false;
    return pending.command || rdmsr.address(words).address === null;
  },

  value(collector, pending, digits, line) {
    if (pending.every) collector.select(pending.count);
    else if (pending.number !== null) collector.select(pending.number);
    if (pending.every || pending.count === 0) collector.msr(pending.address, digits, line);
    pending.count += 1;
  },

  /** Reads an address with its value, or returns it if it is without one. */
  reading(collector, state, words, line) {
    let number = null;
    let every = false;
    const command = words.includes("rdmsr");
    if (command) {
      ({ number, every, words } = rdmsr.options(words.slice(words.indexOf("rdmsr") + 1)));
    } else {
      ({ number, words } = rdmsr.cpu(words));
    }
    while (words.length && ["msr", "rdmsr"].includes(words[0])) words = words.slice(1);
    const { address, rest } = rdmsr.address(words);
    if (command && address !== null) {
      if (number === null && !every && state.commanded) number = 0;
      state.commanded ||= every || number !== null;
    }
    if (number !== null) collector.select(number);
    if (address === null) return null;
    if (!rest.length) return { address, number, every, command, count: 0 };
    const digits = rdmsr.digits(rest);
    if (digits !== null) collector.msr(address, digits, line);
    return null;
  },

  /** CPU number, whether all CPUs are read, and what else stands after `rdmsr`. */
  options(words) {
    let number = null;
    let every = false;
    const others = [];
    const remaining = words.values();
    for (const word of remaining) {
      if (word === "-a" || word === "--all") {
        every = true;
      } else if (word === "-p" || word === "--processor") {
        const following = remaining.next().value ?? "";
        number = /^\d+$/.test(following) ? Number(following.slice(0, 6)) : null;
      } else if (/^-p\d+$/.test(word)) {
        number = Number(word.slice(2, 8));
      } else if (word === "-f" || word === "--bitfield") {
        remaining.next();
      } else if (!word.startsWith("-")) {
        others.push(word);
      }
    }
    return { number, every, words: others };
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
const READERS = [probeLog, jsonText, libvirt, vmxcap, virtualbox, aida64, rdmsr];
