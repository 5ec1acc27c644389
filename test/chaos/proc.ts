/** What /proc says about the processes of one run, told by their command lines. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Qemu {
  readonly pid: number;
  readonly startTime: string;
  readonly parent: number;
  readonly uid: string;
  readonly vm: string;
}

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  readonly argv: readonly string[];
}

/** Every live process whose command line names the directory; a zombie has none. */
export function processesOf(dir: string): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name), dir));
}

function processOf(pid: number, dir: string): readonly Process[] {
  const line = textOf(`/proc/${pid}/cmdline`);
  if (line === undefined || !line.includes(dir)) return [];
  const stat = textOf(`/proc/${pid}/stat`);
  // After the name in parentheses, which may hold anything: field 3 is the state, 4 the parent, 22 the start time.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state, parent] = fields;
  if (state === undefined || state === 'Z' || state === 'X') return [];
  const argv = line.split('\0').slice(0, -1);
  return [{ pid, parent: Number(parent), startTime: fields[19] ?? '', argv }];
}

export function qemusAmong(processes: readonly Process[]): readonly Qemu[] {
  return processes.flatMap(({ pid, parent, startTime, argv }) => {
    if (argv[0]?.endsWith('qemu-system-x86_64') !== true) return [];
    const uid = argv[argv.indexOf('-uuid') + 1] ?? '';
    const name = argv[argv.indexOf('-name') + 1] ?? '';
    return [{ pid, parent, startTime, uid, vm: name.slice(name.lastIndexOf('/') + 1) }];
  });
}

/** Files that the process has open for writing. */
export function writtenFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const flags = textOf(`/proc/${pid}/fdinfo/${fd}`) ?? '';
      const mode = Number.parseInt(/flags:\s*(\d+)/.exec(flags)?.[1] ?? '0', 8) & 3;
      const target = mode === 0 ? undefined : linkOf(`/proc/${pid}/fd/${fd}`);
      return target?.startsWith('/') === true ? [target] : [];
    });
  } catch {
    return [];
  }
}

/** Undefined for what is gone by now. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
