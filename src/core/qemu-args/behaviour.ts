/**
 * How the QEMU process itself behaves: nothing by default, no windows, sandboxed, stopped until `cont`, and
 * what it does when the guest ends. The event journal and the verdict table rest on these settings.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';

/** Comes first: nothing from QEMU's configuration files, no default devices. */
export const CLEAN_SLATE: readonly string[] = ['-no-user-config', '-nodefaults'];

export function behaviourArgs(spec: InstanceSpec): readonly string[] {
  return [
    // The daemon lets the guest run over QMP, once the journal is known to work.
    '-S',
    ...['-msg', 'timestamp=on'],
    ...['-display', 'none'],
    ...['-parallel', 'none'],
    ...['-monitor', 'none'],
    ...['-action', endings(spec)],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ];
}

/**
 * `-action` (QEMU QAPI `set-action`). A panic must end with exit code 1, never as a clean power-off; where the memory is to be
 * dumped, it is the daemon that ends it.
 */
function endings({ rebootPolicy, watchdog, panicDumps }: InstanceSpec): string {
  const reboot = rebootPolicy === 'Terminate' ? 'shutdown' : 'reset';
  const onWatchdog = watchdog?.action ?? 'reset';
  const onPanic = panicDumps === undefined ? 'exit-failure' : 'pause';
  return `reboot=${reboot},shutdown=poweroff,panic=${onPanic},watchdog=${onWatchdog}`;
}
