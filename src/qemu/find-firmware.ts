/** The UEFI firmware of this host, by QEMU's firmware descriptors. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chooseFirmware,
  type FirmwareWish,
  type FlashFirmware,
  parseDescriptor,
} from '../core/firmware/descriptor.ts';
import { errorCode } from '../core/thrown.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

/** Where descriptors are, the administrator's before the distribution's (QEMU `docs/interop/firmware.json`). */
const DESCRIPTOR_DIRS: readonly string[] = ['/etc/qemu/firmware', '/usr/share/qemu/firmware'];
const PACKAGES: Readonly<Record<string, string>> = {
  x86_64: 'ovmf',
  aarch64: 'qemu-efi-aarch64',
};

/**
 * Looked for anew at each launch, so that firmware installed later is found.
 * @throws PrepareError that says what to install
 */
export async function findFirmware(
  wish: FirmwareWish,
  dirs: readonly string[] = DESCRIPTOR_DIRS,
): Promise<FlashFirmware> {
  const found = chooseFirmware(await readDescriptors(dirs), wish);
  if (found === undefined) throw new PrepareError(missing(wish, dirs));
  for (const { file } of [found.code, found.varsTemplate]) await refuseUnreadable(file);
  return found;
}

function missing({ architecture, machineType, secureBoot }: FirmwareWish, dirs: readonly string[]) {
  const kind = secureBoot ? 'UEFI firmware with secure boot and enrolled keys' : 'UEFI firmware';
  const name = PACKAGES[architecture];
  const install = name === undefined ? '' : `; on Debian and Ubuntu: apt-get install ${name}`;
  return `there is no ${kind} for the machine type ${machineType} (${architecture}): no descriptor in ${dirs.join(' or ')} tells of one${install}`;
}

async function refuseUnreadable(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (cause) {
    throw new PrepareError(`firmware: cannot look at ${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** In the order of their names; of two with one name the first directory's counts, and an empty one hides the other. */
async function readDescriptors(dirs: readonly string[]): Promise<readonly FlashFirmware[]> {
  const paths = new Map<string, string>();
  for (const dir of dirs)
    for (const name of await namesIn(dir))
      if (name.endsWith('.json') && !paths.has(name)) paths.set(name, join(dir, name));
  const names = [...paths.keys()].toSorted();
  const found = await Promise.all(names.map((name) => readDescriptor(paths.get(name) ?? '')));
  return found.filter((firmware) => firmware !== undefined);
}

async function readDescriptor(path: string): Promise<FlashFirmware | undefined> {
  try {
    if ((await realpath(path)) === '/dev/null') return undefined;
    const text = await readFile(path, 'utf8');
    return text.trim() === '' ? undefined : parseDescriptor(text);
  } catch (cause) {
    throw new PrepareError(`firmware: ${path} cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return await readdir(dir).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw new PrepareError(`firmware: cannot list ${dir}: ${reasonOf(error)}`, { cause: error });
  });
}
