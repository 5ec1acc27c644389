/**
 * The choice between KVM and TCG. Programs that stand in for a QEMU whose KVM works, hangs or is refused hand
 * everything else to the real QEMU, so that these tests give the same on every host.
 */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AcceleratorError, chooseAccelerator } from '../../src/host/accelerator.ts';
import { PROBE_EXIT_CODE, probeBios } from '../../src/host/accelerator-bios.ts';

let dir: string;
let cacheFile: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'acc-'));
  cacheFile = join(dir, 'accelerator.json');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const REAL = 'exec qemu-system-x86_64 "$@"';
/** Each is what the program does when it is asked for KVM. */
const KVM_WORKS =
  'exec qemu-system-x86_64 $(echo "$@" | sed "s/-accel kvm -cpu host/-accel tcg -cpu max/")';
const KVM_HANGS = 'echo $$ >> "$0.pids"; exec sleep 600';
const KVM_REFUSED = 'echo "qemu: Could not access KVM kernel module" >&2; exit 1';
const KVM_CRASHES = 'echo "qemu: Assertion failed" >&2; kill -ABRT $$';

/** A program that counts its runs under KVM in `NAME.runs`. */
async function qemuWith(underKvm: string, otherwise = REAL): Promise<string> {
  const path = join(dir, 'qemu');
  const script = `#!/bin/bash
case " $* " in
*" -accel kvm "*) echo run >> "$0.runs"; ${underKvm} ;;
*) ${otherwise} ;;
esac
`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

async function runs(qemuPath: string): Promise<number> {
  const text = await readFile(`${qemuPath}.runs`, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line === 'run').length;
}

/** A device that is there and opens, whatever this host has. */
const kvmDevice = '/dev/null';

function choose(qemuPath: string, changes: Partial<Parameters<typeof chooseAccelerator>[0]> = {}) {
  return chooseAccelerator({ requested: 'auto', qemuPath, cacheFile, kvmDevice, ...changes });
}

async function probeDirectories(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('solovirt-probe-'));
}

test.for(['pc', 'q35'])('the test guest runs to its end under TCG on %s', async (machine) => {
  const bios = join(dir, 'bios');
  await writeFile(bios, probeBios());
  const args = [
    '-nodefaults',
    '-display',
    'none',
    '-machine',
    machine,
    '-m',
    '1M',
    '-accel',
    'tcg',
  ];
  const { exitCode } = await execa(
    'qemu-system-x86_64',
    [...args, '-cpu', 'max', '-bios', bios, '-device', 'isa-debug-exit'],
    { reject: false, timeout: 20_000, killSignal: 'SIGKILL' },
  );
  expect(exitCode).toBe(PROBE_EXIT_CODE);
});

