/** A memory cgroup with a limit, on hosts and for users that may have one. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

export interface MemoryCgroup extends Disposable {
  add(pid: number): void;
}

const HIERARCHIES = [
  {
    root: '/sys/fs/cgroup/memory',
    limits: [
      ['memory.limit_in_bytes', 'BYTES'],
      ['memory.memsw.limit_in_bytes', 'BYTES'],
    ],
  },
  {
    root: '/sys/fs/cgroup',
    limits: [
      ['memory.max', 'BYTES'],
      ['memory.swap.max', '0'],
    ],
  },
] as const;

/** Undefined where none can be made. Disposing of it needs all its processes to be gone. */
export function memoryCgroup(bytes: number): MemoryCgroup | undefined {
  for (const { root, limits } of HIERARCHIES) {
    const dir = `${root}/solovirt-test-${randomUUID()}`;
    try {
      mkdirSync(dir);
    } catch {
      continue;
    }
    const cgroup: MemoryCgroup = {
      add: (pid) => writeFileSync(`${dir}/cgroup.procs`, String(pid)),
      [Symbol.dispose]: () => rmdirSync(dir),
    };
    try {
      for (const [index, [file, value]] of limits.entries()) {
        try {
          writeFileSync(`${dir}/${file}`, value.replace('BYTES', String(bytes)), { flag: 'r+' });
        } catch (error) {
          // The second one is for swap, which not every kernel accounts.
          if (index === 0) throw error;
        }
      }
      return cgroup;
    } catch {
      cgroup[Symbol.dispose]();
    }
  }
  return undefined;
}
