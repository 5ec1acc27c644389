/**
 * Messages of the system bus (D-Bus Specification, "Message Protocol"): as much of them as calls of the service manager take.
 * What a call gives is strings; of what comes, numbers and strings are read. Pure.
 */

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

export interface BusMessage {
  readonly kind: 'call' | 'return' | 'error' | 'signal' | 'unknown';
  /** Serial of the call that this answers. */
  readonly replyTo?: number;
  /** What a signal says. */
  readonly member?: string;
  /** Up to the first that is neither number nor string. */
  readonly args: readonly (number | string)[];
}

/** Not what a bus sends. */
export class BusMessageError extends Error {
  override readonly name = 'BusMessageError';
}

const KINDS = ['unknown', 'call', 'return', 'error', 'signal'] as const;
const METHOD_CALL = 1;
const VERSION = 1;
const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  replySerial: 5,
  destination: 6,
  signature: 8,
} as const;
/** Byte order, kind, flags, version, length of the body, serial, length of the fields. */
const HEAD_BYTES = 16;
/** The bus would take 128 MiB; nothing that is read here has a thousand bytes. */
const MOST_BYTES = 1024 * 1024;

/** @param serial above 0, another one for each call of a connection */
export function encodeCall(call: BusCall, serial: number): Buffer {
  const fields = new Writer();
  fields.field(FIELD.path, 'o', call.path);
  fields.field(FIELD.interface, 's', call.interface);
  fields.field(FIELD.member, 's', call.member);
  fields.field(FIELD.destination, 's', call.destination);
  if (call.args.length > 0) fields.field(FIELD.signature, 'g', 's'.repeat(call.args.length));
  const body = new Writer();
  for (const arg of call.args) body.string(arg);
  const head = Buffer.alloc(HEAD_BYTES);
  head.set([0x6c, METHOD_CALL, 0, VERSION]);
  head.writeUInt32LE(body.bytes().length, 4);
  head.writeUInt32LE(serial, 8);
  head.writeUInt32LE(fields.bytes().length, 12);
  return Buffer.concat([head, fields.padded(), body.bytes()]);
}

/** The whole messages at the beginning of what came, and the rest. @throws BusMessageError */
export function takeMessages(bytes: Buffer): {
  readonly messages: readonly BusMessage[];
  readonly rest: Buffer;
} {
  const messages: BusMessage[] = [];
  let rest = bytes;
  for (;;) {
    const length = messageLength(rest);
    if (length === undefined || rest.length < length) return { messages, rest };
    messages.push(decode(rest.subarray(0, length)));
    rest = rest.subarray(length);
  }
}

function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const reader = new Reader(bytes);
  const length = aligned(HEAD_BYTES + reader.uint32At(12), 8) + reader.uint32At(4);
  if (length > MOST_BYTES) throw new BusMessageError(`a message of ${length} bytes`);
  return length;
}

function decode(bytes: Buffer): BusMessage {
  const reader = new Reader(bytes);
  const end = HEAD_BYTES + reader.uint32At(12);
  let replyTo: number | undefined;
  let member: string | undefined;
  let signature = '';
  reader.position = HEAD_BYTES;
  while (reader.position < end) {
    reader.align(8);
    const code = reader.byte();
    const [value] = reader.values(reader.signature());
    if (code === FIELD.replySerial && typeof value === 'number') replyTo = value;
    if (code === FIELD.member && typeof value === 'string') member = value;
    if (code === FIELD.signature && typeof value === 'string') signature = value;
  }
  reader.align(8);
  return {
    kind: KINDS[bytes[1] ?? 0] ?? 'unknown',
    ...(replyTo !== undefined && { replyTo }),
    ...(member !== undefined && { member }),
    args: reader.values(signature),
  };
}

function aligned(position: number, to: number): number {
  return Math.ceil(position / to) * to;
}

class Writer {
  readonly #parts: Buffer[] = [];
  #length = 0;

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** To where the body may begin. */
  padded(): Buffer {
    this.#align(8);
    return this.bytes();
  }

  string(text: string): void {
    this.#align(4);
    const bytes = Buffer.from(`${text}\0`);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length - 1);
    this.#put(length);
    this.#put(bytes);
  }

  /** A field of the header: a structure of its code and a variant. */
  field(code: number, type: 'g' | 'o' | 's', text: string): void {
    this.#align(8);
    this.#put(Buffer.from([code]));
    this.#signature(type);
    if (type === 'g') this.#signature(text);
    else this.string(text);
  }

  #signature(text: string): void {
    this.#put(Buffer.from([text.length, ...Buffer.from(text), 0]));
  }

  #align(to: number): void {
    this.#put(Buffer.alloc(aligned(this.#length, to) - this.#length));
  }

  #put(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}

class Reader {
  position = 0;
  readonly #bytes: Buffer;
  readonly #little: boolean;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#little = bytes[0] === 0x6c;
  }

  align(to: number): void {
    this.position = aligned(this.position, to);
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  uint32At(offset: number): number {
    return this.#little ? this.#bytes.readUInt32LE(offset) : this.#bytes.readUInt32BE(offset);
  }

  signature(): string {
    return this.#text(this.byte());
  }

  values(signature: string): readonly (number | string)[] {
    const values: (number | string)[] = [];
    for (const type of signature) {
      if (type === 'g') values.push(this.signature());
      else if (type === 's' || type === 'o') values.push(this.#text(this.#uint32()));
      else if (type === 'u') values.push(this.#uint32());
      else break;
    }
    return values;
  }

  #uint32(): number {
    this.align(4);
    const at = this.position;
    this.#take(4);
    return this.uint32At(at);
  }

  #text(length: number): string {
    return this.#take(length + 1).toString('utf8', 0, length);
  }

  #take(length: number): Buffer {
    const end = this.position + length;
    if (end > this.#bytes.length) throw new BusMessageError('a message that ends too early');
    const taken = this.#bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }
}
