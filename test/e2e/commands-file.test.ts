/** Commands that write the strategy into the file: which bytes change, and when nothing is done at all. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { type Verb, Vm } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** How the strategy stands in the file, the command, and what stands there afterwards. */
const SPELLINGS: readonly (readonly [string, string, Verb, string])[] = [
  [
    'plain',
    'runStrategy: Always # so does this one',
    'stop',
    'runStrategy: Halted # so does this one',
  ],
  ['single-quoted', "runStrategy:   'Always'", 'stop', "runStrategy:   'Halted'"],
  ['double-quoted', 'runStrategy: "Once"', 'stop', 'runStrategy: "Halted"'],
  ['quoted-key', '"runStrategy": RerunOnFailure', 'stop', '"runStrategy": Halted'],
  ['running-true', 'running: true  # since 2019', 'stop', 'running: false  # since 2019'],
  ['running-false', 'running: false', 'start', 'running: true'],
  ['running-yes', 'running: True', 'stop', 'running: false'],
  ['halted', 'runStrategy: Halted', 'start', 'runStrategy: Always'],
];

const LINE = /^ {2}runStrategy: .*$/m;

async function obeyed(vm: Vm, verb: Verb): Promise<void> {
  await vm.granted(verb);
  if (verb === 'stop') await vm.is('Stopped');
  else await vm.is('Running');
}

describe('only the value changes', () => {
  test.concurrent.for(SPELLINGS)('%s: %s, %s: %s', async ([name, line, verb, after]) => {
    const text = tinyVm(name, { strategy: 'Always' }).replace(LINE, `  ${line}`);
    const vm = await Vm.known(world, name, text);
    if (verb === 'stop') await vm.listening();
    await obeyed(vm, verb);
    expect(vm.text()).toBe(text.replace(`  ${line}`, `  ${after}`));
  });

  test.concurrent('a running: true VM goes down and comes up again by commands', async () => {
    const text = tinyVm('to-and-fro', { strategy: 'Always' }).replace(LINE, '  running: true');
    const vm = Vm.put(world, 'to-and-fro', text);
    const { uid } = await vm.listening();
    await obeyed(vm, 'stop');
    await vm.granted('start');
    await vm.running(uid);
    expect(vm.text()).toBe(text);
  });

  test.concurrent('Windows line ends, no final newline', async () => {
    const text = tinyVm('windows', { strategy: 'Always' }).replaceAll('\n', '\r\n').trimEnd();
    const vm = Vm.put(world, 'windows', text);
    await vm.listening();
    await obeyed(vm, 'stop');
    expect(vm.text()).toBe(text.replace('Always', 'Halted'));
  });

  test.concurrent('one of several documents', async () => {
    const first = tinyVm('doc-one', { strategy: 'Always' });
    const second = tinyVm('doc-two', { strategy: 'Always' });
    const text = `${first}---\n# between\n${second}`;
    const one = Vm.put(world, 'doc-one', text);
    await one.listening();
    await world.untilStatus('doc-two', 'Running');
    expect((await world.command('doc-two', 'stop')).code).toBe(202);
    await world.untilStatus('doc-two', 'Stopped');
    const changed = second.replace('Always', 'Halted');
    expect(one.text()).toBe(`${first}---\n# between\n${changed}`);
    expect((await world.vm('doc-one')).status.printableStatus).toBe('Running');
  });

  test.concurrent('commands to all VMs of one file at once', async () => {
    const names = ['many-a', 'many-b', 'many-c', 'many-d'];
    const text = names.map((name) => tinyVm(name, { strategy: 'Always' })).join('---\n');
    const vm = Vm.put(world, 'many-a', text);
    await Promise.all(names.map((name) => world.untilStatus(name, 'Running')));
    const stopped = async (name: string): Promise<void> => {
      expect((await world.command(name, 'stop')).code).toBe(202);
      await world.untilStatus(name, 'Stopped');
    };
    await Promise.all(names.map(stopped));
    expect(vm.text()).toBe(text.replaceAll('Always', 'Halted'));
  });

  test.concurrent('mode and owner stay, and nothing is left beside the file', async () => {
    const vm = await Vm.known(world, 'owned', { strategy: 'Halted' });
    chmodSync(world.file('owned'), 0o640);
    if (process.getuid?.() === 0) chownSync(world.file('owned'), 12_345, 54_321);
    const { mode, uid, gid } = statSync(world.file('owned'));
    await vm.granted('start');
    expect(statSync(world.file('owned'))).toMatchObject({ mode, uid, gid });
    expect(readdirSync(world.vms).filter((name) => name.includes('owned'))).toEqual(['owned.yaml']);
  });
});

describe('nothing is done when the file', () => {
  test.concurrent('has changed since it was read', async () => {
    const { vm, live } = await Vm.up(world, 'changing', { strategy: 'Always' });
    let count = 0;
    const change = (): void => {
      count += 1;
      world.write('changing', `${vm.original}# edit ${count}\n`);
    };
    // A file that is written all the time is never taken for settled.
    change();
    const writer = setInterval(change, 2);
    const { code, body } = await vm.command('stop').finally(() => clearInterval(writer));
    expect([code, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toContain('has changed since it was read');
    expect(vm.text()).toBe(`${vm.original}# edit ${count}\n`);
    const status = await vm.status();
    expect(status.instance).toMatchObject({ uid: live.uid });
    expect(status.instance?.stop).toBeUndefined();
    expect(await vm.eventReasons()).not.toContain('StopRequested');
  });

  test.concurrent('was removed since it was read', async () => {
    const vm = await Vm.known(world, 'vanishing', { strategy: 'Halted' });
    world.remove('vanishing');
    const { code } = await vm.command('start');
    expect(code).toBe(409);
    await vm.until('is gone', (v) => v === undefined);
    expect(readdirSync(world.vms).filter((name) => name.includes('vanishing'))).toEqual([]);
  });

  test.concurrent('cannot be written', async ({ skip }) => {
    await using own = new World();
    using mount = readOnly(own.vms, () =>
      own.write('fixed', tinyVm('fixed', { strategy: 'Always' })),
    );
    if (!mount.done) skip('read-only mounts need CAP_SYS_ADMIN');
    await own.startDaemon();
    const live = await own.untilStatus('fixed', 'Running');
    const { code, body } = await own.command('fixed', 'stop');
    expect([code, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toContain('could not be written, so nothing was done');
    expect(body.message).toContain('read-only');
    const after = await own.vm('fixed');
    expect(after.status.instance?.uid).toBe(live.status.instance?.uid);
    expect(after.status.printableStatus).toBe('Running');
    // What needs no write works.
    expect((await own.command('fixed', 'restart')).code).toBe(202);
  });

  test.concurrent('says it in a way that cannot be edited in place', async () => {
    const text = tinyVm('anchored', { strategy: 'Always' }).replace(
      LINE,
      '  runStrategy: &s Always',
    );
    const vm = Vm.put(world, 'anchored', text);
    await vm.listening();
    const { code, body } = await vm.command('stop');
    expect([code, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toContain('anchor');
    expect((await vm.status()).printableStatus).toBe('Running');
  });
});

/** Mounts the directory read-only onto itself, with what `fill` puts there first. */
function readOnly(dir: string, fill: () => void): Disposable & { readonly done: boolean } {
  fill();
  const bound = spawnSync('mount', ['--bind', dir, dir]).status === 0;
  const done = bound && spawnSync('mount', ['-o', 'remount,bind,ro', dir]).status === 0;
  return {
    done,
    [Symbol.dispose]: () => {
      if (bound) spawnSync('umount', [dir]);
    },
  };
}
