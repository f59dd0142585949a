// A Polar H10 that Chromium itself plays (CDP domain BluetoothEmulation): the chooser, the connection, the order of
// operations and the bytes on the control point are the browser's own; what the strap says is made here.
//
// The domain cannot push a notification. Its characteristics are therefore readable too, and the test (never the page)
// reads them: Chromium hands one object to all who ask for a characteristic of one connection, so the page's listener
// hears of the value as of a notified one.

const base = (short) => `0000${short}-0000-1000-8000-00805f9b34fb`;
const polar = (short) => `fb00${short}-02e7-f387-1cad-8acd2d8df0c8`;

export const CONTROL = polar("5c81");
export const DATA = polar("5c82");
export const HEART_RATE = base("2a37");
export const BATTERY = base("2a19");

/** Service and properties of each characteristic of an H10. */
const LAYOUT = new Map([
  [CONTROL, { service: polar("5c80"), properties: { read: true, write: true, indicate: true } }],
  [DATA, { service: polar("5c80"), properties: { read: true, notify: true } }],
  [HEART_RATE, { service: base("180d"), properties: { read: true, notify: true } }],
  [BATTERY, { service: base("180f"), properties: { read: true, notify: true } }],
]);
const SERVICES = [...new Set([...LAYOUT.values()].map(({ service }) => service))];
const ADDRESS = "09:09:09:09:09:09";

/** Samples of a frame of an H10, at 130 a second. */
export const FRAME = 73;
export const RATE_HZ = 130;

/** A notification of the data characteristic: type, stamp of the last sample (ns, little endian), frame type, 24 bit microvolts. */
export function ecgFrame(stamp_ns, microvolts) {
  const bytes = Buffer.alloc(10 + 3 * microvolts.length);
  bytes.writeBigUInt64LE(BigInt(stamp_ns), 1);
  microvolts.forEach((value, index) => bytes.writeIntLE(value, 10 + 3 * index, 3));
  return bytes;
}

/** Sample `index` of a heart at 75/min, microvolts: three bumps a beat, and a little noise that is always the same. */
export function heart(index) {
  const t = (index / RATE_HZ) % 0.8;
  const bump = (at, width) => Math.exp(-((t - at) ** 2) / (2 * width ** 2));
  const noise = ((index * 7919) % 13) - 6;
  return Math.round(120 * bump(0.13, 0.022) + 1000 * bump(0.3, 0.012) - 200 * bump(0.34, 0.012) + 260 * bump(0.56, 0.045) + noise);
}

/** The strap; it answers as a real one does until told otherwise. */
export class Strap {
  /** Puts a strap beside a visit that is not loaded yet. */
  static async beside(visit, name = "Polar H10 0A1B2C3D") {
    const strap = new Strap(visit, name);
    await strap.wake();
    return strap;
  }

  constructor(visit, name) {
    this.visit = visit;
    this.name = name;
    /** What the page did, in order: "connect", "subscribe 5c81", "write 5c81 0100", ... */
    this.log = [];
    this.ids = new Map();
    this.toRead = new Map([[BATTERY, [Buffer.from([87])]]]);
    this.inReach = true;
    this.failures = [];
    /** Called with each command on the control point; returns the reply's bytes or nothing. */
    this.reply = repliesOfAnH10;
  }

  async wake() {
    const { page, profile, stage } = this.visit;
    await page.addInitScript(() => {
      const ask = globalThis.Bluetooth?.prototype.requestDevice;
      if (!ask) return;
      Bluetooth.prototype.requestDevice = async function (...options) {
        globalThis.strap = await ask.apply(this, options);
        return globalThis.strap;
      };
    });
    this.radio = await stage.browser.newBrowserCDPSession();
    await this.radio.send("BluetoothEmulation.enable", { state: "powered-on", leSupported: true });
    await this.radio.send("BluetoothEmulation.simulatePreconnectedPeripheral", {
      address: ADDRESS,
      name: this.name,
      manufacturerData: [],
      knownServiceUuids: SERVICES,
    });
    this.radio.on("BluetoothEmulation.gattOperationReceived", (event) => this.careful(this.link(event)));
    this.radio.on("BluetoothEmulation.characteristicOperationReceived", (event) => this.careful(this.operation(event)));
    this.chooser = await profile.newCDPSession(page);
    await this.chooser.send("DeviceAccess.enable");
    let asked;
    this.chooser.on("DeviceAccess.deviceRequestPrompted", ({ id, devices }) => {
      // The prompt is told twice.
      if (id === asked || devices.length === 0) return;
      asked = id;
      this.log.push("chosen");
      this.careful(this.chooser.send("DeviceAccess.selectPrompt", { id, deviceId: devices[0].id }));
    });
  }

