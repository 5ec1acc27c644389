/** What is got ready of a machine's board, from descriptors and templates made for the test. */
import { mkdirSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findFirmware } from '../../src/qemu/find-firmware.ts';
import { findSwtpm } from '../../src/qemu/find-swtpm.ts';
import { type MachineInput, prepareMachine } from '../../src/qemu/prepare-machine.ts';
import { aSpec } from '../unit/core/qemu-args/builders.ts';
import { type Place, place, refusal } from './prepare-support.ts';

const WISH = { architecture: 'x86_64', machineType: 'q35', secureBoot: false };

let where: Place;
beforeEach(async () => {
  const made = await place();
  where = made;
  return () => made[Symbol.asyncDispose]();
});

/** A directory of descriptors, each with a code and a template of that many bytes. */
async function descriptors(dir: string, files: Readonly<Record<string, number>>): Promise<string> {
  const path = join(where.root, dir);
  await mkdir(path, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    const [code, vars] = [join(path, `${name}.code`), join(path, `${name}.vars`)];
    await writeFile(code, 'code');
    await writeFile(vars, Buffer.alloc(bytes, name));
    const mapping = {
      device: 'flash',
      executable: { filename: code, format: 'raw' },
      'nvram-template': { filename: vars, format: 'raw' },
    };
    const targets = [{ architecture: 'x86_64', machines: ['pc-q35-*'] }];
    const descriptor = { 'interface-types': ['uefi'], mapping, targets, features: [] };
    await writeFile(join(path, `${name}.json`), JSON.stringify(descriptor));
  }
  return path;
}

function efi(descriptorDir: string, persistent: boolean): MachineInput {
  return {
    vm: { namespace: 'default', name: 'web' },
    spec: aSpec({ bootloader: { kind: 'efi', secureBoot: false, persistent } }),
    paths: {
      systemTable: join(where.instanceDir, 't'),
      nvram: join(where.instanceDir, 'n'),
      tpmState: join(where.instanceDir, 'tpm'),
    },
    makeStateDir: (dir) => void mkdirSync(dir, { recursive: true }),
    ...(persistent ? { machineDir: where.root } : {}),
    descriptorDirs: [descriptorDir],
  };
}

describe('descriptors', () => {
  test('count in the order of their names, over all directories', async () => {
    const own = await descriptors('etc', { '30-b': 1 });
    const system = await descriptors('usr', { '20-a': 1, '40-c': 1 });
    expect((await findFirmware(WISH, [own, system])).code.file).toBe(join(system, '20-a.code'));
  });

  test('of one name count once: the first directory’s', async () => {
    const [own, system] = [await descriptors('etc', { a: 1 }), await descriptors('usr', { a: 1 })];
    expect((await findFirmware(WISH, [own, system])).code.file).toBe(join(own, 'a.code'));
  });

  test.for(['an empty file', 'a link to /dev/null'])('are hidden by %s', async (what) => {
    const own = await descriptors('etc', {});
    const system = await descriptors('usr', { a: 1, b: 1 });
    if (what === 'an empty file') await writeFile(join(own, 'a.json'), '');
    else await symlink('/dev/null', join(own, 'a.json'));
    expect((await findFirmware(WISH, [own, system])).code.file).toBe(join(system, 'b.code'));
  });

  test('that are broken are named', async () => {
    const dir = await descriptors('etc', {});
    await writeFile(join(dir, 'a.json'), '{');
    expect(await refusal(findFirmware(WISH, [dir]))).toContain(`${dir}/a.json cannot be used`);
  });

  test('of files that are gone are named by these', async () => {
    const dir = await descriptors('etc', { a: 1 });
    await rm(join(dir, 'a.vars'));
    expect(await refusal(findFirmware(WISH, [dir]))).toBe(
      `firmware: cannot look at ${dir}/a.vars: it does not exist`,
    );
  });

  test('that are missing lead to the package that brings them', async () => {
    const secure = { ...WISH, secureBoot: true };
    expect(await refusal(findFirmware(WISH, ['/nowhere']))).toBe(
      'there is no UEFI firmware for the machine type q35 (x86_64): no descriptor in /nowhere tells of one; on Debian and Ubuntu: apt-get install ovmf',
    );
    expect(await refusal(findFirmware(secure, ['/nowhere']))).toContain(
      'there is no UEFI firmware with secure boot and enrolled keys for',
    );
  });
});

test('a TPM needs swtpm, and the message says how to get it', async () => {
  expect(await refusal(findSwtpm(['/nowhere/swtpm']))).toBe(
    'the VM has a TPM, and swtpm, which emulates it, is not installed: there is no /nowhere/swtpm; on Debian and Ubuntu: apt-get install swtpm',
  );
});

describe('UEFI’s variables', () => {
  test('begin anew with each instance', async () => {
    const input = efi(await descriptors('etc', { a: 8 }), false);
    await prepareMachine(input);
    await writeFile(input.paths.nvram, 'what the guest wrote');
    await rm(input.paths.nvram);
    const { firmware } = await prepareMachine(input);
    expect(firmware?.vars).toEqual({ file: input.paths.nvram, format: 'raw' });
    expect(await readFile(input.paths.nvram, 'utf8')).toBe('aaaaaaaa');
  });

  test('persist when they are to', async () => {
    const input = efi(await descriptors('etc', { a: 8 }), true);
    const { firmware } = await prepareMachine(input);
    const file = join(where.root, 'nvram.fd');
    expect(firmware?.vars.file).toBe(file);
    await writeFile(file, 'the keys');
    await prepareMachine(input);
    expect(await readFile(file, 'utf8')).toBe('the keys');
  });

  test('of a copy that was cut off are copied again', async () => {
    const input = efi(await descriptors('etc', { a: 8 }), true);
    await writeFile(join(where.root, 'nvram.fd.unfinished'), 'a');
    await prepareMachine(input);
    expect(await readFile(join(where.root, 'nvram.fd'), 'utf8')).toBe('aaaaaaaa');
  });

  test('of another build of the firmware are not used, and stay', async () => {
    const input = efi(await descriptors('etc', { a: 8 }), true);
    const file = join(where.root, 'nvram.fd');
    await writeFile(file, 'long ago');
    await writeFile(file, 'of a larger flash');
    expect(await refusal(prepareMachine(input))).toContain(
      `${file} has 17 bytes, and the firmware on this host wants 8`,
    );
    expect(await readFile(file, 'utf8')).toBe('of a larger flash');
  });

  test('that are no file are refused', async () => {
    const input = efi(await descriptors('etc', { a: 8 }), true);
    await symlink('/etc/hostname', join(where.root, 'nvram.fd'));
    expect(await refusal(prepareMachine(input))).toContain('is no regular file');
  });
});
