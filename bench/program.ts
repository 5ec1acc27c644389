/** The program as the package ships it: two bundles, their caches and a stripped Node, made anew for each run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const DIR = join(ROOT, '.solovirt/bench');

export interface Program {
  readonly node: string;
  /** Node's, for the daemon. */
  readonly flags: readonly string[];
  readonly daemon: string;
  readonly client: string;
}

export function buildProgram(): Program {
  mkdirSync(DIR, { recursive: true });
  const node = join(DIR, 'node');
  if (!existsSync(node)) {
    copyFileSync(process.execPath, node);
    execFileSync('strip', [node]);
  }
  const args = ['scripts/lib/bundle.ts', DIR, 'bench', join(DIR, 'licenses.txt')];
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  for (const name of ['beside', 'confine', 'parents']) {
    copyFileSync(join(ROOT, 'src/qemu', name), join(DIR, name));
    chmodSync(join(DIR, name), 0o755);
  }
  const flags = daemonFlags();
  for (const name of ['client', 'daemon']) {
    copyFileSync(join(ROOT, 'packaging/start.cjs'), join(DIR, `start-${name}.cjs`));
    const cache = [...(name === 'daemon' ? flags : []), 'scripts/lib/code-cache.ts', DIR, name];
    execFileSync(node, cache, { cwd: ROOT, stdio: 'inherit' });
  }
  return {
    node,
    flags,
    daemon: join(DIR, 'start-daemon.cjs'),
    client: join(DIR, 'start-client.cjs'),
  };
}

function daemonFlags(): readonly string[] {
  const script = readFileSync(join(ROOT, 'packaging/solovirt'), 'utf8');
  const flags = /^daemon_flags='(.*)'$/m.exec(script)?.[1];
  if (flags === undefined) throw new Error('packaging/solovirt names no flags of the daemon');
  return flags.split(' ');
}
