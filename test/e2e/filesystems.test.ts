/** Directories that a guest shares with the host, over virtiofsd, and the ends of all that take part. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEMO_INITRD, DEMO_KERNEL, imagesDir, tinyImage } from '../support/guests.ts';
import { poll, World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';
import { tinyVm } from './manifests.ts';
import { untilEvent } from './waiting.ts';
import { processesOf } from './world-processes.ts';

const EXAMPLE = new URL('../../vms/filesystems.yaml', import.meta.url);
const LONG_MS = 300_000;
const STRANGER = 69_991;

const images = mkdtempSync(join(tmpdir(), 'filesystems-'));
const claim = join(images, '_claims/default/filesystems-shared');
const elsewhere = mkdtempSync(join(tmpdir(), 'shared-'));
let world: World;

beforeAll(async () => {
  // Guests have users of their own, who must get through.
  chmodSync(images, 0o711);
  chmodSync(elsewhere, 0o755);
  for (const dir of [claim, join(images, 'demo/latest'), join(images, 'tiny')])
    mkdirSync(dir, { recursive: true });
  for (const file of [DEMO_KERNEL, DEMO_INITRD])
    copyFileSync(join(imagesDir, file), join(images, file));
  copyFileSync(tinyImage('obey'), join(images, 'tiny/obey.img'));
  world = await World.start({ images });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  for (const dir of [images, elsewhere]) rmSync(dir, { recursive: true, force: true });
});

/** A guest that mounts nothing: QEMU itself does not start unless virtiofsd answers. */
function sharing(name: string, path: string, readOnly = false): string {
  const spec = `      volumes:
        - name: share
          persistentVolumeClaim: {claimName: there, readOnly: ${readOnly}}
        - name: root
          containerDisk: {image: 'tiny:obey'}
`;
  const devices = '          filesystems: [{name: share, virtiofs: {}}]\n';
  const annotations = path === '' ? {} : { 'host-directories': `there=${path}` };
  return tinyVm(name, { strategy: 'Manual', devices, annotations }).replace(
    / {6}volumes:\n.*$/s,
    spec,
  );
}

test(
  'what the guest writes the host reads, and the other way round, whatever becomes of the daemon; a virtiofsd that dies is told',
  async () => {
    const tpm = '          tpm: {}\n          filesystems:\n';
    const example = readFileSync(EXAMPLE, 'utf8').replace('          filesystems:\n', tpm);
    world.write('filesystems', example);
    await world.untilStatus('filesystems', 'Stopped');
    await world.command('filesystems', 'start');
    using shell = await guestShell(world, 'filesystems');
    const mount = (tag: string): string =>
      `mkdir /mnt/${tag}; mount -t virtiofs ${tag} /mnt/${tag}`;
    await shell.run(`${mount('shared')}; ${mount('settings')}`);

    expect(await shell.run('cat /mnt/settings/greeting')).toBe('hello from the host');
    await shell.run('for f in greeting new; do echo no >/mnt/settings/$f; done');
    expect(await shell.run('cat /mnt/settings/*')).toBe('hello from the host');

    await shell.run('mkdir /mnt/shared/d; echo guest >/mnt/shared/d/of-guest');
    expect(readFileSync(join(claim, 'd/of-guest'), 'utf8')).toBe('guest\n');
    expect(await shell.run('stat -c %u:%g /mnt/shared/d/of-guest')).toBe('0:0');
    writeFileSync(join(claim, 'of-host'), 'host\n');
    expect(await shell.run('cat /mnt/shared/of-host')).toBe('host');
    await shell.run(
      'ln -s of-guest /mnt/shared/d/link; mv /mnt/shared/d/of-guest /mnt/shared/moved',
    );
    expect(readdirSync(claim).toSorted()).toEqual(['d', 'moved', 'of-host']);
    // Nothing of the guest's is root's on the host.
    if (process.geteuid?.() === 0) expect(statSync(join(claim, 'moved')).uid).not.toBe(0);

    const path = '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/filesystems';
    expect((await world.api('GET', path)).body.status.volumeStatus).toEqual([
      { name: 'settings', target: '' },
      { name: 'shared', target: '' },
    ]);

    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    await world.untilStatus('filesystems', 'Running');
    using again = await guestShell(world, 'filesystems');
    await again.run('echo still >>/mnt/shared/moved');
    expect(readFileSync(join(claim, 'moved'), 'utf8')).toBe('guest\nstill\n');

    const uid = (await world.untilStatus('filesystems', 'Running')).status.instance?.uid ?? '';
    const served = processesOf('virtiofsd', claim);
    expect(served).toHaveLength(1);
    // A file that the guest knows of takes one.
    const limits = readFileSync(`/proc/${served[0]}/limits`, 'utf8');
    const most = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits);
    expect(most?.[1]).toBe(most?.[2]);
    for (const pid of served) process.kill(pid, 'SIGKILL');
    const { message } = await untilEvent(world, 'filesystems', 'FilesystemLost');
    expect(message).toContain('virtiofsd of the filesystem shared ended (signal 9)');
    expect(await again.run('cat /mnt/settings/greeting')).toBe('hello from the host');

    await world.command('filesystems', 'stop', { gracePeriod: 0 });
    await world.untilStatus('filesystems', 'Stopped');
    await poll('nothing of it is left', () => processesOf('', uid).length === 0);
    const left = readdirSync(join(world.state, 'instances', uid));
    expect(left.filter((name) => /^(fs\d|tpm)$/.test(name))).toEqual([]);
  },
  LONG_MS,
);

test('a directory may be shared by several guests, and the end of one is nothing to the other', async () => {
  for (const name of ['one', 'two']) {
    world.write(name, sharing(name, elsewhere, name === 'two'));
    await world.untilStatus(name, 'Stopped');
    await world.command(name, 'start');
    await world.untilStatus(name, 'Running');
  }
  expect(processesOf('virtiofsd', elsewhere)).toHaveLength(2);
  await world.command('one', 'stop', { gracePeriod: 0 });
  await world.untilStatus('one', 'Stopped');
  await poll('one is gone', () => processesOf('virtiofsd', elsewhere).length === 1);
  await world.until('two', 'goes on', (vm) => vm?.status.printableStatus === 'Running');
  // What it only shares stays whose it is.
  expect(statSync(elsewhere).uid).toBe(process.geteuid?.());
});

test.for([
  ['no-place', '', 'the claim there has no directory: make one with `install -d -m 2770 '],
  ['forbidden', '/etc', '/etc is away from the image directory'],
  ['no-directory', '/dev/null/x', 'the claim there has no directory'],
] as const)('a start says what is wrong with the directory of %s', async ([name, path, words]) => {
  world.write(name, sharing(name, path));
  await world.untilStatus(name, 'Stopped');
  await world.command(name, 'start');
  const { verdict } = await world.untilRuns(name, 1);
  expect(verdict.reason).toBe('LaunchFailed');
  expect(verdict.message).toContain('filesystem share: ');
  expect(verdict.message).toContain(words);
});

test.skipIf(process.geteuid?.() !== 0)(
  'a daemon that is not root shares directories as its own user',
  async () => {
    await using other = await World.start({ user: STRANGER, config: '', images });
    const place = join(elsewhere, 'own');
    mkdirSync(place);
    other.write('own', sharing('own', place));
    await other.untilStatus('own', 'Stopped');
    await other.command('own', 'start');
    await other.untilStatus('own', 'Running');
    const [pid = 0] = processesOf('virtiofsd', place);
    expect(statSync(`/proc/${pid}`).uid).toBe(STRANGER);
  },
);
