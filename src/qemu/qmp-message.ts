/**
 * One line of QMP to one typed message, and commands to lines. Pure. What comes from QEMU is `unknown`
 * until a guard has looked, for a guest can crash the program that writes it in the middle of a line.
 * Message forms: QEMU docs/interop/qmp-spec.
 */
import type { QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject } from '../core/model/json.ts';

export interface QmpGreeting {
  /** E.g. `7.2.22`. */
  readonly version: string;
  /** The packager's addition, e.g. `Debian 1:7.2+dfsg-7`; empty when there is none. */
  readonly package: string;
  readonly capabilities: readonly string[];
}

export type QmpMessage =
  | { readonly kind: 'greeting'; readonly greeting: QmpGreeting }
  | { readonly kind: 'return'; readonly id: Json | undefined; readonly value: Json }
  | {
      readonly kind: 'error';
      readonly id: Json | undefined;
      readonly errorClass: string;
      readonly desc: string;
    }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  /** A JSON object that is none of the above; a later QEMU may know more kinds. */
  | { readonly kind: 'unknown' }
  /** Not a JSON object at all. */
  | { readonly kind: 'garbage'; readonly text: string };

export function parseQmpLine(line: string): QmpMessage {
  const message = parseJson(line);
  if (!isObject(message)) return { kind: 'garbage', text: line.slice(0, 200) };
  if ('QMP' in message) return greetingOf(message['QMP']);
  if ('event' in message) return eventOf(message);
  if ('error' in message) return errorOf(message);
  const value = message['return'];
  if (value !== undefined) return { kind: 'return', id: message['id'], value };
  return { kind: 'unknown' };
}

/** One command as a line, ready to be sent. */
export function formatQmpCommand(id: number, command: string, args?: JsonObject): string {
  return `${JSON.stringify({ execute: command, arguments: args, id })}\n`;
}

function greetingOf(body: Json | undefined): QmpMessage {
  if (!isObject(body)) return { kind: 'unknown' };
  const version = isObject(body['version']) ? body['version'] : {};
  const numbers = isObject(version['qemu']) ? version['qemu'] : {};
  const parts = [numbers['major'], numbers['minor'], numbers['micro']];
  const capabilities = body['capabilities'];
  return {
    kind: 'greeting',
    greeting: {
      version: parts.every((part) => typeof part === 'number') ? parts.join('.') : 'unknown',
      package: typeof version['package'] === 'string' ? version['package'] : '',
      capabilities: Array.isArray(capabilities)
        ? capabilities.filter((name) => typeof name === 'string')
        : [],
    },
  };
}

function eventOf(message: JsonObject): QmpMessage {
  const { event, data, timestamp } = message;
  if (typeof event !== 'string' || !isObject(timestamp)) return { kind: 'unknown' };
  const { seconds, microseconds } = timestamp;
  if (typeof seconds !== 'number' || typeof microseconds !== 'number') return { kind: 'unknown' };
  return {
    kind: 'event',
    event: {
      event,
      data: isObject(data) ? data : {},
      at: Math.round(seconds * 1000 + microseconds / 1000),
    },
  };
}

function errorOf(message: JsonObject): QmpMessage {
  const error = isObject(message['error']) ? message['error'] : {};
  return {
    kind: 'error',
    id: message['id'],
    errorClass: typeof error['class'] === 'string' ? error['class'] : 'GenericError',
    desc: typeof error['desc'] === 'string' ? error['desc'] : 'no reason given',
  };
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
