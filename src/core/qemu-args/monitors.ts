/**
 * The ways into and out of QEMU: event journal, two QMP sockets, serial console.
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
  return [
    ...['-chardev', `socket,id=${id},path=${listValue(path)},server=on,wait=off`],
    ...['-mon', `chardev=${id},mode=control`],
  ];
}

/** The guest writes to a file: a client that does not read would stop it dead. */
export function consoleArgs(spec: InstanceSpec, paths: InstancePaths): readonly string[] {
  if (!spec.serialConsole) return ['-serial', 'none'];
  return [
    ...['-chardev', `file,id=console,path=${listValue(paths.console)},append=on`],
    ...['-serial', 'chardev:console'],
  ];
}