  /** Failures in the strap's own workings are kept for the test to see. */
  careful(work) {
    work.catch((error) => this.failures.push(error.message));
  }

  async link({ type }) {
    if (type === "connection") {
      this.log.push(this.inReach ? "connect" : "connect in vain");
      await this.radio.send("BluetoothEmulation.simulateGATTOperationResponse", { address: ADDRESS, type, code: this.inReach ? 0 : 8 });
      return;
    }
    // Chromium forgets a peripheral's services with its link.
    if (type === "discovery") await this.layOut();
    await this.radio.send("BluetoothEmulation.simulateGATTOperationResponse", { address: ADDRESS, type, code: 0 });
  }

  async layOut() {
    this.ids.clear();
    for (const service of SERVICES) {
      const { serviceId } = await this.radio.send("BluetoothEmulation.addService", { address: ADDRESS, serviceUuid: service });
      for (const [uuid, layout] of LAYOUT) {
        if (layout.service !== service) continue;
        const { characteristicId } = await this.radio.send("BluetoothEmulation.addCharacteristic", {
          serviceId,
          characteristicUuid: uuid,
          properties: layout.properties,
        });
        await this.radio.send("BluetoothEmulation.addDescriptor", { characteristicId, descriptorUuid: base("2902") });
        this.ids.set(characteristicId, uuid);
      }
    }
  }

  async operation({ characteristicId, type, data, writeType }) {
    const uuid = this.ids.get(characteristicId);
    const bytes = Buffer.from(data ?? "", "base64");
    const answer = { characteristicId, type, code: 0 };
    const short = uuid.slice(4, 8);
    if (type === "read") {
      const queue = this.toRead.get(uuid) ?? [];
      const value = queue.length > 1 || uuid !== BATTERY ? queue.shift() : queue[0];
      if (uuid === BATTERY) this.log.push(`read ${short}`);
      answer.data = (value ?? Buffer.alloc(0)).toString("base64");
    } else if (type === "write") {
      this.log.push(`${writeType === "write-without-response" ? "throw" : "write"} ${short} ${bytes.toString("hex")}`);
    } else {
      this.log.push(`${type.replace(/-.*/, "")} ${short}`);
    }
    await this.radio.send("BluetoothEmulation.simulateCharacteristicOperationResponse", answer);
    const reply = type === "write" && uuid === CONTROL ? this.reply(bytes) : undefined;
    if (reply) await this.say(CONTROL, [reply]);
  }

  /** Says these values on a characteristic, one after the other, and returns when the page has heard them. */
  async say(uuid, values) {
    this.toRead.set(uuid, [...(this.toRead.get(uuid) ?? []), ...values]);
    await this.visit.page.evaluate(
      async ([service, uuid, count]) => {
        const found = await (await strap.gatt.getPrimaryService(service)).getCharacteristic(uuid);
        if (!found.heard) {
          // When each value arrived: before the page's own listener has seen it.
          found.heard = true;
          found.addEventListener("characteristicvaluechanged", () => (globalThis.arrivals ??= []).push({ uuid, at_ms: performance.now() }), { capture: true });
        }
        for (let told = 0; told < count; told += 1) await found.readValue();
      },
      [LAYOUT.get(uuid).service, uuid, values.length],
    );
  }

  /** When the values of a characteristic arrived, milliseconds on the page's clock, in their order. */
  async arrivalsOf(uuid) {
    const arrivals = await this.visit.page.evaluate(() => globalThis.arrivals ?? []);
    return arrivals.filter((arrival) => arrival.uuid === uuid).map(({ at_ms }) => at_ms);
  }

  /** Ends the link, as out of reach. */
  async loseLink() {
    await this.radio.send("BluetoothEmulation.simulateGATTDisconnection", { address: ADDRESS });
  }

  /** Waits until the page has done this. */
  async seen(what, after = 0, timeout_ms = 120_000) {
    const deadline = performance.now() + timeout_ms;
    for (;;) {
      const found = this.log.indexOf(what, after);
      if (found >= 0) return found;
      if (performance.now() > deadline) throw new Error(`"${what}" did not come: ${this.log.join(", ")} ${this.failures.join("; ")}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async sleep() {
    await this.radio.send("BluetoothEmulation.disable");
    await this.radio.detach();
  }
}

/** Replies to "get settings", "start" and "stop" of the ECG, as recorded from a real strap. */
export function repliesOfAnH10(command) {
  const replies = { 1: "f001000000000182000101" + "0e00", 2: "f00200000000", 3: "f003000000" };
  const reply = replies[command[0]];
  return reply && Buffer.from(reply, "hex");
}
