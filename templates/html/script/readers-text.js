// Reader of MSR values as people write them: rdmsr and its wrappers, debuggers, notes, tables.

/** Command lines of msr-tools' rdmsr: what they ask, and how the answer is printed. */
const rdmsrCommand = {
  LONG: new Map(Object.entries({
    all: "a", bitfield: "f", "c-language": "c", cpu: "p", decimal: "d", hexadecimal: "x",
    octal: "o", processor: "p", raw: "r", signed: "d", "signed-decimal": "d", unsigned: "u",
    "zero-pad": "0",
  })),
  BASES: new Map([["x", 16], ["u", 10], ["d", 10], ["o", 8]]),
  PRINTED: new Map([
    [16, /^(?:0x)?[0-9a-f][0-9a-f_`'-]*h?$/], [10, /^-?\d{1,20}$/], [8, /^[0-7]{1,23}$/],
  ]),

  /** The command of the words behind `rdmsr`, whose colons have been cut. */
  parse(words) {
    const command = { words: [], cpu: null, every: false, base: 16, partial: false };
    const remaining = words.values();
    for (const word of remaining) {
      if (word.startsWith("--")) {
        const meant = new Set([...rdmsrCommand.LONG].filter(
          ([name]) => name.startsWith(word.slice(2))).map(([, short]) => short));
        rdmsrCommand.options(command, meant.size === 1 ? [...meant][0] : "", remaining);
      } else if (word.startsWith("-")) {
        rdmsrCommand.options(command, word.slice(1), remaining);
      } else {
        command.words.push(word);
      }
    }
    return command;
  },

  options(command, letters, remaining) {
    for (const [place, letter] of [...letters].entries()) {
      if (letter === "p" || letter === "f") {
        const argument = [...letters].slice(place + 1).join("") || remaining.next().value || "";
        if (letter === "p") {
          command.cpu = /^\d+$/.test(argument) ? Number(argument.slice(0, 6)) : null;
        } else {
          command.partial = true;
          remaining.next(); // LOW of HIGH:LOW
        }
        return;
      }
      command.every ||= letter === "a";
      command.base = rdmsrCommand.BASES.get(letter) ?? command.base;
    }
  },

  /** The MSR that a word names in decimal, or null if it is no decimal number. */
  address: (word) => /^[1-9]\d{0,9}$/.test(word) ? BigInt(word) : null,

  /** The hexadecimal digits of a value that the command prints, or null if it is none. */
  digits({ base }, word) {
    if (!rdmsrCommand.PRINTED.get(base).test(word)) return null;
    if (base === 16) return word;
    const value = base === 8 ? BigInt(`0o${word}`) : BigInt(word);
    if (value < -(1n << 63n)) return null;
    return (value < 0n ? value + (1n << 64n) : value).toString(16); // of 64 bits, if signed
  },
};

const rdmsr = {
  recognises: () => true,
  NUMBER: rdmsrCommand.PRINTED.get(16),
  // A member of a JSON object whose value is a number, which is decimal there.
  MEMBER: /("[^"]{1,80}"[ \t]*:[ \t]*)([0-9]{1,20})(?=[ \t]*(?:[,}]|$))/g,
  REDIRECTION: /\s\d?>>?(?:&\d|\s*\/\S+)/g,
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
      let line = raw.toLowerCase();
      if (!state.pending && !rdmsr.PLAUSIBLE.test(line)) continue;
      const leaf = rdmsr.CPUID.exec(line);
      if (leaf) {
        collector.leaf(parseInt(leaf[1], 16), parseInt(leaf[2] ?? "0", 16), leaf.slice(3, 7));
        continue;
      }
      if (line.includes("rdmsr")) line = line.replace(rdmsr.REDIRECTION, " ");
      line = line.replace(rdmsr.MEMBER, (_, key, digits) => key + hex(BigInt(digits), 1));
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
    if (words.length !== 1) return false;
    if (pending.command) return rdmsrCommand.digits(pending.command, words[0]) !== null;
    return rdmsr.NUMBER.test(words[0]) && rdmsr.address(words).address === null;
  },

  value(collector, pending, word, line) {
    const every = pending.command?.every;
    if (every) collector.select(pending.count);
    if (every || pending.count === 0) rdmsr.printed(collector, pending, word, line);
    pending.count += 1;
  },

  /** Takes a value as it is printed. */
  printed(collector, { address, command, count: told }, word, line) {
    const digits = command ? rdmsrCommand.digits(command, word) : word;
    if (command?.partial) {
      if (told === 0) {
        collector.fault(`rdmsr -f printed some bits of MSR ${hex(address, 1)} only: not used`);
      }
    } else if (digits !== null) {
      collector.msr(address, digits, line);
    }
  },

  /** Reads an address with its value, or returns it if it is without one. */
  reading(collector, state, words, line) {
    let command = null;
    let number = null;
    if (words.includes("rdmsr")) {
      command = rdmsrCommand.parse(words.slice(words.indexOf("rdmsr") + 1));
      ({ cpu: number, words } = command);
    } else {
      ({ number, words } = rdmsr.cpu(words));
    }
    while (words.length && ["msr", "rdmsr"].includes(words[0])) words = words.slice(1);
    const { address, rest } = rdmsr.address(words, command);
    if (command && address !== null) {
      if (number === null && !command.every && state.commanded) number = 0;
      state.commanded ||= command.every || number !== null;
    }
    if (number !== null) collector.select(number);
    if (address === null) return null;
    const pending = { address, command, count: 0 };
    if (!rest.length) return pending;
    if (command && (command.partial || command.base !== 16)) {
      rdmsr.printed(collector, pending, rest[0], line);
      return null;
    }
    rdmsr.written(collector, address, rest, line);
    return null;
  },

  /** Takes the value that the words begin with, if they do, or says why it is none. */
  written(collector, address, words, line) {
    const halves = rdmsr.halves(words);
    if (halves) {
      const [high, low] = halves.map(parseHexadecimal);
      if (high === null || low === null || high >> 32n || low >> 32n) {
        collector.fault(`EAX or EDX of MSR ${hex(address, 1)} does not fit 32 bits`);
      } else {
        collector.msr(address, (high << 32n | low).toString(16), line);
      }
      return;
    }
    const numbers = rdmsr.numbers(words);
    const size = { 2: 8, 4: 4 }[numbers.length];
    if (numbers.length === 1 || numbers.length && numbers.every((each) => each.length === size)) {
      collector.msr(address, numbers.join(""), line);
    } else if (numbers.length) {
      const shown = numbers.join(" ").slice(0, 40);
      collector.fault(`which part of MSR ${hex(address, 1)} is which in ${shown}?`);
    }
  },

  cpu(words) {
    const found = /^(?:l?v?cpu|core|processor)#?(\d{1,6})?$/.exec(words[0]);
    if (!found) return { number: null, words };
    if (found[1]) return { number: Number(found[1]), words: words.slice(1) };
    const number = (words[1] ?? "").replace(/^#+/, "");
    return /^\d+$/.test(number) ? { number: Number(number.slice(0, 6)), words: words.slice(2) }
      : { number: null, words };
  },

  /** The MSR that the first words name, and what follows it; a command's may be decimal. */
  address(words, command = null) {
    const nothing = { address: null, rest: words };
    if (!words.length) return nothing;
    const named = (word) => msrNames.get(word.replace(/^msr_/, ""));
    const byName = named(words[0]);
    if (byName !== undefined) {
      const rest = words.slice(1);
      const repeated = rest.length > 1 && rdmsr.number(rest[0]) === BigInt(byName);
      return { address: byName, rest: repeated ? rest.slice(1) : rest };
    }
    const number = (command && rdmsrCommand.address(words[0])) ?? rdmsr.number(words[0]);
    if (number === null || number < FIRST_MSR || number > LAST_MSR) return nothing;
    const rest = words.slice(1);
    const labelled = rest.length > 1 && named(rest[0]) !== undefined;
    return { address: Number(number), rest: labelled ? rest.slice(1) : rest };
  },

  number: (word) => rdmsr.NUMBER.test(word) ? parseHexadecimal(word) : null,

  /** The words that stand behind EDX and EAX, or high and low, if both are there. */
  halves(words) {
    const halves = new Map();
    for (let place = 0; place + 1 < words.length; place += 1) {
      if (["edx", "eax", "high", "low"].includes(words[place]) &&
        rdmsr.NUMBER.test(words[place + 1])) halves.set(words[place], words[place + 1]);
    }
    const high = halves.get("edx") ?? halves.get("high");
    const low = halves.get("eax") ?? halves.get("low");
    return high !== undefined && low !== undefined ? [high, low] : null;
  },

  /** The digits of the numbers that the words begin with; "bad address" begins with none. */
  numbers(words) {
    const end = words.findIndex((word) => !rdmsr.NUMBER.test(word));
    const found = end < 0 ? words : words.slice(0, end);
    if (end >= 0 && !/\d/.test(found.join(""))) return [];
    return found.map((word) => word.replace(/^0x/, "").replace(/h$/, ""));
  },
};

// The order matters: rdmsr takes whatever no other does.
const READERS = [probeLog, jsonText, libvirt, vmxcap, virtualbox, aida64, rdmsr];
