/** A host that lacks what the daemon needs: QEMU, KVM, room on its disk, a sound state database. */
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { QEMU } from '../support/tiny-guest.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { bringUp, condition, untilInfo } from './waiting.ts';

test('without QEMU all but guests works, and a QEMU that is installed later is found', async () => {
  await using world = new QemuWorld();
  await world.startDaemon();
  world.write('web', tinyVm('web', { strategy: 'Manual' }));
  await world.untilStatus('web', 'Stopped');
  expect((await world.command('web', 'start')).code).toBe(202);
  const { verdict } = await world.untilRuns('web', 1);
  expect(verdict).toMatchObject({ outcome: 'Failed', reason: 'LaunchFailed' });
  expect(verdict.message).toContain('apt-get install qemu-system-x86');
  const info = await cli(world, 'info');
  expect(info.stdout).toMatch(/\nQEMU error: +there is no program .* to run as QEMU; .*apt-get/);
  expect(info.stderr).toMatch(/^warning: there is no program /);

  symlinkSync(QEMU, world.qemu);
  const found = await untilInfo(world, 'QEMU is found', ({ qemu }) => qemu.error === undefined);
  expect(found.warnings).toEqual([]);
  expect((await world.command('web', 'start')).code).toBe(202);
  await world.untilStatus('web', 'Running');
});

test('KVM that was asked for and does not work is told, and nothing falls back silently', async () => {
  await using world = new QemuWorld('--accel', 'kvm');
  // Whatever KVM is like here, this QEMU cannot use it.
  writeFileSync(
    world.qemu,
    `#!/bin/sh\ncase "$*" in *"-accel kvm"*) echo "no KVM today" >&2; exit 1;; esac\nexec ${QEMU} "$@"\n`,
  );
  chmodSync(world.qemu, 0o755);
  await world.startDaemon();
  const { accelerator, qemu, warnings } = await untilInfo(
    world,
    'the probe is over',
    (i) => i.warnings.length > 0,
  );
  expect(warnings).toEqual([accelerator.reason]);
  expect(accelerator.reason).toMatch(
    /^KVM is asked for but cannot be used: .*set accel to auto or/,
  );
  expect(qemu.error).toBeUndefined();
  world.write('web', tinyVm('web', { strategy: 'Once' }));
  const { verdict } = await world.untilRuns('web', 1);
  expect(verdict.reason).toBe('LaunchFailed');
  expect(verdict.message).toContain('KVM is asked for but cannot be used');
});

test('a state database that is damaged is set aside, and what runs is known again', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'web');
  const before = await world.vm('web');
  await world.endDaemon('SIGTERM');
  writeFileSync(join(world.state, 'state.db'), 'this is no database, whatever it was'.repeat(200));
  await world.startDaemon();
  const after = await world.untilStatus('web', 'Running');
  // The guest is known again from its evidence directory: a second one would share its disks.
  expect(after.status.instance?.uid).toBe(uid);
  expect(world.liveQemus()).toHaveLength(1);
  expect(condition(after, 'RestartRequired')).toBeUndefined();
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(
    Number(before.metadata.resourceVersion),
  );
  const { warnings } = await untilInfo(world, 'it is told', (i) => i.warnings.length > 0);
  expect(warnings[0]).toMatch(/^the state database could not be used: .*it was moved to /);
  expect(readdirSync(world.state).some((name) => name.startsWith('state.db.damaged-'))).toBe(true);
  expect((await world.command('web', 'stop')).code).toBe(202);
  expect((await world.untilRuns('web', 1)).verdict.reason).toBe('StoppedByCommand');
});

test('on a full disk nothing is begun that cannot be recorded, and nothing is lost', async ({
  skip,
}) => {
  await using world = new SmallWorld();
  if (!(await world.mount())) return skip('no tmpfs can be mounted here');
  await world.startDaemon();
  const [uid] = await Promise.all([
    bringUp(world, 'web'),
    bringUp(world, 'ends', { strategy: 'Once' }),
  ]);
  world.write('idle', tinyVm('idle', { strategy: 'Manual' }));
  await world.untilStatus('idle', 'Stopped');

  world.fill();
  const refused = await world.command('idle', 'start');
  expect(refused).toMatchObject({ code: 503, body: { reason: 'ServiceUnavailable' } });
  expect(refused.body.message).toContain('no space left on the disk');
  const { pid } = (await world.vm('ends')).status.instance ?? {};
  if (pid === undefined) throw new Error('the guest has no QEMU');
  process.kill(pid, 'SIGKILL');
  world.write('new', tinyVm('new', { strategy: 'Always' }));
  await world.until('new', 'is listed', (v) => v?.status.printableStatus === 'Stopped');
  await untilInfo(world, 'the trouble is told', (i) =>
    i.warnings.some((w) => w.includes('no space left on the disk')),
  );
  expect((await world.vm('web')).status.instance).toMatchObject({ uid, phase: 'Running' });
  expect((await world.vm('idle')).status).toMatchObject({ printableStatus: 'Stopped' });

  world.makeRoom();
  expect((await world.untilRuns('ends', 1)).verdict.reason).toBe('KilledFromOutside');
  await world.untilStatus('new', 'Running');
  await untilInfo(world, 'the trouble is over', (i) => i.warnings.length === 0);
  expect((await world.command('idle', 'start')).code).toBe(202);
  await world.untilStatus('idle', 'Running');
  expect((await world.vm('web')).status.instance?.uid).toBe(uid);
});

/** Its QEMU is where the test puts it, or nowhere. */
class QemuWorld extends World {
  readonly qemu = join(this.dir, 'qemu');
  readonly #args: readonly string[];

  constructor(...args: readonly string[]) {
    super();
    this.#args = args;
  }

  override daemonArgs(): readonly string[] {
    return [...super.daemonArgs(), '--qemu', this.qemu, ...this.#args];
  }
}

/** Its state directory is a file system of its own, with little room. */
class SmallWorld extends World {
  /** False where only root could mount it. */
  async mount(): Promise<boolean> {
    await mkdir(this.state);
    const options = ['-t', 'tmpfs', '-o', 'size=4m'];
    return !(await execa('mount', [...options, 'tmpfs', this.state], { reject: false })).failed;
  }

  fill(): void {
    const block = Buffer.alloc(4096);
    try {
      for (;;) appendFileSync(join(this.state, 'filler'), block);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  }

  makeRoom(): void {
    rmSync(join(this.state, 'filler'));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.endDaemon('SIGKILL');
    for (const pid of this.liveQemus()) process.kill(pid, 'SIGKILL');
    // A QEMU that was just killed may hold its files a moment longer.
    await execa('umount', ['--lazy', this.state], { reject: false });
    await super[Symbol.asyncDispose]();
  }
}
