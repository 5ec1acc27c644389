/**
 * The language of QEMU's guest agent (QEMU `docs/interop/qemu-ga.rst`, `qga/qapi-schema.json`): JSON, one message a line, and
 * a byte that no UTF-8 text contains to find one's way back into the stream. Pure. Whatever a guest sends becomes frames
 * within bounds, or an AgentProtocolError.
 */
import { guestText } from '../core/agent/guest-text.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import { AgentProtocolError } from './agent-error.ts';

/** The longest answers, about file systems and interfaces, have some 100 KiB on a guest with hundreds of each. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** The agent's own answers have 5. */
export const MAX_NESTING = 16;

const NEWLINE = 0x0a;
/** Stands before the answer to `guest-sync-delimited`; before a command, it makes the agent drop half a message. */
const DELIMITER = 0xff;

export type AgentFrame =
  | { readonly kind: 'delimiter' }
  | { readonly kind: 'line'; readonly text: string };

export type AgentMessage =
  | { readonly kind: 'return'; readonly value: Json }
  /** Cleaned of what a terminal would obey. */
  | { readonly kind: 'error'; readonly words: string }
  | { readonly kind: 'garbage'; readonly why: string };

/**
 * Returns a function that takes chunks in order and gives back the frames that each one completes.
 * It throws AgentProtocolError once a line grows beyond `maxBytes`.
 */
export function frameSplitter(
  maxBytes: number = MAX_MESSAGE_BYTES,
): (chunk: Buffer) => AgentFrame[] {
  let pieces: Buffer[] = [];
  let held = 0;
  const drop = (): void => {
    pieces = [];
    held = 0;
  };
  const add = (piece: Buffer): void => {
    held += piece.length;
    if (held > maxBytes) throw new AgentProtocolError(`a message is longer than ${maxBytes} bytes`);
    // A copy: a slice would keep the whole chunk it was cut from.
    if (piece.length > 0) pieces.push(Buffer.from(piece));
  };
  const take = (): string => {
    const text = Buffer.concat(pieces).toString('utf8').trim();
    drop();
    return text;
  };
  return (chunk) => {
    const frames: AgentFrame[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== NEWLINE && byte !== DELIMITER) continue;
      if (byte === DELIMITER) {
        drop();
        frames.push({ kind: 'delimiter' });
      } else {
        add(chunk.subarray(start, at));
        const text = take();
        if (text !== '') frames.push({ kind: 'line', text });
      }
      start = at + 1;
    }
    add(chunk.subarray(start));
    return frames;
  };
}

/** Anything to one message. */
export function parseAgentLine(line: string): AgentMessage {
  if (nesting(line) > MAX_NESTING)
    return { kind: 'garbage', why: `it is nested deeper than ${MAX_NESTING}` };
  let message: Json;
  try {
    message = JSON.parse(line) as Json;
  } catch {
    return { kind: 'garbage', why: `it is no JSON: ${guestText(line, 40) ?? ''}` };
  }
  const fields = asObject(message);
  if (Object.hasOwn(fields, 'error')) {
    const { desc } = asObject(fields['error']);
    return { kind: 'error', words: guestText(desc, 200) ?? 'no reason given' };
  }
  const value = Object.hasOwn(fields, 'return') ? fields['return'] : undefined;
  return value === undefined
    ? { kind: 'garbage', why: 'it has neither "return" nor "error"' }
    : { kind: 'return', value };
}

export function commandLine(command: string, args?: JsonObject): string {
  return `${JSON.stringify(args === undefined ? { execute: command } : { execute: command, arguments: args })}\n`;
}

/** Asks the agent to throw away what it has half read, and to answer with `id` after a delimiter. */
export function syncRequest(id: number): Buffer {
  const text = Buffer.from(commandLine('guest-sync-delimited', { id }));
  return Buffer.concat([Buffer.from([DELIMITER]), text]);
}

/** Deepest level of lists and objects, without building any of them. */
function nesting(text: string): number {
  let level = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '[' || char === '{') {
      level += 1;
      deepest = Math.max(deepest, level);
    } else if (char === ']' || char === '}') level -= 1;
  }
  return deepest;
}
