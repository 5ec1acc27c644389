/** The package under test, built once, and the same under a later version. */
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { CHECKOUT, type Machine, type Ran } from './machine.ts';

export const OLD = '0.0.1~test';
export const NEW = '0.0.2~test';

export interface Packages extends Disposable {
  readonly old: string;
  readonly new: string;
}

/** Takes half a minute. */
export async function buildPackages(): Promise<Packages> {
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-package-'));
  const scratch = (): void => rmSync(dir, { recursive: true });
  try {
    // Hardly compressed: that is most of the time.
    const options = ['--version', OLD, '--level', '1', '--out', dir];
    await execa('sh', [join(CHECKOUT, 'scripts/package'), ...options], { stdin: 'ignore' });
    const [name = ''] = readdirSync(dir);
    const old = join(dir, name);
    return { old, new: await laterVersion(old, dir), [Symbol.dispose]: scratch };
  } catch (error) {
    scratch();
    throw error;
  }
}

async function laterVersion(old: string, dir: string): Promise<string> {
  const tree = join(dir, 'tree');
  await execa('dpkg-deb', ['--raw-extract', old, tree]);
  for (const file of [
    'DEBIAN/control',
    'usr/lib/solovirt/client.cjs',
    'usr/lib/solovirt/daemon.cjs',
  ]) {
    const text = readFileSync(join(tree, file), 'utf8');
    writeFileSync(join(tree, file), text.replaceAll(OLD, NEW));
  }
  // V8 tells texts apart by their length alone.
  for (const name of ['client', 'daemon']) rmSync(join(tree, `usr/lib/solovirt/${name}.cache`));
  const later = join(dir, basename(old).replace(OLD, NEW));
  await execa('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z1', '--build', tree, later]);
  rmSync(tree, { recursive: true });
  return later;
}

/** dpkg as apt calls it; what it prints. */
export async function dpkg(machine: Machine, action: string, target: string): Promise<string> {
  const { code, stdout, stderr } = await run(machine, action, target);
  if (code !== 0) throw new Error(`dpkg ${action} ended with ${code}: ${stderr}\n${stdout}`);
  return `${stdout}\n${stderr}`;
}

function run(machine: Machine, action: string, target: string): Promise<Ran> {
  // What other packages do at an installation, and what the disk does, is of no interest here.
  const call = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'dpkg',
    '--no-triggers',
    '--force-unsafe-io',
    action,
  ] as const;
  if (action !== '--install') return machine.run(...call, target);
  const inside = `/root/${basename(target)}`;
  copyFileSync(target, machine.path(inside));
  return machine.run(...call, inside);
}
