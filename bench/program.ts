/** The program as the package ships it: two bundles and a stripped Node, made anew for each run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const DIR = join(ROOT, '.solovirt/bench');

export interface Program {
  readonly node: string;
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
  for (const name of ['beside', 'confine', 'shim.sh']) {
    copyFileSync(join(ROOT, 'src/qemu', name), join(DIR, name));
    chmodSync(join(DIR, name), 0o755);
  }
  copyFileSync(join(ROOT, 'packaging/start-client.cjs'), join(DIR, 'start-client.cjs'));
  execFileSync(node, ['scripts/lib/client-cache.ts', DIR], { cwd: ROOT, stdio: 'inherit' });
  return {
    node,
    daemon: join(DIR, 'daemon.cjs'),
    client: join(DIR, 'start-client.cjs'),
  };
}
