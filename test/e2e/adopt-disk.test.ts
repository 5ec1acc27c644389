/**
 * The next daemon finds the disk of its state full or read-only: guests are taken over and shown all the same, what
 * cannot be recorded is refused, and all goes on once it can be.
 */
import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { readIdentity, readProcessFile } from '../../src/qemu/process-identity.ts';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { Vm } from './vm-handle.ts';
import { untilInfo } from './waiting.ts';

type Trouble = 'full' | 'ro';

/** Its state directory is a file system of its own, with little room. */
class SmallWorld extends World {
  /** False where nothing may be mounted. */
  async mount(): Promise<boolean> {
    mkdirSync(this.state);
    const options = ['-t', 'tmpfs', '-o', 'size=4m'];
    return !(await execa('mount', [...options, 'tmpfs', this.state], { reject: false })).failed;
  }

  async spoil(trouble: Trouble): Promise<void> {
    if (trouble === 'full') {
      expect(() => {
        for (;;) appendFileSync(join(this.state, 'filler'), Buffer.alloc(4096));
      }).toThrow('ENOSPC');
      return;
    }
    // Read-only for whoever opens something from now on: guests write to what they have open.
    await execa('mount', ['--bind', this.state, this.state]);
    await execa('mount', ['-o', 'remount,bind,ro', this.state]);
  }

  async mend(trouble: Trouble): Promise<void> {
    if (trouble === 'full') rmSync(join(this.state, 'filler'));
    else await execa('mount', ['-o', 'remount,bind,rw', this.state]);
  }

  loseDatabase(): void {
    for (const name of readdirSync(this.state).filter((file) => file.startsWith('state.db')))
      rmSync(join(this.state, name));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.endDaemon('SIGKILL');
    for (const pid of this.liveQemus()) process.kill(pid, 'SIGKILL');
    await poll('all guests are gone', () => this.liveQemus().length === 0);
    // One mount on the other.
    for (let mounts = 0; mounts < 2; mounts += 1)
      await execa('umount', ['--lazy', this.state], { reject: false });
    await super[Symbol.asyncDispose]();
  }
}

const REASONS = { full: 'no space left on the disk', ro: 'read-only' };

test.for([
  { trouble: 'full', record: 'closed' },
  { trouble: 'full', record: 'open' },
  { trouble: 'full', record: 'lost' },
  { trouble: 'ro', record: 'closed' },
  { trouble: 'ro', record: 'open' },
  { trouble: 'ro', record: 'lost' },
] as const)(
  'a disk that is $trouble, the database left $record',
  async ({ trouble, record }, { skip }) => {
    await using world = new SmallWorld();
    if (!(await world.mount())) return skip('no tmpfs can be mounted here');
    await world.startDaemon();
    const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
    const { vm: ends, live: ending } = await Vm.up(world, 'ends', { strategy: 'Once' });
    const idle = await Vm.known(world, 'idle', { strategy: 'Manual' });
    await world.endDaemon(record === 'open' ? 'SIGKILL' : 'SIGTERM');
    if (record === 'lost') world.loseDatabase();
    await world.spoil(trouble);

    await world.startDaemon();
    expect(await vm.running()).toEqual(live);
    await vm.until('answers', (v) => v?.status.instance?.runState === 'running');
    const { warnings } = await untilInfo(world, 'it is told', (i) => i.warnings.length > 0);
    const cannot = warnings.find((w) => w.startsWith('the state database cannot be written'));
    expect(cannot).toContain(REASONS[trouble]);
    expect(cannot).toContain('guests run on');
    expect(warnings.some((w) => w.includes('; lost: '))).toBe(record === 'lost');
    for (const refused of [await idle.command('start'), await vm.command('stop')]) {
      expect(refused).toMatchObject({ code: 503, body: { reason: 'ServiceUnavailable' } });
      expect(refused.body.message).toContain('the state database cannot be written');
    }
    // Reads go on, and nothing that is new comes up.
    world.write('new', tinyVm('new', { strategy: 'Always' }));
    await world.until('new', 'is listed', (v) => v?.status.printableStatus === 'Stopped');
    expect((await cli(world, 'list')).stdout).toMatch(/web .*Running/);
    const { keeperPid = 0 } = readProcessFile(ends.paths(ending.uid).process) ?? {};
    ends.kill();
    await poll('QEMU and its parent are gone', () => readIdentity(keeperPid) === undefined);
    expect(vm.processes()).toEqual([live.pid]);

    await world.mend(trouble);
    await untilInfo(world, 'the trouble is over', (i) => !i.warnings.some((w) => w === cannot));
    // Where its parent could write nothing, nobody can know any more.
    const known = trouble === 'full' ? 'KilledFromOutside' : 'Unknown';
    expect((await ends.ended(1)).verdict.reason).toBe(known);
    await ends.is('Stopped');
    await world.untilStatus('new', 'Running');
    await idle.granted('start');
    await idle.running();
    expect(await vm.running()).toEqual(live);
    // All of it is on record now.
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    expect(await vm.running()).toEqual(live);
    expect(vm.record()?.instance?.uid).toBe(live.uid);
    await vm.granted('stop', { gracePeriod: 0 });
    expect((await vm.ended(1)).verdict.reason).toBe('ForcedOff');
  },
);
