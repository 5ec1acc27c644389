/** A TPM, as its guest sees it: on real swtpm, over a restart, and over the end of whatever takes part. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { poll, World } from './daemon-harness.ts';
import { type GuestShell, guestShell } from './guest-shell.ts';
import { demoVm, tinyVm } from './manifests.ts';
import { untilEvent } from './waiting.ts';
import { processesOf } from './world-processes.ts';

const LONG_MS = 300_000;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** TPM2_ReadClock (TPM 2.0 part 3, 29.1): its answer ends with 4 bytes of resets, 4 of restarts, and a flag. */
async function resetCount(shell: GuestShell): Promise<number> {
  const command = '\\200\\001\\000\\000\\000\\012\\000\\000\\001\\201';
  // One write is one command.
  const ask = `printf '${command}' | dd bs=64 >&3 2>/dev/null`;
  const read = 'dd bs=64 count=1 <&3 2>/dev/null | tail -c 9 | od -An -v -tu1';
  // Linux gives a TPM 200 ms to be ready (TIS, TIMEOUT_C), which an emulated one on a busy host can miss.
  let bytes: readonly string[] = [];
  for (let tries = 0; tries < 10 && bytes.length !== 9; tries += 1)
    bytes = (await shell.run(`exec 3<>/dev/tpm0; ${ask}; ${read}; exec 3>&-`)).split(' ');
  expect(bytes).toHaveLength(9);
  return Buffer.from(bytes.map(Number)).readUInt32BE(0);
}

/** Of this world alone. */
function processes(program: string, text: string): readonly number[] {
  return processesOf(program, world.dir, text);
}

test(
  'a guest finds its TPM again after a restart, and nothing is left when the guest has ended',
  async () => {
    const devices = '          tpm: {persistent: true}\n';
    world.write('keeps', demoVm('keeps', { strategy: 'Manual', devices }));
    await world.untilStatus('keeps', 'Stopped');
    await world.command('keeps', 'start');
    let count: number;
    {
      using shell = await guestShell(world, 'keeps');
      expect(await shell.run('cat /sys/class/tpm/tpm0/tpm_version_major')).toBe('2');
      count = await resetCount(shell);
      shell.type('poweroff');
    }
    await world.untilStatus('keeps', 'Stopped');
    await poll('the TPM has ended with its guest', () => processes('swtpm', 'keeps').length === 0);
    expect(existsSync(join(world.state, 'machines/default_keeps/tpm/tpm2-00.permall'))).toBe(true);

    await world.command('keeps', 'start');
    using shell = await guestShell(world, 'keeps');
    expect(await resetCount(shell)).toBe(count + 1);
    expect(world.log).not.toContain('runs as root');
  },
  LONG_MS,
);

/** A guest that needs no TPM will do for whatever happens to it. */
const WITH_TPM = '          tpm: {}\n';

describe('the TPM', () => {
  const up = async (name: string): Promise<{ readonly pid: number; readonly dir: string }> => {
    world.write(name, tinyVm(name, { strategy: 'Manual', devices: WITH_TPM }));
    await world.untilStatus(name, 'Stopped');
    await world.command(name, 'start');
    const { status } = await world.untilStatus(name, 'Running');
    await world.untilConsole(name, 'UP');
    const uid = status.instance?.uid ?? '';
    const [pid = 0] = processes('swtpm', uid);
    expect(pid).toBeGreaterThan(0);
    return { pid, dir: join(world.state, 'instances', uid) };
  };
  const isGone = (pid: number): boolean => !processes('swtpm', '').includes(pid);

  test('goes with a QEMU that is killed, and what it held goes too', async () => {
    const { pid, dir } = await up('killed');
    const [qemu = 0] = processes('qemu-system-x86', 'default/killed');
    process.kill(qemu, 'SIGKILL');
    expect((await world.untilRuns('killed', 1)).verdict.reason).toBe('KilledFromOutside');
    await poll('swtpm is gone', () => isGone(pid));
    await poll('its keeper is gone', () => processes('beside', dir).length === 0);
    await world.untilStatus('killed', 'Stopped');
    expect(readdirSync(dir)).not.toContain('tpm');
    expect(readdirSync(dir)).not.toContain('tpm.exit');
  });

  test('is not harmed by the end of the daemon', async () => {
    const { pid } = await up('adopted');
    await world.endDaemon('SIGKILL');
    expect(isGone(pid)).toBe(false);
    await world.startDaemon();
    await world.untilStatus('adopted', 'Running');
    await world.command('adopted', 'stop');
    await world.untilStatus('adopted', 'Stopped');
    await poll('swtpm is gone', () => isGone(pid));
    expect((await world.runs('adopted'))[0]?.verdict.reason).toBe('StoppedByCommand');
  });

  test('that dies is missed and takes nobody along; a reset then ends the run, with the reason', async () => {
    const { pid, dir } = await up('lost');
    process.kill(pid, 'SIGKILL');
    await poll('the end is told', () => existsSync(join(dir, 'tpm.exit')));
    await world.until('lost', 'is still running', (vm) => vm?.status.printableStatus === 'Running');
    await untilEvent(world, 'lost', 'TpmLost');
    await world.instance('lost', 'reset');
    const { verdict } = await world.untilRuns('lost', 1);
    expect(verdict).toMatchObject({ outcome: 'Failed', reason: 'QemuExited' });
    expect(verdict.message).toContain('tpm-emulator');
  });
});

const STRANGER = 69_990;

test.skipIf(process.geteuid?.() !== 0)(
  'a daemon that is not root gives its guests TPMs, too',
  async () => {
    await using other = await World.start({ user: STRANGER, config: '' });
    other.write(
      'own',
      tinyVm('own', { strategy: 'Always', devices: '          tpm: {persistent: true}\n' }),
    );
    await other.untilStatus('own', 'Running');
    await other.untilConsole('own', 'UP');
    await poll('its TPM has a state', () =>
      existsSync(join(other.state, 'machines/default_own/tpm/tpm2-00.permall')),
    );
  },
);
