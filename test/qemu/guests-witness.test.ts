/** The guest that tells one boot from another does what images/README.md says. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BareQemu } from '../support/bare-qemu.ts';
import { TINY_DOWN, tinyImage } from '../support/guests.ts';

const UP = /^UP ([0-9A-F]{8}) ([0-9A-F]{8})\r$/gm;

/** A disk of its own, which outlives QEMU. */
class Disk implements AsyncDisposable {
  readonly #dir: string;
  readonly path: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.path = join(dir, 'disk.img');
  }

  static async make(): Promise<Disk> {
    const disk = new Disk(await mkdtemp(join(tmpdir(), 'solovirt-witness-')));
    await copyFile(tinyImage('witness'), disk.path);
    return disk;
  }

  boot(...extra: readonly string[]): Promise<BareQemu> {
    const drive = `file=${this.path},format=raw,if=virtio`;
    return BareQemu.start(['-m', '16', '-drive', drive, '-device', 'pvpanic', ...extra]);
  }

  /** What stands in its second sector. */
  async says(): Promise<{ readonly boots: number; readonly id: string }> {
    const sector = (await readFile(this.path)).subarray(512, 520);
    const id = sector.readUInt32LE(4).toString(16).toUpperCase().padStart(8, '0');
    return { boots: sector.readUInt32LE(0), id };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#dir, { recursive: true });
  }
}

function press(qemu: BareQemu, key: string): void {
  qemu.send('send-key', { keys: [{ type: 'qcode', data: key }] });
}

function boots(qemu: BareQemu): readonly string[] {
  return [...qemu.console.matchAll(UP)].map(([, id]) => id ?? '');
}

test('it says which boot it is and that it goes on, on its console and on its disk', async () => {
  await using disk = await Disk.make();
  {
    await using qemu = await disk.boot();
    await qemu.shows(' 00000002\r\n');
    const [id] = boots(qemu);
    expect(qemu.console).toBe(
      `UP ${id} 00000001\r\nSTILL ${id} 00000001\r\nSTILL ${id} 00000002\r\n`,
    );
    expect(await disk.says()).toEqual({ boots: 1, id });
  }
  await using qemu = await disk.boot();
  await qemu.shows('UP ');
  await qemu.shows('00000002\r\n');
  expect(await disk.says()).toEqual({ boots: 2, id: boots(qemu)[0] });
});

test('the power button and the key o power it off', async () => {
  await using disk = await Disk.make();
  for (const ask of [
    (qemu: BareQemu) => qemu.send('system_powerdown'),
    (qemu: BareQemu) => press(qemu, 'o'),
  ]) {
    await using qemu = await disk.boot();
    await qemu.shows('\r\n');
    ask(qemu);
    expect(await qemu.ended()).toBe(0);
    expect(qemu.console).toContain(TINY_DOWN);
    expect(qemu.history().at(-1)).toBe('SHUTDOWN guest-shutdown');
  }
});

test.for([
  { key: 'p', end: 'SHUTDOWN guest-panic' },
  { key: 'r', end: 'SHUTDOWN guest-reset' },
  { key: 'c', end: 'SHUTDOWN guest-reset' },
])('the key $key: $end', async ({ key, end }) => {
  await using disk = await Disk.make();
  await using qemu = await disk.boot();
  await qemu.shows('\r\n');
  press(qemu, key);
  await qemu.ended();
  expect(qemu.history().at(-1)).toBe(end);
});

test('each boot after a reset has an id of its own', async () => {
  await using disk = await Disk.make();
  await using qemu = await disk.boot('-action', 'reboot=reset');
  await qemu.shows('\r\n');
  press(qemu, 'r');
  await qemu.shows(' 00000002\r\n');
  const [first, second] = boots(qemu);
  expect(second).not.toBe(first);
  expect(await disk.says()).toEqual({ boots: 2, id: second });
});

test('the key d makes it deaf to the power button', async () => {
  await using disk = await Disk.make();
  await using qemu = await disk.boot();
  await qemu.shows('\r\n');
  press(qemu, 'd');
  await qemu.shows('STILL ');
  qemu.send('system_powerdown');
  await qemu.shows(' 00000003\r\n');
  expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN']);
});

test('it notices another guest on its disk', async () => {
  await using disk = await Disk.make();
  const shared = ['-blockdev', `driver=file,filename=${disk.path},locking=off,node-name=f`];
  const root = ['-blockdev', 'driver=raw,file=f,node-name=r', '-device', 'virtio-blk,drive=r'];
  const flags = ['-m', '16', ...shared, ...root];
  await using first = await BareQemu.start(flags);
  await first.shows('UP ');
  await using second = await BareQemu.start(flags);
  await second.shows('STILL ');
  await first.shows('ROBBED ');
  expect(second.console).not.toContain('ROBBED');
});
