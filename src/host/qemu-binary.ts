/** Finds the QEMU program and makes sure that it is one that solovirt can use. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { execa } from 'execa';

interface Program {
  readonly name: string;
  /** Where it is, too, on some distributions. */
  readonly outsidePath: readonly string[];
  readonly debianPackage: string;
}

const AMD64: Program = {
  name: 'qemu-system-x86_64',
  // Red Hat's.
  outsidePath: ['/usr/libexec/qemu-kvm'],
  debianPackage: 'qemu-system-x86',
};

/** The QEMU for guests of that architecture. */
export const ARM64: Program = {
  name: 'qemu-system-aarch64',
  outsidePath: [],
  debianPackage: 'qemu-system-arm',
};
const VERSION_DEADLINE_MS = 5000;
/** The first QEMU with JSON for `-netdev`. */
const OLDEST = { major: 7, minor: 2 };

export interface QemuBinary {
  /** Absolute path. */
  readonly path: string;
  /** As QEMU says it, such as `7.2.22`. */
  readonly version: string;
}

/** There is no QEMU where it was looked for. */
export class QemuMissingError extends Error {
  override readonly name = 'QemuMissingError';
}

/** There is a program, but not one that solovirt can use. */
export class QemuUnsuitableError extends Error {
  override readonly name = 'QemuUnsuitableError';
}

/**
 * `requested` is a path, or the name of a program in PATH.
 * @throws QemuMissingError, QemuUnsuitableError
 */
export async function findQemu(
  requested?: string,
  // biome-ignore lint/style/noProcessEnv: PATH is where programs are, and nobody configures it for us.
  searchPath: string = process.env['PATH'] ?? '',
  program: Program = AMD64,
): Promise<QemuBinary> {
  const candidates = candidatePaths(requested, searchPath, program);
  for (const path of candidates)
    if (await isProgram(path)) return { path, version: await versionOf(path) };
  throw new QemuMissingError(
    requested === undefined ? notInstalled(program) : notThere(requested, program),
  );
}

function notInstalled(program: Program): string {
  const { name, outsidePath } = program;
  const [other] = outsidePath;
  // Only the QEMU for this host's own architecture is a setting.
  return other === undefined
    ? `the QEMU for these guests is not installed: there is no ${name} in PATH; install it (${install(program)})`
    : `QEMU is not installed: neither ${name} in PATH nor ${other} is there; install it (${install(program)}), or name the program with --qemu PATH`;
}

function notThere(requested: string, program: Program): string {
  return `there is no program ${requested} to run as QEMU; correct --qemu, or leave it out and install QEMU (${install(program)})`;
}

function install({ debianPackage }: Program): string {
  return `on Debian and Ubuntu: apt-get install ${debianPackage}`;
}

function candidatePaths(
  requested: string | undefined,
  searchPath: string,
  { name, outsidePath }: Program,
): readonly string[] {
  if (requested?.includes('/')) return [resolve(requested)];
  const inPath = searchPath
    .split(':')
    .filter(isAbsolute)
    .map((dir) => join(dir, requested ?? name));
  return requested === undefined ? [...inPath, ...outsidePath] : inPath;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function versionOf(path: string): Promise<string> {
  const result = await execa(path, ['--version'], {
    reject: false,
    stdin: 'ignore',
    timeout: VERSION_DEADLINE_MS,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
  });
  if (result.timedOut)
    throw new QemuUnsuitableError(
      `${path} --version gave no answer in ${VERSION_DEADLINE_MS / 1000} s`,
    );
  const said = /version (\d+)\.(\d+)(?:\.\d+)*/.exec(result.stdout);
  if (result.exitCode !== 0 || said === null)
    throw new QemuUnsuitableError(
      `${path} is not QEMU: --version said ${JSON.stringify(result.stdout.slice(0, 100) || result.shortMessage)}`,
    );
  const [words, major, minor] = said;
  const version = words.replace('version ', '');
  if (!isNewEnough(Number(major), Number(minor)))
    throw new QemuUnsuitableError(
      `${path} is QEMU ${version}; solovirt needs ${OLDEST.major}.${OLDEST.minor} or later (Debian 12 has it)`,
    );
  return version;
}

function isNewEnough(major: number, minor: number): boolean {
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}
