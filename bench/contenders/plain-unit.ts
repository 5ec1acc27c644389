/** A unit that somebody wrote by hand around the same QEMU line, with nothing in it but the line. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../test/system/machine.ts';
import { until } from '../measure.ts';
import { ask, copyMade, type Line, moved } from './qemu.ts';

const DIR = '/var/lib/plain';
const UNIT = 'plain.service';

export class PlainUnit {
  readonly #machine: Machine;

  private constructor(machine: Machine) {
    this.#machine = machine;
  }

  static async on(machine: Machine, line: Line): Promise<PlainUnit> {
    mkdirSync(machine.path(DIR), { recursive: true });
    copyMade(line, machine.path(DIR));
    const quoted = moved(line, DIR).map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
    const script = `#!/bin/sh\nrm -f ${DIR}/qmp\necho $$ >${DIR}/pid\nexec ${quoted.join(' ')}\n`;
    machine.write(`${DIR}/run`, script, 0o755);
    const unit = `[Service]\nExecStart=${DIR}/run\nRestart=on-failure\n[Unit]\nStartLimitIntervalSec=0\n`;
    machine.write(`/etc/systemd/system/${UNIT}`, unit);
    await machine.get('systemctl', 'daemon-reload');
    return new PlainUnit(machine);
  }

  /** The whole `systemctl start`, and until the guest runs. */
  async start(): Promise<void> {
    await this.#machine.get('systemctl', 'start', UNIT);
    await this.#runs();
  }

  /** Kills QEMU; resolves when another one runs the guest. */
  async crash(): Promise<void> {
    const old = this.#pid();
    process.kill(this.#machine.outerPid(old), 'SIGKILL');
    await until('systemd has started QEMU again', () => this.#pid() !== old);
    await this.#runs();
  }

  async stop(): Promise<void> {
    await this.#machine.get('systemctl', 'kill', '--signal=KILL', UNIT);
    await this.#machine.get('systemctl', 'stop', UNIT);
  }

  async #runs(): Promise<void> {
    const monitor = this.#machine.path(join(DIR, 'qmp'));
    await ask(monitor, 'query-status', /"status": ?"running"/);
  }

  #pid(): number {
    return Number(readFileSync(this.#machine.path(`${DIR}/pid`), 'utf8'));
  }
}
