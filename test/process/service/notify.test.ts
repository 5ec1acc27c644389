import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asService, Lines, Receiver } from '../../support/service-manager.ts';
import { temporaryDirectory } from '../host/support.ts';

const CHILD = join(import.meta.dirname, 'notify-child.ts');

/** A process with a notifier, and the service manager that it talks to. */
class Told implements AsyncDisposable {
  readonly #child: ReturnType<typeof spawn>;
  readonly #exit: Promise<number | null>;
  readonly lines: Lines;
  readonly manager: Receiver;

  private constructor(manager: Receiver, path: string, env: Record<string, string>) {
    this.manager = manager;
    const [file = '', ...args] = asService({ notify: path, nonblock: true }, [
      process.execPath,
      CHILD,
    ]);
    this.#child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = new Lines(this.#child);
    this.#exit = new Promise((resolve) => this.#child.once('close', resolve));
  }

  static async start(dir: string, env: Record<string, string> = {}): Promise<Told> {
    const path = join(dir, 'notify');
    return new Told(await Receiver.at(path), path, env);
  }

  /** Resolves when all of it is done. */
  async does(...words: readonly string[]): Promise<void> {
    const before = this.lines.all.length;
    this.#child.stdin?.write(words.map((word) => `${word}\n`).join(''));
    await this.lines.until(`it does ${words.join(', ')}`, (lines) => {
      const done = lines.slice(before).filter((line) => line.startsWith('done '));
      return done.length >= words.length ? done : undefined;
    });
  }

  /** Resolves with the exit code. */
  async ends(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
    await this.manager[Symbol.asyncDispose]();
  }
}

const isStopping = (text: string): boolean => text.startsWith('STOPPING=1');

test('readiness comes with the status, the end with the last words', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path);
  await told.does('status 3 VMs: 3 running', 'ready', 'ready', 'stopping bye');
  expect(await told.manager.until('it stops', isStopping)).toEqual([
    'READY=1\nSTATUS=3 VMs: 3 running',
    'STOPPING=1\nSTATUS=bye',
  ]);
});

test('of several statuses in a row the last is sent, and none that says nothing new', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path);
  await told.does('status a', 'ready', 'status b', 'status c', 'status d');
  await told.manager.until('the status is there', (text) => text === 'STATUS=d');
  await told.does('status e', 'status d', 'status f');
  await told.manager.until('the status is there', (text) => text === 'STATUS=f');
  await told.does('status g', 'stopping bye', 'status h');
  expect(await told.manager.until('it stops', isStopping)).toEqual([
    'READY=1\nSTATUS=a',
    'STATUS=d',
    'STATUS=f',
    'STOPPING=1\nSTATUS=bye',
  ]);
});

test('a reload is told before and after, with the time of the monotonic clock', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path);
  const before = process.hrtime.bigint() / 1000n;
  await told.does('reload', 'status a', 'ready', 'reload', 'stopping bye');
  const after = process.hrtime.bigint() / 1000n;
  const texts = await told.manager.until('it stops', isStopping);
  // The one before it was ready is nobody's business.
  expect(texts).toEqual([
    'READY=1\nSTATUS=a',
    expect.anything(),
    'READY=1',
    'STOPPING=1\nSTATUS=bye',
  ]);
  const at = BigInt(/^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(texts[1] ?? '')?.[1] ?? -1);
  expect(at).toBeGreaterThan(before);
  expect(at).toBeLessThan(after);
});

test('a daemon that begins to stop during a reload is not ready again', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path);
  await told.does('ready', 'reload-stopping bye');
  await told.ends();
  const texts = await told.manager.until('it stops', isStopping);
  expect(texts.filter((text) => text.startsWith('READY'))).toHaveLength(1);
});

test('signs of life come from the event loop: a daemon that is stuck gives none', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path, { WATCHDOG_USEC: '20000' });
  await told.does('ready', 'reload-waiting 300', 'reload-stuck 300', 'stopping bye');
  const texts = (await told.manager.until('it stops', isStopping)).map((t) => t.split('\n')[0]);
  const between = (from: number, to: number): readonly string[] =>
    texts.slice(from + 1, to).filter((text) => text === 'WATCHDOG=1') as string[];
  const begun = texts.flatMap((text, index) => (text === 'RELOADING=1' ? [index] : []));
  const over = begun.map((index) => texts.indexOf('READY=1', index));
  expect(between(begun[0] ?? 0, over[0] ?? 0).length).toBeGreaterThan(2);
  expect(between(begun[1] ?? 0, over[1] ?? 0)).toEqual([]);
});

test('a watchdog for another process is none for this one', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path, { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' });
  await told.does('ready', 'reload-waiting 50', 'stopping bye');
  const texts = await told.manager.until('it stops', isStopping);
  expect(texts.filter((text) => text === 'WATCHDOG=1')).toEqual([]);
});

test('what a busy service manager cannot take yet reaches it later, complete and in order', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path);
  await told.does('ready');
  told.manager.child.kill('SIGSTOP');
  // More than any queue of datagrams holds (net.unix.max_dgram_qlen, 512 under systemd).
  await told.does(...Array.from({ length: 300 }, () => 'reload'), 'stopping bye');
  told.manager.child.kill('SIGCONT');
  const texts = await told.manager.until('it stops', isStopping);
  const first = texts.map((text) => text.split('\n')[0]);
  const pairs = Array.from({ length: 300 }, () => ['RELOADING=1', 'READY=1']).flat();
  expect(first).toEqual(['READY=1', ...pairs, 'STOPPING=1']);
});

test('a service manager that is gone is mentioned once and troubles nobody', async () => {
  await using tmp = await temporaryDirectory();
  await using told = await Told.start(tmp.path, { WATCHDOG_USEC: '2000' });
  await told.does('ready');
  await told.manager[Symbol.asyncDispose]();
  await told.does('reload', 'status a', 'reload-waiting 20', 'stopping bye');
  expect(told.lines.all.filter((line) => !line.startsWith('done '))).toEqual([
    'the service manager is gone and is told nothing more',
  ]);
  expect(await told.ends()).toBe(0);
});
