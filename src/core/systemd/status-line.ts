/** The line that `systemctl status` shows for the daemon: how many VMs are in which state. Pure. */
import type { PrintableStatus } from '../status/printable-status.ts';

/** In the order in which they are named: what works, what changes, what is wrong, what rests. */
const WORDS: Readonly<Record<PrintableStatus, string>> = {
  Running: 'running',
  Paused: 'paused',
  Provisioning: 'starting',
  Starting: 'starting',
  Stopping: 'stopping',
  Terminating: 'being removed',
  CrashLoopBackOff: 'in crash loop back-off',
  DataVolumeError: 'without their disks',
  ErrImagePull: 'without their images',
  ImagePullBackOff: 'without their images',
  Invalid: 'invalid',
  Stopped: 'stopped',
};

export interface StatusLineFacts {
  /** Of every VM. */
  readonly states: readonly PrintableStatus[];
  /** The host goes down: nothing is started any more. */
  readonly draining: boolean;
}

/** `12 VMs: 9 running, 1 in crash loop back-off, 2 stopped; draining` */
export function statusLine({ states, draining }: StatusLineFacts): string {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(WORDS[state], (counts.get(WORDS[state]) ?? 0) + 1);
  const parts = [...new Set(Object.values(WORDS))]
    .filter((word) => counts.has(word))
    .map((word) => `${counts.get(word)} ${word}`);
  const vms = states.length === 1 ? '1 VM' : `${states.length || 'no'} VMs`;
  return `${[vms, ...(parts.length > 0 ? [parts.join(', ')] : [])].join(': ')}${draining ? '; draining' : ''}`;
}
