/**
 * A real QEMU with a tiny guest, launched as solovirt launches: by a parent, stopped (`-S`), with its own event
 * journal and a QMP socket.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExitStatus, ProcessIdentity, QmpEvent } from '../../src/core/model/evidence.ts';
import type { InstancePaths } from '../../src/core/paths.ts';
import { awaitInDirectory } from '../../src/qemu/await-file.ts';
import { waitForExitFile } from '../../src/qemu/exit-file.ts';
import { makeFile } from '../../src/qemu/instance-dirs.ts';
import { isAlive } from '../../src/qemu/process-identity.ts';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { QmpBusyError, QmpConnectError } from '../../src/qemu/qmp-error.ts';
import { spawnQemu } from '../../src/qemu/spawn.ts';
import { firmware, type GUESTS } from './tiny-bios.ts';

export const QEMU = '/usr/bin/qemu-system-x86_64';
const DEADLINE_MS = 30_000;

export async function launchTiny(
  paths: InstancePaths,
  guest: keyof typeof GUESTS,
  ...more: readonly string[]
): Promise<ProcessIdentity> {
  const bios = `${paths.dir}/bios.bin`;
  makeFile(paths.events);
  await writeFile(bios, firmware(guest));
  return spawnQemu({
    paths,
    qemuPath: QEMU,
    args: [...tinyArgs(paths), '-bios', bios, ...more],
  });
}

export function tinyArgs(paths: InstancePaths): string[] {
  return [
    ...['-no-user-config', '-nodefaults', '-machine', 'q35', '-accel', 'tcg', '-m', '16'],
    ...['-display', 'none', '-monitor', 'none', '-msg', 'timestamp=on', '-S'],
    ...['-action', 'reboot=shutdown,shutdown=poweroff,panic=exit-failure,watchdog=reset'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-device', '{"driver":"isa-debug-exit","iobase":1281}'],
    ...['-device', '{"driver":"pvpanic"}'],
    ...['-chardev', `null,id=journal,logfile=${paths.events},logappend=on`],
    ...['-mon', 'chardev=journal,mode=control'],
    ...['-chardev', `socket,id=qmp,path=${paths.qmpSocket},server=on,wait=off`],
    ...['-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `file,id=console,path=${paths.console},append=on`],
    ...['-serial', 'chardev:console'],
  ];
}

export interface Session extends AsyncDisposable {
  readonly client: QmpClient;
  readonly events: QmpEvent[];
  /** Why the session ended, once it has. */
  readonly ended: Promise<Error | undefined>;
}

/** Connects as soon as QEMU listens. */
export async function dial(paths: InstancePaths, identity: ProcessIdentity): Promise<Session> {
  await awaitInDirectory(
    paths.runtimeDir,
    () => existsSync(paths.qmpSocket) || !isAlive(identity) || undefined,
    { timeoutMs: DEADLINE_MS },
  );
  const events: QmpEvent[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>();
  const options = { onEvent: (event: QmpEvent) => events.push(event), onClose: resolve };
  for (const deadline = Date.now() + DEADLINE_MS; ; ) {
    try {
      const client = await QmpClient.connect(paths.qmpSocket, options);
      return { client, events, ended, [Symbol.asyncDispose]: () => client.close() };
    } catch (error) {
      // QEMU binds its socket a moment before it listens, and its queue is full a moment after others left.
      const passes = error instanceof QmpConnectError || error instanceof QmpBusyError;
      if (!passes || !isAlive(identity) || Date.now() > deadline) throw error;
      await sleep(1);
    }
  }
}

export function awaitExit(
  paths: InstancePaths,
  identity: ProcessIdentity,
): Promise<ExitStatus | undefined> {
  return waitForExitFile(paths, identity, DEADLINE_MS);
}
