/**
 * `solovirt console`: the terminal and a guest's serial console become one, byte for byte, until the detach key. The
 * terminal is given back as it was in every case. Without a terminal, what comes on standard input is typed, and the end of
 * it is the end once the guest is silent.
 */
import { once } from 'node:events';
import { consolePath, DEFAULT_SCROLLBACK_BYTES } from '../../api/contract-lines.ts';
import { type ClientLine, lineFailure } from '../../client/line.ts';
import { enter, type GuestTarget } from '../guest-target.ts';
import { displayName } from '../names.ts';
import { rawTerminal } from '../raw-terminal.ts';
import { whenRunning } from '../when-running.ts';

export interface ConsoleFlags {
  /** Code of the key that detaches; undefined: none does. */
  readonly escape?: number | string;
  readonly scrollback: boolean;
  /** Milliseconds. */
  readonly wait?: number;
}

/** A guest that has said nothing for so long after the end of the input is taken to be done. */
const SILENCE_MS = 1000;

export async function console(target: GuestTarget, flags: ConsoleFlags): Promise<void> {
  const { context, ends, vm } = target;
  if (flags.wait !== undefined) await whenRunning(target, flags.wait);
  const line = await enter(target, consolePath(vm.namespace, vm.name, scrollbackOf(target, flags)));
  const detachKey = keyOf(flags.escape);
  const name = displayName(vm);
  if (ends.input.isTTY === true)
    context.stderr.write(
      `Connected to ${name}.${detachKey === undefined ? '' : ` Press ${keyName(detachKey)} to detach.`}\n`,
    );
  const detached = await converse(target, line, detachKey);
  if (ends.input.isTTY === true && detached) context.stderr.write(`\nDetached from ${name}.\n`);
  if (detached) return;
  const end = await line.ended;
  const failure = lineFailure(end);
  if (failure !== undefined) throw failure;
  context.stderr.write(`\n${name}: ${end.reason}.\n`);
}

/** @returns whether the user ended it */
async function converse(
  { context, ends }: GuestTarget,
  { stream, ended }: ClientLine,
  detachKey: number | undefined,
): Promise<boolean> {
  using terminal = rawTerminal(ends);
  const leave = Promise.withResolvers<boolean>();
  const quit = (): void => leave.resolve(true);
  context.signal.addEventListener('abort', quit, { once: true });
  const stopListening = ends.onHangup(quit);
  const input = (bytes: Buffer): void => {
    // In a pipe it is a byte like any other.
    const at = detachKey === undefined || !terminal.raw ? -1 : bytes.indexOf(detachKey);
    const typed = at === -1 ? bytes : bytes.subarray(0, at);
    if (typed.length > 0 && !stream.write(typed)) {
      ends.input.pause();
      stream.once('drain', () => ends.input.resume());
    }
    if (at !== -1) quit();
  };
  let silence: NodeJS.Timeout | undefined;
  let over = false;
  const rest = (): void => {
    clearTimeout(silence);
    if (over) silence = setTimeout(quit, SILENCE_MS);
  };
  const inputEnds = (): void => {
    over = true;
    rest();
  };
  const output = (bytes: Buffer): void => {
    rest();
    terminal.note(bytes);
    if (ends.output.write(bytes)) return;
    stream.pause();
    ends.output.once('drain', () => stream.resume());
  };
  stream.on('data', output);
  ends.input.on('data', input).on('end', inputEnds).on('error', quit);
  try {
    return await Promise.race([leave.promise, ended.then(() => false)]);
  } finally {
    clearTimeout(silence);
    context.signal.removeEventListener('abort', quit);
    stopListening();
    ends.input.off('data', input).off('end', inputEnds).off('error', quit);
    ends.input.pause();
    await close(stream);
  }
}

/** For what was typed last to go out. */
const CLOSE_MS = 2000;

async function close(stream: ClientLine['stream']): Promise<void> {
  if (stream.destroyed) return;
  stream.resume();
  stream.end();
  await once(stream, 'close', { signal: AbortSignal.timeout(CLOSE_MS) }).catch(() => {});
  stream.destroy();
}

/** A script sees what it has brought about, and nothing of the past. */
function scrollbackOf({ ends }: GuestTarget, { scrollback }: ConsoleFlags): number {
  return scrollback && ends.output.isTTY === true ? DEFAULT_SCROLLBACK_BYTES : 0;
}

function keyOf(key: ConsoleFlags['escape']): number | undefined {
  // The default, which the parser of options leaves as it is.
  return typeof key === 'string' ? 0x1d : key;
}

function keyName(code: number): string {
  return `Ctrl-${String.fromCharCode(code + 0x40)}`;
}