describe('accel auto', () => {
  test('takes KVM once a guest has run under it, and looks only once per boot', async () => {
    const qemu = await qemuWith(KVM_WORKS);
    const first = await choose(qemu, { timeoutMs: 20_000 });
    expect(first).toEqual({ name: 'kvm', reason: 'a test guest ran under KVM' });
    expect(await choose(qemu)).toEqual(first);
    expect(await runs(qemu)).toBe(1);
  });

  test('takes TCG when the guest hangs under KVM, leaves nothing behind and remembers', async () => {
    const qemu = await qemuWith(KVM_HANGS);
    // Long enough for the control on a busy host: it has to be done before KVM counts as hung.
    const first = await choose(qemu, { timeoutMs: 3000 });
    expect(first.name).toBe('tcg');
    expect(first.reason).toContain('hung under KVM');
    expect(await choose(qemu)).toEqual(first);
    expect(await runs(qemu)).toBe(1);
    const [pid] = (await readFile(`${qemu}.pids`, 'utf8')).split('\n');
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  test('says that nothing is proved when the host is too slow, and looks again next time', async () => {
    const qemu = await qemuWith(KVM_HANGS, KVM_HANGS);
    const slow = await choose(qemu, { timeoutMs: 200 });
    expect(slow.name).toBe('tcg');
    expect(slow.reason).toContain('neither under KVM nor under TCG');
    await choose(qemu, { timeoutMs: 200 });
    expect(await runs(qemu)).toBe(2);
  });

  test.for([
    ['refuses', KVM_REFUSED, 'Could not access KVM kernel module', 2],
    ['crashes', KVM_CRASHES, 'SIGABRT: qemu: Assertion failed', 1],
  ] as const)(
    'takes TCG when QEMU %s, in the words of QEMU',
    async ([, underKvm, words, looks]) => {
      const qemu = await qemuWith(underKvm);
      const { name, reason } = await choose(qemu, { timeoutMs: 20_000 });
      expect(name).toBe('tcg');
      expect(reason).toContain(words);
      await choose(qemu, { timeoutMs: 20_000 });
      expect(await runs(qemu)).toBe(looks);
    },
  );

  test('takes TCG at once without the device, whatever is remembered', async () => {
    const qemu = await qemuWith(KVM_WORKS);
    await choose(qemu, { timeoutMs: 20_000 });
    const { name, reason } = await choose(qemu, { kvmDevice: join(dir, 'kvm') });
    expect(name).toBe('tcg');
    expect(reason).toContain(`there is no ${join(dir, 'kvm')}`);
  });

  test('takes TCG when QEMU itself is missing', async () => {
    const { name, reason } = await choose(join(dir, 'nothing'));
    expect(name).toBe('tcg');
    expect(reason).toContain('ENOENT');
  });

  test('leaves no files of the test guest behind', async () => {
    const before = await probeDirectories();
    await choose(await qemuWith(KVM_CRASHES), { timeoutMs: 20_000 });
    expect((await probeDirectories()).filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('what is remembered', () => {
  test.for([
    '',
    'not JSON',
    '{}',
    '[]',
    'null',
    '{"key":1}',
    '{"key":"x","usable":true,"reason":"old"}',
  ])('a cache of %j counts for nothing', async (text) => {
    const qemu = await qemuWith(KVM_CRASHES);
    await writeFile(cacheFile, text);
    expect((await choose(qemu, { timeoutMs: 20_000 })).name).toBe('tcg');
    expect(await runs(qemu)).toBe(1);
  });

  test('another QEMU at the same path is looked at anew', async () => {
    const qemu = await qemuWith(KVM_CRASHES);
    await choose(qemu, { timeoutMs: 20_000 });
    await utimes(qemu, 1, 1);
    await choose(qemu, { timeoutMs: 20_000 });
    expect(await runs(qemu)).toBe(2);
  });

  test('a place where nothing can be written is no obstacle', async () => {
    const qemu = await qemuWith(KVM_WORKS);
    const unwritable = { cacheFile: join(dir, 'missing', 'cache'), timeoutMs: 20_000 };
    expect((await choose(qemu, unwritable)).name).toBe('kvm');
  });
});

describe('an accelerator asked for by name', () => {
  test('tcg needs no test', async () => {
    const qemu = await qemuWith(KVM_WORKS);
    expect((await choose(qemu, { requested: 'tcg' })).name).toBe('tcg');
    expect(await runs(qemu)).toBe(0);
  });

  test('kvm is an error with the reason when it cannot be used', async () => {
    const error = await choose(await qemuWith(KVM_CRASHES), {
      requested: 'kvm',
      timeoutMs: 20_000,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AcceleratorError);
    expect(error).toHaveProperty('message', expect.stringContaining('Assertion failed'));
  });

  test('kvm is taken when it works', async () => {
    const options = { requested: 'kvm', timeoutMs: 20_000 } as const;
    expect((await choose(await qemuWith(KVM_WORKS), options)).name).toBe('kvm');
  });
});

test('a device that this user may not open is named with what to do', async () => {
  const device = join(dir, 'kvm');
  await writeFile(device, '', { mode: 0o000 });
  const asNobody = process.getuid?.() === 0;
  if (asNobody) process.seteuid?.(65534);
  try {
    const { name, reason } = await chooseAccelerator({
      requested: 'auto',
      qemuPath: '/bin/false',
      cacheFile,
      kvmDevice: asNobody ? '/proc/1/mem' : device,
    });
    expect(name).toBe('tcg');
    expect(reason).toContain('no permission');
    expect(reason).toContain('group kvm');
  } finally {
    if (asNobody) process.seteuid?.(0);
  }
});
