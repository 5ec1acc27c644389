/** supervisord, which starts the same QEMU line again whenever it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../measure.ts';
import { ask, copyMade, type Line, moved } from './qemu.ts';

export function supervisordIsThere(): boolean {
  return existsSync('/usr/bin/supervisord');
}

export class Supervisord implements AsyncDisposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'solovirt-bench-supervisord-'));
  readonly #child: ChildProcess;

  constructor(line: Line) {
    copyMade(line, this.#dir);
    const script = join(this.#dir, 'guest');
    const quoted = moved(line, this.#dir).map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
    const pidFile = join(this.#dir, 'guest.pid');
    // A socket that is left over would be taken for the new one.
    const text = `#!/bin/sh\nrm -f '${this.#dir}'/qmp\necho $$ >'${pidFile}'\nexec ${quoted.join(' ')}\n`;
    writeFileSync(script, text, { mode: 0o755 });
    const config = join(this.#dir, 'supervisord.conf');
    writeFileSync(
      config,
      `[supervisord]
nodaemon=true
logfile=${this.#dir}/log
pidfile=${this.#dir}/pid
childlogdir=${this.#dir}
[program:guest]
command=${script}
autorestart=true
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
`,
    );
    this.#child = spawn('supervisord', ['-c', config], { stdio: 'ignore' });
  }

  /** Another guest than `not` runs. @returns pid of its QEMU */
  async running(not = 0): Promise<number> {
    await until('supervisord runs the guest', () => this.#pid() !== not && this.#pid() > 0);
    await ask(join(this.#dir, 'qmp'), 'query-status', /"status": ?"running"/);
    return this.#pid();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #pid(): number {
    try {
      return Number(readFileSync(join(this.#dir, 'guest.pid'), 'utf8'));
    } catch {
      return 0;
    }
  }
}
