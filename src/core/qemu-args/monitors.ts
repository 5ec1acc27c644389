/**
 * The ways into and out of QEMU: event journal, two QMP sockets, serial console, graphical console.
 * The journal is a monitor on a null chardev: QEMU writes every event into its log file, with no client.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';
import type { InstancePaths } from '../paths.ts';
import { listValue } from './encode.ts';

export function monitorArgs(paths: InstancePaths): readonly string[] {
  return [
    ...['-chardev', `null,id=journal,logfile=${listValue(paths.events)},logappend=on`],
    ...['-mon', 'chardev=journal,mode=control'],
    ...qmpSocket('qmp', paths.qmpSocket),
    ...qmpSocket('control', paths.controlSocket),
  ];
}

function qmpSocket(id: string, path: string): readonly string[] {
  return [...socketChardev(id, path), ...['-mon', `chardev=${id},mode=control`]];
}

/**
 * QEMU writes what the guest says into the file, whether somebody is connected or not. The socket is for typing: a client
 * that does not read its copy of the output would stop the guest dead, so only the daemon connects, and only to type.
 */
export function consoleArgs(spec: InstanceSpec, paths: InstancePaths): readonly string[] {
  if (!spec.serialConsole) return ['-serial', 'none'];
  const log = `logfile=${listValue(paths.console)},logappend=on`;
  return [...socketChardev('console', paths.consoleSocket, log), ...['-serial', 'chardev:console']];
}

/** No password: the socket's mode is the gate. The key is spelt out, for a path may have a "=". */
export function vncArgs(spec: InstanceSpec, paths: InstancePaths): readonly string[] {
  return spec.graphics ? ['-vnc', `vnc=unix:${listValue(paths.vncSocket)}`] : [];
}

function socketChardev(id: string, path: string, more?: string): readonly string[] {
  const options = [`socket,id=${id},path=${listValue(path)},server=on,wait=off`, more ?? []].flat();
  return ['-chardev', options.join(',')];
}
