/** Limits of VMs where the kernel keeps them: cgroup v2 with all controllers, the OOM killer, device filters. */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { imagesDir } from '../support/guests.ts';
import { type Declared, manifest } from '../system/fleet.ts';
import { CHECKOUT } from '../system/machine.ts';
import { Guest, whyNoGuest } from './guest.ts';

const reason = whyNoGuest();
const BOOT_MS = 900_000;

const MIB = 1024 * 1024;
/** docs/manifests.md, "Limits": of a guest with 16 MiB, one CPU and no display. */
const MEMORY_MAX = (16 + 240 + 8 + 8) * MIB + (16 * MIB) / 512;

describe.skipIf(reason !== undefined)(`limits on a kernel${reason ? ` (${reason})` : ''}`, () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await guestWithPackage();
  }, BOOT_MS);
  afterAll(() => guest?.[Symbol.asyncDispose]());

  const unit = (name: string): string => `solovirt-vm@${name}.service`;
  const cgroup = (name: string): string =>
    `/sys/fs/cgroup/solovirt.slice/solovirt-vms.slice/${unit(name)}`;

  /** Files of a VM's cgroup by name. */
  async function limits(name: string, ...files: readonly string[]): Promise<object> {
    const read = files.map((file) => `printf '%s=%s\\n' ${file} "$(cat ${cgroup(name)}/${file})"`);
    const text = await guest.get(read.join('\n'));
    return Object.fromEntries(text.split('\n').map((line) => line.split('=')));
  }
  const allLimits = (name: string): Promise<object> =>
    limits(name, 'memory.max', 'cpu.max', 'cpu.weight', 'io.weight');

  async function declare(name: string, vm: Declared): Promise<void> {
    const text = manifest(name, vm);
    await guest.get(`cat >/etc/solovirt/vms/${name}.yaml <<'end'\n${text}end`);
  }

  const vm = async (name: string): Promise<VmObject | undefined> => {
    const { code, stdout } = await guest.run(`solovirt describe -o json ${name}`);
    return code === 0 ? (JSON.parse(stdout) as VmObject) : undefined;
  };

  const untilVm = (name: string, what: string, look: (vm: VmObject) => boolean) =>
    guest.until(`${name}: ${what}`, async () => {
      const found = await vm(name);
      return found !== undefined && look(found) ? found : undefined;
    });

  const running = (name: string): Promise<VmObject> =>
    untilVm(name, 'running', ({ status }) => status.printableStatus === 'Running');

  test('are what the kernel holds QEMU to, and are gone at the next start when the file has none', async () => {
    // The kernel shows a limit of nobody as no file at all: a neighbour keeps the files there.
    const neighbour =
      '--unit=neighbour --slice=solovirt-vms.slice -p CPUWeight=100 -p IOWeight=100';
    await guest.get(`systemd-run --quiet ${neighbour} sleep infinity`);
    await declare('web', {
      guest: 'obey',
      annotations: { 'solovirt.io/cpu-weight': '50', 'solovirt.io/io-weight': '200' },
      domain: '        resources: {limits: {memory: 16Mi, cpu: 500m}}\n',
    });
    const pid = (await running('web')).status.instance?.pid;
    expect(await guest.get(`cat ${cgroup('web')}/cgroup.procs`)).toBe(String(pid));
    expect(await allLimits('web')).toEqual({
      'memory.max': String(MEMORY_MAX),
      'cpu.max': '50000 100000',
      'cpu.weight': '50',
      'io.weight': 'default 200',
    });
    // Its start alone took more than half of each tenth of a second.
    expect(await guest.get(`cat ${cgroup('web')}/cpu.stat`)).toMatch(/^nr_throttled [1-9]/m);

    await declare('web', { guest: 'obey' });
    await untilVm('web', 'the new file is seen', ({ status }) =>
      status.conditions.some(({ type }) => type === 'RestartRequired'),
    );
    await guest.get('solovirt restart --wait web');
    expect((await running('web')).status.instance?.pid).not.toBe(pid);
    expect(await allLimits('web')).toEqual({
      'memory.max': 'max',
      'cpu.max': 'max 100000',
      'cpu.weight': '100',
      'io.weight': 'default 100',
    });
  });

  test.for([
    ['Manual', 'Stopped'],
    ['Always', 'CrashLoopBackOff'],
  ] as const)(
    'end a QEMU that takes too much memory, and %s leaves it %s',
    async ([strategy, state]) => {
      const name = `small-${strategy.toLowerCase()}`;
      await declare(name, {
        strategy,
        guest: 'obey',
        annotations: { 'solovirt.io/memory-max': '16Mi' },
      });
      if (strategy === 'Manual')
        await guest.until('it is started', async () => {
          const { code } = await guest.run(`solovirt start ${name}`);
          return code === 0;
        });
      const { status } = await untilVm(name, 'has ended', (found) => {
        const { printableStatus, runHistory } = found.status;
        return printableStatus === state && runHistory.length > 0;
      });
      const run = status.runHistory[0];
      expect(run?.verdict).toMatchObject({ outcome: 'Failed', reason: 'OutOfMemory' });
      expect(await guest.get(`cat /var/lib/solovirt/instances/${run?.uid}/oom`)).toBe(
        'systemd: Result=oom-kill',
      );
      expect(await guest.get(`cat /var/lib/solovirt/instances/${run?.uid}/exit`)).toBe(
        'signaled 9',
      );
      await guest.get(`rm /etc/solovirt/vms/${name}.yaml`);
    },
  );

  test('leave a VM no device but those of its unit', async () => {
    await declare('devices', { guest: 'obey' });
    await running('devices');
    const readIn = (dir: string, device: string) =>
      guest.run(`echo $$ >${dir}/cgroup.procs && head -c 1 ${device} | wc -c`);
    const outside = '/sys/fs/cgroup/system.slice/agent.service';
    expect(await readIn(outside, '/dev/vda')).toMatchObject({ stdout: '1' });
    expect(await readIn(cgroup('devices'), '/dev/zero')).toMatchObject({ stdout: '1' });
    const { stdout, stderr } = await readIn(cgroup('devices'), '/dev/vda');
    expect(stdout).toBe('0');
    expect(stderr).toContain('Operation not permitted');
  });
});

/** Takes a minute or two: the package is built and installed, and the images of the small guests are put beside it. */
async function guestWithPackage(): Promise<Guest> {
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-limits-'));
  try {
    const options = ['--version', '0.0.1~test', '--level', '1', '--out', dir];
    await execa('sh', [join(CHECKOUT, 'scripts/package'), ...options], { stdin: 'ignore' });
    const [name = ''] = readdirSync(dir);
    const payload = join(dir, 'payload');
    mkdirSync(join(payload, 'root'), { recursive: true });
    copyFileSync(join(dir, name), join(payload, 'root/solovirt.deb'));
    const images = join(payload, 'var/lib/solovirt/images');
    cpSync(join(imagesDir, 'tiny'), join(images, 'tiny'), { recursive: true });
    const guest = await Guest.booted(payload);
    try {
      await guest.get('dpkg --force-unsafe-io --install /root/solovirt.deb');
      return guest;
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      throw error;
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}
