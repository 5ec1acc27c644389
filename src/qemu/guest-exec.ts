/**
 * Runs a program in the guest through its agent (`guest-exec`). The agent cannot end what it has begun, so one that takes too
 * long is waited for before the next is started: a program that hangs does not fill the guest with its likes. Its output is
 * not asked for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject } from '../core/model/json.ts';
import type { GuestAgent } from './agent.ts';
import { AgentCommandError } from './agent-error.ts';

const COMMAND_MS = 3000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

export interface ExecLimit {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

interface ProgramEnd {
  readonly well: boolean;
  readonly words: string;
}

export class GuestExec {
  readonly #agent: GuestAgent;
  /** In the guest; of a program that had not ended when it was last asked about. */
  #left: number | undefined;

  constructor(agent: GuestAgent) {
    this.#agent = agent;
  }

  /**
   * Resolves when the program has exited with 0.
   * @throws Error that says how it ended otherwise; AgentError
   */
  async run([path = '', ...arg]: readonly string[], limit: ExecLimit): Promise<void> {
    await this.#finishEarlier();
    const args = { path, arg, 'capture-output': false };
    const answer = await this.#agent.execute('guest-exec', args, limit.limitMs);
    const { pid } = asObject(answer);
    if (typeof pid !== 'number')
      throw new Error('the guest agent does not tell what it has started');
    this.#left = pid;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const end = await this.#endOf(pid);
      if (end?.well === true) return;
      if (end !== undefined) throw new Error(end.words);
      // Rejects when the time is over.
      await sleep(pauseMs, undefined, { signal: limit.signal });
    }
  }

  async #finishEarlier(): Promise<void> {
    if (this.#left === undefined) return;
    try {
      const end = await this.#endOf(this.#left);
      if (end === undefined) throw new Error('the program of an earlier check still runs');
    } catch (error) {
      // Another agent than the one that began it, after a reboot of the guest for one, knows nothing of it.
      if (!(error instanceof AgentCommandError)) throw error;
      this.#left = undefined;
    }
  }

  /** @returns undefined while it runs */
  async #endOf(pid: number): Promise<ProgramEnd | undefined> {
    const answer = await this.#agent.execute('guest-exec-status', { pid }, COMMAND_MS);
    const { exited, exitcode, signal } = asObject(answer);
    if (exited !== true) return undefined;
    this.#left = undefined;
    if (typeof signal === 'number') return { well: false, words: `ended by signal ${signal}` };
    const code = typeof exitcode === 'number' ? exitcode : 'unknown';
    return { well: code === 0, words: `exit code ${code}` };
  }
}
