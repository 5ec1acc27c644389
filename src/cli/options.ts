/**
 * Options that several verbs share, and how their values are read.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseQuantity, wholeUnits } from '../core/manifest/quantity.ts';
import { UsageError } from './errors.ts';
import { parseDuration } from './format/age.ts';
import { COLOR_CHOICES } from './format/paint.ts';

/** How long a bare `--wait` waits. */
export const DEFAULT_WAIT = '5m';

export function socketOption(): Option {
  return new Option(
    '--socket <path>',
    "the daemon's socket (or SOLOVIRT_SOCKET; default /run/solovirt/solovirt.sock)",
  );
}

export function namespaceOption(): Option {
  return new Option('-n, --namespace <namespace>', 'namespace of the VMs (default: default)');
}

export function outputOption(formats: readonly string[]): Option {
  return new Option('-o, --output <format>', 'output format').choices(formats);
}

export function colorOption(): Option {
  return new Option(
    '--color <when>',
    'colours; by default on a terminal, unless NO_COLOR is set',
  ).choices(COLOR_CHOICES);
}

/** Only those with these labels. */
export function selectorOption(): Option {
  return new Option(
    '-l, --selector <labels>',
    'only those with these labels: KEY=VALUE, KEY!=VALUE, KEY or !KEY, joined by commas',
  );
}

export function waitOption(what: string): Option {
  return new Option(
    '--wait [duration]',
    `${what}; write --wait=90s for another limit than 5m`,
  ).argParser(readDuration);
}

export function graceOption(): Option {
  return new Option(
    '--grace-period <seconds>',
    'how long the guest may take to shut down; 0 forces it off',
  ).argParser(readSeconds);
}

export function addTarget(command: Command): Command {
  return command.addOption(namespaceOption()).addOption(socketOption());
}

export function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('A duration is, for instance, 30s, 2m or 1h30m.');
}

export function readSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number of seconds, 0 or more.');
}

/** Unix milliseconds of an RFC 3339 time. */
export function readInstant(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError('A time is written 2026-11-22T10:00:00Z.');
}

/** Words joined by commas; those of several options add up. */
export function readWords(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...text.split(',').filter((word) => word !== '')];
}

/** A whole number above zero, for `--tail`. */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It is a whole number above 0.');
}

/**
 * Spells a bare `--wait` out, because the option parser would take the name after it for its duration:
 * `stop --wait demo` waits for demo.
 * @throws UsageError for `--wait 30s`, which can only be meant as a duration
 */
export function spellOutWait(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    if (arg !== '--wait' || (end !== -1 && index > end)) return arg;
    const next = args[index + 1];
    if (next !== undefined && /^\d/.test(next) && parseDuration(next) !== undefined)
      throw new UsageError(`--wait ${next} is ambiguous`, {
        hint: `Write --wait=${next} for the duration.`,
      });
    return `--wait=${DEFAULT_WAIT}`;
  });
}

/** Bytes, from a quantity such as `20Gi`; for options. @throws InvalidArgumentError */
export function readSize(text: string): number {
  const quantity = parseQuantity(text);
  const bytes = quantity === undefined ? 0 : Number(wholeUnits(quantity));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidArgumentError('A size is, for instance, 20Gi.');
}
