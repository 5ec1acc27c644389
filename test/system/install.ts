/** Puts into a machine what installing the package would, straight from the source tree. */
import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { imagesDir } from '../support/guests.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');

/** Of `scripts/lib/package-tree`. */
const PROGRAMS = [
  'attach',
  'beside',
  'confine',
  'confine-root.pl',
  'network-host.pl',
  'network-keep',
  'network-rules.pl',
  'parents',
  'taps.pl',
];

/** No time is lost on a proof of KVM, which no machine here has. */
const CONFIG = 'accel: tcg\n';

/** What every machine has, with solovirt or without. */
export function prepareRoot(root: string): void {
  quieten(root);
  // Without one systemd takes this for the first boot ever and asks questions.
  writeFileSync(join(root, 'etc/machine-id'), `${randomUUID().replaceAll('-', '')}\n`);
  copyImages(root, 'tiny');
  // Kept over a reboot.
  mkdirSync(join(root, 'var/log/journal'), { recursive: true });
}

/** Those of one kind of guest (images/README.md). */
export function copyImages(root: string, kind: 'tiny' | 'agent' | 'demo'): void {
  const to = join(root, 'var/lib/solovirt/images', kind);
  cpSync(join(imagesDir, kind), to, { recursive: true });
}

export async function installSolovirt(root: string): Promise<void> {
  await execa('sh', [join(CHECKOUT, 'systemd/install'), root]);
  mkdirSync(join(root, 'etc/solovirt/vms'), { recursive: true });
  writeFileSync(join(root, 'etc/solovirt/solovirt.yaml'), CONFIG);
  const program = readFileSync(join(CHECKOUT, 'packaging/solovirt'));
  writeFileSync(join(root, 'usr/bin/solovirt'), program, { mode: 0o755 });
  const lib = join(root, 'usr/lib/solovirt');
  for (const [name, code] of await bundles()) writeFileSync(join(lib, name), code);
  for (const name of PROGRAMS) copyFileSync(join(CHECKOUT, 'src/qemu', name), join(lib, name));
  for (const name of ['client', 'daemon'])
    copyFileSync(join(CHECKOUT, 'packaging/start.cjs'), join(lib, `start-${name}.cjs`));
  // The runtime is mounted here.
  writeFileSync(join(lib, 'node'), '');
}

let built: Promise<ReadonlyMap<string, Buffer>> | undefined;

/** The program as it ships, made once for each file of tests. */
function bundles(): Promise<ReadonlyMap<string, Buffer>> {
  built ??= makeBundles();
  return built;
}

async function makeBundles(): Promise<ReadonlyMap<string, Buffer>> {
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-bundle-'));
  try {
    const script = join(CHECKOUT, 'scripts/lib/bundle.ts');
    await execa(process.execPath, [script, dir, '0.0.0', join(dir, 'licenses')]);
    return new Map(
      ['client.cjs', 'daemon.cjs'].map((name) => [name, readFileSync(join(dir, name))]),
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Enables the daemon, as a package does. */
export async function enableSolovirt(root: string): Promise<void> {
  await execa('systemctl', [`--root=${root}`, '--quiet', 'enable', 'solovirt.service']);
}

/** The services of the host itself are not to be started in the machine. */
function quieten(root: string): void {
  const units = join(root, 'etc/systemd/system');
  for (const name of readdirSync(units))
    if (name.endsWith('.wants')) rmSync(join(units, name), { recursive: true });
  rmSync(join(units, 'default.target'), { force: true });
  symlinkSync('/lib/systemd/system/multi-user.target', join(units, 'default.target'));
  for (const unit of [
    'console-getty.service',
    'getty.target',
    'systemd-update-utmp-runlevel.service',
  ])
    symlinkSync('/dev/null', join(units, unit));
  // Of container images: forbids dpkg to start services.
  rmSync(join(root, 'usr/sbin/policy-rc.d'), { force: true });
  rmSync(join(root, 'var/log/journal'), { recursive: true, force: true });
}
