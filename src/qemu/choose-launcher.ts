/**
 * The launcher that the configuration asks for, once it is certain that it can work here.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { DirectLauncher } from './direct-launcher.ts';
import { areUsersMapped, GuestUsers, type UserRange } from './guest-users.ts';
import type { Launcher } from './launcher.ts';
import { SystemdLauncher } from './systemd-launcher.ts';

export interface LauncherSettings {
  readonly launcher: 'auto' | 'direct' | 'systemd';
  readonly stateDir: string;
  readonly runtimeDir: string;
  /** Of the group `solovirt-qemu`; undefined when there is none. */
  readonly qemuGid: number | undefined;
  /** `auto`, `own`: each guest of a daemon that is root gets a user of its own, where that is possible or always. */
  readonly qemuUser: 'auto' | 'own' | 'daemon';
  readonly qemuUids: UserRange;
  readonly onSharedUser: (vm: VmIdentity, reason: string | undefined) => void;
}

/** The launcher cannot work on this host, or not with these settings. */
export class LauncherError extends Error {
  override readonly name = 'LauncherError';
}

/** @throws LauncherError */
function directLauncher(settings: LauncherSettings): DirectLauncher {
  const { qemuUser, qemuUids: range, qemuGid, onSharedUser } = settings;
  const isRoot = process.geteuid?.() === 0;
  if (qemuUser === 'daemon' || !isRoot) return new DirectLauncher();
  const mapped = areUsersMapped(range, readFileSync('/proc/self/uid_map', 'latin1'));
  if (!mapped && qemuUser === 'auto') return new DirectLauncher();
  if (!mapped)
    throw new LauncherError(
      `qemuUser own: there are no users ${range.first} to ${range.last} in this container (/proc/self/uid_map); give others with qemuUids`,
    );
  const users = new GuestUsers({ range, qemuGid });
  return new DirectLauncher({ users, strict: qemuUser === 'own', onSharedUser });
}

/** What `solovirt-vm@.service` has in it: units are not made for each set of settings. */
const UNIT_STATE_DIR = '/var/lib/solovirt';
const UNIT_RUNTIME_DIR = '/run/solovirt';

/** Where a package or an administrator puts the template unit (systemd.unit(5)). */
const UNIT_FILES = ['/etc', '/usr/lib', '/lib'].map(
  (root) => `${root}/systemd/system/solovirt-vm@.service`,
);

/** @throws LauncherError */
export function chooseLauncher(settings: LauncherSettings): Launcher {
  const { launcher, stateDir, runtimeDir, qemuGid } = settings;
  if (launcher === 'direct') return directLauncher(settings);
  if (launcher === 'auto' && !isForUnits(settings)) return directLauncher(settings);
  if (!isBootedWithSystemd())
    throw new LauncherError(
      'launcher systemd: this host was not booted with systemd; use launcher direct',
    );
  if (stateDir !== UNIT_STATE_DIR || runtimeDir !== UNIT_RUNTIME_DIR)
    throw new LauncherError(
      `launcher systemd works with the state directory ${UNIT_STATE_DIR} and the runtime directory ${UNIT_RUNTIME_DIR}, which its units name; found ${stateDir} and ${runtimeDir}`,
    );
  if (qemuGid === undefined)
    throw new LauncherError(
      'launcher systemd: there is no group solovirt-qemu; systemd-sysusers makes it from /usr/lib/sysusers.d/solovirt.conf',
    );
  return new SystemdLauncher({ runtimeDir, gid: qemuGid });
}

/** The units are installed, and these are their directories: `solovirt drain` by hand finds what the service started. */
function isForUnits({ stateDir, runtimeDir, qemuGid }: LauncherSettings): boolean {
  const isTheirs = stateDir === UNIT_STATE_DIR && runtimeDir === UNIT_RUNTIME_DIR;
  return isTheirs && qemuGid !== undefined && isBootedWithSystemd() && UNIT_FILES.some(existsSync);
}

/** sd_booted(3) */
function isBootedWithSystemd(): boolean {
  return existsSync('/run/systemd/system');
}
