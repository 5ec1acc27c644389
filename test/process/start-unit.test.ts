/** Starting a unit over a bus, where there is no service manager to ask. What one says: test/system. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startUnit } from '../../src/qemu/start-unit.ts';

const DAEMON = '/usr/bin/dbus-daemon';
const reason = existsSync(DAEMON) ? undefined : `${DAEMON} is missing`;
const UNIT = 'solovirt-vm@web.service';

let dir: string;
let bus: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'solovirt-bus-'));
  bus = join(dir, 'socket');
});

afterEach(() => rmSync(dir, { recursive: true }));

test('a host without a bus is told', async () => {
  await expect(startUnit(UNIT, { timeoutMs: 30_000, bus })).rejects.toThrow(
    `${UNIT} could not be started: connect ENOENT ${bus}`,
  );
});

describe.skipIf(reason !== undefined)(`a bus${reason ? ` (${reason})` : ''}`, () => {
  let daemon: ChildProcess;

  beforeEach(async () => {
    const flags = ['--session', '--nofork', '--print-address', `--address=unix:path=${bus}`];
    const begun = spawn(DAEMON, flags, { stdio: ['ignore', 'pipe', 'ignore'] });
    daemon = begun;
    // It says so once it listens.
    await once(begun.stdout, 'data');
  });

  afterEach(() => daemon.kill('SIGKILL'));

  test('without a service manager is told in the words of the bus', async () => {
    await expect(startUnit(UNIT, { timeoutMs: 30_000, bus })).rejects.toThrow(
      / could not be started: .*org\.freedesktop\.systemd1/,
    );
  });

  test('that does not answer is given up, and one that hangs up is told', async () => {
    daemon.kill('SIGSTOP');
    await expect(startUnit(UNIT, { timeoutMs: 1, bus })).rejects.toThrow('no answer in time');
    const started = startUnit(UNIT, { timeoutMs: 30_000, bus });
    daemon.kill('SIGKILL');
    await expect(started).rejects.toThrow(/ECONNRESET|EPIPE|hung up|ECONNREFUSED/);
  });
});
