/**
 * The daemon of a run, started again whenever it is gone. That it ends in any way that was not ours is a violation.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ask } from './api.ts';
import type { Place } from './place.ts';
import type { AimPoint } from './schedule.ts';
import { type Story, Violation } from './story.ts';

export interface Aim {
  readonly point: AimPoint;
  readonly nth: number;
}

const READY_WITHIN_MS = 120_000;
const GONE_WITHIN_MS = 60_000;

export class Daemon {
  readonly #place: Place;
  readonly #story: Story;
  readonly #program: string;
  readonly #onViolation: (violation: Violation) => void;
  #child: ChildProcess | undefined;
  #aim: Aim | undefined;
  #nextAim: Aim | undefined;
  /** Set before we end it ourselves. */
  #ending = false;
  #stopped = false;
  #ended = Promise.withResolvers<void>();
  /** Unix ms of each end. */
  readonly deaths: number[] = [];
  aimsHit = 0;
  /** While its disk is full, a daemon may refuse to start. */
  mayRefuse: () => boolean = () => false;

  constructor(
    place: Place,
    story: Story,
    program: string,
    onViolation: (violation: Violation) => void,
  ) {
    this.#place = place;
    this.#story = story;
    this.#program = program;
    this.#onViolation = onViolation;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(aim?: Aim): void {
    const p = this.#place;
    const log = openSync(p.daemonLog, 'a');
    const args = [
      ...(aim === undefined ? [] : ['--import', moduleUrl(aim)]),
      ...[this.#program, 'daemon', '--config', p.config],
      ...['--vms', p.vms, '--images', p.images, '--state', p.state],
      ...['--runtime', p.runtime, '--socket', p.socket, '--accel', 'tcg', '--log-level', 'info'],
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#aim = aim;
    this.#ending = false;
    this.#ended = Promise.withResolvers();
    this.#story.tell('daemon started', { pid: child.pid, ...(aim === undefined ? {} : { aim }) });
    child.once('exit', (code, signal) => this.#gone(code, signal));
  }

  /** Ends it; whoever keeps it starts the next one, with the aim. */
  async end(signal: 'SIGKILL' | 'SIGTERM', nextAim?: Aim): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#ending) return;
    this.#ending = true;
    this.#nextAim = nextAim;
    const gone = this.#ended.promise;
    child.kill(signal);
    const late = AbortSignal.timeout(GONE_WITHIN_MS);
    late.onabort = () =>
      this.#onViolation(new Violation('daemon obeys', `the daemon is still there after ${signal}`));
    await gone;
    late.onabort = null;
  }

  /** An aim that has not been hit would disturb the peace. */
  async disarm(): Promise<void> {
    if (this.#aim !== undefined) await this.end('SIGKILL');
  }

  /** Resolves when it answers. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline) {
      const answer = await ask(this.#place.socket, 'GET', '/healthz');
      if (answer?.code === 200) return;
      await sleep(50);
    }
    throw new Violation('daemon answers', `the daemon does not answer:\n${this.tail()}`);
  }

  /** Ends it for good; guests run on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.end('SIGKILL');
  }

  tail(): string {
    return readFileSync(this.#place.daemonLog, 'utf8').split('\n').slice(-25).join('\n');
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    this.deaths.push(Date.now());
    const hit = this.#aim !== undefined && signal === 'SIGKILL' && !this.#ending;
    if (hit) this.aimsHit += 1;
    this.#story.tell('daemon gone', { code, signal, ...(hit ? { aim: this.#aim } : {}) });
    const refused = code === 1 && this.mayRefuse();
    if (!this.#ending && !hit && !refused)
      this.#onViolation(
        new Violation('the daemon stays', `it ended (${code ?? signal}):\n${this.tail()}`),
      );
    const next = refused ? this.#aim : this.#nextAim;
    this.#nextAim = undefined;
    this.#aim = undefined;
    this.#ended.resolve();
    if (this.#stopped) return;
    if (refused) setTimeout(() => this.start(next), 500);
    else this.start(next);
  }
}

function moduleUrl({ point, nth }: Aim): string {
  const url = pathToFileURL(join(import.meta.dirname, 'aim.ts'));
  url.search = new URLSearchParams({ point, nth: String(nth) }).toString();
  return url.href;
}
