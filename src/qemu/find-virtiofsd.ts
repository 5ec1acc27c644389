/** Finds virtiofsd, which serves directories to guests, and tells which of the two programs of that name it is. */
import { execa } from 'execa';
import type { Virtiofsd } from '../core/qemu-args/filesystems.ts';
import { findProgram } from './find-program.ts';
import { PrepareError } from './prepare-error.ts';

/** A program elsewhere could not be executed in a VM's unit. Debian 12 and Ubuntu 22.04 have the last. */
const PLACES: readonly string[] = [
  '/usr/local/libexec/virtiofsd',
  '/usr/libexec/virtiofsd',
  '/usr/lib/virtiofsd',
  '/usr/lib/qemu/virtiofsd',
];

const ANSWER_MS = 10_000;

/** Of the one in Rust: it can let all users of the guest be one. */
const LEAST: readonly [number, number] = [1, 13];

/** @throws PrepareError that says what to install */
export async function findVirtiofsd(places: readonly string[] = PLACES): Promise<Virtiofsd> {
  const path = await findProgram(places);
  if (path === undefined)
    throw new PrepareError(
      `the VM has a filesystem, and virtiofsd, which serves it, is not installed: there is no ${places.join(' or ')}; on Debian 13: apt-get install virtiofsd, on Debian 12: apt-get install qemu-system-common`,
    );
  const { stdout, stderr } = await execa(path, ['--version'], {
    reject: false,
    stdin: 'ignore',
    timeout: ANSWER_MS,
    killSignal: 'SIGKILL',
  });
  return { path, kind: kindOf(path, stdout, stderr) };
}

function kindOf(path: string, version: string, complaint: string): Virtiofsd['kind'] {
  // Before anything else it gives up its groups, which may not be given up.
  if (version.startsWith('virtiofsd version ') || complaint.startsWith('setgroups()')) return 'c';
  const [, major = '', minor = ''] = /^virtiofsd (\d+)\.(\d+)/.exec(version) ?? [];
  const [leastMajor, leastMinor] = LEAST;
  if (Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor))
    return 'rust';
  throw new PrepareError(
    major === ''
      ? `${path} does not tell its version: ${version || complaint || 'it says nothing'}`
      : `${path} is version ${major}.${minor}; solovirt needs ${LEAST.join('.')} or later, or the one that came with QEMU before 8.0`,
  );
}
